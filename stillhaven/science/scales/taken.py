"""One assessment as it was taken: whose version, when, by which way, what it comes to today and what it overlaps.

A two-week form on the day after a session asks mostly about days before it: such a point is labelled, and kept out of
an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.scoring import Sheet


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One assessment of one person, scored from its answers with the definition that it was taken with."""

    uid: UUID
    scale: str
    version: str
    taken_at: datetime
    entered_at: datetime
    channel: str
    by_name: str
    instrument: Instrument
    answers: Mapping[str, float | None]
    sheet: Sheet
    source_note: str = ""
    course: int | None = None

    @property
    def total(self) -> float | None:
        return self.sheet.total

    @property
    def name(self) -> str:
        """Scale and version: what may stand on one line of a graph."""
        return f"{self.scale}@{self.version}"

    def overlaps(self, first_session: datetime | None) -> bool | None:
        """Does its recall window reach back before the first session?  None while there was none, or no window."""
        days = self.instrument.recall_days
        if first_session is None or days is None or self.taken_at < first_session:
            return None
        return (self.taken_at - first_session).total_seconds() < days * 86400
