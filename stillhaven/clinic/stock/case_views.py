"""A difference, from the count that found it to its end: window, people with access, steps, loss report, closing by two."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.stock import cases, counting, forms, queries
from stillhaven.clinic.stock.models import CaseStep, LossReport, StockCase, StockLine, Vial
from stillhaven.clinic.stock.views import done, opened, page, read, seen


@require_GET
@page("stock.view")
def cases_page(request: HttpRequest, site: Site) -> HttpResponse:
    """Every case, the open ones first."""
    opened(request, site, "stock: cases")
    rows = queries.cases(site.pk)
    return render(request, "stock/cases.html", {
        "site": site, "open": [r for r in rows if not r["closed"]], "closed": [r for r in rows if r["closed"]],
        "rule": queries.numbers().rule("discrepancy"),
    })  # fmt: skip


@require_GET
@page("stock.view")
def case(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """One case."""
    found = queries.case_or_404(request.user, uid)
    opened(request, site, "stock: case")
    steps = list(CaseStep.objects.filter(case=found).order_by("seq"))
    closed = next((s for s in steps if s.kind == "closed"), None)
    lines = StockLine.objects.filter(vial_id__in=found.vials, happened_at__lte=found.window_to).select_related("vial")
    if found.window_from is not None:
        lines = lines.filter(happened_at__gte=found.window_from)
    report = LossReport.objects.current().filter(case=found).first()
    may = roles.may(request.user, "stock.discrepancy") and closed is None
    old = {"values": report.values, "significant": report.significant, "factors": report.factors} if report else None
    numbers = queries.numbers()
    return render(request, "stock/case.html", {
        "case": found, "steps": [{"step": s, "words": _words(s)} for s in steps], "closed": closed, "report": report,
        "lines": [forms.line_row(x) for x in lines.order_by("line_no")],
        "vials": list(Vial.objects.filter(uid__in=found.vials).order_by("code")),
        "step_form": forms.step(request, found) if may else None, "close_form": forms.close(request, found) if may else None,
        "loss_form": forms.loss(request, found, site, old) if roles.may(request.user, "stock.report") else None,
        "may_recount": closed is None and roles.may(request.user, "stock.count"),
        "rules": [numbers.rule(k) for k in ("notice", "form_106", "significant", "breakage")],
    })  # fmt: skip


def _words(step: CaseStep) -> str:
    if step.kind == "closed":
        return f"Closed. {cases.ENDINGS.get(step.value.get('ending', ''), '')}"
    return cases.STEPS.get(step.kind, "Counted again")


@require_POST
@page("stock.discrepancy")
def step(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """Write something down in a case."""
    sent, found = read(request), queries.case_or_404(request.user, uid)
    value: dict[str, Any] = {"reference": sent.text("reference").strip()} if sent.text("reference").strip() else {}
    cases.add_step(found, sent.text("kind"), sent.text("text"), by=sent.by, at=sent.at, uid=sent.uid, value=value)
    return done(request, sent, "stock:case", uid)


@require_POST
@page("stock.count")
def recount(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """Two people count the case's vials once more."""
    sent, found = read(request), queries.case_or_404(request.user, uid)
    made = counting.open_count(site, "recount", by=sent.by, at=sent.at, uid=sent.uid, case=found)
    return redirect("stock:count", made.uid)


@require_POST
@page("stock.discrepancy")
def close(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """Closed, by two."""
    sent, found = read(request), queries.case_or_404(request.user, uid)
    queries.answer_repeat(CaseStep, sent.uid, by=sent.by, case_id=found.uid)
    cases.close(
        found, sent.text("ending"), sent.text("text"), missing=sent.lists.get("missing", []), by=sent.by,
        witness=seen(request, sent), at=sent.at, uid=sent.uid,
    )  # fmt: skip
    return done(request, sent, "stock:case", uid)


@require_POST
@page("stock.report")
def loss(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """Keep a version of the loss report's data."""
    sent = read(request)
    found: StockCase = queries.case_or_404(request.user, uid)
    significant = {"yes": True, "no": False}.get(sent.text("significant"))
    values = {name.removeprefix("f_"): value for name, value in sent.body.items() if name.startswith("f_")}
    cases.report_loss(found, site, values, significant=significant, factors=sent.text("factors"), by=sent.by, at=sent.at,
                      uid=sent.uid)  # fmt: skip
    return done(request, sent, "stock:case", uid)
