"""Export files of monitors: every value comes through with its unit and time, and what cannot be read says where."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.devices.csv_files import RejectedRow, read_csv
from stillhaven.devices.csv_mapping import CsvMapping, parse_mapping, plain_mapping, read_mapping
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Quality, Reading, Signal, Source

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
T0 = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "examples" / "recordings"


def signal(key: str, unit: str, low: float, high: float, *, cuff: bool = False) -> Signal:
    return Signal(
        key=key, name=key, short=key, unit=unit, decimals=0, low=low, high=high, stale_after_s=10, intermittent=cuff
    )


SIGNALS = {
    s.key: s
    for s in (
        signal("heart_rate_per_min", "/min", 0, 350),
        signal("pulse_rate_per_min", "/min", 0, 350),
        signal("spo2_pct", "%", 10, 100),
        signal("systolic_mmhg", "mmHg", 20, 320, cuff=True),
        signal("diastolic_mmhg", "mmHg", 5, 250, cuff=True),
        signal("mean_pressure_mmhg", "mmHg", 10, 280, cuff=True),
        signal("resp_rate_per_min", "/min", 0, 120),
        signal("etco2_mmhg", "mmHg", 0, 150),
        signal("temperature_c", "degC", 20, 46),
    )
}
WIDE: dict[str, Any] = {
    "time": {"columns": ["Time"]},
    "no_value": {"---": "no value (---)"},
    "marks": {"?": "questionable", "*": "artefact"},
    "columns": {
        "HR": {"signal": "heart_rate_per_min", "unit": "/min"},
        "SpO2": {"signal": "spo2_pct", "unit": "%"},
    },
}


def read(tmp_path: Path, text: str, mapping: CsvMapping | dict[str, Any]) -> list[Reading | RejectedRow]:
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    chosen = mapping if isinstance(mapping, CsvMapping) else parse_mapping(mapping)
    return list(read_csv(file, chosen, SIGNALS, now=NOW, device="MON-9"))


def values(rows: list[Reading | RejectedRow]) -> list[tuple[str, float | None, float]]:
    return [(r.signal, r.value, (r.at - T0).total_seconds()) for r in rows if isinstance(r, Reading)]


def rejects(rows: list[Reading | RejectedRow]) -> list[RejectedRow]:
    return [r for r in rows if isinstance(r, RejectedRow)]


# ---------------------------------------------------------------------------- what is in the file comes through
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 350), st.floats(10, 100).map(lambda x: round(x, 1)), st.floats(25, 45)), min_size=1
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
    comma=st.booleans(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Denver"]),
)
def test_every_value_comes_through_in_the_house_unit(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, float, float]],
    delimiter: str,
    comma: bool,
    zone: str,
) -> None:
    """Write a file as a monitor would, in Fahrenheit and local time; read it back."""
    from zoneinfo import ZoneInfo

    decimal = "," if comma else "."
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["When", "HF", "Sat", "Temp F"])
    for i, (hr, sat, temp) in enumerate(rows):
        local = (T0 + timedelta(seconds=i)).astimezone(ZoneInfo(zone))
        cells = [local.strftime("%d.%m.%Y %H:%M:%S"), str(hr), f"{sat:.1f}", f"{temp * 1.8 + 32:.4f}"]
        writer.writerow([cells[0], *(c.replace(".", decimal) for c in cells[1:])])
    mapping = {
        "delimiter": delimiter,
        "decimal": decimal,
        "time": {"columns": ["When"], "format": "%d.%m.%Y %H:%M:%S", "zone": zone},
        "columns": {
            "HF": {"signal": "heart_rate_per_min", "unit": "bpm"},
            "Sat": {"signal": "spo2_pct", "unit": "%"},
            "Temp F": {"signal": "temperature_c", "unit": "degF"},
        },
    }
    if delimiter == decimal:
        with pytest.raises(BadInput, match="delimiter"):
            parse_mapping(mapping)
        return
    got = values(read(tmp_path_factory.mktemp("csv"), out.getvalue(), mapping))
    wanted = [
        (key, pytest.approx(value, abs=1e-3), float(i))
        for i, (hr, sat, temp) in enumerate(rows)
        for key, value in (("heart_rate_per_min", hr), ("spo2_pct", sat), ("temperature_c", temp))
    ]
    assert got == wanted


@given(text=st.text(alphabet="0123456789.,;-+eE?* \n\"'NaH:TZ", max_size=200))
def test_any_text_gives_readings_or_reasons(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Nothing but Reading and RejectedRow comes out, no value is infinite, and each reject names its line."""
    body = f"Time,HR,SpO2\n{text}"
    for row in read(tmp_path_factory.mktemp("csv"), body, WIDE):
        if isinstance(row, RejectedRow):
            assert 2 <= row.line <= body.count("\n") + 1
            assert row.reason
        else:
            assert row.value is None or abs(row.value) < float("inf")


def test_readings_say_where_they_come_from(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, "Time,HR,SpO2\n2026-11-21T14:00:00Z,71,\n", WIDE)
    assert isinstance(reading, Reading)
    assert (reading.source, reading.device, reading.arrived_at) == (Source.FILE, "MON-9", NOW)


def test_sentinels_marks_and_impossible_values_are_kept_and_say_so(tmp_path: Path) -> None:
    text = "Time,HR,SpO2\n2026-11-21T14:00:00Z,---,97?\n2026-11-21T14:00:01Z,71*,127\n"
    got = [(r.value, r.quality) for r in read(tmp_path, text, WIDE) if isinstance(r, Reading)]
    assert got == [
        (None, Quality.NO_VALUE),
        (97.0, Quality.QUESTIONABLE),
        (71.0, Quality.ARTEFACT),
        (127.0, Quality.IMPLAUSIBLE),
    ]
    assert all(r.reason for r in read(tmp_path, text, WIDE))


def test_an_empty_cell_is_no_measurement_unless_the_mapping_says_it_is_a_gap(tmp_path: Path) -> None:
    text = "Time,HR,SpO2\n2026-11-21T14:00:00Z,71,\n"
    assert values(read(tmp_path, text, WIDE)) == [("heart_rate_per_min", 71.0, 0.0)]
    gaps = read(tmp_path, text, {**WIDE, "empty": "no_value"})
    assert ("spo2_pct", None, 0.0) in values(gaps)


# ---------------------------------------------------------------------------- what cannot be read says where
def test_a_bad_cell_names_line_and_column_and_the_rest_of_the_line_is_kept(tmp_path: Path) -> None:
    text = 'Time,HR,SpO2\n2026-11-21T14:00:00Z,71,97\n2026-11-21T14:00:01Z,"7,1",96\n'
    rows = read(tmp_path, text, WIDE)
    (reject,) = rejects(rows)
    assert (reject.line, reject.column, reject.text) == (3, "HR", "7,1")
    assert ("spo2_pct", 96.0, 1.0) in values(rows)


def test_line_numbers_count_the_lines_above_the_header(tmp_path: Path) -> None:
    text = "Monitor export\nBed 3\nTime,HR,SpO2\n2026-11-21T14:00:00Z,x,97\n"
    (reject,) = rejects(read(tmp_path, text, {**WIDE, "skip_lines": 2}))
    assert reject.line == 4


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        ("2026-11-21T14:00:00,71,97", "Time", "no zone"),
        ("yesterday,71,97", "Time", "not a time"),
        (",71,97", "Time", "no time"),
        ("2026-11-21T14:00:00Z,71", "", "has 2 cells where the header has 3"),
        ("2026-11-21T14:00:00Z,71,97,5", "", "has 4 cells where the header has 3"),
    ],
)
def test_a_line_that_cannot_be_placed_is_rejected_whole(tmp_path: Path, line: str, column: str, why: str) -> None:
    rows = read(tmp_path, f"Time,HR,SpO2\n{line}\n2026-11-21T14:00:05Z,70,98\n", WIDE)
    (reject,) = rejects(rows)
    assert (reject.line, reject.column) == (2, column)
    assert why in reject.reason
    assert len(values(rows)) == 2


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"decimal": "'"}, "decimal", "must be"),
        ({"layout": "tall"}, "layout", "must be"),
        ({"layout": "long"}, "long", "belong"),
        ({"colums": {}}, "mapping", "unknown key 'colums'"),
        ({"time": {"columns": ["Time"], "zone": "Mars/Olympus"}}, "time.zone", "not a time zone"),
        ({"time": {"columns": ["Time"], "format": "elapsed_s"}}, "time.start", "needed"),
        ({"columns": {}}, "columns", "at least one"),
        ({"marks": {"*": "wobbly"}}, "mapping", "wobbly"),
    ],
)
def test_a_mapping_that_leaves_something_open_is_refused(change: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_mapping({**WIDE, **change})
    assert field in caught.value.field
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("header", "columns", "why"),
    [
        ("Time,HR", WIDE["columns"], "SpO2: is not in the header"),
        ("Time,HR,SpO2,HR", WIDE["columns"], "twice"),
        ("Time,HR", {"HR": {"signal": "heart_beat", "unit": "/min"}}, "not a signal"),
        ("Time,HR", {"HR": {"signal": "heart_rate_per_min", "unit": "mmHg"}}, "cannot turn mmHg"),
        ("Time,HR", {"HR": {"signal": "heart_rate_per_min", "unit": "beats"}}, "not a unit"),
        ("", WIDE["columns"], "not in the header"),
    ],
)
def test_a_file_that_does_not_fit_its_mapping_is_refused_before_anything_is_read(
    tmp_path: Path, header: str, columns: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        read(tmp_path, f"{header}\n2026-11-21T14:00:00Z,70,98\n", {**WIDE, "columns": columns})


def test_a_file_in_another_encoding_is_refused_not_mangled(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes("Time,HR,SpO2,Gerät\n2026-11-21T14:00:00Z,71,97,ä\n".encode("latin-1"))
    with pytest.raises(BadInput, match="utf-8"):
        list(read_csv(file, parse_mapping(WIDE), SIGNALS, now=NOW))
    again = parse_mapping({**WIDE, "encoding": "latin-1"})
    assert len(list(read_csv(file, again, SIGNALS, now=NOW))) == 2


# ---------------------------------------------------------------------------- times
BERLIN = {**WIDE, "time": {"columns": ["Time"], "zone": "Europe/Berlin"}}


def test_the_hour_that_comes_twice_is_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    local = ["02:59:58", "02:59:59", "02:00:00", "02:00:01"]  # 25 October 2026: 03:00 summer time becomes 02:00
    text = "Time,HR,SpO2\n" + "".join(f"2026-10-25 {t},70,\n" for t in local)
    at = [r.at for r in read(tmp_path, text, BERLIN) if isinstance(r, Reading)]
    assert [b - a for a, b in itertools.pairwise(at)] == [timedelta(seconds=1)] * 3


def test_an_hour_that_never_was_is_rejected(tmp_path: Path) -> None:
    (reject,) = read(tmp_path, "Time,HR,SpO2\n2026-03-29 02:30:00,70,98\n", BERLIN)
    assert isinstance(reject, RejectedRow)
    assert "does not exist" in reject.reason


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ({"columns": ["Date", "Clock"], "format": "%m/%d/%Y %I:%M:%S %p", "zone": "UTC"}, "11/21/2026,02:00:30 PM"),
        ({"columns": ["Date"], "format": "epoch_s"}, "1795269630,"),
        ({"columns": ["Date"], "format": "epoch_ms"}, "1795269630000,"),
        ({"columns": ["Date"], "format": "elapsed_s", "start": "2026-11-21T14:00:00Z"}, "30.0,"),
    ],
)
def test_times_in_several_spellings(tmp_path: Path, time: dict[str, Any], text: str) -> None:
    rows = read(tmp_path, f"Date,Clock,HR,SpO2\n{text},70,\n", {**WIDE, "time": time})
    assert values(rows) == [("heart_rate_per_min", 70.0, 30.0)]


# ---------------------------------------------------------------------------- cuffs
CUFF = {
    "time": {"columns": ["Time"]},
    "columns": {
        "NIBP": {
            "signals": ["systolic_mmhg", "diastolic_mmhg", "mean_pressure_mmhg"],
            "unit": "mmHg",
            "pattern": r"(\d+)/(\d+)(?: \((\d+)\))?",
            "measured": "NIBP time",
            "optional": True,
        },
    },
}


def cuff_rows(cells: list[tuple[int, str, str]]) -> str:
    return "Time,NIBP,NIBP time\n" + "".join(
        f"{(T0 + timedelta(seconds=s)).isoformat()},{v},{m}\n" for s, v, m in cells
    )


def test_a_cuff_value_keeps_the_time_the_file_gives_it(tmp_path: Path) -> None:
    text = cuff_rows([(300, "121/74 (90)", "2026-11-21T14:00:30Z")])
    assert values(read(tmp_path, text, CUFF)) == [
        ("systolic_mmhg", 121.0, 30.0),
        ("diastolic_mmhg", 74.0, 30.0),
        ("mean_pressure_mmhg", 90.0, 30.0),
    ]


def test_a_cuff_value_repeated_on_every_line_never_looks_fresh(tmp_path: Path) -> None:
    held = [(s, "121/74", "") for s in range(0, 600, 10)] + [(600, "130/80", "")]
    got = values(read(tmp_path, cuff_rows(held), CUFF))
    assert {at for _, value, at in got if value in (121.0, 74.0)} == {0.0}
    assert ("systolic_mmhg", 130.0, 600.0) in got


def test_equal_values_of_two_measurements_stay_two(tmp_path: Path) -> None:
    got = values(read(tmp_path, cuff_rows([(0, "121/74", ""), (300, "121/74", "")]), CUFF))
    assert [at for key, _, at in got if key == "systolic_mmhg"] == [0.0, 300.0]


def test_half_a_cuff_value_is_rejected_not_halved(tmp_path: Path) -> None:
    (reject,) = read(tmp_path, cuff_rows([(0, "121/", "")]), CUFF)
    assert isinstance(reject, RejectedRow)
    assert reject.column == "NIBP"


# ---------------------------------------------------------------------------- long layout
LONG: dict[str, Any] = {
    "layout": "long",
    "time": {"columns": ["ts"], "format": "epoch_ms"},
    "long": {"name": "parameter", "value": "value", "unit": "unit"},
    "unit_spellings": {"°F": "degF", "1/min": "/min"},
    "ignore": ["ST II"],
    "columns": {
        "Temp": {"signal": "temperature_c", "unit": "degC"},
        "HR": {"signal": "heart_rate_per_min", "unit": "/min"},
    },
}


def test_a_long_file_converts_the_unit_that_each_line_names(tmp_path: Path) -> None:
    ms = round(T0.timestamp() * 1000)
    text = f"ts,parameter,value,unit\n{ms},Temp,98.6,°F\n{ms},HR,71,1/min\n{ms},ST II,0.1,mV\n{ms},Temp,37.5,\n"
    got = values(read(tmp_path, text, LONG))
    assert got == [("temperature_c", 37.0, 0.0), ("heart_rate_per_min", 71.0, 0.0), ("temperature_c", 37.5, 0.0)]


def test_a_parameter_or_unit_nobody_mapped_is_shown_not_dropped(tmp_path: Path) -> None:
    ms = round(T0.timestamp() * 1000)
    text = f"ts,parameter,value,unit\n{ms},CVP,5,mmHg\n{ms},HR,71,fortnights\n"
    assert [r.reason for r in rejects(read(tmp_path, text, LONG))] == [
        "'CVP' is not mapped",
        "'fortnights' is not a unit this house knows",
    ]


# ---------------------------------------------------------------------------- without a mapping
def test_the_houses_own_names_need_no_mapping(tmp_path: Path) -> None:
    text = "Time,heart_rate_per_min,SpO2,temp_c\n2026-11-21T14:00:00Z,71,97,36.8\n"
    assert [v for _, v, _ in values(read(tmp_path, text, plain_mapping()))] == [71.0, 97.0, 36.8]


@pytest.mark.parametrize("column", ["temp", "etco2", "bp", "pressure"])
def test_a_name_that_leaves_a_doubt_is_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(BadInput, match="is not mapped"):
        read(tmp_path, f"time,hr,{column}\n2026-11-21T14:00:00Z,71,36\n", plain_mapping())


# ---------------------------------------------------------------------------- the shipped examples
@pytest.mark.parametrize("name", ["wide_seconds", "semicolon_local_time", "long_parameters"])
def test_the_shipped_example_reads_with_its_mapping(name: str) -> None:
    mapping = read_mapping(EXAMPLES / f"{name}.toml")
    rows = list(read_csv(EXAMPLES / f"{name}.csv", mapping, SIGNALS, now=NOW))
    readings = [r for r in rows if isinstance(r, Reading)]
    assert not rejects(rows)
    assert {"heart_rate_per_min", "spo2_pct", "systolic_mmhg", "temperature_c"} <= {r.signal for r in readings}
    assert all(r.quality is not Quality.IMPLAUSIBLE for r in readings), "a unit is mapped wrongly"
    assert any(r.quality is Quality.NO_VALUE for r in readings)
