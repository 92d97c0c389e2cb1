"""Whatever is sent, the answer is a reason and never a failure: texts, numbers, addresses, pictures, programs' batches."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.session import media
from stillhaven.clinic.session.models import Event, Photo
from stillhaven.clinic.web.api import api
from stillhaven.clinic.web.asgi import bounded
from tests.cast import token
from tests.clinic.doors import JSON, PAGES, STREAM, WRITES, World, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


# ---------------------------------------------------------------- what comes in
LONG = "x" * 70_000
NASTY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.just(10**400), st.just(-1), st.just(1e308),
    st.sampled_from(["\x00", "a\x00b", "\ud800", "²", "١٢", "1e5", "NaN", "-0", "1,000", LONG, "0001-01-01T00:00:00+14:00",
                     "9999-12-31T23:59:59-12:00", "2026-13-45", "'; DROP TABLE x; --", "{{ 7*7 }}", "<script>", "🫀" * 50]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5), st.dictionaries(st.text(max_size=3), st.none())), max_size=3),
    st.dictionaries(st.text(max_size=4), st.one_of(st.none(), st.floats(), st.text(max_size=4)), max_size=3),
)  # fmt: skip
COMMON = ["uid", "happened_at", "next", "form", "kind", "value", "start", "end", "start_at", "amends"]
CHECKS = [
    {"kind": "identity", "identifiers": ["name"]}, {"kind": "weight", "weight": "82", "unit": "kg"},
    {"kind": "fasting", "food": "", "food_none": "yes"}, {"kind": "escort", "name": "R", "phone": "5", "reachable": "yes"},
    {"kind": "medicines", "classes": [], "other": "", "changes": ""}, {"kind": "rems", "enrolled": "yes", "certified": "yes"},
    {"kind": "iv_site", "site": "arm", "gauge": "22", "patent": "yes", "attempts": "1", "dressing": "film"},
    {"kind": "equipment", "oxygen": "yes"},
    {"kind": "mood", "words": "calm"}, {"kind": "orientation", "person": "yes"}, {"kind": "skipped", "why": "x", "measure": "m", "slot": "s"},
    {"kind": "aldrete", "activity": 2, "respiration": 2}, {"kind": "over_nausea", "answer": "yes", "note": ""}, {"kind": "walking", "answer": "yes"},
]  # fmt: skip
ROBUST = settings(
    max_examples=400, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def sent_whole(client: Client, url: str, body: dict[str, Any], as_form: bool) -> Any:
    if not as_form:
        return client.post(url, json.dumps(body), **JSON)
    clean = {k.encode("utf-8", "replace").decode(): v for k, v in body.items()}
    typed = {k: str(v).encode("utf-8", "replace").decode() for k, v in clean.items() if v is not None}
    return client.post(url, urlencode(typed), content_type="application/x-www-form-urlencoded")


@pytest.mark.filterwarnings("ignore:.*naive datetime.*")
def test_no_write_fails_on_what_it_is_sent(world: World) -> None:
    """Whatever stands in a field, the answer is a reason, never a failure: nothing half-done, nothing lost."""
    client = world.browser(world.demo.staff["prescriber"])
    names = [
        n
        for n, (_, about) in WRITES.items()
        if about in ("running", "booked", "signed", "device", "attachment", "drill")
    ]
    names.append("drills:start")
    more = st.sampled_from(["session:check", "recovery:look"])
    choice = st.one_of(st.sampled_from(names), more)

    @ROBUST
    @given(name=choice, as_form=st.booleans(), data=st.data())
    def fuzz(name: str, as_form: bool, data: st.DataObject) -> None:
        base = dict(world.body(name))
        if name in ("session:check", "recovery:look"):
            base = dict(data.draw(st.sampled_from(CHECKS)))
        changes = data.draw(st.dictionaries(st.sampled_from([*base, *COMMON]), NASTY, min_size=1, max_size=3))
        with transaction.atomic():
            answer = sent_whole(client, world.url(name), base | changes, as_form)
            assert answer.status_code < 500, (name, changes)
            transaction.set_rollback(True)

    fuzz()


FORMS: dict[str, dict[str, Any]] = {
    "people:staff_add": {"name": "New One", "email": "new@demo.example", "title": "RN", "roles": "nurse", "sites": "1"},
    "people:staff_person": {"name": "New One", "title": "RN", "roles": "nurse", "sites": "1"},
    "people:tokens": {"name": "gw", "role": "device", "site": "1"}, "people:unlock": {"staff": "1", "pin": "1"},
    "people:token_off": {}, "people:staff_factor": {"reason": "lost"}, "people:staff_switch": {"active": "no"},
    "plan:order": {"protocol": "iv_depression", "dose": "0.5", "dose_unit": "mg/kg", "weight": "82", "weight_unit": "kg",
                   "weighed_on": "2026-11-20", "product_mg_per_ml": "50", "duration_min": "40", "bag_ml": "100",
                   "observation_min": "60", "fasting_food_h": "6", "valid_from": "2026-11-21", "do": "draft"},
}  # fmt: skip
FORMS["plan:amend"] = FORMS["plan:order"]


def test_no_form_fails_on_what_is_typed(world: World) -> None:
    everything = User.objects.get(pk=world.demo.staff["admin"].pk)
    everything.roles = ["administrator", "prescriber", "manager"]
    everything.save()
    client = world.browser(everything)

    @settings(ROBUST, max_examples=150)
    @given(name=st.sampled_from(sorted(FORMS)), data=st.data())
    def fuzz(name: str, data: st.DataObject) -> None:
        base = FORMS[name]
        changes = data.draw(
            st.dictionaries(st.sampled_from([*base, "next", "code", "extra"]), NASTY, min_size=1, max_size=3)
        )
        with transaction.atomic():
            answer = sent_whole(client, world.url(name), base | changes, True)
            assert answer.status_code < 500, (name, changes)
            transaction.set_rollback(True)

    fuzz()


@settings(ROBUST, max_examples=100)
@given(
    value=st.one_of(st.text(max_size=20), st.sampled_from(["\x00", "²", "9" * 50, "-1", "9" * 5000])),
    n=st.integers(0, 6),
)
def test_no_address_fails_on_its_question(world: World, value: str, n: int) -> None:
    client = world.browser(world.demo.staff["prescriber"])
    asked = (
        ("chart:patients", "q"), ("chart:board", "site"), ("people:access", "person"), ("people:access", "day"),
        ("people:access", "before"), ("monitoring:state", "since"), ("plan:order", "protocol"),
    )[n]  # fmt: skip
    value = value.encode("utf-8", "replace").decode()
    assert client.get(world.url(asked[0]), {asked[1]: value}).status_code < 500


def test_a_body_that_is_no_body_is_refused(world: World) -> None:
    client = world.browser(world.demo.staff["nurse"])
    for raw in (b"{", b"[]", b"[" * 100_000, b'{"text": NaN}', b"\xff\xfe", b'"x"', b'{"a": 1e999}', b"null"):
        answer = client.post(world.url("session:note"), raw, **JSON)
        assert answer.status_code == 422, raw[:20]
        assert answer.json()["why"]
    huge = client.post(world.url("session:note"), b'{"text": "' + b"x" * 9_000_000 + b'"}', **JSON)
    assert huge.status_code in (400, 413)


def test_a_form_that_names_another_page_gets_a_plain_answer(world: World) -> None:
    """`next` may name any address of this house; none of them may turn a refusal into a failure or a leak."""
    client = world.browser(world.demo.staff["nurse"])
    places = [world.url(name) for name in (*PAGES, *WRITES, STREAM)] + [
        "/accounts/login/",
        "/api/openapi.json",
        "/api/readings",
    ]
    for place in places:
        answer = client.post(world.url("session:note"), {"text": "", "form": "note", "next": place})
        assert answer.status_code == 422, place


def test_fields_that_nobody_offers_change_nothing(world: World) -> None:
    client = world.browser(world.demo.staff["nurse"])
    body = {
        "text": "as typed", "site": 2, "session": str(world.other_running.uid), "session_id": world.other_running.pk,
        "by_id": world.by_role["auditor"].pk, "by_name": "Somebody Else", "seq": 1, "retracted": True, "hash": "00",
        "kind": "rescue", "grade": 5,
    }  # fmt: skip
    assert client.post(world.url("session:note"), body, **JSON).status_code == 200
    kept = Event.objects.get(text="as typed")
    assert (kept.site, kept.session_id, kept.by_id) == (1, world.running.pk, world.demo.staff["nurse"].pk)
    assert (kept.kind, kept.grade, kept.retracted, kept.by_name) == ("note", None, False, "N. Alvarez RN")
    admin = world.browser(world.demo.staff["admin"])
    typed = {
        "name": "Nel New", "email": "nel@demo.example", "roles": ["nurse", "device"], "sites": ["1", "2"], "is_active": "",
        "patient": world.patient.patient_id, "pin_hash": "x", "password": "x",
    }  # fmt: skip
    admin.post(world.url("people:staff_add"), typed)
    assert not User.objects.filter(email="nel@demo.example").exists(), (
        "an administrator gives only roles and sites of their own"
    )
    admin.post(world.url("people:staff_add"), typed | {"roles": ["nurse"], "sites": ["1"]})
    made = User.objects.get(email="nel@demo.example")
    assert (made.roles, made.patient_id, made.pin_hash, made.site_ids) == (["nurse"], None, "", frozenset({1}))
    assert not made.has_usable_password()


# ---------------------------------------------------------------- pictures
def send_picture(world: World, data: bytes, name: str = "site.jpg", kind: str = "image/jpeg") -> Any:
    client = world.browser(world.demo.staff["nurse"])
    body = {"what": "site", "file": SimpleUploadedFile(name, data, kind), "uid": str(uuid.uuid4())}
    return client.post(world.url("session:photo"), body, headers={"Accept": "application/json"})


def test_a_picture_is_kept_as_a_picture_and_nothing_more(world: World) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x8769] = "Camera of Ben Ito", {0x9003: "2026:11:21 10:00:00"}
    exif[0x8825] = {1: "N", 2: (40.0, 42.0, 46.0)}
    hidden = b"<script>alert(1)</script><?php system('id'); ?>PK\x03\x04"
    data = picture(exif=exif.tobytes(), comment=b"secret words") + hidden
    assert b"Camera of Ben" in data
    assert send_picture(world, data).status_code == 200
    kept = media.load(Photo.objects.get().uid)
    for trace in (b"Camera", b"Exif", b"secret", b"<script>", b"<?php", b"PK\x03\x04"):
        assert trace not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
    sealed = next(p for p in media._path(Photo.objects.get().uid).parent.iterdir())
    assert kept[:200] not in sealed.read_bytes()


def bomb() -> bytes:
    """A small file that says it is a picture of 400 million points."""
    return picture("PNG", (20_000, 20_000), optimize=False)


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + b"\x00" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"MZ" * 50, b"\xff\xd8\xff\xe0" + b"\x00" * 99,
     picture("PNG")[:-40], picture("PNG")[:60], picture("WEBP")[:50], picture("GIF"), picture("TIFF"), b"\x89PNG\r\n\x1a\n" + b"A" * 200],
    ids=["empty", "gif", "svg", "pdf", "exe", "broken jpeg", "cut png", "cut early", "cut webp", "real gif", "tiff", "fake png"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(world: World, data: bytes) -> None:
    answer = send_picture(world, data)
    assert answer.status_code == 422
    assert answer.json()["field"] == "file"
    assert Photo.objects.count() == 0


def test_pictures_have_a_measure(world: World) -> None:
    assert send_picture(world, bomb(), "b.png", "image/png").status_code == 422
    assert send_picture(world, picture() + b"\x00" * media.MAX_BYTES).status_code == 422


def test_a_body_without_end_is_cut_off_before_it_fills_the_disk() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def play(headers: list[tuple[bytes, bytes]], pieces: int) -> tuple[int, int]:
        asked, sent = 0, []

        async def receive() -> dict[str, Any]:
            nonlocal asked
            asked += 1
            return {"type": "http.request", "body": b"x" * 100, "more_body": asked < pieces}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(bounded(app, 1000)({"type": "http", "headers": headers}, receive, send))
        return sent[0]["status"], asked

    assert play([], 5) == (200, 5)
    assert play([], 10**6) == (413, 11)
    assert play([(b"content-length", b"5000")], 50) == (413, 0)
    assert play([(b"content-length", b"-1")], 1) == (413, 0)
    assert play([(b"content-length", b"9" * 5000)], 1) == (413, 0)


# ---------------------------------------------------------------- the API
def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())  # type: ignore[arg-type]
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.label)
@pytest.mark.parametrize("role", ["device", "reader", ""])
def test_the_api_never_fails(operation: Any, role: str) -> None:
    """Whatever its own description allows, and with any key: an answer, never a failure; and nothing for the wrong key."""
    Site.objects.get_or_create(pk=1, defaults={"name": "One"})
    headers = token(role)[1] if role else {}

    @settings(ROBUST, max_examples=40)
    @given(case=operation.as_strategy())
    def fuzz(case: Any) -> None:
        body = "" if isinstance(case.body, schemathesis.core.NotSet) else json.dumps(case.body)
        query = urlencode(case.query or {}, doseq=True, errors="replace")
        answer = Client().generic(
            case.method, case.formatted_path, body, content_type="application/json", QUERY_STRING=query, headers=headers
        )  # fmt: skip
        assert answer.status_code < 500, answer.content
        if not role:
            assert answer.status_code in (401, 422), answer.content

    fuzz()
