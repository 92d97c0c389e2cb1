"""Is this person prepared for a session with a therapist, and when is the talk afterwards due?

Psychotherapy with ketamine has three parts: preparation, the dosing session, integration.  What a preparation has to hold
is asked, never assumed: a field nobody filled in is unknown, and unknown stands in the way.  The window in which integration
belongs is the clinic's own (`integration_from_h`, `integration_until_h`); until it is set nothing is early, due or late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from stillhaven.science.findings import Finding, Verdict

# What a preparation holds: key -> what is missing without it, in words.
NEEDED: Mapping[str, str] = {
    "risks": "risks and fees were not talked through",
    "intention": "the intention is not written in their words",
    "fears": "nobody asked what they fear",
    "trauma": "nobody asked what to be careful with",
    "touch": "no agreement on touch",
    "stop_signal": "no stop signal",
    "support": "no support person for the days after",
}


class Timing(StrEnum):
    """How an integration talk stands to its window."""

    NO_WINDOW = "no_window"  # the clinic has not set one
    NOT_YET = "not_yet"
    DUE = "due"
    LATE = "late"  # the window has closed, and no talk was held
    IN_WINDOW = "in_window"
    EARLY = "held_early"
    HELD_LATE = "held_late"
    HELD = "held"  # held, and there is no window to judge it by


@dataclass(frozen=True, kw_only=True)
class Window:
    """The stretch after a session in which its integration talk belongs."""

    opens: datetime
    closes: datetime


def window(left_at: datetime, from_h: float | None, until_h: float | None) -> Window | None:
    """The window after a session that ended at this moment; None where the clinic has not set both ends in order.

    >>> from datetime import UTC
    >>> w = window(datetime(2026, 11, 20, 15, tzinfo=UTC), 24, 72)
    >>> w.opens.day, w.closes.day
    (21, 23)
    >>> window(datetime(2026, 11, 20, 15, tzinfo=UTC), None, 72) is None
    True
    """
    if from_h is None or until_h is None or from_h > until_h:
        return None
    return Window(opens=left_at + timedelta(hours=from_h), closes=left_at + timedelta(hours=until_h))


def timing(within: Window | None, held_at: datetime | None, now: datetime) -> Timing:
    """How one session's integration stands: by when it was held, or by the clock while it was not."""
    if held_at is not None:
        if within is None:
            return Timing.HELD
        return (
            Timing.EARLY
            if held_at < within.opens
            else Timing.HELD_LATE
            if held_at > within.closes
            else Timing.IN_WINDOW
        )
    if within is None:
        return Timing.NO_WINDOW
    return Timing.NOT_YET if now < within.opens else Timing.LATE if now > within.closes else Timing.DUE


def readiness(
    prepared: Iterable[str], open_items: Iterable[str], *, consent: bool | None, cleared_by: str
) -> tuple[Finding, ...]:
    """What stands between this person and a session with their therapist.  All of it, met or not.

    `prepared` holds the keys of NEEDED that were filled in; `consent` is None where nobody can say.
    """
    found, has = [], set(prepared)
    for key, missing in NEEDED.items():
        met = key in has
        because = f"{key.replace('_', ' ')} is written down" if met else missing
        found.append(
            Finding(
                rule=f"therapy_{key}", verdict=Verdict.MET if met else Verdict.UNKNOWN, because=because,
                to_do="" if met else "the therapist asks in the preparation talk",
            )
        )  # fmt: skip
    verdict = Verdict.UNKNOWN if consent is None else Verdict.MET if consent else Verdict.NOT_MET
    words = (
        "consent to psychotherapy with ketamine is signed"
        if consent
        else "consent to psychotherapy with ketamine does not stand"
    )
    found.append(
        Finding(
            rule="therapy_consent",
            verdict=verdict,
            because=words,
            to_do="" if consent else "the person reads and signs it",
        )
    )
    found += [
        Finding(
            rule="therapy_open_item",
            verdict=Verdict.NOT_MET,
            because=f"open: {item}",
            to_do="whoever settles it marks it as settled",
        )
        for item in open_items
    ]
    found.append(
        Finding(
            rule="therapy_medical", verdict=Verdict.MET if cleared_by else Verdict.UNKNOWN,
            because=f"cleared by the medical team: {cleared_by}" if cleared_by else "the medical team has not cleared it",
            to_do="" if cleared_by else "a nurse or prescriber looks at it and clears it",
        )
    )  # fmt: skip
    return tuple(found)


def names_in(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Which of these people a text names: any part of a name that stands as a word of its own.

    >>> names_in("Ada wept; the others held the silence.", ["Ada Fernsby", "Finn Castellan"])
    ('Ada',)
    >>> names_in("A good day for all.", ["Al Day-Lewis"])
    ()
    """
    words = {w.casefold() for w in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)}
    found = []
    for name in names:
        for part in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name):
            if len(part) > 1 and (
                part.casefold() in words or f"{part.casefold()}'s" in words or f"{part.casefold()}’s" in words
            ):
                found.append(part)
    return tuple(dict.fromkeys(found))
