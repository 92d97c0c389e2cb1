"""Do messages reach the right people, with files that are what they say, and help first where it is needed?"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from stillhaven.clinic.messages import actions as outbox
from stillhaven.clinic.messages import thread_actions, thread_queries, wishes
from stillhaven.clinic.messages.models import Enclosure, Letter, OutMessage, Thread, Wish
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import clock, media
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.web.demo import Demo, make_account
from stillhaven.science.cardnumbers import has_card_number, luhn
from stillhaven.science.errors import BadInput
from tests.cast import make_clinic, signed_in
from tests.clinic.doors import picture

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def ada(demo: Demo) -> User:
    return User.objects.get(patient=demo.patients["ada"])


def send(client: Client, text: str = "Can I come on Friday?", **more: Any) -> Any:
    return client.post(
        "/me/messages/", {"subject": "A visit", "text": text, "uid": str(uuid.uuid4())} | more, follow=True
    )


def test_a_message_goes_there_and_back_and_each_side_sees_when_it_was_read(demo: Demo, ada: User) -> None:
    own, nurse = signed_in(ada), signed_in(demo.staff["nurse"])
    assert send(own).status_code == 200
    thread = Thread.objects.get()
    assert "A visit" in nurse.get("/messages/").content.decode()
    assert "Not read yet" in own.get(f"/me/messages/{thread.uid}/").content.decode()
    page = nurse.get(f"/messages/threads/{thread.uid}/")
    assert "Can I come on Friday?" in page.content.decode()
    assert "Read by the clinic on" in own.get(f"/me/messages/{thread.uid}/").content.decode()
    assert Access.objects.filter(patient=ada.patient_id, what="messages", by_id=demo.staff["nurse"].pk).exists()
    nurse.post(f"/messages/threads/{thread.uid}/", {"text": "Friday is fine.", "uid": str(uuid.uuid4())})
    assert thread_queries.unread(thread.patient) == 1
    assert "Friday is fine." in own.get(f"/me/messages/{thread.uid}/").content.decode()
    assert thread_queries.unread(thread.patient) == 0
    thread.refresh_from_db()
    assert thread.assigned_to == demo.staff["nurse"]


def test_sent_twice_is_kept_once(demo: Demo, ada: User) -> None:
    own, uid = signed_in(ada), str(uuid.uuid4())
    for _ in range(2):
        send(own, uid=uid, form="letter-new", next="/me/messages/")
    assert Letter.objects.count() == Thread.objects.count() == 1


def test_a_crisis_shows_help_first_and_stands_first_for_the_team(demo: Demo, ada: User) -> None:
    own = signed_in(ada)
    send(own, "The rent is due. " * 40)
    page = send(own, "It was a long week. " * 30 + "I want to kill myself.").content.decode()
    assert "Please do not wait for our answer" in page
    assert f"tel:{demo.site.emergency_number}" in page
    rows = thread_queries.waiting(demo.staff["nurse"], clock.now())
    assert [r.state for r in rows] == ["urgent", "waiting"]


def test_what_waits_too_long_rises(demo: Demo, ada: User) -> None:
    assert isinstance(ada.patient, Patient)
    now = clock.now()
    thread_actions.promise(demo.site, {"within_h": "4"}, by=demo.staff["manager"])
    for hours in (1, 5, 9):
        thread_actions.begin(ada.patient, f"{hours} h", "Hello", by=ada, at=now - timedelta(hours=hours))
    states = {r.thread.subject: r.state for r in thread_queries.waiting(demo.staff["nurse"], now)}
    assert states == {"1 h": "waiting", "5 h": "overdue", "9 h": "escalated"}
    assert [r.thread.subject for r in thread_queries.waiting(demo.staff["nurse"], now)] == ["9 h", "5 h", "1 h"]


def test_the_promise_and_the_absence_are_read_by_the_person(demo: Demo, ada: User) -> None:
    today = clock.now().date()
    manager = signed_in(demo.staff["manager"])
    manager.post("/messages/", {"within_h": "24", "away_text": "Closed over the holidays.",
                                "away_from": (today - timedelta(days=1)).isoformat(), "away_until": (today + timedelta(days=3)).isoformat()})  # fmt: skip
    page = signed_in(ada).get("/me/messages/").content.decode()
    assert "within 24 hours" in page
    assert "Closed over the holidays." in page
    nurse = signed_in(demo.staff["nurse"]).post("/messages/", {"within_h": "1"})
    assert nurse.status_code == 403


def test_files_are_taken_for_what_they_are(demo: Demo, ada: User) -> None:
    own = signed_in(ada)
    send(own, files=[SimpleUploadedFile("../x y.png", picture("PNG"), "text/html"), SimpleUploadedFile("a.pdf", PDF)])
    kinds = {e.name: e.media_type for e in Enclosure.objects.all()}
    assert kinds == {"x y.jpg": "image/jpeg", "a.pdf": "application/pdf"}
    row = Enclosure.objects.get(name="a.pdf")
    assert media.load(row.uid) == PDF
    answer = own.get(f"/me/messages/files/{row.uid}/")
    assert answer.content == PDF
    assert "attachment" in answer["Content-Disposition"]
    for bad in (b"<script>alert(1)</script>", b"%PDF-1.4 /JavaScript (x) %%EOF", b"%PDF-1.4 broken", b""):
        assert send(own, files=[SimpleUploadedFile("a.pdf", bad)]).status_code == 422
    assert Letter.objects.count() == 1


def test_nobody_else_opens_it(demo: Demo, ada: User) -> None:
    send(signed_in(ada), files=[SimpleUploadedFile("a.pdf", PDF)])
    thread, file = Thread.objects.get(), Enclosure.objects.get()
    ben = make_account("ben@demo.example", name="Ben", patient=demo.patients["ben"])
    far = Site.objects.create(pk=2, name="Far")
    stranger = make_account("far@demo.example", name="Far Nurse", roles=["nurse"], sites=[far])
    for path in (f"/me/messages/{thread.uid}/", f"/me/messages/files/{file.uid}/"):
        assert signed_in(ben).get(path).status_code == 404
        assert signed_in(demo.staff["nurse"]).get(path).status_code == 404
    for path in (f"/messages/threads/{thread.uid}/", f"/messages/files/{file.uid}/"):
        assert signed_in(stranger).get(path).status_code == 404
        assert signed_in(ada).get(path).status_code == 404


def test_a_card_number_is_refused_and_what_was_typed_stays(demo: Demo, ada: User) -> None:
    page = send(signed_in(ada), "Charge 4111 1111 1111 1111 please", form="letter-new", next="/me/messages/")
    assert page.status_code == 422
    assert "We never keep those" in page.content.decode()
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "text", ["4111-1111-1111-1111", "x5500000000000004.", "378282246310005", "6011 0009 9013 9424"]
)
def test_card_numbers_are_known_however_they_are_spaced(text: str) -> None:
    assert has_card_number(f"my card {text}")


@pytest.mark.parametrize(
    "text", ["+1 212 555 0101", "4111 1111 1111 1112", "member 9912345678901", "2026-11-21 10:00", "41"]
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not has_card_number(text)


def test_luhn_finds_every_single_wrong_figure() -> None:
    good = "4111111111111111"
    wrong = [good[:i] + str((int(good[i]) + 1) % 10) + good[i + 1 :] for i in range(16)]
    assert luhn(good)
    assert not any(luhn(w) for w in wrong)


def test_no_word_of_a_message_leaves_the_house_and_nothing_goes_without_a_yes(
    demo: Demo, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillhaven.clinic.portal import thread_pages

    send(signed_in(ada))
    thread, nurse = Thread.objects.get(), signed_in(demo.staff["nurse"])
    answer = {"text": "Your ketamine dose goes up.", "uid": str(uuid.uuid4())}
    monkeypatch.setattr(thread_pages.consent, "may_send", lambda *a: False)
    nurse.post(f"/messages/threads/{thread.uid}/", answer)
    assert not OutMessage.objects.exists()
    monkeypatch.setattr(thread_pages.consent, "may_send", lambda p, channel, now: channel == "email")
    nurse.post(f"/messages/threads/{thread.uid}/", answer | {"uid": str(uuid.uuid4())})
    message = OutMessage.objects.get()
    assert set(message.context) == {"clinic", "link"}
    assert "ketamine" not in str(message.context)


def test_one_click_unsubscribe_needs_no_login_and_touches_nothing_else(
    demo: Demo, ada: User, mailoutbox: list[Any]
) -> None:
    patient, now = demo.patients["ada"], clock.now()
    context = {"clinic": "C", "when": "Monday", "link": "/x/"}
    at = {"purpose": "reminder", "due_at": now}
    outbox.queue(patient, "reminder", context, once="a", **at)
    due = OutMessage.objects.get()
    outbox.send_due(due.due_at, may=lambda *who: True)
    head = mailoutbox[0].extra_headers
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = "/unsubscribe/" + head["List-Unsubscribe"].split("/unsubscribe/")[1].rstrip(">")
    mail_program = Client(enforce_csrf_checks=True)
    assert mail_program.get(path).status_code == 200
    assert not Wish.objects.exists()  # opening it changes nothing
    assert mail_program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert outbox.queue(patient, "reminder", context, once="b", **at) == 0
    assert wishes.wants(patient, "email", "letter")
    assert mail_program.post(path[:-3] + "xx/").status_code == 404


def test_a_patient_may_not_do_the_teams_part(demo: Demo, ada: User) -> None:
    send(signed_in(ada))
    thread = Thread.objects.get()
    assert signed_in(ada).post(f"/messages/threads/{thread.uid}/close/").status_code == 404
    with pytest.raises(BadInput):
        thread_actions.write(thread, " ", by=ada, at=clock.now())
    with pytest.raises(BadInput, match="longer"):
        thread_actions.write(thread, "x" * 5001, by=ada, at=clock.now())
