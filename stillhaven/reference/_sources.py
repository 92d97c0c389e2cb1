"""Which documents do the facts come from, and how much of each was read?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from stillhaven.reference.files import Shelf, Table

FILE = "sources.toml"


class Read(StrEnum):
    """How much of a source was read."""

    DOCUMENT_TEXT = "document_text"
    ABSTRACT = "abstract"
    SECONDARY = "secondary"
    NOT_READ = "not_read"
    HOUSE = "house"
    CLINIC = "clinic"

    @property
    def confirms(self) -> bool:
        """Can a fact that rests on this alone be called confirmed?"""
        return self not in (Read.NOT_READ, Read.HOUSE)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One citation, as it was compiled."""

    key: str
    kind: Read
    cite: str
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    url: tuple[str, ...] = ()


def read_sources(shelf: Shelf) -> Mapping[str, Source]:
    """All sources by key.  A clinic's own file adds to the shipped one; it cannot change what a shipped key means."""
    found: dict[str, Source] = {}
    for whole in shelf.both(FILE):
        for key in whole.data:
            row = whole.table(key)
            source = _source(key, row) if row is not None else None
            if row is None or source is None:
                continue
            if key in found:
                row.wrong("", "is a source already; a clinic adds sources under keys of its own")
                continue
            found[key] = source
    return MappingProxyType(found)


def _source(key: str, row: Table) -> Source | None:
    kind = row.choice("kind", Read)
    source = Source(
        key=key,
        kind=kind or Read.NOT_READ,
        cite=row.text("cite"),
        doi=row.text("doi", needed=False),
        pmid=row.text("pmid", needed=False),
        pmcid=row.text("pmcid", needed=False),
        url=row.texts("url"),
    )
    row.close()
    return source if kind else None
