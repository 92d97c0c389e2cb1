"""A dose that goes in at once, whole, in parts or by devices: what is in, what comes next, how long to watch.

Nothing of it can be stopped or slowed once given, so what counts is each part with its moment, and the observation clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.record import policy
from stillhaven.clinic.session import page_parts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock import queries as safe
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.reference.load import Reference
from stillhaven.science import observation
from stillhaven.science.dose_entries import Kind
from stillhaven.science.limits import plain
from stillhaven.science.observation import Clock, ObservationRules
from stillhaven.science.protocol import Drug, Route

PRESSURES = ("systolic_mmhg", "diastolic_mmhg")
_NOT_GIVEN = frozenset({Kind.HOLD, Kind.STOP, Kind.RATE_CHANGE, Kind.RESUME})
_LEAST = 1e-6


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part that went in."""

    n: int
    at: datetime
    mg: float
    lot: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Giving:
    """How far a dose has come that is not an infusion."""

    kind: str  # of the next entry: "device", "divided" or "bolus"
    parts: tuple[Part, ...]
    of: int | None  # so many devices are ordered
    left_mg: float
    next_mg: float
    next_from: datetime | None  # the rest between devices
    next_lot: str

    @property
    def is_whole(self) -> bool:
        return self.left_mg <= _LEAST

    @property
    def next_label(self) -> str:
        """ "Give device 2 of 3", or "Give part 2"; the first of a dose that may be given whole is "Give the dose"."""
        n = len(self.parts) + 1
        if self.of:
            return _("Give device %(n)d of %(of)d") % {"n": n, "of": self.of}
        return _("Give part %(n)d") % {"n": n} if self.parts else _("Give the dose")

    def words(self, part: Part) -> str:
        """One part as a list has it: what, how much, of which lot."""
        name = _("Dose")
        if self.of:
            name = _("Device %(n)d of %(of)d") % {"n": part.n, "of": self.of}
        elif len(self.parts) > 1 or not self.is_whole:
            name = _("Part %(n)d") % {"n": part.n}
        lot = _(", lot %(lot)s") % {"lot": part.lot} if part.lot else ""
        return f"{name}, {plain(part.mg)} mg{lot}"


def giving_of(session: TreatmentSession) -> Giving | None:
    """How far it has come; None for an infusion, or without an order."""
    order = session.order
    if order is None or not queries.is_at_once(session):
        return None
    rows = [d for d in queries.doses(session) if d.amount_mg]
    parts = tuple(
        Part(n=n, at=d.happened_at, mg=float(d.amount_mg or 0.0), lot=d.lot, by=d.by_name)
        for n, d in enumerate(rows, 1)
    )
    whole = float(order.dose_mg)
    left = max(0.0, whole - sum(part.mg for part in parts))
    each = whole / order.devices if order.devices else whole
    devices = [d.happened_at for d in rows if d.kind == Kind.DEVICE.value]
    rest = bool(order.devices) and left > _LEAST
    return Giving(
        kind="device" if order.devices else "bolus" if order.route == Route.IV_BOLUS.value else "divided",
        parts=parts, of=order.devices or None, left_mg=left, next_mg=min(left, each),
        next_from=observation.next_device_from(devices, rules_of(session)) if rest else None,
        next_lot=_lot(session, len(parts)) if left > _LEAST else "",
    )  # fmt: skip


def _lot(session: TreatmentSession, given: int) -> str:
    """The lot of what was drawn for this part, as the ledger has it; empty where no stock is kept."""
    drawn = [line.vial.lot for line in safe.session_lines(session.uid) if line.kind == "drawn"]
    return drawn[min(given, len(drawn) - 1)] if drawn else ""


def rules_of(session: TreatmentSession) -> ObservationRules:
    """The observation that this drug and route ask for."""
    order = session.order
    assert order is not None
    return policy.rules(session.site_id).recovery.rules_for(Drug(order.drug), Route(order.route)).observation


def clock_of(session: TreatmentSession, now: datetime) -> Clock:
    """The observation clock of this session."""
    doses, ended = _moments(session)
    return observation.clock(doses, ended, now, rules_of(session))


def _moments(session: TreatmentSession) -> tuple[list[datetime], datetime | None]:
    entries = queries.dose_entries(queries.doses(session))
    stopped = queries.moment_of(session, "stop") or queries.moment_of(session, "abort")
    return [e.at for e in entries if e.kind not in _NOT_GIVEN], stopped or queries.all_given_at(session, entries)


def whole_pressures(session: TreatmentSession, now: datetime) -> list[tuple[datetime, float, float]]:
    """Every moment at which systolic and diastolic were both measured, with both."""
    start, end = queries.window(session, now)
    found: dict[datetime, dict[str, float]] = {}
    for r in vitals.readings_of(session.patient_id, start, end, signals=PRESSURES):
        if (value := r.usable) is not None:
            found.setdefault(r.at, {})[r.signal] = value
    return [
        (at, row[PRESSURES[0]], row[PRESSURES[1]]) for at, row in sorted(found.items()) if len(row) == len(PRESSURES)
    ]


# ---------------------------------------------------------------- forms
def start_form(request: HttpRequest, session: TreatmentSession, giving: Giving) -> Form:
    """The first part: a device whole, or as much of the dose as is given now."""
    asks = [Ask(name="lot", label=_("Lot of device 1") if giving.of else _("Lot"), value=giving.next_lot)]
    if not giving.of:
        asks.insert(0, Ask(name="amount_mg", label=_("Given now"), kind="number", unit="mg", value=plain(giving.next_mg),
                           help=_("Less than the whole dose makes it a dose in parts.")))  # fmt: skip
    send = _("Yes, device 1 of %(of)d used now: %(mg)s mg") if giving.of else _("Yes, given now")
    send %= {"of": giving.of, "mg": plain(giving.next_mg)}
    url = reverse("session:start", args=[session.uid])
    return form(request, "start", url, send, *asks, look="button-firm", about=how_words(session))


def give_form(request: HttpRequest, session: TreatmentSession, giving: Giving) -> Form | None:
    """The next part, or None where all of it is in."""
    if giving.is_whole:
        return None
    n = len(giving.parts) + 1
    asks = [
        Ask(name="lot", label=_("Lot of device %(n)d") % {"n": n} if giving.of else _("Lot"), value=giving.next_lot)
    ]
    hidden = {"kind": giving.kind}
    if giving.of:
        send = _("Device %(n)d of %(of)d used now: %(mg)s mg") % {"n": n, "of": giving.of, "mg": plain(giving.next_mg)}
        hidden["amount_mg"] = plain(giving.next_mg)
    else:
        send = _("Given now")
        asks.insert(0, Ask(name="amount_mg", label=_("Part %(n)d") % {"n": n}, kind="number", unit="mg",
                           value=plain(giving.next_mg)))  # fmt: skip
    return form(
        request,
        "give",
        reverse("session:give", args=[session.uid]),
        send,
        *asks,
        hidden=hidden,
        title=giving.next_label,
    )


def how_words(session: TreatmentSession) -> str:
    """What to bear in mind as this route is given."""
    route = session.order.route if session.order else ""
    return {
        Route.IM.value: _("Once injected it cannot be taken back or slowed."),
        Route.INTRANASAL.value: _("Once sprayed it cannot be taken back or slowed."),
        Route.ORAL.value: _("Once swallowed it cannot be taken back; it works late and for long."),
        Route.SUBLINGUAL.value: _("Once taken it cannot be taken back; what is swallowed works later."),
    }.get(route, "")


# ---------------------------------------------------------------- what the pages show
def panel(request: HttpRequest, session: TreatmentSession, now: datetime, rules: Reference) -> dict[str, Any] | None:
    """The observation of a dose that cannot be stopped: since when, until when, parts, and pressures that are due."""
    giving = giving_of(session)
    if giving is None:
        return None
    asked, (doses, ended) = rules_of(session), _moments(session)
    measured = [at for at, _systolic, _diastolic in whole_pressures(session, now)]
    found = [
        observation.time_finding(doses, ended, now, asked),
        *observation.pressure_findings(doses, measured, now, asked),
    ]
    if giving.of and not giving.is_whole:
        devices = [part.at for part in giving.parts]
        found.insert(0, observation.device_finding(devices, now, asked))
    return {
        "clock": observation.clock(doses, ended, now, asked),
        "findings": page_parts.sorted_findings(request, session, found, rules),
        "parts": [{"words": giving.words(part), "at": part.at, "by": part.by} for part in giving.parts],
        "giving": giving,
        "next_from": giving.next_from,
        "wait_s": max(0.0, (giving.next_from - now).total_seconds()) if giving.next_from else 0.0,
    }


def for_screen(session: TreatmentSession, now: datetime) -> dict[str, Any] | None:
    """The same for the live screen, which counts the minutes itself."""
    giving = giving_of(session)
    if giving is None:
        return None
    watch = clock_of(session, now + timedelta(seconds=1))
    return {
        "devices": giving.of,
        "parts": [{"n": p.n, "at": _iso(p.at), "mg": p.mg, "words": giving.words(p)} for p in giving.parts],
        "left_mg": giving.left_mg,
        "next_label": "" if giving.is_whole else giving.next_label,
        "next_from": _iso(giving.next_from),
        "began": _iso(watch.began),
        "over_at": _iso(watch.over_at),
        "is_set": rules_of(session).minimum.value is not None,
    }


def give_deed(session: TreatmentSession) -> dict[str, Any] | None:
    """The next part as a deed of the live screen."""
    giving = giving_of(session)
    if giving is None or giving.is_whole or not giving.parts:
        return None
    return {
        "name": "give", "label": giving.next_label, "url": reverse("session:give", args=[session.uid]), "allowed": True,
        "why": "", "kind": giving.kind, "amount_mg": giving.next_mg, "lot": giving.next_lot, "from": _iso(giving.next_from),
    }  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


# ---------------------------------------------------------------- what the risk programme's form asks
def pressure_points(session: TreatmentSession, until: datetime) -> Sequence[tuple[str, datetime | None, float, float]]:
    """Each pressure that has to be on record, with the one that stands for it: the nearest within its time."""
    doses, _ended = _moments(session)
    first = min(doses, default=None)
    taken = whole_pressures(session, until)
    found: list[tuple[str, datetime | None, float, float]] = []
    for point in rules_of(session).pressures:
        room = timedelta(minutes=point.within.value or 0.0)
        target = until if point.when == observation.LEAVING else first
        if target is not None and point.when == observation.AT:
            target += timedelta(minutes=(point.at.value if point.at else None) or 0.0)
        late = target + room if target is not None and point.when == observation.AT else target
        near = [row for row in taken if target is not None and late is not None and target - room <= row[0] <= late]
        best = min(near, key=lambda row: abs(row[0] - (target or until)), default=None)
        found.append((point.label, best[0], best[1], best[2]) if best else (point.label, None, 0.0, 0.0))
    return found
