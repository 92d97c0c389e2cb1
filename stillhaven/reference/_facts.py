"""How is a fact written in a file: where it comes from, who reviewed it, and what span a source allows?"""

from __future__ import annotations

from stillhaven.reference.files import Table
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import Limit
from stillhaven.science.protocol import Cite, Review, Span
from stillhaven.science.units import Quantity

COUNTED = frozenset({"points", "sessions", "patients"})  # what a clinic may set besides quantities


def read_cite(row: Table) -> Cite:
    """`source`, `confirmed`, and where given `fact`, `where`, `via`, `inference`."""
    via = row.text("via", needed=False)
    if via not in ("", "secondary"):
        row.wrong("via", f"{via!r} is not secondary")
    return Cite(
        source=row.texts("source", needed=True),
        fact=row.text("fact", needed=False),
        where=row.text("where", needed=False),
        confirmed=row.flag("confirmed"),
        via=via,
        inference=row.flag("inference", needed=False),
    )


def read_review(whole: Table) -> Review:
    """`[review]` with status draft or reviewed; who and when are checked for every file alike."""
    row = whole.table("review")
    if row is None:
        return Review()
    status, by, on = row.text("status"), row.text("by", needed=False), row.day("on")
    row.close()
    if status not in ("draft", "reviewed"):
        row.wrong("status", f"{status!r} is not draft or reviewed")
    elif status == "reviewed" and not (by.strip() and on):
        row.wrong("by", "a reviewed file says who reviewed it, and on which day")
    return Review(status=status, by=by, on=on)


def read_span(row: Table, name: str, unit: str = "") -> Span | None:
    """`{ value }`, `{ low, high }` (either may be absent) or `{ any_of }`, with its unit; None where absent.

    With `unit`, the span is turned into it.
    """
    if not row.has(name):
        return None
    part = row.table(name)
    if part is None:
        return None
    written = part.text("unit")
    value = part.number("value", needed=False)
    low, high = part.number("low", needed=False), part.number("high", needed=False)
    raw = part.raw("any_of")
    part.close()
    choices: tuple[float, ...] = ()
    if raw is not None:
        if not isinstance(raw, list) or not raw or not all(type(item) in (int, float) for item in raw):
            part.wrong("any_of", "must be a list of numbers")
            return None
        choices = tuple(float(item) for item in raw)
    ways = [value is not None, low is not None or high is not None, bool(choices)]
    if sum(ways) != 1:
        part.wrong("", "needs either value, or low and high, or any_of")
        return None
    if low is not None and high is not None and low > high:
        part.wrong("low", f"{low:g} is over high {high:g}")
    if choices and list(choices) != sorted(set(choices)):
        part.wrong("any_of", "must rise, each value once")
    if any(v is not None and v < 0 for v in (value, low, high, *choices)):
        part.wrong("", "is under 0")
    span = Span(
        unit=written,
        low=value if value is not None else (min(choices) if choices else low),
        high=value if value is not None else (max(choices) if choices else high),
        choices=choices,
    )
    try:
        Quantity(0.0, written)
        return span.to(unit) if unit else span
    except BadInput as error:
        part.wrong(error.field, error.why)
        return None


def read_moments(row: Table, name: str) -> tuple[float, ...]:
    """`{ list = [40, 120], unit = "min" }`: moments in minutes, rising."""
    if not row.has(name):
        return ()
    part = row.table(name)
    if part is None:
        return ()
    raw, unit = part.raw("list"), part.text("unit")
    part.close()
    if not isinstance(raw, list) or not raw or not all(type(item) in (int, float) for item in raw):
        part.wrong("list", "must be a list of numbers")
        return ()
    if raw != sorted(set(raw)) or raw[0] < 0:
        part.wrong("list", "must rise from 0 on")
    try:
        return tuple(Quantity(float(item), unit).to("min") for item in raw)
    except BadInput as error:
        part.wrong(error.field, error.why)
        return ()


def read_limits(row: Table, name: str, cite: Cite) -> dict[str, Limit]:
    """A table of numbers whose names end in their unit (`observation_min = { value = 120, unit = "min" }`)."""
    found: dict[str, Limit] = {}
    part = row.table(name, needed=False)
    if part is None:
        return found
    for key in part.data:
        unit = unit_of(key)
        if not unit:
            part.raw(key)
            part.wrong(key, "does not end in the name of a unit")
            continue
        value = part.quantity(key, unit)
        if value is not None:
            found[key] = Limit(value=value, unit=unit, source=_first(cite), confirmed=cite.confirmed)
    return found


def unit_of(name: str) -> str:
    """The unit that a name ends in, "" if it ends in none.

    >>> unit_of("systolic_mmhg"), unit_of("step_mg_per_kg"), unit_of("cuff")
    ('mmHg', 'mg/kg', '')
    """
    return next((unit for suffix, unit in _SUFFIXES.items() if name.endswith(suffix)), "")


def _first(cite: Cite) -> str:
    return cite.source[0] if cite.source else ""


_SUFFIXES = {  # longer ones first
    "_mg_per_kg_per_h": "mg/kg/h",
    "_mg_per_kg": "mg/kg",
    "_mg_per_ml": "mg/mL",
    "_mg_per_h": "mg/h",
    "_ml_per_h": "mL/h",
    "_per_min": "/min",
    "_mmhg": "mmHg",
    "_min": "min",
    "_pct": "%",
    "_mg": "mg",
    "_ml": "mL",
    "_kg": "kg",
    "_s": "s",
    "_h": "h",
    "_d": "d",
    "_c": "degC",
}
