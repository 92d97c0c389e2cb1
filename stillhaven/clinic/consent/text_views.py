"""The clinic's texts: written by the medical director, put into use by a second person, each version kept."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.consent import actions, queries, texts
from stillhaven.clinic.consent.models import Version
from stillhaven.clinic.consent.sent import read_uuid, site_of
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import problem_of
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.record import clock
from stillhaven.science.errors import BadInput


@require_GET
@staff_required
def all_texts(request: HttpRequest) -> HttpResponse:
    """Every document: which version is in use, and what waits for a second person."""
    roles.require(request.user, "consent.texts")
    user: Any = request.user
    site = site_of(request)
    in_use, waiting = queries.in_use(site), queries.waiting(site)
    rows = [
        {
            "about": d, "versions": list(in_use.get(d.key, {}).values()),
            "waiting": [v for v in waiting if v.document == d.key],
        }
        for d in queries.book().documents
    ]  # fmt: skip
    shown = {
        "rows": rows, "site": site, "writes": roles.may(user, "consent.publish"),
        "approves": roles.may(user, "consent.approve"),
        "none_yet": any(not r["versions"] and not r["waiting"] for r in rows),
        "mine_to_read": [v for v in waiting if v.by_id != user.pk],
        "questions": queries.open_questions(site), "problem": problem_of(request),
    }  # fmt: skip
    return render(request, "consent/texts.html", shown)


@require_POST
@staff_required
def take_shipped(request: HttpRequest) -> HttpResponse:
    """Propose the shipped drafts as they are."""
    user: Any = request.user
    actions.take_shipped(site_of(request), by=user, at=clock.now())
    messages.success(request, _("Proposed. Somebody else has to read them before anybody signs one."))
    return redirect("consent:texts")


@require_POST
@staff_required
def publish_all(request: HttpRequest) -> HttpResponse:
    """Put everything that waits into use with one signature."""
    user: Any = request.user
    roles.require(user, "consent.approve")
    if request.POST.get("read") != "yes":
        raise BadInput("read", "tick that you have read them")
    factor = confirm_factor(request, request.POST.get("code", ""))
    actions.publish_all(site_of(request), by=user, at=clock.now(), second_factor=factor)
    return redirect("consent:texts")


@require_GET
@staff_required
def text(request: HttpRequest, document: str) -> HttpResponse:
    """One document: the text in use, and every version of it."""
    roles.require(request.user, "consent.texts")
    about, site = queries.document_or_404(document), site_of(request)
    found = queries.versions(site, document)
    used = {v.uid for v in queries.in_use(site).get(document, {}).values()}
    shown = {
        "about": about, "versions": [{"version": v, "used": v.uid in used, "verdict": _verdict(v)} for v in found],
        "shipped": texts.content_of(about), "writes": roles.may(request.user, "consent.publish"),
        "current": next((v for v in found if v.uid in used), None), "site": site,
    }  # fmt: skip
    return render(request, "consent/text.html", shown)


def _verdict(version: Version) -> Any:
    return next(iter(version.verdicts.all()), None)


@require_http_methods(["GET", "POST"])
@staff_required
def change(request: HttpRequest, document: str) -> HttpResponse:
    """Write a new version: edit, look at what differs, then hand it to a second person."""
    roles.require(request.user, "consent.publish")
    about, site = queries.document_or_404(document), site_of(request)
    language = str(request.POST.get("language") or request.GET.get("lang") or "en")
    before = actions.base_of(site, document, language)
    typed = dict(request.POST.items()) if request.method == "POST" else texts.typed_of(before)
    shown: dict[str, Any] = {
        "about": about, "site": site, "language": language, "languages": texts.LANGUAGES,
        "uid": str(typed.get("uid") or uuids.uuid4()), "typed": typed, "sections": _sections(typed, {}),
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "consent/change.html", shown)
    try:
        content = texts.read(typed, before)
        if typed.get("do") == "hand_in":
            user: Any = request.user
            version = actions.write_version(
                site, document, typed, str(typed.get("note", "")), by=user, at=clock.now(), language=language,
                uid=read_uuid(typed.get("uid")),
            )  # fmt: skip
            return redirect("consent:version", uid=version.uid)
    except BadInput as error:
        wrong = {error.field: error.why}
        shown |= {"trouble": wrong, "sections": _sections(typed, wrong)}
        return render(request, "consent/change.html", shown, status=422)
    used = queries.in_use(site).get(document, {}).get(language)
    shown |= {"lines": texts.compare(used.content if used else None, content), "against": used}
    return render(request, "consent/change.html", shown)


def _sections(typed: dict[str, Any], wrong: dict[str, str]) -> list[dict[str, Any]]:
    """The sections as typed, and one empty one at the end."""
    have = [n for n in range(20) if typed.get(f"section.{n}.title") or typed.get(f"section.{n}.text")]
    count = (max(have) + 2) if have else 1
    return [
        {
            "n": n, "number": n + 1, "title": typed.get(f"section.{n}.title", ""),
            "text": typed.get(f"section.{n}.text", ""),
            "title_why": wrong.get(f"section.{n}.title", ""), "text_why": wrong.get(f"section.{n}.text", ""),
        }
        for n in range(count)
    ]  # fmt: skip


@require_GET
@staff_required
def version(request: HttpRequest, uid: str) -> HttpResponse:
    """One version: its words, what differs from the text in use, and the second person's verdict."""
    roles.require(request.user, "consent.texts")
    user: Any = request.user
    found = queries.version_or_404(user, uid)
    used = queries.in_use(found.site).get(found.document, {}).get(found.language)
    said = _verdict(found)
    problem = problem_of(request)
    shown = {
        "version": found, "about": queries.document_or_404(found.document), "verdict": said,
        "lines": [] if used is not None and used.uid == found.uid
        else texts.compare(used.content if used else None, found.content),
        "against": used, "uid": str(uuids.uuid4()),
        "may_judge": said is None and found.by_id != user.pk and roles.may(user, "consent.approve"),
        "own_work": said is None and found.by_id == user.pk,
        "problem": problem if problem is not None and problem.form == "verdict" else None,
    }  # fmt: skip
    return render(request, "consent/version.html", shown)


@require_POST
@staff_required
def verdict(request: HttpRequest, uid: str) -> HttpResponse:
    """Put it into use, or send it back."""
    user: Any = request.user
    roles.require(user, "consent.approve")
    found = queries.version_or_404(user, uid)
    published = request.POST.get("do") == "publish"
    words = request.POST.get("words", "")
    if not published and not words.strip():
        raise BadInput("words", "say what should change")
    factor = confirm_factor(request, request.POST.get("code", ""))
    actions.judge(
        found, published, words, by=user, at=clock.now(), second_factor=factor, uid=read_uuid(request.POST.get("uid"))
    )
    return redirect("consent:version", uid=found.uid)
