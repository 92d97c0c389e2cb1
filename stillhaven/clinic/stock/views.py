"""The safe at a glance, what comes in, and one vial's life line by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import roles, witness
from stillhaven.clinic.people.asking import problem_of
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.stock import actions, forms, queries
from stillhaven.clinic.stock.models import Receipt, StockLine
from stillhaven.science import stock as rules
from stillhaven.science.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One form of the safe as it came in."""

    by: Any
    at: datetime
    uid: UUID | None
    body: dict[str, str]
    lists: dict[str, list[str]]

    def text(self, name: str) -> str:
        return self.body.get(name, "")


def read(request: HttpRequest) -> Sent:
    """The fields of a form.  BadInput for a uid that is none."""
    try:
        uid = UUID(request.POST["uid"]) if request.POST.get("uid") else None
    except ValueError:
        raise BadInput("uid", "is not a uid") from None
    lists = {key: [str(v) for v in values] for key, values in request.POST.lists()}
    body = {key: values[-1] for key, values in lists.items() if values}
    return Sent(by=request.user, at=clock.now(), uid=uid, body=body, lists=lists)


def seen(request: HttpRequest, sent: Sent) -> witness.Witness:
    """The second person, once they have proved who they are."""
    return witness.confirm(request, sent.text("witness"), sent.text("witness_code"), "stock.witness")


def done(request: HttpRequest, sent: Sent, name: str, *args: Any) -> HttpResponse:
    """It is written: JSON for a program, else the page that the form names, else a page of this room."""
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"ok": True, "uid": str(sent.uid) if sent.uid else None})
    back = sent.text("go")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect(name, *args)


def opened(request: HttpRequest, site: Site, what: str) -> None:
    """Note that somebody looked into the safe's books; the same look within a minute is one."""
    if problem_of(request) is not None:
        return
    user: Any = request.user
    since = clock.now() - timedelta(seconds=60)
    if not Access.objects.filter(by_id=user.pk, what=what, refused=False, happened_at__gt=since).exists():
        record.log_access(
            by=user, what=what, site=site.pk, path=request.path, address=request.META.get("REMOTE_ADDR", "")
        )


def page(action: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page of the safe: signed in, not locked, of a role that may; the site is worked out once."""

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @staff_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            roles.require(request.user, action)
            site = queries.site_of(request.user, request.GET.get("site"))
            return view(request, site, *args, **kwargs)

        return guarded

    return wrap


# ---------------------------------------------------------------- the safe
@require_GET
@page("stock.view")
def safe(request: HttpRequest, site: Site) -> HttpResponse:
    """Every vial that holds something, where it is, what expires, what is open."""
    opened(request, site, "stock: safe")
    now = clock.now()
    today, locked = queries.today(site, now), queries.held_by_cases(site.pk)
    vials = queries.vials_here(site.pk)
    rows = [forms.vial_row(v, today, locked) for v in vials]
    shelves = []
    for (drug, product), own in groupby(
        sorted(rows, key=lambda r: (r["vial"].drug, r["vial"].product)),
        key=lambda r: (r["vial"].drug, r["vial"].product),
    ):
        mine = list(own)
        shelves.append({
            "drug": forms.DRUGS.get(drug, drug), "product": product, "lots": _lots(mine), "n": len(mine),
            "mg": f"{sum((r['vial'].mg for r in mine), rules.NONE):.2f}",
            "ml": forms.plain(sum((r["vial"].ml for r in mine), rules.NONE)),
        })  # fmt: skip
    last = queries.last_inventory(site.pk)
    numbers = queries.numbers()
    return render(request, "stock/safe.html", {
        "site": site, "shelves": shelves, "rows": rows, "counts": queries.open_counts(site.pk),
        "cases": queries.open_cases(site.pk), "draws": _open_draws(site), "receipts": queries.receipts(site.pk, 5),
        "expired": [r for r in rows if r["state"] == "expired"], "soon": [r for r in rows if r["state"] == "soon"],
        "may": {k: roles.may(request.user, f"stock.{k}") for k in ("receive", "count", "discrepancy", "report")}
            | {"session": roles.may(request.user, "session.view")},
        "inventory_due": rules.inventory_due(last.taken_on, numbers.inventory_months) if last else None, "inventory": last,
        "keeps": bool(vials) or queries.keeps_stock(site.pk),
    })  # fmt: skip


def _lots(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for (lot, expires), own in groupby(
        sorted(rows, key=lambda r: (r["vial"].expires, r["vial"].lot, r["vial"].code)),
        key=lambda r: (r["vial"].lot, r["vial"].expires),
    ):
        mine = list(own)
        found.append({
            "lot": lot, "expires": expires, "state": mine[0]["state"], "days": mine[0]["days"], "vials": mine,
            "closed": sum(r["full"] for r in mine), "opened": sum(not r["full"] for r in mine),
            "mg": f"{sum((r['vial'].mg for r in mine), rules.NONE):.2f}",
            "ml": forms.plain(sum((r["vial"].ml for r in mine), rules.NONE)),
        })  # fmt: skip
    return found


def _open_draws(site: Site) -> list[dict[str, Any]]:
    rows = queries.open_draws(site.pk)
    patients = {row["session_uid"]: row for row in rows}
    return [row | {"ml": forms.plain(row["ml"])} for row in patients.values()]


@require_GET
@page("stock.view")
def find(request: HttpRequest, site: Site) -> HttpResponse:
    """A code that was scanned or typed leads to its vial."""
    asked = request.GET.get("code", "").strip()
    vial = queries.find_vial(site, asked) if asked else None
    if vial is None:
        return render(request, "stock/not_found.html", {"asked": asked}, status=404)
    return redirect("stock:vial", vial.uid)


@require_http_methods(["GET", "POST"])
@page("stock.receive")
def receive(request: HttpRequest, site: Site) -> HttpResponse:
    """Goods came in."""
    if request.method == "GET":
        rule = queries.numbers().rule("receipt")
        return render(request, "stock/receive.html", {
            "site": site, "form": forms.receive(request, site, clock.now()), "rule": rule,
            "receipts": queries.receipts(site.pk, 10),
        })  # fmt: skip
    sent = read(request)
    queries.answer_repeat(Receipt, sent.uid, by=sent.by)  # a witness's code is good for once
    fields = forms.read_received(sent.body)
    actions.receive(site, by=sent.by, witness=seen(request, sent), at=sent.at, uid=sent.uid, **fields)
    return done(request, sent, "stock:safe")


# ---------------------------------------------------------------- one vial
@require_GET
@page("stock.view")
def vial(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """One vial's life, line by line, each with the hash of the line before."""
    found = queries.vial_or_404(request.user, uid)
    opened(request, found.site, "stock: vial")
    lines = list(StockLine.objects.filter(vial=found).select_related("vial").order_by("line_no"))
    balance = rules.balance(queries.as_line(x) for x in lines)
    user: Any = request.user
    names = _names(user, lines)
    rows = [forms.line_row(x) | {"patient": names.get(x.patient or 0, "")} for x in lines]
    has = found.mg > 0
    return render(request, "stock/vial.html", {
        "vial": found,
        "row": forms.vial_row(found, queries.today(found.site, clock.now()), queries.held_by_cases(found.site_id)),
        "lines": rows, "holds": balance.mg == found.mg, "out": balance.out_mg,
        "move": forms.move(request, found) if has and roles.may(user, "stock.move") else None,
        "waste": forms.waste(request, found) if has and not found.sealed and roles.may(user, "stock.waste") else None,
    })  # fmt: skip


def _names(user: Any, lines: list[StockLine]) -> dict[int, str]:
    """Patients' names for those whose role opens charts; others see that it was a session."""
    if not roles.may(user, "chart.view"):
        return {}
    wanted = {x.patient for x in lines if x.patient}
    return dict(Patient.objects.filter(pk__in=wanted, site__in=user.site_ids).values_list("pk", "name"))


@require_POST
@page("stock.move")
def move(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """Taken out of the safe, or brought back."""
    sent, found = read(request), queries.vial_or_404(request.user, uid)
    actions.move(
        [found],
        place=sent.text("other_place").strip() or sent.text("place"),
        note=sent.text("note"),
        by=sent.by,
        at=sent.at,
        uid=sent.uid,
    )
    return done(request, sent, "stock:vial", uid)


@require_POST
@page("stock.waste")
def waste(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """The rest of an opened vial."""
    sent, found = read(request), queries.vial_or_404(request.user, uid)
    queries.answer_repeat(StockLine, sent.uid, by=sent.by)
    actions.waste_vial(
        found, ml=sent.text("ml"), method=sent.text("method"), reason=sent.text("why"), note=sent.text("note"), by=sent.by,
        witness=seen(request, sent), at=sent.at, uid=sent.uid,
    )  # fmt: skip
    return done(request, sent, "stock:vial", uid)


# ---------------------------------------------------------------- labels
@require_GET
@page("stock.view")
def label(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """The label of a syringe or bag that was drawn up: printed, and stuck on it."""
    line = queries.line_or_404(request.user, uid)
    names = _names(request.user, [line])
    final = line.detail.get("final_ml", "")
    strength = ""
    if final:
        volume = rules.millilitres(final, "final_ml")
        strength = f"{(line.mg / volume).quantize(rules.ML).normalize():f}" if volume else ""
    return render(request, "stock/label.html", {
        "row": forms.line_row(line), "vial": line.vial, "drug": forms.DRUGS.get(line.vial.drug, line.vial.drug),
        "patient": names.get(line.patient or 0, ""), "final_ml": final, "strength": strength,
        "diluent": line.detail.get("diluent", ""),
    })  # fmt: skip


@require_GET
@page("stock.view")
def vial_label(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """The label of a vial itself: its code, to be scanned or read."""
    found = queries.vial_or_404(request.user, uid)
    return render(request, "stock/vial_label.html", {"vial": found, "drug": forms.DRUGS.get(found.drug, found.drug)})
