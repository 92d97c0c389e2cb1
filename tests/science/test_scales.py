"""What a sheet comes to, at its edges: worked examples of the fact file, gaps, safety items, change between two scores."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.cli.score import command
from stillhaven.reference.load import current
from stillhaven.science import outcomes
from stillhaven.science.errors import BadInput
from stillhaven.science.scales import Instrument, Sheet, score_sheet, unasked
from stillhaven.science.scales import alerts as hits_of
from stillhaven.science.scales.instrument import Direction, luhn_ok
from stillhaven.science.scales.many import score_many


def scale(name: str) -> Instrument:
    return current().instruments[name]


def all_at(name: str, value: float, **other: float | None) -> Sheet:
    instrument = scale(name)
    answers: dict[str, float | None] = {q.key: value for q in instrument.questions if q.low <= value <= q.high}
    return score_sheet(instrument, answers | {k.lstrip("i"): v for k, v in other.items()})


# ---------------------------------------------------------------- worked examples of the fact file


@pytest.mark.parametrize(
    ("name", "total", "band"),
    [("phq9", 4, "none-minimal"), ("phq9", 5, "mild"), ("phq9", 14, "moderate"), ("phq9", 15, "moderately severe"),
     ("phq9", 20, "severe"), ("gad7", 9, "mild"), ("gad7", 10, "moderate"), ("gad7", 15, "severe"),
     ("qids_sr16", 5, "none"), ("qids_sr16", 21, "very severe"), ("madrs", 6, "absent"), ("madrs", 7, "mild"),
     ("madrs", 34, "moderate"), ("madrs", 35, "severe"), ("hamd17", 7, "none"), ("hamd17", 23, "very severe"),
     ("isi", 7, "none"), ("isi", 22, "severe"), ("dast10", 2, "low"), ("dast10", 9, "severe"),
     ("audit", 7, "low risk"), ("audit", 8, "hazardous"), ("audit", 20, "probable dependence"), ("ybocs", 16, "moderate")],
)  # fmt: skip
def test_severity_bands_begin_and_end_where_their_source_says(name: str, total: float, band: str) -> None:
    assert scale(name).rule("total").band(total) == band


def test_phq9_fills_up_to_two_gaps_with_the_mean_and_never_with_zero() -> None:
    answers = {str(i): 1.0 for i in range(1, 10)}
    two = score_sheet(scale("phq9"), answers | {"3": None, "4": None})
    three = score_sheet(scale("phq9"), answers | {"3": None, "4": None, "5": None})
    assert (two.total, two.main and two.main.filled) == (9, 2)
    assert three.total is None
    assert "3 of 9" in (three.main.why if three.main else "")


def test_a_half_is_rounded_up() -> None:
    answers: dict[str, object] = {str(i): 0 for i in range(1, 9)} | {"1": 3, "2": 1}
    assert score_sheet(scale("phq9"), answers).total == 5  # 4 of 8 answers: 4.5


def test_the_difficulty_question_is_never_added() -> None:
    assert all_at("phq9", 1, difficulty=3.0).total == 9


@pytest.mark.parametrize(
    ("marks", "met"),
    [({"1": 2, "3": 2, "4": 2, "5": 2, "6": 2}, 1), ({"1": 2, "3": 2, "4": 2, "5": 2, "9": 1}, 1),
     ({"3": 2, "4": 2, "5": 2, "6": 2, "7": 2}, 0), ({"1": 2, "3": 2, "4": 2, "5": 2}, 0)],
)  # fmt: skip
def test_phq9s_diagnostic_rule_counts_item_nine_at_one_and_needs_item_one_or_two(
    marks: dict[str, int], met: int
) -> None:
    sheet = score_sheet(scale("phq9"), {str(i): 0 for i in range(1, 10)} | marks)
    assert sheet.scores["algorithm"].value == met


def test_item_nine_calls_whatever_the_total_and_its_gap_is_a_task() -> None:
    low = score_sheet(scale("phq9"), {str(i): 0 for i in range(1, 9)} | {"9": 1})
    assert (low.total, low.band, [h.kind for h in low.alerts]) == (1, "none-minimal", ["alert"])
    assert [h.kind for h in score_sheet(scale("phq9"), {"1": 0}).alerts] == ["unanswered"]
    assert hits_of(scale("phq9"), {"1": 3.0}, finished=False) == ()


def test_hamd_sixteen_three_is_a_gap_and_not_three_points() -> None:
    sheet = all_at("hamd17", 2, i16=3)
    assert sheet.total is None
    assert sheet.gaps == ("16",)
    assert sheet.scores["hamd6"].value == 12


def test_dast_item_three_is_turned_round_and_only_that_one() -> None:
    assert all_at("dast10", 0).total == 1
    assert all_at("dast10", 1).total == 9
    assert all_at("dast10", 1, i3=0).total == 10


def test_peg_is_the_mean_of_three_and_needs_all() -> None:
    assert score_sheet(scale("peg"), {"1": 7, "2": 8, "3": 5}).total == 6.7
    assert score_sheet(scale("peg"), {"1": 7, "2": 8}).total is None


def test_fiqr_weighs_each_domain_by_what_was_answered() -> None:
    assert all_at("fiqr", 10).total == 100
    answers = {str(i): 6 for i in range(1, 22)} | {"2": None, "10": None, "15": None}
    assert score_sheet(scale("fiqr"), answers).total == pytest.approx(60.0)


def test_qids_takes_the_highest_of_sleep_appetite_and_slowing() -> None:
    zero = {str(i): 0 for i in range(1, 17)}
    assert score_sheet(scale("qids_sr16"), zero | {"1": 3, "2": 3, "4": 3}).total == 3
    assert score_sheet(scale("qids_sr16"), zero | {"7": None, "9": None, "6": 2}).total == 2
    assert score_sheet(scale("qids_sr16"), zero | {"5": None}).total is None
    assert score_sheet(scale("qids_sr16"), {str(i): 3 for i in range(1, 17)}).total == 27


def test_promis_looks_up_t_scores_and_says_no_with_a_gap_or_without_a_table() -> None:
    assert (all_at("promis_depression_8a", 1).total, all_at("promis_depression_8a", 5).total) == (38.2, 81.3)
    gap = score_sheet(scale("promis_depression_8a"), {str(i): 3 for i in range(1, 8)})
    assert gap.total is None
    refused = all_at("promis_pain_interference", 3).scores["t"]
    assert refused.value is None
    assert "HealthMeasures" in refused.why


def test_who5_is_better_when_higher() -> None:
    assert all_at("who5", 5).total == 100
    assert [c.key for c in (all_at("who5", 2).main.cuts if all_at("who5", 2).main else ())] == ["poor"]  # type: ignore[union-attr]
    assert scale("who5").direction is Direction.HIGHER_BETTER


def test_versions_of_one_name_do_not_mix() -> None:
    assert all_at("shaps", 4).total == 14
    assert all_at("shaps@franken", 4).total == 56
    assert scale("pcl5").recall_days == 30
    assert scale("pcl5@week").recall_days == 7
    assert len({i.digest for i in current().instruments.values()}) == len(current().instruments)


@pytest.mark.parametrize(
    ("answers", "label"),
    [({"1": 0, "2": 0, "6": 0}, "no question answered with yes"), ({"1": 1, "2": 0, "6": 0}, "low"),
     ({"1": 1, "2": 1, "3": 1, "4": 0, "5": 0, "6": 0}, "moderate"),
     ({"1": 0, "2": 0, "6": 1, "6_recent": 0}, "moderate"), ({"1": 0, "2": 0, "6": 1, "6_recent": 1}, "high"),
     ({"1": 1, "2": 1, "3": 0, "4": 1, "5": 0, "6": 0}, "high")],
)  # fmt: skip
def test_cssrs_levels_with_the_safer_reading(answers: dict[str, float], label: str) -> None:
    assert score_sheet(scale("cssrs_screener"), answers).scores["level"].label == label


def test_cssrs_leaves_three_to_five_out_but_never_six() -> None:
    cssrs = scale("cssrs_screener")
    assert unasked(cssrs, {"2": 0.0}) == {"3", "4", "5"}
    assert unasked(cssrs, {"6": 0.0}) == {"6_recent"}
    assert "6" in score_sheet(cssrs, {"1": 0, "2": 0}).gaps
    open_level = score_sheet(cssrs, {"1": 1, "2": 1, "3": 1, "6": 0}).scores["level"]
    assert (open_level.value, open_level.at_least) == (None, "moderate")


def test_a_stated_total_that_differs_is_kept_beside_ours() -> None:
    sheet = score_sheet(scale("gad7"), {str(i): 1 for i in range(1, 8)}, {"total": 9.0})
    assert sheet.total == 7
    assert [(d.stated, d.computed) for d in sheet.discrepancies] == [(9.0, 7.0)]
    assert not score_sheet(scale("gad7"), {str(i): 1 for i in range(1, 8)}, {"total": 7.0}).discrepancies


@pytest.mark.parametrize("written", ["4", "-1", "1.5", "nan", "inf", "yes", "1_0", True, [1], "٣"])
def test_an_answer_that_is_not_offered_is_refused(written: object) -> None:
    with pytest.raises(BadInput, match="item 1"):
        score_sheet(scale("phq9"), {"1": written})


def test_audit_nine_and_ten_know_only_three_answers() -> None:
    with pytest.raises(BadInput, match="0, 2, 4"):
        score_sheet(scale("audit"), {"9": 1})
    with pytest.raises(BadInput):
        score_many(scale("audit"), np.array([[0.0] * 8 + [1.0, 0.0]]))


# ---------------------------------------------------------------- properties


@given(st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=9, max_size=9), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_one_worse_answer_never_makes_a_better_total(values: list[int | None], which: int) -> None:
    answers = {str(i): v for i, v in enumerate(values, 1)}
    before = score_sheet(scale("phq9"), answers).total
    value = values[which]
    if value is None or value == 3:
        return
    after = score_sheet(scale("phq9"), answers | {str(which + 1): value + 1}).total
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after >= before


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_score_lies_in_its_range_whatever_the_gaps(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(n for n, i in current().instruments.items() if i.questions)))
    instrument = scale(name)
    answers: dict[str, float | None] = {}
    for q in instrument.questions:
        answer = st.floats(q.low, q.high) if q.decimal else st.sampled_from(q.values)
        answers[q.key] = data.draw(st.none() | answer)
    sheet = score_sheet(instrument, answers)
    for rule in instrument.scores:
        value = sheet.scores[rule.key].value
        if value is None:
            assert sheet.scores[rule.key].why
        elif rule.parts:
            assert rule.low - 1e-9 <= value <= rule.high + 1e-9


def test_a_code_passes_luhn_or_is_refused() -> None:
    assert all(luhn_ok(c) for c in ("44249-1", "44261-6", "70274-6", "93373-9", "91147-9"))
    assert not any(luhn_ok(c) for c in ("77040-1", "77060-9", "89708-7", "44249-2", "x-1", ""))


# ---------------------------------------------------------------- change between two scores, and the evidence's vectors


@pytest.mark.parametrize(
    ("events", "of", "bounds"),
    [(288, 537, (49.4, 57.8)), (155, 537, (25.2, 32.8)), (45, 537, (6.3, 11.0)), (6, 27, (10.6, 40.8))],
)
def test_wilsons_interval_is_the_printed_one(events: int, of: int, bounds: tuple[float, float]) -> None:
    found = outcomes.wilson(events, of)
    assert (round(100 * found.low, 1), round(100 * found.high, 1)) == bounds


@pytest.mark.parametrize(
    ("events", "of", "percent"),
    [((108, 70), (195, 170), (55.4, 41.2)), ((288, 155, 45), (537, 537, 537), (53.6, 28.9, 8.4)),
     ((15, 10, 14, 9), (32, 30, 32, 30), (46.9, 33.3, 43.8, 30.0)),
     ((91, 60, 73, 48), (336, 340, 336, 340), (27.1, 17.6, 21.7, 14.1)), ((24, 39), (90, 86), (26.7, 45.3)),
     ((46, 25), (73, 79), (63.0, 31.6)), ((13, 3), (27, 28), (48.1, 10.7)), ((15, 5), (42, 42), (35.7, 11.9))],
)  # fmt: skip
def test_shares_of_the_evidence_come_out_as_checked(
    events: tuple[int, ...], of: tuple[int, ...], percent: tuple[float, ...]
) -> None:
    assert tuple(round(100 * outcomes.wilson(e, n).share, 1) for e, n in zip(events, of, strict=True)) == percent


def test_odds_ratios_and_the_number_needed() -> None:
    grunebaum = outcomes.odds_ratio((22, 12), (40, 40))
    assert grunebaum is not None
    assert [round(x, 2) for x in (grunebaum.value, grunebaum.low, grunebaum.high)] == [2.85, 1.14, 7.15]
    assert outcomes.number_needed((22, 12), (40, 40)) == 4.0
    assert [
        round(o.value, 2) for e, n in (((30, 7), (47, 25)), ((46, 25), (73, 79))) if (o := outcomes.odds_ratio(e, n))
    ] == [4.54, 3.68]
    assert round(100 * (108 / 195 - 70 / 170), 1) == 14.2


def test_least_reliable_change_of_the_worked_example() -> None:
    assert round(outcomes.least_reliable_change(4.57, 0.91), 1) == 3.8
    assert round(outcomes.least_reliable_change(4.57, 0.84), 1) == 5.1


def verdicts(start: float | None, now: float | None, name: str = "phq9") -> outcomes.Verdicts:
    instrument = scale(name)
    main = instrument.scores[0]
    return outcomes.verdicts(start, now, instrument.change, instrument.direction, floor=main.low, ceiling=main.high)


def test_remission_without_response_and_response_without_remission() -> None:
    low_start, high_start = verdicts(7, 4), verdicts(24, 12)
    assert (low_start.response, low_start.remission, low_start.reliable) == (False, True, 0)
    assert (high_start.response, high_start.remission, high_start.reliable) == (True, False, 1)


def test_worse_and_reliably_worse_are_two_things() -> None:
    assert (verdicts(10, 12).worse, verdicts(10, 12).reliable) == (True, 0)
    assert (verdicts(10, 16).worse, verdicts(10, 16).reliable) == (True, -1)


def test_what_is_missing_is_unknown_in_every_verdict() -> None:
    found = verdicts(18, None)
    assert (found.response, found.remission, found.reliable, found.worse, found.percent) == (None,) * 5
    assert verdicts(None, 3).remission is True  # an absolute cut-off needs no start
    assert verdicts(0, 3).response is None


def test_the_direction_turns_the_sign() -> None:
    assert outcomes.better_by(40, 60, scale("who5").direction) == 20
    assert outcomes.better_by(40, 60, scale("phq9").direction) == -20
    assert outcomes.better_by(40, 60, Direction.NONE) is None


# ---------------------------------------------------------------- the command


def run(text: str, *args: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(command, [*args, "-"], input=text)
    return found.exit_code, found.stdout, found.stderr


HEADER = "who," + ",".join(f"item{i}" for i in range(1, 8)) + ",total\n"


def test_the_command_scores_a_file_and_carries_the_rest_along() -> None:
    code, out, _ = run(HEADER + "a,1,1,1,1,1,1,1,7\nb,1,1,1,1,1,1,,6\nc,,,,1,1,1,1,\n", "gad7")
    rows: list[Mapping[str, str]] = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(r["who"], r["total"], r["gaps"]) for r in rows] == [("a", "7", ""), ("b", "7", "7"), ("c", "", "1 2 3")]
    assert rows[1]["discrepancy"] == "the answers give 7; 6 was stated"
    assert "3 of 7" in rows[2]["why_absent"]


def test_the_command_names_every_bad_line_and_scores_nothing() -> None:
    code, out, err = run(HEADER + "a,1,1,1,1,1,1,1,7\nb,9,1,1,1,1,1,1,\nc,1,1\n", "gad7")
    assert (code, out) == (2, "")
    assert "line 3: item 1: must be one of 0, 1, 2, 3" in err
    assert "line 4: has 3 cells" in err


def test_the_command_wants_a_column_for_every_question_and_reads_loinc_codes() -> None:
    gad7 = scale("gad7")
    code, out, _ = run(
        ",".join(q.loinc for q in gad7.questions) + "\n" + ",".join("2" * 7) + "\n", "gad7", "--format", "json"
    )
    assert code == 0
    assert json.loads(out)["sheets"][0]["total"] == 14
    found = CliRunner().invoke(command, ["gad7", "-"], input="item1,item2\n1,1\n")
    assert isinstance(found.exception, BadInput)
    assert "no column for item 3" in str(found.exception)


def test_a_cell_that_looks_like_a_formula_is_quoted() -> None:
    _, out, _ = run(HEADER + "=1+1,1,1,1,1,1,1,1,\n", "gad7")
    assert "'=1+1" in out


def test_nan_marks_a_gap_in_a_matrix() -> None:
    found = score_many(scale("peg"), np.array([[1.0, 2.0, 3.0], [1.0, math.nan, 3.0]]))["total"]
    assert found[0] == 2.0
    assert math.isnan(found[1])
