"""Public forms are often wrong: what is refused, what is flagged, and that what we export comes back unchanged."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference.load import current
from stillhaven.science import fhir_scales as fhir
from stillhaven.science.errors import BadInput
from stillhaven.science.scales import Instrument, unasked

ALL = list(current().instruments.values())


def scale(name: str) -> Instrument:
    return current().instruments[name]


def form(name: str = "phq9", *, public: bool = True) -> dict[str, Any]:
    """As somebody else publishes it: no address of ours, link ids of their own."""
    made = fhir.export_questionnaire(scale(name))
    if public:
        made.pop("url")
        for place, item in enumerate(made["item"]):
            item["linkId"] = f"q{place}"
    return made


def kinds(odd: tuple[fhir.Odd, ...], *, refused: bool) -> set[str]:
    return {o.kind for o in odd if o.refused is refused}


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_what_we_export_we_import_unchanged(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(n for n, i in current().instruments.items() if i.questions)))
    instrument = scale(name)
    answers: dict[str, float | None] = {}
    for q in instrument.questions:
        value = st.floats(q.low, q.high) if q.decimal else st.sampled_from(q.values)
        answers[q.key] = data.draw(st.none() | value)
    for key in unasked(instrument, answers):
        answers[key] = None
    sent = json.loads(json.dumps(fhir.export_response(instrument, answers, authored="2026-01-01T10:00:00Z")))
    for questionnaire in (None, json.loads(json.dumps(fhir.export_questionnaire(instrument)))):
        found = fhir.read_response(sent, ALL, questionnaire)
        assert found.is_taken, found.odd
        assert found.instrument is instrument
        assert found.answers == answers
        assert not kinds(found.odd, refused=False) - {"gap", "safety_gap"}


def test_a_public_form_is_recognised_by_its_codes_alone() -> None:
    made = form()
    for item in made["item"]:
        item["text"] = "?"
    found = fhir.bind(made, ALL)
    assert found.is_taken
    assert found.instrument is scale("phq9")


def test_and_by_its_words_alone() -> None:
    made = form("pcl5")
    made.pop("code")
    assert fhir.bind(made, [scale("pcl5"), scale("phq9")]).instrument is scale("pcl5")


def test_a_form_without_the_suicide_item_is_refused_first_of_all() -> None:
    made = form()
    made["item"] = [i for i in made["item"] if "44260-8" not in json.dumps(i)]
    found = fhir.bind(made, ALL)
    assert not found.is_taken
    assert found.odd[0].kind == "safety_missing"
    assert "suicide" in found.odd[0].why


def test_any_missing_or_doubled_item_is_refused() -> None:
    short, twice = form(), form()
    short["item"].pop(2)
    twice["item"].append(twice["item"][0] | {"linkId": "again"})
    assert kinds(fhir.bind(short, ALL).odd, refused=True) == {"missing"}
    assert kinds(fhir.bind(twice, ALL).odd, refused=True) == {"twice"}


def test_another_order_is_flagged_and_matched_by_code() -> None:
    made = form()
    made["item"].reverse()
    found = fhir.bind(made, ALL)
    assert found.is_taken
    assert "order" in kinds(found.odd, refused=False)
    assert found.items[made["item"][-1]["linkId"]] == "1"


def test_codes_that_fail_their_check_digit_are_refused() -> None:
    made = form("pcl5")
    for place, item in enumerate(made["item"]):
        item["code"] = [{"system": fhir.LOINC, "code": f"{77041 + place}-1"}]
    assert "check_digit" in kinds(fhir.bind(made, ALL).odd, refused=True)


def test_the_known_misprint_of_gad7_is_refused() -> None:
    made = form("gad7")
    made["item"][0]["answerOption"][0]["valueCoding"]["display"] = "Not at all sure"
    assert "anchor" in kinds(fhir.bind(made, ALL).odd, refused=True)


def test_weights_come_from_our_table_and_never_from_words() -> None:
    wrong, none = form(), form("audit_c")
    wrong["item"][0]["answerOption"][1]["valueCoding"]["extension"][0]["valueDecimal"] = 2
    none["item"][0]["answerOption"][1]["valueCoding"] = {"code": "X1", "display": "1 Monthly or less"}
    assert "weight" in kinds(fhir.bind(wrong, ALL).odd, refused=True)
    assert "no_weight" in kinds(fhir.bind(none, ALL).odd, refused=True)


def test_markup_is_made_harmless_and_flagged() -> None:
    made = form()
    made["item"][0]["text"] += "<script>alert(1)</script><img src=x onerror=alert(1)>"
    found = fhir.bind(made, ALL)
    assert "markup" in kinds(found.odd, refused=False)
    assert found.texts["1"] == "Little interest or pleasure in doing things"


def test_a_safety_item_that_may_be_skipped_is_flagged() -> None:
    made = form()
    made["item"][8]["required"] = False
    assert "optional_safety" in kinds(fhir.bind(made, ALL).odd, refused=False)


# ---------------------------------------------------------------- responses


def response(name: str = "phq9", value: float = 1.0, **gaps: None) -> dict[str, Any]:
    answers: dict[str, float | None] = {q.key: value for q in scale(name).questions if q.scored}
    return fhir.export_response(scale(name), answers | {k.lstrip("i"): v for k, v in gaps.items()})


def total_of(made: dict[str, Any]) -> dict[str, Any]:
    return next(i for i in made["item"] if i["linkId"] == "score-total")  # type: ignore[no-any-return]


def test_a_stated_total_that_the_answers_do_not_give_is_flagged_and_kept() -> None:
    made = response()
    total_of(made)["answer"] = [{"valueInteger": 11}]
    found = fhir.read_response(made, ALL)
    assert found.is_taken
    assert found.stated["total"] == 11
    assert any(o.kind == "total" and "give 9; 11 was stated" in o.why for o in found.odd)


def test_a_total_as_text_and_blanks_counted_as_zero_are_flagged() -> None:
    made = response(i3=None)
    total_of(made)["answer"] = [{"valueString": "8"}]
    found = fhir.read_response(made, ALL)
    assert {"total_as_text", "blanks_as_zero", "gap"} <= kinds(found.odd, refused=False)
    assert found.answers["3"] is None


def test_answers_that_cannot_be_weighed_are_refused() -> None:
    for answer in (
        {"valueCoding": {"code": "LA9", "display": "3"}},
        {"valueString": "2"},
        {"valueBoolean": True},
        {},
        "2",
    ):
        made = response()
        made["item"][1]["answer"] = [answer]
        assert not fhir.read_response(made, ALL).is_taken, answer
    two = response()
    two["item"][1]["answer"] *= 2
    assert "several" in kinds(fhir.read_response(two, ALL).odd, refused=True)
    high = response()
    high["item"][1]["answer"] = [{"valueInteger": 7}]
    assert "range" in kinds(fhir.read_response(high, ALL).odd, refused=True)


def test_a_count_of_days_never_gets_into_audit_c() -> None:
    made = response("audit_c", 2.0)
    made["questionnaire"] = "http://example.org/Questionnaire/72109-2"
    made["item"] = [
        {"linkId": "/68517-2", "text": "How many days did you have 5 or more drinks?", "answer": [{"valueDecimal": 4}]},
        {"linkId": "/68519-8", "answer": [{"valueInteger": 1}]}, {"linkId": "/68520-6", "answer": [{"valueInteger": 1}]},
    ]  # fmt: skip
    found = fhir.read_response(made, ALL)
    assert found.instrument is scale("audit_c")
    assert found.answers == {"1": None, "2": 1, "3": 1}
    assert {"extra", "missing"} <= kinds(found.odd, refused=False)


def test_a_response_without_item_nine_is_refused_and_one_with_it_blank_is_a_task() -> None:
    without = response()
    without["item"] = [i for i in without["item"] if i["linkId"] != "9"]
    assert kinds(fhir.read_response(without, ALL).odd, refused=True) == {"safety_missing"}
    blank = fhir.read_response(response(i9=None), ALL)
    assert blank.is_taken
    assert "safety_gap" in kinds(blank.odd, refused=False)


@pytest.mark.parametrize("junk", [None, [], "x", 3, {"resourceType": "Patient"}])
def test_what_is_no_response_is_bad_input(junk: object) -> None:
    with pytest.raises(BadInput):
        fhir.read_response(junk, ALL)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["item", "linkId", "answer", "valueCoding", "code", "text", "extension", "url"]),
                x,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=80, deadline=None)
def test_no_shape_of_junk_breaks_it(junk: Any) -> None:
    made = copy.deepcopy(response())
    made["item"] = junk
    assert fhir.read_response(made, ALL).answers is not None
    questionnaire = form()
    questionnaire["item"] = junk
    questionnaire["code"] = junk
    assert not fhir.bind(questionnaire, [scale("gad7")]).is_taken
