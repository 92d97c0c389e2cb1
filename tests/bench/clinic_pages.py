"""How long does each page take, from the first form to the vial, with 10,000 patients in the database?

    python -m tests.bench.clinic_pages [WORD ...]      (only the pages whose name holds one of the words)

Fills a database of its own (see many_people.py) and asks every page in the process itself, as one browser does, for a
dozen people in turn.  The queries are counted in a run of their own: they are the same on every machine.  "Of it" is what
the process itself worked: what remains of a page's time on a machine that does nothing else, without the database.

STILLHAVEN_BENCH_PATIENTS   how many patients (default 10000)
STILLHAVEN_BENCH_ASKS       how often each page is asked for (default 40)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PATIENTS = int(os.environ.get("STILLHAVEN_BENCH_PATIENTS", "10000"))
ASKS = int(os.environ.get("STILLHAVEN_BENCH_ASKS", "40"))
GOAL_MS = 100.0

# name -> (who asks, address); {…} is of the person, the visit or the thing in turn
PAGES: dict[str, tuple[str, str]] = {
    "patients": ("nurse", "/patients/"), "patients found": ("nurse", "/patients/?q=ada"),
    "patients, nobody found": ("nurse", "/patients/?q=zzzz"), "chart": ("nurse", "/patients/{p}/"),
    "patient, new": ("desk", "/patients/new/"), "patient, edit": ("desk", "/patients/{p}/edit/"),
    "intake, waiting": ("nurse", "/intake/"), "intake, read": ("prescriber", "/patients/{p}/intake/"),
    "intake, fill": ("nurse", "/patients/{p}/intake/fill/"), "intake, section": ("nurse", "/patients/{p}/intake/fill/{section}/"),
    "intake, find": ("nurse", "/patients/{p}/intake/fill/find/?q=sert"),
    "own intake": ("ada", "/me/intake/"), "own intake, section": ("ada", "/me/intake/{section}/"),
    "candidacy": ("prescriber", "/patients/{p}/candidacy/"), "candidacy, record": ("nurse", "/patients/{p}/candidacy/record/missing/?course={c}"),
    "candidacy, decision": ("prescriber", "/candidacy/decisions/{decision}/"),
    "consent": ("nurse", "/patients/{p}/consent/"), "consent, document": ("nurse", "/patients/{p}/consent/{document}/"),
    "consent, PDF": ("nurse", "/patients/{p}/consent/signed/{signature}.pdf"),
    "consent, texts": ("prescriber", "/consent/texts/"), "consent, text": ("prescriber", "/consent/texts/{document}/"),
    "own consent": ("ada", "/me/consent/"), "own consent, document": ("ada", "/me/consent/{document}/"),
    "plan": ("prescriber", "/courses/{c}/plan/"), "order, protocols": ("prescriber", "/courses/{c}/order/"),
    "order, form": ("prescriber", "/courses/{c}/order/?protocol=iv_depression"), "order, signed": ("nurse", "/orders/{o}/"),
    "order, amend": ("prescriber", "/orders/{o}/amend/"),
    "policy": ("prescriber", "/policy/"), "policy, change": ("prescriber", "/policy/change/"), "policy, history": ("prescriber", "/policy/history/"),
    "session": ("nurse", "/sessions/{s}/"), "dose gate": ("nurse", "/sessions/{s}/gate/"),
    "stock": ("second", "/stock/"), "stock, receive": ("second", "/stock/receive/"),
    "stock, vial": ("second", "/stock/vials/{vial}/"), "stock, counts": ("second", "/stock/count/"),
    "stock, count": ("second", "/stock/count/{count}/"), "stock, cases": ("second", "/stock/cases/"),
    "stock, reports": ("second", "/stock/reports/"), "stock, ledger": ("second", "/stock/reports/ledger/"),
    "stock, expiring": ("second", "/stock/reports/expiring/"),
    "schedule": ("desk", "/schedule/"), "schedule, tomorrow": ("desk", "/schedule/?day={day}"), "week": ("desk", "/schedule/week/"),
    "places": ("manager", "/schedule/places/"), "shifts": ("manager", "/schedule/shifts/"),
    "competences": ("manager", "/schedule/competences/"), "own calendar": ("nurse", "/schedule/calendar/"),
    "calendar feed": ("", "/schedule/calendar/{secret}.ics"),
    "book, whom": ("desk", "/schedule/book/"), "book, found": ("desk", "/schedule/book/?q=ben"),
    "book, form": ("desk", "/schedule/book/?patient={p}"), "visit": ("desk", "/schedule/visits/{v}/"),
    "visits": ("desk", "/patients/{p}/visits/"), "waiting list": ("desk", "/schedule/waiting/"),
    "tomorrow": ("nurse", "/tomorrow/"), "tomorrow, a full day": ("nurse", "/tomorrow/?day={day}"), "tomorrow, gate": ("nurse", "/tomorrow/{v}/driver/"),
    "enrolment": ("desk", "/courses/{c}/facts/"), "outbox": ("desk", "/outbox/"),
    "scales of one": ("nurse", "/patients/{p}/scales/"), "alerts": ("nurse", "/alerts/"),
    "own home": ("ada", "/me/"), "own appointments": ("ada", "/me/appointments/"), "own check-ins": ("ada", "/me/checkins/"),
    "board": ("nurse", "/board/"),
}  # fmt: skip


def prepare() -> None:
    """Tables, the demo's people, and the many.  Runs in the environment of the scratch database."""
    import django

    django.setup()
    from django.core.management import call_command

    from stillhaven.clinic.people.models import Site, User
    from stillhaven.clinic.record import clock
    from stillhaven.clinic.web import demo
    from stillhaven.reference.cast_people import cast
    from tests.bench import many_people as many

    call_command("migrate", verbosity=0, interactive=False)
    demo.seed()
    begun, now, site = time.monotonic(), clock.now(), Site.objects.get(pk=1)
    staff = {row["key"]: User.objects.get(email=row["email"]) for row in cast()["staff"]}
    many.fill_the_safe(site, staff, now)
    people = many.copy_people(PATIENTS)
    many.fill_the_book(site, [staff["nurse"].pk, staff["second"].pk], now)
    many.fill_the_logs(site, now)
    print(f"{people:,} patients, {_rows():,} rows about them: {time.monotonic() - begun:.0f} s to make", flush=True)


def _rows() -> int:
    from django.apps import apps
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(reltuples), 0)::bigint FROM pg_class WHERE relname = ANY(%s)",
            [[m._meta.db_table for m in apps.get_models()]],
        )
        return int(cursor.fetchone()[0])


def _things() -> list[dict[str, Any]]:
    """What the addresses are filled with, person by person: one of the demo's, and others from all over the table."""
    from datetime import timedelta

    from stillhaven.clinic.candidacy.models import Decision
    from stillhaven.clinic.consent.models import Signature
    from stillhaven.clinic.people.models import Patient, User
    from stillhaven.clinic.plan.models import Order
    from stillhaven.clinic.record import clock
    from stillhaven.clinic.schedule import queries, upkeep
    from stillhaven.clinic.schedule.models import Appointment
    from stillhaven.clinic.stock.models import StockCount, Vial
    from stillhaven.reference import load as reference

    rows = Patient.objects.filter(courses__isnull=False, consent_signatures__isnull=False).order_by("pk").distinct()
    last = rows.count()
    visits = list(
        Appointment.objects.filter(state="booked", kind="session", starts_at__gt=clock.now()).order_by("starts_at")[:40]
    )
    sections = [s.key for s in reference.current().intake.sections]
    user = User.objects.get(email="ada@demo.example")
    secret = upkeep.make_calendar_link(by=user, at=clock.now(), patient=None)
    found = []
    for n in range(12):
        patient = rows[n * (last - 10) // 12]
        course = patient.courses.order_by("-pk").first()
        visit = visits[n * len(visits) // 12]
        orders = Order.objects.current()
        signature = Signature.objects.filter(patient=patient).first() or Signature.objects.first()
        decision = Decision.objects.filter(patient=patient).first() or Decision.objects.first()
        order = orders.filter(patient=patient).first() or orders.first()
        day = queries.today(visit.site, clock.now()) + timedelta(days=2 + n % 3)
        found.append({
            "p": patient.pk, "c": course.pk, "o": order.pk if order else "",
            "v": visit.uid, "s": visit.session_uid, "decision": decision.uid if decision else "",
            "signature": signature.uid if signature else "", "document": signature.document if signature else "",
            "section": sections[n % len(sections)], "vial": Vial.objects.order_by("code")[n].uid,
            "count": StockCount.objects.latest("seq").uid, "day": day, "secret": secret,
        })  # fmt: skip
    return found


def ask(words: list[str]) -> int:
    """Ask every page and print the table; 1 if a page is over the goal."""
    import django

    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from stillhaven.clinic.people.models import User
    from stillhaven.reference.cast_people import cast
    from tests.bench.running import load
    from tests.clinic.signed_in import sign_in

    emails = {row["key"]: row["email"] for row in cast()["staff"]} | {"ada": "ada@demo.example"}
    host: dict[str, Any] = {"HTTP_HOST": "localhost"}
    clients = {key: sign_in(Client(**host), User.objects.get(email=email)) for key, email in emails.items()} | {
        "": Client(**host)
    }
    things, over = _things(), 0
    print(f"{'page':26s}{'median':>8s}{'p95':>8s}{'of it':>8s} ms{'queries':>9s}{'KiB':>7s}   ({load()})", flush=True)
    for name, (who, address) in PAGES.items():
        if words and not any(word in name for word in words):
            continue
        client, took, queries, status, size = clients[who], list[float](), 0, set[int](), 0
        for thing in things:  # also the first look, which is slower
            with CaptureQueriesContext(connection) as caught:
                answer = client.get(address.format(**thing))
            queries, size = max(queries, len(caught)), max(size, len(answer.content))
            status.add(answer.status_code)
        worked = time.process_time()
        for n in range(ASKS):
            begun = time.perf_counter()
            client.get(address.format(**things[n % len(things)]))
            took.append((time.perf_counter() - begun) * 1e3)
        worked = (time.process_time() - worked) / ASKS * 1e3
        took.sort()
        p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
        verdict = f"answered {sorted(status)}" if status != {200} else "" if p95 < GOAL_MS else "OVER"
        over += bool(verdict)
        print(
            f"{name:26s}{took[len(took) // 2]:8.0f}{p95:8.0f}{worked:8.0f}   {queries:9d}{size / 1024:7.0f}   {verdict}",
            flush=True,
        )
    print(f"{over} of them over {GOAL_MS:.0f} ms or not answered   ({load()})")
    return int(over > 0)


def main() -> int:
    """A database of its own, filled, asked, and removed."""
    from stillhaven.service import database, postgres
    from stillhaven.service import folder as folders
    from tests.bench.running import short_folder

    home = short_folder()
    folder = folders.open_folder(home / "clinic", create=True)
    server = postgres.server_for(folder)
    process = postgres.start_alone(server, die_with=os.getpid())
    try:
        names = {"STILLHAVEN_DATA": str(folder.path), "DJANGO_SETTINGS_MODULE": "stillhaven.clinic.web.settings"}
        found = {
            k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "STILLHAVEN_CLOCK", "STILLHAVEN_PG_NAME")
        }
        env = {**found, **database.embedded(server).env, **names, "STILLHAVEN_SETTINGS_MODE": "demo"}
        for step in (["prepare"], ["ask", *sys.argv[1:]]):
            done = subprocess.run([sys.executable, "-m", "tests.bench.clinic_pages", *step], env=env, check=False)
            if done.returncode:
                return done.returncode
        return 0
    finally:
        postgres.stop_alone(process)
        shutil.rmtree(Path(home), ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["prepare"]:
        prepare()
    elif sys.argv[1:2] == ["ask"]:
        sys.exit(ask(sys.argv[2:]))
    else:
        sys.exit(main())
