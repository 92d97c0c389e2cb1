"""What came of everybody who started: one question to the database, answered for each site and each quarter at once.

Counted is each person's first course of one treatment (drug and route).  Treatments are never mixed, nor are scales and
their versions; a page is read for one kind of indication, by one of the scales that the reference names for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Max

from stillhaven.clinic.registry.drawn import MEASURES as MEASURES
from stillhaven.clinic.registry.drawn import Lines as Lines
from stillhaven.clinic.registry.drawn import View as View
from stillhaven.clinic.registry.drawn import book as book
from stillhaven.clinic.registry.drawn import instrument as instrument
from stillhaven.clinic.registry.drawn import lines as lines
from stillhaven.clinic.registry.drawn import scales_of as scales_of
from stillhaven.clinic.registry.models import ScoredSheet
from stillhaven.clinic.session.models import Dose
from stillhaven.reference import load as reference
from stillhaven.science.followup import schedule_for
from stillhaven.science.groups import Rate, rate

_KEPT_S = 600


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
    asked: int  # due, and not known to have started under the cut: of whom response and remission are asked
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


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The whole of each site, and its quarters in order."""

    sites: dict[int, Counts]
    quarters: dict[int, tuple[tuple[date, Counts], ...]]

    def of(self, site: int) -> Counts:
        return self.sites.get(site, NOBODY)


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
  WHERE b.family = %(family)s AND (%(indications)s::text[] IS NULL OR c.indication = ANY(%(indications)s::text[]))
  ORDER BY c.site_id, c.patient_id, b.first)"""  # noqa: S608  (texts of this module alone)

# The last form before the first session, and the one in the window that lies nearest the chosen day.  Read person by
# person (LATERAL): the planner cannot know how many have started, and would compare everybody with everybody.
READ = f"""WITH {GIVEN},
people AS (
  SELECT s.*, r.b, r.bi, r.w, r.wi, s.induction_end + %(high)s < %(now)s AS due,
    s.induction_n >= %(fewest)s AND s.induction_end - s.first >= %(induction_low)s AS finished,
    coalesce(%(sign)s * r.b >= %(sign)s * %(caseness)s::float8, true) AS is_case,
    r.w IS NOT NULL AND r.b IS NOT NULL
      AND coalesce(%(sign)s * r.b >= %(sign)s * %(caseness)s::float8, true) AS judged,
    CASE WHEN %(fall)s::float8 IS NULL THEN %(sign)s * (r.b - r.w) >= %(fall_points)s::float8
      ELSE %(sign)s * (r.b - %(origin)s) > 0
        AND %(sign)s * (r.b - r.w) * 100 >= %(fall)s::float8 * %(sign)s * (r.b - %(origin)s) - 1e-9 END AS responded,
    CASE WHEN %(remission_is_under)s THEN %(sign)s * r.w < %(sign)s * %(remission)s::float8
      ELSE %(sign)s * r.w <= %(sign)s * %(remission)s::float8 END AS remitted,
    %(sign)s * (r.w - r.b) >= %(reliable)s::float8 AS worse
  FROM started s CROSS JOIN LATERAL (
    SELECT (array_agg(q.total ORDER BY q.at DESC) FILTER (WHERE q.at <= s.first))[1] AS b,
      (array_agg(q.ideation ORDER BY q.at DESC) FILTER (WHERE q.at <= s.first))[1] AS bi,
      (array_agg(q.total ORDER BY off, q.at) FILTER (WHERE q.at > s.first))[1] AS w,
      (array_agg(q.ideation ORDER BY off, q.at) FILTER (WHERE q.at > s.first))[1] AS wi
    FROM registry_scoredsheet q
      CROSS JOIN LATERAL (SELECT abs(extract(epoch FROM q.at - s.induction_end) / 86400 - %(nearest)s) AS off) o
    WHERE q.site = s.site_id AND q.patient = s.patient_id AND q.scale = %(scale)s AND q.version = %(version)s
      AND NOT q.superseded AND q.total IS NOT NULL AND q.at <= %(now)s
      AND (q.at BETWEEN s.first - %(baseline)s AND s.first
        OR q.at BETWEEN s.induction_end + %(low)s AND s.induction_end + %(high)s)) r)"""  # noqa: S608  (texts of this module alone)

COUNT = f"""{READ}
SELECT site_id, date_trunc('quarter', first AT TIME ZONE 'UTC')::date,
  count(*), count(b), count(*) FILTER (WHERE finished), count(*) FILTER (WHERE due),
  count(*) FILTER (WHERE due AND b IS NOT NULL AND w IS NOT NULL), count(*) FILTER (WHERE due AND NOT is_case),
  count(*) FILTER (WHERE due AND judged AND responded), count(*) FILTER (WHERE due AND judged AND NOT responded),
  count(*) FILTER (WHERE due AND judged AND remitted), count(*) FILTER (WHERE due AND judged AND NOT remitted),
  count(*) FILTER (WHERE due AND is_case),
  count(*) FILTER (WHERE due AND worse), count(*) FILTER (WHERE due AND NOT worse),
  count(*) FILTER (WHERE due AND wi > bi), count(*) FILTER (WHERE due AND wi <= bi)
FROM people GROUP BY GROUPING SETS ((site_id), (site_id, date_trunc('quarter', first AT TIME ZONE 'UTC')::date))
ORDER BY 1, 2 NULLS FIRST"""  # noqa: S608  (texts of this module alone)

EACH = f"""{READ}
SELECT id, patient_id, indication, family, first, sessions, induction_n, induction_end, finished, due, b, bi, w, wi,
  CASE WHEN judged THEN responded END, CASE WHEN judged THEN remitted END
FROM people ORDER BY id"""  # noqa: S608  (texts of this module alone)

KINDS = f"""WITH {GIVEN} SELECT b.family, c.indication, count(DISTINCT c.patient_id)
FROM begun b JOIN course_course c ON c.id = b.course_id GROUP BY 1, 2"""  # noqa: S608  (texts of this module alone)


def asked(sites: Sequence[int], family: str, now: datetime, view: View | None = None) -> dict[str, Any]:
    """Everything that the questions above need, from the reference."""
    seen = view or View()
    rules, scale = book().rules, instrument(seen.name)
    drawn = lines(scale)
    return {
        "sites": list(sites), "family": family, "now": now, "scale": scale.key, "version": scale.version,
        "indications": None if seen.indications is None else list(seen.indications), "most": rules.induction_most,
        "fewest": rules.induction_fewest, "induction_low": days(rules.induction_low_d),
        "induction_high": days(rules.induction_high_d), "baseline": days(rules.baseline_within_d),
        "low": days(rules.window_low_d), "high": days(rules.window_high_d), "nearest": rules.window_nearest_d,
        "caseness": seen.case, "sign": drawn.sign, "origin": drawn.origin, "fall": drawn.fall_percent,
        "fall_points": drawn.fall_points, "remission": drawn.remission,
        "remission_is_under": drawn.remission_is_under, "reliable": drawn.reliable_points,
    }  # fmt: skip


def days(number: float) -> timedelta:
    return timedelta(days=number)


def gather(sites: Sequence[int], family: str, now: datetime, view: View | None = None) -> Gathered:
    """The counts of each site and each of its quarters."""
    whole: dict[int, Counts] = {}
    quarters: dict[int, list[tuple[date, Counts]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, asked(sites, family, now, view))
        for site, quarter, *numbers in cursor.fetchall():
            found = Counts(**dict(zip((f.name for f in fields(Counts)), numbers, strict=True)))
            if quarter is None:
                whole[site] = found
            else:
                quarters.setdefault(site, []).append((quarter, found))
    return Gathered(sites=whole, quarters={site: tuple(rows) for site, rows in quarters.items()})


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Which treatments were given for what: treatment -> kind of indication -> the indications as they were written."""

    people: Mapping[str, int]  # treatment -> people, the most frequent first
    groups: Mapping[str, Mapping[str, tuple[str, ...]]]  # within a treatment the kind with the most people first

    def view(self, family: str, group: str = "", scale: str = "") -> View:
        """The view that was asked for; where it cannot be, the first that can."""
        known = self.groups.get(family, {})
        chosen = group if group in known else next(iter(known), "")
        names = scales_of(chosen)
        return View(
            group=chosen, scale=scale if scale in names else next(iter(names), ""), indications=known.get(chosen)
        )


def kinds(sites: Sequence[int], now: datetime) -> Kinds:
    """Every treatment that was given and what for.  Asked anew once a dose has come in; kept until then."""
    place = _place("kinds", sites, f"{now:%Y%m%d}")
    rows: list[tuple[str, str, int]] | None = cache.get(place)
    if rows is None:
        with connection.cursor() as cursor:
            cursor.execute(KINDS, asked(sites, "", now))
            rows = [(str(family), str(words), int(count)) for family, words, count in cursor.fetchall()]
        cache.set(place, rows, _KEPT_S)
    return _sorted_kinds(rows)


def _place(what: str, sites: Sequence[int], *more: str) -> str:
    """Names what was counted: another dose or another form, and it is counted anew."""
    given = Dose.objects.filter(site__in=sites).order_by().aggregate(seq=Max("seq"), n=Count("pk"))
    read = ScoredSheet.objects.filter(site__in=sites).aggregate(seq=Max("seq"))
    words = f"{sorted(sites)} {given} {read} {more} {reference.current().version}"
    return f"registry-{what}:{hashlib.sha256(words.encode()).hexdigest()}"


def lately(sites: Sequence[int], family: str, now: datetime, view: View) -> Gathered:
    """The counts as they are within this minute: for a page that is looked at again and again."""
    place = _place("counts", sites, family, repr(view), f"{now:%Y%m%d%H%M}")
    found: Gathered | None = cache.get(place)
    if found is None:
        found = gather(sites, family, now, view)
        cache.set(place, found, _KEPT_S)
    return found


def _sorted_kinds(rows: list[tuple[str, str, int]]) -> Kinds:
    schedules = reference.current().followup.schedules
    people: Counter[str] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    written: dict[tuple[str, str], list[str]] = defaultdict(list)
    for family, words, count in rows:
        place = family, schedule_for(words, schedules).key
        people[family] += count
        sizes[place] += count
        written[place].append(words)
    found: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name, _ in _ranked(people)}
    for (family, group), _ in _ranked(sizes):
        found[family][group] = tuple(sorted(written[family, group]))
    return Kinds(people=dict(_ranked(people)), groups=found)


def _ranked(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def families(sites: Sequence[int], now: datetime) -> list[tuple[str, int]]:
    """Every treatment that was given, the most frequent first, with its people."""
    return list(kinds(sites, now).people.items())


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


def each(sites: Sequence[int], family: str, now: datetime, view: View | None = None) -> list[OneCourse]:
    """One row a person."""
    names = [f.name for f in fields(OneCourse)]
    with connection.cursor() as cursor:
        cursor.execute(EACH, asked(sites, family, now, view))
        return [OneCourse(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
