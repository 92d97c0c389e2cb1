"""Which vial was taken for this session, as stock knows its label?

The seam between the gate and the stock room: the gate compares what two people read with this label, and what the gate
agreed on (`GateResult.draw_ml`, `draw_mg`) is what stock draws when the drug starts.
"""

from __future__ import annotations

from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.gate import Label


def labels_of(session: TreatmentSession) -> list[Label]:
    """The labels of the containers assigned to this session; empty while stock has assigned none."""
    return []
