"""Which vial was drawn from for this session, as stock knows its label?

The seam between the gate and the stock room.  The vial is drawn before the gate; the gate compares what two people read
with the label that stock holds, and says where less was drawn than the dose needs.  What the gate agreed on stands in
`GateResult.draw_ml` and `draw_mg`: what stock books as given when the drug starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock.models import StockLine
from stillhaven.science.gate import Label
from stillhaven.science.plan import show

_BACK = ("returned",)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What stock says was drawn for a session: from which vials, and how much."""

    labels: tuple[Label, ...]
    codes: tuple[str, ...]
    ml: Fraction


def drawn_for(session: TreatmentSession) -> Drawn | None:
    """Everything that was drawn for this session; None while stock has no line of it."""
    lines = (
        StockLine.objects.filter(session_uid=session.uid, kind__in=("drawn", *_BACK))
        .select_related("vial")
        .order_by("seq")
    )
    rows = [line for line in lines if line.kind == "drawn"]
    if not rows:
        return None
    by_kind: dict[tuple[str, Fraction | None], set[str]] = {}
    expires: dict[tuple[str, Fraction | None], str] = {}
    for line in rows:
        vial = line.vial
        strength = None if vial.is_device else Fraction(str(vial.concentration_mg_per_ml))
        key = (vial.drug, strength)
        by_kind.setdefault(key, set()).add(vial.lot)
        expires[key] = min(expires.get(key) or "9", vial.expires.isoformat())
    labels = tuple(
        Label(drug=drug, mg_per_ml=strength, lots=tuple(sorted(lots)), expires=expires[drug, strength])
        for (drug, strength), lots in by_kind.items()
    )
    back = sum((Fraction(str(line.ml)) for line in lines if line.kind in _BACK), Fraction(0))
    ml = sum((Fraction(str(line.ml)) for line in rows), Fraction(0)) - back
    return Drawn(labels=labels, codes=tuple(dict.fromkeys(line.vial.code for line in rows)), ml=ml)


def too_little(drawn: Drawn | None, needed_ml: Fraction | None) -> str:
    """Why what was drawn is not enough for the dose; "" where it is, or where stock has no line of this session."""
    if drawn is None or needed_ml is None:
        return ""
    have, need = show(drawn.ml, 2), show(needed_ml, 2)
    if Fraction(have) >= Fraction(need):
        return ""
    return f"Stock: {have} mL was drawn for this session, the order needs {need} mL"
