"""The what-if page: it draws and changes nothing, says both units, and draws nothing beyond the order."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps

from stillhaven.clinic.monitoring import panels, what_if
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access, Entry
from stillhaven.clinic.session import actions, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.findings import Verdict
from stillhaven.science.limits import Limit
from stillhaven.science.plan_rules import PlanRules
from stillhaven.science.what_if import what_if_findings
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page


@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def session(demo: Demo) -> TreatmentSession:
    """Ben, 20 minutes into his 40: 0.5 mg/kg."""
    return demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=20))


def look(demo: Demo, session: TreatmentSession, who: str = "prescriber", **asked: Any) -> Page:
    return open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/what-if/?{urlencode(asked)}")


def ordered_rate(session: TreatmentSession) -> float:
    order = session.order
    assert order is not None
    assert order.duration_min is not None
    return float(order.dose_mg) / float(order.duration_min) * 60.0


def shown(session: TreatmentSession, **asked: str) -> dict[str, Any]:
    """What the page is made of."""
    return what_if.context(queries.open_or_closed(session.pk), asked, clock.now())


def counts() -> dict[str, int]:
    return {m.__name__: m._default_manager.count() for m in apps.get_models() if issubclass(m, Entry)}


def test_nothing_is_written_but_that_somebody_looked(demo: Demo, session: TreatmentSession) -> None:
    before, looks = counts(), Access.objects.count()
    assert sum(before.values()) > 10
    for asked in ({}, {"change": "stop"}, {"change": "hold", "hold_min": "10"}, {"change": "rate", "rate": "30"}):
        assert look(demo, session, **asked).status == 200
    now = counts()
    changed = {name for name in now if now[name] != before[name]}
    assert changed <= {"Access"}
    assert Access.objects.count() == looks + 4
    session.refresh_from_db()
    assert session.state == "dosing"


def test_a_page_cannot_be_posted_to(demo: Demo, session: TreatmentSession) -> None:
    answer = signed_in(demo.staff["prescriber"]).post(f"/sessions/{session.uid}/what-if/", {"change": "stop"})
    assert answer.status_code in (403, 405)


def test_each_line_has_its_band_and_the_words_that_belong_to_it(demo: Demo, session: TreatmentSession) -> None:
    page = look(demo, session, change="rate", rate="30", unit="mg/h")
    for drawing in re.findall(r"<svg.*?</svg>", page.text, flags=re.S):
        assert len(re.findall(r'<polygon class="band ', drawing)) == 2
        looks = set(re.findall(r'class="line line-([\w-]+?) line-(?:past|ahead)"', drawing))
        assert looks == {"as-is", "changed"}
        assert "style=" not in drawing, "the page's policy allows no style in a page"
        assert not re.search(r'(?:fill|stroke)="#', drawing), "the colours are the page's"
    words = page.words()
    for part in ("model estimate", "provisional", "arterial plasma", "Made from:", "Cautions", "never a criterion"):
        assert part in words


def test_a_rate_is_said_in_both_units_whichever_was_typed(demo: Demo, session: TreatmentSession) -> None:
    strength = float(session.order.concentration_mg_per_ml)  # type: ignore[union-attr,arg-type]
    in_mg = shown(session, change="rate", rate="30", unit="mg/h")["change_words"]["text"]
    in_ml = shown(session, change="rate", rate=str(30 / strength), unit="mL/h")["change_words"]["text"]
    assert in_mg == in_ml
    assert "30 mg/h" in in_mg
    assert f"{round(30 / strength, 1):g} mL/h" in in_mg
    assert shown(session, change="rate", rate="30,5", unit="mg/h")["change_words"]["text"].startswith("30.5 mg/h")


def test_slower_hold_and_stop_lower_the_level_and_the_order_still_goes_in(
    demo: Demo, session: TreatmentSession
) -> None:
    def ahead(**asked: str) -> list[tuple[int, int]]:
        rows = shown(session, **asked)["rows"]
        return [(r["as_is"]["mid"], r["changed"]["mid"]) for r in rows if r["changed"] and not r["now"]]

    dose = f"{float(session.order.dose_mg):.1f}".rstrip("0").rstrip(".")  # type: ignore[union-attr]
    for asked in ({"change": "rate", "rate": "20"}, {"change": "hold", "hold_min": "15"}):
        made = shown(session, **asked)
        assert made["change_words"]["total_mg"] == dose
        first_as_is, first_changed = ahead(**asked)[0]
        assert first_changed < first_as_is
    stopped = ahead(change="stop")
    assert all(changed <= as_is for as_is, changed in stopped)
    assert [c for _, c in stopped] == sorted((c for _, c in stopped), reverse=True)


def test_more_than_the_order_is_refused_with_its_finding_and_not_drawn(demo: Demo, session: TreatmentSession) -> None:
    page = look(demo, session, change="rate", rate=str(ordered_rate(session) * 1.5), unit="mg/h")
    assert page.status == 409
    assert "This change is not drawn" in page.words()
    assert any("faster than the order allows" in stop for stop in page.stops())
    assert "band-changed" not in page.text
    assert "band-as-is" in page.text


def test_a_bolus_into_the_anaesthetic_range_is_refused_for_both_reasons(demo: Demo, session: TreatmentSession) -> None:
    page = look(demo, session, change="bolus", amount_mg="200")
    assert page.status == 409
    stops = " ".join(page.stops())
    assert "anaesthetic range begins" in stops
    assert "order" in stops
    assert 'value="bolus"' not in page.text, "an infusion's order offers no bolus"


def rules(**more: Any) -> PlanRules:
    none: dict[str, Any] = {
        "ceiling_mg_per_kg": None,
        "ceiling_mg": None,
        "anaesthetic_from": None,
        "never_undiluted_iv": None,
    }
    return PlanRules(protocol_drug="ketamine", **(none | more))


def test_the_anaesthetic_range_begins_at_its_number_and_a_ceiling_ends_after_it() -> None:
    at_one = Limit(value=1.0, unit="mg/kg")
    for total, kg, anaesthetic, ceiling in (
        (69.9, 70.0, True, True),
        (70.0, 70.0, False, True),
        (70.1, 70.0, False, False),
    ):
        stops = not what_if_findings(rules(anaesthetic_from=at_one), total_mg=total, weight_kg=kg)[0].stops
        within = not what_if_findings(rules(ceiling_mg_per_kg=at_one), total_mg=total, weight_kg=kg)[0].stops
        assert (stops, within) == (anaesthetic, ceiling)


def test_without_a_weight_a_limit_per_kilogram_is_unknown_and_stops() -> None:
    (found,) = what_if_findings(rules(anaesthetic_from=Limit(value=1.0, unit="mg/kg")), total_mg=1.0, weight_kg=None)
    assert found.verdict is Verdict.UNKNOWN
    assert found.stops


def test_what_cannot_be_read_comes_back_with_its_reason(demo: Demo, session: TreatmentSession) -> None:
    for asked, why in (
        ({"change": "rate", "rate": "fast"}, "plain number"),
        ({"change": "rate", "rate": ""}, "plain number"),
        ({"change": "hold", "hold_min": "-5"}, "over 0"),
        ({"change": "hold", "hold_min": "500"}, "at most"),
        ({"level": "0"}, "over 0"),
        ({"change": "dance"}, "one of these"),
    ):
        page = look(demo, session, **asked)
        assert page.status == 422
        assert why in page.words()
        assert "band-changed" not in page.text


def test_under_a_level_is_earliest_typical_likely_and_no_reason_to_go_home(
    demo: Demo, session: TreatmentSession
) -> None:
    below = shown(session, level="50")["below"]
    moments = [below[name]["at"] for name in ("earliest", "typical", "likely")]
    assert moments == sorted(moments)
    assert moments[0] > clock.now() - timedelta(seconds=5)
    assert shown(session, level="5000")["below"]["likely"]["already"]
    assert shown(session, level="0.0001")["below"]["earliest"] is None
    words = look(demo, session, level="50").words()
    assert "Under 50 ng/mL" in words
    assert "never a criterion for discharge" in words
    assert shown(session)["below"] is None, "no level is suggested"


def test_nurses_see_the_estimate_and_may_not_ask_what_if(demo: Demo, session: TreatmentSession) -> None:
    page = look(demo, session, "nurse", level="50")
    assert page.status == 200
    assert "band-as-is" in page.text
    assert "Under 50 ng/mL" in page.words()
    assert 'name="change"' not in page.text
    assert look(demo, session, "nurse", change="stop").status == 403


def test_front_desk_sees_nothing_of_it(demo: Demo, session: TreatmentSession) -> None:
    assert look(demo, session, "desk").status in (403, 404)


def test_while_held_it_goes_on_from_the_hold(demo: Demo, session: TreatmentSession) -> None:
    actions.hold(session.pk, "nausea", by=demo.staff["nurse"], at=clock.now() - timedelta(seconds=30))
    made = shown(session, change="rate", rate="20", unit="mg/h")
    assert not made["refused"]
    assert "held" in made["as_is"]
    ahead = [r for r in made["rows"] if r["changed"] and not r["now"]]
    assert ahead[-1]["changed"]["mid"] > ahead[-1]["as_is"]["mid"]
    longer = shown(session, change="hold", hold_min="10")
    assert longer["change_words"]["text"].startswith("held for 10 min, then")


def test_after_the_end_there_is_nothing_to_change(demo: Demo, session: TreatmentSession) -> None:
    actions.stop(session.pk, by=demo.staff["nurse"], at=clock.now())
    page = look(demo, session)
    assert 'name="change"' not in page.text
    assert "band-as-is" in page.text
    late = look(demo, session, change="rate", rate="10")
    assert late.status == 409
    assert any("not running" in stop for stop in late.stops())


def test_no_model_no_curve_but_a_sentence(demo: Demo, session: TreatmentSession) -> None:
    held = queries.open_or_closed(session.pk)
    for route, word in (("im", "muscle"), ("oral", "by mouth"), ("sublingual", "tongue")):
        held.order.route = route  # type: ignore[union-attr]
        made = what_if.context(held, {}, clock.now())
        assert "wide" not in made
        assert "Nothing is drawn for" in made["nothing"]
        assert word in made["nothing"]
        assert "absorption" in made["nothing"]


def test_the_figures_in_the_table_are_those_of_the_drawing(demo: Demo, session: TreatmentSession) -> None:
    page = look(demo, session, change="stop")
    made = shown(session, change="stop")
    words = page.words()
    for row in made["rows"][::4]:
        assert f"{row['as_is']['mid']} {row['as_is']['low']}–{row['as_is']['high']}" in words


def test_the_live_screen_and_the_session_page_lead_here(demo: Demo, session: TreatmentSession) -> None:
    session.refresh_from_db()
    deed = next(d for d in panels.deeds(session) if d["name"] == "what_if")
    assert deed["href"] == f"/sessions/{session.uid}/what-if/"
    page = open_page(signed_in(demo.staff["nurse"]), f"/sessions/{session.uid}/")
    assert deed["href"] in page.text
