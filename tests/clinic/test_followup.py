"""What is due is chased to an end; nobody is written to twice or against their will; who slips is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup import actions, engine, queries, watch
from stillhaven.clinic.followup.models import PointEnding, Reminder, WatchSignal, WatchTask
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.scales import actions as scales
from stillhaven.clinic.scales.models import CheckInLink
from stillhaven.clinic.session.models import Dose, TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.followup import State
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def begun(demo: Demo, who: str = "ada", days: tuple[float, ...] = (7.0,), indication: str = "") -> Course:
    """A course whose sessions were so many days ago."""
    now, patient = clock.now(), demo.patients[who]
    at = now - timedelta(days=max(days) + 10)
    course = Course.objects.create(
        site=demo.site, patient=patient, indication=indication or "Treatment-resistant depression", opened_at=at
    )
    for n, ago in enumerate(sorted(days, reverse=True), start=1):
        start = now - timedelta(days=ago)
        session = TreatmentSession.objects.create(
            site=demo.site, patient=patient, course=course, booked_for=start, state="signed", number=n
        )
        record.append(
            Dose(site=1, happened_at=start, session=session, kind="start", drug="ketamine", route="iv_infusion"),
            by=demo.staff["nurse"],
        )
    return course


def phq9(demo: Demo, total: int, at: datetime, who: str = "ada") -> Any:
    """A PHQ-9 with this total and nothing on item 9."""
    answers, left = {}, total
    for n in range(1, 9):
        answers[str(n)] = min(3, left)
        left -= answers[str(n)]
    given = answers | {"9": 0, "difficulty": 1}
    return scales.record(demo.patients[who], "phq9", given, by=Program("Ada (by link)"), at=at, channel="link")


def check(demo: Demo, at: datetime, who: str = "ada", **answers: int) -> Any:
    """The short check after a session; well, but for what is said."""
    asked = ("mood", "thoughts", "effects", "sleep", "bladder", "craving", "call")
    given = dict.fromkeys(asked, 0) | answers
    return scales.record(demo.patients[who], "session_check", given, by=Program("Ada (by link)"), at=at, channel="link")


def states(course: Course) -> dict[str, State]:
    return {p.key: p.state for p in actions.one(course, clock.now()).points}


def reachable(monkeypatch: pytest.MonkeyPatch, *channels: str) -> None:
    monkeypatch.setattr(actions, "may_send", lambda _p, channel, _at: channel in channels)


def test_forms_land_in_their_points(demo: Demo) -> None:
    course, now = begun(demo), clock.now()
    phq9(demo, 18, now - 8 * DAY)
    check(demo, now - 6 * DAY)
    found = states(course)
    assert (found["baseline:1"], found["day_1:1"]) == (State.DONE, State.DONE)
    assert (found["day_3:1"], found["week:1"]) == (State.OVERDUE, State.DUE)
    phq9(demo, 12, now)
    row = actions.one(course, now)
    assert [p.key for p in row.points if p.overlaps] == ["week:1"]


def test_unreachable_needs_tries_and_declined_a_reason(demo: Demo) -> None:
    course, desk, now = begun(demo), demo.staff["desk"], clock.now()
    with pytest.raises(Refused, match="0 of at least 2"):
        actions.end_points(course, ["week:1"], "unreachable", "no answer", by=desk, at=now)
    for _ in range(2):
        actions.log_attempt(course, ["week:1"], "voicemail", False, by=desk, at=now, uid=uuid4())
    uid = uuid4()
    made = actions.end_points(course, ["week:1"], "unreachable", "no answer", by=desk, at=now, uid=uid)
    assert [e.attempts for e in made] == [2]
    again = actions.end_points(course, ["week:1"], "unreachable", "no answer", by=desk, at=now, uid=uid)
    assert [e.uid for e in again] == [e.uid for e in made]
    with pytest.raises(BadInput, match="write"):
        actions.end_points(course, ["day_3:1"], "declined", " ", by=desk, at=now)
    with pytest.raises(BadInput, match="look again"):
        actions.end_points(course, ["week:1"], "declined", "too much", by=desk, at=now)
    actions.take_back(made[0], "it was the wrong person", by=desk, at=now)
    assert states(course)["week:1"] is State.DUE


def test_who_stops_is_not_asked_again_until_they_say_so(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable(monkeypatch, "email")
    course, nurse, now = begun(demo), demo.staff["nurse"], clock.now()
    assert engine.run(now)["reminded"] == 1
    entry = actions.stop(course, "enough of forms", by=nurse, at=now)
    assert states(course)["week:1"] is State.WITHDRAWN
    assert OutMessage.objects.get(purpose="checkin").state == "cancelled"
    assert engine.run(now + 3 * DAY)["reminded"] == 0
    actions.take_back(entry, "will answer again", by=nurse, at=now)
    assert states(course)["week:1"] is State.DUE


def test_the_job_writes_once_and_takes_back_what_is_done(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable(monkeypatch, "email")
    course, now = begun(demo), clock.now()
    phq9(demo, 18, now - 8 * DAY)
    assert [engine.run(now)["reminded"] for _ in range(3)] == [1, 0, 0]
    message = OutMessage.objects.get(purpose="checkin")
    assert (message.channel, message.state) == ("email", "queued")
    assert "ketamine" not in str(message.context).lower()
    assert Reminder.objects.get(course=course).points == ["week:1"]
    phq9(demo, 10, now)
    assert engine.run(now + timedelta(minutes=1))["taken_back"] == 1
    assert OutMessage.objects.get(purpose="checkin").state == "cancelled"
    assert CheckInLink.objects.get().state == "revoked"


def test_nobody_is_written_to_without_consent(demo: Demo) -> None:
    course, now = begun(demo), clock.now()
    assert engine.run(now)["reminded"] == 0
    assert not OutMessage.objects.exists()
    with pytest.raises(Refused, match="may not be written to"):
        actions.send_link(actions.one(course, now), ["week:1"], by=demo.staff["desk"], at=now)
    with pytest.raises(Refused, match="the time for these points is over"):
        actions.send_link(actions.one(course, now), ["pre_session:1"], by=demo.staff["desk"], at=now, show=True)
    _, token = actions.send_link(actions.one(course, now), ["week:1"], by=demo.staff["desk"], at=now, show=True)
    assert token


def test_who_gets_worse_is_looked_at_once_a_form(demo: Demo) -> None:
    course, now = begun(demo, days=(10.0,)), clock.now()
    phq9(demo, 10, now - 11 * DAY)
    phq9(demo, 15, now - 5 * DAY)
    assert engine.run(now)["reviews"] == 0
    phq9(demo, 16, now - DAY)
    assert engine.run(now)["reviews"] == 2  # worse than the start, and up from the best
    assert engine.run(now + timedelta(hours=1))["reviews"] == 0
    task = WatchTask.objects.get(signal__rule="worse_phq9")
    assert task.due_at == now + DAY
    assert task.owner == demo.staff["prescriber"]
    with pytest.raises(BadInput):
        watch.handle(task.pk, "close", by=demo.staff["nurse"], at=now, note="")
    watch.handle(task.pk, "close", by=demo.staff["nurse"], at=now, note="Called: flu, no danger; looks again Friday.")
    assert engine.run(now + timedelta(hours=2))["reviews"] == 0
    phq9(demo, 18, now)
    engine.run(now + timedelta(hours=3))
    assert WatchSignal.objects.filter(course=course, rule="worse_phq9").count() == 2
    with pytest.raises(NotAllowed):
        watch.handle(task.pk, "take", by=demo.staff["desk"], at=now)


def test_the_work_list_and_a_persons_page(demo: Demo) -> None:
    course, now = begun(demo), clock.now()
    phq9(demo, 18, now - 8 * DAY)
    client = signed_in(demo.staff["desk"])
    page = open_page(client, "/followup/")
    assert page.status == 200
    assert demo.patients["ada"].name in page.words()
    assert "2 of 4" in page.words()
    page = open_page(client, f"/patients/{course.patient_id}/followup/")
    assert "Day 3 after the first session" in page.words()
    page = page.send(f"call-{course.pk}", points=["day_3:1"], how="call", reached="yes", note="")
    assert page.status == 422
    page = page.send(f"call-{course.pk}", points=["week:1"], how="call", reached="no", note="rang out")
    assert "rang out" in page.words()
    page = page.send(f"end-{course.pk}", points=["day_3:1"], kind="declined", why="was travelling")
    assert "was travelling" in page.words()
    assert PointEnding.objects.get().by_name == demo.staff["desk"].signature_name
    assert client.get("/followup/watch/").status_code == 403


def test_reviews_have_a_page_and_the_patient_has_theirs(demo: Demo) -> None:
    course = begun(demo)
    page = open_page(signed_in(demo.staff["nurse"]), f"/patients/{course.patient_id}/followup/")
    page = page.send(f"report-{course.pk}", rule="admission", words="Admitted on Monday; her sister called.")
    assert page.status == 200
    assert "Admitted on Monday" in page.words()
    assert "changes no dose" in page.words()
    page = page.send("close", note="Spoke with the ward; course is held.")
    assert "Closed by" in page.words()
    assert "Closed lately" in open_page(signed_in(demo.staff["nurse"]), "/followup/watch/").words()
    own = open_page(signed_in(demo.patients["ada"].account), "/me/followup/")
    assert "Day 7" in own.words()
    assert "Ada" in own.send("begin").words()
    assert CheckInLink.objects.get().channel == "portal"
    own = open_page(signed_in(demo.patients["ada"].account), "/me/followup/").send("begin")
    assert CheckInLink.objects.count() == 1


def test_other_sites_and_auditors_see_nothing(demo: Demo) -> None:
    far = Site.objects.create(pk=2, name="Far Hill")
    person = Patient.objects.create(site=far, external_id="F1", name="Fay Far", born=clock.now().date())
    course = Course.objects.create(site=far, patient=person, indication="Depression", opened_at=clock.now())
    client = signed_in(demo.staff["desk"])
    assert client.get(f"/patients/{person.pk}/followup/").status_code == 404
    assert client.post(f"/followup/courses/{course.pk}/call/", {"how": "call"}).status_code == 404
    assert client.get("/me/followup/").status_code == 404
    assert signed_in(demo.patients["ada"].account).get("/followup/").status_code == 404


def test_many_courses_cost_no_more_questions_than_few(demo: Demo) -> None:
    begun(demo)
    now, user = clock.now(), demo.staff["nurse"]
    client = signed_in(user)
    client.get("/followup/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/followup/")
    people = Patient.objects.bulk_create(
        Patient(site=demo.site, external_id=f"M{n}", name=f"Many {n}", born=now.date()) for n in range(300)
    )
    courses = Course.objects.bulk_create(
        Course(site=demo.site, patient=p, indication="Depression", opened_at=now - 9 * DAY) for p in people
    )
    TreatmentSession.objects.bulk_create(
        TreatmentSession(site=demo.site, patient=c.patient, course=c, booked_for=now + timedelta(hours=2))
        for c in courses
    )
    with CaptureQueriesContext(connection) as many:
        page = client.get("/followup/")
    assert b"Many 299" in page.content
    assert len(many) <= len(few) + 1
    assert len(many) < 30
    assert len(queries.followed(courses, now)) == 300
