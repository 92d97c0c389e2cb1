"""Who sweeps up when the supervisor itself is killed?

A tiny program that holds the other end of a pipe.  The supervisor writes `add GROUP SIGNAL` and `drop GROUP`; when the
pipe closes, whatever is still listed is asked to end, then made to end.  The kernel's death signal (spawn.py) reaches a
part's first process only; this reaches every process of its group, such as the web server's workers.  Standard library
only, run by path, isolated.

    python -I -S guard.py [--watch PID]        with --watch, the end of that process counts as the end of the pipe
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

GRACE_S = 4.0


def alive(group: int) -> bool:
    """Has the process group a member that is not a corpse waiting to be collected?"""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return any(state != "Z" for state in _states(group))


def _states(group: int) -> list[str]:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                found.append(fields[0])
    return found


def sweep(groups: dict[int, int], grace_s: float = GRACE_S) -> None:
    """Ask every group to end by its own signal; after the grace, end what is left."""
    for group, number in groups.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(alive(group) for group in groups):
        time.sleep(0.05)
    for group in groups:
        if alive(group):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


def main(argv: list[str]) -> None:
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, int] = {}
    waiting = [sys.stdin.fileno()]
    if "--watch" in argv:
        waiting.append(os.pidfd_open(int(argv[argv.index("--watch") + 1])))
    rest = b""
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if sys.stdin.fileno() not in ready:
            break
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            if len(waiting) == 1:
                break
            waiting.pop(0)  # with --watch the pipe may close early: its writer was a helper of the watched process
            select.select(waiting, [], [])
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            word, group, *number = line.split()
            if word == b"add":
                groups[int(group)] = int(number[0])
            else:
                groups.pop(int(group), None)
    sweep(groups)


if __name__ == "__main__":
    main(sys.argv[1:])
