"""The therapist's pages: my people, and each person's way from preparation to integration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.consent.sent import read_uuid
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import problem_of
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import queries as sessions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.therapy import actions, forms, queries, words
from stillhaven.clinic.therapy.models import Goal, OpenItem, Summary, Therapy
from stillhaven.science.errors import BadInput
from stillhaven.science.units import parse_number


def person_of(patient: Patient) -> dict[str, Any]:
    """The person header, without a weight: therapy needs none."""
    return {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(clock.now().date()), "weight_kg": None, "weighed_on": None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": patient.comfort_card,
    }  # fmt: skip


@require_GET
@staff_required
def mine(request: HttpRequest) -> HttpResponse:
    """The people I work with, whoever is late first."""
    roles.require(request.user, "therapy.view")
    user: Any = request.user
    rows = [{"due": d, "stage": words.stage(d.stage), "rows": [(r, words.timing(r)) for r in d.rows]}
            for d in queries.due(user, clock.now())]  # fmt: skip
    return render(request, "therapy/mine.html", {"rows": rows})


def _open(request: HttpRequest, uid: str) -> Therapy:
    roles.require(request.user, "therapy.view")
    therapy = queries.therapy_or_404(request.user, uid)
    if request.method == "GET" and problem_of(request) is None:
        log_chart_opened(request, therapy.patient, "therapy")
    return therapy


def _frame(request: HttpRequest, therapy: Therapy, here: str, title: str, **more: Any) -> dict[str, Any]:
    steps = [
        ("preparation", _("Preparation")), ("readiness", _("Readiness")), ("integration", _("Integration")),
        ("goals", _("Goals and homework")), ("summary", _("Summary for the team")), ("notes", _("Process notes")),
        ("review", _("Review")),
    ]  # fmt: skip
    nav = [(reverse("therapy:course", args=[therapy.uid]), _("Overview"), here == "")]
    nav += [(reverse("therapy:step", args=[therapy.uid, key]), label, here == key) for key, label in steps]
    writes = therapy.therapist_id == request.user.pk and therapy.ended_at is None
    return {"therapy": therapy, "person": person_of(therapy.patient), "patient": therapy.patient, "nav": nav,
            "title": title, "writes": writes} | more  # fmt: skip


@require_GET
@staff_required
def course(request: HttpRequest, uid: str) -> HttpResponse:
    """One person: what is due, sessions, what they share."""
    therapy, now = _open(request, uid), clock.now()
    user: Any = request.user
    rows = queries.sessions(therapy, now)
    shown = _frame(request, therapy, "", _("Overview"))
    shown |= {
        "rows": [(r, words.timing(r)) for r in rows], "findings": queries.readiness(therapy, now),
        "journal": [(p, words.of(words.shares(), p.share)) for p in queries.journal_for(user, therapy.patient)],
        "looks": queries.looks_in_emergency(therapy.patient),
    }  # fmt: skip
    return render(request, "therapy/course.html", shown)


@require_GET
@staff_required
def session(request: HttpRequest, uid: str, session: str) -> HttpResponse:
    """One dosing session on its time line, with the link to its vital signs, which only shows."""
    therapy = _open(request, uid)
    user: Any = request.user
    about = queries.session_or_404(therapy, session)
    shown = _frame(request, therapy, "session", _("Session"), session=about)
    mine = [words.item(r) for r in queries.notes(user, therapy, "dosing", "debrief", session=about)]
    shown["items"] = sorted(mine + _of_the_session(about), key=lambda item: item["at"])
    if shown["writes"]:
        shown["forms"] = [forms.dosing(request, therapy, about)]
        shown["debrief"] = forms.debrief(request, therapy, about)
    return render(request, "therapy/session.html", shown)


def _of_the_session(about: TreatmentSession) -> list[dict[str, Any]]:
    """What the session's own record says, between the therapist's notes: its moves, and what was seen and done."""
    out: list[dict[str, Any]] = [
        {"head": m.move.replace("_", " ").capitalize(), "at": m.happened_at, "by": m.by_name, "quiet": True}
        for m in sessions.moves(about)
    ]
    out += [{"head": e.label, "at": e.happened_at, "by": e.by_name, "quiet": True} for e in sessions.events(about)]
    return out


@require_GET
@staff_required
def step(request: HttpRequest, uid: str, step: str) -> HttpResponse:
    """One step of the way."""
    therapy = _open(request, uid)
    make = _STEPS.get(step)
    if make is None:
        raise Http404
    return render(request, "therapy/step.html", make(request, therapy, clock.now()))


def _preparation(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    user: Any = request.user
    found = queries.notes(user, therapy, "preparation")
    shown = _frame(request, therapy, "preparation", _("Preparation"), items=[words.item(r) for r in reversed(found)])
    shown["lead"] = _(
        "Their words stay with you. The team reads the stop signal, the agreement on touch and the support person."
    )
    if shown["writes"]:
        shown["forms"] = [forms.preparation(request, therapy, found[-1] if found else None)]
    return shown


def _readiness(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    shown = _frame(request, therapy, "readiness", _("Readiness"), findings=queries.readiness(therapy, now))
    shown["lead"] = _("Ready only when everything here is met. The medical team clears it from the person's chart.")
    shown["items"] = items_of(
        request, therapy, reverse("therapy:do", args=[therapy.uid, "settle"]) if shown["writes"] else ""
    )
    if shown["writes"]:
        shown["forms"] = [forms.open_item(request, reverse("therapy:do", args=[therapy.uid, "item"]))]
    return shown


def items_of(request: HttpRequest, therapy: Therapy, settle_url: str) -> list[dict[str, Any]]:
    """What had to be settled, and how it was."""
    out = []
    for item in queries.items(therapy):
        done = getattr(item, "settled", None)
        lines = [(_("Settled"), " · ".join(filter(None, (done.by_name, done.words))))] if done else []
        more = [forms.settle(request, settle_url, item)] if settle_url and not done else []
        out.append({"head": item.text, "at": item.happened_at, "by": item.by_name, "lines": lines, "forms": more})
    return out


def _integration(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    user: Any = request.user
    rows = [r for r in queries.sessions(therapy, now) if r.left_at is not None]
    held = queries.notes(user, therapy, "integration")
    shown = _frame(request, therapy, "integration", _("Integration"))
    shown["items"] = [words.item(r) for r in reversed(held)]
    if shown["writes"]:
        talks = {r.session.pk: forms.integration(request, therapy, r.session) for r in rows if r.held is None}
    else:
        talks = {}
    shown["talks"] = [(r, words.timing(r), talks.get(r.session.pk)) for r in rows]
    return shown


def _goals(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    shown = _frame(request, therapy, "goals", _("Goals and homework"))
    shown["lead"] = _("They see these on their own page and say there how it goes, too.")
    url = reverse("therapy:do", args=[therapy.uid, "step"])
    shown["items"] = goal_items(request, therapy, url if shown["writes"] else "")
    if shown["writes"]:
        shown["forms"] = [forms.goal(request, therapy)]
    return shown


def goal_items(request: HttpRequest, therapy: Therapy, url: str) -> list[dict[str, Any]]:
    out = []
    for row in queries.goals(therapy):
        lines = [(_("Stands"), " · ".join(filter(None, (words.of(words.steps(), row.state), row.words, row.by))))]
        if row.goal.due_on:
            lines.append((_("Until"), row.goal.due_on.strftime("%-d %B %Y")))
        head = (_("Homework") if row.goal.kind == "homework" else _("Goal")) + ": " + str(row.said.get("text", ""))
        out.append({"head": head, "at": row.goal.happened_at, "by": row.goal.by_name, "lines": lines,
                    "forms": [forms.goal_step(request, url, row)] if url else []})  # fmt: skip
    return out


def _summary(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    shown = _frame(request, therapy, "summary", _("Summary for the team"))
    shown["lead"] = _("The team reads a summary only while the person agrees to it.")
    heads = {True: _("Agreed: the team reads it"), False: _("Not agreed"), None: _("Waits for their word")}
    shown["items"] = [
        {"head": heads[told.agreed],
         "at": told.summary.happened_at, "by": told.summary.by_name, "lines": words.lines(told.said),
         "forms": forms.summary_word(request, therapy, told) if shown["writes"] else []}
        for told in queries.summaries(therapy)
    ]  # fmt: skip
    if shown["writes"]:
        shown["forms"] = [forms.summary(request, therapy)]
    return shown


def _notes(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    user: Any = request.user
    shown = _frame(request, therapy, "notes", _("Process notes"))
    shown["lead"] = _(
        "Sealed under a key of their own. You read them, and whom you name here; nobody else, and no export."
    )
    items = []
    for read in reversed(queries.notes(user, therapy, "process")):
        own = shown["writes"] and read.note.by_id == user.pk
        more = [forms.correct(request, therapy, read), forms.take_back(request, therapy, read)] if own else []
        items.append(words.item(read) | {"forms": more})
    shown["items"] = items
    if shown["writes"]:
        named = queries.supervisors(therapy).get(user.pk)
        shown["forms"] = [forms.process(request, therapy)]
        shown["last_form"] = forms.supervisor(request, therapy, named.supervisor_id if named else None)
    return shown


def _review(request: HttpRequest, therapy: Therapy, now: datetime) -> dict[str, Any]:
    user: Any = request.user
    found = queries.notes(user, therapy, "review")
    shown = _frame(request, therapy, "review", _("Review"), items=[words.item(r) for r in reversed(found)])
    if shown["writes"]:
        shown["forms"] = [forms.review(request, therapy)]
    return shown


_STEPS: dict[str, Callable[[HttpRequest, Therapy, datetime], dict[str, Any]]] = {
    "preparation": _preparation, "readiness": _readiness, "integration": _integration, "goals": _goals,
    "summary": _summary, "notes": _notes, "review": _review,
}  # fmt: skip


# ---------------------------------------------------------------- deeds
def _ago(request: HttpRequest, name: str, unit: timedelta, most: float) -> datetime:
    """A moment in the past, as typed in minutes or hours; now where nothing was typed."""
    text, now = request.POST.get(name, "").strip(), clock.now()
    if not text:
        return now
    number = parse_number(text, name)
    if not 0 <= number <= most:
        raise BadInput(name, f"runs from 0 to {most:g}")
    return now - number * unit


def one_of(model: Any, therapy: Therapy, sent: str) -> Any:
    """The entry of this therapy that a form means."""
    uid = read_uuid(sent)
    found = model.objects.current().filter(uid=uid, therapy=therapy).first() if uid else None
    if found is None:
        raise Http404
    return found


@require_POST
@staff_required
def do(request: HttpRequest, uid: str, deed: str) -> HttpResponse:
    """A therapist writes something down."""
    roles.require(request.user, "therapy.write")
    user: Any = request.user
    therapy, now = queries.own_or_404(user, uid), clock.now()
    make = _DEEDS.get(deed)
    if make is None:
        raise Http404
    back = make(request, user, therapy, now, {"by": user, "at": now, "uid": read_uuid(request.POST.get("uid"))})
    messages.success(request, _("Kept."))
    return redirect(back)


def _to(therapy: Therapy, step: str) -> str:
    return reverse("therapy:step", args=[therapy.uid, step])


def _session_of(request: HttpRequest, therapy: Therapy) -> Any:
    sent = read_uuid(request.POST.get("session"))
    if sent is None:
        raise Http404
    return queries.session_or_404(therapy, sent)


def _do_prepare(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.prepare(therapy.pk, request.POST, **sent)
    return _to(therapy, "preparation")


def _do_item(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.add_item(therapy.pk, request.POST.get("text", ""), **sent)
    return _to(therapy, "readiness")


def _do_settle(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.settle(one_of(OpenItem, therapy, request.POST.get("item", "")), request.POST.get("words", ""), **sent)
    return _to(therapy, "readiness")


def _do_dosing(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    session = _session_of(request, therapy)
    at = _ago(request, "minutes_ago", timedelta(minutes=1), 24 * 60)
    actions.dosing_note(therapy.pk, session, request.POST, **sent | {"at": at})
    return reverse("therapy:session", args=[therapy.uid, session.uid])


def _do_debrief(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    session = _session_of(request, therapy)
    actions.debrief(therapy.pk, session, request.POST, **sent)
    return reverse("therapy:session", args=[therapy.uid, session.uid])


def _do_integrate(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    at = _ago(request, "hours_ago", timedelta(hours=1), 14 * 24)
    actions.integrate(therapy.pk, _session_of(request, therapy), request.POST, **sent | {"at": at})
    return _to(therapy, "integration")


def _do_review(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.review(therapy.pk, request.POST, **sent)
    return _to(therapy, "review")


def _do_process(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.process_note(therapy.pk, request.POST.get("text", ""), **sent)
    return _to(therapy, "notes")


def _do_correct(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    note = queries.note_or_404(user, read_uuid(request.POST.get("note")) or therapy.uid)
    if note.kind != "process" or note.therapy_id != therapy.pk:
        raise Http404
    actions.correct(note, request.POST.get("text", ""), request.POST.get("reason", ""), **sent)
    return _to(therapy, "notes")


def _do_take_back(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    note = queries.note_or_404(user, read_uuid(request.POST.get("note")) or therapy.uid)
    if note.kind != "process" or note.therapy_id != therapy.pk:
        raise Http404
    actions.correct(note, "", request.POST.get("reason", ""), retract=True, **sent)
    return _to(therapy, "notes")


def _do_supervisor(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    chosen = request.POST.get("supervisor", "")
    found = next((u for u in queries.colleagues(user) if str(u.pk) == chosen), None)
    if chosen and found is None:
        raise BadInput("supervisor", "choose one of the list")
    actions.name_supervisor(therapy.pk, found, **sent)
    return _to(therapy, "notes")


def _do_summary(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.propose_summary(therapy.pk, request.POST, **sent)
    return _to(therapy, "summary")


def _do_summary_word(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    row = one_of(Summary, therapy, request.POST.get("summary", ""))
    actions.answer_summary(row, request.POST.get("agreed") == "yes", **sent)
    return _to(therapy, "summary")


def _do_goal(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.add_goal(therapy.pk, request.POST, **sent)
    return _to(therapy, "goals")


def _do_step(request: HttpRequest, user: User, therapy: Therapy, now: datetime, sent: dict[str, Any]) -> str:
    actions.step(one_of(Goal, therapy, request.POST.get("goal", "")), request.POST, **sent)
    return _to(therapy, "goals")


_DEEDS: dict[str, Callable[[HttpRequest, User, Therapy, datetime, dict[str, Any]], str]] = {
    "prepare": _do_prepare, "item": _do_item, "settle": _do_settle, "dosing": _do_dosing, "debrief": _do_debrief,
    "integrate": _do_integrate, "review": _do_review, "process": _do_process, "correct": _do_correct,
    "take-back": _do_take_back, "supervisor": _do_supervisor, "summary": _do_summary, "summary-word": _do_summary_word,
    "goal": _do_goal, "step": _do_step,
}  # fmt: skip
