"""Does what was programmed, what the pump counted and what is left in the bag come to the same dose?

Asked when the drug has stopped, before the rest is wasted with a witness.  Nothing is corrected here: a difference is
shown for two people to explain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stillhaven.science.dose_entries import DoseEntry
from stillhaven.science.dose_run import number, run
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.limits import SET_BY_DIRECTOR, Limit, Standing, judge, plain


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """The end of a dose.  `given` is computed from the entries and is what is charted; None where unknown.

    `programmed` is what the rates ask for without regard to the bag.  `residual` is what should be left in the bag: by
    the pump's count where it was read, else by the computed volume; `residual_by` says which.
    """

    programmed_mg: float | None
    programmed_ml: float | None
    given_mg: float | None
    given_ml: float | None
    from_bag_ml: float | None
    pump_ml: float | None
    pump_mg: float | None
    difference_ml: float | None
    residual_ml: float | None
    residual_mg: float | None
    residual_by: str
    findings: tuple[Finding, ...]


def reconcile(
    entries: Iterable[DoseEntry],
    at: datetime,
    *,
    pump_ml: float | None,
    tolerance_ml: Limit,
    how: Standing,
) -> Reconciliation:
    """Put the three accounts beside each other.  `pump_ml` is what the pump showed as infused, None if nobody read it."""
    if pump_ml is not None and not 0.0 <= pump_ml < float("inf"):
        raise BadInput("pump_ml", "must be a volume of 0 mL or more")
    rows = tuple(entries)
    real, asked = run(rows, at), run(rows, at, capped=False)
    from_bag_ml, bag_ml, conc = number(real.from_bag[1]), number(real.bag_ml), number(real.conc)
    difference = None if pump_ml is None or from_bag_ml is None else pump_ml - from_bag_ml
    used_ml, by = (pump_ml, "pump") if pump_ml is not None else (from_bag_ml, "computed")
    residual = None if bag_ml is None or used_ml is None else max(0.0, bag_ml - used_ml)
    return Reconciliation(
        programmed_mg=number(asked.total[0]),
        programmed_ml=number(asked.total[1]),
        given_mg=number(real.total[0]),
        given_ml=number(real.total[1]),
        from_bag_ml=from_bag_ml,
        pump_ml=pump_ml,
        pump_mg=None if pump_ml is None or conc is None else pump_ml * conc,
        difference_ml=difference,
        residual_ml=residual,
        residual_mg=None if residual is None or conc is None else residual * conc,
        residual_by=by if residual is not None else "",
        findings=(
            _pump(difference, tolerance_ml, pump_ml, from_bag_ml, how),
            _bag(bag_ml, number(asked.from_bag[1]), pump_ml, tolerance_ml, how),
        ),
    )


def _pump(
    difference_ml: float | None, tolerance_ml: Limit, pump_ml: float | None, from_bag_ml: float | None, how: Standing
) -> Finding:
    unset, agrees = tolerance_ml.value is None and difference_ml is not None, None
    if difference_ml is not None and tolerance_ml.value is not None:
        agrees = abs(difference_ml) <= tolerance_ml.value
    unread = "nobody has read the pump's volume" if pump_ml is None else "the volume that ran cannot be computed"
    counted = f"pump {plain(pump_ml or 0.0)} mL, computed {from_bag_ml or 0.0:.2f} mL"
    return judge(
        "pump_agrees",
        agrees,
        yes=f"{counted}: within {tolerance_ml.text}",
        no=f"{counted}: more than {tolerance_ml.text} apart",
        unknown="how far pump and record may differ is not set" if unset else unread,
        to_do=SET_BY_DIRECTOR if unset else "read the pump; two people explain a difference",
        how=how,
        source=tolerance_ml.source,
    )


def _bag(
    bag_ml: float | None, asked_ml: float | None, pump_ml: float | None, tolerance_ml: Limit, how: Standing
) -> Finding:
    """A pump that runs a little past an empty bag before somebody stops it is within the same tolerance."""
    ok: bool | None = None
    if bag_ml is not None and asked_ml is not None:
        ok = max(asked_ml, pump_ml or 0.0) <= bag_ml + (tolerance_ml.value or 0.0)
    return judge(
        "within_bag",
        ok,
        yes="no more is recorded than the bag held",
        no="more is recorded than the bag held",
        unknown="the bag's volume, or what ran from it, is not known",
        to_do="look at the dose entries and the bag; amend what is wrong",
        how=how,
    )
