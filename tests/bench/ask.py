"""Does Ask find the right page, refuse what no page answers, and how long does it take?

    python -m tests.bench.ask             by words and by meaning, as a clinic has it
    python -m tests.bench.ask --missed    names what was missed: never for the set that is kept apart

Prints first and among three for each set, by words alone and with the model, what was refused, the time of one question and
the memory that the model adds.
"""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
SETS = (
    ("tuned on", ("ask_ranking_tuning",)),
    ("tuned on earlier", ("ask_paraphrases",)),
    ("kept apart", ("ask_held_out", "ask_fresh")),
)
APART = "kept apart"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def measure() -> None:
    """Inside the clinic's environment, in a process of its own."""
    import django

    django.setup()
    from stillhaven.clinic.public import meaning, search
    from tests.clinic.asking import good, of_set, refused

    def lines(title: str) -> None:
        for name, files in SETS:
            done = good(of_set(*files))
            print(f"{title:12} {name:18} {done.asked:4} asked   {done.first:5.1%} first   {done.three:5.1%} among three", flush=True)  # fmt: skip
            if "--missed" in sys.argv and name != APART:
                print(*(f"      {words} -> {found}" for words, found in done.missed), sep="\n")
        for name in ("tuning", "held_out"):
            off = read("ask_off_topic")[name]
            print(f"{title:12} no page, {name:9} {len(off):4} asked   {refused(off):5.1%} refused", flush=True)

    before = _megabytes()
    begun = time.perf_counter()
    search.find("is it safe", "en")
    first = (time.perf_counter() - begun) * 1e3
    lines("with meaning")
    took = []
    for row in of_set("ask_held_out"):
        begun = time.perf_counter()
        search.find(row["words"], "en")
        took.append((time.perf_counter() - begun) * 1e3)
    took.sort()
    private, shared = (now - then for now, then in zip(_megabytes(), before, strict=True))
    print(f"one question: median {took[len(took) // 2]:.0f}   p95 {took[int(len(took) * 0.95)]:.0f} ms   the first of a process "
          f"{first:.0f} ms   memory +{private:.0f} MB of its own, +{shared:.0f} MB mapped and shared")  # fmt: skip
    works, meaning.works = meaning.works, lambda _lang: False
    near, meaning.near = meaning.near, lambda *_args: None
    lines("by words")
    meaning.works, meaning.near = works, near


def _megabytes() -> tuple[float, float]:
    import psutil

    told = psutil.Process().memory_info()
    return (told.rss - told.shared) / 1e6, told.shared / 1e6


def main() -> None:
    """Print the figures."""
    from tests.bench.running import Running, load

    with Running() as clinic:
        done: subprocess.CompletedProcess[str] = clinic.run("-m", "tests.bench.ask", "inside", *sys.argv[1:])
        assert done.returncode == 0, done.stderr[-3000:]
        print(done.stdout.strip())
        print(f"({load()})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        measure()
    else:
        main()
