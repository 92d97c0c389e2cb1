"""The clinic's own prices with their days, who bills, and the good-faith estimate that a person is given."""

from __future__ import annotations

import uuid as uuids
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.intake import queries as intake
from stillhaven.clinic.people import queries as people
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import SignedOut, log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.public import costs_actions as actions
from stillhaven.clinic.public import costs_queries as found
from stillhaven.clinic.public.costs_models import ClinicPrice, Estimate, WayToPay
from stillhaven.clinic.public.costs_views import FIRST, PAYERS, ROUTES, choices, chosen
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, pdf
from stillhaven.reference._costs import costs
from stillhaven.science.costs import session_count, shown
from stillhaven.science.errors import BadInput

LINES = 8  # rows of the estimate's form


def site_of(request: HttpRequest) -> Site:
    """The clinic that this page is about: the one that was chosen, or the first of one's own."""
    sites = people.sites_of(request.user)  # type: ignore[arg-type]
    text = str(request.POST.get("site") or request.GET.get("site") or "")
    named = next((s for s in sites if str(s.pk) == text), None)
    if named is None and not sites:
        raise Http404
    return named or sites[0]


def today_at(site: Site) -> date:
    """The day it is at the clinic."""
    return clock.now().astimezone(intake.zone_of(site)).date()


def uid_of(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("uid", ""))
    except ValueError:
        raise BadInput("uid", "this page is too old; open it anew") from None


# ---------------------------------------------------------------- prices
@require_GET
@staff_required
def prices(request: HttpRequest) -> HttpResponse:
    """What the clinic charges: now, from a later day on, and before."""
    roles.require(request.user, "prices.change")
    site = site_of(request)
    today = today_at(site)
    rows = list(ClinicPrice.objects.filter(site=site).order_by("part", "title", "-since"))
    shown_rows = [
        {
            "price": p,
            "part": _(found.PARTS[p.part]),
            "low": shown(p.low_cents),
            "likely": shown(p.likely_cents),
            "high": shown(p.high_cents),
            "allowed": shown(p.allowed_cents) if p.allowed_cents is not None else "",
            "route": _(ROUTES[p.route]) if p.route else _("every way"),
            "state": _state(p.since, p.until, today),
            "end": Form(
                key=f"end-{p.uid}",
                action=reverse("public:price_end", args=[p.uid]),
                send=_("Holds until this day"),
                asks=(Ask(name="until", label=_("Last day"), kind="date", value=today.isoformat()),),
                look="button",
            ),
        }
        for p in rows
    ]
    titles = {w.key: w.title for w in costs().ways}
    page = {
        "site": site,
        "rows": shown_rows,
        "price_form": _price_form(request, site, today),
        "way_form": _way_form(request, site, today),
        "provider_form": _provider_form(request, site),
        "providers": found.providers(site.pk),
        "ways": [(w, titles.get(w.kind, "")) for w in WayToPay.objects.filter(site=site).order_by("kind", "-since")],
        "sites": people.sites_of(request.user),  # type: ignore[arg-type]
    }
    return render(request, "public/costs_prices.html", page)


def _state(since: date, until: date | None, today: date) -> str:
    if since > today:
        return _("to come")
    return _("ended") if until is not None and until < today else _("holds")


def _price_form(request: HttpRequest, site: Site, today: date) -> Form:
    routes = (("", _("every way")), *((k, _(v)) for k, v in ROUTES.items()))
    drugs = (("", _("every drug")), ("ketamine", _("Ketamine")), ("esketamine", _("Esketamine")))
    payers = (("", _("every plan")), *((k, _(v)) for k, v in PAYERS.items() if k != "none"))
    return form(
        request,
        "price",
        reverse("public:price_set"),
        _("Set this price"),
        Ask(name="title", label=_("Name, as patients read it")),
        Ask(
            name="part",
            label=_("For"),
            kind="select",
            options=tuple((k, _(v)) for k, v in found.PARTS.items()),
            value="session",
        ),
        Ask(name="route", label=_("Way"), kind="select", options=routes),
        Ask(name="drug", label=_("Drug"), kind="select", options=drugs),
        Ask(
            name="per",
            label=_("Paid"),
            kind="select",
            options=(("session", _("at each session")), ("course", _("once a course"))),
        ),
        Ask(name="likely", label=_("Likely"), unit="$", kind="number"),
        Ask(name="low", label=_("Lowest"), unit="$", kind="number", help=_("Empty: as the likely one.")),
        Ask(name="high", label=_("Highest"), unit="$", kind="number", help=_("Empty: as the likely one.")),
        Ask(name="sessions", label=_("Sessions in the package"), kind="number", help=_("For a package only.")),
        Ask(
            name="allowed",
            label=_("Agreed with plans, in network"),
            unit="$",
            kind="number",
            help=_("Empty: not known, and said so."),
        ),
        Ask(name="payer", label=_("Agreed with"), kind="select", options=payers),
        Ask(name="code", label=_("Billing code"), help=_("A number alone; no description.")),
        Ask(name="since", label=_("From"), kind="date", value=today.isoformat()),
        title=_("A new price"),
        about=_("One of the same name ends the day before. Old prices stay in the list."),
        hidden={"site": str(site.pk)},
    )


def _way_form(request: HttpRequest, site: Site, today: date) -> Form:
    return form(
        request,
        "way",
        reverse("public:way_set"),
        _("Keep these terms"),
        Ask(name="kind", label=_("Way to pay"), kind="select", options=tuple((w.key, w.title) for w in costs().ways)),
        Ask(name="terms", label=_("Terms, as patients read them"), kind="long"),
        Ask(name="months", label=_("Months of a payment plan"), kind="number"),
        Ask(name="percent_off", label=_("Most that a sliding scale takes off"), unit="%", kind="number"),
        Ask(name="since", label=_("From"), kind="date", value=today.isoformat()),
        title=_("Ways to pay"),
        look="button",
        hidden={"site": str(site.pk)},
    )


def _provider_form(request: HttpRequest, site: Site) -> Form:
    return form(
        request,
        "provider",
        reverse("public:provider_set"),
        _("Enter"),
        Ask(name="name", label=_("Name")),
        Ask(name="npi", label=_("NPI")),
        Ask(name="tin", label=_("Tax number")),
        Ask(name="address", label=_("Address")),
        Ask(name="state", label=_("State")),
        title=_("Who bills"),
        look="button",
        hidden={"site": str(site.pk)},
        about=_("The clinic, and each provider who bills separately. An estimate cannot be given without them."),
    )


@require_POST
@staff_required
def price_set(request: HttpRequest) -> HttpResponse:
    actions.set_price(site_of(request), request.POST.dict(), by=request.user, uid=uid_of(request))  # type: ignore[arg-type]
    messages.success(request, _("The price is set."))
    return redirect("public:prices")


@require_POST
@staff_required
def price_end(request: HttpRequest, uid: UUID) -> HttpResponse:
    roles.require(request.user, "prices.change")
    user: Any = request.user
    price = ClinicPrice.objects.filter(uid=uid, site__in=user.site_ids).select_related("site").first()
    if price is None:
        raise Http404
    last = actions.read_day(request.POST.get("until", ""), "until")
    assert last is not None
    actions.end_price(price, last, by=user)
    return redirect("public:prices")


@require_POST
@staff_required
def way_set(request: HttpRequest) -> HttpResponse:
    actions.set_way(site_of(request), request.POST.dict(), by=request.user, uid=uid_of(request))  # type: ignore[arg-type]
    messages.success(request, _("Kept."))
    return redirect("public:prices")


@require_POST
@staff_required
def provider_set(request: HttpRequest) -> HttpResponse:
    actions.set_provider(site_of(request), request.POST.dict(), by=request.user, uid=uid_of(request))  # type: ignore[arg-type]
    messages.success(request, _("Kept."))
    return redirect("public:prices")


# ---------------------------------------------------------------- the good-faith estimate
@require_http_methods(["GET", "POST"])
@staff_required
def estimate(request: HttpRequest, pk: int) -> HttpResponse:
    """Those that were given, and the form for a new one, filled from the clinic's prices."""
    user: Any = request.user
    roles.require(user, "estimate.issue")
    patient = intake.patient_or_404(user, pk)
    if request.method == "GET":
        log_chart_opened(request, patient, "estimates")
        return _estimate_page(request, patient, _begin(request, patient), {})
    typed: dict[str, Any] = request.POST.dict()
    protocol = chosen(typed.get("course", ""))
    typed |= {"protocol": protocol[0].key if protocol else "", "route": protocol[1] if protocol else ""}
    names = ("title", "code", "count", "amount", "provider")
    columns = [request.POST.getlist(f"line_{name}")[:40] for name in names]
    typed["lines"] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]
    now, today = clock.now(), today_at(patient.site)
    try:
        row = actions.issue(patient, typed, by=user, at=now, today=today, uid=uid_of(request))
    except BadInput as error:
        return _estimate_page(request, patient, typed, {error.field: error.why}, 422)
    messages.success(request, _("Estimate %(n)s is given.") % {"n": row.number})
    return redirect("public:estimate", pk=patient.pk)


def _begin(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    text = request.GET.get("course", "")
    course = chosen(text) or chosen(":".join(FIRST))
    today = today_at(patient.site)
    typed: dict[str, Any] = {
        "course": text or ":".join(FIRST),
        "asked_on": today.isoformat(),
        "sessions": "",
        "lines": [],
    }
    if course is not None:
        protocol, route = course
        count = session_count(protocol).likely
        typed |= {"service": f"{protocol.title}: {ROUTES[route].lower()}", "sessions": str(count or "")}
        biller = next(iter(found.providers(patient.site_id)), None)
        typed["lines"] = [
            {
                "title": x["title"],
                "code": x["code"],
                "count": str(x["count"]),
                "amount": shown(x["cents"]).removeprefix("$"),
                "provider": str(biller.pk) if biller else "",
            }
            for x in actions.draft_lines(patient.site_id, protocol, route, count or 1, today)
        ]
    return typed


def _estimate_page(
    request: HttpRequest, patient: Patient, typed: dict[str, Any], trouble: dict[str, str], status: int = 200
) -> HttpResponse:
    lines = list(typed.get("lines", ()))
    empty: dict[str, str] = {"title": "", "code": "", "count": "", "amount": "", "provider": ""}
    lines += [dict(empty) for _n in range(max(2, LINES - len(lines)))]
    page = {
        "patient": patient,
        "person": intake.header(patient, clock.now()),
        "typed": typed,
        "trouble": trouble,
        "lines": lines,
        "courses": choices(),
        "providers": found.providers(patient.site_id),
        "uid": typed.get("uid") or uuids.uuid4(),
        "given": [(e, shown(e.total_cents)) for e in found.estimates(patient.pk)],
        "elements": costs().elements,
        "release": costs().diagnoses_release,
        "may_price": roles.may(request.user, "prices.change"),
        "diagnoses": sorted(costs().diagnoses.items()),
    }
    return render(request, "public/costs_estimate.html", page, status=status)


def _estimate_pdf(row: Estimate) -> HttpResponse:
    """The estimate as it was given: everything comes from the entry, nothing from today's prices."""
    c = row.content
    groups = [
        g
        | {
            "total": shown(g["total"]),
            "lines": [x | {"each": shown(x["cents"]), "total": shown(x["total"])} for x in g["lines"]],
        }
        for g in c["groups"]
    ]
    data = {
        "number": row.number,
        "patient": c["patient"]["name"],
        "born": c["patient"]["born"],
        "clinic": row.patient.site.name,
        "issued": c["issued_on"],
        "by": row.by_name,
        "asked": row.asked_on.isoformat(),
        "due": row.due_on.isoformat(),
        "scheduled": row.scheduled_on.isoformat() if row.scheduled_on else "not yet booked",
        "service": c["service"],
        "sessions": c["sessions"],
        "diagnoses": c["diagnoses"],
        "release": c["release"],
        "groups": groups,
        "total": shown(row.total_cents),
        "separate": c["separate"],
        "says": c["says"],
        "valid_until": c["valid_until"],
        "code_table": row.code_table[:16],
        "simulated": row.patient.simulated,
    }
    return pdf.answer(pdf.render("public", "estimate", data), f"estimate-{row.number}")


@require_GET
@staff_required
def estimate_pdf(request: HttpRequest, pk: int, uid: UUID) -> HttpResponse:
    roles.require(request.user, "estimate.issue")
    patient = intake.patient_or_404(request.user, pk)
    row = Estimate.objects.filter(uid=uid, patient=patient).select_related("patient__site").first()
    if row is None:
        raise Http404
    log_chart_opened(request, patient, "estimate")
    return _estimate_pdf(row)


# ---------------------------------------------------------------- the person's own
def _own(request: HttpRequest) -> Patient:
    user: Any = request.user
    if not user.is_authenticated:
        raise SignedOut
    if user.patient_id is None:
        raise Http404
    roles.require(user, "own.view")
    record.log_access(
        by=user,
        what="own estimates",
        patient=user.patient_id,
        site=user.patient.site_id,
        path=request.path,
        address=request.META.get("REMOTE_ADDR", ""),
    )
    own: Patient = user.patient
    return own


@require_GET
def own_estimates(request: HttpRequest) -> HttpResponse:
    """The estimates that I was given."""
    patient = _own(request)
    given = [(e, shown(e.total_cents)) for e in found.estimates(patient.pk)]
    return render(request, "public/costs_own.html", {"given": given})


@require_GET
def own_estimate_pdf(request: HttpRequest, uid: UUID) -> HttpResponse:
    patient = _own(request)
    row = Estimate.objects.filter(uid=uid, patient=patient).select_related("patient__site").first()
    if row is None:
        raise Http404
    return _estimate_pdf(row)
