"""What came of everybody who started: one question to the database, answered for each site and each quarter at once.

Counted is each person's first course of one treatment (drug and route).  Treatments are never mixed, nor are scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from stillhaven.reference import load as reference
from stillhaven.reference._comparators import GroupReference
from stillhaven.science.errors import BadInput
from stillhaven.science.groups import Rate, rate
from stillhaven.science.scales.instrument import Direction, Instrument


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines that a scale's own file draws: who has responded, is in remission, is reliably worse."""

    fall_percent: float
    remission_below: float
    reliable_points: float
    floor: float
    response_by: str
    remission_by: str
    reliable_by: str


@dataclass(frozen=True, kw_only=True)
class Counts:
    """People, by how far they came and how they stood in the window."""

    started: int
    baseline: int
    finished: int
    due: int
    scored: int
    low_start: int
    response_yes: int
    response_no: int
    remission_yes: int
    remission_no: int
    asked: int  # due, and not known to have started under the cut: whom response and remission are asked of
    worse_yes: int
    worse_no: int
    ideation_yes: int
    ideation_no: int

    def rate(self, measure: str) -> Rate:
        """One measure with what is not known of it."""
        yes, no = getattr(self, f"{measure}_yes"), getattr(self, f"{measure}_no")
        whole = self.asked if measure in ("response", "remission") else self.due
        return rate(yes, no, whole - yes - no)


NOBODY = Counts(**{f.name: 0 for f in fields(Counts)})
MEASURES = ("response", "remission", "worse", "ideation")


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The whole of each site, and its quarters in order."""

    sites: dict[int, Counts]
    quarters: dict[int, tuple[tuple[date, Counts], ...]]

    def of(self, site: int) -> Counts:
        return self.sites.get(site, NOBODY)


def book() -> GroupReference:
    """The rules and comparators that hold."""
    return reference.current().groups


def instrument() -> Instrument:
    return reference.current().instruments[book().rules.instrument]


def lines(scale: Instrument) -> Lines:
    """What the scale's file says of change.  BadInput for a scale that this page cannot read."""
    response, remission, reliable = (
        next(iter(scale.change.of(k)), None) for k in ("response", "remission", "reliable")
    )
    known = response is not None and remission is not None and reliable is not None
    if not known or scale.main is None or scale.direction is not Direction.HIGHER_WORSE:
        raise BadInput("scale", f"{scale.short} has no response, remission and reliable change that groups are read by")
    assert response is not None and remission is not None and reliable is not None  # noqa: PT018  (known above)
    if response.percent is None or remission.below is None or reliable.points is None:
        raise BadInput("scale", f"{scale.short} draws its lines in another way than groups are read by")
    return Lines(
        fall_percent=response.percent, remission_below=remission.below, reliable_points=reliable.points,
        floor=scale.main.low, response_by=response.who, remission_by=remission.who, reliable_by=reliable.who,
    )  # fmt: skip


# Which treatment a dose belongs to.
FAMILY = """CASE WHEN d.drug = 'esketamine' THEN 'esketamine'
  WHEN d.drug = 'ketamine' AND d.route LIKE 'iv%%' THEN 'iv_ketamine' ELSE d.drug || '_' || d.route END"""

# Every session in which drug was given, with its place in the course.
GIVEN = f"""dosed AS (
  SELECT s.course_id, s.id, min(d.happened_at) AS at, min({FAMILY}) AS family
  FROM session_treatmentsession s JOIN session_dose d ON d.session_id = s.id
  WHERE s.site_id = ANY(%(sites)s) AND NOT s.drill AND NOT d.retracted AND d.happened_at <= %(now)s
    AND NOT EXISTS (SELECT 1 FROM session_dose later WHERE later.amends_id = d.uid)
  GROUP BY s.course_id, s.id),
placed AS (
  SELECT course_id, at, family, row_number() OVER w AS place, first_value(at) OVER w AS first FROM dosed
  WINDOW w AS (PARTITION BY course_id ORDER BY at)),
begun AS (
  SELECT course_id, min(first) AS first, min(family) FILTER (WHERE place = 1) AS family, count(*) AS sessions,
    count(*) FILTER (WHERE place <= %(most)s AND at <= first + %(induction_high)s) AS induction_n,
    max(at) FILTER (WHERE place <= %(most)s AND at <= first + %(induction_high)s) AS induction_end
  FROM placed GROUP BY course_id),
started AS (
  SELECT DISTINCT ON (c.site_id, c.patient_id) c.id, c.site_id, c.patient_id, c.indication, b.*
  FROM course_course c JOIN begun b ON b.course_id = c.id
  WHERE b.family = %(family)s ORDER BY c.site_id, c.patient_id, b.first)"""  # noqa: S608  (texts of this module alone)

# The last form before the first session, and the one in the window that lies nearest the chosen day.
READ = f"""WITH {GIVEN},
forms AS (
  SELECT s.id, q.at, q.total, q.ideation, q.at <= s.first AS before,
    abs(extract(epoch FROM q.at - s.induction_end) / 86400 - %(nearest)s) AS off
  FROM started s JOIN registry_scoredsheet q ON q.site = s.site_id AND q.patient = s.patient_id
  WHERE q.scale = %(scale)s AND NOT q.superseded AND q.total IS NOT NULL AND q.at <= %(now)s
    AND (q.at BETWEEN s.first - %(baseline)s AND s.first
      OR q.at BETWEEN s.induction_end + %(low)s AND s.induction_end + %(high)s)),
read AS (
  SELECT id,
    (array_agg(total ORDER BY at DESC) FILTER (WHERE before))[1] AS b,
    (array_agg(ideation ORDER BY at DESC) FILTER (WHERE before))[1] AS bi,
    (array_agg(total ORDER BY off, at) FILTER (WHERE NOT before))[1] AS w,
    (array_agg(ideation ORDER BY off, at) FILTER (WHERE NOT before))[1] AS wi
  FROM forms GROUP BY id),
people AS (
  SELECT s.*, r.b, r.bi, r.w, r.wi, s.induction_end + %(high)s < %(now)s AS due,
    s.induction_n >= %(fewest)s AND s.induction_end - s.first >= %(induction_low)s AS finished,
    r.w IS NOT NULL AND r.b >= %(caseness)s AS judged,
    r.b > %(floor)s AND (r.b - r.w) * 100 >= %(fall)s * (r.b - %(floor)s) - 1e-9 AS responded
  FROM started s LEFT JOIN read r ON r.id = s.id)"""  # noqa: S608  (texts of this module alone)

COUNT = f"""{READ}
SELECT site_id, date_trunc('quarter', first AT TIME ZONE 'UTC')::date,
  count(*), count(b), count(*) FILTER (WHERE finished), count(*) FILTER (WHERE due),
  count(*) FILTER (WHERE due AND b IS NOT NULL AND w IS NOT NULL), count(*) FILTER (WHERE due AND b < %(caseness)s),
  count(*) FILTER (WHERE due AND judged AND responded), count(*) FILTER (WHERE due AND judged AND NOT responded),
  count(*) FILTER (WHERE due AND judged AND w < %(remission)s),
  count(*) FILTER (WHERE due AND judged AND w >= %(remission)s),
  count(*) FILTER (WHERE due AND (b IS NULL OR b >= %(caseness)s)),
  count(*) FILTER (WHERE due AND w - b >= %(reliable)s), count(*) FILTER (WHERE due AND w - b < %(reliable)s),
  count(*) FILTER (WHERE due AND wi > bi), count(*) FILTER (WHERE due AND wi <= bi)
FROM people GROUP BY GROUPING SETS ((site_id), (site_id, date_trunc('quarter', first AT TIME ZONE 'UTC')::date))
ORDER BY 1, 2 NULLS FIRST"""  # noqa: S608  (texts of this module alone)

EACH = f"""{READ}
SELECT id, patient_id, indication, family, first, sessions, induction_n, induction_end, finished, due, b, bi, w, wi,
  CASE WHEN judged THEN responded END, CASE WHEN judged THEN w < %(remission)s END
FROM people ORDER BY id"""  # noqa: S608  (texts of this module alone)

FAMILIES = f"""WITH {GIVEN} SELECT b.family, count(DISTINCT c.patient_id)
FROM begun b JOIN course_course c ON c.id = b.course_id GROUP BY 1 ORDER BY 2 DESC, 1"""  # noqa: S608  (texts of this module alone)


def asked(sites: Sequence[int], family: str, now: datetime) -> dict[str, Any]:
    """Everything that the questions above need, from the reference."""
    rules, scale = book().rules, instrument()
    drawn = lines(scale)
    return {
        "sites": list(sites), "family": family, "now": now, "scale": scale.key, "most": rules.induction_most,
        "fewest": rules.induction_fewest, "induction_low": days(rules.induction_low_d),
        "induction_high": days(rules.induction_high_d), "baseline": days(rules.baseline_within_d),
        "low": days(rules.window_low_d), "high": days(rules.window_high_d), "nearest": rules.window_nearest_d,
        "caseness": rules.caseness, "floor": drawn.floor, "fall": drawn.fall_percent,
        "remission": drawn.remission_below, "reliable": drawn.reliable_points,
    }  # fmt: skip


def days(number: float) -> timedelta:
    return timedelta(days=number)


def gather(sites: Sequence[int], family: str, now: datetime) -> Gathered:
    """The counts of each site and each of its quarters."""
    whole: dict[int, Counts] = {}
    quarters: dict[int, list[tuple[date, Counts]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, asked(sites, family, now))
        for site, quarter, *numbers in cursor.fetchall():
            found = Counts(**dict(zip((f.name for f in fields(Counts)), numbers, strict=True)))
            if quarter is None:
                whole[site] = found
            else:
                quarters.setdefault(site, []).append((quarter, found))
    return Gathered(sites=whole, quarters={site: tuple(rows) for site, rows in quarters.items()})


def families(sites: Sequence[int], now: datetime) -> list[tuple[str, int]]:
    """Every treatment that was given, the most frequent first, with its people."""
    with connection.cursor() as cursor:
        cursor.execute(FAMILIES, asked(sites, "", now))
        return [(str(name), int(count)) for name, count in cursor.fetchall()]


@dataclass(frozen=True, kw_only=True)
class OneCourse:
    """One person's course as it is counted: for the export and for the tests, never for a page."""

    course: int
    patient: int
    indication: str
    family: str
    first: datetime
    sessions: int
    induction_n: int
    induction_end: datetime
    finished: bool
    due: bool
    baseline: float | None
    baseline_ideation: float | None
    window: float | None
    window_ideation: float | None
    responded: bool | None
    remitted: bool | None


def each(sites: Sequence[int], family: str, now: datetime) -> list[OneCourse]:
    """One row a person."""
    names = [f.name for f in fields(OneCourse)]
    with connection.cursor() as cursor:
        cursor.execute(EACH, asked(sites, family, now))
        return [OneCourse(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
