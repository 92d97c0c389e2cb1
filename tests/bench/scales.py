"""How many sheets a second does the scoring engine score on one core, and does the second scorer agree?

python -m tests.bench.scales              # every scale; the goal is 200,000 sheets a second
SCALES_SHEETS=100000 pytest tests/science/test_scales_second.py      # agreement on 100,000 sheets a scale
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from stillhaven.reference.load import current
from stillhaven.science.scales import score_sheet
from stillhaven.science.scales.many import score_many

GOAL = 200_000
SHEETS = int(os.environ.get("STILLHAVEN_BENCH_SHEETS", "200000"))


def main() -> int:
    """Answers checked, gaps in a third of the sheets; processor time of one core."""
    print(f"{SHEETS:,} sheets a scale, answers checked, with gaps; load {os.getloadavg()[0]:.1f}")
    slow = []
    for name, instrument in sorted(current().instruments.items()):
        if not instrument.questions:
            continue
        made = np.random.default_rng(1)
        columns = [
            made.uniform(q.low, q.high, SHEETS) if q.decimal else made.choice(np.array(q.values), SHEETS)
            for q in instrument.questions
        ]
        sheets = np.column_stack(columns)
        sheets[made.random(sheets.shape) < 0.04 * (made.random(SHEETS) < 0.33)[:, None]] = np.nan
        score_many(instrument, sheets[:100])
        start = time.process_time()
        score_many(instrument, sheets)
        rate = SHEETS / (time.process_time() - start)
        mark = "" if rate >= GOAL else "  UNDER THE GOAL"
        if mark and instrument.wording:
            slow.append(name)
        print(f"{name:26} {len(instrument.questions):3} questions {rate:12,.0f} /s{mark}")
    phq9 = current().instruments["phq9"]
    start, count = time.process_time(), 2000
    for _ in range(count):
        score_sheet(phq9, {str(i): 1 for i in range(1, 10)})
    print(f"one PHQ-9 at a time: {count / (time.process_time() - start):,.0f} /s")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
