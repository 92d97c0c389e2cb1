"""Ten thousand synthetic people with everything that a clinic knows of them: copies of the demo's, straight in the tables.

Each table that hangs on a person is copied row by row in one statement a table: keys are moved by a fixed step, names made
from a uuid by hashing it, days shifted into the last two years.  Hashes are copies too, so this is for measuring alone.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.schedule.models import Chair

STEP = 1_000_000  # from one copy's numbers to the next one's
SEQ_STEP = 1_000_000_000
DAYS = 700  # over so many days are the copies spread
_COPIED = {  # readings are made anew, four a session
    "people", "course", "intake", "candidacy", "consent", "plan", "session", "recovery", "scales", "post",
    "followup", "monitoring",
}  # fmt: skip
# What stands in a queue until somebody has seen to it: a clinic has some of these open, not thousands.
_RARE = {
    "consent.question", "consent.answer", "intake.safetycall", "scales.alert", "scales.alerttask", "post.thread", "post.letter",
    "post.enclosure", "post.seen", "followup.watchsignal", "followup.watchtask",
}  # fmt: skip
_OPEN_STATES = "('booked', 'checked_in', 'ready', 'dosing', 'held', 'recovering')"


def copy_people(count: int) -> int:
    """So many more people; how many there are then."""
    templates = Patient.objects.filter(pk__lt=STEP).count()
    copies = -(-count // templates)
    known = _closure()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for model in known:
            rare = model._meta.label_lower in _RARE
            cursor.execute(_copy(model, known), {"n": max(1, copies // 100) if rare else copies})
        _more_sessions(cursor)
        _more_sheets(cursor)
        cursor.execute("SET synchronous_commit = on")
    return Patient.objects.count()


def _closure() -> list[type[models.Model]]:
    """Every table that leads to a person, in an order in which each comes after those that it points to."""
    mine = [m for m in apps.get_models() if m._meta.app_label in _COPIED]
    found: list[type[models.Model]] = [Patient]
    grown = True
    while grown:
        grown = False
        for model in mine:
            points = {f.related_model for f in model._meta.concrete_fields if f.is_relation} - {model}
            if model in found or model.__name__ == "User" or not points & set(found):
                continue
            waits = {p for p in points if p in mine and p not in found and _leads(p, mine, {model})}
            if not waits:
                found.append(model)
                grown = True
    return found


def _leads(model: Any, mine: list[Any], seen: set[Any]) -> bool:
    """Does this table lead to a person, in however many steps?"""
    if model is Patient:
        return True
    if model.__name__ == "User" or model in seen:
        return False
    points = {f.related_model for f in model._meta.concrete_fields if f.is_relation} & set(mine)
    return any(_leads(p, mine, seen | {model}) for p in points)


def _copy(model: type[models.Model], known: list[type[models.Model]]) -> str:
    fields = model._meta.concrete_fields
    names = ", ".join(f'"{f.column}"' for f in fields)
    values = ", ".join(_value(model, f, known) for f in fields)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {values} FROM "{model._meta.db_table}" t, '
        f"generate_series(1, %(n)s::bigint) k WHERE {_original(model, known)} ON CONFLICT DO NOTHING"
    )


def _original(model: type[models.Model], known: list[type[models.Model]]) -> str:
    """The rows that are copied: those which the demo made."""
    if issubclass(model, Entry):
        found = f"t.seq < {SEQ_STEP}"
    elif isinstance(model._meta.pk, models.OneToOneField):
        found = f'NOT EXISTS (SELECT 1 FROM "{model._meta.db_table}" z WHERE false)'
    else:
        found = f't."{model._meta.pk.column}" < {STEP}'
    return found


def _moved(column: str, kind: models.Field[Any, Any]) -> str:
    if isinstance(kind, models.OneToOneField):
        return _moved(column, kind.related_model._meta.pk)  # type: ignore[union-attr]
    return f"md5({column}::text || ':' || k)::uuid" if isinstance(kind, models.UUIDField) else f"{column} + k * {STEP}"


def _value(model: type[models.Model], field: Any, known: list[type[models.Model]]) -> str:
    column = f't."{field.column}"'
    if field.is_relation:
        target = field.related_model
        return _moved(column, target._meta.pk) if target in known else column
    if field.primary_key or isinstance(field, models.UUIDField):
        return _moved(column, field)
    if field.name == "seq":
        return f"{column} + k * {SEQ_STEP}"
    if model.__name__ == "TreatmentSession" and field.name == "state":
        return f"CASE WHEN {column} IN {_OPEN_STATES} THEN 'signed' ELSE {column} END"
    if model.__name__ == "Attachment" and field.name == "end":
        return f"coalesce({column}, t.start + interval '3 hours') - k %% {DAYS} * interval '1 day'"
    if model.__name__ == "Intake" and field.name == "reviewed_at":
        return f"CASE WHEN k %% 100 = 0 THEN {column} ELSE coalesce({column}, t.sent_at, t.started_at) END"
    if model is Patient and field.name in ("external_id", "name"):
        return f"{column} || ' ' || k"
    if isinstance(field, models.DateTimeField):
        return f"{column} - k %% {DAYS} * interval '1 day'"
    if isinstance(field, models.DateField):
        return f"{column} - (k %% {DAYS})::int"
    if field.unique:
        return f"md5({column} || k)"
    return column


_ENTRY = "{uid}, c.site_id, {seq} + row_number() OVER (), {at}, {at}, 'bench', '', false, '\\x00'"
_PAST = f"""FROM course_course c, generate_series(1, 5) n WHERE c.id > {STEP} AND c.id %% 3 <> 0"""


def _more_sessions(cursor: Any) -> None:
    """Most people have come some five times: each time with a dose, a weight and four readings by hand."""
    at = "c.opened_at + n * interval '4 days'"
    cursor.execute(
        "INSERT INTO session_treatmentsession (uid, site_id, patient_id, course_id, booked_for, state, number, drill) "
        f"SELECT md5('bench' || c.id || ':' || n)::uuid, c.site_id, c.patient_id, c.id, {at}, 'signed', n + 1, false {_PAST}",
        {},
    )
    of = "FROM session_treatmentsession c WHERE c.number > 1 AND c.order_id IS NULL AND c.nurse_id IS NULL AND c.state = 'signed'"
    given = _ENTRY.format(uid="gen_random_uuid()", seq=-2_000_000_000, at="c.booked_for")
    head = "uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash"
    cursor.execute(
        f"INSERT INTO session_dose ({head}, session_id, kind, drug, route, amount_mg, over_s, from_bag, lot, why) SELECT {given}, "
        f"c.id, 'single', 'ketamine', 'iv_infusion', 40, 0, false, '', '' {of}"
    )
    cursor.execute(
        f"INSERT INTO session_check ({head}, session_id, kind, value) "
        f"""SELECT {given}, c.id, 'weight', '{{"kg": 71.5}}'::jsonb {of}"""
    )
    cursor.execute(
        f'INSERT INTO vitals_reading ({head}, "index", patient_id, signal, value, quality, why, probe, source, mode, '
        f"code_sent, unit_sent, value_sent) SELECT {given}, 0, c.patient_id, s, v, 'good', '', '', 'hand', 'simulated', '', '', '' "
        f"{of.replace(' WHERE', f', (VALUES {_VALUES}) x(s, v) WHERE')}"
    )


_VALUES = "('systolic_mmhg', 128), ('diastolic_mmhg', 79), ('heart_rate_per_min', 71), ('spo2_pct', 98)"


def _more_sheets(cursor: Any) -> None:
    """Ten more sheets of the first scale that the demo's people filled in."""
    cursor.execute(
        f"""INSERT INTO scales_assessment (uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash, patient_id,
            course_id, scale, version, definition, recall, language, answers, channel, entered_at, source_note, stated, discrepancy)
        SELECT gen_random_uuid(), c.site_id, -2000000000 + row_number() OVER (), c.opened_at + n * interval '7 days',
            c.opened_at + n * interval '7 days', 'bench', '', false, '\\x00', c.patient_id, c.id, a.scale, a.version, a.definition,
            a.recall, a.language, a.answers, 'link', c.opened_at + n * interval '7 days', '', a.stated, ''
        FROM course_course c, generate_series(1, 10) n,
            (SELECT * FROM scales_assessment WHERE scale = 'phq9' AND seq < {SEQ_STEP} ORDER BY seq LIMIT 1) a
        WHERE c.id > {STEP}"""
    )


# ---------------------------------------------------------------- the book
_NURSES = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2))  # chair by chair: which nurse, which lane
_HOURS = (time(8), time(11), time(14))


def fill_the_book(site: Site, nurses: list[int], now: datetime, before: int = 300, ahead: int = 24) -> None:
    """Five chairs three times a day, a year back and weeks ahead, each visit with its reminder; those ahead with a session."""
    zone = f"'{site.zone}'"
    chairs = list(Chair.objects.filter(site=site).order_by("order").values_list("pk", flat=True))[: len(_NURSES)]
    rows = ", ".join(
        f"({slot * len(chairs) + i}, time '{hour}', {chair}, {nurses[_NURSES[i][0] - 1]}, {_NURSES[i][1]})"
        for slot, hour in enumerate(_HOURS)
        for i, chair in enumerate(chairs)
    )
    given = {"now": now, "site": site.pk, "before": -before, "ahead": ahead, "n": len(chairs) * len(_HOURS)}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO schedule_appointment (uid, site_id, patient_id, course_id, kind, starts_at, ends_at, drug, route,
                chair_id, nurse_id, lane, lanes, state, why, number, moves, booked_at, note, session_uid, order_uid)
            SELECT md5('visit' || d || ':' || s.i)::uuid, %(site)s, c.patient_id, c.id, 'session', x.at, x.at + interval '165 min',
                'ketamine', 'iv_infusion', s.chair, s.nurse, s.lane, 3, CASE WHEN x.at < %(now)s THEN 'done' ELSE 'booked' END,
                '', 1, 0, x.at - interval '9 days', '', md5('due' || d || ':' || s.i)::uuid, o.uid
            FROM generate_series(%(before)s, %(ahead)s) d CROSS JOIN (VALUES {rows}) s(i, hour, chair, nurse, lane)
            CROSS JOIN LATERAL (SELECT (((%(now)s AT TIME ZONE {zone})::date + d) + s.hour) AT TIME ZONE {zone} AS at) x
            JOIN (SELECT id, patient_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS every
                FROM course_course WHERE id > {STEP}) c ON c.place = ((d + 400) * %(n)s + s.i) %% c.every
            LEFT JOIN LATERAL (SELECT uid FROM plan_order WHERE course_id = c.id ORDER BY seq DESC LIMIT 1) o ON true
            WHERE NOT EXISTS (SELECT 1 FROM schedule_appointment e WHERE e.id < {STEP}
                AND e.starts_at < x.at + interval '165 min' AND e.ends_at > x.at)""",
            given,
        )
        cursor.execute(
            """INSERT INTO session_treatmentsession (uid, site_id, patient_id, course_id, order_id, chair_id, nurse_id, booked_for,
                state, number, drill)
            SELECT session_uid, site_id, patient_id, course_id, order_uid, chair_id, nurse_id, starts_at,
                CASE WHEN state = 'done' THEN 'signed' ELSE 'booked' END, 7, false
            FROM schedule_appointment WHERE session_uid IS NOT NULL ON CONFLICT DO NOTHING"""
        )
        cursor.execute(
            """INSERT INTO post_outmessage (uid, site_id, patient_id, channel, "to", template, context, purpose, about, once, due_at,
                state, tries, last_error, queued_at)
            SELECT gen_random_uuid(), site_id, patient_id, 'email', 'bench@demo.example', 'reminder', '{}'::jsonb, 'reminder', uid,
                uid || ':bench', starts_at - interval '1 day', CASE WHEN state = 'done' THEN 'sent' ELSE 'queued' END, 1, '',
                booked_at FROM schedule_appointment ON CONFLICT DO NOTHING"""
        )
        cursor.execute(
            """INSERT INTO schedule_visitanswer (uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash,
                appointment_id, patient_id, kind, value)
            SELECT gen_random_uuid(), site_id, 2000000000 + row_number() OVER (), booked_at, booked_at, 'bench', '', false, '\\x00',
                id, patient_id, 'confirm', '{"prepared": "yes", "infection": "no", "driver": "Ruth", "driver_phone": "555"}'::jsonb
            FROM schedule_appointment WHERE id % 2 = 0"""
        )


def fill_the_logs(site: Site, now: datetime, looks: int = 200_000, changes: int = 60_000) -> None:
    """Who looked at whom, and what was changed, over the years."""
    given = {"site": site.pk, "now": now, "looks": looks, "changes": changes, "step": STEP}
    head = "uid, site, seq, happened_at, recorded_at, by_name, reason, retracted, hash"
    entry = "gen_random_uuid(), %(site)s, 3000000000 + g, x.at, x.at, 'N. Bench RN', '', false, '\\x00'"
    at = "CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - g * interval '4 minutes' AS at) x"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO record_access ({head}, patient, what, path, refused, why, address) SELECT {entry}, "
            f"1 + g %% 6 + g %% 1666 * %(step)s, 'chart', '/patients/1/', false, '', '' FROM generate_series(1, %(looks)s) g {at}",
            given,
        )
        cursor.execute(
            f'INSERT INTO record_adminchange ({head}, "table", "row", before, after) SELECT {entry}, \'people.Patient\', g::text, '
            f"'{{}}'::jsonb, '{{}}'::jsonb FROM generate_series(1, %(changes)s) g {at}",
            given,
        )
        cursor.execute("ANALYZE")


def fill_the_safe(site: Site, staff: Any, now: datetime, deliveries: int = 8) -> None:
    """Two hundred vials in the safe, through the same deed that staff do."""
    from stillhaven.clinic.people.witness import Witness
    from stillhaven.clinic.stock import actions, queries

    for number in range(deliveries):
        at = now - timedelta(days=90 - number * 8)
        actions.receive(
            site, drug="ketamine", product="Ketamine HCl injection 50 mg/mL, 10 mL vial", mg_per_ml="50", volume_ml="10", vials=25,
            lot=f"BENCH-{number:03}", expires=(now + timedelta(days=30 + number * 9)).date(), supplier="Harbor Medical Supply",
            invoice=f"B-{number}", received_on=queries.today(site, at), by=staff["second"], witness=Witness(user=staff["nurse"], how="demo"), at=at,
        )  # fmt: skip
