"""`stillhaven simulate-monitor`: virtual patients on virtual monitors, for the demo and for drills."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from stillhaven.cli._bedside import bedside_clock, run_until_told
from stillhaven.devices import scenarios
from stillhaven.devices.drill import Dose, MonitorPlan
from stillhaven.devices.link import endpoint
from stillhaven.devices.past import send_past
from stillhaven.devices.simulator import ControlFile, VirtualMonitor, Ward, numbered
from stillhaven.science.errors import BadInput


@click.command()
@click.option("--to", "target", metavar="HOST:PORT", help="The gateway's MLLP listener.")
@click.option("--device", default="MON-1", show_default=True, help="What the monitor calls itself.")
@click.option("--bed", default="Chair 1", show_default=True, help="The bed that its messages name.")
@click.option("--scenario", default="calm", show_default=True, help="A shipped scenario (--list), or a .toml file.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 1000), help="So many, counting on.")
@click.option("--rate", default=1.0, show_default=True, help="Messages a second from each monitor.")
@click.option("--speed", default=1.0, show_default=True, help="Time-lapse: the patient's minutes in each clock minute.")
@click.option("--seed", default=1, show_default=True, help="The same seed is the same patient, value for value.")
@click.option("--weight", default=75.0, show_default=True, help="Body weight in kg.")
@click.option("--dose", metavar="TEXT", help='What is given, such as "0.5 mg/kg over 40 min"; starts at minute 0.')
@click.option("--dose-file", type=click.Path(path_type=Path), help="Doses as [[dose]] tables with at_min and give.")
@click.option("--start-minute", default=0.0, show_default=True, help="Begin at this minute of the session.")
@click.option("--plan", metavar="FILE", help="A whole clinic: a .toml file, or the shipped plan four_chairs.")
@click.option("--control", type=click.Path(path_type=Path), help="A JSON file that changes the drill while it runs.")
@click.option("--last-for", type=float, metavar="SECONDS", help="End by itself after this long.")
@click.option("--past", is_flag=True, help="Send only what went before the start minute, in one go, and end.")
@click.option("--list", "show_list", is_flag=True, help="List the shipped scenarios, and end.")
def command(
    target: str | None,
    device: str,
    bed: str,
    scenario: str,
    count: int,
    rate: float,
    speed: float,
    seed: int,
    weight: float,
    dose: str | None,
    dose_file: Path | None,
    start_minute: float,
    plan: str | None,
    control: Path | None,
    last_for: float | None,
    past: bool,
    show_list: bool,
) -> None:
    """A virtual patient on a virtual monitor, over real HL7 and MLLP.  Every value is marked as simulated.

    It is for the demo and for drills: it predicts nothing about anyone.  Stop it with Ctrl-C or TERM.  Ends with 0 if
    the gateway took every message, with 1 if some were refused or are still here.
    """
    if show_list:
        for name in scenarios.scenario_names():
            click.echo(f"{name:14} {scenarios.scenario(name).says}")
        return
    if target is None:
        raise BadInput("to", "say where the gateway listens, such as --to 127.0.0.1:2575")
    host, port = endpoint(target)
    for name, value in (("rate", rate), ("speed", speed), ("weight", weight)):
        if not value > 0:
            raise BadInput(name, "must be over 0")
    if dose and dose_file:
        raise BadInput("dose", "give --dose or --dose-file, not both")
    if plan:
        plans = scenarios.clinic_plan(plan)
    else:
        doses: tuple[Dose, ...] = scenarios.dose_file(dose_file) if dose_file else ()
        doses = (scenarios.parse_dose(dose),) if dose else doses
        plans = tuple(
            MonitorPlan(
                device=numbered(device, i),
                bed=numbered(bed, i),
                scenario=scenarios.scenario(scenario),
                seed=seed + i,
                weight_kg=weight,
                doses=doses,
                start_minute=start_minute,
            )
            for i in range(count)
        )
    clock = bedside_clock()
    settings, started = scenarios.settings(), clock()
    if past:
        sent, taken = asyncio.run(send_past(plans, settings, host=host, port=port, now=started))
        click.echo(f"{sent} messages of the past sent, {taken} taken")
        sys.exit(0 if sent == taken else 1)
    ward = Ward(
        monitors=[VirtualMonitor(p, settings, started=started, speed=speed) for p in plans],
        host=host,
        port=port,
        clock=clock,
        interval_s=1.0 / rate,
        control=ControlFile(control) if control else None,
        last_for_s=last_for,
        say=click.echo,
    )
    for p in plans:
        click.echo(f"{p.device} at {p.bed}: {p.scenario.title}, from minute {p.start_minute:g}, seed {p.seed}")
    run_until_told(ward.run(), ward.stop.set)
    sys.exit(_summary(ward))


def _summary(ward: Ward) -> int:
    """Print what became of all messages; 0 if the gateway has every one."""
    tallies = [m.tally for m in ward.monitors]
    waiting = sum(len(m.waiting) for m in ward.monitors)
    made, taken = sum(t.made for t in tallies), sum(t.acknowledged for t in tallies)
    refused, dropped = sum(t.refused.total() for t in tallies), sum(t.dropped for t in tallies)
    click.echo(
        f"{made} messages made, {taken} acknowledged, {refused} refused, {waiting} not sent, {dropped} overwritten"
    )
    for reason, times in sum((t.refused for t in tallies), start=type(tallies[0].refused)()).most_common():
        click.echo(f"  {times} x {reason}")
    return 0 if taken == made else 1
