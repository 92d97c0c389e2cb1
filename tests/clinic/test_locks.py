"""Locking: an idle browser writes nothing and goes on showing; a PIN unlocks it or hands it over, five wrong ones do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.clinic.people import actions, factors, middleware, unlock
from stillhaven.clinic.people.models import RosterPlace, Site, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access
from stillhaven.reference.cast_people import cast
from stillhaven.science.errors import BadInput, Refused
from tests.cast import NOW, make_clinic
from tests.clinic.signed_in import BROWSER, sign_in

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
JSON = {"Accept": "application/json"}


class Time:
    """The house's clock, moved by the test."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.shift(0)

    def shift(self, seconds: float) -> None:
        self.file.write_text(f"{seconds:+.0f}s")
        clock._cache.clear()


@pytest.fixture
def time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    monkeypatch.setenv("STILLHAVEN_CLOCK", f"@{tmp_path / 'clock'}")
    yield Time(tmp_path / "clock")
    clock._cache.clear()


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


def staff(name: str, role: str, pin: str = "", **more: Any) -> User:
    site = Site.objects.get_or_create(id=1, defaults={"name": "Harbour Street"})[0]
    return actions.create_staff(
        name=name, title="RN", email=f"{name.split()[0]}@clinic.example", roles=[role], sites=[site], pin=pin, **more
    )


@pytest.fixture
def nadia() -> User:
    return staff("Nadia Alvarez", "administrator", pin="804173", totp_secret=SECRET)


@pytest.fixture
def omar() -> User:
    return staff("Omar Haddad", "auditor", pin="271940")


def is_locked(client: Client) -> bool:
    return "/unlock/" in client.get("/staff/").headers.get("Location", "")


# ---------------------------------------------------------------- idle


def test_after_ten_idle_minutes_pages_lead_to_the_unlock_page(client: Client, nadia: User, time: Time) -> None:
    sign_in(client, nadia)
    time.shift(settings.IDLE_LOCK_S - 20)
    assert client.get("/staff/").status_code == 200  # a touch: the minutes begin anew
    time.shift(2 * settings.IDLE_LOCK_S - 60)
    assert client.get("/staff/").status_code == 200
    time.shift(3 * settings.IDLE_LOCK_S)
    assert client.get("/staff/?x=1")["Location"] == "/unlock/?next=/staff/%3Fx%3D1"
    assert settings.IDLE_LOCK_S <= 600


def test_a_locked_browser_writes_nothing(client: Client, nadia: User, omar: User, time: Time) -> None:
    sign_in(client, nadia)
    time.shift(settings.IDLE_LOCK_S + 60)
    program = client.post(f"/staff/{omar.pk}/switch/", {"active": "no"}, headers=JSON)
    assert program.status_code == 423
    assert program.json()["locked"] is True
    page = client.post(f"/staff/{omar.pk}/switch/", {"active": "no"})
    assert page.status_code == 423
    assert "was not taken" in page.content.decode()
    assert User.objects.get(pk=omar.pk).is_active


def test_once_locked_no_clock_unlocks_it_again(client: Client, nadia: User, time: Time) -> None:
    sign_in(client, nadia)
    time.shift(settings.IDLE_LOCK_S + 60)
    assert is_locked(client)
    time.shift(0)
    assert is_locked(client)


@pytest.mark.parametrize("jump", [86_400 * 3, -86_400 * 3, -3600])
def test_a_clock_that_jumps_days_locks(client: Client, nadia: User, time: Time, jump: int) -> None:
    sign_in(client, nadia)
    time.shift(jump)
    assert is_locked(client)


def test_a_clock_set_right_by_seconds_does_not_lock(client: Client, nadia: User, time: Time) -> None:
    sign_in(client, nadia)
    time.shift(-20)
    assert not is_locked(client)


def through(user: User, path: str, idle_s: float, method: str = "get", **headers: str) -> tuple[Any, HttpRequest]:
    """One request through the lock, in front of a page that always answers."""
    request: Any = getattr(RequestFactory(), method)(path, headers=headers)
    request.user = user
    request.session = Client().session
    request.session[unlock.TOUCHED] = clock.now().timestamp() - idle_s
    lock = middleware.IdleLock(lambda r: HttpResponse("the page") if r.method == "GET" else JsonResponse({"ok": True}))
    return lock(request), request


LIVE = "/sessions/6de7689d-e88e-4eb1-a4c3-1533663eb8ea/live/"


@pytest.mark.parametrize("path", [LIVE, f"{LIVE}state", f"{LIVE}stream", "/sessions/live-shell/", "/board/", "/wall/"])
def test_what_a_session_shows_goes_on_behind_the_lock(nadia: User, path: str) -> None:
    answer, request = through(nadia, path, settings.IDLE_LOCK_S + 1)
    assert answer.content == b"the page"
    assert getattr(request, "locked") is True  # noqa: B009  (the page is told, and shows it)


def test_the_board_stays_and_says_that_it_is_locked(client: Client, time: Time) -> None:
    sign_in(client, staff("Mia Sand", "manager"))
    time.shift(settings.IDLE_LOCK_S + 60)
    page = client.get("/board/")
    assert page.status_code == 200
    assert 'href="/unlock/?next=/board/"' in page.content.decode()
    assert client.get("/board/state", headers=JSON).status_code == 200
    assert client.get("/patients/")["Location"].startswith("/unlock/")


@pytest.mark.parametrize(
    "path", [LIVE, f"{LIVE}state", LIVE.replace("live/", "vitals/"), LIVE.replace("live/", "event/")]
)
def test_a_write_at_a_locked_chair_answers_423_and_says_why(nadia: User, path: str) -> None:
    answer, _ = through(nadia, path, settings.IDLE_LOCK_S + 1, "post", **JSON)
    assert answer.status_code == 423
    assert json.loads(answer.content)["locked"] is True


@pytest.mark.parametrize(
    "path", [LIVE.replace("live/", ""), "/patients/1/", "/accounts/2fa/", "/accounts/password/change/"]
)
def test_other_pages_do_not_show_behind_the_lock(nadia: User, path: str) -> None:
    answer, _ = through(nadia, path, settings.IDLE_LOCK_S + 1)
    assert answer["Location"].startswith("/unlock/?next=")


@pytest.mark.parametrize("path", [f"{LIVE}state", f"{LIVE}stream", "/board/state", "/healthz", "/sw.js"])
def test_what_a_screen_fetches_by_itself_is_no_touch(nadia: User, path: str) -> None:
    _, request = through(nadia, path, 300)
    assert clock.now().timestamp() - request.session[unlock.TOUCHED] > 290


@pytest.mark.parametrize(("method", "path"), [("get", "/patients/1/"), ("get", LIVE), ("post", f"{LIVE}x/")])
def test_a_page_or_a_write_is_a_touch(nadia: User, method: str, path: str) -> None:
    _, request = through(nadia, path, 300, method)
    assert clock.now().timestamp() - request.session[unlock.TOUCHED] < 5


def test_a_queue_that_fails_again_and_again_keeps_no_screen_open(nadia: User) -> None:
    request: Any = RequestFactory().post(f"{LIVE}x/")
    request.user, request.session = nadia, Client().session
    request.session[unlock.TOUCHED] = clock.now().timestamp() - 300
    middleware.IdleLock(lambda r: HttpResponse(status=503))(request)
    assert clock.now().timestamp() - request.session[unlock.TOUCHED] > 290


def test_an_open_stream_can_ask_whether_its_browser_is_locked_by_now(client: Client, nadia: User, time: Time) -> None:
    sign_in(client, nadia)
    key = client.session.session_key
    assert key
    assert unlock.standing({key, "of-nobody"}) == {key: False}
    time.shift(settings.IDLE_LOCK_S + 60)
    assert unlock.standing({key}) == {key: True}
    time.shift(0)
    User.objects.filter(pk=nadia.pk).update(is_active=False)
    assert unlock.standing({key}) == {}, "who may no longer sign in reads no stream"
    User.objects.filter(pk=nadia.pk).update(is_active=True)
    client.post("/accounts/logout/")
    assert unlock.standing({key}) == {}


def test_lock_now_locks_at_once(client: Client, nadia: User) -> None:
    sign_in(client, nadia)
    assert client.get("/lock/").status_code == 405
    assert client.post("/lock/")["Location"] == "/unlock/"
    assert is_locked(client)
    assert client.get("/unlock/").status_code == 200


# ---------------------------------------------------------------- PIN


def pin(client: Client, user: User, digits: str) -> Any:
    body = json.dumps({"staff": str(user.pk), "pin": digits, "session": str(uuid4())})
    return client.post("/unlock/", body, content_type="application/json", headers=JSON)


def test_the_right_pin_unlocks_with_a_new_session_key(client: Client, nadia: User) -> None:
    sign_in(client, nadia)
    client.post("/lock/")
    before = client.session.session_key
    answer = pin(client, nadia, "804173")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "user": "N. Alvarez RN", "csrf": answer.json()["csrf"]}
    assert client.session.session_key != before
    assert not is_locked(client)


def test_it_works_as_a_plain_form_and_goes_on_where_one_was(client: Client, nadia: User) -> None:
    sign_in(client, nadia)
    client.post("/lock/")
    form = {"staff": nadia.pk, "pin": "804173", "next": "/staff/"}
    assert client.post("/unlock/", form)["Location"] == "/staff/"
    assert not is_locked(client)


def test_a_colleague_takes_over_and_acts_under_their_own_name(client: Client, nadia: User, omar: User) -> None:
    sign_in(client, nadia)
    factors.join_roster(BROWSER, omar, at=clock.now())
    before = client.session.session_key
    assert pin(client, omar, "271940").json()["user"] == "O. Haddad RN"
    assert client.session.session_key != before
    assert client.session["_auth_user_id"] == str(omar.pk)
    assert client.get("/access/").status_code == 200  # omar's page,
    assert client.get("/staff/").status_code == 403  # not nadia's
    assert Access.objects.filter(what="took over the screen", by_id=omar.pk).count() == 1
    assert {u.pk for u in _roster(client)} == {nadia.pk, omar.pk}


def _roster(client: Client) -> list[User]:
    request: Any = RequestFactory().get("/")
    request.session = client.session
    return unlock.roster(request)


def test_five_wrong_pins_end_the_place_on_the_roster(client: Client, nadia: User, omar: User) -> None:
    sign_in(client, nadia)
    factors.join_roster(BROWSER, omar, at=clock.now())
    client.post("/lock/")
    answers = [pin(client, nadia, "000001") for _ in range(5)]
    assert [a.status_code for a in answers] == [422, 422, 422, 422, 429]
    assert pin(client, nadia, "804173").status_code == 429
    assert is_locked(client)
    assert [u.pk for u in _roster(client)] == [omar.pk]  # a colleague is not kept out
    assert Access.objects.filter(what="unlock", refused=True, why__contains="N. Alvarez").count() == 5
    assert pin(client, omar, "271940").status_code == 200


def test_a_right_pin_forgets_the_wrong_ones(client: Client, nadia: User) -> None:
    sign_in(client, nadia)
    for _ in range(3):
        for _ in range(4):
            pin(client, nadia, "000001")
        assert pin(client, nadia, "804173").status_code == 200


def test_a_pin_is_no_way_in_where_one_did_not_sign_in(nadia: User) -> None:
    other = Client()
    assert pin(other, nadia, "804173").status_code == 429
    assert "_auth_user_id" not in other.session


def test_a_place_ends_after_twelve_hours(client: Client, nadia: User, omar: User, time: Time) -> None:
    sign_in(client, nadia)
    factors.join_roster(BROWSER, omar, at=clock.now())
    time.shift(12 * 3600 + 60)
    assert pin(client, omar, "271940").status_code == 429
    time.shift(-12 * 3600)  # nor does a clock set back keep it
    assert _roster(client) == []


def test_who_is_switched_off_is_off_the_roster(client: Client, nadia: User, omar: User) -> None:
    sign_in(client, nadia)
    factors.join_roster(BROWSER, omar, at=clock.now())
    actions.switch_staff(omar.pk, active=False, by=nadia)
    assert pin(client, omar, "271940").status_code == 429


def test_signing_out_leaves_colleagues_on_the_roster(client: Client, nadia: User, omar: User) -> None:
    sign_in(client, nadia)
    factors.join_roster(BROWSER, omar, at=clock.now())
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
    assert [u.pk for u in _roster(client)] == [omar.pk]
    assert pin(client, omar, "271940").status_code == 200


def test_everyone_out_empties_the_roster(client: Client, nadia: User, omar: User) -> None:
    sign_in(client, nadia)
    factors.join_roster(BROWSER, omar, at=clock.now())
    client.post("/unlock/everyone/")
    assert not RosterPlace.objects.filter(browser=BROWSER).exists()
    assert pin(client, omar, "271940").status_code == 429


def test_signing_in_as_another_keeps_the_roster(client: Client, nadia: User) -> None:
    sign_in(client, nadia)
    client.post("/lock/")
    assert client.post("/unlock/other/")["Location"] == "/accounts/login/"
    assert "_auth_user_id" not in client.session
    assert [u.pk for u in _roster(client)] == [nadia.pk]


def test_without_a_token_of_the_page_no_pin_is_tried(nadia: User) -> None:
    strict = sign_in(Client(enforce_csrf_checks=True), nadia)
    assert strict.post("/unlock/", {"staff": nadia.pk, "pin": "804173"}).status_code == 403


@pytest.mark.parametrize("body", ["[]", "{", '{"staff": "x"}', "{}", '{"staff": 1e9, "pin": 5}'])
def test_what_cannot_be_read_is_said_not_crashed(client: Client, nadia: User, body: str) -> None:
    sign_in(client, nadia)
    answer = client.post("/unlock/", body, content_type="application/json", headers=JSON)
    assert answer.status_code in (422, 429)
    assert answer.json()["why"]


@pytest.mark.parametrize(
    "weak", ["123456", "987654", "111111", "121212", "123123", "123321", "112233", "890123", "159753", "12345", "12345a", ""]
)  # fmt: skip
def test_a_pin_that_is_tried_first_is_refused(weak: str) -> None:
    assert factors.weak_pin(weak)


@given(st.text(alphabet="0123456789", min_size=6, max_size=6))
def test_every_pin_that_is_taken_has_three_digits_and_no_row(digits: str) -> None:
    if not factors.weak_pin(digits):
        assert len(set(digits)) >= 3
        assert digits not in "01234567890123456789"
        assert digits[:3] != digits[3:]


def test_the_demos_people_unlock_with_the_demos_pin(client: Client) -> None:
    make_clinic(NOW)
    nurse = User.objects.get(email="nurse@demo.example")
    sign_in(client, nurse)
    assert pin(client, nurse, cast()["pin"]).status_code == 200


def test_setting_a_pin_needs_a_fresh_second_factor(client: Client, nadia: User) -> None:
    sign_in(client, nadia)
    assert client.get("/account/pin/")["Location"].startswith("/accounts/2fa/reauthenticate/")
    client.post("/accounts/2fa/reauthenticate/", {"code": actions.current_totp(SECRET)})
    assert client.post("/account/pin/", {"pin": "555555", "again": "555555"}).status_code == 422
    assert client.post("/account/pin/", {"pin": "638152", "again": "638153"}).status_code == 422
    assert client.post("/account/pin/", {"pin": "638152", "again": "638152"}).status_code == 302
    assert pin(client, nadia, "804173").status_code == 422
    assert pin(client, nadia, "638152").status_code == 200


def test_pins_are_not_readable_and_alike_pins_do_not_look_alike(nadia: User) -> None:
    other = staff("Pia Lund", "nurse", pin="804173")
    assert "804173" not in nadia.pin_hash
    assert nadia.pin_hash != other.pin_hash


# ---------------------------------------------------------------- a fresh second factor for a signature


def signing(user: User, locked: bool = False) -> Any:
    request: Any = RequestFactory().post("/sessions/x/sign/")
    request.user, request.session, request.locked = user, Client().session, locked
    return request


def test_a_signature_takes_a_code_once(nadia: User) -> None:
    code = actions.current_totp(SECRET)
    assert unlock.confirm_factor(signing(nadia), code) == "totp"
    with pytest.raises(BadInput) as refused:
        unlock.confirm_factor(signing(nadia), code)
    assert refused.value.field == "code"
    assert Access.objects.filter(what="second factor", refused=True, by_id=nadia.pk).count() == 1


@pytest.mark.parametrize("code", ["", "   ", "{}", '{"id": "x"}', "{not json", "[1]", "💊" * 6])
def test_anything_else_is_no_signature(nadia: User, code: str) -> None:
    with pytest.raises(BadInput):
        unlock.confirm_factor(signing(nadia), code)


def test_a_locked_screen_signs_nothing(nadia: User) -> None:
    with pytest.raises(Refused):
        unlock.confirm_factor(signing(nadia, locked=True), actions.current_totp(SECRET))
