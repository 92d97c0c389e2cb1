"""Every milligram of every vial: who may, what is refused, what the database refuses even then, and many at once."""

from __future__ import annotations

import os
import random
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import AlreadyRecorded
from stillhaven.clinic.record.verify import verify
from stillhaven.clinic.stock import actions, queries
from stillhaven.clinic.stock.models import StockLine, Vial
from stillhaven.science.errors import BadInput, Refused
from tests.clinic.stock_support import everything_holds, kill, one_deed, receive, seen, start_child, team


@pytest.fixture
def house(db: None) -> tuple[Site, User, User]:
    site = Site.objects.create(id=1, name="Harbour Street")
    first, second = team(site, 2)
    return site, first, second


def draw(vial: Vial, by: User, other: User, ml: str, session: UUID | None = None, **more: Any) -> StockLine:
    return actions.draw(
        vial, volume_ml=ml, session_uid=session or uuid4(), by=by, witness=seen(other), at=clock.now(), **more
    )


def settle(session: UUID, by: User, other: User, given: str, wasted: str, **more: Any) -> list[StockLine]:
    return actions.settle(
        1, session, given_mg=Decimal(given), wasted_mg=wasted, by=by, witness=seen(other), at=clock.now(), **more
    )


# ---------------------------------------------------------------- one after the other
def test_what_comes_in_is_drawn_given_and_wasted_to_the_hundredth(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial = receive(site, a, b, vials=2)[0]
    session = uuid4()
    line = draw(vial, a, b, "0.82", session, drug="ketamine", mg="41")
    assert (line.mg, line.balance_mg, line.balance_ml, line.out_mg) == (
        Decimal("41.00"), Decimal("459.00"), Decimal("9.1800"), Decimal("41.00"))  # fmt: skip
    assert [f.rule for f in queries.session_findings(session, 40.5) if f.stops] == ["stock_balances", "stock_given"]
    settle(session, a, b, "40.50", "0.50", method="bin", reason="Rest after the dose")
    assert not any(f.stops for f in queries.session_findings(session, 40.5))
    vial.refresh_from_db()
    assert (vial.mg, vial.ml, vial.lines) == (Decimal("459.00"), Decimal("9.1800"), 4)
    everything_holds(site)


def test_a_dose_corrected_downwards_has_to_be_accounted_for_again(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial, session = receive(site, a, b)[0], uuid4()
    draw(vial, a, b, "0.82", session)
    settle(session, a, b, "40.00", "1.00")
    stops = [f.rule for f in queries.session_findings(session, 30.0) if f.stops]
    assert stops == ["stock_given"]
    settle(session, a, b, "30.00", "10.00")
    assert not any(f.stops for f in queries.session_findings(session, 30.0))
    everything_holds(site)


def test_nobody_gives_more_than_was_drawn(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial, session = receive(site, a, b)[0], uuid4()
    draw(vial, a, b, "0.82", session)
    with transaction.atomic():
        actions.book_given(1, session, 60.0, by=a, at=clock.now())
    assert queries.session_use(session).given == Decimal("41.00")
    assert "nobody gives more than was drawn" in queries.session_findings(session, 60.0)[1].to_do
    # a syringe's mark is no discrepancy
    assert not any(f.stops for f in queries.session_findings(session, 41.3))


@pytest.mark.parametrize(
    ("ml", "more", "why"),
    [
        ("11", {}, "cannot be taken out"),
        ("0.82", {"drug": "s_ketamine"}, "different drugs"),
        ("0.82", {"mg": "8.2"}, "both must say the same"),
        ("0", {}, "over 0"),
        ("-1", {}, "under 0"),
        ("0.00001", {}, "finer"),
        ("a lot", {}, "plain number"),
    ],
)
def test_a_draw_that_cannot_be_is_refused_and_writes_nothing(
    house: tuple[Site, User, User], ml: str, more: dict[str, Any], why: str
) -> None:
    site, a, b = house
    vial = receive(site, a, b)[0]
    before = StockLine.objects.count()
    with pytest.raises((Refused, BadInput), match=why):
        draw(vial, a, b, ml, **more)
    assert StockLine.objects.count() == before


def test_a_witness_is_somebody_else_who_may(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial = receive(site, a, b)[0]
    with pytest.raises(Refused, match="different person"):
        draw(vial, a, a, "1")
    desk = User.objects.create(email="desk@clinic.example", name="Dana Desk", roles=["front_desk"], password="!")
    desk.sites.set([site])
    with pytest.raises(Refused, match="may not witness"):
        draw(vial, a, desk, "1")
    with pytest.raises(BadInput, match="choose who sees it"):
        actions.draw(vial, volume_ml="1", session_uid=uuid4(), by=a, witness=None, at=clock.now())


def test_the_wrong_role_and_another_site_do_nothing(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial = receive(site, a, b)[0]
    manager = User.objects.create(email="m@clinic.example", name="Mia Manager", roles=["manager"], password="!")
    manager.sites.set([site])
    with pytest.raises(NotAllowed):
        draw(vial, manager, b, "1")
    far = User.objects.create(email="far@clinic.example", name="Fay Far", roles=["nurse", "custodian"], password="!")
    far.sites.set([Site.objects.create(id=2, name="Elsewhere")])
    with pytest.raises(NotAllowed):
        draw(vial, far, b, "1")
    with pytest.raises(NotAllowed):
        receive(site, far, b)


def test_sending_it_twice_does_it_once(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial, uid, session = receive(site, a, b)[0], uuid4(), uuid4()
    draw(vial, a, b, "1", session, uid=uid)
    with pytest.raises(AlreadyRecorded):
        draw(vial, a, b, "1", session, uid=uid)
    with pytest.raises(Refused, match="under a name"):
        draw(vial, a, b, "1", uuid4(), uid=uid)
    assert Vial.objects.get(pk=vial.pk).mg == Decimal("450.00")


def test_a_vial_is_good_through_its_last_day_and_no_longer(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    today = queries.today(site, clock.now())
    last_day = receive(site, a, b, expires=today, lot="OLD")[0]
    draw(last_day, a, b, "1")  # good through its last day
    with mock.patch.dict(os.environ, {"STILLHAVEN_CLOCK": "+2d"}), pytest.raises(Refused, match="expired"):
        draw(last_day, a, b, "1")


def test_a_device_is_drawn_and_returned_whole(house: tuple[Site, User, User]) -> None:
    from tests.clinic.stock_support import SPRAY

    site, a, b = house
    first, second = receive(site, a, b, vials=2, **SPRAY)
    session = uuid4()
    with pytest.raises(BadInput, match="whole"):
        draw(first, a, b, "0.1", session)
    draw(first, a, b, "0.2", session)
    draw(second, a, b, "0.2", session)
    with pytest.raises(BadInput, match="whole"):
        settle(session, a, b, "28", "", returned_mg="14", note="closed")
    settle(session, a, b, "28", "", returned_mg="28", note="the second device stayed closed")
    assert not any(f.stops for f in queries.session_findings(session, 28.0))
    assert {v.mg for v in Vial.objects.all()} == {Decimal("0.00"), Decimal("28.00")}
    everything_holds(site)


def test_a_sealed_vial_is_no_waste_and_an_opened_one_is(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    sealed, opened = receive(site, a, b, vials=2)
    draw(opened, a, b, "1")
    with pytest.raises(Refused, match="reverse distributor"):
        actions.waste_vial(sealed, by=a, witness=seen(b), at=clock.now(), reason="Beyond its time")
    actions.waste_vial(opened, by=a, witness=seen(b), at=clock.now(), reason="Rest of an opened vial")
    assert Vial.objects.get(pk=opened.pk).mg == 0
    actions.ship([sealed], kind="sent_off", receiver="Take-Back (synthetic)", carrier="Parcel", form_number="RD-1", by=a,
                 witness=seen(b), at=clock.now())  # fmt: skip
    assert Vial.objects.get(pk=sealed.pk).place == "gone"
    everything_holds(site)


# ---------------------------------------------------------------- the database itself
def test_the_database_refuses_what_the_rules_would(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial = receive(site, a, b)[0]
    line = draw(vial, a, b, "1")
    for words in (
        "UPDATE stock_vial SET mg = 500 WHERE uid = %s",
        "DELETE FROM stock_vial WHERE uid = %s",
        "UPDATE stock_stockline SET mg = 1 WHERE vial_id = %s",
        "DELETE FROM stock_stockline WHERE vial_id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(words, [vial.pk])
    assert Vial.objects.get(pk=vial.pk).mg == Decimal("450.00")
    fields = {f.attname: getattr(line, f.attname) for f in StockLine._meta.concrete_fields}
    end_no, end = queries.last_line(1)
    for wrong in (
        {"balance_mg": Decimal("450.00")},  # does not continue the balance
        {"vial_change_mg": Decimal("-451.00"), "balance_mg": Decimal("-1.00"), "out_change_mg": Decimal("451.00")},
        {"line_no": end_no + 2},  # leaves a gap
        {"prev_line": "0" * 64},  # begins a second chain
        {"witness_id": a.pk},  # one person twice
        {"witness_id": None},  # nobody saw it
    ):
        good = {"uid": uuid4(), "seq": 9999, "line_no": end_no + 1, "prev_line": end, "line": uuid4().hex * 2,
                "balance_mg": Decimal("400.00"), "out_mg": Decimal("100.00")}  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            StockLine.objects.bulk_create([StockLine(**(fields | good | wrong))])
    everything_holds(site)


def test_a_line_changed_behind_the_databases_back_is_found(house: tuple[Site, User, User]) -> None:
    site, a, b = house
    vial = receive(site, a, b)[0]
    line = draw(vial, a, b, "1")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE stock_stockline DISABLE TRIGGER USER")
        cursor.execute("UPDATE stock_stockline SET note = 'never happened' WHERE uid = %s", [line.uid])
        cursor.execute("ALTER TABLE stock_stockline ENABLE TRIGGER USER")
    assert [x.number for x in queries.verify_ledger(1)] == [line.line_no]


# ---------------------------------------------------------------- many at once
ROUNDS = int(os.environ.get("STOCK_ROUNDS", "160"))
KILLS = int(os.environ.get("STOCK_KILLS", "1"))


@pytest.mark.django_db(transaction=True)
def test_eight_people_at_once_lose_and_double_nothing() -> None:
    site = Site.objects.create(id=1, name="Harbour Street")
    people = team(site, 8)
    receive(site, people[0], people[1], vials=4)
    sessions, failed, done = [uuid4() for _ in range(6)], [], []

    def work(n: int) -> None:
        dice = random.Random(n)
        try:
            for _ in range(ROUNDS // len(people)):
                other = dice.choice([p for p in people if p is not people[n]])
                done.append(one_deed(dice, site, people[n], other, sessions))
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(done) == ROUNDS // 8 * 8
    assert set(done) > {"refused", "draw"}, "some deeds have to be possible and some not"
    everything_holds(site)
    assert verify().problems == ()


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_leaves_whole_deeds_and_no_halves(tmp_path: Path) -> None:
    site = Site.objects.create(id=1, name="Harbour Street")
    people = team(site, 8)
    receive(site, people[0], people[1], vials=4)
    sessions, dice = [uuid4() for _ in range(6)], random.Random(7)
    for n in range(KILLS):
        journals = [tmp_path / f"{n}.{k}" for k in range(2)]
        database = str(connection.settings_dict["NAME"])
        children = [
            start_child(1000 + 10 * n + k, site, people, sessions, str(j), database) for k, j in enumerate(journals)
        ]
        while not all(j.exists() and j.read_text().count("done") >= 3 for j in journals):
            assert all(c.poll() is None for c in children), "a child ended by itself"
            time.sleep(0.02)
        time.sleep(dice.random() * 0.3)
        for process in children:
            kill(process)
        everything_holds(site)
        told = {line.split()[1] for j in journals for line in j.read_text().splitlines() if line.startswith("done")}
        kept = {str(u) for u in StockLine.objects.values_list("uid", flat=True)} | _receipts()
        assert told <= kept, "what was answered as done is in the record"
    assert verify().problems == ()


def _receipts() -> set[str]:
    from stillhaven.clinic.stock.models import Receipt

    return {str(u) for u in Receipt.objects.values_list("uid", flat=True)}
