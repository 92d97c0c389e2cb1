"""Does a second scorer, written from the papers' rules and sharing nothing with the first, agree on random sheets?

Plain Python, one function a scale.  `SCALES_SHEETS` sets how many sheets a scale (2,000; the release runs 100,000).
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from stillhaven.reference.load import current
from stillhaven.science.scales import score_sheet
from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.many import score_many

SHEETS = int(os.environ.get("SCALES_SHEETS", "2000"))
Answers = list[float | None]
NO = None


def up(value: float, places: str = "1") -> float:
    """Half up, on what a decimal calculator shows (twelve places hold every tie of these scales)."""
    return float(Decimal(repr(round(value, 12))).quantize(Decimal(places), rounding=ROUND_HALF_UP))


def all_of(a: Answers) -> float | None:
    return NO if None in a else sum(x for x in a if x is not None)


def mean_filled(a: Answers, most: int) -> float | None:
    there = [x for x in a if x is not None]
    return NO if len(a) - len(there) > most or not there else up(sum(there) / len(there) * len(a))


def phq9(a: Answers) -> dict[str, float | None]:
    nine = a[:9]
    marks = [x is not None and (x >= 1 if i == 8 else x >= 2) for i, x in enumerate(nine)]
    blanks = [x is None for x in nine]
    sure = sum(marks) >= 5 and (marks[0] or marks[1])
    could = sum(marks) + sum(blanks) >= 5 and (marks[0] or marks[1] or blanks[0] or blanks[1])
    return {
        "total": mean_filled(nine, 2), "phq2": all_of(nine[:2]), "algorithm": 1.0 if sure else NO if could else 0.0,
    }  # fmt: skip


def gad7(a: Answers) -> dict[str, float | None]:
    return {"total": mean_filled(a, 2), "gad2": all_of(a[:2])}


def pcl5(a: Answers) -> dict[str, float | None]:
    clusters = [a[0:5], a[5:7], a[7:14], a[14:20]]
    total: float | None = 0.0
    if sum(x is None for x in a) > 2 or any(all(x is None for x in c) for c in clusters):
        total = NO
    else:
        for c in clusters:
            there = [x for x in c if x is not None]
            total = (total or 0.0) + sum(there) / len(there) * len(c)
        total = up(total or 0.0)
    hits = [sum(x is not None and x >= 2 for x in c) for c in clusters]
    blanks = [sum(x is None for x in c) for c in clusters]
    need = [1, 1, 2, 2]
    sure = all(h >= n for h, n in zip(hits, need, strict=True))
    could = all(h + b >= n for h, b, n in zip(hits, blanks, need, strict=True))
    found: dict[str, float | None] = {"total": total, "provisional": 1.0 if sure else NO if could else 0.0}
    return found | {k: all_of(c) for k, c in zip("bcde", clusters, strict=True)}


def qids(a: Answers) -> dict[str, float | None]:
    domains = [a[0:4], a[4:5], a[5:9], a[9:10], a[10:11], a[11:12], a[12:13], a[13:14], a[14:16]]
    tops = [max((x for x in d if x is not None), default=None) for d in domains]
    return {"total": NO if None in tops else sum(t for t in tops if t is not None)}


def hamd17(a: Answers) -> dict[str, float | None]:
    b = list(a)
    if b[15] == 3:
        b[15] = None
    return {"total": all_of(b), "hamd6": all_of([b[i - 1] for i in (1, 2, 7, 8, 10, 13)])}


def dast10(a: Answers) -> dict[str, float | None]:
    return {"total": NO if None in a else sum((x == 0) if i == 2 else (x == 1) for i, x in enumerate(a)) * 1.0}


def peg(a: Answers) -> dict[str, float | None]:
    s = all_of(a)
    return {"total": NO if s is None else up(s / 3, "0.1")}


def bpi(a: Answers) -> dict[str, float | None]:
    severity, there = all_of(a[:4]), [x for x in a[4:] if x is not None]
    return {
        "severity": NO if severity is None else severity / 4,
        "interference": sum(there) / len(there) if len(there) >= 4 else NO,
    }


def fiqr(a: Answers) -> dict[str, float | None]:
    domains, raw = [a[:9], a[9:11], a[11:]], []
    for d in domains:
        there = [x for x in d if x is not None]
        raw.append(NO if not there else sum(there) * len(d) / len(there))
    f, o, s = raw
    total = NO if f is None or o is None or s is None else f / 3 + o + s / 2
    return {"total": total, "function": f, "overall": o, "symptoms": s}


PROMIS = dict(zip(range(8, 41), map(float, ["38.2", "44.7", "47.5", "49.4", "50.9", "52.1", "53.2", "54.1", "55.1", "55.9", "56.8", "57.7", "58.5", "59.4", "60.3", "61.2", "62.1", "63.0", "63.9", "64.9", "65.8", "66.8", "67.7", "68.7", "69.7", "70.7", "71.7", "72.8", "73.9", "75.0", "76.4", "78.2", "81.3"]), strict=True))  # fmt: skip


def promis8a(a: Answers) -> dict[str, float | None]:
    raw = all_of(a)
    return {"raw": raw, "t": NO if raw is None else PROMIS[int(raw)]}


def cssrs(a: Answers) -> dict[str, float | None]:
    q1, q2, q3, q4, q5, q6, recent = a
    if q2 == 0:
        q3, q4, q5 = (x or 0.0 for x in (q3, q4, q5))
    if q6 == 0:
        recent = recent or 0.0
    if 1 in (q4, q5, recent):
        return {"level": 3.0}
    if None in (q4, q5, recent):
        return {"level": NO}
    for rank, asked in ((2.0, (q3, q6)), (1.0, (q1, q2))):
        if 1 in asked:
            return {"level": rank}
        if None in asked:
            return {"level": NO}
    return {"level": 0.0}


def mdq(a: Answers) -> dict[str, float | None]:
    yes, blanks, together, problem = a[:13].count(1), a[:13].count(None), a[13], a[14]
    parts = [
        True if yes >= 7 else None if yes + blanks >= 7 else False,
        None if together is None else together == 1,
        None if problem is None else problem >= 2,
    ]
    screen = 1.0 if all(p is True for p in parts) else 0.0 if False in parts else NO
    return {"yes": all_of(a[:13]), "screen": screen}


def total(a: Answers) -> dict[str, float | None]:
    return {"total": all_of(a)}


def ybocs(a: Answers) -> dict[str, float | None]:
    return {"total": all_of(a), "obsessions": all_of(a[:5]), "compulsions": all_of(a[5:])}


def shaps(a: Answers) -> dict[str, float | None]:
    return {"total": NO if None in a else sum(x in (3, 4) for x in a) * 1.0}


def whodas(a: Answers) -> dict[str, float | None]:
    s = all_of(a)
    return {"total": s, "percent": NO if s is None else s * 100 / 48}


def who5(a: Answers) -> dict[str, float | None]:
    s = all_of(a)
    return {"raw": s, "percent": NO if s is None else 4 * s}


def ebi(a: Answers) -> dict[str, float | None]:
    s = all_of(a)
    return {"total": NO if s is None else s / 8}


def harm_watch(a: Answers) -> dict[str, float | None]:
    return {"bladder": all_of(a[:3]), "cognition": all_of(a[3:6]), "dependence": all_of(a[6:])}


SECOND: dict[str, Callable[[Answers], dict[str, float | None]]] = {
    "phq9": phq9, "gad7": gad7, "pcl5": pcl5, "pcl5@week": pcl5, "qids_sr16": qids, "hamd17": hamd17, "dast10": dast10,
    "peg": peg, "bpi": bpi, "fiqr": fiqr, "promis_depression_8a": promis8a, "cssrs_screener": cssrs, "mdq": mdq,
    "ybocs": ybocs, "shaps": shaps, "whodas12": whodas, "who5": who5, "ebi": ebi, "harm_watch": harm_watch,
    "promis_pain_interference": lambda a: {"raw": all_of(a)},
}  # fmt: skip
SILENT = {
    "kset",
    "ssi_c_and_others",
    "bowdle_vas",
    "meq30",
    "asc_5d_11",
    "session_check",
}  # no number by design, or by licence
SUMS = set(current().instruments) - set(SECOND) - SILENT
RANGES = {  # what a sheet of plain sums is made of, as the papers print it: questions, lowest and highest total
    "pc_ptsd5": (5, 0, 5), "madrs": (10, 0, 60), "madrs@24h": (10, 0, 60), "ymrs": (11, 0, 60), "asrm": (5, 0, 20),
    "audit": (10, 0, 40), "audit_c": (3, 0, 12), "nrs11": (1, 0, 10), "nrs11@24h_average": (1, 0, 10),
    "nrs11@24h_worst": (1, 0, 10), "shaps@franken": (14, 14, 56), "whodas12@1-5": (12, 12, 60), "isi": (7, 0, 28),
    "psqi": (7, 0, 21), "cadss23": (23, 0, 92), "cadss6": (6, 0, 24), "bprs_positive": (4, 4, 28),
    "bprs_positive@0-6": (4, 0, 24), "moaas": (1, 0, 5), "aldrete": (5, 0, 10), "padss": (5, 0, 10), "cgi_s": (1, 1, 7),
    "cgi_i": (1, 1, 7), "wsas": (5, 0, 40),
}  # fmt: skip


def sheets(instrument: Instrument, count: int, seed: int) -> np.ndarray:
    """Random answers that the questions offer; a third of the sheets have gaps, some very many."""
    made = np.random.default_rng(seed)
    columns = []
    for question in instrument.questions:
        if question.decimal:
            columns.append(made.integers(0, 1001, count) / 10.0)
        else:
            columns.append(made.choice(np.array(question.values), count))
    found = np.column_stack(columns)
    rate = made.choice([0.0, 0.0, 0.04, 0.12, 0.5], count)
    found[made.random(found.shape) < rate[:, None]] = np.nan
    return found


@pytest.mark.parametrize("name", sorted(set(current().instruments) - SILENT))
def test_both_engines_agree_with_the_second_scorer(name: str) -> None:
    instrument = current().instruments[name]
    matrix = sheets(instrument, SHEETS, seed=sum(map(ord, name)))
    fast = score_many(instrument, matrix)
    second = SECOND.get(name, total)
    keys = [q.key for q in instrument.questions]
    with_number = gone = 0
    for row in range(SHEETS):
        answers: Answers = [None if math.isnan(x) else float(x) for x in matrix[row]]
        want = second(answers)
        slow = score_sheet(instrument, dict(zip(keys, answers, strict=True))) if row < 300 else None
        for key, value in want.items():
            got = float(fast[key][row])
            if value is None:
                gone += 1
                assert math.isnan(got), (name, key, answers)
            else:
                with_number += 1
                assert got == pytest.approx(value, abs=1e-9), (name, key, answers)
            if slow is not None:
                assert slow.scores[key].value == pytest.approx(value, abs=1e-9), (name, key, answers)
                assert (value is not None) or slow.scores[key].why
    assert with_number
    assert gone or len(keys) == 0


def test_every_scale_is_compared_and_the_plain_sums_have_the_printed_ranges() -> None:
    assert set(RANGES) == SUMS
    for name, (count, low, high) in RANGES.items():
        instrument = current().instruments[name]
        assert len(instrument.questions) == count, name
        ends = [{q.key: pick(q.low, q.high) for q in instrument.questions} for pick in (min, max)]
        assert [score_sheet(instrument, end).total for end in ends] == [low, high], name


def test_the_two_engines_agree_on_every_order_of_gaps_of_one_sheet() -> None:
    """All 512 ways of leaving out answers of one PHQ-9 whose total ends in a half now and then."""
    instrument, full = current().instruments["phq9"], [1, 0, 2, 1, 0, 3, 1, 0, 1]
    rng = random.Random(1)
    for mask in range(512):
        answers: Answers = [None if mask >> i & 1 else float(rng.choice((full[i], 0, 1))) for i in range(9)]
        got = score_sheet(instrument, {str(i + 1): x for i, x in enumerate(answers)})
        assert got.total == phq9(answers)["total"]
        assert set(got.gaps) == {str(i + 1) for i, x in enumerate(answers) if x is None}
