"""What is wrong with this installation, and what is to be done?  Each check asks one question and answers in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import psutil
import psycopg

from stillhaven import __version__
from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import database, migrations, postgres, serve, spawn, status, tls
from stillhaven.service import folder as folders
from stillhaven.service.folder import DataFolder

OK, WARN, BAD = "ok", "warn", "bad"
ROOM_WARN, ROOM_BAD = 5 * 2**30, 2**30
BACKUP_WARN, BACKUP_BAD = timedelta(days=2), timedelta(days=8)
SPOOL_WARN = 256 * 2**20
NEEDED = ("Django", "granian", "psycopg", "procrastinate", "cryptography", "pyrage", "psutil", "numpy")
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question about the installation, answered."""

    about: str
    verdict: str  # ok, warn, bad
    says: str
    do: str = ""


def examine(path: Path, *, port: int, now: datetime) -> list[Check]:
    """Every check that can be made here; one that breaks is itself a finding."""
    checks = [*_each(python, packages, postgres_programs, namespaces, address_of_port(port))]
    try:
        folder = folders.open_folder(path)
    except (Refused, BadInput) as problem:
        return [*checks, Check(about="folder", verdict=BAD, says=str(problem), do="see above")]
    return [
        *checks,
        *_each(
            lambda: permissions(folder),
            lambda: disk(folder),
            lambda: file_system(folder),
            lambda: clock(folder),
            lambda: running(folder, now),
            lambda: certificates(folder, now),
            lambda: backups(folder, now),
            lambda: spool(folder),
            lambda: logs(folder),
        ),
        *_database(folder),
    ]


def _each(*questions: Callable[[], Check]) -> Iterator[Check]:
    for question in questions:
        try:
            yield question()
        except Exception as error:  # a check that cannot be made is a finding, not an end
            name = getattr(question, "__name__", "check").replace("<lambda>", "check")
            yield Check(about=name, verdict=BAD, says=f"could not be checked: {error}", do="look at the sentence")


# ---------------------------------------------------------------- the machine


def python() -> Check:
    found = ".".join(str(number) for number in sys.version_info[:3])
    who = "root: better an account of its own" if os.geteuid() == 0 else f"user {os.geteuid()}"
    return Check(about="python", verdict=OK, says=f"{found}, stillhaven {__version__}, running as {who}")


def packages() -> Check:
    missing = [name for name in NEEDED if not _version_of(name)]
    if missing:
        return Check(about="packages", verdict=BAD, says=f"{', '.join(missing)} missing", do="run `make setup` again")
    return Check(about="packages", verdict=OK, says=", ".join(f"{name} {_version_of(name)}" for name in NEEDED[:4]))


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def postgres_programs() -> Check:
    if database.url_given():
        return Check(about="postgres", verdict=OK, says="DATABASE_URL is set: the embedded one is not used")
    return Check(about="postgres", verdict=OK, says=f"embedded PostgreSQL {postgres.version()}")


def namespaces() -> Check:
    if os.geteuid() != 0:
        return Check(about="database user", verdict=OK, says="the database runs as you")
    if spawn.user_namespaces_work():
        return Check(about="database user", verdict=OK, says="as root: the database runs in a user namespace")
    says = f"as root without user namespaces: the database needs the system account '{postgres.ACCOUNT}'"
    return Check(about="database user", verdict=WARN, says=says, do="run stillhaven as an ordinary user")


def address_of_port(port: int) -> Callable[[], Check]:
    """A question about one port."""

    def port_is_free() -> Check:
        try:
            with serve.claimed_port("127.0.0.1", port):
                return Check(about="port", verdict=OK, says=f"{port} is free")
        except Refused as refusal:
            # Our own clinic may be the one that holds it: `running` tells.
            return Check(about="port", verdict=WARN, says=str(refusal), do="nothing, if this clinic runs on it")

    return port_is_free


# ---------------------------------------------------------------- the folder


def permissions(folder: DataFolder) -> Check:
    open_to_others = folders.loose(folder)  # opening the folder refuses this as well; kept for the sentence
    if open_to_others:
        says = f"others can open {open_to_others[0]}"
        return Check(about="permissions", verdict=BAD, says=says, do=f"chmod -R go= {folder.path}")
    return Check(
        about="permissions", verdict=OK, says=f"{folder.path} is private, {len(folders.SECRETS)} secrets are there"
    )


def disk(folder: DataFolder) -> Check:
    free = shutil.disk_usage(folder.path).free
    says = f"{free / 2**30:.1f} GB free"
    if free < ROOM_WARN:
        verdict = BAD if free < ROOM_BAD else WARN
        return Check(
            about="disk", verdict=verdict, says=says, do="make room: a full disk stops the recording of vitals"
        )
    return Check(about="disk", verdict=OK, says=says)


def file_system(folder: DataFolder) -> Check:
    """Locks and flushes mean what they say only on a disk of this machine."""
    best = max(
        (part for part in psutil.disk_partitions(all=True) if folder.path.is_relative_to(part.mountpoint)),
        key=lambda part: len(part.mountpoint),
        default=None,
    )
    kind = best.fstype if best else "unknown"
    if kind in NETWORK_FILE_SYSTEMS:
        return Check(
            about="file system", verdict=BAD, says=f"is {kind}", do="keep the folder on a disk of this machine"
        )
    if kind == "tmpfs":
        return Check(
            about="file system", verdict=WARN, says="is memory: gone at the next boot", do="use a folder on disk"
        )
    return Check(about="file system", verdict=OK, says=kind)


def clock(folder: DataFolder) -> Check:
    setting = os.environ.get("STILLHAVEN_CLOCK", "")
    real = folder.is_real()
    if setting and real:
        return Check(
            about="clock", verdict=BAD, says=f"is set to {setting}", do="unset STILLHAVEN_CLOCK: a real clinic"
        )
    if setting:
        serve.chosen_clock(folder, setting, datetime.now(UTC))
        return Check(about="clock", verdict=WARN, says=f"is set to {setting}", do="unset STILLHAVEN_CLOCK for real use")
    if not real:
        says = "is the machine's; this folder is not marked as a real clinic, so it could be set"
        return Check(about="clock", verdict=OK, says=says, do="")
    return Check(about="clock", verdict=OK, says="is the machine's")


def running(folder: DataFolder, now: datetime) -> Check:
    found = status.read(folder.status_file)
    if found is None or not folders.in_use_by(folder):
        return Check(about="running", verdict=OK, says="the clinic is stopped")
    if not status.is_fresh(found, now):
        says = f"{folders.in_use_by(folder)} holds the folder, but has not reported lately"
        return Check(about="running", verdict=BAD, says=says, do="stop it (kill PID) and start again")
    ill = {name: part for name, part in found["parts"].items() if part["state"] not in ("running", "stopped")}
    if ill:
        name, part = next(iter(ill.items()))
        says = f"{name} is {part['state']} after {part['restarts']} restarts ({part['last_exit'] or 'no exit yet'})"
        return Check(about="running", verdict=BAD, says=says, do=f"read {folder.logs / (name + '.log')}")
    again = sum(part["restarts"] for part in found["parts"].values())
    says = f"at {found['supervisor']['address']}, pid {found['supervisor']['pid']}, {again} restarts of parts"
    do = f"read {folder.logs / 'serve.log'}" if again else ""
    return Check(about="running", verdict=WARN if again else OK, says=says, do=do)


def certificates(folder: DataFolder, now: datetime) -> Check:
    files = [file for file in (folder.tls / "server.pem", folder.tls / "ca.pem") if file.exists()]
    if not files:
        return Check(
            about="certificates", verdict=OK, says="none of its own: plain HTTP on this machine, or given ones"
        )
    file, ends = min(((file, tls.ends_at(file)) for file in files), key=lambda pair: pair[1])
    if ends - now < timedelta(days=30):
        do = (
            "start stillhaven again: it renews its own"
            if file.name == "server.pem"
            else "remove tls/ and trust the new one"
        )
        return Check(
            about="certificates", verdict=BAD if ends < now else WARN, says=f"{file} ends {ends:%Y-%m-%d}", do=do
        )
    return Check(about="certificates", verdict=OK, says=f"good until {ends:%Y-%m-%d}")


def backups(folder: DataFolder, now: datetime) -> Check:
    try:
        last = json.loads((folder.path / "backup.json").read_text(encoding="utf-8"))
        age = now - datetime.fromisoformat(last["at"])
    except (OSError, ValueError, KeyError):
        return Check(
            about="backup", verdict=WARN, says="was never made", do=f"stillhaven backup --data {folder.path} FILE"
        )
    says = f"last made {age.days} days ago: {last['file']}"
    if age > BACKUP_WARN:
        return Check(about="backup", verdict=BAD if age > BACKUP_BAD else WARN, says=says, do="make one, daily by cron")
    return Check(about="backup", verdict=OK, says=says)


def spool(folder: DataFolder) -> Check:
    size = sum(file.stat().st_size for file in folder.spool.rglob("*") if file.is_file())
    says = f"{size / 2**20:.1f} MB of monitors' messages"
    if size > SPOOL_WARN:
        return Check(about="spool", verdict=WARN, says=says, do="see why they are not delivered: logs/gateway.log")
    return Check(about="spool", verdict=OK, says=says)


def logs(folder: DataFolder) -> Check:
    size = sum(file.stat().st_size for file in folder.logs.glob("*") if file.is_file())
    return Check(about="logs", verdict=OK, says=f"{size / 2**20:.1f} MB in {folder.logs}")


# ---------------------------------------------------------------- the database


def _database(folder: DataFolder) -> list[Check]:
    try:
        with database.at(folder, purpose="doctor") as place, place.connect() as connection:
            return [
                *_each(lambda: _durability(connection), lambda: _checksums(connection), lambda: _tables(connection))
            ]
    except (Refused, BadInput, psycopg.Error) as problem:
        do = f"read {folder.logs / 'postgres.log'}"
        return [Check(about="database", verdict=BAD, says=str(problem).strip(), do=do)]


def _durability(connection: psycopg.Connection) -> Check:
    postgres.refuse_careless(connection, where="the database")
    found = connection.info.server_version // 10000
    return Check(about="database", verdict=OK, says=f"PostgreSQL {found} answers, and flushes what it confirms")


def _checksums(connection: psycopg.Connection) -> Check:
    row = connection.execute("SELECT current_setting('data_checksums'), current_setting('server_encoding')").fetchone()
    if row != ("on", "UTF8"):
        do = "ask whoever runs the server to turn data checksums on (pg_checksums --enable) and use UTF8"
        return Check(about="checksums", verdict=WARN, says=f"checksums and encoding are {row}", do=do)
    return Check(about="checksums", verdict=OK, says="a page that the disk spoils is noticed; encoding is UTF8")


def _tables(connection: psycopg.Connection) -> Check:
    if migrations.are_current(connection):
        return Check(about="tables", verdict=OK, says="up to date")
    do = "start stillhaven: it brings them up to date (make a backup first)"
    return Check(about="tables", verdict=WARN, says="are not known to be up to date", do=do)
