"""What speaks for the drug: which indication, how well shown, approved or off-label, and which trials found nothing?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stillhaven.science.candidacy_conditions import Answer, Condition, answer
from stillhaven.science.candidacy_facts import Kinds
from stillhaven.science.facts import Known
from stillhaven.science.protocol import Cite, Drug, Route

DIAGNOSIS = "diagnosis"


class Legal(StrEnum):
    """How the law stands to it."""

    APPROVED = "approved"
    OFF_LABEL = "off_label"
    NOT_SUPPORTED = "not_supported"

    @property
    def words(self) -> str:
        return {"approved": "approved", "off_label": "off-label", "not_supported": "not supported"}[self]


class Grade(StrEnum):
    """How well it is shown; our grade."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very_low"
    CONFLICTING = "conflicting"


class Result(StrEnum):
    """What a trial found.  A null trial stands beside a positive one."""

    POSITIVE = "positive"
    NULL = "null"


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """One finding of one trial."""

    text: str
    result: Result


@dataclass(frozen=True, kw_only=True)
class Indication:
    """One indication of one drug, as the reference has it."""

    key: str
    title: str
    drug: Drug
    status: Legal
    status_words: str
    evidence_grade: Grade
    when: Condition
    cite: Cite
    routes: tuple[Route, ...] = ()
    guideline: str = ""
    conflict: str = ""
    limit: str = ""
    note: str = ""
    trials: tuple[TrialResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Speaks:
    """An indication that speaks for the drug (`holds` True) or may (None), and whether a source speaks of the route."""

    indication: Indication
    holds: bool | None
    because: str
    asks: tuple[str, ...] = ()
    route_studied: bool = True


def speaks_for(
    indications: Sequence[Indication],
    known: Known,
    kinds: Kinds,
    labels: Mapping[str, str],
    *,
    drug: Drug,
    route: Route,
    on: date,
) -> tuple[Speaks, ...]:
    """The indications of this drug that hold, then those that may; none where nothing supports it.

    S-ketamine infusions are read under ketamine's indications, as the fact file has them.
    """
    like = Drug.KETAMINE if drug is Drug.S_KETAMINE else drug
    found = []
    for indication in indications:
        if indication.drug is not like:
            continue
        said: Answer = answer(indication.when, known, kinds, labels, on=on)
        if said.holds is False:
            continue
        found.append(
            Speaks(
                indication=indication,
                holds=said.holds,
                because="; ".join(said.said),
                asks=said.asks,
                route_studied=not indication.routes or route in indication.routes,
            )
        )
    return tuple(sorted(found, key=lambda s: (s.holds is not True, s.indication.key)))


def legal_status(found: Sequence[Speaks]) -> Legal | None:
    """How the law stands to this drug for this person; None where that depends on what is not known."""
    holding = [s.indication.status for s in found if s.holds]
    if Legal.APPROVED in holding:
        return Legal.APPROVED
    if any(s.holds is None and s.indication.status is Legal.APPROVED for s in found):
        return None
    if holding:
        return holding[0]
    return None if found else Legal.NOT_SUPPORTED
