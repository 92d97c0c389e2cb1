"""The session's page: what it asks, what it shows of each finding, what it keeps when something is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.session import actions, facts, queries
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.clinic.web.demo import Demo
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


def booked(demo: Demo, key: str = "eve", state: str = "checked_in", **order: Any) -> TreatmentSession:
    """A session with a signed order, as far along as asked."""
    now = clock.now()
    course = demo.course(key)
    session = actions.book(
        course, booked_for=now, by=demo.staff["nurse"], at=now, nurse=demo.staff["nurse"], chair=demo.chairs["Chair 2"],
        order=demo.order(course, key, now, **order) if order is not None else None,
    )  # fmt: skip
    if state != "booked":
        actions.check_in(session.pk, by=demo.staff["nurse"], at=now - timedelta(minutes=40))
    session.refresh_from_db()
    return session


def page_of(demo: Demo, session: TreatmentSession, who: str = "nurse") -> Page:
    return open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/")


def test_every_finding_of_the_rules_is_on_the_page(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session)
    shown = set(re.findall(r'data-rule="([^"]+)"', page.text))
    assert shown == {f.rule for f in facts.start_findings(session, clock.now())}
    first_met, last_stop = page.text.index('data-look="met"'), page.text.rindex('class="finding" data-look="stops"')
    assert last_stop < first_met


def test_a_weight_in_pounds_is_kept_in_both_units_with_who_and_when(demo: Demo) -> None:
    page = page_of(demo, booked(demo)).send("weight", weight="181", unit="lb")
    assert "82.1 kg (typed as 181 lb)" in page.words()
    assert "N. Alvarez RN" in page.words()


def test_what_cannot_be_read_comes_back_with_everything_typed_and_the_reason_beside_it(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session).send("weight", weight="eighty two", unit="lb")
    assert page.status == 422
    _, fields = page.form("weight")
    assert fields["weight"] == ["eighty two"]
    assert fields["unit"] == ["lb"]
    assert re.search(r'name="weight"[^>]*aria-invalid="true"[^>]*aria-describedby="weight-weight-why"', page.text)
    assert not Check.objects.filter(session=session).exists()


def test_ticks_and_long_words_survive_a_refusal_too(demo: Demo) -> None:
    page = page_of(demo, booked(demo)).send("iv_site", site="", gauge="22", patent="yes", dressing="clear film")
    assert page.status == 422
    _, fields = page.form("iv_site")
    assert (fields["gauge"], fields["patent"], fields["dressing"]) == (["22"], ["yes"], ["clear film"])
    assert "Write where the cannula is" in page.words()


def test_sending_one_form_twice_is_one_entry(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session)
    page.send("pregnancy", pregnant="no")
    again = page.send("pregnancy", pregnant="no")
    assert again.status == 200
    assert "Ask and look" in again.words()
    assert Check.objects.filter(session=session, kind="pregnancy").count() == 1


def test_an_answer_is_corrected_with_a_reason_and_the_first_one_stays(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session).send("weight", weight="18", unit="kg")
    assert page.status == 422, "18 kg is a slip"
    page = page_of(demo, session).send("weight", weight="92", unit="kg")
    refused = page.send("weight-amend", weight="82", unit="kg", reason="")
    assert refused.status == 422
    assert refused.form("weight-amend")[1]["weight"] == ["82"]
    page = page.send("weight-amend", weight="82", unit="kg", reason="read the scale wrongly")
    assert "82.0 kg" in page.words()
    assert "corrected" in page.words()
    rows = list(Check.objects.filter(session=session, kind="weight").order_by("seq"))
    assert [r.value["kg"] for r in rows] == [92.0, 82.0]
    assert rows[1].amends == rows[0]


def test_asking_again_is_a_new_entry_not_a_correction(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session).send("mood", words="nervous").send("mood-again", words="calm now")
    assert "calm now" in page.words()
    assert [c.value["words"] for c in queries.checks(session, "mood")] == ["nervous", "calm now"]


def test_ready_is_refused_with_the_reasons_on_the_same_page(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session).send("ready")
    assert page.status == 409
    assert "nobody has asked about" in page.words().lower()
    session.refresh_from_db()
    assert session.state == "checked_in"
    assert Access.objects.filter(refused=True, path__contains="/ready/").exists()


def test_an_override_is_offered_to_the_prescriber_only_and_needs_a_reason(demo: Demo) -> None:
    session = booked(demo)
    rule = next(f for f in facts.start_findings(session, clock.now()) if f.stops and f.overridable_by).rule
    assert f"override-{rule}" not in page_of(demo, session, "nurse").forms()
    page = page_of(demo, session, "prescriber")
    refused = page.send(f"override-{rule}", reason="")
    assert refused.status in (409, 422)
    page = page.send(f"override-{rule}", reason="seen and weighed by me")
    assert "seen and weighed by me" in page.words()
    assert 'data-look="overridden"' in page.text


@pytest.mark.parametrize(("who", "status"), [("nurse", 200), ("therapist", 200), ("desk", 403), ("admin", 403)])
def test_who_may_open_it(demo: Demo, who: str, status: int) -> None:
    assert page_of(demo, booked(demo), who).status == status


def test_a_session_of_another_site_does_not_exist(demo: Demo) -> None:
    session = booked(demo)
    other = Site.objects.create(id=7, name="Elsewhere")
    stranger = User.objects.create_user(
        "n7@demo.example", "x" * 14, name="Nil Stranger", roles=["nurse"], sites=[other]
    )
    assert open_page(signed_in(stranger), f"/sessions/{session.uid}/").status == 404
    assert open_page(signed_in(stranger), f"/sessions/{session.uid}/recovery/").status == 404


def test_opening_is_noted_once_and_a_form_that_came_back_is_the_same_look(demo: Demo) -> None:
    session = booked(demo)
    looks = Access.objects.filter(patient=session.patient_id, what="session")
    page = page_of(demo, session)
    assert looks.count() == 1
    assert page.send("weight", weight="none", unit="kg").status == 422
    assert looks.count() == 1


def test_a_value_too_old_is_a_dash_with_the_last_one_beside_it(demo: Demo) -> None:
    session = booked(demo)
    page = page_of(demo, session).send("vitals", systolic_mmhg="124", diastolic_mmhg="78", heart_rate_per_min="71")
    assert re.search(r'data-signal="heart_rate_per_min" data-look="live".*?<b>71</b>', page.text, flags=re.S)
    page = page_of(demo, session)
    at = (clock.now() - timedelta(minutes=20)).isoformat()
    page = page.send("vitals", spo2_pct="97", happened_at=at)
    spo2 = re.search(r'<li data-signal="spo2_pct" data-look="stale">(.*?)</li>', page.text, flags=re.S)
    assert spo2
    assert "<b>—</b>" in spo2.group(1)
    assert "last 97" in spo2.group(1)


def test_the_page_costs_the_same_queries_with_ten_answers_as_with_none(demo: Demo) -> None:
    session = booked(demo)
    client: Client = signed_in(demo.staff["nurse"])
    client.get("/healthz")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/sessions/{session.uid}/")
    for n in range(10):
        actions.record_check(session.pk, "mood", {"words": f"{n}"}, by=demo.staff["nurse"], at=clock.now())
    with CaptureQueriesContext(connection) as many:
        client.get(f"/sessions/{session.uid}/")
    assert len(many) <= len(few) + 1
    assert len(many) <= 45
