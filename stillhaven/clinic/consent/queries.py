"""How consent stands: read anew each time, so that a withdrawal counts the moment it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max, Prefetch
from django.http import Http404

from stillhaven.clinic.consent.models import Answer, Question, Signature, Verdict, Version, Withdrawal
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.people.queries import patient_or_404 as patient_or_404
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import once, tell
from stillhaven.reference import load as reference
from stillhaven.science import consent as rules
from stillhaven.science.consent import ConsentDocument, ConsentPolicy, ConsentRules, Signed, Standing, Wanted
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding

NO_ANSWERS = {"no"}  # an option that begins so is a no


def book() -> ConsentRules:
    """Every document there is."""
    return reference.current().consent


# ---------------------------------------------------------------- texts
@once
def in_use(site: int) -> dict[str, dict[str, Version]]:
    """Document -> language -> the version that may be signed now: the newest that a second person put into use."""
    published = Verdict.objects.filter(site=site, published=True).values("version")
    found: dict[str, dict[str, Version]] = {}
    for version in Version.objects.filter(site=site, uid__in=published).order_by("number"):
        found.setdefault(version.document, {})[version.language] = version
    return found


def version_in_use(site: int, document: str, language: str = "") -> Version | None:
    """The version to read and sign, in this language where there is one."""
    mine = in_use(site).get(document, {})
    return mine.get(language) or mine.get("en") or next(iter(mine.values()), None)


def versions(site: int, document: str) -> list[Version]:
    """Every version of a document, newest first, with what the second person said."""
    found = Version.objects.filter(site=site, document=document).order_by("-seq")
    return list(found.prefetch_related(Prefetch("verdicts", Verdict.objects.order_by("seq"))))


def last_number(site: int, document: str, language: str) -> int:
    found = Version.objects.filter(site=site, document=document, language=language).aggregate(n=Max("number"))
    return int(found["n"] or 0)


def waiting(site: int) -> list[Version]:
    """Versions that wait for a second person: nobody has judged them, and no newer one replaced them."""
    newest: dict[tuple[str, str], Version] = {}
    for version in Version.objects.filter(site=site).order_by("number").prefetch_related("verdicts"):
        newest[version.document, version.language] = version
    return [v for v in newest.values() if not v.verdicts.all()]


# ---------------------------------------------------------------- standings
def clinic_policy(site: int) -> ConsentPolicy:
    """What this clinic has set."""
    set_ = policy.current(site)
    return ConsentPolicy(
        renewal=set_.choice("consent_renewal") or "", valid_d=set_.number("consent_valid_d"),
        witness=set_.choice("consent_witness") or "",
    )  # fmt: skip


def signatures(patient: Patient, document: str = "") -> list[Signature]:
    """What this person signed, newest first."""
    found = signed_by(patient)
    return [s for s in found if s.document == document] if document else found


@once
def signed_by(patient: Patient) -> list[Signature]:
    """Everything that this person signed, newest first."""
    # the texts are long, and the same for everybody: each version is read once, not once a signature
    rows = Signature.objects.filter(patient=patient).select_related("witness").prefetch_related("version")
    return list(rows.order_by("-seq"))


@once
def withdrawals(patient: Patient) -> list[Withdrawal]:
    """What this person took back and did not take back again, newest first."""
    return list(Withdrawal.objects.current().filter(patient=patient).order_by("-seq"))


def standing(patient: Patient, course: Course | None, now: datetime) -> tuple[Standing, ...]:
    """How each document stands with this person, in the order of the documents."""
    signed: dict[str, Signature] = {}
    for signature in signatures(patient):
        signed.setdefault(signature.document, signature)
    gone: dict[str, list[Withdrawal]] = {}
    for withdrawal in withdrawals(patient):
        gone.setdefault(withdrawal.document, []).append(withdrawal)
    published, house = in_use(patient.site_id), clinic_policy(patient.site_id)
    before = _opened_before(patient, course)
    out = []
    for document in book().documents:
        versions_ = {v.digest: v.number for v in published.get(document.key, {}).values()}
        mine = signed.get(document.key)
        fact = _signed(mine, course, before, gone.get(document.key, ())) if mine else None
        out.append(rules.standing(document, versions_, fact, house, now))
    return tuple(out)


def _signed(signature: Signature, course: Course | None, before: datetime | None, gone: Iterable[Withdrawal]) -> Signed:
    this = signature.course_id == (course.pk if course else None)
    early = signature.course_id is None and (before is None or signature.happened_at >= before)
    witness = getattr(signature, "witness", None)
    return Signed(
        at=signature.happened_at, version=signature.digest, number=signature.version.number,
        for_this_course=course is None or this or early, witnessed=witness is not None,
        on_the_clinics_tablet=signature.place == "clinic_tablet", said_no=_said_no(signature),
        withdrawn_at=min((w.happened_at for w in gone if w.seq > signature.seq), default=None),
    )  # fmt: skip


def _said_no(signature: Signature) -> bool:
    """Did they choose "no" to everything the document asks?  Free words are no answer of that kind."""
    options = {c["key"]: c["options"] for c in signature.version.content["choices"] if c["options"]}
    chosen = [str(v) for k, v in signature.answers.get("choices", {}).items() if k in options]
    return bool(chosen) and all(v.lower() in NO_ANSWERS for v in chosen)


def _opened_before(patient: Patient, course: Course | None) -> datetime | None:
    """When the course before this one was opened: what was signed earlier was for that one."""
    if course is None:
        return None
    return max((at for at in courses_opened(patient) if at < course.opened_at), default=None)


@once
def courses_opened(patient: Patient) -> list[datetime]:
    """When each course of this person was opened."""
    return list(patient.courses.values_list("opened_at", flat=True))


def read_ahead(patients: Collection[Patient]) -> None:
    """Within a look: what many people signed and took back, table by table and not person by person."""
    signed: dict[int, list[Signature]] = {}
    rows = Signature.objects.filter(patient__in=patients).select_related("witness").prefetch_related("version")
    for signature in rows.defer("strokes").order_by("-seq"):
        signed.setdefault(signature.patient_id, []).append(signature)
    gone: dict[int, list[Withdrawal]] = {}
    for withdrawal in Withdrawal.objects.current().filter(patient__in=patients).order_by("-seq"):
        gone.setdefault(withdrawal.patient_id, []).append(withdrawal)
    opened: dict[int, list[datetime]] = {}
    for pk, at in Course.objects.filter(patient__in=patients).values_list("patient_id", "opened_at"):
        opened.setdefault(pk, []).append(at)
    for patient in patients:
        tell(signed_by, signed.get(patient.pk, []), patient)
        tell(withdrawals, gone.get(patient.pk, []), patient)
        tell(courses_opened, opened.get(patient.pk, []), patient)


def of(patient: Patient, document: str, now: datetime, course: Course | None = None) -> Standing:
    """How one document stands."""
    book().document(document)
    return next(s for s in standing(patient, course, now) if s.document == document)


def stands(patient: Patient, document: str, now: datetime, course: Course | None = None) -> bool:
    """May what this document is about be done now?  Asked anew each time; "no", unknown and withdrawn are all no."""
    return of(patient, document, now, course).stands


def choice(patient: Patient, document: str, key: str, now: datetime) -> str | None:
    """What somebody chose in a document that stands; None where it does not, or where they were not asked."""
    state = of(patient, document, now)
    if state.state is not rules.State.SIGNED:
        return None
    mine = signatures(patient, document)
    return str(mine[0].answers.get("choices", {}).get(key)) if mine and mine[0].answers.get("choices") else None


def may_send(patient: Patient, channel: str, now: datetime) -> bool:
    """May this person be written to by "email" or "sms" now?"""
    if channel not in ("email", "sms"):
        raise BadInput("channel", "is email or sms")
    return choice(patient, "messages", channel, now) == "Yes"


def wants_registry(patient: Patient, now: datetime) -> bool:
    """Does this person let their course be shared for research, now?"""
    return stands(patient, "registry", now) and choice(patient, "registry", "share", now) == "Yes"


def findings(
    patient: Patient, course: Course | None, now: datetime, *, drug: str = "", off_label: bool | None = None,
    therapy: bool = False,
) -> tuple[Finding, ...]:  # fmt: skip
    """What stands in the way of treating this person with this drug: treatment, off-label use, getting home."""
    wanted = Wanted(drug=drug, off_label=off_label, therapy=therapy)
    return rules.findings(standing(patient, course, now), wanted, book())


# ---------------------------------------------------------------- questions
def questions(patient: Patient, document: str = "") -> list[Question]:
    """What somebody asked, oldest first, with the answers."""
    found = Question.objects.current().filter(patient=patient).order_by("seq")
    found = found.filter(document=document) if document else found
    return list(found.prefetch_related(Prefetch("answers", Answer.objects.current().order_by("seq"))))


def open_questions(site: int) -> list[Question]:
    """What nobody has answered yet, oldest first."""
    found = Question.objects.current().filter(site=site, answers__isnull=True).select_related("patient")
    return list(found.order_by("seq"))


# ---------------------------------------------------------------- one of them, or 404
def document_or_404(key: str) -> ConsentDocument:
    found = next((d for d in book().documents if d.key == key), None)
    if found is None:
        raise Http404
    return found


def version_or_404(user: Any, uid: Any) -> Version:
    found = Version.objects.filter(uid=uid, site__in=user.site_ids).prefetch_related("verdicts").first()
    if found is None:
        raise Http404
    return found


def signature_or_404(patient: Patient, uid: Any) -> Signature:
    found = Signature.objects.filter(uid=uid, patient=patient).select_related("version", "witness").first()
    if found is None:
        raise Http404
    return found


def course_now(patient: Patient) -> Course | None:
    """The course that somebody signs for: the newest that is not over."""
    return patient.courses.exclude(state="closed").order_by("-opened_at").first()
