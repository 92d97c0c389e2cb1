"""What can be wrong with what a person asks: it cannot be read, or it is not allowed now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillhaven.science.findings import Finding


class BadInput(ValueError):
    """A value that cannot be read.  Says which field, why, and so what to do.

    >>> str(BadInput("weight", "must be over 0 kg"))
    'weight: must be over 0 kg'
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class Refused(Exception):
    """A deed that is not allowed now.  Carries every finding, so that a screen can list what stands in the way."""

    def __init__(self, findings: Sequence[Finding] = (), why: str = "") -> None:
        self.findings = tuple(findings)
        self.why = why or "; ".join(f.because for f in self.findings if not f.is_met) or "not allowed now"
        super().__init__(self.why)
