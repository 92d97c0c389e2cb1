"""Filling in: open a sheet with a definition, save each answer as it is given, finish; or record a whole sheet at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as log
from stillhaven.clinic.scales import alerts, catalog, links
from stillhaven.clinic.scales.models import (
    CHANNELS,
    Alert,
    Assessment,
    CheckInLink,
    CrisisHelp,
    GivenAnswer,
    OpenedSheet,
    ScaleText,
)
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.scales import Instrument, read_answer, score_sheet
from stillhaven.science.scales import alerts as hits_of

_AHEAD = timedelta(minutes=5)


class Person:
    """Somebody who answers without an account: named as themselves, with the way they came by."""

    pk = None

    def __init__(self, patient: Patient, way: str) -> None:
        self.signature_name = f"{patient.called} ({way})"[:120]


# ---------------------------------------------------------------- a check-in, answer by answer


@transaction.atomic
def open_sheets(link: CheckInLink, *, by: Any, at: datetime) -> list[OpenedSheet]:
    """The link's forms, each with the definition and the wording that hold now.  Opened before: as they were."""
    known = {row.place: row for row in OpenedSheet.objects.filter(link=link)}
    found = []
    for place, name in enumerate(link.scales, start=1):
        if place in known:
            found.append(known[place])
            continue
        instrument, text = catalog.require_askable(link.site_id, name, at.date())
        definition = catalog.keep(instrument, site=link.site_id, by=by)
        sheet = OpenedSheet(
            uid=uuid5(_SPACE, f"sheet:{link.pk}:{place}"), site=link.site_id, happened_at=at, patient=link.patient,
            course=link.course, link=link, scale=instrument.key, version=instrument.version, definition=definition,
            channel=link.channel, text=text.uid if text else None, place=place,
        )  # fmt: skip
        try:
            with transaction.atomic():
                log.append(sheet, by=by)
        except log.AlreadyRecorded as known_one:
            sheet = known_one.entry  # type: ignore[assignment]
        found.append(sheet)
    return found


_SPACE = UUID("6f8a52e8-6b6d-5b0e-9b0c-2a4a6d1b7c55")


def instrument_of(sheet: OpenedSheet) -> Instrument:
    """As the person saw it: the definition it was opened with, in the words it was opened with."""
    return catalog.worded(catalog.by_digest(sheet.definition), catalog.text_of(sheet.text))


def answers_of(sheet: OpenedSheet) -> dict[str, float | None]:
    """The newest answer to each question that was shown.  A question that was never reached is not in it."""
    found: dict[str, float | None] = {}
    for row in GivenAnswer.objects.filter(sheet=sheet).order_by("seq"):
        found[row.item] = row.value
    return found


@transaction.atomic
def save_answer(
    sheet: OpenedSheet, item: str, written: object, *, by: Any, at: datetime, uid: UUID | None = None
) -> list[Alert]:  # fmt: skip
    """Save one answer now, and raise what it calls for before the page is left.  "" or None is a skipped question."""
    if Assessment.objects.filter(sheet=sheet).exists():
        raise Refused(why="this form was sent already")
    instrument = catalog.by_digest(sheet.definition)
    value = read_answer(instrument.question(item), written)
    row = GivenAnswer(
        uid=uid or uuid4(), site=sheet.site, happened_at=at, sheet=sheet, patient=sheet.patient, item=item, value=value
    )
    try:
        with transaction.atomic():
            log.append(row, by=by)
    except log.AlreadyRecorded as known:
        row = known.entry  # type: ignore[assignment]
        if row.sheet_id != sheet.uid or row.item != item:
            raise Refused(why="this was sent under a name that something else has already") from None
        return []
    hits = hits_of(instrument, {item: value}, finished=False)
    return alerts.raise_alerts(hits, sheet.patient, instrument, born_of=row.uid, by=by, at=at, sheet=sheet)


@transaction.atomic
def say_well(sheets: Sequence[OpenedSheet], *, by: Any, at: datetime) -> int:
    """One tap: everything that the page said of whoever is well is true of this person.

    Gives the lowest answer to each question of that kind that has none yet; how many.  What was answered otherwise stays.
    """
    said = 0
    for sheet in sheets:
        given = answers_of(sheet)
        for question in catalog.by_digest(sheet.definition).at_once:
            if question.key not in given:
                uid = uuid5(sheet.uid, f"well:{question.key}")
                save_answer(sheet, question.key, question.low, by=by, at=at, uid=uid)
                said += 1
    return said


@transaction.atomic
def finish(link: CheckInLink, *, by: Any, at: datetime) -> list[Assessment]:
    """Send the whole check-in.  Sent twice, it is kept once; a question without an answer stays a gap."""
    locked = CheckInLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    sheets = list(OpenedSheet.objects.filter(link=link).order_by("place").select_related("patient"))
    if locked.used_at is not None:
        return list(Assessment.objects.filter(sheet__in=sheets).order_by("seq"))
    if why := links.why_shut(locked, at):
        raise Refused(why=f"this check-in is {why}; ask the clinic for a new one")
    if not sheets:
        raise Refused(why="nothing was begun yet")
    made = [_finished(sheet, by=by, at=at) for sheet in sheets]
    locked.used_at = at
    locked.save(update_fields=["used_at"])
    link.used_at = at
    return made


def _finished(sheet: OpenedSheet, *, by: Any, at: datetime) -> Assessment:
    instrument, given = catalog.by_digest(sheet.definition), answers_of(sheet)
    answers = {q.key: given.get(q.key) for q in instrument.questions}
    entry = Assessment(
        uid=uuid5(sheet.uid, "finished"), site=sheet.site, happened_at=at, patient=sheet.patient, course=sheet.course,
        sheet=sheet, scale=instrument.key, version=instrument.version, definition=sheet.definition,
        recall=instrument.recall, answers=answers, channel=sheet.channel, entered_at=at,
    )  # fmt: skip
    log.append(entry, by=by)
    blank = tuple(hit for hit in hits_of(instrument, answers) if hit.kind == "unanswered")
    alerts.raise_alerts(blank, sheet.patient, instrument, born_of=entry.uid, by=by, at=at, sheet=sheet)
    return entry


# ---------------------------------------------------------------- a whole sheet at once


@transaction.atomic
def record(
    patient: Patient, scale: str, answers: Mapping[str, object], *, by: Any, at: datetime,
    taken_at: datetime | None = None, channel: str = "clinician", source_note: str = "",
    stated: Mapping[str, float] | None = None, course: Course | None = None, uid: UUID | None = None,
    instrument: Instrument | None = None,
) -> Assessment:  # fmt: skip
    """Record one sheet that is complete as it is: rated by a clinician, copied from paper, or brought by another system.

    A repeat of the same uid gives the first one back.  BadInput for an answer that the scale does not offer.
    """
    if not isinstance(by, log.Program):
        roles.require_patient(by, "scale.enter", patient)
    if channel not in CHANNELS:
        raise BadInput("channel", f"must be one of {', '.join(CHANNELS)}")
    used = instrument or catalog.offered(patient.site_id, scale)
    if used.cannot or not used.questions:
        raise Refused(why=catalog.can_be_asked(used, None))
    when = taken_at or at
    if when > at + _AHEAD:
        raise BadInput("taken_at", "lies ahead; write when it was filled in")
    if when.date() < patient.born:
        raise BadInput("taken_at", "lies before the person was born")
    if channel == "paper" and not source_note.strip():
        raise BadInput("source_note", "write where the paper is from, and where it is kept")
    sheet = score_sheet(used, answers, stated)
    given = {q.key: read_answer(q, answers.get(q.key)) for q in used.questions}
    if all(value is None for value in given.values()):
        raise BadInput("answers", "at least one question needs an answer")
    definition = catalog.keep(used, site=patient.site_id, by=by)
    entry = Assessment(
        uid=uid or uuid4(), site=patient.site_id, happened_at=when, patient=patient,
        course=course or patient.courses.order_by("-opened_at").first(), scale=used.key, version=used.version,
        definition=definition, recall=used.recall, answers=given, channel=channel, entered_at=at,
        source_note=source_note.strip(), stated=dict(stated or {}),
        discrepancy="; ".join(d.why for d in sheet.discrepancies),
    )  # fmt: skip
    try:
        with transaction.atomic():
            log.append(entry, by=by)
    except log.AlreadyRecorded as known:
        first: Any = known.entry
        if first.patient_id != patient.pk or first.scale != used.key:
            raise Refused(
                why="this was sent under a name that something else has already; write it down anew"
            ) from None
        return first
    alerts.raise_alerts(sheet.alerts, patient, used, born_of=entry.uid, by=by, at=at)
    return entry


@transaction.atomic
def correct(
    entry: Assessment, answers: Mapping[str, object], *, by: Any, at: datetime, reason: str, retract: bool = False
) -> Assessment:  # fmt: skip
    """Correct a sheet, or take it back.  The old one stays; safety rules are asked again of the new answers."""
    roles.require_patient(by, "scale.enter", entry.patient)
    instrument = catalog.by_digest(entry.definition)
    sheet = score_sheet(instrument, answers, entry.stated)
    given = {q.key: read_answer(q, answers.get(q.key)) for q in instrument.questions}
    new: Any = log.amend(
        entry, by=by, at=at, reason=reason, retract=retract, answers=entry.answers if retract else given,
        discrepancy="; ".join(d.why for d in sheet.discrepancies), entered_at=at,
    )  # fmt: skip
    if not retract:
        alerts.raise_alerts(sheet.alerts, entry.patient, instrument, born_of=new.uid, by=by, at=at)
    return new


# ---------------------------------------------------------------- the clinic's own


@transaction.atomic
def load_text(site: int, content: dict[str, Any], *, by: Any, at: datetime, grant: Mapping[str, Any]) -> ScaleText:
    """Take the clinic's licensed wording into use, with who granted it.  See `texts.read_text` for the content."""
    roles.require(by, "scale.text")
    instrument = catalog.names(site).get(str(content["scale"]))
    if instrument is None:
        raise BadInput("scale", "is not a scale of this clinic")
    if not str(grant.get("granted_by", "")).strip():
        raise BadInput("granted_by", "write who granted the right")
    definition = ""
    if instrument.brings_items:
        brought, kept = content["brought"]
        definition = catalog.keep(brought, site=site, by=by, content=kept)
    entry = ScaleText(
        site=site, happened_at=at, scale=instrument.key, version=instrument.version,
        language=str(content.get("language") or "en")[:10], granted_by=str(grant["granted_by"]).strip()[:200],
        grant_number=str(grant.get("grant_number", "")).strip()[:120], granted_on=grant.get("granted_on"),
        until=grant.get("until"), definition=definition,
        content={k: content[k] for k in ("stem", "items", "choices") if k in content},
    )  # fmt: skip
    log.append(entry, by=by)
    return entry


@transaction.atomic
def set_crisis_line(site: int, name: str, number: str, words: str, *, by: Any, at: datetime) -> CrisisHelp:
    """Whom a person in danger can call here."""
    roles.require(by, "scale.text")
    if not name.strip() or not any(c.isdigit() for c in number):
        raise BadInput("line_number", "write the line's name and its number")
    entry = CrisisHelp(
        site=site,
        happened_at=at,
        line_name=name.strip()[:120],
        line_number=number.strip()[:40],
        words=words.strip()[:500],
    )
    log.append(entry, by=by)
    return entry
