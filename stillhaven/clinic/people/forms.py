"""The sign-in library's forms, with this house's rules: each code is good once, and a proved factor is remembered."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import (
    compare_user_code,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.webauthn.forms import AddWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError

from stillhaven.clinic.people import factors, unlock
from stillhaven.science.errors import BadInput

_CODE = forms.TextInput(
    attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code-input"}
)


def _set_up(user: Any, kind: str) -> None:
    """Setting a factor up proves it: this session has one from here on."""
    record_authentication(context.request, user, "mfa", type=kind)
    unlock.mark_second_factor(context.request, user)


class _Code:
    """A code from an app, or a recovery code, checked by the house's one rule."""

    user: Any
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            kind = factors.check_code(self.user, code)
        except BadInput as error:
            raise ValidationError(error.why[:1].upper() + error.why[1:] + ".") from None
        kept = Authenticator.Type.TOTP if kind == "totp" else Authenticator.Type.RECOVERY_CODES
        self.authenticator = Authenticator.objects.get(user=self.user, type=kept)
        self.authenticator.user = self.user
        return code


class SignInCode(_Code, AuthenticateForm):
    """The second step of signing in."""

    code = forms.CharField(label="Code", max_length=20, widget=_CODE)


class ProveCode(_Code, ReauthenticateForm):
    """The same person again, before something that matters."""

    code = forms.CharField(label="Code", max_length=20, widget=_CODE)

    def save(self) -> None:
        super().save()
        unlock.mark_second_factor(context.request, self.user)


class ProvePasskey(ReauthenticateWebAuthnForm):
    """The same person again, with a passkey."""

    def save(self) -> None:
        super().save()
        unlock.mark_second_factor(context.request, self.user)


class SetUpTotp(ActivateTOTPForm):
    """Setting up an app: the first code proves that it works, and that this session has a second factor."""

    code = forms.CharField(label="Code", max_length=20, widget=_CODE)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        for step in yield_hotp_counters_from_time():
            if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(self.secret, step))):
                factors.use_totp_step(self.user, step)
        _set_up(self.user, "totp")
        return code


class SetUpPasskey(AddWebAuthnForm):
    """Setting up a passkey: made in this session, so this session has a second factor."""

    passwordless = forms.BooleanField(
        label="Sign in with it alone, without the password", required=False, initial=True,
        help_text="The device then asks for your finger, your face or its own PIN each time.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("credential") and not self.errors:
            _set_up(self.user, "webauthn")
        return cleaned
