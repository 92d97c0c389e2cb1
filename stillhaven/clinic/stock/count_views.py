"""Counting, by two people who do not see each other's numbers, nor the book's, until both are in."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.stock import counting, forms, queries
from stillhaven.clinic.stock.models import CountResult, CountSheet, StockCase, StockCount
from stillhaven.clinic.stock.views import done, opened, page, read
from stillhaven.science.stock import NONE


@require_http_methods(["GET", "POST"])
@page("stock.view")
def counts(request: HttpRequest, site: Site) -> HttpResponse:
    """Open a count, or go on with an open one; the last finished ones."""
    if request.method == "POST":
        sent = read(request)
        made = counting.open_count(site, sent.text("kind"), by=sent.by, at=sent.at, uid=sent.uid)
        return redirect("stock:count", made.uid)
    opened(request, site, "stock: counts")
    results = CountResult.objects.filter(site=site.pk).select_related("count").order_by("-seq")[:20]
    return render(request, "stock/counts.html", {
        "site": site, "open": [_open_row(c) for c in queries.open_counts(site.pk)],
        "results": [{"result": r, "words": counting.KINDS.get(r.count.kind, r.count.kind)} for r in results],
        "form": forms.open_count(request) if roles.may(request.user, "stock.count") else None,
    })  # fmt: skip


def _open_row(count: StockCount) -> dict[str, object]:
    return {
        "count": count, "words": counting.KINDS.get(count.kind, count.kind), "stale": counting.is_stale(count),
        "sheets": counting.good_sheets(count),
    }  # fmt: skip


@require_GET
@page("stock.view")
def count(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """One count: enter one's own numbers; once both are in and agree, beside the book."""
    found = queries.count_or_404(request.user, uid)
    opened(request, site, "stock: count")
    result = CountResult.objects.filter(count=found).first()
    sheets, me = counting.good_sheets(found), request.user.pk
    mine = next((s for s in sheets if s.by_id == me), None)
    differ = []
    if result is None and len(sheets) >= 2:
        a, b = counting.numbers_of(sheets[-2]), counting.numbers_of(sheets[-1])
        differ = [row["label"] for row in found.groups if a.get(row["key"], NONE) != b.get(row["key"], NONE)]
    stale = result is None and counting.is_stale(found)
    ask = result is None and not stale and (mine is None or bool(differ)) and roles.may(request.user, "stock.count")
    opened_cases = list(StockCase.objects.filter(count_uid=found.uid)) if result else []
    return render(request, "stock/count.html", {
        "count": found, "words": counting.KINDS.get(found.kind, found.kind), "result": result,
        "sheets": sheets, "mine": mine,
        "differ": differ, "stale": stale, "form": forms.sheet(request, found) if ask else None, "cases": opened_cases,
    })  # fmt: skip


@require_POST
@page("stock.count")
def enter(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """One person's numbers."""
    sent, found = read(request), queries.count_or_404(request.user, uid)
    queries.answer_repeat(CountSheet, sent.uid, by=sent.by, count_id=found.uid)
    counting.enter(found, sent.body, by=sent.by, at=sent.at, uid=sent.uid)
    return done(request, sent, "stock:count", uid)
