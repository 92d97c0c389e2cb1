"""What staff do with scales: read a person's, send a check-in, hand the tablet over, rate, enter paper, bring a file."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stillhaven.clinic.people import roles, unlock
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked
from stillhaven.clinic.scales import actions, catalog, links, queries
from stillhaven.clinic.scales.models import CheckInLink
from stillhaven.clinic.scales.sent import moment, uid_of
from stillhaven.science import fhir_scales
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.taken import Assessment

_FILE = 2_000_000


def person_of(patient: Patient, now: datetime) -> dict[str, Any]:
    """The person header."""
    return {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(now.date()), "weight_kg": None, "comfort_card": patient.comfort_card,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
    }  # fmt: skip


def opened(request: HttpRequest, pk: int, action: str, what: str) -> Patient:
    """The person, within reach of whoever asks; noted as looked at."""
    patient = queries.patient_or_404(request.user, pk)
    roles.require_patient(request.user, action, patient)
    log_chart_opened(request, patient, what)
    return patient


@require_safe
@staff_required
@looked
def patient_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Every scale of one person: the newest of each, all of them, what is open, and what can be done."""
    patient, now = opened(request, pk, "scale.view", "scales"), clock.now()
    taken = queries.assessments(patient, now=now)
    newest: dict[str, Assessment] = {row.name: row for row in taken}
    checkins = list(CheckInLink.objects.filter(patient=patient).order_by("-made_at")[:20])
    return render(request, "scales/patient.html", {
        "patient": patient, "person": person_of(patient, now), "newest": sorted(newest.values(), key=lambda r: r.scale),
        "taken": taken[::-1], "alerts": queries.open_alerts(patient.site_id, patient), "now": now,
        "checkins": [{"link": row, "shut": links.why_shut(row, now) or "open"} for row in checkins],
        "send": _send_form(request, patient, now), "rated": _rateable(patient.site_id),
        "may_enter": roles.may(request.user, "scale.enter"),
    })  # fmt: skip


def _send_form(request: HttpRequest, patient: Patient, now: datetime) -> Form | None:
    if not roles.may(request.user, "scale.link"):
        return None
    options = [
        (name, f"{i.short} · {i.about}" + (f" ({i.recall})" if "@" in name else ""))
        for name, i in catalog.names(patient.site_id).items()
        if i.mode.by_patient and not _why_not(patient.site_id, name, now)
    ]
    return form(
        request, "checkin", reverse("scales:send", args=[patient.pk]), _("Make the check-in"),
        Ask(name="scales", label=_("Forms"), kind="ticks", options=options),
        Ask(name="how", label=_("How"), kind="choice", value="link",
            options=[("link", _("A link for their phone")), ("tablet", _("This tablet, now"))]),
        Ask(name="why", label=_("What for (optional)")),
    )  # fmt: skip


def _why_not(site: int, name: str, now: datetime) -> str:
    try:
        catalog.require_askable(site, name, now.date())
    except Refused as error:
        return error.why
    return ""


def _rateable(site: int) -> list[dict[str, str]]:
    return [
        {"name": name, "short": i.short, "about": i.about, "version": i.version.replace("_", " ") if "@" in name else ""}
        for name, i in sorted(catalog.names(site).items(), key=lambda pair: pair[1].short)
        if (i.questions and not i.cannot) or i.brings_items
    ]  # fmt: skip


@require_POST
@staff_required
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link and show it once, or hand this tablet over."""
    patient, now = opened(request, pk, "scale.link", "check-in"), clock.now()
    tablet = request.POST.get("how") == "tablet"
    link, token = links.make_link(
        patient, request.POST.getlist("scales"), by=request.user, at=now, channel="tablet" if tablet else "link",
        why=request.POST.get("why", ""),
    )  # fmt: skip
    if tablet:
        unlock.lock(request)
        request.session[unlock.TABLET] = {"patient": patient.pk, "documents": [], "checkin": link.pk}
        return redirect(f"/tablet/scales/{token}/")
    return _shown(request, patient, link, token, now)


def _shown(request: HttpRequest, patient: Patient, link: CheckInLink, token: str, now: datetime) -> HttpResponse:
    address = request.build_absolute_uri(reverse("scales:start", args=[token]))
    shown = {"patient": patient, "person": person_of(patient, now), "link": link, "address": address}
    return render(request, "scales/link.html", shown)


@require_POST
@staff_required
def link_deed(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """A new address for a check-in that goes on, or take it back."""
    link, now = queries.link_or_404(request.user, pk), clock.now()
    if deed == "renew":
        token = links.renew(link, by=request.user, at=now)
        return _shown(request, link.patient, link, token, now)
    links.revoke(link, by=request.user, at=now)
    return redirect("scales:patient", pk=link.patient_id)


# ---------------------------------------------------------------- rate, or enter what was on paper


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def enter(request: HttpRequest, pk: int, scale: str) -> HttpResponse:
    """One whole sheet: a clinician's rating, or a paper form entered later."""
    patient, now = opened(request, pk, "scale.enter", "scale form"), clock.now()
    try:
        instrument = catalog.offered(patient.site_id, scale)
    except BadInput as error:
        return render(request, "errors/not_found.html", {"why": error.why}, status=404)
    if request.method == "POST":
        row = _entered(request, patient, scale, instrument, now)
        return redirect("scales:sheet", pk=patient.pk, uid=row.uid)
    text = catalog.text_in_force(patient.site_id, instrument, now.date())
    return render(request, "scales/enter.html", {
        "patient": patient, "person": person_of(patient, now), "instrument": instrument,
        "ask": _sheet_form(request, patient, scale, catalog.worded(instrument, text)), "text": text,
        "wordless": text is None and not instrument.wording, "cannot": instrument.cannot or not instrument.questions,
    })  # fmt: skip


def _sheet_form(request: HttpRequest, patient: Patient, scale: str, shown: Instrument) -> Form:
    asks: list[Ask] = []
    for q in shown.questions:
        label = f"{q.number}. {q.label}" if q.text or q.name else q.label
        note = _("codes %(codes)s: not assessed, a gap") % {"codes": ", ".join(f"{v:g}" for v in q.not_assessed)}
        help_text = note if q.not_assessed else ""
        if q.decimal or len(q.values) > 12:
            asks.append(
                Ask(name=f"item.{q.key}", label=label, kind="number", unit=f"{q.low:g} – {q.high:g}", help=help_text)
            )
            continue
        options = [(f"{c.value:g}", f"{c.value:g} · {c.text}" if c.text else f"{c.value:g}") for c in q.shown_choices]
        options.append(("", _("not answered")))
        asks.append(Ask(name=f"item.{q.key}", label=label, kind="choice", options=options, help=help_text))
    paper = "paper" if shown.mode.by_patient else "clinician"
    asks += [
        Ask(name="channel", label=_("Where the answers are from"), kind="choice", value=paper,
            options=[("clinician", _("asked or rated now")), ("paper", _("a paper form, entered later"))]),
        Ask(name="taken_at", label=_("When it was filled in (empty: now)"), kind="moment"),
        Ask(name="source_note", label=_("Where the paper is from, and where it is kept")),
        Ask(name="stated", label=_("Total written on the form, if any"), kind="number",
            help=_("It is compared with what the answers give; ours counts, and a difference is kept.")),
    ]  # fmt: skip
    return form(request, "sheet", reverse("scales:enter", args=[patient.pk, scale]), _("Save this sheet"), *asks)


def _entered(request: HttpRequest, patient: Patient, scale: str, instrument: Instrument, now: datetime) -> Any:
    answers = {q.key: request.POST.get(f"item.{q.key}", "") for q in instrument.questions}
    stated: dict[str, float] = {}
    if (written := request.POST.get("stated", "").strip()) and instrument.main is not None:
        try:
            stated[instrument.main.key] = float(written.replace(",", "."))
        except ValueError:
            raise BadInput("stated", "is not a number") from None
    try:
        return actions.record(
            patient, scale, answers, by=request.user, at=now, taken_at=moment(request.POST.get("taken_at"), "taken_at"),
            channel=request.POST.get("channel", "clinician"), source_note=request.POST.get("source_note", ""),
            stated=stated, uid=uid_of(request.POST.get("uid")),
        )  # fmt: skip
    except BadInput as error:
        raise BadInput(error.field.replace("item ", "item.", 1), error.why) from None


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def sheet(request: HttpRequest, pk: int, uid: UUID) -> HttpResponse:
    """One sheet: answers, what they come to and by which version, what differs; a form to correct it."""
    patient, now = opened(request, pk, "scale.view", "scale sheet"), clock.now()
    row = queries.assessment_or_404(patient, uid)
    instrument = catalog.by_digest(row.definition)
    if request.method == "POST":
        answers = {q.key: request.POST.get(f"item.{q.key}", "") for q in instrument.questions}
        retract = request.POST.get("deed") == "retract"
        new = actions.correct(
            row, row.answers if retract else answers, by=request.user, at=now, reason=request.POST.get("reason", ""),
            retract=retract,
        )  # fmt: skip
        return redirect("scales:sheet", pk=patient.pk, uid=new.uid)
    text = catalog.text_of(row.sheet.text) if row.sheet_id and row.sheet else catalog.newest_text(row.site, instrument)
    shown = catalog.worded(instrument, text)
    rows = [
        {"q": q, "value": (value := row.answers.get(q.key)),
         "words": next((c.text for c in q.shown_choices if c.value == value), "")}
        for q in shown.questions
    ]  # fmt: skip
    newer = type(row).objects.filter(amends=row).first()
    asks = [
        Ask(name=f"item.{q.key}", label=f"{q.number}. {q.label}", kind="number", unit=f"{q.low:g} – {q.high:g}",
            value="" if row.answers.get(q.key) is None else f"{row.answers[q.key]:g}")
        for q in shown.questions
    ]  # fmt: skip
    here = reverse("scales:sheet", args=[patient.pk, row.uid])
    fix = form(
        request, "correct", here, _("Save the correction"), *asks, Ask(name="reason", label=_("Why is it corrected?"))
    )
    back = form(request, "retract", here, _("Take it back"), Ask(name="reason", label=_("Why is it taken back?")),
                hidden={"deed": "retract"}, look="")  # fmt: skip
    may = roles.may(request.user, "scale.enter") and newer is None and not row.retracted
    return render(request, "scales/sheet.html", {
        "patient": patient, "person": person_of(patient, now), "row": row, "taken": queries.as_science(row),
        "instrument": shown, "rows": rows, "newer": newer, "fix": fix if may else None, "back": back if may else None,
    })  # fmt: skip


@require_safe
@staff_required
def sheet_fhir(request: HttpRequest, pk: int, uid: UUID) -> HttpResponse:
    """The same as a FHIR R4 QuestionnaireResponse."""
    patient = opened(request, pk, "scale.view", "scale sheet, FHIR")
    row = queries.assessment_or_404(patient, uid)
    made = fhir_scales.export_response(
        catalog.by_digest(row.definition),
        row.answers,
        authored=row.happened_at.isoformat(),
        identifier=f"urn:uuid:{row.uid}",
    )
    response = JsonResponse(made, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{row.scale}-{row.happened_at:%Y-%m-%d}.json"'
    return response


# ---------------------------------------------------------------- a FHIR file


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def bring(request: HttpRequest, pk: int) -> HttpResponse:
    """A QuestionnaireResponse from another system: checked, then kept with everything that was odd, or refused."""
    patient, now = opened(request, pk, "scale.enter", "scale import"), clock.now()
    shown: dict[str, Any] = {"patient": patient, "person": person_of(patient, now), "uid": str(uuid4())}
    if request.method != "POST":
        return render(request, "scales/bring.html", shown)
    try:
        response, questionnaire = _json(request, "response"), _json(request, "questionnaire", needed=False)
        known = [catalog.offered(patient.site_id, name) for name in catalog.names(patient.site_id)]
        found = fhir_scales.read_response(response, known, questionnaire)
    except BadInput as error:
        return render(request, "scales/bring.html", shown | {"trouble": error}, status=422)
    if not found.is_taken or found.instrument is None:
        return render(request, "scales/bring.html", shown | {"found": found}, status=422)
    note = "; ".join(["brought as FHIR", *(o.why for o in found.odd)])
    try:
        row = actions.record(
            patient, catalog.name_of(found.instrument, patient.site_id), dict(found.answers), by=request.user, at=now,
            taken_at=moment(found.authored, "authored"), channel="import", source_note=note[:4000], stated=found.stated,
            uid=uid_of(request.POST.get("uid")), instrument=found.instrument,
        )  # fmt: skip
    except BadInput as error:
        return render(request, "scales/bring.html", shown | {"trouble": error}, status=422)
    return redirect("scales:sheet", pk=patient.pk, uid=row.uid)


def _json(request: HttpRequest, name: str, *, needed: bool = True) -> Any:
    file = request.FILES.get(name)
    if file is None:
        if needed:
            raise BadInput(name, "choose a JSON file")
        return None
    if (file.size or 0) > _FILE:
        raise BadInput(name, "is larger than a form can be")
    try:
        return json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadInput(name, "is not JSON") from None
