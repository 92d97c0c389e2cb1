"""Slips that a person could make in a reference file: each has to be refused."""

from __future__ import annotations

DEP, TRD = "protocols/iv_depression.toml", "protocols/esketamine_trd.toml"

# file, what stands there, what a slip makes of it, the key that the message must name, a word of the reason
SLIPS = {
    "a source that does not exist": (DEP, '["ANAND_2023"]', '["ANAND_2032"]', "schedule[twice", "not a key of sources"),
    "no source": (DEP, 'source    = ["ANAND_2023", "EKSTRAND', '#', "dose[infusion].source", "is missing"),
    "an empty list of sources": (DEP, '["ANAND_2023"]', "[]", "schedule[twice_weekly_three_weeks].source", "no source"),
    "confirmed left out": (DEP, "confirmed = true", "", "dose[infusion].confirmed", "is missing"),
    "confirmed as text": (DEP, "confirmed = true", 'confirmed = "yes"', "dose[infusion].confirmed", "true or false"),
    "confirmed from memory": (
        "session/rescue_drugs.toml", "confirmed = false", "confirmed = true", "drug.labetalol.confirmed", "none of its",
    ),
    "a summary taken for the source": (
        "protocols/esketamine_mdd_suicidal.toml", 'via        = "secondary"', "", "via", "only a summary",
    ),
    "an unknown way of knowing": (
        "protocols/esketamine_mdd_suicidal.toml", '"secondary"', '"hearsay"', "via", "is not secondary",
    ),
    "an unknown unit": (DEP, 'unit = "mg/kg"', 'unit = "mg/lb"', "dose[infusion].amount.unit", "not a unit"),
    "a unit of another kind": (DEP, '40, unit = "min"', '40, unit = "mg"', "dose[infusion].over.unit", "cannot turn"),
    "no unit": (DEP, '0.5, unit = "mg/kg"', "0.5", "dose[infusion].amount.unit", "is missing"),
    "a bare number": (DEP, 'key       = "infusion"', 'key       = "infusion"\npeak = 3', "peak", "without a unit"),
    "bounds in the wrong order": (
        "protocols/im_depression.toml", "low = 0.25, high = 1.0", "low = 1.0, high = 0.25", "amount.low", "is over high",
    ),
    "a plausible range upside down": ("signals.toml", "{ value = 350,", "{ value = -1,", "plausible_low", "not under"),
    "a signal that is always stale": ("signals.toml", '10, unit = "s"', '0, unit = "s"', "stale_after", "over 0 s"),
    "a group of no signal": ("signals.toml", '"mean_pressure_mmhg"]', '"map"]', "group.pressure.signals", "'map'"),
    "a hard stop upside down": ("drugs/ketamine.toml", "value = 4.5", "value = 0.45", "hard_stop[0].low", "not under"),
    "pressures swapped": ("session/start.toml", "value = 180", "value = 80", "pressure.ketamine.systolic", "not over"),
    "grades that overlap": ("session/adverse_events.toml", "high = 139", "high = 149", "grading.pressure", "inside"),
    "weeks backwards": (DEP, "last_week         = 3", "last_week         = 0", "last_week", "at least 1"),
    "more sessions than the weeks hold": (
        DEP, "sessions          = 6", "sessions          = 60", "twice_weekly_three_weeks].sessions", "do not fit",
    ),
    "moments out of order": ("session/checks.toml", "[40, 120]", "[120, 40]", "timetable.esketamine.at.list", "rise"),
    "an interval of zero": (
        "session/checks.toml", 'during_every   = { value = 10', 'during_every   = { value = 0', "during_every", "over 0",
    ),
    "a misspelt key": (DEP, "evaluate ", "evaluat ", "evaluat", "nobody reads"),
    "a misspelt key deep inside": (DEP, "first_week", "frst_week", "frst_week", "nobody reads"),
    "no review": (DEP, "[review]", "[reviewed]", "review", "is missing"),
    "reviewed by nobody": (DEP, '"draft"', '"reviewed"', "review.by", "who reviewed"),
    "an unknown status": (DEP, '"draft"', '"final"', "review.status", "not draft or reviewed"),
    "a day that is none": (DEP, 'on     = ""', 'on     = "2026-02-30"', "review.on", "not a day"),
    "a dose over its ceiling": (DEP, "{ value = 0.5, ", "{ value = 1.5, ", "dose[infusion].amount", "over the ceiling"),
    "a rate over its ceiling": (
        "protocols/iv_crps_outpatient.toml", "high = 0.35", "high = 3.5", "dose[infusion].rate", "over the ceiling",
    ),
    "a ceiling of another drug": (DEP, '["psychiatric_infusion"]', '["esketamine_session"]', "ceilings", "racemic"),
    "another drug than the ceiling's": (
        DEP, 'drug         = "ketamine"', 'drug = "s_ketamine"', "ceilings", "S-ketamine",
    ),
    "a drug nobody knows": (DEP, 'drug         = "ketamine"', 'drug = "ketalar"', "drug", "is not one of"),
    "esketamine into a vein": (TRD, '["intranasal"]', '["iv_infusion"]', "routes", "nose only"),
    "devices of racemate": (
        DEP, 'give      = "infusion"', 'give      = "devices"', "dose[infusion].give", "esketamine",
    ),
    "esketamine per kg": (TRD, '56, unit = "mg"', '0.8, unit = "mg/kg"', "dose[day_1].amount", "never per kg"),
    "a part of a device": (TRD, '56, unit = "mg"', '70, unit = "mg"', "dose[day_1].amount", "not a multiple of 28"),
    "a dose of one device for everybody": (
        TRD, 'only      = "65 years or older', '# "65', "dose[older_start].amount", "say in `only`",
    ),
    "four devices": (TRD, "any_of = [56, 84]", "any_of = [56, 112]", "dose[later].amount", "over the ceiling"),
    "three times a week": (
        TRD, "sessions_per_week = [2]", "sessions_per_week = [3]", "sessions_per_week", "is over most",
    ),
    "devices that do not exist": ("drugs/esketamine.toml", "[56, 84]", "[56, 80]", "device.doses", "multiples of 28"),
    "a drug that forgets another": (
        "drugs/ketamine.toml", '["s_ketamine", "esketamine"]', '["s_ketamine"]', "not_to_be_taken_for", "each of the other",
    ),
    "a file of another drug": (
        "drugs/ketamine.toml", 'drug = "ketamine"', 'drug = "s_ketamine"', "drug", "file is called",
    ),
    "a vial that does not add up": (
        "drugs/ketamine.toml", "value = 200,", "value = 2000,", "product[ketamine_10].content", "times",
    ),
    "a strong vial with no word on dilution": (
        "drugs/ketamine.toml", "before_iv    =", "# ", "product[ketamine_100].before_iv", "how to dilute",
    ),
    "a bag that does not run so": ("drugs/ketamine.toml", "value = 150,", "value = 15,", "rate", "run at 150"),
    "parts that do not add up": (
        "protocols/iv_alcohol_research.toml", "value = 0.71", "value = 0.61", "dose[total].amount", "sum of its parts",
    ),
    "an open dose that nobody asks for": (
        "protocols/iv_slow_start.toml", '"dose", "duration", ', '"duration", ', "asks", "must ask for dose",
    ),
    "an observation that nobody asks for": (
        "protocols/iv_ptsd.toml", 'asks       = ["observation"]', "asks = []", "asks", "must ask for observation",
    ),
    "a question that no screen knows": ("protocols/stopping.toml", '"stop_after"', '"when"', "asks", "is not one of"),
    "a dose in guidance": (
        "protocols/stopping.toml", "[review]", '[[dose]]\nkey = "x"\ngive = "single"\n[review]', "dose", "guidance",
    ),
    "a rescue drug nobody described": (
        "session/adverse_events.toml", '["ondansetron"]', '["ondansetrone"]', "event.nausea_vomiting.rescue", "not a drug",
    ),
    "an order nobody can give": (
        "session/rescue_drugs.toml", '"required"', '"default"', "drug.labetalol.order", "not one of",
    ),
    "override without roles": (
        "session/start.toml", 'overridable_by = ["prescriber", "medical_director"]\nto_do', "to_do",
        "pressure.esketamine.overridable_by", "names roles",
    ),
    "a policy item that does not exist": (
        "session/start.toml", '"weight_max_age_d"', '"weight_age"', "weight_max_age", "not an item",
    ),
    "a policy item in another unit": (
        "session/start.toml", '"weight_max_age_d"', '"weight_change_pct"', "weight_max_age", "not in d",
    ),
    "a candidate outside the guard": (
        "session/policy.toml", "value     = 20", "value     = 200", "candidate", "outside",
    ),
    "an alarm nobody described": (
        "session/stop.toml", '"pressure_repeated"', '"pressure_again"', "rule.pressure.alarms", "not a file",
    ),
    "a line that no scale draws": (
        "session/stop.toml", '"moaas.stop"', '"rass.stop"', "rule.sedation_deep.scores", "not a line",
    ),
    "two timetables for one thing": (
        "session/checks.toml", '["im", ', '["iv_bolus", "im", ', "timetable.other_routes", "in use",
    ),
    "a fasting rule without hours": (
        "session/preparation.toml", 'standing  = "text"', 'standing  = "rule"', "none_for", "standing is rule",
    ),
    "a conflict not told": ("session/preparation.toml", "conflict  = ", "title2 = ", "conflict", "is missing"),
    "MOAA/S turned round": ("scales/moaas.toml", "normal = 5", "normal = 0", "normal", "does not go with"),
    "RASS not centred": ("scales/rass.toml", "normal = 0", "normal = 4", "normal", "inside the range"),
    "a level left out": ("scales/nausea.toml", '2 = "moderate", ', "", "levels", "every whole number"),
    "a range that items do not reach": ("recovery/padss.toml", "high = 10", "high = 12", "range", "items add up"),
    "a line outside the scale": (
        "recovery/aldrete_modified.toml", "at_least  = 9", "at_least  = 90", "cut.ready", "outside",
    ),
    "protected words": (
        "scales/cadss6.toml", '[item.item_1]', '[item.item_1]\nends = { "0" = "x" }', "levels", "protected",
    ),
    "no driving rule for a drug": (
        "recovery/driving.toml", '"ketamine", "s_ketamine"', '"ketamine"', "rule", "s_ketamine needs",
    ),
    "driving at once": (
        "recovery/driving.toml", "after_sleep = true", "after_sleep = false", "rule.esketamine", "neither",
    ),
    "not TOML": (DEP, "title ", "title = = ", "", "not readable as TOML"),
    "text where a number belongs": (DEP, "value = 0.5", 'value = "0.5"', "dose[infusion].amount.value", "a number"),
    "true where a number belongs": (DEP, "value = 0.5", "value = true", "dose[infusion].amount.value", "a number"),
    "not a finite number": (DEP, "value = 0.5", "value = nan", "dose[infusion].amount.value", "finite"),
    "two ways to say one dose": (
        DEP, "value = 0.5,", "value = 0.5, high = 1,", "dose[infusion].amount", "needs either",
    ),
    "under zero": (DEP, "value = 0.5", "value = -0.5", "dose[infusion].amount", "under 0"),
}  # fmt: skip
