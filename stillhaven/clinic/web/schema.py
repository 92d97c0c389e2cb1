"""How does a new clinic get its tables at once?

Migrations tell how tables came to be; on a database that holds nothing, telling it all again takes a minute's patience.
`schema.sql` is where all of them lead, written by `make schema`.  Its first line names the migrations that it stands for:
where a single one differs, the file is not used and the migrations run, one after the other, as on every older clinic.
`tests/house/test_schema.py` makes both and compares them.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

FILE = Path(__file__).with_name("schema.sql")
_HEAD = "-- migrations: "


# Tables that a clinic gets only when it asks for them: their own migrations make them afterwards.
_ASKED_FOR = ("socialaccount",)


def _on_disk() -> dict[tuple[str, str], Migration]:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return {key: migration for key, migration in loader.disk_migrations.items() if key[0] not in _ASKED_FOR}


def digest() -> str:
    """A hash over every migration of every app, those of the libraries too: name and text."""
    whole = hashlib.sha256()
    for (app, name), migration in sorted(_on_disk().items()):
        path = sys.modules[type(migration).__module__].__file__
        assert path is not None
        whole.update(f"{app} {name}\n".encode())
        whole.update(Path(path).read_bytes())
    return whole.hexdigest()


def is_current(text: str) -> bool:
    """Does this file stand for the migrations that are here?"""
    return text.partition("\n")[0] == _HEAD + digest()


def head() -> str:
    """The first line of the file for the migrations that are here."""
    return _HEAD + digest() + "\n"


def make_tables() -> bool:
    """Make all tables of an empty database from the file; False where that is not to be done, and nothing was."""
    if not FILE.is_file() or connection.introspection.table_names():
        return False
    text = FILE.read_text(encoding="utf-8")
    if not is_current(text):
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(text)
            # The file ends with an empty search path, as PostgreSQL writes it.
            cursor.execute("SET search_path TO DEFAULT")
            recorder = MigrationRecorder(connection)
            for app, name in _on_disk():
                recorder.record_applied(app, name)
    except Exception:  # a server without what the file asks for (an extension, a version): the migrations know how
        return False
    finally:
        connection.close()  # its settings are not the house's
    return True
