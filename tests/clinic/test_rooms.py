"""What holds for every address of every room: strangers, patients, other sites, locked browsers and forged forms get nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from stillhaven.clinic.people.unlock import LOCKED
from tests.clinic.doors import ROOMS, World

pytestmark = pytest.mark.django_db

SECRET = ("/c/", "/tablet/", "/care/", "/unsubscribe/")  # reached by a secret, or by a hand-over: there is neither here
OPEN = ("/learn/", "/ask/", "/self-check/", "/language/", "/sitemap.xml", "/robots.txt",
        "/register/", "/privacy/cookies/", "/centres/", "/costs/", "/enquiry/", *SECRET)  # fmt: skip
SAMPLE = {"int": 1, "uuid": uuid.UUID(int=7), "slug": "heart", "str": "nobody-made-this", "path": "topic/what"}
NO_TOKEN = ("/unsubscribe/nobody-made-this/",)  # a mail program posts here by itself; the address is signed
GONE = (302, 401, 404, 405)


def is_open(path: str) -> bool:
    """May anybody look?"""
    return path.startswith(OPEN) or path == "/privacy/"


def routes() -> Iterator[tuple[str, str]]:
    """(name, address about the running session's patient) of every address of these rooms."""

    def walk(patterns: Any, space: str, path: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            here = path + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, pattern.namespace or space, here)
            elif isinstance(pattern, URLPattern) and space in ROOMS:
                for key, converter in pattern.pattern.converters.items():
                    kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
                    known = "{patient}" if key == "pk" and "patients/" in here else str(SAMPLE[kind])
                    for spelled in (f"<{kind}:{key}>", f"<{key}>"):
                        here = here.replace(spelled, known)
                yield f"{space}:{pattern.name}", "/" + here

    return walk(get_resolver().url_patterns, "", "")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def every(world: World) -> list[tuple[str, str]]:
    found = [(name, path.format(patient=world.running.patient_id)) for name, path in routes()]
    assert len(found) > 100
    return found


def test_each_room_has_its_tests() -> None:
    here = Path(__file__).parent
    assert {room: (here / file).is_file() for room, file in ROOMS.items()} == dict.fromkeys(ROOMS, True)


def asked(client: Client, path: str) -> list[int]:
    """What a visitor gets who looks, and who writes."""
    return [client.get(path).status_code, client.post(path, {}).status_code]


def test_a_stranger_gets_the_sign_in_page_or_nothing(world: World, every: list[tuple[str, str]]) -> None:
    stranger, wrong = world.browser(None), []
    for name, path in every:
        if path.startswith(OPEN) or path == "/privacy/":
            fits = all(status < 500 for status in asked(stranger, path))
        else:
            fits = all(status in GONE for status in asked(stranger, path))
        if not fits:
            wrong.append((name, asked(stranger, path)))
    assert wrong == []


def test_staff_pages_do_not_exist_for_a_patient(world: World, every: list[tuple[str, str]]) -> None:
    patient = world.browser(world.patient)
    staff = [
        (name, path) for name, path in every if not (path.startswith("/me/") or is_open(path)) and path != "/privacy/"
    ]
    wrong = [(name, got) for name, path in staff if not set(got := asked(patient, path)) <= {404, 405}]
    assert wrong == []


def test_another_sites_patient_does_not_exist(world: World, every: list[tuple[str, str]]) -> None:
    far = world.browser(world.far_staff)
    theirs = [(name, path) for name, path in every if f"/patients/{world.running.patient_id}/" in path]
    assert len(theirs) > 20
    wrong = [(name, got) for name, path in theirs if not set(got := asked(far, path)) <= {404, 405}]
    assert wrong == []


def test_what_is_anothers_or_nobodys_does_not_exist_for_a_patient(world: World, every: list[tuple[str, str]]) -> None:
    """Own pages about a thing that is not theirs."""
    patient = world.browser(world.far_patient)
    about = [(name, path) for name, path in every if path.startswith("/me/") and str(SAMPLE["uuid"]) in path]
    wrong = [(name, got) for name, path in about if not set(got := asked(patient, path)) <= {404, 405}]
    assert wrong == []


def test_a_locked_browser_opens_nothing(world: World, every: list[tuple[str, str]]) -> None:
    client = world.browser(world.demo.staff["prescriber"])
    session: Any = client.session
    session[LOCKED] = True
    session.save()
    closed = [(name, path) for name, path in every if not path.startswith(OPEN) and path != "/privacy/"]
    wrong = [(name, got) for name, path in closed if not set(got := asked(client, path)) <= {302, 404, 405, 423}]
    assert wrong == []


def test_a_write_needs_its_token(world: World, every: list[tuple[str, str]]) -> None:
    for user in (world.demo.staff["prescriber"], world.patient):
        strict = world.browser(user, enforce_csrf_checks=True)
        wrong = [
            (name, status)
            for name, path in every
            if path not in NO_TOKEN and (status := strict.post(path, {}).status_code) not in (403, 405)
        ]
        assert wrong == []


@pytest.mark.parametrize("who", ["nurse", "prescriber", "manager", "front_desk", "auditor"])
def test_nothing_fails_on_a_thing_that_is_not_there(world: World, every: list[tuple[str, str]], who: str) -> None:
    client = world.browser(world.by_role[who])
    wrong = [(name, got) for name, path in every if max(got := asked(client, path)) >= 500]
    assert wrong == []
