"""Do the files still say what must never be got wrong?  Each number here was read in the fact files, not in the TOML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stillhaven.reference.load import current
from stillhaven.science.limits import Limit
from stillhaven.science.protocol import Ask, Drug, Give, Kind, Route
from stillhaven.science.recovery import RecoveryFacts, discharge_findings
from stillhaven.science.scales import score
from stillhaven.science.start import StartFacts, start_findings
from stillhaven.science.units import Quantity

PROTOCOLS = (
    *("P_E_TRD", "P_E_MDSI", "P_IV_DEP", "P_IV_TITRATE", "P_IV_RAMP", "P_IV_BOLUS", "P_IV_SI", "P_IV_PTSD"),
    *("P_IV_SAD_OCD", "P_IV_COC", "P_MAINT", "P_STOP", "P_IM", "P_IN_RAC", "P_ORAL", "P_NZ", "P_SL", "P_KAP"),
    *("P_PAIN_GEN", "P_PAIN_CRPS_IP", "P_PAIN_CRPS_OP", "P_PAIN_SCI", "P_PAIN_ACUTE", "P_PAIN_RESP", "P_PAIN_EVID"),
)
T0 = datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_every_protocol_of_the_fact_file_is_here_once() -> None:
    facts = [protocol.fact for protocol in current().protocols.values()]
    assert sorted(facts) == sorted(PROTOCOLS)


def test_half_a_milligram_per_kg_over_forty_minutes() -> None:
    part = current().protocols["iv_depression"].dose("infusion")
    assert part is not None
    assert (part.dose_mg_per_kg, part.over_min, part.give) == (0.5, 40.0, Give.INFUSION)
    amount = part.amount_mg(70.0)
    assert amount is not None
    assert amount.exact == 35.0  # worked example CB07: 3.5 mL of 10 mg/mL, 0.7 mL of 50 mg/mL, 52.5 mg/h
    ten, fifty = (p for p in current().drugs[Drug.KETAMINE].products if p.mg_per_ml in (10, 50))
    assert (35.0 / (ten.mg_per_ml or 0), 35.0 / (fifty.mg_per_ml or 0)) == (3.5, 0.7)


@pytest.mark.parametrize("key", ["iv_ptsd", "iv_suicidal_ideation", "iv_social_anxiety_ocd", "iv_cocaine"])
def test_other_psychiatric_trials_gave_the_same(key: str) -> None:
    part = current().protocols[key].dose("infusion")
    assert part is not None
    assert (part.dose_mg_per_kg, part.over_min) == (0.5, 40.0)


def test_the_alcohol_scheme_is_a_bolus_and_an_infusion() -> None:
    protocol = current().protocols["iv_alcohol_research"]
    bolus, infusion = protocol.dose("bolus"), protocol.dose("infusion")
    assert bolus is not None
    assert infusion is not None
    assert (bolus.dose_mg_per_kg, bolus.over_min) == (0.11, 2.0)
    assert (infusion.dose_mg_per_kg, infusion.over_min) == (0.60, 50.0)


def test_esketamine_is_56_or_84_mg_in_devices_of_28() -> None:
    esketamine = current().drugs[Drug.ESKETAMINE]
    device = esketamine.device
    assert device is not None
    assert (device.content_mg, device.volume_ml, device.rest_min, device.sprays) == (28.0, 0.2, 5.0, 2)
    assert device.doses_mg == (56.0, 84.0)
    assert [device.count(dose) for dose in device.doses_mg] == [2, 3]
    trd = current().protocols["esketamine_trd"]
    first, later = trd.dose("day_1"), trd.dose("later")
    assert first is not None
    assert later is not None
    assert first.dose_mg == 56.0
    assert later.amount is not None
    assert later.amount.choices == (56.0, 84.0)
    assert trd.most_sessions_per_week == 2
    assert trd.ceilings[0].limit == 84.0
    usual = current().protocols["esketamine_mdd_suicidal"].dose("usual")
    assert usual is not None
    assert usual.dose_mg == 84.0


def test_esketamine_is_watched_for_two_hours_from_the_first_device() -> None:
    rules = current().recovery.rules_for(Drug.ESKETAMINE, Route.INTRANASAL)
    assert rules.observation.clock_from == "first_dose"
    assert rules.observation.minimum == Limit(value=120.0, unit="min", source="SPRAVATO_2019_TEXT", confirmed=True)
    assert [point.when for point in rules.observation.pressures] == ["before", "at", "leaving"]
    at_40 = rules.observation.pressures[1].at
    assert at_40 is not None
    assert at_40.value == 40.0
    assert rules.observation.device_spacing is not None
    assert rules.observation.device_spacing.value == 5.0
    timetable = current().session.timetable(Drug.ESKETAMINE, Route.INTRANASAL)
    assert timetable is not None
    assert 40.0 in timetable.at_min
    assert timetable.before_leaving


def test_time_alone_sends_nobody_home() -> None:
    rules = current().recovery.rules_for(Drug.ESKETAMINE, Route.INTRANASAL)
    facts = RecoveryFacts(now=T0 + timedelta(hours=3), doses=(T0,))
    verdicts = {finding.rule: finding for finding in discharge_findings(facts, rules)}
    assert verdicts["observation_time"].is_met
    assert verdicts["over_dissociation"].stops
    assert verdicts["over_sedation"].stops


def test_the_form_is_due_in_seven_days() -> None:
    assert current().rems.form_due_d == 7.0


def test_anaesthetic_ranges_stop_an_order() -> None:
    stops = current().drugs[Drug.KETAMINE].hard_stops
    vein = next(stop for stop in stops if Route.IV_INFUSION in stop.routes)
    muscle = next(stop for stop in stops if Route.IM in stop.routes)
    assert (vein.low_mg_per_kg, vein.high_mg_per_kg) == (1.0, 4.5)
    assert (muscle.low_mg_per_kg, muscle.high_mg_per_kg) == (6.5, 13.0)
    assert vein.stops(1.0)
    assert not vein.stops(0.5)
    assert vein.stops(9.0)  # beyond the range is no way out of it


def test_concentrations_span_tenfold_and_the_strongest_is_never_undiluted() -> None:
    products = current().drugs[Drug.KETAMINE].products
    assert sorted(p.mg_per_ml or 0 for p in products) == [10.0, 50.0, 100.0]
    strongest = next(p for p in products if p.mg_per_ml == 100.0)
    assert strongest.undiluted_iv is False
    assert strongest.diluent_ml_per_ml == 1.0
    assert all(p.undiluted_iv is None for p in products if p is not strongest)  # not stated is not "allowed"
    assert current().drugs[Drug.KETAMINE].product("42023-113") is not None
    assert current().drugs[Drug.KETAMINE].product("") is None


def test_no_drug_borrows_the_other_drugs_numbers() -> None:
    crps = current().protocols["iv_crps_inpatient"]
    assert crps.drug is Drug.S_KETAMINE
    assert crps.ceilings == ()
    assert Ask.STEP in crps.asks
    keys = [{c.key for c in facts.ceilings} for facts in current().drugs.values()]
    assert all(not (mine & other) for i, mine in enumerate(keys) for other in keys[i + 1 :])
    assert all(stop.drug is Drug.KETAMINE for facts in current().drugs.values() for stop in facts.hard_stops)


def test_moaas_counts_down_and_rass_is_centred() -> None:
    moaas, rass = current().scales["moaas"], current().scales["rass"]
    assert (moaas.low, moaas.high, moaas.normal, moaas.better) == (0, 5, 5, "higher")
    assert "no response" in moaas.items[0].levels[0].text
    assert "normal voice" in moaas.items[0].levels[-1].text
    assert (rass.low, rass.high, rass.normal, rass.better) == (-5, 4, 0, "middle")
    texts = {level.value: level.text for level in rass.items[0].levels}
    assert texts[0] == "alert and calm"
    assert "roused" in texts[-5]
    assert texts[4] == "combative"
    alert = moaas.cut("alert")
    assert alert is not None
    assert alert.holds(5)
    assert not alert.holds(4)


def test_aldrete_and_padss_need_nine_of_ten() -> None:
    for scale in (current().recovery.aldrete, current().recovery.padss):
        assert scale is not None
        ready = scale.cut("ready")
        assert ready is not None
        assert (scale.high, ready.at_least, len(scale.items)) == (10, 9.0, 5)
        assert score(scale, {item.key: 2 for item in scale.items}).total == 10
    aldrete = current().scales["aldrete_modified"]
    assert aldrete.item("circulation").bands == {"full_within": 20.0, "half_under": 50.0}
    assert aldrete.item("spo2").bands == {"full_over_room_air": 92.0, "half_over_with_oxygen": 90.0}
    assert current().scales["padss"].item("vital_signs").bands == {"full_within": 20.0, "half_within": 40.0}
    assert "adaptation" in current().scales["padss"].item("bleeding").adapted


def test_protected_scales_ship_numbers_without_words() -> None:
    for key in ("cadss", "cadss6", "poss"):
        scale = current().scales[key]
        assert not scale.ships_wording
        assert not any(level.text for item in scale.items for level in item.levels)
    assert [item.key for item in current().scales["cadss6"].items] == [f"item_{n}" for n in (1, 2, 6, 7, 15, 22)]
    assert current().scales["cadss6"].high == 24
    assert current().policy.number("cadss6_resolved") is None


def test_pressure_before_the_drug_blocks_ketamine_and_asks_the_prescriber_for_esketamine() -> None:
    pressure = current().session.start.pressure
    ketamine, esketamine = pressure["ketamine"], pressure["esketamine"]
    assert (ketamine.systolic.value, ketamine.diastolic.value, ketamine.how.weight.value) == (180.0, 100.0, "block")
    assert (esketamine.systolic.value, esketamine.diastolic.value) == (140.0, 90.0)
    assert esketamine.how.overridable_by == ("prescriber", "medical_director")
    assert "s_ketamine" not in pressure  # no number was found: the rule answers "not set"


def test_what_nobody_has_asked_stops_the_start() -> None:
    rules = current().session.start
    findings = start_findings(StartFacts(now=T0, today=T0.date(), drug="ketamine", route="iv_infusion"), rules)
    assert all(not finding.is_met for finding in findings)
    assert {"identity", "pressure_before", "dose_check", "fasting_food", "equipment"} <= {f.rule for f in findings}


def test_fasting_by_drug() -> None:
    start = current().session.start.fasting
    assert {limit.kind: limit.at_least.value for limit in start["ketamine"]} == {
        "clear_liquid": 120.0,
        "food": 360.0,
        "fatty_food": 480.0,
    }
    assert {limit.kind: limit.at_least.value for limit in start["esketamine"]} == {
        "food": 120.0,
        "liquid": 30.0,
        "nasal_spray": 60.0,
    }
    standings = {rule.key: rule.standing for rule in current().session.fasting}
    assert standings["clinic_page_hours"] == "conflicting"
    assert standings["several_hours"] == "not_computable"


def test_medicines_that_are_always_flagged() -> None:
    for drug in Drug:
        flagged = {item.key for item in current().session.start.interactions[drug.value]}
        assert {"theophylline", "opioid", "alcohol", "stimulant", "maoi"} <= flagged


def test_eighteen_events_and_no_program_can_order_a_rescue_drug() -> None:
    events, rescue = current().adverse_events, current().rescue_drugs
    assert sorted(event.fact for event in events.values()) == [f"AE{n:02}" for n in range(1, 19)]
    assert len(rescue) == 10
    assert not any(drug.cite.confirmed for drug in rescue.values())
    assert all(not isinstance(value, float) for drug in rescue.values() for value in vars(drug).values())
    assert [grade.value for grade in current().grading.grades] == [1, 2, 3, 4, 5]
    assert "lasting" in current().grading.caution
    assert events["anaphylaxis"].stops_dosing
    assert events["anaphylaxis"].rescue == ("epinephrine",)


def test_checks_every_ten_minutes_and_every_fifteen_after() -> None:
    timetable = current().session.timetable(Drug.KETAMINE, Route.IV_INFUSION)
    assert timetable is not None
    assert (timetable.during_every_min, timetable.recovery_every_min) == (10.0, 15.0)
    other = current().session.timetable(Drug.KETAMINE, Route.IM)
    assert other is not None
    assert other.recovery_every_min is None
    assert other.asks == ("other_routes_check_every_min",)
    assert current().session.timetable(Drug.S_KETAMINE, Route.IV_INFUSION) is None


def test_nobody_drives_before_a_night() -> None:
    ketamine, esketamine = (current().recovery.driving_rule(drug) for drug in (Drug.KETAMINE, Drug.ESKETAMINE))
    assert ketamine is not None
    assert esketamine is not None
    assert (ketamine.hours, ketamine.after_sleep) == (24.0, True)
    assert (esketamine.hours, esketamine.after_sleep) == (None, True)


def test_what_has_no_source_is_asked_and_never_filled_in() -> None:
    assert all(not item.is_set for item in current().policy_items)
    assert current().recovery.rules_for(Drug.KETAMINE, Route.IV_INFUSION).observation.minimum.value is None
    step_up = current().protocols["iv_step_up"]
    assert {Ask.DOSE, Ask.STEP} <= set(step_up.asks)
    slow = current().protocols["iv_slow_start"].dose("infusion")
    assert slow is not None
    assert (slow.amount, slow.over, slow.rate) == (None, None, None)
    guidance = [p for p in current().protocols.values() if p.kind is Kind.GUIDANCE]
    assert len(guidance) == 4  # ketamine with psychotherapy is ordered like any other dose, with every number asked
    assert not any(p.is_orderable for p in guidance)


def test_ceilings_of_the_published_pain_regimens() -> None:
    crps = {c.unit: c for c in current().protocols["iv_crps_outpatient"].ceilings}
    assert crps["mg/h"].limit == 25.0
    assert crps["mg/kg/h"].limit == 0.35
    assert not crps["mg/h"].allows(Quantity(26, "mg/h"))
    pain = current().protocols["iv_chronic_pain"]
    assert {c.key: c.limit for c in pain.ceilings if c.only} == {"chronic_pain_infusion_rate_icu": 7.0}
