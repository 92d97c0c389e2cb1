"""A form that could not be taken comes back on its own page: all that was typed kept, the reason beside the field.

A form says in two hidden fields which page it stands on (`next`) and which form it is (`form`).  When its deed raises
BadInput or Refused, that page is made once more with a `Problem` at hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from allauth.core.exceptions import ReauthenticationRequired
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from stillhaven.clinic.people.asking import Problem
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.record import policy
from stillhaven.clinic.session.page_parts import in_words
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding


def page(request: HttpRequest, error: BadInput | Refused, status: int) -> HttpResponse | None:
    """The page that the form stands on, as it was left; None where the form names no page of ours."""
    form, back = request.POST.get("form", ""), _back(request)
    if request.method != "POST" or not form or not back:
        return None
    parts = urlsplit(back)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    typed = {key: values if len(values) > 1 else values[0] for key, values in request.POST.lists() if values}
    problem = Problem(
        form=form, typed=typed, why=error.why, field=error.field if isinstance(error, BadInput) else "",
        findings=() if isinstance(error, BadInput) else tuple(told(request, (f for f in error.findings if f.stops))),
        refused=isinstance(error, Refused),
    )  # fmt: skip
    before = request.path, request.GET
    request.problem = problem  # type: ignore[attr-defined]
    request.method, request.path, request.path_info = "GET", parts.path, parts.path
    request.GET = QueryDict(parts.query)
    try:
        response = None if iscoroutinefunction(match.func) else match.func(request, *match.args, **match.kwargs)
    except (BadInput, Refused, SignedOut, Http404, PermissionDenied, ReauthenticationRequired):
        response = None
    if response is None or response.status_code != 200:  # `next` named a page that has no such form, or no page
        request.method, request.path, request.path_info, request.GET = "POST", before[0], before[0], before[1]
        return None
    response.status_code = status
    found: HttpResponse = response
    return found


def told(request: HttpRequest, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings in words: sentences, roles and sources as a person reads them."""
    user: Any = request.user
    rules = policy.rules(min(getattr(user, "site_ids", None) or {1}))
    return [in_words(f, rules) for f in findings]


def back_to(request: HttpRequest) -> HttpResponse | None:
    """The page a form stands on, for a form that was sent twice and taken once."""
    back = _back(request)
    return HttpResponseRedirect(back) if request.method == "POST" and back else None


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next", "") if request.method == "POST" else ""
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return back if safe else ""
