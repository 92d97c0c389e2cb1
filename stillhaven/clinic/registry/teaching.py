"""A synthetic copy for teaching: the same tables, invented from a seed, every row and every file marked as such.

No row is made from anybody's data.  The numbers that shape it are invented; nothing can be learnt from them about a drug.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from stillhaven.clinic.registry import gather, leaving

PEOPLE = 120
_BEGIN = date(2030, 1, 7)  # a year in which nobody can have been treated yet
_DAYS = (-3.0, 0.9, 6.5, 13.5, 20.0, 27.0, 38.0, 48.0, 62.0)
_AGES = ("20-29", "30-39", "40-49", "50-59", "60-69")


def packed(seed: int, people: int = PEOPLE) -> leaving.Packed:
    """The files: the same seed gives the same rows anywhere."""
    made = np.random.default_rng(seed)
    out: leaving.Tables = {"courses": [], "sessions": [], "assessments": [], "outcomes": []}
    members = [f"SYN{number:05d}" for number in range(1, people + 1)]
    for member in members:
        _person(out, {"person": member, "course": 1}, made)
    return leaving.pack(out, members, synthetic=True)


def _person(out: leaving.Tables, who: dict[str, Any], made: np.random.Generator) -> None:
    rules, scale = gather.book().rules, gather.instrument()
    drawn = gather.lines(scale)
    begin = _BEGIN + timedelta(days=int(made.integers(0, 300)))
    sessions = int(made.choice([2, 4, 6, 6, 6]))
    days = [3 * n + n // 2 for n in range(sessions)]
    start, gain = float(np.clip(made.normal(18, 3.5), 6, 27)), float(made.normal(2.2, 1.6))
    out["courses"].append(who | {
        "age_group": str(made.choice(_AGES)), "sex": str(made.choice(["female", "male"])),
        "indication": "Invented for teaching", "treatment": "iv_ketamine", "first_session_on": begin.isoformat(),
        "sessions": sessions, "finished_induction": sessions >= rules.induction_fewest and days[-1] >= rules.induction_low_d,
    })  # fmt: skip
    out["sessions"] += [
        who | {"session": n, "on": (begin + timedelta(days=d)).isoformat(), "day": d, "drug": "ketamine",
               "route": "iv_infusion", "given_mg": round(float(made.normal(40, 6)), 1)}
        for n, d in enumerate(days, 1)
    ]  # fmt: skip
    forms: list[tuple[float, float, float]] = []
    for day in _DAYS:
        if made.random() < 0.22 + 0.004 * max(day, 0):
            continue
        mean = start - gain * float(np.log1p(max(day, 0.0)))
        total = float(np.clip(round(mean + float(made.normal(0, 2.2))), 0, 27))
        item = float(np.clip(round(total / 10 + float(made.normal(-0.6, 0.6))), 0, 3))
        before = [d for d in days if d <= day]
        forms.append((day, total, item))
        out["assessments"].append(who | {
            "scale": scale.key, "version": scale.version, "definition": scale.digest,
            "on": (begin + timedelta(days=int(np.floor(day)))).isoformat(), "day": day,
            "days_since_last_session": round(day - before[-1], 2) if before else None, "sessions_so_far": len(before),
            "total": total, "suicide_item": item,
        })  # fmt: skip
    first = next((f for f in reversed(forms) if -rules.baseline_within_d <= f[0] <= 0), None)
    low, high = days[-1] + rules.window_low_d, days[-1] + rules.window_high_d
    inside = [f for f in forms if low <= f[0] <= high]
    last = min(inside, key=lambda f: abs(f[0] - days[-1] - rules.window_nearest_d), default=None)
    both = first is not None and last is not None
    asked = first is not None and last is not None and first[1] >= rules.caseness
    fall, under = drawn.fall_percent or 0.0, drawn.remission or 0.0
    out["outcomes"].append(who | {
        "scale": scale.key, "window_over": True, "baseline": first and first[1], "in_window": last and last[1],
        "responded": (first[1] - last[1]) * 100 >= fall * first[1] if asked and first and last else None,
        "in_remission": last[1] < under if asked and last else None,
        "change": last[1] - first[1] if both and first and last else None,
        "suicide_item_rose": last[2] > first[2] if both and first and last else None,
        "missing": "" if both else "no form before" if first is None else "no form in the window",
    })  # fmt: skip
