"""Does docs/explain/pharmacokinetics.md do what it shows?  Run as a module, it writes outputs and pictures anew."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from pathlib import Path

from click.testing import CliRunner

from stillhaven.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explain" / "pharmacokinetics.md"
BLOCK = re.compile(r"```(python|text|console)\n(.*?)```", re.DOTALL)


def run(text: str) -> list[tuple[str, str, str]]:
    """Each python block with the output that the page shows after it ("" if none) and the one it has now."""
    found, names = [], {}
    blocks = [(m[1], m[2]) for m in BLOCK.finditer(text)]
    for i, (kind, body) in enumerate(blocks):
        if kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(body, str(PAGE), "exec"), names)
            shown = blocks[i + 1][1] if i + 1 < len(blocks) and blocks[i + 1][0] == "text" else ""
            found.append((body, shown, out.getvalue()))
        elif kind == "console":
            for line in body.splitlines():
                command = shlex.split(line.removeprefix("$ "))
                assert command[0] == "stillhaven"
                done = CliRunner().invoke(cli, command[1:])
                assert done.exit_code == 0, f"{line}: {done.output} {done.exception!r}"
    return found


def test_the_page_runs_and_shows_what_it_gives(tmp_path, monkeypatch):
    (tmp_path / "docs" / "img").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for body, shown, now in run(PAGE.read_text(encoding="utf-8")):
        assert shown == now, body
    drawn = sorted(p.name for p in (tmp_path / "docs" / "img").iterdir())
    assert drawn == ["pk_band.svg", "pk_nasal.svg"]
    for name in drawn:  # drawn to a tenth of a pixel: the last digit may differ from machine to machine
        committed = _numbers((ROOT / "docs" / "img" / name).read_text(encoding="utf-8"))
        fresh = _numbers((tmp_path / "docs" / "img" / name).read_text(encoding="utf-8"))
        assert len(committed) == len(fresh)
        assert max(abs(a - b) for a, b in zip(committed, fresh, strict=True)) < 0.25


def _numbers(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+\.?\d*", text)]


def main() -> None:
    os.chdir(ROOT)
    text = PAGE.read_text(encoding="utf-8")
    for body, shown, now in run(text):
        if shown != now and f"{body}```\n\n```text\n{shown}```" in text:
            text = text.replace(f"{body}```\n\n```text\n{shown}```", f"{body}```\n\n```text\n{now}```")
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    sys.exit(main())
