"""`stillhaven doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click

from stillhaven.service import folder as folders


@click.command()
@click.option("--data", metavar="DIR", help="The clinic's folder. [env: STILLHAVEN_DATA]")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port it should use.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(data: str | None, port: int, as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do.

    Ends with 0 when all is well or only worth a look, with 1 when something is wrong.
    """
    from stillhaven.service import doctor

    checks = doctor.examine(folders.default_path(data), port=port, now=datetime.now(UTC))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=1))
    else:
        for check in checks:
            click.echo(f"{check.verdict:<4}  {check.about}: {check.says}")
            if check.do and check.verdict != doctor.OK:
                click.echo(f"      -> {check.do}")
    sys.exit(1 if any(check.verdict == doctor.BAD for check in checks) else 0)
