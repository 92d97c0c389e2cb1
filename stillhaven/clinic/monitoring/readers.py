"""May those who hold a stream open still read it?  Asked for all streams of a server process at once.

A stream outlives the request that opened it: it has to end with its sign-in, and to say when its browser locks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterator

from asgiref.sync import sync_to_async
from django.db import connections

from stillhaven.clinic.people import unlock

log = logging.getLogger(__name__)
_ASK_AGAIN_S = 5.0


class Readers:
    """The browsers (by session key) that hold streams of this process, and how each of them stands."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.asked: set[str] = set()
        self.standing: dict[str, bool] = {}
        self.task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def present(self, key: str) -> Iterator[None]:
        """While a stream of this browser is open."""
        self.keys[key] += 1
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._ask())
        try:
            yield
        finally:
            self.keys[key] -= 1
            if not self.keys[key]:
                del self.keys[key]
                self.asked.discard(key)

    def locked(self, key: str, before: bool) -> bool | None:
        """Is this browser locked?  None where its sign-in is over; `before` while nobody has asked yet."""
        return self.standing.get(key) if key in self.asked else before

    async def _ask(self) -> None:
        while self.keys:
            await asyncio.sleep(_ASK_AGAIN_S)
            keys = set(self.keys)
            try:
                self.standing = await sync_to_async(_standing, thread_sensitive=False)(keys)
            except Exception:  # whatever it is: who ceases to ask would let everybody read on
                log.exception("could not ask who may still read; the last answer holds, and it is asked again")
                continue
            self.asked = keys & set(self.keys)


def _standing(keys: set[str]) -> dict[str, bool]:
    try:
        return unlock.standing(keys)
    finally:
        connections.close_all()  # a stream pins no connection


_readers: dict[int, Readers] = {}


def readers() -> Readers:
    """This process's readers, one set for its event loop."""
    return _readers.setdefault(id(asyncio.get_running_loop()), Readers())
