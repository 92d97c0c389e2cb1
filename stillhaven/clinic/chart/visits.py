"""Booking a series, and what can be done with one visit: move it, cancel it, say that nobody came, offer its place."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.chart import patient as charts
from stillhaven.clinic.chart import visit_forms as forms
from stillhaven.clinic.chart.visit_pages import person_of, visit_page
from stillhaven.clinic.messages import actions as post
from stillhaven.clinic.messages import queries as posted
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked as one_look_of
from stillhaven.clinic.schedule import actions as schedule_actions
from stillhaven.clinic.schedule import calendar, queries, reminders, upkeep
from stillhaven.clinic.schedule.models import Waiting
from stillhaven.clinic.schedule.sheet import KIND_WORDS
from stillhaven.clinic.schedule.upkeep_views import WEEKDAYS, day, hour, number, weekdays
from stillhaven.clinic.schedule.views import frame, line, looked
from stillhaven.clinic.session import booking
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.schedule import DOSING, Row, Wanted, Window, local, propose


def _uid(request: HttpRequest, name: str = "uid") -> UUID:
    text = request.POST.get(name, "")
    try:
        return UUID(text) if text else uuid4()
    except ValueError:
        raise BadInput(name, "is not a uid") from None


def _books(request: HttpRequest) -> None:
    if not roles.may(request.user, "session.book"):
        roles.require(request.user, "schedule.book")


# ---------------------------------------------------------------- booking
@require_http_methods(["GET", "POST"])
@staff_required
@one_look_of
def book(request: HttpRequest) -> HttpResponse:
    """Whom, what for, how often, from when; then every visit of it, with what is in the way and when else."""
    _books(request)
    asked = request.POST.get("patient") or request.GET.get("patient", "")
    if not asked:
        q = request.GET.get("q", "").strip()
        found = charts.find(request.user, q)
        site = queries.site_of(request.user, "")
        shown = frame(request, site, queries.today(site, clock.now()), "") | {"q": q, "found": found}
        return render(request, "chart/book_whom.html", shown)
    patient = queries.patient_or_404(request.user, asked)
    log_chart_opened(request, patient, "booking")
    known = forms.typed(request)
    course = forms.course_of(patient, known)
    if request.method == "GET":
        return _book_page(request, patient, course, known, {})
    try:
        roles.require(request.user, schedule_actions.needed_line(known.values.get("kind", DOSING)))
        if known.values.get("do") == "begin":  # the kind or the course was changed: the form again
            known.values = {k: v for k, v in known.values.items() if k in ("kind", "course", "patient")}
            known.rows = []
            return _book_page(request, patient, course, known, {})
        if known.values.get("do") == "cadence":
            known.rows = []
        wanted = forms.wanted(patient, course, known)
        rows = propose(wanted, _house(patient, course, wanted), clock.now())
        if known.values.get("do") != "book":
            return _book_page(request, patient, course, known, {}, rows)
        made = booking.book_visits(
            patient,
            course,
            wanted,
            by=request.user,
            at=clock.now(),
            uid=_uid(request),
            note=str(known.values.get("note", "")),
        )
    except BadInput as error:
        return _book_page(request, patient, course, known, {error.field: error.why}, status=422)
    except roles.NotAllowed:
        raise
    except Refused as error:
        record.log_access(
            by=request.user,  # type: ignore[arg-type]
            what="refused",
            path=f"POST {request.path}",
            refused=True,
            why=error.why[:500],
            patient=patient.pk,
            site=patient.site_id,
        )
        rows = propose(wanted, _house(patient, course, wanted), clock.now())
        why = _("Nothing was booked: %(why)s.") % {"why": error.why}
        return _book_page(request, patient, course, known, {"": why}, rows, status=409)
    waiting = request.POST.get("waiting", "")
    if waiting.isdecimal() and len(waiting) < 12:
        upkeep.stop_waiting(int(waiting), "booked", by=request.user)
    messages.success(
        request, _("%(n)d visits are booked.") % {"n": len(made)} if len(made) > 1 else _("The visit is booked.")
    )
    return redirect("chart:visits", pk=patient.pk)


def _house(patient: Patient, course: Any, wanted: list[Wanted]) -> Any:
    protocol = booking.protocol_of(course) if course else None
    start, end = min(w.window.start for w in wanted), max(w.window.end for w in wanted)
    most = protocol.most_sessions_per_week if protocol else None
    return queries.house(patient.site, start, end, most_sessions_per_week=most)


def _book_page(
    request: HttpRequest,
    patient: Patient,
    course: Any,
    known: forms.Typed,
    trouble: dict[str, str],
    rows: list[Row] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    asks = forms.asks(request.user, patient, course, known, trouble, now)
    chairs = queries.chairs(patient.site)
    nurses = [u for u in queries.clinicians(patient.site) if "nurse" in queries.duty_roles(u)]
    names = {u.pk: u.signature_name for u in queries.clinicians(patient.site)}
    shown_rows = [_row(n, row, patient, {c.pk: c.name for c in chairs}, names) for n, row in enumerate(rows or [])]
    shown = frame(request, patient.site, queries.today(patient.site, now), "") | {
        "patient": patient,
        "person": person_of(patient, now),
        "asks": asks,
        "form": {"key": "book"},
        "uid": known.uid,
        "rows": shown_rows,
        "fits": sum(r["fits"] for r in shown_rows),
        "chairs": chairs,
        "nurses": nurses,
        "trouble": trouble.get("", "") or "; ".join(f"{k}: {w}" for k, w in trouble.items() if k and k not in asks),
        "any_trouble": bool(trouble),
        "kind": known.values.get("kind", DOSING),
        "dosing": known.values.get("kind", DOSING) == DOSING,
        "order": booking.newest_order(course) if course else None,
        "course": course,
        "waiting": known.values.get("waiting", ""),
    }
    return render(request, "chart/book.html", shown, status=status)


def _row(number_: int, row: Row, patient: Patient, chairs: dict[int, str], names: dict[int, str]) -> dict[str, Any]:
    zone, at = queries.zone_of(patient.site), row.fit.placement
    start = row.wanted.window.start.astimezone(zone)
    return {
        "n": number_,
        "start": start,
        "end": row.wanted.window.end.astimezone(zone),
        "fits": row.fit.fits,
        "why": [f.because for f in row.fit.against],
        "to_do": [f.to_do for f in row.fit.against if f.to_do],
        "cautions": [f.because for f in row.fit.findings if not f.is_met and not f.stops],
        "chair": row.wanted.chair,
        "nurse": row.wanted.nurse,
        "where": chairs.get(at.chair or 0, "") if at else "",
        "who": names.get(at.nurse or at.attending or 0, "") if at else "",
        "others": [
            {"start": (s := p.window.start.astimezone(zone)), "take": f"{number_}|{s:%Y-%m-%d}|{s:%H:%M}"}
            for p in row.alternatives
        ],
    }


# ---------------------------------------------------------------- one visit
@require_GET
@staff_required
@one_look_of
def visit(request: HttpRequest, uid: str) -> HttpResponse:
    """One visit: when, where, with whom, what was said before it, and what can be done with it."""
    roles.require(request.user, "schedule.view")
    row = queries.appointment_or_404(request.user, uid)
    log_chart_opened(request, row.patient, "visit")
    return render(request, "chart/visit.html", visit_page(request, row, clock.now()))


@require_POST
@staff_required
def move(request: HttpRequest, uid: str) -> HttpResponse:
    """Another time, chair or nurse.  What does not fit comes back with the nearest times that do."""
    roles.require(request.user, "schedule.move")
    row = queries.appointment_or_404(request.user, uid)
    took = request.POST.get("take", "")
    if took:
        start: datetime = _moment(took)
    else:
        typed_day = day(request, "day")
        assert typed_day is not None
        start = local(typed_day, hour(request, "time"), queries.zone_of(row.site))
    window = Window(start=start, end=start + (row.ends_at - row.starts_at))
    chair, nurse = (None, None) if took else (number(request, "chair"), number(request, "nurse"))
    changes: dict[str, Any] = {"chair": chair, "nurse": nurse} if row.kind == DOSING else {}
    booking.move_visit(
        row.pk,
        schedule_actions.wanted_of(row, window, **changes),
        by=request.user,
        at=clock.now(),
        why=request.POST.get("why", ""),
    )
    messages.success(request, _("The visit is moved, and its reminder with it."))
    return redirect("chart:visit", uid=row.uid)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("take", "choose one of the times") from None
    if found.tzinfo is None:
        raise BadInput("take", "choose one of the times")
    return found


@require_POST
@staff_required
def cancel(request: HttpRequest, uid: str) -> HttpResponse:
    roles.require(request.user, "schedule.cancel")
    row = queries.appointment_or_404(request.user, uid)
    booking.cancel_visit(row.pk, request.POST.get("why", ""), by=request.user, at=clock.now())
    messages.success(request, _("The visit is cancelled; its place is free."))
    return redirect("chart:visit", uid=row.uid)


@require_POST
@staff_required
def no_show(request: HttpRequest, uid: str) -> HttpResponse:
    roles.require(request.user, "schedule.no_show")
    row = queries.appointment_or_404(request.user, uid)
    booking.no_show_visit(row.pk, request.POST.get("why", ""), by=request.user, at=clock.now())
    messages.success(request, _("Written down: the person did not come."))
    return redirect("chart:visit", uid=row.uid)


@require_POST
@staff_required
def arrived(request: HttpRequest, uid: str) -> HttpResponse:
    roles.require(request.user, "session.check_in")
    row = queries.appointment_or_404(request.user, uid)
    schedule_actions.arrived(row.pk, by=request.user, at=clock.now())
    return redirect("chart:visit", uid=row.uid)


@require_POST
@staff_required
def said(request: HttpRequest, uid: str) -> HttpResponse:
    """What the patient said on the telephone before the visit."""
    roles.require(request.user, "session.check_in")
    row = queries.appointment_or_404(request.user, uid)
    upkeep.answer(
        row, "confirm", confirm_value(request) | {"by_phone": True}, by=request.user, at=clock.now(), uid=_uid(request)
    )
    messages.success(request, _("Written down."))
    return redirect("chart:visit", uid=row.uid)


def confirm_value(request: HttpRequest) -> dict[str, Any]:
    """Prepared, driver, symptoms: each yes, no or not known, never a silent no."""
    value: dict[str, Any] = {}
    for name in ("prepared", "infection"):
        answer = request.POST.get(name, "")
        if answer not in ("yes", "no", "unknown"):
            raise BadInput(name, "choose an answer")
        value[name] = answer
    return value | {
        "driver": request.POST.get("driver", "").strip()[:120],
        "driver_phone": request.POST.get("driver_phone", "").strip()[:40],
        "symptoms": request.POST.get("symptoms", "").strip()[:300],
    }


@require_POST
@staff_required
def offer(request: HttpRequest, uid: str, pk: int) -> HttpResponse:
    """Offer a place that became free to somebody who waits."""
    roles.require(request.user, "schedule.waitlist")
    row = queries.appointment_or_404(request.user, uid)
    one = next((w for w in upkeep.who_could_come(row) if w.pk == pk), None)
    if one is None or row.state not in ("cancelled", "no_show"):
        raise Refused(why="this place is not free, or the person does not wait for it any more")
    sent = reminders.offer(row, one.patient, clock.now())
    messages.success(
        request,
        _("An offer is on its way.")
        if sent
        else _("No way to write to this person is on record, or it was offered already: telephone."),
    )
    return redirect("chart:visit", uid=row.uid)


# ---------------------------------------------------------------- one person's visits
@require_GET
@staff_required
@one_look_of
def visits(request: HttpRequest, pk: int) -> HttpResponse:
    """All visits of one person, how they are reached, and their calendar."""
    roles.require(request.user, "schedule.view")
    patient = queries.patient_or_404(request.user, pk)
    log_chart_opened(request, patient, "visits")
    now = clock.now()
    rows = queries.of_patient(patient)
    reach = {r.channel: r for r in posted.reach_of(patient)}
    allowed = dict(post.addresses(patient))
    may = roles.may(request.user, "outbox.change")
    reach_forms = [
        {
            "channel": c,
            "label": label,
            "row": reach.get(c),
            "address": allowed.get(c, ""),
            "form": form(
                request,
                f"reach-{c}",
                reverse("chart:reach", args=[patient.pk]),
                _("Save"),
                Ask(
                    name="address",
                    label=label,
                    value=reach[c].address
                    if c in reach
                    else allowed.get(c, "") or (patient.phone if c == "sms" else ""),
                ),
                Ask(
                    name="is_on",
                    label=_("The person agreed to be written to this way"),
                    kind="tick",
                    value="yes" if allowed.get(c) else "",
                ),
                hidden={"channel": c},
            )
            if may
            else None,
        }
        for c, label in (("email", _("E-mail")), ("sms", _("Text message")))
    ]
    shown = frame(request, patient.site, queries.today(patient.site, now), "") | {
        "patient": patient,
        "person": person_of(patient, now),
        "coming": [line(r) for r in rows if r.ends_at > now and r.state in ("booked", "arrived")],
        "past": [line(r) for r in reversed(rows) if r.ends_at <= now or r.state not in ("booked", "arrived")][:40],
        "reach": reach_forms,
        "books": roles.may(request.user, "session.book") or roles.may(request.user, "schedule.book"),
        "waits": roles.may(request.user, "schedule.waitlist"),
        "calendars": roles.may(request.user, "calendar.link"),
    }
    return render(request, "chart/visits.html", shown)


@require_POST
@staff_required
def reach(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, "outbox.change")
    patient = queries.patient_or_404(request.user, pk)
    post.set_reach(
        patient,
        request.POST.get("channel", ""),
        request.POST.get("address", ""),
        is_on=bool(request.POST.get("is_on")),
        because="asked by the clinic",
        by=request.user,
        at=clock.now(),
    )
    messages.success(request, _("Saved."))
    return redirect("chart:visits", pk=patient.pk)


@require_http_methods(["GET", "POST"])
@staff_required
def patient_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """A calendar address made for a patient, to be handed over at the desk."""
    roles.require(request.user, "calendar.link")
    patient = queries.patient_or_404(request.user, pk)
    shown = {"patient": patient, "person": person_of(patient, clock.now())}
    return render(request, "chart/patient_calendar.html", shown | calendar.link_page(request, patient))


# ---------------------------------------------------------------- the waiting list
@require_GET
@staff_required
def waiting(request: HttpRequest) -> HttpResponse:
    """Who would come sooner."""
    roles.require(request.user, "schedule.waitlist")
    site, now = queries.site_of(request.user, request.GET.get("site", "")), clock.now()
    looked(request, site, "waiting list")
    rows = []
    for one in queries.waiting(site):
        off = form(
            request, f"off-{one.pk}", reverse("chart:waiting_off", args=[one.pk]), _("Take off the list"), look=""
        )
        days = [name for key, name in WEEKDAYS if int(key) in one.weekdays]
        rows.append({"one": one, "kind": KIND_WORDS[one.kind], "days": days, "off": off})
    shown = frame(request, site, queries.today(site, now), "waiting") | {
        "rows": rows,
        "requests": queries.requests(site, now),
    }
    asked = request.GET.get("patient", "")
    if asked:
        patient = queries.patient_or_404(request.user, asked)
        log_chart_opened(request, patient, "waiting list")
        today = queries.today(site, now)
        shown |= {
            "patient": patient,
            "add": form(
                request,
                "wait",
                reverse("chart:waiting_add"),
                _("Put on the list"),
                Ask(
                    name="kind",
                    label=_("What for"),
                    kind="select",
                    options=[(k, str(w)) for k, w in KIND_WORDS.items()],
                    value="session",
                ),
                Ask(name="from_day", label=_("From"), kind="date", value=str(today)),
                Ask(name="until_day", label=_("Until"), kind="date"),
                Ask(
                    name="weekdays",
                    label=_("Days that suit"),
                    kind="ticks",
                    options=WEEKDAYS,
                    value=[],
                    help=_("None ticked: any day."),
                ),
                Ask(name="note", label=_("Note")),
                hidden={"patient": str(patient.pk)},
            ),
        }
    return render(request, "chart/waiting.html", shown)


@require_POST
@staff_required
def waiting_add(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, "schedule.waitlist")
    patient = queries.patient_or_404(request.user, request.POST.get("patient", ""))
    first, last = day(request, "from_day"), day(request, "until_day")
    assert first is not None
    assert last is not None
    upkeep.wait(
        patient,
        first,
        last,
        by=request.user,
        at=clock.now(),
        kind=request.POST.get("kind", "session"),
        weekdays=weekdays(request),
        course=patient.courses.order_by("-opened_at").first(),
        note=request.POST.get("note", ""),
        uid=_uid(request),
    )
    messages.success(request, _("%(name)s is on the waiting list.") % {"name": patient.called})
    return redirect("chart:waiting")


@require_POST
@staff_required
def waiting_off(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, "schedule.waitlist")
    queries.row_or_404(Waiting, request.user, pk)
    upkeep.stop_waiting(pk, "taken_off", by=request.user)
    messages.success(request, _("Taken off the list."))
    return redirect("chart:waiting")
