"""Is what came back what was there?  Counts the rows of every table, and hashes them in a way that order cannot change."""

from __future__ import annotations

from typing import Any

import psycopg
import psycopg.sql

from stillhaven.science.errors import Refused

# A row's text must not depend on who asks.
PLAIN = {
    "timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "iso_8601",
    "extra_float_digits": "3", "bytea_output": "hex", "row_security": "off",
}  # fmt: skip


def tables(connection: psycopg.Connection) -> dict[str, dict[str, Any]]:
    """`schema.table` -> rows and fingerprint, for every table of the clinic, as this transaction sees them."""
    for name, value in PLAIN.items():
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])
    names = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY schemaname, tablename"
    ).fetchall()
    found = {}
    for schema, table in names:
        row = connection.execute(
            psycopg.sql.SQL(
                "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM {} AS t"
            ).format(psycopg.sql.Identifier(schema, table))
        ).fetchone()
        assert row is not None
        found[f"{schema}.{table}"] = {"rows": row[0], "fingerprint": str(row[1])}
    return found


def heads(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """The signed ends of the record's chains: name, number of entries, hash."""
    if connection.execute("SELECT to_regclass('public.record_head')").fetchone() == (None,):
        return []
    rows = connection.execute("SELECT name, count, encode(hash, 'hex') FROM record_head ORDER BY name").fetchall()
    return [{"name": name, "count": count, "hash": digest} for name, count, digest in rows]


def refuse_other(before: dict[str, Any], connection: psycopg.Connection) -> None:
    """Refuse a database whose tables or heads are not those of the manifest."""
    now = tables(connection)
    told: dict[str, Any] = before.get("tables", {})
    wrong = sorted(name for name in {*told, *now} if told.get(name) != now.get(name))
    if wrong:
        name = wrong[0]
        why = (
            f"{len(wrong)} of {len(told)} tables came back otherwise than they were: {name} had "
            f"{told.get(name, {}).get('rows', 'no')} rows and has {now.get(name, {}).get('rows', 'no')}"
        )
        raise Refused(why=why)
    if before.get("heads", []) != heads(connection):
        raise Refused(why="the signed heads of the record came back otherwise than they were")
