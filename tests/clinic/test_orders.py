"""An order: worked out line by line, nothing filled in, signed with a fresh code for exactly what was shown."""

from __future__ import annotations

from typing import Any

import pytest

from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference.cast_people import cast
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

pytestmark = pytest.mark.django_db

TYPED = {
    "dose": "0.5", "dose_unit": "mg/kg", "weight": "82", "weight_unit": "kg", "weight_basis": "actual",
    "weighed_on": "2026-11-20", "product_mg_per_ml": "50", "duration_min": "40", "bag_ml": "100",
    "limit__spo2_low__spo2_pct__warn": "94", "rescue__0__drug": "ondansetron", "rescue__0__dose": "4",
    "rescue__0__max_dose": "4", "rescue__0__unit": "mg", "rescue__0__route": "IV", "rescue__0__max_times": "1",
    "rescue__0__when": "vomiting",
}  # fmt: skip


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def blank(demo: Demo, who: str = "prescriber", protocol: str = "iv_depression") -> Page:
    course = demo.patients["ada"].courses.first() or demo.course("ada")
    return open_page(signed_in(demo.staff[who]), f"/courses/{course.pk}/order/?protocol={protocol}")


def code(demo: Demo) -> str:
    return current_totp(next(s["totp"] for s in cast()["staff"] if s["key"] == "prescriber"))


def test_no_medical_number_is_filled_in(demo: Demo) -> None:
    _, fields = blank(demo).form("order")
    full = {k for k, v in fields.items() if v not in ([""], [])}
    assert full <= {"csrfmiddlewaretoken", "protocol", "diluent", "valid_from", "valid_until"}


def test_every_line_of_the_arithmetic_is_shown_before_anybody_can_sign(demo: Demo) -> None:
    page = blank(demo)
    assert 'value="sign"' not in page.text
    page = page.send("order", do="draft", **TYPED)
    words = page.words()
    assert "41 mg" in words
    assert "0.41 mg/mL" in words
    assert "150 mL/h" in words
    assert 'value="sign"' in page.text


def test_it_is_signed_with_a_code_and_keeps_limits_and_rescue_drugs(demo: Demo) -> None:
    page = blank(demo).send("order", do="draft", **TYPED).send("order", do="sign", code=code(demo))
    assert page.status == 200, page.words()
    order = Order.objects.get()
    assert (order.dose_mg, order.second_factor) == (41, "totp")
    assert order.limits == [{"condition": "spo2_low", "signal": "spo2_pct", "tier": "warn", "value": 94.0}]
    assert order.rescue[0]["key"] == "ondansetron"
    assert "I. Lindqvist MD" in page.words()


def test_a_wrong_code_signs_nothing_and_loses_nothing(demo: Demo) -> None:
    page = blank(demo).send("order", do="draft", **TYPED).send("order", do="sign", code="000000")
    assert page.status == 422
    assert "This code is wrong" in page.words()
    _, fields = page.form("order")
    assert (fields["weight"], fields["limit.spo2_low.spo2_pct.warn"], fields["rescue.0.when"]) == (
        ["82"],
        ["94"],
        ["vomiting"],
    )
    assert not Order.objects.exists()


def test_what_was_changed_after_it_was_worked_out_is_not_signed(demo: Demo) -> None:
    page = blank(demo).send("order", do="draft", **TYPED)
    page = page.send("order", do="sign", code=code(demo), dose="5")
    assert page.status == 409
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("dose", "half", "order-dose"),
        ("weight_unit", "stone", "weight_unit"),
        ("limit__spo2_low__spo2_pct__warn", "high", "Write a plain number"),
        ("limit__spo2_low__spo2_pct__warn", "940", "limit"),
        ("rescue__0__max_dose", "2", "Is less than the dose"),
        ("duration_min", "", "Write over how many minutes"),
        ("weighed_on", "yesterday", "Write a date as"),
    ],
)
def test_each_slip_comes_back_beside_its_field(demo: Demo, field: str, value: str, said: str) -> None:
    page = blank(demo).send("order", do="draft", **(TYPED | {field: value}))
    assert page.status == 422
    assert said in page.text or said in page.words() or "f-dose-why" in page.text
    kept = page.form("order")[1]
    assert kept["product_mg_per_ml"] == ["50"]
    assert kept["rescue.0.route"] == ["IV"]


def test_an_anaesthetic_dose_cannot_be_signed(demo: Demo) -> None:
    page = blank(demo).send("order", do="draft", **(TYPED | {"dose": "5"}))
    assert "cannot be signed" in page.words()
    assert 'value="sign"' not in page.text
    token = {"shown": "", "do": "sign", "code": code(demo)}
    page.client.post(page.url, page.form("order")[1] | token)
    assert not Order.objects.exists()


def test_a_new_version_amends_the_old_with_a_reason(demo: Demo) -> None:
    course = demo.course("ada")
    old = demo.order(course, "ada", clock.now())
    page = open_page(signed_in(demo.staff["prescriber"]), f"/orders/{old.uid}/amend/")
    fields = page.form("order")[1]
    assert fields["dose"] == ["0.5"]
    assert fields["limit.spo2_low.spo2_pct.warn"] == ["94"]
    page = page.send("order", do="draft", product_mg_per_ml="50", bag_ml="100", dose="0.4")
    refused = page.send("order", do="sign", code=code(demo))
    assert refused.status in (409, 422)
    page = refused.send("order", do="sign", code=current(demo, 1), amend_reason="smaller, she asked for it")
    assert page.status == 200, page.words()
    new = Order.objects.current().get()
    assert new.amends_id == old.uid
    assert new.reason == "smaller, she asked for it"


def current(demo: Demo, ahead: int) -> str:
    return current_totp(next(s["totp"] for s in cast()["staff"] if s["key"] == "prescriber"), ahead)


@pytest.mark.parametrize(("who", "status"), [("prescriber", 200), ("nurse", 403), ("desk", 403)])
def test_who_may_order(demo: Demo, who: str, status: int) -> None:
    assert blank(demo, who).status == status


def test_opening_the_form_is_noted_once(demo: Demo) -> None:
    page: Any = blank(demo)
    page.send("order", do="draft", **TYPED)
    assert Access.objects.filter(what="order form").count() == 1


def test_esketamine_is_ordered_by_the_device(demo: Demo) -> None:
    typed = {"dose": "56", "dose_unit": "mg", "product_mg_per_ml": "140", "device_mg": "28"}
    page = blank(demo, protocol="esketamine_trd").send("order", do="draft", **typed)
    assert page.status == 200
    assert "56 mg" in page.words()
