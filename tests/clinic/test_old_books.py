"""The demo's old books: a course that is whole, people enough for shares and curves, and nothing that cannot be opened."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup import queries as followup
from stillhaven.clinic.outcomes import queries as outcomes
from stillhaven.clinic.outcomes.durability import durability
from stillhaven.clinic.record import clock
from stillhaven.clinic.registry import demo as old_books
from stillhaven.clinic.registry import gather, scored
from stillhaven.clinic.scales.models import Alert
from stillhaven.clinic.session.models import SessionMove, TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.followup import State, outcome_form
from stillhaven.science.session import FIRST, step
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    found = make_clinic(clock.now())
    old_books.seed(found.patients, found.staff, now=clock.now())
    return found


def test_last_summers_course_ended_every_expected_measurement(demo: Demo) -> None:
    ada = demo.patients["ada"]
    (row,) = followup.of_patient(ada, clock.now())
    left = [p.key for p in row.points if p.state not in (State.DONE, State.WITHDRAWN)]
    assert left == []
    assert row.n.done > 20
    assert outcome_form(row.points)
    assert not Alert.objects.exists()
    assert followup.courses_of([demo.site.pk], clock.now()) == [row.course]  # of the others nobody is chased


def test_the_page_shows_a_curve_a_past_cycle_and_the_clinics_own(demo: Demo) -> None:
    ada = demo.patients["ada"]
    found = outcomes.person(ada, clock.now())
    read = outcomes.reading(found, "phq9")
    assert read is not None
    lasting = durability(found, read)
    assert lasting.own.lost
    assert lasting.curve is not None
    assert lasting.people >= lasting.rules.least_people
    page = open_page(signed_in(demo.staff["prescriber"]), f"/patients/{ada.pk}/outcomes/")
    assert page.text.count('class="g-session"') == 6
    assert page.text.count('class="g-score"') + page.text.count('class="g-early"') == 12
    assert "Hidden:" not in page.words()
    own = open_page(signed_in(ada.account), "/me/progress/")
    assert own.text.count('class="g-session"') == 6


def test_the_clinics_page_has_bars_and_not_one_name(demo: Demo) -> None:
    scored.refresh(demo.site.pk)
    counts = gather.gather([demo.site.pk], "iv_ketamine", clock.now()).of(demo.site.pk)
    assert (counts.started, counts.due) == (44, 44)
    assert min(counts.response_yes, counts.response_no, counts.due - counts.scored) >= gather.book().rules.small_cell
    page = open_page(signed_in(demo.staff["manager"]), "/registry/")
    assert re.findall(r'data-bar="(\w+)"', page.text) == ["responded", "remitted", "worse", "unknown"]
    assert "Old book" not in page.words()


def test_states_are_the_replay_of_their_moves_and_old_visits_can_be_opened(demo: Demo) -> None:
    for session in TreatmentSession.objects.all():
        state = FIRST
        for move in SessionMove.objects.filter(session=session).order_by("seq").values_list("move", flat=True):
            state = step(state, move)
        assert session.state == state.value
    ada = demo.patients["ada"]
    staff, own = signed_in(demo.staff["prescriber"]), signed_in(ada.account)
    assert staff.get(f"/patients/{ada.pk}/").status_code == 200
    visit = TreatmentSession.objects.filter(patient=ada).latest("booked_for")
    for address in (f"/sessions/{visit.uid}/", f"/sessions/{visit.uid}/record/"):
        assert staff.get(address).status_code == 200, address
    assert own.get("/me/").status_code == 200


@pytest.mark.parametrize("hour", [0, 4, 15, 23])
def test_it_comes_up_at_any_hour(hour: int) -> None:
    now = datetime.fromisoformat(f"2027-03-14T{hour:02d}:40:00+00:00")
    demo = make_clinic(now)
    old_books.seed(demo.patients, demo.staff, now=now)
    (row,) = followup.of_patient(demo.patients["ada"], now)
    assert all(p.state in (State.DONE, State.WITHDRAWN) for p in row.points)
    assert max(Course.objects.values_list("opened_at", flat=True)) < now - timedelta(days=100)
