"""One listener a server process: what is committed reaches every open screen of that session within milliseconds.

The commit notifies (PostgreSQL LISTEN/NOTIFY); the hub reads what is new from the tables once, and hands each stream
its piece.  Chain places (seq) are gap-free and in the order of commits, so they are the streams' cursor: a stream that
was cut names the last place it has and is sent what is missing.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import defaultdict
from collections.abc import Collection, Coroutine
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connections

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.monitoring.live import LiveSession, loaded_for
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Head
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.reference import load as reference

log = logging.getLogger(__name__)
CHANNEL = "stillhaven_live"
_QUEUE = 500  # deltas a stream may fall behind before it is cut and has to resume
_TICK_S = 5.0  # how often what only time changes (drug so far, what is due) is sent anew


class Hub:
    """Fans out what is new to the streams of this process."""

    def __init__(self) -> None:
        self.queues: dict[int, set[asyncio.Queue[dict[str, Any] | None]]] = defaultdict(set)
        self.sessions: dict[int, LiveSession] = {}
        self.loading: dict[int, asyncio.Task[dict[str, Any]]] = {}
        self.seen: dict[str, int] = {}
        self.watch_beat = ""
        self.task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        self.vitals_changed, self.clinic_changed = asyncio.Event(), asyncio.Event()
        self.fresh_vitals: set[str] = set()
        self.stale: set[int] = set()
        self.alarmed: dict[int, int] = {}  # of which nothing but alarms changed, and up to where

    async def subscribe(
        self, session_id: int, since: str = ""
    ) -> tuple[asyncio.Queue[dict[str, Any] | None], dict[str, Any] | None]:
        """A queue of deltas of one session, where None means that the stream has to begin anew; and what a screen with
        the cursor `since` lacks, where the session had to be read for it anyway.
        """
        if self.task is None or self.task.done():
            self.ready.clear()
            self.task = asyncio.create_task(self._run())
        await asyncio.wait_for(self.ready.wait(), 10)
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_QUEUE)
        self.queues[session_id].add(queue)
        state = None
        try:
            if session_id not in self.sessions:
                if first := session_id not in self.loading:
                    self.loading[session_id] = asyncio.create_task(self._enter(session_id, since))
                read = await asyncio.shield(self.loading[session_id])
                state = read if first else None
        except BaseException:
            self.unsubscribe(session_id, queue)
            raise
        return queue, state

    async def _enter(self, session_id: int, since: str) -> dict[str, Any]:
        """Read a session, and what arrived while it was read: the tiles of every delta are made from this."""
        try:
            live, state = await _in_thread(loaded_for, session_id, since)
            name = f"vitals:{live.site}"
            while (last := self.seen.get(name, 0)) > live.cursor_v:
                live.take(await _in_thread(vitals.arrived_between, live.site, live.cursor_v + 1, last), last)
            if self.queues.get(session_id):
                self.sessions[session_id] = live
        finally:
            del self.loading[session_id]
        if session_id in self.stale:
            self.clinic_changed.set()
        read: dict[str, Any] = state
        return read

    def unsubscribe(self, session_id: int, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        """This stream is gone; the last one of a session takes the session's cache with it."""
        self.queues[session_id].discard(queue)
        if not self.queues[session_id]:
            del self.queues[session_id]
            self.sessions.pop(session_id, None)

    async def _run(self) -> None:
        """Listen for ever; when the connection breaks, every stream begins anew from the tables."""
        await _in_thread(keep_what_is_loaded)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**connection_arguments(), autocommit=True) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    self.seen = await _in_thread(_heads)
                    self._restart_streams()
                    self.ready.set()
                    await self._serve(listener)
            except (psycopg.Error, DatabaseError, OSError) as error:
                log.warning("the live listener lost the database (%s); trying again", type(error).__name__)
                await asyncio.sleep(0.5)

    async def _serve(self, listener: psycopg.AsyncConnection[Any]) -> None:
        helpers = [asyncio.create_task(job()) for job in (self._work_vitals, self._work_clinic, self._tick)]
        try:
            async for notice in listener.notifies():
                self._note(notice.payload)
        finally:
            for helper in helpers:
                helper.cancel()

    def _note(self, payload: str) -> None:
        name, _, rest = payload.partition(" ")
        if name == "watch":
            self.watch_beat = rest
            for live in self.sessions.values():
                live.watch_beat = rest
        elif name.startswith("vitals:"):
            self.fresh_vitals.add(name)
            self.vitals_changed.set()
        elif name.startswith("clinic:"):
            end, *about = rest.split()
            self.stale |= set(self.loading)  # being read just now: whether it saw this is not known
            for session_id, live in self.sessions.items():
                if is_about(about, session_id, live.patient_id):
                    if alarms_alone(about):
                        self.alarmed[session_id] = int(end)
                    else:
                        self.stale.add(session_id)
            if self.stale or self.alarmed:
                self.clinic_changed.set()

    async def _work_vitals(self) -> None:
        """Send what is new.  While one piece is read, the notices behind it pile up and go out together."""
        while True:
            await self.vitals_changed.wait()
            self.vitals_changed.clear()
            chains, self.fresh_vitals = self.fresh_vitals, set()
            for name in chains:
                await self._or_anew(self._send_vitals(name))

    async def _work_clinic(self) -> None:
        """Send what was committed clinically, beside the readings: they wait for nobody."""
        while True:
            await self.clinic_changed.wait()
            self.clinic_changed.clear()
            ready = self.stale - set(self.loading)
            self.stale -= ready
            alarmed, self.alarmed = self.alarmed, {}
            for session_id, end in alarmed.items():
                if session_id not in ready:
                    await self._or_anew(self._send_alarms(session_id, end))
            for session_id in ready:
                await self._or_anew(self._send_session(session_id))

    async def _or_anew(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a live update failed; its streams begin anew")
            self._restart_streams()

    async def _send_vitals(self, name: str) -> None:
        site = int(name.split(":")[1])
        rows, last = await _in_thread(_new_rows, site, self.seen.get(name, 0) + 1)
        whose: dict[tuple[str, int | None], list[vitals.Arrived]] = defaultdict(list)
        for row in rows:
            whose["device", row[0]].append(row)
            whose["patient", row[1]].append(row)
        self.seen[name] = last
        for session_id, live in list(self.sessions.items()):
            if live.site == site:
                mine = [r for key in live.sources for r in whose.get(key, ())]
                if delta := live.take(mine, last):
                    self._put(session_id, delta)

    async def _send_alarms(self, session_id: int, end: int) -> None:
        """Nothing but alarms changed: the quickest way to the screen, and the most frequent."""
        live = self.sessions.get(session_id)
        if live is None:
            return
        live.events = await _in_thread(gather.events_of, live.session)
        live.cursor_c = max(live.cursor_c, end)
        if self.sessions.get(session_id) is live:
            self._put(session_id, live.tick())

    async def _send_session(self, session_id: int) -> None:
        live = self.sessions.get(session_id)
        if live is None:
            return
        fresh, parts = await _in_thread(_load_anew, session_id, live)
        if self.sessions.get(session_id) is not live:  # all began anew meanwhile
            return
        if live.renew(fresh):
            self._put(session_id, {**parts, **live.known()})
        else:  # whose values these are has changed: the curves as well
            self.sessions.pop(session_id)
            self._restart(session_id)

    async def _tick(self) -> None:
        """Spread over the seconds, so that no reading waits behind fifty of these."""
        while True:
            sessions = list(self.sessions)
            for session_id in sessions:
                if (live := self.sessions.get(session_id)) is not None:
                    self._put(session_id, live.tick())
                await asyncio.sleep(_TICK_S / len(sessions))
            if not sessions:
                await asyncio.sleep(_TICK_S)

    def _put(self, session_id: int, delta: dict[str, Any]) -> None:
        for queue in self.queues.get(session_id, ()):
            try:
                queue.put_nowait(delta)
            except asyncio.QueueFull:
                _begin_anew(queue)

    def _restart_streams(self) -> None:
        self.sessions.clear()
        for session_id in self.queues:
            self._restart(session_id)

    def _restart(self, session_id: int) -> None:
        for queue in self.queues.get(session_id, ()):
            _begin_anew(queue)


def keep_what_is_loaded() -> None:
    """Take what is loaded (code, reference data) out of Python's search for garbage: it stays for good, and to look
    through it again and again stops every stream for a tenth of a second.
    """
    reference.current()
    gc.collect()
    gc.freeze()


def _load_anew(session_id: int, live: LiveSession) -> tuple[LiveSession, dict[str, Any]]:
    fresh = LiveSession.load(session_id)
    if fresh.doses == live.doses:  # the estimate costs more than all the rest
        fresh.estimate, fresh.predicted_at = live.estimate, live.predicted_at
    return fresh, fresh.clinical(clock.now())


def is_about(about: Collection[str], session_id: int, patient_id: int) -> bool:
    """Does a notice name this session or its patient?"""
    return "*" in about or f"s{session_id}" in about or f"p{patient_id}" in about


def alarms_alone(about: Collection[str]) -> bool:
    """Does a notice tell of alarm events and of nothing else?"""
    return "*" not in about and {hint for hint in about if hint.startswith("k:")} == {"k:alarmevent"}


def _begin_anew(queue: asyncio.Queue[dict[str, Any] | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)


def connection_arguments() -> dict[str, Any]:
    """How psycopg reaches the same database as Django, for a connection of its own."""
    database = settings.DATABASES["default"]
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {ours: database[theirs] for theirs, ours in names.items() if database.get(theirs)}


def _heads() -> dict[str, int]:
    return dict(Head.objects.values_list("name", "count"))


def _new_rows(site: int, first: int) -> tuple[list[Any], int]:
    last = _heads().get(f"vitals:{site}", 0)
    return vitals.arrived_between(site, first, last), last


async def _in_thread(work: Any, *args: Any) -> Any:
    """Run a database read off the event loop, and give its connection back at once: streams must pin none."""

    def run() -> Any:
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await sync_to_async(run, thread_sensitive=False)()


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """This process's hub, one for its event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())
