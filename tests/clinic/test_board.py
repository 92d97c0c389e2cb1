"""The board: who needs me, in few queries; the tray of what nobody has claimed; the wall without names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stillhaven.clinic.chart import queries
from stillhaven.clinic.monitoring.live import LiveSession
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import actions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Attachment, Device, device_defaults
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.vitals import Mode, Quality
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def send(key: str, values: dict[str, float | None], at: Any, mode: Mode = Mode.SIMULATED, **more: Any) -> None:
    """One message of a monitor, as its gateway brings it."""
    readings = tuple(
        vitals.SentReading(
            index=n, signal=s, value=v, at=at, quality=Quality.GOOD if v is not None else Quality.NO_VALUE
        )
        for n, (s, v) in enumerate(values.items())
    )
    sent: dict[str, Any] = {
        "uid": uuid4(), "sequence": 1, "device": key, "control_id": "C1", "received_at": at, "device_time": at,
        "patient_id": "", "patient_name": "", "bed": "", "mode": mode, "readings": readings, "notes": (),
    }  # fmt: skip
    vitals.record_messages("gw", [vitals.SentMessage(**(sent | more))], by=Program("gw"), site=1, at=at)


def open_sessions(demo: Demo, n: int) -> list[TreatmentSession]:
    """So many people checked in, each at a chair of their own with a monitor that sends."""
    now, nurse, made = clock.now(), demo.staff["nurse"], []
    begun = TreatmentSession.objects.count()
    for i in range(begun, begun + n):
        key = list(demo.patients)[i % len(demo.patients)]
        chair = Chair.objects.create(site=demo.site, name=f"Seat {i:02d}", order=i)
        patient = demo.patients[key]
        if i >= len(demo.patients):
            patient = type(patient).objects.create(
                site=demo.site, external_id=f"X{i}", name=f"Extra {i}", born=patient.born, simulated=True
            )
        course = patient.courses.first() or _course(demo, patient)
        session = actions.book(course, booked_for=now, by=nurse, at=now, chair=chair, nurse=nurse)
        actions.check_in(session.pk, by=nurse, at=now - timedelta(minutes=20))
        device = Device.objects.create(site=demo.site, key=f"S{i}", **device_defaults(now))
        vitals.attach(device, patient, by=nurse, start=now - timedelta(minutes=19))
        send(
            f"S{i}", {"systolic_mmhg": 120.0 + i, "diastolic_mmhg": 80.0, "spo2_pct": 97.0}, now - timedelta(seconds=3)
        )
        made.append(session)
    return made


def _course(demo: Demo, patient: Any) -> Any:
    from stillhaven.clinic.course.actions import open_course

    return open_course(patient, "depression", by=demo.staff["prescriber"], at=clock.now())


def test_ten_chairs_cost_at_most_twelve_queries_and_no_more_than_two(demo: Demo) -> None:
    open_sessions(demo, 2)
    queries.board(demo.site, clock.now())  # the clinic's policy is read once and kept
    with CaptureQueriesContext(connection) as two:
        queries.board(demo.site, clock.now())
    open_sessions(demo, 8)
    with CaptureQueriesContext(connection) as ten:
        found = queries.board(demo.site, clock.now())
    assert len(found["chairs"]) == 10
    assert len(ten) == len(two)
    assert len(ten) <= 12


def test_the_lean_rows_say_what_the_live_screen_says(demo: Demo) -> None:
    demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=24))
    send(
        "MON-2", {"systolic_mmhg": 131.0, "diastolic_mmhg": 84.0, "spo2_pct": None}, clock.now() - timedelta(seconds=2)
    )
    session = TreatmentSession.objects.get()
    live = LiveSession.load(session.pk).state()
    row = queries.board(demo.site, clock.now())["chairs"][0]
    asked = {t["signal"]: t for t in live["tiles"]}
    for tile in row["tiles"]:
        for key in ("value", "at", "quality", "mode", "stale_after_s"):
            assert tile[key] == asked[tile["signal"]][key], (tile["signal"], key)
    assert row["tiles"][1]["value"] is None, (
        "the newest message had no saturation; the older one is not shown as if new"
    )
    assert row["due"]["label"] == live["due"][0]["label"]
    assert (row["due"]["at"], row["due"]["state"]) == (live["due"][0]["at"], live["due"][0]["state"])


def test_demonstration_data_never_counts_and_marked_artefact_is_no_value(demo: Demo) -> None:
    session = open_sessions(demo, 1)[0]
    send("S0", {"spo2_pct": 99.0}, clock.now() - timedelta(seconds=1), mode=Mode.DEMO)
    tile = queries.board(demo.site, clock.now())["chairs"][0]["tiles"][1]
    assert tile["value"] == 97.0
    now = clock.now()
    vitals.mark_artefact(
        session.patient, "spo2_pct", now - timedelta(minutes=1), now, by=demo.staff["nurse"], at=now, why="moved"
    )
    tile = queries.board(demo.site, clock.now())["chairs"][0]["tiles"][1]
    assert tile["value"] is None
    assert tile["quality"] == "artefact"


def test_need_orders_the_rows_and_equal_need_keeps_the_chairs_order() -> None:
    def chair(name: str, need: float = 0, alarm: str = "", state: str = "active", due: str = "") -> dict[str, Any]:
        return {
            "chair": name, "need": need, "alarm": {"priority": alarm, "state": state} if alarm else None,
            "due": {"state": due} if due else None,
        }  # fmt: skip

    rows = [
        chair("quiet b"), chair("quiet a"), chair("dosing", 40), chair("overdue", 10, due="overdue"),
        chair("answered", 40, "high", "acknowledged"), chair("low", 10, "low"), chair("high", 10, "high"),
    ]  # fmt: skip
    names = [c["chair"] for c in sorted(rows, key=queries.by_need)]
    assert names == ["high", "low", "overdue", "answered", "dosing", "quiet a", "quiet b"]


def test_front_desk_checks_a_person_in_from_the_board(demo: Demo) -> None:
    demo.later("eve", clock.now())
    page = open_page(signed_in(demo.staff["desk"]), "/board/")
    assert page.status == 200
    session = TreatmentSession.objects.get()
    assert f'/sessions/{session.uid}/"' not in page.text, "the desk may not open the session itself"
    page = page.send(f"arrive-{session.pk}")
    session.refresh_from_db()
    assert session.state == "checked_in"
    assert page.url.startswith("/board/")


def test_the_board_reads_without_script_too(demo: Demo) -> None:
    open_sessions(demo, 1)
    page = open_page(signed_in(demo.staff["nurse"]), "/board/")
    plain = page.text.split("<noscript>")[2]
    assert "Seat 00" in plain
    assert "120/80" in plain


def test_the_wall_names_nobody(demo: Demo) -> None:
    session = open_sessions(demo, 1)[0]
    for url in ("/wall/", "/board/state?wall=1"):
        text = open_page(signed_in(demo.staff["nurse"]), url).text
        assert session.patient.name not in text
        assert session.patient.called in text


@pytest.mark.parametrize("url", ["/board/", "/board/state", "/board/beside", "/wall/"])
def test_who_may_see_the_board(demo: Demo, url: str) -> None:
    assert signed_in(demo.staff["manager"]).get(url).status_code == 200
    assert signed_in(demo.staff["admin"]).get(url).status_code == 403
    assert signed_in(User.objects.get(email="ada@demo.example")).get(url).status_code == 404


def test_another_sites_board_does_not_exist(demo: Demo) -> None:
    Site.objects.create(id=7, name="Elsewhere")
    assert signed_in(demo.staff["nurse"]).get("/board/?site=7").status_code == 404


def test_an_unclaimed_monitor_is_put_on_a_person_by_a_person_never_by_its_own_word(demo: Demo) -> None:
    sessions = open_sessions(demo, 2)
    send("MON-9", {"heart_rate_per_min": 70.0}, clock.now(), patient_id=sessions[0].patient.external_id)
    device = Device.objects.get(key="MON-9")
    client = signed_in(demo.staff["nurse"])
    assert "MON-9" in open_page(client, "/board/").words()
    page = open_page(client, f"/devices/{device.pk}/")
    assert sessions[0].patient.name in page.words()
    assert "session" not in page.form("attach")[1], "nobody is chosen beforehand"
    assert page.send("attach").status == 422
    page = page.send("attach", session=str(sessions[1].uid))
    assert page.status == 200
    assert Attachment.objects.current().get(device=device).patient_id == sessions[1].patient_id
    assert "MON-9" not in open_page(client, "/board/").words()


def test_a_monitor_on_the_wrong_person_is_mended_by_one_amendment(demo: Demo) -> None:
    sessions = open_sessions(demo, 2)
    worn = Attachment.objects.current().get(device__key="S0")
    page = open_page(signed_in(demo.staff["nurse"]), f"/devices/{worn.device_id}/")
    refused = page.send(f"correct-{worn.uid}", patient=str(sessions[1].patient_id), reason="")
    assert refused.status == 422
    assert refused.form(f"correct-{worn.uid}")[1]["patient"] == [str(sessions[1].patient_id)]
    page.send(f"correct-{worn.uid}", patient=str(sessions[1].patient_id), reason="cables swapped")
    now = Attachment.objects.current().get(device__key="S0")
    assert (now.patient_id, now.amends_id) == (sessions[1].patient_id, worn.uid)


def test_a_message_that_was_not_read_can_be_looked_at(demo: Demo) -> None:
    send("MON-1", {}, clock.now(), rejected_code="AE", rejected_reason="no MSH segment", raw=b"PID|<b>x\rOBX|")
    client = signed_in(demo.staff["nurse"])
    board = open_page(client, "/board/")
    assert "no MSH segment" in board.words()
    from stillhaven.clinic.vitals.models import Message

    uid = Message.objects.get(rejected_code="AE").uid
    page = open_page(client, f"/messages/{uid}/")
    assert "PID|&lt;b&gt;x" in page.text
    assert signed_in(demo.staff["desk"]).get(f"/messages/{uid}/").status_code == 403
