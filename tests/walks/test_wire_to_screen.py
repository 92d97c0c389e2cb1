"""From a monitor's socket to a screen's stream, through the real commands: every value once, in order, and alarms too."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from stillhaven.devices import hl7, mllp
from tests.bench import path
from tests.bench.running import Running, Taken, until

CHAIRS = 3


@pytest.fixture(scope="module")
def clinic() -> Iterator[tuple[Running, list[Taken]]]:
    with Running() as running:
        yield running, running.seed(CHAIRS)


def state(running: Running, taken: Taken) -> dict[str, Any]:
    asked = urllib.request.Request(
        f"{running.url}/sessions/{taken.session}/live/state",
        headers={"Cookie": f"stillhaven={taken.cookie}", "Accept": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return dict(json.load(answer))


def test_every_value_reaches_its_own_screen_once_and_in_order(clinic: tuple[Running, list[Taken]]) -> None:
    running, chairs = clinic
    found = asyncio.run(path.run(running, chairs, 6.0))
    assert found.messages >= 5 * CHAIRS
    assert (found.missed, found.backwards, found.again, found.unanswered, found.wrong) == (0, 0, 0, 0, [])
    kept = {(r["message"], r["signal"]) for r in running.readings() if r["device"] == chairs[0].device and r["message"]}
    assert len({m for m, _ in kept if m.startswith(chairs[0].device)}) * 8 <= len(kept)


def test_a_low_saturation_on_the_wire_becomes_an_alarm_on_the_screen(clinic: tuple[Running, list[Taken]]) -> None:
    running, chairs = clinic
    taken = chairs[1]
    other = {a["uid"] for a in state(running, chairs[2])["alarms"]}

    async def low() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.gateway_port)
        for n in range(400):
            at = datetime.now(UTC)
            values = [hl7.Observation(signal="spo2_pct", value=81.0, probe="1.1.1.1")]
            writer.write(mllp.frame(hl7.build_oru(taken.device, f"low-{n}", at, values, mode="simulated")))
            assert b"MSA|AA" in await reader.readuntil(b"\x1c\r")
            if any(a["signal"] == "spo2_pct" and not a["technical"] for a in await asyncio.to_thread(alarms)):
                break
            await asyncio.sleep(0.5)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def alarms() -> list[dict[str, Any]]:
        return list(state(running, taken)["alarms"])

    asyncio.run(low())
    alarm = next(a for a in alarms() if a["signal"] == "spo2_pct" and not a["technical"])
    assert "81" in alarm["detail"]
    assert not any(
        a["signal"] == "spo2_pct" and not a["technical"]
        for a in state(running, chairs[2])["alarms"]
        if a["uid"] not in other
    )


def test_a_killed_watch_comes_back_and_goes_on(clinic: tuple[Running, list[Taken]]) -> None:
    running, chairs = clinic
    before = state(running, chairs[0])["parts"]["watch_beat"]
    restarts = running.part("watch")["restarts"]
    for process in running.processes("watch"):
        process.kill()
    until(lambda: running.part("watch").get("restarts", 0) > restarts and running.pid("watch"), "the watch is back")
    until(lambda: (state(running, chairs[0])["parts"]["watch_beat"] or "") > (before or ""), "it beats again")
