"""What does this person weigh, and since when do we know it?  Measured at a session or for candidacy, ordered, or told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from stillhaven.clinic.record.looking import once

_LAST = "NOT t.retracted AND NOT EXISTS (SELECT 1 FROM {0} z WHERE z.amends_id = t.uid)"
_SQL = f"""
SELECT DISTINCT ON (patient) patient, kg, at, told FROM (
  SELECT s.patient_id AS patient, (t.value->>'kg')::float AS kg, t.happened_at AS at, false AS told
    FROM session_check t JOIN session_treatmentsession s ON s.id = t.session_id
    WHERE s.patient_id = ANY(%(who)s) AND t.kind = 'weight' AND {_LAST.format("session_check")}
  UNION ALL
  SELECT t.patient_id, (t.value->>'value')::float, t.happened_at, false FROM candidacy_measured t
    WHERE t.patient_id = ANY(%(who)s) AND t.key = 'weight_kg' AND jsonb_typeof(t.value->'value') = 'number'
      AND {_LAST.format("candidacy_measured")}
  UNION ALL
  SELECT t.patient_id, t.weight_kg::float, t.weighed_on::timestamp AT TIME ZONE st.zone + interval '12 hours', false
    FROM plan_order t JOIN people_site st ON st.id = t.site
    WHERE t.patient_id = ANY(%(who)s) AND t.weight_kg IS NOT NULL AND t.weighed_on IS NOT NULL
      AND {_LAST.format("plan_order")}
  UNION ALL
  SELECT t.patient_id, t.value::text::float, t.happened_at, true FROM intake_answer t
    WHERE t.patient_id = ANY(%(who)s) AND t.key = 'weight' AND jsonb_typeof(t.value) = 'number'
      AND {_LAST.format("intake_answer")}
) every_one ORDER BY patient, told, at DESC"""  # noqa: S608 (made of our own words)


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """A weight with its moment; `told`: nobody measured it, the person said so."""

    kg: float
    at: datetime
    told: bool = False

    def on(self, zone: object) -> date:
        """The day on which it was taken, by the clinic's own clock."""
        return self.at.astimezone(zone).date()  # type: ignore[arg-type]


def newest_weights(patients: Iterable[int]) -> dict[int, Weighed]:
    """The newest weight of each person: what was measured counts before what was told."""
    who = sorted(set(patients))
    if not who:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"who": who})
        return {pk: Weighed(kg=kg, at=at, told=told) for pk, kg, at, told in cursor.fetchall()}


@once
def newest_weight(patient_id: int) -> Weighed | None:
    """The newest weight of one person, or None where nobody knows one."""
    return newest_weights([patient_id]).get(patient_id)
