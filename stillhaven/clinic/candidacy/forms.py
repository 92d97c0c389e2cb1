"""What staff write down for a rule: one field a fact, read back with its unit, never filled in for anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from stillhaven.clinic.candidacy.actions import Found
from stillhaven.clinic.people.asking import Ask
from stillhaven.reference.load import Reference
from stillhaven.science.candidacy import Assessment
from stillhaven.science.candidacy_facts import MEDICINES, TRIALS, FactKind
from stillhaven.science.candidacy_rules import Rule
from stillhaven.science.errors import BadInput
from stillhaven.science.units import parse_number

WHAT_FOR, MISSING = "what_for", "missing"  # pages that collect for no single rule
PURPOSE = (
    "diagnosis", "acute_suicidal_ideation", "closely_supervised", "psychotherapy_planned", "adequate_trials_judged",
    "long_term_treatment", "recurrent_use", "frequent_high_dose",
)  # fmt: skip
_STATE = (("state", "State that was asked"), ("time", "At what time"))
_LABORATORY = (("result", "Value"), ("unit", "Unit of the value"))
DETAIL: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pdmp_query_on": _STATE, "liver_tests_on": _LABORATORY, "liver_tests_alp_ggt_on": _LABORATORY, "tsh_on": _LABORATORY,
    "urinalysis_on": _LABORATORY, "severity_scale_on": (("scale", "Which scale"), ("score", "Score")),
}  # fmt: skip


def keys_of(page: str, reference: Reference, assessment: Assessment) -> tuple[str, ...]:
    """The facts that a page collects: of one rule, of what the course is for, or all that staff have not given."""
    rules = reference.candidacy
    if page == WHAT_FOR:
        return PURPOSE
    if page == MISSING:
        open_ones = (key for j in assessment.judged if not j.finding.is_met for key in j.asks)
        wanted = [k for k in dict.fromkeys(open_ones) if k in rules.facts and rules.facts[k].asked_of != "patient"]
        return tuple(wanted)
    return tuple(sorted(_of(rules.rule(page), rules.facts), key=list(rules.facts).index))


def _of(rule: Rule, kinds: Mapping[str, FactKind]) -> list[str]:
    return [k for k in rule.facts - {MEDICINES, TRIALS} if k in kinds and kinds[k].asked_of != "worked_out"]


def asks(keys: Iterable[str], kinds: Mapping[str, FactKind], now_says: Mapping[str, str]) -> tuple[Ask, ...]:
    """The fields for these facts; `now_says` is what is known already, shown beside the field, never in it."""
    found: list[Ask] = []
    for key in keys:
        kind, name = kinds[key], f"f.{key}"
        said = _("So far: %(said)s") % {"said": now_says[key]} if key in now_says else ""
        if kind.type == "bool":
            yes_no = (("yes", _("Yes")), ("no", _("No")), ("", _("Not known")))
            found.append(Ask(name=name, label=kind.label, kind="choice", options=yes_no, help=said))
        elif kind.type == "choice":
            options = (("", _("Choose")), *((c, c.replace("_", " ")) for c in kind.choices))
            found.append(Ask(name=name, label=kind.label, kind="select", options=options, help=said))
        elif kind.type == "number":
            found.append(Ask(name=name, label=kind.label, kind="number", unit=kind.unit, help=said))
        else:
            found.append(Ask(name=name, label=kind.label, kind="date", help=said))
            found += [Ask(name=f"{name}.{n}", label=_(label)) for n, label in DETAIL.get(key, ())]
            found.append(Ask(name=f"{name}.words", label=_("Result, or why it was not done"), kind="long"))
            found.append(Ask(name=f"{name}.not_done", label=_("It was not done"), kind="tick"))
    return tuple(found)


def read(typed: Mapping[str, Any], keys: Iterable[str], kinds: Mapping[str, FactKind]) -> list[Found]:
    """What was typed, as facts.  Empty fields are left out: nothing is recorded for them."""
    found = []
    for key in keys:
        kind, name = kinds[key], f"f.{key}"
        text, words = _text(typed, name), _text(typed, f"{name}.words")
        not_done = bool(_text(typed, f"{name}.not_done"))
        detail = {n: _text(typed, f"{name}.{n}") for n, _label in DETAIL.get(key, ())}
        if not_done and text:
            raise BadInput(name, _("says a day, and that it was not done: which is it?"))
        if not text and not not_done:
            if words or any(detail.values()):
                raise BadInput(name, _("write the day, or tick that it was not done"))
            continue
        if not_done and not words:
            raise BadInput(f"{name}.words", _("say why it was not done"))
        value = None if not_done else _value(text, kind, name)
        found.append(Found(key=key, value=value, not_done=not_done, words=words, detail=detail))
    if not found:
        raise BadInput("form", _("nothing was written; fill at least one field"))
    return found


def _text(typed: Mapping[str, Any], name: str) -> str:
    value = typed.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _value(text: str, kind: FactKind, name: str) -> Any:
    if kind.type == "bool":
        if text not in ("yes", "no"):
            raise BadInput(name, _("choose yes, no, or not known"))
        return text == "yes"
    if kind.type == "number":
        return parse_number(text, name)
    if kind.type == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise BadInput(name, _("write a date as 2026-11-21")) from None
    if not kind.readable(text):
        raise BadInput(name, _("choose one of the list"))
    return text
