"""Which reviewed page answers what a visitor typed?  PostgreSQL stems and finds the lines; science ranks the pages.

The search reads titles, short answers, statements and the ways in which people ask, of the pages that are shown.  It
builds itself again when a page changed.  It never makes a sentence of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection, transaction

from stillhaven.clinic.public import meaning, queries
from stillhaven.clinic.public.models import SearchBuild, SearchLine, SearchWord
from stillhaven.reference._education import education
from stillhaven.science.ask import Hit, Phrase, fuse, good_enough, likeness, lines_of, plain, rank, rarity
from stillhaven.science.education import Page

_CONFIG = {"en": "english", "es": "spanish", "fr": "french", "de": "german", "pt": "portuguese", "it": "italian"}
_SKIPPED = ("topics/help-now", "topics/not-on-your-own")  # rules lead there, never likeness
MEANT = 0.6  # what an everyday word counts that only stands for another
SLIP = 0.5  # how alike two words must be for one to be a slip of the other
ENOUGH = 0.42  # below this nothing is shown: no page is better than a wrong one
SHARE = 0.22  # what fitting words add to a page that is near in meaning
NEAR_ENOUGH = 0.46  # below this nothing is shown, where both count
BESIDE = 0.6  # the second and third page stand no farther behind the first
MOST = 3


def ensure(lang: str) -> str:
    """Build the search again where a page has changed since; says which state of the pages it holds."""
    version, site = queries.answers_version(lang), queries.site_id()
    if meaning.works(lang) and not meaning.has(site, lang, version):
        meaning.learn(site, lang, version, [line for page in _pages(lang) for line in lines_of(page)])
    if SearchBuild.objects.filter(site=site, language=lang, version=version).exists():
        return version
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"public.search.{site}.{lang}"])
        if not SearchBuild.objects.filter(site=site, language=lang, version=version).exists():
            _build(site, lang, version)
    return version


def _pages(lang: str) -> list[Page]:
    return [s.page for s in queries.answers_from(lang) if s.page.key not in _SKIPPED]


def _build(site: int, lang: str, version: str) -> None:
    pages = _pages(lang)
    shelf: dict[str, Any] = {"site": site, "language": lang}
    SearchLine.objects.filter(**shelf).delete()
    SearchWord.objects.filter(**shelf).delete()
    lines = [line for page in pages for line in lines_of(page)]
    stems = _stems([plain(line.text) for line in lines], lang)
    rows = [
        SearchLine(**shelf, page=line.page, text=line.text[:500], weight=line.weight, stems=found)
        for line, found in zip(lines, stems, strict=True)
    ]
    SearchLine.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public_searchline SET vector = array_to_tsvector(stems) WHERE site = %s AND language = %s",
            [site, lang],
        )
    on_pages: dict[str, set[str]] = {}
    for row in rows:
        for stem in row.stems:
            on_pages.setdefault(stem, set()).add(row.page)
    SearchWord.objects.bulk_create(
        [SearchWord(**shelf, stem=stem[:80], pages=len(where)) for stem, where in on_pages.items()]
    )
    SearchBuild.objects.update_or_create(**shelf, defaults={"version": version, "pages": len(pages)})


def _stems(texts: list[str], lang: str) -> list[list[str]]:
    """The stems of each text, by the database's own dictionary of the language."""
    if not texts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tsvector_to_array(to_tsvector(%s::regconfig, t)) FROM unnest(%s::text[]) WITH ORDINALITY AS x(t, n) "
            "ORDER BY n",
            [_CONFIG.get(lang, "simple"), texts],
        )
        return [list(row[0]) for row in cursor.fetchall()]


def find(text: str, lang: str) -> list[Hit]:
    """The pages that answer, best first; none where nothing fits well enough."""
    by_words = every(text, lang)
    near = meaning.near(text, queries.site_id(), lang)
    if near is None:  # no model, or none for this language
        return good_enough(by_words, ENOUGH, MOST)
    if near.is_elsewhere:
        return []
    return good_enough(fuse(by_words, near.pages, SHARE), NEAR_ENOUGH, MOST, BESIDE)


def every(text: str, lang: str) -> list[Hit]:
    """All pages that share a word with the question, best first."""
    ensure(lang)
    site = queries.site_id()
    asked, known = _asked(text, lang, site)
    if not known:
        return []
    build = SearchBuild.objects.get(site=site, language=lang)
    counts = dict(SearchWord.objects.filter(site=site, language=lang).values_list("stem", "pages"))
    tells = rarity(counts, build.pages)
    # A word of every third page finds nothing by itself: only where there is no other.
    telling = [stem for stem in known if counts.get(stem, 0) * 3 < build.pages] or known
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT page, stems, weight FROM public_searchline WHERE site = %s AND language = %s "
            "AND vector @@ %s::tsquery",
            [site, lang, " | ".join(_quoted(stem) for stem in telling)],
        )
        found = [Phrase(page=page, stems=tuple(stems), weight=weight) for page, stems, weight in cursor.fetchall()]
    return rank(asked, found, tells)


def _quoted(stem: str) -> str:
    return "'" + stem.replace("\\", "").replace("'", "''") + "'"


def _asked(text: str, lang: str, site: int) -> tuple[dict[str, float], list[str]]:
    """Stems of the question with what each counts: its own words, what they stand for, and what a slip meant."""
    words = plain(text).split()
    stands_for = education().words
    extra = [meaning for word in words for meaning in stands_for.get(word, ())]
    own, meant = _stems([" ".join(words), " ".join(extra)], lang)
    counts: Counter[str] = Counter()
    for stem in meant:
        counts[stem] = MEANT  # type: ignore[assignment]
    for stem in own:
        counts[stem] = 1
    have = set(
        SearchWord.objects.filter(site=site, language=lang, stem__in=list(counts)).values_list("stem", flat=True)
    )
    asked = {stem: float(count) for stem, count in counts.items() if stem in have}
    for stem in own:
        if stem in have or (len(stem) < 4 and not stem.isalpha()):
            continue
        near = _nearest(stem, lang, site) if len(stem) > 3 else []
        for known, alike in near:
            asked[known] = max(asked.get(known, 0.0), alike)
        if not near and not stands_for.get(stem):
            asked[stem] = 1.0  # no page has it: that counts against all of them
    return asked, [stem for stem in asked if stem in have or stem not in counts]


def _nearest(stem: str, lang: str, site: int) -> list[tuple[str, float]]:
    """Known stems that a slip may have meant: by pg_trgm where the database has it, else by the same count in Python."""
    if queries.has_trigrams():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT stem, similarity(stem, %s) AS alike FROM public_searchword WHERE site = %s AND language = %s "
                "AND similarity(stem, %s) >= %s ORDER BY alike DESC, stem LIMIT 2",
                [stem, site, lang, stem, SLIP],
            )
            return [(near, float(alike)) for near, alike in cursor.fetchall()]
    known = SearchWord.objects.filter(site=site, language=lang).values_list("stem", flat=True)
    alike = [(near, likeness(stem, near)) for near in known]
    return sorted((x for x in alike if x[1] >= SLIP), key=lambda x: (-x[1], x[0]))[:2]
