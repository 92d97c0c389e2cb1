"""What can go wrong for a person in a session, how bad is it, and what do people then do?

Interventions are what staff do with their hands and voices.  A drug is named only as "by order": nothing here orders,
suggests or computes a rescue dose.  The reference texts of rescue drugs are unconfirmed and say so wherever they show.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillhaven.science.protocol import Cite


@dataclass(frozen=True, kw_only=True)
class Grade:
    """How bad an event is: 1 mild to 5 death."""

    value: int
    name: str
    means: str


@dataclass(frozen=True, kw_only=True)
class PressureGrade:
    """A published hypertension grade.  It describes lasting toxicity: see `Grading.caution` before using a number."""

    value: int
    systolic_low_mmhg: float | None
    systolic_high_mmhg: float | None
    diastolic_low_mmhg: float | None
    diastolic_high_mmhg: float | None
    means: str
    confirmed: bool


@dataclass(frozen=True, kw_only=True)
class Grading:
    """The grades every event uses, the published pressure grades, and the caution that goes with them."""

    grades: tuple[Grade, ...]
    pressure_grades: tuple[PressureGrade, ...]
    caution: str
    cite: Cite

    def name(self, value: int) -> str:
        return next((grade.name for grade in self.grades if grade.value == value), "")


@dataclass(frozen=True, kw_only=True)
class AdverseEventKind:
    """One of the adverse events that a session watches for.

    `stops_dosing`: the shipped interventions begin with stopping the drug.  `calls_emergency`: they include calling
    emergency services.  `rescue`: keys of rescue drugs that an order may name, never a suggestion to give one.
    """

    key: str
    fact: str
    name: str
    short: str
    frequency: str
    interventions: tuple[str, ...]
    cite: Cite
    drug_text: str = ""
    rescue: tuple[str, ...] = ()
    caution: str = ""
    stops_dosing: bool = False
    calls_emergency: bool = False
    when: str = "session"  # "session": at the chair; "course": found between sessions


@dataclass(frozen=True, kw_only=True)
class RescueDrug:
    """Reference text about a rescue drug.  Text only: no field holds a number that a program could order.

    `order`: "required" for an individual prescriber's order, "emergency standing order" where a standing one is usual,
    "" where there is no drug to give.
    """

    key: str
    fact: str
    name: str
    text: str
    order: str
    cite: Cite
    cautions: tuple[str, ...] = ()
