"""How long from a monitor's message until its values are at the screen?  The whole path, with nothing missed.

    python -m tests.bench.path

Runs the real `stillhaven serve` with its gateway; N monitors send a message of eight values each second, and N screens
hold an event stream open.  Counted from the moment a message is written to the wire until the delta with its values is
read from the stream.  At the end one real browser: from the wire until the frame after the number changed.

STILLHAVEN_BENCH_CHAIRS    how many chairs, one run each (default 10,25,50)
STILLHAVEN_BENCH_SECONDS   how long each run sends (default 10; the figure in the docs is of 600)
STILLHAVEN_BENCH_RATE      messages a second from each monitor (default 1)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stillhaven.devices import hl7, mllp
from tests.bench.running import Running, Taken, load

CHAIRS = [int(n) for n in os.environ.get("STILLHAVEN_BENCH_CHAIRS", "10,25,50").split(",")]
SECONDS = float(os.environ.get("STILLHAVEN_BENCH_SECONDS", "10"))
RATE = float(os.environ.get("STILLHAVEN_BENCH_RATE", "1"))
WATCHED = ("heart_rate_per_min", "pulse_rate_per_min", "spo2_pct", "resp_rate_per_min", "etco2_mmhg")
CUFF = {"systolic_mmhg": 121.0, "diastolic_mmhg": 78.0, "mean_pressure_mmhg": 92.0}
PROBE = {"heart_rate_per_min": "1.1.1.1", "pulse_rate_per_min": "1.1.2.1"}


def message(taken: Taken, number: int, at: datetime) -> bytes:
    """One message of eight values; the cuff's are a few minutes old, as they mostly are."""
    values = {"heart_rate_per_min": 60 + number % 40, "pulse_rate_per_min": 60 + number % 40, "spo2_pct": 97 + number % 3,
              "resp_rate_per_min": 12 + number % 5, "etco2_mmhg": 36 + number % 5}  # fmt: skip
    seen = [hl7.Observation(signal=s, value=float(v), probe=PROBE.get(s, "")) for s, v in values.items()]
    cuff_at = at.replace(minute=at.minute // 3 * 3, second=0, microsecond=0)
    seen += [hl7.Observation(signal=s, value=v, at=cuff_at) for s, v in CUFF.items()]
    return hl7.build_oru(
        taken.device, f"{taken.device}-{number}", at, seen, patient_id=taken.patient, bed=taken.bed, mode="simulated"
    )


@dataclass
class Screen(asyncio.Protocol):
    """One event stream, as a browser holds it: notes when each value came."""

    host: str
    taken: Taken
    since: str = ""
    arrived: dict[tuple[str, int], float] = field(default_factory=dict)
    again: int = 0
    backwards: int = 0
    wrong: list[str] = field(default_factory=list)
    last_ms: dict[str, int] = field(default_factory=dict)
    cursor: tuple[int, int] = (0, 0)
    id: str = ""
    ended: bool = False

    def __post_init__(self) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.head, self.raw, self.text, self.begun = True, b"", b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        lines = [f"GET /sessions/{self.taken.session}/live/stream HTTP/1.1", f"Host: {self.host}",
                 f"Cookie: stillhaven={self.taken.cookie}", "Accept: text/event-stream"]  # fmt: skip
        if self.since:
            lines.append(f"Last-Event-ID: {self.since}")
        transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.raw += data
        if self.head:
            head, found, rest = self.raw.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head.split(b"\r\n")[0]:
                if not self.opened.done():
                    self.opened.set_exception(AssertionError(self.raw[:300]))
                return
            self.head, self.raw = False, rest
            self.chunked = b"chunked" in head.lower()
        self._unchunk()
        while (end := self.text.find(b"\n\n")) >= 0:
            event, self.text = self.text[:end], self.text[end + 2 :]
            self.take(event, now)

    def _unchunk(self) -> None:
        if not self.chunked:
            self.text, self.raw = self.text + self.raw, b""
            return
        while (end := self.raw.find(b"\r\n")) >= 0:
            size = int(self.raw[:end] or b"0", 16)
            if len(self.raw) < end + 2 + size + 2:
                return
            self.text += self.raw[end + 2 : end + 2 + size]
            self.raw = self.raw[end + 2 + size + 2 :]

    def take(self, event: bytes, now: float) -> None:
        if not event.startswith(b"event: state"):
            return
        _, name, data = event.split(b"\n", 2)
        self.id = name.removeprefix(b"id: ").decode()
        state = json.loads(data.removeprefix(b"data: "))
        v, _, c = self.id.partition(".")
        cursor = int(v[1:]), int(c[1:])
        if cursor[0] < self.cursor[0]:
            self.wrong.append(f"the cursor went back from {self.cursor} to {cursor}")
        self.cursor = cursor
        for signal, points in state.get("points", {}).items():
            for point in points:
                self.point(signal, int(point[0]), now)
        if not self.begun:
            self.begun = True
            self.opened.set_result(None)

    def point(self, signal: str, ms: int, now: float) -> None:
        if (signal, ms) in self.arrived:
            self.again += signal in WATCHED  # the cuff's value comes with every message
            return
        self.arrived[(signal, ms)] = now
        if ms < self.last_ms.get(signal, 0):
            self.backwards += 1
        self.last_ms[signal] = max(ms, self.last_ms.get(signal, 0))

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the stream was closed before it began"))


class Monitor(asyncio.Protocol):
    """One monitor: sends a message at its own beat and reads the answers."""

    def __init__(self, taken: Taken) -> None:
        self.taken, self.sent, self.acked, self.refused = taken, dict[int, float](), 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.acked += data.count(b"MSA|AA|")
        self.refused += data.count(b"MSA|AE|") + data.count(b"MSA|AR|")

    async def send(self, for_s: float, rate: float) -> None:
        begun = time.perf_counter()
        next_at = begun + random.random() / rate
        number = 0
        while next_at < begun + for_s:
            await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
            at = datetime.now(UTC)
            at = at.replace(microsecond=at.microsecond // 1000 * 1000)
            wire = mllp.frame(message(self.taken, number, at))
            # the very number that hl7 and the screen make of it
            self.sent[int(at.timestamp() * 1000)] = time.perf_counter()
            self.transport.write(wire)
            number += 1
            next_at += 1 / rate


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one run measured."""

    chairs: int
    delays_s: list[float]
    missed: int
    again: int
    backwards: int
    wrong: list[str]
    messages: int
    unanswered: int

    def at(self, part: float) -> float:
        return self.delays_s[min(len(self.delays_s) - 1, int(len(self.delays_s) * part))] if self.delays_s else 0.0

    @property
    def holds(self) -> bool:
        clean = not (self.missed or self.backwards or self.wrong or self.unanswered)
        return clean and bool(self.delays_s) and self.at(0.99) < 0.25 and self.delays_s[-1] < 1.0


async def run(clinic: Running, chairs: Sequence[Taken], seconds: float, rate: float = 1.0) -> Found:
    """Send for so long to so many screens; then wait for the last values and compare."""
    loop = asyncio.get_running_loop()
    host = f"127.0.0.1:{clinic.port}"
    screens = []
    for taken in chairs:
        _, screen = await loop.create_connection(lambda t=taken: Screen(host, t), "127.0.0.1", clinic.port)
        await asyncio.wait_for(screen.opened, 60)
        screen.arrived.clear()
        screens.append(screen)
    made = [
        await loop.create_connection(lambda t=taken: Monitor(t), "127.0.0.1", clinic.gateway_port) for taken in chairs
    ]
    monitors = [monitor for _, monitor in made]
    await asyncio.gather(*(monitor.send(seconds, rate) for monitor in monitors))
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline and any(missing(m, s) for m, s in zip(monitors, screens, strict=True)):
        await asyncio.sleep(0.1)
    delays, missed = [], 0
    for monitor, screen in zip(monitors, screens, strict=True):
        missed += len(missing(monitor, screen))
        for ms, sent in monitor.sent.items():
            at = max((screen.arrived.get((signal, ms), 0.0) for signal in WATCHED), default=0.0)
            if at:
                delays.append(at - sent)
    for one in (*screens, *monitors):
        one.transport.close()
    return Found(
        chairs=len(chairs), delays_s=sorted(delays), missed=missed, again=sum(s.again for s in screens),
        backwards=sum(s.backwards for s in screens), messages=sum(len(m.sent) for m in monitors),
        wrong=[w for s in screens for w in s.wrong] + [f"stream of {s.taken.bed} ended" for s in screens if s.ended],
        unanswered=sum(len(m.sent) - m.acked for m in monitors),
    )  # fmt: skip


def missing(monitor: Monitor, screen: Screen) -> list[tuple[str, int]]:
    """What was sent and is not at the screen."""
    return [(signal, ms) for ms in monitor.sent for signal in WATCHED if (signal, ms) not in screen.arrived]


def pixels(clinic: Running, taken: Taken, seconds: float) -> list[float]:
    """Seconds from the wire until the frame after the number on a real browser's screen changed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--mute-audio"])
        context = chromium.new_context(viewport={"width": 1180, "height": 820}, service_workers="block")
        context.add_cookies([{"name": "stillhaven", "value": taken.cookie, "url": clinic.url}])
        page = context.new_page()
        page.goto(f"{clinic.url}/sessions/{taken.session}/live/", timeout=120_000)
        page.wait_for_selector("html[data-ready=true]", timeout=120_000)
        page.evaluate(LOOK)
        time.sleep(1.0)
        with ThreadPoolExecutor(1) as beside:  # the browser's own loop runs in this thread
            sent = beside.submit(lambda: asyncio.run(_alone(clinic, taken, seconds))).result()
        time.sleep(3.0)
        seen = page.evaluate("window.seen")
        chromium.close()
    shown: dict[str, list[float]] = defaultdict(list)
    for text, at in seen:
        shown[text].append(at / 1000)
    delays = []
    for value, at in sent:
        later = [t for t in shown[str(value)] if t >= at]
        if later:
            delays.append(min(later) - at)
    print(f"{'  shown of sent:':42s}{len(delays):7d} of {len(sent)}")
    return sorted(delays)


LOOK = """() => { window.seen = [];
  const tile = document.querySelector('[data-signal=heart_rate_per_min] [data-part=num]');
  let last = tile.textContent;
  new MutationObserver(() => { const text = tile.textContent; if (text === last) return; last = text;
    requestAnimationFrame(() => setTimeout(() => window.seen.push([text, performance.timeOrigin + performance.now()])));
  }).observe(tile, {characterData: true, childList: true, subtree: true}); }"""


async def _alone(clinic: Running, taken: Taken, seconds: float) -> list[tuple[int, float]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: Monitor(taken), "127.0.0.1", clinic.gateway_port)
    sent = []
    for number in range(int(seconds)):
        at = datetime.now(UTC)
        wire = mllp.frame(message(taken, number, at.replace(microsecond=at.microsecond // 1000 * 1000)))
        sent.append((60 + number % 40, time.time()))
        transport.write(wire)
        await asyncio.sleep(1.0 + random.random() / 20)
    transport.close()
    return sent


def tell(found: Found, spent: dict[str, float], seconds: float) -> None:
    """One run in two lines."""
    ms = [found.at(p) * 1e3 for p in (0.5, 0.99)] + [(found.delays_s[-1] if found.delays_s else 0.0) * 1e3]
    print(f"{f'{found.chairs} chairs, message to screen:':42s}median {ms[0]:5.0f}   p99 {ms[1]:5.0f}   max {ms[2]:5.0f} ms"
          f"   {'holds' if found.holds else 'DOES NOT HOLD'}   ({load()})")  # fmt: skip
    busy = ", ".join(f"{name} {100 * s / seconds:.0f} %" for name, s in spent.items() if s / seconds > 0.005)
    print(f"{'':42s}{found.messages} messages, {found.missed} values missed, {found.again} came twice, "
          f"{found.backwards} out of order, {found.unanswered} unanswered; of one core: {busy}")  # fmt: skip
    for line in found.wrong[:5]:
        print(f"{'':42s}{line}")


def main(seconds: float = SECONDS, chairs: Sequence[int] = CHAIRS) -> None:
    """Print the figures."""
    with Running() as clinic:
        seated = clinic.seed(max(chairs))
        asyncio.run(run(clinic, seated[:2], 2.0))
        best = 0
        for count in chairs:
            before, begun = clinic.cpu_s(), time.monotonic()
            found = asyncio.run(run(clinic, seated[:count], seconds, RATE))
            spent = {name: s - before.get(name, 0.0) for name, s in clinic.cpu_s().items()}
            tell(found, spent, time.monotonic() - begun)
            best = max(best, count) if found.holds else best
            time.sleep(1.0)
        print(f"{'chairs that held p99 < 250 ms, max < 1 s:':42s}{best:7d}")
        if os.environ.get("STILLHAVEN_BENCH_PIXELS", "1") == "1":
            with contextlib.suppress(ImportError):
                found_s: list[Any] = pixels(clinic, seated[0], max(10.0, min(seconds, 60.0)))
                if found_s:
                    ms = [found_s[int(len(found_s) * p)] * 1e3 for p in (0.5, 0.99)] + [found_s[-1] * 1e3]
                    print(f"{'one screen, message to pixels:':42s}median {ms[0]:5.0f}   p99 {ms[1]:5.0f}"
                          f"   max {ms[2]:5.0f} ms   ({load()})")  # fmt: skip


if __name__ == "__main__":
    main()
