"""How a drill is scored: what came up, what was answered, what was missed, and what was stopped without need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.reference.load import current
from stillhaven.science.alarms import LedgerRow, Priority
from stillhaven.science.drills import Answer, Done, Drill, Kind, Moment, Score, score
from stillhaven.science.errors import BadInput

T0 = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
LOW = Moment(
    key="low",
    title="Saturation low",
    conditions=("spo2_low",),
    answers=(Answer(kind=Kind.HOLD), Answer(kind=Kind.STOP)),
)
SILENT = Moment(key="silent", title="Monitor silent", conditions=("monitor_silent", "signal_lost"))
DRILL = Drill(key="d", title="D", says="", practise="", scenario="desaturation", moments=(LOW, SILENT))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def row(condition: str = "spo2_low", crossed: float = 10.0, shown: float = 20.0, **more: Any) -> LedgerRow:
    ack = more.pop("ack", None)
    plain: dict[str, Any] = {
        "alarm": f"{condition}{crossed}", "condition": condition, "signal": "spo2_pct", "probe": "", "title": "",
        "detail": "", "priority": Priority.HIGH, "technical": False, "crossed_at": at(crossed), "due_at": at(shown),
        "shown_at": at(shown), "value": 88.0, "limit": 90.0, "set_by": "", "worst_value": 85.0,
        "acknowledged_by": "N. Alvarez RN" if ack is not None else "",
        "acknowledged_at": at(ack) if ack is not None else None,
        "acknowledged_after_s": ack - shown if ack is not None else None, "action": "", "escalated_at": None,
        "returned_at": None, "cleared_at": None, "times_crossed": 1, "rechecked_at": None, "value_5min_later": None,
        "late": False,
    }  # fmt: skip
    return LedgerRow(**plain | more)


def did(
    kind: Kind, when: float, *, by: str = "P. Moreno RN", about: str = "", words: str = "", written: float = 0.0
) -> Done:
    return Done(
        kind=kind, at=at(when), recorded_at=at(when + written), by=by, label=kind.value, about=about, words=words
    )


def scored(
    rows: Iterable[LedgerRow] = (), deeds: Iterable[Done] = (), drill: Drill = DRILL, until: float = 600
) -> Score:
    return score(drill, rows, deeds, began_at=T0, ended_at=at(until))


def test_a_moment_tells_crossed_shown_acknowledged_and_the_first_right_deed_with_who() -> None:
    deeds = [did(Kind.NOTE, 22), did(Kind.HOLD, 31, written=4), did(Kind.STOP, 60)]
    line = scored([row(ack=28)], deeds).lines[0]
    assert (line.crossed_at, line.shown_after_s, line.acknowledged_after_s) == (at(10), 10.0, 8.0)
    assert (line.deed, line.deed_by, line.deed_after_s, line.written_after_s) == ("hold", "P. Moreno RN", 11.0, 4.0)
    assert line.acknowledged_by == "N. Alvarez RN"
    assert not line.missed


def test_never_acknowledged_and_nothing_done_is_missed() -> None:
    whole = scored([row(escalated_at=at(80))], [did(Kind.NOTE, 30)])
    line = whole.lines[0]
    assert line.missed
    assert line.escalated
    assert (line.acknowledged_after_s, line.deed_after_s, line.never_acknowledged) == (None, None, 1)
    assert (whole.raised, whole.acknowledged, whole.answered, whole.missed) == (1, 0, 0, 1)
    assert whole.median_acknowledged_s is None
    kept = whole.as_dict()
    assert (kept["raised"], kept["answered"], kept["median_acknowledged_s"]) == (1, 0, None)
    assert datetime.fromisoformat(kept["lines"][0]["shown_at"]) == at(20)


def test_acknowledged_without_a_deed_is_still_missed_and_a_deed_without_acknowledging_is_not() -> None:
    assert scored([row(ack=25)]).lines[0].missed
    line = scored([row()], [did(Kind.STOP, 40)]).lines[0]
    assert not line.missed
    assert line.acknowledged_after_s is None


def test_a_moment_that_asks_for_no_deed_is_answered_by_acknowledging() -> None:
    assert not scored([row("monitor_silent", ack=25)]).lines[0].missed
    assert scored([row("monitor_silent")]).lines[0].missed


def test_what_never_came_up_is_neither_answered_nor_missed_and_stands_last() -> None:
    whole = scored([row("signal_lost", ack=25)])
    assert [line.key for line in whole.lines] == ["silent", "low"]
    assert not whole.lines[1].raised
    assert not whole.lines[1].missed
    assert (whole.raised, whole.missed) == (1, 0)


def test_a_deed_before_the_alarm_was_shown_counts_with_seconds_below_zero() -> None:
    assert scored([row()], [did(Kind.HOLD, 15)]).lines[0].deed_after_s == -5.0


def test_a_deed_before_the_line_was_crossed_answers_nothing_and_a_stop_then_is_needless() -> None:
    whole = scored([row()], [did(Kind.HOLD, 5)])
    assert whole.lines[0].missed
    assert [n.label for n in whole.needless] == ["hold"]


def test_a_stop_that_nothing_asks_for_is_needless_and_one_that_is_asked_for_is_not() -> None:
    only_silent = replace(DRILL, moments=(SILENT,))
    assert len(scored([row("monitor_silent", ack=25)], [did(Kind.STOP, 40)], only_silent).needless) == 1
    assert scored([row()], [did(Kind.STOP, 40)]).needless == ()
    calm = replace(DRILL, moments=())
    assert [n.at for n in scored([], [did(Kind.ABORT, 40), did(Kind.NOTE, 41)], calm).needless] == [at(40)]


def test_several_alarms_of_one_moment_are_one_line_counted_from_the_first() -> None:
    rows = [row(crossed=100, shown=110, ack=115), row(crossed=10, shown=20), row("spo2_low", 200, 210)]
    line = scored(rows).lines[0]
    assert (line.times, line.shown_at, line.acknowledged_after_s, line.never_acknowledged) == (3, at(20), 95.0, 2)


def test_what_lies_before_the_monitor_came_to_life_or_after_the_end_does_not_count() -> None:
    rows = [row("monitor_silent", crossed=-60, shown=-50, ack=-40), row(crossed=590, shown=600, ack=650)]
    whole = scored(rows, [did(Kind.HOLD, -20), did(Kind.HOLD, 601)])
    assert whole.raised == 1
    assert whole.lines[0].acknowledged_after_s is None
    assert whole.needless == ()
    assert whole.deeds == 0


def test_a_target_is_judged_only_where_the_clinic_has_set_one() -> None:
    line = scored([row(ack=28)], [did(Kind.HOLD, 31)]).lines[0]
    assert (line.acknowledged_in_time, line.answered_in_time) == (None, None)
    set_ = replace(LOW, acknowledge_within_s=8.0, answer_within_s=10.0, set_by="Dr Lindqvist")
    drill = replace(DRILL, moments=(set_,))
    line = scored([row(ack=28)], [did(Kind.HOLD, 31)], drill).lines[0]
    assert (line.acknowledged_in_time, line.answered_in_time) == (True, False)
    assert scored([row()], [], drill).lines[0].acknowledged_in_time is False


@pytest.mark.parametrize(
    ("answer", "deed", "fits"),
    [
        ("event:airway", did(Kind.EVENT, 1, about="airway"), True),
        ("event:airway", did(Kind.EVENT, 1, about="sedation"), False),
        ("event", did(Kind.EVENT, 1, about="sedation"), True),
        ("words:oxygen", did(Kind.NOTE, 1, words="Gave Oxygen 4 L"), True),
        ("words:oxygen", did(Kind.ACKNOWLEDGE, 1, words="watching"), False),
        ("hold", did(Kind.STOP, 1), False),
    ],
)
def test_which_deed_is_which_answer(answer: str, deed: Done, fits: bool) -> None:
    assert Answer.parse(answer).fits(deed) is fits


def test_words_without_words_cannot_be_an_answer() -> None:
    with pytest.raises(BadInput):
        Answer.parse("words:")


rows_ = st.lists(
    st.builds(
        lambda condition, crossed, delay, ack: row(
            condition, crossed, crossed + delay, ack=None if ack is None else crossed + delay + ack
        ),
        st.sampled_from(["spo2_low", "monitor_silent", "signal_lost", "pressure_high"]),
        st.floats(0, 500), st.floats(0, 60), st.none() | st.floats(0, 300),
    ),
    max_size=8,
)  # fmt: skip
deeds_ = st.lists(
    st.builds(did, st.sampled_from([k for k in Kind if k is not Kind.WORDS]), st.floats(0, 700)), max_size=8
)


@given(rows_, deeds_, st.randoms(use_true_random=False))
def test_the_order_of_the_record_does_not_change_the_score(
    rows: list[LedgerRow], deeds: list[Done], random: Any
) -> None:
    whole = scored(rows, deeds)
    random.shuffle(rows)
    assert scored(rows, deeds).as_dict() == whole.as_dict()


@given(rows_, deeds_)
def test_counts_add_up_and_seconds_are_never_made_up(rows: list[LedgerRow], deeds: list[Done]) -> None:
    whole = scored(rows, deeds)
    assert whole.answered + whole.missed == whole.raised <= len(DRILL.moments)
    assert whole.acknowledged <= whole.raised
    for line in whole.lines:
        assert line.raised or (line.shown_at, line.deed_at, line.acknowledged_after_s) == (None, None, None)
        assert (line.deed_at is None) == (line.deed_after_s is None) == (not line.deed)
        assert line.acknowledged_after_s is None or line.acknowledged_after_s >= 0
    assert len(whole.needless) <= sum(d.kind in (Kind.HOLD, Kind.STOP, Kind.ABORT, Kind.TRANSFER) for d in deeds)


@given(rows_, deeds_)
def test_doing_more_never_misses_more(rows: list[LedgerRow], deeds: list[Done]) -> None:
    assert scored(rows, [*deeds, did(Kind.HOLD, 590)]).missed <= scored(rows, deeds).missed


def test_every_shipped_drill_counts_what_its_alarms_can_raise_and_holds_no_target() -> None:
    drills = current().drills
    assert {"saturation_falls", "pressure_rises", "probe_falls_off", "calm"} <= set(drills)
    for drill in drills.values():
        for moment in drill.moments:
            assert set(moment.conditions) <= set(current().alarms.by_key)
            assert (moment.acknowledge_within_s, moment.answer_within_s) == (None, None)
    stops = {Kind.STOP, Kind.ABORT, Kind.HOLD}
    assert not stops & {a.kind for m in drills["probe_falls_off"].moments for a in m.answers}
