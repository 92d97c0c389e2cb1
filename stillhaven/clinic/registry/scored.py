"""Which total does each sheet have, without scoring two hundred thousand of them for every page?

A cache beside the record: each assessment is scored once, with the definition it was taken with, when it is first needed.
The order of commits in the record (`seq`) says what is new, and a correction or retraction marks what it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

import numpy as np
from django.db import connection, transaction
from django.db.models import Max
from psycopg import sql

from stillhaven.clinic.registry.models import ScoredSheet
from stillhaven.clinic.scales import catalog
from stillhaven.clinic.scales.models import Assessment
from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.many import score_many

_BATCH = 5000
_BEFORE_ALL = -(2**62)
_LOCK = 7_214_003  # one refresh at a time: the second finds nothing left to do


def refresh(site: int) -> int:
    """Score what came in since the last look.  Gives how many sheets were new."""
    done = _done(site)
    if not Assessment.objects.filter(site=site, seq__gt=done).exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, site])
        done = _done(site)
        found = Assessment.objects.filter(site=site, seq__gt=done).order_by("seq").iterator(chunk_size=_BATCH)
        return sum(_take(rows) for rows in _batches(found))


def rebuild(site: int) -> int:
    """Throw the cache of one site away and make it anew from the record."""
    with transaction.atomic():
        ScoredSheet.objects.filter(site=site).delete()
        return refresh(site)


def _done(site: int) -> int:
    """Up to where the record has been scored."""
    highest = ScoredSheet.objects.filter(site=site).aggregate(m=Max("seq"))["m"]
    return _BEFORE_ALL if highest is None else int(highest)


def _batches(rows: Iterable[Assessment]) -> Iterator[tuple[Assessment, ...]]:
    left = iter(rows)
    while batch := tuple(islice(left, _BATCH)):
        yield batch


def _take(rows: tuple[Assessment, ...]) -> int:
    made: list[ScoredSheet] = []
    for digest, own in groupby(sorted(rows, key=lambda r: r.definition), key=lambda r: r.definition):
        made += _score(digest, list(own))
    _copy(made)
    replaced = [row.amends_id for row in rows if row.amends_id]
    if replaced:
        ScoredSheet.objects.filter(assessment__in=replaced).update(superseded=True)
    return len(made)


def _copy(made: list[ScoredSheet]) -> None:
    """A first look scores years at once: COPY takes a fraction of the time of an INSERT."""
    own = ScoredSheet._meta.concrete_fields
    columns = sql.SQL(", ").join([sql.Identifier(str(f.column)) for f in own])
    words = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(ScoredSheet._meta.db_table), columns)
    with connection.cursor() as cursor, cursor.copy(words) as copy:
        for sheet in made:
            copy.write_row([getattr(sheet, f.attname) for f in own])


def _score(digest: str, rows: list[Assessment]) -> list[ScoredSheet]:
    """Sheets of one definition.  A sheet that cannot be read has no total; it is kept, so that it is counted as there."""
    totals: list[float | None] = [None] * len(rows)
    item = ""
    try:
        instrument = catalog.by_digest(digest)
    except BadInput:
        instrument = None
    if instrument is not None:
        totals = _totals(instrument, rows)
        item = next((rule.item for rule in instrument.safety if rule.kind == "alert"), "")
    return [
        ScoredSheet(
            assessment=row.uid, site=row.site, seq=row.seq, patient=row.patient_id, course=row.course_id,
            scale=row.scale, version=row.version, definition=digest, at=row.happened_at, total=total,
            ideation=_number(row.answers.get(item)) if item else None, superseded=row.retracted,
        )
        for row, total in zip(rows, totals, strict=True)
    ]  # fmt: skip


def _totals(instrument: Instrument, rows: list[Assessment]) -> list[float | None]:
    main = instrument.main
    if main is None or not instrument.questions:
        return [None] * len(rows)
    sheets = np.array([[_cell(row.answers.get(q.key)) for q in instrument.questions] for row in rows], dtype=np.float64)
    try:
        found = score_many(instrument, sheets)[main.key]
    except BadInput:
        if len(rows) == 1:
            return [None]
        return [total for row in rows for total in _totals(instrument, [row])]
    return [None if np.isnan(value) else float(value) for value in found]


def _number(value: object) -> float | None:
    try:
        return None if value is None or value == "" else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _cell(value: object) -> float:
    found = _number(value)
    return float("nan") if found is None else found
