"""Do the alarm files say what they must, and is every slip in one of them noticed?"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stillhaven.reference._alarms import FOLDER, read_alarms
from stillhaven.reference._signals import read_signals
from stillhaven.reference._sources import read_sources
from stillhaven.reference.check import check_facts
from stillhaven.reference.files import SHIPPED, Shelf
from stillhaven.science import alarms
from stillhaven.science.alarms import AlarmFacts, AlarmReference, Basis, Expected, LimitSetting, Priority, Rule
from stillhaven.science.vitals import Reading, Signal

T0 = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def read(root: Path = SHIPPED) -> tuple[AlarmReference, Mapping[str, Signal], list[str]]:
    shelf = Shelf(shipped=root)
    sources = read_sources(shelf)
    signals, _groups = read_signals(shelf)
    found = read_alarms(shelf, signals)
    check_facts(shelf, sources)
    return found, signals, [str(problem) for problem in shelf.problems]


REFERENCE, SIGNALS, PROBLEMS = read()


def test_the_shipped_files_have_nothing_wrong() -> None:
    assert PROBLEMS == []
    assert len(REFERENCE.conditions) == len(list((SHIPPED / FOLDER).glob("*.toml"))) - 1


def test_a_folder_can_be_read_by_its_path_alone() -> None:
    assert read_alarms(SHIPPED / FOLDER) == REFERENCE


def test_numbers_that_no_source_gives_are_not_shipped() -> None:
    """They come from the order or the clinic; the candidates beside them are never confirmed."""
    asked = ("pressure_high", "pressure_low", "heart_rate_high", "heart_rate_low", "spo2_low", "resp_rate_low")
    for key in (*asked, "resp_rate_high", "etco2_high"):
        for tier in REFERENCE.by_key[key].tiers:
            assert tier.shipped == (), key
            assert not any(candidate.confirmed for candidate in tier.candidates), key


def test_only_labels_scales_and_the_meaning_of_words_ship_a_number() -> None:
    shipped = {c.key for c in REFERENCE.conditions if any(t.shipped for t in c.tiers)}
    assert shipped == {"pressure_before_esketamine", "pressure_before_ketamine", "sedation_deep", "no_breath"}


def test_the_two_lines_before_dosing_are_of_different_drugs() -> None:
    esketamine, ketamine = (REFERENCE.by_key[f"pressure_before_{drug}"] for drug in ("esketamine", "ketamine"))
    assert set(esketamine.drugs).isdisjoint(ketamine.drugs)
    line = {c.key: {x.signal: x.value for x in c.tiers[0].shipped} for c in (esketamine, ketamine)}
    for signal in esketamine.signals:
        assert line[esketamine.key][signal] < line[ketamine.key][signal]
    assert all(x.confirmed for c in (esketamine, ketamine) for x in c.tiers[0].shipped)


def test_what_is_an_emergency_at_any_number_is_high_and_waits_for_nothing() -> None:
    for key in ("pressure_with_symptoms", "airway_event"):
        condition = REFERENCE.by_key[key]
        assert condition.rule is Rule.OBSERVED
        assert (condition.delay_s, condition.latching) == (0.0, True)
        assert {tier.priority for tier in condition.tiers} == {Priority.HIGH}


def test_every_alarm_about_the_patient_past_a_limit_stays_until_answered() -> None:
    fleeting = {c.key for c in REFERENCE.conditions if not c.technical and not c.latching}
    assert fleeting == {"pressure_before_esketamine", "pressure_before_ketamine"}  # they end when dosing begins


def test_every_condition_says_what_to_do_and_how_urgent_it_is() -> None:
    for condition in REFERENCE.conditions:
        assert condition.title, condition.key
        assert condition.action.endswith("."), condition.key
        if condition.tiers[-1].priority is Priority.HIGH:
            assert condition.escalate_after_s is not None, condition.key


def test_a_percentage_and_a_rise_become_limits_of_one_patient() -> None:
    candidates = [c for t in REFERENCE.by_key["pressure_high"].tiers for c in t.candidates if c.basis is Basis.PERCENT]
    assert {c.signal for c in candidates} == {"systolic_mmhg", "diastolic_mmhg"}
    comparison = REFERENCE.by_key["pressure_high"].comparison
    assert comparison is not None
    value = alarms.from_baseline(candidates[0].basis, candidates[0].value, 100.0, comparison)
    assert value == 100.0 + candidates[0].value


def test_until_somebody_sets_a_limit_the_screen_says_that_none_is_set() -> None:
    plan = alarms.build_plan(REFERENCE, session="s1", signals=SIGNALS, made_at=T0, drug="ketamine")
    facts = AlarmFacts(expected=(Expected(signal="spo2_pct", since=T0),))
    readings = [_reading("spo2_pct", t, 60.0) for t in range(30)]
    events = alarms.evaluate(plan, readings, [], T0 + timedelta(seconds=29), facts)
    (alarm,) = alarms.open_alarms(events, T0 + timedelta(seconds=29))
    assert (alarm.condition, alarm.technical, alarm.priority) == ("limits_missing", True, Priority.LOW)
    assert "Ask the prescriber" in alarm.detail


def test_with_the_orders_limit_the_words_are_a_colleagues() -> None:
    order = [_limit("pressure_high", "systolic_mmhg", "warn", 160.0)]
    plan = alarms.build_plan(REFERENCE, session="s1", signals=SIGNALS, made_at=T0, order=order, drug="ketamine")
    facts = AlarmFacts(dosing_from=T0)
    events = alarms.evaluate(plan, [_reading("systolic_mmhg", 5, 168.0)], [], T0 + timedelta(seconds=5), facts)
    (raised,) = [event for event in events if event.condition == "pressure_high"]
    assert raised.title == "Blood pressure high"
    assert raised.detail.endswith("168 mmHg · limit 160 mmHg set by Dr Lindqvist")
    assert "prescriber" in raised.action


def test_no_counted_breath_is_judged_although_it_is_no_breath() -> None:
    plan = alarms.build_plan(REFERENCE, session="s1", signals=SIGNALS, made_at=T0, drug="ketamine")
    readings = [_reading("resp_rate_per_min", t, 0.0) for t in range(30)]
    events = alarms.evaluate(plan, readings, [], T0 + timedelta(seconds=29), AlarmFacts())
    assert ("no_breath", Priority.HIGH) in {(e.condition, e.priority) for e in events}


def _limit(condition: str, signal: str, tier: str, value: float) -> LimitSetting:
    return LimitSetting(
        condition=condition, signal=signal, tier=tier, value=value, set_by="Dr Lindqvist", set_at=T0, source="order"
    )


def _reading(signal: str, second: float, value: float) -> Reading:
    at = T0 + timedelta(seconds=second)
    return Reading(signal=signal, value=value, at=at, arrived_at=at, device="MON-1")


# ---------------------------------------------------------------- every slip is noticed

SLIPS = [
    ("spo2_low", 'comparison = "below"', 'comparison = "under"', "is not one of above"),
    ("spo2_low", 'comparison = "below"\n', "", "comparison: is missing"),
    ("spo2_low", 'signals    = ["spo2_pct"]', 'signals    = ["spo2"]', "not a signal of signals.toml"),
    ("spo2_low", 'signals    = ["spo2_pct"]\n', "", "signals: is missing"),
    ("spo2_low", 'priority = "high"', 'priority = "urgent"', "is not one of high"),
    ("spo2_low", 'priority = "medium"', 'priority = "high"\nx = 1', "nobody reads"),
    ("spo2_low", 'key      = "act"\npriority = "high"', 'key      = "act"\npriority = "low"', "no lower priority"),
    ("spo2_low", 'key      = "act"', 'key      = "warn"', "the same key twice"),
    ("spo2_low", 'unit      = "s"', 'unit      = "h"', "is not s or min"),
    ("spo2_low", "value     = 10\n", "value     = -10\n", "is under 0"),
    ("spo2_low", 'unit      = "%"', 'unit      = "mmHg"', "mmHg is not %"),
    ("spo2_low", "value     = 94", "value     = 940", "cannot be a living person's"),
    ("spo2_low", 'signal    = "spo2_pct"', 'signal    = "etco2_mmhg"', "not one of this condition's signals"),
    ("spo2_low", "{set_by}", "{who}", "{who} is not one of"),
    ("spo2_low", "{set_by}", "{set_by", "detail"),
    ("spo2_low", 'source    = ["OWN"]', 'source    = ["NOBODY"]', "is not a key of sources.toml"),
    ("spo2_low", 'action     = "Stimulate', 'deed       = "Stimulate', "nobody reads"),
    ("spo2_low", 'kind       = "physiological"', 'kind       = "mental"', "is not one of physiological"),
    ("spo2_low", "[[tier", "[[step", "tier: is missing"),
    ("sedation_deep", "at_most   = 2", "at_most   = 4", "nearer than that of the milder tier"),
    ("no_breath", "value     = 0\n", 'value     = 0\nbasis     = "rise"\n', "only absolute limits"),
    ("pressure_repeated", 'limits_of  = "pressure_high"', 'limits_of  = "nothing"', "not a condition with limits"),
    ("pressure_repeated", 'limits_of  = "pressure_high"', 'limits_of  = "pressure_low"', "another comparison"),
    ("pressure_repeated", 'limits_of  = "pressure_high"\n', "", "limits_of: is missing"),
    ("pressure_repeated", "readings   = 3\n", "", "readings: is missing"),
    ("signal_lost", '"monitor_silent", ', '"monitor_away", ', "is not a condition"),
    ("probe_off", 'qualities  = ["no_value"]', 'yields_to  = ["signal_lost"]', "yields to others itself"),
    ("probe_off", 'qualities  = ["no_value"]', 'qualities  = ["gone"]', "is not one of good"),
    ("monitor_silent", "[wait]", "[pause]", "wait: is missing"),
    ("monitor_silent", 'key      = "warn"', 'key = "x"\npriority = "low"\n[[tier]]\nkey = "warn"', "more than one"),
    ("settings", "[recheck_after]", "[recheck_when]", "recheck_after: is missing"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED / FOLDER, tmp_path / FOLDER)
    for name in ("signals.toml", "sources.toml"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(("name", "old", "new", "why"), SLIPS)
def test_a_slip_is_named_with_its_file(copy: Path, name: str, old: str, new: str, why: str) -> None:
    path = copy / FOLDER / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new) if old == "[[tier" else text.replace(old, new, 1), encoding="utf-8")
    problems = read(copy)[2]
    assert any(why in problem and problem.startswith(FOLDER) for problem in problems), problems


def test_a_file_without_its_kind_or_rule_is_no_condition(copy: Path) -> None:
    path = copy / FOLDER / "spo2_low.toml"
    path.write_text('title = "x"\n[review]\nstatus = "draft"\n', encoding="utf-8")
    found, _signals, problems = read(copy)
    assert "spo2_low" not in found.by_key
    assert any("kind: is missing" in problem for problem in problems)


def test_a_way_back_is_written_with_its_unit(copy: Path) -> None:
    path = copy / FOLDER / "spo2_low.toml"
    more = '\n[hysteresis]\nvalue = 1\nunit = "%"\nsource = ["house"]\nconfirmed = false\n'
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    found, _signals, problems = read(copy)
    assert problems == []
    assert found.by_key["spo2_low"].hysteresis == 1.0
    path.write_text(path.read_text(encoding="utf-8").replace("value = 1\n", "value = -1\n"), encoding="utf-8")
    assert any("is under 0" in problem for problem in read(copy)[2])
