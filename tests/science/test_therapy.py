"""Readiness stops on what nobody asked; the window is the clinic's; names are found however they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.findings import Verdict
from stillhaven.science.therapy import NEEDED, Timing, names_in, readiness, timing, window

LEFT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@given(st.sets(st.sampled_from(sorted(NEEDED))))
def test_each_thing_that_nobody_asked_stops_and_is_unknown(asked: set[str]) -> None:
    found = readiness(asked, [], consent=True, cleared_by="N. Alvarez RN")
    stops = {f.rule.removeprefix("therapy_"): f.verdict for f in found if f.stops}
    assert stops == dict.fromkeys(set(NEEDED) - asked, Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("consent", "verdict"), [(None, Verdict.UNKNOWN), (False, Verdict.NOT_MET), (True, Verdict.MET)]
)
def test_consent_that_nobody_knows_of_is_no_consent(consent: bool | None, verdict: Verdict) -> None:
    found = {f.rule: f for f in readiness(NEEDED, [], consent=consent, cleared_by="")}
    assert found["therapy_consent"].verdict is verdict
    assert found["therapy_medical"].stops


def test_every_open_item_stands_by_itself() -> None:
    found = readiness(NEEDED, ["who drives?", "new tablets?"], consent=True, cleared_by="x")
    assert [f.because for f in found if f.stops] == ["open: who drives?", "open: new tablets?"]


@pytest.mark.parametrize(
    ("held_h", "now_h", "expected"),
    [
        (None, 23.9, Timing.NOT_YET), (None, 24, Timing.DUE), (None, 72, Timing.DUE), (None, 72.1, Timing.LATE),
        (23, 90, Timing.EARLY), (24, 90, Timing.IN_WINDOW), (72, 90, Timing.IN_WINDOW), (73, 90, Timing.HELD_LATE),
    ],
)  # fmt: skip
def test_a_talk_is_judged_by_when_it_was_held_or_by_the_clock(
    held_h: float | None, now_h: float, expected: Timing
) -> None:
    held = None if held_h is None else LEFT + timedelta(hours=held_h)
    assert timing(window(LEFT, 24, 72), held, LEFT + timedelta(hours=now_h)) is expected


@pytest.mark.parametrize(("from_h", "until_h"), [(None, 72), (24, None), (None, None), (72, 24)])
def test_a_window_that_is_not_set_calls_nothing_late(from_h: float | None, until_h: float | None) -> None:
    within = window(LEFT, from_h, until_h)
    assert within is None
    assert timing(within, None, LEFT + timedelta(days=90)) is Timing.NO_WINDOW
    assert timing(within, LEFT, LEFT) is Timing.HELD


@pytest.mark.parametrize("text", ["Ada wept", "we heard ADA's words", "ada’s turn", "(Ada)", "as Ms Fernsby said"])
def test_a_name_is_found_however_it_stands(text: str) -> None:
    assert names_in(text, ["Ada Fernsby"])


@pytest.mark.parametrize("text", ["Canada", "the adage", "", "a d a"])
def test_a_word_that_holds_a_name_is_not_one(text: str) -> None:
    assert names_in(text, ["Ada Fernsby"]) == ()
