"""Where does a course of treatment stand, and does anything hold it?

A course is the thread on which screening, plan and sessions hang.  Its state is the replay of its moves.  "On hold" is
a fact beside the state: no session starts while it stands, and lifting it brings back what was there.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding
from stillhaven.science.limits import BLOCK, Standing, judge


class State(StrEnum):
    """Where a course stands."""

    OPENED = "opened"
    SCREENING = "screening"
    DEFERRED = "deferred"
    ELIGIBLE = "eligible"
    PLANNED = "planned"
    INDUCTION = "induction"
    MAINTENANCE = "maintenance"
    CLOSED = "closed"


class Move(StrEnum):
    """What moves a course on."""

    SCREEN = "screen"  # screening begins, or begins again after a deferral
    DEFER = "defer"
    FIND_ELIGIBLE = "find_eligible"
    PLAN = "plan"
    NEWS = "news"  # something changed: back to screening
    BEGIN_INDUCTION = "begin_induction"
    BEGIN_MAINTENANCE = "begin_maintenance"
    CLOSE = "close"


FIRST = State.OPENED

MOVES: dict[tuple[State, Move], State] = {
    (State.OPENED, Move.SCREEN): State.SCREENING,
    (State.SCREENING, Move.FIND_ELIGIBLE): State.ELIGIBLE,
    (State.SCREENING, Move.DEFER): State.DEFERRED,
    (State.DEFERRED, Move.SCREEN): State.SCREENING,
    (State.ELIGIBLE, Move.PLAN): State.PLANNED,
    (State.ELIGIBLE, Move.NEWS): State.SCREENING,
    (State.PLANNED, Move.BEGIN_INDUCTION): State.INDUCTION,
    (State.PLANNED, Move.NEWS): State.SCREENING,
    (State.INDUCTION, Move.BEGIN_MAINTENANCE): State.MAINTENANCE,
    **{(state, Move.CLOSE): State.CLOSED for state in State if state is not State.CLOSED},
}

WITH_REASON = frozenset({Move.CLOSE, Move.NEWS, Move.DEFER})


def step(state: State | str, move: Move | str, reason: str | None = None) -> State:
    """The state after one move.  Refused where the table has none.

    Give `reason` when the move is being made now: closing, deferring and going back for news each need one, and an
    empty one is BadInput.  Leave it out when replaying moves that were made.

    >>> step(State.PLANNED, Move.NEWS, "started lithium")
    <State.SCREENING: 'screening'>
    >>> step("closed", "plan")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.Refused: a course that is closed cannot plan; open to it: nothing more
    """
    here, turn = _state(state), _move(move)
    if (here, turn) not in MOVES:
        ways = ", ".join(_words(m) for m in allowed(here)) or "nothing more"
        raise Refused(why=f"a course that is {_words(here)} cannot {_words(turn)}; open to it: {ways}")
    if turn in WITH_REASON and reason is not None and not reason.strip():
        raise BadInput("reason", f"say why: {_words(turn)} needs a reason")
    return MOVES[here, turn]


def replay(moves: Iterable[Move | str]) -> State:
    """The state after all moves, from the opening on.

    >>> replay([Move.SCREEN, Move.DEFER, Move.SCREEN, Move.FIND_ELIGIBLE])
    <State.ELIGIBLE: 'eligible'>
    """
    state = FIRST
    for move in moves:
        state = step(state, move)
    return state


def allowed(state: State | str) -> tuple[Move, ...]:
    """The moves open to a course in this state, in the table's order."""
    here = _state(state)
    return tuple(move for at, move in MOVES if at is here)


def hold_finding(on_hold: bool | None, reason: str = "", how: Standing = BLOCK) -> Finding:
    """May a session of this course start, as far as a hold goes?

    >>> hold_finding(True, "liver values").because
    'the course is on hold: liver values'
    """
    return judge(
        "course_hold",
        None if on_hold is None else not on_hold,
        yes="the course is not on hold",
        no="the course is on hold" + (f": {reason.strip()}" if reason.strip() else ""),
        unknown="nobody has looked whether the course is on hold",
        to_do="ask the prescriber to review the hold",
        how=how,
    )


def _state(word: State | str) -> State:
    try:
        return State(word)
    except ValueError:
        raise BadInput("state", f"{word!r} is not a state of a course") from None


def _move(word: Move | str) -> Move:
    try:
        return Move(word)
    except ValueError:
        raise BadInput("move", f"{word!r} is not a move of a course") from None


def _words(word: State | Move) -> str:
    return word.value.replace("_", " ")
