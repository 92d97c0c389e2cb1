"""The record of one session as a colleague reads it in a minute: gathered once, shown as a page and as a PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from stillhaven.clinic.monitoring import gather, panels
from stillhaven.clinic.record import policy
from stillhaven.clinic.recovery import drug_record, facts, signing, signs_record
from stillhaven.clinic.recovery.models import Addendum, Discharge
from stillhaven.clinic.session import due, gate_facts, queries
from stillhaven.clinic.session.models import SessionEntry, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.reference.load import Reference
from stillhaven.science import alarms
from stillhaven.science.protocol import Drug
from stillhaven.science.vitals import Reading

NOT_KNOWN = gettext_lazy("not recorded")


MOVES = {
    "check_in": gettext_lazy("Check in"), "make_ready": gettext_lazy("Make ready"), "start": gettext_lazy("Start"),
    "hold": gettext_lazy("Hold"), "resume": gettext_lazy("Resume"), "stop": gettext_lazy("Stop"),
    "abort": gettext_lazy("Abort"), "discharge": gettext_lazy("Discharge"), "sign": gettext_lazy("Sign"),
    "miss": gettext_lazy("Miss"), "cancel": gettext_lazy("Cancel"), "transfer": gettext_lazy("Transfer"),
}  # fmt: skip
KINDS = {
    "step": gettext_lazy("step"), "drug": gettext_lazy("drug"), "override": gettext_lazy("override"),
    "dose gate": gettext_lazy("dose gate"), "adverse_event": gettext_lazy("adverse event"),
    "rescue": gettext_lazy("rescue"), "note": gettext_lazy("note"), "request": gettext_lazy("request"),
    "withdrawal": gettext_lazy("withdrawal"), "premedication": gettext_lazy("premedication"),
}  # fmt: skip


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
            "columns": [_("Time"), _("BP mmHg"), _("HR /min"), "SpO2 %", _("Breathing /min"), "MOAA/S"],
            "timeline": self.timeline(),
            "dose": self.dose(),
            "observed": drug_record.observed(self.session, min(self.now, self.end), self.clock),
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
            "allergies": ", ".join(patient.allergies) or (_("none known") if patient.allergies_asked else str(NOT_KNOWN)),
            "session": session.number, "indication": session.course.indication,
            "date": self.day(self.at.get("check_in", session.booked_for)),
            "chair": session.chair.name if session.chair else "",
            "state": session.state.replace("_", " "), "simulated": patient.simulated, "drill": session.drill,
            "zone": session.site.zone, "uid": str(session.uid),
        }  # fmt: skip

    def in_a_minute(self) -> list[str]:
        """A few sentences that say what happened."""
        dose = self.dose()
        per_kg = f" ({dose['per_kg']})" if dose["per_kg"] else ""
        said = [
            _("%(title)s: %(mg)s given%(per_kg)s.") % {"title": dose["title"], "mg": dose["given"], "per_kg": per_kg}
        ]
        peak = next((p for p in self.peaks() if p["key"] == "systolic_mmhg"), None)
        low = next((p for p in self.peaks() if p["key"] == "spo2_pct"), None)
        if peak:
            words = _("Highest systolic pressure %(highest)s mmHg at %(highest_at)s, before the drug %(baseline)s.")
            said.append(words % peak)
        if low:
            said.append(_("Lowest oxygen saturation %(lowest)s %% at %(lowest_at)s.") % low)
        adverse = [e for e in self.events if e.kind == "adverse_event"]
        each = [_("%(what)s at %(at)s") % {"what": e.label, "at": self.clock(e.happened_at)} for e in adverse]
        said.append(
            _("Adverse events: %(listed)s.") % {"listed": "; ".join(each)}
            if each
            else _("No adverse event was recorded.")
        )
        urgent = [a for a in self.alarms() if a["priority"] in ("high", "medium") and not a["technical"]]
        said.append(
            ngettext("%(n)d alarm about the patient of high or medium priority.",
                     "%(n)d alarms about the patient of high or medium priority.", len(urgent)) % {"n": len(urgent)}
            if urgent else _("No alarm about the patient of high or medium priority.")
        )  # fmt: skip
        watched = drug_record.observed(self.session, min(self.now, self.end), self.clock)
        if watched is not None and watched["minutes"]:
            said.append(_("Watched for %(n)s min from the first dose; %(asked)s asked.") %
                        {"n": watched["minutes"], "asked": watched["asked"]})  # fmt: skip
        left = Discharge.objects.filter(session=self.session).first()
        if left is not None:
            said.append(
                _("Left at %(at)s with %(who)s.") % {"at": self.clock(left.happened_at), "who": left.escort_name}
            )
        elif self.session.state == "transferred" or "transfer" in self.at:
            said.append(_("Handed over to emergency care at %(at)s.") % {"at": self.clock(self.at["transfer"])})
        return said

    def order(self) -> dict[str, Any] | None:
        order = self.session.order
        if order is None:
            return None
        return {
            "title": panels.title(order), "protocol": self.rules.protocols[order.protocol].title, "by": order.by_name,
            "at": self.moment(order.happened_at), "off_label": order.off_label, "lines": order.arithmetic,
            "version": order.reference_version[:12], "second_factor": order.second_factor,
            "premedication": self.premedication(order.premedication),
        }  # fmt: skip

    def premedication(self, ordered: Iterable[Mapping[str, Any]]) -> list[str]:
        """Each drug ordered beforehand, and what came of it: given when and by whom, not given and why, or not known."""
        said = []
        for row in ordered:
            mine = [e for e in self.events if e.kind == "premedication" and e.key == row["key"]]
            came = "; ".join(
                f"not given: {e.value['withheld']} ({e.by_name}, {self.clock(e.happened_at)})" if "withheld" in e.value
                else f"given {e.value['dose']:g} {e.value['unit']} at {self.clock(e.happened_at)} by {e.by_name}"
                for e in mine
            )  # fmt: skip
            what = f"{row['drug']} {row['dose']} {row['unit']} {row['route']}".strip()
            said.append(f"{what}: {came or 'ordered; not written down whether it was given'}")
        return said

    def peaks(self) -> list[dict[str, Any]]:
        """Baseline, highest, lowest and last value of each sign."""
        return signs_record.peaks(self.rules, self.by_signal, queries.baseline(self.session), self.clock)

    def rows(self) -> list[list[str]]:
        """The measurements as a table."""
        scores = [(c.happened_at, c.value["score"]) for c in queries.checks(self.session, "moaas")]
        begun = self.at.get("make_ready") or self.start
        return signs_record.rows(self.rules, self.by_signal, scores, begun, self.end, self.clock)

    # ------------------------------------------------------------ what happened
    def timeline(self) -> list[dict[str, str]]:
        """Everything in order, each with who wrote it down."""
        rows: list[tuple[datetime, int, str, str, str]] = []
        for move in self.moves:
            words = str(MOVES.get(move.move, move.move))
            rows.append((move.happened_at, move.seq, "step", f"{words}. {move.reason}".strip(), move.by_name))
        devices, ordered = 0, self.session.order.devices if self.session.order else None
        for dose in self.doses:
            devices += dose.kind == "device"
            words = drug_record.dose_words(dose, devices, ordered)
            rows.append((dose.happened_at, dose.seq, "drug", words, dose.by_name))
        for event in self.events:
            words = event.label if not event.text or event.text in event.label else f"{event.label}. {event.text}"
            done = ", ".join(event.value.get("interventions") or [])
            rows.append(
                (event.happened_at, event.seq, event.kind, words + (f" ({done})" if done else ""), event.by_name)
            )
        for check in queries.checks(self.session, "override"):
            words = _("Went on in spite of: %(against)s. Reason: %(reason)s") % check.value
            rows.append((check.happened_at, check.seq, "override", words, check.value["by"]))
        for tried in gate_facts.in_the_record(self.session):
            rows.append((tried["at"], tried["seq"], "dose gate", tried["words"], tried["by"]))
        rows.sort(key=lambda row: (row[0], row[1]))
        return [{"at": self.clock(at), "kind": str(KINDS.get(kind, kind.replace("_", " "))), "words": words, "by": by}
                for at, _, kind, words, by in rows]  # fmt: skip

    def dose(self) -> dict[str, Any]:
        """What was given."""
        return drug_record.dose(self.session, self.doses, min(self.now, self.end), self.clock)

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
            "by": left.by_name, "driving": driving.text if driving else str(NOT_KNOWN),
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


def _seconds(seconds: float | None) -> str:
    return _("%(s)d s") % {"s": round(seconds)} if seconds is not None else ""


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return _("%(m)d min %(s)d s") % {"m": minutes, "s": rest} if minutes else _("%(s)d s") % {"s": rest}
