"""Is an account really the person's own: made without telling who is known, changed, taken along, closed?"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from stillhaven.clinic.messages.models import Reach, Wish
from stillhaven.clinic.people.models import Patient, PatientNote, Site, User
from stillhaven.clinic.portal import account_actions, account_registration
from stillhaven.clinic.portal.models import Caregiver, DataRequest, Registration
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access, AdminChange
from stillhaven.clinic.web.demo import Demo, make_account
from stillhaven.reference.cast_people import cast
from tests.cast import make_clinic, signed_in

pytestmark = pytest.mark.django_db
TYPED = {"name": "Gwen Example", "born": "1984-05-17", "email": "gwen@mail.example", "password": "nine slow rivers bend", "how": "password"}  # fmt: skip


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def ada(demo: Demo) -> User:
    return User.objects.get(patient=demo.patients["ada"])


@pytest.fixture
def open_door(settings: Any) -> None:
    settings.OPEN_REGISTRATION = True


def link_of(mail: Any) -> str:
    found = re.search(r"/register/confirm/[\w-]+/", mail.body)
    assert found
    return found.group()


# ---------------------------------------------------------------- registering
def test_the_door_is_shut_unless_the_clinic_opens_it(demo: Demo) -> None:
    assert Client().get("/register/").status_code == 404
    assert Client().post("/register/", TYPED).status_code == 404
    assert Client().get("/accounts/signup/").status_code == 404


@pytest.mark.usefixtures("open_door")
def test_a_person_registers_confirms_and_begins_the_intake(demo: Demo, mailoutbox: list[Any]) -> None:
    client = Client()
    before = Patient.objects.count()
    assert client.post("/register/", TYPED, follow=True).status_code == 200
    assert Patient.objects.count() == before  # nobody until the address is confirmed
    assert TYPED["password"] not in Registration.objects.get().password
    link = link_of(mailoutbox[0])
    assert client.get(link).status_code == 200
    assert Patient.objects.count() == before  # a mail program that only looks makes nothing
    page = client.post(link, follow=True)
    assert "Hello Gwen" in page.content.decode()
    user = User.objects.get(email="gwen@mail.example")
    assert user.patient is not None
    assert user.patient.external_id == "E-0001"
    assert client.get("/me/intake/").status_code == 200
    assert client.get("/me/details/").status_code == 200
    assert client.post(link).status_code == 410
    assert not Registration.objects.exists()
    again = Client()
    again.post("/accounts/login/", {"login": user.email, "password": TYPED["password"]})
    assert again.get("/me/").status_code == 200


@pytest.mark.usefixtures("open_door")
def test_nobody_learns_whether_an_address_is_known(demo: Demo, ada: User, mailoutbox: list[Any]) -> None:
    def answer(email: str) -> tuple[int, str]:
        page = Client().post("/register/", TYPED | {"email": email}, follow=True)
        return page.status_code, re.sub(r'value="\w{64}"', "", page.content.decode())

    assert answer("new@mail.example") == answer(ada.email)
    assert not Registration.objects.filter(email=ada.email).exists()
    assert [m.to for m in mailoutbox] == [["new@mail.example"], [ada.email]]
    assert "register/confirm" not in mailoutbox[1].body


@pytest.mark.usefixtures("open_door")
def test_somebody_under_age_is_refused_kindly_and_nothing_is_kept(demo: Demo, mailoutbox: list[Any]) -> None:
    born = (clock.now() - timedelta(days=17 * 365)).date().isoformat()
    page = Client().post("/register/", TYPED | {"born": born})
    assert page.status_code == 200
    assert "nothing that you typed was kept" in page.content.decode()
    assert not Registration.objects.exists()
    assert not mailoutbox


@pytest.mark.usefixtures("open_door")
@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Gwen"), ("email", "gwen"), ("password", "short"), ("born", "soon"), ("born", "2999-01-01")],
)
def test_what_cannot_be_read_stands_beside_its_field(demo: Demo, field: str, value: str) -> None:
    page = Client().post("/register/", TYPED | {field: value})
    assert page.status_code == 422
    assert f'id="r-{field}-why"' in page.content.decode()
    assert TYPED["password"] not in page.content.decode()


@pytest.mark.usefixtures("open_door")
def test_a_twin_becomes_a_case_for_staff_and_a_robot_is_stopped(demo: Demo, mailoutbox: list[Any]) -> None:
    ada = demo.patients["ada"]
    client = Client()
    client.post(
        "/register/", TYPED | {"name": ada.name, "born": ada.born.isoformat(), "how": "passkey", "password": ""}
    )
    page = client.post(link_of(mailoutbox[0]))
    assert page["Location"].endswith("/accounts/2fa/webauthn/add/")
    assert client.get(page["Location"]).status_code == 200
    assert not User.objects.get(email="gwen@mail.example").has_usable_password()
    assert ada.external_id in DataRequest.objects.get(kind="same_person").text
    codes = [client.__class__().post("/register/", TYPED | {"name": "x"}).status_code for _ in range(25)]
    assert codes[-1] == 429


@pytest.mark.usefixtures("open_door")
def test_a_link_lasts_a_day(demo: Demo, mailoutbox: list[Any]) -> None:
    now = clock.now()
    account_registration.ask(TYPED, at=now)
    secret = link_of(mailoutbox[0]).rstrip("/").rpartition("/")[2]
    assert account_registration.confirm(secret, at=now + timedelta(hours=25)) is None
    assert account_registration.confirm("guess", at=now) is None
    assert account_registration.confirm(secret, at=now + timedelta(hours=23)) is not None


# ---------------------------------------------------------------- details and wishes
def test_details_are_changed_where_the_clinic_reads_them(demo: Demo, ada: User) -> None:
    own = signed_in(ada)
    typed = {"form": "details", "next": "/me/details/", "legal_name": "Ada Newname", "pronouns": "they",
             "emergency_name": "Ruth", "emergency_phone": "+1 212 555 0199", "phone": "+1 212 555 0101"}  # fmt: skip
    assert own.post("/me/details/", typed).status_code == 302
    patient = Patient.objects.get(pk=ada.patient_id)
    assert (patient.name, patient.pronouns) == ("Ada Newname", "they")
    assert AdminChange.objects.filter(table="people.Patient", after__pronouns="they").exists()
    assert "Ruth" in own.get("/me/details/").content.decode()
    wrong = own.post("/me/details/", typed | {"phone": "call me", "legal_name": "Ada Third"})
    assert wrong.status_code == 422
    assert "Ada Third" in wrong.content.decode()  # what was typed is kept
    assert Patient.objects.get(pk=ada.patient_id).name == "Ada Newname"


def test_wishes_and_texts_are_the_persons_own(demo: Demo, ada: User) -> None:
    own = signed_in(ada)
    own.post("/me/details/wishes/", {"email.visits": "yes", "email.letters": "yes"})
    off = set(Wish.objects.filter(is_on=False).values_list("channel", "purpose"))
    assert ("email", "offers") in off
    assert ("email", "visits") not in off
    own.post("/me/details/phone/", {"number": "+1 212 555 0101", "is_on": "yes"})
    assert Reach.objects.get(patient=ada.patient, channel="sms").is_on
    own.post("/me/details/phone/", {"number": ""})
    assert not Reach.objects.get(patient=ada.patient, channel="sms").is_on


# ---------------------------------------------------------------- where one is signed in
def test_a_lost_phone_is_signed_out_from_here(demo: Demo, ada: User) -> None:
    here, phone = Client(), Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Version/17.0 Safari/604.1")
    for client in (here, phone):
        client.post("/accounts/login/", {"login": ada.email, "password": cast()["password"]})
    assert "Safari on an iPhone" in here.get("/me/account/").content.decode()
    handle = next(s.handle for s in account_actions.sign_ins(ada, here.session.session_key) if not s.here)
    other = signed_in(make_account("ben@demo.example", name="Ben", patient=demo.patients["ben"]))
    assert other.post(f"/me/account/sign-ins/{handle}/end/").status_code == 404
    assert here.post(f"/me/account/sign-ins/{handle}/end/").status_code == 302
    assert phone.get("/me/").status_code == 302
    assert here.get("/me/").status_code == 200


# ---------------------------------------------------------------- caregivers
def let_in(demo: Demo, ada: User, days: int = 30) -> tuple[Caregiver, str]:
    until = (clock.now().date() + timedelta(days=days)).isoformat()
    return account_actions.let_in(demo.patients["ada"], "Ruth Sample", "sister", until, by=ada, at=clock.now())


def test_a_caregiver_sees_appointments_and_each_look_is_written_down(demo: Demo, ada: User) -> None:
    row, secret = let_in(demo, ada)
    page = Client().get(f"/care/{secret}/")
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    look = Access.objects.get(what="appointments", patient=ada.patient_id)
    assert "Ruth Sample" in look.by_name
    assert "Ruth Sample" in signed_in(ada).get("/me/").content.decode()
    signed_in(ada).post(f"/me/caregivers/{row.uid}/end/")
    assert Client().get(f"/care/{secret}/").status_code == 404
    assert secret not in str(Caregiver.objects.values())


def test_a_caregivers_day_ends_and_only_the_person_lets_in(demo: Demo, ada: User) -> None:
    row, secret = let_in(demo, ada, days=1)
    assert account_actions.caregiver_of(secret, clock.now()) == row
    assert account_actions.caregiver_of(secret, clock.now() + timedelta(days=3)) is None
    ben = make_account("ben@demo.example", name="Ben", patient=demo.patients["ben"])
    assert signed_in(ben).post(f"/me/caregivers/{row.uid}/end/").status_code == 404
    typed = {
        "form": "caregiver",
        "next": "/me/caregivers/",
        "name": "Ruth",
        "until": "2020-01-01",
        "uid": str(uuid.uuid4()),
    }
    assert signed_in(ada).post("/me/caregivers/", typed).status_code == 422
    good = typed | {"until": (clock.now().date() + timedelta(days=9)).isoformat()}
    own = signed_in(ada)
    assert "/care/" in own.post("/me/caregivers/", good).content.decode()
    assert own.post("/me/caregivers/", good).status_code == 302  # sent twice
    assert Caregiver.objects.count() == 2


# ---------------------------------------------------------------- taking along, and leaving
def test_everything_comes_along_and_nothing_of_anybody_else(demo: Demo, ada: User) -> None:
    demo.finished("ada", clock.now() - timedelta(days=3))
    demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=10))
    answer: Any = signed_in(ada).post("/me/account/download/")
    pack = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    about = json.loads(pack.read("about.json"))
    assert about["tables"]["vitals.Reading"] > 0
    assert about["tables"]["session.TreatmentSession"] == 1
    for name in pack.namelist():
        text = pack.read(name).decode(errors="replace")
        assert demo.patients["ben"].name not in text, name
        assert ada.password not in text, name
    for label, count in about["tables"].items():
        assert len(json.loads(pack.read(f"data/{label}.json"))) == count
    assert demo.patients["ada"].name in pack.read("read-me-first.html").decode()
    assert Access.objects.filter(what="own download", patient=ada.patient_id).exists()


def test_closing_ends_the_way_in_and_keeps_the_record(demo: Demo, ada: User) -> None:
    _, secret = let_in(demo, ada)
    own, elsewhere = signed_in(ada), signed_in(ada)
    wrong = {"form": "close", "next": "/me/account/close/", "sure": "yes", "password": "no"}
    assert own.post("/me/account/close/", wrong).status_code == 422
    assert User.objects.get(pk=ada.pk).is_active
    page = own.post("/me/account/close/", wrong | {"password": cast()["password"]})
    assert "Your account is closed" in page.content.decode()
    assert not User.objects.get(pk=ada.pk).is_active
    assert elsewhere.get("/me/").status_code == 302
    assert Client().get(f"/care/{secret}/").status_code == 404
    assert PatientNote.objects.filter(patient=ada.patient, kind="account_closed").exists()
    assert Patient.objects.filter(pk=ada.patient_id).exists()
    assert not Wish.objects.filter(patient=ada.patient, is_on=True).exists()


def test_staff_and_strangers_have_no_account_pages(demo: Demo) -> None:
    Site.objects.create(pk=2, name="Far")
    for path in ("details", "account", "account/close", "caregivers", "requests", "messages"):
        assert signed_in(demo.staff["nurse"]).get(f"/me/{path}/").status_code == 404
        assert Client().get(f"/me/{path}/").status_code == 302


def test_the_demos_ada_has_written_and_let_her_sister_look(demo: Demo, ada: User) -> None:
    from stillhaven.clinic.portal import demo as accounts

    accounts.seed(demo.patients, demo.staff, now=demo.now)
    accounts.seed(demo.patients, demo.staff, now=demo.now)
    page = signed_in(ada).get("/me/messages/").content.decode()
    assert page.count("Lunch before my next visit") == 1
    assert Client().get(f"/care/{accounts.SECRET}/").status_code == 200
