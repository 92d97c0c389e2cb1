"""Staff: how one person's consent stands, the tablet in their hands, the witness, their questions."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.consent import actions, pages, queries, views
from stillhaven.clinic.consent.models import Question
from stillhaven.clinic.consent.sent import read_uuid
from stillhaven.clinic.people import roles, unlock
from stillhaven.clinic.people.asking import Ask, Form, form, problem_of
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked
from stillhaven.science.consent import Gate, State
from stillhaven.science.errors import BadInput


def _open(request: HttpRequest, pk: int, action: str = "consent.view") -> Patient:
    found = queries.patient_or_404(request.user, pk)
    roles.require_patient(request.user, action, found)
    if request.method == "GET" and problem_of(request) is None:
        log_chart_opened(request, found, "consent")
    return found


def person_of(patient: Patient) -> dict[str, Any]:
    """The person header, without a weight: consent knows none."""
    return {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(clock.now().date()), "weight_kg": None, "weighed_on": None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": patient.comfort_card,
    }  # fmt: skip


@require_GET
@staff_required
@looked
def patient(request: HttpRequest, pk: int) -> HttpResponse:
    """How each document stands with this person, and what staff can do about it."""
    found, now = _open(request, pk), clock.now()
    standing = queries.standing(found, queries.course_now(found), now)
    signed: dict[str, Any] = {}
    for signature in queries.signatures(found):
        signed.setdefault(signature.document, signature)
    rows = [
        {
            "row": row, "signature": pages.shown_signature(signed[row.document], found) if row.document in signed else None,
            "withdraw": _withdraw(request, found, row.document)
            if row.document in signed and row.state is not State.WITHDRAWN and roles.may(request.user, "consent.withdraw")
            else None,
        }
        for row in standing
    ]  # fmt: skip
    questions = queries.questions(found)
    shown = {
        "patient": found, "person": person_of(found), "rows": rows, "hand_over": _hand_over(request, found, standing),
        "waiting": _waiting(request, found, signed.values()),
        "questions": [{"question": q, "title": queries.book().document(q.document).title, "form": _answer(request, found, q)}
                      for q in questions],
    }  # fmt: skip
    return render(request, "consent/patient.html", shown)


def _withdraw(request: HttpRequest, found: Patient, document: str) -> Form:
    return form(
        request, f"withdraw-{document}", reverse("consent:withdraw", args=[found.pk, document]),
        _("They take it back"), Ask(name="words", label=_("In their words, if they said why")), look="",
    )  # fmt: skip


def _hand_over(request: HttpRequest, found: Patient, standing: Any) -> Form | None:
    if not roles.may(request.user, "consent.hand_over"):
        return None
    options = tuple((row.document, row.title) for row in standing if row.state is not State.UNKNOWN)
    ticked = [
        row.document for row in standing
        if row.state is not State.SIGNED and row.gate not in (Gate.NONE, Gate.THERAPY) and row.state is not State.UNKNOWN
    ]  # fmt: skip
    if not options:
        return None
    return form(
        request, "hand-over", reverse("consent:hand_over", args=[found.pk]), _("Lock, and hand over the tablet"),
        Ask(name="documents", label=_("Which documents?"), kind="ticks", options=options, value=ticked),
    )  # fmt: skip


def _waiting(request: HttpRequest, found: Patient, newest: Any) -> list[dict[str, Any]]:
    """Signatures of which the clinic's policy wants a witness, and which have none."""
    if not roles.may(request.user, "consent.witness"):
        return []
    asked = queries.clinic_policy(found.site_id).witness
    out = []
    for signature in newest:
        about = queries.book().document(signature.document)
        wanted = asked == "always" or (asked == "on_the_clinics_tablet" and signature.place == "clinic_tablet")
        if about.witness and wanted and getattr(signature, "witness", None) is None:
            problem = problem_of(request)
            mine = problem if problem is not None and problem.form == f"witness-{signature.uid}" else None
            out.append({"shown": pages.shown_signature(signature, found), "why": mine.why if mine else "",
                        "key": f"witness-{signature.uid}"})  # fmt: skip
    return out


def _answer(request: HttpRequest, found: Patient, question: Question) -> Form | None:
    if not roles.may(request.user, "consent.answer"):
        return None
    again = bool(question.answers.all())
    return form(
        request, f"answer-{question.uid}", reverse("consent:answer", args=[found.pk, question.uid]), _("Send the answer"),
        Ask(name="text", label=_("Another answer") if again else _("Your answer"), kind="long"),
        look="" if again else "button-next",
    )  # fmt: skip


@require_GET
@staff_required
@looked
def document(request: HttpRequest, pk: int, document: str) -> HttpResponse:
    """One document of this person: the text that holds, every signature, what was asked."""
    found = _open(request, pk)
    about = queries.document_or_404(document)
    urls = {"list": reverse("consent:patient", args=[pk]), "here": request.path}
    shown = pages.document(request, found, about, clock.now(), urls)
    shown |= {
        "mode": "staff",
        "may_sign": False,
        "person": person_of(found),
        "undo": False,
        "words": shown["row"].state.words,
    }
    return render(request, "consent/document.html", shown)


@require_POST
@staff_required
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock this browser for everything but these documents, and put it into the person's hands."""
    found = _open(request, pk, "consent.hand_over")
    known = {d.key for d in queries.book().documents}
    chosen = [key for key in request.POST.getlist("documents") if key in known]
    if not chosen:
        raise BadInput("documents", "choose at least one document")
    unlock.lock(request)
    request.session[unlock.TABLET] = {"patient": found.pk, "documents": chosen}
    return redirect("consent:tablet")


@require_POST
@staff_required
def withdraw(request: HttpRequest, pk: int, document: str) -> HttpResponse:
    """They said that they take it back: effective at once, whoever heard it."""
    found = _open(request, pk, "consent.withdraw")
    queries.document_or_404(document)
    user: Any = request.user
    uid = read_uuid(request.POST.get("uid"))
    actions.withdraw(found, document, by=user, at=clock.now(), words=request.POST.get("words", ""), uid=uid)
    return redirect("consent:patient", pk=pk)


@require_POST
@staff_required
def undo(request: HttpRequest, pk: int, document: str) -> HttpResponse:
    """The withdrawal was a slip of one's own finger."""
    found = _open(request, pk, "consent.withdraw")
    user: Any = request.user
    actions.undo(views.newest_withdrawal(found, document), by=user, at=clock.now())
    return redirect("consent:patient", pk=pk)


@require_POST
@staff_required
def witness(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """I saw them sign."""
    found = _open(request, pk, "consent.witness")
    signature = queries.signature_or_404(found, uid)
    factor = unlock.confirm_factor(request, request.POST.get("code", ""))
    user: Any = request.user
    actions.witness(
        signature, by=user, at=clock.now(), second_factor=factor, uid=read_uuid(request.POST.get("uid"))
    )  # fmt: skip
    return redirect("consent:patient", pk=pk)


@require_POST
@staff_required
def answer(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """Answer a question; the person reads it under the document."""
    found = _open(request, pk, "consent.answer")
    question = next((q for q in queries.questions(found) if str(q.uid) == str(uid)), None)
    if question is None:
        raise Http404
    user: Any = request.user
    text = request.POST.get("text", "")
    actions.answer(question, text, by=user, at=clock.now(), uid=read_uuid(request.POST.get("uid")))
    return redirect("consent:patient", pk=pk)


@require_GET
@staff_required
def pdf(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """A signed document on paper."""
    found = _open(request, pk)
    return pages.signed_pdf(queries.signature_or_404(found, uid), found, clock.now())
