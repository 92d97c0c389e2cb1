"""A person fills in their forms: by a link on their phone, in their account, or on the clinic's tablet in their hands.

One question a screen, or all on one page; each answer is saved as it is given; an answer that calls somebody shows
whom to call before anything else.  Works without script.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stillhaven.clinic.people import roles, unlock
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.record import clock
from stillhaven.clinic.scales import actions, catalog, links, queries
from stillhaven.clinic.scales.models import Alert, CheckInLink, OpenedSheet
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.scales import unasked
from stillhaven.science.scales.instrument import Instrument, Question

View = Callable[..., HttpResponse]


@dataclass(kw_only=True)
class Way:
    """How somebody came in, and what they may go on with."""

    link: CheckInLink
    base: str
    by: Any
    kind: str
    device: str = ""

    def to(self, rest: str = "") -> HttpResponseRedirect:
        return HttpResponseRedirect(f"{self.base}{rest}")


def way(*, begun: bool = True) -> Callable[[View], View]:
    """Find the check-in behind an address; say plainly where there is none, or where it is over."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, token: str = "", pk: int = 0, **kwargs: Any) -> HttpResponse:
            try:
                found = _way(request, token, pk)
                if found is None:
                    return _shut(request, "unknown", 404)
                reason = links.why_shut(found.link, clock.now())
                if reason and not (reason == "used" and view.__name__ == "sent" and _let_in(request, found)):
                    return _shut(request, reason, 410, found.link)
                if begun and not _let_in(request, found):
                    return found.to()
                if request.method == "POST":
                    links.slow_down(found.link)
                return view(request, found, **kwargs)
            except links.TooMany as error:
                return _shut(request, "often", 429, why=error.why)
            except Refused as error:
                return _shut(request, "refused", 409, why=error.why)

        return guarded

    return wrap


def _way(request: HttpRequest, token: str, pk: int) -> Way | None:
    user: Any = request.user
    if pk:
        if not user.is_authenticated:
            raise SignedOut
        own = CheckInLink.objects.filter(pk=pk, patient_id=user.patient_id or 0).select_related("patient__site").first()
        if own is None:
            raise Http404
        return Way(link=own, base=f"/me/checkins/{pk}/", by=user, kind="portal")
    link = links.find(token, request.META.get("REMOTE_ADDR", ""))
    if link is None:
        return None
    if request.path.startswith("/tablet/"):
        handed: Any = request.session.get(unlock.TABLET)
        if not isinstance(handed, dict) or handed.get("checkin") != link.pk:
            raise Http404
        by = actions.Person(link.patient, f"tablet, handed over by {getattr(user, 'signature_name', 'staff')}")
        return Way(link=link, base=f"/tablet/scales/{token}/", by=by, kind="tablet")
    return Way(link=link, base=f"/c/{token}/", by=actions.Person(link.patient, "by link"), kind="link")


def _let_in(request: HttpRequest, found: Way) -> bool:
    return found.kind != "link" or links.knows(found.link, request.COOKIES.get(_cookie(found.link), ""))


def _cookie(link: CheckInLink) -> str:
    return f"checkin{link.pk}"


def _shut(
    request: HttpRequest, reason: str, status: int, link: CheckInLink | None = None, why: str = ""
) -> HttpResponse:  # fmt: skip
    shown = {"reason": reason, "why": why, "help": queries.help_of(link.patient.site) if link else None}
    return render(request, "scales/shut.html", shown, status=status)


def _page(request: HttpRequest, found: Way, template: str, status: int = 200, **shown: Any) -> HttpResponse:
    patient = found.link.patient
    base = {
        "way": found, "link": found.link, "help": queries.help_of(patient.site), "zone": ZoneInfo(patient.site.zone),
        "first_name": patient.called.split()[0], "is_tablet": found.kind == "tablet",
    }  # fmt: skip
    response = render(request, f"scales/{template}.html", base | shown, status=status)
    response["Referrer-Policy"] = "same-origin"
    return response


# ---------------------------------------------------------------- in at the door
@require_http_methods(["GET", "HEAD", "POST"])
@way(begun=False)
def start(request: HttpRequest, found: Way) -> HttpResponse:
    """Which forms, how long, and one button.  Another device is asked for the year of birth first."""
    link, now = found.link, clock.now()
    inside = _let_in(request, found)
    stranger = bool(link.devices) and not inside
    if request.method != "POST":
        forms = _forms(link)
        well = (
            [] if stranger or OpenedSheet.objects.filter(link=link).exists() else [q for f in forms for q in f.at_once]
        )
        return _page(request, found, "start", stranger=stranger, forms=forms, well=well, wrong=False)
    device = ""
    if not inside:
        made = links.let_in(link.pk, at=now, year=request.POST.get("year"))
        if made is None:
            link.refresh_from_db()
            reason = links.why_shut(link, now)
            if reason:
                return _shut(request, reason, 410, link)
            tried = request.POST.get("year") is not None
            return _page(request, found, "start", 422 if tried else 200, stranger=True, forms=[], wrong=tried)
        device = made
    sheets = actions.open_sheets(link, by=found.by, at=now)
    if link.opened_at is None:
        CheckInLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=now)
    if request.POST.get("how") == "well":
        actions.say_well(sheets, by=found.by, at=now)
    response = found.to("all/1/" if request.POST.get("how") == "all" else _first(sheets))
    if device:
        response.set_cookie(
            _cookie(link), device, max_age=int((link.expires_at - now).total_seconds()), path=found.base, httponly=True,
            secure=request.is_secure(), samesite="Lax",
        )  # fmt: skip
    return response


def _forms(link: CheckInLink) -> list[Instrument]:
    sheets = list(OpenedSheet.objects.filter(link=link).order_by("place"))
    if sheets:
        return [actions.instrument_of(sheet) for sheet in sheets]
    return [catalog.offered(link.site_id, name) for name in link.scales]


def _first(sheets: list[OpenedSheet]) -> str:
    """The first question that was not shown yet; all were: the last look before sending."""
    for sheet in sheets:
        given = actions.answers_of(sheet)
        instrument = actions.instrument_of(sheet)
        hidden = unasked(instrument, given)
        for place, question in enumerate(instrument.questions, start=1):
            if question.key not in given and question.key not in hidden:
                return f"q/{sheet.place}/{place}/"
    return "review/"


def _sheets(found: Way) -> list[OpenedSheet]:
    return list(OpenedSheet.objects.filter(link=found.link).order_by("place").select_related("patient"))


def _at(found: Way, n: int) -> tuple[OpenedSheet, Instrument]:
    sheet = next((s for s in _sheets(found) if s.place == n), None)
    if sheet is None:
        raise Http404
    return sheet, actions.instrument_of(sheet)


# ---------------------------------------------------------------- one question a screen
@require_http_methods(["GET", "HEAD", "POST"])
@way()
def question(request: HttpRequest, found: Way, n: int, i: int) -> HttpResponse:
    """One question: show it, or save its answer and go on."""
    sheet, instrument = _at(found, n)
    if not 1 <= i <= len(instrument.questions):
        raise Http404
    asked = instrument.questions[i - 1]
    if request.method != "POST":
        return _question(request, found, sheet, instrument, i)
    skipped = request.POST.get("skip") == "yes"
    written = None if skipped else request.POST.get("answer", "")
    if not skipped and not str(written).strip():
        return _question(request, found, sheet, instrument, i, why="choose an answer, or skip the question")
    try:
        raised = actions.save_answer(
            sheet, asked.key, written, by=found.by, at=clock.now(), uid=_uid(request.POST.get("uid"))
        )
    except BadInput as error:
        return _question(request, found, sheet, instrument, i, why=error.why)
    follows = _after(found, sheet, instrument, i)
    if any(alert.kind == "alert" for alert in raised):
        return found.to(f"help/?then={follows}")
    return found.to(follows)


def _uid(text: str | None) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        return uuid4()


def _after(found: Way, sheet: OpenedSheet, instrument: Instrument, i: int) -> str:
    given = actions.answers_of(sheet)
    hidden = unasked(instrument, given)
    for place, each in enumerate(instrument.questions[i:], start=i + 1):
        said = each.well and given.get(each.key) is not None  # in one tap, with the others
        if each.key not in hidden and not said:
            return f"q/{sheet.place}/{place}/"
    return f"q/{sheet.place + 1}/1/" if sheet.place < len(found.link.scales) else "review/"


def _before(found: Way, sheet: OpenedSheet, instrument: Instrument, i: int) -> str:
    hidden = unasked(instrument, actions.answers_of(sheet))
    for place in range(i - 1, 0, -1):
        if instrument.questions[place - 1].key not in hidden:
            return f"q/{sheet.place}/{place}/"
    if sheet.place > 1:
        last = len(_at(found, sheet.place - 1)[1].questions)
        return f"q/{sheet.place - 1}/{last}/"
    return ""


def _question(
    request: HttpRequest, found: Way, sheet: OpenedSheet, instrument: Instrument, i: int, why: str = ""
) -> HttpResponse:  # fmt: skip
    asked, given = instrument.questions[i - 1], actions.answers_of(sheet)
    answer = given.get(asked.key)
    return _page(
        request, found, "question", 422 if why else 200, instrument=instrument, question=asked, number=i,
        total=len(instrument.questions), text=asked.label, name="answer", why=why,
        stem=instrument.stem if asked.scored else "",
        options=options(asked, answer), skipped=asked.key in given and answer is None, uid=str(uuid4()),
        back=found.base + _before(found, sheet, instrument, i) if i > 1 or sheet.place > 1 else "",
        all_url=f"{found.base}all/{sheet.place}/", shown=f"{answer:g}" if answer is not None else "",
        small=len(asked.shown_choices) > 7, ends=_ends(asked),
    )  # fmt: skip


def options(asked: Question, answer: float | None) -> list[dict[str, Any]]:
    """The answers of one question, in words where there are words."""
    return [
        {"value": f"{c.value:g}", "words": c.text or f"{c.value:g}", "bare": not c.text, "chosen": c.value == answer}
        for c in asked.shown_choices
    ]


def _ends(asked: Question) -> tuple[str, str] | None:
    """The words of the two ends, for a row of numbers of which only the ends have words."""
    shown = asked.shown_choices
    if len(shown) > 7 and shown[0].text and shown[-1].text:
        return shown[0].text, shown[-1].text
    return None


# ---------------------------------------------------------------- all on one page
@require_http_methods(["GET", "HEAD", "POST"])
@way()
def everything(request: HttpRequest, found: Way, n: int) -> HttpResponse:
    """All questions of one form on one page; saved one by one with script, all at once without."""
    sheet, instrument = _at(found, n)
    trouble: dict[str, str] = {}
    calls = False
    if request.method == "POST":
        given, now = actions.answers_of(sheet), clock.now()
        for asked in instrument.questions:
            written = request.POST.get(f"item.{asked.key}", "")
            if asked.key in given and _same(given[asked.key], written):
                continue
            try:
                raised = actions.save_answer(sheet, asked.key, written, by=found.by, at=now)
                calls = calls or any(a.kind == "alert" for a in raised)
            except BadInput as error:
                trouble[asked.key] = error.why
        if not trouble:
            follows = f"all/{n + 1}/" if n < len(found.link.scales) else "review/"
            return found.to(f"help/?then={follows}" if calls else follows)
    given = actions.answers_of(sheet)
    rows = [
        {
            "q": q, "options": options(q, given.get(q.key)), "why": trouble.get(q.key, ""),
            "small": len(q.shown_choices) > 7, "ends": _ends(q),
            "value": "" if given.get(q.key) is None else f"{given[q.key]:g}",
        }
        for q in instrument.questions
    ]  # fmt: skip
    return _page(
        request, found, "all", 422 if trouble else 200, instrument=instrument, rows=rows, n=n, trouble=trouble,
        stem=instrument.stem, save_url=f"{found.base}save/{n}/", help_url=f"{found.base}help/?then=all/{n}/",
    )  # fmt: skip


def _same(before: float | None, written: str) -> bool:
    try:
        return before == (float(written) if written.strip() else None)
    except ValueError:
        return False


@require_POST
@way()
def save(request: HttpRequest, found: Way, n: int) -> HttpResponse:
    """One answer of the long page, sent by its script as it is given."""
    sheet, _ = _at(found, n)
    try:
        raised = actions.save_answer(
            sheet, request.POST.get("item", ""), request.POST.get("answer", ""), by=found.by, at=clock.now(),
            uid=_uid(request.POST.get("uid")),
        )  # fmt: skip
    except BadInput as error:
        return JsonResponse({"field": error.field, "why": error.why}, status=422)
    return JsonResponse({"ok": True, "help": any(a.kind == "alert" for a in raised)})


# ---------------------------------------------------------------- help, the last look, the end
@require_safe
@way()
def crisis(request: HttpRequest, found: Way) -> HttpResponse:
    """Whom to call, now; then the questions go on."""
    then = request.GET.get("then", "")
    safe = then if then.replace("/", "").isalnum() and ":" not in then and len(then) < 40 else "review/"
    return _page(request, found, "crisis", then=found.base + safe)


@require_http_methods(["GET", "HEAD", "POST"])
@way()
def review(request: HttpRequest, found: Way) -> HttpResponse:
    """What was answered and what was left out; then it is sent, once."""
    sheets = _sheets(found)
    if not sheets:
        return found.to()
    if request.method == "POST":
        actions.finish(found.link, by=found.by, at=clock.now())
        return found.to("sent/")
    rows = []
    for sheet in sheets:
        instrument, given = actions.instrument_of(sheet), actions.answers_of(sheet)
        hidden = unasked(instrument, given)
        asked = [(i, q) for i, q in enumerate(instrument.questions, start=1) if q.key not in hidden]
        left = [
            {"i": i, "q": q, "url": f"{found.base}q/{sheet.place}/{i}/"} for i, q in asked if given.get(q.key) is None
        ]
        rows.append({"instrument": instrument, "answered": len(asked) - len(left), "of": len(asked), "left": left,
                     "again": f"{found.base}q/{sheet.place}/1/"})  # fmt: skip
    return _page(request, found, "review", rows=rows, whole=not any(row["left"] for row in rows))


@require_safe
@way()
def sent(request: HttpRequest, found: Way) -> HttpResponse:
    """Thank you; whom to call is said again where an answer asked for it."""
    if found.link.used_at is None:
        return found.to("review/")
    raised = set(Alert.objects.filter(sheet__link=found.link).values_list("kind", flat=True))
    return _page(request, found, "sent", calls="alert" in raised, looks="review" in raised)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """A patient's own check-ins, from their account."""
    user: Any = request.user
    if not user.is_authenticated:
        raise SignedOut
    if user.patient_id is None:
        raise Http404
    roles.require(user, "own.view")
    now, patient = clock.now(), user.patient
    rows = list(CheckInLink.objects.filter(patient=patient).order_by("-made_at")[:40])
    shown = [{"link": row, "shut": links.why_shut(row, now), "forms": _forms(row)} for row in rows]
    return render(request, "scales/mine.html", {
        "open": [r for r in shown if not r["shut"]], "done": [r for r in shown if r["shut"] == "used"],
        "patient": patient, "help": queries.help_of(patient.site), "zone": ZoneInfo(patient.site.zone),
    })  # fmt: skip
