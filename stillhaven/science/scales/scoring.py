"""What does one sheet of answers come to, and does one answer alone call for a person?

Every total is made from the answers, here, each time it is read.  A gap is never zero: it is made up for only as far as
the instrument's own rule lets it, else the score is absent and says why.  A total that somebody states is compared and
kept beside ours where it differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from stillhaven.science.errors import BadInput
from stillhaven.science.scales.grades import reached
from stillhaven.science.scales.instrument import Instrument, Part, Question, Safety, ScoreRule
from stillhaven.science.scales.observed import Cut

Answers = Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One score of one sheet.  `value` is None where it is absent, and `why` says the reason."""

    key: str
    name: str
    value: float | None
    why: str = ""
    band: str = ""
    label: str = ""  # for a rule that gives a word
    at_least: str = ""  # the word that is certain although gaps leave the rest open
    cuts: tuple[Cut, ...] = ()
    answered: int = 0
    of: int = 0
    filled: int = 0  # gaps that were made up for

    @property
    def shown(self) -> str:
        """The value as it is printed: no trailing zeros, "" where it is absent."""
        return self.label if self.label else "" if self.value is None else f"{self.value:g}"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One safety rule that an answer (or its absence) has met."""

    item: str
    number: int
    kind: str  # "alert", "review", "unanswered"
    value: float | None
    action: str


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """A stated total that the answers do not give.  Both are kept."""

    key: str
    stated: float
    computed: float | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Everything that one set of answers comes to under one version of an instrument."""

    instrument: str
    version: str
    scores: Mapping[str, Scored]
    gaps: tuple[str, ...]
    alerts: tuple[Hit, ...]
    discrepancies: tuple[Discrepancy, ...] = ()

    @property
    def main(self) -> Scored | None:
        return next(iter(self.scores.values()), None)

    @property
    def total(self) -> float | None:
        return self.main.value if self.main else None

    @property
    def band(self) -> str:
        return self.main.band if self.main else ""


def read_answer(question: Question, written: object) -> float | None:
    """One answer as somebody wrote it: None for a blank, else a number that the question offers.

    >>> q = Question(key="1", number=1, low=0, high=3)
    >>> read_answer(q, " 2 "), read_answer(q, "")
    (2.0, None)
    """
    if written is None:
        return None
    if isinstance(written, bool):
        raise BadInput(f"item {question.key}", "must be a number, not yes or no")
    if isinstance(written, str):
        text = written.strip()
        if not text:
            return None
        try:
            value = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            value = math.nan
    elif isinstance(written, int | float):
        value = float(written)
    else:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"item {question.key}", f"{str(written)[:40]!r} is not a number")
    question.check(value)
    return value


def clean(instrument: Instrument, answers: Mapping[str, object]) -> dict[str, float | None]:
    """Every question with its answer or None.  BadInput for an unknown question or an answer that is not offered."""
    known = instrument.by_key
    for key in answers:
        if key not in known:
            raise BadInput(f"item {key}", f"is not a question of {instrument.short}")
    return {key: read_answer(question, answers.get(key)) for key, question in known.items()}


def unasked(instrument: Instrument, answers: Answers) -> frozenset[str]:
    """Questions that this sheet's own answers leave out: no gap, nothing to chase."""
    found = set()
    for question in instrument.questions:
        if question.asked_if is None or answers.get(question.key) is not None:
            continue
        gate, mark = question.asked_if
        answer = answers.get(gate)
        if gate in found or (answer is not None and answer != mark):
            found.add(question.key)
    return frozenset(found)


def alerts(instrument: Instrument, answers: Answers, *, finished: bool = True) -> tuple[Hit, ...]:
    """What the safety rules say of these answers.  With `finished`, an unanswered safety question is itself a hit."""
    found: list[Hit] = []
    left_out = unasked(instrument, answers)
    for key in dict.fromkeys(rule.item for rule in instrument.safety):
        question, answer = instrument.question(key), answers.get(key)
        rules = [rule for rule in instrument.safety if rule.item == key]
        if answer is None or answer in question.not_assessed:
            if finished and key in instrument.safety_items and key not in left_out:
                why = "This question was not answered: ask the person."
                found.append(Hit(item=key, number=question.number, kind="unanswered", value=None, action=why))
            continue
        met = [rule for rule in rules if answer >= rule.at_least]
        if met:
            worst = min(met, key=lambda rule: (rule.kind != "alert", -rule.at_least))
            found.append(_hit(question, worst, answer))
    return tuple(found)


def _hit(question: Question, rule: Safety, answer: float) -> Hit:
    return Hit(item=question.key, number=question.number, kind=rule.kind, value=answer, action=rule.action)


def score_sheet(
    instrument: Instrument, answers: Mapping[str, object], stated: Mapping[str, float] | None = None
) -> Sheet:
    """Score one sheet.  BadInput for answers that cannot be read; gaps are never an error."""
    given = clean(instrument, answers)
    for question in instrument.questions:
        if question.not_assessed and given[question.key] in question.not_assessed:
            given[question.key] = None
    left_out = unasked(instrument, given)
    made: dict[str, Scored] = {}
    for rule in sorted(instrument.scores, key=lambda rule: bool(rule.of)):  # a looked-up score after its sum
        made[rule.key] = _score(instrument, rule, given, left_out, made)
    scores = {rule.key: made[rule.key] for rule in instrument.scores}
    gaps = tuple(q.key for q in instrument.questions if given[q.key] is None and q.scored and q.key not in left_out)
    return Sheet(
        instrument=instrument.key,
        version=instrument.version,
        scores=scores,
        gaps=gaps,
        alerts=alerts(instrument, given),
        discrepancies=tuple(
            _compare(scores, key, value) for key, value in (stated or {}).items() if _differs(scores, key, value)
        ),
    )


def _differs(scores: Mapping[str, Scored], key: str, stated: float) -> bool:
    if key not in scores:
        raise BadInput(key, "is not a score of this scale")
    value = scores[key].value
    return value is None or abs(value - stated) > 1e-6


def _compare(scores: Mapping[str, Scored], key: str, stated: float) -> Discrepancy:
    value = scores[key].value
    why = (
        f"the answers give no {scores[key].name.lower()} ({scores[key].why}); {stated:g} was stated"
        if value is None
        else f"the answers give {value:g}; {stated:g} was stated"
    )
    return Discrepancy(key=key, stated=stated, computed=value, why=why)


def _score(
    instrument: Instrument, rule: ScoreRule, given: Answers, left_out: frozenset[str], done: Mapping[str, Scored]
) -> Scored:
    needed = [key for key in rule.items if key not in left_out]
    answered = sum(given.get(key) is not None for key in needed)
    if rule.absent:
        return Scored(key=rule.key, name=rule.name, value=None, why=rule.absent)
    if rule.grades:
        return _graded(rule, given, left_out, answered, len(needed))
    if rule.of:
        return _looked_up(rule, done[rule.of])
    value, why, filled = _total(instrument, rule, given, left_out)
    return Scored(
        key=rule.key,
        name=rule.name,
        value=value,
        why=why,
        band=rule.band(value),
        cuts=tuple(cut for cut in rule.cuts if value is not None and cut.holds(value)),
        answered=answered,
        of=len(needed),
        filled=filled,
    )


def _total(
    instrument: Instrument, rule: ScoreRule, given: Answers, left_out: frozenset[str]
) -> tuple[float | None, str, int]:
    needed = [key for part in rule.parts for key in part.items if key not in left_out]
    gaps = [key for key in needed if given.get(key) is None]
    by_max = all(part.take == "max" for part in rule.parts if len(part.items) > 1) and any(
        part.take == "max" for part in rule.parts
    )
    if gaps and not by_max and rule.most_missing is not None and len(gaps) > rule.most_missing:
        return None, _short(instrument, gaps, len(needed)), 0
    total = Fraction(0)
    for part in rule.parts:
        worth = _part(instrument, part, given)
        if worth is None:
            return None, f"nothing was answered of {_named(instrument, part.items)}", 0
        total += worth
    total *= Fraction(rule.times)
    filled = 0 if by_max else len(gaps)
    if rule.decimals is not None:
        return half_up(total, rule.decimals), "", filled
    return float(total), "", filled


def _part(instrument: Instrument, part: Part, given: Answers) -> Fraction | None:
    known = instrument.by_key
    points = [Fraction(known[key].points(answer)) for key in part.items if (answer := given.get(key)) is not None]
    if not points:
        return None
    if part.take == "max":
        return max(points) / Fraction(part.divide)
    if part.take == "count":
        points = [Fraction(p >= part.at_least) for p in points]
    return sum(points, Fraction(0)) * len(part.items) / len(points) / Fraction(part.divide)


def half_up(value: Fraction, decimals: int = 0) -> float:
    """Rounded, a half always up (never to the even neighbour).

    >>> half_up(Fraction(9, 2)), half_up(Fraction(5, 3), 1)
    (5.0, 1.7)
    """
    scale: int = 10**decimals
    return float(math.floor(value * scale + Fraction(1, 2)) / scale)


def _short(instrument: Instrument, gaps: list[str], needed: int) -> str:
    return f"{len(gaps)} of {needed} questions have no answer ({_named(instrument, gaps)})"


def _named(instrument: Instrument, keys: tuple[str, ...] | list[str]) -> str:
    numbers = [str(instrument.question(key).number) for key in keys]
    shown = ", ".join(numbers[:6]) + (", …" if len(numbers) > 6 else "")
    return f"{'item' if len(numbers) == 1 else 'items'} {shown}"


def _graded(rule: ScoreRule, given: Answers, left_out: frozenset[str], answered: int, of: int) -> Scored:
    rank, sure = reached(rule.grades, given, left_out)
    words = {grade.rank: grade.label for grade in rule.grades} | {0: rule.none_label}
    if rank is None:
        why = "a question without an answer could still change it"
        return Scored(
            key=rule.key,
            name=rule.name,
            value=None,
            why=why,
            at_least=words[sure] if sure else "",
            answered=answered,
            of=of,
        )
    return Scored(key=rule.key, name=rule.name, value=float(rank), label=words[rank], answered=answered, of=of)


def _looked_up(rule: ScoreRule, raw: Scored) -> Scored:
    if raw.value is None:
        return Scored(key=rule.key, name=rule.name, value=None, why=raw.why, answered=raw.answered, of=raw.of)
    value = rule.table.get(int(raw.value)) if raw.value == int(raw.value) else None
    why = "" if value is not None else f"the table has no line for {raw.value:g}"
    return Scored(
        key=rule.key,
        name=rule.name,
        value=value,
        why=why,
        band=rule.band(value),
        cuts=tuple(cut for cut in rule.cuts if value is not None and cut.holds(value)),
        answered=raw.answered,
        of=raw.of,
    )
