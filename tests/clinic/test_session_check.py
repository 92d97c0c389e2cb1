"""The day after a session: one tap for whoever is well, and every bad answer at staff before the page is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from stillhaven.clinic.intake import actions as intake
from stillhaven.clinic.intake import queries as history
from stillhaven.clinic.intake.models import SafetyCall
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.scales import actions, alerts, links, queries
from stillhaven.clinic.scales.models import Alert, AlertTask, Assessment
from stillhaven.clinic.web.demo import Demo
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

pytestmark = pytest.mark.django_db
ASKED = ("mood", "thoughts", "effects", "sleep", "bladder", "craving", "call")


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def opened(demo: Demo, *scales: str) -> Page:
    _link, token = links.make_link(
        demo.patients["ada"], list(scales or ("session_check",)), by=demo.staff["nurse"], at=clock.now()
    )
    return open_page(Client(), f"/c/{token}/")


def answer(page: Page, value: str) -> Page:
    return page.send("question", answer=value)


def newest(demo: Demo) -> dict[str, Any]:
    return dict(queries.assessments(demo.patients["ada"], "session_check")[-1].answers)


def test_whoever_is_well_says_so_in_one_tap_and_is_still_asked_about_thoughts_of_death(demo: Demo) -> None:
    page = opened(demo)
    assert "My mood is the same as before the session, or better." in page.words()
    page = page.send("well", how="well")
    assert "better off dead" in page.words()
    page = answer(page, "0")
    assert "7 of 7 answered" in page.words()
    assert "Thank you" in page.send("send").words()
    assert newest(demo) == dict.fromkeys(ASKED, 0.0)
    assert not Alert.objects.exists()


def test_two_taps_on_one_link_say_it_once_and_an_answer_of_ones_own_stands(demo: Demo) -> None:
    page = opened(demo)
    begun = page.send("start")
    begun = answer(begun, "2")
    again = page.send("well", how="well")  # the page was still open in another window
    assert "better off dead" in again.words()
    page = answer(again, "0").send("send")
    assert "looks at one of your answers" in page.words()
    assert newest(demo) == dict.fromkeys(ASKED, 0.0) | {"mood": 2.0}
    assert [(a.item, a.kind) for a in Alert.objects.all()] == [("mood", "review")]
    assert Assessment.objects.count() == 1


@pytest.mark.parametrize(
    ("item", "value", "kind"),
    [("mood", 1, ""), ("mood", 2, "review"), ("thoughts", 1, "alert"), ("effects", 2, "review"), ("sleep", 2, "review"),
     ("bladder", 1, "review"), ("craving", 1, "review"), ("call", 1, "review")],
)  # fmt: skip
def test_each_bad_answer_reaches_staff_by_itself(demo: Demo, item: str, value: int, kind: str) -> None:
    given = dict.fromkeys(ASKED, 0) | {item: value}
    now = clock.now()
    actions.record(demo.patients["ada"], "session_check", given, by=Program("Ada (by link)"), at=now, channel="link")
    found = AlertTask.objects.all()
    assert [(t.alert.item, t.alert.kind) for t in found] == ([(item, kind)] if kind else [])
    for task in found:
        assert task.owner == demo.staff["prescriber"]
        assert task.due_at - now == (timedelta(minutes=30) if kind == "alert" else timedelta(hours=24))
        assert task.alert.words.count("?") == 1  # what was asked stands beside what was answered


def test_a_thought_of_death_shows_whom_to_call_before_anything_else(demo: Demo) -> None:
    page = answer(opened(demo).send("well", how="well"), "1")
    assert "You are not alone" in page.words()
    assert "911" in page.words()
    assert Alert.objects.get().kind == "alert"  # nothing was sent yet


def test_the_check_has_no_score_and_makes_no_curve(demo: Demo) -> None:
    well = dict.fromkeys(ASKED, 0)
    ada = demo.patients["ada"]
    actions.record(ada, "session_check", well, by=demo.staff["nurse"], at=clock.now(), channel="clinician")
    nurse = signed_in(demo.staff["nurse"])
    assert "not a scale" in open_page(nurse, f"/patients/{ada.pk}/scales/").words()
    assert "After-session check" not in open_page(nurse, f"/patients/{ada.pk}/outcomes/").words()


# ---------------------------------------------------------------- the same list for the intake


def say(demo: Demo, value: str) -> None:
    account = User.objects.get(patient=demo.patients["ada"])
    intake.give(demo.patients["ada"], "mind", {"suicidal": value}, by=account, at=clock.now())


def test_an_answer_on_suicide_in_the_intake_stands_with_the_alerts_at_once(demo: Demo) -> None:
    say(demo, "strong")
    task = AlertTask.objects.get()
    assert (task.alert.kind, task.alert.title, task.owner) == ("alert", "Intake", demo.staff["prescriber"])
    assert task.due_at - task.alert.happened_at == timedelta(minutes=30)
    nurse = signed_in(demo.staff["nurse"])
    words = open_page(nurse, "/alerts/").words()
    assert "Strong thoughts, or a plan" in words
    assert "item 0" not in words
    assert "1 alert is open" in open_page(nurse, "/board/").words()
    say(demo, "strong")
    assert AlertTask.objects.count() == 1


def test_one_deed_answers_the_call_and_the_alert(demo: Demo) -> None:
    say(demo, "passing")
    call = SafetyCall.objects.get()
    nurse, desk, now = demo.staff["nurse"], demo.staff["desk"], clock.now()
    intake.answer_call(call, "Spoke with her: no plan; her sister is there.", by=nurse, at=now)
    task = AlertTask.objects.get()
    assert (task.closed_by, task.note) == (nurse.signature_name, "Spoke with her: no plan; her sister is there.")
    say(demo, "no")
    say(demo, "strong")
    alerts.handle(AlertTask.objects.get(closed_at=None).pk, "close", by=nurse, at=now, note="Seen today at three.")
    assert not history.open_calls([demo.site.pk]).exists()
    say(demo, "no")
    say(demo, "passing")
    intake.answer_call(history.open_calls([demo.site.pk]).get(), "Rang her.", by=desk, at=now)
    assert AlertTask.objects.filter(closed_at=None).count() == 1  # a desk hears; a clinician closes


def test_the_board_counts_what_calls_for_those_who_may_see_to_it(demo: Demo) -> None:
    nurse, desk = signed_in(demo.staff["nurse"]), signed_in(demo.staff["desk"])
    assert "alert is open" not in open_page(nurse, "/board/").words()
    for item in ("thoughts", "bladder"):
        given = dict.fromkeys(ASKED, 0) | {item: 1}
        at = clock.now() - timedelta(hours=2)
        actions.record(demo.patients["ben"], "session_check", given, by=Program("Ben"), at=at, channel="link")
    for address in ("/board/", "/board/beside"):
        page = open_page(nurse, address)
        assert "2 alerts are open" in page.words()
        assert "1 on suicide" in page.words()
        assert "1 overdue" in page.words()
        assert 'href="/alerts/"' in page.text
        assert "alerts are open" not in open_page(desk, address).words()
