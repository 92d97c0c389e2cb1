"""How long until a clinic is ready, on a fresh folder and again, and until it has stopped?  Goals: 10 s, 5 s, a few.

    python -m tests.bench.startup [ROUNDS]

Runs the real `stillhaven serve` and asks /healthz, as anybody would.  Says the machine's load beside each figure,
because a start is little else than two cores at work.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PATIENCE_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(data: Path, port: int) -> tuple[float, float]:
    """Seconds to ready, seconds to stop."""
    began = time.monotonic()
    command = [sys.executable, "-m", "stillhaven", "serve", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() - began > PATIENCE_S:
                process.kill()
                assert process.stderr is not None
                sys.exit(f"the clinic did not start:\n{process.stderr.read()[-2000:]}")
            time.sleep(0.02)
        ready_s = time.monotonic() - began
        time.sleep(1.0)
        asked = time.monotonic()
    finally:
        process.terminate()
        process.wait(60)
    return ready_s, time.monotonic() - asked


def is_ready(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for number in range(1, rounds + 1):
        home = Path(tempfile.mkdtemp(prefix="sh-start-"))
        try:
            for name in ("fresh folder", "same folder"):
                load = os.getloadavg()[0]
                ready_s, stop_s = run(home / "clinic", free_port())
                print(
                    f"{f'round {number}, {name}:':28s}ready {ready_s:5.1f} s   stopped {stop_s:4.1f} s   load {load:.1f}"
                )
        finally:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
