"""Which number does a rule compare with, who says so, and what happens when the answer is no?

Rules hold no clinical number of their own.  The reference floor hands each one in as a `Limit`: value, unit and
source, or no value at all where nobody has set one; then the rule answers "unknown" and names who has to decide.
`Standing` says how much a rule weighs: a block, a stop that named roles may override, or a caution.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding, Verdict, Weight


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One number of a rule.  `value` None means that nobody has set it, which is not the same as "no limit".

    `unit` is written as people read it ("min", "mmHg", "%", "mg/kg"); `source` is a key of `sources.toml`; `set_by`
    names who signed it for this clinic, "" where nobody has.

    >>> Limit(value=None, unit="min").text, Limit(value=40.0, unit="min").text
    ('not set by the clinic', '40 min')
    """

    value: float | None
    unit: str
    source: str = ""
    confirmed: bool = False
    set_by: str = ""

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise BadInput("limit", "is not a finite number")

    @property
    def text(self) -> str:
        return "not set by the clinic" if self.value is None else f"{plain(self.value)} {self.unit}".strip()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a rule stands: what "not met" does, which roles may override it, and whose rule it is."""

    weight: Weight = Weight.BLOCK
    overridable_by: tuple[str, ...] = ()
    source: str = ""


BLOCK = Standing()
CAUTION = Standing(weight=Weight.CAUTION)
SET_BY_DIRECTOR = "the medical director sets this number"


def standing(how: Mapping[str, Standing], rule: str, default: Standing = BLOCK) -> Standing:
    """How this rule stands; a rule that the reference does not mention blocks, unless it is a caution by nature."""
    return how.get(rule, default)


def judge(
    rule: str,
    ok: bool | None,
    *,
    yes: str = "",
    no: str = "",
    unknown: str = "",
    to_do: str = "",
    how: Standing = BLOCK,
    source: str = "",
) -> Finding:
    """One rule's finding: `ok` True is met, False is not met, None is unknown; the sentence that goes with it.

    >>> judge("escort", None, yes="Kim takes her home", no="no escort", unknown="nobody has asked").because
    'nobody has asked'
    """
    verdict, because = {
        True: (Verdict.MET, yes),
        False: (Verdict.NOT_MET, no),
        None: (Verdict.UNKNOWN, unknown),
    }[ok]
    if not because:
        raise ValueError(f"{rule}: no sentence for {verdict.value}")
    return Finding(
        rule=rule,
        verdict=verdict,
        because=because,
        source=source or how.source,
        weight=how.weight,
        to_do="" if ok else to_do,
        overridable_by=how.overridable_by if how.weight is Weight.OVERRIDE else (),
    )


def plain(value: float) -> str:
    """A number without trailing zeros, so that 1.0 is never read as 10.

    >>> plain(9.0), plain(0.5), plain(1200.0)
    ('9', '0.5', '1200')
    """
    return f"{round(value, 6):.6f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """A stretch of time as people say it, rounded up to the minute beyond one minute.

    >>> duration(45), duration(61), duration(9000)
    ('45 s', '2 min', '2 h 30 min')
    """
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{minutes} min" if not hours else f"{hours} h" + (f" {minutes} min" if minutes else "")
