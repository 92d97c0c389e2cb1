"""What must somebody hold to be assigned to a visit?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.schedule import CompetenceKind

FILE = "schedule/competences.toml"
ROLES = ("nurse", "prescriber", "therapist")


def read_competences(shelf: Shelf) -> Mapping[str, CompetenceKind]:
    """Every kind of competence by key."""
    whole = shelf.read(FILE)
    read_review(whole)
    found = {}
    for key, row in whole.named("kind"):
        roles = row.texts("roles", needed=True)
        for role in roles:
            if role not in ROLES:
                row.wrong("roles", f"{role!r} is not one of {', '.join(ROLES)}")
        found[key] = CompetenceKind(
            key=key,
            title=row.text("title"),
            roles=frozenset(roles),
            drugs=frozenset(d.value for d in row.choices("drugs", Drug)),
            routes=frozenset(r.value for r in row.choices("routes", Route)),
            cite=read_cite(row),
        )
        row.close()
    whole.close()
    return MappingProxyType(found)
