"""What the pages of consent show: a list of documents, and one of them with its form, its questions and its signature."""

from __future__ import annotations

import uuid as uuids
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from stillhaven.clinic.consent import drawing, queries, texts
from stillhaven.clinic.consent.models import Signature
from stillhaven.clinic.people.asking import Ask, Problem, form, problem_of
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import pdf
from stillhaven.science.consent import ConsentDocument, Gate, Standing, State

_INK = "#1d282c"


def words_of(row: Standing) -> str:
    """How a document stands, as the person it is about reads it."""
    return {
        State.SIGNED: _("you said no") if row.said_no else _("signed"),
        State.NEEDED: _("for you to read"),
        State.EXPIRED: _("time to read and sign again"),
        State.WITHDRAWN: _("you took it back"),
        State.NEW_VERSION: _("the text changed: please read and sign again"),
        State.UNKNOWN: _("not ready yet: the clinic still works on it"),
    }[row.state]


def rows(patient: Patient, now: datetime, only: list[str] | None = None) -> dict[str, Any]:
    """Every document in three groups: what treatment waits for, what is one's own choice, and what is done."""
    found = queries.standing(patient, queries.course_now(patient), now)
    shown: list[dict[str, Any]] = [
        {"row": row, "words": words_of(row), "done": row.state is State.SIGNED}
        for row in found
        if (only is None or row.document in only) and (row.gate is not Gate.THERAPY or row.signed_at or only)
    ]
    return {
        "needed": [s for s in shown if not s["done"] and s["row"].gate not in (Gate.NONE,)],
        "chosen": [s for s in shown if not s["done"] and s["row"].gate is Gate.NONE],
        "done": [s for s in shown if s["done"]],
    }


def document(
    request: HttpRequest, patient: Patient, about: ConsentDocument, now: datetime, urls: dict[str, str]
) -> dict[str, Any]:
    """One document: the text that holds, how it stands, questions, and the form to sign."""
    course = queries.course_now(patient)
    row = queries.of(patient, about.key, now, course)
    by_language = queries.in_use(patient.site_id).get(about.key, {})
    version = queries.version_in_use(patient.site_id, about.key, request.GET.get("lang", ""))
    signed = queries.signatures(patient, about.key)
    problem = problem_of(request)
    mine = problem if problem is not None and problem.form == "sign" else None
    gone = next((w for w in queries.withdrawals(patient) if w.document == about.key), None)
    undo_until = gone.happened_at + timedelta(seconds=queries.book().undo_for_s) if gone is not None else None
    key = f"{about.key}"
    return {
        "about": about, "row": row, "words": words_of(row), "version": version, "patient": patient, "urls": urls,
        "languages": [(code, name) for code, name in texts.LANGUAGES if code in by_language] if len(by_language) > 1 else [],
        "signature": shown_signature(signed[0], patient) if signed else None,
        "earlier": [shown_signature(s, patient) for s in signed[1:]],
        "questions": queries.questions(patient, about.key),
        "ask": form(
            request, "question", urls["ask"], _("Send the question"),
            Ask(name="text", label=_("What would you like to know?"), kind="long"), look="",
        ) if urls.get("ask") else None,
        "sign": _sign(version.content, mine) if version is not None else None,
        "uid": str((mine.typed.get("uid") if mine else None) or uuids.uuid4()), "problem": mine, "key": key,
        "may_sign": version is not None and (not row.stands or row.said_no or about.gate is Gate.NONE),
        "gone": gone if row.state is State.WITHDRAWN else None,
        "undo": gone is not None and gone.cause is None and row.state is State.WITHDRAWN
        and undo_until is not None and now <= undo_until and gone.by_id == request.user.pk,
        "withdraw_uid": str(uuids.uuid4()), "zone": ZoneInfo(patient.site.zone),
    }  # fmt: skip


def _sign(content: dict[str, Any], problem: Problem | None) -> dict[str, Any]:
    """The form's parts, with what was typed and what is wrong with it."""
    typed = problem.typed if problem else {}
    ticked = typed.get("ack", [])
    ticked = [ticked] if isinstance(ticked, str) else list(ticked)
    where, why = (problem.field, problem.why) if problem else ("", "")
    named = {f"ack.{a['key']}" for a in content["acknowledge"]} | {f"choice.{c['key']}" for c in content["choices"]}
    return {
        "acknowledge": [
            a | {"checked": a["key"] in ticked, "why": why if where == f"ack.{a['key']}" else ""}
            for a in content["acknowledge"]
        ],
        "choices": [
            c | {"value": str(typed.get(f"choice.{c['key']}", "")), "why": why if where == f"choice.{c['key']}" else ""}
            for c in content["choices"]
        ],
        "name": typed.get("name", ""), "strokes": typed.get("strokes", ""),
        "name_why": why if where == "name" else "", "strokes_why": why if where == "strokes" else "",
        "loose": why if problem and where not in named | {"name", "strokes"} else "",
    }  # fmt: skip


def shown_signature(signature: Signature, patient: Patient) -> dict[str, Any]:
    """A signature as it is shown: drawn or typed, when, where, which words, who saw it."""
    witness = getattr(signature, "witness", None)
    return {
        "uid": signature.uid, "name": signature.name, "path": drawing.path(signature.strokes), "at": signature.happened_at,
        "number": signature.version.number, "digest": signature.digest[:12], "title": signature.version.content["title"],
        "tablet": signature.place == "clinic_tablet", "by": signature.by_name, "witness": witness,
        "how": signature.how, "answers": answers_of(signature),
    }  # fmt: skip


def answers_of(signature: Signature) -> list[tuple[str, str]]:
    """What was chosen, question by question."""
    labels = {c["key"]: c["label"] for c in signature.version.content["choices"]}
    return [(labels.get(k, k), str(v)) for k, v in signature.answers.get("choices", {}).items() if v]


def signed_pdf(signature: Signature, patient: Patient, now: datetime) -> HttpResponse:
    """What was signed, on paper: the very words, every tick, the signature."""
    content, zone = signature.version.content, ZoneInfo(patient.site.zone)
    row = queries.of(patient, signature.document, now, queries.course_now(patient))
    newest = queries.signatures(patient, signature.document)[0].pk == signature.pk
    witness = getattr(signature, "witness", None)
    stamp = f"{signature.happened_at.astimezone(zone):%-d %B %Y, %H:%M} ({patient.site.zone})"
    data = {
        "clinic": patient.site.name, "patient": patient.name, "number": patient.external_id,
        "born": patient.born.isoformat(), "title": content["title"], "summary": content["summary"],
        "language": signature.version.language, "simulated": patient.simulated,
        "sections": [{"title": s["title"], "paragraphs": _paragraphs(s["text"])} for s in content["sections"]],
        "ticks": [a["text"] for a in content["acknowledge"]], "answers": answers_of(signature),
        "svg": drawing.svg(signature.strokes, _INK) if signature.strokes else "",
        "name": signature.name, "at": stamp, "version": signature.version.number, "digest": signature.digest,
        "where": f"on the clinic's tablet, handed over by {signature.by_name}" if signature.place == "clinic_tablet"
        else "from their own account",
        "witness": f"{witness.by_name}, {witness.happened_at.astimezone(zone):%-d %B %Y, %H:%M}" if witness else "",
        "standing": row.because if newest else "a newer signature has replaced this one",
        "withdrawn": newest and row.state is State.WITHDRAWN,
        "printed": f"{now.astimezone(zone):%-d %B %Y, %H:%M}",
    }  # fmt: skip
    return pdf.answer(pdf.render("consent", "signed", data), f"consent-{signature.document}-{patient.external_id}")


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n") if part.strip()]
