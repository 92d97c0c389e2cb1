"""A session goes only where the architecture's picture has an arrow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.session import (
    DRUG_RUNNING,
    FIRST,
    MOVES,
    OVER,
    WATCHED,
    Move,
    State,
    allowed,
    enter,
    needs_findings,
    replay,
    step,
)

# The picture of architecture section 7, written down as arrows between states and read back against the table.
PICTURE = """
booked checked_in | checked_in ready | ready dosing | dosing held | held dosing | held recovering
recovering discharged | discharged signed | dosing recovering | booked missed
booked cancelled | checked_in cancelled | ready cancelled
dosing transferred | held transferred | recovering transferred | transferred signed
"""
ARROWS = {tuple(pair.split()) for line in PICTURE.strip().splitlines() for pair in line.split("|")}

MET = Finding(rule="x", verdict=Verdict.MET, because="fine")
UNKNOWN = Finding(rule="y", verdict=Verdict.UNKNOWN, because="nobody asked")


def test_the_table_is_the_picture():
    assert {(a.value, b.value) for (a, _), b in MOVES.items()} == ARROWS


def test_every_state_is_reached_and_only_ends_have_no_way_on():
    assert {FIRST, *MOVES.values()} == set(State)
    assert {s for s in State if not allowed(s)} == OVER


@given(st.lists(st.sampled_from(list(Move)), max_size=25))
def test_replay_is_step_after_step_and_a_refused_move_changes_nothing(wanted):
    state, made = FIRST, []
    for move in wanted:
        if move in allowed(state):
            state = step(state, move)
            made.append(move)
        else:
            with pytest.raises(Refused):
                step(state, move)
            with pytest.raises(Refused):
                replay([*made, move])
    assert replay(made) is state


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_nobody_is_dosed_without_having_been_made_ready_and_nobody_leaves_without_recovery(wanted):
    state, seen = FIRST, [FIRST]
    for move in wanted:
        if move in allowed(state):
            state = step(state, move)
            seen.append(state)
    if State.DOSING in seen:
        assert seen.index(State.READY) < seen.index(State.DOSING)
    if State.DISCHARGED in seen:
        assert seen[seen.index(State.DISCHARGED) - 1] is State.RECOVERING
    if State.CANCELLED in seen or State.MISSED in seen:
        assert not DRUG_RUNNING & set(seen)


def test_running_drug_is_always_watched_and_can_always_be_ended():
    for state in DRUG_RUNNING:
        assert state in WATCHED
        assert {Move.STOP, Move.ABORT, Move.TRANSFER} <= set(allowed(state))


@pytest.mark.parametrize(
    ("state", "move"),
    [("checked_in", "make_ready"), ("ready", "start"), ("held", "resume"), ("recovering", "discharge")],
)
def test_some_moves_need_findings(state, move):
    assert needs_findings(state, move)
    with pytest.raises(Refused, match="findings attached"):
        enter(state, move, [])
    with pytest.raises(Refused, match="nobody asked"):
        enter(state, move, [MET, UNKNOWN])
    assert enter(state, move, [MET]) is step(state, move)


def test_other_moves_need_none_but_still_heed_what_they_get():
    assert not needs_findings("dosing", "stop")
    assert enter("dosing", "stop", []) is State.RECOVERING
    with pytest.raises(Refused):
        enter("dosing", "hold", [UNKNOWN])


def test_finish_dosing_is_another_name_for_stop():
    assert Move.FINISH_DOSING is Move.STOP


def test_words_that_are_no_state_or_move_cannot_be_read():
    with pytest.raises(BadInput, match="state"):
        step("sleeping", "start")
    with pytest.raises(BadInput, match="move"):
        step("ready", "begin")


def test_a_refusal_says_what_is_open():
    with pytest.raises(Refused, match="that is signed cannot check in; open to it: nothing more"):
        step("signed", "check_in")
