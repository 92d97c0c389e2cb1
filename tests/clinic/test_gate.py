"""The dose gate at the chair: blind entries, refusals that show what differs, amendments, overrides, and the start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stillhaven.clinic.monitoring import synthetic
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.plan import actions as plan
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.recovery.document import Document
from stillhaven.clinic.session import actions, facts, gate_actions, gate_facts
from stillhaven.clinic.session.models import GateEntry, GateResult, TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference.cast_people import cast
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page, read_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def checked_in(demo: Demo, key: str = "ada", **more: Any) -> TreatmentSession:
    now, course = clock.now(), demo.course(key)
    order = demo.order(course, key, now, **more)
    session = actions.book(
        course, booked_for=now, by=demo.staff["desk"], at=now, order=order, chair=demo.chairs["Chair 1"]
    )
    actions.check_in(session.pk, by=demo.staff["desk"], at=now)
    session.refresh_from_db()
    return session


def page_of(demo: Demo, session: TreatmentSession, who: str = "nurse") -> Page:
    return open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/gate/")


def gate_finding(session: TreatmentSession) -> Finding:
    session.refresh_from_db()
    return next(f for f in facts.start_findings(session, clock.now()) if f.rule == "dose_check")


def enter(demo: Demo, session: TreatmentSession, who: str, **change: str) -> GateEntry:
    typed = synthetic.dose_check(session.order) | change  # type: ignore[arg-type]
    return gate_actions.enter(session.pk, typed, by=demo.staff[who], at=clock.now())


# ---------------------------------------------------------------- agreement, and what nobody sees before it
def test_two_people_agree_and_the_start_rule_reads_it(demo: Demo) -> None:
    session = checked_in(demo)
    assert gate_finding(session).because == "no second person has checked the dose"
    page = page_of(demo, session).send("gate", **read_off(session.order))
    assert "Your entry is in" in page.words()
    assert not gate_finding(session).is_met
    page = page_of(demo, session, "second").send("gate", **read_off(session.order))
    assert "agree with the order" in page.words()
    assert gate_finding(session).is_met
    result = GateResult.objects.get()
    assert (result.kind, float(result.draw_ml or 0), float(result.draw_mg or 0)) == ("agreed", 0.82, 41.0)
    assert (result.first_by, result.second_by) == (
        "Noor Alvarez, RN",
        "Pilar Moreno, RN",
    ) or result.first_by != result.second_by


def test_nobody_is_sent_the_first_persons_numbers_nor_the_orders_results(demo: Demo) -> None:
    session = checked_in(demo)
    odd = {"weight_kg": "82.7", "ml_per_h": "137.3", "draw_ml": "0.77", "dose_mg": "38.66"}
    before = page_of(demo, session, "second")
    page_of(demo, session).send("gate", **(read_off(session.order) | odd))
    for who in ("nurse", "second", "prescriber"):
        for text in (
            page_of(demo, session, who).text,
            open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/").text,
        ):
            for secret in odd.values():
                assert secret not in text, (who, secret)
    for text in (before.text, page_of(demo, session, "second").text):
        assert "150" not in text, "the order's pump rate"
        assert "41 mg" not in text, "the order's dose"
        assert "0.82" not in text, "the order's volume"
    shown = page_of(demo, session, "second").send("gate", **read_off(session.order))
    assert "137.3" in shown.words()
    assert "150" in shown.words()


def test_a_refusal_shows_what_differs_is_kept_and_both_enter_again(demo: Demo) -> None:
    session = checked_in(demo)
    enter(demo, session, "nurse")
    page = page_of(demo, session, "second").send(
        "gate", **(read_off(session.order) | {"product_mg_per_ml": "5", "draw_ml": "8.2"})
    )
    assert page.status == 200
    words = page.words()
    assert (
        "Strength on the vial: the order gives 50 mg/mL, the first wrote 50 mg/mL, the second 5 mg/mL (a tenfold difference)"
        in words
    )
    assert "attempt 2" in words
    assert "the two people do not agree" in gate_finding(session).because
    enter(demo, session, "second")  # whoever: the second may be first this time
    enter(demo, session, "nurse")
    assert gate_finding(session).is_met
    assert [r.kind for r in GateResult.objects.order_by("seq")] == ["refused", "agreed"]
    assert GateEntry.objects.count() == 4, "no attempt is lost"


# ---------------------------------------------------------------- two different people
def test_one_person_never_counts_twice(demo: Demo) -> None:
    session = checked_in(demo)
    enter(demo, session, "nurse")
    with pytest.raises(Refused, match="different person"):
        enter(demo, session, "nurse")
    assert "gate" not in page_of(demo, session).forms()


def test_two_names_from_one_sign_in_are_refused(demo: Demo) -> None:
    session = checked_in(demo)
    typed, at = synthetic.dose_check(session.order), clock.now()  # type: ignore[arg-type]
    gate_actions.enter(session.pk, typed, by=demo.staff["nurse"], at=at, seat="same")
    with pytest.raises(Refused, match="PIN"):
        gate_actions.enter(session.pk, typed, by=demo.staff["second"], at=at, seat="same")


def test_the_second_takes_over_the_tablet_with_a_pin(demo: Demo) -> None:
    session, nurse, second = checked_in(demo), demo.staff["nurse"], demo.staff["second"]
    client = signed_in(nurse)
    from tests.clinic.signed_in import sign_in

    sign_in(client, second)
    sign_in(client, nurse)
    page = open_page(client, f"/sessions/{session.uid}/gate/").send("gate", **read_off(session.order))
    assert "/unlock/?next=" in page.text
    client.post("/unlock/", {"staff": second.pk, "pin": cast()["pin"], "next": f"/sessions/{session.uid}/gate/"})
    page = open_page(client, f"/sessions/{session.uid}/gate/")
    assert "You are the second person" in page.words()
    assert "agree with the order" in page.send("gate", **read_off(session.order)).words()


@pytest.mark.parametrize("who", ["desk", "therapist", "manager"])
def test_other_roles_do_not_enter(demo: Demo, who: str) -> None:
    session = checked_in(demo)
    answer = signed_in(demo.staff[who]).post(f"/sessions/{session.uid}/gate/enter/", read_off(session.order))
    assert answer.status_code in (403, 409)
    assert not GateEntry.objects.exists()


def test_the_same_entry_sent_twice_is_one(demo: Demo) -> None:
    session = checked_in(demo)
    page = page_of(demo, session)
    url, fields = page.form("gate")
    for _ in range(2):
        assert page.client.post(url, fields | read_off(session.order)).status_code in (200, 302)
    assert GateEntry.objects.count() == 1


def test_a_slip_of_the_hand_comes_back_with_everything_typed(demo: Demo) -> None:
    session = checked_in(demo)
    page = page_of(demo, session).send("gate", **(read_off(session.order) | {"ml_per_h": "about 150"}))
    assert page.status == 422
    assert page.form("gate")[1]["product_mg_per_ml"] == ["50"]
    assert not GateEntry.objects.exists()


def test_the_first_may_take_their_own_entry_back(demo: Demo) -> None:
    session = checked_in(demo)
    enter(demo, session, "nurse", ml_per_h="15")
    with pytest.raises(Refused, match="of yours"):
        gate_actions.take_back(session.pk, "slip", by=demo.staff["second"], at=clock.now())
    page = page_of(demo, session).send("gate-back", reason="misread the pump")
    assert "gate" in page.forms()
    enter(demo, session, "nurse")
    enter(demo, session, "second")
    assert gate_finding(session).is_met
    assert GateEntry.objects.count() == 4


# ---------------------------------------------------------------- the order changes
def amended(demo: Demo, order: Order, **change: Any) -> Order:
    typed = {
        "protocol": "iv_depression", "route": "iv_infusion", "dose": "0.4", "dose_unit": "mg/kg", "weight": "82", "weight_unit": "kg",
        "weight_basis": "actual", "weighed_on": clock.now().date(), "product_mg_per_ml": "50", "duration_min": "40", "bag_ml": "100",
        "valid_from": order.valid_from, "valid_until": order.valid_until,
    }  # fmt: skip
    return plan.sign_order(
        order.course_id,
        typed | change,
        by=demo.staff["prescriber"],
        at=clock.now(),
        second_factor="demo",
        amends=order,
        why="less",
    )


def test_a_new_version_of_the_order_asks_both_again_and_the_session_follows_it(demo: Demo) -> None:
    session = checked_in(demo)
    old = session.order
    assert old is not None
    enter(demo, session, "nurse")
    enter(demo, session, "second")
    new = amended(demo, old)
    assert "The order has changed since" in page_of(demo, session).words()
    with pytest.raises(Refused):
        actions.make_ready(session.pk, by=demo.staff["nurse"], at=clock.now())
    found = TreatmentSession.objects.get(pk=session.pk)
    found.order = new
    typed = synthetic.dose_check(new)
    for who in ("nurse", "second"):
        gate_actions.enter(session.pk, typed, by=demo.staff[who], at=clock.now())
    session.refresh_from_db()
    assert session.order_id == new.pk
    assert gate_facts.gate_of(session).passed is not None


def test_a_running_session_keeps_its_version_and_says_so(demo: Demo) -> None:
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=5))
    old = session.order
    assert old is not None
    amended(demo, old, weight="96")
    page = open_page(signed_in(demo.staff["nurse"]), f"/sessions/{session.uid}/")
    assert "This session keeps the version it was started on" in page.words()
    session.refresh_from_db()
    assert session.order_id == old.pk


def test_a_cancelled_order_stops_the_start_and_the_gate(demo: Demo) -> None:
    session = checked_in(demo)
    assert session.order is not None
    record.amend(session.order, by=demo.staff["prescriber"], at=clock.now(), reason="started lithium", retract=True)
    page = page_of(demo, session)
    assert "started lithium" in page.words()
    assert "gate" not in page.forms()
    with pytest.raises(Refused, match="cancelled"):
        enter(demo, session, "nurse")


# ---------------------------------------------------------------- overrides
def code(demo: Demo, ahead: int = 0) -> str:
    return current_totp(next(s["totp"] for s in cast()["staff"] if s["key"] == "prescriber"), ahead)


def test_a_prescriber_overrides_with_reason_and_second_factor_and_the_record_shows_it(demo: Demo) -> None:
    session = checked_in(demo)
    enter(demo, session, "nurse")
    page = page_of(demo, session, "prescriber").send("gate-override", reason="second nurse called away", code="000000")
    assert page.status == 422
    assert not GateResult.objects.exists()
    page = page.send("gate-override", reason="second nurse called away", code=code(demo))
    assert page.status == 200, page.words()
    result = GateResult.objects.get()
    assert (result.kind, result.second_factor, result.reason) == ("override", "totp", "second nurse called away")
    found = gate_finding(session)
    assert not found.stops
    assert not found.is_met
    assert "second nurse called away" in found.overridden
    assert any("overridden" in row["words"] for row in Document(session, clock.now()).timeline())


def test_a_nurse_never_overrides_and_nobody_does_where_policy_says_never(demo: Demo) -> None:
    session = checked_in(demo)
    with pytest.raises(Refused):
        gate_actions.override(session.pk, "hurry", by=demo.staff["nurse"], at=clock.now(), second_factor="totp")
    policy.adopt(
        {"dose_gate_override": "never"},
        by=demo.staff["prescriber"],
        at=clock.now(),
        on=clock.now().date(),
        site=1,
        because="x",
    )
    with pytest.raises(Refused, match="policy"):
        gate_actions.override(session.pk, "hurry", by=demo.staff["prescriber"], at=clock.now(), second_factor="totp")
    assert not GateResult.objects.exists()
    assert "gate-override" not in page_of(demo, session, "prescriber").forms()


def test_no_check_of_the_old_kind_opens_the_gate(demo: Demo) -> None:
    session = checked_in(demo)
    with pytest.raises(BadInput):
        actions.record_check(session.pk, "dose_check", {"agreed": "yes"}, by=demo.staff["nurse"], at=clock.now())


def test_the_signed_record_tells_every_attempt(demo: Demo) -> None:
    session = checked_in(demo)
    enter(demo, session, "nurse", ml_per_h="15")
    enter(demo, session, "second")
    enter(demo, session, "nurse")
    enter(demo, session, "second")
    told = [row["words"] for row in Document(session, clock.now()).timeline() if row["kind"] == "dose gate"]
    assert len(told) == 2
    assert "did not agree" in told[0]
    assert "150" in told[1]


def test_a_session_of_another_site_does_not_exist(demo: Demo) -> None:
    from stillhaven.clinic.people.models import Site

    session = checked_in(demo)
    Site.objects.create(pk=2, name="Far Hill")
    nurse = demo.staff["nurse"]
    nurse.sites.set([2])
    assert signed_in(nurse).get(f"/sessions/{session.uid}/gate/").status_code == 404
