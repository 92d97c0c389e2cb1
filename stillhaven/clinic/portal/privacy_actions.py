"""Requests about one's data, as tracked cases with a last day; and clearing away what is no longer needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet

from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.portal.models import Cleared, DataRequest, Registration, RequestStep
from stillhaven.clinic.record import actions as record
from stillhaven.reference._privacy import data_map
from stillhaven.science.cardnumbers import refuse_card
from stillhaven.science.errors import BadInput, Refused

ASKABLE = ("access", "correction", "deletion")
STEPS = ("taken", "longer", "done", "refused")


def _today(patient: Patient, at: datetime) -> date:
    return at.astimezone(ZoneInfo(patient.site.zone)).date()


@transaction.atomic
def open_case(
    patient: Patient, kind: str, text: str, *, by: Any, at: datetime, uid: UUID | None = None
) -> DataRequest:  # fmt: skip
    """A new case, with its last day counted from today."""
    within = data_map().due.get(kind)
    if within is None:
        raise BadInput("kind", "choose what you would like")
    text = text.strip()
    if len(text) > 2000:
        raise BadInput("text", "is longer than 2,000 characters")
    row = DataRequest(
        uid=uid or uuid4(), site=patient.site_id, happened_at=at, patient=patient, kind=kind,
        text=refuse_card("text", text), due=_today(patient, at) + within,
    )  # fmt: skip
    record.append(row, by=by)
    return row


def ask(patient: Patient, kind: str, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> DataRequest:
    """A person asks to see, correct or delete what is kept about them."""
    roles.require_patient(by, "own.change", patient)
    if kind not in ASKABLE:
        raise BadInput("kind", "choose what you would like")
    if kind == "correction" and not text.strip():
        raise BadInput("text", "say what is wrong, and what would be right")
    return open_case(patient, kind, text, by=by, at=at, uid=uid)


def state_of(row: DataRequest) -> dict[str, Any]:
    """How a case stands: its steps, its last day, and whether it is over."""
    steps = list(RequestStep.objects.filter(request=row).order_by("seq"))
    due = next((s.due for s in reversed(steps) if s.due), row.due)
    over = next((s for s in steps if s.what in ("done", "refused")), None)
    return {"row": row, "steps": steps, "due": due, "over": over, "taken": bool(steps)}


@transaction.atomic
def step(
    row: DataRequest, what: str, text: str, *, by: User, at: datetime, uid: UUID | None = None
) -> RequestStep:  # fmt: skip
    """What the clinic did about a case.  More time is taken once, with its reason; a refusal says why."""
    roles.require_patient(by, "data_request.handle", row.patient)
    record.lock("clinic", row.site)
    stands, text = state_of(row), refuse_card("text", text.strip())
    if what not in STEPS:
        raise BadInput("what", "choose what was done")
    if stands["over"] is not None:
        raise Refused(why="this case is over; the person can open a new one")
    if what == "longer" and any(s.what == "longer" for s in stands["steps"]):
        raise Refused(why="more time was taken once already")
    if what != "taken" and not text:
        raise BadInput("text", "say what was done, or why; the person reads it")
    due = stands["due"] + data_map().longer if what == "longer" else None
    made = RequestStep(
        uid=uid or uuid4(),
        site=row.site,
        happened_at=at,
        request=row,
        patient=row.patient,
        what=what,
        text=text,
        due=due,
    )
    record.append(made, by=by)
    return made


def cases(user: User, now: datetime, *, also_over: bool = False) -> list[dict[str, Any]]:
    """The cases of these sites, the nearest last day first."""
    rows = DataRequest.objects.filter(site__in=user.site_ids).select_related("patient", "patient__site")
    found = [state_of(r) | {"late": _today(r.patient, now)} for r in rows]
    for case in found:
        case["late"] = case["over"] is None and case["due"] < case["late"]
    return sorted((c for c in found if also_over or c["over"] is None), key=lambda c: (c["over"] is not None, c["due"]))


# ---------------------------------------------------------------- retention: administrative data alone
def _registrations(before: datetime) -> QuerySet[Any]:
    return Registration.objects.filter(made_at__lt=before)


def _outbox(before: datetime) -> QuerySet[Any]:
    return OutMessage.objects.filter(state__in=("sent", "failed", "cancelled"), due_at__lt=before)


def _links(before: datetime) -> QuerySet[Any]:
    return apps.get_model("schedule", "ConfirmLink")._default_manager.filter(good_until__lt=before)


def _drafts(before: datetime) -> QuerySet[Any]:
    return apps.get_model("intake", "Draft")._default_manager.filter(saved_at__lt=before)


def _questions(before: datetime) -> QuerySet[Any]:
    found = apps.get_model("public", "UnansweredQuestion")._default_manager
    return found.filter(settled_on__isnull=False, settled_on__lt=before.date())


def _sessions(before: datetime) -> QuerySet[Any]:
    return Session.objects.filter(expire_date__lt=before)


def _tries(before: datetime) -> QuerySet[Any]:
    return apps.get_model("axes", "AccessAttempt")._default_manager.filter(attempt_time__lt=before)


def _logins(before: datetime) -> QuerySet[Any]:
    return apps.get_model("axes", "AccessLog")._default_manager.filter(Q(attempt_time__lt=before))


# key of the rule in the data map -> which rows it clears.  No table of the record stands here.
CLEARS: dict[str, tuple[Callable[[datetime], QuerySet[Any]], ...]] = {
    "registrations": (_registrations,), "sign_ins": (_sessions, _tries, _logins), "outbox": (_outbox,),
    "links": (_links,), "drafts": (_drafts,), "questions": (_questions,),
}  # fmt: skip


def clear(now: datetime) -> dict[str, int]:
    """Clear away what is older than its rule says, and write down how much.  Each rule by itself."""
    done: dict[str, int] = {}
    for rule in data_map().clears:
        before = now - rule.after
        with transaction.atomic():
            rows = sum(find(before).delete()[0] for find in CLEARS[rule.key])
            Cleared.objects.create(rule=rule.key, ran_at=now, older_than=before, rows=rows)
        done[rule.key] = rows
    return done
