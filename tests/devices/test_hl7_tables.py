"""The tables of codes, units and marks: cited, free of contradictions, and in step with the signals."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

from stillhaven.devices.hl7 import Observation, build_oru
from stillhaven.devices.tables import FOLDER, fold, read_devices, shipped
from stillhaven.reference.load import current
from stillhaven.science.units import Quantity

FILES = {
    name: tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")) for name in ("codes", "units", "rules")
}


def entries(name: str) -> list[dict[str, Any]]:
    found = [e for value in FILES[name].values() if isinstance(value, list) for e in value]
    return found + [v for k, v in FILES[name].items() if isinstance(v, dict) and k != "sources"]


@pytest.mark.parametrize("name", FILES)
def test_every_entry_says_where_it_comes_from_and_whether_somebody_read_it_there(name: str) -> None:
    for entry in entries(name):
        if "why" not in entry:  # a code that is deliberately not charted
            assert entry["source"] in FILES[name]["sources"], entry
            assert isinstance(entry["confirmed"], bool), entry


def test_no_code_and_no_spelling_means_two_things() -> None:
    codes = [(e["system"], e["code"]) for e in FILES["codes"]["code"]]
    assert len(codes) == len(set(codes))
    assert not {c for _, c in codes} & set(shipped().unmapped)
    spellings: dict[str, str] = {}
    for entry in FILES["units"]["unit"]:
        for text in (entry["unit"], *entry.get("mdc", ()), *entry.get("ucum", ()), *entry.get("plain", ())):
            assert spellings.setdefault(fold(text), entry["unit"]) == entry["unit"], text
    marks = [flag for entry in FILES["rules"]["flag"] for flag in entry["flags"]]
    assert len(marks) == len(set(marks))


def test_every_code_is_of_a_signal_and_a_missing_unit_is_one_that_fits_it() -> None:
    signals = current().signals
    for code in shipped().codes.values():
        assert code.signal in signals
        if code.unit_if_missing:
            target = shipped().units[fold(signals[code.signal].unit)]
            assert Quantity(1.0, code.unit_if_missing).to(target) == 1.0


def test_a_missing_unit_is_never_assumed_where_two_are_in_use() -> None:
    ambiguous = {"systolic_mmhg", "diastolic_mmhg", "mean_pressure_mmhg", "etco2_mmhg", "temperature_c"}
    assert not [c.code for c in shipped().codes.values() if c.signal in ambiguous and c.unit_if_missing]


def test_an_mdc_number_is_its_partition_and_term() -> None:
    # pairs of term and name, as the Philips spelling gives them: partition 2 for measurements
    pairs = {
        "4182": "MDC_ECG_HEART_RATE",
        "4bb8": "MDC_PULS_OXIM_SAT_O2",
        "4a05": "MDC_PRESS_BLD_NONINV_SYS",
        "4a06": "MDC_PRESS_BLD_NONINV_DIA",
        "4a07": "MDC_PRESS_BLD_NONINV_MEAN",
        "480a": "MDC_PULS_RATE",
    }
    for term, name in pairs.items():
        assert shipped().names[name].code == str(2 * 65536 + int(term, 16))


def test_every_signal_can_be_sent() -> None:
    values = [Observation(signal=key, value=1.0) for key in current().signals]
    assert build_oru("M", "1", datetime(2026, 1, 1, tzinfo=UTC), values).count(b"\rOBX|") == len(current().signals)


def test_the_example_of_a_devices_file_is_read() -> None:
    devices = read_devices(FOLDER / "monitors.example.toml")
    assert devices.by_match["bed:Recovery/Chair 2"].key == "MON-2"
    assert devices.shared == {"CENTRAL"}
