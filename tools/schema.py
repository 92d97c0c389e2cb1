"""Write stillhaven/clinic/web/schema.sql: where all migrations lead, for databases that hold nothing yet.

python -m tools.schema            run every migration on a throw-away database, and write what came of it
python -m tools.schema --check    does the file stand for the migrations that are here?
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from stillhaven.service import folder as folders
from stillhaven.service import postgres

FILE = Path(__file__).resolve().parents[1] / "stillhaven/clinic/web/schema.sql"


def dump(server: postgres.Server, database: str) -> str:
    """The tables of a database as text, without what differs from run to run."""
    known = server.parameters(admin=True, dbname=database)
    env = postgres.clean_env({"PGPASSWORD": known.pop("password")})
    options = [
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        *(f"--{k}={v}" for k, v in known.items() if k != "dbname"),
    ]
    done = subprocess.run(
        [postgres.binary("pg_dump"), *map(_flag, options), database],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("--", "\\")) and line.strip()]
    return "\n".join(lines) + "\n"


def _flag(option: str) -> str:
    return option.replace("--user=", "--username=")


def _django(folder: folders.DataFolder) -> None:
    os.environ |= {
        "STILLHAVEN_DATA": str(folder.path), "STILLHAVEN_PG": str(folder.socket_folder), "STILLHAVEN_SETTINGS_MODE": "test",
        "STILLHAVEN_DB_POOL": "0", "STILLHAVEN_SCHEMA": "0", "DJANGO_SETTINGS_MODULE": "stillhaven.clinic.web.settings",
    }  # fmt: skip
    for name in ("DATABASE_URL", "STILLHAVEN_CLOCK", "STILLHAVEN_PG_NAME"):
        os.environ.pop(name, None)
    import django

    django.setup()


def main() -> int:
    """Write the file, or say whether it is current."""
    with tempfile.TemporaryDirectory(prefix="shschema-") as scratch:
        folder = folders.open_folder(Path(scratch) / "clinic", create=True)
        _django(folder)
        from stillhaven.clinic.web import schema

        if "--check" in sys.argv:
            if FILE.is_file() and schema.is_current(FILE.read_text(encoding="utf-8")):
                return 0
            print("schema.sql does not stand for the migrations that are here: run `make schema`")
            return 1
        server = postgres.server_for(folder)
        process = postgres.start_alone(server, throwaway=True)
        try:
            from django.core.management import call_command

            call_command("migrate", verbosity=0, interactive=False)
            FILE.write_text(schema.head() + dump(server, postgres.DATABASE), encoding="utf-8")
        finally:
            from django.db import connection

            connection.close()
            postgres.stop_alone(process)
    print(f"{FILE.name}: {len(FILE.read_text(encoding='utf-8').splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
