"""What may an alarm be about, how urgent is it, and what does it take to raise it?

A condition is data: a reference file in `reference/alarms/` and nothing else.  Its `rule` names one of the few ways in
which facts can cross a line; all else (signals, tiers, delay, latching, words) the file says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Priority(StrEnum):
    """How soon somebody has to come: at once, promptly, or when there is a hand free."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def weight(self) -> int:
        """Higher is more urgent.

        >>> Priority.HIGH.weight > Priority.MEDIUM.weight > Priority.LOW.weight
        True
        """
        return _WEIGHT[self]


_WEIGHT = {Priority.HIGH: 3, Priority.MEDIUM: 2, Priority.LOW: 1}


class Kind(StrEnum):
    """Is it about the patient, or about what should be watching the patient?"""

    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"


class Rule(StrEnum):
    """The ways in which facts can cross a line."""

    PAST_LIMIT = "past_limit"  # a value past the limit in force
    TWICE_OR_RISING = "twice_or_rising"  # past the limit on two readings in a row, or past it and rising
    SCORE = "score"  # a score somebody took is past the limit
    OBSERVED = "observed"  # somebody saw or heard it: a symptom, an airway event, a request, a fault
    NO_VALUE = "no_value"  # the monitor sends the signal without a value a rule may use
    SIGNAL_LOST = "signal_lost"  # no usable value of an expected signal for longer than it may be old
    DEVICE_SILENT = "device_silent"  # nothing at all from an attached device
    WRONG_MODE = "wrong_mode"  # an attached device sends demonstration or test data
    CLOCK_OFF = "clock_off"  # a device's clock is far from ours
    CHECK_OVERDUE = "check_overdue"  # a check was due and is not done
    LIMIT_MISSING = "limit_missing"  # a condition has no limit, so it cannot warn


class Comparison(StrEnum):
    """On which side of the limit the line is crossed."""

    ABOVE = "above"
    BELOW = "below"
    AT_OR_ABOVE = "at_or_above"
    AT_OR_BELOW = "at_or_below"

    @property
    def upward(self) -> bool:
        return self in (Comparison.ABOVE, Comparison.AT_OR_ABOVE)

    def past(self, value: float, limit: float) -> bool:
        """Is this value past the limit?

        >>> Comparison.ABOVE.past(140, 140), Comparison.AT_OR_ABOVE.past(140, 140)
        (False, True)
        >>> Comparison.BELOW.past(92, 92), Comparison.AT_OR_BELOW.past(92, 92)
        (False, True)
        """
        if self is Comparison.ABOVE:
            return value > limit
        if self is Comparison.BELOW:
            return value < limit
        if self is Comparison.AT_OR_ABOVE:
            return value >= limit
        return value <= limit


class Phase(StrEnum):
    """The part of the session in which a condition is judged."""

    ANY = "any"
    BEFORE_DOSING = "before_dosing"
    FROM_DOSING = "from_dosing"


class Basis(StrEnum):
    """What a limit's number is counted from."""

    ABSOLUTE = "absolute"
    RISE = "rise"  # so much over the patient's own baseline
    PERCENT = "percent"  # so many per cent over the patient's own baseline


@dataclass(frozen=True, kw_only=True)
class CitedLimit:
    """A number that somebody published or proposed for one signal, with where it stands and whether that was read."""

    signal: str
    value: float
    source: str
    confirmed: bool
    basis: Basis = Basis.ABSOLUTE
    where: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """One step of a condition.  Worse tiers come later and never have a lower priority.

    `shipped` limits hold unless the clinic or the order says otherwise; `candidates` only help whoever sets a limit.
    """

    key: str
    priority: Priority
    action: str = ""
    shipped: tuple[CitedLimit, ...] = ()
    candidates: tuple[CitedLimit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AlarmCondition:
    """What one alarm is about.

    `signals` are signal keys (or, for scores and observations, their names).  `delay_s` counts from when the first
    value past the limit was known here; a stretch that the data show to have lasted that long is raised at once.
    `latching`: the alarm stays until somebody acknowledges it, even when the value is back.  `escalate_after_s`: unanswered
    for so long, it goes to the station as well; None never does.  `hysteresis` is how far back past the limit a value has
    to come to count as back.  `limits_of` borrows the limits of another condition.  `yields_to` are conditions
    whose open alarm already says this one's cause.  `wait_s` is the rule's own number: seconds of silence, seconds of
    clock error.  `rising_readings`: how many readings in a row, each higher, count as rising.
    """

    key: str
    title: str
    kind: Kind
    rule: Rule
    tiers: tuple[Tier, ...]
    detail: str
    action: str
    source: str
    confirmed: bool
    signals: tuple[str, ...] = ()
    comparison: Comparison | None = None
    delay_s: float = 0.0
    latching: bool = False
    escalate_after_s: float | None = None
    hysteresis: float = 0.0
    wait_s: float = 0.0
    rising_readings: int = 0
    limits_of: str = ""
    yields_to: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    phase: Phase = Phase.ANY
    drugs: tuple[str, ...] = ()

    @property
    def technical(self) -> bool:
        return self.kind is Kind.TECHNICAL

    @property
    def has_limits(self) -> bool:
        """Does this condition need a limit of its own to be able to warn?"""
        return self.rule in (Rule.PAST_LIMIT, Rule.SCORE) and not self.limits_of

    def tier(self, key: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.key == key), None)


@dataclass(frozen=True, kw_only=True)
class AlarmReference:
    """All conditions and the numbers that belong to none of them.

    `audio_pause_max_s`: the longest pause of the sound.  `recheck_after_s`: when the ledger wants the value again.
    `recheck_give_up_s`: how long after that it stops waiting for one.
    """

    conditions: tuple[AlarmCondition, ...]
    audio_pause_max_s: float
    recheck_after_s: float
    recheck_give_up_s: float
    by_key: dict[str, AlarmCondition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {condition.key: condition for condition in self.conditions})
