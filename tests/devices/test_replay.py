"""A recording goes out as it was recorded; played as if it were now, it says that it is not."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.cli.replay import command
from stillhaven.cli.simulate_monitor import command as simulate_monitor
from stillhaven.devices import hl7, mllp
from stillhaven.devices.csv_files import RejectedRow
from stillhaven.devices.messages import Message, Reader
from stillhaven.devices.replay import Player, Recorded, is_csv, read_hl7, rename, shifted
from stillhaven.reference import load
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode
from tests.devices.mllp_sink import Say, Sink, listening

EXAMPLES = Path(__file__).parents[2] / "examples" / "recordings"
T0 = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
NOW = datetime(2027, 2, 3, 9, 0, tzinfo=UTC)


def oru(n: int, seconds: float, *, spo2: float = 97.0, cuff_ago_s: float | None = None) -> bytes:
    at = T0 + timedelta(seconds=seconds)
    seen = [hl7.Observation(signal="spo2_pct", value=spo2)]
    if cuff_ago_s is not None:
        seen.append(hl7.Observation(signal="systolic_mmhg", value=131.0, at=at - timedelta(seconds=cuff_ago_s)))
    return hl7.build_oru("OLD-1", f"C{n}", at, seen, bed="Chair 1")


def interpret(raw: bytes, at: datetime = NOW) -> Message:
    outcome = Reader(signals=load.current().signals, zone=UTC).read(raw, at)
    assert outcome.rejected is None, outcome.rejected
    (message,) = outcome.messages
    return message


def recorded(file: Path) -> tuple[list[Recorded], list[RejectedRow]]:
    rejected: list[RejectedRow] = []
    return list(read_hl7(file, zone=UTC, now=NOW, rejected=rejected)), rejected


@contextmanager
def gateway(say: Say | None = None) -> Iterator[Sink]:
    """A sink in a thread of its own, so that the command under test may run its own event loop."""
    sink = Sink(say=say) if say else Sink()
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with listening(sink):
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield sink
    finally:
        done.set()
        thread.join()


@pytest.fixture
def in_process() -> CliRunner:
    """Run commands here, where BadInput comes out as it is."""
    return CliRunner(catch_exceptions=False)


def play(runner: CliRunner, file: Path, sink: Sink, *more: str) -> Result:
    return runner.invoke(command, [str(file), "--to", f"127.0.0.1:{sink.port}", "--speed", "max", *more])


# ---------------------------------------------------------------------------- reading recordings
@given(
    ends=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n"]), min_size=1, max_size=5),
    blank=st.booleans(),
    batch=st.booleans(),
)
def test_messages_are_found_whatever_ends_their_segments(
    tmp_path_factory: pytest.TempPathFactory, ends: list[bytes], blank: bool, batch: bool
) -> None:
    messages = [oru(n, n) for n in range(len(ends))]
    body = b"".join(m.replace(b"\r", end) + (end if blank else b"") for m, end in zip(messages, ends, strict=True))
    if batch:
        body = b"FHS|^~\\&|X\rBHS|^~\\&|X\r" + body + b"BTS|1\rFTS|1\r"
    file = tmp_path_factory.mktemp("hl7") / "r.hl7"
    file.write_bytes(body)
    assert not is_csv(file)
    found, rejected = recorded(file)
    assert [r.raw for r in found] == messages
    assert [r.at for r in found] == [T0 + timedelta(seconds=n) for n in range(len(ends))]
    assert not rejected


def test_frames_are_kept_byte_for_byte_and_a_broken_one_is_not_made_whole(tmp_path: Path) -> None:
    odd = oru(1, 1).replace(b"\r", b"\n")
    file = tmp_path / "r.mllp"
    broken = oru(2, 2)
    file.write_bytes(
        b"noise" + mllp.frame(odd) + mllp.START + broken[:60] + mllp.frame(oru(3, 3)) + mllp.START + broken[:80]
    )
    found, rejected = recorded(file)
    assert [r.raw for r in found] == [odd, oru(3, 3)]
    assert len(rejected) == 2
    assert "breaks off" in rejected[0].reason
    assert "ends inside" in rejected[1].reason


def test_a_file_that_is_neither_is_refused(tmp_path: Path) -> None:
    for name, content in (("empty.hl7", b""), ("blob.bin", b"\x00\x01\x02")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput):
            is_csv(tmp_path / name)
    with pytest.raises(BadInput, match="cannot be opened"):
        is_csv(tmp_path / "nothing")


# ---------------------------------------------------------------------------- what is changed, and what is not
@settings(deadline=None)
@given(ahead_s=st.integers(-(10**7), 10**7), ago=st.integers(1, 900), zone=st.sampled_from(["UTC", "America/Denver"]))
def test_shifting_moves_every_time_alike_and_marks_every_value(ahead_s: int, ago: int, zone: str) -> None:
    by = timedelta(seconds=ahead_s)
    before = interpret(oru(1, 0, cuff_ago_s=ago), T0)
    raw = shifted(oru(1, 0, cuff_ago_s=ago), lambda at: at + by, zone=ZoneInfo(zone), near=T0)
    after = interpret(raw, T0 + by)
    assert after.mode is Mode.SIMULATED
    assert after.device_time == T0 + by
    assert [(r.signal, r.value, r.at) for _, r in after.readings] == [
        (r.signal, r.value, r.at + by) for _, r in before.readings
    ]


def test_a_local_time_is_shifted_in_its_own_zone() -> None:
    raw = re.sub(rb"(\d{14})\.\d+\+0000", rb"\1", oru(1, 0))
    zone = ZoneInfo("Europe/Berlin")  # 14:00 there is 13:00 UTC
    moved = interpret(shifted(raw, lambda at: at + timedelta(days=1), zone=zone, near=T0))
    assert moved.device_time == T0 - timedelta(hours=1) + timedelta(days=1)


@given(st.binary(max_size=200))
def test_what_is_no_message_is_left_alone(raw: bytes) -> None:
    if raw[:3] != b"MSH":
        assert shifted(raw, lambda at: NOW, zone=UTC, near=NOW) == raw
        assert rename(raw, "MON-2") == raw


def test_a_time_that_cannot_be_read_stays_as_it_was() -> None:
    raw = oru(1, 0).replace(b"|20261121140000.000+0000||ORU", b"|yesterday||ORU")
    assert b"|yesterday||ORU" in shifted(raw, lambda at: NOW, zone=UTC, near=NOW)


def test_another_name_for_the_device_changes_nothing_else() -> None:
    one, other = interpret(oru(1, 0)), interpret(rename(oru(1, 0), "MON-9"))
    assert other.device == "MON-9"
    assert (other.readings, other.control_id, other.bed) == (one.readings, one.control_id, one.bed)


# ---------------------------------------------------------------------------- playing
def test_kept_times_send_the_very_bytes(tmp_path: Path, in_process: CliRunner) -> None:
    messages = [oru(n, n) for n in range(40)]
    file = tmp_path / "r.mllp"
    file.write_bytes(b"".join(mllp.frame(m) for m in messages))
    with gateway() as sink:
        result = play(in_process, file, sink)
    assert result.exit_code == 0, result.output
    assert sink.got == messages
    assert "40 of 40 messages sent, 40 acknowledged, 0 refused" in result.output
    assert "--shift-to-now" in result.output, "it says that screens will show these values as old"


def test_refusals_are_counted_with_where_and_why_and_told_by_the_exit_code(
    tmp_path: Path, in_process: CliRunner
) -> None:
    file = tmp_path / "r.hl7"
    file.write_bytes(b"".join(oru(n, n) for n in range(5)))
    with gateway(lambda m, n: ("AR", "not for us") if n in (1, 3) else ("AA", "")) as sink:
        result = play(in_process, file, sink)
    assert result.exit_code == 1
    assert "3 acknowledged, 2 refused" in result.output
    assert "message 2: refused, AR not for us" in result.output
    assert "2 x AR: not for us" in result.output


def test_an_answer_lost_on_the_way_brings_the_same_bytes_again(tmp_path: Path, in_process: CliRunner) -> None:
    file = tmp_path / "r.hl7"
    file.write_bytes(b"".join(oru(n, n) for n in range(4)))
    with gateway(lambda m, n: None if n == 2 else ("AA", "")) as sink:
        result = play(in_process, file, sink)
    assert result.exit_code == 0, result.output
    assert sink.got == [oru(0, 0), oru(1, 1), oru(2, 2), oru(2, 2), oru(3, 3)]


def test_no_gateway_ends_with_what_was_not_sent(tmp_path: Path, in_process: CliRunner) -> None:
    file = tmp_path / "r.hl7"
    file.write_bytes(b"".join(oru(n, n) for n in range(4)))
    with gateway() as sink:
        pass
    result = play(in_process, file, sink, "--patience", "0.2")
    assert result.exit_code == 1
    assert "0 of 4 messages sent" in result.output
    assert "4 not sent" in result.output


def test_a_message_that_asks_for_no_answer_is_not_waited_for(tmp_path: Path, in_process: CliRunner) -> None:
    quiet = hl7.build_oru("OLD-1", "Q", T0, [hl7.Observation(signal="spo2_pct", value=97.0)], accept="NE", respond="NE")
    file = tmp_path / "r.hl7"
    file.write_bytes(quiet + oru(2, 1))
    with gateway() as sink:
        result = play(in_process, file, sink)
    assert result.exit_code == 0
    assert "1 acknowledged" in result.output
    assert "1 asked for no answer" in result.output


@pytest.mark.parametrize("speed", [4.0, 20.0])
def test_the_recorded_pace_is_kept_divided_by_speed(speed: float) -> None:
    """No message comes before its time; how late a busy machine makes it is not judged."""

    async def run() -> list[float]:
        loop = asyncio.get_running_loop()
        arrived: list[float] = []
        sink = Sink(say=lambda m, n: (arrived.append(loop.time()), ("AA", ""))[1])
        async with listening(sink):
            player = Player(host="127.0.0.1", port=sink.port, clock=lambda: NOW, zone=UTC, speed=speed)
            began = loop.time()
            await player.play(Recorded(raw=oru(n, 2 * n), at=T0 + timedelta(seconds=2 * n), where="") for n in range(4))
        return [at - began for at in arrived]

    arrived = asyncio.run(run())
    assert all(at >= 2 * n / speed - 1e-3 for n, at in enumerate(arrived))
    assert len(arrived) == 4


def test_shifted_and_faster_the_recording_runs_on_todays_clock() -> None:
    async def run() -> list[bytes]:
        async with listening(Sink()) as sink:
            player = Player(host="127.0.0.1", port=sink.port, clock=lambda: NOW, zone=UTC, speed=100.0, shift=True)
            await player.play(
                Recorded(raw=oru(n, 10 * n, cuff_ago_s=60), at=T0 + timedelta(seconds=10 * n), where="")
                for n in range(5)
            )
        return sink.got

    messages = [interpret(raw) for raw in asyncio.run(run())]
    assert [m.device_time for m in messages] == [NOW + timedelta(seconds=n / 10) for n in range(5)]
    cuffs = [r.at for m in messages for _, r in m.readings if r.signal == "systolic_mmhg"]
    assert all(m.device_time is not None and at < m.device_time for m, at in zip(messages, cuffs, strict=True))
    assert {m.mode for m in messages} == {Mode.SIMULATED}


def test_shifted_without_a_pace_the_recording_ends_now(tmp_path: Path, in_process: CliRunner) -> None:
    file = tmp_path / "r.hl7"
    file.write_bytes(b"".join(oru(n, 60 * n) for n in range(5)))
    started = datetime.now(UTC)
    with gateway() as sink:
        assert play(in_process, file, sink, "--shift-to-now").exit_code == 0
    at = [interpret(raw).device_time for raw in sink.got]
    assert started - timedelta(seconds=1) <= (at[-1] or NOW) <= datetime.now(UTC)
    assert [(b - a).total_seconds() for a, b in itertools.pairwise(at) if a and b] == [60.0] * 4


def test_looping_plays_again_as_new_measurements(tmp_path: Path, in_process: CliRunner) -> None:
    file = tmp_path / "r.hl7"
    file.write_bytes(oru(0, 0) + oru(1, 1))

    def say(message: bytes, n: int) -> tuple[str, str]:
        time.sleep(0.005)
        return ("AA", "") if n < 5 else ("AR", "enough")

    with gateway(say) as sink:
        stopper = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
        stopper.start()
        result = in_process.invoke(
            command, [str(file), "--to", f"127.0.0.1:{sink.port}", "--speed", "20", "--shift-to-now", "--loop"]
        )
        stopper.cancel()
    assert len(sink.got) > 2
    assert len(set(sink.got)) == len(sink.got)
    assert result.exit_code == 1, "the sink refused some"


def test_the_same_bytes_are_not_looped(tmp_path: Path, in_process: CliRunner) -> None:
    with pytest.raises(BadInput, match="shift-to-now"):
        in_process.invoke(command, [str(EXAMPLES / "odd_monitors.hl7"), "--loop"])


# ---------------------------------------------------------------------------- CSV over the wire
def test_a_csv_line_becomes_one_message_and_a_bad_cell_is_told(tmp_path: Path, in_process: CliRunner) -> None:
    file = tmp_path / "day.csv"
    file.write_text("time,hr,spo2\n2026-11-21T14:00:00Z,71,97\n2026-11-21T14:00:01Z,7x,96\n2026-11-21T14:00:02Z,72,\n")
    with gateway() as sink:
        result = play(in_process, file, sink, "--device", "MON-5", "--bed", "Chair 5")
    messages = [interpret(raw) for raw in sink.got]
    assert [[(r.signal, r.value) for _, r in m.readings] for m in messages] == [
        [("heart_rate_per_min", 71.0), ("spo2_pct", 97.0)],
        [("spo2_pct", 96.0)],
        [("heart_rate_per_min", 72.0)],
    ]
    assert {(m.device, m.bed, m.mode) for m in messages} == {("MON-5", "Chair 5", Mode.REAL)}
    assert result.exit_code == 1
    assert "day.csv: line 3, column hr" in result.output


def test_a_csv_file_played_twice_sends_the_same_bytes(in_process: CliRunner) -> None:
    with gateway() as first:
        play(in_process, EXAMPLES / "long_parameters.csv", first, "--device", "MON-5")
    with gateway() as second:
        play(in_process, EXAMPLES / "long_parameters.csv", second, "--device", "MON-5")
    assert first.got == second.got
    assert first.got


def test_a_csv_file_without_a_name_for_its_monitor_is_refused(in_process: CliRunner) -> None:
    with pytest.raises(BadInput, match="--device"):
        in_process.invoke(command, [str(EXAMPLES / "wide_seconds.csv")])


@pytest.mark.parametrize(
    "name", ["wide_seconds.csv", "semicolon_local_time.csv", "pressure_rises.hl7", "desaturation.mllp"]
)
def test_each_sample_is_taken_whole_by_a_gateways_reader(name: str, in_process: CliRunner) -> None:
    with gateway() as sink:
        result = play(in_process, EXAMPLES / name, sink, "--device", "SAMPLE")
    assert result.exit_code == 0, result.output
    at = [interpret(raw).device_time for raw in sink.got]
    assert len(at) > 50
    assert at == sorted(at, key=lambda t: t or NOW)
    assert not any(r.quality == "implausible" for raw in sink.got for _, r in interpret(raw).readings)


# ---------------------------------------------------------------------------- the other command
def test_simulate_monitor_brings_everything_away_and_says_so(in_process: CliRunner) -> None:
    with gateway() as sink:
        result = in_process.invoke(
            simulate_monitor,
            ["--to", f"127.0.0.1:{sink.port}", "--count", "3", "--rate", "20", "--last-for", "0.5", "--scenario", "calm",
             "--dose", "0.5 mg/kg over 40 min", "--start-minute", "5"],
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    messages = [interpret(raw) for raw in sink.got]
    assert {(m.device, m.bed) for m in messages} == {("MON-1", "Chair 1"), ("MON-2", "Chair 2"), ("MON-3", "Chair 3")}
    assert {m.mode for m in messages} == {Mode.SIMULATED}
    assert f"{len(messages)} messages made, {len(messages)} acknowledged" in result.output


@pytest.mark.parametrize(
    "options",
    [["--rate", "0"], ["--speed", "-1"], ["--scenario", "earthquake"], ["--dose", "lots"], ["--plan", "nowhere"]],
)
def test_simulate_monitor_refuses_what_it_cannot_read(options: list[str], in_process: CliRunner) -> None:
    with pytest.raises(BadInput):
        in_process.invoke(simulate_monitor, ["--to", "127.0.0.1:1", *options])
