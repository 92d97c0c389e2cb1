"""A drill from the empty chair to its score: over the real way of readings, on the real screens, for nobody real."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from stillhaven.clinic.monitoring import drills, synthetic
from stillhaven.clinic.monitoring.live import LiveSession
from stillhaven.clinic.monitoring.models import DrillResult
from stillhaven.clinic.monitoring.watch import Watch
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import clock, verify
from stillhaven.clinic.recovery.record_views import document_data
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import actions, events, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals.models import Attachment, Device
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.session import Move
from tests.cast import NOW, make_clinic, signed_in, token
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db
WELL = {"spo2_pct": 98.0, "heart_rate_per_min": 70.0, "resp_rate_per_min": 14.0}


class Day:
    """A clinic whose clock stands still until the test moves it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch, self.count = patch, 0
        self.go_to(NOW)
        self.demo: Demo = make_clinic(NOW)
        eve = self.demo.course("eve")
        self.demo.order(eve, "eve", NOW)  # the clinic's own limits, which a drill borrows
        self.headers = token("device")[1]
        self.watch = Watch()

    def go_to(self, moment: datetime) -> None:
        self.now = moment
        self.patch.setenv("STILLHAVEN_CLOCK", f"={moment.isoformat().replace('+00:00', 'Z')}")

    def wait(self, seconds: float) -> None:
        self.go_to(self.now + timedelta(seconds=seconds))

    def send(self, device: str, **values: float | None) -> None:
        """One simulated message over HTTP, as a gateway brings it; then the watch looks."""
        self.count += 1
        readings = [
            {"index": n, "signal": signal, "value": value, "at": self.now.isoformat(), "reason": "",
             "quality": "no_value" if value is None else "good"}
            for n, (signal, value) in enumerate((WELL | values).items())
        ]  # fmt: skip
        message = {
            "uid": str(uuid.uuid4()), "sequence": self.count, "device": device, "control_id": f"C{self.count}",
            "received_at": self.now.isoformat(), "device_time": self.now.isoformat(), "mode": "simulated",
            "patient_id": "DRILL-1", "bed": "Chair 5", "readings": readings,
        }  # fmt: skip
        body = {"gateway": "gw-1", "messages": [message]}
        answer = Client(headers=self.headers).post("/api/ingest", body, content_type="application/json")
        assert answer.json()["results"][0]["status"] == "stored", answer.content
        self.watch.look()

    def run(self, device: str, seconds: int, **values: float | None) -> None:
        for _ in range(seconds):
            self.wait(1)
            self.send(device, **values)

    @property
    def nurse(self) -> User:
        return self.demo.staff["nurse"]

    def drill(self, key: str = "saturation_falls", chair: str = "Chair 5", **more: Any) -> DrillResult:
        team = more.pop("team", [self.demo.staff["second"]])
        return drills.start(key, self.demo.chairs[chair], team, by=more.pop("by", self.nurse), at=self.now, **more)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    return Day(monkeypatch)


def write(client: Client, session: TreatmentSession, way: str, **body: Any) -> None:
    sent = {"uid": str(uuid.uuid4()), "happened_at": clock.now().isoformat()} | body
    answer = client.post(
        f"/sessions/{session.uid}/{way}/",
        json.dumps(sent),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.content


@pytest.mark.django_db(transaction=True)
def test_a_whole_drill_from_the_page_to_its_score(day: Day) -> None:
    nurse, second = signed_in(day.nurse), signed_in(day.demo.staff["second"])
    page = open_page(nurse, "/drills/").send(
        "drill",
        drill="saturation_falls",
        chair=str(day.demo.chairs["Chair 5"].pk),
        team=str(day.demo.staff["second"].pk),
    )
    assert "Waiting for the virtual monitor" in page.words()
    result = DrillResult.objects.get()
    assert f"stillhaven drill --join {result.session}" in page.words()
    session = drills.session_of(result)
    assert (session.drill, session.state, session.patient.simulated) == (True, "dosing", True)
    assert queries.baseline(session)["systolic_mmhg"] > 0, "what came before the drug is known"

    day.run("DRILL-MON-1", 5)
    began = day.now - timedelta(seconds=4)
    day.run("DRILL-MON-1", 22, spo2_pct=85.0)  # crossed, and shown after the condition's own delay
    alarm = next(a for a in LiveSession.load(session.pk).state()["alarms"] if a["condition"] == "spo2_low")
    shown = datetime.fromisoformat(alarm["raised_at"])
    assert shown > began + timedelta(seconds=5), "a delay is disclosed, and the alarm is not raised before it"
    write(second, session, "alarm", alarm=alarm["uid"])
    acknowledged = day.now
    day.run("DRILL-MON-1", 6, spo2_pct=86.0)
    write(second, session, "hold", reason="saturation low, oxygen on")
    held = day.now
    day.run("DRILL-MON-1", 3)

    assert "So far" in open_page(nurse, f"/drills/{session.uid}/").words()
    page = open_page(nurse, f"/drills/{session.uid}/").send("end")
    score = DrillResult.objects.current().get().score
    line = next(row for row in score["lines"] if row["key"] == "saturation")
    assert line["acknowledged_by"] == "P. Moreno RN"
    assert line["acknowledged_after_s"] == (acknowledged - shown).total_seconds()
    assert (line["deed"], line["deed_by"]) == ("Held", "P. Moreno RN")
    assert line["deed_after_s"] == (held - shown).total_seconds()
    assert (score["answered"], score["missed"], score["needless"]) == (1, 0, [])
    assert datetime.fromisoformat(score["began_at"]) == began
    words = page.words()
    assert "P. Moreno RN" in words
    assert "1 of 1 moments answered" in words
    assert "did not come up" in words
    session.refresh_from_db()
    assert session.state == "discharged"
    assert not queries.open_sessions([1]).exists()
    assert not Attachment.objects.current().filter(device__key="DRILL-MON-1", end__isnull=True).exists()
    assert verify.verify().problems == ()
    assert "Saturation falls" in open_page(nurse, "/drills/").words()


def test_what_nobody_answers_is_missed_and_the_score_is_kept_once(day: Day) -> None:
    result = day.drill()
    day.run("DRILL-MON-1", 25, spo2_pct=85.0)
    ended = drills.finish(result, by=day.nurse, at=day.now)
    line = ended.score["lines"][0]
    assert (line["key"], line["missed"], line["acknowledged_after_s"], line["deed"]) == ("saturation", True, None, "")
    assert ended.score["missed"] == 1
    assert drills.finish(result, by=day.nurse, at=day.now + timedelta(seconds=9)) == ended
    assert DrillResult.objects.count() == 2, "set up, then scored: an amendment"
    assert "never" in open_page(signed_in(day.nurse), f"/drills/{result.session}/").words()


def test_a_stop_in_a_calm_drill_is_needless_and_the_programs_own_deeds_do_not_count(day: Day) -> None:
    result = day.drill("calm")
    session = drills.session_of(result)
    day.run("DRILL-MON-1", 3)
    assert drills.deeds_of(session) == [], "what the program played before the start is nobody's deed"
    actions.hold(session.pk, "not sure", by=day.demo.staff["second"], at=day.now)
    score = drills.finish(result, by=day.nurse, at=day.now).score
    assert [(n["label"], n["by"]) for n in score["needless"]] == [("Held", "P. Moreno RN")]


def test_an_event_taken_back_is_no_deed_and_words_added_later_count_from_then(day: Day) -> None:
    session = drills.session_of(day.drill())
    by = day.demo.staff["second"]
    wrong = events.note(session.pk, "oxygen on", by=by, at=day.now)
    events.retract(session.pk, wrong.uid, by=by, at=day.now)
    assert drills.deeds_of(session) == []
    event = events.adverse_event(session.pk, "airway", 1, by=by, at=day.now)
    day.wait(30)
    events.adverse_event(
        session.pk, "airway", 1, by=by, at=day.now, amends=event.uid, interventions=["Give oxygen"], note="late"
    )
    first, later = drills.deeds_of(session)
    assert "oxygen" not in first.words.lower()
    assert "oxygen" in later.words.lower()
    assert later.at - first.at == timedelta(seconds=30)


def test_a_monitor_that_never_came_to_life_gives_nothing_to_score(day: Day) -> None:
    result = day.drill()
    day.wait(60)
    day.watch.look()
    score = drills.finish(result, by=day.nurse, at=day.now).score
    assert score["came_to_life"] is False
    assert score["raised"] == 0
    assert "nothing to score" in open_page(signed_in(day.nurse), f"/drills/{result.session}/").words()


def test_a_clinics_own_target_stands_beside_the_seconds(day: Day, settings: Any, tmp_path: Path) -> None:
    own = tmp_path / "reference" / "drills"
    own.mkdir(parents=True)
    shipped = (Path(drills.reference.__file__).parent / "drills" / "saturation_falls.toml").read_text(encoding="utf-8")
    target = 'acknowledge_within = { value = 30, unit = "s" }\ntarget_set_by = "Dr Lindqvist"\n'
    (own / "saturation_falls.toml").write_text(shipped + target, encoding="utf-8")
    settings.STILLHAVEN_DATA = str(tmp_path)
    result = day.drill()
    day.run("DRILL-MON-1", 25, spo2_pct=85.0)
    line = drills.finish(result, by=day.nurse, at=day.now).score["lines"][0]
    assert (line["acknowledged_in_time"], line["set_by"]) == (False, "Dr Lindqvist")
    assert "not within 30 s (Dr Lindqvist)" in open_page(signed_in(day.nurse), f"/drills/{result.session}/").words()


# ---------------------------------------------------------------- nobody real, nowhere counted
def test_a_drill_is_never_booked_for_a_real_person(day: Day) -> None:
    course = day.demo.course("ben")
    Patient.objects.filter(pk=course.patient_id).update(simulated=False)
    course.refresh_from_db()
    with pytest.raises(Refused, match="real person"):
        actions.book(course, booked_for=day.now, by=day.nurse, at=day.now, drill=True)
    with pytest.raises(Refused, match="not a synthetic person"):
        synthetic.begin_course(course.patient, "x", by=day.demo.staff["prescriber"], at=day.now, why="x")


def test_a_real_person_with_a_drills_number_is_left_alone(day: Day) -> None:
    row = {"name": "Real Person", "born": NOW.date(), "site_id": 1, "external_id": "DRILL-1"}
    Patient.objects.create(simulated=False, **row)
    with pytest.raises(Refused, match="never run on a real one"):
        day.drill()
    assert not TreatmentSession.objects.filter(drill=True).exists()


def test_two_drills_at_once_have_two_patients_and_two_monitors(day: Day) -> None:
    first, second = day.drill(), day.drill(chair="Chair 4")
    assert [r.score["device"] for r in (first, second)] == ["DRILL-MON-1", "DRILL-MON-2"]
    drills.finish(first, by=day.nurse, at=day.now)
    assert day.drill().score["device"] == "DRILL-MON-3", "values of a drill that just ended reach into no other"
    day.wait(7200)
    assert day.drill(chair="Chair 3").score["device"] == "DRILL-MON-1"


def test_it_is_marked_everywhere(day: Day) -> None:
    result = day.drill()
    session = drills.session_of(result)
    client = signed_in(day.nurse)
    assert LiveSession.load(session.pk).state()["session"]["drill"] is True
    assert 'data-drill="true"' in client.get(f"/sessions/{session.uid}/live/").content.decode()
    assert "mark-drill" in client.get(f"/sessions/{session.uid}/").content.decode()
    rows = client.get("/board/state", headers={"Accept": "application/json"}).json()["chairs"]
    assert [c["drill"] for c in rows if c["chair"] == "Chair 5"] == [True]
    assert "mark-drill" in client.get("/drills/").content.decode()
    assert document_data(session, day.now)["head"]["drill"] is True
    assert "mark-drill" in client.get(f"/sessions/{session.uid}/record/").content.decode()
    assert session.order is not None
    assert session.order.note.startswith("DRILL")
    assert session.order.by_name == "Simulated prescriber (drill)"


def test_a_drill_is_in_nobodys_portal(day: Day) -> None:
    patient = day.demo.patients["ada"]
    course = day.demo.course("ada")
    session = actions.book(course, booked_for=day.now, by=day.nurse, at=day.now, drill=True)
    client = signed_in(User.objects.get(patient=patient))
    assert client.get(f"/me/visits/{session.uid}/").status_code == 404


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("who", "status"), [("nurse", 200), ("manager", 200), ("desk", 403), ("therapist", 403), ("admin", 403)]
)
def test_who_may_see_and_run_drills(day: Day, who: str, status: int) -> None:
    client = signed_in(day.demo.staff[who])
    assert client.get("/drills/").status_code == status
    if status == 403:
        with pytest.raises(NotAllowed):
            day.drill(by=day.demo.staff[who])
        chair, team = day.demo.chairs["Chair 5"].pk, day.nurse.pk
        assert client.post("/drills/start/", {"drill": "calm", "chair": chair, "team": team}).status_code == 403
        assert not DrillResult.objects.exists()


def test_a_manager_may_run_one_in_which_the_nurses_act(day: Day) -> None:
    result = day.drill(by=day.demo.staff["manager"])
    drills.finish(result, by=day.demo.staff["manager"], at=day.now)
    assert TreatmentSession.objects.get(drill=True).state == "discharged"


def test_a_chair_with_somebody_in_it_is_not_offered_and_is_refused(day: Day) -> None:
    day.demo.start("ben", "Chair 2", day.now - timedelta(minutes=5))
    assert "Chair 2" not in {c.name for c in drills.free_chairs(1)}
    with pytest.raises(Refused, match="somebody is in Chair 2"):
        day.drill(chair="Chair 2")


def test_a_clinic_without_an_order_of_its_own_has_no_limits_to_practise_with(monkeypatch: pytest.MonkeyPatch) -> None:
    demo = make_clinic(clock.now())
    with pytest.raises(Refused, match="borrows its alarm limits"):
        drills.start("calm", demo.chairs["Chair 5"], [demo.staff["nurse"]], by=demo.staff["nurse"], at=clock.now())


def test_a_moment_that_could_not_sound_is_said_before_the_drill(day: Day) -> None:
    limits = [
        {"condition": "pressure_high", "signal": "systolic_mmhg", "tier": "warn", "value": 160},
        {"condition": "heart_rate_high", "signal": "heart_rate_per_min", "tier": "warn", "value": 120},
        {"condition": "spo2_low", "signal": "spo2_pct", "tier": "act", "value": 90},
    ]
    course = day.demo.course("ben")
    day.demo.order(course, "ben", day.now, limits=limits[:2] + limits[2:])
    day.drill("pressure_rises")  # has its limits
    day.demo.order(day.demo.course("cleo"), "cleo", day.now, limits=limits[1:])
    with pytest.raises(Refused):
        day.drill("pressure_rises", chair="Chair 4")
    assert TreatmentSession.objects.filter(drill=True).count() == 1, "nothing of the refused one stays"


def test_nobody_and_unknown_drills_are_sent_back(day: Day) -> None:
    with pytest.raises(BadInput, match="tick who takes part"):
        day.drill(team=[])
    with pytest.raises(BadInput, match="choose one of"):
        day.drill("earthquake")
    page = open_page(signed_in(day.nurse), "/drills/")
    assert page.send("drill", team="").status == 422


def test_a_drill_of_another_site_does_not_exist(day: Day) -> None:
    result = day.drill()
    other = Site.objects.create(id=7, name="Elsewhere")
    Chair.objects.create(site=other, name="Far chair")
    stranger = User.objects.create_user(
        "n7@demo.example", "x" * 14, name="Nil Stranger", roles=["nurse"], sites=[other]
    )
    client = signed_in(stranger)
    assert client.get(f"/drills/{result.session}/").status_code == 404
    assert client.post(f"/drills/{result.session}/end/").status_code == 404
    with pytest.raises(NotAllowed):
        drills.finish(result, by=stranger, at=day.now)
    with pytest.raises(BadInput):
        day.drill(by=stranger)


# ---------------------------------------------------------------- the command's side
def ask(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command("drill", *words, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_the_command_sets_up_watches_and_ends_the_same_drill(day: Day) -> None:
    by = ["--by", "nurse@demo.example"]
    made = ask("start", "saturation_falls", "--chair", "Chair 5", *by, "--with", "nurse2@demo.example")
    assert (made["device"], made["simulator"], made["team"]) == ("DRILL-MON-1", "desaturation", ["P. Moreno RN"])
    assert ask("join", made["session"], *by)["device"] == "DRILL-MON-1"
    session = TreatmentSession.objects.get(uid=made["session"])
    running = drills.stands(session)
    assert running["rate_mg_per_h"] > 0
    assert not running["over"]
    actions.hold(session.pk, "x", by=day.nurse, at=day.now)
    session.refresh_from_db()
    assert drills.stands(session)["rate_mg_per_h"] == 0
    assert ask("end", made["session"], *by)["score"]["title"] == "Saturation falls"
    assert ask("watch", made["session"])["over"] is True
    assert "over" in ask("join", made["session"], *by)["refused"]
    assert "refused" in ask(
        "start", "calm", "--chair", "Chair 5", "--by", "desk@demo.example", "--with", "nurse@demo.example"
    )
    assert "nobody on the staff" in ask("end", made["session"], "--by", "who@demo.example")["refused"]


def test_when_the_team_itself_brings_the_session_to_its_end_the_score_can_still_be_kept(day: Day) -> None:
    result = day.drill()
    session = drills.session_of(result)
    day.run("DRILL-MON-1", 3)
    actions.leave_early(session.pk, Move.TRANSFER, "no pulse", by=day.nurse, at=day.now)
    score = drills.finish(result, by=day.nurse, at=day.now).score
    assert [n["label"] for n in score["needless"]] == ["Handed over"]
    session.refresh_from_db()
    assert session.state == "transferred"
    assert Device.objects.get(key="DRILL-MON-1").claimed


def test_a_drill_that_ended_before_anything_came_up_says_so(day: Day) -> None:
    result = day.drill()
    day.run("DRILL-MON-1", 3)
    drills.finish(result, by=day.nurse, at=day.now)
    words = open_page(signed_in(day.nurse), f"/drills/{result.session}/").words()
    assert "Nothing of it came up before the drill ended" in words
    assert "0 of 0" not in words
