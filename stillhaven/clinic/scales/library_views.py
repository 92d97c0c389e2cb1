"""The clinic's scales: what each is, what its licence says, the wording that the clinic holds, whom people can call."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.scales import actions, catalog, queries, texts
from stillhaven.clinic.scales.sent import day
from stillhaven.science import fhir_scales
from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Instrument


def _site(request: HttpRequest) -> int:
    user: Any = request.user
    return min(user.site_ids or {1})


def _named(request: HttpRequest, scale: str) -> Instrument:
    found = catalog.names(_site(request)).get(scale)
    if found is None:
        raise Http404
    return found


@require_safe
@staff_required
def library(request: HttpRequest) -> HttpResponse:
    """Every scale, whether it can be asked now, and what is missing where it cannot."""
    roles.require(request.user, "scale.text" if roles.may(request.user, "scale.text") else "scale.view")
    site, today = _site(request), clock.now().date()
    rows = []
    for name, instrument in catalog.names(site).items():
        text = catalog.text_in_force(site, instrument, today)
        lapsed = text is None and catalog.newest_text(site, instrument) is not None
        why = "" if text is not None else catalog.can_be_asked(instrument, None)
        rows.append({"name": name, "i": instrument, "text": text, "lapsed": lapsed, "why": why})
    return render(request, "scales/library.html", {
        "rows": rows, "help": queries.help_of(Site.objects.get(pk=site)), "crisis": _crisis_form(request, site),
    })  # fmt: skip


def _crisis_form(request: HttpRequest, site: int) -> Any:
    if not roles.may(request.user, "scale.text"):
        return None
    held = queries.help_of(Site.objects.get(pk=site))["line"]
    return form(
        request, "crisis", reverse("scales:crisis_line"), _("Save the crisis line"),
        Ask(name="line_name", label=_("Name of the line"), value=held.line_name if held else ""),
        Ask(name="line_number", label=_("Number"), value=held.line_number if held else ""),
        Ask(name="words", label=_("A sentence beside it (optional)"), value=held.words if held else ""),
    )  # fmt: skip


@require_POST
@staff_required
def crisis_line(request: HttpRequest) -> HttpResponse:
    actions.set_crisis_line(
        _site(request), request.POST.get("line_name", ""), request.POST.get("line_number", ""),
        request.POST.get("words", ""), by=request.user, at=clock.now(),
    )  # fmt: skip
    return redirect("scales:library")


@require_safe
@staff_required
def scale(request: HttpRequest, scale: str) -> HttpResponse:
    """One scale: questions, scores, bands, change, licence; where the wording is the owner's, a form to load it."""
    roles.require(request.user, "scale.text" if roles.may(request.user, "scale.text") else "scale.view")
    site, instrument = _site(request), _named(request, scale)
    text = catalog.newest_text(site, instrument)
    rules = policy.rules(site)
    load = form(
        request, "text", reverse("scales:load_text", args=[scale]), _("Load this wording"),
        Ask(name="granted_by", label=_("Who granted the right")),
        Ask(name="grant_number", label=_("Licence or letter number")),
        Ask(name="granted_on", label=_("Granted on"), kind="date"),
        Ask(name="until", label=_("Until (empty: no end)"), kind="date"),
        Ask(name="wording", label=_("The wording, as TOML or CSV"), kind="long",
            help=_("[items] \"1\" = \"...\" for each question; see the guide on adding a scale.")),
    )  # fmt: skip
    shown = catalog.worded(catalog.offered(site, scale), catalog.text_in_force(site, instrument, clock.now().date()))
    return render(request, "scales/scale.html", {
        "name": scale, "i": instrument, "shown": shown, "text": text,
        "load": load if roles.may(request.user, "scale.text") and not instrument.cannot else None,
        "cites": [rules.sources[k].cite for k in instrument.cite.source if k in rules.sources],
    })  # fmt: skip


@require_POST
@staff_required
def load_text(request: HttpRequest, scale: str) -> HttpResponse:
    """Take the clinic's licensed wording into use, with the grant."""
    roles.require(request.user, "scale.text")
    instrument, site = _named(request, scale), _site(request)
    file = request.FILES.get("file")
    raw = file.read() if file else request.POST.get("wording", "").encode()
    if not raw.strip():
        raise BadInput("wording", "paste the wording, or choose a file")
    name = file.name if file and file.name else ("a.csv" if raw.lstrip().lower().startswith(b"item,") else "a.toml")
    try:
        content = texts.read_text(instrument, raw, name)
    except BadInput as error:
        raise BadInput("wording", error.why) from None
    granted, until = day(request.POST.get("granted_on"), "granted_on"), day(request.POST.get("until"), "until")
    actions.load_text(
        site, content, by=request.user, at=clock.now(),
        grant={
            "granted_by": request.POST.get("granted_by", ""), "grant_number": request.POST.get("grant_number", ""),
            "granted_on": granted.date() if granted else None, "until": until.date() if until else None,
        },
    )  # fmt: skip
    return redirect("scales:scale", scale=scale)


@require_safe
@staff_required
def questionnaire(request: HttpRequest, scale: str) -> HttpResponse:
    """The form as a FHIR R4 Questionnaire, in the words that this clinic may show."""
    roles.require(request.user, "scale.view")
    site = _site(request)
    _named(request, scale)
    instrument = catalog.offered(site, scale)
    shown = catalog.worded(instrument, catalog.text_in_force(site, instrument, clock.now().date()))
    response = JsonResponse(
        fhir_scales.export_questionnaire(shown), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Content-Disposition"] = f'attachment; filename="{instrument.key}-questionnaire.json"'
    return response
