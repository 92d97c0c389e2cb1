"""Did the order, the first person and the second person come to the same dose, each for themselves?

Three computations run from weight and dose over mg and mL to mL/h: the order's, and one from what each of the two
typed.  They agree when every number shows the same to the decimals of syringe, scale and pump.  A typed number stands
for everything that would be shown as it; so two entries that round to the same display are never refused for what lies
behind the last decimal, and anything that shows differently is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from stillhaven.science.errors import BadInput
from stillhaven.science.plan import ADDED_TO, MADE_UP_TO, UNDILUTED, RampStep, Rounding, exact, show
from stillhaven.science.units import KG_PER_LB

MG_PER_KG, MG = "mg/kg", "mg"
_LB = Fraction(str(KG_PER_LB))
_MOST_DECIMALS = 12  # of a typed number: more is a slip of the hand, and no syringe shows it


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What the order says before anybody computes: shown to both people while they type.

    `unit_mg` is what one whole device, tablet or troche holds: then there is no mg/mL and nothing is drawn up.
    `product_mg_per_ml` is None where the order leaves the strength to the vial that is taken.
    """

    drug: str
    route: str
    dose: Fraction
    dose_unit: str
    weight_kg: Fraction | None = None
    product_mg_per_ml: Fraction | None = None
    bag: str = UNDILUTED
    bag_ml: Fraction | None = None
    steps: tuple[RampStep, ...] = ()
    unit_mg: Fraction | None = None

    @property
    def per_kg(self) -> bool:
        return self.dose_unit == MG_PER_KG


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One number that both people enter: its key, what it is called, its unit, and the decimals that count."""

    key: str
    label: str
    unit: str
    decimals: int
    computed: bool  # the arithmetic gives it; otherwise it is read off scale, label or pump


def asked(recipe: Recipe, rounding: Rounding | None = None) -> tuple[Asked, ...]:
    """What a person is asked for this order.  Only what its route needs.

    >>> spray = Recipe(drug="esketamine", route="intranasal", dose=Fraction(56), dose_unit="mg", unit_mg=Fraction(28))
    >>> [a.key for a in asked(spray)]
    ['dose_mg', 'units']
    """
    r = rounding or Rounding()
    found = (
        [Asked(key="weight_kg", label="Weight the dose is for", unit="kg", decimals=r.kg, computed=False)]
        if recipe.per_kg
        else []
    )
    liquid = recipe.unit_mg is None
    if liquid:
        found.append(
            Asked(
                key="product_mg_per_ml",
                label="Strength on the vial",
                unit="mg/mL",
                decimals=r.mg_per_ml,
                computed=False,
            )
        )
    found.append(Asked(key="dose_mg", label="Dose", unit="mg", decimals=r.mg, computed=True))
    if not liquid:
        found.append(Asked(key="units", label="How many", unit=_unit_word(recipe), decimals=0, computed=True))
        return tuple(found)
    found.append(Asked(key="draw_ml", label="Volume drawn up", unit="mL", decimals=r.ml, computed=True))
    if recipe.steps:
        found.append(Asked(key="final_ml", label="Volume to run in", unit="mL", decimals=r.ml, computed=True))
        found.append(Asked(key="minutes", label="Duration on the pump", unit="min", decimals=2, computed=True))
        names = [""] if len(recipe.steps) == 1 else [f"_{n}" for n in range(1, len(recipe.steps) + 1)]
        for name in names:
            label = f"Pump rate, step {name[1:]}" if name else "Pump rate"
            found.append(Asked(key=f"ml_per_h{name}", label=label, unit="mL/h", decimals=r.ml_per_h, computed=True))
    return tuple(found)


def _unit_word(recipe: Recipe) -> str:
    return "devices" if recipe.route == "intranasal" else "units"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one person read off and worked out.  `person` is who they are in the clinic, never a name that two may share."""

    person: str
    drug: str
    numbers: Mapping[str, Fraction]
    lots: tuple[str, ...] = ()  # of the vial, or of each device, as read off


def read(recipe: Recipe, typed: Mapping[str, str], *, person: str, drug: str, lots: Sequence[str] = ()) -> Entry:
    """An entry from typed text.  BadInput names the first number that is missing or cannot be read; none is ever assumed."""
    if not drug:
        raise BadInput("drug", "say which drug stands on the label")
    numbers: dict[str, Fraction] = {}
    for ask in asked(recipe):
        text = str(typed.get(ask.key, "")).strip()
        if not text:
            raise BadInput(ask.key, "enter what you read")
        if len(text.replace(",", ".").partition(".")[2]) > _MOST_DECIMALS:
            raise BadInput(ask.key, "has more decimals than anything shows")
        numbers[ask.key] = exact(text, ask.key)
    return Entry(person=person, drug=drug, numbers=numbers, lots=tuple(sorted({w for lot in lots if (w := _lot(lot))})))


def _lot(text: str) -> str:
    return "".join(text.split()).upper()


@dataclass(frozen=True, kw_only=True)
class Range:
    """Everything that a number may be: from `low` on, up to but not including `high` (both the same: exactly that)."""

    low: Fraction
    high: Fraction

    def holds(self, value: Fraction) -> bool:
        return self.low <= value < self.high or value == self.low == self.high

    def meets(self, other: Range) -> bool:
        """Is there a number in both?  Ends that only touch count as met: no agreement is refused for a half's sake."""
        return self.low <= other.high and other.low <= self.high


def computed(
    recipe: Recipe, weight: Range | None, strength: Range | None, rounding: Rounding | None = None
) -> dict[str, Range]:
    """One computation, from weight and dose over mg and mL to mL/h, carried as ranges."""
    dose = exact(recipe.dose, "dose")
    if recipe.per_kg:
        if weight is None:
            raise BadInput("weight_kg", "a dose per kg needs a weight")
        mg = Range(low=dose * weight.low, high=dose * weight.high)
    elif recipe.dose_unit == MG:
        mg = Range(low=dose, high=dose)
    else:
        raise BadInput("dose_unit", f"{recipe.dose_unit!r} is not mg/kg or mg")
    found = {"dose_mg": mg}
    if recipe.unit_mg is not None:
        each = exact(recipe.unit_mg, "unit_mg")
        return found | {"units": Range(low=mg.low / each, high=mg.high / each)}
    if strength is None:
        raise BadInput("product_mg_per_ml", "the strength of the vial is missing")
    draw = Range(low=mg.low / strength.high, high=mg.high / strength.low)
    found["draw_ml"] = draw
    if not recipe.steps:
        return found
    final = draw
    if recipe.bag != UNDILUTED:
        if recipe.bag_ml is None:
            raise BadInput("bag_ml", "the volume of the bag is missing")
        bag = exact(recipe.bag_ml, "bag_ml")
        if recipe.bag == ADDED_TO:
            final = Range(low=bag + draw.low, high=bag + draw.high)
        elif recipe.bag == MADE_UP_TO:
            final = Range(low=bag, high=bag)
        else:
            raise BadInput("bag", f"{recipe.bag!r} is none of {MADE_UP_TO}, {ADDED_TO}, {UNDILUTED}")
    minutes = sum((s.minutes for s in recipe.steps), Fraction(0))
    found["final_ml"], found["minutes"] = final, Range(low=minutes, high=minutes)
    # A step's volume is its share of the final volume; so is its rate, whatever the dose.
    whole = sum((s.minutes * s.rate_pct for s in recipe.steps), Fraction(0))
    for n, step in enumerate(recipe.steps, start=1):
        key = "ml_per_h" if len(recipe.steps) == 1 else f"ml_per_h_{n}"
        part = step.rate_pct * 60 / whole
        found[key] = Range(low=final.low * part, high=final.high * part)
    return found


def ordered(recipe: Recipe) -> dict[str, Fraction]:
    """The order's own computation, exact, with the numbers that it starts from."""
    weight = None if recipe.weight_kg is None else _point(recipe.weight_kg)
    strength = None if recipe.product_mg_per_ml is None else _point(recipe.product_mg_per_ml)
    if recipe.unit_mg is None and strength is None:
        raise BadInput("product_mg_per_ml", "the order names no strength; the prescriber amends it")
    found = {key: value.low for key, value in computed(recipe, weight, strength).items()}
    if found.get("units", Fraction(1)).denominator != 1:
        raise BadInput("dose", "is not a whole number of units; the prescriber amends the order")
    if recipe.per_kg and recipe.weight_kg is not None:
        found["weight_kg"] = recipe.weight_kg
    if recipe.unit_mg is None and recipe.product_mg_per_ml is not None:
        found["product_mg_per_ml"] = recipe.product_mg_per_ml
    return found


def worked_out(recipe: Recipe, entry: Entry, rounding: Rounding | None = None) -> dict[str, Range]:
    """One person's own computation, from the weight and the strength that they typed."""
    decimals = {a.key: a.decimals for a in asked(recipe, rounding)}

    def told(key: str) -> Range | None:
        return behind(entry.numbers[key], decimals[key]) if key in entry.numbers else None

    return computed(recipe, told("weight_kg"), told("product_mg_per_ml"))


def behind(value: Fraction, decimals: int) -> Range:
    """All numbers that are shown as this one is.

    >>> behind(Fraction("69.9"), 1) == Range(low=Fraction("69.85"), high=Fraction("69.95"))
    True
    """
    shown = show(value, decimals)
    places = max(decimals, len(shown.partition(".")[2]))
    half = Fraction(1, 2 * 10**places)
    return Range(low=Fraction(shown) - half, high=Fraction(shown) + half)


def _point(value: Fraction) -> Range:
    return Range(low=value, high=value)


@dataclass(frozen=True, kw_only=True)
class Label:
    """What stands on the vial or device that was taken from stock."""

    drug: str
    mg_per_ml: Fraction | None = None
    lots: tuple[str, ...] = ()
    expires: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number side by side: the order's, the first's, the second's, as shown; and what is wrong, in words."""

    key: str
    label: str
    unit: str
    order: str
    first: str
    second: str
    same: bool
    hint: str = ""

    def as_dict(self) -> dict[str, object]:
        return {
            "key": self.key, "label": self.label, "unit": self.unit, "order": self.order, "first": self.first,
            "second": self.second, "same": self.same, "hint": self.hint,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of it: agreed or not, every row, and the sentences that say what differs."""

    agreed: bool
    rows: tuple[Row, ...]
    why: tuple[str, ...] = field(default=())


def compare(
    recipe: Recipe, first: Entry, second: Entry, *, label: Label | None = None, rounding: Rounding | None = None
) -> Verdict:
    """Do order, first and second agree in every number?  All that differs is named; nothing is rounded into agreement.

    >>> order = Recipe(drug="ketamine", route="im", dose=Fraction(1, 2), dose_unit="mg/kg", weight_kg=Fraction(82),
    ...     product_mg_per_ml=Fraction(50))
    >>> typed = {"weight_kg": "82", "product_mg_per_ml": "50", "dose_mg": "41", "draw_ml": "0.82"}
    >>> a = read(order, typed, person="1", drug="ketamine")
    >>> compare(order, a, read(order, typed, person="2", drug="ketamine")).agreed
    True
    >>> slip = read(order, typed | {"draw_ml": "8.2"}, person="2", drug="ketamine")
    >>> compare(order, a, slip).why[0]
    'Volume drawn up: the order gives 0.82 mL, the first wrote 0.82 mL, the second 8.2 mL (a tenfold difference)'
    """
    why: list[str] = []
    if not first.person.strip() or not second.person.strip():
        why.append("it is not known who entered")
    elif first.person.strip().casefold() == second.person.strip().casefold():
        why.append("one person cannot check the dose twice")
    rows = [_drugs(recipe, first, second, label)]
    rows += [_numbers(a, ordered(recipe), first, second) for a in asked(recipe, rounding)]
    if row := _lots(first, second, label):
        rows.append(row)
    why += [_differs(row) for row in rows if not row.same]
    if label is not None and label.mg_per_ml is not None and recipe.unit_mg is None:
        decimals = (rounding or Rounding()).mg_per_ml
        on_it = show(label.mg_per_ml, decimals)
        for who, entry in (("first", first), ("second", second)):
            read_off = (
                show(entry.numbers["product_mg_per_ml"], decimals) if "product_mg_per_ml" in entry.numbers else ""
            )
            if read_off != on_it:
                why.append(
                    f"Vial: stock says {on_it} mg/mL on its label, the {who} wrote {read_off or 'nothing'} mg/mL"
                )
    for who, entry in (("first", first), ("second", second)):
        why += _own_arithmetic(recipe, entry, who, rounding)
    return Verdict(agreed=not why, rows=tuple(rows), why=tuple(why))


def _drugs(recipe: Recipe, first: Entry, second: Entry, label: Label | None) -> Row:
    names = [recipe.drug, first.drug, second.drug] + ([label.drug] if label else [])
    words = [name.replace("_", " ") for name in names]
    hint = f"the vial from stock is {words[3]}" if label and label.drug != recipe.drug else ""
    same = len(set(names)) == 1 and all(names)
    return Row(key="drug", label="Drug", unit="", order=words[0], first=words[1], second=words[2], same=same, hint=hint)


def _lots(first: Entry, second: Entry, label: Label | None) -> Row | None:
    """Did both hold the same vial or devices?  No row where nobody read a lot."""
    stock = sorted({_lot(lot) for lot in label.lots}) if label else []
    told = [", ".join(stock), ", ".join(first.lots), ", ".join(second.lots)]
    if not any(told[1:]):
        return None
    same = told[1] == told[2] and (not told[0] or told[0] == told[1])
    hint = "under the order stands what stock has" if told[0] else ""
    return Row(key="lot", label="Lot", unit="", order=told[0] or told[1], first=told[1], second=told[2], same=same,
               hint="" if same else hint)  # fmt: skip


def _numbers(ask: Asked, order: Mapping[str, Fraction], first: Entry, second: Entry) -> Row:
    values = [order.get(ask.key), first.numbers.get(ask.key), second.numbers.get(ask.key)]
    shown = ["" if value is None else show(value, ask.decimals) for value in values]
    same = "" not in shown and len(set(shown)) == 1
    hint = (
        ""
        if same
        else next(filter(None, (_hint(a, b) for a, b in ((values[0], values[1]), (values[0], values[2])))), "")
    )
    return Row(
        key=ask.key,
        label=ask.label,
        unit=ask.unit,
        order=shown[0],
        first=shown[1],
        second=shown[2],
        same=same,
        hint=hint,
    )


def _differs(row: Row) -> str:
    unit = f" {row.unit}" if row.unit else ""

    def said(text: str) -> str:
        return f"{text}{unit}" if text else "nothing"

    tail = f" ({row.hint})" if row.hint else ""
    who = f"the order gives {said(row.order)}, the first wrote {said(row.first)}, the second {said(row.second)}"
    return f"{row.label}: {who}{tail}"


def _own_arithmetic(recipe: Recipe, entry: Entry, who: str, rounding: Rounding | None) -> list[str]:
    """Where somebody's own result does not follow from their own weight and strength."""
    try:
        own = worked_out(recipe, entry, rounding)
    except (BadInput, ZeroDivisionError):
        return [f"what the {who} wrote cannot be computed"]
    found = []
    for ask in asked(recipe, rounding):
        if not ask.computed or ask.key not in entry.numbers or ask.key not in own:
            continue
        if not own[ask.key].meets(behind(entry.numbers[ask.key], ask.decimals)):
            told, ought = show(entry.numbers[ask.key], ask.decimals), show(_middle(own[ask.key]), ask.decimals)
            found.append(
                f"{ask.label}: the {who} wrote {told} {ask.unit}; their own weight and strength give {ought} {ask.unit}"
            )
    return found


def _middle(found: Range) -> Fraction:
    return (found.low + found.high) / 2


def _hint(order: Fraction | None, typed: Fraction | None) -> str:
    """What kind of slip a difference looks like."""
    if order is None or typed is None or order == typed:
        return ""
    ratio = typed / order
    if ratio in (Fraction(10), Fraction(1, 10)):
        return "a tenfold difference"
    if ratio in (Fraction(100), Fraction(1, 100)):
        return "a hundredfold difference"
    if ratio in (Fraction(1000), Fraction(1, 1000)):
        return "a thousandfold difference"
    if any(abs(ratio - turn) < Fraction(1, 200) * turn for turn in (_LB, 1 / _LB)):
        return "looks like pounds for kilograms"
    if _digits(order) == _digits(typed) and order != typed:
        return "the digits are swapped"
    return ""


def _digits(value: Fraction) -> Sequence[str]:
    return sorted(show(value, 3).replace(".", ""))
