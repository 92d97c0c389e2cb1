"""Does the self-check send a crisis to help, and does it never say more than it may?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference._education import self_check
from stillhaven.reference.load import current  # noqa: F401  (the facts below stand in its files)
from stillhaven.science.errors import BadInput
from stillhaven.science.selfcheck import Effect, Outcome, check, needs_help_first

FINE = {
    "age": ["18_64"], "goal": ["depression"], "tried": ["two_up"], "pregnancy": ["no"], "pressure": ["no"], "heart": ["no"],
    "psychosis": ["no"], "mania": ["no"], "substances": ["no"], "bladder": ["no"], "medicines": ["none"],
}  # fmt: skip


def test_only_a_clear_no_goes_on() -> None:
    assert not needs_help_first("no")
    assert all(needs_help_first(x) for x in ("yes", "unsure", "", "No?"))


def test_whom_guidelines_look_for_is_told_that_a_talk_is_sensible() -> None:
    found = check(self_check(), FINE)
    assert found.outcome is Outcome.SENSIBLE
    assert found.unknown == ()
    assert found.of(Effect.FOR)
    assert found.to_ask


@pytest.mark.parametrize(("question", "answer"), [
    ("age", "under_18"), ("pregnancy", "pregnant"), ("pressure", "yes"), ("heart", "aneurysm"), ("psychosis", "yes"),
    ("mania", "yes"), ("substances", "yes"), ("medicines", "theophylline"),
])  # fmt: skip
def test_what_stands_against_it_says_not_now_and_why(question: str, answer: str) -> None:
    found = check(self_check(), FINE | {question: [answer]})
    assert found.outcome is Outcome.NOT_NOW
    [reason] = found.of(Effect.STOP)
    assert reason.option.source
    assert reason.option.change


def test_what_was_left_out_is_not_known_and_never_no() -> None:
    found = check(self_check(), {})
    assert len(found.unknown) == len(self_check())
    assert found.outcome is not Outcome.SENSIBLE
    assert found.facts == {}


def test_thin_proof_says_that_others_come_first() -> None:
    assert check(self_check(), FINE | {"goal": ["ocd"]}).outcome is Outcome.OTHERS_FIRST
    assert check(self_check(), FINE | {"tried": ["one"]}).outcome is Outcome.OTHERS_FIRST


def test_an_answer_that_was_not_offered_is_named() -> None:
    with pytest.raises(BadInput) as error:
        check(self_check(), FINE | {"mania": ["<script>"]})
    assert error.value.field == "mania"


def test_none_beside_a_medicine_is_a_slip() -> None:
    found = check(self_check(), FINE | {"medicines": ["none", "opioid"]})
    assert [r.option.key for r in found.of(Effect.TALK)] == ["opioid"]


_ANY = st.fixed_dictionaries(
    {q.key: st.lists(st.sampled_from([o.key for o in q.options]), max_size=3 if q.many else 1) for q in self_check()}
)


@settings(max_examples=80)
@given(_ANY)
def test_one_more_reason_against_never_makes_it_better(answers: dict[str, list[str]]) -> None:
    order = [Outcome.SENSIBLE, Outcome.TALK_FIRST, Outcome.OTHERS_FIRST, Outcome.NOT_NOW]
    before = order.index(check(self_check(), answers).outcome)
    after = order.index(check(self_check(), answers | {"mania": ["yes"]}).outcome)
    assert after == len(order) - 1 >= before


def test_it_gives_no_dose_and_no_diagnosis() -> None:
    for question in self_check():
        for option in question.options:
            said = f"{option.because} {option.change} {option.ask}"
            assert not re.search(r"\d\s*(mg|ml|milligram)|you have (depression|ptsd|ocd)|diagnos", said, re.I), said
            assert bool(option.because) == bool(option.source)
