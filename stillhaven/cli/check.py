"""`stillhaven check [PATH]`: is every reference file one that a clinic could use?

Without PATH it checks the files that ship with stillhaven; with PATH, a clinic's own folder laid over them.  Each problem
is one line: file, key, what is wrong.  Ends with code 2 when there is any.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stillhaven.reference._pk import FOLDER, read_pk
from stillhaven.reference.load import read
from stillhaven.science.errors import BadInput


@click.command(name="check")
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--open", "show_open", is_flag=True, help="List what nobody has reviewed, confirmed or set yet.")
def command(path: Path | None, show_open: bool) -> None:
    """Check reference files: the shipped ones, or those of PATH (a clinic's folder) laid over them."""
    reference, found = read(path)
    problems = [*map(str, found), *_pharmacokinetics(path)]
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}.", err=True)
        sys.exit(2)
    unset = reference.policy.unset
    click.echo(f"All reference files can be used. Version {reference.version[:12]}.")
    click.echo(
        f"{len(reference.protocols)} protocols, {len(reference.adverse_events)} adverse events, "
        f"{len(reference.scales)} scales, {len(reference.sources)} sources; "
        f"{len(reference.drafts)} files are drafts, {len(unset)} numbers wait for the clinic."
    )
    if show_open:
        for name in reference.drafts:
            click.echo(f"draft: {name}")
        for item in unset:
            offered = "; ".join(candidate.text for candidate in item.candidates) or "no source offers one"
            click.echo(f"not set: {item.key}: {item.title} ({offered})")


def _pharmacokinetics(path: Path | None) -> list[str]:
    """What is wrong with the pharmacokinetic models, which have a reader of their own."""
    try:
        read_pk(*(FOLDER, *([path / "pk"] if path is not None and (path / "pk").is_dir() else [])))
    except BadInput as error:
        return [f"pk/{error}"]
    return []
