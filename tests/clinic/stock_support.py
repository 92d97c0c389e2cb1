"""A safe with vials in it, and deeds at random, for the tests of stock."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4, uuid5

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.people.witness import Witness
from stillhaven.clinic.record import clock
from stillhaven.clinic.stock import actions, queries
from stillhaven.clinic.stock.models import StockLine, Vial
from stillhaven.science.errors import BadInput, Refused

KETAMINE: dict[str, Any] = {
    "drug": "ketamine", "product": "Ketamine HCl injection 50 mg/mL, 10 mL vial", "mg_per_ml": "50", "volume_ml": "10",
    "lot": "K50-A", "supplier": "Harbor Supply (synthetic)", "invoice": "INV-1",
}  # fmt: skip
SPRAY: dict[str, Any] = {
    "drug": "esketamine", "product": "Spravato 28 mg device", "mg_per_ml": "140", "volume_ml": "0.2", "lot": "E28-A",
    "supplier": "Harbor Supply (synthetic)", "invoice": "INV-2", "is_device": True,
}  # fmt: skip


def team(site: Site, size: int) -> list[User]:
    """Licensed people who may do everything with stock."""
    found = []
    for n in range(size):
        user = User.objects.create(
            email=f"stock{n}@clinic.example", name=f"Person Nr{n}", title="RN",
            roles=["nurse", "custodian", "prescriber", "manager"], password="!",
        )  # fmt: skip
        user.sites.set([site])
        found.append(user)
    return found


def seen(user: User) -> Witness:
    return Witness(user=user, how="test")


def receive(site: Site, by: User, other: User, vials: int = 3, **more: Any) -> list[Vial]:
    today = queries.today(site, clock.now())
    fields = KETAMINE | {"expires": today + timedelta(days=400), "received_on": today} | more
    receipt = actions.receive(site, vials=vials, by=by, witness=seen(other), at=clock.now(), **fields)
    return list(Vial.objects.filter(receipt=receipt).order_by("code"))


def one_deed(
    dice: random.Random, site: Site, by: User, other: User, sessions: list[UUID], uid: UUID | None = None
) -> str:
    """Something that a person may do with stock, at random; "refused" where the rules said no."""
    vials = list(Vial.objects.filter(site=site))
    session, vial = dice.choice(sessions), dice.choice(vials)
    common: dict[str, Any] = {"by": by, "at": clock.now(), "uid": uid or uuid4()}
    deed = dice.choice(("draw", "draw", "draw", "settle", "settle", "given", "waste", "move", "receive"))
    try:
        if deed == "draw":
            ml = vial.volume_ml if vial.is_device else Decimal(dice.randint(1, 500)).scaleb(-2)
            actions.draw(vial, volume_ml=ml, session_uid=session, witness=seen(other), **common)
        elif deed == "settle":
            use = queries.session_use(session)
            part = (use.open * dice.choice((1, 1, 2)) / 2).quantize(Decimal("0.01"))
            given = use.given + (use.open - part) * dice.choice((0, 1))
            actions.settle(site.pk, session, given_mg=given, wasted_mg=part, witness=seen(other), **common)
        elif deed == "given":
            use = queries.session_use(session)
            from django.db import transaction

            with transaction.atomic():
                actions.book_given(site.pk, session, Decimal(dice.randint(0, int(use.drawn))), **common)
        elif deed == "waste":
            actions.waste_vial(vial, ml=Decimal(dice.randint(1, 300)).scaleb(-2), witness=seen(other), **common)
        elif deed == "move":
            actions.move([vial], place=dice.choice(("safe", "Room 1", "Room 2")), **common)
        else:
            kind = dice.choice((KETAMINE, SPRAY))
            fields = kind | {"expires": date(2030, 1, 31), "received_on": queries.today(site, clock.now())}
            actions.receive(site, vials=dice.randint(1, 2), witness=seen(other), **common, **fields)
    except (Refused, BadInput):
        return "refused"
    return deed


def everything_holds(site: Site) -> None:
    """Nothing is lost, nothing doubled: sums, balances, numbers and hashes."""
    assert queries.check_balances(site.pk) == []
    assert queries.verify_ledger(site.pk) == ()
    lines = list(StockLine.objects.filter(site=site.pk).order_by("line_no"))
    assert [line.line_no for line in lines] == list(range(1, len(lines) + 1))
    assert len({line.uid for line in lines}) == len(lines)
    assert not Vial.objects.filter(site=site, mg__lt=0).exists()
    for vial in Vial.objects.filter(site=site):
        own = [line for line in lines if line.vial_id == vial.uid]
        assert vial.lines == len(own)
        assert sum((line.vial_change_mg for line in own), Decimal(0)) == vial.mg
        assert own[0].kind == "received", "a vial begins with its receipt"


# ---------------------------------------------------------------- a process that is killed in the middle
def child(seed: int, site_id: int, users: list[int], sessions: list[str], journal: str) -> None:
    """Random deeds until killed.  Each deed's uid is written down before it is tried and after it is done."""
    from stillhaven.clinic.stock.models import Receipt

    dice, site = random.Random(seed), Site.objects.get(pk=site_id)
    people, wanted = list(User.objects.filter(pk__in=users)), [UUID(s) for s in sessions]
    with open(journal, "a", buffering=1) as file:
        for n in range(10_000):
            by, other = dice.sample(people, 2)
            uid = uuid5(UUID(int=seed), str(n))
            file.write(f"try {uid}\n")
            done = one_deed(dice, site, by, other, wanted, uid)
            if done != "refused" and (
                StockLine.objects.filter(uid=uid).exists() or Receipt.objects.filter(uid=uid).exists()
            ):
                file.write(f"done {uid}\n")


def start_child(seed: int, site: Site, users: list[User], sessions: list[UUID], journal: str, database: str) -> Any:
    code = (
        "import sys, json, django; django.setup(); a = json.loads(sys.argv[1]); "
        "from tests.clinic.stock_support import child; child(*a)"
    )
    import json

    argument = json.dumps([seed, site.pk, [u.pk for u in users], [str(s) for s in sessions], journal])
    env = os.environ | {"STILLHAVEN_PG_NAME": database, "STILLHAVEN_DB_POOL": "0"}
    return subprocess.Popen([sys.executable, "-c", code, argument], env=env)


def kill(process: Any) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


NOON = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
