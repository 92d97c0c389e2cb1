"""Does every part of the clinic run, is a crash noticed and mended, and does everything end when it should?

One thread, one loop.  A part that ends is seen at once (SIGCHLD), started again after a short wait, and shown in
run/status.json and logs/.  Nothing outlives the supervisor: not on TERM (clean stop), and not when it is killed itself
(guard.py and the kernel's death signal).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stillhaven.science.errors import Refused
from stillhaven.service import guard
from stillhaven.service.folder import DataFolder
from stillhaven.service.logs import RotatingLog
from stillhaven.service.parts import Part, Running
from stillhaven.service.status import BEAT_S, Status, now_text

PR_SET_CHILD_SUBREAPER = 36
TICK_S = 0.05
CALM_TICK_S = 0.5
SILENT_AFTER_S = 12.0  # two unanswered questions
RESTART_SILENT_AFTER_S = 40.0
UP_AFTER_S = 0.3  # a part that cannot say when it is up, is up when it has lived so long
TRIES_BEFORE_READY = 4
SLOW_S = 30.0
CHILD_MARK = "STILLHAVEN_CHILD_OF"


class Supervisor:
    """Runs parts until TERM, INT or HUP.  `run` returns the exit code."""

    def __init__(
        self,
        folder: DataFolder,
        parts: Sequence[Part],
        *,
        env: Mapping[str, str],
        about: Mapping[str, Any],
        on_ready: Callable[[], object] = lambda: None,
    ) -> None:
        self.folder = folder
        self.env = {**env, CHILD_MARK: str(folder.path)}
        self.log = RotatingLog(folder.logs / "serve.log")
        self.running = [Running(part, RotatingLog(folder.logs / f"{part.name}.log")) for part in parts]
        self.by_name = {one.name: one for one in self.running}
        shown = {"pid": os.getpid(), "state": "starting", "since": now_text(), **about}
        self.status = Status(supervisor=shown, parts={one.name: one.status for one in self.running})
        self.on_ready = on_ready
        self.stopping = 0  # how often somebody asked
        self.was_ready = False
        self.failure = ""
        self._selector = selectors.DefaultSelector()
        self._guard: subprocess.Popen[bytes] | None = None
        self._next_beat = 0.0
        self._began = time.monotonic()
        self._said_slow = False

    # ------------------------------------------------------------ the loop

    def run(self) -> int:
        """Start everything, keep it running, stop everything."""
        os.umask(0o077)
        # Orphans of a part (a killed web server's workers) come to us, so that none stays a corpse for ever.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        wake_read, wake_write = os.pipe()
        for end in (wake_read, wake_write):
            os.set_blocking(end, False)
        self._selector.register(wake_read, selectors.EVENT_READ, None)
        before = {
            number: signal.signal(number, self._asked) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._start_guard()
        try:
            while not (self.stopping and all(one.is_over for one in self.running)):
                self._turn()
        except BaseException:
            self._end_at_once()
            raise
        finally:
            for one in self.running:
                if one.part.probe:
                    one.part.probe.end()
            self._dismiss_guard()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(wake_read)
            os.close(wake_write)
        self._turn_to("stopped")
        self.say("stopped" if not self.failure else self.failure)
        return 1 if self.failure else 0

    def _turn(self) -> None:
        busy = self.stopping or any(not one.is_up for one in self.running)
        for key, _ in self._selector.select(TICK_S if busy else CALM_TICK_S):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(key.fd, 4096)
            else:
                one: Running = key.data
                if not one.read():
                    self._selector.unregister(key.fd)
        now = time.monotonic()
        self._reap(now)
        for one in self.running:
            one.collect(now)
        try:
            if self.stopping:
                self._stop_on(now)
            else:
                self._keep_up(now)
        except Refused as refusal:
            self._give_up(str(refusal))
        if now >= self._next_beat:
            self._write(now)

    def _keep_up(self, now: float) -> None:
        for one in self.running:
            if one.status.state == "starting":
                self._look_whether_up(one, now)
            elif one.status.state in ("running", "silent"):
                self._look_whether_silent(one, now)
            elif not one.done and one.is_over and now >= one.start_again_at and self._needs_met(one):
                self._start(one, now)
        if not self.was_ready and all(one.is_up for one in self.running):
            self.was_ready = True
            self._turn_to("ready")
            self.on_ready()
        elif not self.was_ready and not self._said_slow and now - self._began > SLOW_S:
            self._said_slow = True
            self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        for one in self.running:
            if not one.is_up:
                words = f"; it says: {one.part.probe.last_words}" if one.part.probe else ""
                self.say(f"after {SLOW_S:.0f} s, {one.name} is still {one.status.state}{words}")

    def _needs_met(self, one: Running) -> bool:
        names = one.part.needs if self.was_ready else (*one.part.needs, *one.part.first_after)
        return all(self.by_name[name].is_up for name in names if name in self.by_name)

    def _start(self, one: Running, now: float) -> None:
        if one.part.skip is not None and one.part.skip():
            one.done = True
            one.status.turn("stopped")
            return
        one.start(self.env, now)
        assert one.process is not None
        assert one.output is not None
        self._selector.register(one.output, selectors.EVENT_READ, one)
        self._tell_guard(f"add {one.process.pid} {int(one.part.stop_signal)}\n")
        if one.part.probe is not None:
            one.part.probe.eager = True
            one.part.probe.start()
        self._look_whether_up(one, now)
        self._write(now)

    def _look_whether_up(self, one: Running, now: float) -> None:
        part = one.part
        up = not part.once and now - one.started_at > UP_AFTER_S
        if part.ready is not None:
            up = part.ready()
        elif part.probe is not None:
            up = part.probe.last_ok > one.started_at
        if up:
            if part.probe is not None:
                part.probe.eager = False
            one.status.turn("running")
            self._write(now)

    def _look_whether_silent(self, one: Running, now: float) -> None:
        """A web server that runs but does not answer is no web server."""
        if one.part.probe is None:
            return
        quiet_s = now - max(one.part.probe.last_answer, one.started_at)
        if quiet_s > RESTART_SILENT_AFTER_S and one.process is not None:
            self.say(f"{one.name} has not answered for {quiet_s:.0f} s: starting it again")
            one.signal_group(signal.SIGKILL)
        elif (quiet_s > SILENT_AFTER_S) != (one.status.state == "silent"):
            one.status.turn("silent" if quiet_s > SILENT_AFTER_S else "running")
            self.say(f"{one.name} {'does not answer' if one.status.state == 'silent' else 'answers again'}")
            self._write(now)

    # ------------------------------------------------------------ endings

    def _reap(self, now: float) -> None:
        """Collect every child that ended, ours and orphans that came to us."""
        while True:
            try:
                pid, wait_status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._guard is not None and pid == self._guard.pid:
                self._guard.returncode = wait_status
                self._start_guard()
                continue
            one = next((one for one in self.running if one.process is not None and one.process.pid == pid), None)
            if one is not None:
                self._part_ended(one, wait_status, now)

    def _part_ended(self, one: Running, wait_status: int, now: float) -> None:
        one.read()
        if one.output is not None:
            self._selector.unregister(one.output)
            one.close_output()
        self._tell_guard(f"drop {one.group}\n")
        sentence = one.ended(wait_status, now, stopping=bool(self.stopping))
        if not self.stopping and not one.done:
            self.say(f"{sentence}; its last words are in {one.log.path}")
            if one.part.once or (not self.was_ready and one.crashes >= TRIES_BEFORE_READY):
                self._give_up(f"{sentence}. It said:\n{one.log.tail()}")
        self._write(now)

    def _asked(self, number: int, _frame: object) -> None:
        self.stopping += 1

    def _give_up(self, why: str) -> None:
        self.failure = self.failure or why
        self.stopping = max(self.stopping, 1)

    def _stop_on(self, now: float) -> None:
        """First all others, then the database; at the second signal, or when patience ends, at once."""
        if self.status.supervisor["state"] != "stopping":
            self._turn_to("stopping")
        others_over = all(one.is_over for one in self.running if not one.part.stop_last)
        for one in self.running:
            if one.part.stop_last and not others_over:
                continue
            if not one.stop_deadline:
                one.stop(now)
            if self.stopping >= 2 and not one.is_over:
                one.signal_group(signal.SIGQUIT if one.part.stop_last else signal.SIGKILL)
            one.hurry(now)

    def _end_at_once(self) -> None:
        for one in self.running:
            one.signal_group(signal.SIGQUIT if one.part.stop_last else signal.SIGKILL)

    # ------------------------------------------------------------ guard, status, words

    def _start_guard(self) -> None:
        """The process that sweeps up if we are killed; if it is killed itself, there is a new one at once."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__], stdin=subprocess.PIPE, start_new_session=True
        )
        for one in self.running:
            if one.group is not None:
                self._tell_guard(f"add {one.group} {int(one.part.stop_signal)}\n")

    def _tell_guard(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(OSError):
                self._guard.stdin.write(line.encode())
                self._guard.stdin.flush()

    def _dismiss_guard(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(OSError):
                self._guard.stdin.close()
            with contextlib.suppress(ChildProcessError):
                self._guard.wait()

    def _turn_to(self, state: str) -> None:
        self.status.supervisor |= {"state": state, "since": now_text()}
        self._write(time.monotonic())

    def _write(self, now: float) -> None:
        self.status.write(self.folder.status_file)
        self._next_beat = now + BEAT_S

    def say(self, sentence: str) -> None:
        """To the person at the terminal and to logs/serve.log."""
        self.log.write(f"{now_text()} {sentence}\n".encode())
        with contextlib.suppress(OSError):
            print(f"stillhaven: {sentence}", file=sys.stderr, flush=True)
