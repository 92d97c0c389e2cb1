"""What the discharge rules want to know, gathered from the record; and their answers for this session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import once
from stillhaven.clinic.recovery.models import RecoveryCheck
from stillhaven.clinic.session import due, facts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.science import recovery, start
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.recovery_scores import ScoreAnswers, Sheet
from stillhaven.science.vitals import Coverage, Gap

YES_NO = ("oriented", "walking", "cannula_out", "instructions", "risk")


@once
def checks(session: TreatmentSession) -> dict[str, RecoveryCheck]:
    """The newest look of each kind, as it stands after amendments."""
    rows = RecoveryCheck.objects.current().filter(session=session).order_by("happened_at", "seq")
    return {row.kind: row for row in rows}


def rules_of(session: TreatmentSession) -> recovery.DischargeRules:
    """What discharge asks after this session's drug and route."""
    order = session.order
    if order is None:
        raise BadInput("order", "this session has no order")
    return policy.rules(session.site_id).recovery.rules_for(Drug(order.drug), Route(order.route))


def recovery_facts(session: TreatmentSession, at: datetime) -> recovery.RecoveryFacts:
    """All that the discharge rules may know at this moment."""
    seen, latest = checks(session), queries.latest_checks(session)
    arrived, end = queries.window(session, at)
    readings = vitals.readings_of(
        session.patient_id, arrived, min(end, at + timedelta(seconds=1)), signals=("systolic_mmhg", "diastolic_mmhg")
    )
    newest = vitals.newest_usable(session.patient_id, arrived, at + timedelta(seconds=1))
    pressures = _pressures(readings)
    started = queries.moment_of(session, "start")
    before = [p for p in pressures if started is None or p.at <= started]
    entries = queries.dose_entries(queries.doses(session))
    escort = _value(seen, "escort") or {}
    named = escort.get("name") or (latest["escort"].value["name"] if "escort" in latest else None)
    risk = seen.get("risk")
    instructions = seen.get("instructions")
    placed = "iv_site" in latest
    return recovery.RecoveryFacts(
        now=at,
        doses=tuple(e.at for e in entries if e.kind.value not in ("hold", "stop", "rate_change", "resume")),
        ended_at=due.facts(session, at).ended_at,
        answers=_answers(seen),
        baseline=before[-1] if before else None,
        pressures=tuple(pressures),
        spo2_pct=newest["spo2_pct"][0] if "spo2_pct" in newest else None,
        spo2_at=newest["spo2_pct"][1] if "spo2_pct" in newest else None,
        sedation=latest["moaas"].value["score"] if "moaas" in latest else None,
        symptoms=_symptoms(session, seen),
        oriented=_yes_no(seen, "oriented"),
        nausea=latest["nausea"].value["score"] if "nausea" in latest else None,
        walks_as_before=_yes_no(seen, "walking"),
        cannula_placed=placed,
        cannula_out=_yes_no(seen, "cannula_out"),
        escort_name=named,
        handed_over_at=datetime.fromisoformat(escort["handed_over_at"]) if escort.get("handed_over_at") else None,
        instructions_at=instructions.happened_at if instructions and instructions.value.get("yes") else None,
        risk_asked_at=risk.happened_at if risk and risk.value.get("yes") is not None else None,
        risk_settled=risk.value.get("yes") if risk else None,
        coverage=coverage_of(session, at),
    )


def _pressures(readings: list[Any]) -> list[recovery.Pressure]:
    """Whole pressures: systolic and diastolic of one moment."""
    by_moment: dict[datetime, dict[str, float]] = {}
    for r in readings:
        if (value := r.usable) is not None:
            by_moment.setdefault(r.at, {})[r.signal] = value
    return [
        recovery.Pressure(systolic_mmhg=v["systolic_mmhg"], diastolic_mmhg=v["diastolic_mmhg"], at=at)
        for at, v in sorted(by_moment.items())
        if len(v) == 2
    ]


def _value(seen: Mapping[str, RecoveryCheck], kind: str) -> dict[str, Any] | None:
    return seen[kind].value if kind in seen else None


def _yes_no(seen: Mapping[str, RecoveryCheck], kind: str) -> bool | None:
    value = _value(seen, kind)
    return value.get("yes") if value else None


def _answers(seen: Mapping[str, RecoveryCheck]) -> ScoreAnswers:
    return ScoreAnswers(
        by_scale={k: seen[k].value.get("items", {}) for k in ("aldrete_modified", "padss") if k in seen}
    )


def _symptoms(session: TreatmentSession, seen: Mapping[str, RecoveryCheck]) -> dict[str, bool | None]:
    """Is each symptom over?  What somebody said last counts; nobody having looked stays unknown."""
    asked = rules_of(session).symptoms
    return {key: _yes_no(seen, f"over_{key}") for key in asked}


def coverage_of(session: TreatmentSession, at: datetime) -> tuple[Coverage, ...]:
    """How well the session was watched, from "ready" until now or until the patient left."""
    rules = policy.rules(session.site_id)
    begun = queries.moment_of(session, "make_ready")
    if begun is None:
        return ()
    end = min(at, queries.window(session, at)[1])
    watched = {k: rules.signals[k].stale_after_s for k in rules.session.start.monitored_signals if k in rules.signals}
    found, covered = vitals.gaps(session.patient_id, begun, end, watched)
    total = (end - begun).total_seconds()
    out = []
    for signal in watched:
        rows = [Gap(signal=signal, start=a, end=b, reason=why) for a, b, why in found[signal]]
        last = covered.get(signal, begun)
        if last < end:
            rows.append(Gap(signal=signal, start=last, end=end, reason="nothing received"))
        missing = sum(g.seconds for g in rows)
        percent = 100.0 * max(0.0, total - missing) / total if total > 0 else 0.0
        out.append(Coverage(signal=signal, percent=percent, gaps=tuple(rows)))
    return tuple(out)


def discharge_findings(session: TreatmentSession, at: datetime) -> tuple[Finding, ...]:
    """What stands in the way of going home, with overrides laid on where policy allows."""
    found = recovery.discharge_findings(recovery_facts(session, at), rules_of(session))
    return start.apply_overrides(found, facts.overrides(session))


def sheets(session: TreatmentSession, at: datetime) -> tuple[Sheet, ...]:
    """The recovery scores as far as they are filled in."""
    return recovery.sheets(recovery_facts(session, at), rules_of(session))
