"""How long a response lasts: in this person's own past, and in the people of this clinic.

The clinic's curve is made from everybody who responded to a first run of sessions, one span a person, until the response
was lost, a further session was given, or the last form; it is kept for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.core.cache import cache

from stillhaven.clinic.outcomes.queries import Person, Reading, points
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales.models import Assessment
from stillhaven.clinic.session.models import SessionMove
from stillhaven.reference._outcomes import OutcomeRules
from stillhaven.science.maintenance import (
    Answer,
    Curve,
    Cycle,
    Own,
    Proposal,
    after_induction,
    cycles,
    own_history,
    propose,
    turnbull,
)
from stillhaven.science.outcomes import responded
from stillhaven.science.outcomes_person import Point, caseness_of, compare, tagged
from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.many import score_many

_KEPT_S = 3600


@dataclass(frozen=True, kw_only=True)
class Durability:
    """The person's own cycles beside the clinic's curve, and the day on which to look again."""

    own: Own
    curve: Curve | None  # None where too few people stand behind it
    people: int  # behind the clinic's curve
    treated: int  # people with a session here
    proposal: Proposal
    rules: OutcomeRules


def answers_of(
    forms: Sequence[Point], baseline: Point | None, instrument: Instrument, better_percent: float
) -> list[Answer]:
    """Each form that counts, and whether it shows the response."""
    main = instrument.main
    if main is None or baseline is None:
        return []
    found = []
    for point in forms:
        if point.overlaps or not point.sessions_so_far or point.name != baseline.name:
            continue
        held = responded(
            baseline.value, point.value, instrument.direction, fall_percent=better_percent, floor=main.low,
            ceiling=main.high, caseness=caseness_of(instrument),
        )  # fmt: skip
        if held is not None:
            found.append(Answer(at=point.at, held=held))
    return found


def durability(found: Person, read: Reading) -> Durability:
    """This person's past cycles, the clinic's curve where it may be shown, and what they propose."""
    rules = policy.rules(found.patient.site_id).outcomes
    every = points(found, read.instrument.key, found.all_starts)
    forms = answers_of(every, compare(every, read.instrument).baseline, read.instrument, rules.better_percent)
    own = own_history(cycles(forms, found.all_starts, apart_d=rules.apart_d))
    curve, treated = clinic_curve(
        found.patient.site_id, read.instrument, rules, found.now, simulated=found.patient.simulated
    )
    today = found.now.astimezone(found.zone).date()
    made = propose(own, curve, least_people=rules.least_people, kept_share=rules.kept_share, today=today)
    enough = curve is not None and curve.n >= rules.least_people
    return Durability(
        own=own, curve=curve if enough else None, people=curve.n if curve is not None else 0, treated=treated,
        proposal=made, rules=rules,
    )  # fmt: skip


def clinic_curve(
    site: int, instrument: Instrument, rules: OutcomeRules, now: datetime, *, simulated: bool = False
) -> tuple[Curve | None, int]:
    """The clinic's curve on one scale, whatever its number of people, and how many were treated at all."""
    key = f"outcomes-curve:{site}:{instrument.key}:{instrument.digest[:16]}:{int(simulated)}:{now:%Y%m%d%H}"
    known: tuple[Curve | None, int] | None = cache.get(key)
    if known is not None:
        return known
    begun = treated(site, now, simulated=simulated)
    spans = []
    for patient, forms in series(site, instrument, begun, now, simulated=simulated).items():
        cycle = _first(forms, begun[patient], instrument, rules)
        if cycle is not None:
            spans.append((float(round(cycle.held_d)), None if cycle.lost_d is None else float(round(cycle.lost_d))))
    made = turnbull(spans, days=rules.days, level=rules.level) if spans else None, len(begun)
    cache.set(key, made, _KEPT_S)
    return made


def _first(forms: list[Point], begun: list[datetime], instrument: Instrument, rules: OutcomeRules) -> Cycle | None:
    baseline = next((p for p in reversed(forms) if not p.sessions_so_far and p.value is not None), None)
    told = answers_of(forms, baseline, instrument, rules.better_percent)
    return after_induction(cycles(told, begun, apart_d=rules.apart_d), begun, apart_d=rules.gap_d)


def treated(site: int, now: datetime, *, simulated: bool = False) -> dict[int, list[datetime]]:
    """Everybody of a site with the moments at which the drug started, drills left out."""
    rows = SessionMove.objects.filter(
        session__site=site, session__drill=False, session__patient__simulated=simulated, move="start",
        happened_at__lte=now,
    )  # fmt: skip
    found: dict[int, list[datetime]] = {}
    for patient, at in rows.order_by("happened_at").values_list("session__patient_id", "happened_at"):
        found.setdefault(patient, []).append(at)
    return found


def series(
    site: int, instrument: Instrument, begun: dict[int, list[datetime]], now: datetime, *, simulated: bool = False
) -> dict[int, list[Point]]:
    """Every treated person's forms of one version of a scale, scored all at once."""
    rows: list[tuple[int, datetime, dict[str, Any]]] = list(
        Assessment.objects.current()
        .filter(site=site, definition=instrument.digest, patient__simulated=simulated, happened_at__lte=now)
        .order_by("happened_at", "seq").values_list("patient_id", "happened_at", "answers")
    )  # fmt: skip
    rows = [row for row in rows if row[0] in begun]
    if not rows or instrument.main is None:
        return {}
    keys = [question.key for question in instrument.questions]
    sheets = np.array(
        [[np.nan if answers.get(k) is None else answers[k] for k in keys] for _, _, answers in rows], dtype=np.float64
    )
    totals = score_many(instrument, sheets, checked=True)[instrument.main.key]
    found: dict[int, list[Point]] = {}
    name = f"{instrument.key}@{instrument.version}"
    for (patient, at, _), total in zip(rows, totals, strict=True):
        value = None if np.isnan(total) else float(total)
        point = tagged(at, value, begun[patient], name=name, recall_days=instrument.recall_days)
        found.setdefault(patient, []).append(point)
    return found
