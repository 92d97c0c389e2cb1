"""What would this clinic's limits become, what differs from those that hold, and what is left to say before signing?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.plan.forms import cited
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.models import Adoption
from stillhaven.reference import load as reference
from stillhaven.reference.load import Reference
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import plain
from stillhaven.science.policy import Candidate, PolicyItem
from stillhaven.science.units import parse_number


def group_words() -> tuple[tuple[str, str, str], ...]:
    """The parts of the page in their order: key, heading, what they are about."""
    return (
        ("before", _("Before the drug"), _("Weight, baseline, fasting, and the most that is given.")),
        ("running", _("While the drug runs"), _("How often somebody looks.")),
        ("leaving", _("Recovery and leaving"), _("How long people are observed, and what must be so before they go.")),
        ("course", _("The course"), _("When a course stops.")),
        ("consent", _("Consent"), _("How long a signature holds, and who has to see it.")),
        ("schedule", _("The schedule"), _("Staff, chairs and reminders.")),
        ("", _("Everything else"), ""),
        ("alarms", _("Alarm limits for every session"),
         _(
             "An order sets them for one person. Where it says nothing, what stands here holds; where nothing stands, the "
             "screen asks. Sessions that have begun keep theirs."
         )),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cited:
    """One cited choice as it is shown."""

    number: str
    text: str
    document: str
    confirmed: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One setting on the page: what holds, who set it, and what sources say beside it."""

    item: PolicyItem
    shown: str
    source: str
    cited: tuple[Cited, ...]
    typed: str = ""
    reason: str = ""
    why: str = ""

    @property
    def field(self) -> str:
        return f"set.{self.item.key}"

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Its choices with their words."""
        return tuple((choice, choice.replace("_", " ")) for choice in self.item.choices)


def value_words(item: PolicyItem | None, value: float | None, choice: str) -> str:
    """A setting in words; "" where it is not set."""
    if value is not None:
        return f"{plain(value)} {item.unit if item else ''}".strip()
    return choice.replace("_", " ")


def lines(
    rules: Reference, typed: Mapping[str, Any] | None = None, wrong: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Every setting in its group.  A room that brings items of its own group has them among the others."""
    groups: dict[str, list[Line]] = {}
    known = {key for key, _name, _about in group_words()}
    for item in rules.policy_items:
        groups.setdefault(item.group if item.group in known else "", []).append(_line(item, rules, typed, wrong or {}))
    return [
        {"key": key or "other", "title": title, "about": about, "lines": groups[key],
         "unset": sum(not x.item.is_set and not x.item.optional for x in groups[key])}
        for key, title, about in group_words() if groups.get(key)
    ]  # fmt: skip


def _line(item: PolicyItem, rules: Reference, typed: Mapping[str, Any] | None, wrong: Mapping[str, str]) -> Line:
    now = item.choice if item.choices else (plain(item.value) if item.value is not None else "")
    field = f"set.{item.key}"
    return Line(
        item=item, shown=value_words(item, item.value, item.choice),
        source=source_words(item, item.value, item.choice, rules),
        cited=tuple(_cited(c, item, rules) for c in item.candidates),
        typed=str(typed.get(field, now)) if typed is not None else now,
        reason=str(typed.get(f"why.{item.key}", "")) if typed is not None else "",
        why=wrong.get(item.key, "") or wrong.get(field, ""),
    )  # fmt: skip


def _cited(candidate: Candidate, item: PolicyItem, rules: Reference) -> Cited:
    ends = candidate.ends
    number = " – ".join(plain(x) for x in dict.fromkeys(ends)) + f" {item.unit}" if ends else ""
    return Cited(
        number=number or candidate.choice.replace("_", " "), text=candidate.text, confirmed=candidate.cite.confirmed,
        document="; ".join(cited(key, rules) for key in candidate.cite.source),
    )  # fmt: skip


def source_words(item: PolicyItem, value: float | None, choice: str, rules: Reference) -> str:
    """Whose number this is: the sources that say just this, or the clinic's own."""
    if value is None and not choice:
        return ""
    found = [cited(key, rules) for c in item.offered(value, choice) for key in c.cite.source]
    return "; ".join(dict.fromkeys(found)) or _("our own")


# ---------------------------------------------------------------- what was typed
@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting that would differ."""

    key: str
    title: str
    old: str
    new: str
    source: str
    reason: str
    value: float | str | None
    caution: str = ""
    own: bool = False


def read(rules: Reference, typed: Mapping[str, Any]) -> tuple[list[Change], dict[str, str]]:
    """The changes that the form asks for, and what cannot be read or is not said yet: item -> why."""
    changes: list[Change] = []
    wrong: dict[str, str] = {}
    for item in rules.policy_items:
        if f"set.{item.key}" not in typed:
            continue
        text = str(typed[f"set.{item.key}"]).strip()
        reason = str(typed.get(f"why.{item.key}") or "").strip()[:400]
        try:
            value = _value(item, text)
        except BadInput as error:
            wrong[item.key] = error.why
            continue
        number, choice = (None, str(value or "")) if item.choices else (value, "")
        if (number, choice) == (item.value, item.choice):
            continue
        change = _change(item, number, choice, reason, rules)  # type: ignore[arg-type]
        changes.append(change)
        if change.own and not reason and (item.candidates or change.caution):
            wrong[item.key] = (
                _("this lets more through than every cited source: say why it is right here")
                if change.caution
                else _("no source beside it says this: say why it is our own")
            )
    return changes, wrong


def _value(item: PolicyItem, text: str) -> float | str | None:
    if not text:
        return None
    if item.choices:
        if why := item.why_not(None, text):
            raise BadInput(item.key, why)
        return text
    number = parse_number(text, item.key)
    if why := item.why_not(number):
        raise BadInput(item.key, why)
    return number


def _change(item: PolicyItem, number: float | None, choice: str, reason: str, rules: Reference) -> Change:
    gone = number is None and not choice
    own = not gone and not item.offered(number, choice)
    caution = ""
    if item.looser_than_cited(number):
        caution = _("Looser than every source that gives a number.")
    elif gone:
        caution = _("Taken back: until it is set again the screen asks.")
    return Change(
        key=item.key, title=item.title, old=value_words(item, item.value, item.choice),
        new=value_words(item, number, choice), source=source_words(item, number, choice, rules), reason=reason,
        value=(choice or None) if item.choices else number, caution=caution, own=own,
    )  # fmt: skip


def digest(base: str, changes: Iterable[Change]) -> str:
    """Names exactly what was shown to the signer."""
    told = [base, [(c.key, str(c.value), c.reason) for c in changes]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def sign(
    site: Site, changes: Iterable[Change], because: str, *, by: User, at: datetime, second_factor: str, base: str,
    uid: UUID | None = None,
) -> Adoption:  # fmt: skip
    """Adopt the reference as it stands with these settings: signed, dated, a version of its own."""
    roles.require(by, "policy.adopt")
    if site.pk not in by.site_ids:
        raise roles.NotAllowed(why="there is no such site")
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    if not because.strip():
        raise BadInput("because", "say in a sentence what this version is for")
    mine = list(changes)
    newest = policy.newest(site.pk)
    if not mine and newest is not None and newest.version == reference.current().version:
        raise BadInput("because", "nothing differs from the version that holds")
    today: date = at.astimezone(ZoneInfo(site.zone)).date()
    return policy.adopt(
        {c.key: c.value for c in mine}, by=by, at=at, on=today, site=site.pk, because=because.strip()[:600],
        reasons={c.key: c.reason for c in mine if c.reason}, second_factor=second_factor, base=base, uid=uid,
    )  # fmt: skip


# ---------------------------------------------------------------- history
@dataclass(frozen=True, kw_only=True)
class Version:
    """One adoption as the history shows it."""

    number: int
    entry: Adoption
    because: str
    second_factor: str
    changed: int
    set: int


def history(site: int) -> list[Version]:
    """Every version, newest first, with how much each changed."""
    found: list[Version] = []
    before: dict[str, Any] = {}
    for number, entry in enumerate(policy.versions(site), 1):
        signed = entry.content.get(policy.SIGNED, {})
        settings = _settings(entry)
        found.append(Version(
            number=number, entry=entry, because=signed.get("because", ""), second_factor=signed.get("second_factor", ""),
            changed=len(_differing(before, settings)), set=len(settings),
        ))  # fmt: skip
        before = settings
    return found[::-1]


def _settings(entry: Adoption | None) -> dict[str, Any]:
    return {k: v for k, v in entry.content.items() if k != policy.SIGNED} if entry else {}


def _said(row: Mapping[str, Any] | None) -> tuple[Any, str]:
    return (row.get("value"), row.get("choice", "")) if row else (None, "")


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [key for key in sorted({*old, *new}) if _said(old.get(key)) != _said(new.get(key))]


def compare(old: Adoption | None, new: Adoption, rules: Reference) -> list[dict[str, str]]:
    """What differs between any two versions, setting by setting."""
    before, after = _settings(old), _settings(new)
    rows = []
    for key in _differing(before, after):
        item = rules.policy.items.get(key)
        row = after.get(key) or {}
        rows.append({
            "title": item.title if item else key, "old": value_words(item, *_said(before.get(key))),
            "new": value_words(item, *_said(after.get(key))), "because": row.get("because", ""),
            "by": f"{row.get('set_by', '')} {row.get('set_on', '')}".strip(),
            "source": source_words(item, *_said(row), rules) if item and row else "",
        })  # fmt: skip
    return rows
