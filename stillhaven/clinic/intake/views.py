"""The intake, screen by screen: for the person on a phone, and for staff who fill it in with them."""

from __future__ import annotations

import json
import uuid as uuids
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.intake import actions, forms, queries
from stillhaven.clinic.intake.desk import Desk, at_desk
from stillhaven.clinic.record import editing, media
from stillhaven.science import intake as rules
from stillhaven.science.errors import BadInput
from stillhaven.science.intake import Section

_DRAFT_MOST = 200_000  # bytes of one draft


def uid_of(request: HttpRequest) -> UUID | None:
    """The uid that the form was given; one that cannot be read is none."""
    try:
        return UUID(request.POST.get("uid", ""))
    except ValueError:
        return None


@require_GET
@at_desk("intake.fill")
def home(request: HttpRequest, desk: Desk) -> HttpResponse:
    """How far it is: every section with what is left, and about how long that takes."""
    intake = queries.intake_of(desk.patient)
    drafts = queries.drafts_of(intake, request.user)
    found = queries.overview(desk.patient, desk.form, queries.answers_of(desk.patient), drafts)
    steps = [{"step": s, "url": desk.url("section", s.section.key)} for s in found.steps]
    begin_at = desk.url("section", (found.next or found.steps[0]).section.key)
    shown = {"desk": desk, "steps": steps, "overview": found, "intake": intake, "begin_at": begin_at,
             "send_url": desk.url("send"), "calls": queries.open_calls([desk.patient.site_id], desk.patient)}  # fmt: skip
    return render(request, "intake/home.html", shown | _person(desk))


def _person(desk: Desk) -> dict[str, Any]:
    return {"person": queries.header(desk.patient, desk.now), "emergency": desk.emergency}


def section_or_404(desk: Desk, key: str) -> Section:
    found = desk.form.section(key)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@at_desk("intake.fill")
def section(request: HttpRequest, desk: Desk, key: str) -> HttpResponse:
    """One screen of questions: shown, and taken."""
    found = section_or_404(desk, key)
    if found.kind != "questions":
        if request.method == "POST":
            return _list_done(request, desk, found)
        return _medicines(request, desk, found) if found.kind == "medicines" else _trials(request, desk, found)
    if request.method == "GET":
        return _shown(request, desk, found)
    typed, chosen = forms.typed_of(request, found), editing.choices(request.POST)
    reason = request.POST.get("reason", "")
    try:
        given = actions.give(
            desk.patient, key, typed, by=desk.by, at=desk.now, none=request.POST.get("none") == "yes", uid=uid_of(request),
            seen=request.POST.get("seen", ""), chosen=chosen, reason=reason,
        )  # fmt: skip
    except (BadInput, editing.Clashed) as error:
        _keep_typed(request, desk, key, typed)
        errors = (
            error.others if isinstance(error, actions.BadAnswers) else (error,) if isinstance(error, BadInput) else ()
        )
        clashes = error.clashes if isinstance(error, editing.Clashed) else ()
        desk.patient.refresh_from_db()
        return _shown(
            request,
            desk,
            found,
            typed=typed,
            errors=errors,
            clashes=clashes,
            reason=reason,
            status=409 if clashes else 422,
        )
    if any((q := found.question(a.key)) is not None and rules.is_urgent(q, a.value) for a in given):
        return redirect(desk.url("safety"))
    return HttpResponseRedirect(_after(desk, found))


def _keep_typed(request: HttpRequest, desk: Desk, key: str, typed: dict[str, Any]) -> None:
    """What was not taken is kept as a draft, so that another device or another day goes on from it."""
    actions.keep_draft(desk.patient, key, typed, by=desk.by, at=desk.now, seen=request.POST.get("seen", ""))


def _shown(request: HttpRequest, desk: Desk, found: Section, status: int = 200, **more: Any) -> HttpResponse:
    answers = queries.answers_of(desk.patient)
    draft = queries.drafts_of(queries.intake_of(desk.patient), request.user).get(found.key)
    screen = forms.screen(desk.patient, desk.form, found, answers, draft, by_staff=not desk.own, **more)
    cards = queries.cards_of(desk.patient) if found.photo else {}
    shown = {
        "desk": desk, "screen": screen, "section": found, "draft_url": desk.url("draft", found.key),
        "action": desk.url("section", found.key), "place": _place(desk, found), "status": status,
        "photos": [{"side": s, "card": cards.get(s), "url": desk.url("card", s)} for s in found.photo],
        "urgent": any(q.urgent for q in found.questions),
    }  # fmt: skip
    return render(request, "intake/section.html", shown | _person(desk), status=status)


def _place(desk: Desk, found: Section) -> dict[str, int]:
    return {"n": desk.form.sections.index(found) + 1, "of": len(desk.form.sections)}


def _after(desk: Desk, done: Section) -> str:
    """The next screen that is not done, from here on; the overview when there is none."""
    answers = queries.answers_of(desk.patient)
    steps = queries.overview(desk.patient, desk.form, answers, ()).steps
    here = desk.form.sections.index(done)
    ahead = next((s for s in (*steps[here + 1 :], *steps[:here]) if not s.done), None)
    return desk.url("section", ahead.section.key) if ahead else desk.home


@require_POST
@at_desk("intake.fill")
def draft(request: HttpRequest, desk: Desk, key: str) -> HttpResponse:
    """What is being typed, kept as one goes."""
    section_or_404(desk, key)
    try:
        text = request.body
    except RawPostDataException:  # it came as a form, which has been read already
        raise BadInput("body", "is not JSON") from None
    if len(text) > _DRAFT_MOST:
        raise BadInput("form", "is too long to be kept as a draft")
    try:
        body = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        raise BadInput("body", "is not JSON") from None
    typed, was, seen = (body.get(k) for k in ("typed", "was", "seen")) if isinstance(body, dict) else (None, None, None)
    if not isinstance(typed, dict) or not isinstance(was or {}, dict):
        raise BadInput("typed", "is a table of fields")
    if any("\x00" in text or any("\ud800" <= c <= "\udfff" for c in text) for text in _texts((typed, was or {}))):
        raise BadInput("typed", "holds a character that cannot be kept; type it again")
    kept = actions.keep_draft(desk.patient, key, typed, was=was, seen=str(seen or ""), by=desk.by, at=desk.now)
    others = {k: v for k, v in kept.others.items() if k in typed}
    at = timezone.localtime(kept.saved_at).strftime("%H:%M")
    return JsonResponse({"ok": True, "said": _("Kept at %(at)s") % {"at": at}, "others": others})


def _texts(value: Any) -> Iterator[str]:
    """Every text in what was sent, names of fields as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


# ---------------------------------------------------------------- medicines and trials
def _list_done(request: HttpRequest, desk: Desk, found: Section) -> HttpResponse:
    done = actions.medicines_done if found.kind == "medicines" else actions.trials_done
    done(desk.patient, by=desk.by, at=desk.now, uid=None)
    return HttpResponseRedirect(_after(desk, found))


def _listing(request: HttpRequest, desk: Desk, found: Section) -> dict[str, Any]:
    asked = request.GET.get("q", "")[:80]
    marker = queries.MEDICINES_ASKED if found.kind == "medicines" else queries.TRIALS_ASKED
    return {
        "desk": desk, "section": found, "place": _place(desk, found), "action": desk.url("section", found.key), "q": asked,
        "found": rules.search(desk.form.medicines, asked), "asked": marker in queries.answers_of(desk.patient),
        "add_url": desk.url("add_medicine"), "kind": found.kind, "labels": desk.form.class_labels,
    } | _person(desk)  # fmt: skip


def _medicines(request: HttpRequest, desk: Desk, found: Section, **more: Any) -> HttpResponse:
    lines = [
        {"line": m, "remove": desk.url("line", "medicine", m.uid), "change": desk.url("medicine", m.uid)}
        for m in queries.medicine_lines(desk.patient)
    ]
    return render(request, "intake/medicines.html", _listing(request, desk, found) | {"lines": lines} | more)


def _trials(request: HttpRequest, desk: Desk, found: Section, **more: Any) -> HttpResponse:
    rows: list[dict[str, Any]] = [
        {"row": r, "remove": desk.url("line", "trial", r.line.uid), "change": desk.url("trial", r.line.uid)}
        for r in queries.trial_rows(desk.patient)
    ]
    tried = {r["row"].line.name for r in rows}
    taken = [m.name for m in queries.medicine_lines(desk.patient) if m.name not in tried]
    name = request.GET.get("drug", "")[:120]
    shown = {
        "rows": rows,
        "taken": taken,
        "trial": _trial_form(desk.url("add_trial"), {"name": name}) if name else None,
    }
    return render(request, "intake/trials.html", _listing(request, desk, found) | shown | more)


def _trial_form(action: str, typed: dict[str, Any], error: BadInput | None = None) -> dict[str, Any]:
    return {"action": action, "typed": typed, "field": error.field if error else "", "why": error.why if error else "",
            "uid": typed.get("uid") or str(uuids.uuid4()), "outcomes": actions.OUTCOMES}  # fmt: skip


@require_GET
@at_desk("intake.fill")
def find(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What the list holds for the letters typed so far, as a piece of the page."""
    asked = request.GET.get("q", "")[:80]
    kind = "trials" if request.GET.get("kind") == "trials" else "medicines"
    shown = {"desk": desk, "found": rules.search(desk.form.medicines, asked), "q": asked, "kind": kind,
             "add_url": desk.url("add_medicine"), "action": desk.url("section", _key(desk, kind))}  # fmt: skip
    return render(request, "intake/_found.html", shown)


def _key(desk: Desk, kind: str) -> str:
    return next(s.key for s in desk.form.sections if s.kind == kind)


@require_POST
@at_desk("intake.fill")
def add_medicine(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One tap on a medicine of the list, or free text."""
    found = section_or_404(desk, _key(desk, "medicines"))
    try:
        actions.add_medicine(
            desk.patient, request.POST.get("name", ""), dose=request.POST.get("dose", ""), by=desk.by, at=desk.now,
            uid=uid_of(request),
        )  # fmt: skip
    except BadInput as error:
        shown = _medicines(request, desk, found, why=error.why, q=request.POST.get("name", "")[:80])
        shown.status_code = 422
        return shown
    return redirect(desk.url("section", found.key) + "#list")


def _line(desk: Desk, kind: str, uid: UUID) -> Any:
    lines = queries.medicine_lines(desk.patient) if kind == "medicine" else queries.trial_lines(desk.patient)
    found = next((x for x in lines if x.uid == uid), None)
    if found is None:
        raise Http404
    return found


@require_POST
@at_desk("intake.fill")
def medicine(request: HttpRequest, desk: Desk, uid: UUID) -> HttpResponse:
    """Say more exactly: how much, how often."""
    line = _line(desk, "medicine", uid)
    dose = " ".join(request.POST.get("dose", "").split())[:80]
    try:
        actions.change_medicine(line, dose=dose, by=desk.by, at=desk.now, reason=request.POST.get("reason", ""))
    except BadInput as error:
        shown = _medicines(
            request,
            desk,
            section_or_404(desk, _key(desk, "medicines")),
            line_why=error.why,
            line_uid=line.uid,
            line_dose=dose,
        )
        shown.status_code = 422
        return shown
    return redirect(desk.url("section", _key(desk, "medicines")) + "#list")


@require_POST
@at_desk("intake.fill")
def line(request: HttpRequest, desk: Desk, kind: str, uid: UUID) -> HttpResponse:
    """Take one line out of a list."""
    found = _line(desk, kind, uid)
    section_kind = "medicines" if kind == "medicine" else "trials"
    try:
        actions.remove_line(found, by=desk.by, at=desk.now, reason=request.POST.get("reason", ""))
    except BadInput as error:
        show = _medicines if kind == "medicine" else _trials
        shown = show(
            request, desk, section_or_404(desk, _key(desk, section_kind)), line_why=error.why, line_uid=found.uid
        )
        shown.status_code = 422
        return shown
    return redirect(desk.url("section", _key(desk, section_kind)) + "#list")


@require_POST
@at_desk("intake.fill")
def add_trial(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One medicine that was tried."""
    return _keep_trial(request, desk, None)


@require_http_methods(["GET", "POST"])
@at_desk("intake.fill")
def trial(request: HttpRequest, desk: Desk, uid: UUID) -> HttpResponse:
    """Correct one."""
    found = _line(desk, "trial", uid)
    if request.method == "POST":
        return _keep_trial(request, desk, found)
    words = {True: "yes", False: "no", None: ""}
    typed = {
        "name": found.name, "highest_dose_mg": _plain(found.highest_dose_mg), "weeks": _plain(found.weeks),
        "outcome": found.outcome,
        "stopped_because": found.stopped_because, "taken_as_prescribed": words[found.taken_as_prescribed],
        "this_episode": words[found.this_episode],
    }  # fmt: skip
    form = _trial_form(desk.url("trial", found.uid), typed) | {"reason": not desk.own and found.source == "patient"}
    return _trials(request, desk, section_or_404(desk, _key(desk, "trials")), trial=form)


def _plain(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _keep_trial(request: HttpRequest, desk: Desk, old: Any) -> HttpResponse:
    typed = {k: v for k, v in request.POST.items() if k != "csrfmiddlewaretoken"}
    section = section_or_404(desk, _key(desk, "trials"))
    try:
        actions.add_trial(
            desk.patient,
            typed,
            by=desk.by,
            at=desk.now,
            uid=uid_of(request),
            line=old,
            reason=request.POST.get("reason", ""),
        )
    except BadInput as error:
        url = desk.url("trial", old.uid) if old else desk.url("add_trial")
        asks_why = not desk.own and old is not None and old.source == "patient"
        shown = _trials(request, desk, section, trial=_trial_form(url, typed, error) | {"reason": asks_why})
        shown.status_code = 422
        return shown
    return redirect(desk.url("section", section.key) + "#list")


# ---------------------------------------------------------------- the card, the safety page, sending
@require_http_methods(["GET", "POST"])
@at_desk("intake.fill")
def card(request: HttpRequest, desk: Desk, side: str) -> HttpResponse:
    """A photograph of the insurance card: taken, and shown to those who may see it."""
    found = next(s for s in desk.form.sections if s.photo)
    if request.method == "GET":
        kept = queries.cards_of(desk.patient).get(side)
        if kept is None:
            raise Http404
        response = HttpResponse(media.load(kept.uid), content_type=kept.media_type)
        response["Content-Disposition"] = f'inline; filename="card-{side}.jpg"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise BadInput("file", "choose or take a photograph first")
        if sent.size and sent.size > media.MAX_BYTES:
            raise BadInput("file", media.TOO_LARGE)
        actions.keep_card(desk.patient, side, sent.read(), by=desk.by, at=desk.now, uid=uid_of(request))
    except BadInput as error:
        return _shown(
            request, desk, found, errors=[BadInput(f"photo: {side}", f"{_side(side)}: {error.why}")], status=422
        )
    return redirect(desk.url("section", found.key) + f"#card-{side}")


def _side(side: str) -> str:
    return {"front": _("front"), "back": _("back")}.get(side, side)


@require_GET
@at_desk("intake.fill")
def safety(request: HttpRequest, desk: Desk) -> HttpResponse:
    """After an answer that worries: the number to call first, who has been told, and then how to go on."""
    return render(request, "intake/safety.html", {"desk": desk, "go_on": _next(desk)} | _person(desk))


def _next(desk: Desk) -> str:
    found = queries.overview(desk.patient, desk.form, queries.answers_of(desk.patient), ()).next
    return desk.url("section", found.section.key) if found else desk.home


@require_http_methods(["GET", "POST"])
@at_desk("intake.fill")
def send(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Done for now: what is still open is named, and may stay open."""
    if request.method == "POST":
        actions.send(desk.patient, by=desk.by, at=desk.now)
        return redirect(desk.home)
    intake = queries.intake_of(desk.patient)
    drafts = queries.drafts_of(intake, request.user)
    found = queries.overview(desk.patient, desk.form, queries.answers_of(desk.patient), drafts)
    steps: list[dict[str, Any]] = [{"step": s, "url": desk.url("section", s.section.key)} for s in found.steps]
    missing = [s for s in steps if not s["step"].done or s["step"].draft]
    return render(request, "intake/send.html", {"desk": desk, "missing": missing, "intake": intake} | _person(desk))
