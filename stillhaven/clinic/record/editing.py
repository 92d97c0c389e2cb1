"""Two people change the same thing at once: what of it can be kept as it is, and where has somebody to choose?

A form shows values and remembers a fingerprint of each (`stamps`, in one hidden field).  When it comes back, `merge` sets
three things side by side: what the form showed, what was typed, and what stands now.  A field that only one of the two
changed is taken as changed; a field that both changed differently is a clash, with both texts.  Nothing is chosen by who
came last.  The caller holds the row's lock, so that nobody writes between the look and the deed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillhaven.science.errors import Refused

SEEN = "seen"  # the hidden field of a form
MINE, THEIRS = "mine", "theirs"
CHOOSE = "choose."  # prefix of the fields with which a person chooses between two texts


@dataclass(frozen=True, kw_only=True)
class Clash:
    """One field that two people changed differently, with both texts."""

    field: str
    mine: Any
    theirs: Any


class Clashed(Refused):
    """Somebody else changed the same fields meanwhile.  Carries both texts; nothing of this form was written."""

    def __init__(self, clashes: tuple[Clash, ...]) -> None:
        super().__init__(why="somebody else changed this meanwhile; both texts are below, choose what is to stand")
        self.clashes = clashes


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What changes, and where somebody has to choose."""

    changes: Mapping[str, Any]
    clashes: tuple[Clash, ...] = ()


def stamp(value: Any) -> str:
    """A short fingerprint of one value as it was shown.

    >>> stamp({"a": 1, "b": 2}) == stamp({"b": 2, "a": 1}), stamp(None) == stamp("")
    (True, False)
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def stamps(values: Mapping[str, Any]) -> str:
    """The hidden field of a form that shows these values."""
    return json.dumps({key: stamp(value) for key, value in sorted(values.items())}, separators=(",", ":"))


def read_stamps(text: str) -> dict[str, str]:
    """What a form brought back; what cannot be read counts as nothing seen, so that no text is ever overwritten."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(k): v for k, v in found.items() if isinstance(v, str)}


def merge(
    seen: Mapping[str, str], mine: Mapping[str, Any], now: Mapping[str, Any], *, empty: Any = None,
    chosen: Mapping[str, str] | None = None,
) -> Merged:  # fmt: skip
    """Set what was shown, what was typed and what stands now side by side.

    `seen` are stamps, `chosen` says "mine" or "theirs" where somebody was shown both.  A field that `now` lacks stands at
    `empty`.  A field that the form never showed is taken as shown empty.

    >>> merge(read_stamps(stamps({"a": "x"})), {"a": "y"}, {"a": "x"}).changes
    {'a': 'y'}
    >>> merge(read_stamps(stamps({"a": "x"})), {"a": "y"}, {"a": "z"}).clashes
    (Clash(field='a', mine='y', theirs='z'),)
    """
    changes: dict[str, Any] = {}
    clashes: list[Clash] = []
    for key, typed in mine.items():
        stands = now.get(key, empty)
        if stamp(typed) == stamp(stands):
            continue  # both say the same
        was = seen.get(key, stamp(empty))
        if was == stamp(typed):
            continue  # not touched here: what stands now stays
        if was == stamp(stands):
            changes[key] = typed  # touched here alone
        elif (chosen or {}).get(key) == MINE:
            changes[key] = typed
        elif (chosen or {}).get(key) != THEIRS:
            clashes.append(Clash(field=key, mine=typed, theirs=stands))
    return Merged(changes=changes, clashes=tuple(clashes))


def choices(typed: Mapping[str, Any]) -> dict[str, str]:
    """What somebody chose where both texts were shown: field -> "mine" or "theirs"."""
    return {k.removeprefix(CHOOSE): str(v) for k, v in typed.items() if k.startswith(CHOOSE) and v in (MINE, THEIRS)}


__all__ = ["Clash", "Clashed", "Merged", "choices", "merge", "read_stamps", "stamp", "stamps"]
