"""`stillhaven outcomes export`: the registry's files, for those who count and for those who teach."""

from __future__ import annotations

from pathlib import Path

import click

from stillhaven.cli.manage import command as manage


@click.group()
def command() -> None:
    """Outcomes of the clinic's courses."""


@command.command()
@click.option("--data", metavar="DIR", help="The clinic's folder. [env: STILLHAVEN_DATA]")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="An empty or new folder.")
@click.option("--purpose", required=True, help="What for: stands in the record.")
@click.option("--recipient", default="", help="Who receives the files (not needed with --synthetic).")
@click.option("--by", "who", default="", help="Who runs this: stands in the record.")
@click.option("--site", default=1, show_default=True, help="Number of the site.")
@click.option("--synthetic", is_flag=True, help="Invented people for teaching, plainly marked; nobody's data is read.")
@click.option("--seed", default=1, show_default=True, help="Of the synthetic copy: the same seed, the same rows.")
@click.pass_context
def export(
    context: click.Context, data: str | None, out: Path, purpose: str, recipient: str, who: str, site: int,
    synthetic: bool, seed: int,
) -> None:  # fmt: skip
    """Courses, sessions, assessments and outcomes as CSV and Parquet, of those who consent now.

    Without names, with moved dates and small cells hidden; with a dictionary, a method page, and an entry in the record.
    """
    words = [*(["--data", data] if data else []), "outcomes_export", "--out", str(out.absolute()), "--purpose", purpose]
    words += ["--recipient", recipient, "--by", who, "--site", str(site), "--seed", str(seed)]
    words += ["--synthetic"] if synthetic else []
    with manage.make_context("stillhaven manage", words, parent=context) as inner:
        manage.invoke(inner)
