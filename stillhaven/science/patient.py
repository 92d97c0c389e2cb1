"""The facts a rule may know of a person.  None means "nobody knows", which is never "no" and never "normal"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What rules may know of a person.  Weight and height carry the day they were taken."""

    age_y: float | None = None
    sex: str | None = None  # "female", "male", "other": as recorded for dosing formulas
    weight_kg: float | None = None
    weighed_on: date | None = None
    height_cm: float | None = None
    pregnant: bool | None = None


def age_years(born: date, on: date) -> int:
    """Completed years of age on a day.

    >>> age_years(date(2000, 2, 29), date(2026, 2, 28))
    25
    """
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
