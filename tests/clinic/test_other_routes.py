"""Sessions whose dose goes in at once: into a muscle, by mouth, under the tongue, by the nose; whole and in parts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stillhaven.clinic.chart import queries as board
from stillhaven.clinic.monitoring.config import live_config
from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery import facts
from stillhaven.clinic.session import actions, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock import demo as safe
from stillhaven.clinic.stock import queries as stock
from stillhaven.clinic.stock.models import Vial
from stillhaven.clinic.web.demo import INJECTION, Demo
from stillhaven.science.errors import Refused
from stillhaven.science.findings import Verdict
from tests.cast import make_clinic, signed_in
from tests.clinic.walking import Clock, Walk

pytestmark = pytest.mark.django_db
TABLETS = {
    "protocol": "sublingual", "route": "sublingual", "dose": "200", "dose_unit": "mg", "form": "units", "unit_mg": "100",
    "product_mg_per_ml": "", "duration_min": "", "bag_ml": "", "observation_min": "120",
}  # fmt: skip
LIQUID = {
    "protocol": "oral_depression", "route": "oral", "dose": "1", "dose_unit": "mg/kg", "form": "liquid",
    "product_mg_per_ml": "50", "duration_min": "", "bag_ml": "", "observation_min": "120",
}  # fmt: skip


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def demo(time: Clock) -> Demo:
    return make_clinic(clock.now())


def test_an_injection_whole_from_the_check_in_to_the_door(demo: Demo, time: Clock) -> None:
    safe.deliver(demo.site, demo.staff, clock.now())
    walk = Walk(demo, "gia", "Chair 6", **INJECTION)
    vial = Vial.objects.filter(drug="ketamine", lot=safe.LOT).order_by("code")[0]
    page = walk.ask_everything()
    assert not {"iv_site", "rems"} & set(page.forms())
    assert walk.take(vial, volume_ml="0.61", mg="30.5").status == 200
    page.send("attach")
    walk.measure()
    assert walk.page().send("ready").status == 200
    walk.pass_gate()
    page = walk.page()
    assert "Give the dose …" in page.words()
    assert "cannot be taken back or slowed" in page.words()
    assert (page.form("start")[1]["amount_mg"], page.form("start")[1]["lot"]) == (["30.5"], [safe.LOT])
    page = page.send("start")
    assert page.status == 200, page.stops()
    assert walk.state == "recovering", "the whole dose is in: nobody has to say that it has ended"
    words = page.words()
    assert f"Dose, 30.5 mg, lot {safe.LOT}" in words
    assert "All of it is in." in words
    assert not [iv for iv in ("mL/h", "mg/h", "The pump shows", "Picture of the site") if iv in words]
    use = stock.session_use(walk.session.uid)
    assert (use.given, use.open) == (Decimal("30.50"), 0)

    time.on(60)
    walk.measure()
    page = walk.look()
    assert not [k for k in page.forms() if k.startswith("cannula")]
    assert page.send("discharge").status == 409
    assert any("120 min" in why for why in page.stops())
    time.on(61)
    walk.measure()
    page = walk.page(way="recovery/").send("discharge")
    assert page.status == 200, page.stops()
    record = walk.page(way="record/").words()
    assert "One by one" in record
    assert "after 121 min" in record
    assert "Left in the bag" not in record


def test_an_injection_in_two_parts_counts_from_the_last(demo: Demo, time: Clock) -> None:
    walk = Walk(demo, "gia", "Chair 6", **INJECTION)
    page = walk.to_ready().send("start", amount_mg="15.5", lot="L-1")
    assert page.status == 200, page.stops()
    assert walk.state == "dosing"
    assert "15 mg still to give" in page.words()
    assert "Give part 2" in page.words()
    time.on(15)
    assert walk.page().send("give", amount_mg="20").status == 409, "more than the order has left"
    page = walk.page().send("give", lot="L-2")
    assert page.status == 200, page.stops()
    assert walk.state == "recovering"
    doses = queries.doses(walk.session)
    assert [(d.kind, d.amount_mg, d.lot) for d in doses[:2]] == [("divided", 15.5, "L-1"), ("divided", 15.0, "L-2")]
    until = walk.live()["giving"]["over_at"]
    assert until == (doses[1].happened_at + timedelta(minutes=120)).isoformat().replace("+00:00", "Z")


def test_the_rest_of_a_dose_is_left_out_and_the_record_says_so(demo: Demo, time: Clock) -> None:
    walk = Walk(demo, "gia", "Chair 6", **INJECTION)
    page = walk.to_ready().send("start", amount_mg="15.5")
    assert "Give no more …" in page.words()
    time.on(10)
    page = walk.page().send("stop", reason="dizzy enough")
    assert page.status == 200, page.words()
    assert walk.state == "recovering"
    assert "The drug has ended" in page.words()
    assert "15 mg" in walk.page(way="record/").words()
    assert walk.live()["giving"]["next_label"] != "", "what was left out is still told apart from what went in"
    assert "give" not in {a["name"] for a in walk.live()["actions"]}


@pytest.mark.parametrize(("order", "mg"), [(TABLETS, 200.0), (LIQUID, 61.0)], ids=["under the tongue", "by mouth"])
def test_a_dose_by_mouth_begins_its_observation_at_once(
    demo: Demo, time: Clock, order: dict[str, str], mg: float
) -> None:
    walk = Walk(demo, "gia", "Chair 6", **order)
    page = walk.to_ready()
    assert "Give the dose …" in page.words()
    page = page.send("start")
    assert page.status == 200, page.stops()
    assert walk.state == "recovering"
    state = walk.live()
    assert state["drug"]["given_mg"] == pytest.approx(mg)
    assert state["drug"]["phase"] == "finished"
    assert not {"hold", "resume", "rate", "stop", "give"} & {a["name"] for a in state["actions"]}
    time.on(15)
    due = [(row["label"], row["state"]) for row in walk.live()["due"]]
    assert ("BP and sedation", "now") in due, due
    stops = {f.rule for f in facts.discharge_findings(walk.session, clock.now()) if f.stops}
    assert {"observation_time", "over_sedation", "over_dissociation"} <= stops
    assert "cannula" not in {f.rule for f in facts.discharge_findings(walk.session, clock.now())}


def test_nothing_that_went_in_at_once_is_held(demo: Demo, time: Clock) -> None:
    walk = Walk(demo, "gia", "Chair 6", **INJECTION)
    walk.to_ready().send("start", amount_mg="10")
    with pytest.raises(Refused, match="nothing runs that could be held"):
        actions.hold(walk.session.pk, "pause", by=demo.staff["nurse"], at=clock.now())
    assert walk.state == "dosing"
    quick = live_config(TreatmentSession.objects.get(pk=walk.session.pk), [])["quick"]
    said = {str(entry["label"]) for entry in quick["more"]}
    assert "Patient asks to slow down" not in said
    assert "Photo" in said


def test_a_part_sent_twice_is_given_once(demo: Demo, time: Clock) -> None:
    walk = Walk(demo, "gia", "Chair 6", **INJECTION)
    page = walk.to_ready().send("start", amount_mg="10")
    action, fields = page.form("give")
    client = signed_in(demo.staff["nurse"])
    typed = {name: value[0] for name, value in fields.items()} | {"amount_mg": "10"}
    assert [client.post(action, typed).status_code for _ in "ab"] == [302, 302]
    assert [d.amount_mg for d in queries.doses(walk.session)] == [10.0, 10.0]


# ---------------------------------------------------------------- the demo's own two chairs
def test_the_demos_spray_and_injection_stand_on_the_board(demo: Demo) -> None:
    now = clock.now()
    safe.deliver(demo.site, demo.staff, now)
    spray = demo.spray("eve", "Chair 5", now - timedelta(minutes=14))
    injection = demo.injection("gia", "Chair 6", now - timedelta(minutes=27))
    rows: dict[str, Any] = {c["chair"]: c for c in board.board(demo.site, now)["chairs"]}
    assert rows["Chair 5"]["state"] == "dosing"
    assert rows["Chair 6"]["state"] == "recovering"
    found = {f.rule: f.verdict for f in facts.discharge_findings(spray, now)}
    assert found["pressure_before"] is Verdict.MET
    assert found["observation_time"] is Verdict.NOT_MET
    assert stock.session_use(spray.uid).drawn == Decimal(84)
    assert stock.session_use(injection.uid).open == 0
    page = signed_in(demo.staff["nurse"]).get(f"/sessions/{spray.uid}/").content.decode()
    assert "Device 3 of 3 used now: 28 mg" in page
