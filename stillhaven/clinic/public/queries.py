"""Which pages does this clinic's site show, in which version, and what is waiting?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone, translation

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.public.models import PageVerdict, PageVersion, SelfCheckHandover, UnansweredQuestion
from stillhaven.clinic.record import clock
from stillhaven.reference._education import education, self_check, sources
from stillhaven.reference._sources import Source
from stillhaven.science.education import Grade, Kind, Page, Part, Reviewed, Statement
from stillhaven.science.selfcheck import Question

DEFAULT = "en"
GROUPS = {
    "basics": "What it is", "who": "Who it is for", "session": "A session", "preparation": "Before", "after": "After",
    "course": "A course", "results": "What to expect", "safety": "Safety", "cost": "Cost and insurance",
    "depression": "Depression", "anxiety": "Anxiety", "ptsd": "PTSD", "bipolar": "Bipolar depression", "ocd": "OCD",
    "crisis": "Thoughts of suicide", "substance_use": "Alcohol and drugs", "pain": "Pain", "routes": "Ways to take it",
    "choosing": "Choosing a centre", "research": "Research",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page as it is shown: version 0 is the shipped one."""

    page: Page
    number: int = 0
    by: str = ""
    language: str = DEFAULT
    translated: bool = True  # False: asked for in a language in which nobody has written it yet


def site() -> Site | None:
    """The clinic whose public pages these are: the first one, until a network names another."""
    return Site.objects.order_by("pk").first()


def site_id() -> int:
    found = site()
    return found.pk if found is not None else 1


def language() -> str:
    """The reader's language, without its country."""
    return (translation.get_language() or DEFAULT).split("-")[0]


def today() -> date:
    return timezone.localdate(clock.now())


def shown(key: str, lang: str | None = None) -> Shown | None:
    """One page as a visitor sees it; None where there is no such page."""
    base = education().pages.get(key)
    if base is None:
        return None
    lang = lang or language()
    return _put_together(base, _approved(lang, [key]).get(key), lang)


def library(lang: str | None = None) -> list[Shown]:
    """Every page as visitors see it now, in the order of the shelf."""
    lang = lang or language()
    changed = _approved(lang, None)
    return [_put_together(page, changed.get(page.key), lang) for page in education().pages.values()]


def _approved(lang: str, keys: Iterable[str] | None) -> dict[str, PageVersion]:
    rows = PageVersion.objects.filter(site=site_id(), language=lang, verdict__approved=True)
    if keys is not None:
        rows = rows.filter(page__in=list(keys))
    return {row.page: row for row in rows.select_related("verdict").order_by("number")}


def _put_together(base: Page, row: PageVersion | None, lang: str) -> Shown:
    if row is None:
        return Shown(page=base, language=DEFAULT, translated=lang == DEFAULT)
    return Shown(page=page_of(base, row), number=row.number, by=row.by_name, language=lang)


def page_of(base: Page, row: PageVersion) -> Page:
    """The page that a version makes, with the review that its verdict says."""
    page = from_fields(base, row.fields)
    verdict: PageVerdict | None = getattr(row, "verdict", None)
    if verdict is None or not verdict.approved:
        return replace(page, review=Reviewed(written=timezone.localdate(row.happened_at)))
    return replace(
        page,
        review=Reviewed(
            by=verdict.by_name if verdict.clinician else "",
            on=timezone.localdate(verdict.happened_at),
            due=verdict.due,
            written=timezone.localdate(row.happened_at),
        ),
    )


def from_fields(base: Page, fields: Mapping[str, Any]) -> Page:
    """A page of stored fields; what nobody may change (its key, kind, place and claims) stays the shipped one's."""
    return replace(
        base,
        title=str(fields.get("title", base.title)),
        statements=tuple(
            Statement(
                text=str(s["text"]), grade=Grade(s["grade"]), source=tuple(s["source"]), part=Part(s["part"]),
                head=str(s.get("head", "")), confirmed=bool(s.get("confirmed", False)), studies=tuple(s.get("studies", ())),
            )
            for s in fields.get("statements", ())
        ),
    )  # fmt: skip


def to_fields(page: Page) -> dict[str, Any]:
    """What of a page staff may change."""
    return {
        "title": page.title,
        "statements": [
            {
                "text": s.text, "grade": s.grade.value, "source": list(s.source), "part": s.part.value, "head": s.head,
                "confirmed": s.confirmed, "studies": list(s.studies),
            }
            for s in page.statements
        ],
    }  # fmt: skip


def is_reviewed(page: Page) -> bool:
    """Did a clinician read it?"""
    return bool(page.review.by)


def answers_from(lang: str) -> list[Shown]:
    """The pages that Ask may answer with.

    A real clinic answers with what a clinician has read; a demo and a test also with the shipped drafts, each marked.
    """
    pages = library(lang)
    if getattr(settings, "REAL_CLINIC", False):
        return [s for s in pages if is_reviewed(s.page)]
    return pages


def answers_version(lang: str) -> str:
    """Changes whenever a page of the search changes."""
    last = PageVerdict.objects.filter(site=site_id()).order_by("-seq").values_list("uid", flat=True).first()
    real = int(bool(getattr(settings, "REAL_CLINIC", False)))
    return f"{education().version[:40]}.{lang}.{last.hex if last else 0}.{real}"


# ---------------------------------------------------------------- what staff see
def versions(key: str, lang: str) -> list[PageVersion]:
    """Every version of a page in one language, newest first."""
    rows = PageVersion.objects.filter(site=site_id(), page=key, language=lang).select_related("verdict")
    return list(rows.order_by("-number"))


def version(uid: Any) -> PageVersion | None:
    return PageVersion.objects.filter(site=site_id(), uid=uid).select_related("verdict").first()


def waiting() -> list[PageVersion]:
    """Drafts that nobody has judged."""
    return list(PageVersion.objects.filter(site=site_id(), verdict__isnull=True).order_by("seq"))


def open_questions() -> list[UnansweredQuestion]:
    return list(UnansweredQuestion.objects.filter(site=site_id(), settled_on__isnull=True).order_by("-on", "-pk")[:200])


def handovers() -> list[SelfCheckHandover]:
    """Self-checks that people sent on, and that nobody has taken up."""
    return list(SelfCheckHandover.objects.filter(site=site_id(), taken_at__isnull=True).order_by("-sent_at")[:200])


def cited(keys: Iterable[str]) -> list[dict[str, Any]]:
    """Sources as a reader sees them: number, text without addresses, and where to find each."""
    known = sources()
    return [_readable(number, known[key]) for number, key in enumerate(keys, start=1) if key in known]


def _readable(number: int, source: Source) -> dict[str, Any]:
    words = source.cite.split(" http")[0].split(" doi:")[0].strip().rstrip(";,.").removesuffix(" copy").strip()
    links = []
    if source.doi:
        links.append(("doi.org", f"https://doi.org/{source.doi}"))
    if source.pmid:
        links.append(("PubMed", f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/"))
    if source.pmcid:
        links.append(("PubMed Central", f"https://pmc.ncbi.nlm.nih.gov/articles/{source.pmcid}/"))
    links += [(url.split("/")[2].removeprefix("www."), url) for url in source.url]
    how = {
        "document_text": "read", "abstract": "abstract read", "secondary": "a summary was read",
        "not_read": "not read yet", "house": "this clinic's own way of working", "clinic": "this clinic's policy",
    }  # fmt: skip
    if source.key == "house":
        words = "How clinics that run Stillhaven work"
    if source.key.startswith("PAGE"):
        words = f"A clinic's advertising page ({words.partition('(')[2].rstrip(')') or words})"
    return {"number": number, "key": source.key, "words": words, "links": links, "how": how[source.kind.value]}


def by_group(kind: Kind, lang: str | None = None) -> list[tuple[str, list[Shown]]]:
    """Pages of one kind, by what they are about."""
    found: dict[str, list[Shown]] = {}
    for one in library(lang):
        if one.page.kind is kind:
            found.setdefault(one.page.group, []).append(one)
    order = list(GROUPS)
    return [(GROUPS[g], found[g]) for g in sorted(found, key=lambda g: order.index(g) if g in order else 99)]


@lru_cache(maxsize=1)
def has_trigrams() -> bool:
    """Does the database count runs of three letters itself?"""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            return cursor.fetchone() is not None
    except DatabaseError:
        return False


def questions() -> tuple[Question, ...]:
    """The questions of the self-check, in order."""
    return self_check()
