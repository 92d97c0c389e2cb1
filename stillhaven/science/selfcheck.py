"""Is a consultation sensible?  What speaks for it, what stands against it now, and what would change that.

Safety is asked before anything else; whoever is in danger gets help and no result.  The answer is never a diagnosis and
never a dose, and it decides nothing: a clinician does, with the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stillhaven.science.errors import BadInput


class Effect(StrEnum):
    """What an answer does to the result."""

    STOP = "stop"  # not now
    TALK = "talk"  # to be talked over first
    THIN = "thin"  # little or mixed proof for this goal
    EARLY = "early"  # other treatments come first
    FOR = "for"
    FINE = "fine"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What the self-check says."""

    NOT_NOW = "not_now"
    OTHERS_FIRST = "others_first"
    TALK_FIRST = "talk_first"
    SENSIBLE = "sensible"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer, and what it means."""

    key: str
    words: str
    effect: Effect
    because: str = ""
    change: str = ""
    ask: str = ""
    source: tuple[str, ...] = ()
    facts: Mapping[str, bool | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of the self-check."""

    key: str
    text: str
    options: tuple[Option, ...]
    help: str = ""
    many: bool = False


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that counted, and for which question."""

    question: str
    option: Option


@dataclass(frozen=True, kw_only=True)
class Result:
    """The whole answer: reasons against, to talk over, unknown, and for."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    unknown: tuple[str, ...]
    facts: Mapping[str, bool | str]
    under_age: bool = False

    def of(self, *effects: Effect) -> tuple[Reason, ...]:
        return tuple(r for r in self.reasons if r.option.effect in effects)

    @property
    def changes(self) -> tuple[str, ...]:
        """What would change the result."""
        return tuple(dict.fromkeys(r.option.change for r in self.reasons if r.option.change))

    @property
    def to_ask(self) -> tuple[str, ...]:
        """What to ask in a consultation."""
        return tuple(dict.fromkeys(r.option.ask for r in self.reasons if r.option.ask))


def needs_help_first(safety: str) -> bool:
    """Does the first answer ask for help before anything else?  Only a clear "no" goes on."""
    return safety != "no"


def check(questions: Sequence[Question], answers: Mapping[str, Sequence[str]]) -> Result:
    """What the answers say.  A question that was left out is unknown, never "no"; BadInput names an answer not offered."""
    reasons: list[Reason] = []
    unknown: list[str] = []
    facts: dict[str, bool | str] = {}
    for question in questions:
        given = [key for key in answers.get(question.key, ()) if key]
        options = {option.key: option for option in question.options}
        for key in given:
            if key not in options:
                raise BadInput(question.key, "is not one of the answers")
        if len(given) > 1 and not question.many:
            raise BadInput(question.key, "takes one answer")
        chosen = [options[key] for key in given]
        if question.many and len(chosen) > 1:  # "none" beside something is a slip: what was ticked counts
            chosen = [o for o in chosen if o.effect is not Effect.FINE] or chosen
        if not chosen or any(o.effect is Effect.UNKNOWN for o in chosen):
            unknown.append(question.text)
        for option in chosen:
            facts |= dict(option.facts)
            if option.because:
                reasons.append(Reason(question=question.key, option=option))
    effects = {r.option.effect for r in reasons}
    return Result(
        outcome=_outcome(effects, unknown),
        reasons=tuple(reasons),
        unknown=tuple(unknown),
        facts=facts,
        under_age="under_18" in answers.get("age", ()),
    )


def _outcome(effects: set[Effect], unknown: Sequence[str]) -> Outcome:
    if Effect.STOP in effects:
        return Outcome.NOT_NOW
    if effects & {Effect.EARLY, Effect.THIN}:
        return Outcome.OTHERS_FIRST
    if Effect.TALK in effects or unknown:
        return Outcome.TALK_FIRST
    return Outcome.SENSIBLE
