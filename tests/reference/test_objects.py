"""Do the objects that files become keep their promises for any number, not only for the shipped ones?"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.reference.load import current
from stillhaven.science.errors import BadInput
from stillhaven.science.policy import PolicyItem
from stillhaven.science.protocol import Cite, Dose, Drug, Give, Span
from stillhaven.science.scales import Scale, score
from stillhaven.science.units import Quantity

CITE = Cite(source=("house",))
amounts = st.floats(0.001, 1000.0)
scales = st.sampled_from(sorted(current().scales)).map(lambda key: current().scales[key])


@given(low=amounts, high=amounts, value=amounts)
def test_a_span_allows_the_same_in_any_unit(low: float, high: float, value: float) -> None:
    span = Span(unit="mg/kg", low=min(low, high), high=max(low, high))
    clear = all(abs(value - edge) > 1e-6 for edge in (low, high))
    assert not clear or span.allows(Quantity(value, "mg/kg")) == (min(low, high) < value < max(low, high))
    assert span.allows(Quantity(min(low, high), "mg/kg"))
    assert not clear or span.to("ug/kg").allows(Quantity(value, "mg/kg")) == span.allows(Quantity(value, "mg/kg"))


@given(per_kg=amounts, weight_kg=st.floats(1.0, 400.0))
def test_a_dose_per_kg_grows_with_weight(per_kg: float, weight_kg: float) -> None:
    part = Dose(key="x", give=Give.SINGLE, cite=CITE, amount=Span(unit="mg/kg", low=per_kg, high=per_kg))
    one, two = part.amount_mg(weight_kg), part.amount_mg(2 * weight_kg)
    assert one is not None
    assert two is not None
    assert two.exact == pytest.approx(2 * (one.exact or 0.0))
    assert one.unit == "mg"


@given(mg=amounts, weight_kg=st.floats(1.0, 400.0))
def test_a_dose_in_mg_does_not_ask_for_weight(mg: float, weight_kg: float) -> None:
    part = Dose(key="x", give=Give.SINGLE, cite=CITE, amount=Span(unit="mg", low=mg, high=mg))
    assert part.amount_mg(weight_kg) == part.amount
    assert part.dose_mg_per_kg is None


@pytest.mark.parametrize("weight_kg", [0.0, -70.0, math.nan])
def test_no_weight_is_no_dose(weight_kg: float) -> None:
    part = Dose(key="x", give=Give.SINGLE, cite=CITE, amount=Span(unit="mg/kg", low=0.5, high=0.5))
    with pytest.raises(BadInput, match="weight_kg"):
        part.amount_mg(weight_kg)


@given(scale=scales, data=st.data())
def test_a_score_lies_in_its_range_and_counts_every_item(scale: Scale, data: st.DataObject) -> None:
    answers = {item.key: data.draw(st.integers(item.low, item.high)) for item in scale.items}
    total = score(scale, answers).total
    assert total == sum(answers.values())
    assert total is not None
    assert scale.low <= total <= scale.high


@given(scale=scales, data=st.data())
def test_a_score_with_a_hole_has_no_total(scale: Scale, data: st.DataObject) -> None:
    answers: dict[str, int | None] = {item.key: item.low for item in scale.items}
    gap = data.draw(st.sampled_from(sorted(answers)))
    answers[gap] = None
    assert score(scale, answers).total is None
    assert score(scale, answers).missing == (gap,)


@given(scale=scales, data=st.data(), off=st.integers(1, 50), up=st.booleans())
def test_an_answer_outside_its_item_is_refused(scale: Scale, data: st.DataObject, off: int, up: bool) -> None:
    item = data.draw(st.sampled_from(scale.items))
    with pytest.raises(BadInput, match="must be a whole number"):
        score(scale, {item.key: item.high + off if up else item.low - off})
    with pytest.raises(BadInput, match="has no item"):
        score(scale, {"colour": 1})


@given(devices=st.integers(1, 20), part_mg=st.floats(0.5, 27.5))
def test_devices_are_whole(devices: int, part_mg: float) -> None:
    device = current().drugs[Drug.ESKETAMINE].device
    assert device is not None
    assert device.count(devices * device.content_mg) == devices
    assert device.count(devices * device.content_mg + part_mg) is None
    assert device.count(0.0) is None


@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_a_slipped_digit_is_no_policy(value: float) -> None:
    item = PolicyItem(key="k", fact="", title="", why="", unit="min", low=15, high=480)
    assert (item.why_not(value) == "") == (15 <= value <= 480)


def test_how_sure_a_reader_may_be() -> None:
    half = current().protocols["iv_depression"].cite
    summary = current().protocols["iv_chronic_pain"].cite
    assert half.words == "read in the source"
    assert summary.words == "read in a summary"
    assert current().protocols["im_depression"].cite.words == "not confirmed"
