"""The forms of the safe, and a ledger line as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people import witness
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.stock import cases, counting, queries
from stillhaven.clinic.stock.models import SAFE, StockCase, StockCount, StockLine, Vial
from stillhaven.reference import load as reference
from stillhaven.science import stock as rules
from stillhaven.science.errors import BadInput

WORDS = {
    "received": "Received", "issued": "Taken out", "stored": "Back in the safe", "drawn": "Drawn up", "given": "Given",
    "given_less": "Given less, after a correction", "wasted": "Wasted", "returned": "Put back unused",
    "sent_off": "Sent to a reverse distributor", "destroyed": "Destroyed on site", "counted": "Counted",
    "adjusted": "Book set to the count",
}  # fmt: skip
_PREPARATION = "Preparation room"
DRUGS = {"ketamine": "Racemic ketamine", "s_ketamine": "S-ketamine", "esketamine": "Esketamine"}


def line_row(line: StockLine) -> dict[str, Any]:
    """One ledger line in words and both units."""
    vial = line.vial
    more = "; ".join(f"{k.replace('_', ' ')}: {v}" for k, v in line.detail.items() if v)
    sign = "−" if line.vial_change_mg < 0 else "+" if line.vial_change_mg > 0 else ""
    return {
        "uid": line.uid, "number": line.line_no, "at": line.happened_at, "kind": line.kind,
        "words": WORDS.get(line.kind, line.kind), "vial_uid": vial.uid, "code": vial.code, "lot": vial.lot,
        "expires": vial.expires, "mg": f"{line.mg:.2f}", "ml": plain(line.ml), "sign": sign,
        "balance_mg": f"{line.balance_mg:.2f}", "balance_ml": plain(line.balance_ml), "by": line.by_name,
        "witness": line.witness_name, "how": line.witness_how, "place": line.place, "note": line.note, "more": more,
        "session": str(line.session_uid or ""), "hash": line.line, "before": line.prev_line,
        "counted": "" if line.counted_mg is None else f"{line.counted_mg:.2f}",
    }  # fmt: skip


def plain(value: Decimal) -> str:
    """A decimal without trailing zeros.

    >>> plain(Decimal("9.1800")), plain(Decimal("10.0000"))
    ('9.18', '10')
    """
    return f"{value.normalize():f}"


def vial_row(vial: Vial, today: date, locked: dict[str, StockCase]) -> dict[str, Any]:
    """One vial at a glance."""
    state = rules.expiry_state(vial.expires, today, queries.numbers().soon_days)
    return {
        "vial": vial, "mg": f"{vial.mg:.2f}", "ml": plain(vial.ml), "state": state.value,
        "days": (vial.expires - today).days, "case": locked.get(str(vial.uid)), "full": vial.sealed,
        "place": place_words(vial.place),
    }  # fmt: skip


def place_words(place: str) -> str:
    return _("Safe") if place == SAFE else place


def places(site: Site) -> tuple[tuple[str, str], ...]:
    """Where a vial can be: the safe, the preparation room, and every place that was named before."""
    used = StockLine.objects.filter(site=site.pk).order_by().values_list("place", flat=True).distinct()
    fixed = {SAFE: _("The safe"), _PREPARATION: _("Preparation room")}
    return (*fixed.items(), *((p, p) for p in sorted(used) if p not in fixed and p != "gone"))


def waste_asks(mg: Decimal, ml: str) -> tuple[Ask, ...]:
    """What is asked of a waste: both units, how, why."""
    numbers = queries.numbers()
    return (
        Ask(name="mg", label=_("Wasted"), kind="number", unit="mg", value=f"{mg:.2f}" if mg else ""),
        Ask(name="seen_ml", label=_("As it was thrown away"), kind="number", unit="mL", value=ml),
        Ask(name="returned_mg", label=_("Put back unused, closed"), kind="number", unit="mg",
            help=_("A device that stayed closed, or a sealed syringe that never left your hands. Leave empty if none.")),
        Ask(name="method", label=_("How"), kind="select", options=_same(numbers.waste_methods)),
        Ask(name="why", label=_("Why"), kind="select", options=_same(numbers.waste_reasons)),
        Ask(name="note", label=_("Note")),
    )  # fmt: skip


def _same(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((t, t) for t in texts)


# ---------------------------------------------------------------- receive
def products() -> dict[str, Any]:
    """Every product the reference knows, by key."""
    return {p.key: p for facts in reference.current().drugs.values() for p in facts.products}


def receive(request: HttpRequest, site: Site, now: datetime) -> Form:
    """Goods came in."""
    options = [("", _("Choose the product"))]
    options += [(key, f"{DRUGS.get(p.drug.value, p.drug.value)} · {p.name}") for key, p in products().items()]
    asks = (
        Ask(name="product", label=_("Product"), kind="select", options=tuple(options),
            help=_("Drug, strength and volume come with it. 10, 50 and 100 mg/mL differ tenfold: read the label.")),
        Ask(name="label_mg_per_ml", label=_("Strength on the label"), kind="number", unit="mg/mL",
            help=_("Typed again from the label; a device has none: leave it empty.")),
        Ask(name="vials", label=_("Vials or devices, counted by both"), kind="number"),
        Ask(name="lot", label=_("Lot")),
        Ask(name="expires", label=_("Expires"), kind="date", help=_("A month alone means its last day.")),
        Ask(name="supplier", label=_("Supplier")),
        Ask(name="supplier_address", label=_("Supplier's address")),
        Ask(name="supplier_dea", label=_("Supplier's DEA number")),
        Ask(name="invoice", label=_("Invoice number")),
        Ask(name="received_on", label=_("Day it really came"), kind="date", value=queries.today(site, now).isoformat()),
        Ask(name="note", label=_("What differed from the papers, if anything")),
        *witness.asks(request, "stock.witness"),
    )  # fmt: skip
    return form(request, "receive", reverse("stock:receive"), _("Put it into the safe"), *asks)


def read_received(typed: dict[str, str]) -> dict[str, Any]:
    """A delivery from what was typed.  The label's strength must be the product's: two readings of one number."""
    product = products().get(typed.get("product", ""))
    if product is None:
        raise BadInput("product", "choose the product")
    volume = Decimal(str(product.volume_ml))
    if product.is_device or product.mg_per_ml is None:
        strength = Decimal(str(product.content_mg)) / volume
    else:
        strength = Decimal(str(product.mg_per_ml))
        if not typed.get("label_mg_per_ml", "").strip():
            raise BadInput("label_mg_per_ml", "read the strength off the label and type it")
        if rules.strength(typed["label_mg_per_ml"], "label_mg_per_ml") != strength:
            raise BadInput("label_mg_per_ml", f"is not that of the chosen product, {plain(strength)} mg/mL: look again")
    if not typed.get("vials", "").strip().isdecimal():
        raise BadInput("vials", "write how many, as a whole number")
    return {
        "drug": product.drug.value, "product": product.name, "mg_per_ml": strength, "volume_ml": volume,
        "is_device": product.is_device, "ndc": ", ".join(product.ndc)[:40], "vials": int(typed["vials"]),
        "lot": typed.get("lot", ""), "expires": read_day(typed, "expires"), "supplier": typed.get("supplier", ""),
        "supplier_address": typed.get("supplier_address", ""), "supplier_dea": typed.get("supplier_dea", ""),
        "invoice": typed.get("invoice", ""), "received_on": read_day(typed, "received_on"), "note": typed.get("note", ""),
    }  # fmt: skip


def read_day(typed: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(typed.get(name, "").strip())
    except ValueError:
        raise BadInput(name, "write a date as 2026-11-21") from None


# ---------------------------------------------------------------- one vial
def move(request: HttpRequest, vial: Vial) -> Form:
    """Take a vial to a room, or bring it back."""
    options = tuple((key, words) for key, words in places(vial.site) if key != vial.place)
    asks = (
        Ask(name="place", label=_("Where it goes"), kind="select", options=options),
        Ask(name="note", label=_("Note")),
    )
    return form(request, "move", reverse("stock:move", args=[vial.uid]), _("It is there now"), *asks, look="")


def waste(request: HttpRequest, vial: Vial) -> Form:
    """Waste the rest of an opened vial."""
    numbers = queries.numbers()
    asks = (
        Ask(name="ml", label=_("Wasted"), kind="number", unit="mL", value=plain(vial.ml),
            help=_("All of it is %(mg)s mg.") % {"mg": vial.mg}),
        Ask(name="method", label=_("How"), kind="select", options=_same(numbers.waste_methods)),
        Ask(name="why", label=_("Why"), kind="select", options=_same(numbers.waste_reasons), value=numbers.waste_reasons[1]),
        Ask(name="note", label=_("Note")),
        *witness.asks(request, "stock.witness"),
    )  # fmt: skip
    return form(request, "waste", reverse("stock:waste", args=[vial.uid]), _("Wasted, and seen by both"), *asks,
                look="button-firm")  # fmt: skip


# ---------------------------------------------------------------- counts
def open_count(request: HttpRequest) -> Form:
    options = tuple((k, words) for k, words in counting.KINDS.items() if k != "recount")
    ask = Ask(name="kind", label=_("Which count"), kind="choice", options=options)
    return form(request, "open-count", reverse("stock:counts"), _("Open the count"), ask)


def sheet(request: HttpRequest, count: StockCount) -> Form:
    """One number for each line of the count; what the book says is nowhere on this page."""
    asks = tuple(
        Ask(name=row["key"], label=row["label"], kind="number", unit=row["unit"],
            help="" if row["sealed"] else _("Read off the vial, as exactly as you can."))
        for row in count.groups
    )  # fmt: skip
    return form(request, "sheet", reverse("stock:enter", args=[count.uid]), _("This is what I counted"), *asks,
                about=_("Count for yourself, and do not look at your colleague's paper."))  # fmt: skip


# ---------------------------------------------------------------- cases
def step(request: HttpRequest, case: StockCase) -> Form:
    asks = (
        Ask(name="kind", label=_("What you write down"), kind="choice", options=tuple(cases.STEPS.items())),
        Ask(name="text", label=_("In your words"), kind="long"),
        Ask(name="reference", label=_("Reference number, if there is one")),
    )
    return form(request, "step", reverse("stock:step", args=[case.uid]), _("Write it down"), *asks)


def close(request: HttpRequest, case: StockCase) -> Form:
    vials = Vial.objects.filter(uid__in=case.vials, mg__gt=0).order_by("code")
    asks = [Ask(name="ending", label=_("How it ends"), kind="choice", options=tuple(cases.ENDINGS.items()))]
    if case.unit != "mL" and case.counted < case.expected:
        asks.append(Ask(name="missing", label=_("Which are missing, by their labels"), kind="ticks",
                        options=tuple((str(v.uid), v.code) for v in vials)))  # fmt: skip
    asks += [Ask(name="text", label=_("What it was"), kind="long"), *witness.asks(request, "stock.witness")]
    return form(
        request, "close", reverse("stock:close", args=[case.uid]), _("Close it, both of us"), *asks, look="button-firm"
    )


def loss(request: HttpRequest, case: StockCase, site: Site, old: dict[str, Any] | None) -> Form:
    """The fields of the loss report, filled in as far as the clinic's data goes."""
    values = (old or {}).get("values") or cases.prefilled(case, site)
    yes_no = (("yes", _("Significant")), ("no", _("Not significant")), ("", _("Not decided yet")))
    known = {True: "yes", False: "no"}.get((old or {}).get("significant"), "")  # type: ignore[arg-type]
    asks = [
        Ask(name="significant", label=_("Is the loss significant? That is the registrant's own judgement."), kind="choice",
            options=yes_no, value=known),
        Ask(name="factors", label=_("Because"), kind="long", value=(old or {}).get("factors", ""),
            help=_("How much, whether it is a pattern, who had access, what was found out.")),
    ]  # fmt: skip
    for field in queries.numbers().loss_fields:
        kind = "select" if field.options else "long" if field.long else "text"
        options = (("", _("Choose")), *_same(field.options)) if field.options else ()
        asks.append(Ask(name=f"f_{field.key}", label=field.label, kind=kind, options=options, help=field.help,
                        value=values.get(field.key, "")))  # fmt: skip
    return form(request, "loss", reverse("stock:loss", args=[case.uid]), _("Keep this version"), *asks)


# ---------------------------------------------------------------- expiry, inventory, period
def ship(request: HttpRequest, rows: Sequence[dict[str, Any]]) -> Form:
    """Unused stock leaves."""
    options = tuple(
        (str(r["vial"].uid), f"{r['vial'].code} · lot {r['vial'].lot} · exp {r['vial'].expires:%Y-%m-%d} · "
         f"{r['mg']} mg / {r['ml']} mL")
        for r in rows
    )  # fmt: skip
    gone = [str(r["vial"].uid) for r in rows if r["state"] == "expired"]
    kinds = (("sent_off", _("To a reverse distributor")), ("destroyed", _("Destroyed here, with DEA Form 41")))
    asks = (
        Ask(name="vials", label=_("Vials that leave"), kind="ticks", options=options, value=gone),
        Ask(name="kind", label=_("Where they go"), kind="choice", options=kinds),
        Ask(name="receiver", label=_("Distributor, or how it was destroyed")),
        Ask(name="receiver_dea", label=_("Distributor's DEA number")),
        Ask(name="carrier", label=_("Carrier")),
        Ask(name="form_number", label=_("Number of the form or shipment")),
        Ask(name="note", label=_("Note")),
        *witness.asks(request, "stock.witness"),
    )
    return form(request, "ship", reverse("stock:ship"), _("They have left, and both saw it"), *asks, look="button-firm")


def inventory(request: HttpRequest, site: Site, now: datetime) -> Form:
    """Sign an inventory that rests on a finished count."""
    from stillhaven.clinic.stock.models import CountResult

    results = CountResult.objects.filter(site=site.pk, agreed=True).select_related("count").order_by("-seq")[:5]
    options = (
        [("", _("No stock: nothing was counted"))]
        if not queries.keeps_stock(site.pk)
        else [("", _("Choose the count"))]
    )
    options += [(str(r.uid), f"{counting.KINDS.get(r.count.kind, r.count.kind)}, {r.happened_at:%Y-%m-%d %H:%M} UTC, "
                 f"{r.first_name} and {r.second_name}") for r in results]  # fmt: skip
    first = queries.last_inventory(site.pk) is None
    asks = (
        Ask(name="kind", label=_("Which inventory"), kind="choice", value="initial" if first else "biennial",
            options=(("initial", _("Initial")), ("biennial", _("Two-yearly")), ("other", _("Another")))),
        Ask(name="taken_on", label=_("Taken on"), kind="date", value=queries.today(site, now).isoformat()),
        Ask(name="at_the", label=_("At the"), kind="choice",
            options=(("opening", _("opening of business")), ("closing", _("close of business")))),
        Ask(name="result", label=_("The count it rests on"), kind="select", options=tuple(options)),
        Ask(name="code", label=_("Your second factor's code"), kind="code"),
    )  # fmt: skip
    return form(request, "inventory", reverse("stock:inventory"), _("Sign the inventory"), *asks, look="button-firm")
