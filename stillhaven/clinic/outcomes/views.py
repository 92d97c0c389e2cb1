"""One person's outcomes: for staff in the order that decides what a tired clinician sees; for the person in plain words."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from stillhaven.clinic.outcomes import expected, queries
from stillhaven.clinic.outcomes.durability import Durability, durability
from stillhaven.clinic.outcomes.graph import curve_svg, dose_words, score_svg
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import SignedOut, log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import one_look
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.staff_views import person_of
from stillhaven.science import exposure
from stillhaven.science.outcomes_person import Standing


@require_safe
@staff_required
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Safety line, graph, four verdicts, which comparison, status; then maintenance, exposure and harm watch."""
    patient = scales.patient_or_404(request.user, pk)
    roles.require_patient(request.user, "chart.view", patient)
    log_chart_opened(request, patient, "outcomes")
    with one_look():
        return render(request, "outcomes/page.html", _shown(patient, request.GET.get("scale", "")))


def _shown(patient: Patient, asked: str) -> dict[str, Any]:
    """Everything that the staff page shows, each thing read once."""
    now = clock.now()
    found = queries.person(patient, now)
    scale = queries.chosen_scale(found, asked)
    read = queries.reading(found, scale)
    rules = queries.policy_of(patient)
    shown: dict[str, Any] = {
        "patient": patient, "person": person_of(patient, now), "now": now, "zone": found.zone, "scale": scale,
        "scales": [{"key": key, "short": i.short} for key, i in queries.shown_scales(found).items()],
        "safety": queries.safety(found), "read": read, "sessions": len(found.doses),
        "totals": exposure.totals(found.doses), "months": exposure.monthly(found.doses, found.zone)[:12],
        "busiest": exposure.busiest(found.all_starts), "thresholds": queries.thresholds(found, rules),
        "looks": [{"look": look, "state": look.state(now)} for look in queries.looks(found, rules)],
    }  # fmt: skip
    if read is not None:
        lasting = durability(found, read)
        shown |= _drawn(found, read) | {
            "verdicts": verdict_rows(read), "status": _STATUS[read.status.standing](), "lasting": lasting,
            "curve": curve_svg(lasting.curve, _("Share that kept the response")) if lasting.curve is not None else "",
            "curve_rows": _curve_rows(lasting.curve), "published": _published(patient.site_id, lasting),
        }  # fmt: skip
    return shown


_STATUS = {
    Standing.ON_TRACK: lambda: ("✓", _("On track")),
    Standing.NOT_ON_TRACK: lambda: ("!", _("Not on track")),
    Standing.RELAPSE_WATCH: lambda: ("▲", _("Relapse watch")),
    Standing.NOT_ENOUGH: lambda: ("?", _("Not enough data")),
}


def _drawn(found: queries.Person, read: queries.Reading) -> dict[str, Any]:
    """The graph and its table twin."""
    main = read.main
    gone = expected.missing(found, read.instrument.key)
    title = f"{read.instrument.short}, {main.low:g} – {main.high:g}"
    svg = score_svg(
        read.points, found.doses, [e.at for e in gone], main, found.now, found.zone, title, read.comparison.baseline
    )
    rows = [
        *({"at": p.at, "kind": "form", "point": p} for p in read.points),
        *({"at": s.at, "kind": "session", "told": dose_words(s), "number": n} for n, s in enumerate(found.doses, 1)),
        *({"at": e.at, "kind": "missing", "state": e.state} for e in gone),
    ]
    rows.sort(key=lambda row: row["at"], reverse=True)  # type: ignore[arg-type,return-value]
    of = len(read.points) + len(gone)
    marks = [row for row in rows if row["kind"] == "session"][:6]
    return {"svg": svg, "title": title, "rows": rows, "marks": marks, "n": read.comparison.n, "of": of}


def verdict_rows(read: queries.Reading) -> list[dict[str, str]]:
    """The four, each by its own rule, none merged: sign, word, by whose rule."""
    v = read.comparison.verdicts
    lines = read.instrument.change

    def rule(kind: str) -> str:
        line = next(iter(lines.of(kind)), None)
        if line is None:
            return _("the scale's file gives no rule")
        amount = (
            f"≥ {line.percent:g} %" if line.percent is not None else f"≥ {line.points:g}" if line.points is not None
            else f"< {line.below:g}" if line.below is not None else f"≤ {line.at_most:g}" if line.at_most is not None
            else f"≥ {line.at_least:g}" if line.at_least is not None else ""
        )  # fmt: skip
        return f"{amount} · {line.who}"

    def row(name: str, answer: bool | None, by: str, yes: str = "", no: str = "") -> dict[str, str]:
        sign = "?" if answer is None else "●" if answer else "○"
        word = _("not known") if answer is None else (yes or _("yes")) if answer else (no or _("no"))
        return {
            "name": name,
            "sign": sign,
            "word": word,
            "by": by,
            "look": "unknown" if answer is None else str(answer),
        }

    reliable = None if v.reliable is None else v.reliable != 0
    which = _("yes, better") if v.reliable == 1 else _("yes, worse")
    worse = _("yes, reliably") if v.reliable == -1 else _("yes, within measurement error")
    return [
        row(_("Response"), v.response, rule("response")), row(_("Remission"), v.remission, rule("remission")),
        row(_("Reliable change"), reliable, rule("reliable"), yes=which),
        row(_("Worse than at the start"), v.worse, _("any rise; reliably by the rule beside"), yes=worse),
    ]  # fmt: skip


def _published(site: int, lasting: Durability) -> list[dict[str, Any]]:
    """What others found, each with its citation."""
    sources = policy.rules(site).sources
    return [
        {"text": p.text, "cites": [sources[key].cite for key in p.cite.source if key in sources]}
        for p in lasting.rules.published
    ]


def _curve_rows(curve: Any) -> list[dict[str, Any]]:
    if curve is None:
        return []
    rows = []
    for day in curve.days[::4]:
        (low, high), band = curve.kept(day), curve.band(day)
        rows.append(
            {"week": int(day // 7), "low": 100 * low, "high": 100 * high, "band": [100 * x for x in band or ()]}
        )
    return rows


@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """A person's own scores in kind and plain words, with what they can do."""
    user: Any = request.user
    if not user.is_authenticated:
        raise SignedOut
    if user.patient_id is None:
        raise Http404
    roles.require(user, "own.view")
    patient, now = user.patient, clock.now()
    record.log_access(
        by=user, what="own record", patient=patient.pk, site=patient.site_id, path=request.path,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    found = queries.person(patient, now)
    scale = queries.chosen_scale(found, request.GET.get("scale", ""))
    read = queries.reading(found, scale)
    shown: dict[str, Any] = {
        "patient": patient, "zone": ZoneInfo(patient.site.zone), "read": read, "scale": scale,
        "scales": [{"key": k, "short": i.about} for k, i in queries.shown_scales(found).items() if i.mode.by_patient],
        "help": scales.help_of(patient.site), "sessions": len(found.doses),
    }  # fmt: skip
    if read is not None:
        shown |= _drawn(found, read) | {"words": kind_words(read)}
    return render(request, "outcomes/mine.html", shown)


def kind_words(read: queries.Reading) -> str:
    """What changed, in one sentence: never a verdict, never a promise."""
    compared = read.comparison
    if compared.baseline is None:
        return _("There is no form from before your first session, so there is nothing to compare with yet.")
    if compared.latest is None:
        return _("Your next form will be set beside the one from before your first session.")
    points = compared.verdicts.points or 0
    numbers = {"a": f"{compared.baseline.value:g}", "b": f"{compared.latest.value:g}"}
    if compared.counted is None:
        return _("Your score went from %(a)s to %(b)s. The form still asks about days before your first session, so it "
                 "is early to say what that means.") % numbers  # fmt: skip
    if points > 0:
        return (
            _("Your score went from %(a)s before the first session to %(b)s: you report fewer difficulties.") % numbers
        )
    if points < 0:
        return _("Your score went from %(a)s before the first session to %(b)s: you report more difficulties. Your team "
                 "wants to know; tell them how it is.") % numbers  # fmt: skip
    return _("Your score is the same as before the first session: %(b)s.") % numbers
