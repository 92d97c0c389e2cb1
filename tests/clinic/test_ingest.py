"""What monitors sent is stored once, kept as it came, and can be read back by device and message."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from stillhaven.clinic.record import clock, verify
from stillhaven.clinic.vitals import queries
from stillhaven.clinic.vitals.models import Device, Message, Reading
from tests.cast import token

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def site() -> None:
    from stillhaven.clinic.people.models import Site

    for pk in (1, 2):
        Site.objects.get_or_create(pk=pk, defaults={"name": f"Site {pk}"})


@pytest.fixture
def device_key() -> dict[str, str]:
    return token("device")[1]


def reading(index: int = 0, signal: str = "spo2_pct", value: float | None = 97.0, **more: Any) -> dict[str, Any]:
    return {"index": index, "signal": signal, "value": value, "at": AT.isoformat(), "quality": "good"} | more


def message(n: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"message {n}")), "sequence": n, "device": "MON-1",
        "control_id": f"C{n}", "received_at": AT.isoformat(), "device_time": AT.isoformat(), "mode": "real",
        "readings": [reading()],
    } | more  # fmt: skip


def send(headers: dict[str, str], *messages: dict[str, Any]) -> Any:
    body = {"gateway": "gw-1", "messages": list(messages)}
    return Client(headers=headers).post("/api/ingest", body, content_type="application/json")


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["status"] for row in answer.json()["results"]]


def test_a_message_is_stored_once_however_often_it_comes(device_key: dict[str, str]) -> None:
    assert statuses(send(device_key, message(1))) == ["unclaimed"]
    assert statuses(send(device_key, message(1), message(2), message(2))) == ["duplicate", "unclaimed", "unclaimed"]
    assert Reading.objects.count() == 2
    assert verify.verify().problems == ()


def test_a_claimed_device_is_stored_and_an_unknown_one_waits_in_the_tray(device_key: dict[str, str]) -> None:
    send(device_key, message(1))
    Device.objects.update(claimed=True)
    assert statuses(send(device_key, message(2), message(3, device=""))) == ["stored", "unclaimed"]
    keys = {d.key for d in queries.unclaimed(1, clock.now() - timedelta(hours=1))}
    assert keys == {"MON-1", "unnamed monitor at gw-1"}


def test_what_could_not_be_read_is_kept_with_its_bytes(device_key: dict[str, str]) -> None:
    raw = b"MSH|broken\x00bytes\xff"
    refused = message(1, readings=[], rejected={"code": "AE", "reason": "no OBX"}, raw=base64.b64encode(raw).decode())
    assert statuses(send(device_key, refused)) == ["kept"]
    kept = Message.objects.get()
    assert bytes(kept.raw) == raw
    assert list(queries.rejected(1, clock.now() - timedelta(hours=1))) == [kept]


def test_zero_bytes_in_texts_do_not_stop_a_batch(device_key: dict[str, str]) -> None:
    odd = message(1, control_id="C\x001", notes=["a\x00b"], bed="x\x00")
    assert statuses(send(device_key, odd)) == ["unclaimed"]


def test_the_server_judges_plausibility_itself(device_key: dict[str, str]) -> None:
    send(device_key, message(1, readings=[reading(0, value=127.0), reading(1, value=None, quality="no_value")]))
    assert list(Reading.objects.order_by("index").values_list("quality", flat=True)) == ["implausible", "no_value"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"readings": [{"index": 0}]}, "signal"),
        ({"readings": [reading(signal="blood_pressure")]}, "signal"),
        ({"readings": [reading(at="2026-11-21T15:00:00")]}, "at"),
        ({"uid": "not-a-uid"}, "uid"),
        ({"mode": "pretend"}, "mode"),
        ({"raw": "!!!"}, "raw"),
    ],
)
def test_a_batch_that_cannot_be_read_says_where_and_stores_nothing(
    device_key: dict[str, str], wrong: dict[str, Any], field: str
) -> None:
    answer = send(device_key, message(1), message(2, **wrong))
    assert answer.status_code == 422
    assert field in answer.json()["field"]
    assert Message.objects.count() == 0


def test_only_a_device_may_send_and_only_a_reader_may_read(device_key: dict[str, str]) -> None:
    _, reader = token("reader")
    assert send(reader, message(1)).status_code == 403
    assert send({}, message(1)).status_code == 401
    assert send({"Authorization": "Bearer sh_wrong"}, message(1)).status_code == 401
    assert Client(headers=device_key).get("/api/readings").status_code == 403
    assert Client().get("/api/readings").status_code == 401
    assert Message.objects.count() == 0


def test_readings_come_back_by_device_and_message_in_a_stable_order(device_key: dict[str, str]) -> None:
    two = [reading(0, "heart_rate_per_min", 71.0), reading(1, "spo2_pct", 97.0, probe="1.1.1")]
    send(device_key, message(1, readings=two), message(2, device="MON-2"), message(3))
    reader = Client(headers=token("reader")[1])
    found = reader.get("/api/readings", {"device": "MON-1", "message": "C1"}).json()["readings"]
    assert [(r["signal"], r["value"], r["index"], r["probe"]) for r in found] == [
        ("heart_rate_per_min", 71.0, 0, ""), ("spo2_pct", 97.0, 1, "1.1.1"),
    ]  # fmt: skip
    page = reader.get("/api/readings", {"limit": 3}).json()
    rest = reader.get("/api/readings", {"limit": 3, "after": page["next_after"]}).json()
    assert [r["message"] for r in page["readings"] + rest["readings"]] == ["C1", "C1", "C2", "C3"]
    assert rest["next_after"] is None


def test_another_site_sees_nothing(device_key: dict[str, str]) -> None:
    send(device_key, message(1))
    other = Client(headers=token("reader", site=2)[1])
    assert other.get("/api/readings").json()["readings"] == []


def test_many_unknown_tokens_from_one_address_are_slowed() -> None:
    client = Client(headers={"Authorization": "Bearer sh_guess"})
    codes = [client.get("/api/readings").status_code for _ in range(40)]
    assert codes[0] == 401
    assert codes[-1] == 403
