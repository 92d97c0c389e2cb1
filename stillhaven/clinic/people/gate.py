"""Who comes through the door of a page: signed in, as staff, and not locked; and which doors they see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people import queries, roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.people.unlock import roster
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock

_SAME_LOOK = timedelta(seconds=60)


def staff_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only staff who are signed in and whose browser is not locked.

    A program gets 401 or 423, a person the sign-in or unlock page; a patient's account gets 404, since for them staff
    pages do not exist.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        program = "application/json" in request.headers.get("Accept", "")
        if not user.is_authenticated:
            if program:
                return JsonResponse({"why": "sign in"}, status=401)
            return redirect(f"/accounts/login/?next={quote(request.get_full_path())}")
        if not user.is_clinic_staff:
            raise Http404
        if getattr(request, "locked", False) and not getattr(request, "shown_while_locked", False):
            if program or request.method == "POST":
                return JsonResponse({"locked": True, "why": "unlock this screen first"}, status=423)
            return redirect(f"/unlock/?next={quote(request.get_full_path())}")
        return view(request, *args, **kwargs)

    return guarded


class SignedOut(Exception):
    """Nobody is signed in: a program gets 401, a person the sign-in page."""


def roster_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Who may unlock this browser with a PIN: those who signed in here with both factors today."""
    return [{"uid": str(user.pk), "name": user.signature_name} for user in roster(request)]


def log_chart_opened(request: HttpRequest, patient: Patient, what: str) -> None:
    """Note that somebody opened this patient's chart ("chart", "record", ...).

    A page that is loaded again within a minute is the same look, and is not written down twice.
    """
    user: Any = request.user
    if queries.just_looked(user, patient.pk, what, since=clock.now() - _SAME_LOOK):
        return
    record.log_access(
        by=user, what=what, patient=patient.pk, site=patient.site_id, path=request.path,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip


def doors(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages that this person's roles open, for the navigation and the first page."""
    user: Any = request.user
    if not user.is_authenticated or not user.is_clinic_staff or not user.is_active:
        return []
    every = [
        ("board.view", "chart:board", _("Board"), _("Who needs me now, chair by chair")),
        ("tomorrow.view", "chart:tomorrow", _("Tomorrow"), _("Go or no-go: each visit with what is still open")),
        ("schedule.view", "schedule:day", _("Schedule"), _("Who sits where and when; book, move, cancel")),
        ("outbox.view", "post:outbox", _("Outbox"), _("Reminders on their way, sent, and those that did not go out")),
        ("letter.read", "outside:inbox", _("Messages"), _("What patients write; what waits for an answer")),
        (
            "data_request.handle",
            "outside:requests",
            _("Data requests"),
            _("Who asked to see, correct or delete; by when"),
        ),
        ("chart.view", "chart:patients", _("Patients"), _("Charts of the people in care")),
        ("therapy.view", "therapy:mine", _("Therapy"), _("The people you work with, and what is due with each")),
        ("stock.view", "stock:safe", _("Stock"), _("Every vial and every milligram: receive, count, cases, reports")),
        ("intake.view", "intake:waiting", _("Intake"), _("New enquiries, what people said before the first visit")),
        ("followup.work", "followup:worklist", _("Follow-up"), _("What is due or overdue today, person by person")),
        ("followup.watch", "followup:watch", _("Reviews"), _("Who may be slipping, with owner and time limit")),
        ("alert.handle", "scales:alerts", _("Alerts"), _("Answers that call somebody, with owner and time limit")),
        ("scale.view", "scales:library", _("Scales"), _("Questionnaires, their licences, the clinic's wording")),
        (
            "registry.view",
            "registry:clinic",
            _("Registry"),
            _("What came of all courses, with what is missing beside it"),
        ),
        ("drill.run", "drills:all", _("Drills"), _("Practise on a simulated monitor, and see how fast it went")),
        (
            "policy.view",
            "chart:policy",
            _("Limits"),
            _("What the clinic has set, beside what sources say; every version"),
        ),
        ("consent.texts", "consent:texts", _("Consent texts"), _("What people sign, in versions; questions that wait")),
        (
            "content.edit",
            "public:content",
            _("Public pages"),
            _("What visitors read: drafts, approvals, questions left"),
        ),
        ("enquiry.handle", "public:enquiries", _("Enquiries"), _("Who asked, who answers, and since when it waits")),
        ("prices.change", "public:prices", _("Prices"), _("What the clinic charges from when until when; who bills")),
        ("listing.keep", "public:listing", _("Our listing"), _("What the directory says of us, confirmed by us")),
        (
            "report.moderate",
            "public:centre_reports",
            _("Reports"),
            _("What patients report of their care, before others see it"),
        ),
        ("listing.import", "public:centre_import", _("Centres"), _("Take centres from a file into the directory")),
        ("access.view", "people:access", _("Who looked"), _("Opened charts and refusals, by person, patient and day")),
        ("staff.change", "people:staff", _("Staff"), _("Accounts, roles and second factors")),
        ("token.change", "people:tokens", _("Programs"), _("Keys of gateways and of systems that read")),
    ]
    found: list[dict[str, Any]] = []
    for action, name, label, text in every:
        if roles.may(user, action):
            try:
                href = reverse(name)
            except NoReverseMatch:  # a room that is not built yet has no door
                continue
            found.append({"href": href, "label": label, "text": text, "current": "", "often": name in _OFTEN})
    for door in sorted(found, key=lambda d: len(d["href"]), reverse=True):  # the nearest door that leads here
        if request.path.startswith(door["href"]):
            door["current"] = "page" if request.path == door["href"] else "true"
            break
    return found


# The doors that stand in the navigation; the others stand behind "More".
_OFTEN = {
    "chart:board", "chart:tomorrow", "schedule:day", "chart:patients", "therapy:mine", "followup:worklist", "scales:alerts",
    "stock:safe",
}  # fmt: skip
