"""What an alarm does, one plain case after another.  The numbers here mean nothing clinically."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.science import alarms
from stillhaven.science.alarms import (
    AlarmEvent,
    AlarmFacts,
    AlarmPlan,
    AudioState,
    Comparison,
    EventKind,
    OpenAlarm,
    Priority,
    Rule,
)
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode, Quality, Source
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

PLAN = plan()
NURSE = "N. Alvarez"


def the_alarm(events: list[AlarmEvent], moment: float, key: str = "") -> OpenAlarm:
    return next(a for a in alarms.open_alarms(events, at(moment)) if not key or a.condition == key)


def answer(events: list[AlarmEvent], moment: float, key: str = "", action: str = "") -> list[AlarmEvent]:
    alarm = the_alarm(events, moment, key)
    return [*events, alarms.acknowledge(PLAN, alarm, by=NURSE, at=at(moment), action=action)]


# ---------------------------------------------------------------- raised, back, answered


def test_a_value_past_its_limit_is_raised_after_the_disclosed_delay() -> None:
    events = run(PLAN, stream(OXYGEN, [97, 93, 93, 93, 93, 93, 93, 93]), 7)
    assert told(events) == ["raised warn 6"]
    raised = events[0]
    assert (raised.value, raised.limit, raised.priority) == (93.0, 94.0, Priority.MEDIUM)
    assert raised.crossed_at == at(1)
    assert raised.detail == "spo2_pct 93 limit 94"


def test_a_crossing_shorter_than_the_delay_is_no_alarm() -> None:
    assert run(PLAN, stream(OXYGEN, [97, 93, 93, 93, 93, 93, 97, 97, 97, 97]), 12) == []


def test_at_the_limit_is_not_past_it() -> None:
    assert run(PLAN, stream(OXYGEN, [94] * 12), 12) == []


def test_the_delay_runs_on_in_silence() -> None:
    """One value past the limit, then nothing: unknown is never normal."""
    events = run(PLAN, stream(OXYGEN, [97, 93]), 8)
    assert told(events) == ["raised warn 6"]


def test_a_latching_alarm_stays_until_somebody_answers() -> None:
    events = run(PLAN, stream(OXYGEN, [93] * 8 + [97] * 30), 15)
    assert told(events) == ["raised warn 5", "returned warn 8"]
    assert shown(events, 15) == [("oxygen_low", "warn", "latched")]
    events = run(PLAN, stream(OXYGEN, [93] * 8 + [97] * 30), 16, events=answer(events, 15), since=16)
    assert told(events)[2:] == ["acknowledged warn 15", "cleared warn 15"]
    assert shown(events, 16) == []


def test_an_alarm_that_does_not_latch_clears_by_itself() -> None:
    events = run(PLAN, stream(PULSE, [115] * 6 + [90] * 6), 12)
    assert told(events) == ["raised warn 3", "cleared warn 6"]
    assert events[1].ended_at == at(6)


def test_answered_while_past_the_limit_it_stays_silently_and_clears_when_back() -> None:
    readings = stream(OXYGEN, [93] * 12 + [97] * 10)
    events = answer(run(PLAN, readings, 7), 7)
    assert shown(events, 7) == [("oxygen_low", "warn", "acknowledged")]
    events = run(PLAN, readings, 20, events=events, since=8)
    assert told(events)[2:] == ["cleared warn 12"]


def test_crossed_again_after_answer_and_clear_it_is_raised_anew() -> None:
    readings = stream(OXYGEN, [93] * 10 + [97] * 5 + [93] * 10)
    events = run(PLAN, readings, 24, events=answer(run(PLAN, readings, 7), 7), since=8)
    assert told(events)[2:] == ["cleared warn 10", "raised warn 20"]
    assert events[0].alarm != events[-1].alarm
    assert the_alarm(events, 24).sounds


def test_crossed_again_while_nobody_has_answered_is_the_same_alarm() -> None:
    readings = stream(OXYGEN, [93] * 10 + [97] * 5 + [93] * 10)
    events = run(PLAN, readings, 24)
    assert told(events) == ["raised warn 5", "returned warn 10", "recurred warn 20"]
    assert len({e.alarm for e in events}) == 1


# ---------------------------------------------------------------- tiers


def test_a_worse_tier_sounds_again_even_when_the_milder_one_was_answered() -> None:
    readings = stream(OXYGEN, [93] * 10 + [88] * 10)
    events = run(PLAN, readings, 19, events=answer(run(PLAN, readings, 7), 7), since=8)
    assert told(events)[2:] == ["stepped_up act 15"]
    alarm = the_alarm(events, 19)
    assert (alarm.priority, alarm.state, alarm.tier, alarm.ack_by) == (Priority.HIGH, "active", "act", "")
    assert len({e.alarm for e in events}) == 1


def test_back_from_the_worse_tier_an_answered_alarm_steps_down_quietly() -> None:
    readings = stream(OXYGEN, [88] * 10 + [93] * 10)
    events = run(PLAN, readings, 12, events=answer(run(PLAN, readings, 7), 7), since=8)
    assert shown(events, 12) == [("oxygen_low", "warn", "acknowledged")]
    assert "returned act 10" in told(events)


def test_unanswered_the_worse_tier_stays_on_the_screen() -> None:
    events = run(PLAN, stream(OXYGEN, [88] * 10 + [93] * 10), 15)
    assert shown(events, 15) == [("oxygen_low", "act", "active")]


def test_a_milder_tier_that_is_crossed_too_tells_nobody_anything_new() -> None:
    slow_warn = condition(
        "two_speeds",
        signals=(CUFF,),
        comparison=Comparison.ABOVE,
        tiers=(tier("warn", Priority.MEDIUM, systolic_mmhg=160), tier("act", Priority.HIGH, systolic_mmhg=180)),
        latching=True,
    )
    the_plan = plan(slow_warn, order=[limit("two_speeds", None)])
    readings = [reading(CUFF, 0, 190)]
    events = run(the_plan, readings, 3)
    the_plan = alarms.with_limit(the_plan, limit("two_speeds", 150, when=4))
    events = run(the_plan, readings, 6, events=events, since=4)
    assert told(events) == ["raised act 0", "limit_changed warn 4", "joined warn 4"]
    assert alarms.loudest(events[1:]) is None
    assert the_alarm(events, 6).tier == "act"


# ---------------------------------------------------------------- one alarm and the others


def test_answering_one_leaves_the_others() -> None:
    readings = [*stream(OXYGEN, [93] * 10), *stream(PULSE, [115] * 10)]
    events = answer(run(PLAN, readings, 8), 8, "oxygen_low")
    assert shown(events, 8) == [("pulse_high", "warn", "active"), ("oxygen_low", "warn", "acknowledged")]


def test_high_stands_above_medium_whatever_came_first() -> None:
    readings = [*stream(PULSE, [115] * 20), *stream(OXYGEN, [97] * 5 + [88] * 15)]
    events = run(PLAN, readings, 19)
    assert [a.priority for a in alarms.open_alarms(events, at(19))] == [Priority.HIGH, Priority.MEDIUM]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Priority)), st.booleans(), st.sampled_from(list(alarms.AlarmState)), st.integers(0, 99)
        )
    )
)
def test_no_lower_priority_ever_stands_above_a_higher(
    rows: list[tuple[Priority, bool, alarms.AlarmState, int]],
) -> None:
    found = [
        OpenAlarm(
            uid=str(i), condition=f"c{i}", signal="", probe="", tier="", priority=priority, technical=technical,
            title="", detail="", action="", state=state, crossed_at=at(when), raised_at=at(when), ack_by="", ack_at=None,
            escalated=False, late=False,
        )
        for i, (priority, technical, state, when) in enumerate(rows)
    ]  # fmt: skip
    weights = [alarm.priority.weight for alarm in alarms.ranked(found)]
    assert weights == sorted(weights, reverse=True)


def test_two_probes_are_two_alarms() -> None:
    readings = [reading(OXYGEN, t, v, probe=p) for t in range(10) for p, v in (("left", 93), ("right", 97))]
    events = run(PLAN, readings, 9)
    assert [(e.kind, e.probe) for e in events] == [(EventKind.RAISED, "left")]


def test_typed_by_hand_beside_a_monitor_is_a_series_of_its_own() -> None:
    readings = [*stream(OXYGEN, [97] * 10), reading(OXYGEN, 3, 88, source=Source.HAND, device="")]
    events = run(PLAN, readings, 9)
    assert {(e.kind, e.tier, e.probe) for e in events} == {
        (EventKind.RAISED, "warn", "by hand"),
        (EventKind.STEPPED_UP, "act", "by hand"),
    }


def test_a_cuff_by_hand_answers_the_cuff_of_the_monitor() -> None:
    readings = [reading(CUFF, 0, 170), reading(CUFF, 20, 150, source=Source.HAND, device="")]
    assert told(run(PLAN, readings, 22)) == ["raised warn 0", "returned warn 20"]


# ---------------------------------------------------------------- what is judged


@pytest.mark.parametrize("quality", [Quality.ARTEFACT, Quality.IMPLAUSIBLE, Quality.NO_VALUE])
def test_values_that_no_rule_may_use_raise_nothing(quality: Quality) -> None:
    readings = [reading(OXYGEN, t, 50, quality=quality) for t in range(12)]
    assert run(PLAN, readings, 12) == []


def test_a_questionable_value_is_judged() -> None:
    readings = [reading(OXYGEN, t, 93, quality=Quality.QUESTIONABLE) for t in range(12)]
    assert told(run(PLAN, readings, 12)) == ["raised warn 5"]


@pytest.mark.parametrize(
    ("mode", "accept", "judged"),
    [
        (Mode.REAL, False, True),
        (Mode.REAL, True, True),
        (Mode.SIMULATED, False, False),
        (Mode.SIMULATED, True, True),
        (Mode.DEMO, True, False),
        (Mode.TEST, True, False),
    ],
)
def test_whose_values_are_judged(mode: Mode, accept: bool, judged: bool) -> None:
    readings = [reading(OXYGEN, t, 93, mode=mode) for t in range(12)]
    events = run(PLAN, readings, 12, AlarmFacts(accept_simulated=accept))
    assert bool(events) is judged


def test_what_has_not_arrived_yet_is_not_known() -> None:
    readings = [reading(CUFF, 0, 170, arrived=30)]
    assert run(PLAN, readings, 29) == []
    assert told(run(PLAN, readings, 30)) == ["raised warn 30"]


# ---------------------------------------------------------------- silence, lateness, clocks


def test_a_value_that_is_no_longer_current_keeps_the_alarm_open() -> None:
    events = run(PLAN, stream(OXYGEN, [93] * 8), 30)
    assert told(events) == ["raised warn 5", "returned warn 17", "escalated warn 25"]
    assert events[1].reason == "no current value"
    assert shown(events, 30) == [("oxygen_low", "warn", "latched")]


def test_crossed_and_over_while_the_network_was_away_is_recorded() -> None:
    away = [reading(OXYGEN, t, 93 if 10 <= t < 30 else 97, arrived=60) for t in range(2, 60)]
    events = run(PLAN, [reading(OXYGEN, 0, 97), *away], 62)
    assert told(events) == ["raised warn 60", "returned warn 60"]
    assert (events[0].crossed_at, events[1].ended_at, events[0].late) == (at(10), at(30), True)
    assert shown(events, 62) == [("oxygen_low", "warn", "latched")]


def test_an_older_crossing_known_late_does_not_disturb_the_open_alarm() -> None:
    live = [reading(OXYGEN, t, 93) for t in range(30, 60)]
    late = [reading(OXYGEN, t, 93 if t < 20 else 97, arrived=50) for t in range(10, 30)]
    events = run(PLAN, [*live, *late], 59)
    assert told(events) == ["raised warn 35", "joined warn 50", "escalated warn 55"]
    assert (events[1].crossed_at, events[1].ended_at) == (at(10), at(20))
    assert shown(events, 59) == [("oxygen_low", "warn", "active")]


def test_a_clock_that_runs_ahead_does_not_freeze_the_present() -> None:
    ahead = [reading(OXYGEN, t + 3600, 97, arrived=t) for t in range(5)]
    right = [reading(OXYGEN, t, 93) for t in range(5, 20)]
    assert told(run(PLAN, [*ahead, *right], 19)) == ["raised warn 10"]


def test_a_clock_that_is_off_counts_from_arrival() -> None:
    facts = AlarmFacts(clocks=(alarms.ClockOff(device="MON-1", since=at(5), until=at(100), offset_s=-3600),))
    right = [reading(OXYGEN, t, 97) for t in range(5)]
    behind = [reading(OXYGEN, t - 3600, 93, arrived=t) for t in range(5, 20)]
    events = run(PLAN, [*right, *behind], 19, facts)
    assert told(events) == ["raised warn 10"]
    assert events[0].crossed_at == at(5)


def test_the_same_cuff_value_sent_again_is_one_measurement() -> None:
    readings = [reading(CUFF, 0, 170, arrived=t) for t in range(40)]
    events = run(PLAN, readings, 100)
    assert told(events) == ["raised warn 0", "escalated warn 30", "returned warn 60"]


def test_a_delay_longer_than_a_value_may_be_old_still_raises() -> None:
    patient = condition(
        "slow", signals=(OXYGEN,), comparison=Comparison.BELOW, delay_s=15.0,
        tiers=(tier("warn", Priority.MEDIUM, spo2_pct=94),),
    )  # fmt: skip
    assert told(run(plan(patient), [reading(OXYGEN, 0, 93)], 30)) == ["raised warn 15", "cleared warn 15"]
    resumed = [reading(OXYGEN, 0, 93), reading(OXYGEN, 12, 93), reading(OXYGEN, 14, 93)]
    assert told(run(plan(patient), resumed, 18)) == ["raised warn 15"]
    assert run(plan(patient), [reading(OXYGEN, 0, 93), reading(OXYGEN, 12, 97)], 30) == []


# ---------------------------------------------------------------- limits and their changes


def test_a_raised_limit_ends_the_stretch_and_is_announced() -> None:
    changed = alarms.with_limit(PLAN, limit("cuff_high", 175, when=10))
    events = run(changed, [reading(CUFF, 0, 170)], 12)
    assert told(events) == ["raised warn 0", "limit_changed warn 10", "returned warn 10"]
    assert events[1].detail == "systolic_mmhg: from 160 u to 175 u by Dr Lindqvist"
    assert events[2].reason == "the limit was changed"


def test_a_lowered_limit_judges_the_current_value_at_once() -> None:
    changed = alarms.with_limit(PLAN, limit("cuff_high", 140, when=10))
    events = run(changed, [reading(CUFF, 0, 150)], 12)
    assert told(events) == ["limit_changed warn 10", "raised warn 10"]
    assert (events[1].limit, events[1].set_by) == (140.0, "Dr Lindqvist")


def test_a_lowered_limit_does_not_judge_a_value_that_is_no_longer_current() -> None:
    changed = alarms.with_limit(PLAN, limit("cuff_high", 140, when=90))
    assert told(run(changed, [reading(CUFF, 0, 150)], 92)) == ["limit_changed warn 90"]


def test_a_replay_uses_the_limits_that_held_then() -> None:
    changed = alarms.with_limit(PLAN, limit("cuff_high", 175, when=30))
    readings = [reading(CUFF, 0, 170), reading(CUFF, 20, 150), reading(CUFF, 40, 170)]
    before = told(run(PLAN, readings[:2], 29))
    assert set(told(run(changed, readings, 60))) == {*before, "escalated warn 30", "limit_changed warn 30"}
    assert changed.in_force("cuff_high", CUFF, "warn", at(29)).value == 160  # type: ignore[union-attr]
    assert changed.in_force("cuff_high", CUFF, "warn", at(30)).value == 175  # type: ignore[union-attr]
    assert changed.in_force("nothing", CUFF, "warn", at(30)) is None


def test_a_limit_taken_away_is_announced_and_ends_the_stretch() -> None:
    changed = alarms.with_limit(PLAN, limit("cuff_high", None, when=10))
    events = run(changed, [reading(CUFF, 0, 170)], 12)
    assert told(events) == ["raised warn 0", "limit_changed warn 10", "returned warn 10"]
    assert events[1].detail.endswith("from 160 u to no limit by Dr Lindqvist")


def test_hysteresis_wants_the_value_clearly_back() -> None:
    sticky = condition(
        "sticky", signals=(OXYGEN,), comparison=Comparison.BELOW, hysteresis=2.0,
        tiers=(tier("warn", Priority.MEDIUM, spo2_pct=94),),
    )  # fmt: skip
    assert told(run(plan(sticky), stream(OXYGEN, [93, 94, 95, 93, 96]), 5)) == ["raised warn 0", "cleared warn 4"]
    high = condition(
        "high", signals=(PULSE,), comparison=Comparison.ABOVE, hysteresis=5.0,
        tiers=(tier("warn", Priority.MEDIUM, pulse_rate_per_min=110),),
    )  # fmt: skip
    assert told(run(plan(high), stream(PULSE, [111, 108, 105, 108]), 5)) == ["raised warn 0", "cleared warn 2"]


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        (limit("nothing", 100), "not a condition"),
        (limit("cuff_high", 100, signal=PULSE), "not a signal and tier"),
        (limit("cuff_high", 100, tier="worst"), "not a signal and tier"),
        (limit("cuff_high", 1000), "outside 0 to 400"),
        (limit("cuff_high", float("nan")), "not a number"),
        (limit("cuff_high", 190), "wrong order"),
        (limit("cuff_high", 150, tier="act"), "wrong order"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(setting: alarms.LimitSetting, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        alarms.with_limit(PLAN, setting)


def test_a_low_limit_stays_under_the_high_limit() -> None:
    low = condition(
        "pulse_low", signals=(PULSE,), comparison=Comparison.BELOW,
        tiers=(tier("warn", Priority.MEDIUM, pulse_rate_per_min=50),),
    )  # fmt: skip
    both = plan(PULSE_HIGH, low)
    assert alarms.with_limit(both, limit("pulse_low", 60, signal=PULSE)).changes
    with pytest.raises(BadInput, match="not under high limit"):
        alarms.with_limit(both, limit("pulse_low", 120, signal=PULSE))
    with pytest.raises(BadInput, match="not under high limit"):
        alarms.with_limit(both, limit("pulse_high", 45, signal=PULSE))


def test_changes_come_in_order() -> None:
    changed = alarms.with_limit(PLAN, limit("cuff_high", 170, when=20))
    with pytest.raises(BadInput, match="before an earlier change"):
        alarms.with_limit(changed, limit("cuff_high", 150, when=10))


def test_a_limit_of_a_signal_nobody_knows_is_refused() -> None:
    strange = condition("strange", signals=("bp_of_the_moon",), comparison=Comparison.ABOVE)
    with pytest.raises(BadInput, match="not a signal this house knows"):
        plan(strange, order=[limit("strange", 1, signal="bp_of_the_moon", tier="only")])


def test_the_order_goes_before_the_policy_before_the_reference() -> None:
    policy = [limit("cuff_high", 150), limit("cuff_high", 170, tier="act")]
    the_plan = plan(order=[limit("cuff_high", 155)], policy=policy)
    held = {t: the_plan.in_force("cuff_high", CUFF, t, at(0)) for t in ("warn", "act")}
    assert [s.value for s in held.values() if s] == [155, 170]
    assert the_plan.changes == ()


def test_the_clinics_own_times_replace_those_of_the_reference() -> None:
    own = [alarms.Timing(condition="oxygen_low", delay_s=2.0, escalate_after_s=4.0)]
    events = run(plan(timings=own), stream(OXYGEN, [93] * 12), 10)
    assert told(events) == ["raised warn 2", "escalated warn 6"]
    with pytest.raises(BadInput, match="no such condition"):
        plan(timings=[alarms.Timing(condition="nothing")])
    with pytest.raises(BadInput, match="not be under 0"):
        plan(timings=[alarms.Timing(condition="oxygen_low", delay_s=-1.0)])


def test_a_condition_of_another_drug_is_left_out() -> None:
    other = condition("other", signals=(CUFF,), comparison=Comparison.ABOVE, drugs=("esketamine",))
    assert plan(other, drug="ketamine").conditions == ()
    assert plan(other, drug="esketamine").conditions == (other,)


def test_a_plan_and_its_events_survive_json() -> None:
    the_plan = alarms.with_limit(plan(), limit("cuff_high", 170, when=5))
    assert AlarmPlan.from_dict(json.loads(json.dumps(the_plan.as_dict()))) == the_plan
    events = run(the_plan, [reading(CUFF, 0, 190), *stream(OXYGEN, [88] * 9)], 9)
    assert [AlarmEvent.from_dict(json.loads(json.dumps(e.as_dict()))) for e in events] == events


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "exploded"}, "not one of"),
        ({"at": "yesterday"}, "not a time"),
        ({"at": "2026-11-21T14:00:00"}, "needs a time zone"),
        ({"rank": "two"}, "must be of type int"),
        ({"late": 1}, "must be of type bool"),
        ({"rank": True}, "must be of type int"),
        ({"colour": "red"}, "unknown keys: colour"),
        ({"uid": None}, "must be of type str"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(change: dict[str, object], why: str) -> None:
    data = run(PLAN, [reading(CUFF, 0, 190)], 0)[0].as_dict()
    with pytest.raises(BadInput, match=why):
        AlarmEvent.from_dict({**data, **change})


def test_an_event_that_is_not_whole_is_refused() -> None:
    with pytest.raises(BadInput):
        AlarmEvent.from_dict({"uid": "x"})
    with pytest.raises(BadInput, match="must be an object"):
        AlarmPlan.from_dict([])  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="must be a list"):
        AlarmPlan.from_dict({**PLAN.as_dict(), "limits": "none"})


def test_whole_numbers_from_json_are_fine() -> None:
    data = run(PLAN, [reading(CUFF, 0, 190)], 0)[0].as_dict()
    assert AlarmEvent.from_dict({**data, "value": 190}).value == 190.0


# ---------------------------------------------------------------- escalation and sound


def test_unanswered_it_goes_to_the_station_once() -> None:
    events = run(PLAN, stream(OXYGEN, [93] * 60), 59)
    assert told(events) == ["raised warn 5", "escalated warn 25"]
    assert the_alarm(events, 59).escalated


def test_answered_in_time_it_does_not() -> None:
    readings = stream(OXYGEN, [93] * 60)
    events = run(PLAN, readings, 59, events=answer(run(PLAN, readings, 24), 24), since=25)
    assert "escalated" not in [e.kind for e in events]


def test_a_worse_tier_starts_the_clock_of_escalation_anew() -> None:
    events = run(PLAN, stream(OXYGEN, [93] * 30 + [88] * 60), 89)
    assert [line for line in told(events) if "escalated" in line] == ["escalated warn 25", "escalated act 55"]


def test_the_pause_of_the_sound_ends_by_itself_and_shows() -> None:
    readings = stream(OXYGEN, [93] * 90)
    events = run(PLAN, readings, 10)
    assert alarms.audio_state(events, at(10)) == AudioState(paused_until=None, by="", sounding=Priority.MEDIUM)
    events = [*events, alarms.pause_audio(PLAN, by=NURSE, at=at(10), seconds=30)]
    assert alarms.audio_state(events, at(11)) == AudioState(paused_until=at(40), by=NURSE, sounding=None)
    assert alarms.audio_state(events, at(40)).sounding is Priority.MEDIUM  # even if nobody asks
    events = run(PLAN, readings, 45, events=events, since=11)
    assert told(events)[-1] == "audio_resumed 40"
    assert events[-1].reason == "the pause is over"


def test_a_high_alarm_ends_the_pause() -> None:
    readings = stream(OXYGEN, [93] * 12 + [88] * 60)
    events = [*run(PLAN, readings, 10), alarms.pause_audio(PLAN, by=NURSE, at=at(10), seconds=100)]
    events = run(PLAN, readings, 20, events=events, since=11)
    assert told(events)[-2:] == ["stepped_up act 17", "audio_resumed 17"]
    assert alarms.audio_state(events, at(20)).sounding is Priority.HIGH


def test_a_medium_alarm_does_not_end_the_pause() -> None:
    readings = stream(OXYGEN, [97] * 12 + [93] * 60)
    events = [alarms.pause_audio(PLAN, by=NURSE, at=at(10), seconds=100)]
    events = run(PLAN, readings, 30, events=events, since=11)
    assert told(events) == ["audio_paused 10", "raised warn 17"]
    assert alarms.audio_state(events, at(30)).paused_until == at(110)


def test_the_pause_can_be_ended_by_hand() -> None:
    events = [
        alarms.pause_audio(PLAN, by=NURSE, at=at(10), seconds=100),
        alarms.resume_audio(PLAN, by=NURSE, at=at(20)),
    ]
    assert alarms.audio_state(events, at(21)).paused_until is None
    assert alarms.evaluate(PLAN, [], events, at(200), AlarmFacts()) == []


@pytest.mark.parametrize("length", [0, -5, 121, float("nan")])
def test_the_pause_has_a_longest_length(length: float) -> None:
    with pytest.raises(BadInput, match="at most 120"):
        alarms.pause_audio(PLAN, by=NURSE, at=at(0), seconds=length)


def test_somebody_answers_and_somebody_pauses() -> None:
    events = run(PLAN, stream(OXYGEN, [93] * 9), 8)
    with pytest.raises(BadInput, match="somebody"):
        alarms.acknowledge(PLAN, the_alarm(events, 8), by=" ", at=at(8))
    with pytest.raises(BadInput, match="somebody"):
        alarms.pause_audio(PLAN, by="", at=at(8), seconds=5)


def test_an_answer_to_an_alarm_that_is_over_changes_nothing() -> None:
    readings = stream(PULSE, [115] * 6 + [90] * 3 + [115] * 10)
    events = run(PLAN, readings, 5)
    late = alarms.acknowledge(PLAN, the_alarm(events, 5), by=NURSE, at=at(15))
    events = [*run(PLAN, readings, 14, events=events, since=6), late]
    assert shown(events, 15) == [("pulse_high", "warn", "active")]


def test_the_same_event_twice_counts_once() -> None:
    events = run(PLAN, stream(OXYGEN, [93] * 9), 8)
    assert alarms.open_alarms([*events, *events], at(8)) == alarms.open_alarms(events, at(8))


# ---------------------------------------------------------------- the end, the ledger, the words


def test_when_the_session_ends_every_alarm_ends_with_it() -> None:
    facts = AlarmFacts(ended_at=at(20))
    readings = [*stream(OXYGEN, [93] * 60), *stream(PULSE, [115] * 60)]
    paused = [alarms.pause_audio(PLAN, by=NURSE, at=at(1), seconds=100)]
    events = run(PLAN, readings, 40, facts, events=paused)
    assert sorted(told(events)[-2:]) == ["cleared warn 20", "cleared warn 20"]
    assert {e.reason for e in events[-2:]} == {"the session ended"}
    assert shown(events, 40) == []


def test_a_session_that_ends_quietly_says_nothing() -> None:
    assert run(PLAN, stream(OXYGEN, [97] * 30), 40, AlarmFacts(ended_at=at(20))) == []


def test_the_ledger_tells_the_whole_story() -> None:
    values = [93.0] * 6 + [88.0] * 10 + [91.0] * 10 + [97.0] * 400
    readings = stream(OXYGEN, values)
    events = answer(run(PLAN, readings, 18.5), 18.5, action="oxygen 2 L/min")
    events = run(PLAN, readings, 320, events=events, since=19.5)
    (row,) = alarms.ledger(events, readings, plan=PLAN)
    assert (row.crossed_at, row.due_at, row.shown_at) == (at(0), at(5), at(5))
    assert (row.acknowledged_by, row.acknowledged_after_s, row.action) == (NURSE, 13.5, "oxygen 2 L/min")
    assert (row.priority, row.value, row.worst_value) == (Priority.HIGH, 93.0, 88.0)
    assert (row.returned_at, row.cleared_at) == (at(26), at(26))
    assert (row.rechecked_at, row.value_5min_later) == (at(300), 97.0)
    assert row.as_dict()["crossed_at"] == at(0).isoformat()


def test_the_ledger_counts_from_when_it_was_shown() -> None:
    """The watch was away for half a minute: the row says so."""
    readings = stream(OXYGEN, [93] * 60)
    events = alarms.evaluate(PLAN, readings, [], at(35), AlarmFacts())
    events = answer(list(events), 40)
    (row,) = alarms.ledger(events)
    assert (row.due_at, row.shown_at, row.acknowledged_after_s) == (at(5), at(35), 5.0)
    assert row.worst_value == 93.0


def test_the_ledger_keeps_open_and_repeated_alarms() -> None:
    readings = [*stream(OXYGEN, [93] * 10 + [97] * 5 + [93] * 40), reading(CUFF, 3, 190)]
    events = run(PLAN, readings, 54)
    orphan = events[0].as_dict() | {"kind": "escalated", "alarm": "unheard of", "uid": "x"}
    rows = {row.condition: row for row in alarms.ledger([AlarmEvent.from_dict(orphan), *events])}
    assert rows["oxygen_low"].times_crossed == 2
    assert rows["oxygen_low"].cleared_at is None
    assert rows["cuff_high"].escalated_at == at(33)
    assert rows["oxygen_low"].rechecked_at is None


def test_five_minutes_later_the_cuff_is_the_next_one_measured() -> None:
    readings = [reading(CUFF, 0, 170), reading(CUFF, 100, 150), reading(CUFF, 420, 145)]
    events = run(PLAN, readings, 450)
    (row,) = alarms.ledger(events)
    assert (row.rechecked_at, row.value_5min_later) == (at(420), 145.0)


def test_without_any_value_the_recheck_says_so_in_the_end() -> None:
    events = run(PLAN, [reading(CUFF, 0, 170)], 601)
    assert told(events)[-1] == "rechecked 600"
    (row,) = alarms.ledger(events)
    assert (row.rechecked_at, row.value_5min_later) == (at(600), None)


def test_a_value_is_never_rounded_onto_its_limit() -> None:
    events = run(PLAN, [reading(CUFF, 0, 160.4)], 0)
    assert events[0].detail == "systolic_mmhg 160.4 limit 160"


def test_the_screens_shape() -> None:
    events = answer(run(PLAN, stream(OXYGEN, [93] * 9), 8), 8)
    data = the_alarm(events, 8).as_dict()
    assert json.loads(json.dumps(data)) == data
    assert {"uid", "condition", "priority", "technical", "title", "detail", "signal", "crossed_at", "raised_at"} <= set(
        data
    )
    assert (data["state"], data["ack_by"], data["escalated"]) == ("acknowledged", NURSE, False)


# ---------------------------------------------------------------- pure and replayable


@settings(deadline=None)
@given(st.lists(st.sampled_from([88.0, 93.0, 97.0, None]), max_size=60), st.sets(st.integers(0, 80), max_size=30))
def test_asking_twice_changes_nothing(values: list[float | None], ticks: set[int]) -> None:
    readings = [*stream(OXYGEN, values), *stream(PULSE, [None if v is None else 205 - v for v in values])]
    events: list[AlarmEvent] = []
    for tick in sorted(ticks):
        events += alarms.evaluate(PLAN, readings, events, at(tick), AlarmFacts())
        assert alarms.evaluate(PLAN, readings, events, at(tick), AlarmFacts()) == []


@settings(deadline=None)
@given(st.lists(st.sampled_from([88.0, 93.0, 97.0]), max_size=60), st.integers(0, 60))
def test_a_replay_and_a_restart_in_the_middle_tell_the_same(values: list[float], middle: int) -> None:
    readings = stream(OXYGEN, values)
    once = run(PLAN, readings, 70)
    assert run(PLAN, readings, 70) == once
    before = [AlarmEvent.from_dict(e.as_dict()) for e in run(PLAN, readings, middle)]
    assert run(PLAN, readings, 70, events=before, since=middle + 1) == once


@settings(deadline=None)
@given(st.permutations(range(20)))
def test_the_order_in_which_readings_are_handed_over_does_not_matter(order: list[int]) -> None:
    readings = stream(OXYGEN, [97] * 5 + [93] * 10 + [97] * 5)
    assert run(PLAN, [readings[i] for i in order], 25) == run(PLAN, readings, 25)


def test_reach_back_goes_as_far_as_the_oldest_late_value() -> None:
    late = reading(OXYGEN, 5, 93, arrived=1000)
    since = alarms.reach_back(PLAN, at(999), [late], AlarmFacts())
    assert seconds(since) == 5 - PLAN.window_s
    assert alarms.trim(PLAN, [], at(999), AlarmFacts()) == []


def test_no_condition_can_be_asked_without_a_comparison() -> None:
    dumb = condition("dumb", Rule.PAST_LIMIT, signals=(OXYGEN,))
    assert run(plan(dumb), stream(OXYGEN, [0] * 5), 5) == []
    assert OXYGEN_LOW.has_limits
    assert CUFF_HIGH.tier("nothing") is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([88.0, 93.0, 97.0]), st.integers(0, 3)), min_size=1, max_size=40))
def test_values_that_are_seen_a_moment_after_they_arrived_are_judged_all_the_same(
    rows: list[tuple[float, int]],
) -> None:
    """A commit may show a value after the second in which it arrived has been judged already."""
    readings = stream(OXYGEN, [value for value, _ in rows])
    events: list[AlarmEvent] = []
    for now in range(len(rows) + 15):
        visible = [r for i, (r, (_, hidden)) in enumerate(zip(readings, rows, strict=True)) if i + hidden <= now]
        events += alarms.evaluate(PLAN, visible, events, at(now), AlarmFacts())
        assert alarms.evaluate(PLAN, visible, events, at(now), AlarmFacts()) == []
    past = [value < 94 for value, _ in rows]
    if all(past[-7:]) and len(past) >= 7:
        assert shown(events, len(rows) - 1 + 3)[0][0] == "oxygen_low"
    assert len({e.uid for e in events}) == len(events)


def test_a_window_of_readings_is_enough() -> None:
    readings = [*stream(OXYGEN, [97] * 300 + [93] * 20), reading(CUFF, 3, 120)]
    kept = alarms.trim(PLAN, readings, at(300), AlarmFacts())
    assert len(kept) < 100
    assert reading(CUFF, 3, 120) in kept
    events = alarms.evaluate(PLAN, kept, [], at(310), AlarmFacts(), judged_until=at(300))
    assert told(events) == ["raised warn 305"]
