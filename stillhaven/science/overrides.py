"""May somebody go on in spite of a finding: who, with which reason, and against which sentence?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict, Weight


@dataclass(frozen=True, kw_only=True)
class Override:
    """A named person's reason to go on in spite of one finding.  `against` is the sentence they were shown."""

    rule: str
    against: str
    by: str
    role: str
    reason: str


def apply_overrides(
    findings: Iterable[Finding],
    overrides: Sequence[Override],
    policy: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Finding, ...]:
    """The findings with overrides laid on, where policy allows.

    An override counts only if the finding may be overridden at all, by that role, and still says what it said when
    the override was given.  `policy` (rule -> roles) may narrow what the reference allows; it never widens it.
    BadInput without name or reason; Refused for a rule or role that is not allowed.
    """
    found = tuple(findings)
    laid: dict[tuple[str, str], str] = {}
    for override in overrides:
        if not override.by.strip():
            raise BadInput("by", "an override needs a name")
        if not override.reason.strip():
            raise BadInput("reason", "an override needs a reason")
        for finding in found:
            if finding.rule == override.rule and finding.stops:
                if override.role not in may_override(finding, policy):
                    raise Refused(found, f"{finding.because}: {override.role.replace('_', ' ')} may not override this")
                laid[override.rule, override.against] = f"{override.by.strip()}: {override.reason.strip()}"
    return tuple(
        replace(f, overridden=laid[f.rule, f.because]) if f.stops and (f.rule, f.because) in laid else f for f in found
    )


def may_override(finding: Finding, policy: Mapping[str, Sequence[str]] | None = None) -> tuple[str, ...]:
    """The roles that may override this finding; none for a block."""
    if finding.weight is not Weight.OVERRIDE or finding.verdict is Verdict.MET:
        return ()
    if policy is None:
        return finding.overridable_by
    return tuple(role for role in finding.overridable_by if role in policy.get(finding.rule, ()))
