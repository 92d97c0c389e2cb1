"""Who needs me?  Every open session of a site with its newest values, worst alarm and next check, in few queries.

The board is asked once a second by every screen, so nothing here reads one session at a time: what the live screen knows
of one session is gathered for all of them at once, and the same rules of science judge it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.monitoring.models import AlarmEvent, Heartbeat
from stillhaven.clinic.monitoring.tiles import PRESSURE, Recent, iso, tiles
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import policy
from stillhaven.clinic.session import due as due_checks
from stillhaven.clinic.session import page_parts, queries
from stillhaven.clinic.session.models import Check, Dose, SessionMove, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import Attachment, ReadingMark
from stillhaven.reference.load import Reference
from stillhaven.science import alarms, checks
from stillhaven.science.dose_entries import DoseEntry, Kind, Phase
from stillhaven.science.dosing import running
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.vitals import Mode, Quality, Reading, Source

_SHOWN = ("pressure", "spo2_pct", "heart_rate_per_min")
_SIGNALS = (*PRESSURE, "spo2_pct", "heart_rate_per_min", "pulse_rate_per_min")
_CHECKED = tuple(due_checks.SIGNALS.values())
_RECENT = timedelta(minutes=15)  # as far back as the live screen reads
_NEED = {"held": 45, "dosing": 40, "recovering": 20, "ready": 15, "checked_in": 10}
_RANK = {"high": 3, "medium": 2, "low": 1}


@dataclass
class Gathered:
    """What is known of all open sessions, by session id (readings and marks by patient id)."""

    sessions: list[TreatmentSession]
    moves: dict[int, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    doses: dict[int, list[DoseEntry]] = field(default_factory=lambda: defaultdict(list))
    checks: dict[int, list[Check]] = field(default_factory=lambda: defaultdict(list))
    alarms: dict[int, list[alarms.AlarmEvent]] = field(default_factory=lambda: defaultdict(list))
    newest: dict[int, list[Reading]] = field(default_factory=lambda: defaultdict(list))
    moments: dict[int, list[tuple[str, datetime]]] = field(default_factory=lambda: defaultdict(list))


def board(site: Site, now: datetime) -> dict[str, Any]:
    """The board of one site, as its script and its page without script read it."""
    rules = policy.rules(site.pk)
    known = gather(site, now)
    chairs = [_row(known, session, rules, now) for session in known.sessions]
    beat = Heartbeat.objects.filter(part="watch").values_list("beat_at", flat=True).first()
    return {"now": iso(now), "watch_beat": iso(beat) if beat else None, "chairs": sorted(chairs, key=by_need)}


def by_need(chair: dict[str, Any]) -> tuple[float, str]:
    """An unanswered alarm before all else, by priority; then an overdue check; then by phase (as the script orders)."""
    alarm, due = chair["alarm"], chair["due"]
    need = float(chair["need"])
    if alarm:
        need += _RANK[alarm["priority"]] * (50 if alarm["state"] == "acknowledged" else 1000)
    if due:
        need += {"overdue": 300, "now": 100}.get(due["state"], 0)
    return -need, chair["chair"]


# ---------------------------------------------------------------- gathering
def gather(site: Site, now: datetime) -> Gathered:
    """All that the rows need, table by table."""
    known = Gathered(sessions=list(queries.open_sessions([site.pk])))
    ids = [s.pk for s in known.sessions]
    if not ids:
        return known
    for move in SessionMove.objects.filter(session_id__in=ids).order_by("seq"):
        known.moves[move.session_id][move.move] = move.happened_at
    _doses(known, ids)
    scales = [kind for kinds in due_checks.SCALES.values() for kind in kinds]
    for check in (
        Check.objects.current().filter(session_id__in=ids, kind__in=[*scales, "skipped"]).order_by("happened_at", "seq")
    ):
        known.checks[check.session_id].append(check)
    for session_id, data in (
        AlarmEvent.objects.filter(session_id__in=ids).order_by("seq").values_list("session_id", "data")
    ):
        known.alarms[session_id].append(alarms.AlarmEvent.from_dict(data))
    _readings(known, now)
    return known


def _doses(known: Gathered, ids: Sequence[int]) -> None:
    """Dose entries as they stand; an amended one keeps the place of the entry it corrects."""
    rows = list(Dose.objects.filter(session_id__in=ids).order_by("happened_at", "seq"))
    by_uid, amended = {row.uid: row for row in rows}, {row.amends_id for row in rows if row.amends_id}
    for row in rows:
        if row.amends_id:
            row.amends = by_uid[row.amends_id]
        if row.uid not in amended and not row.retracted:
            known.doses[row.session_id] += queries.dose_entries([row])


def _readings(known: Gathered, now: datetime) -> None:
    """The newest row of each signal, and the minutes in which each signal had a usable value."""
    since = {
        s.patient_id: known.moves[s.pk].get("check_in", s.booked_for) - timedelta(minutes=10) for s in known.sessions
    }
    simulated = {s.patient_id: s.drill or s.patient.simulated for s in known.sessions}
    first, soon = min(since.values()), now + timedelta(seconds=1)
    worn = list(
        Attachment.objects.current()
        .filter(patient_id__in=since, start__lt=soon)
        .exclude(end__lt=first)
        .select_related("device")
    )
    keys = {a.device_id: a.device.key for a in worn}
    mine = [(a, a.patient_id or 0) for a in worn]
    marks = list(ReadingMark.objects.current().filter(patient_id__in=since, end__gt=first))
    params: dict[str, Any] = {
        "p": [p for _, p in mine], "d": [a.device_id for a, _ in mine], "a": [max(a.start, since[p]) for a, p in mine],
        "b": [min(a.end or soon, soon) for a, _ in mine], "sim": [simulated[p] for _, p in mine],
        "patients": list(since), "since": list(since.values()), "sims": [simulated[p] for p in since], "soon": soon,
        "signals": list(_SIGNALS), "recent": now - _RECENT, "checked": list(_CHECKED), "mp": [m.patient_id for m in marks],
        "mg": [m.signal for m in marks], "ma": [m.start for m in marks], "mb": [m.end for m in marks],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, params)
        for patient, *row in cursor.fetchall():
            known.newest[patient].append(_reading(row, keys))
        cursor.execute(_MOMENTS, params)
        for patient, signal, at in cursor.fetchall():
            known.moments[patient].append((signal, at))


def _reading(row: Sequence[Any], keys: dict[int, str]) -> Reading:
    signal, value, at, arrived, quality, why, device, probe, source, mode, seq = row
    return Reading(
        signal=signal, value=value, at=at, arrived_at=arrived, quality=Quality(quality), reason=why,
        device=keys.get(device, ""), probe=probe, source=Source(source), mode=Mode(mode), seq=seq,
    )  # fmt: skip


# The newest row of each shown signal, whatever it says, from each device's stretch on a patient and from the patient's own
# rows (by hand).  Demonstration data never counts; simulated data counts for synthetic people and in drills alone.
_COLUMNS = (
    "x.signal, x.value, x.happened_at, x.recorded_at, x.quality, x.why, x.device_id, x.probe, x.source, x.mode, x.seq"
)
_MARKED = """EXISTS (
  SELECT 1 FROM unnest(%(mp)s::bigint[], %(mg)s::text[], %(ma)s::timestamptz[], %(mb)s::timestamptz[]) m(p, g, a, b)
  WHERE m.p = {patient} AND m.g = {row}.signal AND {row}.happened_at >= m.a AND {row}.happened_at < m.b)"""
_WORN = """unnest(%(p)s::bigint[], %(d)s::bigint[], %(a)s::timestamptz[], %(b)s::timestamptz[], %(sim)s::bool[])
           w(p, d, a, b, sim)"""
_MINE = "unnest(%(patients)s::bigint[], %(since)s::timestamptz[], %(sims)s::bool[]) w(p, a, sim)"
_MODE = "(x.mode = 'real' OR (w.sim AND x.mode = 'simulated')) AND NOT x.retracted"
_NEWEST = f"""
  WITH every AS (
    SELECT w.p AS patient, r.* FROM {_WORN} JOIN unnest(%(signals)s::text[]) g(signal) ON true JOIN LATERAL (
      SELECT {_COLUMNS} FROM vitals_reading x
      WHERE x.device_id = w.d AND x.signal = g.signal AND x.happened_at >= greatest(w.a, %(recent)s) AND x.happened_at < w.b
        AND {_MODE}
      ORDER BY x.happened_at DESC, x.value IS NULL, x.seq DESC LIMIT 1) r ON true
    UNION ALL
    SELECT w.p AS patient, r.* FROM {_MINE} JOIN unnest(%(signals)s::text[]) g(signal) ON true JOIN LATERAL (
      SELECT {_COLUMNS} FROM vitals_reading x
      WHERE x.patient_id = w.p AND x.signal = g.signal AND x.happened_at >= greatest(w.a, %(recent)s)
        AND x.happened_at < %(soon)s AND {_MODE}
        AND NOT EXISTS (SELECT 1 FROM vitals_reading y WHERE y.amends_id = x.uid)
      ORDER BY x.happened_at DESC, x.seq DESC LIMIT 1) r ON true
  )
  SELECT DISTINCT ON (patient, signal) patient, signal, value, happened_at, recorded_at,
         CASE WHEN value IS NOT NULL AND {_MARKED.format(patient="patient", row="every")} THEN 'artefact' ELSE quality END,
         why, device_id, probe, source, mode, seq
  FROM every ORDER BY patient, signal, happened_at DESC, value IS NULL, seq DESC
"""  # noqa: S608  (every part of it stands above)
# A check counts as done in the minute in which the signal had a usable value: minutes suffice for windows of minutes.
_GOOD = "x.value IS NOT NULL AND x.quality IN ('good', 'questionable') AND x.signal = ANY(%(checked)s)"
_MOMENTS = f"""
  SELECT w.p, g.signal, t.at FROM {_WORN} JOIN unnest(%(checked)s::text[]) g(signal) ON true
  JOIN LATERAL generate_series(date_trunc('minute', w.a), w.b, '1 minute') t(at) ON true
  JOIN LATERAL (
    SELECT 1 FROM vitals_reading x WHERE x.device_id = w.d AND x.signal = g.signal AND x.happened_at >= greatest(t.at, w.a)
      AND x.happened_at < least(t.at + interval '1 minute', w.b) AND {_GOOD} AND {_MODE}
      AND NOT {_MARKED.format(patient="w.p", row="x")}
    LIMIT 1) seen ON true  -- one probe of an index a minute, however many values a minute brings
  UNION
  SELECT w.p, y.signal, y.happened_at FROM {_MINE} JOIN LATERAL (
    SELECT x.signal, x.happened_at FROM vitals_reading x
    WHERE x.patient_id = w.p AND x.happened_at >= w.a AND x.happened_at < %(soon)s AND {_GOOD} AND {_MODE}
      AND NOT {_MARKED.format(patient="w.p", row="x")}
      AND NOT EXISTS (SELECT 1 FROM vitals_reading y WHERE y.amends_id = x.uid)
    OFFSET 0) y ON true
"""  # noqa: S608


# ---------------------------------------------------------------- one row
def _row(known: Gathered, session: TreatmentSession, rules: Reference, now: datetime) -> dict[str, Any]:
    patient, order = session.patient, session.order
    simulated = session.drill or patient.simulated
    charted = frozenset({Mode.REAL, Mode.SIMULATED}) if simulated else frozenset({Mode.REAL})
    recent = Recent(signals=rules.signals, charted=charted)
    recent.take(known.newest[patient.pk])
    shown = {t["signal"]: t for t in tiles(recent, {}, {})}
    open_ = [a.as_dict() for a in alarms.open_alarms(known.alarms[session.pk], now)]
    due = _next_due(known, session, rules, now)
    label, ends = _phase(known, session, now)
    return {
        "uid": str(session.uid), "url": reverse("monitoring:live", args=[session.uid]),
        "page": reverse("session:page", args=[session.uid]), "chair": session.chair.name if session.chair else "No chair",
        "person": patient.name, "person_short": patient.called, "drill": session.drill, "simulated": patient.simulated,
        "phase_label": label, "ends_at": iso(ends) if ends else None, "state": session.state,
        "tiles": [shown[key] for key in _SHOWN if key in shown], "alarm": open_[0] if open_ else None,
        "alarms_open": len(open_), "due": due, "nurse": session.nurse.signature_name if session.nurse else "",
        "need": _NEED.get(session.state, 0), "order": bool(order),
    }  # fmt: skip


def _phase(known: Gathered, session: TreatmentSession, now: datetime) -> tuple[str, datetime | None]:
    order, entries = session.order, known.doses[session.pk]
    label = page_parts.state_words(session.state, at_once=queries.is_at_once(session))
    seen = running(entries, now, planned_mg=float(order.dose_mg) if order else None)
    if session.state == "dosing" and order is not None and order.devices:
        used = sum(e.kind is Kind.DEVICE for e in entries)
        label = _("%(n)d of %(of)d devices") % {"n": used, "of": order.devices}
    if session.state == "dosing":
        return (_("Dose is in") if seen.phase is Phase.FINISHED else label), seen.ends_at or _leave_from(known, session)
    return label, _leave_from(known, session) if session.state == "recovering" else None


def _leave_from(known: Gathered, session: TreatmentSession) -> datetime | None:
    order, moves = session.order, known.moves[session.pk]
    if order is None or order.observation_min is None:
        return None
    given = [e.at for e in known.doses[session.pk] if e.kind is not Kind.STOP]
    begun = min(given) if order.drug == "esketamine" and given else _ended(known, session, moves)
    return begun + timedelta(minutes=order.observation_min) if begun else None


def _ended(known: Gathered, session: TreatmentSession, moves: dict[str, datetime]) -> datetime | None:
    return moves.get("stop") or moves.get("abort") or queries.all_given_at(session, known.doses[session.pk])


def _next_due(known: Gathered, session: TreatmentSession, rules: Reference, now: datetime) -> dict[str, Any] | None:
    order, moves = session.order, known.moves[session.pk]
    table = rules.session.timetable(Drug(order.drug), Route(order.route)) if order else None
    if table is None:
        return None
    facts = checks.CheckFacts(
        checked_in_at=moves.get("check_in"), started_at=moves.get("start"), ended_at=_ended(known, session, moves),
        leave_from=_leave_from(known, session), left_at=moves.get("discharge") or moves.get("transfer"),
    )  # fmt: skip
    lines = checks.due(table, facts, tuple(_done(known, session)), now, rules.check_marks)
    if not lines:
        return None
    first = lines[0]
    return {"label": first.label[:1].upper() + first.label[1:], "at": iso(first.at), "state": first.state.value}


def _done(known: Gathered, session: TreatmentSession) -> Iterable[checks.Done]:
    measure_of = {signal: measure for measure, signal in due_checks.SIGNALS.items()}
    for signal, at in known.moments[session.patient_id]:
        yield checks.Done(measure=measure_of[signal], at=at)
    scale_of = {kind: measure for measure, kinds in due_checks.SCALES.items() for kind in kinds}
    for check in known.checks[session.pk]:
        if check.kind == "skipped":
            yield checks.Done(measure=check.value["measure"], at=check.happened_at, slot=check.value["slot"],
                              skipped_because=check.value["why"])  # fmt: skip
        else:
            yield checks.Done(measure=scale_of[check.kind], at=check.happened_at)


# ---------------------------------------------------------------- beside the chairs
def today(site: Site, now: datetime) -> list[TreatmentSession]:
    """Sessions booked for this calendar day of the clinic that have not begun, and those that have ended today."""
    zone = ZoneInfo(site.zone)
    begin = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    ended = ["booked", "discharged", "signed", "missed", "cancelled", "transferred"]
    rows = TreatmentSession.objects.filter(
        site=site, booked_for__gte=begin, booked_for__lt=begin + timedelta(days=1), state__in=ended
    )
    return list(rows.select_related("patient", "order", "chair", "nurse").order_by("booked_for"))


def tray(site: Site, now: datetime) -> dict[str, Any]:
    """Monitors that send and are on nobody, and messages that could not be read, of the last hours."""
    since = now - timedelta(hours=12)
    return {
        "devices": vitals.unclaimed(site.pk, now - timedelta(minutes=15)),
        "rejected": list(vitals.rejected(site.pk, since)[:20]),
    }
