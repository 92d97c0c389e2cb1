"""An order: worked out line by line, nothing filled in, signed with a fresh code for exactly what was shown."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.monitoring import synthetic
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.plan import actions, course_plan
from stillhaven.clinic.plan import demo as plans
from stillhaven.clinic.plan.models import Order, Plan
from stillhaven.clinic.plan.recipe import most_mg_per_h, recipe_of, step_rates
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.session import actions as sessions_
from stillhaven.clinic.session import facts
from stillhaven.clinic.session.models import SessionMove
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference import load as reference
from stillhaven.reference.cast_people import cast
from stillhaven.science import gate
from stillhaven.science.course import Move
from stillhaven.science.errors import BadInput, Refused
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


# ---------------------------------------------------------------- every protocol, every route
DAYS = {"valid_from": "2026-11-01", "valid_until": "2030-12-31"}
PATIENT = DAYS | {"weight": "82", "weight_unit": "kg", "weight_basis": "actual", "weighed_on": "2026-11-20"}
BAG = {"bag_ml": "100", "product_mg_per_ml": "50"}
BY_ROUTE: dict[str, dict[str, str]] = {
    "iv_infusion": PATIENT | BAG | {"dose": "0.5", "dose_unit": "mg/kg", "duration_min": "60"},
    "iv_bolus": PATIENT
    | {"dose": "0.1", "dose_unit": "mg/kg", "product_mg_per_ml": "50", "bag_ml": "10", "duration_min": "2"},
    "im": PATIENT | {"dose": "0.5", "dose_unit": "mg/kg", "product_mg_per_ml": "100"},
    "intranasal": PATIENT | {"dose": "50", "dose_unit": "mg", "product_mg_per_ml": "100"},
    "oral": PATIENT | {"dose": "1", "dose_unit": "mg/kg", "form": "liquid", "product_mg_per_ml": "50"},
    "sublingual": PATIENT | {"dose": "200", "dose_unit": "mg", "form": "units", "unit_mg": "100"},
}
OWN: dict[tuple[str, str], dict[str, str]] = {
    ("iv_crps_inpatient", "iv_infusion"): PATIENT | {"take": "infusion:22", "product_mg_per_ml": "5", "bag_ml": "", "product_drug": "s_ketamine"},
    ("iv_crps_outpatient", "iv_infusion"): PATIENT | BAG | {"dose": "0.3", "dose_unit": "mg/kg/h", "duration_min": "240"},
    ("iv_spinal_cord_injury", "iv_infusion"): PATIENT | BAG | {"take": "by_rate:0.42", "duration_min": "60"},
    ("esketamine_trd", "intranasal"): DAYS | {"dose": "56"},
    ("esketamine_mdd_suicidal", "intranasal"): DAYS | {"dose": "84"},
}  # fmt: skip
EVERY = sorted(
    (p.key, route.value) for p in reference.current().protocols.values() if p.is_orderable for route in p.routes
)


def test_an_order_of_every_protocol_by_every_route_is_worked_out_signed_and_passes_the_gate(demo: Demo) -> None:
    doctor, now, orders = demo.staff["prescriber"], clock.now(), []
    for protocol, route in EVERY:
        course = demo.course("ada")
        typed = {"protocol": protocol, "route": route} | (OWN.get((protocol, route)) or BY_ROUTE[route])
        drafted = actions.draft(course, typed, by=doctor, at=now)
        assert not [f.because for f in drafted.findings if f.stops], (protocol, route)
        order = actions.sign_order(course.pk, typed, by=doctor, at=now, second_factor="demo")
        recipe = recipe_of(order)
        assert abs(gate.ordered(recipe)["dose_mg"] - Fraction(str(order.dose_mg))) < Fraction(1, 1000)
        first, second = (gate.read(recipe, synthetic.dose_check(order), person=p, drug=order.drug) for p in "78")
        assert gate.compare(recipe, first, second).agreed, (protocol, route)
        orders.append(order)
    client = signed_in(demo.staff["nurse"])
    for order in {order.route: order for order in orders}.values():
        assert open_page(client, f"/orders/{order.uid}/").status == 200


def test_there_is_an_order_for_every_regimen_of_the_fact_file() -> None:
    assert {key for key, _ in EVERY} | {
        p.key for p in reference.current().protocols.values() if not p.is_orderable
    } == set(reference.current().protocols)
    assert {route for _, route in EVERY} == set(BY_ROUTE)


def test_a_form_asks_only_what_the_route_needs(demo: Demo) -> None:
    spray = blank(demo, protocol="esketamine_trd").form("order")[1]
    assert "dose" in spray
    assert not {"product_mg_per_ml", "weight", "bag_ml", "device_mg", "duration_min", "dose_unit"} & set(spray)
    muscle = blank(demo, protocol="im_depression").form("order")[1]
    assert "product_mg_per_ml" in muscle
    assert not {"bag_ml", "duration_min", "ramp.0.minutes"} & set(muscle)
    tablet = blank(demo, protocol="sublingual").form("order")[1]
    assert "unit_mg" in tablet
    assert "bag_ml" not in tablet


@pytest.mark.parametrize(("typed", "field"), [("70", "dose"), ("28.5", "dose"), ("168", "dose")])
def test_no_part_of_a_device_is_ordered(demo: Demo, typed: str, field: str) -> None:
    with pytest.raises(BadInput) as told:
        actions.draft(
            demo.course("eve"),
            {"protocol": "esketamine_trd", "dose": typed},
            by=demo.staff["prescriber"],
            at=clock.now(),
        )
    assert told.value.field == field


def test_published_numbers_are_taken_by_a_choice_and_keep_their_source(demo: Demo) -> None:
    typed = {k: v for k, v in TYPED.items() if k not in ("dose", "dose_unit", "duration_min")}
    page = blank(demo).send("order", do="draft", take="infusion:0.5", **typed)
    assert "150 mL/h" in page.words()
    page = page.send("order", do="sign", code=code(demo))
    assert page.status == 200, page.words()
    order = Order.objects.get()
    assert order.sources.keys() == {"dose", "dose_unit", "duration_min"}
    assert "ANAND_2023" in order.sources["dose"]
    other = blank(demo).send("order", do="draft", take="infusion:0.5", **(typed | {"dose": "0.6"}))
    assert other.status == 422
    assert "proposal that you take says 0.5" in other.text


def test_a_ramp_gives_the_same_dose_and_runs_at_its_own_rates(demo: Demo) -> None:
    ramp = {"ramp.0.minutes": "10", "ramp.0.pct": "50", "ramp.1.minutes": "35", "ramp.1.pct": "100"}
    typed = {"protocol": "iv_slow_start"} | PATIENT | BAG | {"dose": "0.5", "dose_unit": "mg/kg"} | ramp
    order = actions.sign_order(
        demo.course("ada").pk, typed, by=demo.staff["prescriber"], at=clock.now(), second_factor="demo"
    )
    assert (order.dose_mg, order.duration_min) == (41, 45)
    rates = step_rates(order)
    assert [round(r, 3) for _, r in rates] == [30.75, 61.5]
    assert sum(minutes * rate / 60 for minutes, rate in rates) == pytest.approx(41.0)
    assert most_mg_per_h(order) == pytest.approx(61.5)
    with pytest.raises(BadInput, match="45 min together"):
        actions.draft(demo.course("ada"), typed | {"duration_min": "40"}, by=demo.staff["prescriber"], at=clock.now())


STOPS: list[tuple[str, str, dict[str, str], str]] = [
    ("iv_depression", "iv_infusion", {"dose": "0.9"}, "ceiling_mg_per_kg"),
    ("iv_depression", "iv_infusion", {"dose": "1.2"}, "anaesthetic_range"),
    ("iv_depression", "iv_infusion", {"product_drug": "s_ketamine"}, "one_drug"),
    ("iv_depression", "iv_infusion", {"product_mg_per_ml": "100", "bag_ml": ""}, "diluted"),
    ("iv_depression", "iv_infusion", {"observation_min": "5"}, "observation"),
    ("iv_chronic_pain", "iv_bolus", {"dose": "0.36"}, "ceiling_mg_per_kg"),
    ("iv_chronic_pain", "iv_bolus", {"product_mg_per_ml": "100", "bag_ml": ""}, "diluted"),
    ("iv_crps_outpatient", "iv_infusion", {"dose": "0.36"}, "rate_mg_per_kg_per_h"),
    ("im_depression", "im", {"dose": "1.1"}, "ceiling_mg_per_kg"),
    ("im_depression", "im", {"dose": "6.5"}, "anaesthetic_range"),
    ("im_depression", "im", {"product_drug": "esketamine"}, "one_drug"),
    ("intranasal_racemic", "intranasal", {"dose": "51"}, "ceiling_mg"),
    ("oral_depression", "oral", {"dose": "2.6"}, "ceiling_mg_per_kg"),
    ("sublingual", "sublingual", {"dose": "400"}, "ceiling_mg"),
    ("iv_crps_inpatient", "iv_infusion", {"take": "", "dose": "30", "dose_unit": "mg/h", "duration_min": "600"}, "rate_mg_per_h"),
    ("esketamine_trd", "intranasal", {"dose": "84", "product_drug": "ketamine"}, "one_drug"),
]  # fmt: skip


def test_hard_stops_of_each_route(demo: Demo) -> None:
    course, doctor = demo.course("ada"), demo.staff["prescriber"]
    for protocol, route, change, rule in STOPS:
        typed = {"protocol": protocol, "route": route} | (OWN.get((protocol, route)) or BY_ROUTE[route]) | change
        drafted = actions.draft(course, typed, by=doctor, at=clock.now())
        assert rule in {f.rule for f in drafted.findings if f.stops}, (protocol, route, change)
        with pytest.raises(Refused):
            actions.sign_order(course.pk, typed, by=doctor, at=clock.now(), second_factor="demo")


def test_what_the_clinic_has_not_set_stops_and_is_said(demo: Demo) -> None:
    newest = policy.newest(1)
    assert newest is not None
    content = {k: v for k, v in newest.content.items() if k != "im_ceiling_mg_per_kg"}
    record.append(
        type(newest)(site=1, happened_at=clock.now(), what="policy", version="x", content=content),
        by=demo.staff["prescriber"],
    )
    page = blank(demo, protocol="im_depression")
    assert "The clinic has not set: the most per kg" in page.words()
    page = page.send("order", do="draft", **BY_ROUTE["im"])
    assert "cannot be signed" in page.words()


def test_a_step_up_beyond_the_clinics_step_stops(demo: Demo) -> None:
    course = demo.course("ada")
    demo.order(course, "ada", clock.now())
    typed = {"protocol": "iv_step_up"} | BY_ROUTE["iv_infusion"]
    small = actions.draft(course, typed | {"dose": "0.6"}, by=demo.staff["prescriber"], at=clock.now())
    large = actions.draft(course, typed | {"dose": "0.7"}, by=demo.staff["prescriber"], at=clock.now())
    assert [f.stops for f in small.findings if f.rule == "step"] == [False]
    assert [f.stops for f in large.findings if f.rule == "step"] == [True]


def test_one_signature_serves_a_series_and_is_then_used_up(demo: Demo) -> None:
    course, now = demo.course("ada"), clock.now()
    order = demo.order(course, "ada", now, for_sessions="2")
    sessions = [sessions_.book(course, booked_for=now, by=demo.staff["desk"], at=now, order=order) for _ in range(3)]
    for n, session in enumerate(sessions):
        asked = facts.start_facts(session, now)
        assert asked.order is not None
        assert asked.order.used is (n >= 2)
        move = SessionMove(site=1, happened_at=now, session=session, move="start", state="dosing")
        record.append(move, by=demo.staff["nurse"])


def test_premedication_and_holds_are_part_of_the_order(demo: Demo) -> None:
    premed = {k.replace("rescue", "premed"): v for k, v in TYPED.items() if k.startswith("rescue")}
    page = blank(demo).send("order", do="draft", holds="MOAA/S 3 or under\nasks for a pause", **premed, **TYPED)
    page = page.send("order", do="sign", code=code(demo))
    order = Order.objects.get()
    assert order.premedication[0]["key"] == "ondansetron"
    assert order.holds == ["MOAA/S 3 or under", "asks for a pause"]
    assert "asks for a pause" in page.words()


def test_the_signing_step_repeats_mg_and_ml(demo: Demo) -> None:
    page = blank(demo).send("order", do="draft", **TYPED)
    assert "41 mg · 0.82 mL of 50 mg/mL · in all 100 mL at 0.41 mg/mL · over 40 min · 150 mL/h" in page.words()


def test_an_order_is_cancelled_with_a_reason_and_a_code_and_stays(demo: Demo) -> None:
    order = demo.order(demo.course("ada"), "ada", clock.now())
    page = open_page(signed_in(demo.staff["prescriber"]), f"/orders/{order.uid}/")
    assert page.send("cancel", reason="", code=code(demo)).status == 422
    page = page.send("cancel", reason="started lithium", code=code(demo))
    assert page.status == 200, page.words()
    assert "started lithium" in page.words()
    assert Order.objects.count() == 2
    assert not Order.objects.current().exists()
    nurse = open_page(signed_in(demo.staff["nurse"]), f"/orders/{order.uid}/")
    assert "cancel" not in nurse.forms()


# ---------------------------------------------------------------- the plan of the course
PLAN = {
    "protocol": "iv_depression", "scheme": "twice_weekly_three_weeks", "response_scale": "phq9", "response_after": "6",
    "response_fall_pct": "50", "goals": "I want to read to my daughter again", "why_against": "decided in the case meeting",
    "stop_rules": "no response\nblood in urine", "therapist": "Theo Marsh",
}  # fmt: skip


def eligible(demo: Demo) -> Any:
    patient, doctor, at = demo.patients["ada"], demo.staff["prescriber"], clock.now()
    course = courses.open_course(patient, "Depression", by=doctor, at=at)
    for move in (Move.SCREEN, Move.FIND_ELIGIBLE):
        course = courses.advance(course.pk, move, by=doctor, at=at)
    return course


def test_a_plan_takes_the_published_schedule_and_moves_the_course_on(demo: Demo) -> None:
    course = eligible(demo)
    page = open_page(signed_in(demo.staff["prescriber"]), f"/courses/{course.pk}/plan/?protocol=iv_depression")
    assert "not fit, and why" in page.words()
    fields = {k: v for k, v in PLAN.items() if k in page.form("plan")[1] or k == "scheme"}
    page = page.send("plan", do="draft", **fields)
    assert page.status == 200, page.words()
    assert "6 sessions, 2 a week" in page.words()
    page = page.send("plan", do="sign", code=code(demo))
    assert page.status == 200, page.words()
    course.refresh_from_db()
    assert course.state == "planned"
    plan = Plan.objects.get()
    assert (plan.sessions, float(plan.sessions_per_week), plan.second_factor) == (6, 2.0, "totp")
    assert "I want to read to my daughter again" in page.words()
    assert plan.sources["sessions"].startswith("ANAND_2023")


def test_a_new_version_of_the_plan_shows_what_changed(demo: Demo) -> None:
    course, doctor = eligible(demo), demo.staff["prescriber"]
    first = course_plan.sign_plan(course.pk, PLAN, by=doctor, at=clock.now(), second_factor="demo")
    changed = PLAN | {"response_after": "4"}
    with pytest.raises(BadInput, match="why"):
        course_plan.sign_plan(course.pk, changed, by=doctor, at=clock.now(), second_factor="demo")
    second = course_plan.sign_plan(course.pk, changed, by=doctor, at=clock.now(), second_factor="demo", why="sooner")
    assert second.amends_id == first.pk
    assert course_plan.differences(first, second) == [("Judged after session", "6", "4")]
    page = open_page(signed_in(doctor), f"/courses/{course.pk}/plan/")
    assert "2 versions" in page.words()


UNREADABLE: list[tuple[dict[str, str], str]] = [
    ({"goals": ""}, "goals"), ({"protocol": "maintenance"}, "protocol"), ({"sessions": "9"}, "sessions"),
    ({"response_fall_pct": "120"}, "response_fall_pct"), ({"response_after": "7"}, "response_after"),
    ({"scheme": "own", "sessions": "six"}, "sessions"), ({"scheme": "nightly"}, "scheme"),
    ({"stop_after_failed": "9"}, "stop_after_failed"), ({"response_scale": "mood ring"}, "response_scale"),
    ({"protocol": "iv_crps_outpatient", "why_against": ""}, "why_against"),
]  # fmt: skip


def test_a_plan_that_cannot_be_read_says_which_field(demo: Demo) -> None:
    course = eligible(demo)
    for change, field in UNREADABLE:
        with pytest.raises(BadInput) as told:
            course_plan.draft(course, PLAN | change, by=demo.staff["prescriber"], at=clock.now())
        assert told.value.field == field


def test_nobody_plans_before_a_decision_nor_without_the_role(demo: Demo) -> None:
    course = courses.open_course(demo.patients["ada"], "Depression", by=demo.staff["prescriber"], at=clock.now())
    with pytest.raises(Refused, match="candidate"):
        course_plan.draft(course, PLAN, by=demo.staff["prescriber"], at=clock.now())
    url = f"/courses/{course.pk}/plan/"
    assert signed_in(demo.staff["nurse"]).post(url, PLAN).status_code == 403
    assert signed_in(demo.staff["nurse"]).get(url).status_code == 200
    assert signed_in(demo.staff["desk"]).get(url).status_code == 403


def test_the_demos_plans_are_signed_by_the_same_deed(demo: Demo) -> None:
    for key in ("ada", "finn"):
        demo.course(key)
    plans.seed(demo.patients, doctor=demo.staff["prescriber"], now=clock.now())
    assert {p.protocol for p in Plan.objects.current()} == {"iv_depression", "iv_crps_outpatient"}
