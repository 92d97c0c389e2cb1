"""How fast and how exact is the pharmacokinetic engine beside its peers?  Ratios in one run, on one machine.

    python -m tests.bench.pk            # all; --quick skips the million people and the slow peers

The peers are installed into an environment of this bench's own, in a cache folder (STILLHAVEN_BENCH_CACHE, else the
user's cache), never into stillhaven's.  A peer that cannot be had is named with the reason, and its ratio is missing.
The work, from shared/pharmacology.md section 2: (a) 0.5 mg/kg over 40 min in one patient, plasma and effect site at
1,441 points; (b) the same in 10,000 patients; (c) one patient's four parameters from six samples.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PEERS = {
    "numbalsoda": ["numbalsoda"],
    "PyTCI": ["PyTCI"],
    "scipy LSODA": ["scipy"],
    "diffrax": ["diffrax"],
    "deSolve": [],
}
WANTED = [  # what, ours, theirs, at least this ratio
    ("(a) one patient, numba / numbalsoda 1e-9", "numba", "numbalsoda", "a_ms", 15.0),
    ("(a) one patient, numpy / PyTCI exact", "numpy", "PyTCI", "a_ms", 1.0),
    ("(b) 10,000 patients, numba / numbalsoda 1e-9", "numba", "numbalsoda", "b_s", 30.0),
    ("(b) 10,000 patients, numpy / numbalsoda 1e-9", "numpy", "numbalsoda", "b_s", 10.0),
    ("(c) MAP, numba / PyTCI exact with scipy", "numba", "PyTCI", "c_ms", 60.0),
    ("(a) one patient, numpy / scipy LSODA 1e-9", "numpy", "scipy LSODA", "a_ms", 1.0),
    ("(a) one patient, numpy / diffrax 1e-8", "numpy", "diffrax", "a_ms", 1.0),
    ("(b) 10,000 patients, numpy / diffrax 1e-8", "numpy", "diffrax", "b_s", 1.0),
    ("(a) one patient, numpy / deSolve", "numpy", "deSolve", "a_ms", 1.0),
]


def environment() -> Path:
    """The bench's own python, with numpy and numba."""
    base = os.environ.get("STILLHAVEN_BENCH_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "stillhaven-bench-pk"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    if problem := install(python, ["numpy>=2.4", "numba>=0.63", "scipy"]):
        sys.exit(f"the bench's own environment cannot be made: {problem}")
    return python


def install(python: Path, packages: list[str]) -> str:
    """ "" when it is there; else the last telling line of what went wrong."""
    if not packages:
        return ""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    telling = [line for line in lines if "Fortran compiler" in line or "No matching distribution" in line]
    return (telling or [line for line in lines if "rror" in line] or ["pip failed"])[0]


def ask(python: Path, who: str, *, numba: bool = True) -> dict[str, Any]:
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "STILLHAVEN_PK_NUMBA": "1" if numba else "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    script = str(Path(__file__).with_name("pk_work.py"))
    done = subprocess.run([str(python), script, who], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["it failed without a word"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(argv: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true")
    quick = options.parse_args(argv).quick
    python = environment()
    found = {
        "numba": ask(python, "ours"),
        "numpy": ask(python, "ours", numba=False),
    }
    for peer, packages in PEERS.items():
        if quick and peer != "PyTCI":
            continue
        problem = install(python, packages)
        found[peer] = {"missing": problem} if problem else ask(python, peer)
    for who, figures in found.items():
        if "missing" in figures:
            print(f"{who:<12} NOT MEASURED: {figures['missing']}")
        else:
            print(f"{who:<12} " + "  ".join(f"{k} {v:.4g}" for k, v in figures.items()))
    print()
    for what, ours, theirs, key, least in WANTED:
        mine, peer = found.get(ours, {}).get(key), found.get(theirs, {}).get(key)
        if mine is None or peer is None:
            print(f"  --    {what}: not measured")
        else:
            print(f"{'ok' if peer / mine >= least else 'UNDER':>6}  {what}: {peer / mine:.1f} times (goal {least:g})")
    fast = found["numba"]
    if "missing" not in fast:
        ratio = fast["b_cpu_s"] / fast["write_cpu_s"]
        print(f"{'ok' if ratio <= 3.5 else 'OVER':>6}  (b) numba: {ratio:.2f} times writing the output once (goal 3.5)")
    if not quick:
        many = ask(python, "crowd")
        if "missing" not in many:
            fine = many["million_cpu_s"] <= 2.0 and many["million_mb"] < 500
            print(
                f"{'ok' if fine else 'OVER':>6}  1,000,000 patients with bands: {many['million_cpu_s']:.2f} s of CPU, "
                f"{many['million_mb']:.0f} MB (goals 2 s, 500 MB)"
            )
    print("\nthe live screen's estimate, by route (tests.bench.pk_screen):", flush=True)
    subprocess.run([sys.executable, "-m", "tests.bench.pk_screen", "10" if quick else "40"], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
