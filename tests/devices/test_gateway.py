"""What the port answers, when, and what it costs to misuse it."""

from __future__ import annotations

import asyncio
import base64
import errno
import itertools
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillhaven.devices import hl7, mllp, spool
from stillhaven.devices.gateway import Gateway, Limits
from stillhaven.devices.messages import Reader
from stillhaven.devices.spool import REJECTED, Record, Spool
from stillhaven.reference.load import current

START = datetime(2026, 11, 21, 14, tzinfo=UTC)
numbers = itertools.count(1)


def oru(control: str | None = None, *, value: float = 97.0, accept: str = "", respond: str = "") -> bytes:
    number = next(numbers)
    at = START + timedelta(seconds=number)
    observations = [hl7.Observation(signal="spo2_pct", value=value)]
    return hl7.build_oru("MON-3", control or f"c{number}", at, observations, accept=accept, respond=respond)


@dataclass
class Line:
    """A monitor's end of the wire."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: bytes = b""

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        while b"\x1c\r" not in self.rest:
            data = await asyncio.wait_for(self.reader.read(65536), 20)
            if not data:
                raise ConnectionError("hung up")
            self.rest += data
        whole, _, self.rest = self.rest.partition(b"\x1c\r")
        return whole.removeprefix(b"\x0b")

    async def ask(self, message: bytes) -> tuple[str, str, str]:
        await self.write(mllp.frame(message))
        return hl7.parse_ack(await self.answer())

    async def silent(self, seconds: float = 0.3) -> bool:
        try:
            await asyncio.wait_for(self.reader.read(1), seconds)
        except TimeoutError:
            return True
        return False


@dataclass
class Bench:
    gateway: Gateway
    port: int

    async def line(self) -> Line:
        return Line(*await asyncio.open_connection("127.0.0.1", self.port))

    def records(self) -> list[Record]:
        self.gateway.spool.rewind()
        out: list[Record] = []
        while found := self.gateway.spool.read(limit=1000, max_bytes=1 << 20):
            out += found
        return out

    def stored(self) -> list[dict[str, Any]]:
        return [json.loads(r.payload) for r in self.records()]

    def controls(self) -> list[str]:
        return [m["control_id"] for m in self.stored() if not m["rejected"]]


@asynccontextmanager
async def bench(folder: Path, **limits: int) -> AsyncIterator[Bench]:
    gateway = Gateway(
        reader=Reader(signals=current().signals, zone=UTC), spool=Spool(folder), now=lambda: START,
        limits=Limits(**limits),
    )  # fmt: skip
    port = await gateway.listen("127.0.0.1", 0)
    try:
        yield Bench(gateway, port)
    finally:
        await gateway.close()
        gateway.spool.close()


def run(folder: Path, story: Callable[[Bench], Coroutine[Any, Any, None]], **limits: int) -> None:
    async def whole() -> None:
        async with bench(folder, **limits) as b:
            await story(b)

    asyncio.run(whole())


# ---------------------------------------------------------------- acknowledging


def test_a_message_is_acknowledged_and_is_on_disk(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        assert await line.ask(oru("A1")) == ("AA", "A1", "")
        assert b.controls() == ["A1"]

    run(tmp_path, story)


def test_no_answer_leaves_before_the_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    sync = os.fdatasync
    monkeypatch.setattr(spool.os, "fdatasync", lambda fd: (order.append("flush"), sync(fd))[1])
    build = hl7.build_ack
    monkeypatch.setattr(hl7, "build_ack", lambda *a, **k: (order.append("answer"), build(*a, **k))[1])

    async def story(b: Bench) -> None:
        line = await b.line()
        await line.write(b"".join(mllp.frame(oru()) for _ in range(5)))
        for _ in range(5):
            await line.answer()

    run(tmp_path, story)
    assert order.count("answer") == 5
    assert order[0] == "flush"
    assert order.count("flush") < 5, "one flush serves all that came together"


@pytest.mark.parametrize(("accept", "respond", "codes"), [
    ("", "", ["AA"]), ("AL", "NE", ["CA"]), ("AL", "AL", ["CA", "AA"]), ("NE", "AL", ["AA"]), ("SU", "SU", ["CA", "AA"]),
    ("ER", "ER", []), ("NE", "NE", []), ("", "AL", ["AA"]), ("AL", "", ["CA"]),
])  # fmt: skip
def test_the_answers_that_a_good_message_asks_for(tmp_path: Path, accept: str, respond: str, codes: list[str]) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        await line.write(mllp.frame(oru("A1", accept=accept, respond=respond)))
        got = [hl7.parse_ack(await line.answer())[:2] for _ in codes]
        assert got == [(code, "A1") for code in codes]
        assert await line.silent()
        assert b.controls() == ["A1"]

    run(tmp_path, story)


@pytest.mark.parametrize(("accept", "respond", "codes"), [
    ("", "", ["AR"]), ("AL", "NE", ["CR"]), ("ER", "ER", ["CR", "AR"]), ("SU", "SU", []), ("NE", "NE", []),
])  # fmt: skip
def test_the_answers_that_a_refused_message_asks_for(
    tmp_path: Path, accept: str, respond: str, codes: list[str]
) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        bad = oru("A1", accept=accept, respond=respond).replace(b"ORU^R01^ORU_R01", b"ADT^A01^ADT_A01")
        await line.write(mllp.frame(bad))
        for code in codes:
            answer = await line.answer()
            assert hl7.parse_ack(answer)[:2] == (code, "A1")
            assert b"\rERR|" in answer
            assert b"ADT" in answer
        assert await line.silent()
        (kept,) = b.stored()
        assert base64.b64decode(kept["raw"]) == bad
        assert kept["rejected"]["code"] == "AR"

    run(tmp_path, story)


def test_a_resend_is_acknowledged_and_kept_once_also_after_a_restart(tmp_path: Path) -> None:
    message, other = oru("A1"), oru("A2")

    async def story(b: Bench) -> None:
        line = await b.line()
        assert [(await line.ask(m))[0] for m in (message, message, other, message)] == ["AA"] * 4
        assert b.controls() == ["A1", "A2"]

    async def later(b: Bench) -> None:
        line = await b.line()
        assert (await line.ask(message))[0] == "AA"
        assert b.controls() == ["A1", "A2"]

    run(tmp_path, story)
    run(tmp_path, later)


def test_messages_out_of_order_are_all_kept_as_they_came(tmp_path: Path) -> None:
    made = [oru(f"m{n}") for n in range(20)]
    random.Random(7).shuffle(made)

    async def story(b: Bench) -> None:
        line = await b.line()
        for message in made:
            await line.ask(message)
        assert b.controls() == [hl7.header(m.decode()).control_id for m in made]
        assert [r.seq for r in b.records()] == list(range(1, 21))

    run(tmp_path, story)


# ---------------------------------------------------------------- the wire as it is


def test_one_byte_at_a_time_stray_bytes_and_a_missing_last_cr(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        for byte in b"\r\n\x00noise" + mllp.frame(oru("A1")):
            await line.write(bytes([byte]))
        assert (await line.answer()).endswith(b"MSA|AA|A1\r")
        await line.write(mllp.frame(oru("A2"))[:-1])
        assert (await line.answer()).endswith(b"MSA|AA|A2\r")
        assert (await line.ask(oru("A3")))[0] == "AA"
        assert b.gateway.counts.stray_bytes >= 8

    run(tmp_path, story)


def test_a_message_that_breaks_off_is_not_acknowledged_and_hurts_nobody(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        await line.write(mllp.frame(oru("A1"))[:-40])
        line.writer.close()
        line = await b.line()
        await line.write(mllp.frame(oru("A2"))[:-40] + mllp.frame(oru("A3")))
        assert hl7.parse_ack(await line.answer())[:2] == ("AA", "A3")
        assert b.controls() == ["A3"]
        assert b.gateway.counts.cut_off == 2

    run(tmp_path, story)


def test_a_message_whose_sender_hangs_up_after_the_end_mark_is_kept(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        await line.write(mllp.frame(oru("A1"))[:-1])
        line.writer.close()
        await asyncio.sleep(0.4)
        assert b.controls() == ["A1"]

    run(tmp_path, story)


def test_an_oversize_message_is_refused_and_the_next_is_answered(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        big = oru("BIG").replace(b"PID|||", b"PID|||" + b"x" * 300_000)
        code, control, reason = await line.ask(big)
        assert (code, control) == ("AR", "BIG")
        assert "longer than" in reason
        assert (await line.ask(oru("A1")))[0] == "AA"
        assert [m["rejected"] is None for m in b.stored()] == [False, True]

    run(tmp_path, story, frame_bytes=100_000)


def test_several_messages_in_one_frame_are_answered_one_by_one(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        await line.write(mllp.frame(oru("A1") + oru("A2")))
        assert [hl7.parse_ack(await line.answer())[1] for _ in range(2)] == ["A1", "A2"]

    run(tmp_path, story)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=80), st.just(b"\x0b"), st.just(b"\x1c"), st.just(b"\x1c\r"),
                          st.just(b"MSH|^~\\&|A\rOBX|"), st.binary(max_size=30).map(mllp.frame)), max_size=20))  # fmt: skip
def test_whatever_is_sent_the_next_good_message_is_acknowledged(tmp_path_factory, chunks: list[bytes]) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        for chunk in chunks:
            await line.write(chunk)
        await line.write(b"\x1c\r" + mllp.frame(oru("GOOD")))
        while hl7.parse_ack(await line.answer())[:2] != ("AA", "GOOD"):
            pass
        fresh = await b.line()
        assert (await fresh.ask(oru("FRESH")))[0] == "AA"

    run(tmp_path_factory.mktemp("fuzz"), story)


def test_after_5000_hostile_frames_the_next_good_message_is_answered_and_memory_is_bounded(tmp_path: Path) -> None:
    chance = random.Random(5)
    good = mllp.frame(oru("BASE"))

    def hostile() -> bytes:
        kind = chance.randrange(7)
        if kind == 0:
            return mllp.frame(chance.randbytes(chance.randrange(200)))
        if kind == 1:
            return good[: chance.randrange(len(good))]
        if kind == 2:
            at = chance.randrange(len(good))
            return good[:at] + chance.randbytes(3) + good[at:]
        if kind == 3:
            return b"\x0bMSH|^~\\&|" + b"|" * chance.randrange(3000) + b"\x1c\r"
        if kind == 4:
            return mllp.frame(good[1:-2].replace(b"|97|", b"|" + b"9" * chance.randrange(2000) + b"|"))
        if kind == 5:
            return b"\x0b" * 20 + b"\x1c" * 20
        return b"x" * chance.randrange(5000)

    async def story(b: Bench) -> None:
        for burst in range(50):
            line = await b.line()
            line.writer.write(b"".join(hostile() for _ in range(100)))
            if burst % 2:
                line.writer.close()
            await asyncio.sleep(0)
        fresh = await b.line()
        assert (await fresh.ask(oru("GOOD")))[:2] == ("AA", "GOOD")
        assert sum(c.decoder.held for c in b.gateway._connections) < 8 << 20
        for message in b.stored():
            assert all(r["value"] == 97.0 or r["quality"] != "good" for r in message["readings"])

    run(tmp_path, story)


def test_a_message_with_too_many_values_is_refused_whole(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        message = oru("MANY")
        code, control, reason = await line.ask(message + b"OBX|1|NM|x||1\r" * 6000)
        assert (code, control) == ("AR", "MANY")
        assert "5000" in reason
        assert (await line.ask(oru("A1")))[0] == "AA"

    run(tmp_path, story)


# ---------------------------------------------------------------- bounds


def test_idle_connections_do_not_keep_a_new_monitor_out(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        useful = await b.line()
        await useful.ask(oru())
        idle = [await b.line() for _ in range(60)]
        fresh = await b.line()
        assert (await fresh.ask(oru("NEW")))[0] == "AA"
        assert (await useful.ask(oru("OLD")))[0] == "AA", "a monitor that has spoken keeps its place"
        assert len(b.gateway._connections) <= 20
        del idle

    run(tmp_path, story, connections=20)


def test_unfinished_messages_together_stay_within_bounds(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        lines = [await b.line() for _ in range(30)]
        for line in lines:
            line.writer.write(b"\x0b" + b"x" * 90_000)
        await asyncio.sleep(0.5)
        assert sum(c.decoder.held for c in b.gateway._connections) <= 1_000_000 + 100_000
        fresh = await b.line()
        assert (await fresh.ask(oru("NEW")))[0] == "AA"

    run(tmp_path, story, held_bytes=1_000_000)


def test_refused_bytes_fill_the_disk_only_so_far_and_are_counted(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        for n in range(200):
            assert (await line.ask(b"rubbish %d " % n + b"x" * 1000))[0] == "AR"
        rejected = [r for r in b.records() if r.flags & REJECTED]
        assert sum(len(r.payload) for r in rejected) <= 50_000
        assert b.gateway.counts.rejected_not_kept == 200 - len(rejected)
        assert b.gateway.status()["rejected_not_kept"] > 0
        assert (await line.ask(oru("A1")))[0] == "AA"
        for record in rejected:
            b.gateway.settled(record)
        assert (await line.ask(b"more rubbish"))[0] == "AR"
        assert sum(1 for r in b.records() if r.flags & REJECTED) == len(rejected) + 1

    run(tmp_path, story, rejected_bytes=50_000)


def test_a_sender_that_never_reads_its_answers_is_not_read_from(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        message = mllp.frame(oru("A1"))

        async def pour() -> None:
            for _ in range(4000):
                line.writer.write(message * 20)
                await asyncio.wait_for(line.writer.drain(), 1.0)

        with pytest.raises(TimeoutError):
            await pour()
        (connection,) = b.gateway._connections
        assert connection.transport is not None
        assert connection.transport.get_write_buffer_size() < 2 << 20

    run(tmp_path, story)


# ---------------------------------------------------------------- the disk


@pytest.mark.parametrize("what", ["write", "fdatasync"])
def test_a_disk_that_refuses_means_no_acknowledgement_and_all_is_well_when_it_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    real = getattr(os, what)
    state = {"full": False}

    def sometimes(*args: Any) -> Any:
        if state["full"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    monkeypatch.setattr(spool.os, what, sometimes)
    refused = oru("A2")

    async def story(b: Bench) -> None:
        line = await b.line()
        assert (await line.ask(oru("A1")))[0] == "AA"
        state["full"] = True
        for _ in range(3):
            code, control, reason = await line.ask(refused)
            assert (code, control) == ("AE", "A2")
            assert "No space left" in reason
        state["full"] = False
        assert (await line.ask(refused))[0] == "AA"
        assert (await line.ask(oru("A3")))[0] == "AA"
        assert b.controls() == ["A1", "A2", "A3"]
        assert b.gateway.counts.disk_refusals == 3

    run(tmp_path, story)
    asyncio.run(_again(tmp_path, ["A1", "A2", "A3"]))


async def _again(folder: Path, expected: list[str]) -> None:
    async with bench(folder) as b:
        assert b.controls() == expected


# ---------------------------------------------------------------- what outlives a restart


def test_a_cuff_reading_keeps_its_age_over_a_restart(tmp_path: Path) -> None:
    def cuff(at: datetime) -> bytes:
        return hl7.build_oru("MON-3", f"{at:%H%M}", at, [hl7.Observation(signal="systolic_mmhg", value=121.0)])

    async def say(b: Bench, at: datetime) -> str:
        line = await b.line()
        await line.ask(cuff(at))
        return str(b.stored()[-1]["readings"][0]["at"])

    async def whole() -> list[str]:
        out = []
        for minutes in (0, 20):
            async with bench(tmp_path) as b:
                out.append(await say(b, START + timedelta(minutes=minutes)))
        return out

    first, second = asyncio.run(whole())
    assert first == second == "2026-11-21T14:00:00Z"


def test_the_status_file_is_whole_json_with_what_a_person_asks_for(tmp_path: Path) -> None:
    async def story(b: Bench) -> None:
        line = await b.line()
        await line.ask(oru())
        b.gateway.write_status()
        status = json.loads((tmp_path / "status.json").read_text())
        assert (status["accepted"], status["waiting"], status["connections_open"]) == (1, 1, 1)
        assert {"oldest_waiting_s", "server_problem", "rejected", "aside"} <= set(status)

    run(tmp_path, story)
