"""Where does a session stand, and which moves are open to it now?

One dosing visit is a chain of moves; its state is their replay and nothing else.  The table is the whole truth: a move
that is not in it is refused.  Three states are entered only with findings attached: ready, dosing (by a start or by
resuming after a hold) and discharged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, refuse_unless_met


class State(StrEnum):
    """Where a session stands."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    READY = "ready"
    DOSING = "dosing"
    HELD = "held"
    RECOVERING = "recovering"
    DISCHARGED = "discharged"
    SIGNED = "signed"
    MISSED = "missed"
    CANCELLED = "cancelled"
    TRANSFERRED = "transferred"


class Move(StrEnum):
    """What moves a session on."""

    CHECK_IN = "check_in"
    MAKE_READY = "make_ready"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    STOP = "stop"  # the dose has run, or is ended early by decision
    FINISH_DOSING = "stop"  # the same move under the name the plan uses for it
    ABORT = "abort"  # ended at once for the patient's sake: an emergency, or the patient said stop
    DISCHARGE = "discharge"
    SIGN = "sign"
    MISS = "miss"
    CANCEL = "cancel"
    TRANSFER = "transfer"  # handed over to emergency care


FIRST = State.BOOKED

MOVES: dict[tuple[State, Move], State] = {
    (State.BOOKED, Move.CHECK_IN): State.CHECKED_IN,
    (State.BOOKED, Move.MISS): State.MISSED,
    (State.BOOKED, Move.CANCEL): State.CANCELLED,
    (State.CHECKED_IN, Move.MAKE_READY): State.READY,
    (State.CHECKED_IN, Move.CANCEL): State.CANCELLED,
    (State.READY, Move.START): State.DOSING,
    (State.READY, Move.CANCEL): State.CANCELLED,
    (State.DOSING, Move.HOLD): State.HELD,
    (State.DOSING, Move.STOP): State.RECOVERING,
    (State.DOSING, Move.ABORT): State.RECOVERING,
    (State.DOSING, Move.TRANSFER): State.TRANSFERRED,
    (State.HELD, Move.RESUME): State.DOSING,
    (State.HELD, Move.STOP): State.RECOVERING,
    (State.HELD, Move.ABORT): State.RECOVERING,
    (State.HELD, Move.TRANSFER): State.TRANSFERRED,
    (State.RECOVERING, Move.DISCHARGE): State.DISCHARGED,
    (State.RECOVERING, Move.TRANSFER): State.TRANSFERRED,
    (State.DISCHARGED, Move.SIGN): State.SIGNED,
    (State.TRANSFERRED, Move.SIGN): State.SIGNED,
}

WITH_FINDINGS = frozenset({State.READY, State.DOSING, State.DISCHARGED})
DRUG_RUNNING = frozenset({State.DOSING, State.HELD})
WATCHED = frozenset({State.READY, State.DOSING, State.HELD, State.RECOVERING})  # a hold does not stop the watching
OVER = frozenset({State.SIGNED, State.MISSED, State.CANCELLED})


def step(state: State | str, move: Move | str) -> State:
    """The state after one move.  Refused where the table has no such move; BadInput for a word that is not one.

    >>> step(State.READY, Move.START)
    <State.DOSING: 'dosing'>
    >>> step("discharged", "start")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.Refused: a session that is discharged cannot start; open to it: sign
    """
    here, turn = _state(state), _move(move)
    if (here, turn) not in MOVES:
        ways = ", ".join(_words(m) for m in allowed(here)) or "nothing more"
        raise Refused(why=f"a session that is {_words(here)} cannot {_words(turn)}; open to it: {ways}")
    return MOVES[here, turn]


def enter(state: State | str, move: Move | str, findings: Sequence[Finding]) -> State:
    """The state after one move, with the findings it was decided on.

    Refused if the move is not open, if a finding stands in the way, or if the state asks for findings and none came:
    nobody is dosed or sent home on an empty list.
    """
    after = step(state, move)
    if after in WITH_FINDINGS and not findings:
        raise Refused(why=f"{_words(after)} is entered only with findings attached")
    refuse_unless_met(findings)
    return after


def replay(moves: Iterable[Move | str]) -> State:
    """The state after all moves, from the booking on.

    >>> replay([Move.CHECK_IN, Move.MAKE_READY, Move.START, Move.HOLD])
    <State.HELD: 'held'>
    """
    state = FIRST
    for move in moves:
        state = step(state, move)
    return state


def allowed(state: State | str) -> tuple[Move, ...]:
    """The moves open to a session in this state, in the table's order."""
    here = _state(state)
    return tuple(move for at, move in MOVES if at is here)


def needs_findings(state: State | str, move: Move | str) -> bool:
    """Does this move ask for findings?"""
    return step(state, move) in WITH_FINDINGS


def _state(word: State | str) -> State:
    try:
        return State(word)
    except ValueError:
        raise BadInput("state", f"{word!r} is not a state of a session") from None


def _move(word: Move | str) -> Move:
    try:
        return Move(word)
    except ValueError:
        raise BadInput("move", f"{word!r} is not a move of a session") from None


def _words(word: State | Move) -> str:
    return word.value.replace("_", " ")
