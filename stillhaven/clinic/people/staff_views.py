"""The administrator's pages: who works here, with which roles, and which programs have keys."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import actions, queries, roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import User
from stillhaven.clinic.people.roles import Role
from stillhaven.science.errors import BadInput

# What each role is for, in a line; docs/explain/roles.md says more.
_MEANING = {
    Role.NURSE: gettext_lazy("runs the session at the chair"),
    Role.PRESCRIBER: gettext_lazy("signs orders, overrides and the record"),
    Role.THERAPIST: gettext_lazy("is with the patient; may stop a session"),
    Role.FRONT_DESK: gettext_lazy("books and checks in"),
    Role.BILLER: gettext_lazy("codes and claims"),
    Role.CUSTODIAN: gettext_lazy("keeps the controlled drugs"),
    Role.MANAGER: gettext_lazy("chairs, drills, and who looked"),
    Role.MEDICAL_DIRECTOR: gettext_lazy("all of a prescriber, and sets the clinic's policy"),
    Role.AUDITOR: gettext_lazy("reads the record and who looked; changes nothing"),
    Role.ADMINISTRATOR: gettext_lazy("accounts, roles and programs' keys"),
}


@never_cache
@staff_required
@require_GET
def staff(request: HttpRequest) -> HttpResponse:
    """Everyone who works at this administrator's sites."""
    by = _administrator(request)
    people = queries.staff_of(by)
    return render(request, "people/staff.html", {"people": people, "with_factor": queries.with_factor(people)})


@never_cache
@staff_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add somebody; a link that works once lets them set their password."""
    by = _administrator(request)
    if request.method == "GET":
        return _form(request, by, {"sites": [str(min(by.site_ids))] if len(by.site_ids) == 1 else []})
    try:
        user = actions.add_staff(
            name=request.POST.get("name", ""), email=request.POST.get("email", ""), title=request.POST.get("title", ""),
            role_names=request.POST.getlist("roles"), site_ids=_numbers(request.POST.getlist("sites")), by=by,
        )  # fmt: skip
    except BadInput as error:
        return _form(request, by, _typed(request), error=error)
    return _link_page(request, user, by)


@never_cache
@staff_required
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One colleague: name, roles, sites, and what can be done about the account."""
    by = _administrator(request)
    user = queries.staff_or_404(by, pk)
    if request.method == "GET":
        shown = {"name": user.name, "title": user.title, "email": user.email, "roles": user.roles,
                 "sites": [str(i) for i in user.site_ids]}  # fmt: skip
        return _form(request, by, shown, user=user)
    try:
        actions.change_staff(
            user.pk, name=request.POST.get("name", ""), title=request.POST.get("title", ""),
            role_names=request.POST.getlist("roles"), site_ids=_numbers(request.POST.getlist("sites")), by=by,
        )  # fmt: skip
    except BadInput as error:
        return _form(request, by, _typed(request) | {"email": user.email}, user=user, error=error)
    messages.success(request, _("Saved."))
    return redirect("people:staff_person", pk=user.pk)


@never_cache
@staff_required
@require_POST
def password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link with which a colleague sets a password."""
    by = _administrator(request)
    return _link_page(request, queries.staff_or_404(by, pk), by)


@never_cache
@staff_required
@require_POST
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """The phone or key is lost: the colleague sets up a new one at the next sign-in."""
    by = _administrator(request)
    user = queries.staff_or_404(by, pk)
    actions.reset_second_factor(user.pk, reason=request.POST.get("reason", ""), by=by)
    messages.success(request, _("The second factor is taken away, and all sessions of this account are ended."))
    return redirect("people:staff_person", pk=user.pk)


@never_cache
@staff_required
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an account off, or on again."""
    by = _administrator(request)
    user = queries.staff_or_404(by, pk)
    user = actions.switch_staff(user.pk, active=request.POST.get("active") == "yes", by=by)
    messages.success(request, _("The account is on.") if user.is_active else _("The account is off."))
    return redirect("people:staff_person", pk=user.pk)


@never_cache
@staff_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Programs' keys: make one, see which are used."""
    by: Any = request.user
    roles.require(by, "token.change")
    context: dict[str, Any] = {"sites": queries.sites_of(by)}
    status = 200
    if request.method == "POST":
        try:
            site = (_numbers([request.POST.get("site", "")]) or [0])[0]
            token, secret = actions.create_token(
                name=request.POST.get("name", ""), role=request.POST.get("role", ""), site_id=site, by=by
            )
            context |= {"made": token, "secret": secret}
        except BadInput as error:
            context |= {"field": error.field, "why": error.why, "typed": request.POST}
            status = 422
    context["tokens"] = queries.tokens_of(by)
    return render(request, "people/tokens.html", context, status=status)


@never_cache
@staff_required
@require_POST
def token_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a program's key off."""
    by: Any = request.user
    actions.switch_off_token(pk, by=by)
    messages.success(request, _("The token is off. The program that used it gets no answer any more."))
    return redirect("people:tokens")


# ---------------------------------------------------------------- helpers


def _administrator(request: HttpRequest) -> User:
    user: Any = request.user
    roles.require(user, "staff.change")
    found: User = user
    return found


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 10]


def _typed(request: HttpRequest) -> dict[str, Any]:
    shown: dict[str, Any] = {name: request.POST.get(name, "") for name in ("name", "title", "email")}
    return shown | {"roles": request.POST.getlist("roles"), "sites": request.POST.getlist("sites")}


def _form(
    request: HttpRequest, by: User, shown: dict[str, Any], *, user: User | None = None, error: BadInput | None = None
) -> HttpResponse:
    choices = [
        {"value": str(role), "label": str(role).replace("_", " ").capitalize(), "meaning": _MEANING[role],
         "on": str(role) in shown.get("roles", [])}
        for role in actions.STAFF_ROLES
    ]  # fmt: skip
    sites = [{"id": s.pk, "name": s.name, "on": str(s.pk) in shown.get("sites", [])} for s in queries.sites_of(by)]
    context = {
        "shown": shown, "choices": choices, "sites": sites, "person": user, "error": error, "myself": user == by,
        "factors": queries.factors_of(user) if user else [],
    }  # fmt: skip
    return render(request, "people/person.html", context, status=422 if error else 200)


def _link_page(request: HttpRequest, user: User, by: User) -> HttpResponse:
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    link = request.build_absolute_uri(path)
    actions.note_password_link(user, by=by)
    mailed = bool(request.POST.get("mail"))
    if mailed:
        send_mail(
            _("Your account at the clinic"),
            _("Hello %(name)s,\n\nset your password with this link; it works once, within three days:\n\n%(link)s\n")
            % {"name": user.name, "link": link},
            None, [user.email],
        )  # fmt: skip
    return render(request, "people/link.html", {"person": user, "link": link, "mailed": mailed})
