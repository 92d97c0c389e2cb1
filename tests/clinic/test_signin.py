"""Signing in: password and second factor, wrong codes, lock-out, links, and where a page may send one on to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from stillhaven.clinic.people import actions, factors
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.models import Access, AdminChange
from tests.clinic.signed_in import sign_in

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "seven quiet lanterns glow"


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


@pytest.fixture
def site() -> Site:
    return Site.objects.get_or_create(id=1, defaults={"name": "Harbour Street"})[0]


@pytest.fixture
def nurse(site: Site) -> User:
    return actions.create_staff(
        name="Nadia Alvarez", title="RN", email="Nadia@clinic.example", roles=["nurse"], sites=[site],
        password=PASSWORD, totp_secret=SECRET, pin="804173",
    )  # fmt: skip


@pytest.fixture
def auditor(site: Site) -> User:
    return actions.create_staff(
        name="Otto Berg", email="otto@clinic.example", roles=["auditor"], sites=[site], password=PASSWORD
    )


def password(client: Client, email: str, word: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": word, **extra})


def test_password_and_code_lead_in_and_onto_the_roster(client: Client, nurse: User) -> None:
    first = password(client, "nadia@clinic.example")
    assert first["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/unlock/")["Location"] == "/accounts/login/"  # a password alone is nobody yet
    second = client.post("/accounts/2fa/authenticate/", {"code": actions.current_totp(SECRET)})
    assert second["Location"] == "/"
    page = client.get("/unlock/")
    assert page.status_code == 200
    assert "N. Alvarez RN" in page.content.decode()


def test_the_session_gets_a_new_key_at_sign_in(client: Client, nurse: User) -> None:
    client.get("/accounts/login/")
    password(client, nurse.email)
    before = client.session.session_key
    client.post("/accounts/2fa/authenticate/", {"code": actions.current_totp(SECRET)})
    assert client.session.session_key != before


def test_a_wrong_code_keeps_one_out_and_five_stop_even_the_right_one(client: Client, nurse: User) -> None:
    password(client, nurse.email)
    right = actions.current_totp(SECRET)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(factors.WRONG_CODES):
        page = client.post("/accounts/2fa/authenticate/", {"code": wrong})
        assert page.status_code == 200
        assert "wrong" in page.content.decode()
    page = client.post("/accounts/2fa/authenticate/", {"code": right})
    assert page.status_code == 200
    assert "wait five minutes" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_code_is_good_once_and_an_older_one_never_after_it(nurse: User) -> None:
    code, older = actions.current_totp(SECRET), actions.current_totp(SECRET, -1)
    assert factors.check_code(nurse, f"{code[:3]} {code[3:]}") == "totp"
    for spent in (code, older):
        with pytest.raises(Exception, match="used already"):
            factors.check_code(nurse, spent)
    assert factors.check_code(nurse, actions.current_totp(SECRET, 1)) == "totp"


def test_a_code_of_five_minutes_ago_is_wrong(nurse: User) -> None:
    with pytest.raises(Exception, match="wrong"):
        factors.check_code(nurse, actions.current_totp(SECRET, -10))


def test_a_recovery_code_works_once(nurse: User) -> None:
    held = Authenticator.objects.get(user=nurse, type=Authenticator.Type.RECOVERY_CODES)
    code = held.wrap().get_unused_codes()[0]
    assert factors.check_code(nurse, code) == "recovery"
    with pytest.raises(Exception, match="wrong"):
        factors.check_code(nurse, code)


def test_the_secret_is_not_readable_in_the_database(nurse: User) -> None:
    held = Authenticator.objects.get(user=nurse, type=Authenticator.Type.TOTP)
    assert SECRET not in str(held.data)


def test_five_wrong_passwords_lock_out_and_the_right_one_does_not_help(client: Client, nurse: User) -> None:
    for _ in range(5):
        last = password(client, nurse.email, "not the password")
    assert last.status_code == 429
    assert "next 15 minutes" in last.content.decode()
    assert password(client, "NADIA@clinic.example").status_code == 429


def test_the_lock_out_page_is_the_same_for_an_account_that_does_not_exist(client: Client) -> None:
    for _ in range(5):
        last = password(client, "nobody@clinic.example", "not the password")
    assert last.status_code == 429


def test_one_persons_lock_out_does_not_keep_a_colleague_out(client: Client, nurse: User, auditor: User) -> None:
    for _ in range(5):
        password(client, nurse.email, "not the password")
    assert password(client, auditor.email).status_code == 302


def test_staff_without_a_second_factor_see_nothing_but_its_set_up(client: Client, auditor: User) -> None:
    password(client, auditor.email)
    for path in ("/", "/access/", "/unlock/", "/account/pin/", "/accounts/2fa/", "/accounts/password/change/"):
        assert client.get(path)["Location"] == "/second-factor/", path
    assert client.get("/access/", headers={"Accept": "application/json"}).status_code == 401
    page = client.get("/accounts/2fa/totp/activate/")
    secret = re.search(r'class="secret">([A-Z2-7]+)<', page.content.decode())
    assert secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": actions.current_totp(secret[1])})
    assert done["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get("/accounts/2fa/recovery-codes/").content.decode().count("<li>") == 10
    assert client.get("/access/").status_code == 200


def test_a_session_older_than_the_second_factor_has_to_show_it(client: Client, nurse: User) -> None:
    sign_in(client, nurse, second_factor=False)
    assert client.get("/account/pin/")["Location"].startswith("/accounts/2fa/reauthenticate/?next=/account/pin/")
    for path in ("/accounts/2fa/totp/deactivate/", "/accounts/reauthenticate/", "/accounts/password/change/"):
        assert client.get(path)["Location"].startswith("/accounts/2fa/reauthenticate/"), path
    client.post("/accounts/2fa/reauthenticate/", {"code": actions.current_totp(SECRET)})
    assert client.get("/account/pin/").status_code == 200


def test_a_patient_signs_in_with_a_password_alone(client: Client, site: Site) -> None:
    patient = Patient.objects.create(site=site, external_id="P-9", name="Ada Lund", born="1980-01-01")
    actions.create_patient_account(patient, email="ada@home.example", password=PASSWORD)
    assert password(client, "ada@home.example")["Location"] == "/"
    for path in ("/unlock/", "/staff/", "/access/", "/account/pin/", "/staff/tokens/"):
        assert client.get(path).status_code == 404, path
    assert client.post("/lock/").status_code == 404


def test_a_patient_adds_a_second_step_after_writing_the_password_once_more(client: Client, site: Site) -> None:
    patient = Patient.objects.create(site=site, external_id="P-9", name="Ada Lund", born="1980-01-01")
    account = actions.create_patient_account(patient, email="ada@home.example", password=PASSWORD)
    sign_in(client, account, second_factor=False)
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'class="secret">([A-Z2-7]+)<', page)
    assert secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": actions.current_totp(secret[1])})
    assert done["Location"] == "/accounts/2fa/recovery-codes/"


def test_staff_keep_their_last_second_factor(client: Client, nurse: User) -> None:
    password(client, nurse.email)
    client.post("/accounts/2fa/authenticate/", {"code": actions.current_totp(SECRET)})
    page = client.post("/accounts/2fa/totp/deactivate/")
    assert "at least one second factor" in page.content.decode()
    assert Authenticator.objects.filter(user=nurse, type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_next_never_leads_to_another_house(client: Client, nurse: User, target: str) -> None:
    password(client, nurse.email, next=target)
    done = client.post("/accounts/2fa/authenticate/", {"code": actions.current_totp(SECRET)})
    assert done["Location"] == "/"
    unlocked = client.post("/unlock/", {"staff": nurse.pk, "pin": "804173", "next": target})
    assert unlocked["Location"] == "/"


def test_next_leads_on_inside_the_house(client: Client, nurse: User) -> None:
    password(client, nurse.email, next="/accounts/2fa/")
    done = client.post("/accounts/2fa/authenticate/", {"code": actions.current_totp(SECRET)})
    assert done["Location"] == "/accounts/2fa/"


@pytest.mark.parametrize(
    "path", ["/accounts/signup/", "/accounts/email/", "/accounts/confirm-email/", "/accounts/login/code/confirm/"]
)
def test_doors_that_this_house_does_not_have(client: Client, nurse: User, path: str) -> None:
    assert client.get(path).status_code == 404
    assert sign_in(client, nurse).get(path).status_code == 404


def test_a_new_password_takes_one_off_every_roster(client: Client, nurse: User) -> None:
    sign_in(client, nurse)
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "nine slow rivers bend", "password2": "nine slow rivers bend"},
    )
    assert not nurse.roster_places.exists()


def test_pages_carry_the_headers_that_keep_others_out(client: Client, nurse: User) -> None:
    page = client.get("/accounts/login/")
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" not in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    password(client, nurse.email)
    cookie = client.cookies["stillhaven"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_no_page_of_sign_in_needs_inline_script_or_style(client: Client, nurse: User) -> None:
    pages = [client.get("/accounts/login/"), client.get("/accounts/password/reset/")]
    sign_in(client, nurse)
    pages += [client.get(p) for p in ("/unlock/", "/account/pin/", "/accounts/2fa/", "/accounts/logout/")]
    for page in pages:
        text = page.content.decode()
        assert " style=" not in text
        assert not re.search(r"<script(?! data-early>)(?![^>]*(src=|application/json))", text)
        assert not re.search(r"\son[a-z]+=", text)


def test_making_an_account_is_an_entry(nurse: User) -> None:
    change = AdminChange.objects.get(table="people.User", row=str(nurse.pk))
    assert change.after["roles"] == ["nurse"]
    assert change.by_name == "set-up"
    assert "password" not in str(change.after)


def test_a_refused_page_stands_in_the_access_log(client: Client, nurse: User) -> None:
    assert sign_in(client, nurse).get("/access/").status_code == 403
    line = Access.objects.get(refused=True)
    assert line.by_id == nurse.pk
    assert "/access/" in line.path


def test_the_api_is_documented_for_everyone_and_the_first_page_lists_ones_doors(client: Client, site: Site) -> None:
    docs = client.get("/api/docs").content.decode()
    assert "/api/readings" in docs
    admin = actions.create_staff(name="Ines Moreau", email="i@clinic.example", roles=["administrator"], sites=[site])
    first = sign_in(client, admin).get("/").content.decode()
    assert 'href="/staff/"' in first
    assert 'href="/access/"' not in first
    assert 'href="/board/"' not in first
