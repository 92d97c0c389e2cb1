"""The privacy notice and the cookies, from the configuration that runs; requests about one's data, for both sides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form, problem_of
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.portal import privacy_actions as actions
from stillhaven.clinic.portal.appointments import own
from stillhaven.clinic.portal.limits import limit
from stillhaven.clinic.portal.models import Cleared, DataRequest
from stillhaven.clinic.portal.thread_pages import _user, uid_of
from stillhaven.clinic.record import clock
from stillhaven.reference._privacy import data_map
from stillhaven.science.errors import BadInput

CHOICE = "cookie_choice"
KINDS: dict[str, Any] = {
    "access": gettext_lazy("See what is kept about me"),
    "correction": gettext_lazy("Correct something that is wrong"),
    "deletion": gettext_lazy("Delete something about me"),
    "same_person": gettext_lazy("Two accounts, perhaps one person"),
}
STEPS: dict[str, Any] = {
    "taken": gettext_lazy("Taken on"),
    "longer": gettext_lazy("Needs longer"),
    "done": gettext_lazy("Done"),
    "refused": gettext_lazy("Not done, with the reason"),
}


# ---------------------------------------------------------------- the notice
def running() -> dict[str, Any]:
    """What this clinic's own settings do with data: nothing is claimed that the configuration does not say."""
    mail = settings.EMAIL_BACKEND.rsplit(".", 1)[0].rsplit(".", 1)[-1]
    return {
        "mail": mail not in ("console", "dummy", "locmem"), "mail_how": mail,
        "sms": bool(os.environ.get("STILLHAVEN_SMS_URL")),
        "social": [settings.OIDC["name"]] if settings.OIDC is not None else [],
        "registration": settings.OPEN_REGISTRATION, "https": settings.HTTPS, "mode": settings.MODE,
        "managed_database": bool(os.environ.get("DATABASE_URL")),
        "session_h": settings.SESSION_COOKIE_AGE // 3600,
        "outside": sorted(
            {s for v in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].values() for s in v if "//" in str(s)}
        ),
    }  # fmt: skip


@require_http_methods(["GET"])
def notice(request: HttpRequest) -> HttpResponse:
    """What is kept, why, how long, who sees it, and what one can do."""
    site = Site.objects.order_by("id").first()
    last = Cleared.objects.order_by("-ran_at").values_list("ran_at", flat=True).first()
    due = {k: v.days for k, v in data_map().due.items()}
    shown = {"map": data_map(), "running": running(), "clinic": site, "last_cleared": last, "due": due,
             "clears": [{"what": c.what, "days": c.after.days} for c in data_map().clears]}  # fmt: skip
    return render(request, "portal/privacy.html", shown)


def cookie_allowed(request: HttpRequest, name: str, cookies: Mapping[str, bool] | None = None) -> bool:
    """May this cookie be set?  A needed one, yes; any other only after a yes; an unknown one, never."""
    known = cookies if cookies is not None else {c.name: c.needed for c in data_map().cookies}
    return known.get(name, False) or (name in known and request.COOKIES.get(CHOICE) == "yes")


@require_http_methods(["GET", "POST"])
def cookies(request: HttpRequest) -> HttpResponse:
    """Which cookies, and a yes or a no to those that are not needed: both one button, side by side."""
    optional = [c for c in data_map().cookies if not c.needed]
    if request.method == "POST":
        choice = request.POST.get("choice", "")
        if choice not in ("yes", "no"):
            raise BadInput("choice", "is yes or no")
        answer = redirect("outside:cookies")
        answer.set_cookie(CHOICE, choice, max_age=182 * 86_400, secure=settings.HTTPS, httponly=True, samesite="Lax")
        if choice == "no":
            for cookie in optional:
                answer.delete_cookie(cookie.name)
        return answer
    needed = [c for c in data_map().cookies if c.needed]
    shown = {"needed": needed, "optional": optional, "choice": request.COOKIES.get(CHOICE, "")}
    return render(request, "portal/cookies.html", shown)


# ---------------------------------------------------------------- requests about data
@require_http_methods(["GET", "POST"])
@own
def requests(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What I asked about my data, and how it stands."""
    if request.method == "POST":
        limit("data-request", str(patient.pk), most=10, seconds=86_400)
        actions.ask(
            patient, request.POST.get("kind", ""), request.POST.get("text", ""), by=_user(request), at=clock.now(),
            uid=uid_of(request),
        )  # fmt: skip
        notices.success(request, _("The clinic has your request. The last day for its answer stands below."))
        return redirect("mine:requests")
    rows = DataRequest.objects.filter(patient=patient, kind__in=actions.ASKABLE).order_by("-seq")
    options = tuple((k, str(KINDS[k])) for k in actions.ASKABLE)
    new = form(
        request, "data-request", reverse("mine:requests"), _("Send"),
        Ask(name="kind", label=_("What would you like?"), kind="choice", options=options),
        Ask(name="text", label=_("Say more, if you like"), kind="long",
            help=_("For a correction: what is wrong, and what would be right.")),
    )  # fmt: skip
    shown = {"cases": [_worded(actions.state_of(r)) for r in rows], "form": new, "clinic": patient.site}
    return render(request, "portal/requests.html", shown)


def _worded(case: dict[str, Any]) -> dict[str, Any]:
    steps = [{"step": s, "word": str(STEPS[s.what])} for s in case["steps"]]
    return case | {"word": str(KINDS[case["row"].kind]), "steps": steps}


@require_http_methods(["GET"])
@staff_required
def desk(request: HttpRequest) -> HttpResponse:
    """Open requests of the clinic's people, the nearest last day first."""
    user = _user(request)
    roles.require(user, "data_request.handle")
    over = request.GET.get("over") == "yes"
    found = [_worded(c) for c in actions.cases(user, clock.now(), also_over=over)]
    log = Cleared.objects.all()[:24]
    what = {c.key: c.what for c in data_map().clears}
    shown = {"cases": found, "over": over, "log": [{"row": r, "what": what.get(r.rule, r.rule)} for r in log]}
    return render(request, "portal/request_desk.html", shown)


@require_http_methods(["GET", "POST"])
@staff_required
def case(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One request: what was asked, what was done, the next step."""
    user = _user(request)
    roles.require(user, "data_request.handle")
    row = DataRequest.objects.filter(uid=uid, site__in=user.site_ids).select_related("patient", "patient__site").first()
    if row is None:
        raise Http404
    if request.method == "POST":
        actions.step(
            row,
            request.POST.get("what", ""),
            request.POST.get("text", ""),
            by=user,
            at=clock.now(),
            uid=uid_of(request),
        )
        notices.success(request, _("Kept. The person reads it on their page."))
        return redirect("outside:case", uid=uid)
    if problem_of(request) is None:
        log_chart_opened(request, row.patient, "data request")
    found = _worded(actions.state_of(row))
    options = tuple((k, str(v)) for k, v in STEPS.items())
    next_step = form(
        request, "step", reverse("outside:case", args=[uid]), _("Keep"),
        Ask(name="what", label=_("What was done?"), kind="choice", options=options),
        Ask(name="text", label=_("In words that the person reads"), kind="long"),
    )  # fmt: skip
    return render(request, "portal/case.html", {"c": found, "form": None if found["over"] else next_step})
