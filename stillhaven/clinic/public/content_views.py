"""Staff keep the public pages: a draft, a second person's word, the history and what changed."""

from __future__ import annotations

import uuid as uuids
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.public import actions, queries
from stillhaven.clinic.public.education_views import url_of
from stillhaven.clinic.record import clock
from stillhaven.reference._education import education, sources
from stillhaven.science.education import Grade, Page, Part, reading_text
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.reading import page_grade

EMPTY_ROWS = 3


@require_GET
@staff_required
def content(request: HttpRequest) -> HttpResponse:
    """Every page with its version and review, what waits for a second person, and what visitors asked in vain."""
    roles.require(request.user, "content.edit")
    lang = _language(request.GET.get("language", ""))
    today = queries.today()
    rows: list[dict[str, Any]] = [
        {"page": s.page, "number": s.number, "reviewed": queries.is_reviewed(s.page), "past": s.page.review.is_past(today),
         "href": url_of(s.page.key), "translated": s.translated}
        for s in queries.library(lang)
    ]  # fmt: skip
    titles = {key: page.title for key, page in education().pages.items()}
    waiting = [{"row": row, "title": titles.get(row.page, row.page)} for row in queries.waiting()]
    page = {
        "rows": rows, "waiting": waiting, "questions": queries.open_questions(), "language": lang,
        "languages": settings.LANGUAGES, "handovers": queries.handovers() if _may(request, "handover.take") else [],
        "reviewed": sum(row["reviewed"] for row in rows),
    }  # fmt: skip
    return render(request, "public/content.html", page)


def _may(request: HttpRequest, action: str) -> bool:
    return roles.may(request.user, action)


def _language(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else queries.DEFAULT


@require_http_methods(["GET", "POST"])
@staff_required
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """A new draft, begun from what is shown now."""
    roles.require(request.user, "content.edit")
    lang = _language(request.POST.get("language", request.GET.get("language", "")))
    found = queries.shown(key, lang)
    if found is None:
        raise Http404
    if request.method == "GET":
        return _edit(request, found, lang, _rows(queries.to_fields(found.page)["statements"]), found.page.title)
    fields = _fields(request, found.page)
    try:
        uid = uuids.UUID(request.POST.get("uid", ""))
        _gradeless(fields["statements"])
        row = actions.draft(
            key, lang, fields, by=request.user, at=clock.now(), note=request.POST.get("note", ""), uid=uid  # type: ignore[arg-type]
        )  # fmt: skip
    except (BadInput, ValueError) as error:
        field, why = getattr(error, "field", "form"), getattr(error, "why", "open the page again")
        page = _edit(request, found, lang, _rows(fields["statements"]), fields["title"], {field: why})
        page.status_code = 422
        return page
    return redirect("public:content_version", uid=row.uid)


def _fields(request: HttpRequest, page: Page) -> dict[str, Any]:
    lists = {name: request.POST.getlist(name) for name in ("text", "grade", "part", "head", "source", "studies")}
    old = {s.text: s.confirmed for s in page.statements}
    statements = []
    for i, text in enumerate(lists["text"]):
        row = {name: values[i] if i < len(values) else "" for name, values in lists.items()}
        if not text.strip():
            continue
        statements.append({
            "text": " ".join(text.split()), "grade": row["grade"], "part": row["part"], "head": row["head"].strip(),
            "source": row["source"].replace(",", " ").split(), "confirmed": old.get(text, False),
            "studies": row["studies"].replace(",", " ").split(),
        })  # fmt: skip
    return {"title": " ".join(request.POST.get("title", "").split()), "statements": statements}


def _gradeless(statements: list[dict[str, Any]]) -> None:
    """No statement without its grade and its place."""
    grades, parts = {g.value for g in Grade}, {p.value for p in Part}
    for number, row in enumerate(statements, start=1):
        if row["grade"] not in grades or row["part"] not in parts:
            raise BadInput("statements", f"choose a grade and a place for statement {number}: {row['text'][:60]}")


def _rows(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [s | {"source": ", ".join(s["source"]), "studies": ", ".join(s["studies"])} for s in statements]
    blank = {"text": "", "grade": "", "part": "answer", "head": "", "source": "", "studies": ""}
    return rows + [dict(blank) for _ in range(EMPTY_ROWS)]


def _edit(
    request: HttpRequest, found: queries.Shown, lang: str, rows: list[dict[str, Any]], title: str,
    trouble: dict[str, str] | None = None,
) -> HttpResponse:  # fmt: skip
    page = {
        "page": found.page, "language": lang, "rows": rows, "title": title, "trouble": trouble or {}, "uid": uuids.uuid4(),
        "grades": [g.value for g in Grade], "parts": [p.value for p in Part], "note": request.POST.get("note", ""),
        "sources": sorted(sources()), "studies": sorted(education().studies), "languages": settings.LANGUAGES,
        "level": page_grade(reading_text(found.page)), "versions": queries.versions(found.page.key, lang),
        "href": url_of(found.page.key),
    }  # fmt: skip
    return render(request, "public/content_edit.html", page)


@require_http_methods(["GET", "POST"])
@staff_required
def version(request: HttpRequest, uid: Any) -> HttpResponse:
    """One draft: what it changes, and a second person's word on it."""
    roles.require(request.user, "content.edit")
    row = queries.version(uid)
    base = education().pages.get(row.page) if row is not None else None
    if row is None or base is None:
        raise Http404
    trouble: dict[str, str] = {}
    if request.method == "POST":
        approved = request.POST.get("do") == "approve"
        try:
            due = date.fromisoformat(request.POST["due"]) if approved and request.POST.get("due") else None
            actions.judge(
                row, approved=approved, by=request.user, at=clock.now(), due=due, why=request.POST.get("why", ""),  # type: ignore[arg-type]
                uid=uuids.UUID(request.POST.get("uid", "")),
            )  # fmt: skip
            return redirect("public:content_version", uid=row.uid)
        except ValueError:
            trouble = {"due": "write a day as 2027-05-21"}
        except BadInput as error:
            trouble = {error.field: error.why}
    before = _before(row, base)
    page = {
        "row": row, "page": queries.page_of(base, row), "changes": _changes(before, queries.from_fields(base, row.fields)),
        "verdict": getattr(row, "verdict", None), "trouble": trouble, "uid": uuids.uuid4(), "href": url_of(row.page),
        "may_judge": roles.may(request.user, "content.approve") and row.by_id != request.user.pk,
        "own": row.by_id == request.user.pk, "typed": request.POST, "versions": queries.versions(row.page, row.language),
    }  # fmt: skip
    return render(request, "public/content_version.html", page, status=422 if trouble else 200)


def _before(row: Any, base: Page) -> Page:
    older = [v for v in queries.versions(row.page, row.language) if v.number < row.number]
    shown = next((v for v in older if getattr(v, "verdict", None) is not None and v.verdict.approved), None)
    return queries.from_fields(base, shown.fields) if shown is not None else base


def _changes(before: Page, after: Page) -> list[dict[str, str]]:
    """Line by line what goes and what comes, compared with what is shown now."""
    a, b = ([page.title, *(_line(s) for s in page.statements)] for page in (before, after))
    found = []
    for kind, i, j, k, m in SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [{"kind": "gone", "text": text} for text in a[i:j]]
            found += [{"kind": "new", "text": text} for text in b[k:m]]
    return found


def _line(s: Any) -> str:
    return f"{s.head + ': ' if s.head else ''}{s.text} [{s.grade.value.replace('_', ' ')}; {', '.join(s.source)}]"


@require_POST
@staff_required
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """A question that was left is seen to."""
    actions.settle_question(pk, how=request.POST.get("how", ""), by=request.user, at=clock.now())  # type: ignore[arg-type]
    return redirect("public:content")


@require_GET
@staff_required
def handovers(request: HttpRequest) -> HttpResponse:
    """Self-checks that people sent on."""
    roles.require(request.user, "handover.take")
    words = {o.key: o.words for q in queries.questions() for o in q.options}
    rows = [
        {"row": row, "given": [(q.text, ", ".join(words.get(v, v) for v in row.answers.get("given", {}).get(q.key, [])))
                               for q in queries.questions()]}
        for row in queries.handovers()
    ]  # fmt: skip
    return render(request, "public/handovers.html", {"rows": rows})


@require_POST
@staff_required
def take(request: HttpRequest, uid: Any) -> HttpResponse:
    """An intake is begun from a self-check."""
    try:
        actions.take_up(uid, by=request.user, at=clock.now())  # type: ignore[arg-type]
    except Refused as error:
        raise Http404 from error
    return redirect("public:handovers")
