"""A clinic of small parts under the real supervisor, with the real database: what the tests kill.

python tiny_clinic.py DIR PORT [HOST]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stillhaven.science.errors import BadInput, Refused
from stillhaven.service.parts import Part
from stillhaven.service.probe import Probe
from stillhaven.service.serve import Setting, database_parts, migrate_part, serve

HERE = Path(__file__).parent
MIGRATE = """
import os, psycopg, pathlib
data = pathlib.Path(os.environ["STILLHAVEN_DATA"])
password = (data / "secrets" / "pg_password").read_text().strip()
with psycopg.connect(host=os.environ["STILLHAVEN_PG"], user="stillhaven", password=password, autocommit=True) as db:
    db.execute("CREATE TABLE IF NOT EXISTS visit (id bigserial PRIMARY KEY, who text, at timestamptz DEFAULT now())")
with (data / "run" / "migrated").open("a") as file:
    file.write("once\\n")
"""
LOOP = "import time\nprint('at work', flush=True)\nwhile True: time.sleep(1)"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)"


def parts(setting: Setting) -> list[Part]:
    address = setting.address
    web = [sys.executable, str(HERE / "tiny_web.py"), address.host, str(address.port)]
    if address.pair:
        web += [str(address.pair.certificate), str(address.pair.key)]
    after = ("postgres", "migrate")
    return [
        *database_parts(setting),
        migrate_part(setting, (sys.executable, "-c", os.environ.get("TINY_MIGRATE", MIGRATE))),
        Part(name="web", command=tuple(web), needs=after, probe=Probe(address.probe_url)),
        Part(name="watch", command=(sys.executable, "-c", LOOP), needs=after),
        Part(name="worker", command=(sys.executable, "-c", STUBBORN), needs=after, grace_s=1.0),
    ]


def main() -> int:
    host = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"
    try:
        return serve(
            Path(sys.argv[1]), host=host, port=int(sys.argv[2]), build=parts, tell=lambda line: print(line, flush=True)
        )
    except (BadInput, Refused) as error:
        print(f"stillhaven: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
