"""What staff do with intakes: see who waits, read what was said and by whom, answer a call, review, make a new person."""

from __future__ import annotations

import uuid as uuids
from itertools import groupby
from typing import Any
from uuid import UUID

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.intake import actions, persons, queries
from stillhaven.clinic.intake.desk import Desk, at_desk
from stillhaven.clinic.intake.models import SafetyCall
from stillhaven.clinic.intake.views import uid_of
from stillhaven.clinic.people import queries as people
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, Problem, form, with_problem
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.science.errors import BadInput


@require_GET
@staff_required
def waiting(request: HttpRequest) -> HttpResponse:
    """Who waits: safety calls first, then intakes to review, then those begun and not sent."""
    user: Any = request.user
    roles.require(user, "intake.view")
    shown = {
        "calls": list(queries.open_calls(user.site_ids)), "sent": queries.waiting(user.site_ids),
        "begun": queries.begun(user.site_ids), "makes": _may_enquire(user),
    }  # fmt: skip
    return render(request, "intake/waiting.html", shown)


def _may_enquire(user: Any) -> bool:
    return roles.may(user, "patient.change") and roles.may(user, "course.open")


@require_GET
@at_desk("intake.view")
def read(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One intake as staff read it: what was said, by whom, when; what is open; what is not checked."""
    patient, user = desk.patient, desk.by
    rows = queries.history_rows(patient)
    sections: list[dict[str, Any]] = [
        {
            "section": s,
            "kind": s.kind,
            "rows": [r for r in found if r.state != "not asked"],
            "url": desk.url("section", s.key),
        }
        for s, found in ((k, list(g)) for k, g in groupby(rows, key=lambda r: r.section))
    ]
    intake, answers = queries.intake_of(patient), queries.answers_of(patient)
    judges, reviews = roles.may(user, "intake.judge"), roles.may(user, "intake.review")
    trials = [
        {"row": r, "judge": _judge_form(request, desk, r) if judges else None} for r in queries.trial_rows(patient)
    ]
    calls = [
        {"call": c, "form": _call_form(request, desk, c) if reviews else None}
        for c in queries.open_calls([patient.site_id], patient)
    ]
    shown = {
        "desk": desk, "person": queries.header(patient, desk.now), "intake": intake, "sections": sections, "calls": calls,
        "open": sum(r.state == "open" and r.question.counts for r in rows), "trials": trials,
        "unknown": sum(r.state == "unknown" for r in rows), "fills": roles.may(user, "intake.fill"),
        "medicines": [{"m": m, "listed": desk.form.medicines.get(m.key)} for m in queries.medicine_lines(patient)],
        "medicines_asked": answers.get(queries.MEDICINES_ASKED), "trials_asked": answers.get(queries.TRIALS_ASKED),
        "labels": desk.form.class_labels, "cards": queries.cards_of(patient), "reviews": reviews,
        "chart": roles.may(user, "chart.view"), "edits": roles.may(user, "patient.change"), "more": _more(patient),
        "fill_url": desk.home,
        "review": form(request, "review", desk.url("review"), _("I have gone through it: mark as reviewed")),
    }  # fmt: skip
    return render(request, "intake/read.html", shown)


def _more(patient: Patient) -> list[tuple[str, str]]:
    """Pages of later rooms that go on from here, where those rooms are built."""
    found = []
    for name, label in (("candidacy:page", _("Candidacy")), ("chart:patient", _("Chart"))):
        try:
            found.append((reverse(name, args=[patient.pk]), label))
        except NoReverseMatch:
            continue
    return found


def _judge_form(request: HttpRequest, desk: Desk, row: queries.TrialRow) -> Form:
    options = (("yes", _("Adequate")), ("no", _("Too low")), ("unknown", _("Not judged")))
    said = {True: "yes", False: "no", None: ""}[row.line.dose_judged]
    return form(
        request, f"judge-{row.line.uid}", desk.url("judge", row.line.uid), _("Keep this judgement"),
        Ask(name="adequate", label=_("Was the dose adequate?"), kind="choice", options=options, value=said),
        Ask(name="reason", label=_("On what do you judge it?")), look="button",
    )  # fmt: skip


def _call_form(request: HttpRequest, desk: Desk, call: SafetyCall) -> Form:
    return form(
        request, f"call-{call.uid}", desk.url("call", call.uid), _("This was done"),
        Ask(name="text", label=_("Whom did you speak with, and what was agreed?"), kind="long"),
    )  # fmt: skip


@require_POST
@at_desk("intake.review")
def review(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Gone through."""
    actions.review(desk.patient, by=desk.by, at=desk.now)
    messages.success(request, _("The intake is reviewed. Whatever changes from now on opens it again."))
    return redirect(desk.url("read"))


@require_POST
@at_desk("intake.judge")
def judge(request: HttpRequest, desk: Desk, uid: UUID) -> HttpResponse:
    """A prescriber's own judgement of one trial's dose."""
    line = next((x for x in queries.trial_lines(desk.patient) if x.uid == uid), None)
    if line is None:
        raise Http404
    answer = request.POST.get("adequate", "")
    if answer not in ("yes", "no", "unknown"):
        raise BadInput("adequate", _("choose one of the answers"))
    found = {"yes": True, "no": False}.get(answer)
    actions.judge_dose(line, found, request.POST.get("reason", ""), by=desk.by, at=desk.now, uid=uid_of(request))
    return redirect(desk.url("read") + "#trials")


@require_POST
@at_desk("intake.review")
def call(request: HttpRequest, desk: Desk, uid: UUID) -> HttpResponse:
    """Somebody spoke with the person."""
    found = queries.open_calls([desk.patient.site_id], desk.patient).filter(uid=uid).first()
    if found is None:
        raise Http404
    actions.answer_call(found, request.POST.get("text", ""), by=desk.by, at=desk.now, uid=uid_of(request))
    return redirect(desk.url("read"))


# ---------------------------------------------------------------- people
@require_http_methods(["GET", "POST"])
@staff_required
def new(request: HttpRequest) -> HttpResponse:
    """A new enquiry: a person and the course they ask for."""
    user: Any = request.user
    roles.require(user, "patient.change")
    roles.require(user, "course.open")
    if request.method == "GET":
        return _person_page(request, None, {})
    typed = {k: v for k, v in request.POST.items() if k != "csrfmiddlewaretoken"}
    made = request.session.get("enquiries", {})
    again = made.get(typed.get("uid", ""))
    if again:  # sent twice: the person is there already
        return redirect("intake:read", pk=again)
    try:
        patient, _course = persons.enquire(typed, by=user, at=clock.now())
    except BadInput as error:
        return _person_page(request, None, typed, error)
    if typed.get("uid"):
        request.session["enquiries"] = dict(list(made.items())[-20:]) | {typed["uid"]: patient.pk}
    messages.success(request, _("%(name)s is registered as %(number)s, and the course is open.")
                     % {"name": patient.name, "number": patient.external_id})  # fmt: skip
    return redirect("intake:read", pk=patient.pk)


@require_http_methods(["GET", "POST"])
@staff_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The administrative facts of a person."""
    user: Any = request.user
    roles.require(user, "patient.change")
    patient = queries.patient_or_404(user, pk)
    if request.method == "GET":
        log_chart_opened(request, patient, "details")
        stands = {k: getattr(patient, k) for k in ("name", "preferred_name", "pronouns", "sex", "phone", "external_id")}
        return _person_page(request, patient, stands | {"born": patient.born.isoformat()})
    typed = {k: v for k, v in request.POST.items() if k != "csrfmiddlewaretoken"}
    try:
        persons.change(patient, typed, by=user, at=clock.now())
    except BadInput as error:
        return _person_page(request, patient, typed, error)
    messages.success(request, _("Kept."))
    return redirect("intake:read", pk=patient.pk)


@require_POST
@never_cache
@staff_required
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the person in: an account, and a link to set its password that is shown this once."""
    user: Any = request.user
    roles.require(user, "patient.change")
    patient = queries.patient_or_404(user, pk)
    account = persons.invite(patient, request.POST.get("email", ""), by=user)
    key = default_token_generator.make_token(account)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(account), "key": key})
    link = request.build_absolute_uri(path)
    mailed = request.POST.get("mail") == "yes"
    if mailed:
        send_mail(
            _("Your account at the clinic"),
            _("Hello,\n\nset your password with this link; it works once, within three days:\n\n%(link)s\n")
            % {"link": link},
            None, [account.email],
        )  # fmt: skip
    shown = {"patient": patient, "person": queries.header(patient, clock.now()), "link": link, "mailed": mailed,
             "email": account.email}  # fmt: skip
    return render(request, "intake/invited.html", shown)


def _invite_form(request: HttpRequest, patient: Patient) -> Form:
    return form(
        request, "invite", reverse("intake:invite", args=[patient.pk]), _("Make the link"),
        Ask(name="email", label=_("E-mail")), Ask(name="mail", label=_("Send it to this address"), kind="tick"),
        title=_("Let them fill in the intake at home"), look="button",
        about=_("An account of their own, and a link that works once. The mail names no treatment."),
    )  # fmt: skip


def _person_page(
    request: HttpRequest, patient: Patient | None, typed: dict[str, Any], error: BadInput | None = None
) -> HttpResponse:
    user: Any = request.user
    sites = people.sites_of(user)
    sexes = tuple((k, str(_(v))) for k, v in persons.SEXES.items())
    asks = [
        Ask(name="name", label=_("Legal name"), value=typed.get("name", ""), help=_("First and last name.")),
        Ask(name="born", label=_("Date of birth"), kind="date", value=typed.get("born", "")),
        Ask(name="sex", label=_("Sex, for pregnancy questions and dose formulas"), kind="choice", options=sexes,
            value=typed.get("sex", "")),
        Ask(name="preferred_name", label=_("What they would like to be called"), value=typed.get("preferred_name", "")),
        Ask(name="pronouns", label=_("Pronouns"), value=typed.get("pronouns", "")),
        Ask(name="phone", label=_("Phone"), value=typed.get("phone", "")),
    ]  # fmt: skip
    number = Ask(name="external_id", label=_("Number"), value=typed.get("external_id", ""),
                 help=_("What monitors and other systems know them by. Left empty, the clinic's next number.")
                 if patient is None else "")  # fmt: skip
    asks.append(number)
    if patient is None:
        asks.insert(1, Ask(name="indication", label=_("What for?"), value=typed.get("indication", ""),
                           help=_("In a few words, such as depression that did not get better.")))  # fmt: skip
        if len(sites) > 1:
            options = tuple((str(s.pk), s.name) for s in sites)
            asks.append(
                Ask(name="site", label=_("Clinic"), kind="choice", options=options, value=typed.get("site", ""))
            )
        if (error is not None and error.field == "not_twin") or typed.get("not_twin"):
            asks.append(
                Ask(name="not_twin", label=_("This is another person"), kind="tick", value=typed.get("not_twin", ""))
            )
    url = reverse("intake:new") if patient is None else reverse("intake:edit", args=[patient.pk])
    made = Form(key="person", action=url, send=_("Register") if patient is None else _("Keep"), asks=tuple(asks),
                uid=str(typed.get("uid") or uuids.uuid4()))  # fmt: skip
    if error is not None:
        made = with_problem(made, Problem(form="person", typed=typed, field=error.field, why=error.why))
    header = queries.header(patient, clock.now()) if patient else None
    shown = {"form": made, "patient": patient, "person": header,
             "invite": _invite_form(request, patient) if patient else None}  # fmt: skip
    return render(request, "intake/person.html", shown, status=422 if error else 200)
