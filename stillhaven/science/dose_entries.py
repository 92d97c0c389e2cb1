"""What did somebody record about the drug, and in which order does it count?

Order: by time, then by `seq`, then by kind.  `seq` is the recording order of the first entry of a chain, so that an
amended time keeps its place among entries of the same moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stillhaven.science.errors import BadInput

PUMP_ROUNDING_ML_PER_H = 0.1  # the step in which pumps show a rate: room for rounding when both units are entered
PUMP_ROUNDING = 0.01


class Kind(StrEnum):
    """What an entry says."""

    START = "start"
    RESUME = "resume"
    RATE_CHANGE = "rate_change"
    BOLUS = "bolus"
    DEVICE = "device"  # one nasal device, at the moment it was used
    SINGLE = "single"  # the whole dose at once: IM, oral, sublingual, nasal
    DIVIDED = "divided"  # one part of a dose given in parts
    HOLD = "hold"
    STOP = "stop"


RANK = {kind: n for n, kind in enumerate(Kind)}  # at one moment, with nothing else to go by, hold and stop come last
AMOUNTS = frozenset({Kind.BOLUS, Kind.DEVICE, Kind.SINGLE, Kind.DIVIDED})


class Phase(StrEnum):
    """How far the drug has come."""

    NOT_STARTED = "not_started"
    DOSING = "dosing"
    HELD = "held"
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class DoseEntry:
    """One current entry about the drug (the caller passes amended entries in their last form).

    Start: a rate; `concentration_mg_per_ml` and `bag_ml` where known.  A later entry with `bag_ml` hangs a new bag.
    Rate change: a rate.  Resume: a rate, or none for the one before.  Bolus, device, single, divided: an amount, evenly
    over `over_s` or at once; `from_bag` where the pump gave it out of the bag.
    """

    kind: Kind
    at: datetime
    seq: int = 0
    rate_mg_per_h: float | None = None
    rate_ml_per_h: float | None = None
    amount_mg: float | None = None
    amount_ml: float | None = None
    over_s: float = 0.0
    from_bag: bool = False
    concentration_mg_per_ml: float | None = None
    bag_ml: float | None = None
    uid: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise BadInput("at", "must say its time zone")
        for name in ("rate_mg_per_h", "rate_ml_per_h", "amount_mg", "amount_ml", "over_s"):
            _readable(name, getattr(self, name), zero=True)
        for name in ("concentration_mg_per_ml", "bag_ml"):
            _readable(name, getattr(self, name), zero=False)
        rates, amounts = (self.rate_mg_per_h, self.rate_ml_per_h), (self.amount_mg, self.amount_ml)
        if self.kind in (Kind.START, Kind.RATE_CHANGE) and rates == (None, None):
            raise BadInput("rate", "is missing")
        if self.kind is Kind.START and 0.0 in rates:
            raise BadInput("rate", "must be over 0 to start")
        if self.kind in AMOUNTS and (amounts == (None, None) or 0.0 in amounts):
            raise BadInput("amount", "must be over 0")
        mg, ml, conc = self.rate_mg_per_h, self.rate_ml_per_h, self.concentration_mg_per_ml
        if mg is not None and ml is not None and conc is not None:
            room = max(PUMP_ROUNDING_ML_PER_H, PUMP_ROUNDING * ml)
            if abs(mg / conc - ml) > room:
                raise BadInput("rate", f"{mg:g} mg/h is not {ml:g} mL/h at {conc:g} mg/mL")


def in_order(entries: Iterable[DoseEntry]) -> list[DoseEntry]:
    """The entries in the one order in which they count, whatever order they came in."""
    return sorted(entries, key=lambda e: (e.at, e.seq, RANK[e.kind], e.uid, repr(e)))


def _readable(name: str, value: float | None, *, zero: bool) -> None:
    if value is None:
        return
    if not math.isfinite(value):
        raise BadInput(name, "is not a finite number")
    if value < 0 or (value == 0 and not zero):
        raise BadInput(name, "must not be under 0" if zero else "must be over 0")
