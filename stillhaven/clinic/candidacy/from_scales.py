"""Which facts of candidacy do filled-in scales give, and which do open answers on suicide take back?

A fact of `candidacy/facts.toml` may name scales that answer it ("the severity scale of this episode": PHQ-9, MADRS ...).  A
sheet counts where its total is known; half a sheet is none.  An answer on suicide that calls for staff and that nobody has
closed means: whatever was assessed before it, it is to be assessed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record.looking import once, tell
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.models import AlertTask, Assessment
from stillhaven.science.candidacy_facts import FactKind
from stillhaven.science.facts import Fact
from stillhaven.science.scales.taken import Assessment as Taken

SUICIDE = "suicide_assessment_on"
_ON_SUICIDE = "alert"  # the kind of alert that an answer on suicide raises


def _keys(kinds: Mapping[str, FactKind]) -> tuple[str, ...]:
    """Every scale that answers a fact."""
    return tuple(sorted({key for kind in kinds.values() for group in kind.scales for key in group}))


@once
def newest_sheets(patient_id: int, keys: tuple[str, ...], now: datetime) -> list[Assessment]:
    """This person's newest sheet of each of these scales."""
    return _newest_sheets([patient_id], keys, now).get(patient_id, [])


def _newest_sheets(patients: list[int], keys: tuple[str, ...], now: datetime) -> dict[int, list[Assessment]]:
    found: dict[int, list[Assessment]] = {}
    rows = Assessment.objects.current().filter(patient__in=patients, scale__in=keys, happened_at__lte=now)
    for row in rows.order_by("patient_id", "scale", "-happened_at", "-seq").distinct("patient_id", "scale"):
        found.setdefault(row.patient_id, []).append(row)
    return found


@once
def open_on_suicide(patient_id: int) -> AlertTask | None:
    """The newest open alert about an answer of this person on suicide."""
    return _open_on_suicide([patient_id]).get(patient_id)


def _open_on_suicide(patients: list[int]) -> dict[int, AlertTask]:
    rows = AlertTask.objects.filter(alert__patient__in=patients, alert__kind=_ON_SUICIDE, closed_at__isnull=True)
    return {task.alert.patient_id: task for task in rows.select_related("alert").order_by("alert__happened_at")}


def read_ahead(patients: Iterable[int], kinds: Mapping[str, FactKind], now: datetime) -> None:
    """Within a look: the same for many people at once."""
    who, keys = list(patients), _keys(kinds)
    sheets, waiting = _newest_sheets(who, keys, now), _open_on_suicide(who)
    for pk in who:
        tell(newest_sheets, sheets.get(pk, []), pk, keys, now)
        tell(open_on_suicide, waiting.get(pk), pk)


def facts(patient: Patient, kinds: Mapping[str, FactKind], now: datetime) -> dict[str, Fact]:
    """What scales say of this person, as facts."""
    named = {kind.key: kind.scales for kind in kinds.values() if kind.scales}
    taken = _whole(newest_sheets(patient.pk, _keys(kinds), now))
    zone = ZoneInfo(patient.site.zone)
    found = {}
    for fact, groups in named.items():
        newest = [
            max((taken[k] for k in group if k in taken), key=lambda t: t.taken_at, default=None) for group in groups
        ]
        rows = [t for t in newest if t is not None]
        if rows and len(rows) == len(groups):
            found[fact] = _done(fact, rows, zone)
    return found | _asked_again(patient, found.get(SUICIDE))


def _whole(rows: Iterable[Assessment]) -> dict[str, Taken]:
    """Sheets whose total is known, by scale."""
    found = {}
    for row in rows:
        taken = scales.as_science(row)
        if taken.sheet.total is not None or (not taken.sheet.scores and not taken.sheet.gaps):
            found[row.scale] = taken
    return found


def _done(fact: str, rows: list[Taken], zone: ZoneInfo) -> Fact:
    """Done on the day of the oldest of the sheets that it takes."""
    first = min(rows, key=lambda t: t.taken_at)
    day: date = first.taken_at.astimezone(zone).date()
    by = ", ".join(sorted(t.instrument.short for t in rows))
    return Fact(key=fact, value=day, at=first.taken_at, by=by, source="scale")


def _asked_again(patient: Patient, done: Fact | None) -> dict[str, Fact]:
    task = open_on_suicide(patient.pk)
    if task is None or (done is not None and done.at is not None and done.at > task.alert.happened_at):
        return {}
    alert = task.alert
    by = f"{alert.scale}, item {alert.number}" if alert.number else alert.scale
    return {SUICIDE: Fact(key=SUICIDE, value=False, at=alert.happened_at, by=by, source="scale")}
