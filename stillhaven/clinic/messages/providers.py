"""How does a message leave the house?  Through one interface, so that a test, a demo and a clinic differ in a setting only.

STILLHAVEN_PUBLIC_URL   the address under which patients reach this clinic, for links in messages
STILLHAVEN_SMS_URL      where text messages are posted as JSON; without it none is sent (a demo prints them)
STILLHAVEN_SMS_TOKEN    the key that this provider asks for
STILLHAVEN_SMS_FROM     the number or name that they come from
"""

from __future__ import annotations

import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage

log = logging.getLogger(__name__)
_TIMEOUT_S = 10


@dataclass(frozen=True, kw_only=True)
class Ready:
    """One message with its words.  `key` is the same on every try, so that a provider can tell a repeat."""

    key: str
    channel: str
    to: str
    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Undelivered(Exception):
    """It did not go out.  `for_good`: trying again will not help."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


class Provider(Protocol):
    """What sends one message, or raises Undelivered."""

    def send(self, message: Ready) -> None: ...


class Email:
    """Django's mail: SMTP, the console, or a test's outbox, by STILLHAVEN_EMAIL_BACKEND."""

    def send(self, message: Ready) -> None:
        mail = EmailMessage(
            message.subject, message.text, None, [message.to],
            headers={"Message-ID": f"<{message.key}@stillhaven>", **message.headers},
        )  # fmt: skip
        try:
            mail.send()
        except (OSError, ValueError) as error:  # SMTP errors are OSErrors
            refused = getattr(error, "recipients", None) is not None
            raise Undelivered(f"{type(error).__name__}", for_good=refused) from error


class SmsHttp:
    """A text message as a JSON post: {"to", "from", "text"} with the key as Idempotency-Key."""

    def __init__(self, url: str, token: str, sender: str) -> None:
        self.url, self.token, self.sender = url, token, sender

    def send(self, message: Ready) -> None:
        body = json.dumps({"to": message.to, "from": self.sender, "text": message.text}).encode()
        request = urllib.request.Request(  # noqa: S310  (the address is the clinic's own setting)
            self.url, data=body, method="POST",
            headers={
                "Content-Type": "application/json", "Authorization": f"Bearer {self.token}",
                "Idempotency-Key": message.key,
            },
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                answer.read(1000)
        except urllib.error.HTTPError as error:
            # 4xx: this message is wrong; 429 and 5xx: the provider has a bad moment
            raise Undelivered(f"HTTP {error.code}", for_good=400 <= error.code < 500 and error.code != 429) from error
        except OSError as error:
            raise Undelivered(type(error).__name__) from error


class Console:
    """Prints what would be sent: for a demo, and for a clinic that tries things out."""

    def send(self, message: Ready) -> None:
        log.info("message %s by %s to %s: %s", message.key[:8], message.channel, message.to, message.text)


def provider_for(channel: str) -> Provider | None:
    """Who sends by this channel; None where the clinic has set nobody."""
    if channel == "email":
        return Email()
    if url := os.environ.get("STILLHAVEN_SMS_URL"):
        return SmsHttp(url, os.environ.get("STILLHAVEN_SMS_TOKEN", ""), os.environ.get("STILLHAVEN_SMS_FROM", ""))
    return Console() if settings.MODE != "clinic" else None


def public_url() -> str:
    """Where patients reach this clinic."""
    if url := os.environ.get("STILLHAVEN_PUBLIC_URL"):
        return url
    host = next((h for h in settings.ALLOWED_HOSTS if h not in ("localhost", "127.0.0.1", "[::1]")), "")
    return f"https://{host}" if host else "http://localhost:8000"
