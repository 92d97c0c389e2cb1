"""How does one command become a running clinic?

Opens and locks the folder, settles the clock, the address and its certificate, then hands the parts to the supervisor:

    postgres  the database (not with DATABASE_URL)      web      the pages, once the tables are up to date
    migrate   brings the tables up to date, then ends   watch    alarms, also when nothing arrives
    gateway   takes monitors' messages (when asked)     worker   the queues
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillhaven import __version__
from stillhaven.science import clocks
from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import database as databases
from stillhaven.service import folder as folders
from stillhaven.service import leftovers, migrations, postgres, tls
from stillhaven.service.database import Database
from stillhaven.service.folder import DataFolder
from stillhaven.service.parts import Part
from stillhaven.service.probe import Probe
from stillhaven.service.supervisor import CHILD_MARK, Supervisor

ASGI = "stillhaven.clinic.web.asgi:application"
MODES = ("clinic", "demo", "test")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the pages are."""

    host: str
    port: int
    pair: tls.Pair | None  # None: plain HTTP, on loopback only
    names: tuple[str, ...]

    @property
    def url(self) -> str:
        """What to type into a browser on this machine."""
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"{'https' if self.pair else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def probe_url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{'https' if self.pair else 'http'}://{host}:{self.port}/healthz"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything that the parts of one clinic are built from."""

    folder: DataFolder
    address: Address
    database: Database
    server: postgres.Server | None
    gateway_listen: str = ""
    workers: int = 1
    is_new: bool = False  # nobody has been here before


def serve(
    data: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    certificate: Path | None = None,
    key: Path | None = None,
    gateway_listen: str = "",
    workers: int = 1,
    real_clinic: bool = False,
    mode: str = "",
    build: Callable[[Setting], Sequence[Part]] | None = None,
    more: Sequence[Part] = (),
    more_env: Mapping[str, str] | None = None,
    tell: Callable[[str], object] = print,
) -> int:
    """Run a clinic until it is told to stop; returns the exit code.

    `build` makes the parts (the clinic's own by default), `more` adds to them: the demo brings its monitors this way.
    """
    os.umask(0o077)
    folder = folders.open_folder(data, create=True)
    with folders.locked(folder):
        if real_clinic:
            folder.mark_real()
        mode = chosen_mode(folder, mode)
        clock = chosen_clock(folder, os.environ.get("STILLHAVEN_CLOCK", ""), datetime.now(UTC))
        leftovers.end(folder)
        address = chosen_address(folder, host, port, certificate, key)
        if gateway_listen:
            with claimed_port(*_host_and_port(gateway_listen)):
                """Free: the gateway itself takes it, and sees to it that it has it alone."""
        with claimed_port(host, port):
            url = databases.url_given()
            server = None if url else postgres.server_for(folder)
            database = databases.managed(url) if server is None else databases.embedded(server)
            if server is None:
                databases.wait_until_reachable(database)
            setting = Setting(
                folder=folder, address=address, database=database, server=server,
                gateway_listen=gateway_listen, workers=workers,
                is_new=server is not None and not (folder.cluster / "PG_VERSION").exists(),
            )  # fmt: skip
            parts = [*(build or clinic_parts)(setting), *more]
            started = time.monotonic()

            def ready() -> None:
                folders.stamp(folder)
                tell(f"Stillhaven is ready at {address.url} ({time.monotonic() - started:.1f} s, folder {folder.path})")

            about = {
                "version": __version__,
                "address": address.url,
                "mode": mode,
                "clock": clock,
                "database": "managed" if server is None else f"embedded ({server.route.value})",
            }
            env = {**child_env(setting, mode=mode, clock=clock), **(more_env or {})}
            return Supervisor(folder, parts, env=env, about=about, on_ready=ready).run()


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise BadInput("--gateway-listen", f"{text!r} is not HOST:PORT, such as 0.0.0.0:2575")
    return host.strip("[]") or "127.0.0.1", int(port)


def chosen_mode(folder: DataFolder, mode: str) -> str:
    """clinic, demo or test.  A real clinic is never a demo."""
    mode = mode or os.environ.get("STILLHAVEN_SETTINGS_MODE", "") or "clinic"
    if mode not in MODES:
        raise BadInput("STILLHAVEN_SETTINGS_MODE", f"must be one of {', '.join(MODES)}")
    if mode != "clinic" and folder.is_real():
        raise Refused(why=f"{folder.path} is a real clinic: it does not run in {mode} mode. Use another folder.")
    return mode


def chosen_clock(folder: DataFolder, text: str, started: datetime) -> str:
    """The clock's setting as every part gets it: settled here once, so that all of them agree."""
    text = text.strip()
    if text and folder.is_real():
        why = (
            f"STILLHAVEN_CLOCK is {text}, but {folder.path} is a real clinic: its record keeps the real time. Unset it."
        )
        raise Refused(why=why)
    if text.startswith("@"):
        file = Path(text[1:]).expanduser().resolve()
        if file.exists():
            clocks.parse(file.read_text(encoding="utf-8"), started)
        return f"@{file}"
    return clocks.parse(text, started).text


def chosen_address(
    folder: DataFolder, host: str, port: int, certificate: Path | None = None, key: Path | None = None
) -> Address:
    """Plain HTTP on loopback; TLS on every other address."""
    if (certificate is None) != (key is None):
        raise BadInput("--cert/--key", "give both or neither")
    names = tls.names_of_this_machine(host)
    if certificate is not None and key is not None:
        pair: tls.Pair | None = tls.given_pair(certificate, key)
        names = sorted({*names, *tls.names_in(certificate)})
    elif tls.is_loopback(host):
        pair = None
    else:
        pair = tls.own_pair(folder.tls, names, tls.utc_now())
    return Address(host=host, port=port, pair=pair, names=tuple(names))


class claimed_port:  # noqa: N801  (used as a context, like a function)
    """Holds a port without listening on it, so that no second server shares it unseen (granian would allow that)."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._held: socket.socket | None = None

    def __enter__(self) -> claimed_port:
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
        except OSError as error:
            raise BadInput("--host", f"{self.host}: {error.strerror or error}") from None
        with socket.socket(family, kind, protocol) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                alone.bind(place)
            except OSError as error:
                raise Refused(why=self._why(error)) from None
        self._held = socket.socket(family, kind, protocol)
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._held.bind(place)
        return self

    def _why(self, error: OSError) -> str:
        if isinstance(error, PermissionError):
            return f"port {self.port} is below 1024 and needs more rights. Choose another, such as --port 8443."
        if error.errno == 99:
            return f"{self.host} is not an address of this machine. Use --host 0.0.0.0 for all of them."
        why = f"port {self.port} on {self.host} is in use by another program. Stop it, or choose another --port"
        return f"{why} (ss -ltnp 'sport = :{self.port}' shows who it is)."

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            self._held.close()


def child_env(setting: Setting, *, mode: str, clock: str) -> dict[str, str]:
    """The environment of every part."""
    folder, address = setting.folder, setting.address
    dropped = {
        "STILLHAVEN_PG",
        "STILLHAVEN_PG_NAME",
        "STILLHAVEN_PG_USER",
        "DATABASE_URL",
        "STILLHAVEN_CLOCK",
        "STILLHAVEN_HTTPS",
        CHILD_MARK,
    }
    env = {name: text for name, text in os.environ.items() if name not in dropped and not name.startswith("PG")}
    env |= setting.database.env
    env |= {
        "STILLHAVEN_DATA": str(folder.path),
        "STILLHAVEN_SETTINGS_MODE": mode,
        "STILLHAVEN_HOSTS": ",".join(sorted({*address.names, *_more_hosts()})),
        "STILLHAVEN_ADDRESS": address.url,
        "DJANGO_SETTINGS_MODULE": "stillhaven.clinic.web.settings",
        "PYTHONUNBUFFERED": "1",
    }
    # Small products of numbers gain nothing by threads, and on a busy machine the threads wait for each other.
    env.setdefault("OPENBLAS_NUM_THREADS", "1")
    if clock:
        env["STILLHAVEN_CLOCK"] = clock
    if address.pair is not None:
        env["STILLHAVEN_HTTPS"] = "1"
    if folder.is_real():
        env["STILLHAVEN_REAL_CLINIC"] = "1"
    return env


def _more_hosts() -> list[str]:
    """Names given by hand: a public name behind somebody else's proxy."""
    return [name.strip() for name in os.environ.get("STILLHAVEN_HOSTS", "").split(",") if name.strip()]


def manage(*words: str) -> tuple[str, ...]:
    """The command line of a Django management command."""
    return (sys.executable, "-m", "stillhaven", "manage", *words)


def database_parts(setting: Setting) -> list[Part]:
    """The embedded database as a part; nothing with a managed one."""
    server = setting.server
    if server is None:
        return []

    def ready() -> bool:
        if not server.is_ready():
            return False
        server.ensure_database()
        with server.connect() as connection:
            postgres.refuse_careless(connection, where="the clinic's own database")
        return True

    command = tuple(server.command(parent=os.getpid()))
    return [
        Part(
            name="postgres", command=command, bare=True, cwd=Path("/"), before=server.prepare, ready=ready,
            stop_signal=postgres.STOP_FAST, stop_last=True, grace_s=30.0,
        )
    ]  # fmt: skip


def migrate_part(setting: Setting, command: tuple[str, ...]) -> Part:
    """Brings the tables up to date; skipped when they are."""

    def skip() -> bool:
        with setting.database.connect() as connection:
            return migrations.are_current(connection)

    def after() -> None:
        with setting.database.connect() as connection:
            migrations.note(connection)

    return Part(name="migrate", command=command, needs=("postgres",), once=True, skip=skip, after=after, grace_s=15.0)


def web_command(setting: Setting, app: str = ASGI) -> tuple[str, ...]:
    """granian, with an end to its patience: open event streams would hold it for ever at a stop."""
    address = setting.address
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", address.host]
    command += ["--port", str(address.port), "--workers", str(setting.workers), "--workers-kill-timeout", "2"]
    command += ["--no-ws", "--log-level", "warning"]
    if address.pair is not None:
        command += ["--ssl-certificate", str(address.pair.certificate), "--ssl-keyfile", str(address.pair.key)]
        command += ["--ssl-protocol-min", "tls1.2"]
    return (*command, app)


def clinic_parts(setting: Setting) -> list[Part]:
    """The parts of a clinic."""
    after = ("postgres", "migrate")
    # A new clinic has no visitors yet: its pages may wake up while its first tables are made.
    web_after = ("postgres",) if setting.is_new else after
    return [
        *database_parts(setting),
        migrate_part(setting, manage("migrate", "--noinput", "--skip-checks")),
        Part(name="web", command=web_command(setting), needs=web_after, probe=Probe(setting.address.probe_url)),
        Part(name="watch", command=manage("watch"), needs=after),
        Part(name="worker", command=manage("work"), needs=after, first_after=("web",)),
        *(gateway_parts(setting) if setting.gateway_listen else []),
    ]


def gateway_parts(setting: Setting, *, name: str = "gw-1") -> list[Part]:
    """The gateway beside the server: it takes messages from the first second, also while the tables are migrated.

    Its token is made here and told to the clinic by `manage device_token`, which may be told it again and again.
    """
    folder, pair = setting.folder, setting.address.pair
    token = folder.secrets / "gateway_token"
    if not token.exists():
        folders.write_private(token, "sh_" + secrets.token_urlsafe(32) + "\n")
    command = [sys.executable, "-m", "stillhaven", "gateway", "--listen", setting.gateway_listen, "--name", name]
    command += ["--server", setting.address.url, "--token-file", str(token), "--spool", str(folder.spool / name)]
    if pair is not None and pair.authority is not None:
        command += ["--ca", str(pair.authority)]
    told = manage("device_token", "--name", name, "--file", str(token))
    return [
        Part(name="gateway-token", command=told, needs=("postgres", "migrate"), once=True),
        Part(name="gateway", command=tuple(command)),
    ]
