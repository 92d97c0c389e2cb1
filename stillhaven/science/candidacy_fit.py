"""Which protocols fit this person, and why do the others not?

    protocols(assessment, known, protocols, rules, drug=..., route=..., on=...) -> one Fit a protocol, fitting ones first

A protocol fits where an order can be made from it, it is of this drug and route, it was written for this diagnosis, what
else it needs holds, and nothing stands that blocks the drug.  What is not known does not fit yet, and says what to ask.
The order page shows all of them: `Fit.fits`, `Fit.reasons` (why not, or what to heed), `Fit.asks` (facts to ask for).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from stillhaven.science.candidacy import Assessment, CandidacyRules, ForWhom
from stillhaven.science.candidacy_conditions import answer
from stillhaven.science.candidacy_indications import DIAGNOSIS
from stillhaven.science.facts import Fact, Known
from stillhaven.science.protocol import Basis, Drug, Protocol, Route


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One protocol: does it fit, and why not, or what to heed where it does."""

    key: str
    title: str
    fits: bool
    reasons: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


def protocols(
    assessment: Assessment | None,
    known: Known,
    published: Mapping[str, Protocol],
    rules: CandidacyRules,
    *,
    drug: Drug | None = None,
    route: Route | None = None,
    on: date,
) -> tuple[Fit, ...]:
    """Every published protocol with its reasons, those that fit first.

    `drug` and `route` are what is considered; None leaves them open.  Without an assessment only the protocol's own
    indication, drug and route are looked at.
    """
    if assessment is not None:
        facts = dict(known.facts) | {
            "treatment_resistant": Fact(key="treatment_resistant", value=assessment.resistance.resistant)
        }
        known = Known(facts=facts, medicines=known.medicines, trials=known.trials)
    found = [_fit(p, assessment, known, rules, drug, route, on) for p in published.values()]
    return tuple(sorted(found, key=lambda fit: (not fit.fits, fit.title)))


def _fit(
    protocol: Protocol,
    assessment: Assessment | None,
    known: Known,
    rules: CandidacyRules,
    drug: Drug | None,
    route: Route | None,
    on: date,
) -> Fit:
    no, asks = list[str](), list[str]()
    if not protocol.is_orderable:
        no.append("it is guidance around regimens: no order can be made from it")
    if drug is not None and protocol.drug is not drug:
        no.append(f"it is for {protocol.drug.label}; doses of different drugs are never exchanged")
    if route is not None and route not in protocol.routes:
        ways = " or ".join(r.value.replace("_", " ") for r in protocol.routes)
        no.append(f"it is given by {ways}, not by {route.value.replace('_', ' ')}")
    _diagnosis(rules.protocol_for.get(protocol.key), known, rules, on, no, asks)
    heed = _assessed(assessment, protocol, no)
    if protocol.basis is Basis.RESEARCH:
        heed.append("so far it has been given in research only")
    return Fit(
        key=protocol.key,
        title=protocol.title,
        fits=not no,
        reasons=tuple(no),
        asks=tuple(dict.fromkeys(asks)),
        cautions=tuple(heed),
    )


def _diagnosis(
    whom: ForWhom | None, known: Known, rules: CandidacyRules, on: date, no: list[str], asks: list[str]
) -> None:
    if whom is None:
        no.append("nobody has said for which diagnoses it was written")
        return
    diagnosis = known.value(DIAGNOSIS)
    if whom.diagnoses and diagnosis is None:
        no.append("the diagnosis that the course is for is not recorded")
        asks.append(DIAGNOSIS)
    elif whom.diagnoses and diagnosis not in whom.diagnoses:
        meant = " or ".join(d.replace("_", " ") for d in whom.diagnoses)
        no.append(f"it was written for {meant}, not for {str(diagnosis).replace('_', ' ')}")
    elif whom.needs is not None:
        said = answer(whom.needs, known, rules.facts, rules.class_labels, on=on)
        if said.holds is not True:
            no.append(f"{whom.because}; {'; '.join(said.said)}")
            asks.extend(said.asks)


def _assessed(assessment: Assessment | None, protocol: Protocol, no: list[str]) -> list[str]:
    """A block stands against every protocol of the drug it was found for; a caution is to be heeded."""
    if assessment is None or protocol.drug is not assessment.drug:
        return []
    no.extend(f"{j.rule.title} ({j.rule.key}) blocks {assessment.drug.label}" for j in assessment.blocks)
    return [f"{j.rule.title} ({j.rule.key})" for j in assessment.cautions]
