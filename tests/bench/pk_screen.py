"""How long does the estimate of one live screen take to be worked out anew, at 1,000 draws?  Goal: under 50 ms.

    python -m tests.bench.pk_screen [ROUNDS]

The very function the screen calls, for somebody 20 minutes into 0.5 mg/kg over 40 minutes with one hold behind them, two
hours ahead; without numba, as a clinic is installed.  It uses one core and waits for nothing, so the processor's time
counts: that is what it takes on a machine with a core to spare.  The wall time here and the load stand beside it.
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


def main() -> int:
    os.environ["STILLHAVEN_PK_NUMBA"] = "0"
    from tests.bench.running import load

    prepare()
    from stillhaven.clinic.monitoring import prediction
    from stillhaven.science.dose_entries import DoseEntry, Kind

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    order = SimpleNamespace(
        drug="ketamine", route="iv_infusion", dose_mg=Decimal("41"), weight_kg=Decimal("82"), duration_min=Decimal("40")
    )
    session: Any = SimpleNamespace(order=order, patient=SimpleNamespace(age_y=lambda day: 40))

    def at(minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    doses = [
        DoseEntry(kind=Kind.START, at=at(0), seq=1, rate_mg_per_h=61.5, concentration_mg_per_ml=0.41, bag_ml=100.0),
        DoseEntry(kind=Kind.HOLD, at=at(9.3), seq=2),
        DoseEntry(kind=Kind.RESUME, at=at(12.1), seq=3),
    ]
    wall, own, points = [], [], 0
    for n in range(rounds + 3):
        began, worked = time.perf_counter(), time.process_time()
        found = prediction.prediction(session, doses, at(20 + n / 60))
        if n >= 3:  # the first read the models
            wall.append(1000 * (time.perf_counter() - began))
            own.append(1000 * (time.process_time() - worked))
        points = len(found["t_ms"]) if found else 0
    took = statistics.median(own)
    print(
        f"estimate anew, {prediction.DRAWS:,} draws, {points} moments: {took:.1f} ms of one core, median of {rounds} "
        f"(goal under {GOAL_MS:g}); wall here {min(wall):.1f} to {max(wall):.1f} ms, {load()}"
    )
    return 0 if points and took < GOAL_MS else 1


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
