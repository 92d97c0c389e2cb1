"""How does what is safe on this disk get to the server, however long that takes?

A thread of its own: it takes what piled up, posts it as one batch, and forgets a message only when the server has
answered for its uid.  No answer, or a refusal of the whole request, means: keep it and try again, more and more
slowly, for days if need be.  A batch that the server cannot take (422) is halved until the one bad message is found;
that one is set aside on disk, counted and shown, and the others go on.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from stillhaven.devices.spool import REJECTED, Record, Spool
from stillhaven.science.errors import BadInput

log = logging.getLogger("stillhaven.sender")

BATCH_MESSAGES = 500
BATCH_BYTES = 1 << 20
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
SPACING_S = 0.005  # between two requests under load: more travel together, and acknowledging monitors comes first
TIMEOUT_S = 30.0
STRIKES = 20


class NotTaken(Exception):
    """The server did not answer for these messages now.  `retry_after_s` is what it asked for, if it did."""

    def __init__(self, why: str, retry_after_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Unprocessable(Exception):
    """The server says that it can never take this batch as it is (422, 413)."""


@dataclass
class Server:
    """The server's address and how to speak to it.  One connection, kept open."""

    url: str
    token: str
    gateway: str
    ca: Path | None = None
    timeout_s: float = TIMEOUT_S
    _connection: http.client.HTTPConnection | None = None
    _used: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput("server", f"{self.url!r} is not an address such as https://clinic.example:8443")
        self._parts = parts
        self._tls: ssl.SSLContext | None = None
        if parts.scheme == "https":
            try:
                self._tls = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            except (OSError, ssl.SSLError) as error:
                raise BadInput("ca", f"{self.ca} is not a file of certificates ({error})") from error

    @property
    def bare(self) -> bool:
        """Does the token cross a network unprotected?"""
        return self._parts.scheme == "http" and self._parts.hostname not in ("localhost", "127.0.0.1", "::1")

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            if self._tls:
                self._connection = http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=self._tls)
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=self.timeout_s)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._used = None, False

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connect()
        connection.request("POST", self._parts.path.rstrip("/") + "/api/ingest", body=body, headers=headers)
        response = connection.getresponse()
        answer = response.read(64 << 20)
        self._used = True
        return response, answer

    def post(self, messages: Sequence[bytes]) -> dict[str, str]:
        """uid -> what the server did with it.  NotTaken or Unprocessable where it did not answer for them."""
        body = b'{"gateway":' + json.dumps(self.gateway).encode() + b',"messages":[' + b",".join(messages) + b"]}"
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            try:
                response, answer = self._ask(body, headers)
            except ConnectionError:
                if not self._used:
                    raise
                self.close()  # a connection kept open that the server has closed meanwhile: once more, on a new one
                response, answer = self._ask(body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NotTaken(f"no answer from the server ({type(error).__name__}: {error})") from error
        if response.status in (413, 422):
            raise Unprocessable(f"{response.status} {answer[:500].decode('utf-8', 'replace')}")
        if response.status != 200:
            self.close()
            raise NotTaken(_explain(response.status, answer), _retry_after(response.getheader("Retry-After", "")))
        try:
            results = json.loads(answer)["results"]
            return {str(result["uid"]): str(result["status"]) for result in results}
        except (ValueError, KeyError, TypeError) as error:
            self.close()
            raise NotTaken("the server answered 200, but not as agreed") from error


def _explain(status: int, answer: bytes) -> str:
    if status in (401, 403):
        return f"the server refuses this gateway's token ({status}); see `--token-file`"
    return f"the server answered {status}: {answer[:200].decode('utf-8', 'replace')}"


def _retry_after(text: str) -> float:
    return min(float(text), 600.0) if text and text.isdigit() else 0.0


@dataclass
class Sender:
    """Empties the spool into the server.  `wake()` says that there is something new."""

    spool: Spool
    server: Server
    batch_messages: int = BATCH_MESSAGES
    batch_bytes: int = BATCH_BYTES
    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S
    spacing_s: float = SPACING_S
    on_settled: Callable[[Record], None] | None = None
    sent: Counter[str] = field(default_factory=Counter)
    set_aside: int = 0
    problem: str = ""  # why nothing goes through now; "" while it does
    oldest: Record | None = None  # the first message that the server has not answered for
    _news: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _failures: int = 0
    _said: float = 0.0
    _strikes: Counter[int] = field(default_factory=Counter)
    _highest: int = 0  # the last sequence number that was ever sent

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        if not self._news.is_set():
            self._news.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Finish the request under way, then end.  What is not sent stays in the spool."""
        self._stop.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        self.server.close()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        started, left = 0.0, list[Record]()
        while not self._stop.is_set():
            wait = started + self.spacing_s - time.monotonic()
            if wait > 0:
                self._stop.wait(wait)
            started = time.monotonic()
            self._news.clear()
            try:
                left += self.spool.read(limit=self.batch_messages - len(left), max_bytes=self.batch_bytes)
            except Exception as error:  # a bad disk must not end the thread; the records stay where they are
                self._fail(f"the spool cannot be read: {error}", 0.0)
                self.spool.rewind()
                left, self._highest = [], self.spool.settled
                continue
            self.oldest = left[0] if left else None
            if not left:
                self._news.wait(1.0)
                started = 0.0
                continue
            left = self._deliver_some(left)

    def _deliver_some(self, records: list[Record]) -> list[Record]:
        """Send these; those that the server did not answer for, in order, to be sent again with what comes."""
        try:
            settled = self._deliver(records)
        except NotTaken as error:
            self._fail(str(error), error.retry_after_s)
            return records
        except Exception as error:
            log.exception("sending failed in a way that nobody foresaw; trying again")
            self._fail(f"{type(error).__name__}: {error}", 0.0)
            return records
        left = [r for r in records if r.seq not in settled]
        if len(left) == len(records):
            self._fail("the server answered, but for none of the messages", 0.0)
            return left
        self._succeed()
        left = [r for r in left if not self._passed_over(r)]
        self._highest = max(self._highest, records[-1].seq)
        self.spool.settle(left[0].seq - 1 if left else self._highest)
        return left

    def _passed_over(self, record: Record) -> bool:
        """Did the server, time after time, answer for others and not for this one?  Then it is set aside."""
        self._strikes[record.seq] += 1
        if self._strikes[record.seq] < STRIKES:
            return False
        del self._strikes[record.seq]
        self._put_aside(record, f"the server answered {STRIKES} times for others and not for this message")
        return True

    def _deliver(self, records: list[Record]) -> set[int]:
        """The sequence numbers that are settled by one request, or by halving it."""
        try:
            results = self.server.post([_with_sequence(r) for r in records])
        except Unprocessable as error:
            if len(records) == 1:
                self._put_aside(records[0], str(error))
                return {records[0].seq}
            half = len(records) // 2
            settled = self._deliver(records[:half])
            try:
                return settled | self._deliver(records[half:])
            except NotTaken:
                if settled:
                    return settled  # what was answered is settled; the rest comes again
                raise
        settled = set()
        for record in records:
            status = results.get(str(UUID(bytes=record.uid)))
            if status is not None:
                settled.add(record.seq)
                self._strikes.pop(record.seq, None)
                self.sent[status] += 1
                if self.on_settled:
                    self.on_settled(record)
        return settled

    def _put_aside(self, record: Record, why: str) -> None:
        """A message that the server will never take: kept as a file of its own, with what the server said."""
        uid = str(UUID(bytes=record.uid))
        kept = json.dumps({"why": why, "message": json.loads(_with_sequence(record))}, ensure_ascii=False, indent=1)
        self.spool.keep_aside(f"{record.seq:020d}-{uid}.json", kept.encode("utf-8"))
        self.set_aside += 1
        if self.on_settled:
            self.on_settled(record)
        log.error("the server cannot take message %s; it is set aside in the spool: %s", uid, why)

    # ------------------------------------------------------------ success, failure

    def _succeed(self) -> None:
        if self._failures:
            log.info("the server takes messages again, after %d failed attempts", self._failures)
        self._failures, self.problem = 0, ""

    def _fail(self, why: str, retry_after_s: float) -> None:
        """Say it, now and then, and wait: longer each time, never in step with other gateways."""
        now = time.monotonic()
        if why != self.problem or now - self._said > 60.0:
            log.warning("%s; %d messages wait on this disk, trying again", why, self.spool.waiting)
            self._said = now
        self.problem = why
        pause = min(self.longest_pause_s, self.first_pause_s * 2 ** min(self._failures, 20))
        self._failures += 1
        pause = max(retry_after_s, pause * (0.75 + 0.5 * random.random()))  # noqa: S311 - spreading, not secrecy
        self._stop.wait(pause)


def _with_sequence(record: Record) -> bytes:
    return b'{"sequence":%d,' % record.seq + record.payload[1:]


def is_rejected(record: Record) -> bool:
    return bool(record.flags & REJECTED)
