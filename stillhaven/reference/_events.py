"""Which adverse events does a session watch for, how are they graded, and what do rescue texts say?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review, read_span
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.events import AdverseEventKind, Grade, Grading, PressureGrade, RescueDrug
from stillhaven.science.protocol import Cite, Span

EVENTS = "session/adverse_events.toml"
RESCUE = "session/rescue_drugs.toml"
ORDERS = ("", "required", "emergency standing order")


def read_rescue_drugs(shelf: Shelf) -> Mapping[str, RescueDrug]:
    """All reference texts of rescue drugs by key.  Text only: no number in them can become an order."""
    whole = shelf.read(RESCUE)
    read_review(whole)
    found: dict[str, RescueDrug] = {}
    for key, row in whole.named("drug"):
        order = row.text("order", needed=False)
        if order not in ORDERS:
            row.wrong("order", f"{order!r} is not one of {', '.join(repr(o) for o in ORDERS)}")
        cite = read_cite(row)
        found[key] = RescueDrug(
            key=key,
            fact=cite.fact,
            name=row.text("name"),
            text=row.text("text"),
            order=order,
            cautions=row.texts("cautions"),
            cite=cite,
        )
        row.close()
    whole.close()
    return MappingProxyType(found)


def read_events(shelf: Shelf, rescue: Mapping[str, RescueDrug]) -> tuple[Mapping[str, AdverseEventKind], Grading]:
    """All adverse events by key, in the order of the file, and the grades they share."""
    whole = shelf.read(EVENTS)
    read_review(whole)
    grading = _grading(whole)
    found: dict[str, AdverseEventKind] = {}
    for key, row in whole.named("event"):
        cite, when = read_cite(row), row.text("when")
        event = AdverseEventKind(
            key=key,
            fact=cite.fact,
            name=row.text("name"),
            short=row.text("short"),
            frequency=row.text("frequency"),
            interventions=row.texts("interventions", needed=True),
            drug_text=row.text("drug"),
            rescue=row.texts("rescue"),
            caution=row.text("caution", needed=False),
            stops_dosing=row.flag("stops_dosing"),
            calls_emergency=row.flag("calls_emergency"),
            when=when,
            cite=cite,
        )
        row.close()
        if when not in ("session", "course"):
            row.wrong("when", f"{when!r} is not session or course")
        for name in event.rescue:
            if name not in rescue:
                row.wrong("rescue", f"{name!r} is not a drug of {RESCUE}")
        found[key] = event
    whole.close()
    return MappingProxyType(found), grading


def _grading(whole: Table) -> Grading:
    row = whole.table("grading")
    if row is None:
        return Grading(grades=(), pressure_grades=(), caution="", cite=Cite(source=()))
    grades = tuple(_grade(part) for part in row.rows("grade"))
    pressure = tuple(_pressure_grade(part) for part in row.rows("pressure"))
    grading = Grading(grades=grades, pressure_grades=pressure, caution=row.text("caution"), cite=read_cite(row))
    row.close()
    for name, values in (("grade", [g.value for g in grades]), ("pressure", [g.value for g in pressure])):
        if values != sorted(set(values)):
            row.wrong(name, "grades must rise, each once")
    for lower, upper in pairwise(pressure):
        for sign in ("systolic", "diastolic"):
            high, low = getattr(lower, f"{sign}_high_mmhg"), getattr(upper, f"{sign}_low_mmhg")
            if high is not None and low is not None and high >= low:
                row.wrong("pressure", f"{sign} of grade {upper.value} starts inside grade {lower.value}")
    return grading


def _grade(row: Table) -> Grade:
    grade = Grade(value=row.whole("grade") or 0, name=row.text("name"), means=row.text("means"))
    row.close()
    return grade


def _pressure_grade(row: Table) -> PressureGrade:
    systolic, diastolic = read_span(row, "systolic", "mmHg"), read_span(row, "diastolic", "mmHg")
    none = Span(unit="mmHg")
    grade = PressureGrade(
        value=row.whole("grade") or 0,
        systolic_low_mmhg=(systolic or none).low,
        systolic_high_mmhg=(systolic or none).high,
        diastolic_low_mmhg=(diastolic or none).low,
        diastolic_high_mmhg=(diastolic or none).high,
        means=row.text("means"),
        confirmed=row.flag("confirmed"),
    )
    row.close()
    return grade
