"""Can this visit go ahead?  Every gate of a visit, each go, no or not known, with who sees to it and until when.

A gate asks the room that knows; what nobody knows is never green.  The board changes nothing about the session itself:
its own start rules are asked again at the chair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from stillhaven.clinic.candidacy import queries as candidacy
from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.course import queries as outside
from stillhaven.clinic.messages import queries as posted
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import one_look
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.models import Assessment
from stillhaven.clinic.schedule import actions as schedule_actions
from stillhaven.clinic.schedule import queries as schedule
from stillhaven.clinic.schedule.models import Appointment, GateOverride, GateTask, VisitAnswer
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.session.weights import Weighed, newest_weights
from stillhaven.clinic.stock import queries as stock
from stillhaven.clinic.vitals.newest import newest_of
from stillhaven.reference.load import Reference
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.schedule import DOSING, House, Window, fit

GO, NO, UNKNOWN, WAIVED = "go", "no", "unknown", "waived"
_PRESSURE = ("systolic_mmhg", "diastolic_mmhg")
_LOOK_BACK = timedelta(days=365)
_LONG = ("arithmetic", "findings", "sources", "limits", "holds", "rescue", "premedication", "worked")  # of an order


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One gate of one visit: how it stands, in a word and in a sentence; who sees to it, until when."""

    key: str
    look: str
    word: str
    because: str
    owner: str = ""
    due_at: datetime | None = None
    override: Any = None

    @property
    def is_open(self) -> bool:
        """Does it still want somebody's hand?"""
        return self.look in (NO, UNKNOWN)


@dataclass(kw_only=True)
class Visit:
    """One visit of the day with all that its gates ask; gathered once for the whole board."""

    row: Appointment
    session: TreatmentSession | None = None
    order: Order | None = None
    answer: VisitAnswer | None = None
    reminder: OutMessage | None = None
    findings: tuple[Finding, ...] = ()
    weight: Weighed | None = None
    pressure: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    filled_at: datetime | None = None  # when the newest sheet was filled in
    has_alert: bool = False
    sessions: list[TreatmentSession] = field(default_factory=list)  # all of this person's
    overrides: dict[str, GateOverride] = field(default_factory=dict)
    tasks: dict[str, GateTask] = field(default_factory=dict)

    @property
    def drug(self) -> str:
        return self.order.drug if self.order else self.row.drug


@dataclass(frozen=True, kw_only=True)
class Day:
    """What is the same for all visits of a board."""

    site: Site
    rules: Reference
    house: House
    day: date
    now: datetime
    vials: list[tuple[str, date, float]]  # drug, last day, milligrams
    keeps_stock: bool
    needs: dict[int, tuple[str, float]] = field(
        default_factory=dict
    )  # by visit: drug and mg that are still to be drawn

    def others_need(self, visit: Visit) -> tuple[float, int]:
        """What the day's other visits still need of this visit's drug: so many mg, for so many visits."""
        rest = [mg for pk, (drug, mg) in self.needs.items() if pk != visit.row.pk and drug == visit.drug]
        return sum(rest), len(rest)

    @property
    def zone(self) -> ZoneInfo:
        return schedule.zone_of(self.site)


# gate -> what it is called, and which role sees to it where nobody is named
NAMES: dict[str, tuple[str, str]] = {
    "consent": ("Consent", "front desk"),
    "scales": ("Scales", "front desk"),
    "fasting": ("Fasting", "front desk"),
    "well": ("No infection", "nurse"),
    "driver": ("Driver", "front desk"),
    "weight": ("Weight", "nurse"),
    "order": ("Order", "prescriber"),
    "findings": ("Findings", "prescriber"),
    "stock": ("Stock", "custodian"),
    "rems": ("REMS", "front desk"),
    "authorisation": ("Authorised", "front desk"),
    "staff": ("Staff", "manager"),
    "chair": ("Chair", "manager"),
    "pressure": ("Last pressure", "nurse"),
}


# ---------------------------------------------------------------- gathering
def board(site: Site, day: date, now: datetime) -> list[tuple[Visit, list[Gate]]]:
    """Every visit of the day with its gates, in order of time."""
    with one_look():
        rows = _standing(site, day)
        visits, known = gather(rows, _known(site, day, now))
        _read_ahead(visits, known)
        return [(visit, gates(visit, known)) for visit in visits]


def of_visit(row: Appointment, now: datetime) -> list[Gate]:
    """The gates of one visit."""
    with one_look():
        day = row.starts_at.astimezone(schedule.zone_of(row.site)).date()
        rows = _standing(row.site, day)
        visits, known = gather([r for r in rows if r.pk != row.pk] + [row], _known(row.site, day, now))
        mine = [v for v in visits if v.row.pk == row.pk]
        _read_ahead(mine, known)
        return gates(mine[0], known)


def _standing(site: Site, day: date) -> list[Appointment]:
    return [r for r in schedule.standing_on(site, day) if r.state in ("booked", "arrived", "done")]


def _known(site: Site, day: date, now: datetime) -> Day:
    start, end = schedule.bounds(site, day)
    return Day(
        site=site,
        rules=policy.rules(site.pk),
        house=schedule.house(site, start, end),
        day=day,
        now=now,
        vials=stock.free_mg(site.pk),
        keeps_stock=stock.keeps_stock(site.pk),
    )


def gather(rows: list[Appointment], known: Day) -> tuple[list[Visit], Day]:
    """The visits with their sessions and orders, and the day with what all of them still need from the safe."""
    for row in rows:
        row.site = row.patient.site = known.site
    uids = [r.session_uid for r in rows if r.session_uid]
    sessions = {s.uid: s for s in TreatmentSession.objects.filter(uid__in=uids)}
    visits = [Visit(row=r, session=sessions.get(r.session_uid) if r.session_uid else None) for r in rows]
    _find_orders(visits, known)
    drawn = stock.drawn_for(uids)
    needs = {
        v.row.pk: (v.drug, float(v.order.dose_mg))
        for v in visits
        if v.order is not None and v.row.state in ("booked", "arrived") and v.row.session_uid not in drawn
    }
    return visits, replace(known, needs=needs)


def _find_orders(visits: list[Visit], known: Day) -> None:
    """The order of each session as it stands now; else one of its course that is good on the day and not used."""
    courses = [v.session.course_id for v in visits if v.session is not None]
    orders = list(Order.objects.filter(course__in=courses).defer(*_LONG).order_by("-happened_at"))
    by_uid, newer = {o.uid: o for o in orders}, {o.amends_id: o for o in orders if o.amends_id is not None}
    used = set(TreatmentSession.objects.filter(order__course__in=courses).values_list("order_id", flat=True))
    for visit in visits:
        if visit.session is None:
            continue
        order = by_uid.get(visit.session.order_id) if visit.session.order_id else None
        while order is not None and order.uid in newer:
            order = newer[order.uid]
        if order is None or order.retracted:
            order = next((
                o for o in orders
                if o.course_id == visit.session.course_id and o.uid not in newer and not o.retracted and o.uid not in used
                and o.valid_from <= known.day <= o.valid_until
            ), None)  # fmt: skip
        visit.order = order


def _read_ahead(visits: list[Visit], known: Day) -> None:
    """All that the gates ask of these visits, table by table."""
    ids = {v.row.pk: v for v in visits}
    people = {v.row.patient_id: v.row.patient for v in visits}
    courses = {v.row.course_id: v.row.course for v in visits if v.row.course is not None}
    for visit in visits:
        if visit.row.course is not None:
            visit.row.course.patient, visit.row.course.site = visit.row.patient, known.site
    candidacy.read_ahead(list(people.values()), list(courses.values()), known.site.pk, known.now)
    reminders = posted.about([v.row.uid for v in visits], "reminder")
    for visit in visits:
        visit.reminder = reminders.get(visit.row.uid)
    for answer in VisitAnswer.objects.current().filter(appointment__in=ids, kind="confirm").order_by("seq"):
        ids[answer.appointment_id].answer = answer
    for override in GateOverride.objects.current().filter(appointment__in=ids).order_by("seq"):
        ids[override.appointment_id].overrides[override.gate] = override
    for task in GateTask.objects.filter(appointment__in=ids).select_related("owner"):
        ids[task.appointment_id].tasks[task.gate] = task
    _of_people(visits, people, known)
    for visit in visits:
        window = Window(start=visit.row.starts_at, end=visit.row.ends_at)
        wanted = schedule_actions.wanted_of(
            visit.row, window, drug=visit.drug, route=visit.order.route if visit.order else visit.row.route
        )
        visit.findings = fit(wanted, known.house, known.now).findings


def _of_people(visits: list[Visit], people: dict[int, Patient], known: Day) -> None:
    """Weights, pressures, sheets, alerts and earlier sessions of everybody on the board."""
    weights = newest_weights(people)
    pressures = newest_of(people, _PRESSURE, known.now - _LOOK_BACK, known.now + timedelta(seconds=1))
    sheets = Assessment.objects.current().filter(patient__in=people).order_by("patient_id", "-happened_at")
    filled = dict(sheets.distinct("patient_id").values_list("patient_id", "happened_at"))
    called = {task.alert.patient_id for task in scales.open_alerts(known.site.pk)}
    came: dict[int, list[TreatmentSession]] = {}
    for session in TreatmentSession.objects.filter(patient__in=people).order_by("booked_for"):
        came.setdefault(session.patient_id, []).append(session)
    for visit in visits:
        pk = visit.row.patient_id
        visit.weight, visit.pressure, visit.filled_at = weights.get(pk), pressures.get(pk, {}), filled.get(pk)
        visit.has_alert, visit.sessions = pk in called, came.get(pk, [])


# ---------------------------------------------------------------- the gates
def gates(visit: Visit, known: Day) -> list[Gate]:
    """All gates of one visit, with overrides laid on and owners named."""
    if visit.row.kind == DOSING:
        asked = [_GATES[key](visit, known) for key in NAMES]
    else:
        asked = [replace(_staff(visit, known)), _chair(visit, known)]
    return [_owned(_waived(gate, visit), visit) for gate in asked]


def _waived(gate: Gate, visit: Visit) -> Gate:
    """An override holds against what the gate said then; when it says something else, it is red again."""
    override = visit.overrides.get(gate.key)
    if override is None or not gate.is_open or override.against != gate.because:
        return gate
    why = _("%(because)s Let pass by %(by)s: %(why)s") % {
        "because": gate.because,
        "by": override.by_name,
        "why": override.why,
    }
    return replace(gate, look=WAIVED, word=_("let pass"), because=why, override=override)


def _owned(gate: Gate, visit: Visit) -> Gate:
    task = visit.tasks.get(gate.key)
    if task is not None:
        return replace(gate, owner=task.owner.signature_name, due_at=task.due_at)
    return replace(gate, owner=NAMES[gate.key][1], due_at=visit.row.starts_at)


def _gate(key: str, look: str, word: str, because: str) -> Gate:
    return Gate(key=key, look=look, word=word, because=because[:1].upper() + because[1:])


def _from_findings(key: str, found: Iterable[Finding], good: str, good_because: str) -> Gate:
    """The worst of some findings; a caution is shown and does not stop."""
    rows = list(found)
    bad = [f for f in rows if f.stops and f.verdict is Verdict.NOT_MET]
    open_ = [f for f in rows if f.stops and f.verdict is Verdict.UNKNOWN]
    waived = [f for f in rows if f.overridden and not f.is_met]
    said = "; ".join(f.because for f in (bad or open_))
    if bad:
        return _gate(key, NO, _("no"), said)
    if open_:
        return _gate(key, UNKNOWN, _("not known"), said)
    if waived:
        return _gate(key, WAIVED, _("overridden"), "; ".join(f"{f.because} ({f.overridden})" for f in waived))
    cautions = [f.because for f in rows if not f.is_met and f.weight is Weight.CAUTION]
    return _gate(key, GO, good, "; ".join(cautions) or good_because)


def _consent(visit: Visit, known: Day) -> Gate:
    found = consent.findings(
        visit.row.patient,
        visit.row.course,
        known.now,
        drug=visit.drug,
        off_label=visit.order.off_label if visit.order else None,
    )
    if not found:
        return _gate("consent", UNKNOWN, _("not known"), _("no consent document is kept here yet"))
    return _from_findings("consent", found, _("signed"), _("every document that this visit needs is signed"))


def _scales(visit: Visit, known: Day) -> Gate:
    """Something filled in since the last session, or since the course was opened; and no alert left open."""
    if visit.has_alert:
        return _gate("scales", NO, _("alert"), _("an answer raised an alert that nobody has closed yet"))
    before = [s for s in visit.sessions if s.booked_for < visit.row.starts_at and s.state in ("discharged", "signed")]
    last = before[-1].booked_for if before else None
    since = last or (visit.row.course.opened_at if visit.row.course else None)
    at = visit.filled_at
    if at is not None and (since is None or at >= since):
        return _gate("scales", GO, _("done"), _("filled in on %(day)s") % {"day": _day(at, known)})
    which = _("the last session") if last else _("the course was opened")
    return _gate("scales", NO, _("missing"), _("nothing was filled in since %(which)s") % {"which": which})


def _fasting(visit: Visit, known: Day) -> Gate:
    """Sent and confirmed: two things, and both are needed."""
    said = visit.answer.value.get("prepared") if visit.answer else None
    if visit.answer is not None and said == "yes":
        return _gate(
            "fasting",
            GO,
            _("confirmed"),
            _("read and confirmed on %(day)s") % {"day": _day(visit.answer.happened_at, known)},
        )
    if said == "no":
        return _gate("fasting", NO, _("cannot"), _("the person says that they cannot keep to the preparation"))
    if visit.reminder is None:
        return _gate(
            "fasting",
            NO,
            _("not sent"),
            _("no reminder is queued: no way to write to this person, or the clinic has not set when"),
        )
    if visit.reminder.state == "sent":
        return _gate("fasting", NO, _("sent"), _("sent, not confirmed yet"))
    if visit.reminder.state == "failed":
        return _gate(
            "fasting", NO, _("failed"), _("the reminder did not go out: %(why)s") % {"why": visit.reminder.last_error}
        )
    at = visit.reminder.due_at.astimezone(known.zone)
    return _gate("fasting", NO, _("waits"), _("the reminder goes out on %(at)s") % {"at": f"{at:%-d %b at %H:%M}"})


def _well(visit: Visit, known: Day) -> Gate:
    said = visit.answer.value.get("infection") if visit.answer else None
    if said == "no":
        return _gate("well", GO, _("none"), _("says there is no sign of an infection"))
    if said == "yes":
        words = visit.answer.value.get("symptoms", "") if visit.answer else ""
        return _gate(
            "well", NO, _("signs"), _("signs of an infection: %(what)s") % {"what": words or _("not said which")}
        )
    return _gate("well", UNKNOWN, _("not asked"), _("nobody has asked about signs of an infection"))


def _driver(visit: Visit, known: Day) -> Gate:
    named = visit.answer.value.get("driver", "") if visit.answer else ""
    if named:
        phone = visit.answer.value.get("driver_phone", "") if visit.answer else ""
        return _gate("driver", GO, _("named"), f"{named} {phone}".strip())
    on_file = visit.row.patient.escort_name
    if on_file:
        return _gate(
            "driver",
            NO,
            _("not confirmed"),
            _("%(name)s is on file, and is not confirmed for this visit") % {"name": on_file},
        )
    return _gate("driver", NO, _("nobody"), _("nobody is named to take the person home"))


def _weight(visit: Visit, known: Day) -> Gate:
    found = visit.weight
    if found is None or found.told:
        told = _("nobody was weighed here yet; by their own account %(kg)g kg") % {"kg": found.kg} if found else ""
        return _gate("weight", UNKNOWN, _("not known"), told or _("nobody was weighed yet"))
    weighed, kg = found.on(known.zone), f"{found.kg:g} kg"
    most = known.rules.policy.number("weight_max_age_d")
    said = f"{kg}, {weighed:%-d %b}"
    if most is None:
        return _gate(
            "weight",
            UNKNOWN,
            _("no limit set"),
            _("%(said)s; the clinic has not set how old a weight may be") % {"said": said},
        )
    old = (known.day - weighed).days
    if old > most:
        return _gate(
            "weight",
            NO,
            _("too old"),
            _("%(said)s: %(old)d days old, at most %(most)g allowed") % {"said": said, "old": old, "most": most},
        )
    return _gate("weight", GO, kg, said)


def _signed_order(visit: Visit, known: Day) -> Gate:
    order = visit.order
    if order is None:
        return _gate("order", NO, _("none"), _("no signed order is good on this day"))
    if not order.valid_from <= known.day <= order.valid_until:
        return _gate(
            "order",
            NO,
            _("not valid"),
            _("the order is good from %(a)s to %(b)s")
            % {"a": f"{order.valid_from:%-d %b}", "b": f"{order.valid_until:%-d %b}"},
        )
    return _gate("order", GO, _("signed"), _("signed by %(by)s") % {"by": order.by_name})


def _clear(visit: Visit, known: Day) -> Gate:
    if visit.row.course is None:
        return _gate("findings", UNKNOWN, _("no course"), _("the visit belongs to no course"))
    found = candidacy.start_findings(visit.row.course, known.now, drug=visit.drug)
    if not found or all(f.weight is Weight.CAUTION and not f.is_met for f in found):
        words = "; ".join(f.because for f in found) or _("nobody has decided on candidacy yet")
        return _gate("findings", UNKNOWN, _("not decided"), words)
    return _from_findings("findings", found, _("clear"), _("the decision stands and nothing new speaks against it"))


def _in_stock(visit: Visit, known: Day) -> Gate:
    """Enough of the drug in vials that are still good on the day, once the day's other visits have what they need."""
    if not known.keeps_stock:
        return _gate("stock", UNKNOWN, _("not kept"), _("no stock is kept here yet"))
    if visit.row.pk not in known.needs:
        if visit.order is not None:
            return _gate(
                "stock", GO, _("drawn"), _("what this visit needs was drawn already, or is not needed any more")
            )
        return _gate("stock", UNKNOWN, _("no order"), _("without an order nobody knows how much is needed"))
    good = [mg for drug, expires, mg in known.vials if drug == visit.drug and expires >= known.day]
    held, needed = sum(good), known.needs[visit.row.pk][1]
    others, visits = known.others_need(visit)
    said = _("%(held)g mg in %(n)d vials, %(needed)g mg ordered") % {"held": held, "n": len(good), "needed": needed}
    if visits:
        said += _("; %(others)g mg for %(visits)d other visits of the day") % {
            "others": round(others, 2),
            "visits": visits,
        }
    if held - others >= needed:
        return _gate("stock", GO, _("enough"), said)
    return _gate("stock", NO, _("short"), said)


def _rems(visit: Visit, known: Day) -> Gate:
    if not visit.drug:
        return _gate(
            "rems", UNKNOWN, _("no order"), _("without an order nobody knows whether the risk programme applies")
        )
    if visit.drug not in known.rules.session.start.enrolment_for:
        return _gate("rems", GO, _("not needed"), _("this drug has no risk programme"))
    fact = outside.newest_fact(visit.row.course, "rems_enrolment")
    if fact is None:
        return _gate("rems", NO, _("not enrolled"), _("no enrolment is on record"))
    if str(fact.value.get("on", "")) > known.day.isoformat():
        return _gate("rems", NO, _("too early"), _("enrolled only from %(on)s") % {"on": fact.value["on"]})
    return _gate(
        "rems",
        GO,
        _("enrolled"),
        _("enrolled on %(on)s, number %(number)s") % {"on": fact.value.get("on"), "number": fact.value.get("number")},
    )


def _authorised(visit: Visit, known: Day) -> Gate:
    fact = outside.newest_fact(visit.row.course, "authorisation")
    if fact is None:
        return _gate(
            "authorisation", UNKNOWN, _("not known"), _("nobody has written down whether an authorisation is needed")
        )
    value = fact.value
    if value.get("needed") == "no":
        return _gate(
            "authorisation",
            GO,
            _("not needed"),
            _("no authorisation is needed: %(payer)s") % {"payer": value.get("payer") or _("pays themselves")},
        )
    day = known.day.isoformat()
    if not value.get("from", "") <= day <= value.get("until", ""):
        return _gate(
            "authorisation",
            NO,
            _("dates"),
            _("it runs from %(a)s to %(b)s") % {"a": value.get("from"), "b": value.get("until")},
        )
    start, _end = schedule.bounds(known.site, date.fromisoformat(value["from"]))
    used = sum(
        s.course_id == visit.row.course_id
        and start <= s.booked_for < visit.row.starts_at
        and s.state not in ("cancelled", "missed")
        for s in visit.sessions
    )
    left = int(value.get("units", 0)) - used
    said = _("%(left)d of %(units)s units left, until %(until)s") % {
        "left": max(left, 0),
        "units": value.get("units"),
        "until": value.get("until"),
    }
    return _gate("authorisation", GO if left > 0 else NO, _("%(n)d left") % {"n": max(left, 0)}, said)


def _staff(visit: Visit, known: Day) -> Gate:
    """Nurse and prescriber, on duty and with all that they must hold; for a talk, whoever holds it."""
    keys = ("nurse_free", "prescriber_on_site") if visit.row.kind == DOSING else ("staff_free", "staff_on_duty")
    found = [replace(f, weight=Weight.BLOCK) for f in visit.findings if f.rule in keys]
    who = visit.row.nurse or visit.row.attending
    if not found:
        return _gate("staff", UNKNOWN, _("nobody"), _("nobody is named for this visit"))
    return _from_findings(
        "staff", found, who.signature_name if who else _("there"), _("on duty, with all papers in date")
    )


def _chair(visit: Visit, known: Day) -> Gate:
    if visit.row.kind != DOSING:
        found = [f for f in visit.findings if f.rule == "room_free"]
        return _from_findings("chair", found, str(visit.row.room or _("none named")), _("a talk needs no chair"))
    found = [f for f in visit.findings if f.rule == "chair_free"]
    return _from_findings("chair", found, str(visit.row.chair), _("the chair is in use and free"))


def _last_pressure(visit: Visit, known: Day) -> Gate:
    newest = visit.pressure
    if not all(signal in newest for signal in _PRESSURE):
        return _gate("pressure", UNKNOWN, _("not known"), _("no pressure was measured here yet"))
    (systolic, at), (diastolic, _at) = newest[_PRESSURE[0]], newest[_PRESSURE[1]]
    said = f"{systolic:.0f}/{diastolic:.0f}"
    when = _("%(said)s on %(day)s") % {"said": said, "day": _day(at, known)}
    rule = known.rules.session.start.pressure.get(visit.drug)
    if rule is None or rule.systolic.value is None or rule.diastolic.value is None:
        return _gate("pressure", UNKNOWN, said, _("%(when)s; no limit is known for this drug") % {"when": when})
    if systolic > rule.systolic.value or diastolic > rule.diastolic.value:
        limit = f"{rule.systolic.value:g}/{rule.diastolic.value:g}"
        return _gate(
            "pressure",
            NO,
            said,
            _("%(when)s, over the limit for starting of %(limit)s") % {"when": when, "limit": limit},
        )
    return _gate("pressure", GO, said, when)


def _day(at: datetime, known: Day) -> str:
    return f"{at.astimezone(known.zone):%-d %b}"


_GATES: dict[str, Callable[[Visit, Day], Gate]] = {
    "consent": _consent,
    "scales": _scales,
    "fasting": _fasting,
    "well": _well,
    "driver": _driver,
    "weight": _weight,
    "order": _signed_order,
    "findings": _clear,
    "stock": _in_stock,
    "rems": _rems,
    "authorisation": _authorised,
    "staff": _staff,
    "chair": _chair,
    "pressure": _last_pressure,
}
