"""One rule's verdict, and why.  Every rule of the house answers in this coin, and one template shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stillhaven.science.errors import Refused


class Verdict(StrEnum):
    """Met, not met, or unknown.  Unknown stops a move just as "not met" does, and says what to ask."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class Weight(StrEnum):
    """What a finding that is not met does to the move it belongs to."""

    BLOCK = "block"  # stops the move; nobody may override it
    OVERRIDE = "override"  # stops the move unless someone whom policy names overrides it with a reason
    CAUTION = "caution"  # is shown and recorded; does not stop the move


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule's verdict on one person at one moment.

    `rule` is the rule's key in its reference file; `because` a sentence a colleague would say; `to_do` what would
    mend it, and who can; `source` a key of `sources.toml` ("" where the clinic's own policy is the source);
    `overridable_by` the roles whom policy allows to override (only with weight OVERRIDE); `overridden` holds
    "name: reason" once somebody did.

    >>> f = Finding(rule="sbp", verdict=Verdict.UNKNOWN, because="systolic pressure was not measured")
    >>> f.is_met, f.stops
    (False, True)
    """

    rule: str
    verdict: Verdict
    because: str
    source: str = ""
    weight: Weight = Weight.BLOCK
    to_do: str = ""
    overridable_by: tuple[str, ...] = ()
    overridden: str = ""

    @property
    def is_met(self) -> bool:
        return self.verdict is Verdict.MET

    @property
    def stops(self) -> bool:
        """Does this finding stand in the way?  Unknown does, an overridden one and a caution do not."""
        return not self.is_met and self.weight is not Weight.CAUTION and not self.overridden

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: how a decision keeps the findings it was taken on."""
        return {
            "rule": self.rule,
            "verdict": self.verdict.value,
            "because": self.because,
            "source": self.source,
            "weight": self.weight.value,
            "to_do": self.to_do,
            "overridable_by": list(self.overridable_by),
            "overridden": self.overridden,
        }


def refuse_unless_met(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """All findings, if none stands in the way; otherwise raises Refused with all of them.

    >>> refuse_unless_met([Finding(rule="x", verdict=Verdict.NOT_MET, because="no escort")])
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.Refused: no escort
    """
    found = tuple(findings)
    if any(f.stops for f in found):
        raise Refused(found, "; ".join(f.because for f in found if f.stops))
    return found
