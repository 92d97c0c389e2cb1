"""The virtual patient: the same each time, answers the dose, and keeps what each scenario's file promises."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.devices import scenarios
from stillhaven.devices.drill import Promise
from stillhaven.devices.physiology import CUFF, Shown, VirtualPatient
from stillhaven.devices.scenarios import KIND, parse_dose, parse_scenario, scenario, scenario_names
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Quality

SETTINGS = scenarios.settings()
DOSE = parse_dose("0.5 mg/kg over 40 min")
seeds = st.integers(0, 2**32 - 1)


def patient(name: str = "calm", seed: int = 7, **more: object) -> VirtualPatient:
    return VirtualPatient(SETTINGS, scenario(name), seed=seed, **more)  # type: ignore[arg-type]


def course(p: VirtualPatient, minutes: float) -> list[dict[str, Shown]]:
    """Everything shown at each second from now on, for that many minutes."""
    out = []
    for t in range(p.t_s + 1, p.t_s + round(minutes * 60) + 1):
        p.advance_to(t)
        out.append({s.signal: s for s in p.shown()})
    return out


# ---------------------------------------------------------------------------- the same each time
@settings(max_examples=15, deadline=None)
@given(seed=seeds, name=st.sampled_from(scenario_names()), steps=st.lists(st.integers(1, 400), max_size=6))
def test_how_often_one_looks_changes_nothing(seed: int, name: str, steps: list[int]) -> None:
    often, seldom = patient(name, seed, doses=[DOSE]), patient(name, seed, doses=[DOSE])
    for t in itertools.accumulate(steps):
        for second in range(often.t_s, t + 1):
            often.advance_to(second)
            often.shown()
        seldom.advance_to(t)
        assert often.shown() == seldom.shown()


def test_another_seed_is_another_person() -> None:
    values = {tuple(s.value for s in course(patient(seed=n), 1)[-1].values()) for n in range(12)}
    assert len(values) > 8


def test_a_scenario_changes_only_what_it_names() -> None:
    calm, drill = course(patient("calm"), 10), course(patient("probe_off"), 10)
    assert [s["heart_rate_per_min"] for s in calm] == [s["heart_rate_per_min"] for s in drill]
    assert [s["systolic_mmhg"] for s in calm[60:]] == [s["systolic_mmhg"] for s in drill[60:]]


# ---------------------------------------------------------------------------- promises of the scenario files
def _beyond(promise: Promise, value: float) -> bool:
    return value > promise.value if promise.goes in ("above", "stays_below") else value < promise.value


@pytest.mark.parametrize("name", scenario_names())
def test_every_file_says_what_it_is(name: str) -> None:
    assert scenario(name).title
    assert scenario(name).says.endswith(".")


@settings(max_examples=25, deadline=None)
@given(seed=seeds, began_min=st.integers(0, 50))
@pytest.mark.parametrize("name", [n for n in scenario_names() if scenario(n).promises])
def test_a_scenario_keeps_its_promises(name: str, seed: int, began_min: int) -> None:
    """For any person, and at whatever minute of a session the drill begins."""
    p = patient("calm", seed, doses=[DOSE])
    p.advance_to(60 * began_min)
    p.change_scenario(scenario(name))
    longest = max(max(promise.by_min, promise.back_by_min or 0) for promise in p.scenario.promises)
    seen = course(p, longest + 6)
    for promise in p.scenario.promises:
        values = [s.get(promise.signal) for s in seen]
        minutes = [(i + 1) / 60 for i in range(len(seen))]
        usable = [
            (m, v.value) for m, v in zip(minutes, values, strict=True) if v and v.quality is Quality.GOOD and v.value
            is not None
        ]  # fmt: skip
        if promise.goes.startswith("stays"):
            assert not any(_beyond(promise, v) for m, v in usable if m <= promise.by_min), promise
            continue
        assert any(_beyond(promise, v) for m, v in usable if m <= promise.by_min), promise
        if promise.back is not None and promise.back_by_min is not None:
            after = [v for m, v in usable if m >= promise.back_by_min]
            assert after
            assert all(v < promise.back if promise.goes == "above" else v > promise.back for v in after), promise


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_movement_is_marked_and_only_then_wild(seed: int) -> None:
    seen = course(patient("vomiting", seed), 6)
    windows = scenario("vomiting").disturbances[0].windows
    for i, shown in enumerate(seen):
        moving = any(a <= (i + 1) / 60 < b for a, b in windows)
        for signal in ("spo2_pct", "heart_rate_per_min"):
            assert (shown[signal].quality is Quality.ARTEFACT) is moving
            assert bool(shown[signal].reason) is moving
        if not moving:
            assert shown["spo2_pct"].value is not None
            assert shown["spo2_pct"].value > 92
    wild = [s["spo2_pct"].value for s in seen if s["spo2_pct"].quality is Quality.ARTEFACT]
    assert min(v for v in wild if v is not None) < 92, "movement that disturbs nothing would drill nobody"


def test_a_cuff_that_is_moved_gives_no_value_and_tries_again() -> None:
    seen = course(patient("vomiting"), 9)
    spoilt = [s["systolic_mmhg"] for s in seen if "systolic_mmhg" in s and s["systolic_mmhg"].value is None]
    assert spoilt
    assert {s.quality for s in spoilt} == {Quality.NO_VALUE}
    assert all("movement" in s.reason for s in spoilt)
    assert seen[-1]["systolic_mmhg"].value is not None


def test_a_probe_that_is_off_has_no_value_and_says_why() -> None:
    seen = course(patient("probe_off"), 4)
    off = [s["spo2_pct"] for s in seen if s["spo2_pct"].quality is Quality.NO_VALUE]
    assert len(off) == 120
    assert {(s.value, s.reason) for s in off} == {(None, "probe off")}


def test_network_loss_is_away_for_its_window_only() -> None:
    p = patient("network_loss")
    away = []
    for t in range(1, 240):
        p.advance_to(t)
        away.append(not p.connected)
    assert sum(away) == 90
    assert not away[0]
    assert not away[-1]


# ---------------------------------------------------------------------------- dose and cuff
@settings(max_examples=20, deadline=None)
@given(seed=seeds, small=st.floats(0.1, 0.5), more=st.floats(0.1, 1.0))
def test_a_larger_dose_moves_the_toy_further(seed: int, small: float, more: float) -> None:
    def pressure(mg_per_kg: float) -> float:
        p = patient(seed=seed, doses=[parse_dose(f"{mg_per_kg:.4f} mg/kg over 40 min")])
        return sum(s["mean_pressure_mmhg"].value or 0 for s in course(p, 45)[-900:])

    assert pressure(small + more) >= pressure(small)


def test_stopping_the_dose_lets_the_effect_fade() -> None:
    p = patient(doses=[DOSE])
    p.advance_to(20 * 60)
    p.stop_doses()
    p.advance_to(26 * 60)
    peak = p.effect
    p.advance_to(60 * 60)
    assert p.effect < peak / 2


def test_a_pump_and_a_planned_dose_of_the_same_size_agree() -> None:
    planned, pumped = patient(doses=[DOSE], weight_kg=80.0), patient(weight_kg=80.0)
    pumped.set_pump(0.5 * 80.0 / (40 / 60))
    for p in (planned, pumped):
        p.advance_to(40 * 60)
    assert pumped.effect == pytest.approx(planned.effect, rel=1e-9)


def test_milligrams_and_milligrams_per_kilogram_agree() -> None:
    a = patient(doses=[parse_dose("40 mg over 40 min")], weight_kg=80.0)
    b = patient(doses=[DOSE], weight_kg=80.0)
    for p in (a, b):
        p.advance_to(3000)
    assert a.effect == pytest.approx(b.effect, rel=1e-9)


def test_a_cuff_value_keeps_the_second_at_which_it_was_taken() -> None:
    p = patient()
    p.advance_to(200)
    first = {s.signal: s for s in p.shown() if s.signal in CUFF}
    assert first["systolic_mmhg"].t_s < 60
    p.take_cuff()
    p.advance_to(240)
    second = {s.signal: s for s in p.shown() if s.signal in CUFF}
    assert second["systolic_mmhg"].t_s == 228
    assert len({s.t_s for s in second.values()}) == 1


@settings(max_examples=20, deadline=None)
@given(seed=seeds, name=st.sampled_from(scenario_names()))
def test_pressures_of_one_cuff_fit_together(seed: int, name: str) -> None:
    for shown in course(patient(name, seed), 8)[60::20]:
        low, mean, high = (shown[k].value for k in ("diastolic_mmhg", "mean_pressure_mmhg", "systolic_mmhg"))
        if high is not None:
            assert low is not None
            assert mean is not None
            assert low < mean < high


# ---------------------------------------------------------------------------- files that cannot be used
def test_a_scenario_that_does_not_call_itself_a_setting_is_refused() -> None:
    with pytest.raises(BadInput, match="simulator settings"):
        parse_scenario("mine", {"title": "x", "says": "y."})


def test_a_ramp_in_the_wrong_order_is_refused() -> None:
    ramp = {"signal": "spo2_pct", "from_min": 3, "full_min": 2, "until_min": 5, "gone_min": 6, "to": 80}
    with pytest.raises(BadInput, match="in order"):
        parse_scenario("mine", {"kind": KIND, "title": "x", "says": "y.", "change": [ramp]})


@pytest.mark.parametrize("text", ["", "0.5", "0.5 ml", "mg/kg over 40 min", "1.000,5 mg", "-1 mg"])
def test_a_dose_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="dose"):
        parse_dose(text)
