"""A course goes only where the architecture's picture has an arrow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.course import FIRST, MOVES, WITH_REASON, Move, State, allowed, hold_finding, replay, step
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Verdict

PICTURE = """
opened screening | screening eligible | eligible planned | planned induction | induction maintenance
maintenance closed | screening deferred | deferred screening | eligible screening | planned screening
opened closed | screening closed | deferred closed | eligible closed | planned closed | induction closed
"""
ARROWS = {tuple(pair.split()) for line in PICTURE.strip().splitlines() for pair in line.split("|")}


def test_the_table_is_the_picture():
    assert {(a.value, b.value) for (a, _), b in MOVES.items()} == ARROWS


@given(st.lists(st.sampled_from(list(Move)), max_size=25))
def test_replay_is_step_after_step_and_closed_is_the_end(wanted):
    state, made = FIRST, []
    for move in wanted:
        if move in allowed(state):
            state = step(state, move)
            made.append(move)
        else:
            with pytest.raises(Refused):
                step(state, move)
    assert replay(made) is state
    assert (not allowed(state)) == (state is State.CLOSED)


@given(st.lists(st.sampled_from(list(Move)), max_size=25))
def test_no_induction_without_having_been_found_eligible(wanted):
    state, seen = FIRST, [FIRST]
    for move in wanted:
        if move in allowed(state):
            state = step(state, move)
            seen.append(state)
    if State.INDUCTION in seen:
        before = seen[: seen.index(State.INDUCTION)]
        assert before[-2:] == [State.ELIGIBLE, State.PLANNED]


def test_closing_deferring_and_news_need_a_reason_when_made_now():
    for (state, move), after in MOVES.items():
        if move in WITH_REASON:
            with pytest.raises(BadInput, match="reason"):
                step(state, move, "  ")
            assert step(state, move, "moved away") is after
        else:
            assert step(state, move, "") is after


def test_words_that_are_no_state_or_move_cannot_be_read():
    with pytest.raises(BadInput, match="state"):
        step("paused", "plan")
    with pytest.raises(BadInput, match="move"):
        step("opened", "jump")


def test_hold_met_not_met_unknown():
    assert hold_finding(False).verdict is Verdict.MET
    held = hold_finding(True, "  ")
    assert held.verdict is Verdict.NOT_MET
    assert held.because == "the course is on hold"
    assert held.stops
    assert "liver" in hold_finding(True, "liver values").because
    asked = hold_finding(None)
    assert asked.verdict is Verdict.UNKNOWN
    assert asked.stops
