"""What would a bedside monitor send while all this happens?  Virtual monitors that speak real HL7 over real MLLP.

Each monitor shows a virtual patient, writes one PCD-01 message a second (or as often as asked), sends it to a gateway
and waits for the answer.  While the gateway is away it keeps what it has, up to a limit as real monitors do, and then
sends the oldest first with the times at which the values were measured.  Every value of every message is marked as
simulated, so that a gateway cannot take it for real.

`speed` is a time-lapse: the patient's time runs faster than the clock, and what is sent is stamped with the clock, so
that screens stay current.  The clock comes from the caller; pacing alone uses the event loop's own time.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stillhaven.devices import hl7
from stillhaven.devices.drill import MonitorPlan, Settings
from stillhaven.devices.link import Link
from stillhaven.devices.physiology import Shown, VirtualPatient
from stillhaven.devices.scenarios import parse_dose, scenario
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Quality

KEPT_MESSAGES = 3600  # an hour at one a second: about what monitors keep
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_FLAG = {Quality.ARTEFACT: "INV", Quality.QUESTIONABLE: "QUES", Quality.NO_VALUE: "NAV"}
Say = Callable[[str], None]


@dataclass
class Tally:
    """What became of the messages of one monitor."""

    made: int = 0
    acknowledged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dropped: int = 0  # overwritten because the gateway was away for longer than the monitor can keep


class VirtualMonitor:
    """One monitor: makes messages from its patient, and keeps them until the gateway has them."""

    def __init__(
        self,
        plan: MonitorPlan,
        settings: Settings,
        *,
        started: datetime,
        speed: float = 1.0,
        keep: int = KEPT_MESSAGES,
    ) -> None:
        if speed <= 0:
            raise BadInput("speed", "must be over 0")
        self.plan = plan
        self.tally = Tally()
        self.waiting: deque[bytes] = deque()
        self.plugged_in = True  # a drill may pull the network plug by hand
        self.news = asyncio.Event()  # something to send, or the network may be back
        self._keep = keep
        self._speed = speed
        self._run = f"{started:%Y%m%d%H%M%S}{started.microsecond // 1000:03d}"
        self._cuff_stamp: tuple[int, datetime] | None = None
        self._done: dict[str, Any] = {}
        self._began_s = round(plan.start_minute * 60)
        self._turned = False
        self.patient = VirtualPatient(
            settings,
            scenario("calm"),
            seed=plan.seed,
            weight_kg=plan.weight_kg,
            doses=plan.doses,
            resting=plan.resting,
            cuff_every_min=plan.cuff_every_min,
        )
        turns = plan.start_minute if plan.scenario_minute is None else plan.scenario_minute
        self._turns_s = round(turns * 60)
        self._to(min(self._turns_s, self._began_s))
        self._to(self._began_s)

    def _to(self, second: int) -> None:
        """Move the patient on, and into the plan's scenario when its minute comes."""
        if second >= self._turns_s and not self._turned:
            self.patient.advance_to(self._turns_s)
            self.patient.change_scenario(self.plan.scenario)
            self._turned = True
        self.patient.advance_to(second)

    @property
    def online(self) -> bool:
        """Does the monitor reach its network, by its scenario and by hand?"""
        return self.plugged_in and self.patient.connected

    def observe(self, elapsed_s: float, now: datetime) -> bytes:
        """Move the patient on to `elapsed_s` after the start (clock), and keep the message that the monitor writes."""
        self._to(self._began_s + int(elapsed_s * self._speed))
        self.tally.made += 1
        message = self._message(now)
        self.waiting.append(message)
        while len(self.waiting) > self._keep:
            self.waiting.popleft()
            self.tally.dropped += 1
        self.news.set()
        return message

    def _message(self, now: datetime) -> bytes:
        return hl7.build_oru(
            self.plan.device,
            f"{self.plan.device}-{self._run}-{self.tally.made}",
            now,
            [self._observation(s, now) for s in self.patient.shown()],
            patient_id=self.plan.patient_id,
            patient_name=self.plan.patient_name,
            bed=self.plan.bed,
            mode="simulated",
        )

    def _observation(self, shown: Shown, now: datetime) -> hl7.Observation:
        flag = _FLAG.get(shown.quality, "")
        return hl7.Observation(signal=shown.signal, value=shown.value, at=self._own_time(shown, now), flag=flag)

    def _own_time(self, shown: Shown, now: datetime) -> datetime | None:
        """A cuff's own, older time: fixed when its result first goes out, so that a resend never looks like news."""
        if not shown.signal.endswith("_mmhg") or shown.signal == "etco2_mmhg":
            return None
        if self._cuff_stamp is None or self._cuff_stamp[0] != shown.t_s:
            ago = timedelta(seconds=(self.patient.t_s - shown.t_s) / self._speed)
            self._cuff_stamp = (shown.t_s, now - ago)
        return self._cuff_stamp[1]

    # ------------------------------------------------------------------ drills
    def command(self, wanted: Mapping[str, Any]) -> list[str]:
        """Do what a control file asks of this monitor, as far as it differs from what it asked before.

        Keys: `scenario`, `dose` ("0.5 mg/kg over 40 min"), `rate_mg_per_h`, `stop_dose`, `cuff`, `network` ("away" or
        "back").  To ask for the same again, change the value of `n`.  BadInput, and nothing done, if one is unreadable.
        """
        again = wanted.get("n") != self._done.get("n")
        new = {k: v for k, v in wanted.items() if again or k not in self._done or self._done[k] != v}
        deeds: list[tuple[str, Callable[[], None]]] = []
        for key, value in new.items():
            deeds += self._deed(key, value)
        for _, do in deeds:
            do()
        self._done = dict(wanted)
        return [said for said, _ in deeds]

    def _deed(self, key: str, value: Any) -> list[tuple[str, Callable[[], None]]]:
        patient, name = self.patient, self.plan.device
        if key == "n" or value in (None, False):
            return []
        if key == "scenario":
            chosen = scenario(str(value))
            return [(f"{name}: {chosen.title}", lambda: patient.change_scenario(chosen))]
        if key == "dose":
            dose = parse_dose(str(value), start_s=patient.t_s)
            return [(f"{name}: dose {value}", lambda: patient.give(dose))]
        if key == "rate_mg_per_h" and isinstance(value, (int, float)):
            return [(f"{name}: pump at {value:g} mg/h", lambda: patient.set_pump(float(value)))]
        if key == "stop_dose":
            return [(f"{name}: dose stopped", patient.stop_doses)]
        if key == "cuff":
            return [(f"{name}: cuff started", patient.take_cuff)]
        if key == "network" and value in ("away", "back"):
            return [(f"{name}: network {value}", lambda: setattr(self, "plugged_in", value == "back"))]
        raise BadInput(f"control file, {name}", f"{key} = {value!r} is not something a monitor can be told")


class ControlFile:
    """A JSON file that changes the drill while it runs: {"MON-2": {"scenario": "desaturation"}, "*": {...}}."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None

    def apply(self, monitors: Sequence[VirtualMonitor]) -> list[str]:
        """Read the file if it changed; what was done, and what in it could not be read."""
        try:
            stat = self.path.stat()
            if (stat.st_mtime_ns, stat.st_size) == self._seen:
                return []
            self._seen = (stat.st_mtime_ns, stat.st_size)
            wanted = json.loads(self.path.read_text(encoding="utf-8"))
            if not isinstance(wanted, dict) or not all(isinstance(v, dict) for v in wanted.values()):
                raise ValueError("must hold one object for each monitor")
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            return [f"control file {self.path} cannot be read: {error}"]
        said = [
            f"control file: no monitor {k}" for k in wanted if k != "*" and k not in {m.plan.device for m in monitors}
        ]
        for monitor in monitors:
            try:
                said += monitor.command({**wanted.get("*", {}), **wanted.get(monitor.plan.device, {})})
            except BadInput as error:
                said.append(str(error))
        return said


# ---------------------------------------------------------------------------- running
@dataclass(kw_only=True)
class Ward:
    """Several monitors in one process, each with its own connection to the gateway.

    `run` goes on until `stop` is set or, where `last_for_s` is given, for that long; then each monitor has
    `drain_s` to bring its last messages away.
    """

    monitors: Sequence[VirtualMonitor]
    host: str
    port: int
    clock: Callable[[], datetime]
    interval_s: float = 1.0
    control: ControlFile | None = None
    last_for_s: float | None = None
    drain_s: float = 5.0
    say: Say = lambda text: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _made_all: bool = False

    async def run(self) -> None:
        """Make and send messages until told to stop."""
        senders = [asyncio.create_task(self._send(m)) for m in self.monitors]
        try:
            await self._observe()
        finally:
            self._made_all = True
            for monitor in self.monitors:
                monitor.news.set()
            await asyncio.wait(senders, timeout=self.drain_s)
            for task in senders:
                task.cancel()
            results = await asyncio.gather(*senders, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _observe(self) -> None:
        """One message of each monitor every interval, spread over the interval; a late turn does not shift the next."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        turn = 0
        while not self.stop.is_set():
            for i, monitor in enumerate(self.monitors):
                due = start + (turn + i / len(self.monitors)) * self.interval_s
                if self.last_for_s is not None and due - start >= self.last_for_s:
                    return
                if await self._stopped(due - loop.time()):
                    return
                if self.control is not None and i == 0:
                    for said in self.control.apply(self.monitors):
                        self.say(said)
                monitor.observe(loop.time() - start, self.clock())
            turn += 1

    async def _stopped(self, seconds: float) -> bool:
        """Wait that long, or until told to stop."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return self.stop.is_set()
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _send(self, monitor: VirtualMonitor) -> None:
        """Bring this monitor's messages away, oldest first, one at a time, for as long as it takes."""
        link, tries, away = Link(host=self.host, port=self.port), 0, False
        try:
            while monitor.waiting or not self._made_all:
                if not monitor.waiting or not monitor.online:
                    monitor.news.clear()
                    if not self._made_all or monitor.waiting:
                        await monitor.news.wait()
                    continue
                message = monitor.waiting[0]
                try:
                    answer = await link.send(message)
                except (OSError, TimeoutError) as error:
                    if not away:
                        self.say(f"{monitor.plan.device}: no gateway at {self.host}:{self.port} ({error}); keeping")
                    away = True
                    await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                    tries += 1
                    continue
                if away:
                    self.say(f"{monitor.plan.device}: gateway is back, {len(monitor.waiting)} kept messages go out")
                tries, away = 0, False
                if monitor.waiting and monitor.waiting[0] is message:
                    monitor.waiting.popleft()
                if answer.taken:
                    monitor.tally.acknowledged += 1
                else:
                    monitor.tally.refused[f"{answer.code}: {answer.reason}"] += 1
                    self.say(f"{monitor.plan.device}: gateway refused a message: {answer.code} {answer.reason}")
        finally:
            link.close()


def numbered(name: str, index: int) -> str:
    """The name of the next monitor or chair: the number at its end counts on.

    >>> numbered("MON-1", 2), numbered("Chair", 1), numbered("B09", 1)
    ('MON-3', 'Chair 2', 'B10')
    """
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    if not digits:
        return name if index == 0 else f"{name} {index + 1}"
    return f"{stem}{int(digits) + index:0{len(digits)}d}"
