"""My details, my wishes, where I am signed in, who may look for me, taking everything along, closing the account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages as notices
from django.contrib.auth import logout
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.messages import wishes
from stillhaven.clinic.messages.models import CHANNELS
from stillhaven.clinic.people import queries as people
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.portal import account_actions as actions
from stillhaven.clinic.portal import account_export, account_registration
from stillhaven.clinic.portal.appointments import own, preparation
from stillhaven.clinic.portal.limits import TooMany, address_of, limit
from stillhaven.clinic.portal.models import Caregiver
from stillhaven.clinic.portal.thread_pages import _user, uid_of
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule import queries as schedule
from stillhaven.science.errors import BadInput
from stillhaven.science.intake import Kind


# ---------------------------------------------------------------- my details
@require_http_methods(["GET", "POST"])
@own
def details(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Who I am, how to reach me, whom to call, what I want to be told."""
    asked = actions.details_of(patient)
    if request.method == "POST":
        several = {q.key for q, _v in asked if q.kind is Kind.SEVERAL}
        typed = {k: request.POST.getlist(k) if k in several else v for k, v in request.POST.items()}
        typed |= {k: [] for k in several if k not in typed}
        actions.change_details(patient, typed, by=_user(request), at=clock.now())
        notices.success(request, _("Kept. The clinic sees it."))
        return redirect("mine:details")
    now = clock.now()
    known = form(
        request, "details", reverse("mine:details"), _("Keep"), *[_ask_of(q, v) for q, v in asked], look="button-next"
    )
    phone = next((r for r in patient.reach.all() if r.channel == "sms"), None)
    texts = form(
        request, "own-phone", reverse("mine:own_phone"), _("Keep"),
        Ask(name="number", label=_("Number for text messages"), value=phone.address if phone else "",
            help=_("With its country code, such as +1 212 555 0101.")),
        Ask(name="is_on", label=_("Send me text messages"), kind="tick", value="yes" if phone and phone.is_on else ""),
        look="button",
    )  # fmt: skip
    stands = wishes.wishes_of(patient)
    rows = [
        {
            "label": label,
            "cells": [{"name": f"{c}.{p}", "channel": wishes.CHANNEL_WORDS[c], "on": stands[(c, p)]} for c in CHANNELS],
        }
        for p, label in wishes.PURPOSES.items()
    ]
    shown = {
        "patient": patient, "known": known, "texts": texts, "wish_rows": rows, "account": request.user,
        "channels": [wishes.CHANNEL_WORDS[c] for c in CHANNELS],
        "allowed": {c: consent.may_send(patient, c, now) for c in CHANNELS},
    }  # fmt: skip
    return render(request, "portal/details.html", shown)


def _ask_of(question: Any, value: Any) -> Ask:
    kinds = {Kind.CHOICE: "select", Kind.SEVERAL: "ticks"}
    options = tuple(question.options.items())
    if question.kind is Kind.CHOICE:
        options = (("", "–"), *options)
    empty: Any = [] if question.kind is Kind.SEVERAL else ""
    return Ask(
        name=question.key, label=_(question.label), kind=kinds.get(question.kind, "text"), options=options,
        value=empty if value is None else value, help=_(question.help) if question.help else "",
    )  # fmt: skip


@require_POST
@own
def own_phone(request: HttpRequest, patient: Patient) -> HttpResponse:
    on = request.POST.get("is_on") == "yes"
    actions.own_phone(patient, request.POST.get("number", ""), is_on=on, by=_user(request), at=clock.now())
    notices.success(request, _("Kept."))
    return redirect("mine:details")


@require_POST
@own
def choose_wishes(request: HttpRequest, patient: Patient) -> HttpResponse:
    on = {(c, p) for c in CHANNELS for p in wishes.PURPOSES if request.POST.get(f"{c}.{p}") == "yes"}
    wishes.choose(patient, on, by=_user(request), at=clock.now())
    notices.success(request, _("Kept. What you do not want is not sent any more."))
    return redirect("mine:details")


# ---------------------------------------------------------------- my account
@require_GET
@own
def account(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Where I am signed in, a second step, taking everything along, closing."""
    user = _user(request)
    shown = {
        "sign_ins": actions.sign_ins(user, request.session.session_key), "factors": people.factors_of(user),
        "account": user, "has_password": user.has_usable_password(), "linked": False,
    }  # fmt: skip
    if settings.OIDC is not None:
        from stillhaven.clinic.people import social  # there only where the clinic named a provider

        shown["linked"] = social.linked(user)
    return render(request, "portal/account.html", shown)


@require_POST
@own
def unlink(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The account elsewhere no longer signs this person in."""
    from stillhaven.clinic.people import social

    social.unlink(_user(request))
    notices.success(request, _("That account no longer signs you in here. Your password does."))
    return redirect("mine:account")


@require_POST
@own
def end_sign_in(request: HttpRequest, patient: Patient, handle: str) -> HttpResponse:
    ended = actions.end_sign_in(_user(request), handle, here=request.session.session_key)
    if not ended and handle != "others":
        raise Http404
    notices.success(request, _("That browser is signed out."))
    return redirect("mine:account")


@require_POST
@own
def download(request: HttpRequest, patient: Patient) -> Any:
    """Everything about me as one file."""
    limit("download", str(patient.pk), most=10, seconds=3600)
    now = clock.now()
    record.log_access(by=_user(request), what="own download", patient=patient.pk, site=patient.site_id, path=request.path,
                      address=address_of(request))  # fmt: skip
    response = FileResponse(account_export.make(patient, now), content_type="application/zip", as_attachment=True,
                            filename=f"my-record-{now:%Y-%m-%d}.zip")  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@own
def close(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What closing does and what it cannot, and the deed itself, with the password."""
    user = _user(request)
    if request.method == "POST":
        _prove(request)
        if request.POST.get("sure") != "yes":
            raise BadInput("sure", "tick this if you want to close your account")
        actions.close_account(user, at=clock.now())
        logout(request)
        return render(request, "portal/closed.html")
    asks = [Ask(name="sure", label=_("I want to close my account"), kind="tick")]
    if user.has_usable_password():
        asks.append(Ask(name="password", label=_("Your password"), kind="secret"))
    made = form(request, "close", reverse("mine:close"), _("Close my account"), *asks)
    return render(request, "portal/close.html", {"form": made, "clinic": patient.site})


def _prove(request: HttpRequest) -> None:
    """The password once more; so many tries as at the door."""
    user = _user(request)
    limit("prove", str(user.pk), most=settings.AXES_FAILURE_LIMIT, seconds=900)
    if user.has_usable_password() and not user.check_password(request.POST.get("password", "")):
        raise BadInput("password", "is not right")


# ---------------------------------------------------------------- caregivers
@require_http_methods(["GET", "POST"])
@own
def caregivers(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Who may see when I am expected and how to prepare; letting somebody in."""
    link, made = "", None
    if request.method == "POST":
        uid = uid_of(request)
        if Caregiver.objects.filter(uid=uid, patient=patient).exists():  # sent twice: they are let in already
            return redirect("mine:caregivers")
        row, secret = actions.let_in(
            patient, request.POST.get("name", ""), request.POST.get("relation", ""), request.POST.get("until", ""),
            by=_user(request), at=clock.now(), uid=uid,
        )  # fmt: skip
        link, made = request.build_absolute_uri(reverse("outside:caregiver", args=[secret])), row
    today = schedule.zone_of(patient.site)
    shown = {
        "rows": list(Caregiver.objects.filter(patient=patient)), "link": link, "made": made,
        "today": clock.now().astimezone(today).date(), "form": None if made else _caregiver_form(request),
    }  # fmt: skip
    return render(request, "portal/caregivers.html", shown)


def _caregiver_form(request: HttpRequest) -> Any:
    return form(
        request, "caregiver", reverse("mine:caregivers"), _("Make their link"),
        Ask(name="name", label=_("Their name")),
        Ask(name="relation", label=_("Who are they to you?"), help=_("Such as: sister. You may leave it empty.")),
        Ask(name="until", label=_("The last day on which they may look"), kind="date", help=_("At most a year ahead.")),
    )  # fmt: skip


@require_POST
@own
def caregiver_end(request: HttpRequest, patient: Patient, uid: UUID) -> HttpResponse:
    row = Caregiver.objects.filter(uid=uid, patient=patient).select_related("patient").first()
    if row is None:
        raise Http404
    actions.end_caregiver(row, by=_user(request), at=clock.now())
    notices.success(request, _("Their link opens nothing any more."))
    return redirect("mine:caregivers")


@require_GET
def caregiver(request: HttpRequest, secret: str) -> HttpResponse:
    """What a caregiver sees: appointments and how to prepare.  Every look is written down for the person to read."""
    try:
        limit("caregiver", address_of(request), most=60, seconds=600)
    except TooMany as error:
        return render(request, "portal/too_many.html", {"why": error.why}, status=429)
    now = clock.now()
    row = actions.caregiver_of(secret, now)
    if row is None:
        raise Http404
    patient = row.patient
    coming = [r for r in schedule.of_patient(patient) if r.state in ("booked", "arrived") and r.ends_at > now]
    program = record.Program(_("%(name)s, caregiver") % {"name": row.name})
    record.log_access(by=program, what="appointments", patient=patient.pk, site=patient.site_id, path="/care/",
                      address=address_of(request))  # fmt: skip
    Caregiver.objects.filter(pk=row.pk).update(last_look_at=now)
    shown = {"row": row, "patient": patient, "rows": [{"row": r, "prepare": preparation(r)} for r in coming],
             "zone": schedule.zone_of(patient.site), "site": patient.site}  # fmt: skip
    response = render(request, "portal/caregiver.html", shown)
    response["Referrer-Policy"], response["X-Robots-Tag"] = "no-referrer", "noindex"
    response["Cache-Control"] = "no-store"
    return response


# ---------------------------------------------------------------- registering
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """An account of one's own.  The answer is the same whether the address is known or not."""
    if not account_registration.is_open(settings):
        return render(request, "account/signup_closed.html", status=404)
    if request.user.is_authenticated:
        return redirect("home")
    shown: dict[str, Any] = {"typed": {}, "why": {}}
    if request.method == "POST":
        try:
            limit("register", address_of(request), most=20, seconds=3600)
            account_registration.ask(request.POST.dict(), at=clock.now())
        except account_registration.TooYoung:
            return render(request, "portal/too_young.html")
        except TooMany as error:
            return render(request, "portal/too_many.html", {"why": error.why}, status=429)
        except BadInput as error:
            typed = {k: v for k, v in request.POST.items() if k != "password"}
            return render(
                request, "portal/register.html", {"typed": typed, "why": {error.field: error.why}}, status=422
            )
        return redirect("outside:register_sent")
    return render(request, "portal/register.html", shown)


@require_GET
def register_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/register_sent.html")


@require_http_methods(["GET", "POST"])
def register_confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of the mail: a button, so that a mail program that only looks makes no account."""
    try:
        limit("confirm", address_of(request), most=30, seconds=3600)
    except TooMany as error:
        return render(request, "portal/too_many.html", {"why": error.why}, status=429)
    now = clock.now()
    if not account_registration.is_open(settings) or account_registration.waiting(secret, now) is None:
        return render(request, "portal/register_over.html", status=410)
    if request.method == "GET":
        response = render(request, "portal/register_confirm.html")
        response["Referrer-Policy"] = "no-referrer"
        return response
    user = account_registration.confirm(secret, at=now)
    if user is None:
        return render(request, "portal/register_over.html", status=410)
    account_registration.sign_in(request, user)
    if not user.has_usable_password():
        return redirect("mfa_add_webauthn")
    notices.success(request, _("Welcome. Your account is ready."))
    return redirect("portal:home")


# ---------------------------------------------------------------- unsubscribing, without a password
@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: a POST of the mail program ends it; a person who opens the link gets a button."""
    try:
        limit("unsubscribe", address_of(request), most=120, seconds=3600)
    except TooMany as error:
        return render(request, "portal/too_many.html", {"why": error.why}, status=429)
    found = wishes.read_token(token)
    if found is None:
        raise Http404
    shown = {"what": wishes.PURPOSES[found[2]], "site": found[0].site}
    if request.method == "POST":
        everything = request.POST.get("everything") == "yes"
        wishes.unsubscribe(token, everything=everything, at=clock.now())
        shown |= {"done": True, "everything": everything}
    response = render(request, "portal/unsubscribe.html", shown)
    response["Referrer-Policy"], response["X-Robots-Tag"] = "no-referrer", "noindex"
    return response
