"""Does a question reach the clinic once, danger get help first, a robot get tired, and a person become an intake?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from stillhaven.clinic.intake.queries import answers_of
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.public import actions as public
from stillhaven.clinic.public import enquiry_actions as actions
from stillhaven.clinic.public.enquiry_models import Enquiry
from stillhaven.clinic.public.enquiry_words import is_urgent
from stillhaven.clinic.record import clock
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import Refused
from tests.cast import NOW, make_clinic, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Demo:
    cache.clear()
    return make_clinic(NOW)


def form(**more: Any) -> dict[str, Any]:
    opened = actions.stamp(clock.now() - timedelta(seconds=60))
    return {"uid": str(uuid4()), "opened": opened, "kind": "question", "name": "Syn Asker", "email": "syn@patients.example",
            "words": "Is there a lift?", "consent": "yes"} | more  # fmt: skip


def test_a_question_is_kept_once(client: Client, clinic: Demo) -> None:
    assert client.get("/enquiry/").status_code == 200
    sent = form()
    assert client.post("/enquiry/", sent).status_code == 302
    assert client.post("/enquiry/", sent).status_code == 302
    row = Enquiry.objects.get()
    assert (row.state, row.urgent) == ("new", False)


def test_danger_gets_help_first_wherever_it_stands(client: Client, clinic: Demo) -> None:
    words = "I would like to know the price. " * 30 + "I want to kill myself."
    text = client.post("/enquiry/", form(words=words)).content.decode()
    assert text.index("Help first") < text.index("has reached the clinic")
    assert "tel:988" in text
    assert Enquiry.objects.get().urgent
    assert is_urgent("x " * 950 + "I want to die")
    assert not is_urgent("What does a course cost, and do you bill Medicare? " * 20)
    queue = signed_in(clinic.staff["desk"]).get("/enquiries/").content.decode()
    assert "May be in danger" in queue


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("email", "no address"), ("words", ""), ("consent", ""), ("kind", "magic"), ("phone", "12"),
     ("words", "x" * 4001), ("email", "")],
)  # fmt: skip
def test_a_slip_keeps_everything_that_was_typed(client: Client, clinic: Demo, field: str, value: str) -> None:
    answer = client.post("/enquiry/", form(best_time="evenings, please") | {field: value})
    assert answer.status_code == 422
    assert "evenings, please" in answer.content.decode()
    assert Enquiry.objects.count() == 0


def test_markup_does_no_harm(client: Client, clinic: Demo) -> None:
    bad = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    client.post("/enquiry/", form(words=bad, name=bad, best_time=bad))
    text = signed_in(clinic.staff["desk"]).get("/enquiries/").content.decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_a_robot_is_too_quick_and_gets_tired(client: Client, clinic: Demo) -> None:
    quick = client.post("/enquiry/", form(opened=actions.stamp(clock.now())))
    assert quick.status_code == 422
    assert "send it once more" in quick.content.decode()
    assert client.post("/enquiry/", form(opened="forged")).status_code == 422
    codes = [client.post("/enquiry/", form()).status_code for _n in range(25)]
    assert codes[:20] == [302] * 20
    assert set(codes[20:]) == {429}


def test_ten_megabytes_are_refused_kindly(client: Client, clinic: Demo) -> None:
    answer = client.post("/enquiry/", form(words="x" * 10_000_000))
    assert answer.status_code in (400, 413)
    assert "too large" in answer.content.decode()
    assert Enquiry.objects.count() == 0


def test_the_desk_takes_answers_and_closes(clinic: Demo) -> None:
    desk = signed_in(clinic.staff["desk"])
    row = actions.leave(
        clinic.site, form(words="I want to die"), address="a", language="en", at=clock.now(), uid=uuid4()
    )
    with pytest.raises(Refused):
        actions.close(row.uid, "gone", by=clinic.staff["desk"], at=NOW)
    assert desk.post(f"/enquiries/{row.uid}/take/").status_code == 302
    assert desk.post(f"/enquiries/{row.uid}/answered/", {"outcome": ""}).status_code == 422
    assert desk.post(f"/enquiries/{row.uid}/answered/", {"outcome": "reached; safe; doctor rings"}).status_code == 302
    row.refresh_from_db()
    first = row.first_response_at
    assert first is not None
    assert row.owner == clinic.staff["desk"]
    actions.answered(row.uid, "again", by=clinic.staff["desk"], at=clock.now() + timedelta(hours=1))
    assert desk.post(f"/enquiries/{row.uid}/close/", {"outcome": "came in"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.first_response_at) == ("closed", first)
    custodian = next(u for u in User.objects.all() if set(u.roles) <= {"custodian", "auditor"} and u.roles)
    assert signed_in(custodian).get("/enquiries/").status_code == 403


def test_it_becomes_an_intake_without_typing_again(clinic: Demo) -> None:
    desk = signed_in(clinic.staff["desk"])
    row = actions.leave(
        clinic.site, form(name="Syn Person", phone="555-0177"), address="b", language="en", at=clock.now(), uid=uuid4()
    )
    page = f"/enquiries/{row.uid}/intake/"
    text = desk.get(page).content.decode()
    assert 'value="Syn Person"' in text
    assert 'value="555-0177"' in text
    typed = {
        "name": "Syn Person",
        "phone": "555-0177",
        "indication": "depression",
        "born": "1990-02-03",
        "sex": "female",
    }
    assert desk.post(page, typed | {"born": ""}).status_code == 422
    assert desk.post(page, typed).status_code == 302
    assert desk.post(page, typed).status_code == 302
    patient = Patient.objects.get(name="Syn Person")
    row.refresh_from_db()
    assert (row.state, row.patient) == ("intake", patient)
    assert answers_of(patient)["email"].value == "syn@patients.example"


def test_a_self_check_becomes_an_intake_with_its_goal(clinic: Demo) -> None:
    given = {"age": ["18_64"], "goal": ["depression"], "tried": ["two_up"], "pregnancy": ["no"], "pressure": ["no"], "heart": ["no"],
             "psychosis": ["no"], "mania": ["no"], "substances": ["no"], "bladder": ["no"], "medicines": ["none"]}  # fmt: skip
    sent = public.hand_over(
        given, name="Syn Checker", contact="syn.c@patients.example", consent=True, address="x", at=NOW, uid=uuid4()
    )
    desk = signed_in(clinic.staff["desk"])
    assert "Syn Checker" in desk.get("/enquiries/").content.decode()
    page = f"/enquiries/self-check/{sent.uid}/intake/"
    assert 'value="Depression"' in desk.get(page).content.decode()
    typed = {"name": "Syn Checker", "indication": "Depression", "born": "1985-05-05", "sex": "male"}
    assert desk.post(page, typed).status_code == 302
    assert desk.post(page, typed).status_code == 302
    patient = Patient.objects.get(name="Syn Checker")
    assert answers_of(patient)["reasons"].value == ["mood"]
    desk.get(f"/patients/{patient.pk}/intake/")
    desk.get("/enquiries/")  # what was said of the registration is shown once
    assert "Syn Checker" not in desk.get("/enquiries/").content.decode()


def test_another_clinics_enquiry_is_not_there(clinic: Demo) -> None:
    far = Site.objects.create(pk=2, name="Far")
    row = actions.leave(far, form(), address="c", language="en", at=clock.now(), uid=uuid4())
    desk = signed_in(clinic.staff["desk"])
    assert desk.get(f"/enquiries/{row.uid}/intake/").status_code == 404
    assert desk.post(f"/enquiries/{row.uid}/take/").status_code == 404
    assert desk.get(f"/enquiries/self-check/{uuid4()}/intake/").status_code == 404
