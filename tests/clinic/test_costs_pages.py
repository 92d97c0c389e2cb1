"""Does the page add up the clinic's own prices, and does an estimate hold every element or is not given?"""

from __future__ import annotations

import io
from datetime import date, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.public import costs_actions as actions
from stillhaven.clinic.public import costs_queries
from stillhaven.clinic.public.costs_models import ClinicPrice, Estimate
from stillhaven.clinic.record import clock
from stillhaven.clinic.web.demo import Demo, make_account
from stillhaven.reference._costs import costs
from stillhaven.science.errors import BadInput, Refused
from tests.cast import NOW, make_clinic, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Demo:
    return make_clinic(NOW)


def manager() -> User:
    return next(u for u in User.objects.all() if "manager" in u.roles)


def priced(site: Site, **more: str) -> ClinicPrice:
    row = {"title": "Infusion session", "part": "session", "route": "iv_infusion", "per": "session", "likely": "500",
           "code": "96365", "since": "2026-01-01"}  # fmt: skip
    return actions.set_price(site, row | more, by=manager(), uid=uuid4())


def test_the_page_adds_up_and_says_what_is_not_known(client: Client, clinic: Demo) -> None:
    empty = client.get("/costs/?course=iv_depression:iv_infusion").content.decode()
    assert "has not stated its price" in empty
    assert "$400 to $800" in empty, "what web pages quote stands apart"
    priced(clinic.site)
    text = client.get("/costs/?course=iv_depression:iv_infusion&payer=commercial").content.decode()
    assert "$3,000" in text
    assert "$6,000" in text
    assert "not known" in text
    assert "96365" in text
    assert "Blue Cross Blue Shield of Massachusetts" in text, "sources are readable"
    assert client.get("/costs/").status_code == 200
    for wrong in ("course=magic:iv_infusion", "course=iv_depression:oral", "course=iv_depression:iv_infusion&deductible=abc",
                  "course=iv_depression:iv_infusion&sessions=0", "course=iv_depression:iv_infusion&payer=<script>"):  # fmt: skip
        answer = client.get(f"/costs/?{wrong}")
        assert answer.status_code == 422
        assert "<script>" not in answer.content.decode().replace('<script src="/static', "")


def test_a_new_price_ends_the_old_one_and_each_day_has_its_own(clinic: Demo) -> None:
    old = priced(clinic.site)
    priced(clinic.site, likely="550", since="2026-11-01")
    old.refresh_from_db()
    assert old.until == date(2026, 10, 31)
    on = [costs_queries.held(clinic.site.pk, day).get().likely_cents for day in (date(2026, 10, 31), date(2026, 11, 1))]
    assert on == [50_000, 55_000]
    with pytest.raises(BadInput):
        priced(clinic.site, since="2026-10-01")
    for wrong in (
        {"likely": "-1"},
        {"low": "600"},
        {"part": "package"},
        {"since": "soon"},
        {"code": "S0013"},
        {"route": "x"},
    ):
        with pytest.raises(BadInput):
            priced(clinic.site, **({"title": str(wrong)} | wrong))
    with pytest.raises(Refused):
        actions.set_price(clinic.site, {}, by=clinic.staff["nurse"], uid=uuid4())


def test_staff_set_prices_on_their_page_and_a_slip_keeps_what_was_typed(clinic: Demo) -> None:
    browser = signed_in(manager())
    form = {"form": "price", "next": "/prices/", "uid": str(uuid4()), "title": "Typed", "part": "session", "per": "session",
            "likely": "oops", "since": "2026-11-01"}  # fmt: skip
    assert browser.get("/prices/").status_code == 200
    slip = browser.post("/prices/set/", form)
    assert slip.status_code == 422
    assert "Typed" in slip.content.decode()
    assert browser.post("/prices/set/", form | {"likely": "400"}).status_code == 302
    assert browser.post("/prices/set/", form | {"likely": "400"}).status_code == 302
    assert ClinicPrice.objects.count() == 1
    assert signed_in(clinic.staff["nurse"]).get("/prices/").status_code == 403


def ready(clinic: Demo) -> tuple[Patient, dict[str, object]]:
    priced(clinic.site)
    biller = actions.set_provider(
        clinic.site, {"name": "Synthetic Clinic", "npi": "1234567893", "tin": "12-3456789", "address": "1 Main St", "state": "ca"},
        by=manager(), uid=uuid4(),
    )  # fmt: skip
    line = {"title": "Infusion session", "code": "96365", "count": "6", "amount": "500", "provider": str(biller.pk)}
    typed: dict[str, object] = {
        "protocol": "iv_depression", "route": "iv_infusion", "asked_on": "2026-11-20", "scheduled_on": "2026-12-07",
        "sessions": "6", "service": "Six infusions of ketamine", "diagnoses": "F33.1", "lines": [line], "separate": "Blood test",
    }  # fmt: skip
    return clinic.patients["ada"], typed


def give(patient: Patient, typed: dict[str, object], **more: object) -> Estimate:
    return actions.issue(patient, typed | more, by=manager(), at=NOW, today=NOW.date(), uid=uuid4())


def test_an_estimate_holds_every_element(clinic: Demo) -> None:
    patient, typed = ready(clinic)
    row = give(patient, typed)
    c = row.content
    assert (c["patient"]["name"], c["patient"]["born"]) == (patient.name, patient.born.isoformat())
    assert c["service"]
    assert row.scheduled_on == date(2026, 12, 7)
    assert c["groups"][0]["npi"] == "1234567893"
    assert c["groups"][0]["tin"] == "12-3456789"
    assert c["groups"][0]["state"] == "CA"
    assert c["groups"][0]["lines"][0]["code"] == "96365"
    assert c["diagnoses"][0]["code"] == "F33.1"
    assert c["separate"] == ["Blood test"]
    said = " ".join(c["says"])
    assert all(word in said for word in ("400", "dispute", "not a contract", "does not affect"))
    assert row.total_cents == 300_000
    assert row.code_table == costs().version
    assert row.due_on == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("field", "value"),
    [("service", ""), ("diagnoses", ""), ("diagnoses", "F99.99"), ("lines", []), ("asked_on", ""), ("scheduled_on", "2020-01-01"),
     ("sessions", "0"), ("protocol", "maintenance"), ("route", "oral")],
)  # fmt: skip
def test_without_an_element_nothing_is_given(clinic: Demo, field: str, value: object) -> None:
    patient, typed = ready(clinic)
    with pytest.raises(BadInput):
        give(patient, typed, **{field: value})
    assert Estimate.objects.count() == 0


def test_wrong_codes_and_missing_numbers_stop_it(clinic: Demo) -> None:
    patient, typed = ready(clinic)
    line = typed["lines"][0]  # type: ignore[index]
    for change in (
        {"code": "S0013"},
        {"code": ""},
        {"amount": ""},
        {"provider": "999"},
        {"count": "-1"},
        {"code": "J0013"},
    ):
        with pytest.raises(BadInput):
            give(patient, typed, lines=[line | change])
    with pytest.raises(BadInput):
        actions.set_provider(
            clinic.site, {"name": "x", "npi": "1234567890", "tin": "1", "state": "CA"}, by=manager(), uid=uuid4()
        )


def test_it_is_given_on_paper_to_its_person_and_to_nobody_else(clinic: Demo) -> None:
    patient, typed = ready(clinic)
    browser = signed_in(manager())
    page = f"/patients/{patient.pk}/estimate/"
    assert "500" in browser.get(page).content.decode()
    today = clock.now().astimezone(ZoneInfo(patient.site.zone)).date()
    line = typed["lines"][0]  # type: ignore[index]
    form = {"uid": str(uuid4()), "course": "iv_depression:iv_infusion", "service": "Six infusions", "sessions": "6",
            "asked_on": today.isoformat(), "scheduled_on": (today + timedelta(days=20)).isoformat(), "diagnoses": "F33.1",
            **{f"line_{k}": v for k, v in line.items()}}  # fmt: skip
    slip = browser.post(page, form | {"diagnoses": "nonsense"})
    assert slip.status_code == 422
    assert "nonsense" in slip.content.decode()
    assert browser.post(page, form).status_code == 302
    assert browser.post(page, form).status_code == 302
    row = Estimate.objects.get()
    paper = browser.get(f"{page}{row.uid}.pdf")
    assert paper["Content-Type"] == "application/pdf"
    assert b"%PDF" in io.BytesIO(b"".join([paper.content])).read(8)
    own = signed_in(User.objects.get(patient=patient))
    assert "$3,000" in own.get("/me/estimates/").content.decode()
    assert own.get(f"/me/estimates/{row.uid}.pdf").status_code == 200
    other = signed_in(make_account("ben@patients.example", name="Ben", patient=clinic.patients["ben"]))
    assert other.get(f"/me/estimates/{row.uid}.pdf").status_code == 404
    assert signed_in(clinic.staff["nurse"]).get(page).status_code == 403
    assert browser.get(f"/patients/{clinic.patients['ben'].pk}/estimate/{row.uid}.pdf").status_code == 404
    assert browser.get("/patients/999999/estimate/").status_code == 404
