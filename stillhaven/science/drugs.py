"""Which container is this, what is in it, and where does its dose turn into an anaesthetic?

10, 50 and 100 mg/mL span tenfold, so the concentration belongs to the identity of a container and is shown with every
volume.  100 mg/mL never goes into a vein undiluted.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillhaven.science.protocol import Ceiling, Cite, Drug, Review, Route


@dataclass(frozen=True, kw_only=True)
class Product:
    """One container as it is bought.  Its concentration is part of its identity: 10, 50 and 100 mg/mL differ tenfold.

    `undiluted_iv` False means: never into a vein as it is.  `ndc` are the product codes seen, empty where none was.
    """

    key: str
    drug: Drug
    name: str
    volume_ml: float
    content_mg: float
    cite: Cite
    mg_per_ml: float | None = None  # None for a device: it is given whole
    routes: tuple[Route, ...] = ()
    ndc: tuple[str, ...] = ()
    undiluted_iv: bool | None = None
    before_iv: str = ""
    diluent_ml_per_ml: float | None = None  # the least, where it must be diluted
    is_device: bool = False


@dataclass(frozen=True, kw_only=True)
class HardStop:
    """A dose range of another use of the drug (anaesthesia).  An order that enters it stops."""

    drug: Drug
    routes: tuple[Route, ...]
    low_mg_per_kg: float
    high_mg_per_kg: float
    title: str
    cite: Cite

    def stops(self, dose_mg_per_kg: float) -> bool:
        """Does a dose enter the range, or lie above it?"""
        return dose_mg_per_kg >= self.low_mg_per_kg


@dataclass(frozen=True, kw_only=True)
class Dilution:
    """How a bag is made: what goes in, and what it then holds."""

    key: str
    text: str
    cite: Cite
    bag_ml: float | None = None
    mg_per_ml: float | None = None
    over_min: float | None = None
    rate_ml_per_h: float | None = None


@dataclass(frozen=True, kw_only=True)
class Device:
    """A container that is given whole: how much, how many sprays, how long between two, and which totals exist."""

    content_mg: float
    volume_ml: float
    rest_min: float
    sprays: int
    doses_mg: tuple[float, ...]
    cite: Cite

    def count(self, dose_mg: float) -> int | None:
        """How many devices make up a dose; None where the dose is not made of whole devices.

        >>> spray = Device(content_mg=28, volume_ml=0.2, rest_min=5, sprays=2, doses_mg=(56, 84), cite=Cite(source=()))
        >>> spray.count(84), spray.count(70)
        (3, None)
        """
        count = round(dose_mg / self.content_mg)
        return count if count > 0 and abs(count * self.content_mg - dose_mg) < 1e-9 else None


@dataclass(frozen=True, kw_only=True)
class DrugFacts:
    """One drug: what it is, what it must not be taken for, how it is sold, where its doses turn into anaesthesia."""

    drug: Drug
    name: str
    dosed_as: str
    not_to_be_taken_for: tuple[Drug, ...]
    controlled_schedule: str
    products: tuple[Product, ...]
    hard_stops: tuple[HardStop, ...]
    dilutions: tuple[Dilution, ...]
    ceilings: tuple[Ceiling, ...]
    review: Review
    device: Device | None = None
    notes: tuple[str, ...] = ()

    def product(self, ndc: str) -> Product | None:
        """The product with this code, None where nobody knows it: then two people check mg and mL."""
        return next((item for item in self.products if ndc and ndc in item.ndc), None)


@dataclass(frozen=True, kw_only=True)
class WeightFormula:
    """Ideal body weight: so many kg at a height, and so many more for each inch above it."""

    sex: str
    base_kg: float
    per_inch_kg: float
    from_height_in: float
    cite: Cite


@dataclass(frozen=True, kw_only=True)
class DoseRule:
    """A rule that holds for every protocol (PG01 to PG08, WB01 to WB04), in the house's own words."""

    key: str
    text: str
    why: str
    cite: Cite
