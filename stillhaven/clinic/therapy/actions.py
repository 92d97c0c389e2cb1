"""A therapist's deeds: open, prepare, write down a session, integrate, agree what the team is told, let somebody read."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.messages import actions as messages
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.session.queries import answer_repeat
from stillhaven.clinic.therapy import queries, wall
from stillhaven.clinic.therapy.models import (
    BreakGlass,
    Clearance,
    Goal,
    GoalStep,
    Group,
    GroupNote,
    ItemSettled,
    Note,
    OpenItem,
    Summary,
    SummaryWord,
    Supervision,
    Therapy,
)
from stillhaven.science import therapy as rules
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import refuse_unless_met

TOUCH = ("none", "hand_when_asked", "hand_or_shoulder", "other")
PHASES = ("before", "onset", "peak", "return", "after")
MARKS = ("state", "intervention", "distress", "quote")
SEVERITY = ("mild", "moderate", "severe")
STEPS = ("open", "partly", "done", "dropped")
DECISIONS = ("continue", "end")
_LONGEST = 20_000


def _said(typed: Mapping[str, Any], *names: str) -> dict[str, str]:
    found = {name: str(typed.get(name) or "").strip() for name in names}
    for name, text in found.items():
        if len(text) > _LONGEST:
            raise BadInput(name, f"holds more than {_LONGEST} characters")
    return found


def _words(typed: Mapping[str, Any], name: str, why: str) -> str:
    text = _said(typed, name)[name]
    if not text:
        raise BadInput(name, why)
    return text


def _one_of(typed: Mapping[str, Any], name: str, allowed: tuple[str, ...], why: str) -> str:
    value = str(typed.get(name) or "")
    if value not in allowed:
        raise BadInput(name, why)
    return value


def _begin(therapy_id: int, *, by: User, action: str = "therapy.write") -> Therapy:
    """The therapy, held; only its own therapist writes in it, and only while it runs."""
    therapy = (
        Therapy.objects.select_for_update(of=("self",))
        .select_related("patient", "course", "therapist", "site")
        .get(pk=therapy_id)
    )
    roles.require_patient(by, action, therapy.patient)
    if action == "therapy.write" and therapy.therapist_id != by.pk:
        raise roles.NotAllowed(why="only this person's own therapist writes here")
    if therapy.ended_at is not None:
        raise Refused(why="this therapy has ended; open another to go on")
    return therapy


# ---------------------------------------------------------------- open and end
@transaction.atomic
def open_therapy(course: Course, *, by: User, at: datetime, uid: UUID | None = None) -> Therapy:
    """A therapist begins to work with a person, within a course that is not over."""
    roles.require_patient(by, "therapy.write", course.patient)
    Course.objects.select_for_update().get(pk=course.pk)
    known = Therapy.objects.filter(course=course, therapist=by, ended_at__isnull=True).first()
    if known is not None:
        return known
    if course.state in ("closed", "deferred"):
        raise Refused(why=f"the course is {course.state}; a therapy belongs to a course that goes on")
    therapy = Therapy.objects.create(
        uid=uid or uuids.uuid4(), site_id=course.site_id, patient=course.patient, course=course, therapist=by, opened_at=at
    )  # fmt: skip
    record.log_change(therapy, {}, {"opened": str(course.pk)}, by=by, site=course.site_id)
    return therapy


def _note(
    therapy: Therapy, kind: str, value: dict[str, Any], said: dict[str, Any], *, by: User, at: datetime,
    uid: UUID | None, session: TreatmentSession | None = None, group: Group | None = None,
) -> Note:  # fmt: skip
    answer_repeat(Note, uid, by=by, therapy_id=therapy.pk, kind=kind)
    uid = uid or uuids.uuid4()
    note = Note(
        uid=uid, site=therapy.site_id, happened_at=at, therapy=therapy, kind=kind, session=session, group=group,
        value=value, sealed=wall.seal(uid, said),
    )  # fmt: skip
    record.append(note, by=by)
    return note


# ---------------------------------------------------------------- preparation and readiness
@transaction.atomic
def prepare(therapy_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None) -> Note:
    """The preparation talk, as far as it has come: what was not asked stays open and stands in the way later."""
    therapy = _begin(therapy_id, by=by)
    said = _said(typed, "intention", "fears", "trauma", "touch_words", "scales", "more")
    shared = _said(typed, "stop_signal", "support", "support_phone")
    touch = _one_of(typed, "touch", ("", *TOUCH), "choose one")
    if touch == "other" and not said["touch_words"]:
        raise BadInput("touch_words", "write what was agreed")
    asked = [k for k in ("intention", "fears", "trauma") if said[k]] + [
        k for k in ("stop_signal", "support") if shared[k]
    ]
    asked += ["touch"] if touch else []
    asked += ["risks"] if typed.get("risks") else []
    if not asked:
        raise BadInput("intention", "write down at least one thing that was talked about")
    value = shared | {"touch": touch, "touch_words": said["touch_words"], "asked": asked}
    return _note(therapy, "preparation", value, said, by=by, at=at, uid=uid)


@transaction.atomic
def add_item(therapy_id: int, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> OpenItem:
    """Something to be settled before a session.  The medical team reads it."""
    therapy = _begin(therapy_id, by=by, action="therapy.team")
    _team_or_own(therapy, by)
    answer_repeat(OpenItem, uid, by=by, therapy_id=therapy.pk)
    text = _words({"text": text}, "text", "write what has to be settled")[:300]
    item = OpenItem(uid=uid or uuids.uuid4(), site=therapy.site_id, happened_at=at, therapy=therapy, text=text)
    record.append(item, by=by)
    return item


def _team_or_own(therapy: Therapy, by: User) -> None:
    if therapy.therapist_id != by.pk and not roles.may(by, "therapy.clear"):
        raise roles.NotAllowed(why="this is for the person's own therapist and the medical team")


@transaction.atomic
def settle(item: OpenItem, words: str, *, by: User, at: datetime, uid: UUID | None = None) -> ItemSettled:
    """It is settled, and by whom."""
    therapy = _begin(item.therapy_id, by=by, action="therapy.team")
    _team_or_own(therapy, by)
    answer_repeat(ItemSettled, uid, by=by, item_id=item.pk)
    if ItemSettled.objects.filter(item=item).exists():
        raise Refused(why="somebody has settled this already")
    done = ItemSettled(
        uid=uid or uuids.uuid4(), site=therapy.site_id, happened_at=at, therapy=therapy, item=item,
        words=_said({"words": words}, "words")["words"][:300],
    )  # fmt: skip
    record.append(done, by=by)
    return done


@transaction.atomic
def clear(
    therapy_id: int, cleared: bool, words: str, *, by: User, at: datetime, uid: UUID | None = None
) -> Clearance:  # fmt: skip
    """The medical team's word.  Clearing is refused while anything else stands in the way; taking it back never is."""
    therapy = _begin(therapy_id, by=by, action="therapy.clear")
    answer_repeat(Clearance, uid, by=by, therapy_id=therapy.pk, cleared=cleared)
    words = _said({"words": words}, "words")["words"][:300]
    if cleared:
        refuse_unless_met(f for f in queries.readiness(therapy, at) if f.rule != "therapy_medical")
    elif not words:
        raise BadInput("words", "say why")
    word = Clearance(
        uid=uid or uuids.uuid4(), site=therapy.site_id, happened_at=at, therapy=therapy, cleared=cleared, words=words
    )
    record.append(word, by=by)
    return word


# ---------------------------------------------------------------- the session and after it
@transaction.atomic
def dosing_note(
    therapy_id: int, session: TreatmentSession, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> Note:  # fmt: skip
    """One moment of a dosing session: how they were, what was done, distress, a sentence of theirs."""
    therapy = _begin(therapy_id, by=by)
    _same_person(therapy, session)
    mark = _one_of(typed, "mark", MARKS, "choose what it is")
    phase = _one_of(typed, "phase", PHASES, "choose the phase")
    text = _words(typed, "text", "write what you saw or heard")
    value: dict[str, Any] = {"mark": mark, "phase": phase}
    if mark == "distress":
        value["severity"] = _one_of(typed, "severity", SEVERITY, "say how severe it was")
    if mark == "quote" and typed.get("allowed") != "yes":
        raise BadInput("allowed", "keep their words only when they allow it; write it as what you saw instead")
    return _note(therapy, "dosing", value, {"text": text}, by=by, at=at, uid=uid, session=session)


def _same_person(therapy: Therapy, session: TreatmentSession) -> None:
    if session.patient_id != therapy.patient_id or session.course_id != therapy.course_id:
        raise Refused(why="this session belongs to another course")


@transaction.atomic
def debrief(
    therapy_id: int, session: TreatmentSession, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> Note:  # fmt: skip
    """The talk right after: their words, how they seemed, whether they are safe, what they do at home."""
    therapy = _begin(therapy_id, by=by)
    _same_person(therapy, session)
    safe = _one_of(
        typed, "safe", ("yes", "no", "unknown"), "say whether they are safe to go home, or that it is not known"
    )
    value = {"safe": safe, "home_plan": _words(typed, "home_plan", "write what they do once they are home")}
    said = _said(typed, "words", "affect")
    return _note(therapy, "debrief", value, said, by=by, at=at, uid=uid, session=session)


@transaction.atomic
def integrate(
    therapy_id: int, session: TreatmentSession, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> Note:  # fmt: skip
    """The integration talk of one session.  Themes stay behind the wall; what the team sees is that it took place."""
    therapy = _begin(therapy_id, by=by)
    _same_person(therapy, session)
    attended = _one_of(typed, "attended", ("yes", "no"), "say whether they came") == "yes"
    said = _said(typed, "themes", "actions", "practice", "scores")
    if attended and not said["themes"] and not said["actions"]:
        raise BadInput("themes", "write a theme or an action that was agreed")
    return _note(therapy, "integration", {"attended": attended}, said, by=by, at=at, uid=uid, session=session)


@transaction.atomic
def review(therapy_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None) -> Note:
    """Look back on the course: what was reached, how the two work together, go on or end."""
    therapy = _begin(therapy_id, by=by)
    decision = _one_of(typed, "decision", DECISIONS, "continue, or end")
    said = _said(typed, "reached", "alliance", "more")
    if not said["reached"]:
        raise BadInput("reached", "write which goals were met and which were not")
    note = _note(therapy, "review", {"decision": decision}, said, by=by, at=at, uid=uid)
    if decision == "end":
        therapy.ended_at = at
        therapy.save(update_fields=["ended_at"])
        record.log_change(therapy, {"ended_at": None}, {"ended_at": at.isoformat()}, by=by, site=therapy.site_id)
    return note


# ---------------------------------------------------------------- process notes
@transaction.atomic
def process_note(therapy_id: int, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> Note:
    """A therapist's own note: readable by them, and by a supervisor they name."""
    therapy = _begin(therapy_id, by=by)
    text = _words({"text": text}, "text", "write the note")
    return _note(therapy, "process", {}, {"text": text}, by=by, at=at, uid=uid)


@transaction.atomic
def correct(
    note: Note, text: str, reason: str, *, by: User, at: datetime, retract: bool = False, uid: UUID | None = None
) -> Note:  # fmt: skip
    """Its author corrects a note, or takes it back; what it said before stays sealed in the record."""
    _begin(note.therapy_id, by=by)
    if note.by_id != by.pk:
        raise roles.NotAllowed(why="only who wrote a note corrects it")
    answer_repeat(Note, uid, by=by, amends_id=note.pk)
    uid = uid or uuids.uuid4()
    said = {} if retract else {"text": _words({"text": text}, "text", "write the note")}
    new = record.amend(
        note, by=by, at=at, reason=reason, retract=retract, uid=uid, sealed=wall.seal(uid, said)
    )  # fmt: skip
    assert isinstance(new, Note)
    return new


@transaction.atomic
def name_supervisor(
    therapy_id: int, supervisor: User | None, *, by: User, at: datetime, uid: UUID | None = None
) -> Supervision:  # fmt: skip
    """Let one colleague read one's own process notes of this person; None takes it back at once."""
    therapy = _begin(therapy_id, by=by)
    answer_repeat(Supervision, uid, by=by, therapy_id=therapy.pk)
    if supervisor is not None and supervisor not in queries.colleagues(by):
        raise BadInput("supervisor", "is not a therapist of this clinic")
    row = Supervision(
        uid=uid or uuids.uuid4(), site=therapy.site_id, happened_at=at, therapy=therapy, supervisor=supervisor
    )
    record.append(row, by=by)
    return row


# ---------------------------------------------------------------- what the team is told
@transaction.atomic
def propose_summary(
    therapy_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> Summary:  # fmt: skip
    """Words for the team.  Nobody of the team reads them before the person has agreed."""
    therapy = _begin(therapy_id, by=by)
    answer_repeat(Summary, uid, by=by, therapy_id=therapy.pk)
    said = _said(typed, "text", "risk", "recommendations")
    if not said["text"]:
        raise BadInput("text", "write what the team is to know")
    uid = uid or uuids.uuid4()
    row = Summary(uid=uid, site=therapy.site_id, happened_at=at, therapy=therapy, sealed=wall.seal(uid, said))
    record.append(row, by=by)
    return row


@transaction.atomic
def answer_summary(
    summary: Summary, agreed: bool, *, by: User, at: datetime, uid: UUID | None = None
) -> SummaryWord:  # fmt: skip
    """The person's yes or no: from their own account, or said to their therapist.  A no takes an earlier yes back."""
    therapy = summary.therapy
    if by.patient_id is not None:
        roles.require_patient(by, "journal.write", therapy.patient)
        place = "own_account"
    else:
        _begin(therapy.pk, by=by)
        place = "with_therapist"
    answer_repeat(SummaryWord, uid, by=by, summary_id=summary.pk, agreed=agreed)
    word = SummaryWord(
        uid=uid or uuids.uuid4(), site=therapy.site_id, happened_at=at, therapy=therapy, summary=summary, agreed=agreed,
        place=place,
    )  # fmt: skip
    record.append(word, by=by)
    return word


# ---------------------------------------------------------------- goals and homework
@transaction.atomic
def add_goal(
    therapy_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> Goal:  # fmt: skip
    """A goal, or homework until a day."""
    therapy = _begin(therapy_id, by=by)
    answer_repeat(Goal, uid, by=by, therapy_id=therapy.pk)
    kind = _one_of(typed, "kind", ("goal", "homework"), "a goal, or homework")
    text = _words(typed, "text", "write it in the person's words")
    until = str(typed.get("due_on") or "").strip()
    try:
        due_on = date.fromisoformat(until) if until else None
    except ValueError:
        raise BadInput("due_on", "is not a day; write it as 2026-11-30") from None
    uid = uid or uuids.uuid4()
    goal = Goal(
        uid=uid, site=therapy.site_id, happened_at=at, therapy=therapy, kind=kind, due_on=due_on,
        sealed=wall.seal(uid, {"text": text}),
    )  # fmt: skip
    record.append(goal, by=by)
    return goal


@transaction.atomic
def step(goal: Goal, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None) -> GoalStep:
    """How a goal stands, as the person or their therapist says."""
    therapy = goal.therapy
    if by.patient_id is not None:
        roles.require_patient(by, "journal.write", therapy.patient)
    else:
        _begin(therapy.pk, by=by)
    answer_repeat(GoalStep, uid, by=by, goal_id=goal.pk)
    state = _one_of(typed, "state", STEPS, "choose how it stands")
    uid = uid or uuids.uuid4()
    row = GoalStep(
        uid=uid, site=therapy.site_id, happened_at=at, therapy=therapy, goal=goal, state=state,
        sealed=wall.seal(uid, _said(typed, "words")),
    )  # fmt: skip
    record.append(row, by=by)
    return row


# ---------------------------------------------------------------- groups
@transaction.atomic
def open_group(
    title: str, therapies: list[Therapy], *, by: User, at: datetime, uid: UUID | None = None
) -> Group:  # fmt: skip
    """Several people in one session: at least two, all of them one's own."""
    roles.require(by, "therapy.write")
    known = Group.objects.filter(uid=uid).first() if uid else None
    if known is not None and known.therapist_id == by.pk:
        return known
    title = _words({"title": title}, "title", "give the group a name")[:120]
    if any(t.therapist_id != by.pk or t.ended_at is not None for t in therapies):
        raise BadInput("members", "choose from the people you work with")
    if len({t.patient_id for t in therapies}) < 2:
        raise BadInput("members", "choose at least two people")
    if len({t.site_id for t in therapies}) > 1:
        raise BadInput("members", "choose people of one clinic")
    _refuse_names("title", title, therapies)
    group = Group.objects.create(
        uid=uid or uuids.uuid4(), site_id=therapies[0].site_id, therapist=by, title=title, held_at=at
    )
    group.members.set(therapies)
    after = {"members": [str(t.uid) for t in therapies]}
    record.log_change(group, {}, after, by=by, site=group.site_id)
    return group


def _refuse_names(field: str, text: str, therapies: list[Therapy]) -> None:
    names = [n for t in therapies for n in (t.patient.name, t.patient.preferred_name) if n]
    found = rules.names_in(text, [n.split(" (")[0] for n in names])
    if found:
        raise BadInput(field, f"names {', '.join(found)}; a text about the group names nobody")


@transaction.atomic
def group_note(
    group: Group, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> GroupNote | Note:  # fmt: skip
    """A note about the group, without names; or about one of its members, kept with that person alone."""
    roles.require(by, "therapy.write")
    if group.therapist_id != by.pk:
        raise roles.NotAllowed(why="only who leads a group writes about it")
    members = list(group.members.select_related("patient"))
    text, about = _words(typed, "text", "write the note"), str(typed.get("about") or "")
    if about:
        member = next((m for m in members if str(m.uid) == about), None)
        if member is None:
            raise BadInput("about", "choose somebody of this group")
        others = [m for m in members if m.pk != member.pk]
        _refuse_names("text", text, others)
        therapy = _begin(member.pk, by=by)
        return _note(therapy, "group", {}, {"text": text}, by=by, at=at, uid=uid, group=group)
    answer_repeat(GroupNote, uid, by=by, group_id=group.pk)
    _refuse_names("text", text, members)
    uid = uid or uuids.uuid4()
    note = GroupNote(
        uid=uid, site=group.site_id, happened_at=at, group=group, sealed=wall.seal(uid, {"text": text})
    )  # fmt: skip
    record.append(note, by=by)
    return note


# ---------------------------------------------------------------- the emergency
def emergency_reason(why: str) -> str:
    """The reason as it is kept: a sentence, since the person reads it."""
    why = _words({"why": why}, "why", "say what the emergency is; the person reads it")
    if len(why.split()) < 3:
        raise BadInput("why", "say it in a sentence; the person reads it")
    return why


@transaction.atomic
def break_glass(
    therapy: Therapy, why: str, *, by: User, at: datetime, second_factor: str, path: str = "", address: str = "",
    uid: UUID | None = None,
) -> BreakGlass:  # fmt: skip
    """Look behind the wall in an emergency: why is asked, both factors are needed, and the person is told."""
    roles.require_patient(by, "therapy.break_glass", therapy.patient)
    answer_repeat(BreakGlass, uid, by=by, therapy_id=therapy.pk)
    why = emergency_reason(why)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    uid = uid or uuids.uuid4()
    look = BreakGlass(
        uid=uid, site=therapy.site_id, happened_at=at, therapy=therapy, why=why, second_factor=second_factor,
        notes=therapy.notes.filter(amended_by__isnull=True, retracted=False).exclude(sealed="").count(),
        told=_tell(therapy.patient, uid, at),
    )  # fmt: skip
    record.append(look, by=by)
    record.log_access(
        by=by, what="therapist's notes, in an emergency", patient=therapy.patient_id, site=therapy.site_id, path=path,
        address=address, why=why,
    )  # fmt: skip
    return look


def _tell(patient: Patient, about: UUID, at: datetime) -> int:
    """A message by each way the person allows; their own page tells it in any case."""
    if not any(consents.may_send(patient, channel, at) for channel in ("email", "sms")):
        return 0
    site = patient.site
    made = messages.queue(
        patient, "opened_in_emergency",
        {"clinic": site.name, "when": at.astimezone(ZoneInfo(site.zone)).strftime("%-d %B %Y"), "link": "/me/journal/"},
        purpose="emergency_access", due_at=at, once=f"glass:{about}", about=about,
    )  # fmt: skip
    for channel in ("email", "sms"):
        if not consents.may_send(patient, channel, at):
            made -= _drop(about, channel)
    return made


def _drop(about: UUID, channel: str) -> int:
    return OutMessage.objects.filter(about=about, channel=channel, state="queued").update(state="cancelled", context={})
