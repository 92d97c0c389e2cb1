"""Centres from a file: a list of one's own (CSV), or the public US file of providers (NPPES).  Each bad line is named.

Good lines are taken, bad ones are listed with line, field and reason.  A line about a centre that is known (by its NPI, or
by name and postcode) changes name and place, never what the centre itself or somebody else confirmed later.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.public.directory_actions import read_address, read_facts, set_facts
from stillhaven.clinic.public.directory_facts import FACTS
from stillhaven.clinic.public.directory_models import Centre
from stillhaven.clinic.record import actions as record
from stillhaven.science.errors import BadInput

MOST_BYTES = 6 * 1024 * 1024
MOST_LINES = 50_000
PLAIN = ("name", "street", "city", "state", "zip", "point", "phone", "website", "npi", "confirmed_by", "confirmed_on")
_NPPES = {
    "NPI": "npi",
    "Provider Organization Name (Legal Business Name)": "name",
    "Provider First Line Business Practice Location Address": "street",
    "Provider Business Practice Location Address City Name": "city",
    "Provider Business Practice Location Address State Name": "state",
    "Provider Business Practice Location Address Postal Code": "zip",
    "Provider Business Practice Location Address Telephone Number": "phone",
}
_TYPE, _LAST, _FIRST = "Entity Type Code", "Provider Last Name (Legal Name)", "Provider First Name"
_OFF, _ON = "NPI Deactivation Date", "NPI Reactivation Date"


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """One line that was not taken."""

    line: int
    field: str
    why: str


@dataclass(frozen=True, kw_only=True)
class GoodLine:
    """One centre as its line states it."""

    line: int
    row: Mapping[str, Any]
    facts: Mapping[str, list[str]]
    by: str
    on: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came of a file."""

    kind: str
    new: int
    changed: int
    bad: tuple[BadLine, ...]


def decode(content: bytes) -> str:
    """The text of a file.  BadInput where it is too large, or no text."""
    if len(content) > MOST_BYTES:
        raise BadInput("file", f"is larger than {MOST_BYTES // 1024 // 1024} MB: send it in parts")
    if b"\x00" in content:
        raise BadInput("file", "is not a text file; save the sheet as CSV (UTF-8)")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(text: str, today: date) -> tuple[str, list[GoodLine], list[BadLine]]:
    """What kind of file it is, its good lines, and its bad ones."""
    head = text.split("\n", 1)[0]
    sign = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    try:
        header = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise BadInput("file", "is empty") from None
    nppes = "NPI" in header and _TYPE in header
    names = [n if nppes else n.lower() for n in header]
    if not nppes:
        _check_header(names)
    elif missing := [name for name in (*_NPPES, _TYPE) if name not in names]:
        raise BadInput("file", f"looks like the provider file, but lacks the column {missing[0]!r}")
    good: list[GoodLine] = []
    bad: list[BadLine] = []
    for line, cells in _cells(reader, bad):
        if not any(cell.strip() for cell in cells):
            continue
        if len(good) + len(bad) >= MOST_LINES:
            bad.append(BadLine(line=line, field="file", why=f"more than {MOST_LINES:,} lines: send the rest apart"))
            break
        try:
            if len(cells) > len(names):
                raise BadInput(
                    "line", f"has {len(cells)} cells, the header has {len(names)}: is a comma not in quotes?"
                )
            typed = dict(zip(names, cells, strict=False))
            good.append(_nppes(typed, line) if nppes else _plain(typed, line, today))
        except BadInput as error:
            bad.append(BadLine(line=line, field=error.field, why=error.why))
    return ("nppes" if nppes else "csv"), good, bad


def _cells(reader: Any, bad: list[BadLine]) -> Iterator[tuple[int, list[str]]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.append(BadLine(line=reader.line_num, field="line", why=f"cannot be read: {error}"))
            continue
        yield reader.line_num, cells


def _check_header(names: list[str]) -> None:
    known = {*PLAIN, *(f.key for f in FACTS)}
    if "name" not in names or not {"zip", "point"} & set(names):
        raise BadInput(
            "file",
            f"its first line has to name the columns: name and zip (or point); then any of {', '.join(sorted(known))}",
        )
    if strange := [n for n in names if n and n not in known]:
        raise BadInput(
            "file", f"has a column {strange[0][:60]!r} that we do not know; known are {', '.join(sorted(known))}"
        )
    if len(set(names)) < len(names):
        raise BadInput("file", "names a column twice")


def _plain(typed: Mapping[str, str], line: int, today: date) -> GoodLine:
    row = read_address(typed)
    stated = {f.key: typed.get(f.key, "").replace("|", ";").split(";") for f in FACTS}
    facts = read_facts({k: [v.strip() for v in values] for k, values in stated.items()})
    by, on = " ".join(typed.get("confirmed_by", "").split())[:120], typed.get("confirmed_on", "").strip()
    if facts and not by:
        raise BadInput("confirmed_by", "say who confirmed these facts")
    if facts:
        try:
            day = date.fromisoformat(on)
        except ValueError:
            raise BadInput("confirmed_on", "write the day as 2026-11-21") from None
        if day > today:
            raise BadInput("confirmed_on", "lies in the future")
    return GoodLine(line=line, row=row, facts=facts, by=by, on=on)


def _nppes(typed: Mapping[str, str], line: int) -> GoodLine:
    """A provider's line: name, practice address and phone.  It states nothing about care."""
    if typed.get(_OFF, "").strip() and not typed.get(_ON, "").strip():
        raise BadInput(_OFF, f"this provider was deactivated on {typed[_OFF].strip()[:20]}")
    values = {ours: " ".join(typed.get(theirs, "").split()) for theirs, ours in _NPPES.items()}
    if typed.get(_TYPE, "").strip() == "1":
        values["name"] = " ".join(f"{typed.get(_FIRST, '')} {typed.get(_LAST, '')}".split())
    elif typed.get(_TYPE, "").strip() != "2":
        raise BadInput(_TYPE, "is 1 for a person or 2 for an organisation")
    values["name"] = values["name"][:160]
    digits = "".join(c for c in values["zip"] if c.isdigit())
    values["zip"] = digits[:5]
    if not values["npi"]:
        raise BadInput("NPI", "is missing")
    try:
        row = read_address(values)
    except BadInput as error:
        names = {ours: theirs for theirs, ours in _NPPES.items()}
        raise BadInput(names.get(error.field, error.field), error.why) from None
    return GoodLine(line=line, row=row, facts={}, by="", on="")


@transaction.atomic
def take(content: bytes, *, by: User, today: date) -> Taken:
    """Take a file in.  The log keeps how much, from which kind of file, by whom."""
    roles.require(by, "listing.import")
    kind, good, bad = read(decode(content), today)
    if not good and not bad:
        raise BadInput("file", "has no lines below its header")
    new, changed, more = store(good, kind)
    if good:
        site = min(by.site_ids, default=1)
        anchor = Centre(pk=0)
        record.log_change(
            anchor, {}, {"file": kind, "new": new, "changed": changed, "bad": len(bad) + len(more)}, by=by, site=site
        )
    return Taken(kind=kind, new=new, changed=changed, bad=tuple(sorted([*bad, *more], key=lambda b: b.line)))


def store(good: Iterable[GoodLine], kind: str) -> tuple[int, int, list[BadLine]]:
    """Write the good lines in bulk.  What a clinic of ours keeps itself is left alone, and said."""
    lines = list(good)
    npis = [g.row["npi"] for g in lines if g.row["npi"]]
    by_npi = {c.npi: c for c in Centre.objects.filter(npi__in=npis)}
    zips = {g.row["zip"] for g in lines if g.row["zip"]}
    by_name = {(c.name.casefold(), c.zip): c for c in Centre.objects.filter(zip__in=zips)}
    new: list[Centre] = []
    changed: dict[int, Centre] = {}
    bad: list[BadLine] = []
    seen: dict[Any, int] = {}
    for g in lines:
        key = (g.row["name"].casefold(), g.row["zip"])
        name = g.row["npi"] or key
        if name in seen:
            bad.append(BadLine(line=g.line, field="name", why=f"is the same centre as line {seen[name]}"))
            continue
        seen[name] = g.line
        centre = by_npi.get(g.row["npi"]) or by_name.get(key)
        if centre is not None and centre.site is not None:
            bad.append(
                BadLine(line=g.line, field="name", why=f"{centre.name} keeps its own listing; it is left as it is")
            )
            continue
        fresh = centre is None
        centre = centre or Centre(source=kind)
        for field_name, value in g.row.items():
            if value or fresh:
                setattr(centre, field_name, value)
        facts = dict(centre.facts)
        for fact, value in g.facts.items():
            if g.on >= str(facts.get(fact, {}).get("on", "")):
                facts[fact] = {"value": value, "by": g.by, "on": g.on}
        set_facts(centre, facts)
        if fresh:
            new.append(centre)
        else:
            changed[centre.pk] = centre
    Centre.objects.bulk_create(new, batch_size=1000)
    fields = [
        "name",
        "street",
        "city",
        "state",
        "zip",
        "lat",
        "lon",
        "placed",
        "phone",
        "website",
        "npi",
        "facts",
        "says",
        "session_cents",
    ]
    Centre.objects.bulk_update(changed.values(), fields, batch_size=500)
    return len(new), len(changed), bad
