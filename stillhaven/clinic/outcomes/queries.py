"""Everything that one person's outcome page shows, read once: forms, sessions, doses, alerts, the plan's own rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from stillhaven.clinic.candidacy.models import Measured
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.outcomes import signs
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.plan.models import Plan
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.models import AlertTask
from stillhaven.clinic.session import queries as sessions
from stillhaven.clinic.session.models import Dose
from stillhaven.science import exposure
from stillhaven.science.dosing import given_mg
from stillhaven.science.exposure import SessionDose
from stillhaven.science.findings import Finding
from stillhaven.science.outcomes_person import (
    Agreed,
    Comparison,
    Point,
    Status,
    compare,
    status,
    tagged,
)
from stillhaven.science.policy import Policy
from stillhaven.science.scales.instrument import Instrument, ScoreRule
from stillhaven.science.scales.taken import Assessment

HARM = "harm_watch"
_LIVER = ("liver_tests_on", "liver_tests_alp_ggt_on")


@dataclass(frozen=True, kw_only=True)
class Safety:
    """The safety line: never part of a score."""

    item9: tuple[datetime, float | None, str] | None  # when, answer, its words
    cssrs: tuple[datetime, str] | None
    alerts: Sequence[AlertTask]


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person's forms and sessions at one moment."""

    patient: Patient
    now: datetime
    taken: Sequence[Assessment]
    doses: Sequence[SessionDose]  # of a lifetime here
    starts: Sequence[datetime]  # of the sessions of the newest course that has any
    course: Course | None  # that course
    plan: Plan | None
    zone: ZoneInfo

    @property
    def all_starts(self) -> list[datetime]:
        return [dose.at for dose in self.doses]


def person(patient: Patient, now: datetime) -> Person:
    """What the page needs, in four reads."""
    given = session_doses(patient, now)
    newest = given[-1][0] if given else None
    return Person(
        patient=patient, now=now, taken=scales.assessments(patient, now=now), doses=[dose for _, dose in given],
        starts=[dose.at for course, dose in given if course == newest], course=newest,
        plan=Plan.objects.current().filter(patient=patient, happened_at__lte=now).order_by("-seq").first(),
        zone=ZoneInfo(patient.site.zone),
    )  # fmt: skip


def session_doses(patient: Patient, now: datetime) -> list[tuple[Course, SessionDose]]:
    """What each session of this person gave so far, with its course, the first first.  Drills do not count."""
    rows: dict[int, list[Dose]] = {}
    found = Dose.objects.current().filter(session__patient=patient, session__drill=False, happened_at__lte=now)
    for row in found.select_related("session__course", "amends__amends").order_by("happened_at", "seq"):
        rows.setdefault(row.session_id, []).append(row)
    made = []
    for mine in rows.values():
        mg = given_mg(sessions.dose_entries(mine), now)
        dose = SessionDose(at=mine[0].happened_at, drug=mine[0].drug, route=mine[0].route, mg=mg)
        made.append((mine[0].session.course, dose))
    return sorted(made, key=lambda pair: pair[1].at)


# ---------------------------------------------------------------- one scale's series


def shown_scales(found: Person) -> dict[str, Instrument]:
    """The scales of which this person has a form with a score that has a direction, newest definition each."""
    return {
        row.scale: row.instrument
        for row in found.taken
        if row.instrument.main is not None and not row.instrument.main.absent and row.instrument.main.high > 0
    }


def chosen_scale(found: Person, asked: str) -> str:
    """The asked one, else the plan's, else PHQ-9, else the one with the most forms; "" where there is none."""
    known = shown_scales(found)
    planned = found.plan.response_scale if found.plan is not None else ""
    for name in (asked, planned, "phq9"):
        if name in known:
            return name
    counts = {name: sum(row.scale == name for row in found.taken) for name in known}
    return max(counts, key=lambda name: counts[name], default="")


def points(found: Person, scale: str, starts: Sequence[datetime] | None = None) -> list[Point]:
    """Every form of this scale as a point, tagged with the sessions around it: those of the newest course, or `starts`."""
    begun = found.starts if starts is None else starts
    return [
        tagged(
            row.taken_at, row.total, begun, name=row.name, recall_days=row.instrument.recall_days,
            band=row.sheet.band, why=row.sheet.main.why if row.sheet.main is not None else "",
        )
        for row in found.taken
        if row.scale == scale
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One scale of one person: what is compared, the four verdicts, what the watch says, the status."""

    instrument: Instrument
    main: ScoreRule
    points: Sequence[Point]
    comparison: Comparison
    signs: Sequence[Finding]
    status: Status


def reading(found: Person, scale: str) -> Reading | None:
    """Comparison, verdicts and status on one scale."""
    instrument = shown_scales(found).get(scale)
    if instrument is None or instrument.main is None:
        return None
    mine = points(found, scale)
    compared = compare(mine, instrument)
    seen = signs.look(found.taken, min(found.starts, default=None), policy.rules(found.patient.site_id))
    told = [watched.finding for watched in signs.on(scale, seen)]
    return Reading(
        instrument=instrument, main=instrument.main, points=mine, comparison=compared, signs=told,
        status=status(compared, told, _agreed(found.plan, scale), len(found.starts)),
    )  # fmt: skip


def _agreed(plan: Plan | None, scale: str) -> Agreed | None:
    if plan is None or plan.response_scale != scale:
        return None
    return Agreed(after_sessions=plan.response_after, fall_percent=float(plan.response_fall_pct), by=plan.by_name)


def safety(found: Person) -> Safety:
    """Last item 9, last C-SSRS level, open alerts with their owners."""
    phq = next((row for row in reversed(found.taken) if row.scale == "phq9"), None)
    level = next((row for row in reversed(found.taken) if row.scale.startswith("cssrs")), None)
    item9 = None
    if phq is not None:
        value = phq.answers.get("9")
        words = next((c.text for c in phq.instrument.question("9").shown_choices if c.value == value), "")
        item9 = (phq.taken_at, value, words)
    cssrs = None
    if level is not None and level.sheet.main is not None:
        main = level.sheet.main
        cssrs = (level.taken_at, main.shown or (f"at least {main.at_least}" if main.at_least else main.why))
    return Safety(item9=item9, cssrs=cssrs, alerts=scales.open_alerts(found.patient.site_id, found.patient))


# ---------------------------------------------------------------- exposure and harm watch


def thresholds(found: Person, rules: Policy) -> list[Finding]:
    """The clinic's lines on repeated treatment, one finding each."""
    recent = exposure.within(found.doses, found.now)

    def line(key: str, title: str, unit: str) -> exposure.Threshold:
        limit = rules.limit(key)
        return exposure.Threshold(key=key, title=title, unit=unit, value=limit.value, set_by=limit.set_by)

    made = [
        exposure.judge_amount(line("exposure_sessions_30d", "Sessions in the last 30 days", "sessions"), len(recent)),
        exposure.judge_amount(line("exposure_lifetime_sessions", "Sessions here so far", "sessions"), len(found.doses)),
    ]
    for drug, key, name in (
        ("ketamine", "exposure_ketamine_30d_mg", "Racemic ketamine in the last 30 days"),
        ("esketamine", "exposure_esketamine_30d_mg", "Esketamine in the last 30 days"),
    ):
        sums = [s for s in exposure.totals(recent) if s.drug == drug]
        for total in sums:
            title = f"{name}, {total.name.partition(', ')[2]}"
            made.append(exposure.judge_amount(line(key, title, "mg"), round(total.mg, 1), unknown=total.unknown))
    return made


def looks(found: Person, rules: Policy) -> list[exposure.Look]:
    """What is asked or measured again and again in repeated treatment: when last, when next."""
    asked = next((row for row in reversed(found.taken) if row.scale == HARM), None)
    every = rules.number("harm_questions_every_d")
    made = []
    for key, title in (("bladder", "Bladder"), ("cognition", "Memory and thinking"), ("dependence", "Craving and use")):
        scored = asked.sheet.scores[key] if asked is not None else None
        value = scored.value if scored is not None else None
        said = (
            "" if scored is None else f"{value:g} of {scored.of} answered with yes" if value is not None else scored.why
        )
        worry = None if value is None else value > 0
        last = asked.taken_at if asked is not None else None
        made.append(exposure.look(key, title, last=last, said=said, worry=worry, every_d=every))
    liver = (
        Measured.objects.current().filter(patient=found.patient, key__in=_LIVER, happened_at__lte=found.now)
        .order_by("-happened_at", "-seq").first()
    )  # fmt: skip
    done = liver if liver is not None and not liver.value.get("not_done") else None
    said = "" if liver is None else "looked at" if done is not None else f"not done: {liver.words}"
    made.append(
        exposure.look(
            "liver", "Liver tests", last=done.happened_at if done is not None else None, said=said,
            every_d=rules.number("liver_tests_every_d"),
        )
    )  # fmt: skip
    return made


def policy_of(patient: Patient) -> Policy:
    return policy.rules(patient.site_id).policy
