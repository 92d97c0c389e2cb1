"""The public pages: the front, the shelves, one page, and what search engines ask for."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import check_for_language, gettext
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.public import queries
from stillhaven.reference._education import crisis_line, education
from stillhaven.science.education import Kind, Page, Part

SHELVES = {"questions": Kind.QUESTION, "myths": Kind.MYTH, "claims": Kind.CLAIM}
CONDITIONS = ("depression", "anxiety", "ptsd", "bipolar-depression", "ocd", "suicidal-thoughts", "substance-use",
              "neuropathic-pain", "fibromyalgia", "crps", "migraine")  # fmt: skip
ROUTES = ("infusion", "iv-injection", "im-injection", "nasal", "oral", "assisted-psychotherapy")
CARE = ("what-ketamine-therapy-is", "a-session", "what-it-feels-like", "side-effects", "preparation", "after")
ABOUT = ("cost-and-insurance", "choosing-a-centre", "research-and-trials", "history", "the-future", "not-on-your-own")
FRONT_QUESTIONS = ("questions/is-it-safe", "questions/how-effective", "questions/what-will-i-feel",
                   "questions/what-does-it-cost", "questions/who-is-a-good-candidate")  # fmt: skip


def public_page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the public site: who to call in danger, the way round, its own address."""
    site = queries.site()
    context |= {
        "clinic": site,
        "emergency_number": site.emergency_number if site is not None else "",
        "crisis": crisis_line(),
        "public_nav": _nav(request),
        "canonical": request.build_absolute_uri(request.path),
        "languages": _languages(),
        "here": request.get_full_path(),
    }
    answer = render(request, template, context, status=status)
    answer.setdefault("Cache-Control", "private, no-cache")  # the same for everybody, and new as soon as it changes
    return answer


def _nav(request: HttpRequest) -> list[dict[str, Any]]:
    doors = [
        (gettext("Learn"), "public:learn", "/learn/"), (gettext("Self-check"), "public:self_check", "/self-check/"),
        (gettext("Find a centre"), "public:directory", ""), (gettext("Costs"), "public:costs", ""),
        (gettext("Contact"), "public:enquiry", ""),
    ]  # fmt: skip
    found = []
    for label, name, begins in doors:
        href = door(name)
        if href:
            found.append({"label": label, "href": href, "current": request.path.startswith(begins or href)})
    return found


def door(name: str, otherwise: str = "") -> str:
    """The address of a page that may not be built yet."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return otherwise


def _languages() -> list[tuple[str, str]]:
    return [(code, str(name)) for code, name in settings.LANGUAGES]


def url_of(key: str) -> str:
    """The permanent address of a page."""
    return f"/learn/{key.removeprefix('topics/')}/"


def _cards(keys: Any, lang: str) -> list[dict[str, Any]]:
    return [card(found) for key in keys if (found := queries.shown(key, lang))]


def card(found: queries.Shown) -> dict[str, Any]:
    """A page as a line in a list."""
    page = found.page
    return {
        "title": page.title, "short": page.short.text, "href": url_of(page.key), "kind": page.kind.value,
        "grade": page.short.grade.value, "reviewed": queries.is_reviewed(page),
        "quoted": page.kind in (Kind.MYTH, Kind.CLAIM),
    }  # fmt: skip


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """The first page for whoever is not signed in: one sentence, one box, a few doors."""
    lang = queries.language()
    cost, find = (
        door("public:costs", url_of("cost-and-insurance")),
        door("public:directory", url_of("choosing-a-centre")),
    )
    page = {
        "questions": _cards(FRONT_QUESTIONS, lang), "cost_url": cost, "find_url": find,
        "counts": {kind.value: len(education().of(kind)) for kind in Kind},
        "data": _data(_organisation(request)),
    }  # fmt: skip
    return public_page(request, "public/front.html", page)


@require_GET
def learn(request: HttpRequest) -> HttpResponse:
    """Everything that there is to read, on one page."""
    lang = queries.language()
    parts = [
        (gettext("The treatment"), CARE), (gettext("Conditions"), CONDITIONS), (gettext("Ways to take it"), ROUTES),
        (gettext("Before you decide"), ABOUT),
    ]  # fmt: skip
    shelves = [(title, _cards([f"topics/{slug}" for slug in slugs], lang)) for title, slugs in parts]
    counts = {name: len(education().of(kind)) for name, kind in SHELVES.items()}
    return public_page(request, "public/learn.html", {"shelves": shelves, "counts": counts})


@require_GET
def shelf(request: HttpRequest, name: str) -> HttpResponse:
    """All questions, all myths or all claims."""
    groups = [(title, [card(one) for one in found]) for title, found in queries.by_group(SHELVES[name])]
    return public_page(request, "public/shelf.html", {"name": name, "groups": groups})


@require_GET
def page(request: HttpRequest, key: str) -> HttpResponse:
    """One page."""
    found = queries.shown(key)
    if found is None:
        raise Http404
    return public_page(request, "public/page.html", shown_page(request, found))


def shown_page(request: HttpRequest, found: queries.Shown) -> dict[str, Any]:
    """What the page's template needs: sections with their statements, each with its grade and numbered sources."""
    page = found.page
    numbers = {key: n for n, key in enumerate(page.sources, start=1)}
    studies = education().studies
    told = [studies[key] for key in page.studies if key in studies]
    return {
        "shown": found, "page": page, "url": url_of(page.key), "quoted": page.kind in (Kind.MYTH, Kind.CLAIM),
        "short": _say(page.short, numbers),
        "sections": _sections(page, numbers),
        "overstated": [_say(s, numbers) for s in page.part(Part.OVERSTATED)],
        "unknown": [_say(s, numbers) for s in page.part(Part.UNKNOWN)],
        "sources": queries.cited(page.sources), "reviewed": queries.is_reviewed(page),
        "past_review": page.review.is_past(queries.today()), "studies": told,
        "crumbs": _crumbs(page), "data": _data(_structured(request, page)), "is_crisis": page.group == "crisis",
    }  # fmt: skip


def _say(s: Any, numbers: dict[str, int]) -> dict[str, Any]:
    return {"text": s.text, "grade": s.grade.value, "refs": [numbers[k] for k in s.source], "confirmed": s.confirmed}


def _sections(page: Page, numbers: dict[str, int]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: list[tuple[str, list[dict[str, Any]]]] = []
    for s in page.part(Part.ANSWER):
        if not found or (s.head and found[-1][0] != s.head):
            found.append((s.head, []))
        found[-1][1].append(_say(s, numbers))
    return found


def _crumbs(page: Page) -> list[tuple[str, str]]:
    name = next((n for n, kind in SHELVES.items() if kind is page.kind), "")
    words = {"questions": gettext("Questions"), "myths": gettext("Myths"), "claims": gettext("Claims")}
    crumbs = [(gettext("Learn"), reverse("public:learn"))]
    return [*crumbs, (words[name], reverse(f"public:{name}"))] if name else crumbs


# ---------------------------------------------------------------- for programs that read
def _data(value: dict[str, Any]) -> SafeString:
    """Structured data as a block that browsers never run; nothing in it can end the block."""
    text = json.dumps(value, ensure_ascii=False)
    for sign, code in (("<", "\\u003C"), (">", "\\u003E"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return mark_safe(text)  # noqa: S308  (signs that matter to HTML are escaped above)


def _organisation(request: HttpRequest) -> dict[str, Any]:
    site = queries.site()
    return {
        "@context": "https://schema.org", "@type": "MedicalClinic", "name": site.name if site else "Stillhaven",
        "url": request.build_absolute_uri("/"),
    }  # fmt: skip


def _structured(request: HttpRequest, page: Page) -> dict[str, Any]:
    answer = " ".join(s.text for s in (page.short, *page.part(Part.ANSWER)))
    common = {
        "@context": "https://schema.org", "inLanguage": "en", "url": request.build_absolute_uri(url_of(page.key)),
        "dateModified": str(page.review.written or ""), "lastReviewed": str(page.review.on or ""),
    }  # fmt: skip
    if page.kind is Kind.TOPIC:
        return common | {
            "@type": "MedicalWebPage", "name": page.title, "description": page.short.text, "audience": "Patient",
            "citation": [one["words"] for one in queries.cited(page.sources)],
        }  # fmt: skip
    question = {"@type": "Question", "name": page.title, "acceptedAnswer": {"@type": "Answer", "text": answer}}
    return common | {"@type": "FAQPage", "mainEntity": [question]}


@require_GET
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public address, with the day on which it last changed."""
    rows = [("/", ""), (reverse("public:learn"), ""), (reverse("public:self_check"), "")]
    rows += [(reverse(f"public:{name}"), "") for name in ("costs", "directory", "enquiry")]
    rows += [(reverse(f"public:{name}"), "") for name in SHELVES]
    rows += [(url_of(s.page.key), str(s.page.review.on or s.page.review.written or "")) for s in queries.library()]
    places = [(request.build_absolute_uri(path), day) for path, day in rows]
    answer = render(request, "public/sitemap.xml", {"places": places}, content_type="application/xml")
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Robots may read what is public, and nothing else."""
    text = (
        "User-agent: *\nAllow: /$\nAllow: /learn/\nAllow: /costs/\nAllow: /centres/\nAllow: /static/\nAllow: /ask/$\n"
        "Disallow: /ask/\nDisallow: /content/\nDisallow: /me/\n"
        "Disallow: /patients/\nDisallow: /accounts/\nDisallow: /api/\n"
        f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}\n"
    )
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"}
    )


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The reader chose a language; kept in a cookie of its own, since they asked for it."""
    code, back = request.POST.get("language", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    answer = redirect(back)
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS
        )
    return answer
