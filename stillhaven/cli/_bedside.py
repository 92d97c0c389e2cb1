"""What the bedside commands share: their clock, and running until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path

from stillhaven.science import clocks


def bedside_clock() -> Callable[[], datetime]:
    """The clock that STILLHAVEN_CLOCK asks for (spelling: `stillhaven.science.clocks`).

    @FILE names a file that holds a setting and is read again each time, as in the clinic: a moment in it counts from
    when the file was written, and without the file the time is the real one.
    """
    text = os.environ.get("STILLHAVEN_CLOCK", "")
    if not text.startswith("@"):
        setting = clocks.parse(text, datetime.now(UTC))
        return lambda: setting.now(datetime.now(UTC))
    file = Path(text[1:])

    def from_file() -> datetime:
        try:
            written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            return clocks.parse(file.read_text(encoding="utf-8"), written).now(datetime.now(UTC))
        except FileNotFoundError:
            return datetime.now(UTC)

    return from_file


def run_until_told(job: Coroutine[None, None, None], stop: Callable[[], None]) -> None:
    """Run a job; Ctrl-C or TERM call `stop`, and the job then ends by itself."""

    async def body() -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop)
        await job

    asyncio.run(body())
