"""Which rows leave the clinic, and as which files?  Only of people who consent now; without names, with moved dates."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.consent.models import Signature
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record import keys
from stillhaven.clinic.registry import dictionary, gather, scored
from stillhaven.clinic.registry.models import ScoredSheet
from stillhaven.clinic.session import queries as sessions
from stillhaven.clinic.session.models import Dose
from stillhaven.science import dose_run, groups
from stillhaven.science.errors import Refused

Row = dict[str, Any]
Tables = dict[str, list[Row]]
_DAY_S = 86400.0
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Files ready to leave."""

    files: Mapping[str, bytes]
    people: int
    courses: int
    members: tuple[str, ...]

    @property
    def listed(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(self.files.items())
        ]

    @property
    def sha256(self) -> str:
        """Of the list of files with their own hashes."""
        return hashlib.sha256(json.dumps(self.listed, sort_keys=True).encode()).hexdigest()

    def zip(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in sorted(self.files.items()):
                made.writestr(zipfile.ZipInfo(name, _ZIP_DATE), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()


# ---------------------------------------------------------------- who
def consenting(site: int, now: datetime) -> list[Patient]:
    """Everybody whose consent to share stands at this moment: asked anew each time."""
    signed = Signature.objects.filter(site=site, document="registry").values("patient")
    people = Patient.objects.filter(site_id=site, pk__in=signed).order_by("pk")
    return [person for person in people if consent.wants_registry(person, now)]


def _keyed(purpose: str, recipient: str, patient: int) -> bytes:
    words = f"registry\n{purpose}\n{' '.join(recipient.lower().split())}\n{patient}"
    return hmac.new(keys.chain_key(), words.encode(), hashlib.sha256).digest()


def pseudonym(recipient: str, patient: int) -> str:
    """What one recipient knows somebody by."""
    return "P" + _keyed("name", recipient, patient).hex()[:14]


def moved_by(recipient: str, patient: int) -> timedelta:
    """How far all dates of this person are moved."""
    return timedelta(days=groups.shifted_days(_keyed("dates", recipient, patient), gather.book().rules.shift_most_d))


# ---------------------------------------------------------------- rows
def tables(site: Site, recipient: str, now: datetime) -> tuple[Tables, list[Patient]]:
    """The four tables.  Refused where too few people consent for anybody to be lost in the crowd."""
    people = {person.pk: person for person in consenting(site.pk, now)}
    scored.refresh(site.pk)
    rules, zone = gather.book().rules, ZoneInfo(site.zone)
    read = {course: rows for course, rows in _read(site.pk, now).items() if rows[0][1].patient in people}
    found = [rows[0][1] for rows in read.values()]
    here = {one.patient for one in found}
    if len(here) < rules.small_cell:
        raise Refused(
            why=f"too few people to send: files leave from {rules.small_cell} people on whose consent to share stands "
            "and who were treated here; make the synthetic copy for teaching instead"
        )
    out: Tables = {name: [] for name in dictionary.TABLES}
    doses = _doses([one.course for one in found])
    sheets: dict[int, list[ScoredSheet]] = {}
    for sheet in ScoredSheet.objects.filter(site=site.pk, patient__in=here, superseded=False, at__lte=now).order_by(
        "at"
    ):
        sheets.setdefault(sheet.patient, []).append(sheet)
    numbers: dict[int, int] = {}
    for one in sorted(found, key=lambda o: (o.first, o.course)):
        numbers[one.patient] = number = numbers.get(one.patient, 0) + 1
        who = {"person": pseudonym(recipient, one.patient), "course": number}
        move = moved_by(recipient, one.patient)
        age = people[one.patient].age_y(one.first.astimezone(zone).date())
        out["courses"].append(who | {
            "age_group": _age_group(age, rules.age_cap_y), "sex": people[one.patient].sex, "indication": one.indication,
            "treatment": one.family, "first_session_on": (one.first.astimezone(zone) + move).date().isoformat(),
            "sessions": one.sessions, "finished_induction": one.finished,
        })  # fmt: skip
        given = doses.get(one.course, [])
        out["sessions"] += [
            who | {"session": n, "on": (at.astimezone(zone) + move).date().isoformat(), "day": (at - one.first).days,
                   "drug": drug, "route": route, "given_mg": mg}
            for n, (at, drug, route, mg) in enumerate(given, 1)
        ]  # fmt: skip
        if number == 1:  # a form belongs to a person; it stands once
            times = [at for at, *_ in given]
            out["assessments"] += [_sheet(who, s, one.first, times, move, zone) for s in sheets.get(one.patient, [])]
        out["outcomes"] += [who | _outcome(reading, scale) for scale, reading in read[one.course]]
    _hide(out["courses"], rules.small_cell)
    for rows in out.values():
        rows.sort(key=lambda row: (row["person"], row["course"], row.get("session", 0), row.get("on", "")))
    return out, [people[pk] for pk in sorted(here)]


def _read(site: int, now: datetime) -> dict[int, list[tuple[str, gather.OneCourse]]]:
    """Every course by the first scale of its kind of indication, then by each other scale that has a form of it."""
    known, out = gather.kinds([site], now), dict[int, list[tuple[str, gather.OneCourse]]]()
    for family, kinds in known.groups.items():
        for group in kinds:
            for place, scale in enumerate(gather.scales_of(group)):
                for one in gather.each([site], family, now, known.view(family, group, scale)):
                    if place == 0 or one.baseline is not None or one.window is not None:
                        out.setdefault(one.course, []).append((scale, one))
    return out


def _age_group(age: int, cap: int) -> str:
    ten = groups.capped_age(age, cap) // 10 * 10
    return f"{cap} and over" if age >= cap else f"{ten}-{ten + 9}"


def _hide(rows: list[Row], least: int) -> None:
    """Combinations that too few people share, counted by person so that two courses are not two people."""
    names = ("age_group", "sex", "indication")
    first = [row for row in rows if row["course"] == 1]
    told = {
        row["person"]: row
        for row in groups.hide_rare([{k: row[k] for k in ("person", *names)} for row in first], names, least)
    }
    for row in rows:
        row |= {name: told[row["person"]][name] for name in names}


def _doses(courses: list[int]) -> dict[int, list[tuple[datetime, str, str, float | None]]]:
    rows = Dose.objects.current().filter(session__course__in=courses, session__drill=False).select_related("session")
    own: dict[int, list[Dose]] = {}
    for row in rows.order_by("happened_at", "seq"):
        own.setdefault(row.session_id, []).append(row)
    out: dict[int, list[tuple[datetime, str, str, float | None]]] = {}
    for dosed in sorted(own.values(), key=lambda d: d[0].happened_at):
        end = dosed[-1].happened_at + timedelta(days=1)  # whatever ran has run out by then
        mg = dose_run.number(dose_run.run(sessions.dose_entries(dosed), end).total[0])
        out.setdefault(dosed[0].session.course_id, []).append(
            (dosed[0].happened_at, dosed[0].drug, dosed[0].route, None if mg is None else round(mg, 2))
        )
    return out


def _sheet(
    who: Row, sheet: ScoredSheet, first: datetime, times: list[datetime], move: timedelta, zone: ZoneInfo
) -> Row:  # fmt: skip
    before = [at for at in times if at <= sheet.at]
    return who | {
        "scale": sheet.scale, "version": sheet.version, "definition": sheet.definition,
        "on": (sheet.at.astimezone(zone) + move).date().isoformat(),
        "day": round((sheet.at - first).total_seconds() / _DAY_S, 2),
        "days_since_last_session": round((sheet.at - before[-1]).total_seconds() / _DAY_S, 2) if before else None,
        "sessions_so_far": len(before), "total": sheet.total, "suicide_item": sheet.ideation,
    }  # fmt: skip


def _outcome(one: gather.OneCourse, scale: str) -> Row:
    missing = ""
    if not one.due:
        missing = "window not over yet"
    elif one.baseline is None:
        missing = "no form before"
    elif one.window is None:
        missing = "no form in the window"
    both = one.baseline is not None and one.window is not None
    asked = one.baseline_ideation is not None and one.window_ideation is not None
    return {
        "scale": scale, "window_over": one.due, "baseline": one.baseline, "in_window": one.window,
        "responded": one.responded, "in_remission": one.remitted,
        "change": one.window - one.baseline if both else None,  # type: ignore[operator]
        "suicide_item_rose": one.window_ideation > one.baseline_ideation if asked else None,  # type: ignore[operator]
        "missing": missing,
    }  # fmt: skip


# ---------------------------------------------------------------- files
def packed(site: Site, recipient: str, now: datetime) -> Packed:
    """The clinic's files for one recipient."""
    made, people = tables(site, recipient, now)
    return pack(made, [pseudonym(recipient, p.pk) for p in people], synthetic=False)


def pack(made: Tables, members: Iterable[str], *, synthetic: bool) -> Packed:
    """CSV and Parquet of each table, the dictionary and the method page."""
    prefix = "SYNTHETIC_" if synthetic else ""
    files: dict[str, bytes] = {
        f"{prefix}dictionary.csv": dictionary.as_csv().encode(),
        f"{prefix}METHOD.md": dictionary.method(synthetic=synthetic).encode(),
    }
    for name, rows in made.items():
        columns = dictionary.columns(name) + (["synthetic"] if synthetic else [])
        text = _csv(columns, ({**row, "synthetic": True} for row in rows) if synthetic else rows)
        files[f"{prefix}{name}.csv"] = text
        files[f"{prefix}{name}.parquet"] = _parquet(name, columns, text)
    own = tuple(sorted(members))
    return Packed(files=files, people=len(own), courses=len(made["courses"]), members=own)


def _csv(columns: list[str], rows: Iterable[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(row[name]) for name in columns})
    return out.getvalue().encode()


def _plain(value: Any) -> Any:
    """True and false in words, and no text that a spreadsheet would run."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


_TYPES = {
    "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "true or false": "BOOLEAN",
}  # fmt: skip


def _parquet(table: str, columns: list[str], text: bytes) -> bytes:
    """The same rows as Parquet, with types from the dictionary."""
    import duckdb  # only for files that leave

    kinds = {c: _TYPES[dictionary.TABLES[table].get(c, ("true or false", ""))[0]] for c in columns}
    with tempfile.TemporaryDirectory() as home:
        here, there = Path(home) / "rows.csv", Path(home) / "rows.parquet"
        here.write_bytes(text)
        with duckdb.connect() as base:
            typed = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
            base.execute(f"CREATE TABLE rows ({typed})")
            base.execute(f"COPY rows FROM '{here}' (HEADER, DELIMITER ',', QUOTE '\"', NULLSTR '')")
            base.execute(f"COPY rows TO '{there}' (FORMAT parquet)")
        return there.read_bytes()
