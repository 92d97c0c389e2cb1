"""Puts people into N chairs of an empty clinic, and prints who sits where, with cookies and a key, as one line of JSON.

python -m tests.bench.seed CHAIRS           (inside a clinic's environment: see running.Running.inside)
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from stillhaven.clinic.people.models import ApiToken  # noqa: E402
from stillhaven.clinic.people.tokens import digest  # noqa: E402
from stillhaven.clinic.record import clock  # noqa: E402
from stillhaven.clinic.schedule.models import Chair  # noqa: E402
from stillhaven.clinic.vitals.models import Device, device_defaults  # noqa: E402
from stillhaven.clinic.web.demo import Demo, make_patient  # noqa: E402
from stillhaven.reference.cast_people import cast  # noqa: E402
from tests.clinic.signed_in import sign_in  # noqa: E402

READER = "sh_bench_" + "r" * 40


def main() -> None:
    demo = Demo(clock.now())
    demo.people()
    ApiToken.objects.create(name="bench", role="reader", site=demo.site, digest=digest(READER))
    row = next(p for p in cast()["patient"] if p["key"] == "ben")
    cookie = sign_in(Client(), demo.staff["nurse"]).cookies[settings.SESSION_COOKIE_NAME].value
    chairs = [seat(demo, row, n) for n in range(int(sys.argv[1]))]
    print(json.dumps({"reader": READER, "chairs": [{**chair, "cookie": cookie} for chair in chairs]}))


@transaction.atomic
def seat(demo: Demo, row: dict[str, object], number: int) -> dict[str, str]:
    """One more chair, monitor and person, five minutes into the drug."""
    name, key = f"Bench {number}", f"BENCH-{number}"
    chair = Chair.objects.create(site=demo.site, name=name, bed=name, order=100 + number)
    demo.chairs[name] = chair
    Device.objects.create(site=demo.site, key=key, **device_defaults(demo.now, key), chair=chair, claimed=True)
    person = {**row, "external_id": f"B{number:05d}", "name": f"Person {number}"}
    person.pop("account", None)
    demo.patients["ben"] = make_patient(person, demo.site)
    session = demo.start("ben", name, demo.now - timedelta(minutes=5))
    return {"session": str(session.uid), "device": key, "bed": name, "patient": f"B{number:05d}"}


if __name__ == "__main__":
    main()
