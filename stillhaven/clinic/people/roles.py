"""Who may do what.  One line an action; no action without a line (`tests/house` checks it).

A rule is role x relation: the role says what a person may do at all, the relation with whom.  Staff act for patients of
their own sites; a patient sees what is their own.  What somebody may not see looks like what does not exist.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from stillhaven.science.errors import Refused


class Role(StrEnum):
    """The roles of a clinic.  A person may have several."""

    NURSE = "nurse"
    PRESCRIBER = "prescriber"
    THERAPIST = "therapist"
    FRONT_DESK = "front_desk"
    BILLER = "biller"
    CUSTODIAN = "custodian"
    MANAGER = "manager"
    MEDICAL_DIRECTOR = "medical_director"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    DEVICE = "device"  # a program's role: a gateway that brings readings
    READER = "reader"  # a program's role: reads readings through the API


_CARE = {Role.NURSE, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR}
_SIGNS = {Role.PRESCRIBER, Role.MEDICAL_DIRECTOR}
_STAFF = set(Role) - {Role.DEVICE, Role.READER}

# action -> roles that may do it.  "patient" stands for the patient's own account.
_LINES: dict[str, set[Any]] = {
    # looking
    "board.view": _CARE | {Role.FRONT_DESK, Role.MANAGER, Role.THERAPIST},
    "chart.view": _CARE | {Role.THERAPIST, Role.MANAGER},
    "session.view": _CARE | {Role.THERAPIST},
    "record.view": _CARE | {Role.AUDITOR},
    "own.view": {"patient"},
    "own.change": {"patient"},  # details, wishes, caregivers, messages, requests: what is the person's own
    "access.view": {Role.AUDITOR, Role.MANAGER, Role.MEDICAL_DIRECTOR},
    "readings.read": _CARE | {Role.READER, Role.AUDITOR},
    "readings.send": {Role.DEVICE},
    # people and things
    "patient.change": _CARE | {Role.FRONT_DESK},
    "staff.change": {Role.ADMINISTRATOR},
    "token.change": {Role.ADMINISTRATOR},
    "chair.change": {Role.MANAGER, Role.ADMINISTRATOR},
    "policy.adopt": {Role.MEDICAL_DIRECTOR},
    "policy.view": _STAFF,
    # consent
    "consent.read": {"patient"},
    "consent.sign": {"patient"},
    "consent.withdraw": _CARE | {"patient", Role.FRONT_DESK, Role.THERAPIST},  # whoever hears it writes it down
    "consent.view": _CARE | {Role.FRONT_DESK, Role.THERAPIST},
    "consent.texts": _CARE | {Role.FRONT_DESK, Role.THERAPIST, Role.MANAGER, Role.AUDITOR},
    "consent.hand_over": _CARE | {Role.FRONT_DESK},
    "consent.witness": _CARE | {Role.FRONT_DESK},
    "consent.answer": _CARE,
    "consent.publish": {Role.MEDICAL_DIRECTOR},
    "consent.approve": {Role.MEDICAL_DIRECTOR, Role.MANAGER},
    # intake
    "intake.view": _CARE | {Role.FRONT_DESK},
    "intake.fill": _CARE | {Role.FRONT_DESK, "patient"},
    "intake.review": _CARE | {Role.FRONT_DESK},
    "intake.judge": _SIGNS,
    # course and plan
    "course.open": _SIGNS | {Role.FRONT_DESK},
    "course.hold": _CARE,
    # candidacy
    "candidacy.view": _CARE | {Role.THERAPIST},
    "candidacy.record": _CARE,
    "candidacy.override": _SIGNS,
    "candidacy.decide": _SIGNS,
    "order.sign": _SIGNS,
    # the session
    "session.book": _CARE | {Role.FRONT_DESK},
    "schedule.view": _CARE | {Role.FRONT_DESK, Role.MANAGER, Role.THERAPIST},
    "schedule.book": _CARE | {Role.FRONT_DESK, Role.THERAPIST},  # visits without a drug; sessions need session.book
    "schedule.move": _CARE | {Role.FRONT_DESK},
    "schedule.cancel": _CARE | {Role.FRONT_DESK},
    "schedule.no_show": _CARE | {Role.FRONT_DESK},
    "schedule.waitlist": _CARE | {Role.FRONT_DESK},
    "schedule.shift": {Role.MANAGER, Role.ADMINISTRATOR, Role.MEDICAL_DIRECTOR},
    "staff.competence": {Role.MANAGER, Role.ADMINISTRATOR, Role.MEDICAL_DIRECTOR},
    "calendar.link": _CARE | {Role.FRONT_DESK, Role.THERAPIST, Role.MANAGER},
    "course.fact": _CARE | {Role.FRONT_DESK, Role.BILLER},  # enrolment, authorisation: what an outside office knows
    "tomorrow.view": _CARE | {Role.FRONT_DESK, Role.MANAGER, Role.THERAPIST},
    "tomorrow.assign": _CARE | {Role.FRONT_DESK, Role.MANAGER},
    "tomorrow.override": _SIGNS | {Role.MANAGER},
    "outbox.view": _CARE | {Role.FRONT_DESK, Role.MANAGER},
    "outbox.change": _CARE | {Role.FRONT_DESK},
    "session.check_in": _CARE | {Role.FRONT_DESK},
    "session.check": _CARE,
    "gate.enter": _CARE,
    "gate.override": _SIGNS,
    "session.ready": _CARE,
    "session.override": _SIGNS,
    "session.start": _CARE,
    "session.dose": _CARE,
    "session.hold": _CARE,
    "session.stop": _CARE | {Role.THERAPIST},  # whoever sees that it must stop may stop it
    "session.cancel": _CARE | {Role.FRONT_DESK},
    "session.transfer": _CARE,
    "session.event": _CARE | {Role.THERAPIST},
    "session.rescue": _CARE,
    "session.limits": _SIGNS,
    "pk.what_if": _SIGNS,  # a drawing that changes nothing; who cares for the person sees the estimate as it is
    "vitals.record": _CARE,
    "vitals.mark": _CARE,
    "device.attach": _CARE,
    "alarm.acknowledge": _CARE,
    "alarm.pause": _CARE,
    # recovery and record
    "recovery.check": _CARE,
    "recovery.discharge": _CARE,
    "recovery.override": _SIGNS,
    "record.sign": _SIGNS,
    "record.amend": _CARE,
    # controlled stock
    "stock.view": _CARE | {Role.CUSTODIAN, Role.MANAGER, Role.AUDITOR},
    "stock.receive": {Role.CUSTODIAN, Role.MEDICAL_DIRECTOR},
    "stock.move": _CARE | {Role.CUSTODIAN},
    "stock.draw": _CARE,
    "stock.waste": _CARE | {Role.CUSTODIAN},
    "stock.witness": _CARE | {Role.CUSTODIAN, Role.THERAPIST},  # any licensed colleague
    "stock.count": _CARE | {Role.CUSTODIAN},
    "stock.discrepancy": {Role.CUSTODIAN, Role.MANAGER, Role.MEDICAL_DIRECTOR},
    "stock.report": {Role.CUSTODIAN, Role.MANAGER, Role.MEDICAL_DIRECTOR},
    # scales
    "scale.view": _CARE | {Role.THERAPIST},
    "scale.enter": _CARE | {Role.THERAPIST},
    "scale.link": _CARE | {Role.THERAPIST, Role.FRONT_DESK},
    "scale.text": {Role.MEDICAL_DIRECTOR, Role.MANAGER, Role.ADMINISTRATOR},
    "alert.handle": _CARE | {Role.THERAPIST},
    # messages, and what people ask of the clinic as keeper of their data
    "letter.read": _CARE | {Role.THERAPIST, Role.FRONT_DESK, Role.MANAGER},
    "letter.write": _CARE | {Role.THERAPIST, Role.FRONT_DESK},
    "letter.promise": {Role.MANAGER, Role.MEDICAL_DIRECTOR},
    "data_request.handle": {Role.MANAGER, Role.ADMINISTRATOR},
    # therapy; which person's, and whose notes, is checked beside the role
    "therapy.view": {Role.THERAPIST},
    "therapy.write": {Role.THERAPIST},
    "therapy.team": _CARE | {Role.THERAPIST},
    "therapy.clear": _CARE,
    "therapy.break_glass": _SIGNS,
    "journal.write": {"patient"},
    # follow-up
    "followup.work": _CARE | {Role.FRONT_DESK, Role.THERAPIST},
    "followup.watch": _CARE | {Role.THERAPIST},
    # the registry
    "registry.view": _SIGNS | {Role.MANAGER},
    "registry.export": {Role.MANAGER, Role.MEDICAL_DIRECTOR},
    # drills
    "drill.run": _CARE | {Role.MANAGER},
    # the public site
    "content.edit": {Role.MANAGER, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR},
    "content.approve": {Role.PRESCRIBER, Role.MEDICAL_DIRECTOR},
    "handover.take": {Role.FRONT_DESK, Role.MANAGER, Role.NURSE, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR},
    "prices.change": {Role.MANAGER, Role.BILLER},
    "estimate.issue": {Role.MANAGER, Role.BILLER, Role.FRONT_DESK},
    "listing.keep": {Role.MANAGER, Role.FRONT_DESK, Role.MEDICAL_DIRECTOR},
    "listing.import": {Role.MANAGER, Role.ADMINISTRATOR},
    "report.moderate": {Role.MANAGER, Role.MEDICAL_DIRECTOR},
    "enquiry.handle": {Role.FRONT_DESK, Role.MANAGER, Role.NURSE, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR},
}
ACTIONS: dict[str, frozenset[str]] = {action: frozenset(allowed) for action, allowed in _LINES.items()}


class NotAllowed(Refused):
    """This person's role does not allow this."""


def may(user: Any, action: str) -> bool:
    """Does any of this person's roles allow the action?  Unknown actions are a programming error."""
    allowed = ACTIONS[action]
    if not getattr(user, "is_active", False):
        return False
    if getattr(user, "patient_id", None):
        return "patient" in allowed
    return not allowed.isdisjoint(user.roles)


def require(user: Any, action: str) -> None:
    """Raise NotAllowed unless one of this person's roles allows the action."""
    if not may(user, action):
        who = ", ".join(sorted(str(r).replace("_", " ") for r in ACTIONS[action]))
        raise NotAllowed(why=f"your role does not allow this; it needs one of: {who}")


def sees_patient(user: Any, patient: Any) -> bool:
    """Is this patient one that this person may know of at all?"""
    if user.patient_id:
        return bool(user.patient_id == patient.pk)
    return bool(patient.site_id in user.site_ids)


def require_patient(user: Any, action: str, patient: Any) -> None:
    """Raise NotAllowed unless the role allows the action and the patient is within this person's reach."""
    require(user, action)
    if not sees_patient(user, patient):
        raise NotAllowed(why="there is no such patient")
