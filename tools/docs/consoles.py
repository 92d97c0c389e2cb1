"""Do the commands that a page shows do what the page says?

A fenced ```console block after one of these lines is run:

    <!-- runs -->                 in a scratch folder
    <!-- runs in the demo -->     the same, while `stillhaven demo` runs there
    <!-- runs, ends with 1 -->    the last command's exit code is 1

Lines that begin with `$ ` are commands (a backslash at the end goes on).  Lines below are what has to come out, in
this order; `...` stands for anything.  No lines below: only the exit code counts.  Blocks of one page share a folder.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.docs.checks import documents
from tools.docs.pages import ROOT

_BLOCK = re.compile(
    r"^<!-- runs(?P<demo> in the demo)?(?:, ends with (?P<code>\d+))? -->\n+```console\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_MARKED = re.compile(r"^<!-- runs.*-->", re.MULTILINE)
_LONGEST_S = 180
_DEMO_S = 600


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One command as a page shows it, and what the page says comes out."""

    page: str
    command: str
    output: str
    code: int
    demo: bool


def shown(page: str, text: str) -> list[Shown]:
    """The marked commands of a page, in order.  A mark that marks nothing is an error."""
    found: list[Shown] = []
    blocks = list(_BLOCK.finditer(text))
    if len(blocks) != len(_MARKED.findall(text)):
        raise ValueError(f"{page}: a `runs` mark is not followed by a console block, or cannot be read")
    for block in blocks:
        pairs = _commands(page, block["body"])
        for number, (command, output) in enumerate(pairs, 1):
            code = int(block["code"] or 0) if number == len(pairs) else 0
            found.append(Shown(page=page, command=command, output=output, code=code, demo=bool(block["demo"])))
    return found


def _commands(page: str, body: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, list[str]]] = []
    continued = False
    for line in body.splitlines():
        if continued:
            pairs[-1] = (f"{pairs[-1][0]}\n{line}", [])
        elif line.startswith("$ "):
            pairs.append((line[2:], []))
        elif pairs:
            pairs[-1][1].append(line)
        else:
            raise ValueError(f"{page}: a console block begins without `$ `")
        continued = line.endswith("\\") and not pairs[-1][1]
    return [(command, "\n".join(lines).strip()) for command, lines in pairs]


def matches(wanted: str, got: str) -> bool:
    """Do these lines come out in this order?  `...` stands for anything, runs of blanks count as one.

    >>> matches("a ... c", "a b  c")
    True
    >>> matches("a\\nc", "a\\nb\\nc"), matches("c\\na", "a\\nb\\nc")
    (True, False)
    """
    lines = [" ".join(line.split()) for line in got.splitlines()]
    at = 0
    for line in wanted.splitlines():
        words = " ".join(line.split())
        if not words or words == "...":
            continue
        pattern = ".*".join(re.escape(part) for part in words.split("..."))
        at = next((n + 1 for n in range(at, len(lines)) if re.fullmatch(pattern, lines[n])), -1)
        if at < 0:
            return False
    return True


def run_all(*, with_demo: bool) -> tuple[int, list[str]]:
    """Run what all pages show; says how many commands, and what went wrong."""
    ran, wrong = 0, []
    for path in documents():
        page = str(path.relative_to(ROOT))
        todo = [one for one in shown(page, path.read_text(encoding="utf-8")) if with_demo or not one.demo]
        if todo:
            with tempfile.TemporaryDirectory(prefix="stillhaven-docs-") as folder:
                wrong += run_page(todo, Path(folder))
            ran += len(todo)
    return ran, wrong


def run_page(todo: list[Shown], folder: Path) -> list[str]:
    """Run one page's commands in one folder, with a demo beside them where one of them needs it."""
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "stillhaven").symlink_to(ROOT / "stillhaven")
    demo = Demo(folder) if any(one.demo for one in todo) else None
    try:
        if demo is not None and not demo.ready():
            return [f"{todo[0].page}: the demo did not start: {demo.said[-400:]}"]
        return [problem for one in todo if (problem := _run(one, folder, demo))]
    finally:
        if demo is not None:
            demo.stop()


def environment(folder: Path) -> dict[str, str]:
    """What the shown commands see: the house's own programs first, nothing of the caller's clinic."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STILLHAVEN_", "DATABASE_URL"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "100",
    }


def _run(one: Shown, folder: Path, demo: Demo | None) -> str:
    command = demo.at_its_ports(one.command) if demo is not None else one.command
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment(folder), timeout=_LONGEST_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{one.page}: `{one.command}` did not end within {_LONGEST_S} s"
    if done.returncode != one.code:
        return f"{one.page}: `{one.command}` ended with {done.returncode}, not {one.code}:\n{done.stdout[-800:]}"
    if not matches(one.output, done.stdout):
        return f"{one.page}: `{one.command}` said something else:\n{done.stdout[-800:]}"
    return ""


class Demo:
    """A demo on free ports in a scratch folder."""

    def __init__(self, folder: Path) -> None:
        self.port, self.gateway = _free(), _free()
        command = [
            sys.executable, "-m", "stillhaven", "demo", "--data", "demo-data", "--port", str(self.port), "--gateway-port",
            str(self.gateway),
        ]  # fmt: skip
        self.said = ""
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def ready(self) -> bool:
        """Wait until it says so."""
        assert self.process.stdout is not None
        end = time.monotonic() + _DEMO_S
        while time.monotonic() < end and self.process.poll() is None:
            if select.select([self.process.stdout], [], [], 1.0)[0]:
                self.said += os.read(self.process.stdout.fileno(), 65536).decode(errors="replace")
            if "is ready at" in self.said:
                return True
        return False

    def at_its_ports(self, command: str) -> str:
        """The page's addresses become this demo's."""
        return command.replace(":8000", f":{self.port}").replace(":2575", f":{self.gateway}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
