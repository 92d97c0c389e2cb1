"""A patient's coming visits: what to know, what to ask of the clinic, and the page behind a reminder's link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.schedule import calendar, links, queries, upkeep
from stillhaven.clinic.schedule.models import Appointment
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.cardnumbers import refuse_card
from stillhaven.science.errors import BadInput, Refused


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for a patient's own account; for anybody else these pages do not exist."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            raise SignedOut
        if user.patient_id is None:
            if request.method == "POST" and getattr(request, "locked", False):
                return JsonResponse({"locked": True, "why": "unlock this screen first"}, status=423)
            raise Http404
        roles.require(user, "own.view")
        return view(request, user.patient, *args, **kwargs)

    return guarded


def _uid(request: HttpRequest) -> UUID:
    text = request.POST.get("uid", "")
    try:
        return UUID(text) if text else uuid4()
    except ValueError:
        raise BadInput("uid", "is not a uid") from None


@require_http_methods(["GET", "POST"])
@own
def appointments(request: HttpRequest, patient: Patient) -> HttpResponse:
    """My coming visits, how to prepare, and a calendar address of my own."""
    now = clock.now()
    may_ask = policy.current(patient.site_id).choice("patients_ask_to_move") == "yes"
    coming = [row for row in queries.of_patient(patient) if row.state in ("booked", "arrived") and row.ends_at > now]
    rows = [
        {
            "row": r,
            "prepare": preparation(r),
            "asked": _asked(r),
            "ask": _ask_form(request, r) if may_ask and r.starts_at > now else None,
        }
        for r in coming
    ]
    shown = {"patient": patient, "rows": rows, "zone": queries.zone_of(patient.site), "may_ask": may_ask}
    return render(request, "portal/appointments.html", shown | calendar.link_page(request, None))


def _asked(row: Appointment) -> Any:
    """What I asked about this visit and nobody has answered yet."""
    mine = row.answers.filter(kind__in=("ask_move", "ask_cancel")).order_by("-seq").first()
    return mine if mine is not None and mine.value.get("moves") == row.moves else None


def _ask_form(request: HttpRequest, row: Appointment) -> Any:
    what = (("ask_move", _("Another time, please")), ("ask_cancel", _("I cannot come at all")))
    return form(
        request,
        f"ask-{row.pk}",
        reverse("portal:appointment_ask", args=[row.uid]),
        _("Ask the clinic"),
        Ask(name="kind", label=_("What would you like?"), kind="choice", options=what),
        Ask(name="words", label=_("Anything the front desk should know"), help=_("Such as days that suit you.")),
    )


@require_POST
@own
def appointment_ask(request: HttpRequest, patient: Patient, uid: str) -> HttpResponse:
    """Ask for a visit to be moved or cancelled.  It changes nothing by itself."""
    row = Appointment.objects.filter(uid=uid, patient=patient, state="booked").select_related("patient", "site").first()
    if row is None:
        raise Http404
    if policy.current(patient.site_id).choice("patients_ask_to_move") != "yes":
        raise Refused(why="this clinic changes visits by telephone only")
    kind = request.POST.get("kind", "")
    if kind not in ("ask_move", "ask_cancel"):
        raise BadInput("kind", "choose what you would like")
    value = {"words": refuse_card("words", request.POST.get("words", "").strip()[:300]), "moves": row.moves}
    upkeep.answer(row, kind, value, by=request.user, at=clock.now(), uid=_uid(request))
    messages.success(request, _("The clinic has your request and will answer. Your visit stands until then."))
    return redirect("portal:appointments")


def preparation(row: Appointment) -> dict[str, Any]:
    """How to prepare, as the order says it now.  Hours that nobody has ordered are not made up."""
    session = (
        TreatmentSession.objects.filter(uid=row.session_uid).select_related("order").first()
        if row.session_uid
        else None
    )
    order = session.order if session else None
    zone = queries.zone_of(row.site)

    def until(hours: Any) -> Any:
        return (row.starts_at - timedelta(hours=float(hours))).astimezone(zone) if hours is not None else None

    food, drink = (order.fasting_food_h, order.fasting_liquid_h) if order else (None, None)
    return {
        "food_until": until(food),
        "drink_until": until(drink),
        "needs_driver": row.kind == "session",
        "known": order is not None,
    }


# ---------------------------------------------------------------- the page behind a reminder's link
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """How to prepare, and three questions.  Answered once; a link that is old or used says so and shows nothing."""
    link = links.confirm_link(secret)
    if link is None:
        raise Http404
    row, now = link.appointment, clock.now()
    shown: dict[str, Any] = {"row": row, "zone": queries.zone_of(row.site), "site": row.site, "clinic": row.site.name}
    answered = link.used_at is not None
    if link.closed or row.state != "booked" or now > link.good_until:
        return render(request, "portal/confirm.html", shown | {"over": True}, status=200 if answered else 410)
    if answered and request.method == "GET":
        return render(request, "portal/confirm.html", shown | {"done": True})
    trouble: dict[str, str] = {}
    if request.method == "POST":
        try:
            upkeep.answer(
                row,
                "confirm",
                _value(request),
                by=record.Program(f"{row.patient.called}, by link"),
                at=now,
                uid=_uid(request),
                link=link,
            )
            return redirect("portal:confirm", secret=secret)
        except BadInput as error:
            trouble = {error.field: error.why}
        except Refused:
            return render(request, "portal/confirm.html", shown | {"done": True})
    uid = request.POST.get("uid") or str(uuid4())
    more = {
        "prepare": preparation(row),
        "asks": _asks(request, row, trouble),
        "uid": uid,
        "form": {"key": "confirm"},
        "trouble": trouble,
    }
    response = render(request, "portal/confirm.html", shown | more, status=422 if trouble else 200)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _asks(request: HttpRequest, row: Appointment, trouble: dict[str, str]) -> list[Ask]:
    """Prepared, driver, symptoms.  Nothing of the chart is filled in: whoever holds the link learns no name from it."""
    typed = request.POST
    yes_no = (("yes", _("Yes")), ("no", _("No")))
    found = [
        Ask(name="prepared", label=_("I have read how to prepare and will keep to it"), kind="choice", options=yes_no)
    ]
    if row.kind == "session":
        found.append(Ask(name="driver", label=_("Who takes you home? (name)")))
        found.append(Ask(name="driver_phone", label=_("Their telephone")))
    found.append(
        Ask(
            name="infection",
            label=_("Do you have fever, a cough, or any other sign of an infection?"),
            kind="choice",
            options=yes_no,
        )
    )
    found.append(Ask(name="symptoms", label=_("If yes: which?")))
    return [
        Ask(
            **{
                **{f: getattr(a, f) for f in a.__dataclass_fields__},
                "value": typed.get(a.name, ""),
                "why": trouble.get(a.name, ""),
            }
        )
        for a in found
    ]


def _value(request: HttpRequest) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name in ("prepared", "infection"):
        answer = request.POST.get(name, "")
        if answer not in ("yes", "no"):
            raise BadInput(name, "choose an answer")
        value[name] = answer
    return value | {
        "driver": request.POST.get("driver", "").strip()[:120],
        "driver_phone": request.POST.get("driver_phone", "").strip()[:40],
        "symptoms": request.POST.get("symptoms", "").strip()[:300],
    }
