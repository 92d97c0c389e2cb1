"""How long does a look behind the wall stay open?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import SHIPPED, Shelf

FILE = "therapy/settings.toml"


@dataclass(frozen=True, kw_only=True)
class TherapyRules:
    """The house's settings of therapy."""

    glass_open_for: timedelta


def read_therapy(shelf: Shelf | None = None) -> TherapyRules:
    """The settings; a clinic's folder may hold its own file of this name."""
    whole = (shelf or Shelf(shipped=SHIPPED)).read(FILE)
    read_cite(whole)
    read_review(whole)
    emergency = whole.table("emergency")
    minutes = (emergency.quantity("open_for", "min") if emergency else None) or 0.0
    whole.close()
    return TherapyRules(glass_open_for=timedelta(minutes=minutes))
