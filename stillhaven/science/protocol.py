"""What does a source say that may be given: which drug, by which route, how much, over how long, how often?

A protocol is published; an order is that protocol fitted to a person and signed by a prescriber.  Nothing here picks a
dose.  Where a source gives no number the field is None and its key stands in `asks`: the screen asks a person.

Racemic ketamine, S-ketamine and esketamine are three drugs for dosing.  Nothing here turns one's dose into another's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.units import Quantity


class Drug(StrEnum):
    """Which drug a dose is of.  Doses of different drugs are never compared, converted or copied."""

    KETAMINE = "ketamine"  # the racemate, dosed as base
    S_KETAMINE = "s_ketamine"  # S(+)-ketamine for infusion, as in some European trials
    ESKETAMINE = "esketamine"  # the nasal product, mg of esketamine base in devices

    @property
    def label(self) -> str:
        return {
            "ketamine": "racemic ketamine",
            "s_ketamine": "S-ketamine (infusion)",
            "esketamine": "esketamine (nasal devices)",
        }[self]


class Route(StrEnum):
    """How a dose gets in."""

    IV_INFUSION = "iv_infusion"
    IV_BOLUS = "iv_bolus"
    IM = "im"
    INTRANASAL = "intranasal"
    ORAL = "oral"
    SUBLINGUAL = "sublingual"


class Basis(StrEnum):
    """What speaks for a protocol: a label, practice outside the label, or research only."""

    LABEL = "label"
    OFF_LABEL = "off_label"
    RESEARCH = "research"


class Kind(StrEnum):
    """A regimen is something an order can be made from; guidance is a rule or a piece of evidence around regimens."""

    REGIMEN = "regimen"
    GUIDANCE = "guidance"


class Ask(StrEnum):
    """What a source leaves open, so that the screen asks a prescriber or the clinic."""

    DOSE = "dose"
    DURATION = "duration"
    STEP = "step"
    RAMP = "ramp"
    SCHEME = "scheme"  # several published schemes, or none for this: which?
    SCHEDULE = "schedule"
    INTERVAL = "interval"
    OBSERVATION = "observation"
    FORMULATION = "formulation"
    COMPANION_DOSE = "companion_dose"
    STOP_AFTER = "stop_after"

    @property
    def question(self) -> str:
        return {
            "dose": "Which dose? The source leaves it open.",
            "duration": "Over how long? The source leaves it open.",
            "step": "By how much may a dose go up?",
            "ramp": "How slow at first, and for how long?",
            "scheme": "How many sessions, how often? Choose a scheme.",
            "schedule": "How many sessions, how often? No source says.",
            "interval": "How long between sessions?",
            "observation": "How long is the person observed afterwards?",
            "formulation": "Which product, of which strength, from whom?",
            "companion_dose": "Which dose of the drugs given with it?",
            "stop_after": "After how many sessions without effect does it end?",
        }[self]


class Give(StrEnum):
    """How one part of a protocol is given."""

    INFUSION = "infusion"
    BOLUS = "bolus"
    SINGLE = "single"
    DEVICES = "devices"
    TOTAL = "total"  # not given as such: what the parts add up to


@dataclass(frozen=True, kw_only=True)
class Cite:
    """Where a fact comes from, and how far it was checked.

    `source` are keys of sources.toml; `fact` the row of the fact file; `confirmed` that a person read it in that place;
    `via` "secondary" where only a summary was read; `inference` where the house drew a conclusion from what was read.
    """

    source: tuple[str, ...]
    fact: str = ""
    where: str = ""
    confirmed: bool = False
    via: str = ""
    inference: bool = False

    @property
    def words(self) -> str:
        """How sure a reader may be, in words.

        >>> Cite(source=("ALDRETE",), confirmed=True, via="secondary").words
        'read in a summary'
        >>> Cite(source=("OWN",)).words
        'not confirmed'
        """
        if not self.confirmed:
            return "not confirmed"
        read = "read in a summary" if self.via == "secondary" else "read in the source"
        return f"{read}, our inference" if self.inference else read


@dataclass(frozen=True, kw_only=True)
class Review:
    """Has a person reviewed this file?  Draft files load in tests and the demo, not in a clinic."""

    status: str = "draft"
    by: str = ""
    on: date | None = None

    @property
    def is_reviewed(self) -> bool:
        return self.status == "reviewed"


@dataclass(frozen=True, kw_only=True)
class Span:
    """What a source allows: one value, one of several, from-to, or a bound on one side.  None: the source is silent.

    >>> Span(unit="mg/kg", low=0.25, high=1.0).allows(Quantity(500, "ug/kg"))
    True
    >>> Span(unit="mg", low=56, high=84, choices=(56, 84)).allows(Quantity(70, "mg"))
    False
    """

    unit: str
    low: float | None = None
    high: float | None = None
    choices: tuple[float, ...] = ()

    @property
    def exact(self) -> float | None:
        """The one value, where the source gives exactly one."""
        return self.low if self.low is not None and self.low == self.high else None

    def allows(self, quantity: Quantity) -> bool:
        value = quantity.to(self.unit)
        if self.choices:
            return any(abs(value - choice) < 1e-9 for choice in self.choices)
        return (self.low is None or value >= self.low - 1e-9) and (self.high is None or value <= self.high + 1e-9)

    def to(self, unit: str) -> Span:
        """The same span in another unit of the same kind."""

        def turn(value: float | None) -> float | None:
            return None if value is None else Quantity(value, self.unit).to(unit)

        return Span(
            unit=unit,
            low=turn(self.low),
            high=turn(self.high),
            choices=tuple(Quantity(choice, self.unit).to(unit) for choice in self.choices),
        )

    def __str__(self) -> str:
        """As a colleague would write it.

        >>> str(Span(unit="mg", low=56, high=84, choices=(56, 84))), str(Span(unit="mg/kg", high=0.35))
        ('56 or 84 mg', 'up to 0.35 mg/kg')
        """
        if self.choices:
            return f"{' or '.join(f'{choice:g}' for choice in self.choices)} {self.unit}"
        if self.exact is not None:
            return f"{self.exact:g} {self.unit}"
        if self.low is None:
            return f"up to {self.high:g} {self.unit}"
        if self.high is None:
            return f"at least {self.low:g} {self.unit}"
        return f"{self.low:g} to {self.high:g} {self.unit}"


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One part of a protocol: an amount, the time it is given over, or a rate.  None where the source is silent."""

    key: str
    give: Give
    cite: Cite
    amount: Span | None = None
    over: Span | None = None
    rate: Span | None = None
    only: str = ""  # for whom, where it is not for everybody
    note: str = ""

    @property
    def dose_mg_per_kg(self) -> float | None:
        """The one published dose per kg, if there is exactly one."""
        return self.amount.exact if self.amount and self.amount.unit == "mg/kg" else None

    @property
    def dose_mg(self) -> float | None:
        """The one published dose in mg, if there is exactly one that needs no weight."""
        return self.amount.exact if self.amount and self.amount.unit == "mg" else None

    @property
    def over_min(self) -> float | None:
        """The one published duration in minutes, if there is exactly one."""
        return self.over.to("min").exact if self.over else None

    def amount_mg(self, weight_kg: float) -> Span | None:
        """The published amount for a person of this weight, in mg; None where the source gives no amount.

        >>> half = Span(unit="mg/kg", low=0.5, high=0.5)
        >>> part = Dose(key="infusion", give=Give.INFUSION, cite=Cite(source=()), amount=half)
        >>> part.amount_mg(82.0).exact
        41.0
        """
        if self.amount is None:
            return None
        if self.amount.unit != "mg/kg":
            return self.amount.to("mg")
        if not weight_kg > 0:
            raise BadInput("weight_kg", "must be over 0 kg")

        def times(value: float | None) -> float | None:
            return None if value is None else value * weight_kg

        return Span(
            unit="mg",
            low=times(self.amount.low),
            high=times(self.amount.high),
            choices=tuple(choice * weight_kg for choice in self.amount.choices),
        )


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """The most that a source supports: an amount or a rate.  `only` says where a ceiling holds (intensive care).

    >>> top = Ceiling(key="amount", limit=1.0, unit="mg/kg", over_min=40, cite=Cite(source=("FAVA_2018",)))
    >>> top.allows(Quantity(0.5, "mg/kg")), top.allows(Quantity(1.2, "mg/kg"))
    (True, False)
    """

    key: str
    limit: float
    unit: str
    cite: Cite
    title: str = ""
    routes: tuple[Route, ...] = ()
    over_min: float | None = None
    only: str = ""
    policy: str = ""  # the policy item by which a clinic sets its own

    def allows(self, quantity: Quantity) -> bool:
        return quantity.to(self.unit) <= self.limit + 1e-9


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One stretch of a course, or one of several published schemes for it.  None where the source is silent."""

    key: str
    phase: str  # "acute", "induction", "maintenance", "single", "daily"
    cite: Cite
    first_week: int | None = None
    last_week: int | None = None
    sessions_per_week: tuple[float, ...] = ()  # one, or several to choose from; 0.5 is every two weeks
    sessions: int | None = None
    up_to: bool = False  # `sessions` is a most, not a number to reach
    days: int | None = None
    months: int | None = None
    interval_h: float | None = None
    dose: Span | None = None
    first_dose: Span | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One published regimen, or guidance around regimens, in the house's own words."""

    key: str
    fact: str
    title: str
    kind: Kind
    drug: Drug
    routes: tuple[Route, ...]
    indication: str
    basis: Basis
    cite: Cite
    review: Review
    setting: str = ""
    doses: tuple[Dose, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    schedule: tuple[Phase, ...] = ()
    evaluate: str = ""
    rules: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    most_sessions_per_week: int | None = None
    asks: tuple[Ask, ...] = ()

    @property
    def is_orderable(self) -> bool:
        """May an order be made from this, once a prescriber fills what `asks` names and signs?"""
        return self.kind is Kind.REGIMEN

    def dose(self, key: str) -> Dose | None:
        return next((part for part in self.doses if part.key == key), None)
