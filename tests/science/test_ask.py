"""Does a sentence that needs help get it, and does a question stay a question?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference._education import ask_rules, education
from stillhaven.science import ask
from stillhaven.science.ask import Need, Phrase

DATA = Path(__file__).parents[1] / "data"


def asked(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _wrong(lines: list[str], right: Need) -> list[str]:
    return [line for line in lines if ask.need(line, ask_rules()) is not right]


def test_every_sentence_of_the_crisis_set_gets_help_first() -> None:
    lines = asked("ask_crisis.toml")["asked"]
    assert len(set(lines)) >= 60
    assert _wrong(lines, Need.CRISIS) == []


def test_every_sentence_about_buying_or_dosing_oneself_gets_the_safety_page() -> None:
    lines = asked("ask_unsafe.toml")["asked"]
    assert len(set(lines)) >= 40
    assert _wrong(lines, Need.UNSAFE) == []


@pytest.mark.parametrize("name", ["ask_paraphrases.toml", "ask_held_out.toml", "ask_fresh.toml"])
def test_ordinary_questions_stay_questions(name: str) -> None:
    lines = [row["words"] for row in asked(name)["ask"]]
    wrong = [line for line in lines if ask.need(line, ask_rules()) is Need.CRISIS]
    assert len(wrong) <= 0.02 * len(lines), wrong
    assert len(_wrong(lines, Need.ANSWER)) <= 0.02 * len(lines), _wrong(lines, Need.ANSWER)


def test_questions_about_something_else_are_no_crisis() -> None:
    lines = [line for part in asked("ask_off_topic.toml").values() for line in part]
    assert _wrong(lines, Need.ANSWER) == []


@pytest.mark.parametrize(
    ("name", "right"), [("crisis", Need.CRISIS), ("unsafe", Need.UNSAFE), ("ordinary", Need.ANSWER)]
)
def test_what_the_rules_were_tuned_on_still_holds(name: str, right: Need) -> None:
    assert _wrong(asked("ask_tuning.toml")[name], right) == []


def test_what_is_measured_and_what_was_tuned_on_share_no_sentence() -> None:
    def rows(*names: str) -> list[str]:
        return [row["words"] for name in names for row in asked(f"ask_{name}.toml")["ask"]]

    tuned = [x for lines in asked("ask_tuning.toml").values() for x in lines]
    tuned += rows("ranking_tuning", "paraphrases") + list(asked("ask_off_topic.toml")["tuning"])
    tuned += [x for page in education().pages.values() for x in (page.title, *page.asked)] + list(education().elsewhere)
    measured = [x for name in ("crisis", "unsafe") for x in asked(f"ask_{name}.toml")["asked"]]
    measured += rows("held_out", "fresh") + list(asked("ask_off_topic.toml")["held_out"])
    assert {ask.plain(x) for x in tuned} & {ask.plain(x) for x in measured} == set()
    assert len(rows("held_out")) >= 150


@settings(max_examples=60)
@given(st.sampled_from(["I want to kill myself", "i am going to end my life", "I took all of my pills, too many tablets"]),
       st.sampled_from(["", "!!!", "…", " please", " ?"]), st.booleans())  # fmt: skip
def test_capitals_and_signs_do_not_hide_a_crisis(line: str, end: str, loud: bool) -> None:
    text = f"  {line.upper() if loud else line}{end}"
    assert ask.need(text, ask_rules()) is Need.CRISIS


@settings(max_examples=60)
@given(st.text(max_size=600))
def test_any_text_can_be_asked(text: str) -> None:
    assert ask.need(text, ask_rules()) in Need


def test_a_crisis_goes_before_the_safety_page() -> None:
    assert ask.need("where can i buy ketamine i want to die", ask_rules()) is Need.CRISIS


def test_rare_words_tell_more_and_a_line_that_is_the_question_wins() -> None:
    phrases = [
        Phrase(page="a", stems=("drive", "home")), Phrase(page="b", stems=("home", "food", "eat")),
        Phrase(page="c", stems=("ketamin", "home")),
    ]  # fmt: skip
    tells = ask.rarity({"drive": 1, "home": 3, "food": 1, "eat": 1, "ketamin": 3}, 3)
    hits = ask.rank({"drive": 1.0, "home": 1.0}, phrases, tells)
    assert next(h.page for h in hits) == "a"
    assert hits[0].score > hits[1].score


def test_nothing_in_common_is_no_answer() -> None:
    assert ask.rank({"zebra": 1.0}, [Phrase(page="a", stems=("home",))], {"home": 1.0}) == []
    assert ask.good_enough([], 0.4, 3) == []


def test_meaning_leads_and_shared_words_add_a_share() -> None:
    words = [ask.Hit(page="a", score=0.9), ask.Hit(page="b", score=5.0)]
    near = {"a": 0.5, "b": 0.2, "c": 0.6}
    assert [h.page for h in ask.fuse(words, near, 0.0)] == ["c", "a", "b"]
    assert [h.page for h in ask.fuse(words, near, 0.2)] == ["a", "c", "b"]  # 0.68, 0.6, and at most 0.4
    assert ask.fuse(words, {}, 0.2) == []


def test_a_page_beside_the_first_comes_near_it() -> None:
    hits = [ask.Hit(page="a", score=0.8), ask.Hit(page="b", score=0.4), ask.Hit(page="c", score=0.3)]
    assert ask.good_enough(hits, 0.9, 3, 0.5) == []
    assert [h.page for h in ask.good_enough(hits, 0.5, 3, 0.5)] == ["a", "b"]
    assert [h.page for h in ask.good_enough(hits, 0.35, 3)] == ["a", "b"]


@settings(max_examples=80)
@given(st.text("abcdefgh", min_size=1, max_size=10), st.text("abcdefgh", min_size=1, max_size=10))
def test_likeness_is_one_for_the_same_word_and_the_same_both_ways(a: str, b: str) -> None:
    assert ask.likeness(a, a) == 1.0
    assert ask.likeness(a, b) == ask.likeness(b, a)
    assert 0.0 <= ask.likeness(a, b) <= 1.0
