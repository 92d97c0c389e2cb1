"""The self-check: safety first, a few questions, a result with its reasons.  Nothing is kept unless the person sends it."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.public import actions, queries
from stillhaven.clinic.public.education_views import public_page
from stillhaven.clinic.record import clock
from stillhaven.reference._education import self_check
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.selfcheck import Effect, check, needs_help_first

SAFETY = (("no", "No"), ("yes", "Yes"), ("unsure", "I am not sure, or I would rather not say"))


@require_http_methods(["GET", "POST"])
def self_check_page(request: HttpRequest) -> HttpResponse:
    """Step one asks for safety alone; step two asks the rest; the answer to both is a page, and is kept nowhere."""
    if request.method == "GET":
        return _form(request, step=1)
    safety = request.POST.get("safety", "")
    if safety not in dict(SAFETY):
        return _form(request, step=1, trouble={"safety": "choose one"}, status=422)
    if needs_help_first(safety):
        return public_page(request, "public/self_check.html", {"step": "help"})
    given = _given(request)
    if request.POST.get("step") != "2":
        return _form(request, step=2)
    return _result(request, given)


def _given(request: HttpRequest) -> dict[str, list[str]]:
    return {q.key: [v[:40] for v in request.POST.getlist(q.key)[:12]] for q in self_check()}


def _form(
    request: HttpRequest, *, step: int, trouble: dict[str, str] | None = None, given: dict[str, list[str]] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    given, trouble = given or {}, trouble or {}
    questions = [
        {"key": q.key, "text": q.text, "help": q.help, "many": q.many, "why": trouble.get(q.key, ""),
         "options": [(o.key, o.words, o.key in given.get(q.key, ())) for o in q.options]}
        for q in self_check()
    ]  # fmt: skip
    page = {"step": step, "questions": questions, "safety": SAFETY, "trouble": trouble}
    return public_page(request, "public/self_check.html", page, status=status)


def _result(request: HttpRequest, given: dict[str, list[str]], **more: Any) -> HttpResponse:
    try:
        found = check(self_check(), given)
    except BadInput as error:
        return _form(request, step=2, trouble={error.field: error.why}, given=given, status=422)
    keys = tuple(dict.fromkeys(k for r in found.reasons for k in r.option.source))
    numbers = {key: n for n, key in enumerate(keys, start=1)}
    status = more.pop("status", 200)

    def said(*effects: Effect) -> list[dict[str, Any]]:
        return [{"text": r.option.because, "refs": [numbers[k] for k in r.option.source]} for r in found.of(*effects)]

    page = {
        "step": "result", "outcome": found.outcome.value, "found": found, "against": said(Effect.STOP),
        "talk": said(Effect.TALK), "thin": said(Effect.THIN, Effect.EARLY), "speaks_for": said(Effect.FOR),
        "sources": queries.cited(keys), "given": [(k, v) for k, values in given.items() for v in values],
        "uid": uuids.uuid4(),
    } | more  # fmt: skip
    return public_page(request, "public/self_check.html", page, status=status)


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """The person sends their answers on, with a name and a way to reach them."""
    given = _given(request)
    typed = {"name": request.POST.get("name", "")[:120], "contact": request.POST.get("contact", "")[:200]}
    try:
        uid = uuids.UUID(request.POST.get("uid", ""))
    except ValueError:
        return redirect("public:self_check")
    try:
        actions.hand_over(
            given, name=typed["name"], contact=typed["contact"], consent=request.POST.get("consent") == "yes",
            address=request.META.get("REMOTE_ADDR", ""), at=clock.now(), uid=uid,
        )  # fmt: skip
    except BadInput as error:
        return _result(request, given, typed=typed, uid=uid, trouble={error.field: error.why}, status=422)
    except Refused as error:
        return _result(request, given, typed=typed, uid=uid, trouble={"": error.why}, status=429)
    return redirect(f"{reverse('public:self_check')}sent/")


@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    return public_page(request, "public/self_check.html", {"step": "sent"})
