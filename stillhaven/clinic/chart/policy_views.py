"""The clinic's own limits: to read for all staff, to set and sign for the medical director, every version kept."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from stillhaven.clinic.chart import policy_draft as drafts
from stillhaven.clinic.consent.sent import read_uuid, site_of
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import looked
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput, Refused


def _frame(request: HttpRequest, site: int) -> dict[str, Any]:
    user: Any = request.user
    versions = drafts.history(site)
    newest = versions[0] if versions else None
    now = reference.current()
    return {
        "site": Site.objects.filter(pk=site).first(),
        "sites": list(Site.objects.filter(pk__in=user.site_ids).order_by("name")),
        "newest": newest, "reference_version": now.version[:12], "drafts": len(now.drafts),
        "newer_reference": newest is not None and newest.entry.version != now.version,
        "adopts": roles.may(user, "policy.adopt"),
    }  # fmt: skip


@require_GET
@staff_required
@looked
def page(request: HttpRequest) -> HttpResponse:
    """Everything that the clinic sets: what holds, who set it, and what sources say."""
    roles.require(request.user, "policy.view")
    site = site_of(request)
    rules = policy.rules(site)
    shown = _frame(request, site) | {"groups": drafts.lines(rules), "unset": len(rules.policy.unset)}
    return render(request, "chart/policy.html", shown)


@require_http_methods(["GET", "POST"])
@staff_required
@looked
def change(request: HttpRequest) -> HttpResponse:
    """Edit, look at what differs, sign."""
    roles.require(request.user, "policy.adopt")
    site = site_of(request)
    rules = policy.rules(site)
    newest = policy.newest(site)
    shown = _frame(request, site) | {
        "base": str(newest.uid) if newest else "", "uid": str(uuids.uuid4()), "because": "", "typed": {},
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "chart/policy_change.html", shown | {"groups": drafts.lines(rules)})
    typed = {k: v for k, v in request.POST.items() if k not in ("csrfmiddlewaretoken", "code")}
    shown |= {"typed": typed, "because": str(typed.get("because", "")), "uid": str(typed.get("uid") or shown["uid"])}
    changes, wrong = drafts.read(rules, typed)
    if not wrong and changes:
        wrong = _contradictions(site, changes)
    if wrong or typed.get("do") == "edit":
        shown |= {"groups": drafts.lines(rules, typed, wrong), "wrong": len(wrong)}
        return render(request, "chart/policy_change.html", shown, status=422 if wrong else 200)
    return _review(request, site, shown, changes)


def _contradictions(site: int, changes: list[drafts.Change]) -> dict[str, str]:
    """Limits that cannot stand together, found before anybody signs."""
    newest = policy.newest(site)
    content = {k: v for k, v in (newest.content if newest else {}).items() if k != policy.SIGNED}
    for change in changes:
        content.pop(change.key, None)
        if change.value is not None:
            content[change.key] = {"choice" if isinstance(change.value, str) else "value": change.value}
    try:
        policy.check(policy.settings_of(content), clock.now())
    except BadInput as error:
        key = error.field if error.field in reference.current().policy.items else changes[0].key
        return {key: error.why}
    return {}


def _review(request: HttpRequest, site: int, shown: dict[str, Any], changes: list[drafts.Change]) -> HttpResponse:
    typed, user = shown["typed"], request.user
    now_shown = drafts.digest(shown["base"], changes)
    shown |= {
        "changes": changes, "shown": now_shown,
        "kept": {k: v for k, v in typed.items() if k.startswith(("set.", "why."))},
    }  # fmt: skip
    if typed.get("do") != "sign":
        return render(request, "chart/policy_review.html", shown)
    if typed.get("shown") != now_shown or typed.get("base") != shown["base"]:
        why = _("This has changed since it was shown. Read it once more, then sign.")
        return render(request, "chart/policy_review.html", shown | {"trouble": why}, status=409)
    try:
        if not shown["because"].strip():
            raise BadInput("because", _("say in a sentence what this version is for"))
        factor = confirm_factor(request, request.POST.get("code", ""))
        drafts.sign(
            shown["site"], changes, shown["because"], by=user, at=clock.now(), second_factor=factor,  # type: ignore[arg-type]
            base=shown["base"], uid=read_uuid(typed.get("uid")),
        )  # fmt: skip
    except BadInput as error:
        known = error.field in ("code", "because")
        shown |= {f"{error.field}_why": error.why} if known else {"trouble": f"{error.field}: {error.why}"}
        return render(request, "chart/policy_review.html", shown, status=422)
    except record.AlreadyRecorded:
        pass
    except Refused as error:
        return render(request, "chart/policy_review.html", shown | {"trouble": error.why}, status=409)
    messages.success(request, _("Adopted. It holds from now on; sessions that have begun keep their alarm limits."))
    return redirect("chart:policy")


@require_GET
@staff_required
@looked
def history(request: HttpRequest) -> HttpResponse:
    """Every version, and what differs between any two."""
    roles.require(request.user, "policy.view")
    site = site_of(request)
    found = drafts.history(site)
    shown = _frame(request, site) | {"versions": found}
    new = _one(found, request.GET.get("new", ""), found[0].number if found else 0)
    old = _one(found, request.GET.get("old", ""), new.number - 1 if new else 0)
    if new is not None:
        shown |= {
            "new": new, "old": old, "rows": drafts.compare(old.entry if old else None, new.entry, policy.rules(site)),
        }  # fmt: skip
    return render(request, "chart/policy_history.html", shown)


def _one(found: list[drafts.Version], asked: str, otherwise: int) -> drafts.Version | None:
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else otherwise
    one = next((v for v in found if v.number == number), None)
    if one is None and asked.isdecimal() and number:
        raise Http404
    return one
