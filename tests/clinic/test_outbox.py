"""The outbox: queued once, sent once, tried again, taken back; quiet at night; nothing of a treatment; STOP is obeyed."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from stillhaven.clinic.consent import actions as signing
from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.consent import tasks
from stillhaven.clinic.messages import actions, texts
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.schedule import upkeep
from stillhaven.clinic.schedule.models import ConfirmLink, VisitAnswer
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from tests.cast import NOW, make_clinic
from tests.clinic.test_consent import typed as typed_in
from tests.clinic.test_schedule import MONDAY, book, staffed

SOON = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """These visits lie on days of November 2026, whenever the tests are run."""
    monkeypatch.setenv("STILLHAVEN_CLOCK", f"={NOW:%Y-%m-%dT%H:%M:%S}Z")


@pytest.fixture
def demo(db: Any) -> Demo:
    return make_clinic(NOW)


def queue(demo: Demo, key: str = "ada", *, once: str = "x", due: datetime = NOW, **more: Any) -> int:
    context = {"clinic": "Harbour Street", "when": "Monday, 9:00", "link": "/me/visit/secret-part/"}
    return actions.queue(demo.patients[key], "reminder", context, purpose="reminder", due_at=due, once=once, **more)


def send_due(at: datetime) -> dict[str, int]:
    """Send what is due to people who all agreed to it."""
    return actions.send_due(at, may=lambda patient, channel, now: True)


class Provider(ThreadingHTTPServer):
    """A text provider on this machine: keeps what it is sent, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.failures: list[int] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.keys.append(self.headers["Idempotency-Key"])
        status = self.server.failures.pop(0) if self.server.failures else 200
        if status == 200:
            self.server.got.append(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("STILLHAVEN_SMS_URL", f"http://127.0.0.1:{server.server_port}/send")
    monkeypatch.setenv("STILLHAVEN_SMS_TOKEN", "provider-key")
    yield server
    server.shutdown()
    server.server_close()


def texting(demo: Demo, key: str = "ben", number: str = "+1 212 555 0101") -> None:
    actions.set_reach(demo.patients[key], "sms", number, is_on=True, because="said so", by=demo.staff["desk"], at=NOW)


def test_mail_goes_once_and_its_link_leaves_the_queue(demo: Demo) -> None:
    assert queue(demo) == 1
    assert queue(demo) == 0  # the same thing is never queued twice
    assert send_due(SOON) == {"sent": 1, "later": 0, "failed": 0}
    assert send_due(SOON) == {"sent": 0, "later": 0, "failed": 0}
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["ada@demo.example"]
    assert "/me/visit/secret-part/" in mail.outbox[0].body
    assert "link" not in OutMessage.objects.get().context


def test_no_message_can_hold_more_than_clinic_time_and_link(demo: Demo) -> None:
    with pytest.raises(BadInput, match="may not stand"):
        actions.queue(
            demo.patients["ada"], "reminder", {"drug": "ketamine"}, purpose="reminder", due_at=NOW, once="y"
        )  # fmt: skip
    context = {"clinic": "Harbour Street", "when": "Monday", "link": "/l/", "phone": "555"}
    for name in texts.TEMPLATES:
        for channel in ("email", "sms"):
            said = " ".join(texts.words(name, context, channel, "https://c.example")).lower()
            assert not any(
                w in said for w in ("ketamin", "infusion", "depress", "session", "treatment", "fast", "drug")
            ), name
            assert channel == "email" or "stop" in said


def test_a_provider_that_fails_is_tried_again_under_the_same_key(demo: Demo, provider: Provider) -> None:
    texting(demo)
    provider.failures = [503, 503]
    queue(demo, "ben")
    assert send_due(SOON)["later"] == 1
    assert send_due(SOON)["later"] == 0  # not before its pause is over
    first = OutMessage.objects.get(channel="sms")
    assert send_due(first.due_at)["later"] == 1
    second = OutMessage.objects.get(channel="sms")
    assert second.due_at - first.due_at > first.due_at - SOON
    assert send_due(second.due_at)["sent"] == 1
    assert len(set(provider.keys)) == 1
    assert provider.got[0]["to"] == "+12125550101"


def test_a_number_that_is_wrong_fails_for_good_and_can_be_sent_again_by_hand(demo: Demo, provider: Provider) -> None:
    texting(demo)
    provider.failures = [400]
    queue(demo, "ben")
    assert send_due(SOON)["failed"] == 1
    row = OutMessage.objects.get(channel="sms")
    with pytest.raises(NotAllowed):
        actions.try_again(row.pk, by=demo.staff["auditor"], at=SOON)
    actions.try_again(row.pk, by=demo.staff["desk"], at=SOON)
    assert send_due(SOON)["sent"] == 1


def test_stop_switches_texts_off_and_what_waits_is_not_sent(demo: Demo, provider: Provider) -> None:
    texting(demo)
    queue(demo, "ben", due=NOW + timedelta(hours=1))
    head = {"Authorization": "Bearer provider-key"}
    answer = Client().post(
        "/outbox/heard/", json.dumps({"from": "2125550101", "text": " Stop. "}), content_type="application/json", headers=head
    )  # fmt: skip
    assert answer.json()["texts"] == "off"
    assert send_due(NOW + timedelta(hours=2))["sent"] == 0
    assert not actions.can_reach(demo.patients["ben"])
    no_key = Client().post("/outbox/heard/", "{}", content_type="application/json")
    assert no_key.status_code == 403
    assert actions.heard("2125550101", "stop by my house", at=NOW) == "nothing"


def test_nothing_goes_to_somebody_who_has_not_agreed_or_took_it_back(demo: Demo) -> None:
    ada, nurse = demo.patients["ada"], demo.staff["nurse"]
    queue(demo)
    assert actions.send_due(SOON, may=consents.may_send) == {"sent": 0, "later": 0, "failed": 1}
    row = OutMessage.objects.get()
    assert "has not agreed to e-mail" in row.last_error
    typed = typed_in(ada, "messages", **{"choice.email": "Yes", "choice.sms": "No"})
    signing.sign(ada, "messages", typed, by=nurse, at=NOW)
    actions.try_again(row.pk, by=demo.staff["desk"], at=NOW)
    tasks.send_due(0)  # the job itself asks, and finds that they agreed
    row.refresh_from_db()
    assert (row.state, len(mail.outbox)) == ("sent", 1)
    queue(demo, once="second")
    signing.withdraw(ada, "messages", by=nurse, at=SOON)
    assert actions.send_due(SOON + timedelta(minutes=3), may=consents.may_send)["failed"] == 1
    assert len(mail.outbox) == 1


def test_nothing_is_sent_at_night(demo: Demo) -> None:
    night = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)  # half past ten in the evening in New York
    morning = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    assert actions.quiet_until(demo.site, night) == morning
    assert actions.quiet_until(demo.site, morning) == morning
    queue(demo, due=night)
    assert OutMessage.objects.get().due_at == morning
    OutMessage.objects.update(due_at=night)
    assert send_due(night) == {"sent": 0, "later": 1, "failed": 0}
    assert OutMessage.objects.get().tries == 0


def test_what_comes_too_late_is_not_sent(demo: Demo) -> None:
    queue(demo, good_until=NOW + timedelta(minutes=1))
    assert send_due(SOON)["failed"] == 1
    assert mail.outbox == []


def test_a_worker_that_died_is_followed_by_another(demo: Demo) -> None:
    queue(demo)
    OutMessage.objects.update(state="sending", claimed_at=NOW, tries=1)
    assert send_due(NOW + timedelta(minutes=2))["sent"] == 0
    assert send_due(NOW + timedelta(minutes=30))["sent"] == 1


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_message_once() -> None:
    demo = make_clinic(NOW)
    for n in range(24):
        queue(demo, once=f"m{n}")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            send_due(SOON)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(mail.outbox) == len({m.extra_headers["Message-ID"] for m in mail.outbox}) == 24
    assert set(OutMessage.objects.values_list("state", flat=True)) == {"sent"}


# ---------------------------------------------------------------- the link in the reminder
def link_of(row: Any) -> str:
    return str(OutMessage.objects.get(about=row.uid, purpose="reminder", state="queued").context["link"])


def test_a_link_is_answered_once_and_tells_nobody_what_the_visit_is(demo: Demo) -> None:
    row = book(staffed(demo), "ada", start=MONDAY + timedelta(days=2))
    path, stranger = link_of(row), Client()
    page = stranger.get(path)
    said = page.content.decode().lower()
    assert page.status_code == 200
    assert not any(w in said for w in ("ketamine", "fernsby", "depression", "infusion"))
    uid = str(uuid.uuid4())
    typed = {"uid": uid, "prepared": "yes", "driver": "Ruth", "driver_phone": "555", "symptoms": ""}
    assert stranger.post(path, typed).status_code == 422  # one answer is missing, and what was typed is there
    assert "Ruth" in stranger.post(path, typed).content.decode()
    assert stranger.post(path, typed | {"infection": "no"}).status_code == 302
    assert stranger.post(path, typed | {"infection": "yes", "uid": str(uuid.uuid4())}).status_code == 200
    assert VisitAnswer.objects.get().value["infection"] == "no"
    assert stranger.get("/me/visit/guessed-it-perhaps/").status_code == 404


def test_the_link_of_a_visit_that_was_moved_holds_no_more(demo: Demo) -> None:
    from stillhaven.clinic.schedule.actions import wanted_of
    from stillhaven.clinic.session import booking
    from stillhaven.science.schedule import Window

    row = book(staffed(demo), "ada", start=MONDAY + timedelta(days=2))
    path = link_of(row)
    later = Window.of(MONDAY + timedelta(days=3), 160)
    booking.move_visit(row.pk, wanted_of(row, later), by=demo.staff["desk"], at=NOW)
    assert Client().get(path).status_code == 410
    link = ConfirmLink.objects.filter(closed=True).first()
    assert link
    with pytest.raises(Refused):
        upkeep.answer(row, "confirm", {}, by=demo.staff["desk"], at=NOW, uid=uuid.uuid4(), link=link)
