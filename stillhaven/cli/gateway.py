"""`stillhaven gateway`: take HL7 v2 messages from bedside monitors and bring them to the server."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from stillhaven.devices import tables, times
from stillhaven.devices.gateway import Gateway, Limits
from stillhaven.devices.messages import Reader
from stillhaven.devices.sender import Sender, Server
from stillhaven.devices.spool import Spool
from stillhaven.reference.load import current
from stillhaven.science import clocks
from stillhaven.science.errors import BadInput

log = logging.getLogger("stillhaven.gateway")


@click.command()
@click.option(
    "--listen", default="127.0.0.1:2575", show_default=True, metavar="HOST:PORT", help="Where monitors connect."
)
@click.option(
    "--server", required=True, metavar="URL", help="The stillhaven server, such as https://clinic.example:8443."
)
@click.option("--token-file", required=True, type=click.Path(path_type=Path), help="A file with this gateway's token.")
@click.option(
    "--spool", "folder", required=True, type=click.Path(path_type=Path), help="A folder of its own on a disk."
)
@click.option("--name", default="gw-1", show_default=True, help="How the server calls this gateway.")
@click.option(
    "--zone", default="", metavar="NAME", help="Zone of monitors that send no offset (default: this machine's)."
)
@click.option("--devices", type=click.Path(path_type=Path), help="What this clinic knows of its monitors (TOML).")
@click.option("--ca", type=click.Path(path_type=Path), help="Certificates that the server's is checked against.")
@click.option("--reference", type=click.Path(path_type=Path), help="The clinic's own reference files.")
@click.option("--max-frame", default=1024, show_default=True, help="Longest message, in KiB.")
@click.option("--max-connections", default=256, show_default=True, help="Connections at one time.")
def command(
    listen: str, server: str, token_file: Path, folder: Path, name: str, zone: str, devices: Path | None,
    ca: Path | None, reference: Path | None, max_frame: int, max_connections: int,
) -> None:  # fmt: skip
    """Take HL7 v2 messages from bedside monitors and bring them to the server.

    A message is acknowledged only when it is flushed to the spool folder's disk; from there it goes to the server,
    again and again until the server has it.  SPOOL/status.json says how much waits and since when.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # the thread that sends must not make the one that acknowledges wait for Python's usual 5 ms
    sys.setswitchinterval(0.0005)
    # what is read now stays; looking through it again and again for garbage would cost a tenth of the core
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    host, port = address(listen)
    clock = clock_from(os.environ.get("STILLHAVEN_CLOCK", ""))
    target = Server(url=server, token=token(token_file), gateway=name, ca=ca)
    if target.bare:
        log.warning("the token crosses the network unprotected: use https, with --ca for the clinic's own certificates")
    reader = Reader(
        signals=current(reference).signals,
        zone=tables.zone(zone or machine_zone()),
        devices=tables.read_devices(devices) if devices else tables.Devices(),
    )
    spool = Spool(folder)
    sender = Sender(spool=spool, server=target)
    limits = Limits(frame_bytes=max_frame << 10, connections=max_connections)
    gateway = Gateway(reader=reader, spool=spool, now=clock, name=name, sender=sender, limits=limits)
    sender.on_settled = gateway.settled
    try:
        asyncio.run(run(gateway, host, port))
    finally:
        sender.stop()
        gateway.write_status()
        spool.close()
    log.info("stopped; %d messages wait on this disk", spool.waiting)


async def run(gateway: Gateway, host: str, port: int) -> None:
    """Listen until told to stop (TERM or INT)."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        bound = await gateway.listen(host, port)
    except OSError as error:
        raise BadInput("listen", f"{host}:{port} cannot be used: {error.strerror}") from error
    assert gateway.sender is not None
    gateway.sender.start()
    log.info("listening on %s:%d, spool in %s, times without offset are in %s, %d messages wait on this disk",
             host, bound, gateway.spool.folder, gateway.reader.zone, gateway.spool.waiting)  # fmt: skip
    ticks = 0
    while not stop.is_set():
        gateway.write_status()
        ticks += 1
        if ticks % 60 == 0:
            status = gateway.status()
            shown = (status[key] for key in ("waiting", "oldest_waiting_s", "accepted", "rejected", "connections_open"))
            log.info("%d waiting, oldest %.0f s, %d accepted, %d rejected, %d connections", *shown)
        try:
            await asyncio.wait_for(stop.wait(), 1.0)
        except TimeoutError:
            continue
    await gateway.close()


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, taken apart."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise BadInput("listen", f"{text!r} is not HOST:PORT such as 0.0.0.0:2575")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - what ":2575" means


def token(path: Path) -> str:
    """The gateway's token from its file."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("token-file", f"{path} cannot be read: {error}") from error
    if not text or len(text.split()) != 1:
        raise BadInput("token-file", f"{path} must hold one token and nothing else")
    if path.stat().st_mode & 0o077:
        log.warning("%s can be read by others on this machine: chmod 600 it", path)
    return text


def machine_zone() -> str:
    """The name of this machine's own time zone."""
    named, link = Path("/etc/timezone"), Path("/etc/localtime")
    return times.local_zone_name(
        os.environ.get("TZ", ""),
        named.read_text(encoding="utf-8") if named.is_file() else "",
        os.readlink(link) if link.is_symlink() else "",
    )


def clock_from(text: str) -> Callable[[], datetime]:
    """The clock: the machine's, or what STILLHAVEN_CLOCK makes of it ("@FILE" is read again when the file changes)."""
    started = datetime.now(UTC)
    if not text.startswith("@"):
        setting = clocks.parse(text, started)
        return lambda: setting.now(datetime.now(UTC))
    path = Path(text[1:])
    seen: tuple[int, clocks.Setting] = (-1, clocks.Setting())

    def now() -> datetime:
        nonlocal seen
        real = datetime.now(UTC)
        try:
            changed = path.stat().st_mtime_ns
            if changed != seen[0]:
                # a moment in a file counts from when the file was written, as it does on the server
                written = datetime.fromtimestamp(changed / 1e9, UTC)
                seen = (changed, clocks.parse(path.read_text(encoding="utf-8"), written))
        except OSError:
            pass
        return seen[1].now(real)

    return now
