"""Can the clinic be brought back, whole, from one file, if this machine burns tonight?

`backup` writes that file while the clinic runs; `restore` brings it back into a new folder and proves that it is the
same.  Inside: the database (one snapshot), the record's keys and heads, photos and papers, monitors' messages not yet
delivered, certificates, settings.  Not inside: logs, the database's own passwords (new ones are made).

The order of copying matters.  The heads kept outside the database and the spool come first: a head newer than the
database would look like a record cut off, and a message delivered after the snapshot would be in neither.  Files come
after it: what the database names must be there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyrage
from psycopg.conninfo import make_conninfo

from stillhaven import __version__
from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import archive, database, fingerprints, postgres
from stillhaven.service import folder as folders
from stillhaven.service.database import Database
from stillhaven.service.folder import DataFolder

LEFT_OUT = ("pg_password", "pg_admin_password")
COPIED_FIRST = ("record", "spool")
COPIED_AFTER = ("media", "tls")
SINGLE_FILES = ("clinic.toml",)
DUMP = "database.dump"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A backup that was written."""

    file: Path
    size_bytes: int
    manifest: dict[str, Any]


def backup(folder: DataFolder, target: Path, *, to: Sequence[str] = ()) -> Made:
    """Write a clinic's whole state to `target`, encrypted to its own backup key and to further recipients."""
    target = target.expanduser().resolve()
    if target.exists():
        raise Refused(why=f"{target} exists. Choose another name: a backup never replaces one.")
    if not target.parent.is_dir():
        raise BadInput("FILE", f"the folder {target.parent} does not exist")
    if folder.path in target.parents:
        raise BadInput(
            "FILE", f"lies inside the clinic's folder {folder.path}: keep it elsewhere, best on another machine"
        )
    about: dict[str, Any] = {
        "stillhaven": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "clinic": json.loads((folder.path / "VERSION").read_text(encoding="utf-8")),
    }
    recipients = [recipient_of(folder.secret("backup_key")), *to]
    with contextlib.ExitStack() as stack:
        staging = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backup-", dir=folder.run)))
        for name in COPIED_FIRST:
            _copy(folder.path / name, staging / name)
        place = stack.enter_context(database.at(folder, purpose="backup"))
        about |= _dump(folder, place, staging / DUMP)
        with archive.writing(target, recipients, lambda: about) as writer:
            writer.add(DUMP, staging / DUMP)
            for name in COPIED_FIRST:
                writer.add_tree(name, staging / name)
            for name in COPIED_AFTER:
                writer.add_tree(name, folder.path / name)
            for name in folders.SECRETS:
                if name not in LEFT_OUT:
                    writer.add(f"secrets/{name}", folder.secrets / name)
            for name in SINGLE_FILES:
                if (folder.path / name).exists():
                    writer.add(name, folder.path / name)
    size = target.stat().st_size
    note = {"at": about["made_at"], "file": str(target), "bytes": size}
    folders.write_private(folder.path / "backup.json", json.dumps(note) + "\n")
    keep_key(folder.secret("backup_key"))
    return Made(file=target, size_bytes=size, manifest=about)


def _copy(source: Path, target: Path) -> None:
    """A copy that holds still; SQLite files by SQLite's own way, which is whole even while they are written."""
    target.mkdir(mode=0o700)
    for path in sorted(source.rglob("*")) if source.is_dir() else []:
        if path.is_symlink() or not path.is_file() or path.name.endswith(("-wal", "-shm", "-journal")):
            continue
        copy = target / path.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("rb") as file:
            is_sqlite = file.read(16) == b"SQLite format 3\0"
        if is_sqlite:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as live:  # noqa: SIM117
                with contextlib.closing(sqlite3.connect(copy)) as still:
                    live.backup(still)
        else:
            with contextlib.suppress(FileNotFoundError):  # delivered and removed meanwhile
                shutil.copyfile(path, copy)


def _dump(folder: DataFolder, place: Database, target: Path) -> dict[str, Any]:
    """The database in one snapshot, with the count and fingerprint of every table in that same snapshot."""
    with _owner(folder, place) as (connection, env, conninfo):
        connection.autocommit = False
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        row = connection.execute("SELECT pg_export_snapshot(), current_setting('server_version')").fetchone()
        assert row is not None
        known = {"postgres": row[1], "tables": fingerprints.tables(connection), "heads": fingerprints.heads(connection)}
        _tool(
            ["pg_dump", "--format=custom", "--compress=gzip:2", "--no-owner", "--no-privileges",
             f"--snapshot={row[0]}", f"--file={target}", f"--dbname={conninfo}"], env,
        )  # fmt: skip
        connection.rollback()
    return known


@contextlib.contextmanager
def _owner(folder: DataFolder, place: Database) -> Iterator[tuple[psycopg.Connection, dict[str, str], str]]:
    """A connection that no row rule hides anything from, and the same for PostgreSQL's programs."""
    if place.is_managed:
        with place.connect() as connection:
            yield connection, place.tool_env(), place.tool_conninfo()
        return
    server = postgres.server_for(folder)
    known = server.parameters(admin=True, dbname=postgres.DATABASE)
    password = known.pop("password")
    with server.connect(admin=True, dbname=postgres.DATABASE) as connection:
        yield connection, postgres.clean_env({"PGPASSWORD": password}), make_conninfo(**known)


def _tool(command: Sequence[str], env: Mapping[str, str]) -> None:
    program, *options = command
    done = subprocess.run(
        [postgres.binary(program), *options], env=dict(env), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refused(why=f"{program} failed: {done.stderr.strip()[-600:]}")


def restore(
    source: Path,
    data: Path,
    *,
    keys: Sequence[str],
    check: Callable[[DataFolder, Database], str] = lambda folder, place: "",
    tell: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """Bring a clinic back into a new folder; returns the manifest.  Nothing is left behind when it fails.

    The file is checked before, the database after: every table's rows and fingerprint, and the record's heads.  `check`
    may look further (the whole chain) and returns what is wrong.
    """
    source, data = source.expanduser().resolve(), data.expanduser().resolve()
    if not source.is_file():
        raise BadInput("FILE", f"{source} does not exist")
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Refused(why=f"{data} is not empty. A backup is restored into a new folder only, never over a clinic.")
    staging = data.with_name(data.name + ".restoring")
    if staging.exists():
        raise Refused(
            why=f"{staging} is there from a restore that was cut off, or one that runs. Remove it and try again."
        )
    os.umask(0o077)
    folder = folders.open_folder(staging, create=True)
    try:
        with folders.locked(folder, purpose="restore"):
            manifest = archive.unpack(source, keys, lambda name: _place(folder, name))
            _refuse_newer(source, manifest)
            tell(f"{source.name}: {len(manifest['files'])} files are whole")
            with _new_database(folder) as place:
                _fill(folder, place, manifest)
                tell(
                    f"{len(manifest['tables'])} tables and {len(manifest['heads'])} heads of the record are as they were"
                )
                if wrong := check(folder, place):
                    raise Refused(why=f"the record of {source} does not hold: {wrong}")
            note = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "from": str(source)}
            note["backup_made_at"] = manifest["made_at"]
            folders.write_private(folder.path / "restored.json", json.dumps(note) + "\n")
        if data.exists():
            data.rmdir()
        staging.rename(data)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    finally:
        if folder.socket_folder.parent != folder.run:
            shutil.rmtree(folder.socket_folder, ignore_errors=True)
    keep_key(folders.DataFolder(path=data).secret("backup_key"))
    return manifest


def _place(folder: DataFolder, name: str) -> Path | None:
    """Where an entry of an archive goes; an unknown one is unpacked nowhere, but still checked."""
    first = name.split("/")[0]
    if name == DUMP:
        return folder.run / DUMP
    if name in SINGLE_FILES or first in (*COPIED_FIRST, *COPIED_AFTER):
        return folder.path / name
    if first == "secrets" and name.split("/", 1)[-1] in set(folders.SECRETS) - set(LEFT_OUT):
        return folder.path / name
    return None


def _refuse_newer(source: Path, manifest: dict[str, Any]) -> None:
    if folders.numbers(str(manifest.get("stillhaven", ""))) > folders.numbers(__version__):
        made_by = manifest["stillhaven"]
        raise Refused(
            why=f"{source} was made by stillhaven {made_by}; this is {__version__}. Install that or a newer one."
        )


@contextlib.contextmanager
def _new_database(folder: DataFolder) -> Iterator[Database]:
    """An empty database: the folder's own, or the empty one that DATABASE_URL names."""
    if url := database.url_given():
        place = database.managed(url)
        database.wait_until_reachable(place)
        with place.connect() as connection:
            if fingerprints.tables(connection):
                raise Refused(why="the database of DATABASE_URL is not empty: a backup is restored into a new one only")
        yield place
        return
    server = postgres.server_for(folder)
    process = postgres.start_alone(server, die_with=os.getpid())
    try:
        yield database.embedded(server)
    finally:
        postgres.stop_alone(process)


def _fill(folder: DataFolder, place: Database, manifest: dict[str, Any]) -> None:
    with _owner(folder, place) as (connection, env, conninfo):
        role = [] if place.is_managed else [f"--role={postgres.ROLE}"]
        _tool(
            ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *role,
             f"--dbname={conninfo}", str(folder.run / DUMP)], env,
        )  # fmt: skip
        (folder.run / DUMP).unlink()
        with connection.transaction():
            fingerprints.refuse_other(manifest, connection)
        connection.execute("ANALYZE")


# ---------------------------------------------------------------- keys


def recipient_of(key: str) -> str:
    """The public half of a backup key."""
    return str(pyrage.x25519.Identity.from_str(key).to_public())


def keyring() -> Path:
    """Where this user's machine keeps backup keys, outside any clinic's folder."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "stillhaven" / "backup-keys"


def keep_key(key: str) -> None:
    """Keep the key that opens a backup beside the folder as well: with the folder lost, it would be lost too."""
    with contextlib.suppress(OSError):
        keyring().mkdir(mode=0o700, parents=True, exist_ok=True)
        file = keyring() / f"{recipient_of(key)}.key"
        if not file.exists():
            folders.write_private(file, key + "\n")


def keys_at_hand(given: Path | None) -> list[str]:
    """The keys to try: the one given, or all that this user's keyring holds."""
    files = [given] if given else sorted(keyring().glob("*.key"))
    found = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise BadInput("--key", f"{file} cannot be read: {error.strerror}") from None
        found += [line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if not found:
        why = (
            f"no backup key in {given}"
            if given
            else "no backup key is known here. Give --key FILE (secrets/backup_key)"
        )
        raise BadInput("--key", why)
    return found
