"""What is acknowledged reaches the server: after refusals, silence, restarts and poison, once and in order."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stillhaven.devices.sender import NotTaken, Sender, Server
from stillhaven.devices.spool import New, Record, Spool
from stillhaven.science.errors import BadInput
from tests.devices.fake_server import Decide, FakeServer

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)


def new(number: int) -> New:
    uid = UUID(int=number)
    return New(uid.bytes, NOW, 0, json.dumps({"uid": str(uid), "control_id": str(number)}).encode())


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@contextmanager
def sending(folder: Path, url: str, **settings: Any) -> Iterator[Sender]:
    spool = Spool(folder)
    sender = Sender(spool=spool, server=Server(url=url, token="secret", gateway="gw-t", timeout_s=2.0),
                    first_pause_s=0.01, longest_pause_s=0.05, **settings)  # fmt: skip
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()
        spool.close()


@contextmanager
def server(decide: Decide | None = None) -> Iterator[FakeServer]:
    fake = FakeServer(decide)
    try:
        yield fake
    finally:
        fake.close()


def put(sender: Sender, numbers: range) -> None:
    for number in numbers:
        sender.spool.append([new(number)])
        sender.wake()


def expected(numbers: range) -> list[str]:
    return [str(n) for n in numbers]


def test_everything_arrives_once_in_order_with_token_name_and_sequence(tmp_path: Path) -> None:
    names: list[str] = []

    def note(batch: dict[str, Any]) -> None:
        names.append(batch["gateway"])

    with server(note) as fake, sending(tmp_path, fake.url) as sender:
        put(sender, range(1, 200))
        until(lambda: sender.spool.waiting == 0)
        assert fake.controls() == expected(range(1, 200))
        assert set(fake.times_sent.values()) == {1}
        assert [m["sequence"] for m in fake.stored.values()] == list(range(1, 200))
        assert fake.tokens == {"Bearer secret"}
        assert set(names) == {"gw-t"}
        assert sender.sent["stored"] == 199


@pytest.mark.parametrize("answer", [
    (500, {"detail": "broken"}), (503, {}), (401, {}), (404, {}), (429, {}), (400, {}), (200, {"nonsense": 1}),
    (200, {"results": []}), (200, {"results": [{"uid": "x"}]}), (200, []), (200, "hang up"),
])  # fmt: skip
def test_whatever_the_server_answers_nothing_is_forgotten_before_it_says_the_uid(
    tmp_path: Path, answer: tuple[int, Any]
) -> None:
    state = {"bad": True}
    with server(lambda batch: answer if state["bad"] else None) as fake, sending(tmp_path, fake.url) as sender:
        put(sender, range(1, 20))
        until(lambda: bool(sender.problem))
        time.sleep(0.1)
        assert sender.spool.waiting == 19
        assert fake.stored == {}
        state["bad"] = False
        until(lambda: sender.spool.waiting == 0)
        assert fake.controls() == expected(range(1, 20))
        assert sender.problem == ""


def test_a_server_that_is_away_and_comes_back_gets_everything_in_order(tmp_path: Path) -> None:
    with server() as fake:
        port_of = fake.url
    with sending(tmp_path, port_of) as sender:
        put(sender, range(1, 50))
        until(lambda: "no answer" in sender.problem)
        assert sender.oldest is not None
        assert sender.oldest.seq == 1
    with server() as fake, sending(tmp_path, fake.url) as sender:
        until(lambda: sender.spool.waiting == 0)
        assert fake.controls() == expected(range(1, 50))


def test_only_what_the_server_answered_for_is_settled(tmp_path: Path) -> None:
    withheld = {str(UUID(int=n)) for n in (3, 7)}
    state = {"hold": True}
    with server() as fake:

        def some(batch: dict[str, Any]) -> tuple[int, Any] | None:
            if not state["hold"]:
                return None
            kept = {**batch, "messages": [m for m in batch["messages"] if m["uid"] not in withheld]}
            return 200, fake.take(kept)

        fake.decide = some
        with sending(tmp_path, fake.url) as sender:
            put(sender, range(1, 11))
            until(lambda: len(fake.stored) == 8)
            until(lambda: sender.spool.settled == 2)
            state["hold"] = False
            until(lambda: sender.spool.waiting == 0)
        assert set(fake.controls()) == set(expected(range(1, 11)))


def test_a_message_that_the_server_always_passes_over_holds_up_nobody_and_is_set_aside(tmp_path: Path) -> None:
    with server() as fake:

        def all_but_three(batch: dict[str, Any]) -> tuple[int, Any]:
            return 200, fake.take({**batch, "messages": [m for m in batch["messages"] if m["control_id"] != "3"]})

        fake.decide = all_but_three
        with sending(tmp_path, fake.url) as sender:
            for number in range(1, 60):
                put(sender, range(number, number + 1))
                until(lambda wanted=number: str(wanted) in fake.controls() or wanted == 3)
            until(lambda: sender.spool.waiting == 0)
            assert sender.set_aside == 1
        assert fake.controls() == [str(n) for n in range(1, 60) if n != 3]
        (kept,) = (tmp_path / "aside").iterdir()
        assert json.loads(kept.read_text())["message"]["control_id"] == "3"


@pytest.mark.parametrize("status", [422, 413])
def test_poison_is_found_set_aside_and_shown_and_the_rest_goes_on(tmp_path: Path, status: int) -> None:
    poison = {str(UUID(int=n)) for n in (5, 6, 40)}

    def refuse(batch: dict[str, Any]) -> tuple[int, Any] | None:
        return (status, {"why": "no"}) if poison & {m["uid"] for m in batch["messages"]} else None

    settled: list[Record] = []
    with server(refuse) as fake:
        spool = Spool(tmp_path)
        spool.append([new(n) for n in range(1, 61)])
        spool.close()
        with sending(tmp_path, fake.url, on_settled=settled.append) as sender:
            until(lambda: sender.spool.waiting == 0)
            assert fake.controls() == [str(n) for n in range(1, 61) if n not in (5, 6, 40)]
            assert set(fake.times_sent.values()) == {1}
            assert (sender.set_aside, sender.spool.aside_count) == (3, 3)
            assert sorted(r.seq for r in settled) == list(range(1, 61))
        kept = [json.loads(p.read_text()) for p in sorted((tmp_path / "aside").iterdir())]
        assert [k["message"]["control_id"] for k in kept] == ["5", "6", "40"]
        assert all(str(status) in k["why"] for k in kept)


def test_a_stop_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    slow = threading.Event()

    def wait(batch: dict[str, Any]) -> None:
        slow.wait(0.02)

    with server(wait) as fake:
        done = 0
        end = time.monotonic() + 60.0
        while len(fake.stored) < 300:
            assert time.monotonic() < end, f"only {len(fake.stored)} of 300 arrived"
            with sending(tmp_path, fake.url, batch_messages=7) as sender:
                if done < 300:
                    put(sender, range(done + 1, done + 61))
                    done += 60
                time.sleep(0.05)
        assert fake.controls() == expected(range(1, 301))


def test_a_connection_that_the_server_closed_meanwhile_costs_no_pause(tmp_path: Path) -> None:
    with server() as fake:
        target = Server(url=fake.url, token="t", gateway="g", timeout_s=2.0)
        first = new(1)
        assert target.post([first.payload]) == {str(UUID(int=1)): "stored"}
        assert target._connection is not None
        assert target._connection.sock is not None
        target._connection.sock.shutdown(socket.SHUT_RDWR)
        assert target.post([new(2).payload]) == {str(UUID(int=2)): "stored"}
        target.close()


@pytest.mark.parametrize("url", ["clinic.example", "ftp://x", "https://", ""])
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadInput, match="server"):
        Server(url=url, token="t", gateway="g")


def test_a_token_over_an_open_network_is_noticed_and_a_bad_ca_file_named(tmp_path: Path) -> None:
    assert Server(url="http://clinic.example", token="t", gateway="g").bare
    assert not Server(url="http://127.0.0.1:1", token="t", gateway="g").bare
    assert not Server(url="https://clinic.example", token="t", gateway="g").bare
    bad = tmp_path / "ca.pem"
    bad.write_text("no certificate")
    with pytest.raises(BadInput, match=r"ca\.pem"):
        Server(url="https://clinic.example", token="t", gateway="g", ca=bad)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return cert_path, key_path


def test_over_tls_only_a_server_that_the_clinics_certificate_vouches_for_gets_anything(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with server() as fake:
        fake.http.socket = context.wrap_socket(fake.http.socket, server_side=True)
        url = fake.url.replace("http:", "https:")
        with pytest.raises(NotTaken, match="certificate"):
            Server(url=url, token="t", gateway="g", timeout_s=5.0).post([new(1).payload])
        assert fake.stored == {}
        assert Server(url=url, token="t", gateway="g", ca=cert).post([new(1).payload]) == {str(UUID(int=1)): "stored"}
