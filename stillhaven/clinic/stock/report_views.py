"""Papers of the safe: the ledger and its proof, a period on paper, what expires, what leaves, the inventory."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.pdf import answer
from stillhaven.clinic.record.pdf import render as typeset
from stillhaven.clinic.stock import actions, cases, forms, queries
from stillhaven.clinic.stock.models import CountResult, Inventory, LossReport, Shipment, StockLine, Vial
from stillhaven.clinic.stock.views import done, opened, page, read, seen
from stillhaven.science import stock as rules
from stillhaven.science.errors import BadInput
from stillhaven.science.stock import NONE, Kind

_PAGE = 100
_PROVED_AT_ONCE = 500  # lines; a longer ledger is proved whole when somebody asks for it


@require_GET
@page("stock.view")
def reports(request: HttpRequest, site: Site) -> HttpResponse:
    """What can be printed, what is due, and the rules it rests on."""
    opened(request, site, "stock: reports")
    now, numbers = clock.now(), queries.numbers()
    today = queries.today(site, now)
    last = queries.last_inventory(site.pk)
    due = rules.inventory_due(last.taken_on, numbers.inventory_months) if last else None
    may = roles.may(request.user, "stock.report")
    return render(request, "stock/reports.html", {
        "site": site, "from": today.replace(day=1), "to": today, "inventory": last, "due": due,
        "overdue": due is not None and due < today,
        "inventories": Inventory.objects.filter(site=site.pk).order_by("-seq")[:10],
        "losses": LossReport.objects.current().filter(site=site.pk).select_related("case").order_by("-seq"),
        "shipments": Shipment.objects.filter(site=site.pk).order_by("-seq")[:10], "now": now,
        "rules": numbers.rules.values(),
        "inventory_form": forms.inventory(request, site, now) if may else None, "numbers": numbers,
    })  # fmt: skip


@require_GET
@page("stock.view")
def ledger(request: HttpRequest, site: Site) -> HttpResponse:
    """The ledger, newest first, with its proof walked anew: of all lines, or where they are very many, of those shown."""
    opened(request, site, "stock: ledger")
    before = request.GET.get("before", "")
    lines = StockLine.objects.filter(site=site.pk).select_related("vial").order_by("-line_no")
    if before.isdecimal():
        lines = lines.filter(line_no__lt=int(before[:15]))
    shown, end = list(lines[: _PAGE + 1]), queries.last_line(site.pk)
    whole = end[0] <= _PROVED_AT_ONCE or request.GET.get("proof") == "all"
    return render(request, "stock/ledger.html", {
        "site": site, "lines": [forms.line_row(x) for x in shown[:_PAGE]], "end": end, "whole": whole,
        "broken": queries.verify_ledger(site.pk) if whole else queries.verify_lines(site.pk, shown[:_PAGE][::-1]),
        "sums": queries.check_balances(site.pk) if whole else (),
        "older": shown[_PAGE - 1].line_no if len(shown) > _PAGE else None,
    })  # fmt: skip


def period(request: HttpRequest, site: Site) -> tuple[date, date]:
    """The days asked for, the last one counted in.  BadInput where they cannot be read."""
    asked = {name: str(request.GET.get(name, "")) for name in ("from", "to")}
    start, end = forms.read_day(asked, "from"), forms.read_day(asked, "to")
    if end < start:
        raise BadInput("to", "lies before the first day")
    if (end - start).days > 800:
        raise BadInput("to", "is more than two years after the first day: print it in parts")
    return start, end


@require_GET
@page("stock.view")
def period_pdf(request: HttpRequest, site: Site) -> HttpResponse:
    """The reconciliation of a period on paper."""
    start, end = period(request, site)
    opened(request, site, "stock: reconciliation, PDF")
    data = reconciliation(
        site, start, end, clock.now(), by=str(request.user), patients=roles.may(request.user, "chart.view")
    )
    return answer(typeset("stock", "period", data), f"stock-{start}-{end}")


def reconciliation(site: Site, start: date, end: date, now: datetime, *, by: str, patients: bool) -> dict[str, Any]:
    """Opening stock, every line, closing stock, and whether it all adds up, by product and lot."""
    zone = ZoneInfo(site.zone)
    first = datetime.combine(start, time(), zone)
    last = datetime.combine(end + timedelta(days=1), time(), zone)
    lines = queries.lines_page(site.pk, first, last)
    before, after = queries.held_at(site.pk, first), queries.held_at(site.pk, last)
    vials = {v.uid: v for v in Vial.objects.filter(uid__in={*before, *after})}
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    keys = (
        "opening",
        "received",
        "drawn",
        "returned",
        "wasted_vial",
        "left",
        "adjusted",
        "closing",
        "given",
        "wasted_drawn",
    )
    for uid, vial in vials.items():
        row = groups.setdefault(
            (vial.product, vial.lot), {"strength": vial.concentration_mg_per_ml} | dict.fromkeys(keys, NONE)
        )
        row["opening"] += before.get(uid, NONE)
        row["closing"] += after.get(uid, NONE)
    for line in lines:
        row = groups[(line.vial.product, line.vial.lot)]
        name = _COLUMN.get(line.kind)
        if line.kind == Kind.WASTED.value:
            name = "wasted_vial" if line.vial_change_mg else "wasted_drawn"
        if name is not None:
            signed = line.vial_change_mg if line.kind == Kind.ADJUSTED.value else line.mg
            row[name] += -line.mg if line.kind == Kind.GIVEN_LESS.value else signed
    rows = []
    for (product, lot), row in sorted(groups.items()):
        should = (
            row["opening"]
            + row["received"]
            + row["returned"]
            + row["adjusted"]
            - row["drawn"]
            - row["wasted_vial"]
            - row["left"]
        )
        strength = row.pop("strength")
        told = {k: f"{row[k]:.2f}" for k in keys} | {
            f"{k}_ml": forms.plain(rules.ml_of(row[k], strength)) for k in keys
        }
        rows.append(
            told
            | {
                "product": product,
                "lot": lot,
                "off": f"{row['closing'] - should:.2f}",
                "holds": row["closing"] == should,
            }
        )
    names = dict(Patient.objects.filter(site=site).values_list("pk", "external_id")) if patients else {}
    number, end_hash = queries.last_line(site.pk)
    broken = queries.verify_ledger(site.pk)
    return {
        "site": site.name, "zone": site.zone, "from": start.isoformat(), "to": end.isoformat(), "by": by,
        "made": now.astimezone(zone).strftime("%Y-%m-%d %H:%M"), "rows": rows,
        "lines": [_printed(x, zone, names.get(x.patient or 0, "")) for x in lines],
        "open": [{"mg": f"{r['mg']:.2f}", "ml": forms.plain(r["ml"]), "vial": r["vial"].code, "by": r["by"],
                  "since": r["since"].astimezone(zone).strftime("%Y-%m-%d %H:%M")} for r in queries.open_draws(site.pk)],
        "cases": [{"label": c.label, "mg": f"{c.difference_mg:.2f}",
                   "at": c.happened_at.astimezone(zone).strftime("%Y-%m-%d")}
                  for c in queries.open_cases(site.pk)],
        "hash": end_hash, "number": number, "whole": not broken, "broken": [f"line {b.number}: {b.what}" for b in broken],
        "keep": f"{queries.numbers().keep_months // 12} years",
    }  # fmt: skip


_COLUMN = {
    "received": "received", "drawn": "drawn", "returned": "returned", "sent_off": "left", "destroyed": "left",
    "adjusted": "adjusted", "given": "given", "given_less": "given",
}  # fmt: skip


def _printed(line: StockLine, zone: ZoneInfo, patient: str) -> dict[str, str]:
    row = forms.line_row(line)
    return {
        "n": str(line.line_no), "at": line.happened_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), "what": row["words"],
        "vial": f"{row['code']}, {row['lot']}", "mg": row["sign"] + row["mg"], "ml": row["sign"] + row["ml"],
        "balance": f"{row['balance_mg']} mg / {row['balance_ml']} mL",
        "who": ", ".join(filter(None, (row["by"], row["witness"]))),
        "patient": patient, "hash": line.line[:12],
    }  # fmt: skip


# ---------------------------------------------------------------- what leaves
@require_GET
@page("stock.view")
def expiring(request: HttpRequest, site: Site) -> HttpResponse:
    """What is beyond its date, what will be soon, and the form with which it leaves."""
    opened(request, site, "stock: expiry")
    today, locked = queries.today(site, clock.now()), queries.held_by_cases(site.pk)
    rows = sorted(
        (forms.vial_row(v, today, locked) for v in queries.vials_here(site.pk)), key=lambda r: r["vial"].expires
    )
    numbers = queries.numbers()
    return render(request, "stock/expiring.html", {
        "site": site, "rows": [r for r in rows if r["state"] != "good"], "all": rows, "soon_days": numbers.soon_days,
        "form": forms.ship(request, rows) if rows and roles.may(request.user, "stock.report") else None,
        "rules": [numbers.rule("expired_stock"), numbers.rule("wastage_form")],
        "shipments": Shipment.objects.filter(site=site.pk).order_by("-seq")[:10],
    })  # fmt: skip


@require_POST
@page("stock.report")
def ship(request: HttpRequest, site: Site) -> HttpResponse:
    """Unused stock left."""
    sent = read(request)
    queries.answer_repeat(Shipment, sent.uid, by=sent.by)
    try:
        wanted = [UUID(text) for text in sent.lists.get("vials", [])]
    except ValueError:
        raise BadInput("vials", "are not vials of this clinic") from None
    vials = list(Vial.objects.filter(site=site, uid__in=wanted).order_by("code"))
    if len(vials) != len(set(wanted)):
        raise BadInput("vials", "are not vials of this clinic")
    actions.ship(
        vials, kind=sent.text("kind"), receiver=sent.text("receiver"), receiver_dea=sent.text("receiver_dea"),
        carrier=sent.text("carrier"), form_number=sent.text("form_number"), note=sent.text("note"), by=sent.by,
        witness=seen(request, sent), at=sent.at, uid=sent.uid,
    )  # fmt: skip
    return done(request, sent, "stock:expiring")


# ---------------------------------------------------------------- inventory
@require_http_methods(["POST"])
@page("stock.report")
def inventory(request: HttpRequest, site: Site) -> HttpResponse:
    """Sign an inventory."""
    sent = read(request)
    queries.answer_repeat(Inventory, sent.uid, by=sent.by)
    asked, result = sent.text("result"), None
    if asked:
        result = next((r for r in CountResult.objects.filter(site=site.pk) if str(r.uid) == asked), None)
        if result is None:
            raise BadInput("result", "is not a count of this clinic")
    taken_on = forms.read_day(sent.body, "taken_on")
    if taken_on > queries.today(site, sent.at):
        raise BadInput("taken_on", "lies in the future")
    factor = confirm_factor(request, sent.text("code"))
    made = cases.take_inventory(
        site, kind=sent.text("kind"), taken_on=taken_on, at_the=sent.text("at_the"), result=result, by=sent.by,
        second_factor=factor, at=sent.at, uid=sent.uid,
    )  # fmt: skip
    return redirect("stock:inventory_page", made.uid)


@require_GET
@page("stock.view")
def inventory_page(request: HttpRequest, site: Site, uid: UUID) -> HttpResponse:
    """One signed inventory, to be printed and kept."""
    found = Inventory.objects.filter(uid=uid, site__in=request.user.site_ids).select_related("result").first()  # type: ignore[union-attr]
    if found is None:
        raise Http404
    return render(request, "stock/inventory.html", {"inventory": found, "site": Site.objects.get(pk=found.site)})
