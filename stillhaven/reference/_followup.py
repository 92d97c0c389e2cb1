"""What is asked around a course, when is somebody reminded, and what opens a review?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.followup import Anchor, FollowUpSettings, PointRule, Schedule
from stillhaven.science.protocol import Cite
from stillhaven.science.scales import Instrument
from stillhaven.science.watching import Kind, WatchRule

FOLDER, SETTINGS, WATCH = "followup", "followup/settings.toml", "followup/watch.toml"
OWNERS = ("front_desk", "nurse", "prescriber", "therapist")


@dataclass(frozen=True, kw_only=True)
class FollowUpReference:
    """Schedules, settings and the rules of the watch."""

    schedules: Mapping[str, Schedule]
    settings: FollowUpSettings
    watch: Mapping[str, WatchRule]


def read_followup(shelf: Shelf, instruments: Mapping[str, Instrument]) -> FollowUpReference:
    """Everything in `followup/`.  A schedule may only ask for scales that stand in the reference."""
    found = {}
    for name in shelf.names(FOLDER):
        if name not in (SETTINGS, WATCH):
            schedule = _schedule(shelf.read(name), instruments)
            found[schedule.key] = schedule
    if sum(s.is_fallback for s in found.values()) != 1:
        shelf.wrong(FOLDER, "fallback", "must be true in one schedule: the one that serves every other indication")
    return FollowUpReference(
        schedules=MappingProxyType(found), settings=_settings(shelf), watch=_watch(shelf, instruments)
    )


def _span(row: Table, name: str, *, needed: bool = True) -> timedelta | None:
    hours = row.quantity(name, "h", needed=needed)
    return None if hours is None else timedelta(hours=hours)


def _sure(row: Table | None, name: str) -> timedelta:
    return (_span(row, name) if row else None) or timedelta()


def _schedule(whole: Table, instruments: Mapping[str, Instrument]) -> Schedule:
    review, cite = read_review(whole), read_cite(whole)
    made = Schedule(
        key=whole.text("key"),
        title=whole.text("title"),
        words=whole.texts("words", needed=True),
        is_fallback=whole.flag("fallback", needed=False),
        points=tuple(_point(row, instruments, cite) for row in whole.rows("point")),
        cite=cite,
        review=review,
    )
    whole.close()
    keys = [p.key for p in made.points]
    for key in {k for k in keys if keys.count(k) > 1}:
        whole.wrong("point", f"{key!r} stands twice")
    return made


def _point(row: Table, instruments: Mapping[str, Instrument], cite: Cite) -> PointRule:
    made = PointRule(
        key=row.text("key"),
        label=row.text("label"),
        anchor=row.choice("anchor", Anchor) or Anchor.FIRST_SESSION,
        opens=_sure(row, "opens"),
        due=_sure(row, "due"),
        closes=_sure(row, "closes"),
        late_for=_span(row, "late_for", needed=False) or timedelta(),
        every=_span(row, "every", needed=False),
        last=_span(row, "last", needed=False),
        while_induction=row.flag("while_induction", needed=False),
        needs=row.texts("needs", needed=True),
        also=row.texts("also"),
        call=row.flag("call", needed=False),
        owner=row.text("owner"),
        is_outcome=row.flag("outcome", needed=False),
        cite=read_cite(row) if row.has("source") else cite,
    )
    row.close()
    if not made.opens <= made.due <= made.closes:
        row.wrong("due", "must lie between opens and closes")
    if made.owner not in OWNERS:
        row.wrong("owner", f"{made.owner!r} is not one of {', '.join(OWNERS)}")
    if made.every is not None and (made.last is None or made.every < made.closes - made.opens):
        row.wrong("every", "needs a last, and windows that do not overlap")
    for name in (*made.needs, *made.also):
        if name not in instruments:
            row.wrong("needs", f"{name!r} is not a scale of instruments/")
    return made


def _settings(shelf: Shelf) -> FollowUpSettings:
    whole = shelf.read(SETTINGS)
    read_review(whole)
    read_cite(whole)
    induction, remind = whole.table("induction"), whole.table("remind")
    if induction is not None:
        read_cite(induction)
    most, least = whole.table("most_reminders"), whole.table("unreachable")
    made = FollowUpSettings(
        induction_for=_sure(induction, "most"),
        quiet_for=_sure(whole.table("quiet"), "days_without"),
        remind_before=_sure(remind, "before"),
        remind_again=_sure(remind, "again"),
        most_reminders=(most.whole("sessions") if most else None) or 0,
        least_attempts=(least.whole("sessions") if least else None) or 0,
    )
    whole.close()
    return made


def _watch(shelf: Shelf, instruments: Mapping[str, Instrument]) -> Mapping[str, WatchRule]:
    whole = shelf.read(WATCH)
    read_review(whole)
    house = read_cite(whole)
    found = {}
    for key, row in whole.named("rule"):
        times, line, remission = (
            row.table(n, needed=False) if row.has(n) else None for n in ("times", "line", "remission")
        )
        at_most = remission.number("at_most") if remission else None
        rule = WatchRule(
            key=key,
            title=row.text("title"),
            kind=row.choice("kind", Kind) or Kind.EVENT,
            scale=row.text("scale", needed=False),
            percent=row.quantity("percent", "%", needed=False),
            at_least=line.number("at_least") if line else None,
            remission_below=None if at_most is None else at_most + 1,  # totals are whole numbers
            times=(times.whole("sessions") if times else None) or 1,
            apart=_span(row, "apart", needed=False) or timedelta(),
            item=row.text("item", needed=False),
            within=_sure(row, "within"),
            to_do=row.text("to_do"),
            cite=read_cite(row) if row.has("source") else house,
        )
        row.close()
        if rule.kind is not Kind.EVENT and rule.scale not in instruments:
            row.wrong("scale", f"{rule.scale!r} is not a scale of instruments/")
        if rule.kind is Kind.RELAPSE and (rule.at_least is None or rule.remission_below is None):
            row.wrong("line", "a relapse has a line and a remission before it")
        if rule.kind is Kind.LOST_RESPONSE and rule.percent is None:
            row.wrong("percent", "is missing: what counts as a response?")
        found[key] = rule
    whole.close()
    return MappingProxyType(found)
