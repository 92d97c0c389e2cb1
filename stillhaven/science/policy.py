"""What has a clinic set, what must it still set, and which rules stand at each door of a session?

Where no published number was found, the number is the clinic's own: a `PolicyItem` without a value, with every
candidate that some source offers.  Until the medical director sets it, it is None and the screen asks; it is never
taken for zero, normal or "no limit".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Weight
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.protocol import Cite, Drug, Route, Span
from stillhaven.science.recovery import DischargeRules
from stillhaven.science.scales import Scale
from stillhaven.science.start_facts import StartRules


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A number or a choice that some source offers.  Never a default: a person picks one, or another."""

    text: str
    cite: Cite
    value: float | None = None
    choice: str = ""
    span: Span | None = None  # from-to, where the source gives no one value

    @property
    def ends(self) -> tuple[float, ...]:
        """The number, or both ends of the span."""
        if self.value is not None:
            return (self.value,)
        return tuple(x for x in (self.span.low, self.span.high) if x is not None) if self.span is not None else ()

    def says(self, value: float | None) -> bool:
        """Is this the number it offers, or one within its span?"""
        ends = self.ends
        return value is not None and bool(ends) and min(ends) <= value <= max(ends)


@dataclass(frozen=True, kw_only=True)
class PolicyItem:
    """One thing that the clinic sets.  `value` (in `unit`) or `choice` is None or "" until it is set."""

    key: str
    fact: str
    title: str
    why: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    candidates: tuple[Candidate, ...] = ()
    group: str = ""  # where it stands on the clinic's page
    optional: bool = False  # an order sets it for one person; the clinic may set it for all
    looser: str = ""  # "higher" or "lower": which way the limit lets more through; "" where neither does
    value: float | None = None
    choice: str = ""
    set_by: str = ""
    set_on: date | None = None
    because: str = ""

    @property
    def is_set(self) -> bool:
        return self.value is not None or bool(self.choice)

    def why_not(self, value: float | None, choice: str = "") -> str:
        """Why this cannot be what the clinic sets; "" if it can.

        >>> item = PolicyItem(key="k", fact="", title="", why="", unit="min", low=15, high=480)
        >>> item.why_not(60), item.why_not(600)
        ('', '600 lies outside 15 to 480 min')
        """
        if self.choices:
            return "" if choice in self.choices else f"must be one of {', '.join(self.choices)}"
        if value is None or not math.isfinite(value):
            return "is missing" if value is None else "is not a finite number"
        low, high = self.low or 0.0, self.high if self.high is not None else math.inf
        return "" if low <= value <= high else f"{value:g} lies outside {low:g} to {high:g} {self.unit}"

    def offered(self, value: float | None, choice: str = "") -> tuple[Candidate, ...]:
        """The cited choices that say just this: none where it is the clinic's own."""
        return tuple(c for c in self.candidates if (c.choice == choice if self.choices else c.says(value)))

    def looser_than_cited(self, value: float | None) -> bool:
        """Does this number let more through than every source that gives one?  False where none does.

        >>> cite = Cite(source=("X",), confirmed=True)
        >>> item = PolicyItem(key="k", fact="", title="", why="", unit="%", looser="lower",
        ...                   candidates=(Candidate(text="", cite=cite, value=92),))
        >>> item.looser_than_cited(90), item.looser_than_cited(92), item.looser_than_cited(95)
        (True, False, False)
        """
        if value is None or not self.looser:
            return False
        ends = [end for c in self.candidates for end in c.ends]
        if not ends:
            return False
        return value > max(ends) if self.looser == "higher" else value < min(ends)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a medical director set one policy item to: a number in the item's unit, or one of its choices."""

    key: str
    value: float | None = None
    choice: str = ""
    set_by: str = ""
    set_on: date | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Everything the clinic sets.

    >>> step = PolicyItem(key="step", fact="P_IV_TITRATE", title="Step", why="no source", unit="mg/kg")
    >>> Policy(items={"step": step}).number("step") is None
    True
    """

    items: Mapping[str, PolicyItem] = field(default_factory=dict)

    def with_items(self, more: Iterable[PolicyItem]) -> Policy:
        """The policy with more items."""
        return replace(self, items={**self.items, **{item.key: item for item in more}})

    def with_settings(self, settings: Iterable[Setting]) -> Policy:
        """The policy with these settings laid on; settings of items that no longer exist are left aside."""
        items = dict(self.items)
        for setting in settings:
            if setting.key in items:
                items[setting.key] = replace(
                    items[setting.key], value=setting.value, choice=setting.choice, set_by=setting.set_by,
                    set_on=setting.set_on, because=setting.because,
                )  # fmt: skip
        return replace(self, items=items)

    def number(self, key: str) -> float | None:
        """The number that the clinic set, None if it has not.  BadInput for a key that is no policy item."""
        return self._item(key).value

    def limit(self, key: str) -> Limit:
        """The number as a rule takes it: value None until the clinic has set it."""
        item = self._item(key)
        return Limit(value=item.value, unit=item.unit, confirmed=item.is_set, set_by=item.set_by)

    def choice(self, key: str) -> str | None:
        """What the clinic chose, None if it has not."""
        return self._item(key).choice or None

    @property
    def unset(self) -> tuple[PolicyItem, ...]:
        """What rules wait for."""
        return tuple(item for item in self.items.values() if not item.is_set and not item.optional)

    def _item(self, key: str) -> PolicyItem:
        if key not in self.items:
            raise BadInput("policy", f"{key!r} is not something a clinic sets")
        return self.items[key]


class Door(StrEnum):
    """Where a rule stands."""

    START = "start"  # what must be so before the drug starts
    STOP = "stop"  # what ends or pauses the drug
    DISCHARGE = "discharge"  # what must be so before the person leaves


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule at one door of a session, as data: science decides, this says what is asked and why.

    `limits` are the rule's numbers, unit in the name (`systolic_mmhg`): published ones, and clinic-set ones, which hold
    None until they are set; `policy` says which limit is which policy item; `drugs` and `routes` empty mean all.
    `weight`, `overridable_by` and `to_do` go into the finding.
    """

    key: str
    door: Door
    title: str
    cite: Cite
    weight: Weight = Weight.BLOCK
    drugs: tuple[Drug, ...] = ()
    routes: tuple[Route, ...] = ()
    overridable_by: tuple[str, ...] = ()
    to_do: str = ""
    action: str = ""
    limits: Mapping[str, Limit] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)
    signs: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()  # the alarm conditions whose limits hold here
    readings: int = 1  # how many readings in a row it takes
    note: str = ""

    @property
    def standing(self) -> Standing:
        """How the rule stands, as a verdict needs it."""
        source = self.cite.source[0] if self.cite.source else ""
        return Standing(weight=self.weight, overridable_by=self.overridable_by, source=source)

    def applies(self, drug: Drug, route: Route) -> bool:
        return (not self.drugs or drug in self.drugs) and (not self.routes or route in self.routes)


@dataclass(frozen=True, kw_only=True)
class FastingRule:
    """How long without food or drink before a dose; `limits` in minutes by kind ("food", "clear_liquid").

    `standing`: "rule" is computed; "conflicting" is shown beside the rule it conflicts with; "not_computable" asks the
    clinic; "text" is advice without a number.
    """

    key: str
    title: str
    drugs: tuple[Drug, ...]
    standing: str
    cite: Cite
    limits: Mapping[str, Limit] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    conflict: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckTimetable:
    """When vital signs and scores are due.  None where no source gives an interval: then policy is asked.

    `at_min` counts from the start of the drug (esketamine: from the first device).  `during_every_min` runs while the
    drug runs, `recovery_every_min` from its end until the person leaves, `between_every_min` between the fixed ones.
    `policy` says which of these the clinic sets; `asks` which of them it has not set yet.
    """

    key: str
    title: str
    cite: Cite
    drugs: tuple[Drug, ...] = ()
    routes: tuple[Route, ...] = ()
    in_use: bool = False  # the house's own timetable; the others are published ones, for comparison
    baseline: bool = True
    before_leaving: bool = False
    at_min: tuple[float, ...] = ()
    after_end_min: tuple[float, ...] = ()
    during_every_min: float | None = None
    recovery_every_min: float | None = None
    between_every_min: float | None = None
    measures: tuple[str, ...] = ()
    continuous: tuple[str, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class DrivingRule:
    """How long a person does not drive.  `conflict` is a published sentence that is weaker, and why it is not used."""

    key: str
    drugs: tuple[Drug, ...]
    text: str
    cite: Cite
    hours: float | None = None
    after_sleep: bool = False
    conflict: str = ""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """Something that a setting has to have or do: REMS, staff, equipment."""

    key: str
    text: str
    cite: Cite
    drugs: tuple[Drug, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of a form that a regulator asks for."""

    key: str
    group: str
    label: str
    required: bool
    cite: Cite
    version: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SessionRules:
    """All that holds in a session: what starts, checks, stops and prepares it.

    `start` is what the start rules are asked by; `start_rules` the same rules to read, with titles and sources.
    """

    start: StartRules
    start_rules: tuple[Rule, ...] = ()
    stop: tuple[Rule, ...] = ()
    fasting: tuple[FastingRule, ...] = ()
    timetables: tuple[CheckTimetable, ...] = ()

    def rule(self, key: str) -> Rule:
        found = next((rule for rule in (*self.start_rules, *self.stop) if rule.key == key), None)
        if found is None:
            raise BadInput("rule", f"{key!r} is not a rule of a session")
        return found

    def timetable(self, drug: Drug, route: Route) -> CheckTimetable | None:
        """The timetable in use for this drug and route; None where the clinic has to make one."""
        return next(
            (t for t in self.timetables if t.in_use and drug in t.drugs and route in t.routes),
            None,
        )


@dataclass(frozen=True, kw_only=True)
class RecoveryRules:
    """What stands between the end of the drug and the door."""

    discharge: tuple[Rule, ...] = ()  # to read, with titles and sources
    ready: Mapping[tuple[Drug, Route], DischargeRules] = field(default_factory=dict)  # what discharge is asked by
    driving: tuple[DrivingRule, ...] = ()
    aldrete: Scale | None = None
    padss: Scale | None = None

    def rule(self, key: str) -> Rule:
        found = next((rule for rule in self.discharge if rule.key == key), None)
        if found is None:
            raise BadInput("rule", f"{key!r} is not a discharge rule")
        return found

    def rules_for(self, drug: Drug, route: Route) -> DischargeRules:
        """What discharge asks after this drug by this route.  BadInput where nobody has written it down."""
        if (drug, route) not in self.ready:
            raise BadInput("route", f"no discharge rules for {drug.label} by {route.value.replace('_', ' ')}")
        return self.ready[drug, route]

    def driving_rule(self, drug: Drug) -> DrivingRule | None:
        return next((rule for rule in self.driving if drug in rule.drugs), None)


@dataclass(frozen=True, kw_only=True)
class Rems:
    """What the esketamine risk programme asks: the setting, the form, and within how many days it is due."""

    setting: tuple[Requirement, ...]
    fields: tuple[FormField, ...]
    form_due_d: float | None
