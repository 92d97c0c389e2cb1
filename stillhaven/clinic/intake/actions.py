"""Writes of the intake: what is typed, what is given, what is corrected, what is sent and reviewed."""

from __future__ import annotations

import hashlib
import uuid as uuids
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from stillhaven.clinic.intake import persons, queries
from stillhaven.clinic.intake.models import (
    Answer,
    Draft,
    InsuranceCard,
    Intake,
    MedicineLine,
    SafetyCall,
    TrialLine,
)
from stillhaven.clinic.intake.queries import MEDICINES_ASKED, TRIALS_ASKED
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import editing, media
from stillhaven.clinic.scales import alerts
from stillhaven.science import intake as rules
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.intake import IntakeRules, Said, Section
from stillhaven.science.units import parse_number

OUTCOMES = {"none": "No better", "partial": "A little better", "response": "Much better", "remission": "Well again",
            "worse": "Worse"}  # fmt: skip
_MOST_MG, _MOST_WEEKS = 20_000.0, 3_000.0  # beyond these a number is a slip of the hand
_SIDES = ("front", "back")


class BadAnswers(BadInput):
    """Several answers of one screen cannot be read; each with its reason, so that all are mended at once."""

    def __init__(self, others: tuple[BadInput, ...]) -> None:
        super().__init__(others[0].field, others[0].why)
        self.others = others


def _source(by: Any) -> str:
    return "patient" if by.patient_id else "staff"


def begin(patient: Patient, *, by: User, at: datetime) -> Intake:
    """The person's intake, begun now where there is none; locked until the transaction ends."""
    roles.require_patient(by, "intake.fill", patient)
    found, made = Intake.objects.get_or_create(
        patient=patient, defaults={"started_at": at, "course": patient.courses.order_by("-opened_at").first()}
    )
    if made:
        record.log_change(found, {}, {"patient": patient.pk, "started_at": at.isoformat()}, by=by, site=patient.site_id)
    return Intake.objects.select_for_update().get(pk=found.pk)


def _section(patient: Patient, key: str) -> tuple[IntakeRules, Section]:
    form = queries.form_of(patient.site_id)
    section = form.section(key)
    if section is None:
        raise BadInput("section", "is not a part of the intake")
    return form, section


# ---------------------------------------------------------------- what is typed and not yet given


@transaction.atomic
def keep_draft(
    patient: Patient, key: str, typed: Mapping[str, Any], *, was: Mapping[str, Any] | None = None, seen: str = "",
    by: User, at: datetime,
) -> Draft:  # fmt: skip
    """Keep what somebody is typing.  Only the fields that are named change.

    `was` is what the same field held when this device last looked: where another device typed something else meanwhile,
    both texts are kept, the other one in `others`.
    """
    _form, section = _section(patient, key)
    intake = begin(patient, by=by, at=at)
    fields = {q.key for q in section.questions} | {f"{q.key}.unit" for q in section.questions}
    kept = {k: _kept(v) for k, v in typed.items() if k in fields}
    draft, _made = Draft.objects.get_or_create(
        intake=intake, section=key, author=by, defaults={"saved_at": at, "seen": seen[:20_000]}
    )
    merged = editing.merge(
        {k: editing.stamp(_kept(v)) for k, v in (was or {}).items()}, kept, draft.values, empty="",
        chosen=dict.fromkeys(kept, editing.MINE) if was is None else None,
    )  # fmt: skip
    for clash in merged.clashes:
        others = [t for t in draft.others.get(clash.field, []) if t != clash.theirs]
        draft.others[clash.field] = [*others, clash.theirs][-5:]
        draft.values[clash.field] = clash.mine
    draft.values |= merged.changes
    draft.saved_at = at
    draft.save(update_fields=["values", "others", "saved_at"])
    return draft


def _kept(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(v)[:200] for v in value][:40]
    return str(value or "")[: rules.LONGEST]


# ---------------------------------------------------------------- what is given


@transaction.atomic
def give(
    patient: Patient, key: str, typed: Mapping[str, Any], *, by: User, at: datetime, none: bool = False,
    seen: str | None = None, chosen: Mapping[str, str] | None = None, reason: str = "", uid: UUID | None = None,
) -> list[Answer]:  # fmt: skip
    """Give the answers of one section.  What cannot be read stops all of them; what was answered before is amended.

    `none` answers every question that is still open with its "none of these".  `seen` are the fingerprints of what the
    form showed; where somebody else answered differently meanwhile, `editing.Clashed` carries both.  Without `seen`
    (a program, a form on paper) what is given stands.
    """
    form, section = _section(patient, key)
    return take(
        patient, form, section, typed, by=by, at=at, none=none, seen=seen, chosen=chosen, reason=reason, uid=uid
    )


@transaction.atomic
def take(
    patient: Patient, form: IntakeRules, section: Section, typed: Mapping[str, Any], *, by: User, at: datetime,
    none: bool = False, seen: str | None = None, chosen: Mapping[str, str] | None = None, reason: str = "",
    uid: UUID | None = None,
) -> list[Answer]:  # fmt: skip
    """The same for any group of questions, such as a whole form that came on paper."""
    intake = begin(patient, by=by, at=at)
    if uid is not None and Answer.objects.filter(uid=uid).exists():
        uid = None  # sent twice, or again after the back button: what is the same changes nothing, what is new is kept
    patient = Patient.objects.select_for_update().select_related("site").get(pk=patient.pk)
    answers = queries.answers_of(patient)
    stands = queries.values(patient, form, answers)
    said = _read_all(section, typed, patient, at)
    mine = {k: s.value for k, s in said.items()}
    if none:
        filled = rules.none_of_these(
            section, stands | {k: v for k, v in mine.items() if v not in (None, [], "")}, patient.sex
        )
        mine |= filled
        said |= {k: Said(value=v) for k, v in filled.items()}
    # nobody clashes with themselves, nor with a form that was never on a screen
    own = {k: editing.MINE for k in mine if seen is None or (k in answers and answers[k].by_id == by.pk)}
    merged = editing.merge(
        editing.read_stamps(seen or ""), mine, {k: stands.get(k) for k in mine}, chosen=own | dict(chosen or {})
    )
    if merged.clashes:
        raise editing.Clashed(merged.clashes)
    changes = {k: said[k] for k in merged.changes}
    after = stands | {k: s.value for k, s in changes.items()}
    _reason_given(changes, answers, by, reason)
    changed = [(q, changes[q.key].value) for q in section.questions if q.key in changes]
    persons.keep(patient, changed, after, by=by, at=at)
    entries = [
        _entry(patient, k, s, answers.get(k), form, by=by, at=at, reason=reason, uid=uid if i == 0 else None)
        for i, (k, s) in enumerate(changes.items())
    ]
    marker = _marker(section, patient, answers, form, uid if not entries else None, at=at, by=by)
    entries += marker
    if entries:
        record.append(*entries, by=by)
    _call_staff(section, entries, patient, by=by, at=at)
    Draft.objects.filter(intake=intake, section=section.key, author=by).delete()
    if changes and intake.reviewed_at is not None:
        _news(intake, by=by)
    return entries


def _read_all(section: Section, typed: Mapping[str, Any], patient: Patient, at: datetime) -> dict[str, Said]:
    """Every field of this section that the form sent.  A field that it did not send is not touched."""
    today = queries.today_of(patient, at)
    wrong: list[BadInput] = []
    said: dict[str, Said] = {}
    for q in section.questions:
        if q.key not in typed:
            continue
        try:
            said[q.key] = rules.read(q, typed[q.key], str(typed.get(f"{q.key}.unit", "")), today=today)
        except BadInput as error:
            wrong.append(BadInput(q.key, error.why))
    if wrong:
        raise BadAnswers(tuple(wrong))
    return said


def _reason_given(changes: Mapping[str, Said], answers: Mapping[str, Answer], by: User, reason: str) -> None:
    """Staff who change what the person themselves said say why."""
    theirs = [k for k in changes if k in answers and answers[k].source == "patient" and answers[k].value is not None]
    if not by.patient_id and theirs and not reason.strip():
        raise BadInput("reason", "say why: this changes what the person said themselves")


def _entry(
    patient: Patient, key: str, said: Said, before: Answer | None, form: IntakeRules, *, by: User, at: datetime,
    reason: str, uid: UUID | None,
) -> Answer:  # fmt: skip
    why = reason.strip() or (_("answered again") if by.patient_id else _("answered again with staff"))
    return Answer(
        uid=uid or uuids.uuid4(), site=patient.site_id, happened_at=at, patient=patient, key=key, value=said.value,
        unit=said.unit, typed=said.typed[:120], source=_source(by), form_version=form.version,
        amends=before, reason=why if before else "",
    )  # fmt: skip


def _marker(
    section: Section, patient: Patient, answers: Mapping[str, Answer], form: IntakeRules, uid: UUID | None, *,
    by: User, at: datetime,
) -> list[Answer]:  # fmt: skip
    """A section without a single counted question is done once somebody went through it; note that they did."""
    if section.key in answers or section.kind != "questions" or any(q.counts for q in section.questions):
        return []
    return [_entry(patient, section.key, Said(value=True), None, form, by=by, at=at, reason="", uid=uid)]


def _call_staff(section: Section, entries: list[Answer], patient: Patient, *, by: User, at: datetime) -> None:
    """An answer that calls staff stands with the alerts of the scales at once: one list, one owner, one time limit."""
    for entry in entries:
        question = section.question(entry.key)
        if question is not None and rules.is_urgent(question, entry.value):
            text = f"{question.label}: {rules.show(question, entry.value)}"
            call = SafetyCall(site=patient.site_id, happened_at=at, patient=patient, answer=entry, text=text)
            record.append(call, by=by)
            alerts.raise_other(
                patient, _("Intake"), text, _("Speak with the person today: suicide risk screener the same day; "
                "a clinician records what was decided."), uid=call.uid, item=entry.key[:40], by=by, at=at,
            )  # fmt: skip


def _news(intake: Intake, *, by: User) -> None:
    """Something changed after the review: it is to be looked at again."""
    before = {"reviewed_at": intake.reviewed_at.isoformat() if intake.reviewed_at else None}
    intake.reviewed_at, intake.reviewed_by = None, None
    intake.save(update_fields=["reviewed_at", "reviewed_by"])
    record.log_change(intake, before, {"reviewed_at": None, "why": "changed"}, by=by, site=intake.patient.site_id)


# ---------------------------------------------------------------- medicines and trials


def _mark(patient: Patient, key: str, value: Any, *, by: User, at: datetime, uid: UUID | None = None) -> None:
    """Note that a list is complete, or that there is nothing to put in it."""
    form, before = queries.form_of(patient.site_id), queries.answers_of(patient).get(key)
    if before is not None and before.value == value:
        return
    record.append(_entry(patient, key, Said(value=value), before, form, by=by, at=at, reason="", uid=uid), by=by)


@transaction.atomic
def add_medicine(
    patient: Patient, name: str, *, by: User, at: datetime, dose: str = "", route: str = "", uid: UUID | None = None
) -> MedicineLine:
    """Add one medicine.  What the list knows by this name is linked to it; anything else is kept as written."""
    intake = begin(patient, by=by, at=at)
    name = " ".join(name.split())[:120]
    if len(name) < 2:
        raise BadInput("q", "write the name of the medicine, as on the box")
    listed = rules.listed(queries.form_of(patient.site_id).medicines, name)
    line = MedicineLine(
        uid=uid or uuids.uuid4(), site=patient.site_id, happened_at=at, patient=patient, source=_source(by),
        name=listed.name if listed else name,
        key=listed.key if listed else "", dose=" ".join(dose.split())[:80], route=route[:40],
    )  # fmt: skip
    repeat = uid is not None and MedicineLine.objects.filter(uid=uid).exists()
    taken = {m.name.lower() for m in queries.medicine_lines(patient) if m.until is None}
    if line.name.lower() in taken and not repeat:
        raise BadInput("q", f"{line.name} is in the list already")
    record.append(line, by=by)
    if intake.reviewed_at is not None:
        _news(intake, by=by)
    return line


@transaction.atomic
def change_medicine(line: MedicineLine, *, by: User, at: datetime, reason: str = "", **changes: Any) -> MedicineLine:
    """Correct dose, route or dates of one medicine."""
    intake = begin(line.patient, by=by, at=at)
    _theirs(line.source, by, reason)
    same = {k: v for k, v in changes.items() if k != "uid" and getattr(line, k) != v}
    if not same:
        return line
    new: Any = record.amend(
        line,
        by=by,
        at=at,
        reason=reason.strip() or _("said more exactly"),
        happened_at=at,
        source=_source(by),
        **changes,
    )
    if intake.reviewed_at is not None:
        _news(intake, by=by)
    return new


@transaction.atomic
def remove_line(line: MedicineLine | TrialLine, *, by: User, at: datetime, reason: str = "") -> None:
    """Take one line out of the list: it was entered in error.  The record keeps that it was there."""
    intake = begin(line.patient, by=by, at=at)
    _theirs(line.source, by, reason)
    record.amend(line, by=by, at=at, reason=reason.strip() or _("taken out of the list"), retract=True)
    if intake.reviewed_at is not None:
        _news(intake, by=by)


def _theirs(source: str, by: User, reason: str) -> None:
    if source == "patient" and not by.patient_id and not reason.strip():
        raise BadInput("reason", "say why: this changes what the person said themselves")


@transaction.atomic
def medicines_done(patient: Patient, *, by: User, at: datetime, uid: UUID | None = None) -> None:
    """The list is complete, as the person says; empty means that they take none."""
    begin(patient, by=by, at=at)
    _mark(patient, MEDICINES_ASKED, "listed" if queries.medicine_lines(patient) else "none", by=by, at=at, uid=uid)


@transaction.atomic
def trials_done(patient: Patient, *, by: User, at: datetime, uid: UUID | None = None) -> None:
    """All that was tried is in the list; empty means nothing was."""
    begin(patient, by=by, at=at)
    _mark(patient, TRIALS_ASKED, "listed" if queries.trial_lines(patient) else "none", by=by, at=at, uid=uid)


@transaction.atomic
def add_trial(
    patient: Patient, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None,
    line: TrialLine | None = None, reason: str = "",
) -> TrialLine:  # fmt: skip
    """Add one medicine that was tried, or correct one.  Whatever is not remembered stays unknown."""
    intake = begin(patient, by=by, at=at)
    name = " ".join(str(typed.get("name", "")).split())[:120]
    if len(name) < 2:
        raise BadInput("name", "write the name of the medicine")
    listed = rules.listed(queries.form_of(patient.site_id).medicines, name)
    outcome = str(typed.get("outcome", ""))
    if outcome not in ("", rules.UNKNOWN, *OUTCOMES):
        raise BadInput("outcome", "choose one of the answers")
    fields: dict[str, Any] = {
        "name": listed.name if listed else name, "key": listed.key if listed else "",
        "highest_dose_mg": _amount(typed, "highest_dose_mg", _MOST_MG), "weeks": _amount(typed, "weeks", _MOST_WEEKS),
        "outcome": "" if outcome == rules.UNKNOWN else outcome,
        "stopped_because": " ".join(str(typed.get("stopped_because", "")).split())[:300],
        "taken_as_prescribed": _yes_no(typed, "taken_as_prescribed"), "this_episode": _yes_no(typed, "this_episode"),
        "source": _source(by),
    }  # fmt: skip
    if line is None:
        new = TrialLine(uid=uid or uuids.uuid4(), site=patient.site_id, happened_at=at, patient=patient, **fields)
        record.append(new, by=by)
    else:
        _theirs(line.source, by, reason)
        if fields["highest_dose_mg"] != line.highest_dose_mg or fields["name"] != line.name:
            fields |= {"dose_judged": None, "judged_by": ""}  # judged on another dose
        new = record.amend(  # type: ignore[assignment]
            line, by=by, at=at, reason=reason.strip() or _("said more exactly"), happened_at=at, uid=uid or uuids.uuid4(),
            **fields,
        )  # fmt: skip
    if intake.reviewed_at is not None:
        _news(intake, by=by)
    return new


@transaction.atomic
def judge_dose(
    line: TrialLine, adequate: bool | None, reason: str, *, by: User, at: datetime, uid: UUID | None = None
) -> TrialLine:
    """A prescriber says, by name and with a reason, whether the dose of a trial was adequate."""
    roles.require_patient(by, "intake.judge", line.patient)
    begin(line.patient, by=by, at=at)
    if not reason.strip():
        raise BadInput("reason", "say on what you judge it: the label, a letter, your own knowledge")
    new: Any = record.amend(
        line, by=by, at=at, reason=reason, dose_judged=adequate, judged_by=by.signature_name, uid=uid or uuids.uuid4()
    )
    return new


def _amount(typed: Mapping[str, Any], field: str, most: float) -> Decimal | None:
    text = str(typed.get(field, "")).strip()
    if not text:
        return None
    number = parse_number(text, field)
    if not 0 < number <= most:
        raise BadInput(
            field, "cannot be: check the number" if number else "must be over 0; leave it empty if not known"
        )
    return Decimal(str(round(number, 3 if field == "highest_dose_mg" else 1)))


def _yes_no(typed: Mapping[str, Any], field: str) -> bool | None:
    text = str(typed.get(field, ""))
    if text not in ("", "yes", "no", rules.UNKNOWN):
        raise BadInput(field, "choose one of the answers")
    return {"yes": True, "no": False}.get(text)


# ---------------------------------------------------------------- the card


@transaction.atomic
def keep_card(
    patient: Patient, side: str, data: bytes, *, by: User, at: datetime, uid: UUID | None = None
) -> InsuranceCard:
    """Keep a photograph of one side of the card: decoded, turned into a plain JPEG without metadata, sealed."""
    begin(patient, by=by, at=at)
    if side not in _SIDES:
        raise BadInput("side", "is front or back")
    uid = uid or uuids.uuid4()
    known = InsuranceCard.objects.filter(uid=uid).first()
    if known is not None:
        raise record.AlreadyRecorded(known)
    picture, media_type = media.clean_image(data)
    before = queries.cards_of(patient).get(side)
    card = InsuranceCard(
        uid=uid, site=patient.site_id, happened_at=at, patient=patient, side=side, media_type=media_type,
        sha256=hashlib.sha256(picture).hexdigest(), size_bytes=len(picture), source=_source(by), amends=before,
        reason=_("photographed again") if before else "",
    )  # fmt: skip
    record.append(card, by=by)
    media.store(uid, picture)
    return card


# ---------------------------------------------------------------- sending, reviewing, answering a call


@transaction.atomic
def send(patient: Patient, *, by: User, at: datetime) -> Intake:
    """The person is done for now.  What is left open stays open, and staff see that it is."""
    intake = begin(patient, by=by, at=at)
    if intake.sent_at is None:
        intake.sent_at = at
        intake.save(update_fields=["sent_at"])
        record.log_change(intake, {"sent_at": None}, {"sent_at": at.isoformat()}, by=by, site=patient.site_id)
    return intake


@transaction.atomic
def review(patient: Patient, *, by: User, at: datetime) -> Intake:
    """A member of staff has gone through the intake."""
    roles.require_patient(by, "intake.review", patient)
    intake = begin(patient, by=by, at=at)
    if queries.open_calls([patient.site_id], patient).exists():
        raise Refused(why="a safety call stands open: answer it first, then mark the intake as reviewed")
    if intake.reviewed_at is None:
        intake.reviewed_at, intake.reviewed_by = at, by
        intake.save(update_fields=["reviewed_at", "reviewed_by"])
        after = {"reviewed_at": at.isoformat(), "by": by.signature_name}
        record.log_change(intake, {"reviewed_at": None}, after, by=by, site=patient.site_id)
    return intake


@transaction.atomic
def answer_call(call: SafetyCall, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> SafetyCall:
    """Somebody spoke with the person: what was done."""
    roles.require_patient(by, "intake.review", call.patient)
    if not text.strip():
        raise BadInput("text", "write what was done: whom you spoke with, and what was agreed")
    answered = SafetyCall(
        uid=uid or uuids.uuid4(), site=call.site, happened_at=at, patient=call.patient, answer=call.answer, call=call,
        text=text.strip(),
    )  # fmt: skip
    record.append(answered, by=by)
    alerts.close_with(call.uid, text, by=by, at=at)
    return answered


__all__ = [
    "OUTCOMES", "add_medicine", "add_trial", "answer_call", "begin", "change_medicine", "give", "judge_dose", "keep_card",
    "keep_draft", "medicines_done", "remove_line", "review", "send", "take", "trials_done",
]  # fmt: skip
