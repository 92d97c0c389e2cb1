"""Does a second, different person stand here and confirm?  With their PIN where they signed in today, else with a code.

A witness confirms on the colleague's screen without taking it over.  Whoever is on this browser's roster (signed in here
with both factors within twelve hours) confirms with their PIN; anybody else with the code of their second factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from stillhaven.clinic.people import factors, queries, roles
from stillhaven.clinic.people.asking import Ask
from stillhaven.clinic.people.models import User
from stillhaven.clinic.people.unlock import BROWSER, roster
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.science.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A second person, and how they proved that it was they."""

    user: User
    how: str  # "pin", "totp", "recovery"; "demo" where a demo was made


def who_may(request: HttpRequest, action: str) -> list[User]:
    """Colleagues of this person's sites whose role allows it, by name."""
    by: Any = request.user
    found = User.objects.filter(is_active=True, patient=None, sites__in=by.site_ids).exclude(pk=by.pk).distinct()
    return [user for user in found.order_by("name") if roles.may(user, action)]


def asks(request: HttpRequest, action: str) -> tuple[Ask, ...]:
    """The two fields of a form that a witness fills in: who they are, and their PIN or code."""
    here = {user.pk for user in roster(request) if user.pin_hash}
    options = [("", _("Choose"))]
    for user in who_may(request, action):
        how = _("PIN") if user.pk in here else _("code from their app")
        options.append((str(user.pk), f"{user.signature_name} · {how}"))
    return (
        Ask(name="witness", label=_("Second person, who sees it too"), kind="select", options=tuple(options)),
        Ask(name="witness_code", label=_("Their PIN or code"), kind="code",
            help=_("The second person types it themselves. A PIN counts where they signed in on this screen today.")),
    )  # fmt: skip


def confirm(request: HttpRequest, staff: Any, code: Any, action: str) -> Witness:
    """The witness, once proved.  BadInput names the field; a wrong PIN or code is noted in the access log."""
    if not str(staff or "").isdecimal():
        raise BadInput("witness", _("choose who sees it with you"))
    who = next((user for user in who_may(request, action) if user.pk == int(str(staff))), None)
    if who is None:
        raise BadInput("witness", _("must be a different person whose role allows it"))
    text = str(code or "").strip()
    if not text:
        raise BadInput("witness_code", _("the second person confirms with their PIN or code"))
    browser = request.session.get(BROWSER, "")
    on_roster = queries.roster_places(browser, clock.now()).filter(user=who).exists() and bool(who.pin_hash)
    try:
        if not on_roster:
            return Witness(user=who, how=factors.check_code(who, text))
        found, _dropped = factors.try_pin(browser, who.pk, text, at=clock.now())
        if found is None:
            raise BadInput("witness_code", _("name and PIN do not match"))
        return Witness(user=found, how="pin")
    except BadInput as error:
        by: Any = request.user
        record.log_access(
            by=by, what="witness", refused=True, why=f"wrong PIN or code for {who.signature_name}", path=request.path,
            address=request.META.get("REMOTE_ADDR", ""), site=min(by.site_ids or {1}),
        )  # fmt: skip
        raise BadInput("witness_code", error.why) from None
