"""`stillhaven verify`: is the whole record as it was written?  Walks it in one snapshot while the clinic works."""

from __future__ import annotations

import click

from stillhaven.cli.manage import command as manage


@click.command()
@click.option("--data", metavar="DIR", help="The clinic's folder. [env: STILLHAVEN_DATA]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def command(context: click.Context, data: str | None, as_json: bool) -> None:
    """Check the whole record: nothing changed, put in, taken out or cut off.

    Ends with 0 when the record is whole, with 1 when somebody meddled with it: every place is named.
    """
    words = [*(["--data", data] if data else []), "verify", *(["--json"] if as_json else [])]
    with manage.make_context("stillhaven manage", words, parent=context) as inner:
        manage.invoke(inner)
