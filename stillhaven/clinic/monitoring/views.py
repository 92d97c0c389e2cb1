"""The live screen: the page, its state, and the stream that keeps it fresh."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from stillhaven.clinic.monitoring.config import live_config
from stillhaven.clinic.monitoring.hub import hub
from stillhaven.clinic.monitoring.live import LiveSession, delta_since, newer
from stillhaven.clinic.monitoring.readers import readers
from stillhaven.clinic.monitoring.tiles import iso
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import SignedOut, roster_of
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession

_BEAT_S = 1.0


@require_GET
@looked
def live(request: HttpRequest, uid: str) -> HttpResponse:
    """The chair screen of one session."""
    session = _seen(request, uid)
    record.log_access(
        by=request.user, what="live session", patient=session.patient_id, site=session.site_id,  # type: ignore[arg-type]
        path=request.path, address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    state = _for_reader(LiveSession.load(session.pk).state(), request)
    context = {"session": session, "state": state, "config": live_config(session, roster_of(request))}
    return render(request, "session/live.html", context)


@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The same page without any patient: kept by the service worker, so that the chair opens when the server is away."""
    return render(request, "session/live.html", {"state": None, "config": live_config(None, [])})


@require_GET
@looked
def live_state(request: HttpRequest, uid: str) -> JsonResponse:
    """The state, whole or since a cursor: for polling, and for a screen that comes back after a cut."""
    session = _seen(request, uid)
    return JsonResponse(_for_reader(delta_since(session.pk, request.GET.get("since", "")), request))


@require_GET
async def live_stream(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Server-sent events of one session, from the last one the screen has."""
    since = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    session_id, reader, key = await sync_to_async(_open_stream, thread_sensitive=True)(request, uid)
    response = StreamingHttpResponse(_events(session_id, since, reader, key), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _open_stream(request: HttpRequest, uid: str) -> tuple[int, dict[str, Any], str]:
    try:
        session = _seen(request, uid)
        return session.pk, _reader(request), request.session.session_key or ""
    finally:
        connections.close_all()  # a stream pins no connection


async def _events(session_id: int, since: str, reader: dict[str, Any], key: str = "") -> AsyncIterator[bytes]:
    """State, then what is new; when the hub says that it begins anew, again from what this screen has.

    Every few seconds it asks whether this browser may still read: a stream ends with its sign-in, and says when the
    screen locks.
    """
    house, known = hub(), readers()
    with known.present(key) if key else nullcontext():
        while True:
            queue, state = await house.subscribe(session_id, since)
            try:
                # Subscribed first, then read: what is committed in between comes twice, and is left out here.
                state = state or await _read(session_id, since)
                since = state["cursor"]
                yield _state_event(state, reader)
                yield _beat(house.watch_beat)
                while True:
                    locked = known.locked(key, reader["locked"])
                    if locked is None:
                        return
                    if locked != reader["locked"]:
                        reader = {**reader, "locked": locked}
                        yield _state_event(await _read(session_id, since), reader)
                    try:
                        delta = await asyncio.wait_for(queue.get(), _BEAT_S)
                    except TimeoutError:
                        yield _beat(house.watch_beat)
                        continue
                    if delta is None:
                        break
                    fresh = newer(delta, since)
                    if fresh is not None:
                        since = fresh["cursor"]
                        yield _state_event(fresh, reader)
                        yield _beat(house.watch_beat)
            finally:
                house.unsubscribe(session_id, queue)


async def _read(session_id: int, since: str) -> dict[str, Any]:
    state: dict[str, Any] = await _in_thread(delta_since, session_id, since)
    return state


async def _in_thread(work: Any, *args: Any) -> Any:
    def run() -> Any:
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await sync_to_async(run, thread_sensitive=False)()


def _state_event(state: dict[str, Any], reader: dict[str, Any]) -> bytes:
    if "session" in state:
        state = {**state, "session": {**state["session"], **reader}}
    body = json.dumps(state, separators=(",", ":"))
    return f"event: state\nid: {state['cursor']}\ndata: {body}\n\n".encode()


def _beat(watch_beat: str) -> bytes:
    body = json.dumps({"now": iso(clock.now()), "watch_beat": watch_beat or None})
    return f"event: beat\ndata: {body}\n\n".encode()


def _seen(request: HttpRequest, uid: str) -> TreatmentSession:
    user: Any = request.user
    if not user.is_authenticated:
        raise SignedOut
    session = queries.session_or_404(user, uid)
    roles.require(user, "session.view")
    return session


def _reader(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    return {"locked": bool(getattr(request, "locked", False)), "user": user.signature_name}


def _for_reader(state: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    if "session" in state:
        state["session"] = {**state["session"], **_reader(request)}
    return state
