"""What does a clinic keep about a person, why, for how long; and how soon does it answer a request about it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import SHIPPED, Shelf, Table

FILE = "privacy/data_map.toml"
KINDS = ("access", "correction", "deletion", "same_person")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One kind of data: what it is, why it is kept, for how long, who sees it, and in which tables it lies."""

    what: str
    why: str
    long: str
    who: str
    models: tuple[str, ...]
    walled: bool = False  # behind a wall: on the map, in no download


@dataclass(frozen=True, kw_only=True)
class Clear:
    """One rule of retention for administrative data."""

    key: str
    what: str
    after: timedelta


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """One cookie.  One that is not needed is set only after a yes."""

    name: str
    needed: bool
    what: str
    until: str


@dataclass(frozen=True, kw_only=True)
class DataMap:
    """The whole map."""

    kept: tuple[Kept, ...]
    clears: tuple[Clear, ...]
    cookies: tuple[Cookie, ...]
    due: Mapping[str, timedelta]  # kind of request -> time for an answer
    longer: timedelta
    confirmed: bool


def read_data_map(shelf: Shelf | None = None) -> DataMap:
    """The map; a clinic's folder may hold its own file of this name."""
    whole = (shelf or Shelf(shipped=SHIPPED)).read(FILE)
    read_cite(whole)
    read_review(whole)
    deadline = whole.table("deadline")
    cite = read_cite(deadline) if deadline else None
    found = DataMap(
        kept=tuple(_kept(row) for row in whole.rows("kept")),
        clears=tuple(
            Clear(key=row.text("key"), what=row.text("what"), after=_span(row, "after")) for row in whole.rows("clear")
        ),
        cookies=tuple(
            Cookie(name=r.text("name"), needed=r.flag("needed"), what=r.text("what"), until=r.text("until"))
            for r in whole.rows("cookie")
        ),
        due={kind: _span(deadline, kind) for kind in KINDS},
        longer=_span(deadline, "longer"),
        confirmed=bool(cite and cite.confirmed),
    )
    whole.close()
    return found


def _kept(row: Table) -> Kept:
    return Kept(
        what=row.text("what"), why=row.text("why"), long=row.text("long"), who=row.text("who"),
        models=row.texts("models", needed=True), walled=row.flag("walled", needed=False),
    )  # fmt: skip


def _span(row: Table | None, name: str) -> timedelta:
    return timedelta(minutes=(row.quantity(name, "min") if row else None) or 0.0)


@lru_cache(maxsize=1)
def data_map() -> DataMap:
    """The shipped map."""
    return read_data_map()
