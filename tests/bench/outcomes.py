"""How long does the registry's page take with 10,000 courses and 200,000 assessments?

    python -m tests.bench.outcomes

Fills a clinic of its own straight in the tables (its entries have no hashes: this clinic is for measuring pages alone),
scores every sheet once into the cache, and asks the real server for the page.

STILLHAVEN_BENCH_COURSES   how many courses (default 10000)
STILLHAVEN_BENCH_FORMS     assessments expected of each; a third does not come (default 31: 200,000 do)
STILLHAVEN_BENCH_ASKS      how often the page is asked for (default 40)
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from datetime import datetime
from typing import Any

COURSES = int(os.environ.get("STILLHAVEN_BENCH_COURSES", "10000"))
FORMS = int(os.environ.get("STILLHAVEN_BENCH_FORMS", "31"))
ASKS = int(os.environ.get("STILLHAVEN_BENCH_ASKS", "40"))
GOAL_MS = 1000.0

_PEOPLE = """INSERT INTO people_patient (site_id, external_id, name, preferred_name, pronouns, born, sex, phone, allergies,
    allergies_asked, comfort_card, escort_name, escort_phone, simulated)
  SELECT %(site)s, 'R' || g, 'Registry Person ' || g, '', '', date '1960-01-01' + g %% 12000, CASE WHEN g %% 3 = 0 THEN 'male'
    ELSE 'female' END, '', '{}', false, '', '', '', true FROM generate_series(1, %(people)s) g"""
_COURSES = """INSERT INTO course_course (site_id, patient_id, indication, state, on_hold, hold_reason, opened_at)
  SELECT %(site)s, p.id, 'Treatment-resistant depression', 'maintenance', false, '',
    %(now)s - (substr(p.external_id, 2)::int %% 700 + 60) * interval '1 day'
  FROM people_patient p WHERE p.site_id = %(site)s AND p.external_id LIKE 'R%%'"""
_OF = """course_course c JOIN people_patient p ON p.id = c.patient_id AND p.site_id = %(site)s AND p.external_id LIKE 'R%%'"""
_SESSIONS = f"""INSERT INTO session_treatmentsession (uid, site_id, patient_id, course_id, booked_for, state, number, drill)
  SELECT gen_random_uuid(), %(site)s, c.patient_id, c.id, c.opened_at + d * interval '1 day', 'signed', n, false
  FROM {_OF}, unnest(ARRAY[4, 7, 11, 14, 18, 22]) WITH ORDINALITY x(d, n)
  WHERE n <= CASE WHEN c.patient_id %% 7 = 0 THEN 2 ELSE 6 END"""
_ENTRY = "gen_random_uuid(), %(site)s, -2000000000 + row_number() OVER ()"
_DOSES = f"""INSERT INTO session_dose (uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash, session_id,
    kind, drug, route, amount_mg, over_s, from_bag, lot, why)
  SELECT {_ENTRY}, s.booked_for, s.booked_for, 'bench', '', false, '\\x00', s.id, 'single', 'ketamine', 'iv_infusion', 40, 0,
    false, '', '' FROM session_treatmentsession s JOIN people_patient p ON p.id = s.patient_id
  WHERE s.site_id = %(site)s AND p.external_id LIKE 'R%%'"""
# Forms from three days before the first session on; a fifth of them missing, more so for who did not get better.
_FORMS = f"""INSERT INTO scales_assessment (uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash,
    patient_id, course_id, scale, version, definition, recall, language, answers, channel, entered_at, source_note, stated,
    discrepancy)
  SELECT {_ENTRY}, at, at, 'bench', '', false, '\\x00', patient_id, id, 'phq9', %(version)s, %(definition)s, '', 'en', answers,
    'link', at, '', '{{}}', '' FROM (
    SELECT c.id, c.patient_id, c.opened_at + (1 + n * 3.1) * interval '1 day' AS at, a.answers
    FROM {_OF}, generate_series(0, %(forms)s - 1) n, LATERAL (
      SELECT jsonb_object_agg(i::text, least(3, greatest(0, round(
        (2.1 - c.patient_id %% 10 * 0.05 * ln(1 + n * 3)) * CASE WHEN i = 9 THEN 0.4 ELSE 1 END
          + (hashint4(i + 31 * n + 977 * c.patient_id::int) %% 100) / 110.0)))) AS answers FROM generate_series(1, 9) i) a
    WHERE n = 0 OR (hashint4((n + 101 * c.patient_id)::int) %% 5 <> 0 AND (n < 6 OR c.patient_id %% 4 <> 0))) forms"""


def fill(site: int, people: int, forms: int, now: datetime) -> None:
    """So many people with one course each, straight in the tables."""
    from django.db import connection

    from stillhaven.clinic.record.actions import Program
    from stillhaven.clinic.registry import gather
    from stillhaven.clinic.scales import catalog

    scale = gather.instrument()
    catalog.keep(scale, site=site, by=Program("bench"))
    given: dict[str, Any] = {
        "site": site, "people": people, "forms": forms, "now": now, "version": scale.version, "definition": scale.digest,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for words in (_PEOPLE, _COURSES, _SESSIONS, _DOSES, _FORMS):
            cursor.execute(words, given)


def inside() -> None:
    """Fill, score once, and print who may ask.  Runs inside the clinic's environment."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from stillhaven.clinic.record import clock
    from stillhaven.clinic.registry import gather, scored
    from stillhaven.clinic.scales.models import Assessment
    from stillhaven.clinic.web.demo import Demo
    from tests.clinic.signed_in import sign_in

    demo = Demo(clock.now())
    demo.people()
    begun = time.monotonic()
    fill(demo.site.pk, COURSES, FORMS, clock.now())
    filled, begun = time.monotonic() - begun, time.monotonic()
    done = scored.refresh(demo.site.pk)
    took = time.monotonic() - begun
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    times = []
    for _ in range(8):
        begun = time.perf_counter()
        gather.gather([demo.site.pk], "iv_ketamine", clock.now())
        times.append((time.perf_counter() - begun) * 1e3)
    cookie = sign_in(Client(), demo.staff["manager"]).cookies[settings.SESSION_COOKIE_NAME].value
    print(json.dumps({"cookie": cookie, "forms": Assessment.objects.count(), "filled": filled, "done": done, "took": took,
                      "sql": sorted(times)[len(times) // 2]}))  # fmt: skip


def main() -> int:
    """Print the figure."""
    from tests.bench.running import Running, load

    with Running() as clinic:
        made = clinic.run("-m", "tests.bench.outcomes", "inside")
        assert made.returncode == 0, made.stderr[-3000:]
        found = json.loads(made.stdout.splitlines()[-1])
        print(f"{COURSES} courses, {found['forms']} assessments: {found['filled']:.0f} s to make, {found['took']:.0f} s to score "
              f"once ({found['done'] / found['took']:,.0f} /s); the counting alone {found['sql']:.0f} ms")  # fmt: skip
        took = []
        for _ in range(ASKS + 3):
            asked = urllib.request.Request(
                f"{clinic.url}/registry/", headers={"Cookie": f"stillhaven={found['cookie']}"}
            )
            begun = time.perf_counter()
            with urllib.request.urlopen(asked, timeout=60) as answer:
                assert "How they stood in the window" in answer.read().decode()
            took.append((time.perf_counter() - begun) * 1e3)
        took = sorted(took[3:])
        p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
        verdict = "holds" if p95 < GOAL_MS else "OVER THE GOAL"
        print(
            f"registry page: median {took[len(took) // 2]:.0f} ms, p95 {p95:.0f} ms (goal {GOAL_MS:.0f})   {verdict}   ({load()})"
        )
        return 0 if p95 < GOAL_MS else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        inside()
    else:
        sys.exit(main())
