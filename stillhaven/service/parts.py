"""How is one part of the clinic started, watched, stopped, and started again?

A part is a command.  It lives in a process group of its own, so that all it started ends with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stillhaven.service import spawn
from stillhaven.service.guard import alive
from stillhaven.service.logs import RotatingLog
from stillhaven.service.probe import Probe
from stillhaven.service.status import PartStatus

BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)  # before the 1st, 2nd, ... restart; the last one from then on
STEADY_S = 30.0  # after so long without a crash, a part's crashes are forgiven


@dataclass(frozen=True, kw_only=True)
class Part:
    """What to run.

    `needs` names parts that must be up before this one starts, `first_after` those that it lets go first while the
    clinic opens (they share two cores), and no longer after that.  `ready` (quick, never waiting) or `probe` say when it
    is up; without them, a part is up when it runs.  `before` runs just before each start.  A part that runs `once`
    (migrate) ends with 0 and is then up; `skip` says that it need not run, `after` follows its success.  A `bare`
    command brings its own wrapping (the database: another user).
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    first_after: tuple[str, ...] = ()
    ready: Callable[[], bool] | None = None
    probe: Probe | None = None
    before: Callable[[], object] | None = None
    skip: Callable[[], bool] | None = None
    after: Callable[[], object] | None = None
    once: bool = False
    bare: bool = False
    cwd: Path | None = None
    stop_signal: int = signal.SIGTERM
    stop_last: bool = False  # stops after all others have ended
    grace_s: float = 5.0


class Running:
    """A part at work."""

    def __init__(self, part: Part, log: RotatingLog) -> None:
        self.part, self.log = part, log
        self.status = PartStatus()
        self.process: subprocess.Popen[bytes] | None = None
        self.group: int | None = None  # stays known after the leader died, until the last member is gone
        self.output: int | None = None
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.group_deadline = 0.0
        self.crashes = 0
        self.stop_deadline = 0.0
        self.done = False

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def is_up(self) -> bool:
        return self.done or self.status.state == "running"

    @property
    def is_over(self) -> bool:
        """Nothing of it is left."""
        return self.process is None and self.group is None

    def start(self, base_env: Mapping[str, str], now: float) -> None:
        """Start the command in a group of its own, its output in a pipe to us."""
        if self.part.before is not None:
            self.part.before()
        command = list(self.part.command)
        if not self.part.bare:
            wrap = ["--parent", str(os.getpid()), "--on-parent-death", str(int(self.part.stop_signal)), "--"]
            command = [sys.executable, "-I", "-S", spawn.__file__, *wrap, *command]
        self.process = subprocess.Popen(
            command, env={**base_env, **self.part.env}, cwd=self.part.cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)
        self.group = self.process.pid
        self.started_at = now
        self.status.pid = self.process.pid
        self.status.turn("starting")

    def read(self) -> bool:
        """Move what it printed into its log.  False when it has closed its output."""
        while self.output is not None:
            try:
                data = os.read(self.output, 65536)
            except BlockingIOError:
                return True
            except OSError:
                data = b""
            if not data:
                self.close_output()
                return False
            self.log.write(data)
        return False

    def close_output(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        elif self.output is not None:
            with contextlib.suppress(OSError):
                os.close(self.output)
        self.output = None

    def ended(self, wait_status: int, now: float, *, stopping: bool) -> str:
        """Its first process has ended: say how, and when it starts again.  Returns the sentence for the log."""
        assert self.process is not None
        code = os.waitstatus_to_exitcode(wait_status)
        self.process.returncode = code
        self.status.last_exit = exit_words(code)
        self.status.pid = None
        if now - self.started_at > STEADY_S:
            self.crashes = 0
        if self.part.once and code == 0:
            self.done = True
            if self.part.after is not None:
                self.part.after()
        self.group_deadline = now + (self.part.grace_s if stopping else 2.0)
        self.signal_group(self.part.stop_signal)
        if stopping or self.done:
            self.status.turn("stopped")
        else:
            self.start_again_at = now + BACKOFF_S[min(self.crashes, len(BACKOFF_S) - 1)]
            self.crashes += 1
            self.status.restarts += 1
            self.status.turn("backoff")
        return f"{self.name} ended: {self.status.last_exit}"

    def collect(self, now: float) -> None:
        """After the first process, wait for the rest of its group; what does not end is ended."""
        if self.process is None or self.process.returncode is None or self.group is None:
            return
        if alive(self.group):
            if now > self.group_deadline:
                self.signal_group(signal.SIGKILL)
            return
        self.read()
        self.close_output()
        self.process = None
        self.group = None

    def stop(self, now: float) -> None:
        """Ask it to end; `hurry` sees to it when it does not."""
        self.stop_deadline = now + self.part.grace_s
        if self.process is not None and self.process.returncode is None:
            self.status.turn("stopping")
            self.signal_first(self.part.stop_signal)
        elif self.is_over:
            self.status.turn("stopped")

    def hurry(self, now: float) -> None:
        if not self.is_over and self.stop_deadline and now > self.stop_deadline:
            self.signal_group(signal.SIGKILL)

    def signal_first(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def signal_group(self, number: int) -> None:
        if self.group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, number)


def exit_words(code: int) -> str:
    """How a process ended, in words.

    >>> exit_words(-9), exit_words(0), exit_words(3)
    ('killed by SIGKILL', 'ended by itself (0)', 'failed (3)')
    """
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return "ended by itself (0)" if code == 0 else f"failed ({code})"
