"""Does every address hold: for everybody who may not, whatever they ask for, whoever sends a thing twice?"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from stillhaven.clinic.people.models import User
from stillhaven.clinic.people.roles import ACTIONS, may
from stillhaven.clinic.people.unlock import LOCKED
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.session.models import Event, SessionMove, TreatmentSession
from stillhaven.reference.cast_people import cast
from tests.cast import token
from tests.clinic.doors import BOTH, JSON, OWN_ACCOUNT, PAGES, PUBLIC, STAFF, STREAM, WRITES, World, addresses

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def allowed(user: User, needs: str) -> bool:
    return needs in (PUBLIC, OWN_ACCOUNT) or (user.is_clinic_staff if needs == STAFF else may(user, needs))


# ---------------------------------------------------------------- who may
def test_every_address_has_a_line_here() -> None:
    assert set(addresses()) == {*PAGES, *WRITES, STREAM}
    assert {needs for needs, _ in (*PAGES.values(), *WRITES.values())} <= {*ACTIONS, PUBLIC, OWN_ACCOUNT, STAFF}


def test_pages_open_for_those_who_may_and_nobody_else(world: World) -> None:
    wrong = []
    for role, user in world.by_role.items():
        client = world.browser(user)
        for name, (needs, _) in PAGES.items():
            status = client.get(world.url(name)).status_code
            fits = status in (200, 302, 404) if needs in (PUBLIC, OWN_ACCOUNT) else status == 200
            if needs == STAFF:
                fits = status in (200, 302)  # 302: prove it is still you
            if not (fits if allowed(user, needs) else status in (403, 404)):
                wrong.append((role, name, status))
    assert wrong == []


def test_pages_are_shut_for_strangers_patients_and_other_sites(world: World) -> None:
    stranger, patient, far = world.browser(None), world.browser(world.patient), world.browser(world.far_staff)
    for name, (needs, about) in PAGES.items():
        url = world.url(name)
        if needs not in (PUBLIC, OWN_ACCOUNT):
            answer = stranger.get(url)
            assert answer.status_code in (302, 401), name
            assert "/accounts/login/" in answer.get("Location", "/accounts/login/"), name
            assert stranger.get(url, headers={"Accept": "application/json"}).status_code in (401, 403), name
            assert patient.get(url).status_code == (200 if needs == "own.view" else 404), name
        if about and needs != "own.view":
            assert far.get(url).status_code == 404, name
    other = world.browser(world.far_patient)
    assert other.get(world.url("portal:visit")).status_code == 404
    assert other.get(world.url("portal:visit_pdf")).status_code == 404
    for name in ("chart:board", "chart:wall", "chart:board_state", "chart:beside"):
        shown = far.get(world.url(name)).content.decode()
        assert "Ben" not in shown
        assert far.get(world.url(name) + "?site=1").status_code == 404, name
    assert "Ben" not in far.get("/patients/?q=ben").content.decode()
    assert "Ben" in world.browser(world.by_role["nurse"]).get("/patients/?q=ben").content.decode()


def test_writes_are_refused_to_every_role_that_may_not(world: World) -> None:
    wrong = []
    for role, user in world.by_role.items():
        client = world.browser(user)
        for name, (needs, _) in WRITES.items():
            if allowed(user, needs):
                continue
            before = Access.objects.filter(by_id=user.pk, refused=True).count()
            answer = world.post(client, name)
            refusals = Access.objects.filter(by_id=user.pk, refused=True).count() - before
            if answer.status_code not in (403, 404) or refusals != 1:
                wrong.append((role, name, answer.status_code, refusals))
    assert wrong == []


def test_writes_are_shut_for_strangers_patients_other_sites_and_locked_browsers(world: World) -> None:
    stranger, patient, far = world.browser(None), world.browser(world.patient), world.browser(world.far_staff)
    locked = world.browser(world.demo.staff["prescriber"])
    session: Any = locked.session
    session[LOCKED] = True
    session.save()
    for name, (needs, about) in WRITES.items():
        if needs == PUBLIC:
            continue
        assert world.post(stranger, name).status_code in (302, 401), name
        assert world.post(patient, name).status_code == 404, name
        assert stranger.post(world.url(name), {}, **JSON).status_code in (302, 401), name
        if about:
            assert world.post(far, name).status_code == 404, name
        if name != "people:lock":
            assert world.post(locked, name).status_code == 423, name
            assert locked.post(world.url(name), {}, **JSON).status_code == 423, name
    still = TreatmentSession.objects.get(pk=world.running.pk)
    assert still.state == "dosing"


def test_a_locked_browser_shows_the_chair_and_the_board_and_nothing_else(world: World) -> None:
    client = world.browser(world.demo.staff["nurse"])
    session: Any = client.session
    session[LOCKED] = True
    session.save()
    stays = {"monitoring:live", "monitoring:state", "chart:board", "chart:board_state", "chart:beside", "chart:wall"}
    for name, (needs, _) in PAGES.items():
        if needs in (PUBLIC, OWN_ACCOUNT):
            continue
        assert (client.get(world.url(name)).status_code == 200) == (name in stays), name


def test_a_second_factor_is_asked_before_anything(world: World) -> None:
    client = Client()
    client.force_login(world.demo.staff["nurse"], backend="stillhaven.clinic.people.backends.AllauthBackend")
    for name, (needs, _) in PAGES.items():
        if needs != PUBLIC:
            assert client.get(world.url(name)).status_code in (302, 401), name


def test_forms_need_their_token_and_writes_are_posts(world: World) -> None:
    strict = world.browser(world.demo.staff["nurse"], enforce_csrf_checks=True)
    client = world.browser(world.demo.staff["nurse"])
    for name in WRITES:
        assert strict.post(world.url(name), world.body(name), **JSON).status_code == 403, name
        assert client.get(world.url(name)).status_code == 405, name
    for name in set(PAGES) - BOTH - {"styleguide", "healthz"}:
        assert client.post(world.url(name), {}).status_code in (405, 403, 404), name
    for name in BOTH:
        assert strict.post(world.url(name), {}).status_code == 403, name


@pytest.mark.django_db(transaction=True)
def test_nobody_hears_the_stream_of_another_site() -> None:
    world = World()
    url = world.url(STREAM)
    assert world.browser(None).get(url, headers={"Accept": "text/event-stream"}).status_code == 401
    for user in (world.patient, world.far_staff, world.far_patient):
        assert world.browser(user).get(url).status_code == 404
    assert world.browser(world.by_role["front_desk"]).get(url).status_code == 403
    assert world.browser(world.by_role["nurse"]).get(url).status_code == 200


# ---------------------------------------------------------------- what goes out
def test_every_page_carries_its_armour(world: World) -> None:
    prescriber, admin = world.browser(world.demo.staff["prescriber"]), world.browser(world.demo.staff["admin"])
    patient, auditor = world.browser(world.patient), world.browser(world.demo.staff["auditor"])
    answers = [
        (name, client.get(world.url(name)))
        for name in PAGES
        for client in (prescriber, admin, patient, auditor, Client())
    ]
    answers += [("404", prescriber.get("/nowhere/")), ("login", Client().get("/accounts/login/"))]
    answers += [
        ("422", prescriber.post(world.url("session:note"), {})),
        ("static", Client().get("/static/css/base.css")),
    ]
    for name, answer in answers:
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert "base-uri 'none'" in policy, name
        assert "form-action 'self'" in policy, name
        for weak in ("unsafe", "http:", "https:", "*"):
            assert weak not in policy, name
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["Referrer-Policy"] == "same-origin", name
        if name == "static":
            continue
        assert answer["X-Frame-Options"] == "DENY", name
        if name not in ("sw", "monitoring:shell", "home"):  # home: a stranger gets the public front page
            assert "no-store" in answer["Cache-Control"], name
    shell = prescriber.get(world.url("monitoring:shell")).content.decode()
    assert not any(person.name in shell for person in world.demo.patients.values())


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    client = Client()
    row = next(s for s in cast()["staff"] if s["key"] == "nurse")
    answer = client.post("/accounts/login/", {"login": row["email"], "password": cast()["password"]})
    kept = answer.cookies["stillhaven"]
    assert kept["httponly"]
    assert kept["samesite"] == "Lax"
    assert Client().get("/accounts/login/").cookies["csrftoken"]["samesite"] == "Lax"


ELSEWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
             "http:evil.example", "///evil.example", "https:///evil.example", " https://evil.example")  # fmt: skip


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_nobody_is_led_elsewhere(world: World, elsewhere: str) -> None:
    def stays(answer: Any) -> None:
        place = answer.get("Location", "/")
        assert place.startswith("/"), place
        assert place[1:2] not in ("/", "\\"), place

    row = next(p for p in cast()["patient"] if "account" in p)
    stranger = Client()
    stays(
        stranger.post("/accounts/login/", {"login": row["account"], "password": cast()["password"], "next": elsewhere})
    )
    stays(stranger.post(f"/accounts/logout/?next={elsewhere}", {"next": elsewhere}))
    nurse = world.browser(world.demo.staff["nurse"])
    stays(nurse.post(world.url("session:note"), {"text": "x", "next": elsewhere}))
    stays(nurse.post(world.url("session:note"), {"text": "", "next": elsewhere, "form": "note"}))
    nurse.post("/lock/")
    pin = {"staff": world.demo.staff["nurse"].pk, "pin": cast()["pin"], "next": elsewhere}
    answer = nurse.post("/unlock/", pin)
    assert answer.status_code == 302
    stays(answer)


# ---------------------------------------------------------------- sent twice
def test_a_repeat_is_answered_and_written_once(world: World) -> None:
    client, uid = world.browser(world.demo.staff["nurse"]), str(uuid.uuid4())
    first, again = (client.post(world.url("session:note"), {"text": "once", "uid": uid}, **JSON) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["uid"] == uid
    assert Event.objects.filter(text="once").count() == 1


def test_a_known_uid_is_no_way_to_another_deed_session_or_person(world: World) -> None:
    nurse, second = world.browser(world.demo.staff["nurse"]), world.browser(world.demo.staff["second"])
    uid = str(uuid.uuid4())
    assert nurse.post(world.url("session:note"), {"text": "once", "uid": uid}, **JSON).status_code == 200
    there = world.url("session:note").replace(str(world.running.uid), str(world.other_running.uid))
    request, vital = world.url("session:request"), world.url("monitoring:vitals")
    for client, url, body in (
        (nurse, there, {"text": "once"}),  # another session
        (second, world.url("session:note"), {"text": "once"}),  # another person
        (nurse, request, {"what": "withdrawal"}),  # another deed
    ):
        for how in (JSON, {}):
            answer = client.post(url, body | {"uid": uid}, **how)
            assert answer.status_code == 409, (url, answer.content)
            assert b"blanket" not in answer.content
    assert Event.objects.filter(kind="withdrawal").count() == 0
    hold = str(uuid.uuid4())
    assert nurse.post(world.url("session:hold"), {"reason": "asked", "uid": hold}, **JSON).status_code == 200
    assert nurse.post(world.url("session:resume"), {"uid": hold}, **JSON).status_code == 409
    assert nurse.post(world.url("session:stop"), {"uid": hold, "reason": "x"}, **JSON).status_code == 409
    assert SessionMove.objects.filter(session=world.running).latest("seq").move == "hold"
    row = {"readings": {"heart_rate_per_min": 71}, "uid": str(uuid.uuid4())}
    assert nurse.post(vital, row, **JSON).status_code == 200
    assert nurse.post(vital, row, **JSON).status_code == 200
    assert (
        nurse.post(vital.replace(str(world.running.uid), str(world.other_running.uid)), row, **JSON).status_code == 409
    )


def test_keys_do_what_their_role_allows(world: World) -> None:
    device, reader = token("device")[1], token("reader")[1]
    batch = {"gateway": "gw-1", "messages": []}
    assert Client(headers=device).post("/api/ingest", batch, content_type="application/json").status_code == 200
    assert Client(headers=reader).post("/api/ingest", batch, content_type="application/json").status_code == 403
    assert Client(headers=device).get("/api/readings").status_code == 403
    assert Client(headers=reader).get("/api/readings").status_code == 200
    far = token("reader", site=2)[1]
    assert Client(headers=reader).get("/api/readings?device=MON-2").json()["readings"]
    assert Client(headers=far).get("/api/readings?device=MON-2").json()["readings"] == []
    assert world.browser(world.demo.staff["nurse"]).get("/api/readings").status_code == 401, "a browser is no program"
