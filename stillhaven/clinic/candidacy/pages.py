"""How a person's candidacy reads: like a good colleague's summary, one line a finding, its source on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stillhaven.clinic.candidacy import actions, queries
from stillhaven.clinic.candidacy.models import Decision
from stillhaven.clinic.candidacy.queries import Background, Standing
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.reference.load import Reference
from stillhaven.science.candidacy import UNCHECKED, Assessment, Suggestion
from stillhaven.science.candidacy_facts import MEDICINES, TRIALS, question
from stillhaven.science.candidacy_indications import Legal, Speaks
from stillhaven.science.candidacy_rules import Action, Judged
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.protocol import Cite, Drug, Route

GRADES = {
    "high": "high", "moderate": "moderate", "low": "low", "very_low": "very low", "conflicting": "conflicting",
}  # fmt: skip
RESULTS = {True: "reached", False: "not reached", None: "not known"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One finding as it is shown."""

    key: str
    title: str
    because: str
    look: str  # stops, caution, unknown, overridden, met
    word: str
    to_do: str = ""
    grade: str = ""
    note: str = ""
    conflict: str = ""
    stricter: str = ""
    record: str = ""
    confirmed: str = ""
    sources: tuple[str, ...] = ()
    overridden: str = ""
    url: str = ""
    override: Form | None = None


@dataclass(frozen=True, kw_only=True)
class Open:
    """Something to ask, and which rules wait for it."""

    to_do: tuple[str, ...]
    whom: str
    lines: tuple[Line, ...]
    stops: bool
    url: str
    button: str


def summary(found: Assessment, course: Course) -> str:
    """The one sentence on top."""
    way = f"{found.drug.label}, {route_words(found.route)}"
    head = {
        Suggestion.CANDIDATE: _("%(name)s is a candidate for %(way)s"),
        Suggestion.LATER: _("Not now: %(name)s for %(way)s"),
        Suggestion.NO: _("No: %(name)s should not have %(way)s"),
        Suggestion.CANNOT_SAY: _("Cannot say yet whether %(name)s is a candidate for %(way)s"),
    }[found.suggestion]
    return head % {"name": course.patient.called, "way": way}


def route_words(route: Route) -> str:
    return {
        Route.IV_INFUSION: _("infusion into a vein"), Route.IV_BOLUS: _("bolus into a vein"), Route.IM: _("into a muscle"),
        Route.INTRANASAL: _("by the nose"), Route.ORAL: _("by mouth"), Route.SUBLINGUAL: _("under the tongue"),
    }[route]  # fmt: skip


def context(
    request: HttpRequest, course: Course, drug: Drug, route: Route, ground: Background, standing: Standing,
    found: Assessment, past: list[Decision],
) -> dict[str, Any]:  # fmt: skip
    """Everything that the page shows, in the order in which a colleague would say it."""
    make = _Maker(request, course, ground.reference, drug, route)
    return {
        "course": course, "course_pk": str(course.pk), "patient": course.patient,
        "assessment": found,
        "summary": summary(found, course),
        "suggestion": found.suggestion.value, "standing": standing,
        "blocks": [make.line(j) for j in found.blocks],
        "unknown": _unknown(make, found),
        "cautions": [make.line(j) for j in found.cautions],
        "missing": [make.line(j) for j in found.missing],
        "clear": [make.line(j) for j in found.clear],
        "speaks": [_speaks(s, ground.reference) for s in found.speaks],
        "legal": found.legal.value if found.legal else "",
        "not_supported": found.legal is Legal.NOT_SUPPORTED,
        "resistance": _resistance(found, ground.reference),
        "thresholds": [
            {"row": t, "sources": cites(t.cite, ground.reference), "confirmed": t.cite.words}
            for t in ground.reference.candidacy.thresholds
        ],
        "past": past, "choose": _choose(request, course, drug, route), "decide": _decide(request, course, found),
        "may_record": roles.may(request.user, "candidacy.record"),
        "may_decide": roles.may(request.user, "candidacy.decide"),
        "missing_url": reverse("candidacy:record", args=[course.patient_id, "missing"]) + f"?course={course.pk}",
        "what_for_url": reverse("candidacy:record", args=[course.patient_id, "what_for"]) + f"?course={course.pk}",
        "version": ground.reference.version[:12],
    }  # fmt: skip


def cites(cite: Cite, reference: Reference) -> tuple[str, ...]:
    return tuple(reference.sources[key].cite for key in cite.source if key in reference.sources)


class _Maker:
    """Makes lines of one page."""

    def __init__(self, request: HttpRequest, course: Course, reference: Reference, drug: Drug, route: Route) -> None:
        self.request, self.course, self.reference, self.drug, self.route = request, course, reference, drug, route
        self.may_record = roles.may(request.user, "candidacy.record")
        self.may_override = roles.may(request.user, "candidacy.override")

    def line(self, judged: Judged) -> Line:
        rule, finding = judged.rule, judged.finding
        look, word = _look(judged)
        team = rule.team_default
        stricter = ""
        if team is not None:
            words = {"action": rule.action.value, "team": team.value}
            stricter = _("The source asks for: %(action)s. The team's default is stricter: %(team)s.") % words
        elif rule.team_drugs and self.drug in rule.team_drugs:
            stricter = _("The source does not speak of this drug; the team's default applies it here as well.")
        return Line(
            key=rule.key, title=rule.title, because=finding.because, look=look, word=word, to_do=finding.to_do,
            grade=rule.grade, note=rule.note, conflict=rule.conflict, stricter=stricter, record=rule.record,
            confirmed=rule.cite.words, sources=cites(rule.cite, self.reference), overridden=finding.overridden,
            url=self.url(judged) if self.may_record and not finding.is_met else "", override=self.override(judged),
        )  # fmt: skip

    def url(self, judged: Judged) -> str:
        """Where to record what this rule misses: lists go to the intake, facts to the page of the rule."""
        if judged.rule.key == UNCHECKED or judged.asks == (MEDICINES,) or judged.rule.facts == {MEDICINES}:
            return reverse("intake:section", args=[self.course.patient_id, "medicines"])
        if judged.rule.facts == {TRIALS}:
            return reverse("intake:section", args=[self.course.patient_id, "trials"])
        return reverse("candidacy:record", args=[self.course.patient_id, judged.rule.key]) + f"?course={self.course.pk}"

    def override(self, judged: Judged) -> Form | None:
        finding = judged.finding
        if not self.may_override or finding.weight is not Weight.OVERRIDE or not finding.stops:
            return None
        return form(
            self.request, f"override-{finding.rule}", reverse("candidacy:override", args=[self.course.patient_id]),
            _("Override, under my name"), Ask(name="why", label=_("Why it may go on all the same"), kind="long"),
            hidden={"rule": finding.rule, "against": queries.against_of(finding), "course": str(self.course.pk)},
            look="", anchor=f"r-{finding.rule}",
        )  # fmt: skip


def _look(judged: Judged) -> tuple[str, str]:
    finding, action = judged.finding, judged.rule.holds_as
    gathered = action is Action.COLLECT and judged.rule.needs is not None
    if finding.overridden:
        return "overridden", _("Overridden")
    if finding.is_met:
        return "met", _("In order")
    if finding.verdict is Verdict.UNKNOWN:
        return "unknown", _("Not recorded") if gathered else _("Not known")
    return {
        Action.BLOCK: ("stops", _("Blocks")),
        Action.OVERRIDE: ("stops", _("Needs a prescriber's reason")),
        Action.FLAG: ("caution", _("To heed")),
        Action.COLLECT: ("caution", _("Not done") if gathered else _("To heed")),
    }[action]


def _unknown(make: _Maker, found: Assessment) -> list[Open]:
    """What is not known, gathered by what to ask: one question may answer many rules."""
    groups: dict[tuple[str, ...], list[Judged]] = {}
    for judged in found.unknowns:
        groups.setdefault(judged.asks, []).append(judged)
    out = []
    for asked, rows in groups.items():
        told = [question(key, make.reference.candidacy.facts) for key in asked]
        stops = any(j.finding.stops for j in rows)
        whom = ", ".join(dict.fromkeys(w for _t, w in told))
        button = _("Ask, and write it down") if whom == "patient" else _("Record it")
        lines = tuple(make.line(j) for j in rows)
        first = rows[0]
        to_do = tuple(t for t, _w in told)
        if first.rule.key == UNCHECKED:
            to_do, button = (first.finding.to_do,), _("Open the medicines")
        out.append(Open(to_do=to_do, whom=whom, lines=lines, stops=stops, url=lines[0].url, button=button))
    return sorted(out, key=lambda o: not o.stops)


def _speaks(row: Speaks, reference: Reference) -> dict[str, Any]:
    one = row.indication
    return {
        "row": row, "one": one, "grade": GRADES[one.evidence_grade.value], "sources": cites(one.cite, reference),
        "confirmed": one.cite.words, "null": [t.text for t in one.trials if t.result.value == "null"],
        "positive": [t.text for t in one.trials if t.result.value == "positive"],
        "maybe": row.holds is None,
    }  # fmt: skip


def _resistance(found: Assessment, reference: Reference) -> dict[str, Any]:
    r, labels = found.resistance, reference.candidacy.class_labels
    return {
        "row": r, "words": {True: _("yes"), False: _("no"), None: _("not known")}[r.resistant],
        "classes": [labels.get(c, c) for c in r.classes], "sources": cites(r.definition.cite, reference),
        "confirmed": r.definition.cite.words,
        "variants": [
            {"title": d.title, "word": _(RESULTS[said]), "sources": cites(d.cite, reference)} for d, said in r.variants
        ],
    }  # fmt: skip


def _choose(request: HttpRequest, course: Course, drug: Drug, route: Route) -> Form | None:
    if not roles.may(request.user, "candidacy.record"):
        return None
    return form(
        request, "consider", reverse("candidacy:consider", args=[course.patient_id]), _("Look at this instead"),
        Ask(name="drug", label=_("Drug"), kind="select", value=drug.value, options=[(d.value, d.label) for d in Drug]),
        Ask(name="route", label=_("Way"), kind="select", value=route.value,
            options=[(r.value, route_words(r)) for r in Route]),
        hidden={"course": str(course.pk)}, look="",
    )  # fmt: skip


def _decide(request: HttpRequest, course: Course, found: Assessment) -> Form | None:
    """The decision, with the reason asked for from the start."""
    if not roles.may(request.user, "candidacy.decide") or course.state == "closed":
        return None
    suggested = found.suggestion
    options = [
        ("candidate", _("Candidate")), ("later", _("Later: not now, look again")), ("no", _("No")),
    ]  # fmt: skip
    stops = [f for f in found.findings if f.stops]
    about = ngettext(
        "“Candidate” is refused while %(n)s finding stands in the way.",
        "“Candidate” is refused while %(n)s findings stand in the way.", len(stops),
    ) % {"n": len(stops)} if stops else ""  # fmt: skip
    why = _("Needed wherever you decide otherwise than the rules suggest (%(words)s).") % {"words": suggested.words}
    return form(
        request, "decide", reverse("candidacy:decide", args=[course.patient_id]), _("Decide, under my name"),
        Ask(name="verdict", label=_("Decision"), kind="choice", options=options),
        Ask(name="why", label=_("Reason"), kind="long", help=why),
        Ask(name="alternatives", label=_("What else was offered"), kind="long",
            help=_("Other treatments that were talked about, or that none was offered, and why.")),
        Ask(name="consult", label=_("Psychiatrist consulted, where a payer asks for it"),
            help=_("Who, when, and what they said.")),
        hidden={"course": str(course.pk), "drug": found.drug.value, "route": found.route.value,
                "shown": actions.digest(found)},
        about=about, look="button-firm",
    )  # fmt: skip
