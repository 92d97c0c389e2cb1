"""The record of a session: on the screen, as PDF, and in plain words for the patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.monitoring.live import limits_shown
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import looked
from stillhaven.clinic.recovery import facts, pdf
from stillhaven.clinic.recovery.document import MOVES, Document
from stillhaven.clinic.recovery.summary import visit_summary
from stillhaven.clinic.recovery.trend_svg import Band, Mark, trend_svg
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import queries as vitals

_DRAWN = ("systolic_mmhg", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min")
_MARKED = ("start", "hold", "resume", "stop", "abort", "discharge", "transfer")


def document_data(session: TreatmentSession, now: datetime) -> dict[str, Any]:
    """The whole record with its drawing, as plain values for page and PDF alike."""
    document = Document(session, now)
    data = document.as_dict()
    drawing, marks = _drawing(document)
    return data | {"svg": drawing, "marks": marks}


def _drawing(document: Document) -> tuple[str, list[str]]:
    session, start, end = document.session, document.start, document.end
    bucket = max(15.0, (end - start).total_seconds() / 360)
    buckets: dict[str, list[tuple[datetime, float, float, float]]] = {}
    for signal, at, low, high, mean, _ in vitals.envelope(session.patient_id, start, end, bucket):
        buckets.setdefault(signal, []).append((at, low, high, mean))
    gaps = {c.signal: [(g.start, g.end, g.reason) for g in c.gaps] for c in facts.coverage_of(session, end)}
    limits, signals = limits_shown(gather.plan_of(session), end), policy.rules(session.site_id).signals
    bands = [
        Band(
            key=key, name="BP" if key == "systolic_mmhg" else signals[key].short, unit=signals[key].unit,
            buckets=buckets.get(key, []), gaps=gaps.get(key, []) if key != "systolic_mmhg" else [],
            low_line=limits[key].low if key in limits else None, high_line=limits[key].high if key in limits else None,
        )
        for key in _DRAWN
    ]  # fmt: skip
    lows = {r.at: r.usable for r in document.by_signal.get("diastolic_mmhg", [])}
    pressures: dict[datetime, tuple[float, float]] = {}
    for r in document.by_signal.get("systolic_mmhg", []):
        top, bottom = r.usable, lows.get(r.at)
        if top is not None and bottom is not None:
            pressures[r.at] = (top, bottom)
    found: list[tuple[datetime, str]] = [
        (m.happened_at, str(MOVES[m.move])) for m in document.moves if m.move in _MARKED
    ]
    found += [(e.happened_at, e.label) for e in document.events if e.kind in ("adverse_event", "rescue")]
    found.sort()
    marks = [Mark(at=at, label=f"{document.clock(at)} {label}") for at, label in found]
    drawing = trend_svg(bands, marks, start, end, ZoneInfo(session.site.zone), bucket, pressures)
    return drawing, [mark.label for mark in marks]


def _open(request: HttpRequest, uid: str, what: str) -> TreatmentSession:
    user: Any = request.user
    session = queries.session_or_404(user, uid)
    roles.require(user, "record.view")
    record.log_access(
        by=user, what=what, patient=session.patient_id, site=session.site_id, path=request.path,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return session


@require_GET
@staff_required
@looked
def record_page(request: HttpRequest, uid: str) -> HttpResponse:
    """The record on the screen."""
    session = _open(request, uid, "session record")
    data = document_data(session, clock.now())
    data["svg"] = mark_safe(data["svg"])  # noqa: S308  (made by trend_svg, which escapes every text)
    may_sign = session.state in ("discharged", "transferred") and roles.may(request.user, "record.sign")
    return render(request, "recovery/record.html", {"session": session, "d": data, "may_sign": may_sign})


@require_GET
@staff_required
@looked
def record_pdf(request: HttpRequest, uid: str) -> HttpResponse:
    """The record on paper."""
    session = _open(request, uid, "session record, PDF")
    return _pdf(
        "record", document_data(session, clock.now()), f"session-{session.number}-{session.patient.external_id}"
    )


@require_GET
@staff_required
@looked
def summary_pdf(request: HttpRequest, uid: str) -> HttpResponse:
    """What the patient takes home."""
    session = _open(request, uid, "visit summary, PDF")
    return _pdf("summary", visit_summary(session, clock.now()), f"visit-{session.number}-{session.patient.external_id}")


def _pdf(template: str, data: dict[str, Any], name: str) -> HttpResponse:
    response = HttpResponse(pdf.render(template, data), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
