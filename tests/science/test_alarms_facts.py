"""Alarms that no single value tells: silence, a lost probe, demonstration data, symptoms, scores, checks, missing limits."""

from __future__ import annotations

import random

from stillhaven.science import alarms
from stillhaven.science.alarms import (
    AlarmCondition,
    AlarmEvent,
    AlarmFacts,
    Attached,
    CheckDue,
    ClockOff,
    Comparison,
    Expected,
    Kind,
    Observed,
    Phase,
    Priority,
    Rule,
    Score,
    Tier,
)
from stillhaven.science.vitals import Mode, Quality
from tests.science.alarms_support import (
    CUFF,
    CUFF_HIGH,
    OXYGEN,
    OXYGEN_LOW,
    PULSE,
    PULSE_HIGH,
    at,
    condition,
    limit,
    plan,
    reading,
    run,
    seconds,
    shown,
    stream,
    tier,
    told,
)

SILENT = condition("silent", Rule.DEVICE_SILENT, kind=Kind.TECHNICAL, wait_s=10.0)
LOST = condition("lost", Rule.SIGNAL_LOST, kind=Kind.TECHNICAL, yields_to=("silent", "off"))
OFF = condition("off", Rule.NO_VALUE, kind=Kind.TECHNICAL, qualities=("no_value",), delay_s=5.0)
ODD = condition("odd", Rule.NO_VALUE, kind=Kind.TECHNICAL, qualities=("implausible", "artefact"), delay_s=5.0)
WORN = Attached(device="MON-1", since=at(0))
WANTED = Expected(signal=OXYGEN, since=at(0), device="MON-1")
FACTS = AlarmFacts(attached=(WORN,), expected=(WANTED,))


def keys(events: list[AlarmEvent]) -> list[str]:
    return [f"{e.condition} {e.kind} {seconds(e.at):g}" for e in events]


# ---------------------------------------------------------------- silence


def test_a_monitor_that_says_nothing_is_one_alarm_and_not_one_a_signal() -> None:
    events = run(plan(SILENT, LOST), stream(OXYGEN, [97] * 5), 40, FACTS)
    assert keys(events) == ["silent raised 14"]
    assert events[0].probe == "MON-1"
    assert events[0].technical


def test_heard_again_the_monitor_is_silent_no_more() -> None:
    readings = [*stream(OXYGEN, [97] * 5), *stream(OXYGEN, [97] * 20, start=30)]
    events = run(plan(SILENT, LOST), readings, 45, FACTS)
    assert keys(events) == ["silent raised 14", "silent cleared 30"]


def test_a_monitor_that_never_said_anything_is_silent_from_when_it_was_put_on() -> None:
    assert keys(run(plan(SILENT, LOST), [], 20, FACTS)) == ["silent raised 10"]


def test_one_signal_missing_while_the_monitor_talks() -> None:
    readings = [*stream(OXYGEN, [97] * 5), *stream(PULSE, [80] * 40)]
    events = run(plan(SILENT, LOST), readings, 30, FACTS)
    assert keys(events) == ["lost raised 14"]
    assert shown(events, 30) == [("lost", "only", "active")]


def test_when_the_monitor_returns_without_the_signal_that_is_said() -> None:
    readings = [*stream(OXYGEN, [97] * 5), *stream(PULSE, [80] * 5), *stream(PULSE, [80] * 20, start=30)]
    events = run(plan(SILENT, LOST), readings, 45, FACTS)
    assert keys(events) == ["silent raised 14", "silent cleared 30", "lost raised 30"]


def test_silence_counts_by_arrival_and_not_by_the_monitors_clock() -> None:
    late = [reading(OXYGEN, t - 600, 97, arrived=t) for t in range(30)]
    assert run(plan(SILENT, LOST), late, 29, FACTS) == []


def test_a_signal_of_another_device_is_not_excused_by_this_ones_silence() -> None:
    facts = AlarmFacts(attached=(WORN,), expected=(Expected(signal=OXYGEN, since=at(0), device="MON-2"),))
    assert sorted(keys(run(plan(SILENT, LOST), [], 12, facts))) == ["lost raised 10", "silent raised 10"]


def test_taken_off_on_purpose_a_monitor_is_not_silent() -> None:
    facts = AlarmFacts(attached=(Attached(device="MON-1", since=at(0), until=at(8)),))
    assert run(plan(SILENT), [], 30, facts) == []
    facts = AlarmFacts(attached=(Attached(device="MON-1", since=at(0), until=at(20)),))
    assert keys(run(plan(SILENT), [], 30, facts)) == ["silent raised 10", "silent cleared 20"]


def test_what_is_no_longer_expected_is_no_longer_missed() -> None:
    the_plan = plan(LOST)
    events = run(the_plan, [], 15, FACTS)
    events = run(the_plan, [], 17, AlarmFacts(), events=events, since=16)
    assert keys(events) == ["lost raised 10", "lost cleared 16"]


def test_a_cuff_is_never_lost() -> None:
    facts = AlarmFacts(expected=(Expected(signal=CUFF, since=at(0)), Expected(signal="unheard of", since=at(0))))
    assert run(plan(LOST), [], 300, facts) == []


def test_what_we_are_not_shown_any_more_is_not_silence() -> None:
    """Asked with a window of readings only, the hole before the window is not taken for silence."""
    readings = stream(OXYGEN, [97] * 30, start=500)
    assert alarms.evaluate(plan(SILENT, LOST), readings, [], at(529), FACTS) == []
    assert alarms.evaluate(plan(SILENT, LOST), readings, [], at(529), FACTS, judged_until=at(528)) == []
    assert keys(alarms.evaluate(plan(LOST), readings, [], at(529), FACTS, judged_until=at(0))) == [
        "lost raised 10",
        "lost cleared 500",
    ]


# ---------------------------------------------------------------- probes and values that cannot be used


def test_probe_off_says_why_and_excuses_the_lost_signal() -> None:
    off = [reading(OXYGEN, t, None, reason="probe off") for t in range(5, 40)]
    events = run(plan(OFF, LOST), [*stream(OXYGEN, [97] * 5), *off], 39, FACTS)
    assert keys(events) == ["off raised 10"]
    assert events[0].detail == "spo2_pct – limit – probe off"


def test_probe_on_again() -> None:
    off = [reading(OXYGEN, t, None) for t in range(5, 20)]
    events = run(plan(OFF, LOST), [*off, *stream(OXYGEN, [97] * 20, start=20)], 39, FACTS)
    assert keys(events) == ["off raised 10", "off cleared 20"]


def test_a_moment_without_a_value_is_no_alarm() -> None:
    readings = [reading(OXYGEN, t, None if t % 6 == 3 else 97) for t in range(40)]
    assert run(plan(OFF, LOST), readings, 39, FACTS) == []


def test_when_even_no_value_stops_coming_the_signal_is_lost() -> None:
    off = [reading(OXYGEN, t, None) for t in range(12)]
    events = run(plan(OFF, LOST), off, 40, FACTS)
    assert keys(events) == ["off raised 5", "off cleared 21", "lost raised 21"]


def test_implausible_and_artefact_values_are_said_to_be_unusable() -> None:
    strange = [
        reading(OXYGEN, t, 300, quality=Quality.IMPLAUSIBLE if t % 2 else Quality.ARTEFACT, reason="x")
        for t in range(20)
    ]
    events = run(plan(ODD, OFF, OXYGEN_LOW), strange, 12, FACTS)
    assert keys(events) == ["odd raised 5"]


def test_no_value_can_be_asked_of_some_signals_only() -> None:
    pulse_off = condition("pulse_off", Rule.NO_VALUE, kind=Kind.TECHNICAL, qualities=("no_value",), signals=(PULSE,))
    off = [reading(name, t, None) for t in range(9) for name in (OXYGEN, PULSE, "unheard of")]
    assert [e.signal for e in run(plan(pulse_off), off, 8, FACTS)] == [PULSE]


# ---------------------------------------------------------------- whose data, whose clock


def test_demonstration_data_on_a_patient_is_an_alarm_and_not_a_value() -> None:
    demo = condition("demo", Rule.WRONG_MODE, kind=Kind.TECHNICAL, wait_s=10.0)
    shown_by_demo = [reading(OXYGEN, t, 85, mode=Mode.DEMO) for t in range(20)]
    events = run(plan(demo, OXYGEN_LOW), shown_by_demo, 40, FACTS)
    assert keys(events) == ["demo raised 0", "demo cleared 29"]
    assert events[0].detail.endswith("demo data")
    assert run(plan(demo), shown_by_demo, 40, AlarmFacts()) == []  # not attached to anybody


def test_a_clock_far_off_is_said_and_a_little_off_is_not() -> None:
    clock = condition("clock", Rule.CLOCK_OFF, kind=Kind.TECHNICAL, wait_s=60.0)
    facts = AlarmFacts(
        clocks=(
            ClockOff(device="MON-1", since=at(5), until=at(9), offset_s=-90.0),
            ClockOff(device="MON-2", since=at(5), offset_s=59.0),
            ClockOff(device="MON-3", since=at(6), offset_s=7200.0),
        )
    )
    events = run(plan(clock), [], 12, facts)
    assert keys(events) == ["clock raised 5", "clock raised 6", "clock cleared 9"]
    assert [e.detail.split("limit – ")[1] for e in events[:2]] == ["90 s behind", "7200 s ahead"]


# ---------------------------------------------------------------- what people see and score

SYMPTOM = condition(
    "symptom",
    Rule.OBSERVED,
    signals=("chest_pain",),
    latching=True,
    tiers=(Tier(key="act", priority=Priority.HIGH),),
    escalate_after_s=30.0,
)


def test_a_symptom_is_an_alarm_at_any_value_the_moment_it_is_recorded() -> None:
    facts = AlarmFacts(
        observed=(
            Observed(kind="chest_pain", at=at(3), known_at=at(5), text="Chest pain, severe"),
            Observed(kind="headache", at=at(3), known_at=at(5)),
        )
    )
    events = run(plan(SYMPTOM), [], 10, facts)
    assert keys(events) == ["symptom raised 5"]
    assert events[0].detail.endswith("Chest pain, severe")
    assert events[0].crossed_at == at(3)


def test_a_symptom_recorded_when_it_was_over_is_still_raised() -> None:
    facts = AlarmFacts(observed=(Observed(kind="chest_pain", at=at(3), known_at=at(30), until=at(8)),))
    events = run(plan(SYMPTOM), [], 32, facts)
    assert told(events) == ["raised act 30", "returned act 30"]
    assert events[0].late


def test_a_symptom_that_comes_back_after_it_was_said_to_be_over() -> None:
    over = AlarmFacts(observed=(Observed(kind="chest_pain", at=at(3), known_at=at(3), until=at(8)),))
    events = run(plan(SYMPTOM), [], 12, over)
    again = AlarmFacts(observed=(Observed(kind="chest_pain", at=at(3), known_at=at(3)),))
    events = run(plan(SYMPTOM), [], 14, again, events=events, since=13)
    assert told(events) == ["raised act 3", "returned act 8", "recurred act 8"]
    assert shown(events, 14) == [("symptom", "act", "active")]


def test_what_still_holds_when_the_session_ends_is_not_raised_again() -> None:
    facts = AlarmFacts(observed=(Observed(kind="chest_pain", at=at(3), known_at=at(3)),), ended_at=at(8))
    events = run(plan(SYMPTOM), [], 40, facts)
    assert told(events) == ["raised act 3", "cleared act 8"]


def test_two_notes_of_one_symptom_that_touch_are_one_alarm() -> None:
    facts = AlarmFacts(
        observed=(
            Observed(kind="chest_pain", at=at(3), known_at=at(3), until=at(10)),
            Observed(kind="chest_pain", at=at(6), known_at=at(6), until=at(20)),
            Observed(kind="chest_pain", at=at(7), known_at=at(7), until=at(8)),
        )
    )
    assert told(run(plan(SYMPTOM), [], 25, facts)) == ["raised act 3", "returned act 20"]


DEEP = condition(
    "deep",
    Rule.SCORE,
    signals=("moaa_s",),
    comparison=Comparison.AT_OR_BELOW,
    latching=True,
    tiers=(tier("warn", Priority.MEDIUM, moaa_s=3), tier("act", Priority.HIGH, moaa_s=2)),
)


def test_a_score_at_its_line_counts_and_holds_until_the_next_score() -> None:
    facts = AlarmFacts(scores=tuple(Score(scale="moaa_s", value=v, at=at(t), known_at=at(t)) for t, v in
                                    ((0, 5), (600, 3), (1200, 2), (1800, 5))))  # fmt: skip
    events = run(plan(DEEP), [], 1900, facts, every=50)
    assert told(events) == [
        "raised warn 600",
        "stepped_up act 1200",
        "rechecked 1200",
        "returned act 1800",
        "returned warn 1800",
    ]
    assert shown(events, 1900) == [("deep", "act", "latched")]


def test_a_score_is_not_known_before_it_was_recorded() -> None:
    facts = AlarmFacts(scores=(Score(scale="moaa_s", value=2, at=at(0), known_at=at(60)),))
    assert run(plan(DEEP), [], 59, facts) == []
    assert told(run(plan(DEEP), [], 61, facts)) == ["raised warn 60", "stepped_up act 60"]


# ---------------------------------------------------------------- two readings, phases

TWICE = condition(
    "twice",
    Rule.TWICE_OR_RISING,
    signals=(CUFF,),
    comparison=Comparison.ABOVE,
    tiers=(Tier(key="warn", priority=Priority.MEDIUM),),
    limits_of="cuff_high",
    latching=True,
    rising_readings=3,
)


def cuffs(*values: float) -> list[alarms.AlarmEvent]:
    return run(plan(TWICE, CUFF_HIGH), [reading(CUFF, 10.0 * i, v) for i, v in enumerate(values)], 10.0 * len(values))


def twice(*values: float) -> list[str]:
    return told([e for e in cuffs(*values) if e.condition == "twice" and e.kind != "rechecked"])


def test_two_readings_in_a_row_past_the_limit() -> None:
    assert twice(150, 165, 162) == ["raised warn 20"]
    assert twice(165, 162, 150) == ["raised warn 10", "returned warn 20"]


def test_one_reading_past_the_limit_is_not_two() -> None:
    assert twice(150, 165, 150, 165, 150) == []
    assert twice(165) == []


def test_past_the_limit_and_rising_counts_at_once() -> None:
    assert twice(140, 150, 165) == ["raised warn 20"]
    assert twice(150, 150, 165) == []
    assert twice(130, 140, 150) == []


def test_the_same_reading_again_is_not_a_second_one() -> None:
    readings = [reading(CUFF, 0, 165, arrived=t) for t in range(20)]
    assert [e.condition for e in run(plan(TWICE, CUFF_HIGH), readings, 20)] == ["cuff_high"]


def test_a_changed_limit_does_not_make_one_reading_two() -> None:
    the_plan = alarms.with_limit(plan(TWICE, CUFF_HIGH), limit("cuff_high", 150, when=5))
    events = run(the_plan, [reading(CUFF, 0, 165)], 10)
    assert [e.condition for e in events if e.kind == "raised"] == ["cuff_high"]


def phased(phase: Phase) -> AlarmCondition:
    return condition(
        "phased", signals=(CUFF,), comparison=Comparison.ABOVE, phase=phase,
        tiers=(tier("warn", Priority.MEDIUM, systolic_mmhg=140),),
    )  # fmt: skip


def test_before_the_drug_only() -> None:
    readings = [reading(CUFF, 0, 150), reading(CUFF, 30, 150)]
    events = run(plan(phased(Phase.BEFORE_DOSING)), readings, 40, AlarmFacts(dosing_from=at(20)))
    assert told(events) == ["raised warn 0", "cleared warn 20"]
    assert events[1].reason == "dosing began"
    assert told(run(plan(phased(Phase.BEFORE_DOSING)), readings, 40)) == ["raised warn 0"]
    assert run(plan(phased(Phase.BEFORE_DOSING)), readings[1:], 40, AlarmFacts(dosing_from=at(20))) == []


def test_from_the_drug_on_only() -> None:
    readings = [reading(CUFF, 0, 150), reading(CUFF, 30, 150)]
    assert run(plan(phased(Phase.FROM_DOSING)), readings, 40) == []
    events = run(plan(phased(Phase.FROM_DOSING)), readings, 40, AlarmFacts(dosing_from=at(20)))
    assert told(events) == ["raised warn 30"]


# ---------------------------------------------------------------- checks and missing limits

OVERDUE = condition("overdue", Rule.CHECK_OVERDUE, kind=Kind.TECHNICAL, delay_s=60.0)


def due(**more: object) -> AlarmFacts:
    return AlarmFacts(checks=(CheckDue(key="bp", label="BP and sedation", due_at=at(600), signal=CUFF, **more),))  # type: ignore[arg-type]


def test_a_check_not_done_is_overdue_after_its_grace() -> None:
    events = run(plan(OVERDUE), [], 700, due(), every=10)
    assert keys(events) == ["overdue raised 660"]
    assert events[0].detail.endswith("BP and sedation")


def test_a_check_done_in_time_or_a_little_early_is_not() -> None:
    assert run(plan(OVERDUE), [], 700, due(done_at=at(590)), every=10) == []
    assert run(plan(OVERDUE), [reading(CUFF, 610, 120)], 700, due(), every=10) == []
    assert run(plan(OVERDUE), [reading(CUFF, 500, 120)], 700, due(counts_from=at(480)), every=10) == []


def test_an_overdue_check_that_is_done_clears() -> None:
    assert keys(run(plan(OVERDUE), [reading(CUFF, 680, 120)], 700, due(), every=10)) == [
        "overdue raised 660",
        "overdue cleared 680",
    ]
    assert keys(run(plan(OVERDUE), [], 700, due(done_at=at(690)), every=10))[1] == "overdue cleared 690"


MISSING = condition(
    "missing", Rule.LIMIT_MISSING, kind=Kind.TECHNICAL, tiers=(Tier(key="info", priority=Priority.LOW),)
)
BARE = condition(
    "pulse_low",
    signals=(PULSE,),
    comparison=Comparison.BELOW,
    tiers=(Tier(key="warn", priority=Priority.MEDIUM), Tier(key="act", priority=Priority.HIGH)),
)


def test_a_condition_without_a_limit_says_so_for_every_expected_signal() -> None:
    facts = AlarmFacts(expected=(Expected(signal=PULSE, since=at(5)),))
    events = run(plan(MISSING, BARE, PULSE_HIGH, DEEP), stream(PULSE, [20] * 10), 10, facts)
    assert [(e.condition, e.signal, e.probe, seconds(e.at)) for e in events] == [("missing", PULSE, "pulse_low", 5)]
    assert events[0].detail.endswith("pulse_low")


def test_a_signal_nobody_expects_needs_no_limit() -> None:
    assert run(plan(MISSING, BARE), stream(PULSE, [20] * 10), 10) == []


def test_set_later_the_limit_is_missing_no_more_and_taken_away_it_is_again() -> None:
    facts = AlarmFacts(expected=(Expected(signal=PULSE, since=at(0), until=at(60)),))
    the_plan = alarms.with_limit(plan(MISSING, BARE), limit("pulse_low", 40, when=20, signal=PULSE))
    the_plan = alarms.with_limit(the_plan, limit("pulse_low", None, when=40, signal=PULSE))
    events = [e for e in run(the_plan, [], 70, facts) if e.condition == "missing"]
    assert keys(events) == ["missing raised 0", "missing cleared 20", "missing raised 40", "missing cleared 60"]


def test_a_score_without_a_line_says_so() -> None:
    bare = condition("bare", Rule.SCORE, signals=("moaa_s",), comparison=Comparison.AT_OR_BELOW)
    assert keys(run(plan(MISSING, bare), [], 3)) == ["missing raised 0"]


# ---------------------------------------------------------------- silence against a stopwatch


def test_random_silences_against_a_stopwatch() -> None:
    """What arrives when, and when is it missed: told by a stopwatch that is reset by every value."""
    the_plan = plan(SILENT, LOST)
    for seed in range(120):
        rng = random.Random(seed)
        heard = {
            name: {t for t in range(1, 90) if rng.random() < chance} for name, chance in ((OXYGEN, 0.12), (PULSE, 0.09))
        }
        readings = [reading(name, t, 97 if name == OXYGEN else 80) for name, times in heard.items() for t in times]
        events: list[AlarmEvent] = []
        silent_since, lost_for, last_any, last_oxygen = None, False, 0, 0
        for now in range(90):
            if now in heard[OXYGEN] | heard[PULSE]:
                last_any, silent_since = now, None
            if now in heard[OXYGEN]:
                last_oxygen = now
            if now - last_any >= 10:
                silent_since = now if silent_since is None else silent_since
            lost_for = (now - last_oxygen >= 10) and (silent_since is None or lost_for)
            events += alarms.evaluate(the_plan, readings, events, at(now), FACTS)
            open_now = {a.condition for a in alarms.open_alarms(events, at(now))}
            expected = {key for key, holds in (("silent", silent_since is not None), ("lost", lost_for)) if holds}
            assert open_now == expected, (seed, now)
