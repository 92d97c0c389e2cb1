"""Where is a clinic's database, and how do our own programs reach it?

Embedded in the folder (the default), or on a server that somebody else runs (DATABASE_URL).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import folder as folders
from stillhaven.service import postgres
from stillhaven.service.folder import DataFolder

OLDEST = 15  # the oldest PostgreSQL that the tables need


@dataclass(frozen=True, kw_only=True)
class Database:
    """How to reach the clinic's database."""

    conninfo: str
    env: Mapping[str, str]  # what a Django process needs to reach the same
    is_managed: bool

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.conninfo, connect_timeout=5, autocommit=True)

    def tool_env(self) -> dict[str, str]:
        """What pg_dump and pg_restore need; the password in the environment, never on the command line."""
        password = str(conninfo_to_dict(self.conninfo).get("password") or "")
        return postgres.clean_env({"PGPASSWORD": password} if password else {})

    def tool_conninfo(self) -> str:
        known = {name: str(text) for name, text in conninfo_to_dict(self.conninfo).items() if name != "password"}
        return make_conninfo(**known)


def managed(url: str) -> Database:
    """A server that somebody else runs."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise BadInput("DATABASE_URL", f"cannot be read: {str(error).strip()}") from None
    if not known.get("dbname"):
        raise BadInput("DATABASE_URL", "must name a database: postgresql://user:password@host:5432/stillhaven")
    return Database(conninfo=url, env={"DATABASE_URL": url}, is_managed=True)


def embedded(server: postgres.Server) -> Database:
    """The folder's own."""
    env = {"STILLHAVEN_PG": str(server.folder.socket_folder)}
    return Database(conninfo=make_conninfo(**server.parameters()), env=env, is_managed=False)


def url_given() -> str:
    return os.environ.get("DATABASE_URL", "").strip()


def wait_until_reachable(database: Database, *, wait_s: float = 30.0) -> None:
    """A managed server may come up after us (both start at boot); after the wait, say why it cannot be reached."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with database.connect() as connection:
                if connection.info.server_version // 10000 < OLDEST:
                    found = connection.info.server_version // 10000
                    raise Refused(why=f"DATABASE_URL leads to PostgreSQL {found}; {OLDEST} or newer is needed")
                postgres.refuse_careless(connection, where="the database server of DATABASE_URL")
                return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise Refused(why=f"the database of DATABASE_URL cannot be reached: {str(error).strip()}") from None
            time.sleep(0.5)


@contextlib.contextmanager
def at(folder: DataFolder, *, purpose: str) -> Iterator[Database]:
    """The clinic's database, for as long as the block runs: the running one, or started just for this."""
    if url := url_given():
        database = managed(url)
        wait_until_reachable(database)
        yield database
        return
    server = postgres.server_for(folder)
    if server.is_ready():
        yield embedded(server)
        return
    with folders.locked(folder, purpose=purpose):
        process = postgres.start_alone(server, die_with=os.getpid())
        try:
            yield embedded(server)
        finally:
            postgres.stop_alone(process)
