"""The screens of the intake: each question with what stands, what is half-typed, and what is wrong."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from stillhaven.clinic.intake import queries
from stillhaven.clinic.intake.models import Answer, Draft
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import editing
from stillhaven.science import intake as rules
from stillhaven.science.errors import BadInput
from stillhaven.science.intake import UNKNOWN, IntakeRules, Kind, Question, Section

UNITS = {Kind.WEIGHT: (("lb", "lb"), ("kg", "kg")), Kind.HEIGHT: (("ft", "ft, in"), ("cm", "cm"))}
_INPUTS = {
    Kind.TEXT: ("text", "", ""), Kind.PHONE: ("tel", "tel", "tel"), Kind.EMAIL: ("email", "email", "email"),
    Kind.DATE: ("date", "", ""), Kind.NUMBER: ("text", "decimal", ""), Kind.WEIGHT: ("text", "decimal", ""),
    Kind.HEIGHT: ("text", "", ""), Kind.LIST: ("text", "", ""),
}  # fmt: skip
# What a phone may fill in by itself: of the person only, never of somebody else.
_AUTOFILL = {"legal_name": "name", "born": "bday", "phone": "tel", "email": "email", "address": "street-address"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question as it stands on the screen."""

    q: Question
    value: str = ""
    values: tuple[str, ...] = ()
    unit: str = ""
    why: str = ""
    options: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    shown: bool = True
    theirs: str = ""  # what somebody else said meanwhile
    others: tuple[str, ...] = ()  # what was typed on another device at the same time
    kind: str = "text"
    mode: str = ""
    autofill: str = "off"
    said: str = ""  # what was answered before, where the field now shows something else
    when: str = ""

    @property
    def key(self) -> str:
        return self.q.key

    @property
    def clashes(self) -> bool:
        return bool(self.theirs)


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One section, ready to be shown."""

    section: Section
    fields: tuple[Field, ...]
    seen: str
    uid: str
    none_says: tuple[str, ...] = ()
    draft: Draft | None = None
    trouble: str = ""
    reason_why: str = ""
    reason: str = ""
    changes_theirs: bool = False
    problems: tuple[tuple[str, str, str], ...] = field(default_factory=tuple)  # key, label, why


def typed_of(request: HttpRequest, section: Section) -> dict[str, Any]:
    """What the form sent, for every question that it showed."""
    asked = set(request.POST.getlist("asked"))
    found: dict[str, Any] = {}
    for q in section.questions:
        if q.key not in asked:
            continue
        found[q.key] = request.POST.getlist(q.key) if q.kind is Kind.SEVERAL else request.POST.get(q.key, "")
        if q.kind in UNITS:
            found[f"{q.key}.unit"] = request.POST.get(f"{q.key}.unit", "")
    return found


def screen(
    patient: Patient, form: IntakeRules, section: Section, answers: Mapping[str, Answer], draft: Draft | None, *,
    typed: Mapping[str, Any] | None = None, errors: Iterable[BadInput] = (), clashes: Iterable[editing.Clash] = (),
    reason: str = "", by_staff: bool = False, seen: str = "",
) -> Screen:  # fmt: skip
    """The section as it stands; with what was typed just now, or the draft, in place of what was said."""
    stands = queries.values(patient, form, answers)
    why = {e.field: e.why for e in errors}
    clashing = {c.field: c for c in clashes}
    begun: Mapping[str, Any] = typed if typed is not None else (draft.values if draft else {})
    others = draft.others if draft else {}
    fields = tuple(
        _field(
            q,
            patient,
            stands,
            answers.get(q.key),
            begun,
            why.get(q.key, ""),
            clashing.get(q.key),
            others.get(q.key, []),
        )
        for q in section.questions
        if not (patient.sex and patient.sex in q.not_for_sex)
    )
    open_ = {q.key for q in section.questions if stands.get(q.key) in (None, "", [])}
    says = tuple(q.none_says for q in section.questions if q.none and q.key in open_)
    mine = {q.key: stands.get(q.key) for q in section.questions}
    labels = {q.key: q.label for q in section.questions} | {"reason": _("Reason")}
    # What was seen is what stood when typing began: a form that comes back, and a draft, keep theirs.
    seen = seen or (draft.seen if draft else "") or editing.stamps(mine)
    return Screen(
        section=section, fields=fields, seen=seen, uid=str(uuids.uuid4()), draft=draft,
        none_says=says if len(says) > 1 else (),
        trouble="; ".join(w for k, w in why.items() if k not in labels), reason_why=why.get("reason", ""), reason=reason,
        changes_theirs=by_staff and any(k in answers and answers[k].source == "patient" for k in mine),
        problems=tuple((k, labels[k], w) for k, w in why.items() if k in labels),
    )  # fmt: skip


def _field(
    q: Question, patient: Patient, stands: Mapping[str, Any], answer: Answer | None, begun: Mapping[str, Any], why: str,
    clash: editing.Clash | None, others: list[Any],
) -> Field:  # fmt: skip
    value, unit = _shown(q, stands.get(q.key), answer)
    said = rules.show(q, stands.get(q.key), answer.typed if answer else "")
    typed = begun.get(q.key, value)
    unit = str(begun.get(f"{q.key}.unit", unit))
    values = tuple(str(v) for v in typed) if isinstance(typed, list | tuple) else ((str(typed),) if typed else ())
    kind, mode, _auto = _INPUTS.get(q.kind, ("text", "", ""))
    options: tuple[tuple[str, str], ...] = tuple(q.options.items())
    if q.kind is Kind.YES_NO:
        options = (("yes", _("Yes")), ("no", _("No")), (UNKNOWN, _("I don’t know, or rather in person")))
    elif q.kind is Kind.CHOICE:
        options = (*options, (UNKNOWN, _("I don’t know, or rather in person")))
    return Field(
        q=q, value="" if isinstance(typed, list | tuple) else str(typed or ""), values=values, unit=unit, why=why,
        options=options, units=UNITS.get(q.kind, ()), shown=rules.applies(q, stands, patient.sex),
        theirs=(rules.show(q, clash.theirs) or _("nothing")) if clash else "",
        others=tuple(", ".join(t) if isinstance(t, list) else str(t) for t in others), kind=kind, mode=mode,
        autofill=_AUTOFILL.get(q.key, "off"), said=said,
        when=" ".join(q.shown_if.among) if q.shown_if else "",
    )  # fmt: skip


def _shown(q: Question, value: Any, answer: Answer | None) -> tuple[Any, str]:
    """A value as its field shows it, and its unit."""
    if value in (None, ""):
        return "", ""
    if isinstance(value, bool):
        return ("yes" if value else "no"), ""
    if q.kind in UNITS:
        typed = answer.typed if answer else ""
        if " ft " in f" {typed} ":
            return typed, "ft"
        number, _, unit = typed.partition(" ")
        return (number, unit) if number and unit else (f"{value:g}", q.unit)
    if q.kind is Kind.LIST:
        return ", ".join(value), ""
    if isinstance(value, list):
        return [str(v) for v in value], ""
    return str(value), ""
