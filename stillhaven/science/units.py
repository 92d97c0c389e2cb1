"""Every conversion factor of the house, and `Quantity` for the edges: forms, messages, reference files.

Inside, quantities are plain floats with the unit in the name (`dose_mg`, `rate_mg_per_h`).  Exact factors by
definition: the international pound is 0.45359237 kg and the inch 2.54 cm (1959 agreement); 0 degrees C is 273.15 K;
1 mmHg is 101325/760 Pa to better than 2e-7 (BIPM, SI Brochure, table 8 gives 133.322 Pa).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from stillhaven.science.errors import BadInput

KG_PER_LB = 0.45359237
CM_PER_IN = 2.54
PA_PER_MMHG = 133.322

# dimension -> {unit: factor to the house's unit of that dimension}
_UNITS: dict[str, dict[str, float]] = {
    "mass_kg": {"kg": 1.0, "g": 1e-3, "lb": KG_PER_LB},
    "drug_mg": {"mg": 1.0, "ug": 1e-3, "mcg": 1e-3, "ng": 1e-6},
    "length_cm": {"cm": 1.0, "m": 100.0, "in": CM_PER_IN},
    "volume_ml": {"mL": 1.0, "ml": 1.0, "L": 1000.0, "uL": 1e-3},
    "time_s": {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "pressure_mmhg": {"mmHg": 1.0, "mm[Hg]": 1.0, "kPa": 1000.0 / PA_PER_MMHG},
    "conc_mg_per_ml": {"mg/mL": 1.0, "mg/ml": 1.0, "ug/mL": 1e-3, "ng/mL": 1e-6},
    "dose_mg_per_kg": {"mg/kg": 1.0, "ug/kg": 1e-3, "mcg/kg": 1e-3},
    "rate_mg_per_h": {"mg/h": 1.0, "mg/min": 60.0, "ug/min": 0.06},
    "rate_mg_per_kg_per_h": {"mg/kg/h": 1.0, "mg/kg/min": 60.0, "ug/kg/min": 0.06, "mcg/kg/min": 0.06},
    "rate_ml_per_h": {"mL/h": 1.0, "ml/h": 1.0, "mL/min": 60.0},
    "frequency_per_min": {"/min": 1.0, "bpm": 1.0, "Hz": 60.0},
    "ratio_pct": {"%": 1.0, "1": 100.0},
}
_DIMENSION = {unit: dimension for dimension, units in _UNITS.items() for unit in units}


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, as it came in.  `to()` gives the plain float the house uses inside.

    >>> round(Quantity(154, "lb").to("kg"), 6)
    69.853225
    >>> Quantity(5, "mg").to("kg")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.BadInput: unit: cannot turn mg into kg
    """

    value: float
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in _DIMENSION and self.unit not in ("degC", "degF", "K"):
            raise BadInput("unit", f"{self.unit!r} is not a unit this house knows")
        if not math.isfinite(self.value):
            raise BadInput("value", "is not a finite number")

    def to(self, unit: str) -> float:
        """The same quantity in another unit of the same kind; BadInput if they are of different kinds."""
        if self.unit == unit:
            return float(self.value)
        if unit == "degC":
            return celsius(self.value, self.unit)
        dimension = _DIMENSION.get(self.unit)
        if dimension is None or _DIMENSION.get(unit) != dimension:
            raise BadInput("unit", f"cannot turn {self.unit} into {unit}")
        factors = _UNITS[dimension]
        return self.value * factors[self.unit] / factors[unit]


def celsius(value: float, unit: str) -> float:
    """Temperature in degrees Celsius.

    >>> round(celsius(98.6, "degF"), 6), celsius(37.0, "degC")
    (37.0, 37.0)
    """
    if unit == "degC":
        return value
    if unit == "degF":
        return (value - 32.0) / 1.8
    if unit == "K":
        return value - 273.15
    raise BadInput("unit", f"cannot turn {unit} into degC")


_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)")


def parse_number(text: str, field: str = "value") -> float:
    """A number as people type it: a decimal point or a decimal comma, no thousands separators.

    >>> parse_number(" 82,5 "), parse_number("0.5")
    (82.5, 0.5)
    >>> parse_number("1.000,5", "weight")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.BadInput: weight: write a plain number such as 82.5
    """
    cleaned = text.strip().replace("\u2212", "-")
    if not _NUMBER.fullmatch(cleaned):
        raise BadInput(field, "write a plain number such as 82.5")
    return float(cleaned.replace(",", "."))
