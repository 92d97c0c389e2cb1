"""Is the notice true, are requests answered in time, and is only what may go cleared away?"""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.apps import apps
from django.test import Client

from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.portal import privacy_actions, privacy_pages
from stillhaven.clinic.portal.models import Cleared, DataRequest, Registration
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.web.demo import Demo, make_account
from stillhaven.reference._privacy import data_map
from stillhaven.science.errors import BadInput, Refused
from tests.cast import make_clinic, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def ada(demo: Demo) -> User:
    return User.objects.get(patient=demo.patients["ada"])


def test_every_table_with_a_person_in_it_is_on_the_map() -> None:
    about = {
        m._meta.label
        for m in apps.get_models()
        if m.__module__.startswith("stillhaven.")
        and any(f.name == "patient" or f.related_model is Patient for f in m._meta.concrete_fields)
    }
    mapped = {label for kept in data_map().kept for label in kept.models}
    assert about - mapped == set()
    assert all(apps.get_model(label) for label in mapped)


def test_what_is_cleared_is_never_the_record() -> None:
    now = clock.now()
    assert set(privacy_actions.CLEARS) == {c.key for c in data_map().clears}
    for finds in privacy_actions.CLEARS.values():
        assert not any(issubclass(find(now).model, Entry) for find in finds)


def test_the_job_clears_what_is_old_and_writes_it_down(demo: Demo) -> None:
    now, old = clock.now(), clock.now() - timedelta(days=400)
    for name, at, state in (("a", old, "sent"), ("b", now, "sent"), ("c", old, "queued")):
        OutMessage.objects.create(
            site=demo.site, patient=demo.patients["ada"], channel="email", to="x@x.example", template="reminder",
            purpose="reminder", once=name, due_at=at, queued_at=at, state=state,
        )  # fmt: skip
    Registration.objects.create(
        digest="d",
        site=demo.site,
        name="X",
        email="x@x.example",
        password="!",
        born=now.date(),
        made_at=old,
        good_until=old,
    )
    done = privacy_actions.clear(now)
    assert done["outbox"] == 1
    assert done["registrations"] == 1
    assert set(OutMessage.objects.values_list("once", flat=True)) == {"b", "c"}
    assert Cleared.objects.get(rule="outbox").rows == 1
    assert "Reminders" in signed_in(demo.staff["manager"]).get("/privacy/requests/").content.decode()


def test_the_notice_says_what_the_configuration_does(demo: Demo, settings: pytest.FixtureRequest) -> None:
    page = unescape(Client().get("/privacy/").content.decode())
    for kept in data_map().kept:
        assert kept.what in page
    assert "no mail leaves this server" in page
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    assert "clinic's mail server (smtp)" in Client().get("/privacy/").content.decode().replace("&#x27;", "'")


def test_only_needed_cookies_are_set_and_no_is_as_easy_as_yes(demo: Demo) -> None:
    client = Client()
    page = client.get("/privacy/cookies/").content.decode()
    assert "None are configured" in page
    assert page.count('name="choice"') == 2
    client.get("/accounts/login/")
    needed = {c.name for c in data_map().cookies if c.needed}
    assert set(client.cookies) <= needed
    client.post("/privacy/cookies/", {"choice": "no"})
    assert client.cookies["cookie_choice"].value == "no"
    assert client.post("/privacy/cookies/", {"choice": "perhaps"}).status_code == 422


@pytest.mark.parametrize(("choice", "allowed"), [(None, False), ("no", False), ("yes", True), ("1", False)])
def test_an_optional_cookie_waits_for_a_yes(rf: object, choice: str | None, allowed: bool) -> None:
    request = rf.get("/")  # type: ignore[attr-defined]
    if choice:
        request.COOKIES[privacy_pages.CHOICE] = choice
    known = {"stillhaven": True, "counts_visits": False}
    assert privacy_pages.cookie_allowed(request, "counts_visits", known) is allowed
    assert privacy_pages.cookie_allowed(request, "stillhaven", known)
    assert not privacy_pages.cookie_allowed(request, "nobody_knows", known)


def test_a_request_is_a_case_with_a_last_day_and_an_answer(demo: Demo, ada: User) -> None:
    own, manager = signed_in(ada), signed_in(demo.staff["manager"])
    empty = {
        "form": "data-request",
        "next": "/me/requests/",
        "kind": "correction",
        "text": "",
        "uid": str(uuid.uuid4()),
    }
    assert own.post("/me/requests/", empty).status_code == 422
    own.post("/me/requests/", empty | {"text": "My name is spelled wrong"})
    row = DataRequest.objects.get()
    assert (row.due - row.happened_at.date()).days in (59, 60, 61)
    assert "spelled wrong" in manager.get("/privacy/requests/").content.decode()
    url = f"/privacy/requests/{row.uid}/"
    manager.post(url, {"what": "longer", "text": "The file is elsewhere", "uid": str(uuid.uuid4())})
    assert privacy_actions.state_of(row)["due"] == row.due + timedelta(days=30)
    with pytest.raises(Refused, match="once"):
        privacy_actions.step(row, "longer", "again", by=demo.staff["manager"], at=clock.now())
    with pytest.raises(BadInput):
        privacy_actions.step(row, "refused", "", by=demo.staff["manager"], at=clock.now())
    manager.post(url, {"what": "done", "text": "Corrected.", "uid": str(uuid.uuid4())})
    assert "Corrected." in own.get("/me/requests/").content.decode()
    assert privacy_actions.cases(demo.staff["manager"], clock.now()) == []


def test_a_late_case_says_so_and_stands_first(demo: Demo, ada: User) -> None:
    now = clock.now()
    for kind, days in (("access", 5), ("deletion", 40)):
        privacy_actions.open_case(demo.patients["ada"], kind, "", by=ada, at=now - timedelta(days=days))
    found = privacy_actions.cases(demo.staff["manager"], now)
    assert [(c["row"].kind, c["late"]) for c in found] == [("deletion", True), ("access", False)]


def test_requests_are_seen_by_those_who_handle_them(demo: Demo, ada: User) -> None:
    row = privacy_actions.open_case(demo.patients["ada"], "access", "", by=ada, at=clock.now())
    far = Site.objects.create(pk=2, name="Far")
    stranger = make_account("m@far.example", name="Far Manager", roles=["manager"], sites=[far])
    assert signed_in(demo.staff["nurse"]).get("/privacy/requests/").status_code == 403
    assert signed_in(stranger).get(f"/privacy/requests/{row.uid}/").status_code == 404
    assert signed_in(ada).get("/privacy/requests/").status_code == 404
    assert Client().get("/privacy/requests/").status_code == 302
