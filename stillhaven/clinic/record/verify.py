"""Is the record whole?  Walks every chain in one snapshot and names each entry that was changed, put in, or taken out."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from stillhaven.clinic.record import canonical, keys
from stillhaven.clinic.record.actions import head_bytes
from stillhaven.clinic.record.models import Entry, Head


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something in the record that cannot be as it was written."""

    chain: str
    seq: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was walked, and what was found."""

    chains: dict[str, int]
    problems: tuple[Problem, ...]


def entry_models() -> list[type[Entry]]:
    """Every kind of entry there is."""
    return [m for m in apps.get_models() if issubclass(m, Entry)]


def verify() -> Report:
    """Walk the whole record in one snapshot, while the clinic goes on working."""
    outside = _last_in_file()  # before the snapshot: what is kept outside later may be ahead of what is seen inside
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        heads = {head.name: head for head in Head.objects.all()}
        problems: list[Problem] = []
        for kind, site in sorted(_chains(heads)):
            problems += _walk(f"{kind}:{site}", kind, site, heads.get(f"{kind}:{site}"))
        problems += _against_file(heads, outside)
    return Report(chains={n: h.count for n, h in heads.items()}, problems=tuple(problems))


def _chains(heads: dict[str, Head]) -> set[tuple[str, int]]:
    """All chains: those that have a head, and those that have entries but lost theirs."""
    found = {(name.split(":")[0], int(name.split(":")[1])) for name in heads}
    for model in entry_models():
        found |= {(model.CHAIN, site) for site in model._default_manager.values_list("site", flat=True).distinct()}
    return found


def _in_order(kind: str, site: int) -> Iterator[Entry]:
    tables = [
        model._default_manager.filter(site=site).order_by("seq").iterator(chunk_size=2000)
        for model in entry_models()
        if kind == model.CHAIN
    ]
    return heapq.merge(*tables, key=lambda entry: entry.seq)


def _walk(name: str, kind: str, site: int, head: Head | None) -> Iterator[Problem]:
    key, before, expected = keys.chain_key(), canonical.NOTHING_BEFORE, 1
    for entry in _in_order(kind, site):
        what = entry._meta.verbose_name
        if entry.seq < expected:
            yield Problem(chain=name, seq=entry.seq, what=f"{what} {entry.uid} was put in: this place is taken")
            continue
        if entry.seq > expected:
            gone = (
                f"entries {expected} to {entry.seq - 1} were" if entry.seq - 1 > expected else f"entry {expected} was"
            )
            yield Problem(chain=name, seq=expected, what=f"{gone} taken out")
            # Nobody can know the missing link's hash, so this entry is taken at its word; its content is named below.
            yield Problem(chain=name, seq=entry.seq, what=f"{what} {entry.uid} follows a gap and cannot be proved")
        elif canonical.link(key, before, entry) != bytes(entry.hash):
            yield Problem(chain=name, seq=entry.seq, what=f"{what} {entry.uid} was changed or put in")
        before, expected = bytes(entry.hash), entry.seq + 1
    yield from _end(name, head, expected - 1, before)


def _end(name: str, head: Head | None, count: int, last: bytes) -> Iterator[Problem]:
    if head is None:
        yield Problem(chain=name, seq=count, what="the signed head was taken out")
        return
    try:
        signed = head_bytes(name, head.count, bytes(head.hash), head.signed_at)
        keys.head_key().public_key().verify(bytes(head.signature), signed)
    except InvalidSignature:
        yield Problem(chain=name, seq=head.count, what="the head's signature does not hold")
    if head.count > count:
        yield Problem(chain=name, seq=count + 1, what=f"entries {count + 1} to {head.count} were cut off the end")
    elif head.count < count:
        yield Problem(chain=name, seq=head.count + 1, what="entries were added after the signed end")
    elif bytes(head.hash) != last:
        yield Problem(chain=name, seq=count, what="the last entry is not the one that the head was signed for")


# ---------------------------------------------------------------- heads kept outside the database


def heads_file() -> Path:
    """Where the newest signed head of each chain is kept beside the database."""
    return Path(settings.STILLHAVEN_DATA) / "record" / "heads.json"


def export_heads() -> int:
    """Keep the signed heads in the file outside the database where they have grown; says how many have.

    The file never goes back: a head inside the database that is behind the file's is left for `verify` to name.
    """
    path = heads_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _last_in_file()
    grown = [h for h in Head.objects.all() if h.count > known.get(h.name, {}).get("count", 0)]
    if grown:
        known |= {head.name: _as_line(head) for head in grown}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(known, indent=1))
        fresh.replace(path)
    return len(grown)


def _as_line(head: Head) -> dict[str, Any]:
    return {
        "name": head.name, "count": head.count, "hash": bytes(head.hash).hex(),
        "signed_at": head.signed_at.timestamp(), "signature": bytes(head.signature).hex(),
    }  # fmt: skip


def _last_in_file() -> dict[str, dict[str, Any]]:
    path = heads_file()
    return json.loads(path.read_text()) if path.exists() else {}


def _against_file(heads: dict[str, Head], outside: dict[str, dict[str, Any]]) -> Iterator[Problem]:
    """A head outside the database that is ahead of the one inside: the end was cut off and the head set back."""
    for name, row in outside.items():
        at, last = datetime.fromtimestamp(row["signed_at"], UTC), bytes.fromhex(row["hash"])
        try:
            keys.head_key().public_key().verify(
                bytes.fromhex(row["signature"]), head_bytes(name, row["count"], last, at)
            )
        except InvalidSignature:
            yield Problem(chain=name, seq=row["count"], what="the head kept outside the database was forged")
            continue
        inside = heads.get(name)
        if inside is None or inside.count < row["count"]:
            yield Problem(chain=name, seq=row["count"], what="the head was set back: entries were cut off the end")
            continue
        yield from _hash_at(name, row["count"], last)


def _hash_at(name: str, seq: int, expected: bytes) -> Iterator[Problem]:
    kind, site = name.split(":")
    for model in entry_models():
        if kind == model.CHAIN:
            found = model._default_manager.filter(site=int(site), seq=seq).values_list("hash", flat=True).first()
            if found is not None and bytes(found) != expected:
                yield Problem(chain=name, seq=seq, what="the entry is not the one whose hash was kept outside")
