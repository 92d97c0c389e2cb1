"""Which step of a rule in words does a sheet reach, and could a gap still raise it?

A gap is unknown: a condition that could still become true is neither met nor unmet, and the rule says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from stillhaven.science.scales.instrument import Condition, Grade


def holds(need: Condition, answers: Mapping[str, float | None], unasked: frozenset[str]) -> bool | None:
    """True, False, or None while gaps leave it open."""
    yes = unknown = 0
    for key, mark in need.marks.items():
        answer = answers.get(key)
        if answer is None:
            unknown += key not in unasked
        elif (answer < mark) if need.below else (answer >= mark):
            yes += 1
    if yes >= need.count:
        return True
    return None if yes + unknown >= need.count else False


def reached(
    grades: tuple[Grade, ...], answers: Mapping[str, float | None], unasked: frozenset[str] = frozenset()
) -> tuple[int | None, int]:
    """The rank reached (None while a gap could still raise it; 0 for none), and the rank that is certain already."""
    sure, open_rank = 0, 0
    for grade in grades:
        found = [holds(need, answers, unasked) for need in grade.needs]
        if all(found):
            sure = max(sure, grade.rank)
        elif False not in found:
            open_rank = max(open_rank, grade.rank)
    return (None if open_rank > sure else sure), sure
