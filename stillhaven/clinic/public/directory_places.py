"""Where is a postcode?  From a table that ships in a package: no service is asked, nobody learns what was typed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import zipcodes

from stillhaven.science.places import Place, read_point

_ZIP = re.compile(r"(\d{5})(?:-?\d{4})?")


class Spot(NamedTuple):
    """A place with its name."""

    place: Place
    name: str
    zip: str = ""


@lru_cache(maxsize=4096)
def of_zip(text: str) -> Spot | None:
    """The middle of a US postcode; None where there is no such postcode."""
    found = _ZIP.fullmatch(text.strip())
    if found is None or not text.isascii():
        return None
    rows = zipcodes.matching(found[1])
    if not rows:
        return None
    row = rows[0]
    return Spot(
        Place(lat=float(row["lat"]), lon=float(row["long"])), f"{row['city']}, {row['state']} {found[1]}", found[1]
    )


def find(text: str) -> Spot | None:
    """A postcode or "latitude, longitude"."""
    if (point := read_point(text)) is not None:
        return Spot(point, f"{point.lat:.3f}, {point.lon:.3f}")
    return of_zip(text)


@lru_cache(maxsize=1)
def ground() -> frozenset[tuple[int, int]]:
    """Which half-degree cells of the earth have a postcode: the plain outline of the country on our map."""
    found = set()
    for first in range(10):
        for row in zipcodes.similar_to(str(first)):
            lat, lon = float(row["lat"]), float(row["long"])
            if lat or lon:
                found.add((int(lat // 0.5), int(lon // 0.5)))
    return frozenset(found)
