"""Must the tables be brought up to date before the clinic opens?

Asking Django takes a second and a half; asking a hash takes a millisecond.  The hash of every migration file and of the
versions of the packages that bring their own tables is kept as the database's comment: it travels with the database, not
with the folder, and a restored database has none.
"""

from __future__ import annotations

import hashlib
import os
from importlib import metadata
from pathlib import Path

import psycopg
import psycopg.sql

import stillhaven

PACKAGES = ("Django", "django-allauth", "django-axes", "procrastinate")
PREFIX = "stillhaven tables "


def wanted() -> str:
    """The hash of all that decides what the tables look like."""
    digest = hashlib.sha256()
    root = Path(stillhaven.__file__).parent
    files = [*root.glob("**/migrations/*.py"), root / "clinic" / "web" / "settings.py"]
    for file in sorted(files):
        if file.exists():
            digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    for name in PACKAGES:
        try:
            digest.update(f"{name} {metadata.version(name)}\0".encode())
        except metadata.PackageNotFoundError:
            digest.update(f"{name} absent\0".encode())
    if os.environ.get("STILLHAVEN_OIDC_ISSUER"):  # signing in with an account elsewhere brings tables of its own
        digest.update(b"social sign-in\0")
    return PREFIX + digest.hexdigest()


def are_current(connection: psycopg.Connection) -> bool:
    """Were these very migrations the last to be applied here?"""
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    return bool(row and row[0] == wanted())


def note(connection: psycopg.Connection) -> None:
    """Write down that they are.  A managed server may forbid it: then they are looked at each time."""
    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    try:
        connection.execute(
            psycopg.sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                psycopg.sql.Identifier(row[0]), psycopg.sql.Literal(wanted())
            )
        )
    except psycopg.errors.InsufficientPrivilege:
        connection.rollback()
