"""Everything that is known of a person, what the rules say of it now, and whether the last decision still stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils.translation import gettext as _

from stillhaven.clinic.candidacy import from_scales
from stillhaven.clinic.candidacy.models import Considered, Decision, Measured, Override
from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.course import queries as outside
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.intake import queries as intake
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.people.queries import patient_or_404 as patient_or_404
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import once, tell
from stillhaven.reference.load import Reference
from stillhaven.science import candidacy as rules
from stillhaven.science.candidacy import Assessment
from stillhaven.science.candidacy_facts import MEDICINES, TRIALS
from stillhaven.science.candidacy_fit import Fit, protocols
from stillhaven.science.facts import Fact, Known, Trial
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.intake import adequacy
from stillhaven.science.protocol import Drug, Route

DEFAULT = (Drug.KETAMINE, Route.IV_INFUSION)  # what is shown before anybody has chosen
WAYS = {Drug.ESKETAMINE: (Route.INTRANASAL,), Drug.S_KETAMINE: (Route.IV_INFUSION,)}  # others: every route
CONSENT_OFF_LABEL, ENROLMENT = "off_label", "rems_enrolment"


def courses_of(patient: Patient) -> list[Course]:
    """All courses of this person, newest first."""
    mine = list(patient.courses.order_by("-opened_at"))
    for course in mine:
        course.patient, course.site = patient, patient.site
    return mine


def course_of(patient: Patient, pk: Any = None, mine: list[Course] | None = None) -> Course | None:
    """The course asked for, else the newest that is open, else the newest."""
    mine = courses_of(patient) if mine is None else mine
    if pk is not None:
        found = next((c for c in mine if str(c.pk) == str(pk)), None)
        if found is None:
            raise Http404
        return found
    return next((c for c in mine if c.state != "closed"), mine[0] if mine else None)


def considered(course: Course, past: list[Decision] | None = None) -> tuple[Drug, Route]:
    """Which drug by which route is being considered: as somebody chose, else as it was decided last."""
    rows: list[Any] = list(Considered.objects.filter(course=course).order_by("-seq")[:1])
    if not rows:
        rows = list(Decision.objects.filter(course=course).order_by("-seq")[:1]) if past is None else past[:1]
    return (Drug(rows[0].drug), Route(rows[0].route)) if rows else DEFAULT


def today_of(patient: Patient, now: datetime) -> date:
    return now.astimezone(ZoneInfo(patient.site.zone)).date()


# ---------------------------------------------------------------- what is known
@dataclass(frozen=True, kw_only=True)
class Background:
    """All facts of one person, with the reference they are judged by; `uids` names the entry of a fact that staff wrote."""

    reference: Reference
    known: Known
    adequate: tuple[tuple[Trial, Finding], ...] | None
    uids: Mapping[str, str]


def background(patient: Patient, course: Course | None, now: datetime) -> Background:
    """What the patient said, what staff found, and what other rooms know, the newest of each counting.

    Something measured counts only where it was measured: what a person says of their weight is no baseline.
    """
    reference = policy.rules(patient.site_id)
    kinds = reference.candidacy.facts
    told = intake.known(patient, now=now)
    facts = {k: f for k, f in told.facts.items() if not (k in kinds and kinds[k].asked_of == "measured")}
    uids: dict[str, str] = {}
    facts |= from_scales.facts(patient, kinds, now)
    _from_rooms(facts, patient, course, now)
    for entry in measured(patient):
        if entry.happened_at > now:
            break
        found = _fact(entry, kinds)
        before = facts.get(entry.key)
        if found is None or (before and before.value is not None and before.at and before.at > entry.happened_at):
            continue
        facts[entry.key] = found
        uids[entry.key] = str(entry.uid)
    known = replace(told, facts=facts)
    return Background(reference=reference, known=known, adequate=_adequate(known, reference), uids=uids)


@once
def measured(patient: Patient) -> list[Measured]:
    """What staff found and measured, as it stands, in order of time."""
    return list(Measured.objects.current().filter(patient=patient).order_by("happened_at", "seq"))


@once
def overrides(course: Course) -> list[Override]:
    """The cautions of this course that a prescriber overrode, oldest first."""
    return list(Override.objects.current().filter(course=course).order_by("seq"))


def read_ahead(patients: Collection[Patient], courses: Collection[Course], site: int, now: datetime) -> None:
    """Within a look: what many people's candidacy rests on, table by table and not person by person."""
    consents.read_ahead(patients)
    intake.read_ahead(patients)
    outside.read_ahead([c.pk for c in courses])
    from_scales.read_ahead([p.pk for p in patients], policy.rules(site).candidacy.facts, now)
    found: dict[int, list[Measured]] = {}
    for entry in Measured.objects.current().filter(patient__in=patients).order_by("happened_at", "seq"):
        found.setdefault(entry.patient_id, []).append(entry)
    for patient in patients:
        tell(measured, found.get(patient.pk, []), patient)
    given: dict[int, list[Override]] = {}
    for override in Override.objects.current().filter(course__in=courses).order_by("seq"):
        given.setdefault(override.course_id, []).append(override)
    past: dict[int, list[Decision]] = {}
    for decision in Decision.objects.filter(course__in=courses).order_by("-seq"):
        past.setdefault(decision.course_id, []).append(decision)
    for course in courses:
        tell(overrides, given.get(course.pk, []), course)
        tell(decisions, past.get(course.pk, []), course)


def _fact(entry: Measured, kinds: Mapping[str, Any]) -> Fact | None:
    kind = kinds.get(entry.key)
    if kind is None:
        return None
    value: Any = False if entry.value.get("not_done") else entry.value.get("value")
    if kind.type == "date" and isinstance(value, str):
        value = date.fromisoformat(value)
    source = "measured" if kind.asked_of == "measured" else "staff"
    return Fact(key=entry.key, value=value, at=entry.happened_at, by=entry.by_name, source=source)


def _from_rooms(facts: dict[str, Fact], patient: Patient, course: Course | None, now: datetime) -> None:
    """The off-label acknowledgement of the consent room, and the enrolment that an office outside confirmed."""
    signed = consents.signatures(patient, CONSENT_OFF_LABEL)
    if signed:
        gone = [w for w in consents.withdrawals(patient) if w.document == CONSENT_OFF_LABEL and w.seq > signed[0].seq]
        day: date | bool = False if gone else today_of(patient, signed[0].happened_at)
        facts["off_label_consent_on"] = Fact(
            key="off_label_consent_on", value=day, at=signed[0].happened_at, by=patient.called, source="document"
        )
    if course is not None:
        enrolled = outside.newest_fact(course, ENROLMENT)
        if enrolled is not None:
            facts["rems_patient_enrolled"] = Fact(
                key="rems_patient_enrolled", value=True, at=enrolled.happened_at, by=enrolled.by_name, source="document"
            )


def _adequate(known: Known, reference: Reference) -> tuple[tuple[Trial, Finding], ...] | None:
    if known.trials is None:
        return None
    minimum_d = None
    if intake.MINIMUM_TRIAL in reference.policy.items:
        minimum_d = reference.policy.number(intake.MINIMUM_TRIAL)
    listed = reference.intake.medicines
    return tuple((t, adequacy(t, listed.get(t.key) if t.key else None, minimum_d)) for t in known.trials)


# ---------------------------------------------------------------- what the rules say
def against_of(finding: Finding) -> str:
    """Names what an override is against: the same rule with another verdict or reason is another matter."""
    return f"{finding.verdict.value}: {finding.because}"


def assess(course: Course, drug: Drug, route: Route, now: datetime, found: Background | None = None) -> Assessment:
    """What the rules say now of this course's person, with the overrides that still hold."""
    ground = found or background(course.patient, course, now)
    day = today_of(course.patient, now)
    by_rule = {(o.rule, o.against): f"{o.by_name}: {o.why}" for o in overrides(course) if o.happened_at <= now}
    plain = _decide(ground, drug, route, now, day, {})
    hold = {f.rule: by_rule[f.rule, against_of(f)] for f in plain.findings if (f.rule, against_of(f)) in by_rule}
    return _decide(ground, drug, route, now, day, hold) if hold else plain


def _decide(
    ground: Background, drug: Drug, route: Route, now: datetime, day: date, overridden: Mapping[str, str]
) -> Assessment:
    return rules.decide(
        ground.known, ground.reference.candidacy, drug=drug, route=route, now=now, adequate=ground.adequate,
        overridden=overridden, today=day,
    )  # fmt: skip


def inputs(ground: Background, keys: tuple[str, ...]) -> dict[str, Any]:
    """The facts that verdicts rest on, as a decision keeps them."""
    kept: dict[str, Any] = {}
    for key in keys:
        fact = ground.known.facts.get(key)
        if fact is not None:
            kept[key] = {
                "value": fact.value.isoformat() if isinstance(fact.value, date) else fact.value,
                "uid": ground.uids.get(key, ""), "by": fact.by, "at": fact.at.isoformat() if fact.at else "",
                "source": fact.source,
            }  # fmt: skip
    if MEDICINES in keys and ground.known.medicines is not None:
        kept[MEDICINES] = {"value": [m.name for m in ground.known.medicines]}
    if ground.known.trials is not None:
        kept[TRIALS] = {"value": [t.drug for t in ground.known.trials]}
    return kept


def fits(course: Course, now: datetime, *, drug: Drug | None = None, route: Route | None = None) -> tuple[Fit, ...]:
    """Every protocol with whether it fits this person, and why not: fitting ones first.  For the page of the plan."""
    ground = background(course.patient, course, now)
    way = considered(course)
    found = assess(course, drug or way[0], route or way[1], now, ground)
    return protocols(
        found, ground.known, ground.reference.protocols, ground.reference.candidacy, drug=drug, route=route,
        on=today_of(course.patient, now),
    )  # fmt: skip


# ---------------------------------------------------------------- does the decision stand?
@dataclass(frozen=True, kw_only=True)
class Standing:
    """The last decision of a course, and what has changed for the worse since: any of it reopens the decision."""

    decision: Decision | None
    worse: tuple[Finding, ...] = ()
    amended: tuple[str, ...] = ()
    blocks: tuple[Finding, ...] = ()

    @property
    def is_reopened(self) -> bool:
        return self.decision is not None and self.decision.verdict == "candidate" and bool(self.worse or self.amended)

    @property
    def because(self) -> str:
        """Why it is open again, in one line."""
        return "; ".join((*(f.because for f in self.worse), *self.amended))


@once
def decisions(course: Course) -> list[Decision]:
    """What was decided in this course, newest first."""
    return list(Decision.objects.filter(course=course).order_by("-seq"))


def standing(
    course: Course, now: datetime, *, found: Background | None = None, decision: Decision | None = None
) -> Standing:
    """Does the last decision of this course still stand?  Worked out anew from what is known now."""
    last = decision or next(iter(decisions(course)), None)
    if last is None:
        return Standing(decision=None)
    ground = found or background(course.patient, course, now)
    now_says = assess(course, Drug(last.drug), Route(last.route), now, ground)
    return Standing(
        decision=last,
        worse=rules.worse_since(last.findings, now_says),
        amended=tuple(_amended(last, ground)),
        blocks=tuple(j.finding for j in now_says.blocks),
    )


def _amended(last: Decision, ground: Background) -> list[str]:
    """Facts that the decision rested on and that say something else now.  What is measured anew is judged by its rule."""
    found = []
    for key, kept in last.inputs.items():
        kind = ground.reference.candidacy.facts.get(key)
        if kind is None or kind.type not in ("bool", "choice") or kept["value"] is None:
            continue
        fact = ground.known.facts.get(key)
        value = fact.value if fact else None
        if value != kept["value"]:
            becomes = kind.words(value) if value is not None else _("not known")
            found.append(f"{kind.label}: {kind.words(kept['value'])} → {becomes}")
    return found


def start_findings(course: Course, now: datetime, *, drug: str = "") -> list[Finding]:
    """What candidacy says to an order that is to be signed, or a session that is to start.

    A course in which nobody has decided yet gets a caution; one that was decided stands only while its decision does,
    and only for the drug that it was decided for.
    """
    now_stands = standing(course, now)
    last = now_stands.decision
    if last is not None and last.verdict == "candidate" and drug and drug != last.drug:
        because = _("candidacy was decided for %(one)s, not for %(other)s") % {
            "one": Drug(last.drug).label, "other": Drug(drug).label
        }  # fmt: skip
        return [_stop(because, _("Choose this drug on the page on candidacy, and decide."))]
    if last is None:
        return [
            Finding(
                rule="candidacy", verdict=Verdict.UNKNOWN, weight=Weight.CAUTION,
                because=_("nobody has decided on candidacy in this course"), to_do=_("Open the page on candidacy."),
            )
        ]  # fmt: skip
    if last.verdict != "candidate":
        words = {"later": _("later"), "no": _("no")}[last.verdict]
        because = _("%(who)s decided: %(words)s") % {"who": last.by_name, "words": words}
        return [_stop(because, _("Decide anew on the page on candidacy."))]
    if now_stands.blocks:
        return [replace(f, weight=Weight.BLOCK) for f in now_stands.blocks]
    if now_stands.is_reopened:
        because = _("the decision on candidacy is open again: %(why)s") % {"why": now_stands.because}
        return [_stop(because, _("A prescriber looks at what is new, and decides anew."))]
    return [
        Finding(
            rule="candidacy", verdict=Verdict.MET,
            because=_("candidate, decided by %(who)s on %(day)s")
            % {"who": last.by_name, "day": today_of(course.patient, last.happened_at).strftime("%-d %B %Y")},
        )
    ]  # fmt: skip


def _stop(because: str, to_do: str) -> Finding:
    return Finding(rule="candidacy", verdict=Verdict.NOT_MET, because=because, to_do=to_do)
