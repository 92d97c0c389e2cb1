"""What is written at the chair, from a form or from a tablet's outbox: each write has a uid, so a repeat is harmless.

Answers JSON {"ok": true, "uid"} to programs and goes back to the page for people; a repeat of the same uid answers the
same.  What is refused or cannot be read is answered by `web.errors` on every screen alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import actions, events, media, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.errors import BadInput
from stillhaven.science.session import Move
from stillhaven.science.units import parse_number

_TOO_LARGE = 10**18  # no number that anybody measures; nor one that a database holds
_FIRST_YEAR = 2000  # nothing that a clinic writes down today happened before: a year that was mistyped


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One write as it came in: by whom, about which session, when it happened, under which uid, saying what."""

    session: TreatmentSession
    by: Any
    at: datetime
    uid: UUID | None
    body: dict[str, Any]

    def text(self, name: str, default: str = "") -> str:
        value = self.body.get(name, default)
        if isinstance(value, list | dict):
            raise BadInput(name, "write one text")
        return default if value is None else str(value)

    def texts(self, name: str) -> list[str]:
        """Short texts, one or several, such as ticked boxes."""
        value = self.body.get(name) or []
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise BadInput(name, "is a list of texts")
        return found

    def number(self, name: str) -> float:
        """A number that must be there.  BadInput names the field."""
        found = self.maybe(name)
        if found is None:
            raise BadInput(name, "write a number")
        return found

    def maybe(self, name: str) -> float | None:
        """A number, or None where nothing was sent."""
        value = self.body.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return parse_number(str(value), name)

    def whole(self, name: str) -> int:
        number = self.number(name)
        if number != int(number):
            raise BadInput(name, "write a whole number")
        return int(number)

    def uuid(self, name: str) -> UUID | None:
        return read_uuid(self.body.get(name), name)

    @property
    def common(self) -> dict[str, Any]:
        return {"by": self.by, "at": self.at, "uid": self.uid}


def read_uuid(text: Any, field: str) -> UUID | None:
    """A uid as sent, or None where none was."""
    if not text:
        return None
    try:
        return UUID(str(text))
    except ValueError:
        raise BadInput(field, "is not a uid") from None


def read_moment(text: Any, field: str = "happened_at") -> datetime:
    """When it happened; now where nothing was said.  Local times are the clinic's."""
    if not text:
        return clock.now()
    try:
        moment = datetime.fromisoformat(str(text))
        moment = moment if moment.tzinfo else timezone.make_aware(moment)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(field, "write a date and time") from None
    if moment.year < _FIRST_YEAR:
        raise BadInput(field, "lies too far back; check the date")
    return moment


def _kept(value: Any, field: str) -> None:
    """Nothing that the record cannot hold: no zero byte, no half of a character, no number without end."""
    if isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
        raise BadInput(field, "holds a character that cannot be kept; type it again")
    if isinstance(value, int | float) and not abs(value) < _TOO_LARGE:  # which is so of "not a number", too
        raise BadInput(field, "write a plain number such as 82.5")
    if isinstance(value, dict):
        for key, inner in value.items():
            _kept(key, field)
            _kept(inner, field)
    if isinstance(value, list):
        for inner in value:
            _kept(inner, field)


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The fields of a JSON body or of a form; a form's repeated fields are lists."""
    if (request.content_type or "").startswith("application/json"):
        try:
            body = json.loads(request.body or b"{}")
            for name, value in body.items() if isinstance(body, dict) else ():
                _kept(name, "body")
                _kept(value, name)
        except BadInput:
            raise
        except (ValueError, RecursionError):
            raise BadInput("body", "is not JSON") from None
        if not isinstance(body, dict):
            raise BadInput("body", "must be an object")
        return body
    return {key: values if len(values) > 1 else values[0] for key, values in request.POST.lists() if values}


def write(deed: Callable[[Sent, HttpRequest], Any]) -> Callable[..., HttpResponse]:
    """A view that writes in one session: signed in, not locked, within reach; then the deed."""

    @require_POST
    @staff_required
    @wraps(deed)
    def view(request: HttpRequest, uid: str) -> HttpResponse:
        body = body_of(request)
        sent = Sent(
            session=queries.session_or_404(request.user, uid), by=request.user, body=body,
            at=read_moment(body.get("happened_at")), uid=read_uuid(body.get("uid"), "uid"),
        )  # fmt: skip
        deed(sent, request)
        return done(request, sent)

    return view


def done(request: HttpRequest, sent: Sent) -> HttpResponse:
    """It is written."""
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"ok": True, "uid": str(sent.uid) if sent.uid else None})
    back = sent.text("next")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect("session:page", uid=sent.session.uid)


# ---------------------------------------------------------------- moves
@write
def check_in(sent: Sent, request: HttpRequest) -> None:
    actions.check_in(sent.session.pk, **sent.common)


@write
def check(sent: Sent, request: HttpRequest) -> None:
    actions.record_check(sent.session.pk, sent.text("kind"), sent.body, **sent.common)


@write
def override(sent: Sent, request: HttpRequest) -> None:
    actions.override(sent.session.pk, sent.text("rule"), sent.text("against"), sent.text("reason"), **sent.common)


@write
def ready(sent: Sent, request: HttpRequest) -> None:
    actions.make_ready(sent.session.pk, **sent.common)


@write
def start(sent: Sent, request: HttpRequest) -> None:
    given: dict[str, Any] = {
        "lot": sent.text("lot"),
        "amount_mg": sent.maybe("amount_mg"),
        "rate_mg_per_h": sent.maybe("rate_mg_per_h"),
    }
    actions.start_dosing(sent.session.pk, **sent.common, **{k: v for k, v in given.items() if v not in (None, "")})


@write
def rate(sent: Sent, request: HttpRequest) -> None:
    actions.change_rate(sent.session.pk, sent.number("rate_mg_per_h"), sent.text("reason"), **sent.common)


@write
def hold(sent: Sent, request: HttpRequest) -> None:
    actions.hold(sent.session.pk, sent.text("reason"), **sent.common)


@write
def resume(sent: Sent, request: HttpRequest) -> None:
    actions.resume(sent.session.pk, rate_mg_per_h=sent.maybe("rate_mg_per_h"), **sent.common)


@write
def give(sent: Sent, request: HttpRequest) -> None:
    actions.give(
        sent.session.pk, sent.text("kind"), sent.number("amount_mg"), lot=sent.text("lot"), why=sent.text("reason"),
        **sent.common,
    )  # fmt: skip


@write
def stop(sent: Sent, request: HttpRequest) -> None:
    actions.stop(sent.session.pk, why=sent.text("reason"), pump_volume_ml=sent.maybe("pump_volume_ml"), **sent.common)


@write
def abort(sent: Sent, request: HttpRequest) -> None:
    actions.stop(sent.session.pk, why=sent.text("reason"), abort=True, **sent.common)


@write
def transfer(sent: Sent, request: HttpRequest) -> None:
    actions.leave_early(sent.session.pk, Move.TRANSFER, sent.text("reason"), **sent.common)


@write
def cancel(sent: Sent, request: HttpRequest) -> None:
    actions.leave_early(sent.session.pk, Move.CANCEL, sent.text("reason"), **sent.common)


@write
def miss(sent: Sent, request: HttpRequest) -> None:
    actions.leave_early(sent.session.pk, Move.MISS, sent.text("reason"), **sent.common)


# ---------------------------------------------------------------- what happened
@write
def event(sent: Sent, request: HttpRequest) -> None:
    resolved = sent.body.get("resolved_at")
    events.adverse_event(
        sent.session.pk, sent.text("term"), sent.whole("grade"), amends=sent.uuid("amends"),
        interventions=sent.texts("interventions"),
        note=sent.text("note"), resolved_at=read_moment(resolved, "resolved_at") if resolved else None, **sent.common,
    )  # fmt: skip


@write
def score(sent: Sent, request: HttpRequest) -> None:
    events.score(sent.session.pk, sent.text("scale"), sent.whole("value"), **sent.common)


@write
def rescue(sent: Sent, request: HttpRequest) -> None:
    events.rescue(
        sent.session.pk, sent.text("order"), sent.number("dose"), sent.text("unit"), sent.text("route"), **sent.common
    )


@write
def premedication(sent: Sent, request: HttpRequest) -> None:
    events.premedication(
        sent.session.pk, sent.text("order"), sent.maybe("dose"), sent.text("unit"), sent.text("route"),
        why_not=sent.text("why_not"), **sent.common,
    )  # fmt: skip


@write
def note(sent: Sent, request: HttpRequest) -> None:
    events.note(sent.session.pk, sent.text("text"), **sent.common)


@write
def request_(sent: Sent, request: HttpRequest) -> None:
    events.request(sent.session.pk, sent.text("what"), sent.text("words"), **sent.common)


@write
def photo(sent: Sent, request: HttpRequest) -> None:
    file = request.FILES.get("file")
    if file is None:
        raise BadInput("file", "choose or take a picture")
    if file.size is None or file.size > media.MAX_BYTES:
        raise BadInput("file", media.TOO_LARGE)
    events.photo(sent.session.pk, sent.text("what"), file.read(), **sent.common)


@write
def retract(sent: Sent, request: HttpRequest) -> None:
    target = sent.uuid("amends")
    if target is None:
        raise BadInput("amends", "say which entry is taken back")
    events.retract(sent.session.pk, target, **sent.common)
