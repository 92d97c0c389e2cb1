"""`stillhaven restore FILE --data DIR`: a clinic brought back, and proved to be the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from stillhaven.service.database import Database
from stillhaven.service.folder import DataFolder


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--data", metavar="DIR", required=True, type=click.Path(path_type=Path), help="A new or empty folder.")
@click.option("--key", type=click.Path(path_type=Path), help="The backup key, where this machine does not know it.")
def command(file: Path, data: Path, key: Path | None) -> None:
    """Bring a clinic back from a backup FILE into a new folder.

    The file is checked before, the database and the record after. When anything is not as it was, nothing is left.
    """
    from stillhaven.service import backup

    manifest = backup.restore(file, data, keys=backup.keys_at_hand(key), check=_walk_the_record, tell=click.echo)
    click.echo(
        f"The clinic of {manifest['made_at']} is in {data}. Start it: stillhaven serve --data {data} --port 8000"
    )


def _walk_the_record(folder: DataFolder, place: Database) -> str:
    """What `verify` finds wrong ("" when nothing); a database without tables of the record has nothing to walk."""
    with place.connect() as connection:
        if connection.execute("SELECT to_regclass('record_head')").fetchone() == (None,):
            return ""
    kept = {name: text for name, text in os.environ.items() if name not in ("STILLHAVEN_PG", "DATABASE_URL")}
    env = {**kept, **place.env, "STILLHAVEN_DATA": str(folder.path)}
    done = subprocess.run(
        [sys.executable, "-m", "stillhaven", "manage", "verify"], env=env, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()[-1500:]
