"""The facts that alarms are judged on, read from the record: limits in force, what should arrive, what somebody saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import F

from stillhaven.clinic.monitoring.models import AlarmEvent, LimitChange
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import once
from stillhaven.clinic.session import due as due_checks
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import Event, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import Attachment, Message
from stillhaven.reference import load as reference
from stillhaven.science import alarms
from stillhaven.science.alarms import facts as known
from stillhaven.science.alarms.plan import AlarmPlan, LimitSetting, build_plan, with_limit
from stillhaven.science.errors import BadInput
from stillhaven.science.session import DRUG_RUNNING, WATCHED, State
from stillhaven.science.vitals import Mode

SAME_OFFSET = timedelta(seconds=10)  # a wrong clock is wrong by as much from message to message
STEADY = timedelta(seconds=30)  # and stays so for at least this long
SEVERE = 3  # the grade that the reference calls severe
CLOCK_TOLERANCE = timedelta(seconds=60)  # a monitor's clock may be this far off before its times are doubted


def charted(session: TreatmentSession) -> frozenset[Mode]:
    """Whose readings count here: the patient's own; simulated ones only for synthetic people and in drills."""
    simulated = session.drill or session.patient.simulated
    return frozenset({Mode.REAL, Mode.SIMULATED}) if simulated else frozenset({Mode.REAL})


@once
def plan_of(session: TreatmentSession) -> AlarmPlan:
    """The limits in force for a session: the order's before the policy's, and every change since."""
    moves = queries.moves(session)
    made_at = moves[0].happened_at if moves else session.booked_for
    order = session.order
    ordered = [] if order is None else [
        LimitSetting(
            condition=row["condition"], signal=row["signal"], tier=row["tier"], value=row["value"],
            set_by=order.by_name, set_at=made_at, source="order",
        )
        for row in order.limits
    ]  # fmt: skip
    found = _beginning(session, made_at, ordered, order.drug if order else "")
    for change in LimitChange.objects.filter(session=session).order_by("seq"):
        found = with_limit(
            found,
            LimitSetting(
                condition=change.condition, signal=change.signal, tier=change.tier, value=change.value,
                set_by=change.by_name, set_at=change.recorded_at, source="order", because=change.reason,
            ),
        )  # fmt: skip
    return found


def _beginning(session: TreatmentSession, made_at: datetime, ordered: list[LimitSetting], drug: str) -> AlarmPlan:
    """The plan a session begins with.  A limit of the policy that contradicts the order's gives way to it."""

    def build(house: Sequence[LimitSetting]) -> AlarmPlan:
        return build_plan(
            policy.rules(session.site_id).alarms, session=str(session.uid), signals=reference.current().signals,
            made_at=made_at, order=ordered, policy=house, drug=drug,
        )  # fmt: skip

    house = policy.alarm_limits(session.site_id, made_at)
    try:
        return build(house)
    except BadInput:
        kept: list[LimitSetting] = []
        for setting in house:
            with suppress(BadInput):
                build([*kept, setting])
                kept.append(setting)
        return build(kept)


@once
def events_of(session: TreatmentSession) -> list[alarms.AlarmEvent]:
    """Everything that happened to this session's alarms so far, in the order recorded."""
    rows = AlarmEvent.objects.filter(session=session).order_by("seq").values_list("data", flat=True)
    return [alarms.AlarmEvent.from_dict(data) for data in rows]


def facts_of(
    session: TreatmentSession, now: datetime, seen: Iterable[str] = (), timetable: due_checks.Timetable | None = None
) -> known.AlarmFacts:
    """All besides readings, events and the plan.  `seen`: signals that have arrived in this session."""
    moves = {m.move: m.happened_at for m in queries.moves(session)}
    start, end = queries.window(session, now)
    attached = _attached(session, start, end)
    watched_since = moves.get("make_ready")
    ended = moves.get("discharge") or moves.get("transfer") or moves.get("cancel")
    return known.AlarmFacts(
        expected=_expected(session, attached, watched_since, seen),
        attached=attached,
        observed=(*_observed(session), *_conflicts(session, attached, start)),
        scores=_scores(session),
        checks=_checks(session, timetable or due_checks.timetable(session, now), now),
        clocks=_clocks(attached, start),
        dosing_from=moves.get("start"),
        ended_at=ended,
        accept_simulated=Mode.SIMULATED in charted(session),
    )


def facts_later(
    facts: known.AlarmFacts, session: TreatmentSession, now: datetime, seen: Iterable[str],
    timetable: due_checks.Timetable, since: datetime | None, *, messages: bool = True,
) -> known.AlarmFacts:  # fmt: skip
    """The same facts some seconds later, nothing clinical having been recorded: what arrived, and what time brought.

    Without `messages` no database is asked: what they say of their sender and its clock stays as it was.
    """
    expected = _expected(session, facts.attached, since, seen)
    later = replace(facts, expected=expected, checks=_checks(session, timetable, now))
    if not messages:
        return later
    start = min((a.since for a in facts.attached), default=now)
    others = tuple(o for o in facts.observed if o.kind != _CONFLICT)
    return replace(
        later,
        observed=(*others, *_conflicts(session, facts.attached, start)),
        clocks=_clocks(facts.attached, start),
    )


def _checks(session: TreatmentSession, timetable: due_checks.Timetable, now: datetime) -> tuple[known.CheckDue, ...]:
    return due_checks.alarm_checks(timetable, now) if session.state in {s.value for s in WATCHED} else ()


def _attached(session: TreatmentSession, start: datetime, end: datetime) -> tuple[known.Attached, ...]:
    return tuple(
        known.Attached(device=w.device_key, since=w.start, until=w.end)
        for w in vitals.worn_by(session.patient_id, start, end)
    )


def _expected(
    session: TreatmentSession, attached: Sequence[known.Attached], since: datetime | None, seen: Iterable[str]
) -> tuple[known.Expected, ...]:
    """From "ready" on, what the clinic monitors should arrive, and so should whatever the monitor has sent before."""
    if since is None or session.state not in {s.value for s in WATCHED}:
        return ()
    signals = reference.current().signals
    wanted = set(reference.current().session.start.monitored_signals) | set(seen)
    arriving = sorted(key for key in wanted if key in signals)
    device = attached[-1].device if attached else ""
    begun = max(since, attached[-1].since) if attached else since
    return tuple(known.Expected(signal=key, since=begun, device=device) for key in arriving)


def _observed(session: TreatmentSession) -> tuple[known.Observed, ...]:
    """What people saw: adverse events by their keys, from their start until they were said to be over."""
    rows = Event.objects.current().filter(session=session, kind__in=("adverse_event", "request", "withdrawal"))
    return tuple(
        known.Observed(
            kind=_kind(row), at=row.happened_at, known_at=row.recorded_at,
            until=_moment(row.value.get("resolved_at")),
            subject=str(row.uid), text=row.label,
        )
        for row in rows
    )  # fmt: skip


# what a tap is called in the record -> what the alarm conditions call it
_KINDS = {"stop": "stop_requested", "withdrawal": "consent_withdrawn"}


def _kind(row: Event) -> str:
    """The condition's own word: a severe agitation is one of its own."""
    if row.key == "anxiety_agitation" and (row.grade or 0) >= SEVERE:
        return "severe_agitation"
    return _KINDS.get(row.key, row.key)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _conflicts(
    session: TreatmentSession, attached: Sequence[known.Attached], start: datetime
) -> Iterable[known.Observed]:
    """A monitor that names another patient than the one it is on."""
    keys = [a.device for a in attached]
    if not keys:
        return
    recent = Message.objects.filter(device__key__in=keys, site=session.site_id, recorded_at__gte=start)
    other = recent.exclude(patient_id_sent__in=("", session.patient.external_id)).order_by("seq").first()
    if other is not None and not _is_default(other.patient_id_sent):
        still = recent.filter(patient_id_sent=session.patient.external_id, seq__gt=other.seq).order_by("-seq").first()
        yield known.Observed(
            kind=_CONFLICT, at=other.recorded_at, known_at=other.recorded_at, subject=other.patient_id_sent,
            until=still.recorded_at if still else None, text=other.patient_id_sent,
        )  # fmt: skip


_CONFLICT = "identity_conflict"


def _is_default(patient_id: str) -> bool:
    """Monitors that were told nobody's name fill in one of their own."""
    return not patient_id.strip("0 -_") or patient_id.upper() in {"UNKNOWN", "NONE", "DEFAULT", "PATIENT"}


def _scores(session: TreatmentSession) -> tuple[known.Score, ...]:
    rows = list(queries.checks(session, "moaas"))
    return tuple(
        known.Score(scale="moaa_s", value=float(c.value["score"]), at=c.happened_at, known_at=c.recorded_at)
        for c in rows
    )


def _clocks(attached: Sequence[known.Attached], start: datetime) -> tuple[known.ClockOff, ...]:
    """Stretches in which a device's clock was far from the gateway's.

    A time ahead of ours can only be a wrong clock.  A time behind may be a message that was kept while the network was
    away: it counts as a wrong clock only where it stays equally far behind, as kept messages do not.
    """
    found = [_clock_off(a.device, start) for a in attached]
    return tuple(off for off in found if off is not None)


def _clock_off(device: str, start: datetime) -> known.ClockOff | None:
    timed = Message.objects.filter(device__key=device, device_time__isnull=False)
    far = (
        timed.filter(recorded_at__gte=start)
        .annotate(apart=F("device_time") - F("received_at"))
        .exclude(apart__range=(-CLOCK_TOLERANCE, CLOCK_TOLERANCE))
    )
    last = far.order_by("-seq").first()
    if last is None:
        return None
    alike = far.filter(apart__range=(last.apart - SAME_OFFSET, last.apart + SAME_OFFSET))
    first = alike.order_by("seq").first() or last
    if last.apart < timedelta() and last.recorded_at - first.recorded_at < STEADY:
        return None
    right = timed.filter(seq__gt=last.seq).order_by("seq").first()
    until = right.recorded_at if right else None
    return known.ClockOff(device=device, since=first.recorded_at, offset_s=last.apart.total_seconds(), until=until)


def is_over(session: TreatmentSession) -> bool:
    """Has the patient left, so that nothing is watched any more?"""
    return session.state not in {s.value for s in (*DRUG_RUNNING, *WATCHED, State.CHECKED_IN)}


def last_seen(session: TreatmentSession) -> datetime | None:
    """When anything last arrived from a device on this patient."""
    seen = Attachment.objects.current().filter(patient=session.patient, end__isnull=True)
    return max((a.device.last_seen_at for a in seen.select_related("device")), default=None)
