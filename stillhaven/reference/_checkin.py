"""How long does a check-in link last, and how soon must somebody answer an alert?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import SHIPPED, Shelf

FILE = "checkin.toml"


@dataclass(frozen=True, kw_only=True)
class CheckinRules:
    """The house's settings of check-ins."""

    link_for: timedelta
    tablet_for: timedelta
    wrong_years: int
    within: dict[str, timedelta]  # kind of alert -> time limit


def read_checkin(shelf: Shelf | None = None) -> CheckinRules:
    """The settings; a clinic's folder may hold its own file of this name."""
    own = shelf or Shelf(shipped=SHIPPED)
    whole = own.read(FILE)
    read_cite(whole)
    read_review(whole)
    link, alert = whole.table("link"), whole.table("alert")
    hours = {name: (link.quantity(name, "min") if link else None) or 0.0 for name in ("good_for", "tablet_for")}
    tries = link.table("wrong_years") if link else None
    within = {
        kind: timedelta(minutes=(alert.quantity(f"{kind}_within", "min") if alert else None) or 0.0)
        for kind in ("alert", "unanswered", "review")
    }
    whole.close()
    return CheckinRules(
        link_for=timedelta(minutes=hours["good_for"]),
        tablet_for=timedelta(minutes=hours["tablet_for"]),
        wrong_years=(tries.whole("sessions") if tries else None) or 1,
        within=within,
    )
