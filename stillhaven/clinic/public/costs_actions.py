"""Prices change by a new row with its days; an estimate is issued whole, with every element, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.public import costs_queries as queries
from stillhaven.clinic.public.costs_models import BillingProvider, ClinicPrice, Estimate, WayToPay
from stillhaven.clinic.record import actions as record
from stillhaven.reference._costs import costs
from stillhaven.science.costs import MOST_SESSIONS, Payer, Per, read_money, session_count, with_sessions
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.places import npi_ok
from stillhaven.science.protocol import Drug, Protocol, Route

_TIN = re.compile(r"\d{2}-?\d{7}", re.ASCII)
_CODE = re.compile(r"[A-Z0-9]{5}(-[A-Z0-9]{2})?", re.ASCII)
PERCENT = Decimal(100)


def read_day(text: str, field: str, *, needed: bool = True) -> date | None:
    """A day as a date field sends it."""
    if not text.strip() and not needed:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(field, "write the day as 2026-11-21") from None


def read_percent(text: str, field: str) -> Decimal | None:
    """A share from 0 to 100; "" is not known."""
    plain = text.strip().removesuffix("%").strip()
    if not plain:
        return None
    try:
        value = Decimal(plain) if plain.isascii() and len(plain) < 10 else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or not 0 <= value <= PERCENT:
        raise BadInput(field, "write a share from 0 to 100")
    return value


def read_count(text: str, field: str, most: int) -> int | None:
    plain = text.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) < 6 and 1 <= int(plain) <= most):
        raise BadInput(field, f"write a whole number from 1 to {most}")
    return int(plain)


def _words(typed: Mapping[str, Any], field: str, most: int, why: str = "") -> str:
    text = " ".join(str(typed.get(field) or "").split())
    if why and not text:
        raise BadInput(field, why)
    if len(text) > most:
        raise BadInput(field, f"is longer than {most} letters")
    return text


def _site(by: User, site: Site) -> None:
    if site.pk not in by.site_ids:
        raise Refused(why="this is not one of your clinics")


@transaction.atomic
def set_price(site: Site, typed: Mapping[str, Any], *, by: User, uid: UUID) -> ClinicPrice:
    """A price from a day on.  One of the same name, part, route and drug that still runs ends the day before."""
    roles.require(by, "prices.change")
    _site(by, site)
    record.lock("clinic", site.pk)
    if (known := ClinicPrice.objects.filter(uid=uid, site=site).first()) is not None:
        return known
    row = _price_row(typed)
    same = ClinicPrice.objects.select_for_update().filter(
        site=site, until__isnull=True, **{k: row[k] for k in ("title", "part", "route", "drug", "payer")}
    )
    for old in same:
        if old.since >= row["since"]:
            raise BadInput("since", f"a price of this name holds from {old.since}: choose a later day")
        old.until = row["since"] - timedelta(days=1)
        old.save(update_fields=["until"])
        record.log_change(old, {"until": None}, {"until": old.until.isoformat()}, by=by, site=site.pk)
    made = ClinicPrice.objects.create(site=site, uid=uid, **row)
    record.log_change(made, {}, {k: str(v) for k, v in row.items()}, by=by, site=site.pk)
    return made


def _price_row(typed: Mapping[str, Any]) -> dict[str, Any]:
    part = str(typed.get("part", ""))
    if part not in queries.PARTS:
        raise BadInput("part", "choose what the price is for")
    route, drug, per = str(typed.get("route", "")), str(typed.get("drug", "")), str(typed.get("per", "session"))
    if route and route not in {r.value for r in Route}:
        raise BadInput("route", "choose one of the ways")
    if drug and drug not in {d.value for d in Drug}:
        raise BadInput("drug", "choose one of the drugs")
    if per not in {p.value for p in Per}:
        raise BadInput("per", "choose for what it is paid")
    likely = read_money(str(typed.get("likely", "")), "likely")
    if likely is None:
        raise BadInput("likely", "write the price in dollars")
    low, high = read_money(str(typed.get("low", "")), "low"), read_money(str(typed.get("high", "")), "high")
    low, high = likely if low is None else low, likely if high is None else high
    if not low <= likely <= high:
        raise BadInput("likely", "must lie between the lowest and the highest")
    sessions = read_count(str(typed.get("sessions", "")), "sessions", MOST_SESSIONS)
    if (part == "package") != (sessions is not None):
        raise BadInput("sessions", "say for a package, and only there, how many sessions it holds")
    payer = str(typed.get("payer", ""))
    if payer and payer not in {p.value for p in Payer}:
        raise BadInput("payer", "choose one of the payers")
    code = _words(typed, "code", 12).upper()
    since = read_day(str(typed.get("since", "")), "since")
    if code and not _CODE.fullmatch(code):
        raise BadInput("code", "is not a billing code")
    if code and (known := costs().code(code)) is not None and since is not None and known.until and since > known.until:
        raise BadInput("code", f"{code} ended on {known.until}")
    return {
        "title": _words(typed, "title", 120, "name the price as patients will read it"),
        "part": part,
        "route": route,
        "drug": drug,
        "per": "course" if part == "package" else per,
        "sessions": sessions,
        "low_cents": low,
        "likely_cents": likely,
        "high_cents": high,
        "allowed_cents": read_money(str(typed.get("allowed", "")), "allowed"),
        "payer": payer,
        "code": code,
        "since": since,
    }


@transaction.atomic
def end_price(price: ClinicPrice, last: date, *, by: User) -> ClinicPrice:
    """A price that holds until a day."""
    roles.require(by, "prices.change")
    _site(by, price.site)
    if last < price.since:
        raise BadInput("until", f"lies before the price began, {price.since}")
    before, price.until = price.until, last
    price.save(update_fields=["until"])
    record.log_change(price, {"until": str(before)}, {"until": str(last)}, by=by, site=price.site_id)
    return price


@transaction.atomic
def set_way(site: Site, typed: Mapping[str, Any], *, by: User, uid: UUID) -> WayToPay:
    """The clinic's own terms of one way to pay, from a day on; the terms before end."""
    roles.require(by, "prices.change")
    _site(by, site)
    if (known := WayToPay.objects.filter(uid=uid, site=site).first()) is not None:
        return known
    kind = str(typed.get("kind", ""))
    if kind not in {w.key for w in costs().ways}:
        raise BadInput("kind", "choose which way it is")
    since = read_day(str(typed.get("since", "")), "since")
    row = {
        "kind": kind,
        "terms": _words(typed, "terms", 600, "write the terms as patients will read them"),
        "since": since,
        "months": read_count(str(typed.get("months", "")), "months", 120),
        "percent_off": read_percent(str(typed.get("percent_off", "")), "percent_off"),
    }
    made = WayToPay.objects.create(site=site, uid=uid, **row)
    record.log_change(made, {}, {k: str(v) for k, v in row.items()}, by=by, site=site.pk)
    return made


@transaction.atomic
def set_provider(site: Site, typed: Mapping[str, Any], *, by: User, uid: UUID) -> BillingProvider:
    """Who bills: name, NPI, tax number, address, state."""
    roles.require(by, "prices.change")
    _site(by, site)
    if (known := BillingProvider.objects.filter(uid=uid, site=site).first()) is not None:
        return known
    npi, tin, state = (_words(typed, k, 12).upper() for k in ("npi", "tin", "state"))
    if not npi_ok(npi):
        raise BadInput("npi", "is not a National Provider Identifier: ten digits with a check digit")
    if not _TIN.fullmatch(tin):
        raise BadInput("tin", "write nine digits, such as 12-3456789")
    if not re.fullmatch(r"[A-Z]{2}", state):
        raise BadInput("state", "write two letters, such as CA")
    row = {
        "name": _words(typed, "name", 120, "write the name"),
        "npi": npi,
        "tin": tin,
        "state": state,
        "address": _words(typed, "address", 200, "write the address"),
    }
    made = BillingProvider.objects.create(site=site, uid=uid, **row)
    record.log_change(made, {}, row, by=by, site=site.pk)
    return made


# ---------------------------------------------------------------- the good-faith estimate


def draft_lines(site: int, protocol: Protocol, route: str, sessions: int, on: date) -> list[dict[str, Any]]:
    """What the clinic's own prices make of this course: the lines that the form begins with."""
    rows = {str(p.uid): p for p in queries.held(site, on)}
    lines = []
    for price in queries.prices(site, protocol, route, Payer.NONE, on):
        if price.sessions is None and price.cents.likely is not None:
            count = sessions if price.per is Per.SESSION else 1
            lines.append(
                {"title": price.title, "code": rows[price.key].code, "count": count, "cents": price.cents.likely}
            )
    return lines


@transaction.atomic
def issue(patient: Patient, typed: Mapping[str, Any], *, by: User, at: datetime, today: date, uid: UUID) -> Estimate:
    """Give the estimate: BadInput names the first thing that is missing; nothing is given with an element left out."""
    roles.require_patient(by, "estimate.issue", patient)
    record.lock("clinic", patient.site_id)
    if (known := Estimate.objects.filter(uid=uid).first()) is not None:
        if known.patient_id != patient.pk:
            raise Refused(why="this was sent for somebody else; open the page anew")
        return known
    protocol = next((p for p in queries.regimens() if p.key == typed.get("protocol")), None)
    if protocol is None:
        raise BadInput("protocol", "choose the course")
    route = str(typed.get("route", ""))
    if route not in {r.value for r in protocol.routes}:
        raise BadInput("route", f"is not a route of {protocol.title}")
    asked, scheduled = (
        read_day(str(typed.get("asked_on", "")), "asked_on"),
        read_day(str(typed.get("scheduled_on", "")), "scheduled_on", needed=False),
    )
    if asked is None or asked > today:
        raise BadInput("asked_on", "lies in the future")
    if scheduled is not None and not today <= scheduled <= today + timedelta(days=costs().longest_d):
        raise BadInput("scheduled_on", "lies in the past, or more than a year ahead")
    sessions = read_count(str(typed.get("sessions", "")), "sessions", MOST_SESSIONS)
    sessions = with_sessions(session_count(protocol), sessions).likely
    if sessions is None:
        raise BadInput("sessions", "no published number stands for this course: say how many")
    diagnoses = _diagnoses(str(typed.get("diagnoses", "")))
    groups = _groups(patient.site_id, typed.get("lines", ()))
    numbers = [line["code"] for group in groups for line in group["lines"]]
    wrong = costs().wrong_codes(numbers, drug=protocol.drug.value, payer=Payer.NONE, on=scheduled or today)
    if wrong:
        raise BadInput("lines", "; ".join(wrong))
    total = sum(group["total"] for group in groups)
    last = Estimate.objects.filter(site=patient.site_id).order_by("-number").values_list("number", flat=True).first()
    rules = costs()
    content = {
        "patient": {"name": patient.name, "born": patient.born.isoformat()},
        "service": _words(typed, "service", 300, "say in clear words what the main service is"),
        "route": route,
        "protocol": protocol.key,
        "sessions": sessions,
        "issued_on": today.isoformat(),
        "diagnoses": [{"code": c, "about": rules.diagnoses[c]} for c in diagnoses],
        "groups": groups,
        "separate": [line.strip()[:200] for line in str(typed.get("separate", "")).splitlines() if line.strip()][:20],
        "says": [s.text for s in rules.says],
        "release": rules.diagnoses_release,
        "valid_until": (today + timedelta(days=rules.longest_d)).isoformat(),
    }
    row = Estimate(
        uid=uid,
        site=patient.site_id,
        happened_at=at,
        patient=patient,
        number=(last or 0) + 1,
        code_table=rules.version,
        asked_on=asked,
        scheduled_on=scheduled,
        due_on=rules.due_on(asked=asked, scheduled=scheduled),
        total_cents=total,
        content=content,
    )
    record.append(row, by=by)
    return row


def _diagnoses(text: str) -> list[str]:
    codes = [c for c in re.split(r"[,;\s]+", text.strip().upper()) if c]
    if not codes:
        raise BadInput("diagnoses", "write at least one diagnosis code")
    for code in codes:
        if code not in costs().diagnoses:
            raise BadInput("diagnoses", f"{code[:12]} is not one of the codes checked in {costs().diagnoses_release}")
    return list(dict.fromkeys(codes))


def _groups(site: int, lines: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The lines, grouped by who bills them.  Each has a service code and an amount; each biller NPI, tax number, place."""
    billers = {str(p.pk): p for p in queries.providers(site)}
    if not billers:
        raise BadInput("lines", "nobody is entered who bills: name, NPI and tax number stand with the prices")
    groups: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, start=1):
        title = " ".join(str(line.get("title", "")).split())
        if not title and not str(line.get("amount", "")).strip():
            continue
        if not title or len(title) > 160:
            raise BadInput("lines", f"line {number}: say what the item is, in at most 160 letters")
        code = str(line.get("code", "")).strip().upper()
        if not _CODE.fullmatch(code):
            raise BadInput("lines", f"line {number}: write its service code")
        count = read_count(str(line.get("count", "1")) or "1", "lines", 999) or 1
        try:
            cents = read_money(str(line.get("amount", "")), "lines")
        except BadInput as error:
            raise BadInput("lines", f"line {number}: {error.why}") from None
        if cents is None:
            raise BadInput("lines", f"line {number}: write what one costs")
        biller = billers.get(str(line.get("provider", "")))
        if biller is None:
            raise BadInput("lines", f"line {number}: choose who bills it")
        group = groups.setdefault(
            str(biller.pk),
            {
                "name": biller.name,
                "npi": biller.npi,
                "tin": biller.tin,
                "address": biller.address,
                "state": biller.state,
                "lines": [],
                "total": 0,
            },
        )
        group["lines"].append({"title": title, "code": code, "count": count, "cents": cents, "total": cents * count})
        group["total"] += cents * count
    if not groups:
        raise BadInput("lines", "write at least one item")
    return list(groups.values())
