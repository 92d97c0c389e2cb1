"""The work list of follow-up, and one person's points with what can be done about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup import actions, queries, words
from stillhaven.clinic.followup.models import FollowUpStop, PointEnding
from stillhaven.clinic.followup.queries import Followed
from stillhaven.clinic.messages import queries as outbox
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.sent import uid_of
from stillhaven.clinic.scales.staff_views import person_of
from stillhaven.science.errors import BadInput
from stillhaven.science.followup import TO_DO, Point, State, completeness

SHOW = ("todo", "overdue", "open", "all")
_ON = (State.OPEN, State.DUE, State.OVERDUE)


@require_safe
@staff_required
def worklist(request: HttpRequest) -> HttpResponse:
    """Who is due or overdue today, whose it is, and how complete the clinic's follow-up is."""
    roles.require(request.user, "followup.work")
    user: Any = request.user
    now = clock.now()
    rows = queries.followed(queries.courses_of(user.site_ids, now), now)
    show = request.GET.get("show", "") if request.GET.get("show") in SHOW else "todo"
    who, schedule = request.GET.get("who", ""), request.GET.get("for", "")
    every = [p for r in rows for p in r.points]
    shown = [c for r in rows if not schedule or r.schedule.key == schedule if (c := _card(r, show, who, user, now))]
    shown.sort(key=lambda c: (not c["late"], c["first"]))
    names = {r.schedule.key: r.schedule.title for r in rows}
    sees = roles.may(user, "alert.handle")
    return render(request, "followup/worklist.html", {
        "cards": shown, "now": now, "show": show, "who": who, "for": schedule,
        "n": completeness(every), "outcome": completeness(p for p in every if p.rule.is_outcome),
        "people": len(shown), "points": sum(len(c["points"]) for c in shown),
        "shows": [("todo", _("Due and overdue")), ("overdue", _("Overdue only")), ("open", _("Open, not due yet")),
                  ("all", _("Everything that has not ended"))],
        "whos": [("", _("Anybody’s")), ("me", _("Mine")), *((k, str(v).capitalize()) for k, v in words.OWNERS.items())],
        "fors": [("", _("Every indication")), *sorted(names.items())],
        "alerts": len([t for s in user.site_ids for t in scales.open_alerts(s)]) if sees else 0,
        "reviews": len(queries.open_watch(user.site_ids)) if roles.may(user, "followup.watch") else 0,
    })  # fmt: skip


def _card(row: Followed, show: str, who: str, user: User, now: datetime) -> dict[str, Any] | None:
    """One person's points as the list shows them; None where none fits."""
    states = {"overdue": {State.OVERDUE}, "open": {State.OPEN}, "all": set(_ON)}.get(show, set(TO_DO))
    mine = [p for p in row.points if p.state in states and _whose(row, p, who, user)]
    if not mine:
        return None
    tried = [*row.attempts, *row.reminders]
    last = max(tried, key=lambda t: t.happened_at) if tried else None
    return {
        "row": row, "points": [_line(row, p) for p in mine], "late": any(p.state is State.OVERDUE for p in mine),
        "first": min(p.due_at for p in mine), "n": row.n, "last": last,
        "last_how": "" if last is None else words.HOW[last.how] if hasattr(last, "how") else _("check-in sent"),
        "can_send": [p.key for p in mine if actions.can_come(p, now)], "uid": uuid4(),
    }  # fmt: skip


def _whose(row: Followed, point: Point, who: str, user: User) -> bool:
    if who == "me":
        return row.owner == user if row.owner else point.rule.owner in user.roles
    return not who or point.rule.owner == who


def _line(row: Followed, point: Point) -> dict[str, Any]:
    return {
        "p": point, "word": words.STATES[point.state.value], "sign": words.SIGNS[point.state.value],
        "owner": row.owner.signature_name if row.owner else words.OWNERS.get(point.rule.owner, point.rule.owner),
        "tries": actions.tries(row, point), "number": point.number if point.is_series else None,
    }  # fmt: skip


# ---------------------------------------------------------------- one person


@require_safe
@staff_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's points, course by course, with what can be done."""
    patient, now = queries.patient_or_404(request.user, pk), clock.now()
    roles.require_patient(request.user, "followup.work", patient)
    log_chart_opened(request, patient, "follow-up")
    rows = queries.of_patient(patient, now)
    sees = roles.may(request.user, "followup.watch")
    return render(request, "followup/person.html", {
        "patient": patient, "person": person_of(patient, now), "now": now, "ways": actions.ways(patient, now),
        "courses": [_course(request, row, now) for row in rows],
        "alerts": scales.open_alerts(patient.site_id, patient) if roles.may(request.user, "alert.handle") else [],
        "reviews": queries.open_watch([patient.site_id], patient) if sees else [],
    })  # fmt: skip


def _course(request: HttpRequest, row: Followed, now: datetime) -> dict[str, Any]:
    pk, anchor = row.course.pk, f"course-{row.course.pk}"
    on = [p for p in row.points if p.state in _ON]
    options = [(p.key, _named(p)) for p in on]
    pressing = [p.key for p in on if p.state in TO_DO] or [p.key for p in on][:1]
    points = Ask(name="points", label=_("For which points"), kind="ticks", options=options, value=pressing)

    def deed(key: str, send: str, *asks: Ask, **more: Any) -> Form:
        return form(request, f"{key}-{pk}", reverse(f"followup:{key}", args=[pk]), send, *asks, anchor=anchor, **more)

    forms: list[tuple[str, Form]] = []
    sendable = [p.key for p in on if actions.can_come(p, now)]
    if sendable:
        chosen = [key for key in pressing if key in sendable] or sendable[:1]
        which = replace(points, options=[o for o in options if o[0] in sendable], value=chosen)
        how = [("message", _("Write to them")), ("show", _("Show me the link once"))]
        forms.append((_("Send the check-in now"), deed(
            "send", _("Send it"), which, Ask(name="how", label=_("How"), kind="choice", value="message", options=how),
        )))  # fmt: skip
    if on:
        forms += [
            (_("Write down a call"), deed(
                "call", _("Write it down"), points,
                Ask(name="how", label=_("How did you try?"), kind="choice", value="call",
                    options=[(k, str(v).capitalize()) for k, v in words.HOW.items()]),
                Ask(name="reached", label=_("Did you reach the person?"), kind="choice",
                    options=[("yes", _("Yes")), ("no", _("No"))]),
                Ask(name="note", label=_("What they said: mood, side effects, sleep, safety"), kind="long"),
            )),
            (_("Nothing will come"), deed(
                "end", _("End these points"), replace(points, value=[]),
                Ask(name="kind", label=_("How does it end?"), kind="choice",
                    options=[("declined", _("They declined")), ("unreachable", _("They could not be reached"))]),
                Ask(name="why", label=_("What they said, or what was tried"), kind="long"),
            )),
        ]  # fmt: skip
    if roles.may(request.user, "followup.watch"):
        events = [
            (k, r.title) for k, r in policy.rules(row.course.site_id).followup.watch.items() if r.kind.value == "event"
        ]
        forms.append((_("Something happened"), deed(
            "report", _("Open a review"), Ask(name="rule", label=_("What happened?"), kind="choice", options=events),
            Ask(name="words", label=_("What, when, and who told you"), kind="long"),
        )))  # fmt: skip
    if row.stop is None:
        why = Ask(name="why", label=_("What the person said"), kind="long")
        forms.append(
            (_("They do not want to be asked any more"), deed("stop", _("Stop asking"), why, look="button-firm"))
        )
    backs = [{"entry": e, "form": _back(request, e, anchor)} for e in (*row.endings, *([row.stop] if row.stop else []))]
    return {
        "row": row, "lines": [_line(row, p) for p in row.points if p.state is not State.LATER],
        "later": [_line(row, p) for p in row.points if p.state is State.LATER][:6], "n": row.n, "forms": forms,
        "backs": backs, "anchor": anchor, "log": _log(row),
        "mine": form(request, f"take-{pk}", reverse("followup:take", args=[pk]), _("I see to it"), anchor=anchor, look=""),
    }  # fmt: skip


def _log(row: Followed) -> list[dict[str, Any]]:
    """What was tried, the newest first."""
    post = outbox.about([r.uid for r in row.reminders], actions.PURPOSE) if row.reminders else {}
    found: list[dict[str, Any]] = [
        {"at": a.happened_at, "who": a.by_name, "how": words.HOW[a.how], "reached": a.reached, "note": a.note}
        for a in row.attempts
    ]
    for r in row.reminders:
        how = _("check-in: %(ways)s") % {"ways": ", ".join(r.channels)}
        found.append(
            {"at": r.happened_at, "who": r.by_name, "how": how, "reached": None, "note": _gone(post.get(r.uid))}
        )
    return sorted(found, key=lambda x: x["at"], reverse=True)


def _gone(message: OutMessage | None) -> str:
    """What became of a check-in that was written to the person."""
    if message is None or message.state == "sent":
        return ""
    if message.state == "failed":
        return _("did not go out: %(why)s") % {"why": message.last_error}
    return _("taken back") if message.state == "cancelled" else _("waits in the outbox")


def _back(request: HttpRequest, entry: Any, anchor: str) -> Form:
    here = reverse("followup:back", args=[entry.uid])
    why = Ask(name="reason", label=_("Why is it taken back?"))
    return form(request, f"back-{entry.uid}", here, _("Take it back"), why, look="", anchor=anchor)


def _named(point: Point) -> str:
    number = f" {point.number}" if point.is_series else ""
    return f"{point.rule.label}{number} · {words.STATES[point.state.value]} · {point.due_at:%-d %b}"


# ---------------------------------------------------------------- deeds


def course_deed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST about one course of a person within reach; back to the person's page."""

    @require_POST
    @staff_required
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        course = queries.course_or_404(request.user, pk)
        roles.require_patient(request.user, "followup.work", course.patient)
        done = view(request, course, clock.now())
        return done if isinstance(done, HttpResponse) else _home(course.patient_id, pk)

    return guarded


def _home(patient: int, course: int) -> HttpResponse:
    return redirect(reverse("followup:person", args=[patient]) + f"#course-{course}")


def _yes(request: HttpRequest, name: str) -> bool:
    sent = request.POST.get(name, "")
    if sent not in ("yes", "no"):
        raise BadInput(name, "choose yes or no")
    return sent == "yes"


@course_deed
def send(request: HttpRequest, course: Course, now: datetime) -> Any:
    show = request.POST.get("how") == "show"
    row = actions.one(course, now)
    try:
        entry, token = actions.send_link(
            row, request.POST.getlist("points"), by=request.user, at=now, uid=uid_of(request.POST.get("uid")), show=show
        )
    except record.AlreadyRecorded:
        messages.info(request, _("This was sent already."))
        return None
    if show:
        address = request.build_absolute_uri(reverse("scales:start", args=[token]))
        shown = {
            "patient": course.patient,
            "person": person_of(course.patient, now),
            "link": entry.link,
            "address": address,
        }
        return render(request, "scales/link.html", shown)
    messages.success(request, _("The check-in is on its way."))
    return None


@course_deed
def call(request: HttpRequest, course: Course, now: datetime) -> Any:
    actions.log_attempt(
        course, request.POST.getlist("points"), request.POST.get("how", ""), _yes(request, "reached"), by=request.user,
        at=now, note=request.POST.get("note", ""), uid=uid_of(request.POST.get("uid")),
    )  # fmt: skip
    messages.success(request, _("Written down."))


@course_deed
def end(request: HttpRequest, course: Course, now: datetime) -> Any:
    made = actions.end_points(
        course, request.POST.getlist("points"), request.POST.get("kind", ""), request.POST.get("why", ""),
        by=request.user, at=now, uid=uid_of(request.POST.get("uid")),
    )  # fmt: skip
    messages.success(
        request, ngettext("%(n)d point has ended.", "%(n)d points have ended.", len(made)) % {"n": len(made)}
    )


@course_deed
def stop(request: HttpRequest, course: Course, now: datetime) -> Any:
    actions.stop(course, request.POST.get("why", ""), by=request.user, at=now, uid=uid_of(request.POST.get("uid")))
    messages.success(request, _("Nobody asks them any more; what was done is kept."))


@course_deed
def take(request: HttpRequest, course: Course, now: datetime) -> Any:
    user: Any = request.user
    actions.take_over(course, user, by=user, at=now)
    messages.success(request, _("It is yours."))


@require_POST
@staff_required
def back(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take back an ending or a stop."""
    user: Any = request.user
    models: Iterable[Any] = (PointEnding, FollowUpStop)
    found = next(
        (e for m in models if (e := m.objects.filter(uid=uid, site__in=user.site_ids).select_related("patient").first())),
        None,
    )  # fmt: skip
    if found is None:
        raise Http404
    if not type(found).objects.filter(amends=found, retracted=True).exists():
        actions.take_back(found, request.POST.get("reason", ""), by=user, at=clock.now())
    return _home(found.patient_id, found.course_id)
