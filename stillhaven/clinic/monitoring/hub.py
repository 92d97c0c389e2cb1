"""One listener a server process: what is committed reaches every open screen of that session within milliseconds.

The commit notifies (PostgreSQL LISTEN/NOTIFY); the hub reads what is new from the tables once, and hands each stream
its piece.  Chain places (seq) are gap-free and in the order of commits, so they are the streams' cursor: a stream that
was cut names the last place it has and is sent what is missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections

from stillhaven.clinic.monitoring.live import LiveSession
from stillhaven.clinic.record.models import Head
from stillhaven.clinic.vitals import queries as vitals

log = logging.getLogger(__name__)
CHANNEL = "stillhaven_live"
_QUEUE = 500  # deltas a stream may fall behind before it is cut and has to resume
_TICK_S = 5.0  # how often what only time changes (drug so far, what is due) is sent anew


class Hub:
    """Fans out what is new to the streams of this process."""

    def __init__(self) -> None:
        self.queues: dict[int, set[asyncio.Queue[dict[str, Any] | None]]] = defaultdict(set)
        self.sessions: dict[int, LiveSession] = {}
        self.seen: dict[str, int] = {}
        self.watch_beat = ""
        self.task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        self.changed = asyncio.Event()
        self.stale: set[int] = set()
        self.fresh_vitals: set[str] = set()

    async def subscribe(self, session_id: int) -> asyncio.Queue[dict[str, Any] | None]:
        """A queue of deltas of one session; None in it means that the stream has to begin anew."""
        if self.task is None or self.task.done():
            self.ready.clear()
            self.task = asyncio.create_task(self._run())
        await asyncio.wait_for(self.ready.wait(), 10)
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_QUEUE)
        self.queues[session_id].add(queue)
        if session_id not in self.sessions:
            self.sessions[session_id] = await _in_thread(LiveSession.load, session_id)
        return queue

    def unsubscribe(self, session_id: int, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        """This stream is gone; the last one of a session takes the session's cache with it."""
        self.queues[session_id].discard(queue)
        if not self.queues[session_id]:
            del self.queues[session_id]
            self.sessions.pop(session_id, None)

    async def _run(self) -> None:
        """Listen for ever; when the connection breaks, every stream begins anew from the tables."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**connection_arguments(), autocommit=True) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    self.seen = await _in_thread(_heads)
                    self._restart_streams()
                    self.ready.set()
                    await self._serve(listener)
            except (psycopg.Error, OSError) as error:
                log.warning("the live listener lost the database (%s); trying again", type(error).__name__)
                await asyncio.sleep(0.5)

    async def _serve(self, listener: psycopg.AsyncConnection[Any]) -> None:
        worker = asyncio.create_task(self._work())
        ticker = asyncio.create_task(self._tick())
        try:
            async for notice in listener.notifies():
                self._note(notice.payload)
        finally:
            worker.cancel()
            ticker.cancel()

    def _note(self, payload: str) -> None:
        name, _, rest = payload.partition(" ")
        if name == "watch":
            self.watch_beat = rest
            for live in self.sessions.values():
                live.watch_beat = rest
            return
        if name.startswith("vitals:"):
            self.fresh_vitals.add(name)
        elif name.startswith("clinic:"):
            about = set(rest.split()[1:])
            for session_id, live in self.sessions.items():
                if "*" in about or f"s{session_id}" in about or f"p{live.patient_id}" in about:
                    self.stale.add(session_id)
        self.changed.set()

    async def _work(self) -> None:
        """Send what is new.  While one piece is read, the notices behind it pile up and go out together."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            chains, self.fresh_vitals = self.fresh_vitals, set()
            sessions, self.stale = self.stale, set()
            try:
                for name in chains:
                    await self._send_vitals(name)
                for session_id in sessions:
                    await self._send_session(session_id)
            except Exception:
                log.exception("a live update failed; its streams begin anew")
                self._restart_streams()

    async def _send_vitals(self, name: str) -> None:
        site = int(name.split(":")[1])
        first = self.seen.get(name, 0) + 1
        rows, last = await _in_thread(_new_rows, site, first)
        self.seen[name] = last
        for session_id, live in list(self.sessions.items()):
            if live.site == site and (delta := live.take(rows, last)):
                self._put(session_id, delta)

    async def _send_session(self, session_id: int) -> None:
        if session_id in self.sessions:
            live = self.sessions[session_id]
            delta = await _in_thread(live.reload)
            self._put(session_id, delta)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for session_id, live in list(self.sessions.items()):
                self._put(session_id, live.tick())
                await asyncio.sleep(0)

    def _put(self, session_id: int, delta: dict[str, Any]) -> None:
        for queue in self.queues.get(session_id, ()):
            try:
                queue.put_nowait(delta)
            except asyncio.QueueFull:
                _begin_anew(queue)

    def _restart_streams(self) -> None:
        self.sessions.clear()
        for queues in self.queues.values():
            for queue in queues:
                _begin_anew(queue)


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
