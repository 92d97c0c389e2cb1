"""One person's outcomes as staff and the person see them; the clinic's curve; who may not look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stillhaven.clinic.outcomes import durability, expected, queries
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.scales import actions, links
from stillhaven.clinic.session import actions as sessions
from stillhaven.clinic.stock import demo as safe
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.findings import Verdict
from stillhaven.science.outcomes_person import Standing
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db
KEYS = [*map(str, range(1, 10)), "difficulty"]


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def phq(patient: Patient, total: int, at: datetime, nine: int | None = 0) -> None:
    """A PHQ-9 with this total, item 9 apart."""
    rest = total - (nine or 0)
    values: list[int | None] = [rest // 8 + (1 if i < rest % 8 else 0) for i in range(8)]
    answers = dict(zip(KEYS, [*values, nine, 0], strict=True))
    actions.record(patient, "phq9", answers, by=Program("test"), at=at, channel="link")


@pytest.fixture
def treated() -> Demo:
    """Ada had one session thirty days ago; one form before it, one too soon after it, one that counts."""
    then, day = clock.now() - timedelta(days=30), timedelta(days=1)
    demo = make_clinic(then)
    safe.deliver(demo.site, demo.staff, then)
    session = demo.start("ada", "Chair 1", then - timedelta(hours=2))
    sessions.stop(
        session.pk, by=demo.staff["nurse"], at=then - timedelta(minutes=80), why="dose complete", pump_volume_ml=100.0
    )
    ada = demo.patients["ada"]
    phq(ada, 20, then - day, 1)
    phq(ada, 12, then + 2 * day)
    phq(ada, 8, then + 20 * day)
    return demo


def page_of(demo: Demo, who: str = "ada", as_: str = "nurse", query: str = "") -> Any:
    return open_page(signed_in(demo.staff[as_]), f"/patients/{demo.patients[who].pk}/outcomes/{query}")


def test_the_page_in_its_order(treated: Demo) -> None:
    page = page_of(treated)
    text = page.words()
    order = ["question 9", "Open alerts", "Scores and sessions", "Four verdicts", "Which comparison", "Not enough data",
             "How long a response lasts", "Exposure here", "Harm watch"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "Start: 20" in text
    assert "now: 8" in text
    assert "better by 12 points, 60 %" in text
    assert "No expected path" in text
    assert 'class="g-session"' in page.text
    assert page.text.count('class="g-early"') == 1  # two days after the first session
    assert "Hidden: 1 of the 20 people it takes (1 treated)" in text
    assert "racemic ketamine, IV infusion" in text
    assert "1 of 1" in text
    assert "racemic ketamine, IV infusion, 41 mg" in text  # the session's mark says drug, route and amount


def test_verdicts_stay_four_and_say_by_whose_rule(treated: Demo) -> None:
    found = queries.person(treated.patients["ada"], clock.now())
    read = queries.reading(found, "phq9")
    assert read is not None
    v = read.comparison.verdicts
    assert (v.response, v.remission, v.reliable, v.worse) == (True, False, 1, False)
    text = page_of(treated).words()
    assert "McInnes 2022" in text
    assert "NHS Talking Therapies" in text


def test_the_page_asks_the_database_a_bounded_number_of_times(treated: Demo) -> None:
    client = signed_in(treated.staff["nurse"])
    address = f"/patients/{treated.patients['ada'].pk}/outcomes/"
    client.get(address)  # the curve is kept for an hour, the look for a minute
    for n in range(9):
        phq(treated.patients["ada"], 8 + n % 3, clock.now() - timedelta(days=9, hours=-n))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    assert len(asked) < 20, [q["sql"][:90] for q in asked]


def test_a_form_that_was_expected_and_did_not_come_is_a_hollow_mark_and_counts_over(treated: Demo) -> None:
    found = queries.person(treated.patients["ada"], clock.now())
    gone = expected.missing(found, "phq9")
    assert gone
    assert all(found.starts[0] < e.at <= found.now and e.state == "missing" for e in gone)
    page = page_of(treated)
    assert page.text.count('class="g-missing"') == len(gone)
    assert f"3 of {3 + len(gone)} expected or received forms with a score" in page.words()
    assert "Expected(" not in page.words()


def test_an_unused_link_is_known_even_without_a_schedule(treated: Demo) -> None:
    ada = treated.patients["ada"]
    links.make_link(ada, ["phq9"], by=treated.staff["nurse"], at=clock.now() - timedelta(days=6))
    assert [e.scale for e in expected.unused_links(queries.person(ada, clock.now()))] == ["phq9"]


def test_an_open_alert_stands_first_with_its_owner(treated: Demo) -> None:
    phq(treated.patients["ada"], 15, clock.now() - timedelta(hours=1), 2)
    text = page_of(treated).words()
    assert "item 9" in text
    assert text.index("item 9") < text.index("Scores and sessions")
    read = queries.reading(queries.person(treated.patients["ada"], clock.now()), "phq9")
    assert read is not None
    assert read.status.standing is Standing.RELAPSE_WATCH


def test_thresholds_and_the_nine_questions(treated: Demo) -> None:
    ada, now = treated.patients["ada"], clock.now()
    found, rules = queries.person(ada, now), queries.policy_of(ada)
    assert all(f.verdict is not Verdict.NOT_MET for f in queries.thresholds(found, rules))
    assert {look.state(now) for look in queries.looks(found, rules)} == {"never"}
    answers = {str(n): 1 if n == 3 else 0 for n in range(1, 10)}
    actions.record(ada, "harm_watch", answers, by=treated.staff["nurse"], at=now, channel="clinician")
    found = queries.person(ada, clock.now())
    said = {look.key: (look.worry, look.state(clock.now())) for look in queries.looks(found, rules)}
    assert said["bladder"] == (True, "done")
    assert said["dependence"] == (False, "done")
    assert said["liver"] == (None, "never")
    assert "Harm watch" in page_of(treated).words()


def test_the_clinics_curve_holds_one_span_a_person_who_responded(treated: Demo) -> None:
    ada, site = treated.patients["ada"], treated.site.pk
    reference = policy.rules(site)
    read = queries.reading(queries.person(ada, clock.now()), "phq9")
    assert read is not None
    curve, people = durability.clinic_curve(site, read.instrument, reference.outcomes, clock.now(), simulated=True)
    assert people == 1
    assert curve is not None
    assert (curve.n, curve.lost) == (1, 0)
    real, none = durability.clinic_curve(site, read.instrument, reference.outcomes, clock.now(), simulated=False)
    assert (real, none) == (None, 0)  # invented people never stand behind a real curve


def test_without_any_form_it_says_not_enough_data(demo: Demo) -> None:
    text = page_of(demo, "finn").words()
    assert "Not enough data" in text
    assert "never asked here" in text


def test_who_may_not_look(treated: Demo) -> None:
    address = f"/patients/{treated.patients['ada'].pk}/outcomes/"
    assert signed_in(treated.staff["desk"]).get(address).status_code in (403, 404)
    nurse = signed_in(treated.staff["nurse"])
    assert nurse.get("/patients/999999/outcomes/").status_code == 404
    assert nurse.get("/me/progress/").status_code == 404
    assert nurse.get(address, {"scale": "<script>"}).status_code == 200


def test_a_person_sees_their_own_in_plain_words(treated: Demo) -> None:
    ada = treated.patients["ada"].account
    page = open_page(signed_in(ada), "/me/progress/")
    text = page.words()
    assert "from 20 before the first session to 8" in text
    for hard in ("Remission", "Relapse", "Reliable", "not on track"):
        assert hard.lower() not in text.lower()
    assert "call" in text
