"""Does the one door give the same numbers for the same files, and a clinic's own where it has laid some over them?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from stillhaven.reference.files import SHIPPED
from stillhaven.reference.load import DEMO_CLINIC, BadReference, current, read
from stillhaven.science.checks import timetable_findings
from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Drug, Route
from tests.reference.conftest import Copy

SET = """
[review]
status = "draft"

[set.iv_observation_min]
value   = 60
unit    = "min"
by      = "Dr Lindqvist, medical director"
on      = "2026-11-21"
because = "what our patients needed last year"

[set.weight_max_age_d]
value = 7
unit  = "d"
by    = "Dr Lindqvist, medical director"
on    = "2026-11-21"

[set.iv_psychiatric_ceiling_mg_per_kg]
value = 0.8
unit  = "mg/kg"
by    = "Dr Lindqvist, medical director"
on    = "2026-11-21"

[set.other_routes_check_every_min]
value = 15
unit  = "min"
by    = "Dr Lindqvist, medical director"
on    = "2026-11-21"

[set.weight_basis]
choice = "actual"
by     = "Dr Lindqvist, medical director"
on     = "2026-11-21"
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    folder = tmp_path / "clinic"
    (folder / "session").mkdir(parents=True)
    (folder / "session/policy_set.toml").write_text(SET, encoding="utf-8")
    return folder


def _problems(clinic: Path) -> list[str]:
    return [str(problem) for problem in read(clinic)[1]]


def test_the_same_files_have_the_same_version_anywhere(copy: Copy) -> None:
    assert read(shipped=copy.root)[0].version == current().version
    assert len(current().version) == 64


def test_line_ends_do_not_change_the_version(copy: Copy) -> None:
    name = "signals.toml"
    (copy.root / name).write_bytes((SHIPPED / name).read_bytes().replace(b"\n", b"\r\n"))
    version = read(shipped=copy.root)[0].version
    copy.put(name, (SHIPPED / name).read_text(encoding="utf-8"))
    assert version == current().version


def test_a_changed_number_changes_the_version(copy: Copy) -> None:
    copy.change("protocols/iv_depression.toml", "value = 0.5", "value = 0.6")
    assert read(shipped=copy.root)[0].version != current().version


def test_every_file_read_counts_in_the_version(copy: Copy) -> None:
    copy.put("protocols/iv_depression.toml", copy.text("protocols/iv_depression.toml") + "\n# a remark\n")
    assert read(shipped=copy.root)[0].version != current().version


def test_it_is_read_once() -> None:
    assert current() is current()


def test_nothing_in_it_can_be_changed() -> None:
    reference = current()
    with pytest.raises(dataclasses.FrozenInstanceError):
        reference.version = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        reference.protocols["iv_depression"] = reference.protocols["im_depression"]  # type: ignore[index]
    with pytest.raises(TypeError):
        reference.session.start.pressure["ketamine"] = None  # type: ignore[index]


def test_what_the_clinic_sets_reaches_the_rules(clinic: Path) -> None:
    reference = current(clinic)
    minimum = reference.recovery.rules_for(Drug.KETAMINE, Route.IV_INFUSION).observation.minimum
    assert (minimum.value, minimum.set_by) == (60.0, "Dr Lindqvist, medical director")
    assert reference.session.start.weight_max_age_days.value == 7.0
    assert reference.policy.choice("weight_basis") == "actual"
    ceiling = reference.plan_rules("iv_depression", Route.IV_INFUSION).ceiling_mg_per_kg
    assert ceiling is not None
    assert (ceiling.value, ceiling.set_by) == (0.8, "Dr Lindqvist, medical director")
    table = reference.session.timetable(Drug.KETAMINE, Route.IM)
    assert table is not None
    assert (table.recovery_every_min, table.asks) == (15.0, ())
    assert timetable_findings(table)[0].is_met
    assert reference.version != current().version
    assert current().policy.number("iv_observation_min") is None  # the shipped numbers are untouched


def test_an_unsigned_ceiling_counts_as_unsigned() -> None:
    ceiling = current().plan_rules("iv_depression", Route.IV_INFUSION).ceiling_mg_per_kg
    assert ceiling is not None
    assert (ceiling.value, ceiling.set_by) == (1.0, "")


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("value   = 60", "value   = 600", "set.iv_observation_min.value", "outside 15 to 480 min"),
        ('unit    = "min"', 'unit    = "h"', "set.iv_observation_min.unit", "must be min"),
        ("value   = 60", "", "set.iv_observation_min.value", "is missing"),
        ('by      = "Dr Lindqvist, medical director"\n', "", "set.iv_observation_min.by", "is missing"),
        ('on      = "2026-11-21"', "", "set.iv_observation_min.on", "on which day"),
        ("set.iv_observation_min", "set.iv_observation", "set.iv_observation", "not an item"),
        ('choice = "actual"', 'choice = "real"', "set.weight_basis.choice", "must be one of"),
    ],
)
def test_what_the_clinic_sets_badly_is_refused(clinic: Path, old: str, new: str, key: str, reason: str) -> None:
    (clinic / "session/policy_set.toml").write_text(SET.replace(old, new, 1), encoding="utf-8")
    found = _problems(clinic)
    assert any(line.startswith("session/policy_set.toml: ") and key in line and reason in line for line in found), found
    with pytest.raises(BadReference, match="policy_set"):
        current(clinic)


def test_a_clinics_file_replaces_the_shipped_one(clinic: Path) -> None:
    (clinic / "recovery").mkdir()
    shipped = (SHIPPED / "recovery/driving.toml").read_text(encoding="utf-8")
    (clinic / "recovery/driving.toml").write_text(shipped.replace("value = 24", "value = 48"), encoding="utf-8")
    rule = current(clinic).recovery.driving_rule(Drug.KETAMINE)
    assert rule is not None
    assert rule.hours == 48.0


def test_a_clinics_own_protocol_stands_beside_the_shipped_ones(clinic: Path) -> None:
    (clinic / "protocols").mkdir()
    shipped = (SHIPPED / "protocols/iv_ptsd.toml").read_text(encoding="utf-8")
    own = shipped.replace('"ABDALLAH_2022"', '"our_protocol_7"')
    (clinic / "protocols/our_ptsd.toml").write_text(own, encoding="utf-8")
    assert "protocols/our_ptsd.toml: source: 'our_protocol_7' is not a key of sources.toml" in _problems(clinic)
    source = '[our_protocol_7]\nkind = "clinic"\ncite = "Protocol 7 of this clinic, signed 2026-11-20"\n'
    (clinic / "sources.toml").write_text(source, encoding="utf-8")
    assert _problems(clinic) == []
    assert len(current(clinic).protocols) == 26


def test_a_clinic_cannot_change_what_a_shipped_source_means(clinic: Path) -> None:
    (clinic / "sources.toml").write_text('[FAVA_2018]\nkind = "clinic"\ncite = "ours"\n', encoding="utf-8")
    assert any("FAVA_2018: is a source already" in line for line in _problems(clinic))


def test_a_file_in_the_wrong_place_is_not_ignored(clinic: Path) -> None:
    (clinic / "protocls").mkdir()
    (clinic / "protocls/ours.toml").write_text("", encoding="utf-8")
    assert "protocls/ours.toml: is a file that nobody reads: check its folder and name" in _problems(clinic)


def test_all_problems_are_told_at_once(copy: Copy) -> None:
    copy.change("protocols/iv_depression.toml", "value = 0.5", "value = 5")
    copy.change("recovery/driving.toml", "value = 24", "value = nan")
    assert {line.split(":")[0] for line in copy.problems()} >= {"protocols/iv_depression.toml", "recovery/driving.toml"}


def test_an_order_is_made_from_a_regimen_by_its_own_route() -> None:
    with pytest.raises(BadInput, match="not a regimen"):
        current().plan_rules("stopping", Route.IV_INFUSION)
    with pytest.raises(BadInput, match="not a route"):
        current().plan_rules("iv_depression", Route.IM)
    with pytest.raises(BadInput, match="no discharge rules"):
        current().recovery.rules_for(Drug.S_KETAMINE, Route.ORAL)
    with pytest.raises(BadInput, match="not something a clinic sets"):
        current().policy.number("shoe_size")


@pytest.mark.parametrize("key", sorted(current().protocols))
def test_every_regimen_has_limits_a_timetable_or_asks_for_one(key: str) -> None:
    """No protocol slips past the order's rules: each regimen has a ceiling, or the rules say that none is set."""
    protocol = current().protocols[key]
    if not protocol.is_orderable:
        return
    for route in protocol.routes:
        rules = current().plan_rules(key, route)
        assert rules.protocol_drug == protocol.drug.value
        if route in (Route.IV_INFUSION, Route.IV_BOLUS, Route.IM) and protocol.drug is not Drug.ESKETAMINE:
            assert rules.anaesthetic_from is not None
        if route in (Route.IV_INFUSION, Route.IV_BOLUS) and protocol.drug is Drug.KETAMINE:
            assert rules.never_undiluted_iv is not None
        findings = timetable_findings(current().session.timetable(protocol.drug, route))
        assert findings


def test_alarm_conditions_come_through_the_same_door() -> None:
    keys = {condition.key for condition in current().alarms.conditions}
    assert {"pressure_high", "spo2_low", "monitor_silent"} <= keys
    named = {name for rule in current().session.stop for name in rule.alarms}
    assert named <= keys


def test_every_signal_of_the_wire_is_defined_with_its_unit() -> None:
    units = {signal.key: signal.unit for signal in current().signals.values()}
    assert units == {
        "heart_rate_per_min": "/min",
        "pulse_rate_per_min": "/min",
        "spo2_pct": "%",
        "systolic_mmhg": "mmHg",
        "diastolic_mmhg": "mmHg",
        "mean_pressure_mmhg": "mmHg",
        "resp_rate_per_min": "/min",
        "etco2_mmhg": "mmHg",
        "temperature_c": "degC",
    }
    intermittent = {signal.key for signal in current().signals.values() if signal.intermittent}
    assert intermittent == set(current().signal_groups["pressure"].signals)


def test_the_demo_clinic_has_set_everything() -> None:
    reference = current(DEMO_CLINIC)
    assert reference.policy.unset == ()
    assert all(item.set_by and item.set_on for item in reference.policy_items if not item.optional)
    table = reference.session.timetable(Drug.KETAMINE, Route.IM)
    assert timetable_findings(table)[0].is_met
    start = reference.session.start
    assert None not in (
        start.weight_max_age_days.value,
        start.weight_change_pct.value,
        start.baseline_max_age_min.value,
    )


def test_a_changed_model_of_the_blood_level_changes_the_version(copy: Copy) -> None:
    name = "pk/pk01_kamp_2020.toml"
    copy.put(name, copy.text(name) + "\n# a reader's note\n")
    assert read(shipped=copy.root)[0].version != current().version
