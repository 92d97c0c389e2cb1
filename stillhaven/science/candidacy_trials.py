"""Is this depression treatment-resistant, as far as anybody can tell from the trials?

An adequate trial without response in this episode counts; one whose dose, time or outcome is not known may count.  So
the answer is a span: "at least 1, at most 3".  Whether one trial was adequate is `science.intake.adequacy`'s finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stillhaven.science.facts import Trial
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.limits import Limit, plain
from stillhaven.science.protocol import Cite

WITHOUT_RESPONSE = ("none", "partial", "worse")


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One way of saying "treatment-resistant": the house's, a payer's, or a trial's.  `trials` None: it gives no number."""

    key: str
    title: str
    cite: Cite
    trials: Limit | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrialJudged:
    """One trial: does it count towards resistance?  None where that is not known."""

    trial: Trial
    counts: bool | None
    because: str


@dataclass(frozen=True, kw_only=True)
class Resistance:
    """How many trials count, which classes they were of, and what each definition says of that."""

    resistant: bool | None
    at_least: int
    at_most: int | None  # None: nobody has asked for the trials
    classes: tuple[str, ...]
    trials: tuple[TrialJudged, ...]
    definition: Definition
    variants: tuple[tuple[Definition, bool | None], ...]
    judged_by_clinician: bool = False

    @property
    def count_words(self) -> str:
        """The count as a colleague would say it."""
        if self.at_most is None:
            return "nobody has asked for the medicine trials"
        if self.judged_by_clinician:
            return f"{self.at_least}, as the clinician counts them"
        if self.at_least == self.at_most:
            return str(self.at_least)
        return f"at least {self.at_least}, at most {self.at_most}"


def resistance(
    trials: Sequence[tuple[Trial, Finding]] | None,
    definition: Definition,
    variants: Sequence[Definition],
    groups: Mapping[str, str],
    *,
    judged: float | None = None,
) -> Resistance:
    """What the trials amount to.  `groups`: class of medicine -> what it counts as; `judged`: a clinician's own count.

    >>> rule = Definition(key="house", title="two", cite=Cite(source=()), trials=Limit(value=2, unit="trials"))
    >>> resistance(None, rule, (), {}).resistant is None
    True
    """
    found = tuple(_trial(trial, adequate, definition, groups) for trial, adequate in trials or ())
    yes = [t for t in found if t.counts]
    low = len(yes)
    high: int | None = low + sum(t.counts is None for t in found) if trials is not None else None
    if judged is not None:
        low = high = int(judged)
    return Resistance(
        resistant=reaches(definition, low, high),
        at_least=low,
        at_most=high,
        classes=tuple(dict.fromkeys(t.trial.drug_class for t in yes if t.trial.drug_class)),
        trials=found,
        definition=definition,
        variants=tuple((variant, reaches(variant, low, high)) for variant in variants),
        judged_by_clinician=judged is not None,
    )


def reaches(definition: Definition, low: int, high: int | None) -> bool | None:
    """Does a count between `low` and `high` reach this definition?  None where it depends on what is not known."""
    least = definition.trials.value if definition.trials else None
    if least is None:
        return None
    if low >= least:
        return True
    return False if high is not None and high < least else None


def _trial(trial: Trial, adequate: Finding, definition: Definition, groups: Mapping[str, str]) -> TrialJudged:
    no, ask = list[str](), list[str]()
    if not trial.drug_class:
        ask.append("its class is not known")
    elif groups.get(trial.drug_class, "") not in definition.groups:
        no.append("not an antidepressant")
    if trial.this_episode is False:
        no.append("in an earlier episode")
    elif trial.this_episode is None:
        ask.append("not known whether it was in this episode")
    if trial.outcome is None:
        ask.append("outcome not known")
    elif trial.outcome not in WITHOUT_RESPONSE:
        no.append(f"outcome was {trial.outcome}")
    words = adequate.because.removeprefix(f"{trial.drug}: ")
    if adequate.verdict is Verdict.NOT_MET:
        no.append(words)
    elif adequate.verdict is Verdict.UNKNOWN:
        ask.append(words)
    if no:
        return TrialJudged(trial=trial, counts=False, because="; ".join(no))
    if ask:
        return TrialJudged(trial=trial, counts=None, because="; ".join(ask))
    weeks = f"{plain(trial.weeks)} weeks" if trial.weeks is not None else ""
    return TrialJudged(trial=trial, counts=True, because=f"adequate, without response {weeks}".strip())
