"""The outbox: queue once, send once, try again, take back.

A message is claimed in one short transaction (rows that another worker holds are skipped), sent outside of it, and then
marked.  A worker that dies between leaves a claimed message: it is sent again under the same key after a while, which a
provider that knows keys answers without sending twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from stillhaven.clinic.messages import providers, texts, wishes
from stillhaven.clinic.messages.models import CHANNELS, OutMessage, Reach
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.science.errors import BadInput

MOST_TRIES = 6
_FIRST_PAUSE = timedelta(minutes=2)
_FORGOTTEN = timedelta(minutes=10)  # a claim this old belongs to a worker that died
NOT_AGREED = {
    "email": "the person has not agreed to e-mail, or took it back; once they sign for messages, send it again",
    "sms": "the person has not agreed to text messages, or took it back; once they sign for messages, send it again",
}
# May this person be written to by this channel now?  The room of consent knows, and stands above this one: it is handed in.
May = Callable[[Patient, str, datetime], bool]
STOP_WORDS = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit")
START_WORDS = ("start", "unstop", "yes")


# ---------------------------------------------------------------- who may be reached
def addresses(patient: Patient) -> list[tuple[str, str]]:
    """Channel and address of each way that this person allows.  A text needs a yes; mail goes to the account's address."""
    rows = {r.channel: r for r in Reach.objects.filter(patient=patient)}
    found = []
    for channel in CHANNELS:
        row = rows.get(channel)
        if row is not None:
            if row.is_on:
                found.append((channel, row.address))
        elif channel == "email" and (account := getattr(patient, "account", None)) is not None and account.is_active:
            found.append((channel, account.email))
    return found


def can_reach(patient: Patient) -> bool:
    return bool(addresses(patient))


@transaction.atomic
def set_reach(
    patient: Patient, channel: str, address: str, *, is_on: bool, because: str, by: Any, at: datetime
) -> Reach:  # fmt: skip
    """How this person may be reached, as they said."""
    roles.require_patient(by, "outbox.change", patient)
    address = clean_address(channel, address)
    return _reach(patient, channel, address, is_on=is_on, because=because, by=by, at=at)


def _reach(patient: Patient, channel: str, address: str, *, is_on: bool, because: str, by: Any, at: datetime) -> Reach:
    row = Reach.objects.select_for_update().filter(patient=patient, channel=channel).first()
    before = {"address": row.address, "is_on": row.is_on} if row else {}
    row = row or Reach(patient=patient, channel=channel)
    row.address, row.is_on, row.because, row.changed_at = address, is_on, because.strip()[:120], at
    row.save()
    after = {"address": address, "is_on": is_on, "because": row.because}
    record.log_change(row, before, after, by=by, site=patient.site_id)
    if not is_on:
        waiting = OutMessage.objects.filter(patient=patient, channel=channel, state="queued")
        waiting.update(state="cancelled", last_error="the person does not want this channel", context={})
    return row


def clean_address(channel: str, address: str) -> str:
    """An address as it is kept.  BadInput for one that cannot be one."""
    address = address.strip()
    if channel == "email":
        try:
            validate_email(address)
        except ValidationError:
            raise BadInput("address", "is not an e-mail address") from None
        return address
    if channel != "sms":
        raise BadInput("channel", "is e-mail or text message")
    digits = re.sub(r"[\s().-]", "", address)
    if not re.fullmatch(r"\+?\d{7,15}", digits):
        raise BadInput("address", "is not a telephone number; write it with its country code, such as +1 212 555 0101")
    return digits


@transaction.atomic
def heard(address: str, text: str, *, at: datetime) -> str:
    """Somebody answered a text message: a stop word switches texts off for everybody of that number.  What was done."""
    word = re.sub(r"[^a-z]", "", text.strip().lower())
    digits = re.sub(r"\D", "", address)
    if len(digits) < 7 or word not in STOP_WORDS + START_WORDS:
        return "nothing"
    on = word in START_WORDS
    rows = [r for r in Reach.objects.filter(channel="sms").select_related("patient") if _same(r.address, digits)]
    for row in rows:
        _reach(row.patient, "sms", row.address, is_on=on, because=f"replied {word.upper()}",
               by=record.Program("text messages"), at=at)  # fmt: skip
    return ("on" if on else "off") if rows else "nothing"


def _same(address: str, digits: str) -> bool:
    """The same number, with or without its country code."""
    return re.sub(r"\D", "", address)[-10:] == digits[-10:]


# ---------------------------------------------------------------- the queue
def queue(
    patient: Patient, template: str, context: dict[str, Any], *, purpose: str, due_at: datetime, once: str,
    about: UUID | None = None, good_until: datetime | None = None, channels: Collection[str] = CHANNELS,
) -> int:  # fmt: skip
    """Queue a message by every channel that this person allows; how many.  The same `once` is never queued twice."""
    kept, made = texts.clean_context(template, context), 0
    for channel, address in addresses(patient):
        if channel not in channels or not wishes.wants(patient, channel, purpose):
            continue
        _, created = OutMessage.objects.get_or_create(
            once=f"{once}:{channel}",
            defaults={
                "site_id": patient.site_id, "patient": patient, "channel": channel, "to": address, "template": template,
                "context": kept, "purpose": purpose, "about": about, "due_at": quiet_until(patient.site, due_at),
                "good_until": good_until, "queued_at": due_at,
            },
        )  # fmt: skip
        made += created
    return made


def take_back(about: UUID) -> int:
    """What waits to be sent about this is not sent."""
    return OutMessage.objects.filter(about=about, state="queued").update(state="cancelled", context={})


def quiet_until(site: Site, at: datetime) -> datetime:
    """The moment itself, or the end of the clinic's quiet hours if it lies in them."""
    numbers = policy.current(site.pk)
    begin, end = numbers.number("quiet_from_h"), numbers.number("quiet_until_h")
    if begin is None or end is None or begin == end:
        return at
    home = at.astimezone(ZoneInfo(site.zone))
    hour = home.hour + home.minute / 60.0 + home.second / 3600.0
    quiet = begin <= hour < end if begin < end else hour >= begin or hour < end
    if not quiet:
        return at
    day = home.date() if hour < end else home.date() + timedelta(days=1)
    wake = time(int(end) % 24, round(end % 1 * 60))
    return datetime.combine(day, wake, home.tzinfo).astimezone(at.tzinfo)


# ---------------------------------------------------------------- sending
def send_due(now: datetime, *, may: May, most: int = 200) -> dict[str, int]:
    """Send what is due; how many were sent, put off, given up.  Whether a person agreed is asked at the last moment."""
    done = {"sent": 0, "later": 0, "failed": 0}
    for _ in range(most):
        message = _claim(now)
        if message is None:
            break
        done[_send(message, now, may)] += 1
    return done


@transaction.atomic
def _claim(now: datetime) -> OutMessage | None:
    """Take one due message for this worker alone."""
    due = Q(state="queued", due_at__lte=now) | Q(state="sending", claimed_at__lt=now - _FORGOTTEN)
    message = (
        OutMessage.objects.select_for_update(skip_locked=True, of=("self",)).filter(due).order_by("due_at").first()
    )
    if message is None:
        return None
    message.state, message.claimed_at = "sending", now
    message.tries += 1
    message.save(update_fields=["state", "claimed_at", "tries"])
    return message


def _send(message: OutMessage, now: datetime, may: May) -> str:
    if message.good_until is not None and now >= message.good_until:
        return _mark(message, "failed", why="it came too late to be of use")
    wake = quiet_until(message.site, now)
    if wake > now:
        return _later(message, wake, "quiet hours", counts=False)
    if message.patient is not None and not may(message.patient, message.channel, now):
        return _mark(message, "failed", why=NOT_AGREED[message.channel])
    provider = providers.provider_for(message.channel)
    if provider is None:
        return _mark(message, "failed", why="no provider is set for this channel")
    subject, text = texts.words(message.template, message.context, message.channel, providers.public_url())
    ready = providers.Ready(
        key=str(message.uid), channel=message.channel, to=message.to, subject=subject, text=text,
        headers=wishes.headers(message, providers.public_url()),
    )  # fmt: skip
    try:
        provider.send(ready)
    except providers.Undelivered as error:
        if error.for_good or message.tries >= MOST_TRIES:
            return _mark(message, "failed", why=str(error))
        return _later(message, now + _FIRST_PAUSE * 2 ** (message.tries - 1), str(error))
    return _mark(message, "sent", sent_at=now)


def _mark(message: OutMessage, state: str, *, why: str = "", sent_at: datetime | None = None) -> str:
    """Done with it.  The link leaves the queue with the message: from then on only the person has it."""
    message.state, message.last_error, message.sent_at = state, why[:300], sent_at
    if state == "sent":
        message.context = {k: v for k, v in message.context.items() if k != "link"}
    message.save(update_fields=["state", "last_error", "sent_at", "context"])
    return state


def _later(message: OutMessage, at: datetime, why: str, *, counts: bool = True) -> str:
    message.state, message.due_at, message.last_error = "queued", at, why[:300]
    message.tries -= 0 if counts else 1
    message.save(update_fields=["state", "due_at", "last_error", "tries"])
    return "later"


@transaction.atomic
def try_again(pk: int, *, by: Any, at: datetime) -> None:
    """A message that failed goes back into the queue."""
    row = (
        OutMessage.objects.select_for_update(of=("self",))
        .select_related("patient")
        .filter(pk=pk, state="failed")
        .first()
    )
    if row is None:
        raise BadInput("message", "is not one that failed")
    roles.require_patient(by, "outbox.change", row.patient)
    row.state, row.tries, row.due_at, row.last_error = "queued", 0, at, ""
    row.save(update_fields=["state", "tries", "due_at", "last_error"])
    record.log_change(row, {"state": "failed"}, {"state": "queued"}, by=by, site=row.site_id)
