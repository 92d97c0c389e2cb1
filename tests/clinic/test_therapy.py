"""The wall: what a therapist writes is read by them alone, what a person writes by whom they choose, and a glass breaks loudly."""

from __future__ import annotations

import uuid
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.urls import reverse

from stillhaven.clinic.messages.models import OutMessage, Reach
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.queries import who_looked
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.portal import account_export
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import AlreadyRecorded
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.therapy import actions, journal, queries, wall
from stillhaven.clinic.therapy import demo as therapy_demo
from stillhaven.clinic.therapy.models import BreakGlass, GroupNote, Journal, Note, Therapy
from stillhaven.clinic.web.demo import Demo, make_account, make_staff
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.therapy import Timing
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

SECRET = "grandmother at the lighthouse"  # nothing that a page would escape
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def theo(demo: Demo) -> User:
    return demo.staff["therapist"]


@pytest.fixture
def therapy(demo: Demo, theo: User) -> Therapy:
    return actions.open_therapy(demo.course("ada"), by=theo, at=clock.now() - timedelta(days=3))


@pytest.fixture
def ada(demo: Demo) -> User:
    return User.objects.get(patient=demo.patients["ada"])


def staff(demo: Demo, name: str, *roles: str, site: Site | None = None) -> User:
    row = {
        "email": f"{name}@x.example",
        "name": f"Some {name.title()}",
        "title": "",
        "roles": list(roles),
        "totp": TOTP,
    }
    return make_staff(row, site or demo.site)


def everything_in_the_database() -> str:
    """Every value of every table, as one text."""
    out = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            out += [str(bytes(v) if isinstance(v, memoryview) else v) for row in cursor.fetchall() for v in row]
    return "\n".join(out)


def everything_written(therapy: Therapy, theo: User, demo: Demo) -> Any:
    """One of each kind of text, each with the secret in it; the session they belong to."""
    now = clock.now()
    session = demo.start("ada", "Chair 1", now - timedelta(minutes=15))
    typed = {"intention": SECRET, "fears": SECRET, "trauma": SECRET, "stop_signal": "Anchor"}
    actions.prepare(therapy.pk, typed, by=theo, at=now)
    actions.dosing_note(therapy.pk, session, {"mark": "state", "phase": "peak", "text": SECRET}, by=theo, at=now)
    actions.debrief(therapy.pk, session, {"words": SECRET, "safe": "yes", "home_plan": "rests"}, by=theo, at=now)
    actions.integrate(therapy.pk, session, {"attended": "yes", "themes": SECRET}, by=theo, at=now)
    actions.process_note(therapy.pk, SECRET, by=theo, at=now)
    actions.propose_summary(therapy.pk, {"text": SECRET}, by=theo, at=now)
    actions.add_goal(therapy.pk, {"kind": "goal", "text": SECRET}, by=theo, at=now)
    return session


# ---------------------------------------------------------------- the seal
def test_the_database_holds_no_word_of_what_is_sealed(demo: Demo, theo: User, therapy: Therapy, ada: User) -> None:
    everything_written(therapy, theo, demo)
    journal.write("page", SECRET, "team", by=ada, at=clock.now())
    whole = everything_in_the_database()
    assert "Anchor" in whole  # the search does find what is there in the open
    for word in ("grandmother", "lighthouse"):
        assert word not in whole.casefold()
    assert [r.said["text"] for r in queries.notes(theo, therapy, "process")] == [SECRET]


def test_a_sealed_text_opens_only_in_its_own_entry_and_only_whole() -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    sealed = wall.seal(mine, {"text": SECRET})
    assert wall.unseal(mine, sealed) == {"text": SECRET}
    assert wall.seal(mine, {"text": SECRET}) != sealed  # never the same twice
    with pytest.raises(Refused, match="another entry"):
        wall.unseal(other, sealed)
    head, tail = sealed[:-6], sealed[-6:]
    with pytest.raises(Refused, match="altered"):
        wall.unseal(mine, head + ("AAAAAA" if tail != "AAAAAA" else "BBBBBB"))
    form, _, text = sealed.split(".")
    with pytest.raises(Refused, match="another key"):
        wall.unseal(mine, f"{form}.00000000.{text}")
    assert len(wall.seal(mine, {"text": "a"})) == len(wall.seal(mine, {"text": "a" * 80}))  # length tells little


# ---------------------------------------------------------------- who reads
def test_nobody_but_its_author_reads_a_process_note(demo: Demo, theo: User, therapy: Therapy) -> None:
    note = actions.process_note(therapy.pk, SECRET, by=theo, at=clock.now())
    colleague = staff(demo, "colleague", "therapist")
    for role in ("nurse", "prescriber", "medical_director", "manager", "auditor", "administrator", "front_desk"):
        client = signed_in(staff(demo, role, role))
        for url in addresses(therapy):
            answer = client.get(url)
            assert answer.status_code in (403, 404), (role, url)
            assert SECRET not in answer.content.decode()
        assert client.get(reverse("chart:history", args=[note.uid])).status_code in (403, 404)
        assert SECRET not in client.get(reverse("therapy:team", args=[therapy.patient_id])).content.decode()
    browser = signed_in(colleague)
    assert {browser.get(url).status_code for url in addresses(therapy)} == {404}
    assert browser.get(reverse("chart:history", args=[note.uid])).status_code == 404
    sent = browser.post(reverse("therapy:do", args=[therapy.uid, "process"]), {"text": "mine now"})
    assert sent.status_code == 404
    assert Note.objects.filter(kind="process").count() == 1
    assert SECRET in signed_in(theo).get(reverse("therapy:step", args=[therapy.uid, "notes"])).content.decode()


def addresses(therapy: Therapy) -> list[str]:
    steps = ("preparation", "readiness", "integration", "goals", "summary", "notes", "review")
    return [reverse("therapy:course", args=[therapy.uid])] + [
        reverse("therapy:step", args=[therapy.uid, s]) for s in steps
    ]


def test_a_supervisor_reads_while_named_and_writes_nothing(demo: Demo, theo: User, therapy: Therapy) -> None:
    note = actions.process_note(therapy.pk, SECRET, by=theo, at=clock.now())
    sue, url = staff(demo, "sue", "therapist"), reverse("therapy:step", args=[therapy.uid, "notes"])
    assert signed_in(sue).get(url).status_code == 404
    actions.name_supervisor(therapy.pk, sue, by=theo, at=clock.now())
    assert SECRET in signed_in(sue).get(url).content.decode()
    with pytest.raises(NotAllowed):
        actions.process_note(therapy.pk, "x", by=sue, at=clock.now())
    with pytest.raises(NotAllowed):
        actions.correct(note, "other", "why not", by=sue, at=clock.now())
    actions.name_supervisor(therapy.pk, None, by=theo, at=clock.now())
    assert signed_in(sue).get(url).status_code == 404
    with pytest.raises(BadInput):
        actions.name_supervisor(therapy.pk, demo.staff["nurse"], by=theo, at=clock.now())


def test_a_correction_stays_sealed_and_out_of_the_chart(demo: Demo, theo: User, therapy: Therapy) -> None:
    note = actions.process_note(therapy.pk, SECRET, by=theo, at=clock.now())
    actions.correct(note, SECRET + ", twice", "a slip", by=theo, at=clock.now())
    assert [r.said["text"] for r in queries.notes(theo, therapy, "process")] == [SECRET + ", twice"]
    chart = signed_in(demo.staff["nurse"]).get(reverse("chart:patient", args=[therapy.patient_id])).content.decode()
    assert "a slip" not in chart


# ---------------------------------------------------------------- the emergency
def test_breaking_the_glass_asks_why_proves_who_and_tells_the_person(
    demo: Demo, theo: User, therapy: Therapy, ada: User
) -> None:
    actions.process_note(therapy.pk, SECRET, by=theo, at=clock.now())
    journal.write("page", "only for me", "private", by=ada, at=clock.now())
    doctor = staff(demo, "doctor", "prescriber")
    url, client = reverse("therapy:emergency", args=[therapy.patient_id, therapy.uid]), signed_in(doctor)
    why = "She cannot be reached and her sister fears for her."
    for wrong in (
        {"why": "", "code": current_totp(TOTP)},
        {"why": why, "code": "000000"},
        {"why": "urgent", "code": "1"},
    ):
        assert client.post(url, wrong, headers={"Accept": "application/json"}).status_code == 422
    assert not BreakGlass.objects.exists()
    uid = str(uuid.uuid4())
    page = client.post(url, {"why": why, "code": current_totp(TOTP), "uid": uid}, follow=True)
    text = page.content.decode()
    assert SECRET in text
    assert "only for me" not in text  # the person's private pages stay theirs
    look = BreakGlass.objects.get()
    assert (look.why, look.second_factor, look.notes) == (why, "totp", 1)
    assert any("emergency" in look.what for look in who_looked(therapy.patient_id))
    assert Access.objects.filter(patient=therapy.patient_id, by_id=doctor.pk, why=why).exists()
    own = signed_in(ada).get(reverse("therapy:journal")).content.decode()
    assert why in own
    assert doctor.signature_name in own
    # only for the one who broke it, and only for a while
    glass = reverse("therapy:glass", args=[look.uid])
    assert signed_in(staff(demo, "other", "prescriber")).get(glass).status_code == 404
    with pytest.raises(Http404):
        queries.glass_or_404(doctor, look.uid, look.happened_at + timedelta(hours=1))


@pytest.mark.parametrize("role", ["nurse", "therapist", "administrator", "auditor", "manager"])
def test_only_prescribers_and_the_medical_director_break_it(
    demo: Demo, theo: User, therapy: Therapy, role: str
) -> None:
    who = staff(demo, "who", role)
    with pytest.raises(NotAllowed):
        actions.break_glass(therapy, "a good reason indeed", by=who, at=clock.now(), second_factor="totp")
    far = staff(demo, "far", "prescriber", site=Site.objects.create(pk=2, name="Far"))
    with pytest.raises(NotAllowed):
        actions.break_glass(therapy, "a good reason indeed", by=far, at=clock.now(), second_factor="totp")


@pytest.mark.parametrize("yes", [True, False])
def test_the_message_goes_only_where_the_person_allows_messages(
    demo: Demo, therapy: Therapy, monkeypatch: pytest.MonkeyPatch, yes: bool
) -> None:
    Reach.objects.create(
        patient=therapy.patient, channel="email", address="a@x.example", is_on=True, because="t", changed_at=clock.now()
    )
    monkeypatch.setattr(actions.consents, "may_send", lambda patient, channel, now: yes and channel == "email")
    doctor = demo.staff["prescriber"]
    look = actions.break_glass(therapy, "nobody reaches her today", by=doctor, at=clock.now(), second_factor="totp")
    waiting = OutMessage.objects.filter(about=look.uid, state="queued")
    assert [m.channel for m in waiting] == (["email"] if yes else [])
    assert look.told == (1 if yes else 0)


# ---------------------------------------------------------------- the journal
def test_the_persons_choice_holds_and_changes_at_once(demo: Demo, theo: User, therapy: Therapy, ada: User) -> None:
    patient, nurse = therapy.patient, demo.staff["nurse"]
    other = staff(demo, "colleague", "therapist")

    def readers() -> set[str]:
        known = {"theo": theo, "nurse": nurse, "other": other, "ada": ada}
        return {name for name, user in known.items() if queries.journal_for(user, patient)}

    page = journal.write("page", SECRET, "private", by=ada, at=clock.now())
    assert readers() == {"ada"}
    journal.choose(page, "therapist", by=ada, at=clock.now())
    assert readers() == {"ada", "theo"}
    journal.choose(page, "team", by=ada, at=clock.now())
    assert readers() == {"ada", "theo", "nurse", "other"}
    assert SECRET in signed_in(nurse).get(reverse("therapy:team", args=[patient.pk])).content.decode()
    journal.choose(page, "private", by=ada, at=clock.now())
    assert readers() == {"ada"}
    journal.take_out(page, by=ada, at=clock.now())
    assert readers() == set()


def test_the_persons_own_copy_holds_their_pages_and_no_note_about_them(demo: Demo, therapy: Therapy, ada: User) -> None:
    actions.process_note(therapy.pk, "my own doubt", by=therapy.therapist, at=clock.now())
    journal.write("page", SECRET, "private", by=ada, at=clock.now())
    gone = journal.write("page", "burn this", "private", by=ada, at=clock.now())
    journal.take_out(gone, by=ada, at=clock.now())
    with zipfile.ZipFile(account_export.make(therapy.patient, clock.now())) as pack:
        whole = "".join(pack.read(name).decode("utf-8", "replace") for name in pack.namelist())
    assert SECRET in whole
    assert "burn this" not in whole
    assert "my own doubt" not in whole
    assert "v1." not in whole  # nor the sealed text of anything


def test_a_journal_is_nobody_elses(demo: Demo, ada: User) -> None:
    page = journal.write("page", SECRET, "team", by=ada, at=clock.now())
    far = make_account("fay@x.example", name="Fay", patient=Patient.objects.create(
        site=demo.site, external_id="F-1", name="Fay Far", born=clock.now().date()
    ))  # fmt: skip
    browser = signed_in(far)
    for deed in ("share", "out"):
        assert (
            browser.post(
                reverse("therapy:journal_do", args=[deed]), {"page": str(page.uid), "share": "team"}
            ).status_code
            == 404
        )
    with pytest.raises(NotAllowed):
        journal.choose(page, "private", by=far, at=clock.now())
    assert signed_in(demo.staff["nurse"]).get(reverse("therapy:journal")).status_code == 404
    far_nurse = staff(demo, "farnurse", "nurse", site=Site.objects.create(pk=2, name="Far"))
    assert queries.journal_for(far_nurse, ada.patient) == []


def test_a_page_is_written_on_the_phone_once_and_what_is_wrong_is_kept(demo: Demo, ada: User) -> None:
    page = open_page(signed_in(ada), reverse("therapy:journal"))
    wrong = page.send("write", text="  ", share="private")
    assert wrong.status == 422
    for _ in range(2):  # the same form, sent twice
        again = page.send("write", text=SECRET, share="therapist", kind="page")
        assert again.status == 200
    assert Journal.objects.count() == 1
    assert "My therapist and me" in again.words()
    assert Client().get(reverse("therapy:journal")).status_code == 302


# ---------------------------------------------------------------- the way
def test_ready_only_when_all_is_met_and_cleared(demo: Demo, theo: User, therapy: Therapy) -> None:
    now, nurse = clock.now(), demo.staff["nurse"]
    with pytest.raises(Refused):
        actions.clear(therapy.pk, True, "", by=nurse, at=now)
    typed = {
        "intention": "rest", "fears": "none said", "trauma": "none said", "touch": "none", "stop_signal": "Anchor",
        "support": "Ruth", "risks": "yes",
    }  # fmt: skip
    actions.prepare(therapy.pk, typed, by=theo, at=now)
    item = actions.add_item(therapy.pk, "who drives?", by=theo, at=now)
    stops = {f.rule for f in queries.readiness(therapy, now) if f.stops}
    assert stops == {"therapy_consent", "therapy_open_item", "therapy_medical"}
    actions.settle(item, "Ruth does", by=nurse, at=now)
    assert "therapy_open_item" not in {f.rule for f in queries.readiness(therapy, now) if f.stops}
    with pytest.raises(Refused, match="consent"):
        actions.clear(therapy.pk, True, "", by=nurse, at=now)
    with pytest.raises(NotAllowed):
        actions.clear(therapy.pk, True, "", by=theo, at=now)


def test_a_new_doubt_takes_the_clearance_away(
    demo: Demo, theo: User, therapy: Therapy, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, nurse = clock.now(), demo.staff["nurse"]
    monkeypatch.setattr(queries.consents, "of", lambda *a: type("Signed", (), {"stands": True})())
    typed = {
        "intention": "rest", "fears": "none said", "trauma": "none said", "touch": "none", "stop_signal": "Anchor",
        "support": "Ruth", "risks": "yes",
    }  # fmt: skip
    actions.prepare(therapy.pk, typed, by=theo, at=now)
    actions.clear(therapy.pk, True, "", by=nurse, at=now)
    assert not [f for f in queries.readiness(therapy, now) if f.stops]
    item = actions.add_item(therapy.pk, "new tablets?", by=theo, at=now)
    actions.settle(item, "", by=nurse, at=now)
    assert [f.rule for f in queries.readiness(therapy, now) if f.stops] == ["therapy_medical"]


def test_the_integration_talk_is_judged_by_the_clinics_window(demo: Demo, theo: User) -> None:
    now = clock.now()
    demo.finished("ada", now - timedelta(days=5))
    course = demo.patients["ada"].courses.get()
    therapy = actions.open_therapy(course, by=theo, at=now - timedelta(days=9))
    (row,) = queries.sessions(therapy, now)
    assert row.timing is Timing.LATE
    assert [d.late for d in queries.due(theo, now)] == [True]
    page = signed_in(theo).get(reverse("therapy:mine")).content.decode()
    assert "Late" in page
    actions.integrate(therapy.pk, row.session, {"attended": "no"}, by=theo, at=now)
    assert queries.sessions(therapy, now)[0].timing is Timing.LATE  # who did not come was not integrated
    held = {"attended": "yes", "themes": SECRET}
    actions.integrate(therapy.pk, row.session, held, by=theo, at=row.window.closes)  # type: ignore[union-attr]
    assert queries.sessions(therapy, now)[0].timing is Timing.IN_WINDOW
    shown = signed_in(demo.staff["nurse"]).get(reverse("therapy:team", args=[therapy.patient_id])).content.decode()
    assert "Held inside the window" in shown
    assert SECRET not in shown


def test_the_team_reads_a_summary_only_while_the_person_agrees(
    demo: Demo, theo: User, therapy: Therapy, ada: User
) -> None:
    row = actions.propose_summary(therapy.pk, {"text": SECRET}, by=theo, at=clock.now())
    nurse, url = signed_in(demo.staff["nurse"]), reverse("therapy:team", args=[therapy.patient_id])
    assert SECRET not in nurse.get(url).content.decode()
    with pytest.raises(NotAllowed):
        actions.answer_summary(row, True, by=demo.staff["nurse"], at=clock.now())
    page = open_page(signed_in(ada), reverse("therapy:journal"))
    agreed = page.send(f"word-yes-{row.uid}")
    assert SECRET in nurse.get(url).content.decode()
    agreed.send(f"word-no-{row.uid}")
    assert SECRET not in nurse.get(url).content.decode()


def test_their_words_are_kept_only_when_they_allow_it(demo: Demo, theo: User, therapy: Therapy) -> None:
    session = demo.start("ada", "Chair 1", clock.now() - timedelta(minutes=9))
    typed = {"mark": "quote", "phase": "peak", "text": "the sea"}
    with pytest.raises(BadInput, match="allow"):
        actions.dosing_note(therapy.pk, session, typed, by=theo, at=clock.now())
    with pytest.raises(BadInput, match="severe"):
        actions.dosing_note(therapy.pk, session, typed | {"mark": "distress"}, by=theo, at=clock.now())
    actions.dosing_note(therapy.pk, session, typed | {"allowed": "yes"}, by=theo, at=clock.now())
    other = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=9))
    with pytest.raises(Refused, match="another course"):
        actions.dosing_note(therapy.pk, other, typed | {"allowed": "yes"}, by=theo, at=clock.now())
    page = signed_in(theo).get(reverse("therapy:session", args=[therapy.uid, session.uid])).content.decode()
    assert "the sea" in page
    assert "Start" in page  # between what the session's own record says
    assert signed_in(theo).get(reverse("therapy:session", args=[therapy.uid, other.uid])).status_code == 404


def test_a_group_note_names_nobody_and_a_members_note_names_no_other(demo: Demo, theo: User, therapy: Therapy) -> None:
    ben = actions.open_therapy(demo.course("ben"), by=theo, at=clock.now())
    with pytest.raises(BadInput, match="two people"):
        actions.open_group("Evening", [therapy], by=theo, at=clock.now())
    group = actions.open_group("Evening", [therapy, ben], by=theo, at=clock.now())
    with pytest.raises(BadInput, match="Ada"):
        actions.group_note(group, {"text": "Ada wept."}, by=theo, at=clock.now())
    uid = uuid.uuid4()
    actions.group_note(group, {"text": "A quiet room."}, by=theo, at=clock.now(), uid=uid)
    with pytest.raises(AlreadyRecorded):
        actions.group_note(group, {"text": "A quiet room."}, by=theo, at=clock.now(), uid=uid)
    with pytest.raises(BadInput, match="Ben"):
        actions.group_note(group, {"text": "Spoke to Ben.", "about": str(therapy.uid)}, by=theo, at=clock.now())
    actions.group_note(group, {"text": "Ada found words.", "about": str(therapy.uid)}, by=theo, at=clock.now())
    assert GroupNote.objects.count() == 1
    assert len(queries.notes(theo, therapy, "group")) == 1
    assert queries.notes(theo, ben, "group") == []
    page = signed_in(theo).get(reverse("therapy:group", args=[group.uid]))
    assert "A quiet room." in page.content.decode()
    other = staff(demo, "colleague", "therapist")
    assert signed_in(other).get(reverse("therapy:group", args=[group.uid])).status_code == 404


def test_a_therapist_walks_the_whole_way_in_pages(demo: Demo, theo: User) -> None:
    demo.finished("ada", clock.now() - timedelta(days=2))
    patient, client = demo.patients["ada"], signed_in(theo)
    begun = open_page(client, reverse("therapy:team", args=[patient.pk])).send("begin")
    assert begun.status == 200
    therapy = Therapy.objects.get()
    Therapy.objects.update(opened_at=clock.now() - timedelta(days=9))
    therapy.refresh_from_db()

    def at(step: str) -> Any:
        return open_page(client, reverse("therapy:step", args=[therapy.uid, step]))

    assert at("preparation").send("prepare", intention=SECRET, stop_signal="Anchor").status == 200
    again = at("preparation")
    assert SECRET in again.form("prepare")[1]["intention"]  # a second talk adds to the first
    assert at("readiness").send("add-item", text="who drives?").status == 200
    (row,) = queries.sessions(therapy, clock.now())
    late = at("integration").send(f"integrate-{row.session.uid}", attended="yes", themes=SECRET)
    assert "Held inside the window" in late.words()
    assert at("goals").send("goal", kind="homework", text="walk", due_on="not a day").status == 422
    assert at("goals").send("goal", kind="homework", text="walk").status == 200
    assert at("summary").send("summary", text="steady").status == 200
    assert at("notes").send("process", text=SECRET).status == 200
    assert at("review").send("review", reached="both", decision="end").status == 200
    with pytest.raises(Refused, match="ended"):
        actions.process_note(therapy.pk, "more", by=theo, at=clock.now())
    assert at("notes").forms() == []
    assert at("nonsense").status == 404


def test_the_demos_therapist_has_one_person_in_preparation_and_one_in_integration(demo: Demo, theo: User) -> None:
    now = clock.now()
    demo.finished("ada", now - timedelta(days=2, hours=2))
    demo.later("finn", now + timedelta(hours=2))
    therapy_demo.seed(demo.patients, demo.staff, now=now)
    stages = {d.therapy.patient.called: d.stage for d in queries.due(theo, now)}
    assert stages == {"Finn": "preparation", "Ada": "integration"}
    client = signed_in(theo)
    for therapy in Therapy.objects.all():
        for url in addresses(therapy):
            page = client.get(url)
            assert page.status_code == 200, url
            assert page.content.decode().count("<h1") == 1, url
        for row in queries.sessions(therapy, now):
            url = reverse("therapy:session", args=[therapy.uid, row.session.uid])
            assert client.get(url).status_code == 200
    own = open_page(signed_in(User.objects.get(patient=demo.patients["ada"])), reverse("therapy:journal")).words()
    assert "Slept until six" in own
    team = open_page(signed_in(demo.staff["nurse"]), reverse("therapy:team", args=[demo.patients["ada"].pk])).words()
    assert "Anchor" in team
    assert "Slept until six" not in team
    assert "my own pull" not in team.casefold()
