"""Walking one session over its forms, as a nurse without script does, by whatever route the order says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stillhaven.clinic.monitoring import synthetic
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import actions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock.models import Vial
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Device
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference.cast_people import cast
from tests.cast import signed_in
from tests.clinic.filling import Page, open_page, read_off
from tests.clinic.test_board import send

WELL: dict[str, float | None] = {"heart_rate_per_min": 71.0, "spo2_pct": 98.0, "resp_rate_per_min": 14.0}


class Clock:
    """The clinic's clock, which stands still until the test moves it on: no result hangs on how fast the test runs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch, self.now = patch, datetime.now(UTC).replace(microsecond=0)
        self.on(0)

    def on(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self.patch.setenv("STILLHAVEN_CLOCK", f"={self.now.isoformat().replace('+00:00', 'Z')}")


class Walk:
    """One session, booked with a signed order, and the pages through which it goes."""

    def __init__(self, demo: Demo, key: str, chair: str, **order: Any) -> None:
        self.demo, now = demo, clock.now()
        course = demo.course(key)
        self.order = demo.order(course, key, now, **order)
        self.session = actions.book(
            course, booked_for=now, by=demo.staff["desk"], at=now, order=self.order, chair=demo.chairs[chair],
            nurse=demo.staff["nurse"],
        )  # fmt: skip
        self.url = f"/sessions/{self.session.uid}/"
        self.row = next(p for p in cast()["patient"] if p["key"] == key)
        actions.check_in(self.session.pk, by=demo.staff["desk"], at=now)

    @property
    def state(self) -> str:
        return TreatmentSession.objects.values_list("state", flat=True).get(pk=self.session.pk)

    def page(self, who: str = "nurse", way: str = "") -> Page:
        """A page of this session, opened anew by somebody who signed in just now."""
        return open_page(signed_in(self.demo.staff[who]), self.url + way)

    def live(self) -> dict[str, Any]:
        """What the live screen is told."""
        answer = signed_in(self.demo.staff["nurse"]).get(f"{self.url}live/state")
        found: dict[str, Any] = answer.json()
        return found

    # ------------------------------------------------------------ before the drug
    def ask_everything(self) -> Page:
        """Every card that the page shows, and no other."""
        kg = str(self.row["weight_kg"])
        page = self.page().send("identity", identifiers=["name", "birth_date"]).send("weight", weight=kg, unit="kg")
        page = page.send("fasting", **dict.fromkeys(re.findall(r'name="(\w+_none)"', page.text), "yes"))
        page = page.send("escort", name=self.row["escort"], phone=self.row["escort_phone"], reachable="yes")
        page = page.send("consent", wants="yes").send("pregnancy", pregnant="no").send("medicines", changes="none")
        page = (
            page.send("mood", words="well").send("moaas", value="5").send("pain", value="1").send("nausea", value="0")
        )
        asked = set(page.forms())
        if "iv_site" in asked:
            page = page.send("iv_site", site="left forearm", gauge="22", patent="yes", attempts="1")
        if "rems" in asked:
            page = page.send("rems", enrolled="yes", certified="yes")
        if "prescriber_on_site" in asked:
            page = page.send("prescriber_on_site", present="yes")
        return page.send("equipment", **_radios(page, "equipment"))

    def measure(self, systolic: float | None = 124.0, device: str = "") -> None:
        """What the monitor shows now; without a pressure where there is none."""
        cuff = (
            {} if systolic is None else {"systolic_mmhg": systolic, "diastolic_mmhg": 78.0, "mean_pressure_mmhg": 93.0}
        )
        send(device or self.monitor, WELL | cuff, clock.now())

    @property
    def monitor(self) -> str:
        return "MON-" + (self.session.chair.name if self.session.chair else "").rpartition(" ")[2]

    def take(self, vial: Vial, **typed: str) -> Page:
        """Draw up, or take a device, before a witness who types a PIN."""
        second: User = self.demo.staff["second"]
        signed_in(second)  # both signed in on this screen today: a PIN counts
        seen = {"witness": str(second.pk), "witness_code": str(cast()["pin"])}
        return self.page().send("draw", vial=str(vial.uid), **seen, **typed)

    def pass_gate(self, **lots: str) -> Page:
        """Two people read the same numbers, each for themselves."""
        read = read_off(self.order) | lots
        self.page(way="gate/").send("gate", **read)
        return self.page("second", way="gate/").send("gate", **read)

    def to_ready(self) -> Page:
        """Asked, attached, measured, called ready and checked by two, through the deeds themselves."""
        now, nurse = clock.now(), self.demo.staff["nurse"]
        escort = {"escort": self.row["escort"], "escort_phone": self.row["escort_phone"]}

        def before(minutes: float) -> datetime:  # the list is walked at once; hours ago stays hours ago
            return now - timedelta(minutes=minutes if minutes > 60 else 0)

        synthetic.walk_preflight(self.session, before, by=nurse, weight_kg=self.row["weight_kg"], **escort)
        vitals.attach(Device.objects.get(key=self.monitor), self.session.patient, by=nurse, start=now)
        self.measure()
        actions.make_ready(self.session.pk, by=nurse, at=clock.now())
        synthetic.pass_gate(self.session, (nurse, self.demo.staff["second"]), at=clock.now())
        return self.page()

    # ------------------------------------------------------------ after it
    def look(self, still: tuple[str, ...] = ()) -> Page:
        """Every look of recovery answered well, but for what is still there."""
        page = self.page(way="recovery/")
        for key in [k.removesuffix("-yes") for k in page.forms() if k.endswith("-yes")]:
            page = page.send(f"{key}-no" if key in still else f"{key}-yes")
        for scale in ("aldrete_modified", "padss"):
            page = page.send(f"score-{scale}", **_best(page, scale))
        page = page.send("scale-moaas", value="5").send("scale-nausea", value="0")
        return page.send("escort", handed_over="yes")


def _radios(page: Page, key: str) -> dict[str, str]:
    form = re.search(rf'id="f-{key}".*?</form>', page.text, flags=re.S)
    assert form
    return dict.fromkeys(re.findall(r'type="radio" name="(\w+)"', form.group(0)), "yes")


def _best(page: Page, scale: str) -> dict[str, str]:
    form = re.search(rf'id="f-score-{scale}".*?</form>', page.text, flags=re.S)
    assert form
    found: dict[str, str] = {}
    for name, value in re.findall(r'type="radio" name="(\w+)" value="(\d+)"', form.group(0)):
        found[name] = max(found.get(name, "0"), value)
    return found
