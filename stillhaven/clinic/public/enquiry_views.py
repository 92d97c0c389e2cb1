"""Ask the clinic, or ask for a call.  What sounds like danger gets help first; the front desk works through the rest."""

from __future__ import annotations

import uuid as uuids
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.intake import persons
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, Problem, with_problem
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.public import enquiry_actions as actions
from stillhaven.clinic.public import queries
from stillhaven.clinic.public.education_views import public_page
from stillhaven.clinic.public.enquiry_models import Enquiry, SelfCheckIntake
from stillhaven.clinic.public.enquiry_words import is_urgent, needs
from stillhaven.clinic.public.models import SelfCheckHandover
from stillhaven.clinic.record import clock
from stillhaven.science.ask import Need
from stillhaven.science.errors import BadInput, Refused

ABOUT = {"estimate": "I would like a written estimate of what a course costs."}
FIELDS = ("kind", "name", "email", "phone", "best_time", "words", "consent", "opened", "clinic", "uid")


@require_http_methods(["GET", "POST"])
def enquiry(request: HttpRequest) -> HttpResponse:
    """The form, and help first where the words ask for it."""
    if request.method == "GET":
        typed = {
            "words": str(_(ABOUT.get(request.GET.get("about", ""), "")) if request.GET.get("about") in ABOUT else ""),
            "kind": "question",
            "clinic": request.GET.get("clinic", ""),
        }
        return _page(request, typed)
    typed = {key: request.POST.get(key, "") for key in FIELDS}
    site = _site(typed["clinic"])
    if site is None:
        raise Http404
    try:
        uid = UUID(typed["uid"])
    except ValueError:
        uid = uuids.uuid4()
    try:
        actions.leave(
            site,
            typed,
            address=request.META.get("REMOTE_ADDR", ""),
            language=queries.language(),
            at=clock.now(),
            uid=uid,
        )
    except BadInput as error:
        typed["opened"] = typed["opened"] if error.field != "opened" else _still_valid(typed["opened"], error)
        return _page(request, typed, {error.field: error.why}, 422)
    except Refused as error:
        return _page(request, typed, {"": error.why}, 429)
    found = needs(typed["words"])
    if Need.CRISIS in found:
        return public_page(request, "public/enquiry.html", {"sent": True, "crisis_first": True})
    return redirect(f"{reverse('public:enquiry')}sent/" + ("?safety=1" if Need.UNSAFE in found else ""))


def _still_valid(opened: str, error: BadInput) -> str:
    """Sent too soon: the same stamp is old enough in a moment.  Otherwise a new one."""
    return opened if "moment" in error.why else ""


def _page(
    request: HttpRequest, typed: dict[str, str], trouble: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    page: dict[str, Any] = {
        "typed": typed,
        "trouble": trouble or {},
        "uid": typed.get("uid") or uuids.uuid4(),
        "opened": typed.get("opened") or actions.stamp(clock.now()),
        "kinds": [(k, _(v)) for k, v in actions.KINDS.items()],
        "sites": list(Site.objects.order_by("pk")),
        "crisis_first": is_urgent(typed.get("words", "")[:20_000]),
        "longest": actions.LONGEST,
    }
    return public_page(request, "public/enquiry.html", page, status=status)


def _site(text: str) -> Site | None:
    named = Site.objects.filter(pk=int(text)).first() if text.isascii() and text.isdigit() and len(text) < 5 else None
    return named or queries.site()


@require_GET
def enquiry_sent(request: HttpRequest) -> HttpResponse:
    return public_page(request, "public/enquiry.html", {"sent": True, "safety": request.GET.get("safety") == "1"})


# ---------------------------------------------------------------- the queue
@require_GET
@staff_required
def queue(request: HttpRequest) -> HttpResponse:
    """Urgent first, then the oldest; what was sent on from the self-check; what is done, below."""
    user: Any = request.user
    roles.require(user, "enquiry.handle")
    now = clock.now()
    rows = Enquiry.objects.filter(site__in=user.site_ids).select_related("owner", "patient", "site")
    still = list(rows.filter(state__in=actions.OPEN).order_by("-urgent", "received_at")[:200])
    done = list(rows.exclude(state__in=actions.OPEN).order_by("-received_at")[:50])
    begun = SelfCheckIntake.objects.values_list("handover", flat=True)
    checks = SelfCheckHandover.objects.filter(site__in=user.site_ids).exclude(uid__in=begun).order_by("sent_at")[:100]
    makes = roles.may(user, "patient.change") and roles.may(user, "course.open")
    page = {
        "still": [_row(row, now) for row in still],
        "done": [_row(row, now) for row in done],
        "checks": checks,
        "makes": makes,
        "me": user.pk,
        "waiting": sum(r.first_response_at is None for r in still),
    }
    return render(request, "public/enquiry_queue.html", page)


def _row(row: Enquiry, now: Any) -> dict[str, Any]:
    until = row.first_response_at or now
    minutes = max(0, round((until - row.received_at).total_seconds() / 60))
    return {
        "e": row,
        "kind": _(actions.KINDS.get(row.kind, row.kind)),
        "state": _(actions.STATES.get(row.state, row.state)),
        "hours": minutes // 60,
        "minutes": minutes % 60,
        "answered": row.first_response_at is not None,
        "unsafe": Need.UNSAFE in needs(row.words),
    }


@require_POST
@staff_required
def queue_do(request: HttpRequest, uid: UUID, what: str) -> HttpResponse:
    """Take it up, note the answer, close it."""
    user: Any = request.user
    _or_404(user, uid)
    now, outcome = clock.now(), request.POST.get("outcome", "")
    if what == "take":
        actions.take(uid, by=user, at=now)
    elif what == "answered":
        actions.answered(uid, outcome, by=user, at=now)
    else:
        actions.close(uid, outcome, by=user, at=now)
    return redirect(f"{reverse('public:enquiries')}#e-{uid}")


def _or_404(user: Any, uid: UUID) -> Enquiry:
    roles.require(user, "enquiry.handle")
    row = Enquiry.objects.filter(uid=uid, site__in=user.site_ids).select_related("patient").first()
    if row is None:
        raise Http404
    return row


@require_http_methods(["GET", "POST"])
@staff_required
def begin(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The intake's first form with everything that the enquiry said."""
    user: Any = request.user
    row = _or_404(user, uid)
    if row.patient is not None:
        return redirect("intake:read", pk=row.patient.pk)
    if request.method == "GET":
        return _begin_page(request, actions.known_of(row), row.words, row.email)
    typed = request.POST.dict()
    try:
        patient = actions.begin_intake(uid, typed, by=user, at=clock.now())
    except BadInput as error:
        return _begin_page(request, typed, row.words, row.email, error)
    return _begun(request, patient, row.email)


@require_http_methods(["GET", "POST"])
@staff_required
def begin_self_check(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same from a self-check that was sent on."""
    user: Any = request.user
    roles.require(user, "enquiry.handle")
    roles.require(user, "handover.take")
    row = SelfCheckHandover.objects.filter(uid=uid, site__in=user.site_ids).first()
    if row is None:
        raise Http404
    known = SelfCheckIntake.objects.filter(handover=uid).first()
    if known is not None:
        return redirect("intake:read", pk=known.patient_id)
    words = {o.key: o.words for q in queries.questions() for o in q.options}
    said = "\n".join(
        f"{q.text} {', '.join(words.get(v, v) for v in row.answers.get('given', {}).get(q.key, [])) or _('not answered')}"
        for q in queries.questions()
    )
    mail = row.contact if "@" in row.contact else ""
    if request.method == "GET":
        return _begin_page(request, actions.known_of_self_check(row), said, mail)
    typed = request.POST.dict()
    try:
        patient = actions.begin_from_self_check(uid, typed, by=user, at=clock.now())
    except BadInput as error:
        return _begin_page(request, typed, said, mail, error)
    return _begun(request, patient, mail)


def _begun(request: HttpRequest, patient: Any, mail: str) -> HttpResponse:
    messages.success(
        request,
        _("%(name)s is registered as %(number)s, and the course is open.")
        % {"name": patient.name, "number": patient.external_id},
    )
    if mail:
        messages.info(request, _("Their email address for the invitation: %(mail)s") % {"mail": mail})
    return redirect("intake:read", pk=patient.pk)


def _begin_page(
    request: HttpRequest, typed: dict[str, Any], said: str, mail: str, error: BadInput | None = None
) -> HttpResponse:
    sexes = tuple((k, str(_(v))) for k, v in persons.SEXES.items())
    asks = [
        Ask(name="name", label=_("Legal name"), value=typed.get("name", ""), help=_("First and last name.")),
        Ask(
            name="indication",
            label=_("What for?"),
            value=typed.get("indication", ""),
            help=_("In a few words, such as depression that did not get better."),
        ),
        Ask(name="born", label=_("Date of birth"), kind="date", value=typed.get("born", "")),
        Ask(
            name="sex",
            label=_("Sex, for pregnancy questions and dose formulas"),
            kind="choice",
            options=sexes,
            value=typed.get("sex", ""),
        ),
        Ask(name="preferred_name", label=_("What they would like to be called"), value=typed.get("preferred_name", "")),
        Ask(name="pronouns", label=_("Pronouns"), value=typed.get("pronouns", "")),
        Ask(name="phone", label=_("Phone"), value=typed.get("phone", "")),
    ]
    if error is not None and error.field == "not_twin":
        asks.append(Ask(name="not_twin", label=_("This is another person"), kind="tick"))
    made = Form(
        key="begin",
        action=request.path,
        send=_("Register and begin the intake"),
        asks=tuple(asks),
        uid=str(typed.get("uid") or uuids.uuid4()),
    )
    if error is not None:
        made = with_problem(made, Problem(form="begin", typed=typed, field=error.field, why=error.why))
    page = {"form": made, "said": said, "mail": mail}
    return render(request, "public/enquiry_begin.html", page, status=422 if error else 200)
