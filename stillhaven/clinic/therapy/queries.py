"""Who may read what behind the wall, and what is due with each person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import policy
from stillhaven.clinic.session.models import SessionMove, TreatmentSession
from stillhaven.clinic.therapy import wall
from stillhaven.clinic.therapy.models import (
    BreakGlass,
    Clearance,
    Goal,
    Group,
    Journal,
    JournalShare,
    Note,
    OpenItem,
    Summary,
    SummaryWord,
    Supervision,
    Therapy,
)
from stillhaven.reference import load as reference
from stillhaven.science import therapy as rules
from stillhaven.science.findings import Finding
from stillhaven.science.therapy import Timing

_LEFT = ("discharge", "transfer")
SHARED_WITH_COLLEAGUES = ("preparation", "dosing", "debrief", "integration", "review", "group")  # all but process notes


@dataclass(frozen=True, kw_only=True)
class Read:
    """A note with its words, for somebody who may read them."""

    note: Any
    said: dict[str, Any]


# ---------------------------------------------------------------- whose
def mine(user: User) -> QuerySet[Therapy]:
    """The therapies of this therapist, and those whose process notes somebody lets them read."""
    supervised = [s.therapy_id for s in _standing(Supervision.objects.all()) if s.supervisor_id == user.pk]
    found = Therapy.objects.filter(site_id__in=user.site_ids).filter(Q(therapist=user) | Q(pk__in=supervised))
    return found.select_related("patient", "course", "therapist", "site").order_by("ended_at", "patient__name")


def therapy_or_404(user: Any, uid: UUID | str) -> Therapy:
    """One's own therapy, or one whose notes one supervises; any other does not exist."""
    found = mine(user).filter(uid=uid).first() if getattr(user, "is_clinic_staff", False) else None
    if found is None:
        raise Http404
    return found


def own_or_404(user: Any, uid: UUID | str) -> Therapy:
    """One's own therapy: who supervises reads, and writes nothing."""
    found = therapy_or_404(user, uid)
    if found.therapist_id != user.pk:
        raise Http404
    return found


def of_patient(patient: Patient) -> list[Therapy]:
    return list(Therapy.objects.filter(patient=patient).select_related("therapist", "course").order_by("-opened_at"))


def group_or_404(user: Any, uid: UUID | str) -> Group:
    """One's own group: nobody else's exists, whoever supervises."""
    found = Group.objects.filter(uid=uid, therapist_id=user.pk, site_id__in=user.site_ids).first()
    if found is None:
        raise Http404
    return found


def _standing(rows: Iterable[Supervision]) -> list[Supervision]:
    """The newest word of each therapist in each therapy."""
    newest: dict[tuple[int, int | None], Supervision] = {}
    for row in sorted(rows, key=lambda r: r.seq):
        newest[row.therapy_id, row.by_id] = row
    return list(newest.values())


def supervisors(therapy: Therapy) -> dict[int, Supervision]:
    """Author -> whom they let read their process notes."""
    rows = Supervision.objects.filter(therapy=therapy).select_related("supervisor")
    return {row.by_id: row for row in _standing(rows) if row.by_id is not None and row.supervisor_id is not None}


def colleagues(user: User) -> list[User]:
    """Therapists of the same sites, for a supervisor to be chosen from."""
    found = User.objects.filter(is_active=True, patient=None, roles__contains=["therapist"], sites__in=user.site_ids)
    return list(found.exclude(pk=user.pk).distinct().order_by("name"))


# ---------------------------------------------------------------- behind the wall
def may_read(user: User, note: Note, supervised: dict[int, Supervision]) -> bool:
    """The author; a supervisor the author named; and, for all but process notes, the therapist of this therapy."""
    if note.by_id is not None and note.by_id == user.pk:
        return True
    named = supervised.get(note.by_id or 0)
    if named is not None and named.supervisor_id == user.pk:
        return True
    return note.kind in SHARED_WITH_COLLEAGUES and note.therapy.therapist_id == user.pk


def notes(user: User, therapy: Therapy, *kinds: str, session: TreatmentSession | None = None) -> list[Read]:
    """The notes of these kinds that this person may read, oldest first, with their words."""
    rows = Note.objects.current().filter(therapy=therapy).select_related("therapy", "session", "group")
    rows = rows.filter(kind__in=kinds) if kinds else rows
    rows = rows.filter(session=session) if session is not None else rows
    supervised = supervisors(therapy)
    readable = [n for n in rows.order_by("happened_at", "seq") if may_read(user, n, supervised)]
    return [Read(note=n, said=wall.unseal(n.uid, n.sealed)) for n in readable]


def note_or_404(user: User, uid: UUID | str) -> Note:
    """One's own note, to be corrected; a colleague's does not exist."""
    found = Note.objects.current().filter(uid=uid, by_id=user.pk).select_related("therapy").first()
    if found is None:
        raise Http404
    return found


def group_notes(group: Group) -> list[Read]:
    return [Read(note=n, said=wall.unseal(n.uid, n.sealed)) for n in group.whole.all().order_by("seq")]


def newest(user: User, therapy: Therapy, kind: str) -> Read | None:
    found = notes(user, therapy, kind)
    return found[-1] if found else None


# ---------------------------------------------------------------- the way to a session
def preparation(therapy: Therapy) -> Note | None:
    """The newest preparation, without its words."""
    return Note.objects.current().filter(therapy=therapy, kind="preparation").order_by("-seq").first()


def open_items(therapy: Therapy) -> list[OpenItem]:
    return [item for item in items(therapy) if not hasattr(item, "settled")]


def items(therapy: Therapy) -> list[OpenItem]:
    return list(OpenItem.objects.current().filter(therapy=therapy).select_related("settled").order_by("seq"))


def clearance(therapy: Therapy) -> Clearance | None:
    """The medical team's word, where it came after the newest preparation and open item and still holds."""
    word = Clearance.objects.filter(therapy=therapy).order_by("-seq").first()
    if word is None or not word.cleared:
        return None
    prepared = preparation(therapy)
    last_item = OpenItem.objects.filter(therapy=therapy).order_by("-seq").first()
    after = max([e.seq for e in (prepared, last_item) if e is not None], default=0)
    return word if word.seq > after else None


def readiness(therapy: Therapy, now: datetime) -> tuple[Finding, ...]:
    """Everything that stands between this person and a session with their therapist."""
    prepared = preparation(therapy)
    word = clearance(therapy)
    consent = consents.of(therapy.patient, "assisted_psychotherapy", now, therapy.course)
    return rules.readiness(
        prepared.value.get("asked", []) if prepared else [], [i.text for i in open_items(therapy)],
        consent=consent.stands, cleared_by=word.by_name if word else "",
    )  # fmt: skip


# ---------------------------------------------------------------- sessions and integration
@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """One dosing session and the talk that follows it."""

    session: TreatmentSession
    left_at: datetime | None
    window: rules.Window | None
    timing: Timing | None  # None while the session is not over
    held: Note | None
    debriefed: bool


def sessions(therapy: Therapy, now: datetime) -> list[SessionRow]:
    """The sessions of the course that began while this therapy ran, newest first."""
    found = TreatmentSession.objects.filter(course=therapy.course_id, patient=therapy.patient_id, drill=False)
    found = found.exclude(state__in=("cancelled", "missed")).select_related("site", "order").order_by("-booked_for")
    held = {n.session_id: n for n in Note.objects.current().filter(therapy=therapy, kind="integration").order_by("-seq")
            if n.value.get("attended")}  # fmt: skip
    debriefed = set(Note.objects.current().filter(therapy=therapy, kind="debrief").values_list("session_id", flat=True))
    numbers = policy.current(therapy.site_id)
    ends = (numbers.number("integration_from_h"), numbers.number("integration_until_h"))
    moves = SessionMove.objects.filter(session__in=found, move__in=_LEFT).order_by("seq")
    left = {m.session_id: m.happened_at for m in moves}
    out = []
    for session in found:
        at, note = left.get(session.pk), held.get(session.pk)
        if at is not None and at < therapy.opened_at:
            continue
        window = rules.window(at, *ends) if at else None
        timing = rules.timing(window, note.happened_at if note else None, now) if at else None
        out.append(
            SessionRow(
                session=session, left_at=at, window=window, timing=timing, held=note, debriefed=session.pk in debriefed
            )
        )
    return out


def session_or_404(therapy: Therapy, uid: UUID | str) -> TreatmentSession:
    found = TreatmentSession.objects.filter(course=therapy.course_id, patient=therapy.patient_id, uid=uid, drill=False)
    session = found.select_related("site", "chair", "order").first()
    if session is None:
        raise Http404
    return session


# ---------------------------------------------------------------- summaries
@dataclass(frozen=True, kw_only=True)
class Told:
    """A summary with its words and how the person stands to it: None while they have not answered."""

    summary: Summary
    said: dict[str, Any]
    agreed: bool | None
    word: SummaryWord | None


def summaries(therapy: Therapy) -> list[Told]:
    """Every summary of this therapy, newest first."""
    out = []
    for row in Summary.objects.current().filter(therapy=therapy).order_by("-seq"):
        word = row.words.order_by("-seq").first()
        out.append(
            Told(summary=row, said=wall.unseal(row.uid, row.sealed), agreed=word.agreed if word else None, word=word)
        )
    return out


def agreed_summaries(patient: Patient) -> list[Told]:
    """What the team may read: only what the person agreed to, and still agrees to."""
    return [told for t in of_patient(patient) for told in summaries(t) if told.agreed]


# ---------------------------------------------------------------- goals
@dataclass(frozen=True, kw_only=True)
class GoalRow:
    """A goal or homework, and how it stands."""

    goal: Goal
    said: dict[str, Any]
    state: str
    words: str
    by: str


def goals(therapy: Therapy) -> list[GoalRow]:
    out = []
    for goal in Goal.objects.current().filter(therapy=therapy).order_by("seq"):
        step = goal.steps.order_by("-seq").first()
        words = str(wall.unseal(step.uid, step.sealed).get("words", "")) if step else ""
        out.append(GoalRow(goal=goal, said=wall.unseal(goal.uid, goal.sealed), state=step.state if step else "open",
                           words=words, by=step.by_name if step else ""))  # fmt: skip
    return out


# ---------------------------------------------------------------- the journal
@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the journal, with who may read it now."""

    page: Journal
    share: str
    text: str


def share_of(page: Journal) -> str:
    """The person's newest choice."""
    last: JournalShare | None = page.shares.order_by("-seq").first()
    return last.share if last else page.share


def _pages(patient: Patient) -> list[tuple[Journal, str]]:
    rows = Journal.objects.current().filter(patient=patient).prefetch_related("shares").order_by("-happened_at", "-seq")
    return [(row, share_of(row)) for row in rows]


def journal_for(user: User, patient: Patient) -> list[Page]:
    """The pages that this person may read: all of one's own; staff, what they were given."""
    if user.patient_id is not None:
        shares: tuple[str, ...] = ("private", "therapist", "team") if user.patient_id == patient.pk else ()
    elif patient.site_id not in user.site_ids:
        shares = ()
    else:
        therapist = Therapy.objects.filter(patient=patient, therapist=user, ended_at__isnull=True).exists()
        shares = ("therapist", "team") if therapist else ("team",)
    return [
        Page(page=p, share=s, text=str(wall.unseal(p.uid, p.sealed).get("text", "")))
        for p, s in _pages(patient)
        if s in shares
    ]


def page_or_404(user: User, uid: UUID | str) -> Journal:
    found = Journal.objects.current().filter(uid=uid, patient=user.patient_id).first() if user.patient_id else None
    if found is None:
        raise Http404
    return found


# ---------------------------------------------------------------- the emergency
def glass_or_404(user: User, uid: UUID | str, now: datetime) -> BreakGlass:
    """One's own look in an emergency, while it is open; it shuts by itself."""
    found = (
        BreakGlass.objects.filter(uid=uid, by_id=user.pk)
        .select_related("therapy__patient", "therapy__therapist")
        .first()
    )
    if found is None or not found.happened_at <= now < glass_until(found):
        raise Http404
    return found


def glass_until(glass: BreakGlass) -> datetime:
    """When the look shuts."""
    return glass.happened_at + reference.current().therapy.glass_open_for


def behind_the_glass(glass: BreakGlass) -> list[Read]:
    """Every note of this therapy, for the one who said why and proved who they are; never the person's journal."""
    rows = Note.objects.current().filter(therapy=glass.therapy).exclude(sealed="").order_by("-happened_at", "-seq")
    return [Read(note=n, said=wall.unseal(n.uid, n.sealed)) for n in rows]


def looks_in_emergency(patient: Patient) -> list[BreakGlass]:
    return list(BreakGlass.objects.filter(therapy__patient=patient).order_by("-seq"))


# ---------------------------------------------------------------- what is due
@dataclass(frozen=True, kw_only=True)
class Due:
    """One line on a therapist's page."""

    therapy: Therapy
    stage: str  # ended, preparation, ready, integration
    late: bool
    rows: list[SessionRow]
    open: int  # readiness findings that stop


def due(user: User, now: datetime) -> list[Due]:
    """Everybody this therapist works with; whoever is late comes first."""
    out = []
    for therapy in mine(user):
        rows = sessions(therapy, now)
        waits = [r for r in rows if r.timing in (Timing.DUE, Timing.LATE, Timing.NOT_YET, Timing.NO_WINDOW)]
        stops = sum(f.stops for f in readiness(therapy, now)) if therapy.ended_at is None and not waits else 0
        stage = "ended" if therapy.ended_at else "integration" if waits else "preparation" if stops else "ready"
        late = therapy.ended_at is None and any(r.timing is Timing.LATE for r in rows)
        out.append(Due(therapy=therapy, stage=stage, late=late, rows=waits, open=stops))
    order = {"integration": 0, "preparation": 1, "ready": 2, "ended": 3}
    return sorted(out, key=lambda d: (not d.late, order[d.stage], d.therapy.patient.name))
