"""A whole day over HTTP, as a browser without script walks it: from the order and the check-in to the signed record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery import signing
from stillhaven.clinic.session import actions
from stillhaven.clinic.session import queries as sessions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference.cast_people import cast
from stillhaven.science.session import replay
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page, read_off
from tests.clinic.test_board import send

pytestmark = pytest.mark.django_db


class Clock:
    """The clinic's clock, moved by hand through a file that it reads again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.minutes = 0.0

    def on(self, minutes: float) -> None:
        self.minutes += minutes
        self.monkeypatch.setenv("STILLHAVEN_CLOCK", f"+{int(self.minutes * 60)}s")


def sign_order(demo: Demo, course: Any) -> Order:
    """The prescriber orders by the form: every limit and rescue drug of the demo."""
    url = f"/courses/{course.pk}/order/?protocol=iv_depression"
    typed = {
        "dose": "0.5", "dose_unit": "mg/kg", "weight": "82", "weight_unit": "kg", "weight_basis": "actual",
        "weighed_on": clock.now().date().isoformat(), "product_mg_per_ml": "50", "duration_min": "40", "bag_ml": "100",
        "fasting_food_h": "6", "fasting_liquid_h": "2", "observation_min": "60",
    }  # fmt: skip
    for row in cast()["limit"]:
        typed[f"limit__{row['condition']}__{row['signal']}__{row['tier']}"] = f"{row['value']:g}"
    secret = next(s["totp"] for s in cast()["staff"] if s["key"] == "prescriber")
    page = open_page(signed_in(demo.staff["prescriber"]), url).send("order", do="draft", **typed)
    page = page.send("order", do="sign", code=current_totp(secret))
    assert page.status == 200, page.words()
    return Order.objects.get()


def ask_everything(page: Page) -> Page:
    """Every question of the list, card by card."""
    page = page.send("identity", identifiers=["name", "birth_date"]).send("weight", weight="82", unit="kg")
    page = page.send("fasting", **_nones(page))
    page = page.send("escort", name="Ruth Fernsby", phone="555-0101", reachable="yes").send("consent", wants="yes")
    page = page.send("pregnancy", pregnant="no")
    page = page.send("medicines", changes="none").send("mood", words="a bit nervous")
    page = page.send("moaas", value="5").send("pain", value="1").send("nausea", value="0")
    page = page.send("iv_site", site="left forearm", gauge="22", patent="yes", attempts="1")
    return page.send("equipment", **_equipment(page))


def _nones(page: Page) -> dict[str, str]:
    return dict.fromkeys(re.findall(r'name="(\w+_none)"', page.text), "yes")


def _equipment(page: Page) -> dict[str, str]:
    form = re.search(r'id="f-equipment".*?</form>', page.text, flags=re.S)
    assert form
    return dict.fromkeys(re.findall(r'type="radio" name="(\w+)"', form.group(0)), "yes")


def measure(minutes_ago: float = 0.0, systolic: float = 124.0) -> None:
    values: dict[str, float | None] = {
        "systolic_mmhg": systolic, "diastolic_mmhg": 78.0, "mean_pressure_mmhg": 93.0, "heart_rate_per_min": 71.0,
        "spo2_pct": 98.0, "resp_rate_per_min": 14.0,
    }  # fmt: skip
    send("MON-1", values, clock.now() - timedelta(minutes=minutes_ago))


def test_a_whole_day(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    demo = make_clinic(clock.now())
    course = demo.course("ada")
    order = sign_order(demo, course)
    session = actions.book(
        course, booked_for=clock.now(), by=demo.staff["desk"], at=clock.now(), order=order, chair=demo.chairs["Chair 1"],
        nurse=demo.staff["nurse"],
    )  # fmt: skip

    # arrival, by the front desk, from the board
    open_page(signed_in(demo.staff["desk"]), "/board/").send(f"arrive-{session.pk}")
    url = f"/sessions/{session.uid}/"
    page = ask_everything(open_page(signed_in(demo.staff["nurse"]), url))
    assert page.status == 200
    page = page.send("attach")  # the chair's own monitor stands first
    measure()
    page = open_page(page.client, url).send("ready")
    assert page.status == 200, page.stops()
    assert open_page(page.client, url).send("start").status == 409, "nobody has checked the dose"

    # two people, each for themselves; then the start
    page = open_page(page.client, url + "gate/").send("gate", **read_off(order))
    second = open_page(signed_in(demo.staff["second"]), url + "gate/").send("gate", **read_off(order))
    assert "agree with the order" in second.words()
    measure()
    page = open_page(page.client, url)
    assert "Yes, start 41 mg over 40 min" in page.words()
    page = page.send("start", lot="DEMO-1")
    assert page.status == 200, page.stops()
    assert "41 mg" in page.words()
    assert "61.5 mg/h" in page.words()

    # ten minutes of drug, a hold of five, a resume, an event, the rest
    time.on(10)
    page = open_page(signed_in(demo.staff["nurse"]), url).send("hold", reason="asks for a pause")
    assert "On hold" in page.words()
    time.on(5)
    measure()
    page = open_page(signed_in(demo.staff["nurse"]), url).send("resume")
    assert page.status == 200, page.stops()
    page = page.send("event", term="nausea_vomiting", grade="1", interventions=["Head up"])
    assert page.status == 200
    time.on(30)
    measure()
    page = open_page(signed_in(demo.staff["nurse"]), url).send("stop", reason="dose complete", pump_volume_ml="100")
    assert "The drug has ended" in page.words()
    assert "41.0 mg" in page.words(), "ten minutes, a hold, thirty minutes: all of it and no more"

    # recovery: too early, then everything, then the door
    home = f"{url}recovery/"
    page = open_page(page.client, home)
    assert page.send("discharge").status == 409
    time.on(61)
    measure()
    page = open_page(signed_in(demo.staff["nurse"]), home)
    for key in [k for k in page.forms() if k.endswith("-yes")]:
        page = page.send(key)
        assert page.status == 200
    for scale in ("aldrete_modified", "padss"):
        page = page.send(f"score-{scale}", **_best(page, scale))
    page = page.send("scale-moaas", value="5").send("scale-nausea", value="0")
    page = page.send("escort", handed_over="yes")
    assert "Ruth Fernsby" in page.words()
    page = page.send("discharge")
    assert page.status == 200, page.stops()
    assert "with Ruth Fernsby" in page.words()

    # the signature, with a fresh code
    secret = next(s["totp"] for s in cast()["staff"] if s["key"] == "prescriber")
    page = open_page(signed_in(demo.staff["prescriber"]), home)
    assert page.send("sign", code="123").status == 422
    page = page.send("sign", code=current_totp(secret, 1))
    assert page.status == 200, page.words()
    done = TreatmentSession.objects.get()
    assert done.state == "signed"
    assert replay(m.move for m in sessions.moves(done)).value == "signed"
    held = signing.standing(done)
    assert held is not None
    assert held.holds
    assert "Every entry it covers is as it was signed" in page.words()
    page = page.send("addendum", text="Called the next day: well.")
    assert "1 entry came later" in page.words()


def _best(page: Page, scale: str) -> dict[str, str]:
    form = re.search(rf'id="f-score-{scale}".*?</form>', page.text, flags=re.S)
    assert form
    found: dict[str, str] = {}
    for name, value in re.findall(r'type="radio" name="(\w+)" value="(\d+)"', form.group(0)):
        found[name] = max(found.get(name, "0"), value)
    return found
