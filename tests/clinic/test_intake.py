"""Is every word that a person said kept, by whom and when, and is nothing read as "no" that nobody said?"""

from __future__ import annotations

import io
import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from PIL import Image

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.intake import actions, persons, queries
from stillhaven.clinic.intake import demo as intake_demo
from stillhaven.clinic.intake.models import Answer, Draft, InsuranceCard, Intake, MedicineLine, SafetyCall, TrialLine
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import clock, editing, media
from stillhaven.clinic.record.models import AdminChange
from stillhaven.clinic.web.demo import Demo, make_account
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Verdict
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now() - timedelta(minutes=1))


@pytest.fixture
def ada(demo: Demo) -> Patient:
    return demo.patients["ada"]


@pytest.fixture
def account(ada: Patient) -> User:
    return User.objects.get(patient=ada)


@pytest.fixture
def phone(account: User) -> Client:
    return signed_in(account)


def give(patient: Patient, section: str, by: User, **typed: Any) -> list[Answer]:
    more = {k: typed.pop(k) for k in ("none", "reason", "seen", "chosen", "uid") if k in typed}
    return actions.give(patient, section, typed, by=by, at=clock.now(), **more)


def current(patient: Patient, key: str) -> Answer:
    return queries.answers_of(patient)[key]


# ---------------------------------------------------------------- the person, on a phone
def test_a_screen_is_given_kept_as_the_persons_own_words_and_leads_to_the_next(phone: Client, ada: Patient) -> None:
    page = open_page(phone, "/me/intake/breathing/").send("section", lungs="no", asthma="unknown", apnoea="untreated")
    assert page.url == "/me/intake/liver_bladder/"
    said = queries.answers_of(ada)
    assert {k: a.value for k, a in said.items()} == {"lungs": False, "asthma": "unknown", "apnoea": "untreated"}
    assert {a.source for a in said.values()} == {"patient"}


def test_what_nobody_answered_stays_open_and_is_counted(phone: Client, ada: Patient) -> None:
    open_page(phone, "/me/intake/breathing/").send("section", lungs="no")
    overview = open_page(phone, "/me/intake/").words()
    assert "Breathing and sleep 2 left" in overview
    assert "Heart and blood vessels not started" in overview
    assert queries.known(ada, now=clock.now()).value("sleep_apnoea") is None


def test_none_of_these_is_one_tap_that_says_what_it_answers(phone: Client, ada: Patient) -> None:
    page = open_page(phone, "/me/intake/heart/")
    assert "a widened blood vessel, a tangle of blood vessels, a bleed inside the brain, a stroke" in page.words()
    page.send("section", stroke="yes", none="yes")
    facts = queries.known(ada, now=clock.now())
    assert facts.value("stroke") is True
    assert facts.value("aneurysmal_disease") is False
    assert facts.value("cardiovascular_disease") == "none"
    assert current(ada, "aneurysm").source == "patient"


def test_what_the_clinic_knows_already_stands_in_the_form_and_is_changed_in_one_place(
    phone: Client, ada: Patient
) -> None:
    page = open_page(phone, "/me/intake/you/")
    assert page.form("section")[1]["legal_name"] == [ada.name]
    page.send("section", preferred_name="Addie", phone="555-0199", contact_by=["text"])
    ada.refresh_from_db()
    assert (ada.preferred_name, ada.phone) == ("Addie", "555-0199")
    change = AdminChange.objects.filter(table="people.Patient", row=str(ada.pk)).latest("seq")
    assert change.before["preferred_name"] == "Ada"
    assert change.after["preferred_name"] == "Addie"


def test_what_cannot_be_read_comes_back_typed_with_the_reason_and_on_any_device(phone: Client, account: User) -> None:
    page = open_page(phone, "/me/intake/reasons/").send("section", weight="820", weight__unit="kg", goal="Walk the dog")
    assert page.status == 422
    assert "check the number and the unit" in page.words()
    assert "Walk the dog" in page.text
    assert not Answer.objects.exists()
    other_device = open_page(signed_in(account), "/me/intake/reasons/")
    assert "Walk the dog" in other_device.text
    assert 'value="820"' in other_device.text


def test_pounds_and_feet_are_shown_as_typed_and_kept_metric(phone: Client, ada: Patient) -> None:
    open_page(phone, "/me/intake/reasons/").send(
        "section", reasons=["mood"], weight="182", weight__unit="lb", height="5'6", height__unit="ft"
    )
    assert current(ada, "weight").value == pytest.approx(82.55, abs=0.01)
    page = open_page(phone, "/me/intake/reasons/")
    assert page.form("section")[1]["weight"] == ["182"]
    assert page.form("section")[1]["weight.unit"] == ["lb"]
    before = Answer.objects.count()
    page.send("section")
    assert Answer.objects.count() == before


def test_sent_twice_is_kept_once_and_the_back_button_loses_nothing(phone: Client, ada: Patient) -> None:
    page = open_page(phone, "/me/intake/care/")
    page.send("section", pcp="Dr Malik")
    page.send("section", pcp="Dr Malik")
    assert [a.value for a in Answer.objects.filter(key="pcp")] == ["Dr Malik"]
    page.send("section", pcp="Dr Malik, Harbour Street")
    assert current(ada, "pcp").value == "Dr Malik, Harbour Street"
    assert current(ada, "pcp").amends is not None


def test_an_expired_session_keeps_what_was_typed_before_and_asks_to_sign_in(
    phone: Client, account: User, ada: Patient
) -> None:
    url = "/me/intake/care/draft/"
    kept = phone.post(url, json.dumps({"typed": {"pcp": "Dr Mal"}}), **JSON)
    assert kept.json()["ok"]
    assert Client().post(url, json.dumps({"typed": {"pcp": "x"}}), **JSON).status_code == 401
    answer = Client().post("/me/intake/care/", {"asked": ["pcp"], "pcp": "Dr Malik"})
    assert answer.status_code == 302
    assert "/accounts/login/?next=/me/intake/care/" in answer.url
    assert "Dr Mal" in open_page(signed_in(account), "/me/intake/care/").text
    assert "typed, not saved yet" in open_page(phone, "/me/intake/").words()


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '{"typed": 3}', '{"typed": {"pcp": "a\\u0000b"}}', '{"typed": {"pcp": "\\ud800"}}',
     '{"typed": {"pcp": {"a": ["\\ud800"]}}}', '{"typed": {}, "was": 3}', "[" * 5000],
)  # fmt: skip
def test_a_draft_that_cannot_be_kept_says_why(phone: Client, body: str) -> None:
    answer = phone.post("/me/intake/care/draft/", body, **JSON)
    assert answer.status_code == 422
    assert answer.json()["why"]
    assert not Draft.objects.exists()


def test_a_draft_keeps_only_fields_of_its_screen(phone: Client) -> None:
    phone.post("/me/intake/care/draft/", json.dumps({"typed": {"pcp": {"a": 1}, "stroke": "no", "x": "y"}}), **JSON)
    assert set(Draft.objects.get().values) == {"pcp"}
    assert phone.post("/me/intake/nothing/draft/", "{}", **JSON).status_code == 404


def test_two_devices_typing_in_one_field_keep_both_texts(account: User, ada: Patient) -> None:
    now = clock.now()
    actions.keep_draft(ada, "comfort", {"comfort": "Dim light"}, was={"comfort": ""}, by=account, at=now)
    draft = actions.keep_draft(ada, "comfort", {"comfort": "No music"}, was={"comfort": ""}, by=account, at=now)
    assert draft.values["comfort"] == "No music"
    assert draft.others["comfort"] == ["Dim light"]
    draft = actions.keep_draft(
        ada, "comfort", {"comfort": "No music at all"}, was={"comfort": "No music"}, by=account, at=now
    )
    assert draft.others["comfort"] == ["Dim light"]


def test_thoughts_of_suicide_show_the_number_first_and_call_staff(phone: Client, demo: Demo, ada: Patient) -> None:
    page = open_page(phone, "/me/intake/mind/").send("section", suicidal="strong")
    assert page.url == "/me/intake/safety/"
    assert page.text.index("tel:911") < page.text.index("has been marked")
    nurse = signed_in(demo.staff["nurse"])
    assert "Speak with these people first" in open_page(nurse, "/intake/").words()
    read = open_page(nurse, f"/patients/{ada.pk}/intake/")
    refused = read.send("review")
    assert "safety call stands open" in refused.words()
    call = SafetyCall.objects.get()
    read.send(f"call-{call.uid}", text="Spoke with her, sister is there, seen today at 3.")
    assert not queries.open_calls([1]).exists()
    read.send("review")
    assert Intake.objects.get(patient=ada).reviewed_by == demo.staff["nurse"]
    give(ada, "mind", User.objects.get(patient=ada), asthma="yes", suicidal="no")
    assert Intake.objects.get(patient=ada).reviewed_at is None  # what changed is looked at again


def test_a_passing_thought_that_stands_is_not_called_twice(account: User, ada: Patient) -> None:
    give(ada, "mind", account, suicidal="passing")
    give(ada, "mind", account, suicidal="passing", psychosis="none")
    assert SafetyCall.objects.count() == 1


def test_an_allergy_on_record_is_not_wiped_by_a_tap(demo: Demo) -> None:
    ben, desk = demo.patients["ben"], demo.staff["desk"]
    with pytest.raises(BadInput, match="Penicillin"):
        give(ben, "anaesthesia", desk, has_allergies="none", allergies="Penicillin", reason="said so")
    ben.refresh_from_db()
    assert ben.allergies == ["Penicillin"]
    give(ben, "anaesthesia", desk, has_allergies="some", allergies="Penicillin, Latex")
    ben.refresh_from_db()
    assert ben.allergies == ["Penicillin", "Latex"]


def test_a_birth_date_under_eighteen_is_refused_kindly_and_not_stored(phone: Client, ada: Patient) -> None:
    page = open_page(phone, "/me/intake/you/").send("section", born="2012-05-01")
    assert page.status == 422
    assert "This clinic treats adults only" in page.words()
    ada.refresh_from_db()
    assert ada.born.year == 1983


# ---------------------------------------------------------------- facts for the rules
def test_facts_know_not_asked_from_not_known_from_no(account: User, ada: Patient) -> None:
    give(ada, "pregnancy", account, can_become_pregnant="no", breastfeeding="unknown")
    known = queries.known(ada, now=clock.now())
    assert known.value("pregnant") is False  # follows from what was said
    assert "breastfeeding" in known.facts
    assert known.value("breastfeeding") is None
    assert "porphyria" not in known.facts
    assert known.medicines is None
    assert known.trials is None
    assert known.value("age_y") == 43


def test_a_man_is_not_asked_about_pregnancy_and_the_record_says_why(demo: Demo) -> None:
    fact = queries.known(demo.patients["ben"], now=clock.now()).facts["pregnant"]
    assert (fact.value, fact.source) == (False, "recorded sex")
    rows = {r.question.key: r.state for r in queries.history_rows(demo.patients["ben"])}
    assert rows["pregnant"] == "not asked"
    assert rows["stroke"] == "open"


def test_half_a_list_of_medicines_is_no_list(account: User, ada: Patient) -> None:
    actions.add_medicine(ada, "Zoloft", by=account, at=clock.now())
    actions.add_medicine(ada, "grandmother's tea", by=account, at=clock.now())
    assert queries.known(ada, now=clock.now()).medicines is None
    actions.medicines_done(ada, by=account, at=clock.now())
    medicines = queries.known(ada, now=clock.now()).medicines
    assert medicines is not None
    assert [(m.name, m.key, sorted(m.classes)) for m in medicines] == [
        ("Sertraline", "sertraline", ["ssri"]), ("grandmother's tea", None, [])
    ]  # fmt: skip


# ---------------------------------------------------------------- medicines and trials, page by page
def test_a_medicine_is_found_by_its_first_letters_without_a_script(phone: Client, ada: Patient) -> None:
    page = open_page(phone, "/me/intake/medicines/?q=zolo")
    assert "Sertraline" in page.words()
    assert "I take no medicines: go on" in page.words()
    phone.post("/me/intake/medicines/add/", {"name": "Sertraline"})
    phone.post("/me/intake/medicines/add/", {"name": "Moon water"})
    page = open_page(phone, "/me/intake/medicines/")
    assert "Moon water not checked" in page.words()
    again = phone.post("/me/intake/medicines/add/", {"name": "zoloft"})
    assert again.status_code == 422
    line = MedicineLine.objects.get(name="Moon water")
    phone.post(f"/me/intake/medicine/{line.uid}/", {"dose": "a cup at night"})
    newest = next(m for m in queries.medicine_lines(ada) if m.name == "Moon water")
    assert newest.dose == "a cup at night"
    phone.post(f"/me/intake/line/medicine/{newest.uid}/remove/")
    assert [m.name for m in queries.medicine_lines(ada)] == ["Sertraline"]
    assert MedicineLine.objects.filter(name="Moon water").count() == 3  # the record keeps what was there


def test_a_trial_says_at_once_whether_it_was_a_fair_try_and_why(phone: Client, ada: Patient) -> None:
    assert "Sertraline" in open_page(phone, "/me/intake/trials/?drug=Sertraline").words()
    typed = {
        "name": "Sertraline",
        "highest_dose_mg": "200",
        "weeks": "3",
        "taken_as_prescribed": "yes",
        "outcome": "none",
    }
    page = phone.post("/me/intake/trials/add/", typed, follow=True)
    assert "3 weeks is shorter than the 6 weeks that the clinic set" in page.content.decode()
    bad = phone.post("/me/intake/trials/add/", typed | {"highest_dose_mg": "0"})
    assert bad.status_code == 422
    assert b"must be over 0" in bad.content
    assert TrialLine.objects.count() == 1


def test_only_a_prescriber_judges_a_dose_and_a_new_dose_is_judged_anew(demo: Demo, account: User, ada: Patient) -> None:
    now = clock.now()
    typed = {"name": "Sertraline", "highest_dose_mg": "200", "weeks": "10", "taken_as_prescribed": "yes"}
    line = actions.add_trial(ada, typed, by=account, at=now)
    assert queries.trial_rows(ada)[0].adequate.verdict is Verdict.UNKNOWN
    with pytest.raises(NotAllowed):
        actions.judge_dose(line, True, "I think so", by=demo.staff["nurse"], at=now)
    line = actions.judge_dose(line, True, "top of the label", by=demo.staff["prescriber"], at=now)
    assert queries.trial_rows(ada)[0].adequate.verdict is Verdict.MET
    actions.add_trial(ada, typed | {"highest_dose_mg": "25"}, by=account, at=now, line=line)
    assert queries.trial_rows(ada)[0].adequate.verdict is Verdict.UNKNOWN


# ---------------------------------------------------------------- the card
def _photo(kind: str = "JPEG") -> bytes:
    out, image = io.BytesIO(), Image.new("RGB", (64, 40), "white")
    exif = Image.Exif()
    exif[0x010E] = "taken at 12 Fern Row"
    image.save(out, kind, exif=exif)
    return out.getvalue()


def test_a_card_is_stripped_sealed_and_shown_to_its_owner_and_staff_alone(
    phone: Client, demo: Demo, ada: Patient
) -> None:
    sent = io.BytesIO(_photo())
    sent.name = "card.jpg"
    assert phone.post("/me/intake/card/front/", {"file": sent}).status_code == 302
    card = InsuranceCard.objects.get()
    kept = media.load(card.uid)
    assert b"Fern Row" not in kept
    shown = phone.get("/me/intake/card/front/")
    assert (shown.status_code, shown["Content-Type"], shown.content) == (200, "image/jpeg", kept)
    assert signed_in(demo.staff["desk"]).get(f"/patients/{ada.pk}/intake/fill/card/front/").status_code == 200
    assert signed_in(demo.staff["therapist"]).get(f"/patients/{ada.pk}/intake/fill/card/front/").status_code == 403


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 not a picture", b"GIF89a" + b"0" * 50])
def test_what_is_no_picture_is_refused_with_the_reason(phone: Client, data: bytes) -> None:
    sent = io.BytesIO(data)
    sent.name = "card.jpg"
    answer = phone.post("/me/intake/card/front/", {"file": sent})
    assert answer.status_code == 422
    assert not InsuranceCard.objects.exists()


# ---------------------------------------------------------------- staff
def test_staff_correct_what_a_person_said_by_an_amendment_with_a_reason(
    demo: Demo, account: User, ada: Patient
) -> None:
    give(ada, "heart", account, stroke="no")
    nurse = demo.staff["nurse"]
    with pytest.raises(BadInput, match="say why"):
        give(ada, "heart", nurse, stroke="yes")
    give(ada, "heart", nurse, stroke="yes", reason="letter of the hospital, 2019")
    newest = current(ada, "stroke")
    assert (newest.value, newest.source, newest.by_name) == (True, "staff", nurse.signature_name)
    assert newest.amends is not None
    assert newest.amends.value is False
    assert newest.reason == "letter of the hospital, 2019"
    words = open_page(signed_in(nurse), f"/patients/{ada.pk}/intake/").words()
    assert nurse.signature_name in words
    assert "corrected" in words


@pytest.mark.parametrize("who", ["therapist", "auditor", "manager", "admin"])
def test_other_roles_neither_read_nor_fill_in(demo: Demo, ada: Patient, who: str) -> None:
    client = signed_in(demo.staff[who])
    assert client.get(f"/patients/{ada.pk}/intake/").status_code == 403
    assert (
        client.post(f"/patients/{ada.pk}/intake/fill/heart/", {"asked": ["stroke"], "stroke": "no"}).status_code == 403
    )
    with pytest.raises(NotAllowed):
        give(ada, "heart", demo.staff[who], stroke="no")
    assert not Answer.objects.exists()


def test_other_sites_and_other_people_are_as_if_there_were_none(demo: Demo, phone: Client, ada: Patient) -> None:
    elsewhere = Site.objects.create(pk=9, name="Elsewhere")
    stranger = make_account("else@demo.example", name="El Se", roles=["nurse"], sites=[elsewhere])
    client = signed_in(stranger)
    for path in ("intake/", "edit/", "intake/fill/", "intake/fill/heart/", "intake/fill/card/front/"):
        assert client.get(f"/patients/{ada.pk}/{path}").status_code == 404
    assert phone.get(f"/patients/{ada.pk}/intake/").status_code == 404  # staff pages are nothing for a patient
    assert signed_in(demo.staff["nurse"]).get("/me/intake/").status_code == 404
    ben = actions.add_medicine(demo.patients["ben"], "Zoloft", by=demo.staff["nurse"], at=clock.now())
    assert phone.post(f"/me/intake/line/medicine/{ben.uid}/remove/").status_code == 404


def test_an_enquiry_makes_a_person_and_a_course_once(demo: Demo) -> None:
    desk = signed_in(demo.staff["desk"])
    page = open_page(desk, "/patients/new/")
    typed = {"name": "Gale  Whitmore", "born": "1990-02-03", "indication": "Depression", "sex": "female"}
    made = page.send("person", **typed)
    again = page.send("person", **typed)
    assert made.status == again.status == 200
    gale = Patient.objects.get(name="Gale Whitmore")
    assert gale.external_id == "P-0001"
    assert Course.objects.get(patient=gale).indication == "Depression"
    twin = open_page(desk, "/patients/new/").send("person", **typed)
    assert twin.status == 422
    assert "known here as P-0001" in twin.words()
    twin.send("person", not_twin="yes")
    assert Patient.objects.filter(name="Gale Whitmore").count() == 2


@pytest.mark.parametrize(
    ("born", "why"), [("2015-01-01", "adults only"), ("2031-01-01", "future"), ("soon", "write a date")]
)
def test_an_enquiry_that_cannot_be_stores_nothing_and_keeps_what_was_typed(demo: Demo, born: str, why: str) -> None:
    before = Patient.objects.count()
    page = open_page(signed_in(demo.staff["desk"]), "/patients/new/").send(
        "person", name="Gale Whitmore", born=born, indication="Depression"
    )
    assert page.status == 422
    assert why in page.words().lower()
    assert "Gale Whitmore" in page.text
    assert Patient.objects.count() == before
    assert not Course.objects.exists()
    assert not AdminChange.objects.filter(after__icontains="Gale").exists()


def test_a_new_person_is_let_in_once_by_a_link_and_then_looks_after_the_account(demo: Demo) -> None:
    ben, desk = demo.patients["ben"], signed_in(demo.staff["desk"])
    page = open_page(desk, f"/patients/{ben.pk}/edit/").send("invite", email="ben@demo.example")
    assert "It works once" in page.words()
    account = User.objects.get(patient=ben)
    assert account.email == "ben@demo.example"
    assert not account.has_usable_password()
    link = page.text.split("<code>")[1].split("</code>")[0]
    assert Client().get(link, follow=True).status_code == 200
    account.last_login = clock.now()
    account.save(update_fields=["last_login"])
    with pytest.raises(Refused, match="signed in already"):
        persons.invite(ben, "", by=demo.staff["desk"])
    with pytest.raises(NotAllowed):
        persons.invite(ben, "x@demo.example", by=demo.staff["therapist"])


def test_details_are_changed_by_those_who_may(demo: Demo, ada: Patient) -> None:
    open_page(signed_in(demo.staff["desk"]), f"/patients/{ada.pk}/edit/").send(
        "person", name="Ada Fernsby-Cole", sex="female"
    )
    ada.refresh_from_db()
    assert ada.name == "Ada Fernsby-Cole"
    with pytest.raises(NotAllowed):
        persons.change(ada, {"name": "X Y"}, by=demo.staff["therapist"], at=clock.now())
    with pytest.raises(NotAllowed):
        persons.enquire({"name": "X Y"}, by=demo.staff["manager"], at=clock.now())


def test_a_review_needs_its_role_and_is_undone_by_news(demo: Demo, account: User, ada: Patient) -> None:
    with pytest.raises(NotAllowed):
        actions.review(ada, by=demo.staff["manager"], at=clock.now())
    actions.review(ada, by=demo.staff["prescriber"], at=clock.now())
    actions.add_medicine(ada, "Lithium", by=account, at=clock.now())
    assert Intake.objects.get(patient=ada).reviewed_at is None
    give(ada, "mind", account, suicidal="strong")
    with pytest.raises(Refused, match="safety call"):
        actions.review(ada, by=demo.staff["prescriber"], at=clock.now())


def test_the_demos_people_have_their_stories(demo: Demo) -> None:
    intake_demo.seed(demo.patients, desk=demo.staff["desk"], doctor=demo.staff["prescriber"], now=demo.now)
    known = {key: queries.known(p, now=demo.now) for key, p in demo.patients.items()}
    assert known["ada"].value("cardiovascular_disease") == "none"
    assert known["ben"].value("cardiovascular_disease") == "poorly_controlled"
    assert known["cleo"].value("substance_use_disorder") == "active"
    assert known["dev"].medicines is None
    form = queries.form_of(1)
    for patient in demo.patients.values():
        patient.refresh_from_db()
    left = {
        key: [s.section.key for s in queries.overview(p, form, queries.answers_of(p), ()).steps if s.left]
        for key, p in demo.patients.items()
        if key != "cleo"
    }
    assert {k for k, n in left.items() if n} == {"dev"}
    assert Intake.objects.get(patient=demo.patients["ada"]).reviewed_at is not None


def test_pages_ask_the_database_the_same_however_long_the_lists(
    demo: Demo, account: User, ada: Patient, django_assert_max_num_queries: Any
) -> None:
    nurse, phone = signed_in(demo.staff["nurse"]), signed_in(account)
    urls = [(nurse, f"/patients/{ada.pk}/intake/"), (phone, "/me/intake/medicines/"), (phone, "/me/intake/trials/")]
    for client, url in urls:
        client.get(url)  # the look into the chart is written down once a minute

    def counted() -> list[int]:
        found = []
        for client, url in urls:
            with django_assert_max_num_queries(60) as asked:
                assert client.get(url).status_code == 200
            found.append(len(asked))
        return found

    few = counted()
    for n in range(12):
        actions.add_medicine(ada, f"tea number {n}", by=account, at=clock.now())
        actions.add_trial(ada, {"name": f"tea number {n}"}, by=account, at=clock.now())
    assert counted() == few


# ---------------------------------------------------------------- two people at once
@pytest.mark.django_db(transaction=True)
def test_fifty_pairs_change_one_field_at_once_and_no_text_is_lost() -> None:
    """Of each pair one is kept and the other is shown both texts; both stand in the record or in a draft."""
    demo = make_clinic(clock.now() - timedelta(minutes=1))
    ada = demo.patients["ada"]
    people = [User.objects.get(patient=ada), demo.staff["desk"]]
    outcomes: list[str] = []

    def change(by: User, text: str, seen: str, start: threading.Barrier, told: dict[str, str]) -> None:
        try:
            patient = Patient.objects.select_related("site").get(pk=ada.pk)
            start.wait(30)
            typed = {"pcp": text, "therapist" if by.patient_id else "referrer": text}
            try:
                actions.give(patient, "care", typed, by=by, at=clock.now(), seen=seen, reason="said on the phone")
                told[text] = "kept"
            except editing.Clashed as error:
                actions.keep_draft(patient, "care", typed, by=by, at=clock.now(), seen=seen)
                told[text] = f"clash with {error.clashes[0].theirs}"
        finally:
            connection.close()

    for pair in range(50):
        stands = queries.values(ada, queries.form_of(1), queries.answers_of(ada))
        seen = editing.stamps({k: stands[k] for k in ("pcp", "therapist", "referrer")})
        texts = [f"Dr A{pair}", f"Dr B{pair}"]
        told: dict[str, str] = {}
        start = threading.Barrier(2)
        threads = [
            threading.Thread(target=change, args=(p, t, seen, start, told)) for p, t in zip(people, texts, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        won = [t for t in texts if told.get(t) == "kept"]
        assert len(won) == 1, told
        lost = next(t for t in texts if t not in won)
        assert told[lost] == f"clash with {won[0]}"
        assert current(ada, "pcp").value == won[0]
        assert Draft.objects.filter(values__pcp=lost).exists()
        outcomes.append(won[0][3])
        Draft.objects.all().delete()
    chain = list(Answer.objects.filter(patient=ada, key="pcp").values_list("value", flat=True))
    assert len(chain) == len(set(chain)) == 50


def test_both_texts_are_shown_and_the_person_chooses(demo: Demo, phone: Client, ada: Patient) -> None:
    mine = open_page(phone, "/me/intake/care/")
    give(ada, "care", demo.staff["desk"], pcp="Dr Quill")
    page = mine.send("section", pcp="Dr Malik", therapist="J. Okonkwo")
    assert page.status == 409
    assert "Theirs: Dr Quill" in page.words()
    assert 'value="Dr Malik"' in page.text
    assert page.send("section").status == 409  # nothing is chosen by sending it once more
    assert current(ada, "pcp").value == "Dr Quill"
    fields = page.form("section")[1] | {"choose.pcp": "mine"}
    assert phone.post("/me/intake/care/", fields).status_code == 302
    assert current(ada, "pcp").value == "Dr Malik"
    assert current(ada, "therapist").value == "J. Okonkwo"
    assert not Draft.objects.exists()


def test_different_fields_of_one_screen_are_both_kept(demo: Demo, phone: Client, ada: Patient) -> None:
    mine = open_page(phone, "/me/intake/care/")
    give(ada, "care", demo.staff["desk"], referrer="Dr Quill")
    assert mine.send("section", pcp="Dr Malik").status == 200
    assert (current(ada, "referrer").value, current(ada, "pcp").value) == ("Dr Quill", "Dr Malik")


def test_a_uid_that_cannot_be_read_harms_nothing(phone: Client, ada: Patient) -> None:
    for uid in ("", "x", str(uuid.uuid4())):
        phone.post("/me/intake/care/", {"asked": ["pcp"], "pcp": "Dr Malik", "uid": uid})
    assert Answer.objects.filter(key="pcp").count() == 1
