"""`python -m tools.docs`: write the reference pages from code and files, then run what the docs show.

--check     change nothing: fail when a generated page is stale, a link is dead, a named file or test is not there,
            a command has no page, or a shown command does not do what the page says
--no-run    leave out the shown commands
--no-demo   leave out those that need a running demo (it takes the longest)
"""

from __future__ import annotations

import argparse
import sys

from tools.docs import checks, consoles, pages


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--no-run", action="store_true")
    parser.add_argument("--no-demo", action="store_true")
    chosen = parser.parse_args()

    problems: list[str] = []
    if chosen.check:
        problems += pages.stale()
    else:
        for path in pages.write():
            print(f"written: {path}")
    problems += checks.all_problems()
    if not chosen.no_run:
        ran, wrong = consoles.run_all(with_demo=not chosen.no_demo)
        print(f"{ran} shown commands were run")
        problems += wrong
    for problem in problems:
        print(f"docs: {problem}")
    print(f"docs: {len(problems)} problems" if problems else "docs: all true")
    return 1 if problems else 0


sys.exit(main())
