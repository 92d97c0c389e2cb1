"""How much does one gateway take: messages a second parsed, flushed and acknowledged, its own delay, its memory?

    python -m tests.bench.gateway

Runs the real command in a process of its own, pinned to one core where the machine has more, with a small server and
the load generator in other processes.  STILLHAVEN_BENCH_MESSAGES sets how many messages the memory part plays while
the server is away (the figure in the docs is of 1,000,000).  STILLHAVEN_BENCH_DIR chooses the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.request import urlopen

import psutil

from stillhaven.devices import hl7, mllp

names = itertools.count()
SIGNALS = (("heart_rate_per_min", 72), ("pulse_rate_per_min", 71), ("spo2_pct", 97), ("resp_rate_per_min", 14),
           ("etco2_mmhg", 38), ("systolic_mmhg", 121), ("diastolic_mmhg", 78), ("mean_pressure_mmhg", 92))  # fmt: skip


def messages(device: str, count: int) -> list[bytes]:
    """Messages of eight values each, all different."""
    start = datetime(2026, 11, 21, 14, tzinfo=UTC)
    out = []
    cuff = start - timedelta(minutes=2)
    values = [hl7.Observation(signal=s, value=float(v), probe=f"1.1.{i}.1", at=cuff if i > 4 else None)
              for i, (s, v) in enumerate(SIGNALS)]  # fmt: skip
    base = hl7.build_oru(device, "@@@", start, values)
    stamp = hl7.stamp(start).encode()
    for number in range(count):
        now = hl7.stamp(start + timedelta(milliseconds=number)).encode()
        out.append(base.replace(b"@@@", b"%d" % number).replace(stamp, now))
    return out


class Server(ThreadingHTTPServer):
    """A server that takes everything, and tells when it got it (GET)."""

    daemon_threads = True
    arrived: ClassVar[dict[str, float]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            now = time.time()
            for message in body["messages"]:
                Server.arrived[message["control_id"]] = now
            self.say({"results": [{"uid": m["uid"], "status": "stored"} for m in body["messages"]]})

        def do_GET(self) -> None:
            self.say(Server.arrived)

        def say(self, what: object) -> None:
            answer = json.dumps(what).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    @classmethod
    @contextlib.contextmanager
    def elsewhere(cls) -> Iterator[str]:
        """The server in a process of its own; yields its address."""
        code = "from tests.bench.gateway import Server; s = Server(('127.0.0.1', 0), Server.Handler); "
        code += "print(s.server_address[1], flush=True); s.serve_forever()"
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
            process.wait(10)


@contextlib.contextmanager
def gateway(folder: Path, server: str) -> Iterator[tuple[int, psutil.Process]]:
    """The real command on a free port; yields the port and the process."""
    token = folder / "token"
    token.write_text("bench")
    token.chmod(0o600)
    command = [sys.executable, "-m", "stillhaven", "gateway", "--listen", "127.0.0.1:0", "--server", server,
               "--token-file", str(token), "--spool", str(folder / "spool")]  # fmt: skip
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        port = 0
        for _ in range(400):
            text = (folder / "log").read_text()
            if "listening on" in text:
                port = int(text.split("listening on 127.0.0.1:")[1].split(",")[0])
                break
            time.sleep(0.05)
        watched = psutil.Process(process.pid)
        with contextlib.suppress(OSError, AttributeError):
            watched.cpu_affinity([max(os.sched_getaffinity(0))])
        yield port, watched
    finally:
        process.terminate()
        process.wait(20)


class Monitor(asyncio.Protocol):
    """Sends its messages, some of them under way at a time, and counts the acknowledgements."""

    def __init__(self, framed: list[bytes], window: int) -> None:
        self.framed, self.window = framed, window
        self.sent = self.acked = 0
        self.rest = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.go_on()

    def go_on(self) -> None:
        upto = min(len(self.framed), self.acked + self.window)
        if upto > self.sent:
            self.transport.write(b"".join(self.framed[self.sent : upto]))
            self.sent = upto

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        whole, end, self.rest = data.rpartition(b"\x1c\r")
        answers = (whole + end).count(b"\x1c\r")
        if whole.count(b"MSA|AA|") != answers:
            self.done.set_exception(AssertionError(data[:400]))
        self.acked += answers
        self.go_on()
        if self.acked == len(self.framed):
            self.done.set_result(None)
            self.transport.close()


async def load(port: int, connections: int, each: int, window: int = 1) -> float:
    """Seconds to have `each` messages acknowledged on each connection, `window` of them under way at a time."""
    # a name of its own each time: the same bytes of the same device would be kept once
    prepared = [[mllp.frame(m) for m in messages(f"MON-{next(names)}", each)] for _ in range(connections)]
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    monitors = [
        (await loop.create_connection(functools.partial(Monitor, framed, window), "127.0.0.1", port))[1]
        for framed in prepared
    ]
    await asyncio.gather(*(monitor.done for monitor in monitors))
    return time.perf_counter() - started


def drained(folder: Path) -> None:
    """Wait until the server has everything."""
    time.sleep(1.5)  # the status is written each second
    while json.loads((folder / "spool" / "status.json").read_text())["waiting"]:
        time.sleep(0.2)


async def delays(port: int, server: str, count: int, folder: Path) -> list[float]:
    """Seconds from the last byte of a message written to its arrival at the server, at fifty messages a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    left = dict[str, float]()
    for message in messages("MON-DELAY", count):
        own = message.replace(b"||ORU^R01^ORU_R01|", b"||ORU^R01^ORU_R01|d")
        left[hl7.header(own.decode()).control_id] = time.time()
        writer.write(mllp.frame(own))
        await reader.readuntil(b"\x1c\r")
        await asyncio.sleep(0.02)
    writer.close()
    await asyncio.sleep(1.5)
    drained(folder)
    with urlopen(server) as answer:
        arrived = json.load(answer)
    return sorted(arrived[key] - at for key, at in left.items())


def rate(process: psutil.Process, port: int, what: str, connections: int, each: int, window: int) -> None:
    """Print how many a second, and what that cost the gateway's core."""
    before = sum(process.cpu_times()[:2])
    took = asyncio.run(load(port, connections, each, window))
    busy = sum(process.cpu_times()[:2]) - before
    count = connections * each
    print(f"{what:42s}{count / took:7.0f} messages/s   ({busy / count * 1e6:.0f} us of the core each)")


def flush_s(folder: Path) -> float:
    """Seconds that this disk takes for one message's bytes and their flush, at this moment."""
    fd = os.open(folder / "flush", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started = time.perf_counter()
    for _ in range(200):
        os.write(fd, b"x" * 2500)
        os.fdatasync(fd)
    os.close(fd)
    return (time.perf_counter() - started) / 200


def main() -> None:
    """Print the figures."""
    folder = Path(tempfile.mkdtemp(prefix="stillhaven-bench-", dir=os.environ.get("STILLHAVEN_BENCH_DIR", "/var/tmp")))
    try:
        print(f"{'one flush of this disk, now:':42s}{flush_s(folder) * 1e6:7.0f} us   (judge the figures by it)")
        with Server.elsewhere() as server, gateway(folder, server) as (port, process):
            asyncio.run(load(port, 1, 300))
            rate(process, port, "one connection, one message under way:", 1, 3000, 1)
            rate(process, port, "one connection, fifty under way:", 1, 6000, 50)
            rate(process, port, "ten connections, one under way each:", 10, 600, 1)
            rate(process, port, "ten connections, ten under way each:", 10, 600, 10)
            drained(folder)
            seen = asyncio.run(delays(port, server, 500, folder))
            p50, p99 = seen[len(seen) // 2], seen[int(len(seen) * 0.99)]
            print(f"{'monitor to server, median / p99 / max:':42s}"
                  f"{p50 * 1e3:.1f} / {p99 * 1e3:.1f} / {seen[-1] * 1e3:.1f} ms")  # fmt: skip
        total = int(os.environ.get("STILLHAVEN_BENCH_MESSAGES", "20000"))
        away = folder / "away"
        away.mkdir()
        with gateway(away, "http://127.0.0.1:9") as (port, process):
            asyncio.run(load(port, 10, 200))
            before = process.memory_info().rss
            done = 0
            while done < total:
                asyncio.run(load(port, 10, min(5000, total // 10), window=20))
                done += 10 * min(5000, total // 10)
            after = process.memory_info().rss
            size = sum(p.stat().st_size for p in (away / "spool").rglob("*.seg"))
            print(f"{f'{done} messages, the server away:':42s}memory {before / 2**20:.0f} -> {after / 2**20:.0f} MiB, "
                  f"{size / 2**20:.0f} MiB on disk")  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
