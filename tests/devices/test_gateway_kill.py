"""The real command, killed again and again in the middle of traffic: nothing acknowledged is lost, doubled or halved.

Each round starts the gateway on the same spool, lets several monitors send (each sends again what was not answered),
kills it at a random moment with -9, and has the server fail now and then.  At the end everything that was acknowledged
is at the server once.  STILLHAVEN_KILL_ROUNDS sets how many rounds (6 unless told; 1,000 is the goal of a release).
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stillhaven.devices import hl7, mllp
from tests.devices.fake_server import FakeServer

ROUNDS = int(os.environ.get("STILLHAVEN_KILL_ROUNDS", "6"))
START = datetime(2026, 11, 21, 14, tzinfo=UTC)
SIGNALS = ("spo2_pct", "heart_rate_per_min", "resp_rate_per_min")


class Gateway:
    """The command as a process."""

    def __init__(self, folder: Path, url: str, port: int, *options: str) -> None:
        self.folder, self.port = folder, port
        folder.mkdir(exist_ok=True)
        token = folder / "token"
        token.write_text("secret")
        token.chmod(0o600)
        self.command = [sys.executable, "-m", "stillhaven", "gateway", "--listen", f"127.0.0.1:{port}", "--server", url,
                        "--token-file", str(token), "--spool", str(folder / "spool"), *options]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, env: dict[str, str] | None = None) -> None:
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stderr=log, env={**os.environ, **(env or {})})
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("the gateway did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def status(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return dict(json.loads((self.folder / "spool" / "status.json").read_text()))
        return {}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def ask(line: socket.socket, message: bytes, chance: random.Random) -> str:
    """The answer's code; the message goes out whole, in pieces, or byte by byte."""
    wire = mllp.frame(message)
    step = chance.choice((len(wire), len(wire), 50, 1 if chance.random() < 0.1 else 200))
    for at in range(0, len(wire), step):
        line.sendall(wire[at : at + step])
    data = b""
    while not data.endswith(b"\x1c\r"):
        piece = line.recv(65536)
        if not piece:
            raise ConnectionError("hung up")
        data += piece
    code, control, _ = hl7.parse_ack(data.strip(b"\x0b\x1c\r"))
    assert control == hl7.header(message.decode()).control_id
    return code


class Monitor(threading.Thread):
    """Sends one message after the other; sends again whatever was not answered; remembers what was acknowledged."""

    def __init__(self, name: str, port: int, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.port, self.stopped = port, stop
        self.acknowledged: list[str] = []
        self.sent: set[str] = set()
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.failed = error

    def _run(self) -> None:
        chance, number, line = random.Random(self.name), 0, None
        while not self.stopped.is_set():
            control = f"{self.name}-{number}"
            at = START + timedelta(seconds=number)
            values = [hl7.Observation(signal=s, value=float(60 + number % 40)) for s in SIGNALS]
            message = hl7.build_oru(self.name, control, at, values)
            self.sent.add(control)
            try:
                if line is None:
                    line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                if ask(line, message, chance) == "AA":
                    self.acknowledged.append(control)
                    number += 1
                    if chance.random() < 0.05:
                        assert ask(line, message, chance) == "AA"  # a resend out of caution
            except OSError:
                line = None
                time.sleep(0.05)


def check(fake: FakeServer, monitors: list[Monitor]) -> None:
    """Everything acknowledged is there, whole, once; nothing is there that nobody sent."""
    stored = list(fake.stored.values())
    controls = [m["control_id"] for m in stored]
    assert len(controls) == len(set(controls)), "doubled"
    for monitor in monitors:
        assert monitor.failed is None, monitor.failed
        assert set(monitor.acknowledged) <= set(controls), "lost"
    assert set(controls) <= {c for m in monitors for c in m.sent}
    assert all([r["signal"] for r in m["readings"]] == list(SIGNALS) for m in stored), "halved"
    sequences = [m["sequence"] for m in stored]
    assert len(sequences) == len(set(sequences))


def drained(gateway: Gateway, fake: FakeServer, monitors: list[Monitor]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if all(set(m.acknowledged) <= set(fake.controls()) for m in monitors):
            return
        time.sleep(0.1)
    raise AssertionError(f"not everything arrived: {gateway.status()}")


def test_nothing_acknowledged_is_lost_doubled_or_halved_by_kills_and_outages(tmp_path: Path) -> None:
    chance = random.Random(ROUNDS)

    def moody(batch: dict[str, Any]) -> tuple[int, Any] | None:
        roll = chance.random()
        if roll < 0.10:
            return 503, {"detail": "busy"}
        if roll < 0.15:
            return 200, "hang up"
        if roll < 0.25:
            fake.take(batch)  # stored, and the answer is lost
            return 200, "hang up"
        return None

    fake = FakeServer(moody)
    stop = threading.Event()
    gateway = Gateway(tmp_path, fake.url, free_port())
    monitors = [Monitor(f"MON-{n}", gateway.port, stop) for n in range(3)]
    try:
        gateway.start()
        for monitor in monitors:
            monitor.start()
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.05, 0.8))
            gateway.kill()
            gateway.start()
        time.sleep(0.5)
        stop.set()
        for monitor in monitors:
            monitor.join(30)
        drained(gateway, fake, monitors)
        check(fake, monitors)
        assert sum(len(m.acknowledged) for m in monitors) > 10 * ROUNDS
        assert gateway.stop() == 0
    finally:
        stop.set()
        if gateway.process and gateway.process.poll() is None:
            gateway.kill()
        fake.close()


def test_a_clock_that_jumps_by_days_changes_no_promise(tmp_path: Path) -> None:
    fake = FakeServer()
    clock = tmp_path / "clock"
    gateway = Gateway(tmp_path / "gw", fake.url, free_port())
    chance = random.Random(1)
    try:
        clock.write_text("")
        gateway.start(env={"STILLHAVEN_CLOCK": f"@{clock}"})
        line = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
        for number, shift in enumerate(("", "+5d", "-9d", "+1h", "")):
            clock.write_text(shift)
            time.sleep(0.05)
            values = [hl7.Observation(signal="spo2_pct", value=97.0)]
            for repeat in range(2):
                message = hl7.build_oru("MON-1", f"{number}", START + timedelta(seconds=number), values)
                assert ask(line, message, chance) == "AA", repeat
        end = time.monotonic() + 30
        while len(fake.stored) < 5 and time.monotonic() < end:
            time.sleep(0.05)
        assert fake.controls() == ["0", "1", "2", "3", "4"]
        arrived = [datetime.fromisoformat(m["received_at"]) for m in fake.stored.values()]
        assert arrived[1] - arrived[0] > timedelta(days=4)
        assert arrived[2] < arrived[0] - timedelta(days=8)
        assert [m["sequence"] for m in fake.stored.values()] == [1, 2, 3, 4, 5]
        assert gateway.stop() == 0
    finally:
        if gateway.process and gateway.process.poll() is None:
            gateway.kill()
        fake.close()


def test_a_disk_that_really_fills_up_is_never_acknowledged_into(tmp_path: Path) -> None:
    """A file size limit stands in for a full disk: the write fails half way, as it does there."""
    fake = FakeServer(lambda batch: (503, {}))
    gateway = Gateway(tmp_path, fake.url, free_port())
    limited = ["bash", "-c", 'ulimit -f 64; trap "" XFSZ; exec "$@"', "bash", *gateway.command]
    chance, answers = random.Random(1), dict[str, str]()
    try:
        whole, gateway.command = gateway.command, limited
        gateway.start()
        line = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
        for number in range(120):
            values = [hl7.Observation(signal=s, value=97.0) for s in SIGNALS]
            message = hl7.build_oru("MON-1", f"{number}", START + timedelta(seconds=number), values)
            answers[f"{number}"] = ask(line, message, chance)
        assert {"AA", "AE"} == set(answers.values())
        gateway.kill()
        fake.decide = None
        gateway.command = whole
        gateway.start()
        safe = {control for control, code in answers.items() if code == "AA"}
        end = time.monotonic() + 30
        while set(fake.controls()) < safe and time.monotonic() < end:
            time.sleep(0.05)
        assert set(fake.controls()) == safe
        assert gateway.stop() == 0
    finally:
        if gateway.process and gateway.process.poll() is None:
            gateway.kill()
        fake.close()


def test_a_paused_gateway_goes_on_where_it_was(tmp_path: Path) -> None:
    fake, stop = FakeServer(), threading.Event()
    gateway = Gateway(tmp_path, fake.url, free_port())
    monitors = [Monitor("MON-P", gateway.port, stop)]
    try:
        gateway.start()
        assert gateway.process is not None
        monitors[0].start()
        for _ in range(3):
            time.sleep(0.2)
            gateway.process.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
            gateway.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        stop.set()
        monitors[0].join(30)
        drained(gateway, fake, monitors)
        check(fake, monitors)
        assert gateway.stop() == 0
    finally:
        stop.set()
        if gateway.process and gateway.process.poll() is None:
            gateway.process.send_signal(signal.SIGCONT)
            gateway.kill()
        fake.close()


@pytest.mark.parametrize(("change", "said"), [
    (("--listen", "nowhere"), "HOST:PORT"), (("--server", "clinic"), "https://"), (("--zone", "Mars/Base"), "time zone"),
    (("--token-file", "/nonexistent"), "cannot be read"), (("--devices", "/nonexistent"), "devices"),
    (("--ca", "/nonexistent", "--server", "https://x.example"), "certificates"),
])  # fmt: skip
def test_a_wrong_start_says_what_is_wrong_and_ends(tmp_path: Path, change: tuple[str, ...], said: str) -> None:
    gateway = Gateway(tmp_path, "http://127.0.0.1:9", 0, *change)
    done = subprocess.run(gateway.command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_gateway_on_the_same_folder_refuses_and_names_the_first(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, "http://127.0.0.1:9", free_port())
    try:
        gateway.start()
        assert gateway.process is not None
        done = subprocess.run(gateway.command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert f"in use by another gateway (process {gateway.process.pid})" in done.stderr
        assert gateway.stop() == 0
    finally:
        if gateway.process and gateway.process.poll() is None:
            gateway.kill()
