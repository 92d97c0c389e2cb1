"""Is everything there, does each sentence say how sure we are and from where, and can a child of fourteen read it?"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest

from stillhaven.reference._education import ask_rules, crisis_line, education, read_education, self_check, sources
from stillhaven.reference.files import SHIPPED
from stillhaven.science import reading
from stillhaven.science.ask import Need, need
from stillhaven.science.education import Finds, Kind, Page, Part, check_page, missing_null_trials
from stillhaven.science.errors import BadInput

PAGES = education().pages
QUESTIONS = {f"E1-{n:02}" for n in range(1, 15)} | {f"E3-{n:02}" for n in range(1, 13)}
MYTHS = {f"E0-{n:02}" for n in range(1, 10)} | {f"E4-{n:02}" for n in range(1, 7)}
CLAIMS = {f"E2-{n:02}" for n in range(1, 22)}


def test_nothing_is_wrong_with_the_files() -> None:
    assert [str(problem) for problem in read_education()[1]] == []


@pytest.mark.parametrize(("kind", "all_of_them"), [
    (Kind.QUESTION, QUESTIONS), (Kind.MYTH, MYTHS), (Kind.CLAIM, CLAIMS),
])  # fmt: skip
def test_every_question_myth_and_claim_has_one_page(kind: Kind, all_of_them: set[str]) -> None:
    found = [claim for page in education().of(kind) for claim in page.claims]
    assert sorted(found) == sorted(all_of_them)
    assert len(education().of(kind)) == {Kind.QUESTION: 26, Kind.MYTH: 15, Kind.CLAIM: 21}[kind]


@pytest.mark.parametrize("slug", [
    "what-ketamine-therapy-is", "a-session", "depression", "anxiety", "ptsd", "bipolar-depression", "ocd", "suicidal-thoughts",
    "substance-use", "neuropathic-pain", "fibromyalgia", "crps", "migraine", "infusion", "iv-injection", "im-injection", "nasal",
    "oral", "assisted-psychotherapy", "what-it-feels-like", "side-effects", "preparation", "after", "cost-and-insurance",
    "choosing-a-centre", "research-and-trials", "history", "the-future", "not-on-your-own", "help-now",
])  # fmt: skip
def test_every_topic_has_a_page(slug: str) -> None:
    assert PAGES[f"topics/{slug}"].kind is Kind.TOPIC


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_statement_says_how_sure_and_from_where(page: Page) -> None:
    known = sources()
    for s in page.statements:
        assert s.grade
        assert s.source
        assert set(s.source) <= set(known)
        if s.confirmed:
            assert any(known[key].kind.confirms for key in s.source), s.text
    assert page.part(Part.SHORT)
    assert page.part(Part.ANSWER)
    assert page.part(Part.UNKNOWN)
    assert page.review.due is not None
    assert page.review.written is not None
    if page.kind is not Kind.TOPIC and page.claims[0] not in {"E1-14", "E3-09"}:  # there the usual page is fair
        assert page.part(Part.OVERSTATED), "says nothing about what the usual page overstates"


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_eight_years_of_school_are_enough(page: Page) -> None:
    level = reading.page_grade(s.text for s in page.statements)
    assert level is not None
    assert level <= 8.0


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_gain_stands_beside_the_trial_that_found_none(page: Page) -> None:
    assert missing_null_trials(page, education().studies) == []


def test_the_null_trials_that_are_known_are_told() -> None:
    """Each has its sentence on the page of its condition; entries that nobody confirmed stay away from patients."""
    where = {
        "jelovac_2025_karma_dep2": "depression", "lii_2023": "depression", "ekstrand_2022_ketect": "depression",
        "abdallah_2022": "ptsd", "bloch_2012": "ocd", "cochrane_pain_2025": "crps",
    }  # fmt: skip
    for study, slug in where.items():
        assert education().studies[study].finds is Finds.NO_GAIN
        assert study in PAGES[f"topics/{slug}"].studies
    barred = {"takahashi_2021_japan", "zarate_2006", "zarate_2012", "bahji_2021", "marcantoni_2020", "conley_2021"}
    assert not barred & set(education().studies)


def test_hiding_a_null_trial_is_refused() -> None:
    page = PAGES["topics/ocd"]
    hidden = replace(page, statements=tuple(s for s in page.statements if "bloch_2012" not in s.studies))
    with pytest.raises(BadInput, match="ocd"):
        check_page(hidden, sources(), education().studies)


def test_a_statement_without_source_is_refused() -> None:
    page = PAGES["topics/ocd"]
    bare = replace(page, statements=(*page.statements, replace(page.statements[0], part=Part.ANSWER, source=())))
    with pytest.raises(BadInput, match="no source"):
        check_page(bare, sources(), education().studies)


def test_a_text_for_lawyers_is_refused() -> None:
    page = PAGES["topics/ocd"]
    hard = "Notwithstanding considerable methodological heterogeneity, pharmacological interventions demonstrate " * 4
    long = replace(page, statements=(*page.statements, replace(page.statements[1], text=hard + "efficacy.")))
    with pytest.raises(BadInput, match="years of school"):
        check_page(long, sources(), education().studies)


PROMISES = re.compile(
    r"\b(?:guarantee\w*|proven to (?:cure|work|help)|(?:will|does) (?:cure|heal|fix|work for you|help you)|always works|"
    r"highly effective|risk[- ]free|100 ?%|prevents suicide|not addictive|completely safe)\b", re.I
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_no_sentence_promises_and_none_names_a_dose(page: Page) -> None:
    for s in page.statements:
        if not re.search(r"\b(?:not|no|never)\b", s.text):
            assert not PROMISES.search(s.text), s.text
        assert not re.search(r"\d\s*mg\b", s.text), s.text


def test_an_effect_is_never_graded_as_plain_description() -> None:
    effect = re.compile(r"\b(?:got (?:much )?better|helps?ed|relief|less pain|gain over|no better than)\b")
    for page in PAGES.values():
        for s in page.statements:
            if s.grade.value == "description" and s.part is Part.ANSWER:
                assert not effect.search(s.text) or s.source != ("house",), s.text


def test_no_address_stands_in_a_text() -> None:
    for page in PAGES.values():
        for s in page.statements:
            assert "http" not in s.text
            assert "www." not in s.text


def test_every_page_of_ours_is_a_question_and_not_a_crisis() -> None:
    for page in PAGES.values():
        for words in page.asked:
            assert need(words, ask_rules()) is Need.ANSWER, words


def test_the_self_check_gives_facts_that_the_rules_know() -> None:
    facts = tomllib.loads((SHIPPED / "candidacy" / "facts.toml").read_text(encoding="utf-8"))["fact"]
    for question in self_check():
        for option in question.options:
            for key, value in option.facts.items():
                assert key in facts, key
                if isinstance(value, str):
                    assert value in facts[key]["choices"]
                else:
                    assert facts[key]["type"] == "bool"


def test_somebody_to_call_is_there_and_says_that_nobody_checked_it() -> None:
    assert crisis_line().number
    assert not crisis_line().confirmed


def test_names_that_count_as_two_syllables_are_listed_with_a_reason() -> None:
    assert all(why for why in reading.NAMES.values())
    assert len(reading.NAMES) <= 40
    assert reading.syllables("ketamine") == 2
