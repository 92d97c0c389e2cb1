"""`stillhaven demo`: a clinic with synthetic people, simulated monitors and sample logins, ready in a browser."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from stillhaven.reference.cast_people import cast
from stillhaven.science.errors import Refused
from stillhaven.service import folder
from stillhaven.service.parts import Part

MARK = "demo"  # a file in the folder that says: this is a demo, and may be made anew
PLAN = "afternoon"
GATEWAY_PORT = 2575


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--gateway-port", default=GATEWAY_PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--keep", is_flag=True, help="Go on with the folder as it is, rather than making a new afternoon.")
def command(data: Path, port: int, host: str, gateway_port: int, keep: bool) -> None:
    """A clinic at work this afternoon: four infusions (one calm, one with rising pressure, one desaturating, one
    recovering), a nasal spray between its devices, and an injection under observation.

    Everybody in it is invented and every value simulated.  Stop it with Ctrl-C.
    """
    from stillhaven.service import serve as service

    fresh_folder(data, keep=keep)
    target = f"127.0.0.1:{gateway_port}"

    def build(setting: service.Setting) -> Sequence[Part]:
        return demo_parts(service.clinic_parts(setting), target, keep=keep)

    code = service.serve(
        data, host=host, port=port, gateway_listen=target, mode="demo", build=build, tell=lambda line: tell(line)
    )
    sys.exit(code)


def fresh_folder(data: Path, *, keep: bool) -> None:
    """An empty folder for a new afternoon; a folder that is not a demo's is never touched."""
    if data.exists() and any(data.iterdir()) and not (data / MARK).exists():
        raise Refused(why=f"{data} holds something else than a demo; choose another folder with --data")
    if (data / MARK).exists() and not keep:
        with folder.locked(folder.open_folder(data)):  # refuses while this demo runs
            pass
        shutil.rmtree(data)
    place = folder.open_folder(data, create=True)
    (place.path / MARK).write_text("a demo: synthetic people, made anew at every start\n", encoding="utf-8")


def demo_parts(clinic: Sequence[Part], target: str, *, keep: bool) -> list[Part]:
    """The clinic's parts, with people put in before the watch looks, and monitors once the gateway listens."""
    parts = {part.name: part for part in clinic}
    own = [sys.executable, "-m", "stillhaven"]
    seed = Part(name="people", command=(*own, "manage", "seed_demo"), needs=("postgres", "migrate"), once=True)
    monitors = (*own, "simulate-monitor", "--to", target, "--plan", PLAN)
    past = Part(
        name="past", command=(*monitors, "--past"), needs=("people", "gateway-token", "gateway", "web"), once=True
    )
    first = (seed.name,) if keep else (seed.name, past.name)
    live = Part(name="monitors", command=monitors, needs=("gateway", *first))
    watch = replace(parts.pop("watch"), needs=("postgres", "migrate", *first, live.name))
    return [*parts.values(), seed, *([] if keep else [past]), live, watch]


def tell(line: str) -> None:
    """The address, and who may sign in."""
    click.echo(line)
    if "ready" not in line:
        return
    people = cast()
    click.echo(f"\nSample logins (password {people['password']}, PIN {people['pin']}):")
    for row in people["staff"]:
        click.echo(f"  {row['email']:24} {row['name']:18} {', '.join(row['roles'])}")
    for row in people["patient"]:
        if "account" in row:
            click.echo(f"  {row['account']:24} {row['name']:18} patient")
    click.echo("A check-in as Cleo gets it on her phone, without a password: /c/demo-check-in-of-cleo/")
    click.echo("The second factor is asked for; the demo's sign-in page shows the code that an app would show.\n")
