"""How long does a filtered search among 20,000 centres take, and the whole page?

    python -m tests.bench.directory

STILLHAVEN_BENCH_CENTRES   how many centres (default 20,000)
STILLHAVEN_BENCH_ASKS      how many searches and pages (default 200)
"""

from __future__ import annotations

import os
import random
import sys
import time
import urllib.request

CENTRES = int(os.environ.get("STILLHAVEN_BENCH_CENTRES", "20000"))
ASKS = int(os.environ.get("STILLHAVEN_BENCH_ASKS", "200"))
GOAL_MS = 50


def fill_and_search() -> None:
    """Centres where people live, stating some facts; then searches around some of them.  Inside the clinic's environment."""
    import django

    django.setup()
    import zipcodes
    from django.db import connection

    from stillhaven.clinic.public import directory_queries as listing
    from stillhaven.clinic.public.directory_actions import confirmed, set_facts
    from stillhaven.clinic.public.directory_facts import FACTS
    from stillhaven.clinic.public.directory_models import Centre
    from stillhaven.clinic.record import clock
    from stillhaven.science.places import KM_PER_MILE, Place

    dice, today = random.Random(6), clock.now().date()
    codes = [z for z in zipcodes.filter_by(zip_code_type="STANDARD") if float(z["lat"])]
    made = []
    for n in range(CENTRES):
        z = dice.choice(codes)
        centre = Centre(name=f"Synthetic {n}", zip=z["zip_code"], lat=float(z["lat"]) + dice.uniform(-0.05, 0.05),
                        lon=float(z["long"]) + dice.uniform(-0.05, 0.05))  # fmt: skip
        stated = {f.key: [dice.choice(f.options)[0]] if f.options else [str(dice.randrange(20_000, 120_000))]
                  for f in FACTS if dice.random() < 0.7}  # fmt: skip
        set_facts(centre, confirmed({}, stated, by="bench", on=today))
        made.append(centre)
    Centre.objects.bulk_create(made, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE public_centre")
    for miles in (25, 100, 250):
        took, found = [], 0
        for _n in range(ASKS + 5):
            z = dice.choice(codes)
            says = tuple(
                f"{f.key}:{dice.choice(f.options)[0]}" for f in dice.sample([f for f in FACTS if f.options], 2)
            )
            near, wanted = (
                Place(lat=float(z["lat"]), lon=float(z["long"])),
                listing.Wanted(says=says, most_cents=90_000),
            )
            begun = time.perf_counter()
            hits = listing.search(near, miles * KM_PER_MILE, wanted)
            listing.hits(near, hits[: listing.PAGE], wanted, today)
            took.append((time.perf_counter() - begun) * 1e3)
            found += len(hits)
        took = sorted(took[5:])
        p95 = took[int(len(took) * 0.95)]
        print(f"{CENTRES:,} centres, {miles:3} miles, two facts and a price: median {took[len(took) // 2]:5.1f}   p95 {p95:5.1f} ms   "
              f"{found // (ASKS + 5):5} found   {'holds' if p95 < GOAL_MS else f'OVER {GOAL_MS}'}", flush=True)  # fmt: skip


def main() -> None:
    """Print the figures."""
    from tests.bench.running import Running, load

    with Running() as clinic:
        done = clinic.run("-m", "tests.bench.directory", "fill")
        assert done.returncode == 0, done.stderr[-3000:]
        print(done.stdout.strip())
        took, size = [], 0
        for _n in range(40):
            begun = time.perf_counter()
            with urllib.request.urlopen(f"{clinic.url}/centres/?near=94110&radius=100&routes=im", timeout=60) as answer:
                size = len(answer.read())
            took.append((time.perf_counter() - begun) * 1e3)
        took = sorted(took[3:])
        print(f"the page over HTTP: median {took[len(took) // 2]:.0f}   p95 {took[int(len(took) * 0.95)]:.0f} ms   "
              f"{size / 1024:.0f} KiB   ({load()})")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        fill_and_search()
    else:
        main()
