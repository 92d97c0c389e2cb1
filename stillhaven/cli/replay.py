"""`stillhaven replay`: a recorded monitor file, played to a gateway as the monitor would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import click

from stillhaven.cli._bedside import bedside_clock, run_until_told
from stillhaven.devices import csv_mapping, tables
from stillhaven.devices.csv_mapping import CsvMapping
from stillhaven.devices.link import endpoint
from stillhaven.devices.replay import Player, Recorded, from_csv, is_csv, read_hl7
from stillhaven.reference import load
from stillhaven.science.errors import BadInput
from stillhaven.science.units import parse_number


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "target", default="127.0.0.1:2575", show_default=True, metavar="HOST:PORT", help="The gateway.")
@click.option("--speed", default="1", show_default=True, metavar="X", help="So many times the recorded pace, or max.")
@click.option("--device", default="", help="What the monitor is called: needed for CSV, replaces the name in HL7.")
@click.option("--bed", default="", help="The bed that the messages of a CSV file name.")
@click.option(
    "--shift-to-now/--keep-times",
    "shift",
    default=False,
    show_default=True,
    help="Play as if measured now (every value is then marked as simulated), or keep the recorded times.",
)
@click.option("--columns", type=click.Path(path_type=Path), help="The mapping of a CSV file's columns (.toml).")
@click.option("--zone", default="UTC", show_default=True, help="Of recorded times without an offset.")
@click.option("--loop", is_flag=True, help="Begin again at the end; only with --shift-to-now.")
@click.option("--patience", default=30.0, show_default=True, metavar="SECONDS", help="Wait so long for the gateway.")
@click.option("--reference", "overlay", type=click.Path(path_type=Path), help="The clinic's own reference folder.")
def command(
    file: Path,
    target: str,
    speed: str,
    device: str,
    bed: str,
    shift: bool,
    columns: Path | None,
    zone: str,
    loop: bool,
    patience: float,
    overlay: Path | None,
) -> None:
    """Play a recorded CSV or HL7 file to a gateway, as a monitor would.

    HL7: messages in MLLP frames, or one after another with any segment end.  CSV: with a mapping given by --columns,
    lying beside the file under the same name (.toml), or with columns that carry the house's own names.

    Ends with 0 if the gateway took every message, with 1 if it refused some, stayed away, or if lines of the file
    could not be read, and with 2 if the file or an option cannot be used.
    """
    host, port = endpoint(target)
    factor = None if speed == "max" else parse_number(speed, "speed")
    if factor is not None and factor <= 0:
        raise BadInput("speed", "must be over 0, or max")
    if loop and (not shift or factor is None):
        raise BadInput("loop", "needs --shift-to-now and a speed other than max: the same bytes again are kept once")
    clock = bedside_clock()
    local: tzinfo = UTC if zone.upper() in ("UTC", "Z") else tables.zone(zone)
    text_file = is_csv(file)
    if not text_file and (columns or bed):
        raise BadInput("columns" if columns else "bed", "is for CSV files, and this file is HL7")
    mapping = _mapping(file, columns, zone) if text_file else None
    player = Player(
        host=host, port=port, clock=clock, zone=local, speed=factor, shift=shift, patience_s=patience,
        device="" if text_file else device, say=click.echo,
    )  # fmt: skip

    def recording() -> Iterator[Recorded]:
        player.report.rejected.clear()
        if mapping is None:
            return read_hl7(file, zone=local, now=clock(), rejected=player.report.rejected)
        signals = load.current(overlay).signals
        return from_csv(file, mapping, signals, now=clock(), device=device, bed=bed, rejected=player.report.rejected)

    # read once before anything is sent: a file that cannot be used says so first, and the end of it is known
    count, first, last = _survey(recording())
    if not count and not player.report.rejected:
        raise BadInput(str(file), "holds no message")
    for row in player.report.rejected:
        click.echo(f"{file.name}: {row}", err=True)
    _say_if_old(first, last, clock(), shift)

    async def play() -> None:
        while await player.play(recording(), last=last) and loop and not player.stop.is_set():
            pass

    run_until_told(play(), player.stop.set)
    report = player.report
    click.echo(
        f"{report.sent} of {count} messages sent, {report.acknowledged} acknowledged, {len(report.refused)} refused, "
        f"{report.unanswered} asked for no answer, {report.undelivered} not sent, "
        f"{len(report.rejected)} lines or cells unreadable"
    )
    for reason, times in report.reasons().most_common():
        click.echo(f"  {times} x {reason}")
    sys.exit(0 if report.complete else 1)


def _mapping(file: Path, columns: Path | None, zone: str) -> CsvMapping:
    """The mapping given, the one beside the file, or the one for the house's own column names."""
    beside = file.with_suffix(".toml")
    chosen = columns or (beside if beside.is_file() else None)
    if chosen:
        return csv_mapping.read_mapping(chosen)
    return replace(csv_mapping.plain_mapping(), zone="" if zone == "UTC" else zone)


def _survey(recording: Iterator[Recorded]) -> tuple[int, datetime | None, datetime | None]:
    """(messages, earliest time, latest time) of a recording."""
    count, first, last = 0, None, None
    for recorded in recording:
        count += 1
        if recorded.at is not None:
            first = recorded.at if first is None else min(first, recorded.at)
            last = recorded.at if last is None else max(last, recorded.at)
    return count, first, last


def _say_if_old(first: datetime | None, last: datetime | None, now: datetime, shift: bool) -> None:
    if shift:
        click.echo("playing as if measured now: every value is marked as simulated", err=True)
    elif last is not None and first is not None and (now - last).total_seconds() > 60:
        click.echo(
            f"recorded {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC: screens will show these values as old "
            "(--shift-to-now plays them as if measured now)",
            err=True,
        )
