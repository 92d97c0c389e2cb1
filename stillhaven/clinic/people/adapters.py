"""How allauth behaves in this house: accounts are made by the clinic, never by whoever finds the page."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from stillhaven.clinic.people import factors, queries, unlock
from stillhaven.clinic.record import clock


class AccountAdapter(DefaultAccountAdapter):
    """No sign-up from the web; whoever comes in fully takes a place on the browser's roster."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Too many tries look the same, whichever of the two counters noticed first."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            request.axes_locked_out = True  # type: ignore[attr-defined]
            request.axes_credentials = credentials  # type: ignore[attr-defined]
            raise

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        request.session["device"] = {
            "at": clock.now().isoformat(), "from": request.META.get("REMOTE_ADDR", ""),
            "with": request.headers.get("User-Agent", "")[:300],
        }  # fmt: skip
        records = get_authentication_records(request, user)
        if any(record.get("method") == "mfa" for record in records):
            unlock.mark_second_factor(request, user)
        elif not user.is_clinic_staff:
            messages.info(request, _("You can make your account safer with a second step, under My sign-in."))

    def logout(self, request: HttpRequest) -> None:
        unlock.sign_out(request)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Coming and going need no message; the pages say it."""
        template = args[0] if args else kwargs.get("message_template")
        if template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, *args, **kwargs)

    def set_password(self, user: Any, password: str) -> None:
        super().set_password(user, password)
        factors.forget_rosters(user)

    def reauthenticate(self, user: Any, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever signed in within the last minutes need not prove it again to set up a second factor."""
        needed = bool(super().is_reauthentication_required(app=app, **kwargs))
        records = get_authentication_records(self.request, self.request.user)
        has_factor = bool(queries.factors_of(self.request.user))
        proofs = ("mfa",) if has_factor else ("password", "registration", "socialaccount")
        fresh = [r for r in records if r["method"] in proofs]
        recently = bool(fresh) and time.time() - fresh[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return needed and not recently

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Where there is a second factor, it is what proves a person: the password alone changes nothing."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        strong = [m for m in methods if m["id"].startswith("mfa")]
        return strong or methods


class MFAAdapter(DefaultMFAAdapter):
    """Second factors carry the clinic's name; their secrets are kept encrypted."""

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "stillhaven"}

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        held = Authenticator.objects.filter(user=user, type=type).count()
        return _("My passkey") if not held else _("Passkey %(n)s") % {"n": held + 1}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep at least one second factor."""
        user: Any = authenticator.user
        left = set(queries.factors_of(user)) - {authenticator.type}
        return not user.is_clinic_staff or bool(left) or authenticator.type == Authenticator.Type.RECOVERY_CODES

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> Fernet:
    """A key beside the database: a stolen table alone gives no codes."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"stillhaven.mfa\n" + settings.SECRET_KEY.encode()).digest()))
