"""A number nobody has set is not zero, a rule nobody weighs blocks, and no verdict goes without a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.limits import BLOCK, CAUTION, Limit, Standing, duration, judge, plain, standing


def test_a_limit_without_a_value_says_so_and_one_that_is_no_number_cannot_be_read():
    assert Limit(value=None, unit="min").text == "not set by the clinic"
    assert Limit(value=0.0, unit="").text == "0"
    for value in (float("nan"), float("inf")):
        with pytest.raises(BadInput, match="limit"):
            Limit(value=value, unit="min")


def test_a_rule_that_the_reference_does_not_mention_blocks():
    assert standing({}, "x") is BLOCK
    assert standing({}, "x", CAUTION) is CAUTION
    assert standing({"x": CAUTION}, "x") is CAUTION


@pytest.mark.parametrize(("ok", "verdict"), [(True, Verdict.MET), (False, Verdict.NOT_MET), (None, Verdict.UNKNOWN)])
def test_each_verdict_has_its_own_sentence(ok, verdict):
    finding = judge("x", ok, yes="a", no="b", unknown="c", to_do="mend it")
    assert finding.verdict is verdict
    assert finding.because == {True: "a", False: "b", None: "c"}[ok]
    assert finding.to_do == ("" if ok else "mend it")
    with pytest.raises(ValueError, match="no sentence"):
        judge("x", ok)


def test_only_an_override_names_roles():
    roles = Standing(weight=Weight.BLOCK, overridable_by=("prescriber",), source="s")
    assert judge("x", False, no="b", how=roles).overridable_by == ()
    soft = Standing(weight=Weight.OVERRIDE, overridable_by=("prescriber",), source="s")
    assert judge("x", False, no="b", how=soft).overridable_by == ("prescriber",)
    assert judge("x", False, no="b", how=soft).source == "s"
    assert judge("x", False, no="b", how=soft, source="t").source == "t"


@given(st.floats(0.0, 1e6))
def test_a_number_reads_back_and_has_no_trailing_zeros(value):
    text = plain(value)
    assert float(text) == pytest.approx(value, abs=5.1e-7)
    assert "." not in text or not text.endswith(("0", "."))


@given(st.integers(60, 10**6))
def test_a_duration_never_promises_less_than_is_left(seconds):
    text = duration(seconds)
    hours, _, minutes = text.rpartition(" h") if " h" in text else ("0", "", text)
    rest = minutes.replace("min", "").strip()
    said = int(hours) * 3600 + (int(rest) if rest else 0) * 60
    assert seconds <= said < seconds + 60
