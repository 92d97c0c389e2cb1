"""Secure messages as pages: the person's own, and what waits for the team."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.intake.queries import header
from stillhaven.clinic.messages import actions as outbox
from stillhaven.clinic.messages import thread_actions as actions
from stillhaven.clinic.messages import thread_queries as queries
from stillhaven.clinic.messages.models import CHANNELS, Enclosure, Letter, Thread
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form, problem_of
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.portal.appointments import own
from stillhaven.clinic.record import clock, media
from stillhaven.reference._education import crisis_line
from stillhaven.science.errors import BadInput


def uid_of(request: HttpRequest) -> UUID:
    """The uid that the form was given; a new one where it has none."""
    try:
        return UUID(request.POST.get("uid", ""))
    except ValueError:
        return uuid4()


def _write_asks(*, own_page: bool, subject: bool) -> tuple[Ask, ...]:
    words = _("Your message") if own_page else _("Answer")
    asks = (
        Ask(name="text", label=words, kind="long", help=_("At most 5,000 characters.")),
        Ask(name="files", label=_("Pictures or PDFs, if you like"), kind="papers", help=_("Up to three, 8 MB each.")),
    )
    about = Ask(name="subject", label=_("What is it about?"), help=_("A few words, such as: my next visit."))
    return (about, *asks) if subject else asks


def _told(site: Site, now: datetime) -> dict[str, Any]:
    """What the clinic says about its answers, and whom to call."""
    return {
        "within_h": queries.answer_time(site).within_h, "away": queries.away(site, now),
        "emergency": site.emergency_number, "crisis": crisis_line(),
    }  # fmt: skip


# ---------------------------------------------------------------- the person's own
@require_http_methods(["GET", "POST"])
@own
def letters(request: HttpRequest, patient: Patient) -> HttpResponse:
    """My conversations with the clinic, and a new one."""
    if request.method == "POST":
        letter = actions.begin(
            patient, request.POST.get("subject", ""), request.POST.get("text", ""), by=_user(request), at=clock.now(),
            files=request.FILES.getlist("files"), uid=uid_of(request),
        )  # fmt: skip
        return _sent(request, letter)
    now = clock.now()
    new = form(
        request,
        "letter-new",
        reverse("mine:letters"),
        _("Send"),
        *_write_asks(own_page=True, subject=True),
        upload=True,
    )
    shown = {"rows": queries.mine(patient, now), "form": new, **_told(patient.site, now)}
    return render(request, "portal/letters.html", shown)


def _user(request: HttpRequest) -> User:
    user: Any = request.user
    return user


def _sent(request: HttpRequest, letter: Letter) -> HttpResponse:
    if not letter.urgent:
        notices.success(request, _("Sent. The clinic has it."))
    return redirect("mine:letter", uid=letter.thread.uid)


@require_http_methods(["GET", "POST"])
@own
def letter(request: HttpRequest, patient: Patient, uid: UUID) -> HttpResponse:
    """One conversation, with an answer."""
    thread = queries.own_thread_or_404(patient, uid)
    if request.method == "POST":
        sent = actions.write(
            thread, request.POST.get("text", ""), by=_user(request), at=clock.now(),
            files=request.FILES.getlist("files"), uid=uid_of(request),
        )  # fmt: skip
        return _sent(request, sent)
    now = clock.now()
    if problem_of(request) is None:
        actions.read(thread, by=_user(request), at=now)
    reply = form(
        request, "letter", reverse("mine:letter", args=[uid]), _("Send"), *_write_asks(own_page=True, subject=False),
        upload=True,
    )  # fmt: skip
    rows = list(thread.letters.all())
    shown = {"thread": thread, "letters": rows, "form": reply, "urgent": _urgent(rows), **_told(patient.site, now)}
    return render(request, "portal/letter.html", shown)


def _urgent(rows: list[Letter]) -> bool:
    """Does something that the person wrote since the last answer ask for help at once?"""
    for row in reversed(rows):
        if not row.from_patient:
            return False
        if row.urgent:
            return True
    return False


@require_GET
@own
def enclosure(request: HttpRequest, patient: Patient, uid: UUID) -> HttpResponse:
    return _file(queries.enclosure_or_404(uid, patient=patient))


def _file(row: Enclosure) -> HttpResponse:
    """A sealed file, opened.  It is saved, never shown as a page of ours."""
    try:
        data = media.load(row.uid)
    except BadInput:
        raise Http404 from None
    response = HttpResponse(data, content_type=row.media_type)
    response["Content-Disposition"] = f'attachment; filename="{row.name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


# ---------------------------------------------------------------- the team
@require_http_methods(["GET", "POST"])
@staff_required
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for an answer: urgent first, then what waits longest; and what the clinic promises."""
    user = _user(request)
    roles.require(user, "letter.read")
    site = Site.objects.get(pk=min(user.site_ids))
    if request.method == "POST":
        actions.promise(site, request.POST.dict(), by=user)
        notices.success(request, _("Kept. People read it on their messages page from now on."))
        return redirect("outside:inbox")
    now, closed = clock.now(), request.GET.get("closed") == "yes"
    rows = queries.waiting(user, now, also_closed=closed)
    promise = _promise_form(request, site) if roles.may(user, "letter.promise") else None
    shown = {"rows": rows, "promise": promise, "closed": closed, "may_read": roles.may(user, "letter.read"),
             **_told(site, now)}  # fmt: skip
    return render(request, "portal/inbox.html", shown)


def _promise_form(request: HttpRequest, site: Site) -> Form:
    row = queries.answer_time(site)
    return form(
        request, "promise", reverse("outside:inbox"), _("Keep"),
        Ask(name="within_h", label=_("We answer within"), unit=_("hours"), kind="number", value=row.within_h or ""),
        Ask(name="away_text", label=_("While we are away, we say"), value=row.away_text,
            help=_("Such as: closed until Monday; for anything that cannot wait call 555 0100.")),
        Ask(name="away_from", label=_("Away from"), kind="date", value=row.away_from.isoformat() if row.away_from else ""),
        Ask(name="away_until", label=_("Away until, the last day"), kind="date",
            value=row.away_until.isoformat() if row.away_until else ""),
        look="button",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@staff_required
def thread(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One conversation, for the team: read, answer."""
    user = _user(request)
    roles.require(user, "letter.read")
    found = queries.thread_or_404(user, uid)
    if request.method == "POST":
        sent = actions.write(
            found, request.POST.get("text", ""), by=user, at=clock.now(), files=request.FILES.getlist("files"),
            uid=uid_of(request),
        )  # fmt: skip
        _notify(request, sent)
        return redirect("outside:thread", uid=uid)
    now = clock.now()
    if problem_of(request) is None:
        log_chart_opened(request, found.patient, "messages")
        actions.read(found, by=user, at=now)
    rows = list(found.letters.all())
    here = reverse("outside:thread", args=[uid])
    shown = {
        "thread": found, "letters": rows, "urgent": _urgent(rows), "person": header(found.patient, now),
        "form": form(request, "letter", here, _("Send"), *_write_asks(own_page=False, subject=False), upload=True),
        "assign": _assign_form(request, found), "may_write": roles.may(user, "letter.write"),
        "close": form(request, "close", reverse("outside:close", args=[uid]), _("Done: close it"), look="button-quiet"),
        "mails": [c for c in CHANNELS if consent.may_send(found.patient, c, now)], **_told(found.site, now),
    }  # fmt: skip
    return render(request, "portal/thread.html", shown)


def _assign_form(request: HttpRequest, found: Thread) -> Form:
    options = [("", _("Nobody yet")), *((str(u.pk), u.signature_name) for u in queries.answerers(found.site_id))]
    return form(
        request, "assign", reverse("outside:assign", args=[found.uid]), _("Give it to them"),
        Ask(name="to", label=_("Who has it"), kind="select", options=options, value=str(found.assigned_to_id or "")),
        look="button",
    )  # fmt: skip


def _notify(request: HttpRequest, sent: Letter) -> None:
    """A line by mail or text that something is there: a link, and no word of what it says.  Only where they said yes."""
    now, patient = clock.now(), sent.patient
    may = [c for c in CHANNELS if consent.may_send(patient, c, now)]
    context = {"clinic": patient.site.name, "link": reverse("mine:letter", args=[sent.thread.uid])}
    made = outbox.queue(
        patient,
        "letter",
        context,
        purpose="letter",
        due_at=now,
        once=f"letter:{sent.uid}",
        about=sent.uid,
        channels=may,
    )
    said = _("Sent, and a link is on its way to them.") if made else _("Sent. They see it when they next sign in.")
    notices.success(request, said)


@require_POST
@staff_required
def assign(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = _user(request)
    roles.require(user, "letter.write")
    found, to = queries.thread_or_404(user, uid), request.POST.get("to", "")
    person = next((u for u in queries.answerers(found.site_id) if str(u.pk) == to), None)
    if to and person is None:
        raise BadInput("to", "choose one of the list")
    actions.assign(found, person, by=user)
    return redirect("outside:thread", uid=uid)


@require_POST
@staff_required
def close(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = _user(request)
    roles.require(user, "letter.write")
    actions.close(queries.thread_or_404(user, uid), by=user, at=clock.now())
    notices.success(request, _("Closed. A new message opens it again."))
    return redirect("outside:inbox")


@require_http_methods(["GET", "POST"])
@staff_required
def write_to(request: HttpRequest, pk: int) -> HttpResponse:
    """The team begins a conversation."""
    user = _user(request)
    roles.require(user, "letter.write")
    patient = consent.patient_or_404(user, pk)
    if request.method == "POST":
        sent = actions.begin(
            patient, request.POST.get("subject", ""), request.POST.get("text", ""), by=user, at=clock.now(),
            files=request.FILES.getlist("files"), uid=uid_of(request),
        )  # fmt: skip
        _notify(request, sent)
        return redirect("outside:thread", uid=sent.thread.uid)
    now = clock.now()
    if problem_of(request) is None:
        log_chart_opened(request, patient, "messages")
    new = form(
        request, "letter-new", reverse("outside:write_to", args=[pk]), _("Send"),
        *_write_asks(own_page=False, subject=True), upload=True,
    )  # fmt: skip
    threads = Thread.objects.filter(patient=patient)
    shown = {"person": header(patient, now), "patient": patient, "form": new, "threads": threads}
    return render(request, "portal/write_to.html", shown)


@require_GET
@staff_required
def staff_enclosure(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = _user(request)
    roles.require(user, "letter.read")
    row = queries.enclosure_or_404(uid, patient__site_id__in=user.site_ids)
    log_chart_opened(request, row.patient, "messages")
    return _file(row)
