"""Are distances those of the ellipsoid, does the box hold the circle, and does nothing but distance and fit order a list?"""

from __future__ import annotations

import math
import random
from dataclasses import fields
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput
from stillhaven.science.places import (
    Box,
    Candidate,
    Place,
    bearing,
    box_around,
    distance_km,
    in_order,
    npi_ok,
    read_point,
)

LATS, LONS = st.floats(-89.5, 89.5), st.floats(-180, 180)
PLACES = st.builds(Place, lat=LATS, lon=LONS)


def vincenty_km(a: Place, b: Place) -> float | None:
    """The inverse problem on WGS84 by Vincenty's iteration, written apart from the code under test; None: no answer."""
    major, flat = 6378137.0, 1 / 298.257223563
    minor = major * (1 - flat)
    u1, u2 = (math.atan((1 - flat) * math.tan(math.radians(p.lat))) for p in (a, b))
    turn = math.radians(b.lon - a.lon)
    lam = turn
    for _n in range(200):
        x = math.cos(u2) * math.sin(lam)
        y = math.cos(u1) * math.sin(u2) - math.sin(u1) * math.cos(u2) * math.cos(lam)
        sin_s = math.hypot(x, y)
        if sin_s == 0:
            return 0.0
        cos_s = math.sin(u1) * math.sin(u2) + math.cos(u1) * math.cos(u2) * math.cos(lam)
        s = math.atan2(sin_s, cos_s)
        sin_alpha = math.cos(u1) * math.cos(u2) * math.sin(lam) / sin_s
        cos2_alpha = 1 - sin_alpha**2
        mid = cos_s - 2 * math.sin(u1) * math.sin(u2) / cos2_alpha if cos2_alpha else 0.0
        c = flat / 16 * cos2_alpha * (4 + flat * (4 - 3 * cos2_alpha))
        before = lam
        lam = turn + (1 - c) * flat * sin_alpha * (s + c * sin_s * (mid + c * cos_s * (2 * mid**2 - 1)))
        if abs(lam - before) < 1e-12:
            break
    else:
        return None
    u_sq = cos2_alpha * (major**2 - minor**2) / minor**2
    big_a = 1 + u_sq / 16384 * (4096 + u_sq * (-768 + u_sq * (320 - 175 * u_sq)))
    big_b = u_sq / 1024 * (256 + u_sq * (-128 + u_sq * (74 - 47 * u_sq)))
    tail = big_b / 6 * mid * (-3 + 4 * sin_s**2) * (-3 + 4 * mid**2)
    delta = big_b * sin_s * (mid + big_b / 4 * (cos_s * (2 * mid**2 - 1) - tail))
    return minor * big_a * (s - delta) / 1000


def test_the_yardstick_gives_a_published_distance() -> None:
    """Flinders Peak to Buninyong, the worked example of geodesy: 54 972.271 m."""
    flinders = Place(lat=-(37 + 57 / 60 + 3.72030 / 3600), lon=144 + 25 / 60 + 29.52440 / 3600)
    buninyong = Place(lat=-(37 + 39 / 60 + 10.15610 / 3600), lon=143 + 55 / 60 + 35.38390 / 3600)
    assert vincenty_km(flinders, buninyong) == pytest.approx(54.972271, abs=1e-5)


@settings(max_examples=300)
@given(PLACES, PLACES)
def test_distances_are_within_half_a_percent_of_the_geodesic(a: Place, b: Place) -> None:
    true = vincenty_km(a, b)
    assume(true is not None and 0.001 < true < 18_000)
    assert true is not None
    assert distance_km(a, b) == pytest.approx(true, rel=0.005)
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), rel=1e-9)


@settings(max_examples=200)
@given(PLACES, st.floats(0.5, 800), st.floats(0, 2 * math.pi), st.floats(0, 0.999))
def test_the_box_holds_everything_within_the_circle(centre: Place, km: float, way: float, part: float) -> None:
    angle = km * part / 6371.0088
    lat, lon = math.radians(centre.lat), math.radians(centre.lon)
    there = math.asin(
        max(-1.0, min(1.0, math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(way)))
    )
    east = lon + math.atan2(
        math.sin(way) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(there)
    )
    point = Place(lat=math.degrees(there), lon=(math.degrees(east) + 540) % 360 - 180)
    assume(distance_km(centre, point) <= km)
    assert holds(box_around(centre, km), point)


def holds(box: Box, p: Place) -> bool:
    if not box.south <= p.lat <= box.north:
        return False
    return p.lon >= box.west or p.lon <= box.east if box.wraps else box.west <= p.lon <= box.east


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 800), st.integers(0, 5)), max_size=20), st.randoms())
def test_order_is_fit_then_distance_however_the_list_arrives(
    rows: list[tuple[float, int]], dice: random.Random
) -> None:
    made = [Candidate(uid=uuid4(), km=km, not_said=n) for km, n in rows]
    shuffled = list(made)
    dice.shuffle(shuffled)
    order = in_order(shuffled)
    assert order == in_order(made)
    assert [(c.not_said, c.km) for c in order] == sorted((c.not_said, c.km) for c in made)


def test_nothing_that_could_be_paid_for_enters_the_order() -> None:
    """The function sees a chance name, a distance and what is not said; a field more is a test that fails."""
    assert {f.name for f in fields(Candidate)} == {"uid", "km", "not_said"}
    with pytest.raises(TypeError):
        Candidate(uid=UUID(int=1), km=1.0, sponsored=True)  # type: ignore[call-arg]


def test_directions_and_points() -> None:
    here = Place(lat=40, lon=-75)
    assert [bearing(here, Place(lat=40 + y, lon=-75 + x)) for y, x in ((0, 1), (-1, 0), (0, -1), (1, 1.3))] == [
        "E", "S", "W", "NE",
    ]  # fmt: skip
    assert read_point("37.75,-122.42") == Place(lat=37.75, lon=-122.42)
    assert read_point("94110") is None
    for wrong in ("91, 0", "0, 181"):
        with pytest.raises(BadInput):
            read_point(wrong)
    with pytest.raises(BadInput):
        box_around(here, math.nan)


def test_a_provider_number_has_its_check_digit() -> None:
    assert npi_ok("1234567893")
    wrong = [f"123456789{d}" for d in range(10) if d != 3]
    assert not any(npi_ok(text) for text in [*wrong, "", "12345", "1234567893 ", "１234567893", "3234567893"])
