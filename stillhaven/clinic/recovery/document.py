"""The record of one session as a colleague reads it in a minute: gathered once, shown as a page and as a PDF."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stillhaven.clinic.monitoring import gather, panels
from stillhaven.clinic.record import policy
from stillhaven.clinic.recovery import facts, signing
from stillhaven.clinic.recovery.models import Addendum, Discharge
from stillhaven.clinic.session import due, gate_facts, queries
from stillhaven.clinic.session.models import Dose, SessionEntry, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.reference.load import Reference
from stillhaven.science import alarms
from stillhaven.science.dosing import running
from stillhaven.science.limits import CAUTION, Limit
from stillhaven.science.protocol import Drug
from stillhaven.science.reconcile import reconcile
from stillhaven.science.vitals import Reading

NOT_KNOWN = "not recorded"
_COLUMNS = ("pressure", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min", "sedation")


class Document:
    """One session's record, ready to be shown.  All times are the clinic's own."""

    def __init__(self, session: TreatmentSession, now: datetime) -> None:
        self.session, self.now = session, now
        self.zone = ZoneInfo(session.site.zone)
        self.rules: Reference = policy.rules(session.site_id)
        self.moves = queries.moves(session)
        self.at = {m.move: m.happened_at for m in self.moves}
        self.start, self.end = queries.window(session, now)
        self.readings = vitals.readings_of(session.patient_id, self.start, self.end)
        self.usable = [r for r in self.readings if r.usable is not None and r.mode in gather.charted(session)]
        self.by_signal: dict[str, list[Reading]] = {}
        for r in self.usable:
            self.by_signal.setdefault(r.signal, []).append(r)
        self.doses = queries.doses(session)
        self.events = queries.events(session)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as plain values."""
        standing = signing.standing(self.session)
        return {
            "head": self.head(),
            "summary": self.in_a_minute(),
            "order": self.order(),
            "peaks": self.peaks(),
            "rows": self.rows(),
            "columns": ["Time", "BP mmHg", "HR /min", "SpO2 %", "Breathing /min", "MOAA/S"],
            "timeline": self.timeline(),
            "dose": self.dose(),
            "alarms": self.alarms(),
            "coverage": self.coverage(),
            "discharge": self.discharge(),
            "checks": self.due(),
            "people": self.people(),
            "signature": self.signature(standing),
            "addenda": self.addenda(),
            "amended": self.amended(),
        }

    # ------------------------------------------------------------ who, when, what
    def head(self) -> dict[str, Any]:
        session, patient = self.session, self.session.patient
        return {
            "clinic": session.site.name, "patient": patient.name, "called": patient.called,
            "pronouns": patient.pronouns, "born": patient.born.isoformat(), "number_of_patient": patient.external_id,
            "allergies": ", ".join(patient.allergies) or ("none known" if patient.allergies_asked else NOT_KNOWN),
            "session": session.number, "indication": session.course.indication,
            "date": self.day(self.at.get("check_in", session.booked_for)),
            "chair": session.chair.name if session.chair else "",
            "state": session.state.replace("_", " "), "simulated": patient.simulated, "drill": session.drill,
            "zone": session.site.zone, "uid": str(session.uid),
        }  # fmt: skip

    def in_a_minute(self) -> list[str]:
        """A few sentences that say what happened."""
        dose = self.dose()
        said = [f"{dose['title']}: {dose['given']} given" + (f" ({dose['per_kg']})" if dose["per_kg"] else "") + "."]
        peak = next((p for p in self.peaks() if p["key"] == "systolic_mmhg"), None)
        low = next((p for p in self.peaks() if p["key"] == "spo2_pct"), None)
        if peak:
            top = f"{peak['highest']} mmHg at {peak['highest_at']}"
            said.append(f"Highest systolic pressure {top}, before the drug {peak['baseline']}.")
        if low:
            said.append(f"Lowest oxygen saturation {low['lowest']} % at {low['lowest_at']}.")
        adverse = [e for e in self.events if e.kind == "adverse_event"]
        listed = "; ".join(f"{e.label} at {self.clock(e.happened_at)}" for e in adverse)
        said.append(f"Adverse events: {listed}." if adverse else "No adverse event was recorded.")
        urgent = [a for a in self.alarms() if a["priority"] in ("high", "medium") and not a["technical"]]
        said.append(f"{len(urgent)} alarms about the patient of high or medium priority." if urgent else
                    "No alarm about the patient of high or medium priority.")  # fmt: skip
        left = Discharge.objects.filter(session=self.session).first()
        if left is not None:
            said.append(f"Left at {self.clock(left.happened_at)} with {left.escort_name}.")
        elif self.session.state == "transferred" or "transfer" in self.at:
            said.append(f"Handed over to emergency care at {self.clock(self.at['transfer'])}.")
        return said

    def order(self) -> dict[str, Any] | None:
        order = self.session.order
        if order is None:
            return None
        return {
            "title": panels.title(order), "protocol": self.rules.protocols[order.protocol].title, "by": order.by_name,
            "at": self.moment(order.happened_at), "off_label": order.off_label, "lines": order.arithmetic,
            "version": order.reference_version[:12], "second_factor": order.second_factor,
        }  # fmt: skip

    # ------------------------------------------------------------ signs
    def peaks(self) -> list[dict[str, Any]]:
        """Baseline, highest, lowest and last value of each sign, from the raw values."""
        baseline = queries.baseline(self.session)
        found = []
        for key, signal in self.rules.signals.items():
            mine = self.by_signal.get(key, [])
            if not mine:
                continue
            high, low, last = max(mine, key=_value), min(mine, key=_value), max(mine, key=lambda r: r.at)
            show = lambda value, decimals=signal.decimals: f"{value:.{decimals}f}"  # noqa: E731
            found.append(
                {
                    "key": key, "name": signal.name, "unit": signal.unit,
                    "baseline": show(baseline[key]) if key in baseline else NOT_KNOWN,
                    "highest": show(_value(high)), "highest_at": self.clock(high.at),
                    "lowest": show(_value(low)), "lowest_at": self.clock(low.at),
                    "last": show(_value(last)), "last_at": self.clock(last.at), "n": len(mine),
                }
            )  # fmt: skip
        return found

    def rows(self) -> list[list[str]]:
        """One row every five minutes, and one wherever a cuff or a hand measured: the nearest value of each sign."""
        moments = sorted({r.at for r in self.by_signal.get("systolic_mmhg", ())} | set(self._fives()))
        scores = queries.checks(self.session, "moaas")
        out = []
        for at in moments:
            out.append(
                [
                    self.clock(at), self._pressure_at(at), self._near("heart_rate_per_min", at),
                    self._near("spo2_pct", at), self._near("resp_rate_per_min", at),
                    next((str(c.value["score"]) for c in scores if abs(c.happened_at - at) <= timedelta(seconds=90)), ""),
                ]
            )  # fmt: skip
        return [row for row in out if any(row[1:])]

    def _fives(self) -> Iterable[datetime]:
        at = self.at.get("make_ready") or self.start
        while at < self.end:
            yield at
            at += timedelta(minutes=5)

    def _pressure_at(self, at: datetime) -> str:
        systolic, diastolic = self._closest("systolic_mmhg", at), self._closest("diastolic_mmhg", at)
        if systolic is None or diastolic is None or not systolic.at == diastolic.at == at:
            return ""
        return f"{_value(systolic):.0f}/{_value(diastolic):.0f}"

    def _near(self, signal: str, at: datetime) -> str:
        best = self._closest(signal, at)
        if best is None or abs(best.at - at) > timedelta(seconds=60):
            return ""
        return f"{_value(best):.{self.rules.signals[signal].decimals}f}"

    def _closest(self, signal: str, at: datetime) -> Reading | None:
        """The reading nearest in time; readings are in order of time."""
        mine = self.by_signal.get(signal, [])
        place = bisect_left(mine, at, key=lambda r: r.at)
        return min(mine[max(0, place - 1) : place + 1], key=lambda r: abs(r.at - at), default=None)

    # ------------------------------------------------------------ what happened
    def timeline(self) -> list[dict[str, str]]:
        """Everything in order, each with who wrote it down."""
        rows: list[tuple[datetime, int, str, str, str]] = []
        for move in self.moves:
            words = move.move.replace("_", " ").capitalize()
            rows.append((move.happened_at, move.seq, "step", f"{words}. {move.reason}".strip(), move.by_name))
        for dose in self.doses:
            rows.append((dose.happened_at, dose.seq, "drug", _dose_words(dose), dose.by_name))
        for event in self.events:
            words = event.label if not event.text or event.text in event.label else f"{event.label}. {event.text}"
            done = ", ".join(event.value.get("interventions") or [])
            rows.append(
                (event.happened_at, event.seq, event.kind, words + (f" ({done})" if done else ""), event.by_name)
            )
        for check in queries.checks(self.session, "override"):
            words = f"Went on in spite of: {check.value['against']}. Reason: {check.value['reason']}"
            rows.append((check.happened_at, check.seq, "override", words, check.value["by"]))
        for tried in gate_facts.in_the_record(self.session):
            rows.append((tried["at"], tried["seq"], "dose gate", tried["words"], tried["by"]))
        rows.sort(key=lambda row: (row[0], row[1]))
        return [{"at": self.clock(at), "kind": kind.replace("_", " "), "words": words, "by": by}
                for at, _, kind, words, by in rows]  # fmt: skip

    def dose(self) -> dict[str, Any]:
        """Given milligrams from what ran; the pump's own count beside it."""
        order = self.session.order
        entries = queries.dose_entries(self.doses)
        planned = float(order.dose_mg) if order else None
        weight = float(order.weight_kg) if order and order.weight_kg else None
        seen = running(entries, min(self.now, self.end), planned_mg=planned, weight_kg=weight)
        pump = next((d.pump_volume_ml for d in reversed(self.doses) if d.pump_volume_ml is not None), None)
        rest = reconcile(entries, self.end, pump_ml=pump, tolerance_ml=Limit(value=None, unit="mL"), how=CAUTION)
        return {
            "title": panels.title(order) if order else "No order",
            "planned": f"{planned:g} mg" if planned is not None else NOT_KNOWN,
            "given": f"{seen.given_mg:.1f} mg" if seen.given_mg is not None else "amount not known",
            "per_kg": f"{seen.given_mg_per_kg:.3f} mg/kg" if seen.given_mg_per_kg is not None else "",
            "volume": f"{seen.given_ml:.1f} mL" if seen.given_ml is not None else "",
            "pump": f"{pump:g} mL" if pump is not None else NOT_KNOWN,
            "residual": f"{rest.residual_ml:.1f} mL" if rest.residual_ml is not None else "",
            "lots": ", ".join(sorted({d.lot for d in self.doses if d.lot})) or NOT_KNOWN,
            "started": self.clock(seen.started_at) if seen.started_at else NOT_KNOWN,
            "stopped": self.clock(seen.stopped_at) if seen.stopped_at else NOT_KNOWN,
        }  # fmt: skip

    def alarms(self) -> list[dict[str, Any]]:
        """The alarm ledger: crossed, shown, answered by whom after how long, what was done, five minutes later."""
        if not hasattr(self, "_ledger"):
            self._ledger = alarms.ledger(
                gather.events_of(self.session), self.readings, plan=gather.plan_of(self.session),
                facts=gather.facts_of(self.session, self.now),
            )  # fmt: skip
        return [
            {
                "title": row.title, "detail": row.detail, "priority": row.priority.value, "technical": row.technical,
                "crossed": self.clock(row.crossed_at), "shown": self.clock(row.shown_at),
                "by": row.acknowledged_by, "after": _seconds(row.acknowledged_after_s),
                "action": row.action, "cleared": self.clock(row.cleared_at) if row.cleared_at else "",
                "later": f"{row.value_5min_later:g}" if row.value_5min_later is not None else "",
                "escalated": bool(row.escalated_at), "late": row.late,
            }
            for row in self._ledger
        ]  # fmt: skip

    def coverage(self) -> list[dict[str, Any]]:
        """How well the session was watched, and every gap of note with its reason."""
        out = []
        for one in facts.coverage_of(self.session, self.end):
            worst = sorted(one.gaps, key=lambda g: -g.seconds)[:5]
            out.append(
                {
                    "name": self.rules.signals[one.signal].name, "percent": f"{one.percent:.1f}",
                    "longest": _span(one.longest_gap_s),
                    "gaps": [
                        {"from": self.clock(g.start), "to": self.clock(g.end), "why": g.reason, "long": _span(g.seconds)}
                        for g in worst if g.seconds >= 30
                    ],
                }
            )  # fmt: skip
        return out

    def due(self) -> dict[str, int]:
        """How many checks of the timetable were done, done late, missed."""
        counts = {"done": 0, "late": 0, "missed": 0, "skipped": 0}
        for slot in due.timetable(self.session, self.end).slots(self.end):
            if slot.state.value in counts:
                counts[slot.state.value] += 1
        return counts

    def discharge(self) -> dict[str, Any] | None:
        left = Discharge.objects.filter(session=self.session).first()
        if left is None:
            return None
        driving = self.rules.recovery.driving_rule(Drug(self.session.order.drug)) if self.session.order else None
        return {
            "at": self.moment(left.happened_at), "escort": left.escort_name, "handover": self.clock(left.handover_at),
            "by": left.by_name, "driving": driving.text if driving else NOT_KNOWN,
            "findings": [{k: f[k] for k in ("because", "verdict", "overridden")} for f in left.findings],
        }  # fmt: skip

    # ------------------------------------------------------------ people, signature, corrections
    def people(self) -> list[str]:
        """Everybody who wrote in this session."""
        names = {e.by_name for e in signing.entries_of(self.session) if e.by_id is not None}
        return sorted(names)

    def signature(self, standing: signing.Standing | None) -> dict[str, Any] | None:
        if standing is None:
            return None
        signed = standing.signature
        return {
            "by": signed.by_name, "at": self.moment(signed.happened_at), "second_factor": signed.second_factor,
            "digest": signed.digest, "entries": signed.entries, "holds": standing.holds, "added": standing.added_after,
        }  # fmt: skip

    def addenda(self) -> list[dict[str, str]]:
        rows = Addendum.objects.current().filter(session=self.session)
        return [{"at": self.moment(a.happened_at), "by": a.by_name, "text": a.text} for a in rows]

    def amended(self) -> list[dict[str, str]]:
        """Every correction: what kind of entry, when, by whom, why."""
        rows = [e for e in signing.entries_of(self.session) if isinstance(e, SessionEntry) and e.amends is not None]
        return [
            {
                "what": str(e._meta.verbose_name), "at": self.moment(e.recorded_at), "by": e.by_name, "why": e.reason,
                "retracted": "yes" if e.retracted else "",
            }
            for e in rows
        ]  # fmt: skip

    # ------------------------------------------------------------ words
    def clock(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%H:%M:%S" if moment.second else "%H:%M")

    def day(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%-d %B %Y")

    def moment(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%-d %B %Y %H:%M")


def _value(reading: Reading) -> float:
    value = reading.usable
    assert value is not None
    return value


def _dose_words(dose: Dose) -> str:
    said = {
        "start": "Infusion started", "rate_change": "Rate changed", "hold": "Infusion held", "resume": "Infusion resumed",
        "stop": "Drug ended", "bolus": "Bolus given", "single": "Dose given", "divided": "Part of the dose given",
        "device": "Device used",
    }[dose.kind]  # fmt: skip
    if dose.amount_mg is not None:
        said += f", {dose.amount_mg:g} mg"
    if dose.rate_mg_per_h is not None:
        said += f" at {dose.rate_mg_per_h:g} mg/h"
        if dose.concentration_mg_per_ml:
            said += f" ({dose.rate_mg_per_h / dose.concentration_mg_per_ml:.1f} mL/h)"
    if dose.pump_volume_ml is not None:
        said += f"; the pump showed {dose.pump_volume_ml:g} mL"
    return f"{said}. {dose.why}".strip()


def _seconds(seconds: float | None) -> str:
    return f"{seconds:.0f} s" if seconds is not None else ""


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def visit_summary(session: TreatmentSession, now: datetime) -> dict[str, Any]:
    """What the patient takes home: plain words, no jargon, whom to call."""
    document = Document(session, now)
    dose, left = document.dose(), document.discharge()
    driving = left["driving"] if left else None
    felt: Sequence[str] = [e.label.split(",")[0].lower() for e in document.events if e.kind == "adverse_event"]
    return {
        "head": document.head(), "given": dose["given"], "title": dose["title"], "started": dose["started"],
        "felt": felt, "driving": driving, "escort": left["escort"] if left else "", "left": left["at"] if left else "",
        "emergency": session.site.emergency_number,
    }  # fmt: skip
