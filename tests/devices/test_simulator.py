"""Virtual monitors on a real wire: nothing lost, nothing doubled, nothing that could be taken for a real patient's."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.devices import hl7, link, mllp, scenarios
from stillhaven.devices.drill import MonitorPlan
from stillhaven.devices.messages import Message, Reader
from stillhaven.devices.scenarios import clinic_plan, parse_dose, scenario, scenario_names
from stillhaven.devices.simulator import ControlFile, VirtualMonitor, Ward, numbered
from stillhaven.reference import load
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode, Quality
from tests.devices.mllp_sink import Sink, listening

SETTINGS = scenarios.settings()
T0 = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def monitor(name: str = "calm", **more: object) -> VirtualMonitor:
    plan = MonitorPlan(
        device="MON-1",
        bed="Chair 1",
        scenario=scenario(name),
        seed=7,
        doses=(parse_dose("0.5 mg/kg over 40 min"),),
        start_minute=float(more.pop("start_minute", 10.0)),  # type: ignore[arg-type]
    )
    return VirtualMonitor(plan, SETTINGS, started=T0, **more)  # type: ignore[arg-type]


def read(raw: bytes, received_at: datetime) -> Message:
    """What the gateway makes of a message; exactly one, refused by nobody."""
    outcome = Reader(signals=load.current().signals, zone=UTC).read(raw, received_at)
    assert outcome.rejected is None
    (message,) = outcome.messages
    return message


def ward(monitors: list[VirtualMonitor], port: int, **more: object) -> Ward:
    return Ward(monitors=monitors, host="127.0.0.1", port=port, clock=lambda: datetime.now(UTC), **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------- what goes over the wire
@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(scenario_names()), second=st.integers(0, 900))
def test_the_gateway_reads_back_what_the_monitor_shows_and_never_as_real(name: str, second: int) -> None:
    m = monitor(name)
    now = T0 + timedelta(seconds=second)
    message = read(m.observe(second, now), now)
    assert (message.mode, message.device, message.bed) == (Mode.SIMULATED, "MON-1", "Chair 1")
    got = {r.signal: (r.value, r.quality) for _, r in message.readings}
    assert got == {s.signal: (s.value, s.quality) for s in m.patient.shown()}


def test_a_cuff_value_is_sent_with_its_own_time_and_never_looks_fresh_again() -> None:
    m = monitor()
    seen: dict[float, set[datetime]] = {}
    for second in range(400):
        now = T0 + timedelta(seconds=second, milliseconds=second % 7)  # a clock that jitters
        (at, value), *_ = [
            (r.at, r.value) for _, r in read(m.observe(second, now), now).readings if r.signal == "systolic_mmhg"
        ]
        assert at <= now
        seen.setdefault(value or 0.0, set()).add(at)
    assert len(seen) >= 2, "a second cuff reading came"
    assert all(len(times) == 1 for times in seen.values())


def test_a_time_lapse_runs_the_patient_not_the_clock() -> None:
    m = monitor(speed=60.0, start_minute=0.0)
    for second in range(21):
        now = T0 + timedelta(seconds=second)
        message = read(m.observe(second, now), now)
        assert all(timedelta() <= now - r.at <= timedelta(seconds=7) for _, r in message.readings)
    assert m.patient.t_s == 20 * 60


def test_the_same_seed_sends_the_same_bytes() -> None:
    first, second = (
        [monitor("vomiting").observe(s, T0 + timedelta(seconds=s)) for s in range(0, 300, 30)] for _ in "ab"
    )
    assert first == second


# ---------------------------------------------------------------------------- on the line
def test_every_message_arrives_once_and_in_order() -> None:
    async def run() -> tuple[Sink, list[VirtualMonitor]]:
        monitors = [VirtualMonitor(p, SETTINGS, started=T0) for p in clinic_plan("four_chairs")]
        async with listening(Sink()) as sink:
            await ward(monitors, sink.port, interval_s=0.05, last_for_s=1.0).run()
        return sink, monitors

    sink, monitors = asyncio.run(run())
    for m in monitors:
        mine = [link.expects(raw)[0] for raw in sink.got if m.plan.device.encode() in raw[:40]]
        assert [int(control.rpartition("-")[2]) for control in mine] == list(range(1, m.tally.made + 1))
        assert m.tally.acknowledged == m.tally.made >= 15
    assert sink.connections == 4


def test_a_gateway_that_comes_late_and_breaks_off_gets_everything_in_order() -> None:
    """The listener opens after half a second and once breaks off without an answer: the same bytes come again."""

    async def run() -> tuple[Sink, VirtualMonitor]:
        m = monitor()
        sink = Sink(say=lambda message, n: None if n == 3 else ("AA", ""))
        async with listening(Sink()) as finder:
            port = finder.port
        going = asyncio.create_task(ward([m], port, interval_s=0.05, last_for_s=1.5).run())
        await asyncio.sleep(0.5)
        async with listening(sink, port):
            await going
        return sink, m

    sink, m = asyncio.run(run())
    assert sink.got[3] == sink.got[4]
    once = sink.got[:4] + sink.got[5:]
    assert [int(link.expects(raw)[0].rpartition("-")[2]) for raw in once] == list(range(1, m.tally.made + 1))
    assert m.tally.acknowledged == m.tally.made
    assert not m.waiting


def test_network_loss_is_silence_and_then_what_was_kept_with_its_own_times() -> None:
    """In a time-lapse: away from 60 to 150 s of the patient's time, that is 1.0 to 2.5 s here."""

    async def run() -> tuple[list[tuple[float, bytes]], VirtualMonitor]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        arrived: list[tuple[float, bytes]] = []

        def note(message: bytes, n: int) -> tuple[str, str]:
            arrived.append((loop.time() - start, message))
            return "AA", ""

        m = monitor("network_loss", speed=60.0)
        async with listening(Sink(say=note)) as sink:
            await ward([m], sink.port, interval_s=0.1, last_for_s=3.5).run()
        return arrived, m

    arrived, m = asyncio.run(run())
    longest = max(b[0] - a[0] for a, b in itertools.pairwise(arrived))
    assert longest > 1.0
    sent = [read(raw, T0).device_time or T0 for _, raw in arrived]
    assert max(b - a for a, b in itertools.pairwise(sent)).total_seconds() < longest, "what was kept closes the gap"
    late = [at - (when - sent[0]).total_seconds() for (at, _), when in zip(arrived, sent, strict=True)]
    assert sum(seconds > 0.5 for seconds in late) >= 5, "what was kept comes late, with its own times"
    assert m.tally.acknowledged == m.tally.made == len(arrived)


def test_a_monitor_keeps_only_so_much_and_says_what_it_overwrote() -> None:
    m = monitor(keep=5)
    made = [m.observe(s, T0 + timedelta(seconds=s)) for s in range(8)]
    assert list(m.waiting) == made[3:]
    assert m.tally.dropped == 3


def test_a_refused_message_is_counted_with_its_reason_and_not_sent_again() -> None:
    async def run() -> tuple[Sink, VirtualMonitor]:
        m = monitor()
        async with listening(Sink(say=lambda message, n: ("AE", "disk full") if n == 1 else ("AA", ""))) as sink:
            await ward([m], sink.port, interval_s=0.05, last_for_s=0.4).run()
        return sink, m

    sink, m = asyncio.run(run())
    assert m.tally.refused == {"AE: disk full": 1}
    assert len(set(sink.got)) == len(sink.got) == m.tally.made


# ---------------------------------------------------------------------------- drills
def test_a_control_file_changes_the_drill_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "drill.json"
    m = monitor()
    control = ControlFile(file)
    assert control.apply([m]) == []
    file.write_text(json.dumps({"MON-1": {"scenario": "desaturation", "cuff": True}}))
    assert len(control.apply([m])) == 2
    assert m.patient.scenario.key == "desaturation"
    assert m.patient.minute == 0
    assert control.apply([m]) == [], "asked once is done once"
    lowest = 100.0
    for s in range(0, 360, 5):
        message = read(m.observe(s, T0 + timedelta(seconds=s)), T0)
        lowest = min([lowest, *[r.value for _, r in message.readings if r.signal == "spo2_pct" and r.value]])
    assert lowest < 90


def test_the_same_command_again_needs_another_number(tmp_path: Path) -> None:
    m = monitor()
    assert m.command({"cuff": True, "n": 1})
    assert not m.command({"cuff": True, "n": 1})
    assert m.command({"cuff": True, "n": 2})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"MON-1": 3}',
        '{"MON-1": {"scenario": "earthquake"}}',
        '{"MON-1": {"oxygen": true}}',
        '{"MON-7": {}}',
    ],
)
def test_a_control_file_that_cannot_be_used_says_so_and_changes_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "drill.json"
    file.write_text(text)
    m = monitor()
    (said,) = ControlFile(file).apply([m])
    assert said
    assert m.patient.scenario.key == "calm"


def test_pulling_the_network_plug_by_hand_keeps_messages() -> None:
    m = monitor()
    m.command({"network": "away"})
    assert not m.online
    m.command({"network": "back"})
    assert m.online


def test_marks_survive_for_every_quality() -> None:
    m = monitor("vomiting", start_minute=0.0)
    qualities = set()
    for s in range(0, 400, 3):
        message = read(m.observe(s, T0 + timedelta(seconds=s)), T0)
        qualities |= {r.quality for _, r in message.readings}
    assert {Quality.GOOD, Quality.ARTEFACT, Quality.NO_VALUE} <= qualities


# ---------------------------------------------------------------------------- plans and names
def test_the_shipped_clinic_has_four_different_moments() -> None:
    plans = clinic_plan("four_chairs")
    assert len({p.start_minute for p in plans}) == 4
    assert {"hypertension", "desaturation", "calm"} == {p.scenario.key for p in plans}


def test_two_monitors_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    row = '[[monitor]]\ndevice = "A"\nbed = "1"\nseed = 1\n'
    file.write_text(row + row)
    with pytest.raises(BadInput, match="same device"):
        clinic_plan(str(file))


@given(stem=st.sampled_from(["MON-", "Chair ", "B"]), number=st.integers(0, 998), step=st.integers(0, 900))
def test_names_count_on(stem: str, number: int, step: int) -> None:
    assert numbered(f"{stem}{number}", step) == f"{stem}{number + step}"


@pytest.mark.parametrize("text", ["localhost", ":2575", "host:", "host:0", "host:99999", "host:x"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        link.endpoint(text)


# ---------------------------------------------------------------------------- answers that come late, or for another
def test_only_the_answer_that_names_the_message_counts() -> None:
    """A gateway sends a stray acknowledgement of an older message first, and then refuses this one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (frame,) = mllp.Decoder().feed(await reader.read(1 << 16))
        header = hl7.header(frame.body.decode())
        older = replace(header, control_id="an older one")
        for answered, code in ((older, "AA"), (header, "AE")):
            writer.write(mllp.frame(hl7.build_ack(answered, code, at=T0, own_id="1", reason="no")))
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.close()

    async def run() -> link.Answer:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        line = link.Link(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        try:
            return await line.send(monitor().observe(1, T0))
        finally:
            line.close()
            server.close()

    assert asyncio.run(run()) == link.Answer(code="AE", reason="no")


def test_what_was_overwritten_while_it_was_on_the_way_takes_no_other_with_it() -> None:
    """The answer to a message that the full memory has dropped meanwhile must not remove the next one."""

    async def run() -> tuple[Sink, VirtualMonitor, list[bytes]]:
        m = monitor(keep=2)
        made: list[bytes] = []

        def say(message: bytes, n: int) -> tuple[str, str]:
            if n == 0:  # four more seconds pass before the first answer
                made.extend(m.observe(s, T0 + timedelta(seconds=s)) for s in range(100, 104))
            return "AA", ""

        async with listening(Sink(say=say)) as sink:
            await ward([m], sink.port, interval_s=1.0, last_for_s=0.5).run()
        return sink, m, made

    sink, m, made = asyncio.run(run())
    assert sink.got[1:] == made[-2:]
    assert m.tally.dropped == 3
