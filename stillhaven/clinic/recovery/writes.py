"""What is written on the way home: looks, overrides, the discharge, the signature, addenda."""

from __future__ import annotations

from django.http import HttpRequest

from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.recovery import actions, signing
from stillhaven.clinic.session.writes import Sent, write


@write
def look(sent: Sent, request: HttpRequest) -> None:
    actions.look(sent.session.pk, sent.text("kind"), sent.body, **sent.common)


@write
def override(sent: Sent, request: HttpRequest) -> None:
    actions.override(sent.session.pk, sent.text("rule"), sent.text("against"), sent.text("reason"), **sent.common)


@write
def discharge(sent: Sent, request: HttpRequest) -> None:
    actions.discharge(sent.session.pk, **sent.common)


@write
def sign(sent: Sent, request: HttpRequest) -> None:
    factor = confirm_factor(request, sent.text("code"))
    signing.sign_record(sent.session.pk, second_factor=factor, **sent.common)


@write
def addendum(sent: Sent, request: HttpRequest) -> None:
    signing.add_addendum(sent.session.pk, sent.text("text"), **sent.common)
