"""A person's own journal: what they write, who may read it, what their therapist asks, and who looked in an emergency."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.consent.sent import read_uuid
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.therapy import actions, forms, queries, words
from stillhaven.clinic.therapy import journal as pages
from stillhaven.clinic.therapy.models import Goal, Summary


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for a patient's own account; for anybody else these pages do not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            raise SignedOut
        if user.patient_id is None:
            raise Http404
        roles.require(user, "journal.write")
        if request.method == "GET":
            record.log_access(
                by=user, what="own journal", patient=user.patient_id, site=user.patient.site_id, path=request.path,
                address=request.META.get("REMOTE_ADDR", ""),
            )  # fmt: skip
        return view(request, user.patient, *args, **kwargs)

    return guarded


def _do(deed: str) -> str:
    return reverse("therapy:journal_do", args=[deed])


@require_GET
@own
def journal(request: HttpRequest, patient: Patient) -> HttpResponse:
    """My pages, what I agreed to do, and what the team is told."""
    user: Any = request.user
    therapies = queries.of_patient(patient)
    kinds = [("page", _("A page of my journal")), ("intention", _("An intention"))]
    write = form(
        request, "write", _do("write"), _("Keep it"),
        Ask(name="kind", label=_("What is it?"), kind="choice", options=kinds, value="page"),
        Ask(name="text", label=_("Your words"), kind="long"),
        Ask(name="share", label=_("Who may read it?"), kind="choice", options=words.shares(), value="private",
            help=_("You can change this at any time.")),
    )  # fmt: skip
    shown = {
        "patient": patient, "write": write, "zone": ZoneInfo(patient.site.zone),
        "looks": queries.looks_in_emergency(patient),
        "pages": [
            {"page": p.page, "text": p.text, "share": words.of(words.shares(), p.share), "forms": _page(request, p)}
            for p in queries.journal_for(user, patient)
        ],
        "goals": [
            {"row": row, "state": words.of(words.steps(), row.state),
             "form": forms.goal_step(request, _do("step"), row) if t.ended_at is None else None}
            for t in therapies for row in queries.goals(t)
        ],
        "summaries": [
            {"told": told, "lines": words.lines(told.said), "forms": _word(request, told)}
            for t in therapies for told in queries.summaries(t)
        ],
    }  # fmt: skip
    return render(request, "therapy/journal.html", shown)


def _page(request: HttpRequest, p: queries.Page) -> list[Form]:
    uid = str(p.page.uid)
    return [
        form(
            request, f"share-{uid}", _do("share"), _("Change"),
            Ask(name="share", label=_("Who may read it?"), kind="choice", options=words.shares(), value=p.share),
            hidden={"page": uid}, look="",
        ),
        form(request, f"out-{uid}", _do("out"), _("Take this page out"), hidden={"page": uid}, look=""),
    ]  # fmt: skip


def _word(request: HttpRequest, told: queries.Told) -> list[Form]:
    def make(agreed: str, send: str, look: str) -> Form:
        hidden = {"summary": str(told.summary.uid), "agreed": agreed}
        return form(request, f"word-{agreed}-{told.summary.uid}", _do("word"), send, hidden=hidden, look=look)

    out = [] if told.agreed is True else [make("yes", _("Yes, the team may read this"), "button-next")]
    no = _("No") if told.agreed is None else _("I take it back")
    return out + ([] if told.agreed is False else [make("no", no, "")])


@require_POST
@own
def journal_do(request: HttpRequest, patient: Patient, deed: str) -> HttpResponse:
    """Write, share, take out; say how homework goes; answer a summary."""
    user: Any = request.user
    now, uid = clock.now(), read_uuid(request.POST.get("uid"))
    if deed == "write":
        said = (request.POST.get("kind", ""), request.POST.get("text", ""), request.POST.get("share", ""))
        pages.write(*said, by=user, at=now, uid=uid)
    elif deed == "share":
        page = queries.page_or_404(user, _sent(request, "page"))
        pages.choose(page, request.POST.get("share", ""), by=user, at=now, uid=uid)
    elif deed == "out":
        pages.take_out(queries.page_or_404(user, _sent(request, "page")), by=user, at=now)
    elif deed == "step":
        goal = Goal.objects.current().filter(uid=_sent(request, "goal"), therapy__patient=patient).first()
        if goal is None:
            raise Http404
        actions.step(goal, request.POST, by=user, at=now, uid=uid)
    elif deed == "word":
        row = Summary.objects.current().filter(uid=_sent(request, "summary"), therapy__patient=patient).first()
        if row is None:
            raise Http404
        actions.answer_summary(row, request.POST.get("agreed") == "yes", by=user, at=now, uid=uid)
    else:
        raise Http404
    messages.success(request, _("Kept."))
    return redirect("therapy:journal")


def _sent(request: HttpRequest, name: str) -> Any:
    uid = read_uuid(request.POST.get(name))
    if uid is None:
        raise Http404
    return uid
