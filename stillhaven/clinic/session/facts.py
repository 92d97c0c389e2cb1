"""What the rules want to know of a session, gathered from the record; and the rules' answers for this session."""

from __future__ import annotations

import uuid as uuids
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stillhaven.clinic.candidacy import queries as candidacy
from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan import recipe
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.session import gate_facts, queries, stocked
from stillhaven.clinic.session.models import Check, Dose, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.science import start
from stillhaven.science.consent import Gate, State
from stillhaven.science.dosing import running
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding
from stillhaven.science.limits import Limit, plain
from stillhaven.science.observation import device_finding
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.vitals import Mode

_ROUNDING = 1e-6


def now() -> datetime:
    """The clinic's time."""
    return clock.now()


def start_facts(session: TreatmentSession, at: datetime) -> start.StartFacts:
    """Everything the start rules may know of this session."""
    checks, order = queries.latest_checks(session), session.order
    zone = ZoneInfo(session.site.zone)
    worn = vitals.worn_now(session.patient_id).first()
    seen = worn.device.messages.order_by("-seq").first() if worn else None
    baseline_from = at - timedelta(hours=2)
    weight = checks.get("weight")
    return start.StartFacts(
        now=at,
        today=at.astimezone(zone).date(),
        drug=order.drug if order else "",
        route=order.route if order else "",
        identifiers=_get(checks, "identity", lambda v: frozenset(v["identifiers"])),
        weight_kg=_get(checks, "weight", lambda v: float(v["kg"])),
        weighed_on=weight.happened_at.astimezone(zone).date() if weight else None,
        last_taken=_last_taken(checks.get("fasting")),
        escort_name=_get(checks, "escort", lambda v: v["name"]),
        escort_phone=_get(checks, "escort", lambda v: v["phone"] or None),
        escort_reachable=_get(checks, "escort", lambda v: v["reachable"]),
        consents=_consents(session, at),
        wants_today=_get(checks, "consent", lambda v: v["wants"]),
        pregnant=_get(checks, "pregnancy", lambda v: v["pregnant"]),
        medicine_changes_asked=_get(checks, "medicines", lambda v: bool(v["asked"])),
        medicine_classes=_get(checks, "medicines", lambda v: frozenset(v["classes"])),
        medicines_unmatched=tuple(_get(checks, "medicines", lambda v: v["unmatched"]) or ()),
        order=_order(session, order, zone) if order else None,
        readings=tuple(vitals.readings_of(session.patient_id, baseline_from, at + timedelta(seconds=1))),
        sedation=_get(checks, "moaas", lambda v: int(v["score"])),
        iv_site=_get(checks, "iv_site", lambda v: v["site"]),
        iv_patent=_get(checks, "iv_site", lambda v: v["patent"]),
        equipment=_get(checks, "equipment", dict) or {},
        alarm_limits_set=limits_set(session),
        monitor_attached=worn is not None,
        monitor_last_at=seen.recorded_at if seen else None,
        monitor_mode=Mode(seen.mode) if seen else None,
        demo_or_drill=session.drill or session.patient.simulated,
        prescriber_on_site=_get(checks, "prescriber_on_site", lambda v: v["present"]),
        patient_enrolled=_get(checks, "rems", lambda v: v["enrolled"]),
        site_certified=_get(checks, "rems", lambda v: v["certified"]),
        dose_check=gate_facts.dose_check(session),
        course_on_hold=session.course.on_hold,
        hold_reason=session.course.hold_reason,
    )


def _get(checks: dict[str, Check], kind: str, read: Any) -> Any:
    return read(checks[kind].value) if kind in checks else None


def _last_taken(check: Check | None) -> dict[str, start.LastTaken]:
    found = {}
    for kind, answer in (check.value if check else {}).items():
        at = datetime.fromisoformat(answer["at"]) if answer.get("at") else None
        found[kind] = start.LastTaken(at=at, none_taken=bool(answer.get("none")))
    return found


def _consents(session: TreatmentSession, at: datetime) -> tuple[start.Consent, ...]:
    """How consent stands, asked of the consent room anew each time: what was withdrawn a second ago is withdrawn."""
    drug = session.order.drug if session.order else ""
    found = []
    for row in consent.standing(session.patient, session.course, at):
        about = not drug or consent.book().document(row.document).concerns(drug)
        if row.gate not in (Gate.TREATMENT, Gate.OFF_LABEL) or not about:
            continue
        unknown = row.state is State.UNKNOWN
        found.append(
            start.Consent(
                kind=row.gate.value, signed_at=row.signed_at, unknown=unknown,
                withdrawn_at=row.signed_at if row.state is State.WITHDRAWN else None,
                against="" if row.stands or row.state is State.WITHDRAWN else row.because,
            )
        )  # fmt: skip
    return tuple(found)


def _order(session: TreatmentSession, order: Order, zone: ZoneInfo) -> start.Order:
    uids = [version.uid for version in recipe.versions(order)]
    others = TreatmentSession.objects.filter(order__in=uids, sessionmoves__move="start").exclude(pk=session.pk)
    used = others.distinct().count() >= order.for_sessions
    return start.Order(
        drug=order.drug, signed_at=order.happened_at, signed_by=order.by_name,
        valid_from=datetime.combine(order.valid_from, time.min, zone),
        valid_until=datetime.combine(order.valid_until + timedelta(days=1), time.min, zone), used=used,
        per_kg=order.dose_mg_per_kg is not None,
        actual_weight_kg=float(order.weight_kg) if order.weight_kg else None,
        dose_mg_per_kg=float(order.dose_mg_per_kg) if order.dose_mg_per_kg else None,
        off_label=order.off_label,
        cancelled=f"{order.by_name}: {order.reason}" if order.retracted else "",
        fasting=tuple(
            start.FastingLimit(kind=kind, label=label, at_least=Limit(value=float(hours) * 60.0, unit="min", source="order"))
            for kind, label, hours in (
                ("food", "food", order.fasting_food_h),
                ("clear_liquid", "clear drinks", order.fasting_liquid_h),
            )
            if hours is not None
        ),
    )  # fmt: skip


def limits_set(session: TreatmentSession) -> frozenset[str]:
    """Signals that have at least one alarm limit in force: from the order, or from the clinic's policy."""
    order = session.order
    rows = [row["signal"] for row in (order.limits if order else []) if row.get("value") is not None]
    moves = queries.moves(session)
    begun = moves[0].happened_at if moves else session.booked_for
    rows += [setting.signal for setting in policy.alarm_limits(session.site_id, begun) if setting.value is not None]
    return frozenset(rows)


# ---------------------------------------------------------------- the rules' answers
def overrides(session: TreatmentSession) -> list[start.Override]:
    """Overrides given in this session so far."""
    return [
        start.Override(
            rule=c.value["rule"], against=c.value["against"], by=c.value["by"], role=c.value["role"],
            reason=c.value["reason"],
        )
        for c in queries.checks(session, "override")
    ]  # fmt: skip


def _answers(session: TreatmentSession, at: datetime, ask: Any) -> tuple[Finding, ...]:
    rules = policy.rules(session.site_id).session.start
    return start.apply_overrides(ask(start_facts(session, at), rules), overrides(session))


def start_findings(session: TreatmentSession, at: datetime) -> tuple[Finding, ...]:
    """What stands in the way of starting the drug; candidacy where a block stands or its decision is open again."""
    candid = candidacy.start_findings(session.course, at, drug=session.order.drug if session.order else "")
    against = (f for f in candid if f.stops)
    return (*_answers(session, at, start.start_findings), stocked.start_finding(session), *against)


def ready_findings(session: TreatmentSession, at: datetime) -> tuple[Finding, ...]:
    """What stands in the way of calling the session ready."""
    return _answers(session, at, start.ready_findings)


def resume_findings(session: TreatmentSession, at: datetime) -> tuple[Finding, ...]:
    """What stands in the way of running the drug again."""
    return _answers(session, at, start.resume_findings)


def refuse_bad_override(
    session: TreatmentSession, rule: str, against: str, why: str, *, by: User, role: str, at: datetime
) -> None:
    """Raises unless this finding may be overridden by this role, still says what was shown, and a reason is given."""
    given = start.Override(rule=rule, against=against, by=by.signature_name, role=role, reason=why)
    found = start_findings(session, at)
    if not any(f.rule == rule and f.because == against and f.stops for f in found):
        raise Refused(found, "this finding has changed or is gone; look again before you decide")
    start.apply_overrides(found, [given])


# ---------------------------------------------------------------- doses
def first_dose(session: TreatmentSession, at: datetime, **given: Any) -> Dose:
    """The first dose entry of a session, by its order: an infusion's rate, or the first amount."""
    order = session.order
    if order is None:
        raise Refused(why="there is no order")
    common: dict[str, Any] = {
        "uid": uuids.uuid4(), "site": session.site_id, "happened_at": at, "session": session, "drug": order.drug,
        "route": order.route, "lot": str(given.get("lot", ""))[:60],
    }  # fmt: skip
    conc = float(order.concentration_mg_per_ml) if order.concentration_mg_per_ml else None
    if order.route == "iv_infusion":
        if not order.duration_min:
            raise Refused(why="the order says no duration; the prescriber amends it")
        ordered = recipe.step_rates(order)[0][1]  # a slow start begins with its first step
        rate = ordered if given.get("rate_mg_per_h") is None else given["rate_mg_per_h"]
        refuse_rate(session, rate, at)
        bag = float(order.volume_ml) if order.volume_ml else None
        return Dose(kind="start", rate_mg_per_h=rate, concentration_mg_per_ml=conc, bag_ml=bag, **common)
    kind = {"intranasal": "device"}.get(order.route, "single") if order.devices else "single"
    whole = float(order.dose_mg) / order.devices if order.devices else float(order.dose_mg)
    amount = whole if given.get("amount_mg") is None else given["amount_mg"]
    if amount <= 0:
        raise BadInput("amount_mg", "must be over 0 mg")
    if amount > float(order.dose_mg) + _ROUNDING:
        raise BadInput("amount_mg", f"the order is for {plain(float(order.dose_mg))} mg")
    if amount < float(order.dose_mg) - _ROUNDING and kind == "single":
        kind = "divided"
    return Dose(kind=kind, amount_mg=amount, concentration_mg_per_ml=conc, **common)


def rate_before_hold(session: TreatmentSession) -> float:
    """The rate the infusion had when it was held."""
    rates = [d.rate_mg_per_h for d in queries.doses(session) if d.rate_mg_per_h]
    if not rates:
        raise Refused(why="no rate is recorded for this infusion")
    return rates[-1]


def refuse_rate(session: TreatmentSession, rate_mg_per_h: float, at: datetime) -> None:
    """Raises if this rate is more than the order allows: never faster than the fastest step that was signed.

    A prescriber who wants it faster amends the order; slower is the nurse's to decide.
    """
    order = session.order
    if order is None or not order.duration_min:
        raise Refused(why="the order gives no rate; the prescriber amends it")
    most = recipe.most_mg_per_h(order) or 0.0
    if rate_mg_per_h < 0:
        raise BadInput("rate_mg_per_h", "must not be under 0")
    if rate_mg_per_h > most * (1.0 + 5e-3):  # a pump's own rounding is no change of the order
        raise Refused(why=f"{plain(rate_mg_per_h)} mg/h is faster than the order allows ({plain(most)} mg/h); "
                          "the prescriber amends the order")  # fmt: skip


def refuse_amount(session: TreatmentSession, kind: str, amount_mg: float, at: datetime) -> None:
    """Raises if this amount is not what the order has left, or comes too soon after the last device."""
    order = session.order
    if order is None:
        raise Refused(why="there is no order")
    if kind not in ("device", "divided", "bolus"):
        raise BadInput("kind", "must be a device, a part of a divided dose, or a bolus")
    if amount_mg <= 0:
        raise BadInput("amount_mg", "must be over 0 mg")
    seen = running(queries.dose_entries(queries.doses(session)), at, planned_mg=float(order.dose_mg))
    left = float(order.dose_mg) - (seen.given_mg or 0.0)
    if amount_mg > left + _ROUNDING:
        raise Refused(why=f"{plain(amount_mg)} mg is more than the order has left ({plain(max(0.0, left))} mg)")
    if kind == "device":
        rules = policy.rules(session.site_id).recovery.rules_for(Drug(order.drug), Route(order.route)).observation
        used = [d.happened_at for d in queries.doses(session) if d.kind == "device"]
        spacing = device_finding(used, at, rules)
        if spacing.stops:
            raise Refused([spacing])
    if kind == "bolus" and order.route != "iv_bolus":
        raise Refused(why="the order has no bolus; the prescriber amends it")
