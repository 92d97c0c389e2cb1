"""One box over all pages: help first where a sentence sounds like a crisis, the safety page alone where it is about
buying or dosing oneself, else the reviewed pages that fit; never a sentence made up on the spot."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.public import actions, queries, search
from stillhaven.clinic.public.education_views import card, public_page, shown_page
from stillhaven.clinic.record import clock
from stillhaven.reference._education import ask_rules
from stillhaven.science.ask import LONGEST, Need, need
from stillhaven.science.errors import BadInput, Refused

SAFETY_PAGE = "topics/not-on-your-own"


@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """What was asked, and what answers it."""
    text = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:LONGEST]
    if not text:
        return public_page(request, "public/ask.html", {"q": "", "begin": True})
    return answer(request, text)


def answer(request: HttpRequest, text: str, **more: Any) -> HttpResponse:
    """The page for one question."""
    first = need(text, ask_rules())
    if first is Need.UNSAFE:
        found = queries.shown(SAFETY_PAGE)
        page = (shown_page(request, found) if found else {}) | {"q": text, "unsafe": True}
        return public_page(request, "public/page.html", page)
    hits = [card(found) for hit in search.find(text, queries.language()) if (found := queries.shown(hit.page))]
    page = {"q": text, "crisis_first": first is Need.CRISIS, "hits": hits, "uid": uuids.uuid4()} | more
    return public_page(request, "public/ask.html", page)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """A question without an answer becomes a note to the clinic, if the visitor says so.  It names nobody."""
    text = " ".join(request.POST.get("q", "").split())[:LONGEST]
    try:
        uid = uuids.UUID(request.POST.get("uid", ""))
        actions.leave_question(
            text, queries.language(), address=request.META.get("REMOTE_ADDR", ""), at=clock.now(), uid=uid
        )
    except (BadInput, ValueError) as error:
        return (
            answer(request, text, why=getattr(error, "why", "write your question")) if text else redirect("public:ask")
        )
    except Refused as error:
        page = answer(request, text, why=error.why)
        page.status_code = 429
        return page
    return redirect(f"{reverse('public:ask')}thanks/")


@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    return public_page(request, "public/ask.html", {"q": "", "thanks": True})
