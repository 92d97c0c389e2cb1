"""How far is a centre, and in which order do centres stand?  By distance and fit alone.

Distances on the WGS84 ellipsoid by Lambert's correction of the haversine formula: far within half a percent of the
geodesic.  The order reads a `Candidate`, which holds a name for ties, a distance and how many of the wanted facts nobody
has stated: there is no other field that a payment could enter by.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from stillhaven.science.errors import BadInput

EARTH_KM = 6371.0088  # mean radius
_EQUATOR_KM, _FLAT = 6378.137, 1 / 298.257223563  # WGS84
_SHORTEST_DEGREE_KM = 110.5  # a degree of latitude at the equator, where it is shortest
KM_PER_MILE = 1.609344
_PAIR = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,10})?)\s*[,; ]\s*([+-]?\d{1,3}(?:\.\d{1,10})?)\s*")
WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A point on the earth, in degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lat) and -90 <= self.lat <= 90):
            raise BadInput("lat", "lies between -90 and 90 degrees")
        if not (math.isfinite(self.lon) and -180 <= self.lon <= 180):
            raise BadInput("lon", "lies between -180 and 180 degrees")


def read_point(text: str) -> Place | None:
    """ "37.75, -122.42" as a place; None where it is something else.

    >>> read_point("37.75, -122.42")
    Place(lat=37.75, lon=-122.42)
    >>> read_point("94110") is None
    True
    """
    found = _PAIR.fullmatch(text)
    return Place(lat=float(found[1]), lon=float(found[2])) if found else None


def haversine_km(a: Place, b: Place) -> float:
    """The distance on a sphere."""
    return EARTH_KM * _angle(math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon))


def _angle(p: float, q: float, turn: float) -> float:
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(turn / 2) ** 2
    return 2 * math.asin(min(1.0, math.sqrt(h)))


def distance_km(a: Place, b: Place) -> float:
    """The distance on the ellipsoid.

    >>> round(distance_km(Place(lat=0, lon=0), Place(lat=1, lon=0)), 1)
    110.6
    """
    p = math.atan((1 - _FLAT) * math.tan(math.radians(a.lat)))
    q = math.atan((1 - _FLAT) * math.tan(math.radians(b.lat)))
    s = _angle(p, q, math.radians(b.lon - a.lon))
    if s < 1e-9:
        return 0.0
    if s > 3.0:  # nearly opposite points: the correction grows without bound there
        return haversine_km(a, b)
    mid, half = (p + q) / 2, (q - p) / 2
    x = (s - math.sin(s)) * (math.sin(mid) * math.cos(half) / math.cos(s / 2)) ** 2
    y = (s + math.sin(s)) * (math.cos(mid) * math.sin(half) / math.sin(s / 2)) ** 2
    return _EQUATOR_KM * (s - _FLAT / 2 * (x + y))


@dataclass(frozen=True, kw_only=True)
class Box:
    """Everything within a radius lies in here; what the database's index can answer.  `wraps`: over the date line."""

    south: float
    north: float
    west: float
    east: float

    @property
    def wraps(self) -> bool:
        return self.west > self.east


def box_around(centre: Place, radius_km: float) -> Box:
    """The smallest simple box that surely holds the circle."""
    if not (math.isfinite(radius_km) and radius_km > 0):
        raise BadInput("radius", "must be over 0")
    tall = radius_km / _SHORTEST_DEGREE_KM
    south, north = centre.lat - tall, centre.lat + tall
    if south <= -90 or north >= 90:  # a pole lies within: every meridian does
        return Box(south=max(south, -90), north=min(north, 90), west=-180, east=180)
    turn = radius_km / (EARTH_KM * 0.99)
    ratio = math.sin(min(turn, math.pi / 2)) / math.cos(math.radians(centre.lat))
    if ratio >= 1:
        return Box(south=south, north=north, west=-180, east=180)
    wide = math.degrees(math.asin(ratio))
    west, east = centre.lon - wide, centre.lon + wide
    return Box(
        south=south, north=north, west=west + 360 if west < -180 else west, east=east - 360 if east > 180 else east
    )


def bearing(a: Place, b: Place) -> str:
    """Which way somebody at `a` looks to see `b`: N, NE, E, ...

    >>> bearing(Place(lat=40, lon=-75), Place(lat=41, lon=-75))
    'N'
    """
    p, q, turn = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    way = math.atan2(
        math.sin(turn) * math.cos(q), math.cos(p) * math.sin(q) - math.sin(p) * math.cos(q) * math.cos(turn)
    )
    return WINDS[round(math.degrees(way) / 45) % 8]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """All that the order of a list may know of a centre."""

    uid: UUID  # settles ties; made by chance, so that no name climbs by its first letter
    km: float
    not_said: int = 0  # of the facts that the visitor wants, how many nobody has stated


def in_order(found: Iterable[Candidate]) -> list[Candidate]:
    """Those that state every wanted fact first, each by distance.  Nothing else counts."""
    return sorted(found, key=lambda c: (c.not_said, c.km, c.uid.int))


def npi_ok(text: str) -> bool:
    """Is this a US National Provider Identifier?  Ten digits with the check digit of 80840 + the first nine.

    >>> npi_ok("1234567893"), npi_ok("1234567890")
    (True, False)
    """
    if not re.fullmatch(r"[12]\d{9}", text, re.ASCII):
        return False
    total = 0
    for place, digit in enumerate(reversed("80840" + text)):
        n = int(digit) * (2 if place % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0
