"""The clinic's limits: read by all staff, changed by the medical director alone, reviewed, signed, and kept in versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.clinic.chart import policy_draft as drafts
from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.models import Adoption
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference.cast_people import cast
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.policy import Candidate, PolicyItem
from stillhaven.science.protocol import Cite
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

SYSTOLIC, SPO2 = "discharge_systolic_mmhg", "discharge_spo2_pct"


@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


def code(key: str = "prescriber") -> str:
    return current_totp(next(row["totp"] for row in cast()["staff"] if row["key"] == key))


def edit(demo: Demo) -> Page:
    return open_page(signed_in(demo.staff["prescriber"]), "/policy/change/")


def typed(**values: str) -> dict[str, str]:
    return {f"set__{key}": value for key, value in values.items()}


def now_set(key: str) -> Any:
    item = policy.current(1).items[key]
    return item.choice or item.value


def test_every_setting_stands_with_its_sources_and_who_set_it(demo: Demo) -> None:
    page = open_page(signed_in(demo.staff["desk"]), "/policy/")
    assert page.status == 200
    rules = policy.rules(1)
    for item in rules.policy_items:
        assert f'data-key="{item.key}"' in page.text
    assert "I. Lindqvist MD" in page.words()
    assert "Over 92 on room air" in page.words()
    assert "not set" in page.words()  # alarm limits that only orders set


def test_edited_reviewed_signed_and_adopted(demo: Demo) -> None:
    before = now_set(SYSTOLIC)
    page = edit(demo).send("policy", **typed(discharge_systolic_mmhg="141"))
    assert page.status == 200
    assert f"{before:g} mmHg" in page.words()
    assert "141 mmHg" in page.words()
    assert now_set(SYSTOLIC) == before  # nothing holds before the signature
    page = page.send("sign", do="sign", because="after the audit", code=code())
    assert "Adopted" in page.words()
    assert now_set(SYSTOLIC) == 141
    version = drafts.history(1)[0]
    assert (version.number, version.because, version.second_factor, version.changed) == (
        2,
        "after the audit",
        "totp",
        1,
    )
    history = open_page(page.client, "/policy/history/")
    assert "141 mmHg" in history.words()
    assert open_page(page.client, "/policy/history/?old=0&new=1").status == 200
    assert open_page(page.client, "/policy/history/?old=1&new=99").status == 404


def test_bad_input_loses_nothing(demo: Demo) -> None:
    page = edit(demo).send(
        "policy", **typed(discharge_systolic_mmhg="1410", iv_observation_min="many", cadss6_resolved="2")
    )
    assert page.status == 422
    _, fields = page.form("policy")
    assert fields[f"set.{SYSTOLIC}"] == ["1410"]
    assert fields["set.iv_observation_min"] == ["many"]
    assert fields["set.cadss6_resolved"] == ["2"]
    assert "2 fields need another look" in page.words()
    assert Adoption.objects.count() == 1


def test_a_wrong_code_keeps_the_review(demo: Demo) -> None:
    page = edit(demo).send("policy", **typed(discharge_systolic_mmhg="141"))
    page = page.send("sign", do="sign", because="x y z", code="000000")
    assert page.status == 422
    _, fields = page.form("sign")
    assert fields["because"] == ["x y z"]
    assert fields[f"set.{SYSTOLIC}"] == ["141"]
    back = page.send("sign", do="edit")
    assert back.form("policy")[1][f"set.{SYSTOLIC}"] == ["141"]


def test_looser_than_every_source_needs_a_reason(demo: Demo) -> None:
    page = edit(demo).send("policy", **typed(discharge_spo2_pct="89"))
    assert page.status == 422
    assert "lets more through than every cited source" in page.words()
    page = edit(demo).send("policy", **typed(discharge_spo2_pct="89"), **{f"why__{SPO2}": "we live at 3000 m"})
    assert page.status == 200
    assert "Looser than every source" in page.words()
    assert "we live at 3000 m" in page.words()
    page.send("sign", do="sign", because="altitude", code=code())
    item = policy.current(1).items[SPO2]
    assert (item.value, item.because) == (89, "we live at 3000 m")


def test_a_setting_can_be_taken_back_and_then_the_screen_asks(demo: Demo) -> None:
    page = edit(demo).send("policy", **typed(discharge_systolic_mmhg=""))
    assert "the screen asks" in page.words()
    page.send("sign", do="sign", because="we think again", code=code())
    assert policy.current(1).number(SYSTOLIC) is None
    assert not policy.rules(1).policy.items[SYSTOLIC].is_set


def test_two_at_once_the_second_looks_again(demo: Demo) -> None:
    mine = edit(demo).send("policy", **typed(discharge_systolic_mmhg="141"))
    other = edit(demo).send("policy", **typed(iv_observation_min="75"))
    other.send("sign", do="sign", because="longer", code=code())
    late = mine.send("sign", do="sign", because="audit", code=code())
    assert late.status == 409
    assert now_set(SYSTOLIC) != 141
    assert now_set("iv_observation_min") == 75
    assert "Read it once more" in late.words()


def test_only_the_medical_director_signs(demo: Demo) -> None:
    for key in ("nurse", "manager", "desk"):
        assert signed_in(demo.staff[key]).get("/policy/change/").status_code == 403
        with pytest.raises(NotAllowed):
            drafts.sign(demo.site, [], "x", by=demo.staff[key], at=clock.now(), second_factor="totp", base="")
    other = Site.objects.create(pk=9, name="Elsewhere")
    with pytest.raises(NotAllowed):
        drafts.sign(other, [], "x", by=demo.staff["prescriber"], at=clock.now(), second_factor="totp", base="")
    with pytest.raises(BadInput):
        drafts.sign(demo.site, [], "x", by=demo.staff["prescriber"], at=clock.now(), second_factor="", base="")


def test_nothing_new_is_not_adopted_again(demo: Demo) -> None:
    newest = policy.newest(1)
    assert newest is not None
    with pytest.raises(BadInput, match="nothing differs"):
        drafts.sign(
            demo.site, [], "again", by=demo.staff["prescriber"], at=clock.now(), second_factor="totp",
            base=str(newest.uid),
        )  # fmt: skip
    with pytest.raises(Refused, match="another version"):
        policy.adopt(
            {SYSTOLIC: 150}, by=demo.staff["prescriber"], at=clock.now(), on=clock.now().date(), site=1, because="x",
            base="",
        )  # fmt: skip


# ---------------------------------------------------------------- alarm limits of the house
def alarm(key: str) -> str:
    return f"alarm.pressure_high.systolic_mmhg.{key}"


def adopt(demo: Demo, **values: Any) -> None:
    named = {key.replace("__", "."): value for key, value in values.items()}
    policy.adopt(
        named, by=demo.staff["prescriber"], at=clock.now(), on=clock.now().date(), site=1, because="for all"
    )  # fmt: skip


def in_force(session: Any, tier: str) -> Any:
    held = gather.plan_of(session).in_force("pressure_high", "systolic_mmhg", tier, clock.now())
    return held.value if held else None


def test_a_limit_of_the_house_holds_where_the_order_says_nothing(demo: Demo) -> None:
    demo.later("eve", clock.now() + timedelta(hours=1))
    session = demo.patients["eve"].sessions.get() if hasattr(demo.patients["eve"], "sessions") else _session()
    assert in_force(session, "act") is None
    policy.adopt(
        {alarm("act"): 175}, by=demo.staff["prescriber"], at=clock.now(), on=clock.now().date(), site=1, because="all"
    )
    assert in_force(session, "act") == 175


def _session() -> Any:
    from stillhaven.clinic.session.models import TreatmentSession

    return TreatmentSession.objects.get()


def test_limits_in_the_wrong_order_are_refused_before_signing(demo: Demo) -> None:
    page = edit(demo).send("policy", set__alarm__pressure_high__systolic_mmhg__warn="180", set__alarm__pressure_high__systolic_mmhg__act="150", why__alarm__pressure_high__systolic_mmhg__warn="x", why__alarm__pressure_high__systolic_mmhg__act="x")  # fmt: skip
    assert page.status == 422
    assert "wrong order" in page.words()


def test_a_session_keeps_what_held_when_it_began_and_an_order_goes_first(demo: Demo) -> None:
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=10))
    before = {tier: in_force(session, tier) for tier in ("warn", "act")}
    policy.adopt(
        {alarm("act"): 130}, by=demo.staff["prescriber"], at=clock.now(), on=clock.now().date(), site=1, because="lower"
    )
    assert {tier: in_force(session, tier) for tier in ("warn", "act")} == before


def test_a_house_limit_that_contradicts_the_order_gives_way(demo: Demo) -> None:
    policy.adopt(
        {alarm("act"): 100}, by=demo.staff["prescriber"], at=clock.now() - timedelta(days=5), on=clock.now().date(),
        site=1, because="low",
    )  # fmt: skip
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=10))
    assert in_force(session, "warn") is not None  # the order's own
    assert in_force(session, "act") != 100


# ---------------------------------------------------------------- one session's limits
KEY = "limit-pressure_high-systolic_mmhg-warn"


def limits_page(demo: Demo, session: Any, who: str = "prescriber") -> Page:
    return open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/limits/")


def test_a_prescriber_changes_a_limit_and_everybody_sees_it(demo: Demo) -> None:
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=10))
    page = limits_page(demo, session).send(KEY, value="", reason="calmer")
    assert page.status == 422
    assert "Write the new limit" in page.words()
    page = page.send(KEY, value="9999", reason="calmer")
    assert page.status == 422
    assert page.form(KEY)[1]["value"] == ["9999"]
    page = page.send(KEY, value="171", reason="")
    assert page.status == 422
    page = page.send(KEY, value="171", reason="known hypertension, seen by cardiology")
    assert page.status == 200
    assert in_force(session, "warn") == 171
    assert "known hypertension" in limits_page(demo, session, "nurse").words()
    page = page.send(KEY, remove="yes", value="", reason="symptoms alone count")
    assert in_force(session, "warn") is None


def test_a_nurse_reads_limits_and_changes_none(demo: Demo) -> None:
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=10))
    page = limits_page(demo, session, "nurse")
    assert page.status == 200
    assert KEY not in page.forms()
    body = {"condition": "pressure_high", "signal": "systolic_mmhg", "tier": "warn", "value": "171", "reason": "x"}
    assert page.client.post(f"/sessions/{session.uid}/limit/", body).status_code == 403


# ---------------------------------------------------------------- looser
@given(st.lists(st.integers(1, 200), min_size=1, max_size=5), st.integers(1, 200), st.sampled_from(["higher", "lower"]))
def test_looser_means_beyond_all_of_them(cited: list[int], value: int, looser: str) -> None:
    cite = Cite(source=("X",), confirmed=True)
    item = PolicyItem(
        key="k", fact="", title="", why="", unit="%", looser=looser,
        candidates=tuple(Candidate(text="", cite=cite, value=float(c)) for c in cited),
    )  # fmt: skip
    beyond = all(value > c for c in cited) if looser == "higher" else all(value < c for c in cited)
    assert item.looser_than_cited(float(value)) == beyond
    assert not (beyond and item.offered(float(value)))
