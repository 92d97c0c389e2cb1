"""The words of every message that leaves the house.  None names a treatment, a drug, a diagnosis or a result.

What may stand in a message is a short list; anything else is refused when it is queued, not when it is read by the wrong
person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stillhaven.science.errors import BadInput

ALLOWED = frozenset({"clinic", "when", "link", "phone"})


@dataclass(frozen=True, kw_only=True)
class Text:
    """A message's words for e-mail and for a phone."""

    subject: Any
    body: Any
    short: Any


TEMPLATES: Mapping[str, Text] = {
    "reminder": Text(
        subject=gettext_lazy("Appointment at %(clinic)s"),
        body=gettext_lazy(
            "Appointment at %(clinic)s on %(when)s.\n\nPlease read how to prepare and confirm here:\n%(link)s\n\n"
            "If you cannot come, call the clinic.\n"
        ),
        short=gettext_lazy(
            "Appointment at %(clinic)s on %(when)s. Prepare and confirm: %(link)s Reply STOP for no more texts."
        ),
    ),
    "moved": Text(
        subject=gettext_lazy("Your appointment at %(clinic)s was moved"),
        body=gettext_lazy(
            "Your appointment at %(clinic)s is now on %(when)s.\n\nIf that does not suit you, call the clinic.\n"
        ),
        short=gettext_lazy("Your appointment at %(clinic)s is now on %(when)s. Reply STOP for no more texts."),
    ),
    "cancelled": Text(
        subject=gettext_lazy("Your appointment at %(clinic)s was cancelled"),
        body=gettext_lazy(
            "Your appointment at %(clinic)s on %(when)s will not take place.\n\nCall the clinic with any question.\n"
        ),
        short=gettext_lazy("Your appointment at %(clinic)s on %(when)s is cancelled. Reply STOP for no more texts."),
    ),
    "opened_in_emergency": Text(
        subject=gettext_lazy("Somebody at %(clinic)s opened a protected part of your record"),
        body=gettext_lazy(
            "In an emergency somebody at %(clinic)s opened a protected part of your record on %(when)s.\n\n"
            "Who it was and why stands on your own page:\n%(link)s\n\nCall the clinic with any question.\n"
        ),
        short=gettext_lazy(
            "In an emergency a protected part of your record at %(clinic)s was opened on %(when)s. Who and why: %(link)s "
            "Reply STOP for no more texts."
        ),
    ),
    "checkin": Text(
        subject=gettext_lazy("A few questions from %(clinic)s"),
        body=gettext_lazy(
            "A few questions from %(clinic)s wait for you. They take about a minute:\n%(link)s\n\n"
            "The link is yours alone and works once. If you would rather talk, call the clinic.\n"
        ),
        short=gettext_lazy("A few questions from %(clinic)s, about a minute: %(link)s Reply STOP for no more texts."),
    ),
    "offer": Text(
        subject=gettext_lazy("A time is free at %(clinic)s"),
        body=gettext_lazy(
            "A time is free at %(clinic)s: %(when)s.\n\n"
            "Call the clinic if you would like it; the first to call has it.\n"
        ),
        short=gettext_lazy(
            "A time is free at %(clinic)s: %(when)s. Call if you would like it. Reply STOP for no more texts."
        ),
    ),
    "letter": Text(
        subject=gettext_lazy("You have a message from %(clinic)s"),
        body=gettext_lazy(
            "%(clinic)s has written to you.\n\nSign in to read it:\n%(link)s\n\n"
            "Please do not answer this mail; nobody reads it.\n"
        ),
        short=gettext_lazy("%(clinic)s has written to you. Read it: %(link)s Reply STOP for no more texts."),
    ),
}


def clean_context(template: str, context: Mapping[str, Any]) -> dict[str, str]:
    """The context as it is kept.  BadInput for a template that is not there and for anything that may not be in it."""
    if template not in TEMPLATES:
        raise BadInput("template", f"{template!r} is not a message of this clinic")
    extra = set(context) - ALLOWED
    if extra:
        raise BadInput(sorted(extra)[0], "may not stand in a message that leaves the clinic")
    return {key: " ".join(str(value).split())[:200] for key, value in context.items()}


def words(template: str, context: Mapping[str, str], channel: str, base_url: str) -> tuple[str, str]:
    """Subject and text of one message."""
    text, full = TEMPLATES[template], dict(context)
    if full.get("link", "").startswith("/"):
        full["link"] = base_url.rstrip("/") + full["link"]
    body = text.short if channel == "sms" else text.body
    return _(str(text.subject)) % full, _(str(body)) % full
