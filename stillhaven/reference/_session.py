"""What checks and stops a session, and when?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_moments, read_review
from stillhaven.reference._rules import named_policy, read_rules
from stillhaven.reference._start import read_start
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.checks import CheckMarks
from stillhaven.science.limits import Limit
from stillhaven.science.policy import CheckTimetable, Door, Policy, Rule, SessionRules
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.scales import Scale
from stillhaven.science.vitals import Signal

STOP, CHECKS = "session/stop.toml", "session/checks.toml"
MEASURES = ("pressure", "heart_rate", "spo2", "resp_rate", "sedation", "dissociation", "pain", "nausea")
INTERVALS = ("during_every_min", "recovery_every_min", "between_every_min")


def read_session(
    shelf: Shelf,
    signals: Mapping[str, Signal],
    scales: Mapping[str, Scale],
    policy: Policy,
    equipment: Mapping[str, str],
) -> tuple[SessionRules, CheckMarks]:
    """All rules of a session, ready for science, and when a check counts as soon, early and overdue."""
    start, rules, fasting = read_start(shelf, signals, policy, equipment)
    timetables, marks = _timetables(shelf, signals, policy)
    rules_of_a_session = SessionRules(
        start=start,
        start_rules=rules,
        stop=_stop(shelf, scales, policy),
        fasting=fasting,
        timetables=timetables,
    )
    return rules_of_a_session, marks


# ---------------------------------------------------------------- rules at a door
def _stop(shelf: Shelf, scales: Mapping[str, Scale], policy: Policy) -> tuple[Rule, ...]:
    whole = shelf.read(STOP)
    read_review(whole)
    rules = read_rules(whole, Door.STOP, scales, policy)
    whole.close()
    return rules


# ---------------------------------------------------------------- timetables
def _timetables(
    shelf: Shelf, signals: Mapping[str, Signal], policy: Policy
) -> tuple[tuple[CheckTimetable, ...], CheckMarks]:
    whole = shelf.read(CHECKS)
    read_review(whole)
    found = tuple(_timetable(key, row, signals, policy) for key, row in whole.named("timetable"))
    marks = _marks(whole)
    whole.close()
    taken: dict[tuple[Drug, Route], str] = {}
    for table in (t for t in found if t.in_use):
        for pair in ((drug, route) for drug in table.drugs for route in table.routes):
            if pair in taken:
                whole.wrong(f"timetable.{table.key}", f"{pair[0]} {pair[1]} is in use in {taken[pair]} already")
            taken[pair] = table.key
    return found, marks


def _marks(whole: Table) -> CheckMarks:
    """When a check is announced, may be done and is overdue; and what people call each measure."""
    row = whole.table("marks")
    times: dict[str, Limit] = {name: Limit(value=None, unit="min") for name in ("soon", "early", "overdue_after")}
    labels: dict[str, str] = {}
    if row is not None:
        cite, part = read_cite(row), row.table("labels")
        for name in times:
            source = cite.source[0] if cite.source else ""
            times[name] = Limit(value=row.quantity(name, "min"), unit="min", source=source, confirmed=cite.confirmed)
        labels = {key: part.text(key) for key in part.data} if part is not None else {}
        row.close()
        for name in MEASURES:
            if name not in labels:
                row.wrong("labels", f"has no word for {name!r}")
        for name in set(labels) - set(MEASURES):
            row.wrong(f"labels.{name}", "is a key that nobody reads: no such measure")
    return CheckMarks(
        soon=times["soon"],
        early=times["early"],
        overdue_after=times["overdue_after"],
        labels=MappingProxyType(labels),
    )


def _timetable(key: str, row: Table, signals: Mapping[str, Signal], policy: Policy) -> CheckTimetable:
    cite = read_cite(row)
    every = {
        "during_every_min": row.quantity("during_every", "min", needed=False),
        "recovery_every_min": row.quantity("recovery_every", "min", needed=False),
        "between_every_min": None,
    }
    named = named_policy(row, policy)
    for name, item in named.items():
        if name not in INTERVALS or item.unit != "min":
            row.wrong(f"policy.{name}", f"is not one of {', '.join(INTERVALS)} in minutes")
        else:
            every[name] = item.value
    for name, value in every.items():
        if value is not None and value <= 0:
            row.wrong(name, "must be over 0 min")
    measures, continuous = row.texts("measures"), row.texts("continuous")
    for name in measures:
        if name not in MEASURES:
            row.wrong("measures", f"{name!r} is not one of {', '.join(MEASURES)}")
    for name in continuous:
        if name not in signals:
            row.wrong("continuous", f"{name!r} is not a signal")
    table = CheckTimetable(
        key=key,
        title=row.text("title"),
        cite=cite,
        drugs=row.choices("drugs", Drug, needed=True),
        routes=row.choices("routes", Route, needed=True),
        in_use=row.flag("in_use", needed=False),
        before_leaving=row.flag("before_leaving", needed=False),
        at_min=read_moments(row, "at"),
        after_end_min=read_moments(row, "after_end"),
        during_every_min=every["during_every_min"],
        recovery_every_min=every["recovery_every_min"],
        between_every_min=every["between_every_min"],
        measures=measures,
        continuous=continuous,
        policy=MappingProxyType({name: item.key for name, item in named.items()}),
        asks=tuple(item.key for item in named.values() if not item.is_set),
        note=row.text("note", needed=False),
    )
    row.close()
    return table
