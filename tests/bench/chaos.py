"""Is anything acknowledged ever lost, doubled or halved?  Parts of a running clinic are killed while messages flow.

    python -m tests.bench.chaos [ROUNDS]

Each round picks one harm at random: kill -9 of gateway, web, database or watch (or two at once), a pause (SIGSTOP, then
SIGCONT), a jump of the clock by days.  Meanwhile monitors send, resend what was not answered and what was, out of order,
whole or in single bytes.  At the end every message that was acknowledged is in GET /api/readings once, with all its
values, nothing else is there, and `verify` finds the record whole.

STILLHAVEN_CHAOS_ROUNDS    how many rounds (default 10; the figure in the docs is of 200, the goal 1,000)
STILLHAVEN_CHAOS_SEED      the same seed harms in the same order
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from stillhaven.devices import hl7, mllp
from tests.bench.running import Running, load, until

SIGNALS = ("spo2_pct", "heart_rate_per_min", "resp_rate_per_min", "etco2_mmhg")
START = datetime(2026, 11, 21, 14, tzinfo=UTC)
KILLS = ("gateway", "web", "postgres", "watch")


def value_of(number: int, signal_name: str) -> float:
    """What message `number` says of this signal: to be found again at the end."""
    return float(
        {"spo2_pct": 90, "heart_rate_per_min": 50, "resp_rate_per_min": 8, "etco2_mmhg": 30}[signal_name] + number % 10
    )


class Monitor(threading.Thread):
    """Sends; sends again what was not answered; now and then something old once more."""

    def __init__(self, name: str, port: int, stop: threading.Event, every_s: float = 0.03) -> None:
        super().__init__(name=name, daemon=True)
        self.port, self.stopped, self.every_s = port, stop, every_s
        self.acknowledged: set[int] = set()
        self.sent: set[int] = set()
        self.failed: BaseException | None = None
        self.chance = random.Random(name)
        self.line: socket.socket | None = None

    def run(self) -> None:
        try:
            pending: list[int] = []
            number = 0
            while not self.stopped.is_set():
                pending.append(number)
                number += 1
                if self.chance.random() < 0.2:
                    self.chance.shuffle(pending)
                again = (
                    [self.chance.choice(sorted(self.acknowledged))] if self.acknowledged and number % 13 == 0 else []
                )
                pending = [n for n in pending if not self.ask(n)]
                for old in again:
                    self.ask(old)
                time.sleep(self.every_s)
        except BaseException as error:
            self.failed = error

    def ask(self, number: int) -> bool:
        """Was this message acknowledged?"""
        control = f"{self.name}-{number}"
        values = [hl7.Observation(signal=s, value=value_of(number, s)) for s in SIGNALS]
        wire = mllp.frame(hl7.build_oru(self.name, control, START + timedelta(seconds=number), values))
        try:
            if self.line is None:
                self.line = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            self.sent.add(number)
            step = self.chance.choice((len(wire), len(wire), 100, 1 if self.chance.random() < 0.1 else 400))
            for at in range(0, len(wire), step):
                self.line.sendall(wire[at : at + step])
            data = b""
            while not data.endswith(b"\x1c\r"):
                piece = self.line.recv(65536)
                if not piece:
                    raise ConnectionError("hung up")
                data += piece
        except OSError:
            if self.line is not None:
                self.line.close()
            self.line = None
            time.sleep(0.1)
            return False
        code, answered, why = hl7.parse_ack(data.strip(b"\x0b\x1c\r"))
        assert answered == control, (answered, control)
        if code == "AA":
            self.acknowledged.add(number)
        else:
            assert code == "AE", (code, why)  # the disk, or too much at once: sent again
        return code == "AA"


@dataclass
class Outcome:
    """What the rounds did and what was found."""

    rounds: int
    harms: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    halved: list[str] = field(default_factory=list)
    never_sent: list[str] = field(default_factory=list)
    verify: str = ""

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.halved or self.never_sent or self.verify)


def harm(clinic: Running, clock: Path, chance: random.Random) -> str:
    """Do one harm; says which."""
    kind = chance.choice(("kill", "kill", "kill", "two", "pause", "clock"))
    if kind == "clock":
        clock.write_text(chance.choice(("+3d", "-2d", "+90s", "-1h", "")))
        return "clock"
    names = chance.sample(KILLS, 2 if kind == "two" else 1)
    for name in names:
        processes = [p for p in clinic.processes(name) if p.is_running()]
        if not processes:
            continue
        # of the database any backend may die, or the whole; of the others the part itself
        target = chance.choice(processes) if name == "postgres" else processes[0 if name != "web" else -1]
        with contextlib.suppress(psutil.Error):
            target.send_signal(signal.SIGSTOP if kind == "pause" else signal.SIGKILL)
        if kind == "pause":
            time.sleep(chance.uniform(0.2, 1.5))
            with contextlib.suppress(psutil.Error):
                target.send_signal(signal.SIGCONT)
    return f"{'paused' if kind == 'pause' else 'killed'} {' and '.join(sorted(names))}"


def play(rounds: int, seed: int = 1, monitors: int = 3) -> Outcome:
    """So many rounds; then quiet, and the count."""
    chance, outcome, stop = random.Random(seed), Outcome(rounds=rounds), threading.Event()
    with Running(clock_file=True) as clinic:
        try:
            return _play(clinic, chance, outcome, stop, rounds, monitors)
        finally:
            stop.set()


def _play(
    clinic: Running, chance: random.Random, outcome: Outcome, stop: threading.Event, rounds: int, monitors: int
) -> Outcome:
    clinic.seed(1)
    clock = clinic.home / "clock"
    sending = [Monitor(f"CHAOS-{n}", clinic.gateway_port, stop) for n in range(monitors)]
    for monitor in sending:
        monitor.start()
    for number in range(rounds):
        time.sleep(chance.uniform(0.2, 1.2))
        outcome.harms[harm(clinic, clock, chance)] += 1
        time.sleep(chance.uniform(0.0, 0.5))
        if number % 5 == 4:  # let everything come back, so that later rounds harm something alive
            until(lambda: all(clinic.pid(name) for name in KILLS) and clinic.answers(), "every part is back")
    clock.write_text("")
    until(lambda: all(clinic.pid(name) for name in KILLS) and clinic.answers(), "every part is back")
    before = [len(m.acknowledged) for m in sending]
    until(lambda: all(len(m.acknowledged) > b + 5 for m, b in zip(sending, before, strict=True)), "messages flow again")
    stop.set()
    for monitor in sending:
        monitor.join(30)
        if monitor.failed is not None:
            raise monitor.failed
    time.sleep(1.5)  # the gateway writes its status each second
    until(lambda: clinic.spool().get("waiting") == 0, "the gateway has brought everything")
    count(clinic, sending, outcome)
    done = clinic.run("-m", "stillhaven", "manage", "verify")
    outcome.verify = "" if done.returncode == 0 else (done.stdout + done.stderr)[-2000:]
    return outcome


def count(clinic: Running, sending: list[Monitor], outcome: Outcome) -> None:
    """Everything acknowledged is there, whole, once; nothing is there that nobody sent."""
    stored: dict[str, list[tuple[str, float]]] = defaultdict(list)
    uids: Counter[str] = Counter()
    for reading in clinic.readings():
        if reading["device"].startswith("CHAOS-"):
            stored[reading["message"]].append((reading["signal"], reading["value"]))
            uids[reading["uid"]] += 1
    outcome.doubled += [uid for uid, n in uids.items() if n > 1]
    sent = {f"{m.name}-{n}": n for m in sending for n in m.sent}
    outcome.never_sent += sorted(set(stored) - set(sent))
    for monitor in sending:
        outcome.acknowledged += len(monitor.acknowledged)
        outcome.lost += [c for n in sorted(monitor.acknowledged) if (c := f"{monitor.name}-{n}") not in stored]
    for control, values in stored.items():
        expected = sorted((s, value_of(sent.get(control, 0), s)) for s in SIGNALS)
        if len(values) > len(SIGNALS):
            outcome.doubled.append(control)
        elif sorted(values) != expected:
            outcome.halved.append(control)


def main() -> None:
    """Print the figures; the exit code says whether the record held."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("STILLHAVEN_CHAOS_ROUNDS", "10"))
    begun = time.monotonic()
    found = play(rounds, int(os.environ.get("STILLHAVEN_CHAOS_SEED", "1")))
    print(f"{f'{found.rounds} harms, {found.acknowledged} messages acknowledged:':42s}{len(found.lost)} lost, "
          f"{len(found.doubled)} doubled, {len(found.halved)} halved, {len(found.never_sent)} that nobody sent; record "
          f"{'whole' if not found.verify else 'NOT WHOLE'}   ({time.monotonic() - begun:.0f} s, {load()})")  # fmt: skip
    for what, times in sorted(found.harms.items()):
        print(f"{'':42s}{times:4d} times {what}")
    if not found.clean:
        print(found.lost[:10], found.doubled[:10], found.halved[:10], found.never_sent[:10], found.verify)
        sys.exit(1)


if __name__ == "__main__":
    main()
