"""What does a page take with a year of sessions stored, and one session with eight hours of one-second vitals?

    python -m tests.bench.pages

Asks the real server, one page after the other, as one nurse's browser does.  The year is made by copying one finished
session in the tables (its hashes are then copies too: this clinic is for measuring pages alone).

STILLHAVEN_BENCH_SESSIONS   how many sessions are stored (default 300; the figure in the docs is of 2,000)
STILLHAVEN_BENCH_ASKS       how often each page is asked for (default 20)
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

SESSIONS = int(os.environ.get("STILLHAVEN_BENCH_SESSIONS", "300"))
ASKS = int(os.environ.get("STILLHAVEN_BENCH_ASKS", "20"))
GOALS_MS = {"long live page": 500, "long session page": 500, "long live state": 500}


def fill(count: int) -> None:
    """A year of sessions of one person and many, and one long session.  Runs inside the clinic's environment."""
    import django

    django.setup()
    from datetime import timedelta

    from django.apps import apps
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from stillhaven.clinic.record import clock
    from stillhaven.clinic.session.models import SessionEntry, TreatmentSession
    from stillhaven.clinic.vitals.models import Device
    from stillhaven.clinic.web.demo import Demo
    from tests.clinic.signed_in import sign_in

    demo = Demo(clock.now())
    demo.people()
    demo.finished("ada", demo.now - timedelta(days=3, hours=2))
    done = TreatmentSession.objects.get(patient=demo.patients["ada"])
    live = demo.start("ben", "Chair 2", demo.now - timedelta(minutes=30))
    long = demo.start("cleo", "Chair 3", demo.now - timedelta(hours=8))
    tables = [m for m in apps.get_models() if issubclass(m, SessionEntry)]
    with connection.cursor() as cursor:
        for number in range(1, count + 1):
            cursor.execute(
                "INSERT INTO session_treatmentsession (uid, site_id, patient_id, course_id, order_id, chair_id, nurse_id, "
                "booked_for, state, number, drill) SELECT gen_random_uuid(), site_id, patient_id, course_id, order_id, "
                "chair_id, nurse_id, booked_for - %s * interval '4 hours', state, %s, drill "
                "FROM session_treatmentsession WHERE id = %s RETURNING id",
                [number, number + 1, done.pk],
            )
            new = cursor.fetchone()[0]
            for model in tables:
                _copy(cursor, model, new, number, done.pk)
            cursor.execute(_READINGS, {"patient": done.patient_id, "n": number})
        device = Device.objects.get(chair=long.chair)
        cursor.execute(_LONG, {"device": device.pk, "from": demo.now - timedelta(hours=8), "until": demo.now})
        cursor.execute("ANALYZE")
    cookie = sign_in(Client(), demo.staff["nurse"]).cookies[settings.SESSION_COOKIE_NAME].value
    uids = {"done": str(done.uid), "live": str(live.uid), "long": str(long.uid)}
    print(json.dumps({**uids, "cookie": cookie, "patient": done.patient_id}))


def _copy(cursor: Any, model: Any, new: int, number: int, old: int) -> None:
    columns = [f.column for f in model._meta.concrete_fields]
    moved = {
        "uid": "gen_random_uuid()", "seq": f"seq + {number} * 100000 + 1000000000", "amends_id": "NULL",
        "session_id": str(new),
        "happened_at": f"happened_at - {number} * interval '4 hours'",
        "recorded_at": f"recorded_at - {number} * interval '4 hours'",
    }  # fmt: skip
    names = ", ".join(f'"{c}"' for c in columns)
    values = ", ".join(moved.get(c, f'"{c}"') for c in columns)
    cursor.execute(
        f'INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {model._meta.db_table} '
        "WHERE session_id = %s AND NOT retracted", [old],
    )  # fmt: skip


_COLUMNS = """uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash, "index", device_id, patient_id,
  signal, value, quality, why, probe, source, mode, code_sent, unit_sent, value_sent"""
_READINGS = f"""INSERT INTO vitals_reading ({_COLUMNS})
  SELECT gen_random_uuid(), 1, 1000000000 + %(n)s * 1000 + row_number() OVER (),
         now() - interval '3 days' - %(n)s * interval '4 hours' + m * interval '1 minute', now(), 'bench', '', false,
         '\\x00', 0, NULL, %(patient)s, s, 70 + m %% 9, 'good', '', '', 'hand', 'simulated', '', '', ''
  FROM generate_series(0, 99) m, unnest(ARRAY['spo2_pct', 'heart_rate_per_min', 'resp_rate_per_min', 'systolic_mmhg']) s"""
_LONG = f"""INSERT INTO vitals_reading ({_COLUMNS})
  SELECT gen_random_uuid(), 1, 500000000 + row_number() OVER (), t, t, 'bench', '', false, '\\x00', 0, %(device)s, NULL, s,
         70 + extract(second FROM t)::int %% 9, 'good', '', '', 'monitor', 'simulated', '', '', ''
  FROM generate_series(%(from)s::timestamptz, %(until)s::timestamptz, interval '1 second') t,
       unnest(ARRAY['spo2_pct', 'heart_rate_per_min', 'pulse_rate_per_min', 'resp_rate_per_min', 'etco2_mmhg']) s"""


def main() -> None:
    """Print the figures."""
    from tests.bench.running import Running, load

    with Running() as clinic:
        begun = time.monotonic()
        filled = clinic.run("-m", "tests.bench.pages", "fill", str(SESSIONS))
        assert filled.returncode == 0, filled.stderr[-3000:]
        found = json.loads(filled.stdout.splitlines()[-1])
        print(f"{f'{SESSIONS + 1} sessions stored:':42s}{time.monotonic() - begun:7.0f} s to make")
        pages = {
            "board": "/board/", "board state": "/board/state", "patients": "/patients/",
            "chart": f"/patients/{found['patient']}/", "session page": f"/sessions/{found['live']}/",
            "live page": f"/sessions/{found['live']}/live/", "live state": f"/sessions/{found['live']}/live/state",
            "record page": f"/sessions/{found['done']}/record/", "recovery page": f"/sessions/{found['live']}/recovery/",
            "long session page": f"/sessions/{found['long']}/", "long live page": f"/sessions/{found['long']}/live/",
            "long live state": f"/sessions/{found['long']}/live/state",
        }  # fmt: skip
        for name, path in pages.items():
            took, sizes, status = [], 0, 200
            for _ in range(ASKS + 2):
                asked = urllib.request.Request(clinic.url + path, headers={"Cookie": f"stillhaven={found['cookie']}"})
                begun = time.perf_counter()
                try:
                    with urllib.request.urlopen(asked, timeout=60) as answer:
                        sizes = len(answer.read())
                except urllib.error.HTTPError as error:
                    status = error.code
                took.append((time.perf_counter() - begun) * 1e3)
            took = sorted(took[2:])
            p95, goal = took[min(len(took) - 1, int(len(took) * 0.95))], GOALS_MS.get(name, 100)
            verdict = f"answered {status}" if status != 200 else "holds" if p95 < goal else f"OVER {goal}"
            print(f"{f'{name}:':42s}median {took[len(took) // 2]:5.0f}   p95 {p95:5.0f} ms   {sizes / 1024:6.0f} KiB   "
                  f"{verdict}   ({load()})", flush=True)  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        fill(int(sys.argv[2]))
    else:
        main()
