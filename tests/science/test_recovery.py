"""Each criterion for going home: met, not met, unknown; and scores that are never quietly completed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.observation import ObservationRules, PressurePoint
from stillhaven.science.protocol import Cite, Review
from stillhaven.science.recovery import (
    DischargeRules,
    Pressure,
    RecoveryFacts,
    coverage_summary,
    discharge_findings,
    sheets,
)
from stillhaven.science.recovery_scores import ScoreAnswers, ScoreRule, pressure_points, sheet
from stillhaven.science.scales import Cut, Item, Scale
from stillhaven.science.vitals import Coverage, Gap

NOW = datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
CITE = Cite(source=("made_up",))
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN


def lim(value, unit="min"):
    return Limit(value=value, unit=unit, source="made_up")


def scale(key, bands, needed):
    items = (
        Item(key="moves", name="Movement", low=0, high=2),
        Item(key="flow", name="Circulation", low=0, high=2, bands=bands),
        Item(key="site", name="IV site", low=0, high=2, adapted="ours"),
    )
    return Scale(
        key=key,
        fact="",
        name=key,
        short=key.upper(),
        about="",
        low=0,
        high=6,
        items=items,
        cite=CITE,
        review=Review(),
        cuts=(Cut(key="ready", means="may go", cite=CITE, at_least=needed),),
    )


ONE = ScoreRule(scale=scale("one", {"full_within": 15.0, "half_under": 35.0}, 5), cut="ready", pressure_item="flow")
TWO = ScoreRule(scale=scale("two", {"full_within": 15.0, "half_within": 35.0}, 5), cut="ready", pressure_item="flow")
ALL = {"moves": 2, "site": 2}


def p(systolic, diastolic, minutes_ago):
    return Pressure(systolic_mmhg=systolic, diastolic_mmhg=diastolic, at=NOW - minutes_ago * MIN)


RULES = DischargeRules(
    observation=ObservationRules(
        clock_from="first_dose",
        minimum=lim(100),
        pressures=(PressurePoint(key="leaving", label="pressure before leaving", when="leaving", within=lim(12)),),
    ),
    scores=(ONE, TWO),
    sedation_at_least=lim(5, "MOAA/S"),
    symptoms={"sedation": "sedation", "dissociation": "dissociation"},
    recent=lim(12),
    pressure_change_pct=lim(25, "%"),
    systolic=lim(155, "mmHg"),
    diastolic=lim(92, "mmHg"),
    spo2_at_least=lim(93, "%"),
    nausea_at_most=lim(1, "of 3"),
    coverage_at_least=lim(80, "%"),
    cannula=True,
    signal_labels={"spo2_pct": "SpO2"},
)

COVER = Coverage(
    signal="spo2_pct",
    percent=91.0,
    gaps=(Gap(signal="spo2_pct", start=NOW - 60 * MIN, end=NOW - 59 * MIN, reason="probe off"),),
)

FACTS = RecoveryFacts(
    now=NOW,
    doses=(NOW - 120 * MIN, NOW - 110 * MIN),
    ended_at=NOW - 110 * MIN,
    answers=ScoreAnswers(by_scale={"one": ALL, "two": ALL}),
    baseline=p(120.0, 80.0, 130),
    pressures=(p(150.0, 90.0, 80), p(126.0, 82.0, 4)),
    spo2_pct=97.0,
    spo2_at=NOW - MIN,
    sedation=5,
    symptoms={"sedation": True, "dissociation": True},
    oriented=True,
    nausea=1,
    walks_as_before=True,
    cannula_placed=True,
    cannula_out=True,
    escort_name="Kim",
    handed_over_at=NOW,
    instructions_at=NOW - 3 * MIN,
    risk_asked_at=NOW - 9 * MIN,
    risk_settled=True,
    coverage=(COVER,),
)


def find(rule, facts=FACTS, rules=RULES):
    mine = [f for f in discharge_findings(facts, rules) if f.rule == rule]
    assert len(mine) == 1, (rule, mine)
    return mine[0]


def test_a_person_who_has_recovered_may_go():
    assert [f for f in discharge_findings(FACTS, RULES) if not f.is_met] == []


def answers(**change):
    return {"answers": ScoreAnswers(by_scale={"one": {**ALL, **change}, "two": ALL})}


CASES = [
    ("observation_time", {"doses": (NOW - 99 * MIN,)}, NOT_MET),
    ("observation_time", {"doses": ()}, UNKNOWN),
    ("pressure_leaving", {"pressures": (p(126.0, 82.0, 13),)}, NOT_MET),
    ("over_sedation", {"symptoms": {"sedation": False, "dissociation": True}}, NOT_MET),
    ("over_dissociation", {"symptoms": {"sedation": True}}, UNKNOWN),
    ("score_one", answers(moves=0), NOT_MET),
    ("score_one", answers(moves=1), MET),
    ("score_one", answers(moves=None), UNKNOWN),
    ("score_two", {"answers": ScoreAnswers(by_scale={"one": ALL})}, UNKNOWN),
    ("score_one", {"pressures": ()}, UNKNOWN),
    ("score_one", {"pressures": (p(126.0, 82.0, 13),)}, UNKNOWN),
    ("score_one", {"baseline": None}, UNKNOWN),
    ("alert", {"sedation": 4}, NOT_MET),
    ("alert", {"sedation": None}, UNKNOWN),
    ("oriented", {"oriented": False}, NOT_MET),
    ("oriented", {"oriented": None}, UNKNOWN),
    ("walks", {"walks_as_before": False}, NOT_MET),
    ("walks", {"walks_as_before": None}, UNKNOWN),
    ("nausea", {"nausea": 2}, NOT_MET),
    ("nausea", {"nausea": None}, UNKNOWN),
    ("pressure_change", {"pressures": (p(151.0, 80.0, 4),)}, NOT_MET),
    ("pressure_change", {"pressures": (p(89.0, 60.0, 4),)}, NOT_MET),
    ("pressure_change", {"pressures": (p(150.0, 80.0, 4),)}, MET),
    ("pressure_change", {"baseline": None}, UNKNOWN),
    ("pressure_change", {"pressures": ()}, UNKNOWN),
    ("leaving_systolic", {"pressures": (p(156.0, 80.0, 4),)}, NOT_MET),
    ("leaving_systolic", {"pressures": (p(126.0, 80.0, 13),)}, UNKNOWN),
    ("leaving_diastolic", {"pressures": (p(126.0, 93.0, 4),)}, NOT_MET),
    ("leaving_diastolic", {"pressures": ()}, UNKNOWN),
    ("leaving_spo2", {"spo2_pct": 92.0}, NOT_MET),
    ("leaving_spo2", {"spo2_at": NOW - 13 * MIN}, UNKNOWN),
    ("leaving_spo2", {"spo2_pct": None}, UNKNOWN),
    ("leaving_spo2", {"spo2_at": None}, UNKNOWN),
    ("cannula", {"cannula_out": False}, NOT_MET),
    ("cannula", {"cannula_out": None}, UNKNOWN),
    ("risk", {"risk_settled": False}, NOT_MET),
    ("risk", {"risk_asked_at": None}, UNKNOWN),
    ("risk", {"risk_settled": None}, UNKNOWN),
    ("instructions", {"instructions_at": None}, UNKNOWN),
    ("instructions", {"instructions_at": NOW + MIN}, UNKNOWN),
    ("escort", {"escort_name": " "}, NOT_MET),
    ("escort", {"escort_name": None}, UNKNOWN),
    ("handover", {"handed_over_at": None}, UNKNOWN),
]


@pytest.mark.parametrize(("rule", "change", "verdict"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)])
def test_each_criterion(rule, change, verdict):
    finding = find(rule, replace(FACTS, **change))
    assert finding.verdict is verdict
    assert finding.because
    if verdict is not MET:
        assert finding.to_do
        assert finding.stops


def test_every_criterion_has_been_shown_to_stop():
    tried = {rule for rule, _, verdict in CASES if verdict is not MET}
    assert {f.rule for f in discharge_findings(FACTS, RULES)} - tried == {"coverage_spo2_pct"}


UNSET = [
    ("observation_time", {"observation": replace(RULES.observation, minimum=lim(None))}),
    ("alert", {"sedation_at_least": lim(None)}),
    ("leaving_recent", {"recent": lim(None)}),
    ("pressure_change", {"pressure_change_pct": lim(None)}),
    ("leaving_systolic", {"systolic": lim(None)}),
    ("leaving_diastolic", {"diastolic": lim(None)}),
    ("leaving_spo2", {"spo2_at_least": lim(None)}),
    ("nausea", {"nausea_at_most": lim(None)}),
]


@pytest.mark.parametrize(("rule", "change"), UNSET)
def test_a_number_that_nobody_has_set_keeps_the_person_here(rule, change):
    finding = find(rule, rules=replace(RULES, **change))
    assert finding.verdict is UNKNOWN
    assert finding.stops
    assert "director" in finding.to_do


def test_what_does_not_belong_to_a_route_is_not_asked():
    other = replace(RULES, pressure_change_pct=None, systolic=None, diastolic=None, spo2_at_least=None, cannula=False)
    asked = {f.rule for f in discharge_findings(replace(FACTS, cannula_placed=None), other)}
    assert not asked & {"pressure_change", "leaving_systolic", "leaving_diastolic", "leaving_spo2", "cannula"}
    assert "cannula" in {f.rule for f in discharge_findings(FACTS, other)}, "one was placed all the same"


# ---------------------------------------------------------------- scores
def test_the_pressure_item_is_computed_and_says_so():
    filled = sheets(FACTS, RULES)[0]
    row = next(r for r in filled.rows if r.item == "flow")
    assert (row.points, row.computed, row.differs) == (2, True, False)
    assert row.because == "systolic 126 against 120 before: 5 % away"
    assert (filled.total, filled.highest, filled.needed, filled.reached) == (6, 6, 5, True)
    assert next(r for r in filled.rows if r.item == "site").adapted == "ours"


@pytest.mark.parametrize(
    ("bands", "systolic", "points"),
    [
        ({"full_within": 15.0, "half_under": 35.0}, 115.0, 2),
        ({"full_within": 15.0, "half_under": 35.0}, 85.0, 2),
        ({"full_within": 15.0, "half_under": 35.0}, 116.0, 1),
        ({"full_within": 15.0, "half_under": 35.0}, 135.0, 0),
        ({"full_within": 15.0, "half_within": 35.0}, 135.0, 1),
        ({"full_within": 15.0, "half_within": 35.0}, 64.0, 0),
        ({"full_under": 15.0, "half_within": 35.0}, 115.0, 1),
        ({"full_within": 15.0}, 115.0, None),
        ({}, 115.0, None),
    ],
)
def test_bands_with_and_without_their_edge(bands, systolic, points):
    item = Item(key="flow", name="", low=0, high=2, bands=bands)
    assert pressure_points(item, systolic, 100.0)[0] == points


def test_a_pressure_that_nobody_knows_gives_no_points():
    item = ONE.scale.item("flow")
    for systolic, baseline in ((None, 100.0), (100.0, None), (100.0, 0.0)):
        assert pressure_points(item, systolic, baseline)[0] is None


def test_a_clinicians_other_answer_is_shown_and_the_lower_counts():
    lower = sheet(ONE, {**ALL, "flow": 1}, 126.0, 120.0)
    assert (lower.total, next(r for r in lower.rows if r.item == "flow").differs) == (5, True)
    higher = sheet(ONE, {**ALL, "flow": 2}, 200.0, 120.0)
    assert higher.total == 4
    finding = find("score_one_pressure", replace(FACTS, **answers(flow=1)))
    assert finding.weight is Weight.CAUTION
    assert not finding.stops
    assert sheet(ONE, {**ALL, "flow": 2}, 126.0, 120.0).total == 6


def test_an_answer_does_not_stand_in_for_a_pressure_that_was_not_measured():
    assert sheet(ONE, {**ALL, "flow": 2}, None, 120.0).total is None


@pytest.mark.parametrize("wrong", [{"moves": 3}, {"moves": -1}, {"dances": 1}, {"moves": True}])
def test_an_answer_that_the_scale_does_not_have_cannot_be_read(wrong):
    with pytest.raises(BadInput):
        sheet(ONE, {**ALL, **wrong}, 126.0, 120.0)


def test_a_cut_that_the_scale_does_not_have_cannot_be_read():
    with pytest.raises(BadInput, match="no line"):
        sheet(replace(ONE, cut="gone"), ALL, 126.0, 120.0)


def test_a_missing_item_is_named():
    assert "Movement" in find("score_one", replace(FACTS, **answers(moves=None))).because


POINTS = st.one_of(st.none(), st.integers(0, 2))


@given(POINTS, POINTS, POINTS, st.one_of(st.none(), st.floats(50.0, 220.0)))
def test_a_total_exists_exactly_when_every_item_has_points(moves, flow, site, systolic):
    filled = sheet(ONE, {"moves": moves, "flow": flow, "site": site}, systolic, 120.0)
    points = [r.points for r in filled.rows]
    assert (filled.total is None) == (None in points)
    assert (filled.reached is None) == (filled.total is None)
    if filled.total is not None:
        assert filled.total == sum(points)
        assert filled.reached == (filled.total >= 5)


# ---------------------------------------------------------------- coverage
def test_coverage_is_a_caution_with_its_longest_gap():
    met = find("coverage_spo2_pct")
    assert met.because == "SpO2: watched 91 %, longest gap 1 min"
    thin = find("coverage_spo2_pct", replace(FACTS, coverage=(replace(COVER, percent=79.9),)))
    assert thin.verdict is NOT_MET
    assert not thin.stops
    unset = find("coverage_spo2_pct", rules=replace(RULES, coverage_at_least=lim(None, "%")))
    assert unset.verdict is UNKNOWN
    assert not unset.stops


def test_coverage_summary_tells_the_worst():
    other = Coverage(signal="hr", percent=60.0, gaps=())
    summary = coverage_summary((COVER, other), lim(80, "%"))
    assert (summary.worst_percent, summary.longest_gap_s) == (60.0, 60.0)
    assert [f.verdict for f in summary.findings] == [MET, NOT_MET]
    nothing = coverage_summary((), lim(80, "%"))
    assert (nothing.worst_percent, nothing.longest_gap_s) == (None, None)
    assert nothing.findings[0].verdict is UNKNOWN


def test_a_clinic_may_make_a_criterion_weigh_less_and_coverage_more():
    softer = replace(
        RULES, how={"walks": Standing(weight=Weight.OVERRIDE, overridable_by=("prescriber",)), "coverage": Standing()}
    )
    assert find("walks", replace(FACTS, walks_as_before=False), softer).overridable_by == ("prescriber",)
    assert find("coverage_spo2_pct", replace(FACTS, coverage=(replace(COVER, percent=1.0),)), softer).stops


# ---------------------------------------------------------------- in general
CHANGES = [change for _, change, verdict in CASES if verdict is not MET]


@given(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4))
def test_no_combination_lets_somebody_go_who_may_not(changes):
    facts = FACTS
    for change in changes:
        facts = replace(facts, **change)
    assert any(f.stops for f in discharge_findings(facts, RULES))


def test_a_person_of_whom_nothing_is_known_stays():
    found = discharge_findings(RecoveryFacts(now=NOW), RULES)
    assert not any(f.is_met for f in found)


# ---------------------------------------------------------------- edges, and what to do
EDGES = [
    ("risk", {"risk_asked_at": NOW}, MET),
    ("risk", {"risk_asked_at": NOW + MIN}, UNKNOWN),
    ("instructions", {"instructions_at": NOW}, MET),
    ("handover", {"handed_over_at": NOW + MIN}, UNKNOWN),
    ("leaving_systolic", {"pressures": (p(126.0, 80.0, 12),)}, MET),
    ("leaving_systolic", {"pressures": (p(126.0, 80.0, 0),)}, MET),
    ("leaving_systolic", {"pressures": (p(126.0, 80.0, -1),)}, UNKNOWN),
    ("leaving_systolic", {"pressures": (p(155.0, 80.0, 4),)}, MET),
    ("leaving_diastolic", {"pressures": (p(126.0, 92.0, 4),)}, MET),
    ("leaving_spo2", {"spo2_pct": 93.0}, MET),
    ("leaving_spo2", {"spo2_at": NOW}, MET),
    ("leaving_spo2", {"spo2_at": NOW + MIN}, UNKNOWN),
    ("pressure_change", {"baseline": p(0.0, 0.0, 130)}, UNKNOWN),
    ("coverage_spo2_pct", {"coverage": (replace(COVER, percent=80.0),)}, MET),
    ("nausea", {"nausea": 0}, MET),
]


@pytest.mark.parametrize(("rule", "change", "verdict"), EDGES, ids=[f"{n}-{c[0]}" for n, c in enumerate(EDGES)])
def test_edges(rule, change, verdict):
    assert find(rule, replace(FACTS, **change)).verdict is verdict


@pytest.mark.parametrize(
    ("rule", "change", "to_do"),
    [
        ("alert", {"sedation": 4}, "wait and measure again"),
        ("alert", {"sedation": None}, "score MOAA/S"),
        ("leaving_spo2", {"spo2_pct": 92.0}, "wait and measure again"),
        ("leaving_spo2", {"spo2_pct": None}, "measure the saturation on room air"),
        ("score_one", answers(moves=0), "score again in a few minutes"),
        ("score_one", answers(moves=None), "answer every item"),
        ("risk", {"risk_settled": False}, "call the clinician now"),
        ("risk", {"risk_asked_at": None}, "ask"),
        ("coverage_spo2_pct", {"coverage": (replace(COVER, percent=1.0),)}, "say in the note why"),
    ],
)
def test_what_a_red_line_says_to_do(rule, change, to_do):
    assert find(rule, replace(FACTS, **change)).to_do == to_do


def test_the_handover_names_the_escort():
    assert find("handover").because == "handed over to Kim"
    assert find("handover", replace(FACTS, escort_name=None)).because == "handed over to the escort"


def test_the_newest_pressure_counts_and_one_of_tomorrow_does_not():
    later = replace(FACTS, pressures=(p(126.0, 82.0, 4), p(170.0, 99.0, 1), p(120.0, 80.0, -5)))
    assert find("leaving_systolic", later).verdict is NOT_MET
