"""Signing in with an account elsewhere: nothing of it until a provider is named, and then for patients alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg.sql
import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client

from stillhaven.clinic.web import settings as as_read
from stillhaven.service import postgres
from tests import conftest as house


# ---------------------------------------------------------------- off
@pytest.mark.django_db
def test_off_there_is_no_trace() -> None:
    assert settings.OIDC is None
    assert not apps.is_installed("allauth.socialaccount")
    assert not [t for t in connection.introspection.table_names() if t.startswith("socialaccount")]
    page = Client().get("/accounts/login/")
    assert b"/oidc/" not in page.content
    assert b"Patients: sign in with" not in page.content
    assert "form-action 'self';" in page["Content-Security-Policy"] + ";"
    for path in ("/accounts/oidc/outside/login/", "/accounts/oidc/outside/login/callback/", "/accounts/3rdparty/",
                 "/accounts/social/signup/", "/me/account/unlink/"):  # fmt: skip
        assert Client().get(path).status_code == 404, path
        assert Client().post(path).status_code == 404, path
    assert "is switched off" in Client().get("/privacy/").content.decode()


@pytest.mark.parametrize(
    "named",
    [
        {"ISSUER": "http://provider.example", "CLIENT_ID": "c"},
        {"ISSUER": "https://provider.example"},
        {"ISSUER": "provider.example", "CLIENT_ID": "c"},
    ],
)
def test_half_a_provider_is_refused(named: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in named.items():
        monkeypatch.setenv(f"STILLHAVEN_OIDC_{key}", value)
    with pytest.raises(ImproperlyConfigured, match="STILLHAVEN_OIDC"):
        as_read._provider()


def test_a_named_provider_stands_for_its_own_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHAVEN_OIDC_ISSUER", "https://provider.example/realms/one/")
    monkeypatch.setenv("STILLHAVEN_OIDC_CLIENT_ID", "c")
    found = as_read._provider()
    assert found is not None
    assert (found["origin"], found["issuer"]) == ("https://provider.example", "https://provider.example/realms/one")
    assert found["name"] == "provider.example"


# ---------------------------------------------------------------- on, in a process of its own
@pytest.fixture(scope="module")
def walk(django_db_setup: None) -> dict[str, Any]:
    name = f"social_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    server = postgres.server_for(house._server_folder())
    known = psycopg.sql.Identifier(name)
    with house._one_at_a_time(Path(os.environ[house.RUN])), server.connect(admin=True) as admin:
        admin.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(known))
        template = psycopg.sql.Identifier(house.TEMPLATE)
        admin.execute(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER stillhaven").format(known, template))
    env = {**os.environ, "STILLHAVEN_PG_NAME": name, "STILLHAVEN_DB_POOL": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.clinic.social_flow"], env=env, capture_output=True, text=True, check=False
    )
    with server.connect(admin=True) as admin:
        admin.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(known))
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_on_the_button_leads_to_the_provider_with_state_and_pkce(walk: dict[str, Any]) -> None:
    assert "Patients: sign in with Harbour Health" in walk["login"]["words"]
    start = walk["start"]
    assert start["to"].startswith("http://127.0.0.1:")
    assert start["to"].endswith("/authorize")
    assert start["code_challenge_method"] == "S256"
    assert len(start["code_challenge"]) == 43
    assert len(start["state"]) >= 16
    assert set(start["scope"].split()) == {"openid", "email"}
    assert start["redirect_uri"].endswith("/accounts/oidc/outside/login/callback/")
    assert f"form-action 'self' {start['to'].removesuffix('/authorize')}" in walk["login"]["policy"]
    assert "http" not in walk["elsewhere"]


def test_a_patient_whose_address_both_sides_confirmed_comes_in_and_is_known_again(walk: dict[str, Any]) -> None:
    assert walk["patient"]["in"]
    assert walk["again, other address"]["in"]
    assert "Your account at Harbour Health" in walk["account page"]
    assert "Harbour Health" in walk["privacy page"]


def test_nothing_is_kept_but_who_it_is(walk: dict[str, Any]) -> None:
    assert walk["kept"] == [{"uid": "s-pia", "extra_data": {}}]
    assert walk["tokens"] == 0


@pytest.mark.parametrize(
    "who",
    [
        "staff",
        "staff, linked before",
        "unknown",
        "not confirmed there",
        "not confirmed here",
        "closed",
        "second account, same address",
    ],
)
def test_everybody_else_is_refused_in_the_same_words(walk: dict[str, Any], who: str) -> None:
    assert not walk[who]["in"]
    assert (walk[who]["status"], walk[who]["words"]) == (403, "That did not sign you in")


def test_a_second_factor_is_asked_for_as_after_a_password(walk: dict[str, Any]) -> None:
    assert not walk["second factor"]["in"]
    assert walk["second factor"]["to"].startswith("/accounts/2fa/authenticate/")


@pytest.mark.parametrize("what", ["other state", "other code"])
def test_an_answer_that_was_not_asked_for_signs_nobody_in(walk: dict[str, Any], what: str) -> None:
    assert not walk[what]["in"]
    assert walk[what]["words"] == "The sign-in did not work"


def test_a_provider_that_is_down_is_a_page(walk: dict[str, Any]) -> None:
    assert walk["provider down"] == {"status": 502, "words": "The sign-in did not work"}


def test_the_library_s_own_doors_stay_shut_and_the_link_can_be_ended(walk: dict[str, Any]) -> None:
    for path in ("/accounts/3rdparty/", "/accounts/3rdparty/signup/", "/accounts/social/signup/"):
        assert walk[path] == 404, path
    assert (walk["unlinked"], walk["left"]) == (302, 0)
    assert walk["changes"] == ["Harbour Health"] * len(walk["changes"])
    assert len(walk["changes"]) >= 2
