"""What real monitors send, and what each rule makes of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.devices import hl7
from stillhaven.devices.messages import Message, Outcome, Reader, encode, split_batch
from stillhaven.devices.observations import Measured
from stillhaven.devices.tables import Devices, read_devices, shipped
from stillhaven.reference.load import current
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode, Quality

NOW = datetime(2026, 11, 21, 14, 0, 5, tzinfo=UTC)
MSH = r"MSH|^~\&|MON-3||||20261121140004+0000||ORU^R01^ORU_R01|77|P|2.6"
OBR = "OBR|1||77|182777000^monitoring of patient^SCT|||20261121140003+0000"
SPO2 = "150456^MDC_PULS_OXIM_SAT_O2^MDC"
PCT = "262688^MDC_DIM_PERCENT^MDC"
SYS, DIA, MAP = (f"15002{i}^MDC_PRESS_BLD_NONINV_{n}^MDC" for i, n in ((1, "SYS"), (2, "DIA"), (3, "MEAN")))
MMHG = "266016^MDC_DIM_MMHG^MDC"


def obx(code: str = SPO2, value: str = "97", unit: str = PCT, *, n: str = "1", kind: str = "NM", sub: str = "",
        flag: str = "", status: str = "R", at: str = "", equipment: str = "", site: str = "") -> str:  # fmt: skip
    """One OBX line."""
    fields = [
        "OBX",
        n,
        kind,
        code,
        sub,
        value,
        unit,
        "",
        flag,
        "",
        "",
        status,
        "",
        "",
        at,
        "",
        "",
        "",
        equipment,
        "",
        site,
    ]
    return "|".join(fields).rstrip("|")


def text(
    *lines: str, msh: str = MSH, obr: str = OBR, pid: str = "PID|||P-1^^^^PI||Doe^Jane", pv1: str = "PV1||I|^^Chair 2"
) -> bytes:
    return ("\r".join((msh, pid, pv1, obr, *lines)) + "\r").encode()


def reader(zone: str = "UTC", devices: Devices | None = None) -> Reader:
    return Reader(signals=current().signals, zone=ZoneInfo(zone), devices=devices or Devices())


def only(outcome: Outcome) -> Message:
    assert outcome.rejected is None, outcome.rejected
    (message,) = outcome.messages
    return message


def read(*lines: str, zone: str = "UTC", now: datetime = NOW, **parts: str) -> Message:
    return only(reader(zone).read(text(*lines, **parts), now))


def one(*lines: str, **parts: str) -> Measured:
    ((_, measured),) = read(*lines, **parts).readings
    return measured


def notes(message: Message) -> str:
    return "\n".join(message.notes)


# ---------------------------------------------------------------- a plain message


def test_a_plain_message_becomes_readings_with_everything_that_was_sent() -> None:
    message = read(
        obx(sub="1.3.1.150456"), obx("147842^MDC_ECG_HEART_RATE^MDC", "72", "264864^MDC_DIM_BEAT_PER_MIN^MDC")
    )
    assert (message.device, message.control_id, message.patient_id, message.patient_name) == (
        "MON-3",
        "77",
        "P-1",
        "Doe, Jane",
    )
    assert (message.bed, message.mode, message.notes) == ("Chair 2", Mode.REAL, ())
    (i, spo2), (j, heart) = message.readings
    assert (i, j) == (0, 1)
    assert (spo2.signal, spo2.value, spo2.quality, spo2.probe) == ("spo2_pct", 97.0, Quality.GOOD, "1.3.1.150456")
    assert (spo2.code_sent, spo2.unit_sent, spo2.value_sent) == (SPO2, PCT, "97")
    assert spo2.at == datetime(2026, 11, 21, 14, 0, 3, tzinfo=UTC)
    assert (heart.signal, heart.value) == ("heart_rate_per_min", 72.0)
    wire = message.wire()
    assert wire["device_time"] == "2026-11-21T14:00:04Z"
    assert wire["rejected"] is None
    assert encode(wire)


def test_the_same_bytes_of_the_same_device_have_the_same_uid_and_others_have_others() -> None:
    first, again, other = read(obx()), read(obx(), now=NOW + timedelta(days=2)), read(obx(value="98"))
    assert first.uid == again.uid != other.uid
    elsewhere = read(obx(), msh=MSH.replace("MON-3", "MON-4"))
    assert elsewhere.uid != first.uid


def test_a_message_without_any_time_counts_as_new_at_each_arrival() -> None:
    timeless = {"msh": r"MSH|^~\&|||||||ORU^R01|204|P|2.3.1", "obr": "OBR|1"}
    line = "OBX||NM|160^SpO2|2103|98||||||F"
    first, second = read(line, **timeless), read(line, now=NOW + timedelta(seconds=1), **timeless)
    assert first.uid != second.uid
    assert first.readings[0][1].at == NOW
    assert "no usable time of its own" in notes(first)


# ---------------------------------------------------------------- no value


@pytest.mark.parametrize("sent", ["-1", "-100", "-999", "-99.9", "32767", "-32768", "65535", "8388607", "8388608", "2047",
                                  "2147483647", "-1.0", "32767.00"])  # fmt: skip
def test_a_number_that_means_no_value_is_no_value(sent: str) -> None:
    m = one(obx(value=sent))
    assert (m.value, m.quality, m.value_sent) == (None, Quality.NO_VALUE, sent)
    assert sent in m.reason


@pytest.mark.parametrize("sent", ["---", "--", "-?-", "***", "NaN", "nan", "N/A", "0x7FFFFF", '""', "", "inop",
                                  "Infinity", "1e400",
                                  "97~98", "9" * 400])  # fmt: skip
def test_what_is_no_number_is_no_value_and_says_what_was_sent(sent: str) -> None:
    m = one(obx(value=sent))
    assert (m.value, m.quality) == (None, Quality.NO_VALUE)
    assert m.reason


def test_no_sentinel_is_a_value_that_a_living_person_can_have() -> None:
    for number in shipped().no_value_numbers:
        assert not any(s.low <= number <= s.high for s in current().signals.values()), number


def test_zero_is_a_value_because_it_may_be_the_truth() -> None:
    assert one(obx("151562^MDC_RESP_RATE^MDC", "0", "/min")).value == 0.0


# ---------------------------------------------------------------- flags


@pytest.mark.parametrize(("flag", "status", "quality"), [
    ("INV", "R", Quality.ARTEFACT), ("QUES", "R", Quality.QUESTIONABLE), ("NAV", "R", Quality.NO_VALUE),
    ("CAL", "R", Quality.ARTEFACT), ("", "X", Quality.NO_VALUE), ("", "D", Quality.ARTEFACT), ("", "W", Quality.ARTEFACT),
    ("", "F", Quality.GOOD), ("", "", Quality.GOOD), ("H", "F", Quality.GOOD), ("L~INV", "R", Quality.ARTEFACT),
    ("QUES~INV", "X", Quality.NO_VALUE), ("ZORK", "R", Quality.QUESTIONABLE), ("", "Q", Quality.QUESTIONABLE),
])  # fmt: skip
def test_flags_and_status_say_how_far_a_value_can_be_trusted(flag: str, status: str, quality: Quality) -> None:
    m = one(obx(flag=flag, status=status))
    assert m.quality is quality
    assert m.value == (None if quality is Quality.NO_VALUE else 97.0)
    assert bool(m.reason) == (quality is not Quality.GOOD)


@pytest.mark.parametrize(("flag", "status", "mode"), [
    ("DEMO", "R", Mode.DEMO), ("demo", "R", Mode.DEMO), ("TEST", "R", Mode.TEST), ("INV~DEMO", "R", Mode.DEMO),
    ("", "DEMO", Mode.DEMO), ("TEST~DEMO", "F", Mode.DEMO), ("SIM", "R", Mode.SIMULATED), ("DEMO^x", "R", Mode.DEMO),
])  # fmt: skip
def test_demo_and_test_data_are_seen_in_a_status_field_alone(flag: str, status: str, mode: Mode) -> None:
    assert read(obx(flag=flag, status=status)).mode is mode


@pytest.mark.parametrize(("processing", "mode"), [("P", Mode.REAL), ("T", Mode.TEST), ("D", Mode.TEST), ("P^A", Mode.REAL),
                                                   ("Z", Mode.TEST), ("", Mode.REAL)])  # fmt: skip
def test_the_processing_id_tells_a_test(processing: str, mode: Mode) -> None:
    assert read(obx(), msh=MSH.replace("|P|", f"|{processing}|")).mode is mode


def test_a_demo_mark_in_the_wrong_field_or_in_a_line_about_the_monitor_is_seen() -> None:
    assert read(obx().replace(f"|{PCT}||", f"|{PCT}|DEMO|")).mode is Mode.DEMO
    state = "OBX|2|ST|MDC_ATTR_MODE_OP||demo mode||||||F"
    assert read(obx(), state).mode is Mode.DEMO
    assert read(obx(), "OBX|2|ST|99^STATUS^L||self test passed||||||F").mode is Mode.REAL
    assert read(obx(), obr=OBR + "|" * 18 + "DEMO").mode is Mode.DEMO


def test_a_demo_value_never_travels_with_a_real_one() -> None:
    outcome = reader().read(text(obx(), obx(value="99", flag="DEMO", n="2")), NOW)
    modes = {m.mode: [r.value for _, r in m.readings] for m in outcome.messages}
    assert modes == {Mode.REAL: [97.0], Mode.DEMO: [99.0]}
    assert len({m.uid for m in outcome.messages}) == 2
    assert sorted(i for m in outcome.messages for i, _ in m.readings) == [0, 1]


# ---------------------------------------------------------------- who


@pytest.mark.parametrize("pid", ["PID|||0000^^^^PI", "PID|||UNKNOWN", "PID|||", "PID", "PID|||^^^Hospital^PI||^^^^^^L",
                                 'PID|||""',
                                 "PID|||Default Patient"])  # fmt: skip
def test_no_patient_and_a_default_patient_stay_nobody(pid: str) -> None:
    assert read(obx(), pid=pid).patient_id == ""


def test_a_medical_record_number_is_preferred_and_an_id_in_the_old_field_is_found() -> None:
    assert read(obx(), pid="PID|||V1^^^^VN~M9^^^^MR").patient_id == "M9"
    assert read(obx(), pid="PID||OLD7|").patient_id == "OLD7"


@pytest.mark.parametrize(("pv1", "bed"), [("PV1||I|^^Chair 2", "Chair 2"), ("PV1||I|ICU^3", "ICU/3"), ("PV1||I|^^&24", "24"),
                                          ("PV1||I|^^Doc1&5&1", "Doc1"), ("PV1", ""), ("PV1||I|", "")])  # fmt: skip
def test_the_bed_is_read_in_the_ways_it_is_written(pv1: str, bed: str) -> None:
    assert read(obx(), pv1=pv1).bed == bed


def test_a_device_is_named_by_sender_then_equipment_then_bed_and_never_guessed() -> None:
    nameless = MSH.replace("MON-3", "")
    assert read(obx(), msh=nameless.replace("|||||2026", "||KC57|||2026", 1).replace("MON-3", "")).device == "KC57"
    assert read(obx(equipment="0A1^^0A1^EUI-64"), msh=nameless).device == "0A1"
    assert read(obx(), msh=nameless).device == "bed:Chair 2"
    assert read(obx(), msh=nameless, pv1="PV1||I|").device == ""


def test_two_monitors_of_one_model_are_two_devices() -> None:
    one_, two = (read(obx(), msh=MSH.replace("MON-3", f"VS900^{eui}^EUI-64")).device for eui in ("00A0A", "00A0B"))
    assert one_ != two


def test_the_clinics_file_names_devices_and_knows_their_ways(tmp_path) -> None:
    path = tmp_path / "monitors.toml"
    path.write_text("""
        shared = ["CENTRAL"]
        [[device]]
        key = "MON-1"
        matches = ["bed:Chair 2"]
        zone = "Europe/Berlin"
        no_value = [0]
        unit_if_missing = { temperature_c = "degF" }
        [[device.code]]
        code = "8480-6"
        system = "LN"
        signal = "systolic_mmhg"
    """)
    r = reader(devices=read_devices(path))
    msh = MSH.replace("MON-3", "CENTRAL").replace("+0000", "")
    lines = [obx(value="0"), obx("8480-6^Systolic^LN", "120", "mm[Hg]"), obx("150344^MDC_TEMP^MDC", "98.6", "")]
    message = only(r.read(text(*lines, msh=msh, obr="OBR|1"), NOW))
    assert message.device == "MON-1"
    got = {m.signal: m for _, m in message.readings}
    assert got["spo2_pct"].quality is Quality.NO_VALUE
    assert got["systolic_mmhg"].value == 120.0
    assert got["temperature_c"].value == pytest.approx(37.0)
    assert got["spo2_pct"].at == datetime(2026, 11, 21, 13, 0, 4, tzinfo=UTC)  # 14:00 in Berlin
    other = r.read(text(obx(), msh=msh, pv1="PV1||I|^^Chair 9"), NOW)
    assert only(other).device == "bed:Chair 9"


def test_a_central_station_speaks_for_several_devices_in_one_message(tmp_path) -> None:
    path = tmp_path / "monitors.toml"
    path.write_text('shared = ["CENTRAL"]')
    lines = [obx(equipment="M1^^M1^EUI-64"), obx(value="91", n="2"), "PRT|1|UC||EQUIP||||||M2^^M2^EUI-64"]
    msh = MSH.replace("MON-3", "CENTRAL")
    outcome = reader(devices=read_devices(path)).read(text(*lines, msh=msh), NOW)
    assert {m.device: [r.value for _, r in m.readings] for m in outcome.messages} == {"M1": [97.0], "M2": [91.0]}


def test_a_devices_file_that_is_wrong_says_where(tmp_path) -> None:
    path = tmp_path / "monitors.toml"
    for wrong, said in (("x = 1", "unknown key"), ("[[device]]", "no key"), ("]", "monitors.toml"),
                        ('[[device]]\nkey="A"\n[[device]]\nkey="A"', "two monitors"),
                        ('[[device]]\nkey="A"\nzone="Mars"', "time zone"),
                        ('[[device]]\nkey="A"\nunit_if_missing={spo2_pct="x"}', "not a unit"),
                        ('[[device]]\nkey="A"\n[[device.code]]\ncode="1"\nsignal="x"', "not a signal")):  # fmt: skip
        path.write_text(wrong)
        with pytest.raises(BadInput, match=said):
            read_devices(path)


def test_one_message_about_two_patients_becomes_two() -> None:
    second = ("PID|||P-2", "PV1||I|^^Chair 3", OBR, obx(value="91"))
    outcome = reader().read(text(obx(), *second), NOW)
    assert [(m.patient_id, m.bed, [r.value for _, r in m.readings]) for m in outcome.messages] == [
        ("P-1", "Chair 2", [97.0]), ("P-2", "Chair 3", [91.0])]  # fmt: skip
    assert len({m.uid for m in outcome.messages}) == 2


# ---------------------------------------------------------------- set ids, sub ids, probes


@pytest.mark.parametrize("number", ["", "1", "x", "999999"])
def test_set_ids_may_be_missing_or_wrong(number: str) -> None:
    assert one(obx(n=number)).value == 97.0


def test_a_running_number_in_obx_4_is_no_probe_but_two_probes_of_one_code_are_told_apart() -> None:
    assert one(obx(sub="1")).probe == ""
    assert one(obx(sub="0.0.0.0")).probe == ""
    left, right = read(obx(sub="1"), obx(value="92", sub="2")).readings
    assert (left[1].probe, right[1].probe) == ("1", "2")
    paths = [m.probe for _, m in read(obx(sub="1.3.1.150456"), obx(value="92", sub="1.3.2.150456")).readings]
    assert paths == ["1.3.1.150456", "1.3.2.150456"]


def test_probes_are_named_by_equipment_site_or_code_and_unnamed_ones_are_numbered() -> None:
    assert one(obx(equipment="PROBE-A^X")).probe == "PROBE-A"
    assert one(obx(site="L HAND^left hand")).probe == "L HAND"
    assert one(obx("149546^MDC_PULS_RATE_NON_INV^MDC", "70", "/min")).probe == "cuff"
    message = read(obx(), obx(value="92"))
    assert [m.probe for _, m in message.readings] == ["", "#2"]
    assert "more than once" in notes(message)


def test_a_containment_path_in_obx_1_is_found() -> None:
    assert one(obx(n="1.3.1.150456")).probe == "1.3.1.150456"


# ---------------------------------------------------------------- types, codes


@pytest.mark.parametrize("kind", ["ST", "SN", "", "TX", "nm", "CE"])
def test_a_number_under_the_wrong_type_is_read_and_noted(kind: str) -> None:
    message = read(obx(kind=kind))
    assert message.readings[0][1].value == 97.0
    assert kind == "nm" or "OBX-2" in notes(message)


def test_structured_numbers_decimal_commas_and_units_behind_the_value_are_read() -> None:
    assert one(obx(kind="SN", value="^97")).value == 97.0
    assert one(obx(kind="SN", value="=^97")).value == 97.0
    assert one(obx(kind="SN", value=">^97")).value is None
    assert one(obx("150344^MDC_TEMP^MDC", "36,6", "Cel")).value == 36.6
    assert one(obx(kind="ST", value="97 %", unit="")).value == 97.0
    assert one(obx("150021^^MDC", "120", "mmHg")).value == 120.0


@pytest.mark.parametrize("code", ["150456", "150456^^MDC", "^MDC_PULS_OXIM_SAT_O2^MDC", "19384^MDC_PULS_OXIM_SAT_O2^MDC",
                                  "150456^SpO2", "150456^MDC_PULS_OXIM_SAT_O2^LN", "0002-4bb8^SpO2^MDIL", "160^SpO2",
                                  "59408-5^^LN", "X1^Sat^99VENDOR^150456^MDC_PULS_OXIM_SAT_O2^MDC"])  # fmt: skip
def test_one_signal_under_its_many_names(code: str) -> None:
    assert one(obx(code)).signal == "spo2_pct"


@pytest.mark.parametrize("code", ["150456^MDC_PRESS_BLD_NONINV_SYS^MDC", "99999^MDC_PULS_OXIM_SAT_O2^MDC", "160",
                                  "160^Weight",
                                  "160^SpO2^99OTHER", "150017^MDC_PRESS_BLD_SYS^MDC", "150037^MDC_PRESS_BLD_ART_ABP_SYS^MDC",
                                  "8480-6^Systolic^LN", "", "^^", "150388^MDC_TEMP_SKIN^MDC"])  # fmt: skip
def test_a_code_that_no_table_explains_or_that_contradicts_itself_is_kept_as_a_note(code: str) -> None:
    message = read(obx(code, "55"))
    assert message.readings == ()
    assert "not charted" in notes(message)
    assert "55" in notes(message)


def test_waveforms_are_not_readings() -> None:
    message = read(obx("131329^MDC_ECG_ELEC_POTL_I^MDC", "0^1^2", kind="NA"), obx(kind="NA", value="97^98"))
    assert message.readings == ()
    assert len(message.notes) == 2


def test_a_cuff_reading_is_three_signals_by_code_and_an_arterial_line_is_not_a_cuff() -> None:
    lines = [obx(c, v, MMHG, at="20261121135500+0000") for c, v in ((SYS, "121"), (DIA, "78"), (MAP, "92"))]
    message = read(*lines, obx("150033^MDC_PRESS_BLD_ART_SYS^MDC", "140", MMHG))
    got = {m.signal: m.value for _, m in message.readings}
    assert got == {"systolic_mmhg": 121.0, "diastolic_mmhg": 78.0, "mean_pressure_mmhg": 92.0}
    assert "arterial line" in notes(message)


def test_a_cuff_reading_in_one_field_is_taken_apart() -> None:
    for value in ("120/80(93)", "120/80 (93)", "120^80^93"):
        message = read(obx("150020^MDC_PRESS_BLD_NONINV^MDC", value, MMHG, kind="ST", at="20261121135500+0000"))
        assert [m.value for _, m in message.readings] == [120.0, 80.0, 93.0]
    none = read(obx("150020^MDC_PRESS_BLD_NONINV^MDC", "---/---", MMHG, kind="ST"))
    assert {m.quality for _, m in none.readings} == {Quality.NO_VALUE}


# ---------------------------------------------------------------- units, plausibility


@pytest.mark.parametrize(("code", "value", "unit", "expected"), [
    (SYS, "16", "kPa", 120.009), (SYS, "16", "265987^MDC_DIM_KILO_PASCAL^MDC", 120.009), (SYS, "120", "mm[Hg]", 120),
    (SYS, "120", "0004-0f20^mmHg^MDIL", 120), ("150344^MDC_TEMP^MDC", "98.6", "266560^MDC_DIM_FAHR^MDC", 37.0),
    ("150344^MDC_TEMP^MDC", "98.6", "[degF]", 37.0), ("150344^MDC_TEMP^MDC", "37", "°C", 37.0),
    ("150344^MDC_TEMP^MDC", "310.15", "K", 37.0), (SPO2, "97", "%", 97), (SPO2, "97", "", 97),
    ("147842^MDC_ECG_HEART_RATE^MDC", "72", "{beats}/min", 72), ("147842^MDC_ECG_HEART_RATE^MDC", "72", "bpm", 72),
    ("147842^MDC_ECG_HEART_RATE^MDC", "72", "", 72), ("151708^MDC_CONC_AWAY_CO2_ET^MDC", "5", "kPa", 37.503),
    ("151562^MDC_RESP_RATE^MDC", "14", "rpm", 14), ("151562^MDC_RESP_RATE^MDC", "14", "^MDC_DIM_RESP_PER_MIN", 14),
])  # fmt: skip
def test_units_are_turned_into_the_signals_own(code: str, value: str, unit: str, expected: float) -> None:
    assert one(obx(code, value, unit)).value == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(("code", "value", "unit"), [
    (SYS, "120", ""), (SYS, "120", "furlong"), (SYS, "120", "bpm"), ("150344^MDC_TEMP^MDC", "37", ""),
    (SPO2, "97", "264864^MDC_DIM_BEAT_PER_MIN^MDC"), ("151708^MDC_CONC_AWAY_CO2_ET^MDC", "5", "%"),
    (SYS, "120", "266016^MDC_DIM_KILO_PASCAL^MDC"),
])  # fmt: skip
def test_a_missing_unknown_wrong_or_contradictory_unit_is_never_a_default(code: str, value: str, unit: str) -> None:
    message = read(obx(code, value, unit))
    ((_, m),) = message.readings
    assert (m.value, m.quality, m.value_sent) == (None, Quality.NO_VALUE, value)
    assert "unit" in m.reason


@pytest.mark.parametrize(("value", "unit"), [("127", "%"), ("2", "%")])
def test_what_nobody_can_have_is_kept_and_marked(value: str, unit: str) -> None:
    m = one(obx(value=value, unit=unit))
    assert (m.value, m.quality) == (float(value), Quality.IMPLAUSIBLE)


@settings(deadline=None)
@given(st.floats(min_value=-500, max_value=500).map(lambda v: round(v, 1)))
def test_every_number_is_kept_as_sent_and_only_plausible_ones_are_good(value: float) -> None:
    m = one(obx(value=f"{value:.1f}"))
    signal = current().signals["spo2_pct"]
    assert m.value_sent == f"{value:.1f}"
    if value in shipped().no_value_numbers:
        assert m.value is None
    else:
        assert m.value == value
        assert (m.quality is Quality.GOOD) == (signal.low <= value <= signal.high)


# ---------------------------------------------------------------- times


def test_the_value_has_its_own_time_before_the_request_and_the_message() -> None:
    at = lambda m: m.at.strftime("%H:%M:%S")  # noqa: E731
    assert at(one(obx(at="20261121140001+0000"))) == "14:00:01"
    assert at(one(obx())) == "14:00:03"
    assert at(one(obx(), obr="OBR|1")) == "14:00:04"
    assert at(one(obx(at="rubbish"))) == "14:00:03"
    assert one(obx(), obr="OBR|1", msh=MSH.replace("20261121140004+0000", "")).at == NOW


def test_an_old_cuff_reading_keeps_its_time_and_is_noted() -> None:
    message = read(obx(SYS, "121", MMHG, at="20261121135500+0000"))
    assert message.readings[0][1].at == datetime(2026, 11, 21, 13, 55, tzinfo=UTC)
    assert "measured 00:05:03 before the message" in notes(message)


def cuff_at(r: Reader, seconds: int, *, own: bool, value: str = "121") -> Measured:
    now = NOW + timedelta(seconds=seconds)
    stamp = f"{now:%Y%m%d%H%M%S}+0000"
    msh = MSH.replace("20261121140004+0000", stamp)
    line = obx(SYS, value, MMHG, at=stamp if own else "")
    ((_, m),) = only(r.read(text(line, msh=msh, obr="OBR|1"), now)).readings
    return m


def test_a_cuff_reading_sent_again_and_again_without_its_own_time_grows_old() -> None:
    r = reader()
    first = cuff_at(r, 0, own=False)
    later = [cuff_at(r, s, own=False) for s in (1, 60, 600)]
    assert {m.at for m in later} == {first.at}
    assert {m.quality for m in (first, *later)} == {Quality.QUESTIONABLE}
    assert cuff_at(r, 601, own=False, value="130").at > first.at


def test_a_cuff_reading_whose_time_is_renewed_every_second_is_not_believed() -> None:
    r = reader()
    first = cuff_at(r, 0, own=True)
    assert [cuff_at(r, s, own=True).at for s in range(1, 40)] == [first.at] * 39
    assert first.quality is Quality.GOOD
    # the same values a cuff cycle later, with nothing in between, are a new measurement
    assert cuff_at(r, 400, own=True).at > first.at


def test_without_offset_the_messages_own_and_then_the_configured_zone_counts() -> None:
    bare = MSH.replace("+0000", "")
    assert one(obx(at="20261121150001"), msh=MSH.replace("140004+0000", "150004+0100")).at == NOW.replace(second=1)
    m = read(obx(at="20261121150001"), msh=bare, zone="Europe/Berlin").readings[0][1]
    assert m.at == NOW.replace(second=1)


def test_the_hour_that_comes_twice_is_decided_by_the_arrival_and_noted() -> None:
    msh = MSH.replace("20261121140004+0000", "20261025023000")  # Berlin: 02:30 twice on this night
    for now, hour in (
        (datetime(2026, 10, 25, 0, 30, 5, tzinfo=UTC), 0),
        (datetime(2026, 10, 25, 1, 30, 5, tzinfo=UTC), 1),
    ):
        message = read(obx(), msh=msh, obr="OBR|1", zone="Europe/Berlin", now=now)
        assert message.readings[0][1].at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        assert "exists twice" in notes(message)
    gone = MSH.replace("20261121140004+0000", "20260329023000")  # does not exist in Berlin
    message = read(obx(), msh=gone, obr="OBR|1", zone="Europe/Berlin")
    assert "does not exist" in notes(message)


def test_a_clock_that_is_days_off_is_noted_and_nothing_is_changed() -> None:
    message = read(obx(), now=NOW + timedelta(days=3))
    assert "3 d 00:00:01 before its arrival" in notes(message)
    assert message.readings[0][1].at == NOW.replace(second=3)
    assert "after its arrival" in notes(read(obx(), now=NOW - timedelta(hours=2)))


@pytest.mark.parametrize(
    "stamp", ["20261121", "2026", "0000", "20261321140000", "19700101000000", "20261121990000", "abc", "99999999999999"]
)
def test_a_time_that_is_none_is_not_used(stamp: str) -> None:
    m = one(obx(at=stamp))
    assert m.at == NOW.replace(second=3)


@pytest.mark.parametrize(
    "stamp", ["20261121140001.5+0000", "20261121140001.5000Z", "2026-11-21T14:00:01.5Z", "20261121090001.5-0500"]
)
def test_the_spellings_of_one_moment(stamp: str) -> None:
    assert one(obx(at=stamp)).at == NOW.replace(second=1, microsecond=500000)


# ---------------------------------------------------------------- the outside of the message


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
def test_segments_may_end_in_any_of_three_ways(ending: str) -> None:
    raw = text(obx(), obx(value="88", sub="1.2.3")).replace(b"\r", ending.encode())
    assert [m.value for _, m in only(reader().read(raw, NOW)).readings] == [97.0, 88.0]
    assert len(only(reader().read(raw.rstrip(), NOW)).readings) == 2


@pytest.mark.parametrize("version", ["2.2", "2.3.1", "2.4", "2.5", "2.6", "2.6^DEU", "2.8.1", "3.0", ""])
def test_many_versions_under_one_profile(version: str) -> None:
    message = read(obx(), msh=MSH.replace("|2.6", f"|{version}"))
    assert message.readings[0][1].value == 97.0
    assert ("version" in notes(message)) == (not version.startswith("2."))


def test_other_delimiters_are_obeyed() -> None:
    raw = text(obx(sub="1.3.1.150456")).replace(b"|", b"#").replace(b"^", b"*").replace(b"~", b"!").replace(b"\\", b"/")
    raw = raw.replace(b"&", b"+").replace(b"+0000", b"-0000")
    message = only(reader().read(raw, NOW))
    assert message.patient_name == "Doe, Jane"
    assert message.readings[0][1].value == 97.0


def test_escapes_and_character_sets_are_undone() -> None:
    assert read(obx(), pid="PID|||P\\T\\1||O^J\\X41\\").patient_id == "P&1"
    assert read(obx(), pid="PID|||P\\T\\1||O\\R\\N^J\\X41\\").patient_name == "O~N, JA"
    latin = text(obx(), msh=MSH + "||||||8859/1", pid="PID|||P-1||Müller").decode().encode("latin-1")
    utf = text(obx(), msh=MSH + "||||||UNICODE UTF-8", pid="PID|||P-1||Müller")
    chinese = text(obx(), msh=MSH + "||||||GB 18030-2000", pid="PID|||P-1||王").decode().encode("gb18030")
    names = [only(reader().read(raw, NOW)).patient_name for raw in (latin, utf, chinese)]
    assert names == ["Müller", "Müller", "王"]
    undeclared = text(obx(), pid="PID|||P-1||Müller").decode().encode("latin-1")
    message = only(reader().read(undeclared, NOW))
    assert message.patient_name == "Müller"
    assert "character set" in notes(message)


def test_nul_bytes_do_not_reach_the_server() -> None:
    message = only(reader().read(text(obx(), pid="PID|||P\0-1||A"), NOW))
    assert b"\\u0000" not in encode(message.wire())


@pytest.mark.parametrize(("raw", "code", "word"), [
    (b"", "AR", "MSH"), (b"hello", "AR", "MSH"), (b"MSH", "AR", "MSH"), (b"MSHxyz", "AR", "separator"),
    (b"MSH|^^^^|", "AR", "five different"), (MSH.replace("ORU^R01^ORU_R01", "ADT^A01").encode(), "AR", "ADT"),
    (MSH.replace("ORU^R01^ORU_R01", "ORU^W01").encode(), "AR", "W01"),
])  # fmt: skip
def test_what_is_not_for_us_is_refused_with_a_reason_and_its_bytes(raw: bytes, code: str, word: str) -> None:
    outcome = reader().read(raw, NOW)
    assert outcome.rejected is not None
    assert (outcome.rejected.code, outcome.rejected.raw) == (code, raw)
    assert word in outcome.rejected.reason
    assert encode(outcome.rejected.wire())


def test_a_message_without_type_or_control_id_or_values_is_kept_and_noted() -> None:
    assert "MSH-9" in notes(read(obx(), msh=MSH.replace("ORU^R01^ORU_R01", "")))
    assert "MSH-10" in notes(read(obx(), msh=MSH.replace("|77|", "||")))
    assert read().readings == ()
    assert "no segment" in notes(read(obx(), "lonely text"))


def test_a_batch_in_one_frame_is_several_messages() -> None:
    two = text(obx(), msh=MSH.replace("|77|", "|78|"))
    assert split_batch(text(obx()) + two) == [text(obx()).rstrip(b"\r"), two]
    assert split_batch(b"FHS|^~\\&\rBHS|^~\\&\r" + text(obx()) + two + b"BTS|2\rFTS|1\r")[0].startswith(b"MSH")
    assert split_batch(text(obx())) == [text(obx())]


def test_notes_do_not_grow_without_end() -> None:
    message = read(*[obx(f"{n}^X^99", "1") for n in range(2000)])
    assert len(message.notes) <= 201
    assert message.notes[-1] == "and 1800 more notes"


# ---------------------------------------------------------------- anything at all


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    outcome = reader().read(raw, NOW)
    assert outcome.rejected or outcome.messages


PIECES = st.lists(
    st.one_of(
        st.sampled_from([MSH, OBR, obx(), "PID|||", "OBX", "OBX|", "OBX|||||", "PV1||", "PRT||||||||||X", "MSH|",
                         "|", "^", "~", "\\",
                         "\r", "\n", "OBX|1|NM|150020^^MDC||120/|", "\x00", "ü"]),
        st.text(max_size=12),
    ),
    max_size=14,
)  # fmt: skip


@settings(deadline=None)
@given(PIECES, st.sampled_from(["\r", "\n", "|", ""]))
def test_no_mixture_of_segments_makes_the_reader_fail_by_surprise(pieces: list[str], glue: str) -> None:
    raw = (MSH + "\r" + glue.join(pieces)).encode("utf-8", "replace")
    for part in split_batch(raw):
        outcome = reader().read(part, NOW)
        assert outcome.rejected is None or outcome.rejected.code == "AR", outcome.rejected
        for message in outcome.messages:
            assert message.payload() == encode(message.wire())
            for _, m in message.readings:
                assert m.value is None or math.isfinite(m.value)
                assert (m.value is None) == (m.quality is Quality.NO_VALUE)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["spo2_pct", "heart_rate_per_min", "temperature_c", "etco2_mmhg", "resp_rate_per_min"]),
            st.floats(min_value=0, max_value=300).map(lambda v: round(v, 2)),
        ),
        min_size=1, max_size=8, unique_by=lambda pair: pair[0],
    ),
    st.text(min_size=1, max_size=12, alphabet=st.characters(min_codepoint=33, max_codepoint=0x24F,
                                                            exclude_characters="\x7f", exclude_categories=["C"])),
)  # fmt: skip
def test_what_the_builder_writes_a_strict_library_and_we_read_alike(
    values: list[tuple[str, float]], patient: str
) -> None:
    built = hl7.build_oru(
        "MON-3", "9", NOW, [hl7.Observation(signal=s, value=v) for s, v in values], patient_id=patient
    )
    strict = parse_message(built.decode(), validation_level=VALIDATION_LEVEL.STRICT)
    lines = strict.oru_r01_patient_result.oru_r01_order_observation.oru_r01_observation
    theirs = [float(line.obx.obx_5.value) for line in lines]
    message = only(reader().read(built, NOW))
    assert theirs == pytest.approx([m.value for _, m in message.readings])
    assert [line.obx.obx_3.obx_3_1.value for line in lines] == [m.code_sent.split("^")[0] for _, m in message.readings]
    if message.patient_id:
        assert message.patient_id == patient.strip()
    assert strict.msh.msh_10.value == message.control_id
    assert message.payload() == encode(message.wire())
