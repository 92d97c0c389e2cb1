"""A person's check-in from link to record, an answer that calls somebody, a sheet rated or copied, a file brought."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.record.models import AdminChange
from stillhaven.clinic.scales import actions, alerts, catalog, links, queries, texts
from stillhaven.clinic.scales.models import Alert, AlertTask, Assessment, CheckInLink, GivenAnswer, ScaleDefinition
from stillhaven.clinic.web.demo import Demo
from stillhaven.science import fhir_scales
from stillhaven.science.errors import BadInput, Refused
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    found = make_clinic(clock.now())
    at = clock.now() - timedelta(days=1)
    actions.set_crisis_line(found.site.pk, "988 Lifeline", "988", "", by=found.staff["prescriber"], at=at)
    return found


def make(demo: Demo, scales: tuple[str, ...] = ("phq9",), who: str = "ada", **more: Any) -> tuple[CheckInLink, str]:
    return links.make_link(demo.patients[who], list(scales), by=demo.staff["nurse"], at=clock.now(), **more)


def begin(token: str, client: Client | None = None) -> Page:
    client = client or Client()
    page = open_page(client, f"/c/{token}/")
    return page.send("start")


def answer_on(page: Page, value: str, **more: Any) -> Page:
    _action, fields = page.form("question")
    fields.pop("answer", None)
    response = page.client.post(page.url, fields | ({"answer": value} if value else {}) | more, follow=True)
    last = response.redirect_chain[-1][0] if response.redirect_chain else page.url
    return Page(client=page.client, status=response.status_code, text=response.content.decode(), url=last.split("?")[0])


def fill(page: Page, values: list[str]) -> Page:
    for value in values:
        page = answer_on(page, value)
        assert page.status == 200
        if "/help/" in page.url:
            then = re.search(r'button-next" href="([^"]+)"', page.text)
            assert then
            page = open_page(page.client, then.group(1))
    return page


QUIET = ["1", "1", "2", "1", "0", "1", "1", "0", "0", "1"]


def test_a_link_on_a_phone_from_opening_to_sent(demo: Demo) -> None:
    link, token = make(demo)
    page = open_page(Client(), f"/c/{token}/")
    assert "Ada" in page.words()
    assert demo.patients["ada"].name not in page.words()
    page = page.send("start")
    assert "1 of 10" in page.words()
    assert "Little interest" in page.words()
    page = fill(page, QUIET)
    assert "All answered" in page.words()
    page = page.send("send")
    assert "Thank you" in page.words()
    taken = queries.assessments(demo.patients["ada"])
    assert [(t.scale, t.total, t.sheet.band, t.channel) for t in taken] == [("phq9", 7, "mild", "link")]
    assert Assessment.objects.get().by_name == "Ada (by link)" or "by link" in Assessment.objects.get().by_name
    assert not Alert.objects.exists()
    link.refresh_from_db()
    assert link.used_at


def test_twelve_taps_at_most_and_a_light_page(demo: Demo) -> None:
    _, token = make(demo)
    client = Client()
    taps = 0
    page = open_page(client, f"/c/{token}/")
    page, taps = page.send("start"), taps + 1
    for value in QUIET:
        page, taps = answer_on(page, value), taps + 1
    page, taps = page.send("send"), taps + 1
    assert "Thank you" in page.words()
    assert taps <= 12
    first = client.get(f"/c/{make(demo)[1]}/")
    weight = len(first.content)
    for name in re.findall(r'(?:href|src)="(/static/[^"]+)"', first.content.decode()):
        weight += len(client.get(name).content)
    assert weight < 100_000
    assert "<script" not in first.content.decode()


def test_item_nine_calls_at_the_moment_it_is_saved(demo: Demo) -> None:
    _, token = make(demo)
    page = fill(begin(token), QUIET[:8])
    page = answer_on(page, "1")
    assert "You are not alone" in page.words()
    assert "911" in page.words()
    assert "988 Lifeline: 988" in page.words()
    alert = Alert.objects.get()  # nothing was sent yet
    assert (alert.kind, alert.item, alert.value) == ("alert", "9", 1.0)
    task = alert.task
    assert task.owner == demo.staff["prescriber"]
    assert task.due_at > alert.happened_at
    assert [t.pk for t in queries.open_alerts(demo.site.pk)] == [alert.uid]
    staff = open_page(signed_in(demo.staff["nurse"]), "/alerts/")
    assert demo.patients["ada"].name in staff.words()


def test_going_back_and_answering_again_calls_again_only_when_it_is_worse(demo: Demo) -> None:
    link, token = make(demo)
    fill(begin(token), QUIET[:8])
    sheet = link.sheets.get()
    by = Program("test")
    now = clock.now()
    for value, alerts_then in (("1", 1), ("1", 1), ("0", 1), ("3", 2), ("2", 2)):
        actions.save_answer(sheet, "9", value, by=by, at=now)
        assert Alert.objects.count() == alerts_then, value
    assert actions.answers_of(sheet)["9"] == 2


def test_a_skipped_question_is_a_gap_and_a_skipped_item_nine_is_a_task(demo: Demo) -> None:
    _link, token = make(demo)
    page = fill(begin(token), QUIET[:8])
    page = answer_on(page, "", skip="yes")
    page = answer_on(page, "1")
    assert "Left out" in page.words()
    page.send("send")
    taken = queries.assessments(demo.patients["ada"])[0]
    assert taken.answers["9"] is None
    assert taken.sheet.gaps == ("9",)
    assert taken.total == 8  # 7 of 8 answers, made up for: 7 * 9 / 8 = 7.9
    assert Alert.objects.get().kind == "unanswered"


def test_it_resumes_after_a_cut_and_another_device_needs_the_year(demo: Demo) -> None:
    _, token = make(demo)
    phone = Client()
    fill(begin(token, phone), QUIET[:3])
    again = begin(token, phone)
    assert "4 of 10" in again.words()
    other = open_page(Client(), f"/c/{token}/")
    assert "Year of birth" in other.words()
    assert "Ada" not in other.words()
    wrong = other.send("start", year="1900")
    assert wrong.status == 422
    right = other.send("start", year=str(demo.patients["ada"].born.year))
    assert "4 of 10" in right.words()
    stranger = Client().get(f"/c/{token}/q/1/1/")
    assert stranger.status_code == 302


def test_too_many_wrong_years_shut_the_link_and_staff_can_open_it_anew(demo: Demo) -> None:
    link, token = make(demo)
    begin(token)
    other = Client()
    for _ in range(5):
        other.post(f"/c/{token}/", {"year": "1900"})
    page = open_page(other, f"/c/{token}/")
    assert page.status == 410
    link.refresh_from_db()
    fresh = links.renew(link, by=demo.staff["nurse"], at=clock.now())
    assert open_page(Client(), f"/c/{token}/").status == 404
    assert "Ada" in open_page(Client(), f"/c/{fresh}/").words()


def test_used_expired_revoked_and_unknown_links_say_so_plainly(demo: Demo) -> None:
    link, token = make(demo)
    phone = Client()
    fill(begin(token, phone), QUIET).send("send")
    assert "sent already" in open_page(phone, f"/c/{token}/").words()
    assert "Thank you" in open_page(phone, f"/c/{token}/sent/").words()
    assert open_page(Client(), f"/c/{token}/").status == 410
    old, old_token = make(demo)
    CheckInLink.objects.filter(pk=old.pk).update(expires_at=clock.now() - timedelta(minutes=1))
    assert "run out" in open_page(Client(), f"/c/{old_token}/").words()
    gone, gone_token = make(demo)
    links.revoke(gone, by=demo.staff["desk"], at=clock.now())
    assert "taken back" in open_page(Client(), f"/c/{gone_token}/").words()
    assert open_page(Client(), "/c/nobody/").status == 404
    assert Assessment.objects.count() == 1
    assert link.pk


def test_unknown_addresses_tried_again_and_again_are_turned_away(demo: Demo) -> None:
    client = Client(REMOTE_ADDR="192.0.2.9")
    answers = [client.get(f"/c/guess{i}/").status_code for i in range(30)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_double_taps_count_once(demo: Demo) -> None:
    link, token = make(demo)
    page = begin(token)
    _, fields = page.form("question")
    for _ in range(2):
        page.client.post(page.url, fields | {"answer": "2"})
    assert GivenAnswer.objects.filter(item="1").count() == 1
    last = fill(open_page(page.client, f"/c/{token}/q/1/2/"), QUIET[1:])
    for _ in range(2):
        last.send("send")
    assert Assessment.objects.count() == 1
    assert link.pk


def test_an_answer_that_is_not_offered_is_asked_again(demo: Demo) -> None:
    _, token = make(demo)
    page = answer_on(begin(token), "7")
    assert page.status == 422
    assert "Must be one of 0, 1, 2, 3" in page.words()
    assert not GivenAnswer.objects.exists()


def test_all_on_one_page_keeps_what_was_answered_and_calls_too(demo: Demo) -> None:
    _, token = make(demo)
    client = Client()
    open_page(client, f"/c/{token}/").send("start", how="all")
    page = open_page(client, f"/c/{token}/all/1/")
    typed = {f"item__{i}": "1" for i in range(1, 10)}
    page = page.send("all", **typed)
    assert "You are not alone" in page.words()
    sent = open_page(client, f"/c/{token}/review/").send("send")
    assert "Thank you" in sent.words()
    assert queries.assessments(demo.patients["ada"])[0].total == 9


def test_a_version_that_changes_between_opening_and_sending_changes_nothing(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    _, token = make(demo)
    page = fill(begin(token), QUIET[:4])
    now_in_use = dict(catalog.names(demo.site.pk))
    changed = replace(now_in_use["phq9"], version="2", questions=now_in_use["phq9"].questions[:3], digest="f" * 64)
    monkeypatch.setattr(catalog, "names", lambda site: now_in_use | {"phq9": changed})
    fill(page, QUIET[4:]).send("send")
    taken = queries.assessments(demo.patients["ada"])[0]
    assert (taken.version, taken.total, len(taken.answers)) == ("1", 7, 10)
    assert ScaleDefinition.objects.filter(scale="phq9").count() == 1


def test_the_portal_shows_only_ones_own(demo: Demo) -> None:
    link, _ = make(demo, channel="portal")
    ada = signed_in(demo.patients["ada"].account)
    page = open_page(ada, "/me/checkins/")
    assert "Depression severity" in page.words()
    page = open_page(ada, f"/me/checkins/{link.pk}/").send("start")
    assert "1 of 10" in page.words()
    fill(page, QUIET).send("send")
    assert queries.assessments(demo.patients["ada"])[0].channel == "portal"
    other, _ = make(demo, who="ben", channel="portal")
    assert ada.get(f"/me/checkins/{other.pk}/").status_code == 404
    assert signed_in(demo.staff["nurse"]).get("/me/checkins/").status_code == 404


def test_the_tablet_shows_the_form_behind_a_lock_and_nothing_else(demo: Demo) -> None:
    nurse, ada = signed_in(demo.staff["nurse"]), demo.patients["ada"]
    page = open_page(nurse, f"/patients/{ada.pk}/scales/")
    page = page.send("checkin", scales=["phq9"], how="tablet")
    assert "Hello" in page.words()
    assert nurse.get(f"/patients/{ada.pk}/scales/").status_code == 302  # the PIN first
    page = fill(page.send("start"), QUIET).send("send")
    assert "hand the tablet back" in page.words()
    assert queries.assessments(ada)[0].channel == "tablet"
    _, token = make(demo, who="ben")
    assert nurse.get(f"/tablet/scales/{token}/").status_code == 404


def rated(demo: Demo, scale: str = "madrs", value: str = "2", **more: Any) -> Page:
    page = open_page(signed_in(demo.staff["prescriber"]), f"/patients/{demo.patients['ada'].pk}/scales/{scale}/")
    names = re.findall(r'name="(item\.[^"]+)"', page.text)
    return page.send("sheet", **({n.replace(".", "__"): value for n in dict.fromkeys(names)} | more))


def test_a_clinician_rates_without_the_owners_words(demo: Demo) -> None:
    page = rated(demo)
    assert "MADRS: 20" in page.words()
    assert "moderate" in page.words()
    assert "Item 10" in page.words()
    review = Alert.objects.get()
    assert (review.kind, review.item, review.task.owner) == ("review", "10", demo.staff["prescriber"])


def test_a_form_that_cannot_be_read_keeps_everything_typed(demo: Demo) -> None:
    page = rated(demo, channel="paper")
    assert page.status == 422
    assert "Write where the paper is from" in page.words()
    _, fields = page.form("sheet")
    assert fields["item.3"] == ["2"]
    again = page.send("sheet", source_note="letter of Dr West, scanned", taken_at="2026-11-01T09:30", stated="23")
    words = again.words()
    assert "MADRS: 20" in words
    assert "the answers give 20; 23 was stated" in words
    row = Assessment.objects.get()
    assert (row.channel, row.stated) == ("paper", {"total": 23.0})
    assert row.happened_at < row.entered_at


def test_sending_a_rating_twice_keeps_it_once(demo: Demo) -> None:
    ada, uid, now = demo.patients["ada"], uuid4(), clock.now()
    for _ in range(2):
        actions.record(ada, "peg", {"1": 5, "2": 6, "3": 7}, by=demo.staff["nurse"], at=now, uid=uid)
    assert Assessment.objects.count() == 1
    with pytest.raises(Refused):
        actions.record(demo.patients["ben"], "peg", {"1": 5}, by=demo.staff["nurse"], at=now, uid=uid)


def test_what_may_not_be_recorded(demo: Demo) -> None:
    ada, nurse, now = demo.patients["ada"], demo.staff["nurse"], clock.now()
    with pytest.raises(BadInput, match="lies ahead"):
        actions.record(ada, "peg", {"1": 5}, by=nurse, at=now, taken_at=now + timedelta(days=1))
    with pytest.raises(BadInput, match="must be one of"):
        actions.record(ada, "audit", {"9": 3}, by=nurse, at=now)
    with pytest.raises(BadInput, match="at least one"):
        actions.record(ada, "peg", {}, by=nurse, at=now)
    with pytest.raises(Refused, match="trials only"):
        actions.record(ada, "ssi_c_and_others", {"1": 1}, by=nurse, at=now)
    with pytest.raises(NotAllowed):
        actions.record(ada, "peg", {"1": 5}, by=demo.staff["desk"], at=now)
    with pytest.raises(Refused, match="load the licensed text"):
        make(demo, ("asrm",))
    with pytest.raises(Refused, match="rated by a clinician"):
        make(demo, ("madrs",))


def test_a_correction_keeps_the_old_sheet_and_asks_the_safety_rules_again(demo: Demo) -> None:
    ada, nurse, now = demo.patients["ada"], demo.staff["nurse"], clock.now()
    answers: dict[str, object] = {str(i): 0 for i in range(1, 10)}
    row = actions.record(ada, "phq9", answers, by=nurse, at=now)
    assert not Alert.objects.exists()
    actions.correct(row, answers | {"9": 2}, by=nurse, at=now, reason="read again with the person")
    assert [t.total for t in queries.assessments(ada)] == [2]
    assert Assessment.objects.count() == 2
    assert Alert.objects.get().value == 2


def test_cssrs_calls_with_the_clinics_own_wording_and_skips_what_is_not_asked(demo: Demo) -> None:
    director, now = demo.staff["prescriber"], clock.now()
    cssrs = catalog.names(1)["cssrs_screener"]
    raw = 'stem = "In the past month"\n[items]\n' + "\n".join(
        f'"{q.key}" = "Question <b>{q.key}</b>"' for q in cssrs.questions
    )
    page = open_page(signed_in(director), "/scales/cssrs_screener/")
    page = page.send(
        "text", wording=raw, granted_by="Columbia Lighthouse Project", grant_number="L-1", until="2030-01-01"
    )
    assert "granted by Columbia Lighthouse Project, number L-1" in page.words()
    assert "<b>1</b>" not in page.text
    link, token = make(demo, ("cssrs_screener",))
    page = fill(begin(token), ["0", "0"])
    assert "Question 6" in page.words()  # 3 to 5 are left out
    page = answer_on(page, "1")
    assert "You are not alone" in page.words()
    assert Alert.objects.get().item == "6"
    actions.finish(link, by=Program("test"), at=now)
    level = queries.assessments(demo.patients["ada"])[0].sheet.scores["level"]
    assert (level.value, level.at_least) == (None, "moderate")  # "in the past three months?" has no answer yet


def test_a_licence_that_ran_out_stops_new_forms(demo: Demo) -> None:
    director, now = demo.staff["prescriber"], clock.now()
    asrm = catalog.names(1)["asrm"]
    csv = "item,text,0,1,2,3,4\n" + "\n".join(f"{i},Question {i},a,b,c,d,e" for i in range(1, 6))
    content = texts.read_text(asrm, csv.encode(), "asrm.csv")
    grant = {"granted_by": "Elsevier", "until": (now - timedelta(days=1)).date()}
    actions.load_text(1, content, by=director, at=now - timedelta(days=30), grant=grant)
    with pytest.raises(Refused):
        make(demo, ("asrm",))
    actions.load_text(1, content, by=director, at=now, grant={"granted_by": "Elsevier"})
    assert make(demo, ("asrm",))[0].scales == ["asrm"]
    with pytest.raises(NotAllowed):
        actions.load_text(1, content, by=demo.staff["nurse"], at=now, grant=grant)


def test_kset_takes_the_questions_that_the_clinic_brings(demo: Demo) -> None:
    kset = catalog.names(1)["kset"]
    content = texts.read_text(kset, b'[items]\nnausea = "How sick?"\ndizzy = "How dizzy?"\n[ranges]\nall = [0, 3]')
    actions.load_text(1, content, by=demo.staff["prescriber"], at=clock.now(), grant={"granted_by": "UNSW"})
    row = actions.record(demo.patients["ada"], "kset", {"nausea": 2}, by=demo.staff["nurse"], at=clock.now())
    taken = queries.as_science(row)
    assert taken.version.startswith("clinic-")
    assert taken.answers == {"nausea": 2, "dizzy": None}
    assert taken.total is None


def test_alerts_are_taken_handed_on_and_closed_with_a_note(demo: Demo) -> None:
    ada, now = demo.patients["ada"], clock.now() - timedelta(hours=1)
    actions.record(ada, "phq9", {str(i): 1 for i in range(1, 10)}, by=Program("x"), at=now)
    task = AlertTask.objects.get()
    page = open_page(signed_in(demo.staff["nurse"]), "/alerts/")
    assert "OVERDUE" in page.words()
    page = open_page(page.client, f"/alerts/{task.pk}/").send("take")
    assert "N. Alvarez" in page.words()
    page = page.send("close", note="")
    assert page.status == 422
    page = page.send("close", note="Spoke with Ada: no plan.")
    assert page.status == 200
    task.refresh_from_db()
    assert task.closed_by == demo.staff["nurse"].signature_name
    assert AdminChange.objects.filter(table="scales.AlertTask").count() >= 3
    with pytest.raises(Refused, match="closed this already"):
        alerts.handle(task.pk, "close", by=demo.staff["prescriber"], at=clock.now(), note="again")
    assert signed_in(demo.staff["desk"]).get("/alerts/").status_code == 403


def test_another_sites_people_do_not_exist(demo: Demo) -> None:
    away = Site.objects.create(pk=7, name="Elsewhere")
    stranger = Patient.objects.create(site=away, external_id="X1", name="Somebody Else", born=date(1980, 1, 1))
    nurse = signed_in(demo.staff["nurse"])
    row = actions.record(stranger, "phq9", {"9": 3}, by=Program("x"), at=clock.now())
    task = AlertTask.objects.get()
    for url in (
        f"/patients/{stranger.pk}/scales/", f"/patients/{stranger.pk}/scales/phq9/", f"/alerts/{task.pk}/",
        f"/patients/{demo.patients['ada'].pk}/scales/sheet/{row.uid}/", f"/patients/{stranger.pk}/scales/import/",
    ):  # fmt: skip
        assert nurse.get(url).status_code == 404, url
    assert "Somebody" not in open_page(nurse, "/alerts/").words()
    assert signed_in(demo.staff["desk"]).get(f"/patients/{demo.patients['ada'].pk}/scales/").status_code == 403


def _file(name: str, content: dict[str, Any]) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name}.json", json.dumps(content).encode(), content_type="application/json")


def test_a_fhir_file_is_taken_with_its_flags_or_refused_with_its_reasons(demo: Demo) -> None:
    ada, nurse = demo.patients["ada"], signed_in(demo.staff["nurse"])
    phq9 = catalog.names(1)["phq9"]
    made = fhir_scales.export_response(phq9, {str(i): 1.0 for i in range(1, 10)}, authored="2026-11-01T08:00:00+00:00")
    next(i for i in made["item"] if i["linkId"] == "score-total")["answer"] = [{"valueString": "12"}]
    response = nurse.post(f"/patients/{ada.pk}/scales/import/", {"response": _file("r", made)}, follow=True)
    words = response.content.decode()
    assert response.status_code == 200
    assert "12 was stated" in words
    assert "came as text" in words
    made["item"] = [i for i in made["item"] if i["linkId"] != "9"]
    response = nurse.post(f"/patients/{ada.pk}/scales/import/", {"response": _file("r", made)})
    assert response.status_code == 422
    assert "the question about suicide" in response.content.decode()
    assert Assessment.objects.count() == 1
    uid = Assessment.objects.get().uid
    back = nurse.get(f"/patients/{ada.pk}/scales/sheet/{uid}/fhir.json").json()
    again = fhir_scales.read_response(back, [phq9])
    assert again.is_taken
    assert again.answers == Assessment.objects.get().answers


@pytest.mark.parametrize(
    "name", ["/scales/", "/scales/phq9/", "/scales/madrs/", "/scales/kset/", "/scales/phq9/questionnaire.json"]
)
def test_the_library_opens(demo: Demo, name: str) -> None:
    assert signed_in(demo.staff["prescriber"]).get(name).status_code == 200


def test_every_scale_can_be_opened_for_entry(demo: Demo) -> None:
    nurse = signed_in(demo.staff["nurse"])
    for name in catalog.names(1):
        assert nurse.get(f"/patients/{demo.patients['ada'].pk}/scales/{name}/").status_code == 200, name
