"""`stillhaven backup FILE`: a clinic's whole state in one checked, encrypted file."""

from __future__ import annotations

from pathlib import Path

import click

from stillhaven.service import folder as folders


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--data", metavar="DIR", help="The clinic's folder. [env: STILLHAVEN_DATA]")
@click.option("--to", multiple=True, metavar="age1...", help="Further people whose key opens it (age recipients).")
@click.option("--show-key", is_flag=True, help="Print the key that opens the backups, to be kept elsewhere.")
def command(file: Path | None, data: str | None, to: tuple[str, ...], show_key: bool) -> None:
    """Write a clinic's whole state to FILE, while the clinic runs.

    The file is encrypted. Its key lies in the clinic's folder and in your own settings folder; keep a copy where a fire
    here does not reach it.
    """
    from stillhaven.service import backup

    folder = folders.open_folder(folders.default_path(data))
    if show_key:
        click.echo(folder.secret("backup_key"))
        return
    if file is None:
        raise click.UsageError("which FILE?")
    made = backup.backup(folder, file, to=to)
    rows = sum(table["rows"] for table in made.manifest["tables"].values())
    click.echo(f"{made.file}: {made.size_bytes / 1e6:.1f} MB, {len(made.manifest['tables'])} tables, {rows} rows")
    click.echo(
        f"Its key: {folder.secrets / 'backup_key'}, also in {backup.keyring()}. Without it nobody can open the file:"
    )
    click.echo("`stillhaven backup --show-key` prints it; keep that in the safe.")
