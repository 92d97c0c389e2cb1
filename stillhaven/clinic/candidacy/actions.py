"""Writing down what was found, overriding a caution, and deciding."""

from __future__ import annotations

import hashlib
import json
import uuid as uuids
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from stillhaven.clinic.candidacy import queries
from stillhaven.clinic.candidacy.models import Considered, Decision, Measured, Override
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.science.candidacy import Assessment, Suggestion, deciding_findings
from stillhaven.science.candidacy_facts import FactKind
from stillhaven.science.course import Move, State
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Weight, refuse_unless_met
from stillhaven.science.protocol import Drug, Route

VERDICTS = (Suggestion.CANDIDATE, Suggestion.LATER, Suggestion.NO)
_HELD = (State.INDUCTION, State.MAINTENANCE)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One fact as staff bring it: its value in the fact's unit, a day, or None with `not_done`; and what goes with it."""

    key: str
    value: Any = None
    not_done: bool = False
    words: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def record_facts(
    patient: Patient, found: Iterable[Found], *, by: Any, at: datetime, uid: UUID | None = None
) -> list[Measured]:
    """Keep what staff measured, did or found out, all or nothing.  BadInput names the fact that cannot be."""
    roles.require_patient(by, "candidacy.record", patient)
    kinds = policy.rules(patient.site_id).candidacy.facts
    first, entries = uid or uuids.uuid4(), list[Measured]()
    for row in found:
        entries.append(
            Measured(
                uid=first if not entries else uuids.uuid5(first, row.key), site=patient.site_id, happened_at=at,
                patient=patient, key=row.key, value=_value(row, kinds.get(row.key), queries.today_of(patient, at)),
                words=row.words.strip()[:2000], detail={k: v.strip()[:200] for k, v in row.detail.items() if v.strip()},
            )
        )  # fmt: skip
    if not entries:
        raise BadInput("form", _("write at least one of these"))
    record.append(*entries, by=by)
    return entries


def _value(row: Found, kind: FactKind | None, today: date) -> dict[str, Any]:
    if kind is None or kind.asked_of == "worked_out":
        raise BadInput(row.key, _("is not something that staff record here"))
    if row.not_done:
        if kind.type not in ("date", "number"):
            raise BadInput(row.key, _("can be answered; leave it empty where it is not known"))
        if not row.words.strip():
            raise BadInput(f"{kind.key}.words", _("say why it was not done"))
        return {"not_done": True}
    if not kind.readable(row.value) or (row.value is False and kind.type in ("date", "number")):
        raise BadInput(row.key, _("cannot be read"))
    if kind.type == "date":
        if row.value > today:
            raise BadInput(row.key, _("lies ahead; write the day on which it was done"))
        return {"value": row.value.isoformat()}
    if kind.type == "number" and not row.value >= 0:
        raise BadInput(row.key, _("is under 0"))
    return {"value": row.value}


@transaction.atomic
def take_back(entry: Measured, why: str, *, by: Any, at: datetime) -> Measured:
    """Something was written in error: it counts no longer, and stays in the record."""
    roles.require_patient(by, "candidacy.record", entry.patient)
    new: Any = record.amend(entry, by=by, at=at, reason=why, retract=True, happened_at=entry.happened_at)
    return new


@transaction.atomic
def consider(course: Course, drug: Drug, route: Route, *, by: Any, at: datetime, uid: UUID | None = None) -> Considered:
    """Say which drug by which route is being considered in this course."""
    roles.require_patient(by, "candidacy.record", course.patient)
    check_way(drug, route)
    entry = Considered(
        uid=uid or uuids.uuid4(), site=course.site_id, happened_at=at, course=course, patient=course.patient,
        drug=drug.value, route=route.value,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


def check_way(drug: Drug, route: Route) -> None:
    """Is there such a drug by such a route at all?"""
    ways = queries.WAYS.get(drug)
    if ways is not None and route not in ways:
        words = ", ".join(w.value.replace("_", " ") for w in ways)
        raise BadInput("route", _("%(drug)s is given by %(ways)s only") % {"drug": drug.label, "ways": words})


@transaction.atomic
def override(
    course_id: int, rule: str, against: str, why: str, *, by: Any, at: datetime, uid: UUID | None = None
) -> Override:
    """A named prescriber goes on although a rule stands against it.  Refused for a block, and where it says else by now."""
    course = Course.objects.select_for_update(of=("self",)).select_related("patient__site", "site").get(pk=course_id)
    roles.require_patient(by, "candidacy.override", course.patient)
    if not why.strip():
        raise BadInput("why", _("say why"))
    drug, route = queries.considered(course)
    finding = queries.assess(course, drug, route, at).finding(rule)
    if finding is None:
        raise BadInput("rule", _("is not a rule for this drug and route"))
    if finding.weight is not Weight.OVERRIDE:
        raise Refused((finding,), _("this cannot be overridden: %(why)s") % {"why": finding.because})
    known = uid is not None and Override.objects.filter(uid=uid).exists()
    if not known and (finding.is_met or queries.against_of(finding) != against):
        raise Refused((finding,), _("this rule says something else by now; read it again"))
    entry = Override(
        uid=uid or uuids.uuid4(), site=course.site_id, happened_at=at, course=course, patient=course.patient, rule=rule,
        against=against, why=why.strip(),
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


def digest(assessment: Assessment) -> str:
    """Names exactly what was shown to whoever decides: change a finding, and it is another."""
    told = [assessment.drug.value, assessment.route.value, assessment.suggestion.value, assessment.because]
    told += [json.dumps(f.as_dict(), sort_keys=True) for f in assessment.findings]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@transaction.atomic
def decide(
    course_id: int, verdict: str, *, by: Any, at: datetime, drug: Drug, route: Route, why: str = "",
    alternatives: str = "", consult: str = "", shown: str = "", uid: UUID | None = None,
) -> Decision:  # fmt: skip
    """A clinician decides: candidate, later or no; and the course moves with it.

    "Candidate" is refused while a block stands, while something that blocks or needs an override is not known, and while
    a caution waits for its reason.  A decision that differs from the rules' suggestion needs a reason.
    """
    course = Course.objects.select_for_update(of=("self",)).select_related("patient__site", "site").get(pk=course_id)
    roles.require_patient(by, "candidacy.decide", course.patient)
    if uid is not None and (known := Decision.objects.filter(uid=uid).first()) is not None:
        raise record.AlreadyRecorded(known)
    if verdict not in VERDICTS:
        raise BadInput("verdict", _("choose: candidate, later, or no"))
    check_way(drug, route)
    if course.state == State.CLOSED:
        raise Refused(why=_("this course is closed; open a new one"))
    ground = queries.background(course.patient, course, at)
    found = queries.assess(course, drug, route, at, ground)
    if shown and shown != digest(found):
        raise Refused(why=_("something has changed since this page was shown; read it again, then decide"))
    if verdict == Suggestion.CANDIDATE:
        refuse_unless_met(deciding_findings(found))
    if verdict != found.suggestion and not why.strip():
        raise BadInput("why", _("the rules suggest otherwise: say why"))
    if not alternatives.strip():
        raise BadInput("alternatives", _("write what else was offered, or that nothing was"))
    decision = Decision(
        uid=uid or uuids.uuid4(), site=course.site_id, happened_at=at, course=course, patient=course.patient,
        drug=drug.value, route=route.value, verdict=str(verdict), suggestion=found.suggestion.value, because=found.because,
        why=why.strip(), alternatives=alternatives.strip(), consult=consult.strip(),
        inputs=queries.inputs(ground, found.used), findings=[f.as_dict() for f in found.findings],
        speaks_for=_speaks(found), resistance=_resistance(found), reference_version=ground.reference.version,
    )  # fmt: skip
    record.append(decision, by=by)
    _move(course, str(verdict), found, why.strip() or found.because, by=by, at=at)
    return decision


def _speaks(found: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "key": s.indication.key, "title": s.indication.title, "holds": s.holds, "status": s.indication.status.value,
            "grade": s.indication.evidence_grade.value,
        }
        for s in found.speaks
    ]  # fmt: skip


def _resistance(found: Assessment) -> dict[str, Any]:
    r = found.resistance
    return {"resistant": r.resistant, "at_least": r.at_least, "at_most": r.at_most, "classes": list(r.classes)}


def _move(course: Course, verdict: str, found: Assessment, why: str, *, by: Any, at: datetime) -> None:
    """The course goes where the decision sends it; one under treatment is held, not moved back."""
    state = State(course.state)
    ways: dict[str, dict[State, tuple[Move, ...]]] = {
        "candidate": {
            State.OPENED: (Move.SCREEN, Move.FIND_ELIGIBLE), State.DEFERRED: (Move.SCREEN, Move.FIND_ELIGIBLE),
            State.SCREENING: (Move.FIND_ELIGIBLE,),
        },
        "later": {
            State.OPENED: (Move.SCREEN, Move.DEFER), State.SCREENING: (Move.DEFER,),
            State.ELIGIBLE: (Move.NEWS, Move.DEFER), State.PLANNED: (Move.NEWS, Move.DEFER),
        },
        "no": {s: (Move.CLOSE,) for s in State if s not in (State.CLOSED, *_HELD)},
    }  # fmt: skip
    for move in ways[verdict].get(state, ()):
        courses.advance(course.pk, move, by=by, at=at, because=[f for f in found.findings if not f.is_met], why=why)
    if verdict != "candidate" and state in _HELD and not course.on_hold:
        courses.set_hold(course.pk, True, _("candidacy: %(why)s") % {"why": why}, by=by, at=at)
