"""What the clinic feels: `python -m tests.bench [NAME ...]` prints each figure (all but the slow ones without a name).

startup   until a clinic is ready                     path    a monitor's message to the screen
gateway   messages a second, delay, memory            pages   what a page takes with a year of sessions
pk        the pharmacokinetic engine beside peers     chaos   kills and pauses while messages flow
scales    rating-scale sheets a second on one core    outcomes  the registry's page (slow: by name only)
clinic_pages  every page from form to vial with 10,000 patients in the database
lighthouse  public pages on a phone (slow: by name only)
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

NAMES = ("startup", "gateway", "path", "pages", "clinic_pages", "chaos", "pk", "scales")
USUAL = {"pk": ("--quick",), "startup": ("1",)}


def main() -> int:
    """Each in a process of its own, so that one leaves nothing behind for the next."""
    here = Path(__file__).parent
    known = sorted(p.stem for p in here.glob("*.py") if "def main(" in p.read_text() and not p.stem.startswith("_"))
    wanted = sys.argv[1:] or [name for name in NAMES if name in known]
    if unknown := set(wanted) - set(known):
        sys.exit(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    worst = 0
    for name in wanted:
        print(
            f"== {name}: {(importlib.import_module(f'tests.bench.{name}').__doc__ or '').splitlines()[0]}", flush=True
        )
        done = subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *USUAL.get(name, ())], check=False)
        worst = max(worst, done.returncode)
        print(flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
