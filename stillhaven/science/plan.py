"""How much drug, in how much fluid, at which pump rate, and can somebody check every step of it?

Everything is computed in exact fractions of the numbers as they were typed; rounding happens once, where a number is
shown, half up, to the decimals that `Rounding` says.  A number that is not zero is never shown as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from stillhaven.science.errors import BadInput
from stillhaven.science.units import KG_PER_LB, parse_number

KG_PER_UNIT = {"kg": Fraction(1), "lb": Fraction(str(KG_PER_LB)), "g": Fraction(1, 1000)}
BASES = ("actual", "ideal", "adjusted")
MADE_UP_TO, ADDED_TO, UNDILUTED = "made_up_to", "added_to", "undiluted"


def exact(value: str | float | Fraction, field: str, *, zero: bool = False) -> Fraction:
    """A number as typed, exactly: "0,5" and 0.1 mean the decimals that stand there.  BadInput unless over 0.

    >>> exact("82,5", "weight"), exact(0.1, "dose")
    (Fraction(165, 2), Fraction(1, 10))
    """
    if isinstance(value, Fraction):
        number = value
    elif isinstance(value, str):
        parse_number(value, field)
        number = Fraction(value.strip().replace("\u2212", "-").replace(",", "."))
    else:
        try:
            number = Fraction(repr(float(value)))
        except ValueError:
            raise BadInput(field, "is not a finite number") from None
    if number < 0 or (number == 0 and not zero):
        raise BadInput(field, "must not be under 0" if zero else "must be over 0")
    return number


def show(value: Fraction, decimals: int) -> str:
    """A number of 0 or more as it is shown: rounded half up, no trailing zeros, more decimals rather than a false 0.

    >>> show(Fraction(41), 2), show(Fraction(1, 8), 2), show(Fraction(1, 3000), 2)
    ('41', '0.13', '0.0003')
    """
    while True:
        scale = 10**decimals
        units = (2 * value.numerator * scale + value.denominator) // (2 * value.denominator)
        if units or value == 0:
            break
        decimals += 1
    whole, part = divmod(units, scale)
    rest = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole}.{rest}" if rest else str(whole)


@dataclass(frozen=True, kw_only=True)
class Rounding:
    """Decimals shown of each kind of number: what syringes and pumps can be set to."""

    kg: int = 1
    mg: int = 2
    ml: int = 2
    mg_per_ml: int = 3
    mg_per_h: int = 1
    ml_per_h: int = 1
    mg_per_kg: int = 3


@dataclass(frozen=True, kw_only=True)
class DosingWeight:
    """The weight a dose is computed with: which kind of weight, from which day, and as it was typed."""

    kg: Fraction
    basis: str
    on: date
    entered: str


def dosing_weight(value: str | float, unit: str, *, basis: str, on: date) -> DosingWeight:
    """A weight as typed, in kilograms exactly.  The unit is never guessed.

    >>> dosing_weight("154", "lb", basis="actual", on=date(2026, 3, 1)).kg == Fraction("69.85322498")
    True
    """
    if unit not in KG_PER_UNIT:
        raise BadInput("weight_unit", f"{unit!r} is not a unit of weight; write kg or lb")
    if basis not in BASES:
        raise BadInput("weight_basis", f"{basis!r} is none of {', '.join(BASES)}")
    kg = exact(value, "weight") * KG_PER_UNIT[unit]
    return DosingWeight(kg=kg, basis=basis, on=on, entered=f"{str(value).strip()} {unit}")


@dataclass(frozen=True, kw_only=True)
class RampStep:
    """So many minutes at this share of the full rate (100 is the full rate).  The whole dose stays the same."""

    minutes: Fraction
    rate_pct: Fraction


def ramp(*steps: tuple[str | float, str | float]) -> tuple[RampStep, ...]:
    """Steps from (minutes, per cent of the full rate), as typed.

    >>> [s.minutes for s in ramp((10, 50), ("30,5", 100))]
    [Fraction(10, 1), Fraction(61, 2)]
    """
    return tuple(RampStep(minutes=exact(m, "duration"), rate_pct=exact(p, "rate_pct")) for m, p in steps)


@dataclass(frozen=True, kw_only=True)
class DoseOrder:
    """What is ordered and what it is made from.

    `dose` in `dose_unit` ("mg/kg" or "mg"); `product_mg_per_ml` of the vial; `bag` is "made_up_to" (drug and diluent
    together fill `bag_ml`), "added_to" (drug comes on top of `bag_ml`) or "undiluted".  `steps` empty: one dose at
    once, no pump.
    """

    drug: str
    route: str
    dose: Fraction
    dose_unit: str
    weight: DosingWeight | None
    product_drug: str
    product_mg_per_ml: Fraction
    steps: tuple[RampStep, ...] = ()
    bag: str = UNDILUTED
    bag_ml: Fraction | None = None
    diluent: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One step of the arithmetic: what it is, how it came about, exactly and as shown."""

    key: str
    label: str
    how: str
    exact: Fraction
    shown: str
    unit: str

    @property
    def text(self) -> str:
        return f"{self.label}: {self.how} = {self.shown} {self.unit}"


@dataclass(frozen=True, kw_only=True)
class PumpStep:
    """One step of the pump's programme, exact."""

    minutes: Fraction
    mg_per_h: Fraction
    ml_per_h: Fraction
    mg: Fraction
    ml: Fraction


@dataclass(frozen=True, kw_only=True)
class DosePlan:
    """A dose worked out.  `lines` carry every intermediate in order; the rest are the same numbers, exact."""

    order: DoseOrder
    lines: tuple[Line, ...]
    dose_mg: Fraction
    dose_mg_per_kg: Fraction | None
    draw_ml: Fraction
    diluent_ml: Fraction
    final_ml: Fraction
    final_mg_per_ml: Fraction
    minutes: Fraction
    steps: tuple[PumpStep, ...]

    def line(self, key: str) -> Line:
        found = next((line for line in self.lines if line.key == key), None)
        if found is None:
            raise BadInput("line", f"this plan has no line {key!r}")
        return found


def plan_dose(order: DoseOrder, rounding: Rounding | None = None) -> DosePlan:
    """Work a dose out, from the order to the pump.  BadInput for what cannot be computed.

    >>> order = DoseOrder(drug="ketamine", route="iv_infusion", dose=exact("0,5", "dose"), dose_unit="mg/kg",
    ...     weight=dosing_weight("70", "kg", basis="actual", on=date(2026, 3, 1)), product_drug="ketamine",
    ...     product_mg_per_ml=exact(50, "product"), steps=ramp((40, 100)), bag="made_up_to", bag_ml=exact(100, "bag_ml"))
    >>> plan_dose(order).line("ml_per_h").text
    'Pump rate: 52.5 mg/h ÷ 0.35 mg/mL = 150 mL/h'
    """
    r = rounding or Rounding()
    lines: list[Line] = []

    def add(key: str, label: str, how: str, value: Fraction, decimals: int, unit: str) -> str:
        shown = show(value, decimals)
        lines.append(Line(key=key, label=label, how=how, exact=value, shown=shown, unit=unit))
        return f"{shown} {unit}"

    weight, conc = order.weight, exact(order.product_mg_per_ml, "product_mg_per_ml")
    dose = exact(order.dose, "dose")
    kg = exact(weight.kg, "weight") if weight else None
    if weight and kg:
        add("weight", f"Weight ({weight.basis}, {weight.on})", weight.entered, kg, r.kg, "kg")
    if order.dose_unit == "mg/kg":
        if kg is None:
            raise BadInput("weight", "a dose per kg needs a weight")
        mg = dose * kg
        per_kg: Fraction | None = dose
        mg_text = add("dose_mg", "Dose", f"{show(dose, r.mg_per_kg)} mg/kg × {show(kg, r.kg)} kg", mg, r.mg, "mg")
    elif order.dose_unit == "mg":
        mg, per_kg = dose, None if kg is None else dose / kg
        mg_text = add("dose_mg", "Dose", "as ordered", mg, r.mg, "mg")
        if kg is not None and per_kg is not None:
            add("dose_mg_per_kg", "Dose per kg", f"{mg_text} ÷ {show(kg, r.kg)} kg", per_kg, r.mg_per_kg, "mg/kg")
    else:
        raise BadInput("dose_unit", f"{order.dose_unit!r} is not mg/kg or mg")
    draw = mg / conc
    draw_text = add("draw_ml", "Draw up", f"{mg_text} ÷ {show(conc, r.mg_per_ml)} mg/mL", draw, r.ml, "mL")
    final, diluent = _fluid(order, draw)
    fluid = order.diluent or "diluent"
    if order.bag != UNDILUTED:
        how = f"{show(final, r.ml)} mL − {draw_text}" if order.bag == MADE_UP_TO else "as ordered"
        add("diluent_ml", f"Add {fluid}", how, diluent, r.ml, "mL")
    final_text = add("final_ml", "Final volume", f"{draw_text} + {show(diluent, r.ml)} mL", final, r.ml, "mL")
    strength = mg / final
    strength_text = add("mg_per_ml", "Final concentration", f"{mg_text} ÷ {final_text}", strength, r.mg_per_ml, "mg/mL")
    minutes = sum((exact(s.minutes, "duration") for s in order.steps), Fraction(0))
    steps = pump_steps(mg, strength, order.steps)
    if steps:
        add("minutes", "Duration", " + ".join(show(s.minutes, 2) for s in steps), minutes, 2, "min")
    for n, step in enumerate(steps, start=1):
        tail, name = ("", "") if len(steps) == 1 else (f"_{n}", f" in step {n}")
        how = f"{show(step.mg, r.mg)} mg ÷ {show(step.minutes, 2)} min × 60"
        rate = add(f"mg_per_h{tail}", f"Drug rate{name}", how, step.mg_per_h, r.mg_per_h, "mg/h")
        add(f"ml_per_h{tail}", f"Pump rate{name}", f"{rate} ÷ {strength_text}", step.ml_per_h, r.ml_per_h, "mL/h")
        if tail:
            add(f"ml{tail}", f"Volume{name}", f"{show(step.mg, r.mg)} mg ÷ {strength_text}", step.ml, r.ml, "mL")
    if steps:
        total = sum((s.mg for s in steps), Fraction(0))
        add("total_mg", "Total", " + ".join(f"{show(s.mg, r.mg)} mg" for s in steps), total, r.mg, "mg")
    return DosePlan(order=order, lines=tuple(lines), dose_mg=mg, dose_mg_per_kg=per_kg, draw_ml=draw, diluent_ml=diluent,
                    final_ml=final, final_mg_per_ml=strength, minutes=minutes, steps=steps)  # fmt: skip


def pump_steps(mg: Fraction, mg_per_ml: Fraction, steps: Sequence[RampStep]) -> tuple[PumpStep, ...]:
    """The pump's programme for a dose: each step gets its share, and the shares are the whole dose."""
    share = sum((exact(s.minutes, "duration") * exact(s.rate_pct, "rate_pct") for s in steps), Fraction(0))
    made = []
    for s in steps:
        part = mg * s.minutes * s.rate_pct / share
        rate = part * 60 / s.minutes
        made.append(PumpStep(minutes=s.minutes, mg_per_h=rate, ml_per_h=rate / mg_per_ml, mg=part, ml=part / mg_per_ml))
    return tuple(made)


def from_here(
    left_mg: float | Fraction, minutes: str | float, mg_per_ml: float | Fraction, rounding: Rounding | None = None
) -> tuple[Line, ...]:
    """A change in mid-session: the rate that brings in what is left of the dose within so many minutes.

    >>> [line.text for line in from_here(20.5, 30, 0.41)][-1]
    'Pump rate: 41 mg/h ÷ 0.41 mg/mL = 100 mL/h'
    """
    r, left, time = rounding or Rounding(), exact(left_mg, "left_mg"), exact(minutes, "duration")
    conc = exact(mg_per_ml, "mg_per_ml")
    strength, rate, volume = f"{show(conc, r.mg_per_ml)} mg/mL", left * 60 / time, left / conc
    rows = (
        ("left_ml", "Left to run", f"{show(left, r.mg)} mg ÷ {strength}", volume, r.ml, "mL"),
        ("mg_per_h", "Drug rate", f"{show(left, r.mg)} mg ÷ {show(time, 2)} min × 60", rate, r.mg_per_h, "mg/h"),
        ("ml_per_h", "Pump rate", f"{show(rate, r.mg_per_h)} mg/h ÷ {strength}", rate / conc, r.ml_per_h, "mL/h"),
    )
    return tuple(
        Line(key=key, label=label, how=how, exact=value, shown=show(value, decimals), unit=unit)
        for key, label, how, value, decimals, unit in rows
    )


def devices_needed(dose_mg: str | float, device_mg: str | float) -> int:
    """How many devices make up a dose.  BadInput unless they make it up exactly: no device is given in part.

    >>> devices_needed(56, 28)
    2
    """
    count = exact(dose_mg, "dose") / exact(device_mg, "device_mg")
    if count.denominator != 1:
        raise BadInput("dose", "is not a whole number of devices")
    return count.numerator


def _fluid(order: DoseOrder, draw_ml: Fraction) -> tuple[Fraction, Fraction]:
    """(final volume, diluent) in mL."""
    if order.bag == UNDILUTED:
        return draw_ml, Fraction(0)
    if order.bag_ml is None:
        raise BadInput("bag_ml", "the volume of the bag is missing")
    bag = exact(order.bag_ml, "bag_ml")
    if order.bag == ADDED_TO:
        return bag + draw_ml, bag
    if order.bag != MADE_UP_TO:
        raise BadInput("bag", f"{order.bag!r} is none of {MADE_UP_TO}, {ADDED_TO}, {UNDILUTED}")
    if draw_ml > bag:
        raise BadInput("bag_ml", "is less than the volume of the drug")
    return bag, bag - draw_ml
