"""A day with esketamine over HTTP, as a browser without script walks it: three devices, two hours, the signed record."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery import facts
from stillhaven.clinic.session import queries
from stillhaven.clinic.stock import demo as safe
from stillhaven.clinic.stock import queries as stock
from stillhaven.clinic.stock.models import Vial
from stillhaven.clinic.web.demo import SPRAY
from stillhaven.reference.cast_people import cast
from stillhaven.science.findings import Finding
from stillhaven.science.session import replay
from tests.cast import make_clinic, signed_in
from tests.clinic.walking import Clock, Walk

pytestmark = pytest.mark.django_db
IV_ONLY = ("mL/h", "mg/h", "New rate", "The pump shows", "Where is the line", "Hold the drug", "Asks to slow down")


def test_three_devices_from_the_check_in_to_the_signed_record(monkeypatch: pytest.MonkeyPatch) -> None:
    time, demo = Clock(monkeypatch), make_clinic(clock.now())
    safe.deliver(demo.site, demo.staff, clock.now())
    walk = Walk(demo, "eve", "Chair 5", **SPRAY)

    # what is asked: the restricted programme, and no cannula
    page = walk.ask_everything()
    assert "Is the restricted programme in order?" in page.words()
    assert "iv_site" not in page.forms()
    page.send("attach")
    walk.measure(systolic=None)
    assert "volume_ml" not in walk.page().form("draw")[1], "a device is taken whole"
    for vial in Vial.objects.filter(drug="esketamine").order_by("code")[:3]:
        taken = walk.take(vial)
        assert taken.status == 200, taken.words()
    assert "draw" not in walk.page().forms(), "what is ordered is out of the safe"

    # the pressure stands in the way until it is measured
    page = walk.page()
    early = page.send("ready") if "ready" in page.forms() else page
    if early.status == 200:
        walk.pass_gate(lots=safe.DEVICE_LOT)
        early = walk.page().send("start")
    assert early.status == 409
    assert any("pressure" in why.lower() for why in early.stops()), early.stops()
    walk.measure()
    if walk.state == "checked_in":
        page = walk.page().send("ready")
        assert page.status == 200, page.stops()
        walk.pass_gate(lots=safe.DEVICE_LOT)

    # device 1: one button that says which, and nothing of a pump anywhere
    page = walk.page()
    assert "Give device 1 of 3 …" in page.words()
    assert "Yes, device 1 of 3 used now: 28 mg" in page.words()
    assert page.form("start")[1]["lot"] == [safe.DEVICE_LOT], "the lot of the device that was taken out"
    page = page.send("start")
    assert page.status == 200, page.stops()
    assert walk.state == "dosing"
    assert stock.session_use(walk.session.uid).given == Decimal(28), "in the ledger as it is used"
    began = queries.doses(walk.session)[0].happened_at
    words = page.words()
    assert f"Device 1 of 3, 28 mg, lot {safe.DEVICE_LOT}" in words
    assert "56 mg still to give" in words
    assert not [iv for iv in IV_ONLY if iv in words]
    assert not {"hold", "rate"} & set(page.forms())

    # the live screen knows the same; the next device waits for its rest
    state = walk.live()
    assert [p["words"] for p in state["giving"]["parts"]] == [f"Device 1 of 3, 28 mg, lot {safe.DEVICE_LOT}"]
    give = next(a for a in state["actions"] if a["name"] == "give")
    assert (give["label"], give["amount_mg"], give["lot"]) == ("Give device 2 of 3", 28.0, safe.DEVICE_LOT)
    assert not {"hold", "resume", "rate"} & {a["name"] for a in state["actions"]}
    early = page.send("give")
    assert early.status == 409
    assert "rest between devices" in early.words()
    time.on(5)
    assert walk.page().send("give").status == 200
    assert walk.state == "dosing"
    time.on(5)
    page = walk.page().send("give")

    # the last device ends the drug by itself; each device is in the ledger as given
    assert walk.state == "recovering"
    assert "All of it is in." in page.words()
    assert "give" not in page.forms()
    use = stock.session_use(walk.session.uid)
    assert (use.drawn, use.given, use.open) == (Decimal(84), Decimal(84), 0)
    given = [line for line in stock.session_lines(walk.session.uid) if line.kind == "given"]
    assert len({line.vial.code for line in given}) == 3
    assert all(line.mg == Decimal(28) and line.vial.mg == 0 for line in given)
    over = state["giving"]["over_at"]
    assert over == (began + timedelta(minutes=120)).isoformat().replace("+00:00", "Z"), "from the first device"

    # the check at forty minutes comes due, and is done by a pressure and two scores
    time.on(29)
    due = [(row["label"], row["state"]) for row in walk.live()["due"]]
    assert any(label.startswith("BP") and state in ("now", "soon") for label, state in due), due
    time.on(1)
    walk.measure(systolic=137.0)
    found = {f.rule: f for f in _observation(walk)}
    assert found["pressure_at_40"].is_met

    # at forty-five minutes nobody goes home, whatever is ticked
    time.on(5)
    page = walk.look()
    assert any("not yet watched for 120 min" in why.lower() for why in page.stops()), page.stops()
    assert "Device 3 of 3, 28 mg" in page.words()
    assert page.send("discharge").status == 409
    assert walk.state == "recovering"

    # two hours, but dissociation is still there; then it is over
    time.on(76)
    walk.measure(systolic=128.0)
    page = walk.look(still=("over_dissociation",))
    refused = page.send("discharge")
    assert refused.status == 409
    assert any("dissociation: still there" in why.lower() for why in refused.stops())
    page = page.send("over_dissociation-yes").send("discharge")
    assert page.status == 200, page.stops()

    # signed; the record and its paper say every device with time and lot, and what the programme's form asks
    secret = next(s["totp"] for s in cast()["staff"] if s["key"] == "prescriber")
    page = walk.page("prescriber", way="recovery/").send("sign", code=current_totp(secret))
    assert page.status == 200, page.words()
    assert replay(m.move for m in queries.moves(walk.session)).value == "signed"
    words = walk.page(way="record/").words()
    paper = signed_in(demo.staff["nurse"]).get(f"{walk.url}record.pdf")
    text = " ".join(" ".join(p.extract_text() for p in PdfReader(BytesIO(paper.content)).pages).split())
    for where in (words, text):
        for n in (1, 2, 3):
            assert f"Device {n} of 3, 28 mg, lot {safe.DEVICE_LOT}" in where
        assert "137/78 mmHg" in where
        assert "after 121 min" in where
        assert "Left in the bag" not in where
    assert "Pressure before the first device" in words


def _observation(walk: Walk) -> list[Finding]:
    """What the discharge rules say of this session now."""
    return list(facts.discharge_findings(walk.session, clock.now()))
