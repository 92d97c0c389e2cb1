"""The clinic's own listing, centres from a file, and the reports of patients that a moderator reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, Problem, with_problem
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.public import directory_actions as actions
from stillhaven.clinic.public import directory_import as importing
from stillhaven.clinic.public import directory_queries as listing
from stillhaven.clinic.public import queries
from stillhaven.clinic.public.costs_staff_views import site_of
from stillhaven.clinic.public.directory_facts import FACTS, REPORTED
from stillhaven.clinic.record import clock
from stillhaven.science.costs import shown
from stillhaven.science.errors import BadInput


@require_http_methods(["GET", "POST"])
@staff_required
def own(request: HttpRequest) -> HttpResponse:
    """What the directory says of us; saving it confirms every fact with today's date."""
    user: Any = request.user
    roles.require(user, "listing.keep")
    site = site_of(request)
    row = listing.own_listing(site.pk)
    if request.method == "POST":
        typed: dict[str, Any] = request.POST.dict()
        facts = {f.key: request.POST.getlist(f.key) for f in FACTS}
        try:
            row = actions.keep_listing(
                site, typed, facts, listed=typed.get("listed") == "yes", by=user, on=queries.today()
            )
        except BadInput as error:
            made = with_problem(
                _form(site, typed | facts),
                Problem(form="listing", typed=typed | facts, field=error.field, why=error.why),
            )
            return render(
                request, "public/directory_own.html", {"form": made, "site": site, "row": row, "lines": []}, status=422
            )
        messages.success(request, _("Kept. Every fact is confirmed as of today."))
        return redirect("public:listing")
    stands: dict[str, Any] = {"name": site.name, "listed": "yes"}
    if row is not None:
        stands = {k: getattr(row, k) for k in ("name", "street", "city", "state", "zip", "phone", "website", "npi")}
        stands["point"] = f"{row.lat}, {row.lon}" if row.placed == "exact" else ""
        stands["listed"] = "yes" if row.listed else ""
        stands |= {f.key: listing.stated(row, f.key) for f in FACTS}
        stands["price"] = [shown(int(v)).removeprefix("$") for v in stands["price"]]
    lines = listing.lines_of(row, queries.today()) if row else []
    return render(
        request, "public/directory_own.html", {"form": _form(site, stands), "site": site, "row": row, "lines": lines}
    )


def _form(site: Any, stands: dict[str, Any]) -> Form:
    asks = [
        Ask(name=name, label=label, value=stands.get(name, ""), help=help_)
        for name, label, help_ in (
            ("name", _("Name"), ""),
            ("street", _("Street"), ""),
            ("city", _("City"), ""),
            ("state", _("State"), _("Two letters.")),
            ("zip", _("Postcode"), ""),
            ("point", _("Latitude and longitude"), _("Empty: the middle of the postcode.")),
            ("phone", _("Phone"), ""),
            ("website", _("Website"), ""),
            ("npi", _("NPI"), ""),
        )
    ]
    for f in FACTS:
        value = stands.get(f.key, [])
        if f.kind == "money":
            text = value[0] if isinstance(value, list) and value else ""
            asks.append(Ask(name=f.key, label=str(f.label), kind="number", unit="$", value=text))
        else:
            asks.append(
                Ask(
                    name=f.key,
                    label=str(f.label),
                    kind="ticks",
                    value=value,
                    options=tuple((k, str(w)) for k, w in f.options),
                    help=_("Nothing ticked: not said."),
                )
            )
    asks.append(Ask(name="listed", label=_("Show us in the directory"), kind="tick", value=stands.get("listed", "")))
    return Form(
        key="listing",
        action=reverse("public:listing"),
        send=_("Confirm all of this as of today"),
        asks=tuple(asks),
        hidden={"site": str(site.pk)},
    )


@require_http_methods(["GET", "POST"])
@staff_required
def from_file(request: HttpRequest) -> HttpResponse:
    """A list of centres as CSV, or lines of the public US provider file."""
    user: Any = request.user
    roles.require(user, "listing.import")
    page: dict[str, Any] = {"columns": importing.PLAIN, "facts": FACTS, "most": importing.MOST_BYTES // 1024 // 1024}
    if request.method == "GET":
        return render(request, "public/directory_import.html", page)
    sent = request.FILES.get("file")
    try:
        if sent is None or not hasattr(sent, "read"):
            raise BadInput("file", _("choose a file"))
        if (sent.size or 0) > importing.MOST_BYTES:
            raise BadInput("file", _("is too large: send it in parts"))
        taken = importing.take(sent.read(), by=user, today=queries.today())
    except BadInput as error:
        return render(request, "public/directory_import.html", page | {"why": error.why}, status=422)
    return render(
        request,
        "public/directory_import.html",
        page | {"taken": taken, "bad": taken.bad[:500], "more_bad": len(taken.bad) - 500},
    )


@require_GET
@staff_required
def reports(request: HttpRequest) -> HttpResponse:
    """Reports that wait, with who wrote them."""
    roles.require(request.user, "report.moderate")
    words = {k: str(v) for k, v in REPORTED}
    rows = [
        {"r": r, "answers": [(words.get(k, k), v) for k, v in r.answers.items()]}
        for r in listing.waiting_reports()[:100]
    ]
    return render(request, "public/directory_reports.html", {"rows": rows})


@require_POST
@staff_required
def judge(request: HttpRequest, uid: UUID) -> HttpResponse:
    user: Any = request.user
    actions.judge_report(
        uid, shown=request.POST.get("verdict") == "shown", why=request.POST.get("why", ""), by=user, at=clock.now()
    )
    return redirect("public:centre_reports")
