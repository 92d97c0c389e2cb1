"""Is nothing ever read as "no" that nobody said, and does every number that cannot be say why?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.reference.load import current
from stillhaven.science import intake
from stillhaven.science.errors import BadInput
from stillhaven.science.facts import Trial
from stillhaven.science.findings import Verdict
from stillhaven.science.intake import UNKNOWN, Condition, Kind, ListedMedicine, Question, Section

FORM = current().intake
TODAY = date(2026, 11, 21)
SEXES = st.sampled_from(["", "female", "male", "other"])

said = st.one_of(
    st.none(), st.booleans(), st.just(UNKNOWN), st.sampled_from(["none", "active", "some", "poorly_controlled"])
)
answers = st.dictionaries(st.sampled_from(sorted(FORM.questions)), said)


# ---------------------------------------------------------------- what is left
@given(answers, SEXES)
def test_an_answer_never_adds_to_what_is_left_unless_a_question_hangs_on_it(before: dict[str, Any], sex: str) -> None:
    hung_on = {q.shown_if.question for q in FORM.questions.values() if q.shown_if}
    for section in FORM.sections:
        left = intake.left(section, before, sex)
        for question in left:
            after = before | {question.key: UNKNOWN}
            now = {q.key for q in intake.left(section, after, sex)}
            assert question.key not in now
            if question.key not in hung_on:
                assert now == {q.key for q in left} - {question.key}


@given(answers, SEXES)
def test_none_of_these_touches_no_answer_and_leaves_nothing_open_that_it_speaks_of(
    before: dict[str, Any], sex: str
) -> None:
    for section in FORM.sections:
        filled = intake.none_of_these(section, before, sex)
        assert all(before.get(k) is None for k in filled)
        still = intake.left(section, before | filled, sex)
        assert not [q.key for q in still if q.none and q.shown_if is None]


def test_none_of_these_never_speaks_of_thoughts_of_ending_ones_life_or_of_pregnancy() -> None:
    for key in ("suicidal", "pregnant", "breastfeeding", "ketamine_allergy", "ride_home", "stays"):
        assert not FORM.questions[key].none


@given(answers, SEXES)
def test_nothing_follows_from_an_answer_that_nobody_gave(before: dict[str, Any], sex: str) -> None:
    for question in FORM.questions.values():
        follows = intake.implied(question, before, sex)
        if follows is None:
            continue
        gate = before.get(question.shown_if.question) if question.shown_if else None
        assert sex in question.not_for_sex or gate not in (None, UNKNOWN)


def test_i_do_not_know_whether_pregnancy_is_possible_asks_on_and_says_no_to_nothing() -> None:
    pregnant = FORM.questions["pregnant"]
    assert intake.applies(pregnant, {"can_become_pregnant": UNKNOWN})
    assert intake.implied(pregnant, {"can_become_pregnant": UNKNOWN}) is None
    assert intake.implied(pregnant, {}) is None
    assert intake.implied(pregnant, {"can_become_pregnant": False}) is False
    assert intake.implied(pregnant, {}, "male") is False


def test_a_condition_waits_while_its_question_is_open() -> None:
    condition = Condition(question="a", among=("yes",))
    assert condition.holds({}) is None
    assert condition.holds({"a": True}) is True
    assert condition.holds({"a": UNKNOWN}) is False


# ---------------------------------------------------------------- reading
WEIGHT = FORM.questions["weight"]
HEIGHT = FORM.questions["height"]


def test_pounds_and_feet_are_kept_metric_with_what_was_typed() -> None:
    weight = intake.read(WEIGHT, "182", "lb")
    assert weight.value == pytest.approx(82.55, abs=0.01)
    assert (weight.unit, weight.typed) == ("kg", "182 lb")
    assert intake.read(WEIGHT, "182 lbs").value == weight.value
    height = intake.read(HEIGHT, "5'11\"", "ft")
    assert height.value == pytest.approx(180.34, abs=0.01)
    assert intake.read(HEIGHT, "1.8 m").value == pytest.approx(180)
    assert "5 ft 11 in" in intake.show(HEIGHT, height.value, height.typed)


@pytest.mark.parametrize(
    ("question", "typed", "unit", "why"),
    [
        (WEIGHT, "82", "", "choose the unit"), (WEIGHT, "820", "kg", "check the number and the unit"),
        (WEIGHT, "5", "lb", "check the number and the unit"), (WEIGHT, "eighty", "kg", "plain number"),
        (HEIGHT, "5 ft 14 in", "ft", "12 inches or more"), (HEIGHT, "6", "cm", "check the number and the unit"),
        (HEIGHT, "180", "ft", "feet and inches"), (WEIGHT, "-80", "kg", "check the number"),
    ],
)  # fmt: skip
def test_impossible_values_are_refused_with_the_reason(question: Question, typed: str, unit: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        intake.read(question, typed, unit)
    assert caught.value.field == question.key


@given(st.floats(21, 399).map(lambda v: round(v, 1)), st.sampled_from(["kg", "lb"]))
def test_a_weight_reads_back_as_itself(number: float, unit: str) -> None:
    """What is shown in the field again, read again, is the same value: saving twice changes nothing."""
    try:
        first = intake.read(WEIGHT, f"{number:g}", unit)
    except BadInput:
        return
    again_number, _, again_unit = first.typed.partition(" ")
    assert intake.read(WEIGHT, again_number, again_unit) == first


@given(
    st.sampled_from(sorted(FORM.questions)),
    st.text(max_size=40),
    st.sampled_from(["", "kg", "lb", "ft", "cm", "stone"]),
)
def test_whatever_is_typed_is_an_answer_or_a_reason(key: str, typed: str, unit: str) -> None:
    question = FORM.questions[key]
    why = ""
    value: Any = None
    try:
        value = intake.read(question, typed, unit, today=TODAY).value
    except BadInput as error:
        why = error.why
    assert value is None or (intake.word(value) and not why)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_birth_is_taken_exactly_from_adulthood_on(born: date) -> None:
    adult = (born.year + 18, born.month, born.day) <= (TODAY.year, TODAY.month, TODAY.day)
    refused = ""
    try:
        intake.check_birth(born, TODAY, 18)
    except BadInput as error:
        refused = error.field
    assert refused == ("" if adult else "born")


def test_under_eighteen_is_told_kindly_and_what_else_there_is() -> None:
    with pytest.raises(BadInput, match="family doctor"):
        intake.check_birth(TODAY - timedelta(days=17 * 365), TODAY, FORM.adult_y)
    with pytest.raises(BadInput, match="future"):
        intake.check_birth(TODAY + timedelta(days=1), TODAY, FORM.adult_y)


def test_only_real_thoughts_of_suicide_call_staff() -> None:
    question = FORM.questions["suicidal"]
    assert [v for v in ("no", "passing", "strong", UNKNOWN) if intake.is_urgent(question, v)] == ["passing", "strong"]


# ---------------------------------------------------------------- medicines
def test_a_brand_finds_its_medicine_and_its_classes() -> None:
    assert [m.key for m in intake.search(FORM.medicines, "zolo")] == ["sertraline"]
    assert intake.listed(FORM.medicines, " wellbutrin ") is FORM.medicines["bupropion"]
    assert intake.listed(FORM.medicines, "grandmother's tea") is None
    assert intake.search(FORM.medicines, "z") == ()


@given(st.sampled_from(sorted(FORM.medicines)))
def test_every_medicine_is_found_by_each_of_its_names(key: str) -> None:
    medicine = FORM.medicines[key]
    for name in (medicine.name, *medicine.brands):
        assert intake.listed(FORM.medicines, name.upper()) is medicine
        assert medicine in intake.search(FORM.medicines, name, limit=50)


def test_every_class_that_a_rule_knows_has_a_medicine() -> None:
    used = {c for m in FORM.medicines.values() for c in m.classes}
    assert set(FORM.class_labels) - used <= {"alcohol"}  # which no medicine is: the question about alcohol asks it


# ---------------------------------------------------------------- a fair try
DRUG = ListedMedicine(key="x", name="X", adequate_dose_mg=100.0)
GOOD = Trial(
    drug="X", key="x", highest_dose_mg=100.0, weeks=6, taken_as_prescribed=True, this_episode=True, outcome="none"
)


def judge(minimum_d: float | None = 42.0, drug: ListedMedicine | None = DRUG, **changes: Any) -> Verdict:
    return intake.adequacy(replace(GOOD, **changes), drug, minimum_d).verdict


def test_a_fair_try_is_dose_and_time_and_taking_it() -> None:
    assert judge() is Verdict.MET
    assert judge(highest_dose_mg=99.0) is Verdict.NOT_MET
    assert judge(weeks=5.9) is Verdict.NOT_MET
    assert judge(taken_as_prescribed=False) is Verdict.NOT_MET


@pytest.mark.parametrize(
    "changes",
    [{"highest_dose_mg": None}, {"weeks": None}, {"taken_as_prescribed": None}, {"minimum_d": None}, {"drug": None}],
)
def test_whatever_is_not_known_or_not_set_leaves_it_unknown(changes: dict[str, Any]) -> None:
    assert judge(**changes) is Verdict.UNKNOWN


def test_what_says_no_stands_before_what_is_not_known() -> None:
    assert judge(highest_dose_mg=None, weeks=1) is Verdict.NOT_MET


def test_a_dose_that_nobody_set_is_said_to_be_so() -> None:
    unset = ListedMedicine(key="x", name="X")
    assert "adequate dose not set by the clinic" in intake.adequacy(GOOD, unset, 42.0).because


def test_a_prescribers_own_judgement_stands_before_the_number() -> None:
    assert judge(highest_dose_mg=50.0, dose_judged=True) is Verdict.MET
    assert judge(dose_judged=False) is Verdict.NOT_MET
    assert judge(drug=None, dose_judged=True) is Verdict.MET


def test_only_adequate_trials_of_this_episode_without_response_count_as_failed() -> None:
    rows = [
        (replace(GOOD, outcome=o, this_episode=e), intake.adequacy(GOOD, DRUG, 42.0))
        for o in (None, "none", "partial", "worse", "response", "remission")
        for e in (True, False, None)
    ]
    assert {t.outcome for t in intake.failed(rows)} == {"none", "partial", "worse"}
    assert all(t.this_episode for t in intake.failed(rows))


def test_a_section_knows_its_questions() -> None:
    question = Question(key="a", label="A", kind=Kind.YES_NO, counts=True)
    section = Section(key="s", title="S", questions=(question,))
    assert section.question("a") is question
    assert section.question("b") is None
