"""Which forms were expected and did not come?  Rooms that plan check-ins say so; unused links are known from the start."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from stillhaven.clinic.outcomes.queries import Person
from stillhaven.clinic.scales.models import CheckInLink


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One form that was expected and is not there: `state` in one word ("missing", "declined", "unreachable", ...)."""

    scale: str
    at: datetime
    state: str = "missing"


Source = Callable[[Person], Iterable[Expected]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """A room that plans check-ins gives its expected points that came to nothing.  It replaces what links alone can say."""
    if source not in _sources:
        _sources.append(source)


def missing(found: Person, scale: str) -> list[Expected]:
    """Expected forms of this scale that did not come, up to now."""
    told = [e for source in _sources or [unused_links] for e in source(found)]
    return sorted((e for e in told if e.scale == scale and e.at <= found.now), key=lambda e: e.at)


def unused_links(found: Person) -> Iterable[Expected]:
    """Check-ins that were sent and never used."""
    links = CheckInLink.objects.filter(patient=found.patient, used_at=None, revoked_at=None)
    for link in links.filter(expires_at__lte=found.now):
        for name in link.scales:
            yield Expected(scale=name.partition("@")[0], at=link.expires_at)
