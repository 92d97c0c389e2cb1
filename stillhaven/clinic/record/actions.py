"""Writing the record: append, amend, retract.  Nothing else in the clinic inserts an entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from django.db import connection, transaction
from psycopg import sql

from stillhaven.clinic.record import canonical, clock, keys
from stillhaven.clinic.record.models import Access, AdminChange, Adoption, Decision, Entry
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding

# Locks are always taken in this order, so that two transactions can never wait for each other.
_ORDER = ("clinic", "vitals", "access")
_COPY_FROM = 5  # so many rows of one table at once are copied in


class Actor(Protocol):
    """Whoever acts: a signed-in person, or a program with a name."""

    @property
    def pk(self) -> int | None: ...
    @property
    def signature_name(self) -> str: ...


class Program:
    """A program that writes entries: the watch, a gateway."""

    pk = None

    def __init__(self, name: str) -> None:
        self.signature_name = name


class AlreadyRecorded(Exception):
    """This uid is already in the record: the same thing was sent twice, and was done once."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{entry._meta.verbose_name} {entry.uid} is already recorded")
        self.entry = entry


@transaction.atomic
def append(*entries: Entry, by: Actor | None = None) -> None:
    """Add entries to their chains, all or none, in the order given.

    Sets seq, recorded_at, hash (and by, where given).  Raises AlreadyRecorded if the first entry's uid is known.
    The chain's head stays locked until the transaction ends: seq is gap-free and in the order of commits.
    """
    by_chain: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if by is not None:
            entry.by_id, entry.by_name = by.pk, by.signature_name
        canonical.normalise(entry)
        by_chain[entry.chain].append(entry)
    for name in sorted(by_chain, key=lambda n: (_ORDER.index(n.split(":")[0]), n)):
        _append_to(name, by_chain[name])


def _append_to(name: str, entries: list[Entry]) -> None:
    count, before, real_now = _lock_head(name)
    _refuse_known(entries)
    key, recorded_at = keys.chain_key(), clock.shown(real_now)
    rows: dict[type[Entry], list[Entry]] = defaultdict(list)
    for entry in entries:
        count += 1
        entry.seq, entry.recorded_at = count, recorded_at
        entry.hash = before = canonical.link(key, before, entry)
        rows[type(entry)].append(entry)
    for model, batch in rows.items():
        _store(model, batch)
    _move_head(name, count, before, recorded_at)
    _tell(name, count, entries)


def _store(model: type[Entry], batch: list[Entry]) -> None:
    """Many rows go in by COPY: what a ward of monitors sends in a second takes a third of the time of an INSERT."""
    if len(batch) < _COPY_FROM:
        model._default_manager.bulk_create(batch)
        return
    fields = model._meta.concrete_fields
    columns: Any = sql.SQL(", ").join([sql.Identifier(str(f.column)) for f in fields])
    words = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), columns)
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(words) as copy:
        for entry in batch:
            copy.write_row([f.get_db_prep_save(getattr(entry, f.attname), connection) for f in fields])
    for entry in batch:
        entry._state.adding, entry._state.db = False, connection.alias


def lock(kind: str, site: int = 1) -> None:
    """Take a chain's lock now: for an action that must read before it appends, with nobody writing in between."""
    _lock_head(f"{kind}:{site}")


def _lock_head(name: str) -> tuple[int, bytes, datetime]:
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("SELECT count, hash, clock_timestamp() FROM record_head WHERE name = %s FOR UPDATE", [name])
            row = cursor.fetchone()
            if row:
                return row[0], bytes(row[1]), row[2]
            now = clock.now()
            cursor.execute(
                "INSERT INTO record_head (name, count, hash, signed_at, signature) VALUES (%s, 0, %s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                [name, canonical.NOTHING_BEFORE, now, sign_head(name, 0, canonical.NOTHING_BEFORE, now)],
            )
    raise RuntimeError(f"the head of {name} could not be made")


def _refuse_known(entries: list[Entry]) -> None:
    by_model: dict[type[Entry], list[Any]] = defaultdict(list)
    for entry in entries:
        by_model[type(entry)].append(entry.uid)
    for model, uids in by_model.items():
        # one array, not one parameter for each of hundreds
        known = model._default_manager.extra(where=["uid = ANY(%s::uuid[])"], params=[uids]).first()
        if known is not None:
            raise AlreadyRecorded(known)


def _move_head(name: str, count: int, last: bytes, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_head SET count = %s, hash = %s, signed_at = %s, signature = %s WHERE name = %s",
            [count, last, at, sign_head(name, count, last, at), name],
        )


def _tell(name: str, count: int, entries: list[Entry]) -> None:
    """Whoever shows the record live is told at commit, and reads what is new from the tables.

    The payload names the chain, its new end, whom the entries are about, and what they are: "clinic:1 57 s12 p4 k:dose".
    """
    about = {f"s{number}" for e in entries if isinstance(number := getattr(e, "session_id", None), int)}
    about |= {f"p{number}" for e in entries if isinstance(number := getattr(e, "patient_id", None), int)}
    about |= {f"k:{e._meta.model_name}" for e in entries}
    hints = " ".join(sorted(about)) if len(about) <= 200 else "*"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('stillhaven_live', %s)", [f"{name} {count} {hints}".strip()])


def head_bytes(name: str, count: int, last: bytes, at: datetime) -> bytes:
    """What a head's signature covers."""
    return f"{name}\n{count}\n{bytes(last).hex()}\n{at.timestamp():.6f}".encode()


def sign_head(name: str, count: int, last: bytes, at: datetime) -> bytes:
    """Sign the end of a chain."""
    return keys.head_key().sign(head_bytes(name, count, last, at))


def amend(entry: Entry, *, by: Actor, at: datetime, reason: str, retract: bool = False, **changes: Any) -> Entry:
    """A new entry that corrects this one, or retracts it.  The old one stays; each is amended at most once."""
    if not reason.strip():
        raise BadInput("reason", "say why this is corrected")
    if retract and not entry.RETRACTABLE:
        raise Refused(why="what was done cannot be undone in the record; record what happened next instead")
    model = type(entry)
    if model._default_manager.filter(amends=entry).exists():
        raise Refused(why="somebody has corrected this already; open the newest version and correct that")
    values = {f.attname: getattr(entry, f.attname) for f in entry._meta.concrete_fields}
    unknown = set(changes) - set(values)
    if unknown:
        raise BadInput(sorted(unknown)[0], "is not a field of this entry")
    values |= changes | {
        "uid": changes.get("uid", uuid4()),
        "amends_id": entry.uid,
        "reason": reason.strip(),
        "retracted": retract,
    }
    values.setdefault("happened_at", at)
    new = model(**values)
    append(new, by=by)
    return new


def log_access(
    *, by: Actor, what: str, patient: int | None = None, site: int = 1, path: str = "", address: str = "",
    refused: bool = False, why: str = "",
) -> None:  # fmt: skip
    """Note that somebody opened a chart, or was refused something."""
    append(
        Access(site=site, patient=patient, what=what[:120], path=path[:300], refused=refused, why=why, address=address),
        by=by,
    )


def log_change(row: Any, before: dict[str, Any], after: dict[str, Any], *, by: Actor, site: int = 1) -> None:
    """Note the change of an administrative row."""
    append(AdminChange(site=site, table=row._meta.label, row=str(row.pk), before=before, after=after), by=by)


def decide(
    about: str, *, subject: Any, findings: Iterable[Finding], verdict: str, by: Actor, at: datetime,
    reference_version: str, why: str = "", inputs: dict[str, Any] | None = None, patient: int | None = None, site: int = 1,
) -> Decision:  # fmt: skip
    """Keep a decision with its inputs, its findings and the version of the numbers it rests on."""
    decision = Decision(
        site=site, happened_at=at, about=about, subject=subject, patient=patient, verdict=verdict, why=why,
        findings=[f.as_dict() for f in findings], inputs=inputs or {}, reference_version=reference_version,
    )  # fmt: skip
    append(decision, by=by)
    return decision


__all__ = ["Actor", "Adoption", "AlreadyRecorded", "Program", "amend", "append", "decide", "lock", "log_access"]
