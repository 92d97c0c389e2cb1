"""Controlled stock's numbers stand with their sources, and a file that contradicts itself is turned away."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillhaven.reference.check import check
from stillhaven.reference.files import SHIPPED
from stillhaven.reference.load import current


def test_notice_and_form_are_two_duties_with_a_confirmed_source() -> None:
    stock = current().stock
    for key in ("notice", "form_106"):
        rule = stock.rules[key]
        assert rule.cite.confirmed
        assert rule.cite.source == ("DEA_106",)
    assert stock.notice_business_days < stock.form_days
    assert "business day" in stock.rules["notice"].text


def test_what_is_recalled_from_memory_does_not_call_itself_confirmed() -> None:
    unsure = {key for key, rule in current().stock.rules.items() if set(rule.cite.source) <= {"house", "DEA_CFR_OTHER"}}
    assert unsure >= {"breakage", "discrepancy", "balance", "receipt_more"}
    assert not any(current().stock.rules[key].cite.confirmed for key in unsure)


def test_the_form_knows_what_it_can_fill_in_by_itself() -> None:
    fields = {f.key: f.filled_from for f in current().stock.loss_fields}
    assert {"registrant", "dea_number", "discovered", "substances", "police"} <= set(fields)
    assert {v for v in fields.values() if v} == {"site", "discovered", "lots", "substances"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('within    = { value = 45, unit = "d" }', 'within    = { value = 1, unit = "d" }', "due before the notice"),
        ("months    = 84", "months    = 12", "shorter than the retention"),
        ('within    = { value = 1, unit = "d" }', 'within    = { value = 0.5, unit = "d" }', "whole days"),
        ('warn_before = { value = 60, unit = "d" }', "warn_before = 60", "must be a table"),
        ('source    = ["DEA_106"]', 'source    = ["DEA_999"]', "not a key of sources.toml"),
    ],
)
def test_a_slip_in_the_file_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (SHIPPED / "stock" / "rules.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock" / "rules.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(said in problem for problem in check(tmp_path)), check(tmp_path)
