"""The safe as its people use it: receive, count by two, a case to its end, and a session that draws and settles."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery import signing
from stillhaven.clinic.session import actions as sessions
from stillhaven.clinic.session import facts
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock import cases, counting, queries
from stillhaven.clinic.stock import demo as safe
from stillhaven.clinic.stock.models import (
    CaseStep,
    CountResult,
    Inventory,
    LossReport,
    Receipt,
    StockCase,
    StockCount,
    StockLine,
    Vial,
)
from stillhaven.clinic.web.demo import Demo
from stillhaven.reference.cast_people import cast
from stillhaven.science.errors import Refused
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page
from tests.clinic.stock_support import everything_holds, seen

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    made = make_clinic(clock.now())
    safe.deliver(made.site, made.staff, made.now)
    return made


def secret(key: str) -> str:
    return str(next(row["totp"] for row in cast()["staff"] if row["key"] == key))


def by_witness(demo: Demo, key: str) -> dict[str, str]:
    """The second person types the code of their app: they did not sign in on this screen."""
    return {"witness": str(demo.staff[key].pk), "witness_code": current_totp(secret(key))}


# ---------------------------------------------------------------- receive, look, move
def test_a_delivery_comes_in_by_the_form_and_a_second_send_does_nothing(demo: Demo) -> None:
    page = open_page(signed_in(demo.staff["second"]), "/stock/receive/")
    typed = {
        "product": "ketamine_10", "label_mg_per_ml": "10", "vials": "3", "lot": "K10-NEW", "supplier": "Harbor",
        "expires": (clock.now() + timedelta(days=300)).date().isoformat(), "invoice": "INV-9",
    }  # fmt: skip
    action, fields = page.form("receive")
    wrong = page.send("receive", **(typed | {"label_mg_per_ml": "50"}), **by_witness(demo, "nurse"))
    assert wrong.status == 422
    assert "look again" in wrong.words()
    assert 'value="K10-NEW"' in wrong.text, "what was typed is kept"
    assert page.client.post(action, fields | typed | by_witness(demo, "nurse")).status_code == 302
    assert page.client.post(action, fields | typed | {"witness": "", "witness_code": ""}).status_code == 302
    assert Receipt.objects.filter(lot="K10-NEW").count() == 1
    assert [v.mg for v in Vial.objects.filter(lot="K10-NEW")] == [Decimal("200.00")] * 3
    assert "K10-0001" in open_page(page.client, "/stock/").words()


def test_a_wrong_pin_is_no_witness_and_the_right_one_is(demo: Demo) -> None:
    client = signed_in(demo.staff["second"])
    signed_in(demo.staff["nurse"])  # both signed in on this screen today: a PIN counts
    vial = Vial.objects.filter(lot=safe.LOT).first()
    assert vial is not None
    page = open_page(client, "/stock/receive/")
    assert "N. Alvarez RN · PIN" in page.words()
    typed = {"product": "esketamine_device_28", "vials": "1", "lot": "X", "supplier": "H", "invoice": "I",
             "expires": "2031-01-31", "witness": str(demo.staff["nurse"].pk)}  # fmt: skip
    wrong = page.send("receive", **typed, witness_code="000001")
    assert wrong.status == 422
    assert "do not match" in wrong.words()
    right = page.send("receive", **typed, witness_code=str(cast()["pin"]))
    assert right.status == 200
    assert Receipt.objects.get(lot="X").witness_how == "pin"


@pytest.mark.parametrize(
    ("who", "status"), [("desk", 403), ("therapist", 403), ("nurse", 200), ("manager", 200), ("auditor", 200)]
)
def test_who_may_look_into_the_safe(demo: Demo, who: str, status: int) -> None:
    client = signed_in(demo.staff[who])
    vial = Vial.objects.first()
    assert vial is not None
    for url in ("/stock/", "/stock/count/", "/stock/cases/", "/stock/reports/", "/stock/reports/ledger/",
                "/stock/reports/expiring/", f"/stock/vials/{vial.uid}/"):  # fmt: skip
        assert client.get(url).status_code == status, url


def test_another_sites_vial_does_not_exist(demo: Demo) -> None:
    far = User.objects.create(email="far@x.example", name="Fay Far", roles=["nurse", "custodian"], password="!")
    far.sites.set([Site.objects.create(id=9, name="Elsewhere")])
    vial, line = Vial.objects.first(), StockLine.objects.first()
    assert vial is not None
    assert line is not None
    client: Client = signed_in(far)
    for url in (
        f"/stock/vials/{vial.uid}/",
        f"/stock/labels/{line.uid}/",
        f"/stock/count/{uuid4()}/",
        f"/stock/cases/{uuid4()}/",
    ):
        assert client.get(url).status_code == 404, url
    assert client.get("/stock/?site=1").status_code == 404


def test_a_scanned_code_leads_to_its_vial_and_shows_its_life_with_hashes(demo: Demo) -> None:
    vial = Vial.objects.get(code="K50-0001")
    page = open_page(signed_in(demo.staff["nurse"]), "/stock/find/?code=k50-0001")
    assert vial.product in page.words()
    for line in StockLine.objects.filter(vial=vial):
        assert line.line[:12] in page.text
        assert line.prev_line[:12] in page.text
    assert "Its lines add up" in page.words()
    moved = page.send("move", place="Chair 2")
    assert "Chair 2" in moved.words()
    assert Vial.objects.get(code="K50-0001").place == "Chair 2"


# ---------------------------------------------------------------- counts
def count_by_form(demo: Demo, count: StockCount, who: str, change: dict[str, str] | None = None) -> Page:
    page = open_page(signed_in(demo.staff[who]), f"/stock/count/{count.uid}/")
    numbers = {g.key: f"{g.expected.normalize():f}" for g in counting.fresh_groups(count)} | (change or {})
    return page.send("sheet", **{k.replace(".", "__"): v for k, v in numbers.items()})


def test_two_people_count_blind_and_the_book_shows_once_both_are_in(demo: Demo) -> None:
    page = open_page(signed_in(demo.staff["second"]), "/stock/count/").send("open-count", kind="closing")
    count = StockCount.objects.get()
    assert "Expected" not in page.words()
    first = count_by_form(demo, count, "second")
    assert "Yours are in" in first.words()
    assert "Expected" not in first.words()
    # the same person a second time is still one person
    assert counting.enter(count, {g.key: str(g.expected) for g in counting.fresh_groups(count)},
                          by=demo.staff["second"], at=clock.now())[1] is None  # fmt: skip
    second = count_by_form(demo, count, "nurse")
    assert "Both counts agree with the book" in second.words()
    result = CountResult.objects.get()
    assert result.agreed
    assert result.line in second.text, "the ledger's hash is printed at the close"
    assert StockLine.objects.filter(kind="counted").count() == Vial.objects.count()
    everything_holds(demo.site)


def test_two_people_who_differ_have_found_nothing_and_count_again(demo: Demo) -> None:
    count = counting.open_count(demo.site, "opening", by=demo.staff["second"], at=clock.now())
    key = next(g.key for g in counting.fresh_groups(count) if g.expected == 6)
    count_by_form(demo, count, "second")
    page = count_by_form(demo, count, "nurse", {key: "5"})
    assert "You two found different numbers" in page.words()
    assert not CountResult.objects.exists()
    assert not StockCase.objects.exists()
    assert "agree with the book" in count_by_form(demo, count, "nurse").words()


def test_a_draw_in_the_middle_of_a_count_makes_it_stale(demo: Demo) -> None:
    count = counting.open_count(demo.site, "opening", by=demo.staff["second"], at=clock.now())
    from stillhaven.clinic.stock import actions

    actions.draw(Vial.objects.get(code="K50-0001"), volume_ml="1", session_uid=uuid4(), by=demo.staff["nurse"],
                 witness=seen(demo.staff["second"]), at=clock.now())  # fmt: skip
    with pytest.raises(Refused, match="open it anew"):
        counting.enter(count, {}, by=demo.staff["second"], at=clock.now())


def missing_one(demo: Demo) -> StockCase:
    """Two people find five closed vials where the book has six."""
    count = counting.open_count(demo.site, "closing", by=demo.staff["second"], at=clock.now())
    numbers = {g.key: str(g.expected) for g in counting.fresh_groups(count)}
    key = next(g.key for g in counting.fresh_groups(count) if safe.LOT in g.label)
    for who in ("second", "nurse"):
        counting.enter(count, numbers | {key: "5"}, by=demo.staff[who], at=clock.now())
    return StockCase.objects.get()


def test_a_difference_opens_a_case_that_locks_its_vials_and_names_who_had_access(demo: Demo) -> None:
    case = missing_one(demo)
    assert case.difference_mg == Decimal("-500.00")
    assert case.window_from is not None
    names = {p["name"] for p in case.people}
    assert {"P. Moreno RN", "N. Alvarez RN", "I. Lindqvist MD"} <= names
    assert "D. Whitfield" not in names
    from stillhaven.clinic.stock import actions

    with pytest.raises(Refused, match="locked"):
        actions.draw(Vial.objects.get(code="K50-0001"), volume_ml="1", session_uid=uuid4(), by=demo.staff["nurse"],
                     witness=seen(demo.staff["second"]), at=clock.now())  # fmt: skip
    page = open_page(signed_in(demo.staff["manager"]), f"/stock/cases/{case.uid}/")
    assert "-500.00 mg" in page.words()


def test_a_case_goes_to_its_end_by_two_and_the_book_follows_the_count(demo: Demo) -> None:
    case = missing_one(demo)
    gone = Vial.objects.get(code="K50-0006")
    page = open_page(signed_in(demo.staff["second"]), f"/stock/cases/{case.uid}/")
    closing: dict[str, Any] = {"ending": "lost", "text": "not found", "missing": [str(gone.uid)]}
    early = page.send("close", **closing, **by_witness(demo, "nurse"))
    assert early.status == 409
    assert "what was found out" in early.words()
    page = page.send("step", kind="explanation", text="Looked everywhere, also in the bins.")
    page = page.send("loss", significant="yes", factors="a whole vial, nobody knows where", f_dea_number="FX1234567")
    report = LossReport.objects.get()
    found = case.happened_at
    assert report.notice_due > found
    assert report.form_due - found < timedelta(days=46, hours=12)
    assert safe.LOT in report.values["marks"]
    assert "500.00 mg" in report.values["substances"]
    page = page.send("step", kind="report", text="Written notice to the field division", reference="N-77")
    secrets = {"witness": str(demo.staff["prescriber"].pk), "witness_code": current_totp(secret("prescriber"))}
    page = page.send("close", **closing, **secrets)
    assert page.status == 200, page.words()
    assert CaseStep.objects.get(kind="closed").witness_name == "I. Lindqvist MD"
    gone.refresh_from_db()
    assert gone.mg == 0
    assert queries.open_cases(demo.site.pk) == []
    everything_holds(demo.site)


def test_a_vial_that_is_found_again_closes_the_case_without_a_line(demo: Demo) -> None:
    case, before = missing_one(demo), StockLine.objects.count()
    cases.add_step(case, "explanation", "behind the drawer", by=demo.staff["second"], at=clock.now())
    cases.close(
        case, "found", "all six are there", by=demo.staff["second"], witness=seen(demo.staff["nurse"]), at=clock.now()
    )
    assert StockLine.objects.count() == before
    with pytest.raises(Refused, match="closed"):
        cases.add_step(case, "explanation", "more", by=demo.staff["second"], at=clock.now())


# ---------------------------------------------------------------- papers
def test_the_inventory_rests_on_a_count_and_is_signed_with_a_second_factor(demo: Demo) -> None:
    safe.count(demo.site, demo.staff, clock.now() - timedelta(minutes=30))
    page = open_page(signed_in(demo.staff["second"]), "/stock/reports/")
    result = str(CountResult.objects.get().uid)
    typed = {"kind": "initial", "at_the": "opening", "result": result}
    assert page.send("inventory", **typed, code="000000").status == 422
    page = page.send("inventory", **typed, code=current_totp(secret("second")))
    assert "opening of business" in page.words()
    kept = Inventory.objects.get()
    assert sum(Decimal(row["mg"]) for row in kept.rows) == Decimal("4168.00"), "8 vials of 500 mg, 6 devices of 28 mg"


def test_the_reconciliation_adds_up_on_paper(demo: Demo) -> None:
    today = queries.today(demo.site, clock.now())
    client = signed_in(demo.staff["auditor"])
    answer = client.get(f"/stock/reports/period.pdf?from={today - timedelta(days=30)}&to={today}")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
    from stillhaven.clinic.stock.report_views import reconciliation

    data = reconciliation(demo.site, today - timedelta(days=30), today, clock.now(), by="A", patients=False)
    assert all(row["holds"] for row in data["rows"])
    assert {row["closing"] for row in data["rows"]} == {"3000.00", "1000.00", "168.00"}
    assert data["whole"]
    assert client.get("/stock/reports/period.pdf?from=x&to=y").status_code == 422


def test_expired_stock_leaves_with_carrier_and_form_number(demo: Demo) -> None:
    vial = Vial.objects.get(code="K50-0007")
    page = open_page(signed_in(demo.staff["second"]), "/stock/reports/expiring/")
    assert "DEMO-K50-00" in page.words()
    typed: dict[str, Any] = {
        "vials": [str(vial.uid)],
        "kind": "sent_off",
        "receiver": "Take-Back",
        "form_number": "RD-5",
    }
    assert page.send("ship", **typed, **by_witness(demo, "nurse")).status == 422, "nobody carries it"
    secrets = {"witness": str(demo.staff["prescriber"].pk), "witness_code": current_totp(secret("prescriber"))}
    page = page.send("ship", **typed, carrier="Parcel Co", **secrets)
    assert page.status == 200, page.words()
    vial.refresh_from_db()
    assert (vial.mg, vial.place) == (Decimal("0.00"), "gone")


# ---------------------------------------------------------------- the session
def ready(demo: Demo) -> TreatmentSession:
    """Ben, asked everything, on the monitor, gate passed: nothing is missing but the vial."""
    from stillhaven.clinic.monitoring import synthetic
    from stillhaven.clinic.vitals import actions as vitals
    from stillhaven.clinic.vitals.models import Device

    now, nurse = clock.now(), demo.staff["nurse"]
    course = demo.course("ada")
    order = demo.order(course, "ada", now)
    session = sessions.book(
        course, booked_for=now, by=nurse, at=now, order=order, chair=demo.chairs["Chair 1"], nurse=nurse
    )
    demo.arrive(session, next(p for p in cast()["patient"] if p["key"] == "ada"), now)
    device = Device.objects.get(site=demo.site, chair=demo.chairs["Chair 1"])
    vitals.attach(device, demo.patients["ada"], by=nurse, start=now - timedelta(minutes=35))
    demo.baseline(device, demo.patients["ada"], now - timedelta(minutes=2))
    sessions.make_ready(session.pk, by=nurse, at=now)
    synthetic.pass_gate(session, (nurse, demo.staff["second"]), at=now)
    session.refresh_from_db()
    return session


def vial_finding(session: TreatmentSession) -> Any:
    return next(f for f in facts.start_findings(session, clock.now()) if f.rule == "vial_drawn")


def test_no_start_without_a_drawn_vial_and_no_signature_before_it_balances(demo: Demo) -> None:
    session = ready(demo)
    assert vial_finding(session).stops
    with pytest.raises(Refused, match="nothing is drawn"):
        sessions.start_dosing(session.pk, by=demo.staff["nurse"], at=clock.now())
    url = f"/sessions/{session.uid}/"
    page = open_page(signed_in(demo.staff["nurse"]), url)
    assert "Draw up with a witness" in page.words()
    drawn = {"scan": "K50-0001", "volume_ml": "0.84", "mg": "42"}
    wrong = page.send("draw", **(drawn | {"mg": "8.4"}), **by_witness(demo, "second"))
    assert wrong.status == 422
    assert "both must say the same" in wrong.words()
    page = page.send(
        "draw", **drawn, witness=str(demo.staff["prescriber"].pk), witness_code=current_totp(secret("prescriber"))
    )
    assert page.status == 200, page.words()
    assert not vial_finding(session).stops
    line = StockLine.objects.get(kind="drawn")
    assert "42.00 mg" in open_page(page.client, f"/stock/labels/{line.uid}/").words()
    start = clock.now() - timedelta(seconds=1)
    sessions.start_dosing(session.pk, by=demo.staff["nurse"], at=start)
    sessions.stop(session.pk, by=demo.staff["nurse"], at=clock.now(), why="ended at once")
    use = queries.session_use(session.uid)
    assert use.drawn == Decimal("42.00")
    assert use.open == use.drawn - use.given
    TreatmentSession.objects.filter(pk=session.pk).update(state="discharged")
    with pytest.raises(Refused, match="not accounted for"):
        signing.sign_record(session.pk, by=demo.staff["prescriber"], at=clock.now(), second_factor="totp")
    page = open_page(signed_in(demo.staff["second"]), url)
    _, fields = page.form("settle")
    assert fields["mg"] == [f"{use.open:.2f}"]
    signed_in(demo.staff["nurse"])  # the nurse signed in on this screen today
    page = page.send("settle", witness=str(demo.staff["nurse"].pk), witness_code=str(cast()["pin"]))
    assert page.status == 200, page.words()
    assert queries.session_use(session.uid).open == 0
    signing.sign_record(session.pk, by=demo.staff["prescriber"], at=clock.now(), second_factor="totp")
    everything_holds(demo.site)


def test_a_vial_of_another_drug_is_refused_at_the_chair(demo: Demo) -> None:
    session = ready(demo)
    page = open_page(signed_in(demo.staff["nurse"]), f"/sessions/{session.uid}/")
    refused = page.send("draw", scan="E28-0001", volume_ml="0.2", mg="28", **by_witness(demo, "second"))
    assert refused.status == 409
    assert "these are different drugs" in refused.words()


def test_where_no_stock_is_kept_nothing_is_asked() -> None:
    demo = make_clinic(clock.now())
    session = ready(demo)
    finding = vial_finding(session)
    assert finding.is_met
    assert "keeps no stock" in finding.because
    assert (
        "Draw up with a witness" not in open_page(signed_in(demo.staff["nurse"]), f"/sessions/{session.uid}/").words()
    )


def test_a_repeat_of_the_chairs_form_draws_once(demo: Demo) -> None:
    session = ready(demo)
    page = open_page(signed_in(demo.staff["nurse"]), f"/sessions/{session.uid}/")
    action, fields = page.form("draw")
    typed = fields | {"scan": "K50-0001", "volume_ml": "0.82", "mg": "41"}
    assert page.client.post(action, typed | by_witness(demo, "second")).status_code == 302
    assert page.client.post(action, typed | {"witness": "", "witness_code": ""}).status_code == 302
    assert StockLine.objects.filter(kind="drawn").count() == 1


def test_the_record_of_a_session_can_find_its_lines(demo: Demo) -> None:
    lines = queries.session_lines(UUID(int=5))
    assert lines == []
    assert re.fullmatch(r"[0-9a-f]{64}", queries.last_line(demo.site.pk)[1])
