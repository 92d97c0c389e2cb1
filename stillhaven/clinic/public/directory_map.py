"""A map drawn by us: the country's plain outline, a graticule, points.  No tile, no outside host, a table beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stillhaven.clinic.public.directory_places import ground
from stillhaven.science.places import Place

WIDTH = 640
_KM_PER_DEGREE = 111.195


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the map shows: its edges in degrees and its height in the drawing."""

    south: float
    north: float
    west: float
    east: float

    @property
    def height(self) -> int:
        tall = (self.north - self.south) * _KM_PER_DEGREE
        wide = (self.east - self.west) * _KM_PER_DEGREE * math.cos(math.radians((self.south + self.north) / 2))
        return max(120, min(640, round(WIDTH * tall / max(wide, 1e-6))))

    def xy(self, place: Place) -> tuple[float, float]:
        x = (place.lon - self.west) / (self.east - self.west) * WIDTH
        y = (self.north - place.lat) / (self.north - self.south) * self.height
        return round(x, 1), round(y, 1)

    def place(self, x: float, y: float) -> Place:
        """The point that somebody chose on the drawing."""
        return Place(
            lat=max(-90.0, min(90.0, self.north - y / self.height * (self.north - self.south))),
            lon=max(-180.0, min(180.0, self.west + x / WIDTH * (self.east - self.west))),
        )


COUNTRY = Frame(south=24, north=50, west=-125.5, east=-66)


def around(centre: Place, radius_km: float) -> Frame:
    """A frame with the circle in its middle."""
    tall = radius_km * 1.1 / _KM_PER_DEGREE
    wide = tall / max(0.2, math.cos(math.radians(centre.lat)))
    return Frame(
        south=centre.lat - tall, north=centre.lat + tall, west=centre.lon - wide * 1.4, east=centre.lon + wide * 1.4
    )


def land(frame: Frame) -> str:
    """The cells that hold a postcode, as one path: rows of neighbours run together."""
    parts = []
    for row in range(math.floor(frame.south / 0.5), math.ceil(frame.north / 0.5)):
        start = None
        for column in range(math.floor(frame.west / 0.5), math.ceil(frame.east / 0.5) + 1):
            here = (row, column) in ground()
            if here and start is None:
                start = column
            elif not here and start is not None:
                parts.append(_cell(frame, row, start, column))
                start = None
        if start is not None:
            parts.append(_cell(frame, row, start, math.ceil(frame.east / 0.5) + 1))
    return "".join(parts)


def _cell(frame: Frame, row: int, first: int, end: int) -> str:
    x0 = (first * 0.5 - frame.west) / (frame.east - frame.west) * WIDTH
    x1 = (end * 0.5 - frame.west) / (frame.east - frame.west) * WIDTH
    y0 = (frame.north - (row + 1) * 0.5) / (frame.north - frame.south) * frame.height
    y1 = (frame.north - row * 0.5) / (frame.north - frame.south) * frame.height
    x0, x1 = max(0.0, x0), min(float(WIDTH), x1)
    y0, y1 = max(0.0, y0), min(float(frame.height), y1)
    return f"M{x0:.0f} {y0:.0f}H{x1:.0f}V{y1:.0f}H{x0:.0f}z" if x1 > x0 and y1 > y0 else ""


def lines(frame: Frame) -> list[dict[str, object]]:
    """The graticule: parallels and meridians at round degrees, each with its name."""
    span = frame.north - frame.south
    step = next((s for s in (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10) if span / s <= 6), 10)
    found: list[dict[str, object]] = []
    for n in range(math.ceil(frame.south / step), math.floor(frame.north / step) + 1):
        y = frame.xy(Place(lat=max(-90, min(90, n * step)), lon=0))[1]
        found.append(
            {
                "x1": 0,
                "x2": WIDTH,
                "y1": y,
                "y2": y,
                "name": f"{abs(n * step):g}°{'N' if n >= 0 else 'S'}",
                "x": 4,
                "y": y - 3,
            }
        )
    for n in range(math.ceil(frame.west / step), math.floor(frame.east / step) + 1):
        x = round((n * step - frame.west) / (frame.east - frame.west) * WIDTH, 1)
        name = f"{abs(n * step):g}°{'E' if n >= 0 else 'W'}"
        found.append({"x1": x, "x2": x, "y1": 0, "y2": frame.height, "name": name, "x": x + 3, "y": frame.height - 4})
    return found


def drawing(
    frame: Frame, centre: Place, radius_km: float, points: Sequence[tuple[int, Place, str]]
) -> dict[str, object]:
    """Everything that the template draws: path, graticule, circle, numbered points with where they lead."""
    x, y = frame.xy(centre)
    tall = radius_km / _KM_PER_DEGREE / (frame.north - frame.south) * frame.height
    marks = []
    for number, place, anchor in points:
        px, py = frame.xy(place)
        marks.append({"n": number, "x": px, "y": py, "label_y": py + 4, "href": f"#{anchor}"})
    return {
        "width": WIDTH,
        "height": frame.height,
        "land": land(frame),
        "lines": lines(frame),
        "x": x,
        "y": y,
        "r": round(tall, 1),
        "marks": marks,
    }


def picture(frame: Frame) -> str:
    """The map to choose a point on, as a file of its own.  Its grey stands on light and dark alike."""
    grid = "".join(f'<path d="M{e["x1"]} {e["y1"]}L{e["x2"]} {e["y2"]}"/>' for e in lines(frame))
    size = f'viewBox="0 0 {WIDTH} {frame.height}" width="{WIDTH}" height="{frame.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
        f'<path d="{land(frame)}" fill="#7f9a9b"/><g stroke="#7f8478" stroke-opacity=".5">{grid}</g></svg>'
    )
