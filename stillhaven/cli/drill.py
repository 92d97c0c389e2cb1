"""`stillhaven drill`: a drill on the real screens, from the empty chair to the score."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from typing import Any

import click

from stillhaven.cli._bedside import bedside_clock
from stillhaven.devices import scenarios
from stillhaven.devices.drill import MonitorPlan
from stillhaven.devices.link import endpoint
from stillhaven.devices.simulator import VirtualMonitor, Ward
from stillhaven.reference.load import current
from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import folder as folders

LINGER_S = 60.0  # after a stop the drill goes on so long, for what is still to be acknowledged and written


@click.command()
@click.argument("drill", required=False)
@click.option("--chair", help="A chair with nobody in it, such as 'Chair 2'.")
@click.option("--join", metavar="UID", help="Bring the monitor of a drill to life that was set up on the page.")
@click.option("--by", metavar="EMAIL", help="Who runs the drill: an address of the staff.")
@click.option("--with", "team", metavar="EMAIL", multiple=True, help="Who takes part; give it again for each person.")
@click.option("--data", metavar="DIR", help="The clinic's folder. [env: STILLHAVEN_DATA]")
@click.option("--to", "target", default="127.0.0.1:2575", show_default=True, help="The gateway's MLLP listener.")
@click.option("--seed", default=1, show_default=True, help="The same seed is the same patient, value for value.")
@click.option("--last-for", type=float, metavar="MINUTES", help="End by itself after this long.")
@click.option("--list", "show_list", is_flag=True, help="List the drills, and end.")
def command(
    drill: str | None,
    chair: str | None,
    join: str | None,
    by: str | None,
    team: tuple[str, ...],
    data: str | None,
    target: str,
    seed: int,
    last_for: float | None,
    show_list: bool,
) -> None:
    """Put a simulated monitor on an empty chair, let the team act on the real screens, and print the score.

    The clinic has to be running, with its gateway. The drill ends with Ctrl-C, on its page, a minute after the drug is
    stopped, or when the scenario is over. Everything in it is marked DRILL.
    """
    if show_list:
        for key, known in current().drills.items():
            click.echo(f"{key:18} {known.says}")
        return
    if not by:
        raise BadInput("by", "say who runs the drill, such as --by nurse@clinic.example")
    if bool(join) == bool(drill and chair):
        raise BadInput("drill", "give a drill and a chair (--list names the drills), or --join UID")
    host, port = endpoint(target)
    place = str(folders.open_folder(folders.default_path(data)).path)
    words = ["join", str(join)] if join else ["start", str(drill), "--chair", str(chair)]
    people = [] if join else [word for person in team for word in ("--with", person)]
    about = _ask(place, *words, "--by", by, *people)
    click.echo(f"DRILL {about['title']}, {about['chair']}: {about['device']}, with {', '.join(about['team'])}")
    click.echo(f"Its page is {about['page']}; end it there, or here with Ctrl-C.")
    asyncio.run(_run(about, place, host, port, seed, last_for))
    _print(_ask(place, "end", about["session"], "--by", by)["score"])


# ---------------------------------------------------------------- the virtual monitor
async def _run(about: dict[str, Any], place: str, host: str, port: int, seed: int, last_for_min: float | None) -> None:
    """The monitor sends until the drill is over; the virtual patient is given what the session says is given."""
    plays = scenarios.scenario(about["simulator"])
    plan = MonitorPlan(
        device=about["device"],
        bed=about["bed"],
        scenario=plays,
        seed=seed,
        weight_kg=about["weight_kg"],
        patient_id=about["patient_id"],
    )
    clock = bedside_clock()
    monitor = VirtualMonitor(plan, scenarios.settings(), started=clock())
    ward = Ward(
        monitors=[monitor],
        host=host,
        port=port,
        clock=clock,
        last_for_s=60.0 * (last_for_min if last_for_min is not None else plays.lasts_min),
        say=click.echo,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ward.stop.set)
    # a group of its own: Ctrl-C is for us, and we end the watcher
    watcher = await asyncio.create_subprocess_exec(
        *_manage(place), "watch", about["session"], stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    follow = asyncio.create_task(_follow(watcher, monitor, ward))
    try:
        await ward.run()
    finally:
        follow.cancel()
        with contextlib.suppress(ProcessLookupError):
            watcher.terminate()
        await watcher.wait()
        with contextlib.suppress(asyncio.CancelledError):
            await follow
    tally = monitor.tally
    click.echo(f"{tally.made} messages made, {tally.acknowledged} acknowledged by the gateway")


async def _follow(watcher: asyncio.subprocess.Process, monitor: VirtualMonitor, ward: Ward) -> None:
    assert watcher.stdout is not None
    async for line in watcher.stdout:
        stands = _read(line.decode())
        if stands is None:
            continue
        if "refused" in stands:
            click.echo(f"stillhaven: {stands['refused']}", err=True)
            break
        monitor.patient.set_pump(float(stands["rate_mg_per_h"]))
        if stands["over"] or stands["scored"] or (stands["stopped_s"] or 0.0) > LINGER_S:
            break
    ward.stop.set()


# ---------------------------------------------------------------- the clinic, over its own command
def _manage(place: str) -> list[str]:
    return [sys.executable, "-m", "stillhaven", "manage", "--data", place, "drill"]


def _ask(place: str, *words: str) -> dict[str, Any]:
    done = subprocess.run([*_manage(place), *words], capture_output=True, text=True, env=dict(os.environ), check=False)
    found = next((answer for line in done.stdout.splitlines() if (answer := _read(line)) is not None), None)
    if found is None:
        raise Refused(why=f"the clinic did not answer: {done.stderr.strip().splitlines()[-1:] or 'no reason given'}")
    if "refused" in found:
        raise Refused(why=str(found["refused"]))
    return found


def _read(line: str) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return None


# ---------------------------------------------------------------- the score
def _print(score: dict[str, Any]) -> None:
    click.echo(f"\nDRILL {score['title']}, {score['chair']}: {', '.join(score['team'])}")
    if not score["came_to_life"]:
        click.echo("Nothing arrived from the virtual monitor: there is nothing to score. Does the gateway listen?")
        return
    for line in score["lines"]:
        click.echo(f"  {line['title']}: {_said(line)}")
    for stop in score["needless"]:
        click.echo(f"  needless: {stop['label']} by {stop['by']} at {datetime.fromisoformat(stop['at']):%H:%M:%S} UTC")
    needless = f"needless stops: {len(score['needless'])}"
    if not score["raised"]:
        click.echo(f"  Nothing of it came up before the drill ended, so there is nothing to answer; {needless}")
        return
    click.echo(f"  {score['answered']} of {score['raised']} moments answered; {needless}")


def _said(line: dict[str, Any]) -> str:
    if not line["raised"]:
        return "did not come up"
    said = [f"shown {line['shown_after_s']:.0f} s after it was crossed"]
    ack, deed = line["acknowledged_after_s"], line["deed_after_s"]
    said.append("never acknowledged" if ack is None else f"acknowledged after {ack:.0f} s by {line['acknowledged_by']}")
    said.append("no right deed" if deed is None else f"{line['deed']} after {deed:.0f} s by {line['deed_by']}")
    return ", ".join(said) + (": MISSED" if line["missed"] else "")
