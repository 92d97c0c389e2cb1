"""The way home: every look, every finding, who may override, and a door that opens only when nothing stands in it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery import facts
from stillhaven.clinic.recovery.models import RecoveryCheck
from stillhaven.clinic.session import actions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.web.demo import Demo
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> tuple[Demo, TreatmentSession]:
    demo = make_clinic(clock.now())
    session = demo.start("dev", "Chair 4", clock.now() - timedelta(minutes=110))
    actions.stop(session.pk, by=demo.staff["nurse"], at=clock.now() - timedelta(minutes=65), why="dose complete")
    session.refresh_from_db()
    return demo, session


def page_of(demo: Demo, session: TreatmentSession, who: str = "nurse") -> Page:
    return open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/recovery/")


def measure(demo: Demo, session: TreatmentSession, systolic: float) -> None:
    row = {"systolic_mmhg": systolic, "diastolic_mmhg": 78.0, "spo2_pct": 98.0}
    vitals.record_by_hand(session.patient, row, by=demo.staff["nurse"], at=clock.now(), simulated=True)


def test_every_finding_is_on_the_page_and_unknown_is_never_yes(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    page = page_of(demo, session)
    found = facts.discharge_findings(session, clock.now())
    assert set(re.findall(r'data-rule="([^"]+)"', page.text)) == {f.rule for f in found}
    assert "nobody has looked yet" in page.words()


def test_one_tap_records_a_look_and_not_known_stays_not_known(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    page = page_of(demo, session).send("walking-unknown")
    assert RecoveryCheck.objects.get(kind="walking").value["yes"] is None
    assert "walking was not tried" in page.words().lower()
    page = page.send("walking-yes")
    assert "walks as before" in page.words().lower()


def test_the_pressures_item_is_computed_and_says_how(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    measure(demo, session, 150.0)
    page = page_of(demo, session)
    assert "computed: systolic 150 against 124 before: 21 % away" in page.words()
    row = re.search(r"<b>Circulation</b>.*?sheet-points\">(\d)", page.text, flags=re.S)
    assert row
    assert row.group(1) == "1"
    page = page.send("score-aldrete_modified", circulation="2")
    assert "the lower counts" in page.words()
    row = re.search(r"<b>Circulation</b>.*?sheet-points\">(\d)", page.text, flags=re.S)
    assert row
    assert row.group(1) == "1"


def test_a_score_kept_in_part_has_no_total(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    page = page_of(demo, session).send("score-aldrete_modified", activity="2", respiration="2")
    assert re.search(r'id="h-aldrete_modified">Aldrete <span class="nn"><b>—</b>', page.text)


def test_the_door_stays_shut_and_says_why(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    page = page_of(demo, session).send("discharge")
    assert page.status == 409
    session.refresh_from_db()
    assert session.state == "recovering"


def test_an_escort_without_a_name_comes_back(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    page = page_of(demo, session).send("escort", name=" ", handed_over="yes")
    assert page.status == 422
    assert "Write who takes the person home" in page.words()
    assert page.form("escort")[1]["handed_over"] == ["yes"]


def test_only_a_prescriber_overrides_and_with_a_reason(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    page_of(demo, session).send("walking-no")
    assert "override-walks" not in page_of(demo, session, "nurse").forms()
    page = page_of(demo, session, "prescriber")
    assert page.send("override-walks", reason="").status in (409, 422)
    page = page.send("override-walks", reason="uses a wheelchair, as before")
    assert "uses a wheelchair, as before" in page.words()
    answer = signed_in(demo.staff["nurse"]).post(
        page.url + "override/", {"rule": "walks", "against": "x", "reason": "y"}
    )
    assert answer.status_code == 403


def test_what_a_therapist_and_the_desk_may_do(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    looked = page_of(demo, session, "therapist")
    assert looked.status == 200
    assert not [f for f in looked.forms() if f.startswith(("walking", "discharge", "score", "escort"))]
    assert page_of(demo, session, "desk").status == 403
    answer = signed_in(demo.staff["therapist"]).post(looked.url + "look/", {"kind": "walking", "answer": "yes"})
    assert answer.status_code == 403


def test_before_the_drug_the_page_says_that_it_is_too_early() -> None:
    demo = make_clinic(clock.now())
    demo.later("eve", clock.now())
    assert "Recovery begins with the drug" in page_of(demo, TreatmentSession.objects.get()).words()


def test_coverage_and_the_longest_gap_are_said(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    words = page_of(demo, session).words()
    assert re.search(r"SpO₂ \d+ % · longest gap 1 h", words)


def test_the_page_stays_lean(home: tuple[Demo, TreatmentSession]) -> None:
    demo, session = home
    client = signed_in(demo.staff["nurse"])
    client.get("/healthz")
    with CaptureQueriesContext(connection) as spent:
        client.get(f"/sessions/{session.uid}/recovery/")
    assert len(spent) <= 60
