"""May somebody come in with an account that they have elsewhere?  A patient may, with an address both sides confirmed.

Off until the clinic names a provider (STILLHAVEN_OIDC_ISSUER): then nothing of it is there, no button, no address, no table.
Staff never come in this way.  A second factor is asked for as after a password.  Whoever is refused is told the same words,
whatever the reason, so that nobody learns from them which addresses are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record

_PROVIDER: dict[str, str] = settings.OIDC or {}  # this module is read only where there is one


class SocialAdapter(DefaultSocialAccountAdapter):
    """Which person an account elsewhere belongs to, if any."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in whoever is linked; link whose address both sides have confirmed; refuse everybody else alike."""
        known = sociallogin.user if sociallogin.is_existing else None
        person = known if known is not None else _with_address(sociallogin)
        wanted = sociallogin.state.get("process") in (None, "login")
        if person is None or not person.is_active or person.is_clinic_staff or not wanted:
            raise ImmediateHttpResponse(render(request, "socialaccount/refused.html", status=403))
        # Nothing but who it is: no picture, no name, no address of the other side.
        sociallogin.account.extra_data = {}
        if known is None:
            assert person.patient is not None
            with transaction.atomic():
                sociallogin.connect(request, person)
                record.log_change(person, {}, {"linked": _PROVIDER["name"]}, by=person, site=person.patient.site_id)
        else:
            sociallogin.account.save(update_fields=["extra_data"])

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """A mail says nothing of where somebody has accounts; My account shows it."""


def _with_address(sociallogin: SocialLogin) -> User | None:
    """The patient whose confirmed address is one that the provider has confirmed."""
    theirs = [a.email for a in sociallogin.email_addresses if a.verified is True and a.email]
    for email in theirs:
        row = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
        # One link a person: a second account elsewhere with the same address is not taken for the same person.
        if row is not None and not SocialAccount.objects.filter(user=row.user).exists():
            found: User = row.user
            return found
    return None


def linked(user: User) -> bool:
    """Has this person come in with an account from elsewhere?"""
    return bool(SocialAccount.objects.filter(user=user).exists())


@transaction.atomic
def unlink(user: User) -> None:
    """Only the password and what else is theirs here lets them in from now on."""
    if not SocialAccount.objects.filter(user=user).delete()[0]:
        return
    assert user.patient is not None
    record.log_change(user, {"linked": _PROVIDER["name"]}, {}, by=user, site=user.patient.site_id)


class ToTheProvider:
    """The sign-in page's form may lead to the provider; where that does not answer, a page says so."""

    NOT_HERE = (
        "/accounts/3rdparty/",
        "/accounts/3rdparty/signup/",
    )  # the library's own pages for linking and signing up

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in self.NOT_HERE or request.path.startswith("/accounts/social/"):
            raise Http404
        response = self.get_response(request)
        if request.path.startswith(("/accounts/login/", "/accounts/oidc/")):
            response._csp_update = {"form-action": [_PROVIDER["origin"]]}  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RequestException):
            return render(request, "socialaccount/authentication_error.html", status=502)
        return None
