"""Which centres are near, which state what is wanted, and what does each state?  By distance and fit alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from stillhaven.clinic.public.directory_facts import BY_KEY, FACTS, REPORTED, is_stale
from stillhaven.clinic.public.directory_models import Centre, CentreReport
from stillhaven.science.costs import shown
from stillhaven.science.places import KM_PER_MILE, Candidate, Place, bearing, box_around, distance_km, in_order

RADII_MILES = (5, 10, 25, 50, 100, 250, 500)
PAGE = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a visitor looks for."""

    says: tuple[str, ...] = ()  # "routes:im"
    most_cents: int | None = None

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(says.partition(":")[0] for says in self.says)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One fact as it is shown: its words, who confirmed it, when, and whether that is long ago."""

    key: str
    label: str
    words: tuple[str, ...]
    by: str = ""
    on: date | None = None
    stale: bool = False


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A centre in a list."""

    centre: Centre
    km: float
    number: int
    way: str
    lines: tuple[Line, ...] = field(default=())
    not_said: tuple[str, ...] = ()

    @property
    def miles(self) -> float:
        return self.km / KM_PER_MILE


def search(near: Place, radius_km: float, wanted: Wanted) -> list[Candidate]:
    """Everything within the radius that does not state otherwise, in order.  Not stated is not "no": it comes after."""
    box = box_around(near, radius_km)
    rows = Centre.objects.filter(listed=True, lat__range=(box.south, box.north))
    east_west = Q(lon__gte=box.west) | Q(lon__lte=box.east) if box.wraps else Q(lon__range=(box.west, box.east))
    rows = rows.filter(east_west)
    for says in wanted.says:
        rows = rows.filter(Q(says__contains=[says]) | ~Q(says__contains=[f"{says.partition(':')[0]}:*"]))
    if wanted.most_cents is not None:
        rows = rows.filter(Q(session_cents__isnull=True) | Q(session_cents__lte=wanted.most_cents))
    keys = {f"{key}:*" for key in wanted.keys}
    columns = ("uid", "lat", "lon", "session_cents", *(("says",) if keys else ()))
    found = []
    for uid, lat, lon, cents, *says_list in rows.values_list(*columns):
        km = distance_km(near, Place(lat=lat, lon=lon))
        if km <= radius_km:
            missing = len(keys.difference(says_list[0])) if keys else 0
            missing += wanted.most_cents is not None and cents is None
            found.append(Candidate(uid=uid, km=km, not_said=missing))
    return in_order(found)


def hits(near: Place, found: Sequence[Candidate], wanted: Wanted, today: date, *, first: int = 1) -> list[Hit]:
    """A page of the list with what each centre states."""
    rows = Centre.objects.in_bulk([c.uid for c in found], field_name="uid")
    keys = wanted.keys | ({"price"} if wanted.most_cents is not None else set())
    made = []
    for number, c in enumerate(found, start=first):
        centre = rows.get(c.uid)
        if centre is not None:
            there = Place(lat=centre.lat, lon=centre.lon)
            not_said = tuple(str(BY_KEY[k].label) for k in BY_KEY if k in keys and not stated(centre, k))
            made.append(Hit(centre=centre, km=c.km, number=number, way=bearing(near, there), not_said=not_said,
                            lines=tuple(line for line in lines_of(centre, today) if line.words)))  # fmt: skip
    return made


def stated(centre: Centre, key: str) -> list[str]:
    value = centre.facts.get(key, {}).get("value", [])
    return list(value) if isinstance(value, list) else []


def lines_of(centre: Centre, today: date) -> list[Line]:
    """Every fact in its fixed order; one that nobody stated has no words."""
    return [_line(centre.facts.get(fact.key) or {}, fact.key, today) for fact in FACTS]


def _line(stated: Mapping[str, Any], key: str, today: date) -> Line:
    fact = BY_KEY[key]
    values = stated.get("value") or []
    if not values:
        return Line(key=key, label=str(fact.label), words=())
    words = tuple(shown(int(v)) for v in values) if fact.kind == "money" else tuple(fact.words(v) for v in values)
    on = str(stated.get("on", ""))
    return Line(
        key=key, label=str(fact.label), words=words, by=str(stated.get("by", "")) or _("nobody"),
        on=date.fromisoformat(on) if on else None, stale=is_stale(on, today),
    )  # fmt: skip


def compared(uids: Iterable[UUID], today: date) -> tuple[list[Centre], list[tuple[str, list[Line]]]]:
    """Up to four centres, fact by fact, in the order in which they were chosen."""
    wanted = list(dict.fromkeys(uids))[:4]
    rows = Centre.objects.filter(listed=True).in_bulk(wanted, field_name="uid")
    centres = [rows[uid] for uid in wanted if uid in rows]
    tables = [lines_of(centre, today) for centre in centres]
    return centres, [(str(fact.label), [lines[i] for lines in tables]) for i, fact in enumerate(FACTS)]


def reports(centre: Centre) -> list[dict[str, Any]]:
    """What patients reported and a moderator let through, newest first; never a name."""
    labels = {key: str(words) for key, words in REPORTED}
    return [
        {"seen_in": date.fromisoformat(f"{r.seen_in}-01"), "words": r.words,
         "answers": [(labels[k], v) for k, v in r.answers.items() if k in labels]}
        for r in centre.reports.filter(state="shown").order_by("-seen_in", "-pk")[:50]
    ]  # fmt: skip


def report_counts(centre: Centre) -> list[tuple[str, int, int]]:
    """For each question: how many said yes, of how many who answered."""
    rows = list(centre.reports.filter(state="shown").values_list("answers", flat=True))
    found = []
    for key, words in REPORTED:
        said = [row[key] for row in rows if row.get(key) in ("yes", "no")]
        if said:
            found.append((str(words), said.count("yes"), len(said)))
    return found


def waiting_reports() -> QuerySet[CentreReport]:
    return CentreReport.objects.filter(state="waiting").select_related("centre").order_by("sent_at")


def centre_or_none(uid: UUID) -> Centre | None:
    return Centre.objects.filter(uid=uid, listed=True).first()


def own_listing(site: int) -> Centre | None:
    return Centre.objects.filter(site=site).first()
