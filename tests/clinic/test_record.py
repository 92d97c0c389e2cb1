"""The record keeps what was written, and tells when somebody meddled with it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from stillhaven.clinic.record import actions, clock, verify
from stillhaven.clinic.record.actions import AlreadyRecorded, Program, append
from stillhaven.clinic.record.models import Access, AdminChange, Adoption, Decision, Head
from stillhaven.science.errors import BadInput, Refused

pytestmark = pytest.mark.django_db(transaction=True)
ME = Program("test")


def change(**values: object) -> AdminChange:
    return AdminChange(**{"table": "t", "row": "1", "before": {}, "after": {"b": 1.5, "name": "Ünal"}} | values)


@pytest.fixture(autouse=True)
def no_heads_outside() -> None:
    """Each test has a database of its own, so heads that an earlier one kept outside are not its own."""
    verify.heads_file().unlink(missing_ok=True)


@pytest.fixture
def five() -> list[AdminChange]:
    rows = [change(row=str(n)) for n in range(5)]
    for row in rows:
        append(row, by=ME)
    return rows


def meddle(sql: str) -> None:
    """Change the table as somebody with full rights over the database would."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE record_adminchange DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE record_head DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE record_adminchange ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE record_head ENABLE TRIGGER USER")


def found() -> list[str]:
    return [p.what for p in verify.verify().problems]


def test_entries_stand_in_one_chain_without_a_gap(five: list[AdminChange]) -> None:
    append(Adoption(what="policy", version="1", content={}), by=ME)
    assert [e.seq for e in five] == [1, 2, 3, 4, 5]
    assert Adoption.objects.get().seq == 6
    assert verify.verify() == verify.Report(chains={"clinic:1": 6}, problems=())


def test_what_is_read_back_hashes_the_same() -> None:
    at = clock.now()
    actions.decide(
        "x", subject=uuid.uuid4(), findings=(), verdict="ok", by=ME, at=at, reference_version="v",
        inputs={"weight_kg": 81.45, "list": (1, 2), "none": None, "when": at},
    )  # fmt: skip
    assert Decision.objects.get().inputs["list"] == [1, 2]
    assert found() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE record_adminchange SET row = '9' WHERE seq = 2",
        "DELETE FROM record_adminchange WHERE seq = 2",
        "TRUNCATE record_adminchange",
        "UPDATE record_head SET count = 1",
        "DELETE FROM record_head",
    ],
)
def test_the_database_says_no(five: list[AdminChange], sql: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert found() == []


def test_an_entry_cannot_be_saved_changed_or_deleted_in_python(five: list[AdminChange]) -> None:
    for deed in (five[0].save, five[0].delete, AdminChange.objects.all().delete):
        with pytest.raises(TypeError):
            deed()
    with pytest.raises(TypeError):
        AdminChange.objects.update(row="9")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE record_adminchange SET row = 'z' WHERE seq = 3", "was changed"),
        ("UPDATE record_adminchange SET by_name = 'somebody else' WHERE seq = 1", "was changed"),
        ("UPDATE record_adminchange SET recorded_at = recorded_at + interval '1 s' WHERE seq = 5", "was changed"),
        ("UPDATE record_adminchange SET after = '{}' WHERE seq = 2", "was changed"),
        ("DELETE FROM record_adminchange WHERE seq = 3", "taken out"),
        ("DELETE FROM record_adminchange WHERE seq >= 4", "cut off the end"),
        ("DELETE FROM record_adminchange", "cut off the end"),
        ("DELETE FROM record_adminchange WHERE seq = 5; UPDATE record_head SET count = 4", "signature does not hold"),
        ("DELETE FROM record_head", "head was taken out"),
        (
            "UPDATE record_adminchange SET seq = 99 WHERE seq = 2; UPDATE record_adminchange SET seq = 2 WHERE seq = 3;"
            "UPDATE record_adminchange SET seq = 3 WHERE seq = 99",
            "was changed",
        ),
        (
            "INSERT INTO record_adminchange (uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash,"
            ' "table", row, before, after) SELECT gen_random_uuid(), site, 6, happened_at, recorded_at, by_name, reason,'
            ' retracted, hash, "table", row, before, after FROM record_adminchange WHERE seq = 5',
            "added after the signed end",
        ),
    ],
)
def test_meddling_is_found(five: list[AdminChange], sql: str, says: str) -> None:
    meddle(sql)
    assert any(says in what for what in found()), found()


def test_setting_the_head_back_to_an_older_signed_one_is_found(five: list[AdminChange]) -> None:
    old = Head.objects.values().get(name="clinic:1")
    append(change(row="6"), by=ME)
    assert verify.export_heads() == 1
    meddle("DELETE FROM record_adminchange WHERE seq = 6; DELETE FROM record_head")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_head (name, count, hash, signed_at, signature) VALUES (%s, %s, %s, %s, %s)",
            [old["name"], old["count"], old["hash"], old["signed_at"], old["signature"]],
        )
    assert any("set back" in what for what in found())


def test_heads_outside_are_written_only_when_they_have_grown(five: list[AdminChange]) -> None:
    assert verify.export_heads() == 1
    assert verify.export_heads() == 0
    assert found() == []


def test_an_amendment_follows_and_the_old_entry_stays(five: list[AdminChange]) -> None:
    new = actions.amend(five[1], by=ME, at=clock.now(), reason="a slip", row="22")
    assert AdminChange.objects.count() == 6
    assert set(AdminChange.objects.current().values_list("row", flat=True)) == {"0", "22", "2", "3", "4"}
    newest = actions.amend(new, by=ME, at=clock.now(), reason="again", row="23")
    assert newest.amends.amends_id == five[1].uid
    with pytest.raises(Refused, match="corrected this already"):
        actions.amend(five[1], by=ME, at=clock.now(), reason="late", row="24")
    assert found() == []


def test_an_amendment_needs_a_reason_and_a_known_field(five: list[AdminChange]) -> None:
    with pytest.raises(BadInput, match="reason"):
        actions.amend(five[0], by=ME, at=clock.now(), reason=" ", row="2")
    with pytest.raises(BadInput, match="colour"):
        actions.amend(five[0], by=ME, at=clock.now(), reason="x", colour="red")


def test_what_is_retracted_no_longer_counts() -> None:
    decision = actions.decide(
        "x", subject=uuid.uuid4(), findings=(), verdict="ok", by=ME, at=clock.now(), reference_version="v"
    )
    actions.amend(decision, by=ME, at=clock.now(), reason="wrong person", retract=True)
    assert list(Decision.objects.current()) == []
    assert Decision.objects.count() == 2


def test_moves_and_looks_cannot_be_retracted(five: list[AdminChange]) -> None:
    with pytest.raises(Refused, match="cannot be undone"):
        actions.amend(five[0], by=ME, at=clock.now(), reason="x", retract=True)


def test_the_same_uid_is_recorded_once() -> None:
    uid = uuid.uuid4()
    append(change(uid=uid), by=ME)
    with pytest.raises(AlreadyRecorded) as repeat:
        append(change(uid=uid, row="other"), by=ME)
    assert repeat.value.entry.uid == uid
    assert AdminChange.objects.get().row == "1"


def test_all_or_none() -> None:
    def half_done() -> None:
        with transaction.atomic():
            append(change(), by=ME)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert AdminChange.objects.count() == 0
    append(change(), by=ME)
    assert AdminChange.objects.get().seq == 1
    assert found() == []


def test_looks_have_a_chain_of_their_own() -> None:
    actions.log_access(by=ME, what="chart", patient=7)
    actions.log_access(by=ME, what="refused", refused=True, why="not yours")
    assert [a.seq for a in Access.objects.all()] == [1, 2]
    assert found() == []


def test_sites_have_chains_of_their_own() -> None:
    append(change(site=1), by=ME)
    append(change(site=2), by=ME)
    assert {h.name: h.count for h in Head.objects.all()} == {"clinic:1": 1, "clinic:2": 1}
    assert found() == []


def test_recorded_at_is_the_database_clock_moved_as_the_house_clock_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHAVEN_CLOCK", "+10d")
    append(change(), by=ME)
    row = AdminChange.objects.get()
    assert abs(row.recorded_at - clock.now()) < timedelta(seconds=30)
    assert found() == []
