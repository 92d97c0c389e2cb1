"""How long does the estimate of one live screen take to be worked out anew, at 1,000 draws?  Goal: under 50 ms by any route.

    python -m tests.bench.pk_screen [ROUNDS]

The very function the screen calls, some twenty minutes after the first dose, two hours ahead, for every drug and route
that has a model; without numba, as a clinic is installed.  It uses one core and waits for nothing, so the processor's
time counts: that is what it takes on a machine with a core to spare.  The wall time and the load stand beside it.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

GOAL_MS = 50.0
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INFUSION = (("start", 0.0, 61.5), ("hold", 9.3, None), ("resume", 12.1, None))
ROUTES = {  # what it is: drug, route, order's mg, entries (kind, minute, mg/h or mg)
    "ketamine infusion, one hold": ("ketamine", "iv_infusion", "41", INFUSION),
    "ketamine, two boluses": ("ketamine", "iv_bolus", "20", (("divided", 0.0, 10.0), ("bolus", 8.4, 5.0))),
    "S-ketamine infusion, one hold": ("s_ketamine", "iv_infusion", "41", INFUSION),
    "esketamine infusion, one hold": ("esketamine", "iv_infusion", "41", INFUSION),
    "esketamine nasal, 56 mg": ("esketamine", "intranasal", "56", (("device", 0.0, 28.0), ("device", 5.2, 28.0))),
    "esketamine nasal, 84 mg": (
        "esketamine", "intranasal", "84", (("device", 0.0, 28.0), ("device", 5.2, 28.0), ("device", 10.7, 28.0)),
    ),
    "esketamine by mouth": ("esketamine", "oral", "56", (("single", 0.0, 56.0),)),
    "S-ketamine under the tongue": ("s_ketamine", "sublingual", "50", (("single", 0.0, 50.0),)),
    "S-ketamine under the tongue, twice": (
        "s_ketamine", "sublingual", "100", (("divided", 0.0, 50.0), ("divided", 13.3, 50.0)),
    ),
}  # fmt: skip


def main() -> int:
    os.environ["STILLHAVEN_PK_NUMBA"] = "0"
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    from tests.bench.running import load

    prepare()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    worst = 0.0
    for name in ROUTES:
        took, wall, points = redraw(name, rounds)
        worst = max(worst, took if points else GOAL_MS)
        word = "ok" if points and took < GOAL_MS else "OVER"
        print(
            f"{word:>6}  {name:<36} {took:5.1f} ms of one core, wall {wall[0]:.1f} to {wall[1]:.1f}, {points} moments"
        )
    print(f"        estimate anew, 1,000 draws, median of {rounds}; goal under {GOAL_MS:g} ms; {load()}")
    return 0 if worst < GOAL_MS else 1


def redraw(name: str, rounds: int) -> tuple[float, tuple[float, float], int]:
    """Median of the processor's time, least and most wall time in ms, and how many moments are drawn."""
    from stillhaven.clinic.monitoring import prediction
    from stillhaven.science.dose_entries import DoseEntry, Kind

    drug, route, mg, entries = ROUTES[name]
    order = SimpleNamespace(
        drug=drug, route=route, dose_mg=Decimal(mg), weight_kg=Decimal("82"), duration_min=Decimal("40")
    )
    session: Any = SimpleNamespace(order=order, patient=SimpleNamespace(age_y=lambda day: 40))
    doses = [
        DoseEntry(
            kind=Kind(kind), at=START + timedelta(minutes=minute), seq=n,
            **({"amount_mg": much} if much and kind != "start" else {}),
            **({"rate_mg_per_h": much, "concentration_mg_per_ml": 0.41, "bag_ml": 100.0} if kind == "start" else {}),
        )
        for n, (kind, minute, much) in enumerate(entries, start=1)
    ]  # fmt: skip
    wall, own, points = [], [], 0
    for n in range(rounds + 3):
        began, worked = time.perf_counter(), time.process_time()
        found = prediction.prediction(session, doses, START + timedelta(minutes=20, seconds=n))
        if n >= 3:  # the first read the models
            wall.append(1000 * (time.perf_counter() - began))
            own.append(1000 * (time.process_time() - worked))
        points = len(found["t_ms"]) if found else 0
    return statistics.median(own), (min(wall), max(wall)), points


def prepare() -> None:
    """Django's models have to be importable; no database is asked."""
    import atexit
    import shutil
    import tempfile
    from pathlib import Path

    import django

    from stillhaven.service import folder as folders

    place = Path(tempfile.mkdtemp(prefix="shbench-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    data = folders.open_folder(place, create=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "stillhaven.clinic.web.settings", "STILLHAVEN_SETTINGS_MODE": "test",
        "STILLHAVEN_DATA": str(data.path), "STILLHAVEN_PG": str(data.path),
    }  # fmt: skip
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
