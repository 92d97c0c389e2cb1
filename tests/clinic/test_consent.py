"""Consent: read, asked, signed, witnessed, taken back at once; texts in use only after a second person has read them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.clinic.consent import actions, drawing, queries, texts
from stillhaven.clinic.consent.models import Question, Signature, Version, Withdrawal, Witness
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.session import facts
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.web.demo import Demo, make_account, make_patient
from stillhaven.reference.cast_people import cast
from stillhaven.science.consent import State
from stillhaven.science.errors import BadInput, Refused
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

LINE = json.dumps([[[10, 10], [300, 200], [500, 40]]])


@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def ada(demo: Demo) -> User:
    return User.objects.get(patient=demo.patients["ada"])


def typed(patient: Patient, document: str, **more: Any) -> dict[str, Any]:
    """A form filled in completely."""
    version = queries.version_in_use(patient.site_id, document)
    assert version is not None
    choices = {f"choice.{c['key']}": (c["options"] or ["soft light"])[0] for c in version.content["choices"]}
    ticked = [a["key"] for a in version.content["acknowledge"]]
    return {"shown": version.digest, "ack": ticked, "name": patient.name, **choices, **more}


def state(patient: Patient, document: str) -> State:
    return queries.of(patient, document, clock.now(), queries.course_now(patient)).state


def page(user: User, url: str) -> Page:
    return open_page(signed_in(user), url)


def code(demo: Demo, key: str) -> str:
    return current_totp(next(row["totp"] for row in cast()["staff"] if row["key"] == key))


# ---------------------------------------------------------------- signing
def test_a_person_reads_asks_signs_and_keeps_it(demo: Demo, ada: User) -> None:
    at = page(ada, "/me/consent/")
    assert "Treatment with ketamine" in at.words()
    at = page(ada, "/me/consent/treatment_ketamine/")
    assert at.words().index("In short") < at.words().index("The whole text")
    at = at.send("question", text="May I bring my own music?")
    assert "May I bring my own music?" in at.words()
    at = at.send("sign", ack=["risks", "alternatives", "free"], name="Ada Solberg", strokes=LINE)
    assert "Signed" in at.words()
    signature = Signature.objects.get()
    assert (signature.how, signature.place, signature.patient) == ("drawn", "own_account", demo.patients["ada"])
    assert signature.digest == signature.version.digest
    assert drawing.path(signature.strokes) in at.text
    answer = at.client.get(f"/me/consent/signed/{signature.uid}.pdf")
    assert answer.content.startswith(b"%PDF")
    assert state(demo.patients["ada"], "treatment_ketamine") is State.SIGNED


def test_what_is_missing_stands_beside_its_field_and_nothing_is_lost(demo: Demo, ada: User) -> None:
    at = page(ada, "/me/consent/treatment_ketamine/").send("sign", ack=["risks"], name="Ada", strokes=LINE)
    assert at.status == 422
    assert "tick this sentence" in at.words().lower()
    _, fields = at.form("sign")
    assert fields["ack"] == ["risks"]
    assert fields["name"] == ["Ada"]
    assert json.loads(fields["strokes"][0]) == json.loads(LINE)
    assert not Signature.objects.exists()


def test_a_text_that_changed_meanwhile_is_not_signed_unread(demo: Demo, ada: User) -> None:
    at = page(ada, "/me/consent/off_label/")
    publish(demo, "off_label", note="clearer")
    at = at.send("sign", ack=["off_label", "unknown"], name="Ada Solberg")
    assert at.status == 409
    assert "read it once more" in at.words()


def test_sent_twice_it_is_signed_once(demo: Demo, ada: User) -> None:
    at = page(ada, "/me/consent/off_label/")
    action, fields = at.form("sign")
    fields |= {"ack": ["off_label", "unknown"], "name": "Ada Solberg"}
    first, second = at.client.post(action, fields), at.client.post(action, fields)
    assert (first.status_code, second.status_code) == (302, 302)
    assert Signature.objects.filter(document="off_label").count() == 1


def test_nobody_signs_for_somebody_else(demo: Demo, ada: User) -> None:
    ben = demo.patients["ben"]
    with pytest.raises(NotAllowed):
        actions.sign(ben, "off_label", typed(ben, "off_label"), by=ada, at=clock.now())
    signature = sign(demo, "ben", "off_label")
    assert signed_in(ada).get(f"/me/consent/signed/{signature.uid}.pdf").status_code == 404
    assert signed_in(demo.staff["nurse"]).get("/me/consent/").status_code == 404
    with pytest.raises(NotAllowed):
        actions.sign(ben, "off_label", typed(ben, "off_label"), by=demo.staff["therapist"], at=clock.now())


def sign(demo: Demo, key: str, document: str, witnessed: bool = True, **more: Any) -> Signature:
    patient, nurse = demo.patients[key], demo.staff["nurse"]
    found = actions.sign(patient, document, typed(patient, document, **more), by=nurse, at=clock.now())
    if witnessed:
        actions.witness(found, by=nurse, at=clock.now(), second_factor="totp")
    return found


def test_touch_and_comfort_stand_on_the_comfort_card(demo: Demo) -> None:
    sign(demo, "cleo", "touch_comfort", witnessed=False, **{"choice.touch": "No", "choice.words": "stop word: red"})
    demo.patients["cleo"].refresh_from_db()
    assert "Touch: No." in demo.patients["cleo"].comfort_card
    assert "red" in demo.patients["cleo"].comfort_card


# ---------------------------------------------------------------- the tablet and the witness
def test_the_tablet_opens_nothing_else_until_staff_unlock_it(demo: Demo) -> None:
    nurse, cleo = demo.staff["nurse"], demo.patients["cleo"]
    at = page(nurse, f"/patients/{cleo.pk}/consent/").send("hand-over", documents=["treatment_ketamine"])
    assert at.url == "/tablet/consent/"
    assert "please read and sign" in at.words()
    client = at.client
    assert client.get("/board/").status_code in (200, 302)  # the board shows itself behind a lock, and takes nothing
    assert client.get(f"/patients/{cleo.pk}/consent/").status_code == 302
    assert client.get("/tablet/consent/off_label/").status_code == 404  # not handed over for this
    at = open_page(client, "/tablet/consent/treatment_ketamine/")
    at = at.send("sign", ack=["risks", "alternatives", "free"], name="Cleo", strokes=LINE)
    assert at.status == 200
    signature = Signature.objects.get()
    assert (signature.place, signature.by_name) == ("clinic_tablet", nurse.signature_name)
    assert state(cleo, "treatment_ketamine") is State.NEEDED  # the demo's policy wants a witness on the tablet
    client.post("/unlock/", {"staff": nurse.pk, "pin": cast()["pin"]})
    assert client.get("/tablet/consent/").status_code == 404
    at = open_page(client, f"/patients/{cleo.pk}/consent/").send(f"witness-{signature.uid}", code="000000")
    assert at.status == 422
    at = at.send(f"witness-{signature.uid}", code=code(demo, "nurse"))
    assert Witness.objects.get().signature == signature
    assert state(cleo, "treatment_ketamine") is State.SIGNED


def test_without_a_hand_over_there_is_no_tablet(demo: Demo) -> None:
    assert signed_in(demo.staff["nurse"]).get("/tablet/consent/").status_code == 404
    assert Client().get("/tablet/consent/").status_code == 302


def test_another_sites_patient_does_not_exist(demo: Demo) -> None:
    other = Site.objects.create(pk=9, name="Elsewhere")
    row = next(p for p in cast()["patient"] if p["key"] == "ada") | {"external_id": "X-1"}
    row.pop("account", None)
    stranger = make_patient(row, other)
    assert signed_in(demo.staff["nurse"]).get(f"/patients/{stranger.pk}/consent/").status_code == 404


def test_a_manager_reads_the_texts_and_nobodys_consent(demo: Demo) -> None:
    manager = signed_in(demo.staff["manager"])
    assert manager.get("/consent/texts/").status_code == 200
    assert manager.get(f"/patients/{demo.patients['ada'].pk}/consent/").status_code == 403


# ---------------------------------------------------------------- taking it back
def consent_rules(session: TreatmentSession) -> dict[str, str]:
    found = facts.start_findings(TreatmentSession.objects.get(pk=session.pk), clock.now())
    return {f.rule: f.verdict.value for f in found if f.rule.startswith("consent_")}


def test_one_tap_takes_it_back_and_the_session_knows_at_once(demo: Demo, ada: User) -> None:
    session = demo.start("ada", "Chair 1", clock.now() - timedelta(minutes=5))
    assert consent_rules(session)["consent_treatment"] == "met"
    at = page(ada, "/me/consent/treatment_ketamine/").send("withdraw")
    assert "Taken back" in at.words()
    assert consent_rules(session)["consent_treatment"] == "not_met"
    action = "/me/consent/treatment_ketamine/undo/"
    assert at.client.post(action).status_code == 302
    assert consent_rules(session)["consent_treatment"] == "met"
    assert Withdrawal.objects.filter(retracted=True).count() == 1  # both stay in the record


def test_a_second_tap_is_the_same_withdrawal(demo: Demo) -> None:
    nurse, ben = demo.staff["nurse"], demo.patients["ben"]
    sign(demo, "ben", "registry", witnessed=False)
    first = actions.withdraw(ben, "registry", by=nurse, at=clock.now())
    assert actions.withdraw(ben, "registry", by=nurse, at=clock.now()) == first
    with pytest.raises(Refused, match="no signature"):
        actions.withdraw(ben, "photo", by=nurse, at=clock.now())


def test_undo_ends_with_its_minutes_and_is_ones_own(demo: Demo) -> None:
    nurse, ben = demo.staff["nurse"], demo.patients["ben"]
    sign(demo, "ben", "registry", witnessed=False)
    gone = actions.withdraw(ben, "registry", by=nurse, at=clock.now())
    late = gone.happened_at + timedelta(seconds=queries.book().undo_for_s + 1)
    with pytest.raises(Refused, match="too late"):
        actions.undo(gone, by=nurse, at=late)
    with pytest.raises(Refused, match="only the one"):
        actions.undo(gone, by=demo.staff["second"], at=clock.now())


def test_the_registry_and_messages_follow_at_once(demo: Demo) -> None:
    nurse, ben = demo.staff["nurse"], demo.patients["ben"]
    assert not queries.wants_registry(ben, clock.now())
    sign(demo, "ben", "registry", witnessed=False)
    sign(demo, "ben", "messages", witnessed=False, **{"choice.email": "Yes", "choice.sms": "No"})
    assert queries.wants_registry(ben, clock.now())
    assert (queries.may_send(ben, "email", clock.now()), queries.may_send(ben, "sms", clock.now())) == (True, False)
    for document in ("registry", "messages"):
        actions.withdraw(ben, document, by=nurse, at=clock.now())
    assert not queries.wants_registry(ben, clock.now())
    assert not queries.may_send(ben, "email", clock.now())
    sign(demo, "ben", "registry", witnessed=False, **{"choice.share": "No"})
    assert not queries.wants_registry(ben, clock.now())


# ---------------------------------------------------------------- versions, courses, days
def publish(demo: Demo, document: str, note: str, **changed: str) -> Version:
    director, manager, site = demo.staff["prescriber"], demo.staff["manager"], demo.site.pk
    words = texts.typed_of(actions.base_of(site, document)) | {"title": f"A title, {note}"} | changed
    version = actions.write_version(site, document, words, note, by=director, at=clock.now())
    actions.judge(version, True, "", by=manager, at=clock.now(), second_factor="totp")
    return version


def test_a_new_version_asks_again(demo: Demo) -> None:
    sign(demo, "ada", "off_label")
    assert state(demo.patients["ada"], "off_label") is State.SIGNED
    publish(demo, "off_label", "new law")
    assert state(demo.patients["ada"], "off_label") is State.NEW_VERSION


def test_a_new_course_asks_again_and_days_run_out(demo: Demo) -> None:
    doctor = demo.staff["prescriber"]
    course = demo.course("ada")
    assert state(demo.patients["ada"], "treatment_ketamine") is State.SIGNED
    courses.open_course(demo.patients["ada"], "another", by=doctor, at=clock.now())
    assert state(demo.patients["ada"], "treatment_ketamine") is State.EXPIRED
    assert queries.of(demo.patients["ada"], "treatment_ketamine", clock.now(), course).state is State.SIGNED
    set_ = {"consent_renewal": "after_days", "consent_valid_d": 10}
    policy.adopt(set_, by=doctor, at=clock.now(), on=clock.now().date(), site=demo.site.pk, because="test")
    assert state(demo.patients["ada"], "treatment_ketamine") is State.EXPIRED  # signed two weeks ago
    sign(demo, "ada", "treatment_ketamine")
    assert state(demo.patients["ada"], "treatment_ketamine") is State.SIGNED
    ahead = clock.now() + timedelta(days=11)
    assert queries.of(demo.patients["ada"], "treatment_ketamine", ahead).state is State.EXPIRED


def test_what_the_clinic_has_not_set_or_published_is_unknown(demo: Demo) -> None:
    sign(demo, "ada", "off_label")
    other = Site.objects.create(pk=9, name="Elsewhere")
    patient = make_patient(
        {k: v for k, v in cast()["patient"][0].items() if k != "account"} | {"external_id": "Y"}, other
    )
    assert {s.state for s in queries.standing(patient, None, clock.now())} == {State.UNKNOWN}
    assert all(
        f.stops or f.weight.value == "caution" for f in queries.findings(patient, None, clock.now(), drug="ketamine")
    )
    director = make_account("d2@x.example", name="Di Rector", roles=["medical_director"], sites=[other])
    manager = make_account("m2@x.example", name="Ma Nager", roles=["manager"], sites=[other])
    actions.take_shipped(9, by=director, at=clock.now())
    actions.publish_all(9, by=manager, at=clock.now(), second_factor="totp")
    actions.sign(patient, "off_label", typed(patient, "off_label"), by=director, at=clock.now())
    assert queries.of(patient, "off_label", clock.now()).state is State.UNKNOWN  # no policy on witnesses yet


def test_findings_ask_what_the_drug_asks(demo: Demo) -> None:
    ada = demo.patients["ada"]
    rules = {f.rule: f for f in queries.findings(ada, None, clock.now(), drug="ketamine", off_label=True)}
    assert set(rules) == {"consent_treatment_ketamine", "consent_off_label", "consent_going_home"}
    label = {f.rule for f in queries.findings(ada, None, clock.now(), drug="esketamine", off_label=False)}
    assert label == {"consent_treatment_esketamine", "consent_going_home"}
    assert queries.findings(ada, None, clock.now())[0].verdict.value == "unknown"


def test_nobody_puts_their_own_text_into_use(demo: Demo) -> None:
    director, site = demo.staff["prescriber"], demo.site.pk
    words = texts.typed_of(actions.base_of(site, "photo")) | {"title": "Pictures"}
    version = actions.write_version(site, "photo", words, "shorter", by=director, at=clock.now())
    with pytest.raises(Refused, match="somebody else"):
        actions.judge(version, True, "", by=director, at=clock.now(), second_factor="totp")
    with pytest.raises(NotAllowed):
        actions.judge(version, True, "", by=demo.staff["nurse"], at=clock.now(), second_factor="totp")
    before = queries.version_in_use(site, "photo")
    assert before is not None
    assert before.digest != version.digest
    actions.judge(version, False, "too short", by=demo.staff["manager"], at=clock.now(), second_factor="totp")
    assert queries.version_in_use(site, "photo") == before


def test_a_version_is_edited_compared_handed_in_and_published(demo: Demo) -> None:
    at = page(demo.staff["prescriber"], "/consent/texts/photo/change/")
    _, fields = at.form("change")
    fields |= {"title": ["Pictures"], "note": ["simpler title"]}
    bad = at.client.post("/consent/texts/photo/change/", fields | {"summary": ""})
    assert bad.status_code == 422
    assert b"Pictures" in bad.content
    shown = at.client.post("/consent/texts/photo/change/", fields | {"do": "compare"})
    assert b"<ins>" in shown.content
    done = at.client.post("/consent/texts/photo/change/", fields | {"do": "hand_in"}, follow=True)
    version = Version.objects.order_by("-seq").first()
    assert version is not None
    assert version.content["title"] == "Pictures"
    assert "somebody else has to read it" in done.content.decode()
    second = page(demo.staff["manager"], f"/consent/texts/version/{version.uid}/")
    assert second.send("verdict", do="back", words="", code="1").status == 422
    second.send("verdict", do="publish", code=code(demo, "manager"))
    assert queries.version_in_use(demo.site.pk, "photo") == version


def test_a_question_is_answered_and_read(demo: Demo, ada: User) -> None:
    asked = actions.ask(demo.patients["ada"], "photo", "Who sees them?", by=ada, at=clock.now())
    staff = page(demo.staff["nurse"], f"/patients/{demo.patients['ada'].pk}/consent/")
    staff.send(f"answer-{asked.uid}", text="Only those who treat you.")
    assert "Only those who treat you." in page(ada, "/me/consent/photo/").words()
    with pytest.raises(NotAllowed):
        actions.answer(Question.objects.get(), "x", by=demo.staff["desk"], at=clock.now())


def test_the_demos_people_signed_asked_and_left_something_open(demo: Demo) -> None:
    from stillhaven.clinic.consent import demo as seeds

    seeds.seed(demo.patients, nurse=demo.staff["nurse"], doctor=demo.staff["prescriber"], now=clock.now())
    ada = demo.patients["ada"]
    assert queries.wants_registry(ada, clock.now())
    assert not queries.may_send(ada, "sms", clock.now())
    nurse = signed_in(demo.staff["nurse"])
    drawn = Signature.objects.filter(how="drawn").first()
    assert drawn is not None
    assert nurse.get(f"/patients/{drawn.patient_id}/consent/signed/{drawn.uid}.pdf").content.startswith(b"%PDF")
    for url in (
        f"/patients/{ada.pk}/consent/",
        f"/patients/{ada.pk}/consent/photo/",
        "/consent/texts/photo/",
        "/consent/texts/",
    ):
        assert nurse.get(url).status_code == 200, url
    assert "Will my plan pay" in open_page(nurse, "/consent/texts/").words()
    assert "Consent" in open_page(nurse, f"/patients/{ada.pk}/").words()


# ---------------------------------------------------------------- drawings
points = st.lists(st.tuples(st.integers(-50, 1500), st.integers(-50, 500)).map(list), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.lists(points, min_size=1, max_size=6))
def test_a_drawing_stays_on_its_grid_or_is_refused(strokes: list[list[list[int]]]) -> None:
    try:
        kept = drawing.read(json.dumps(strokes))
    except BadInput:
        return
    assert all(0 <= x <= drawing.WIDTH and 0 <= y <= drawing.HEIGHT for stroke in kept for x, y in stroke)
    assert set(drawing.path(kept)) <= set("ML 0123456789")


@pytest.mark.parametrize("text", ["{", "[[[1]]]", '[["a"]]', "[[[1,1]]]", "[[[1.5,2]]]", "null", '{"a":1}'])
def test_what_is_no_drawing_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        drawing.read(text)
