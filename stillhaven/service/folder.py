"""What is in a clinic's folder, who may read it, and is it in use?

A folder is a clinic: its database, keys, files, spool, logs.  Everything else about it follows from its path.

    VERSION      which layout, made when, last run by which version       secrets/   keys and passwords, one file each
    clinic.toml  settings a person may edit (real = true)                 postgres/  the database cluster
    media/       photos and papers      spool/  monitor messages          tls/       certificates
    record/      signed heads of the record, kept outside the database
    logs/        one file a part        run/    lock, status, sockets: only of use while the clinic runs
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import stat
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillhaven import __version__
from stillhaven.science.errors import BadInput, Refused

LAYOUT = 1
SUBFOLDERS = ("secrets", "record", "media", "spool", "tls", "logs", "run")
OURS = {*SUBFOLDERS, "postgres", "postgres.new", "VERSION", "clinic.toml", "backup.json", "restored.json"}
SOCKET_PATH_LIMIT = 107  # bytes of a Unix socket's path, its closing zero not counted
SOCKET_NAME = ".s.PGSQL.5432"
FIRST_SECRETS = ("django_key", "record_key", "head_key", "pg_password", "pg_admin_password", "backup_key")
LATER_SECRETS = ("therapy_key",)  # folders older than these get them when they are opened next
SECRETS = FIRST_SECRETS + LATER_SECRETS


@dataclass(frozen=True, kw_only=True)
class DataFolder:
    """A clinic's folder, by its absolute path.  Make one with `open_folder`."""

    path: Path

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def media(self) -> Path:
        return self.path / "media"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def tls(self) -> Path:
        return self.path / "tls"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def status_file(self) -> Path:
        return self.run / "status.json"

    @property
    def socket_folder(self) -> Path:
        """Where PostgreSQL's socket lives: in run/, or in a short private folder when that path is too long."""
        inside = self.run / "pg"
        if len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return short_temp() / f"stillhaven-{os.geteuid()}-{digest}"

    def secret(self, name: str) -> str:
        """A secret's text.  A missing one is refused and never made anew: the record hangs on it."""
        try:
            return (self.secrets / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            why = (
                f"{self.secrets / name} is missing. Bring it back from a backup; a new one cannot open the old record."
            )
            raise Refused(why=why) from None

    def is_real(self) -> bool:
        """Has somebody said that real patients are treated here?  (clinic.toml: real = true, or the environment)"""
        if os.environ.get("STILLHAVEN_REAL_CLINIC", "") not in ("", "0"):
            return True
        return self.settings().get("real") is True

    def settings(self) -> dict[str, object]:
        """What clinic.toml says; empty when there is none."""
        try:
            return tomllib.loads((self.path / "clinic.toml").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(str(self.path / "clinic.toml"), str(error)) from None

    def mark_real(self) -> None:
        """Write down, once, that this is a real clinic: from now on its clock cannot be set."""
        if self.settings().get("real") is not True:
            file = self.path / "clinic.toml"
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            lines = [line for line in before.splitlines() if not line.replace(" ", "").startswith("real=")]
            write_private(
                file, "\n".join(["real = true  # real patients: the clock cannot be set here", *lines]) + "\n"
            )


def short_temp() -> Path:
    """A short folder that exists on every Linux; TMPDIR may itself be long."""
    temp = Path(tempfile.gettempdir())
    return temp if len(os.fsencode(temp)) <= 40 else Path("/tmp")  # noqa: S108  (the folder inside is made private)


def default_path(given: str | None) -> Path:
    """The folder a command means: --data, else STILLHAVEN_DATA, else the current folder when it is a clinic's."""
    text = given or os.environ.get("STILLHAVEN_DATA", "")
    if text:
        return Path(text).expanduser().resolve()
    if (Path.cwd() / "VERSION").is_file() and (Path.cwd() / "secrets").is_dir():
        return Path.cwd().resolve()
    raise BadInput("--data", "which clinic? Give --data DIR, or set STILLHAVEN_DATA")


def open_folder(path: Path, *, create: bool = False) -> DataFolder:
    """The clinic's folder at `path`, checked; made when `create` and there is none yet.  Refuses what is not ours."""
    path = path.expanduser().resolve()
    folder = DataFolder(path=path)
    if not path.exists():
        if not create:
            raise Refused(
                why=f"{path} does not exist. `stillhaven serve --data {path} --port 8000` makes a new clinic."
            )
        path.mkdir(mode=0o700, parents=True)
    if not path.is_dir():
        raise Refused(why=f"{path} is not a folder")
    _refuse_foreign_owner(path)
    if (path / "VERSION").exists():
        _check_version(folder)
        refuse_loose(folder)
        for name in SUBFOLDERS:
            (path / name).mkdir(mode=0o700, exist_ok=True)
        _add_later_secrets(folder)
        for name in SECRETS:
            folder.secret(name)
        return folder
    if not create:
        raise Refused(why=f"{path} is not a clinic's folder: it has no VERSION file")
    strangers = sorted(e.name for e in path.iterdir() if e.name not in OURS and not e.name.startswith(".VERSION."))
    if strangers:
        why = f"{path} is not empty (it holds {', '.join(strangers[:3])}) and is not a clinic's folder. Choose another."
        raise Refused(why=why)
    return _make(folder)


def _make(folder: DataFolder) -> DataFolder:
    """Lay a new clinic out.  VERSION comes last: a folder without it was never finished and is made again."""
    folder.path.chmod(0o700)
    for name in SUBFOLDERS:
        (folder.path / name).mkdir(mode=0o700, exist_ok=True)
        (folder.path / name).chmod(0o700)
    for name in SECRETS:
        if not (folder.secrets / name).exists():
            write_private(folder.secrets / name, _new_secret(name))
    stamp(folder)
    return folder


def _new_secret(name: str) -> str:
    if name in ("record_key", "therapy_key"):
        return secrets.token_hex(32)
    if name == "head_key":
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem.decode("ascii")
    if name == "backup_key":
        import pyrage  # here: 20 ms that only a new folder needs

        return str(pyrage.x25519.Identity.generate()) + "\n"
    return secrets.token_urlsafe(48)


def _add_later_secrets(folder: DataFolder) -> None:
    """Give a folder of an older version the secrets that came since.

    VERSION names the secrets that a folder has had: one of those that is missing was lost, and is never made anew.
    """
    found = _read_stamp(folder)
    had = found.get("secrets")
    known = {*FIRST_SECRETS, *(had if isinstance(had, list) else ())}
    new = [name for name in SECRETS if name not in known]
    for name in new:
        if not (folder.secrets / name).exists():
            write_private(folder.secrets / name, _new_secret(name))
    if new:
        write_private(folder.path / "VERSION", json.dumps(found | {"secrets": sorted({*known, *new})}, indent=1) + "\n")


def stamp(folder: DataFolder) -> None:
    """Write which version runs this clinic, and which secrets it has; the day it was made stays."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    before = _read_stamp(folder)
    had = before.get("secrets")
    has = {*FIRST_SECRETS, *(had if isinstance(had, list) else ())}
    has |= {name for name in SECRETS if (folder.secrets / name).exists()}
    said = {"layout": LAYOUT, "stillhaven": __version__, "created_at": before.get("created_at", now)}
    text = json.dumps(said | {"secrets": sorted(has)}, indent=1)
    write_private(folder.path / "VERSION", text + "\n")


def _read_stamp(folder: DataFolder) -> dict[str, object]:
    try:
        found = json.loads((folder.path / "VERSION").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise Refused(why=f"{folder.path / 'VERSION'} cannot be read. Bring it back from a backup.") from None
    return dict(found) if isinstance(found, dict) else {}


def numbers(version: str) -> tuple[int, ...]:
    """A version in a form that can be compared."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _check_version(folder: DataFolder) -> None:
    found = _read_stamp(folder)
    layout, version = found.get("layout"), str(found.get("stillhaven", ""))
    if layout != LAYOUT or numbers(version) > numbers(__version__):
        why = (
            f"{folder.path} was last run by stillhaven {version or '(unknown)'} (layout {layout}). "
            f"This is {__version__} (layout {LAYOUT}). Install that version or a newer one: "
            "an older program could harm the record."
        )
        raise Refused(why=why)


def _refuse_foreign_owner(path: Path) -> None:
    owner = path.stat().st_uid
    if owner != os.geteuid():
        why = f"{path} belongs to {_name(owner)}, and you are {_name(os.geteuid())}. Run this as {_name(owner)}."
        raise Refused(why=why)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def loose(folder: DataFolder) -> list[Path]:
    """Which parts of the folder can other users of this machine open?  (Group may pass, not read: see postgres.py.)"""
    wanted = [folder.path, folder.secrets, *(folder.secrets / name for name in SECRETS)]
    return [path for path in wanted if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o067]


def refuse_loose(folder: DataFolder) -> None:
    if open_to_others := loose(folder):
        names = ", ".join(str(path) for path in open_to_others[:3])
        why = f"others on this machine can open {names}. Close it: chmod -R go= {folder.path}"
        raise Refused(why=why)


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def make_socket_folder(folder: DataFolder) -> Path:
    """The socket's folder, private and ours.  One in a shared place may have been laid there by somebody else."""
    place = folder.socket_folder
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700, parents=True)
    info = place.lstat()
    if not stat.S_ISDIR(info.st_mode) or (place.parent != folder.run and info.st_uid != os.geteuid()):
        raise Refused(why=f"{place} was made by somebody else. Remove it, or set TMPDIR to a short folder of your own.")
    if info.st_uid == os.geteuid():
        place.chmod(0o700)
    return place


@contextlib.contextmanager
def locked(folder: DataFolder, *, purpose: str = "serve") -> Iterator[None]:
    """Hold the folder for one process.  The kernel lets go when that process ends, however it ends: no stale locks."""
    file = os.open(folder.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(file):
            holder = os.pread(file, 200, 0).decode("utf-8", "replace").strip() or "another process"
            why = (
                f"{folder.path} is in use by {holder}. One clinic runs once: use the one that runs, "
                f"or stop it first (kill {_pid_in(holder)}) and start again."
            )
            raise Refused(why=why)
        os.ftruncate(file, 0)
        os.pwrite(file, f"pid {os.getpid()} ({purpose})\n".encode(), 0)
        yield
    finally:
        os.close(file)


def _take(file: int) -> bool:
    """Lock, or say no after a moment: somebody may only be looking (`in_use_by`)."""
    for _ in range(5):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
    return False


def _pid_in(holder: str) -> str:
    return next((word for word in holder.split() if word.isdigit()), "PID")


def in_use_by(folder: DataFolder) -> str:
    """Who holds the folder now ("" when nobody does)."""
    try:
        with locked(folder, purpose="looking"):
            return ""
    except Refused:
        return (folder.run / "lock").read_text(encoding="utf-8", errors="replace").strip()
