"""What was the newest usable value of a sign, for many people at once?  Read for a whole day's board in one question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

_USABLE = """r.signal = g.signal AND r.value IS NOT NULL AND NOT r.retracted AND r.quality IN ('good', 'questionable')
  AND NOT EXISTS (SELECT 1 FROM vitals_reading z WHERE z.amends_id = r.uid)
  AND NOT EXISTS (SELECT 1 FROM vitals_readingmark m WHERE m.patient_id = p.id AND m.signal = r.signal AND NOT m.retracted
    AND NOT EXISTS (SELECT 1 FROM vitals_readingmark y WHERE y.amends_id = m.uid)
    AND r.happened_at >= m.start AND r.happened_at < m."end")"""
_SQL = f"""
SELECT p.id, g.signal, x.value, x.happened_at
FROM unnest(%(who)s::bigint[]) p(id) CROSS JOIN unnest(%(signals)s::text[]) g(signal) JOIN LATERAL (
  SELECT value, happened_at, seq FROM (
    (SELECT r.value, r.happened_at, r.seq FROM vitals_reading r
      WHERE r.patient_id = p.id AND r.happened_at >= %(start)s AND r.happened_at < %(end)s AND {_USABLE}
      ORDER BY r.happened_at DESC, r.seq DESC LIMIT 1)
    UNION ALL
    (SELECT r.value, r.happened_at, r.seq FROM vitals_attachment a JOIN vitals_reading r ON r.device_id = a.device_id
        AND r.happened_at >= greatest(a.start, %(start)s) AND r.happened_at < least(coalesce(a."end", %(end)s), %(end)s)
      WHERE a.patient_id = p.id AND NOT a.retracted AND a.start < %(end)s AND coalesce(a."end", %(end)s) > %(start)s
        AND NOT EXISTS (SELECT 1 FROM vitals_attachment w WHERE w.amends_id = a.uid) AND {_USABLE}
      ORDER BY r.happened_at DESC, r.seq DESC LIMIT 1)
  ) both_ways ORDER BY happened_at DESC, seq DESC LIMIT 1
) x ON true"""  # noqa: S608 (made of our own words)


def newest_of(
    patients: Iterable[int], signals: Iterable[str], start: datetime, end: datetime
) -> dict[int, dict[str, tuple[float, datetime]]]:
    """By person and sign: the newest usable value between start and end, by hand or by a monitor, and when it was."""
    who = sorted(set(patients))
    found: dict[int, dict[str, tuple[float, datetime]]] = {pk: {} for pk in who}
    if who:
        with connection.cursor() as cursor:
            cursor.execute(_SQL, {"who": who, "signals": list(signals), "start": start, "end": end})
            for pk, signal, value, at in cursor.fetchall():
                found[pk][signal] = (value, at)
    return found
