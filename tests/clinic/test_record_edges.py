"""The record at its edges: what an entry may hold, keys that are missing, a clock from a file, heads that were forged."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stillhaven.clinic.record import clock, keys, looking, policy, verify
from stillhaven.clinic.record.actions import Program, append
from stillhaven.clinic.record.models import AdminChange, Adoption
from stillhaven.science.errors import BadInput

ME = Program("test")
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def change(**values: object) -> AdminChange:
    return AdminChange(**{"table": "t", "row": "1", "before": {}, "after": {}} | values)


@pytest.mark.django_db(transaction=True)
def test_whatever_a_fact_is_it_is_read_back_as_it_was_hashed() -> None:
    said = {
        "at": AT, "day": date(2026, 11, 21), "mg": Decimal("40.50"), "uid": UUID(int=7), "bytes": b"\x01\xff",
        "some": frozenset({"a"}), "pair": (1, 2),
    }  # fmt: skip
    append(change(after=said), by=ME)
    assert AdminChange.objects.get().after == {
        "at": "2026-11-21T09:30:00.000000+00:00", "day": "2026-11-21", "mg": "40.50", "uid": str(UUID(int=7)),
        "bytes": "01ff", "some": ["a"], "pair": [1, 2],
    }  # fmt: skip
    assert verify.verify().problems == ()


@pytest.mark.django_db
def test_what_cannot_be_hashed_is_not_kept() -> None:
    with pytest.raises(TypeError, match="an entry cannot hold a object"):
        append(change(after={"x": object()}), by=ME)
    assert not AdminChange.objects.exists()


@pytest.fixture
def no_keys(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A data folder whose secrets are not there; the keys known so far are forgotten, before and after."""
    (tmp_path / "secrets").mkdir()
    settings.STILLHAVEN_DATA = str(tmp_path)
    for known in (keys.chain_key, keys.head_key):
        known.cache_clear()
    yield tmp_path / "secrets"
    for known in (keys.chain_key, keys.head_key):
        known.cache_clear()


def test_a_missing_key_says_where_to_get_it(no_keys: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"record_key is missing .* restore it from a backup"):
        keys.chain_key()


def test_a_head_key_of_another_kind_is_refused(no_keys: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    (no_keys / "head_key").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ImproperlyConfigured, match="not an Ed25519 key"):
        keys.head_key()


def test_the_clock_follows_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    monkeypatch.setenv("STILLHAVEN_CLOCK", f"@{file}")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    file.write_text("=2026-11-21T09:30:00Z")
    assert clock.now() == AT
    file.write_text("=2027-01-01T00:00:00Z")
    os.utime(file, (1, 1))  # however fast it is written: another time of change is another setting
    assert clock.now() == datetime(2027, 1, 1, tzinfo=UTC)
    assert clock.shown(datetime.now(UTC)) == clock.now()


def test_in_one_look_the_time_stands_still_and_a_look_in_it_is_the_same_look() -> None:
    with looking.one_look():
        first = clock.now()
        with looking.one_look():
            assert clock.now() == first
        assert clock.now() == first
    assert clock.now() > first


@pytest.mark.django_db
def test_in_one_look_a_thing_is_read_once_and_outside_anew() -> None:
    with CaptureQueriesContext(connection) as asked, looking.one_look():
        assert policy.newest(1) is None
        assert policy.newest(1) is None
        assert policy.newest(2) is None
    assert len(asked) == 2
    append(Adoption(what="policy", version="1", content={}), by=ME)
    assert policy.newest(1) is not None


def test_a_list_read_in_one_look_is_each_readers_own() -> None:
    counted: list[int] = []

    @looking.once
    def numbers(upto: int, *, only: dict[str, int]) -> list[int]:
        counted.append(upto)
        return list(range(upto))

    with looking.one_look():
        numbers(3, only={"a": 1}).append(99)
        assert numbers(3, only={"a": 1}) == [0, 1, 2]
        assert numbers(3, only={"a": 2}) == [0, 1, 2]
    assert counted == [3, 3]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("forge", "says"),
    [
        ({"signature": "00" * 64}, "the head kept outside the database was forged"),
        ({"count": 9}, "the head kept outside the database was forged"),
    ],
)
def test_a_head_outside_that_nobody_signed_is_named(forge: dict[str, object], says: str) -> None:
    append(change(), by=ME)
    verify.export_heads()
    file = verify.heads_file()
    kept = json.loads(file.read_text())
    chain = next(iter(kept))
    kept[chain] |= forge
    file.write_text(json.dumps(kept))
    assert says in [problem.what for problem in verify.verify().problems]


@pytest.mark.django_db(transaction=True)
def test_an_entry_slipped_into_a_place_that_is_taken_is_named() -> None:
    append(change(row="1"), by=ME)
    append(change(row="2"), by=ME)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE record_adminchange DISABLE TRIGGER USER")
        cursor.execute("DROP INDEX IF EXISTS record_adminchange_seq")
        columns = [f.column for f in AdminChange._meta.concrete_fields]
        named = ", ".join(f'"{c}"' for c in columns)
        copied = ", ".join("gen_random_uuid()" if c == "uid" else f'"{c}"' for c in columns)
        cursor.execute(
            f"INSERT INTO record_adminchange ({named}) SELECT {copied} FROM record_adminchange WHERE seq = 1"
        )
    assert any("this place is taken" in problem.what for problem in verify.verify().problems)


@pytest.mark.django_db
def test_a_policy_refuses_what_is_not_a_setting() -> None:
    with pytest.raises(BadInput, match="is not something a clinic sets"):
        policy.adopt({"nonsense": 1}, by=ME, at=AT, on=AT.date(), site=1, because="x")
