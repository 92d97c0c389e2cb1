"""What may the start rules know, and which numbers and lists do they ask by?

`StartFacts` is what people found out about this session; None means that nobody has asked or looked.  `StartRules` is
what the reference and the clinic ask; a drug that a mapping does not name is unknown, never free of the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from stillhaven.science.findings import Finding
from stillhaven.science.limits import Limit, Standing, judge, standing
from stillhaven.science.vitals import Mode, Reading


@dataclass(frozen=True, kw_only=True)
class FastingLimit:
    """For how long none of one kind: `kind` as in `StartFacts.last_taken`, `at_least` in minutes."""

    kind: str
    label: str
    at_least: Limit


@dataclass(frozen=True, kw_only=True)
class Order:
    """The signed order as the session finds it.  `actual_weight_kg` is what the person weighed when it was computed."""

    drug: str
    signed_at: datetime | None
    signed_by: str
    valid_from: datetime | None
    valid_until: datetime | None
    used: bool | None
    per_kg: bool
    actual_weight_kg: float | None = None
    dose_mg_per_kg: float | None = None
    off_label: bool | None = None
    fasting: tuple[FastingLimit, ...] = ()
    cancelled: str = ""  # why it was taken back, with who did


@dataclass(frozen=True, kw_only=True)
class LastTaken:
    """When something was last eaten, drunk or used.  Neither a time nor `none_taken` means: nobody has asked."""

    at: datetime | None = None
    none_taken: bool = False


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One consent document of this course: "treatment" or "off_label".

    `against`: why the signature does not hold although it was not withdrawn (run out, a new version); `unknown`: nobody
    can say whether it holds.
    """

    kind: str
    signed_at: datetime | None
    withdrawn_at: datetime | None = None
    against: str = ""
    unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class DoseCheck:
    """Two people looked at the dose.  `how` says what they did: "gate" (two blind entries) or "order_shown"."""

    first_by: str
    second_by: str
    agreed: bool | None
    how: str
    why: tuple[str, ...] = ()  # what differs, in sentences
    overridden: str = ""  # "name: reason" of the prescriber who let it start without agreement, where policy allows


@dataclass(frozen=True, kw_only=True)
class StartFacts:
    """All that the start rules may know.  None means that nobody has asked or looked."""

    now: datetime
    today: date  # the clinic's calendar day, by which a weight's age counts
    drug: str
    route: str
    identifiers: frozenset[str] | None = None  # which identifiers matched: "name", "birth_date", "wristband", "photo"
    weight_kg: float | None = None
    weighed_on: date | None = None
    last_taken: Mapping[str, LastTaken] = field(default_factory=dict)  # by kind: "food", "clear_liquid", "nasal_spray"
    escort_name: str | None = None
    escort_phone: str | None = None
    escort_reachable: bool | None = None
    consents: tuple[Consent, ...] | None = None
    wants_today: bool | None = None  # asked today: nothing has changed, and they still want it
    pregnant: bool | None = None
    medicine_changes_asked: bool | None = None
    medicine_classes: frozenset[str] | None = None
    medicines_unmatched: tuple[str, ...] = ()  # names that could not be put into a class
    order: Order | None = None
    readings: tuple[Reading, ...] = ()  # of this person, up to now
    sedation: int | None = None  # MOAA/S before the drug
    iv_site: str | None = None
    iv_patent: bool | None = None
    equipment: Mapping[str, bool | None] = field(default_factory=dict)
    alarm_limits_set: frozenset[str] | None = None  # signals
    monitor_attached: bool | None = None
    monitor_last_at: datetime | None = None
    monitor_mode: Mode | None = None
    demo_or_drill: bool = False
    prescriber_on_site: bool | None = None
    patient_enrolled: bool | None = None
    site_certified: bool | None = None
    dose_check: DoseCheck | None = None
    course_on_hold: bool | None = None
    hold_reason: str = ""

    @property
    def intravenous(self) -> bool:
        return self.route.startswith("iv")


@dataclass(frozen=True, kw_only=True)
class PressureRule:
    """The highest pressure at which the drug may start; a value over either number is not met."""

    systolic: Limit
    diastolic: Limit
    how: Standing
    to_do: str


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """A class of medicines that must be thought of with this drug."""

    key: str
    label: str
    because: str
    how: Standing
    to_do: str = "show it to the prescriber"


@dataclass(frozen=True, kw_only=True)
class StartRules:
    """The reference's numbers and lists.  Mappings by drug: a drug that is missing from them is unknown, not free.

    `how` gives each rule's standing by its key; a rule that it does not mention blocks.
    """

    identifiers_needed: Limit
    weight_max_age_days: Limit
    weight_change_pct: Limit  # no value: any difference counts
    fasting: Mapping[str, tuple[FastingLimit, ...]]
    baseline_signals: Mapping[str, str]  # signal -> what people call it
    baseline_max_age_min: Limit
    pressure: Mapping[str, PressureRule]
    sedation_at_least: Limit | None
    interactions: Mapping[str, tuple[Interaction, ...]]
    equipment: Mapping[str, str]  # item -> label
    monitored_signals: Mapping[str, str]
    monitor_silence_s: Limit
    prescriber_on_site_for: frozenset[str] = frozenset()
    enrolment_for: frozenset[str] = frozenset()
    how: Mapping[str, Standing] = field(default_factory=dict)

    def judge(
        self,
        rule: str,
        ok: bool | None,
        *,
        yes: str = "",
        no: str = "",
        unknown: str = "",
        to_do: str = "",
        how: Standing | None = None,
        source: str = "",
    ) -> Finding:
        """A finding that stands as these rules say; `how` where the rule brings its own standing."""
        how = how or standing(self.how, rule)
        return judge(rule, ok, yes=yes, no=no, unknown=unknown, to_do=to_do, how=how, source=source)
