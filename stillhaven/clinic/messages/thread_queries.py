"""Reads of conversations: a person's own, and what waits for the team, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.http import Http404

from stillhaven.clinic.messages.models import AnswerTime, Enclosure, Letter, Thread
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.roles import may


@dataclass(frozen=True, kw_only=True)
class Row:
    """One conversation on a list."""

    thread: Thread
    last: Letter
    waits_h: float | None  # hours since the person wrote without an answer
    state: str  # "urgent", "escalated", "overdue", "waiting", "answered", "closed"
    new: bool = False  # something the reader has not opened


_RANK = {"urgent": 0, "escalated": 1, "overdue": 2, "waiting": 3, "answered": 4, "closed": 5}


def answer_time(site: Site | int) -> AnswerTime:
    """What this clinic promises; an empty promise where nothing is set."""
    pk = site if isinstance(site, int) else site.pk
    return AnswerTime.objects.filter(site=pk).first() or AnswerTime(site_id=pk)


def away(site: Site, now: datetime) -> str:
    """What the clinic says while it is away; "" while it is not."""
    row, today = answer_time(site), now.astimezone(ZoneInfo(site.zone)).date()
    if not row.away_text or row.away_from is None or row.away_from > today:
        return ""
    return row.away_text if row.away_until is None or today <= row.away_until else ""


def _threads() -> Any:
    letters = Letter.objects.order_by("seq").prefetch_related(
        "seen", Prefetch("enclosures", Enclosure.objects.order_by("seq"))
    )
    return Thread.objects.select_related("patient", "patient__site", "assigned_to", "site").prefetch_related(
        Prefetch("letters", letters)
    )


def _row(thread: Thread, now: datetime, within_h: int | None, *, own: bool) -> Row | None:
    letters = list(thread.letters.all())
    if not letters:
        return None
    last = letters[-1]
    open_ones = []
    for letter in reversed(letters):
        if not letter.from_patient:
            break
        open_ones.append(letter)
    waits = (now - open_ones[-1].happened_at) / timedelta(hours=1) if open_ones else None
    new = any(x.from_patient != own and not any(s.by_patient == own for s in x.seen.all()) for x in letters)
    if thread.closed_at is not None:
        state = "closed"
    elif any(x.urgent for x in open_ones):
        state = "urgent"
    elif waits is None:
        state = "answered"
    elif within_h is not None and waits > 2 * within_h:
        state = "escalated"
    elif within_h is not None and waits > within_h:
        state = "overdue"
    else:
        state = "waiting"
    return Row(thread=thread, last=last, waits_h=waits, state=state, new=new)


def mine(patient: Patient, now: datetime) -> list[Row]:
    """A person's own conversations, the newest word first."""
    found = [_row(t, now, None, own=True) for t in _threads().filter(patient=patient)]
    return sorted((r for r in found if r), key=lambda r: r.last.happened_at, reverse=True)


def waiting(user: User, now: datetime, *, also_closed: bool = False) -> list[Row]:
    """What waits for the team: urgent first, then what waits longest."""
    threads = _threads().filter(site_id__in=user.site_ids)
    if not also_closed:
        threads = threads.filter(closed_at__isnull=True)
    promised = {s: answer_time(s).within_h for s in user.site_ids}
    found = [_row(t, now, promised[t.site_id], own=False) for t in threads[:300]]
    return sorted((r for r in found if r), key=lambda r: (_RANK[r.state], -(r.waits_h or 0.0), -r.last.seq))


def unread(patient: Patient) -> int:
    """How many letters of the team this person has not opened."""
    return Letter.objects.filter(patient=patient, from_patient=False).exclude(seen__by_patient=True).count()


def own_thread_or_404(patient: Patient, uid: UUID) -> Thread:
    found = _threads().filter(patient=patient, uid=uid).first()
    if found is None:
        raise Http404
    return found


def thread_or_404(user: Any, uid: UUID) -> Thread:
    """A conversation of one's own clinic; any other does not exist."""
    found = _threads().filter(site_id__in=user.site_ids, uid=uid).first()
    if found is None:
        raise Http404
    return found


def enclosure_or_404(uid: UUID, **where: Any) -> Enclosure:
    found = Enclosure.objects.filter(uid=uid, **where).select_related("patient").first()
    if found is None:
        raise Http404
    return found


def answerers(site: int) -> list[User]:
    """Who of this clinic may answer."""
    staff = User.objects.filter(is_active=True, patient=None, sites=site).order_by("name")
    return [u for u in staff if may(u, "letter.write")]
