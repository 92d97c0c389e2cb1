"""`stillhaven check [PATH]`: is every reference file one that a clinic could use?

Without PATH it checks the files that ship with stillhaven; with PATH, a clinic's own folder laid over them.  Each problem
is one line: file, key, what is wrong.  Ends with code 2 when there is any.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stillhaven.reference.load import read


@click.command(name="check")
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--open", "show_open", is_flag=True, help="List what nobody has reviewed, confirmed or set yet.")
def command(path: Path | None, show_open: bool) -> None:
    """Check reference files: the shipped ones, or those of PATH (a clinic's folder) laid over them."""
    reference, problems = read(path)
    for problem in problems:
        click.echo(str(problem))
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
