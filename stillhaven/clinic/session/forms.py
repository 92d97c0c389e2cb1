"""The pre-flight list as cards: one question each, with what was answered, by whom and when.

A card's form posts to the session's writes in the fields that `session.preflight` reads; a score goes to `score`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.session import preflight
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.clinic.session.questions import Question, questions, say, scale_options, tri
from stillhaven.reference.load import Reference

__all__ = ["Card", "cards", "questions", "say", "scale_options", "tri"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One question: its form, the newest answer in words, who gave it and when."""

    kind: str
    title: str
    ask: Form
    said: str = ""
    by: str = ""
    at: datetime | None = None
    late: datetime | None = None  # when it was written down, where that was later than it happened
    amend: Form | None = None
    again: Form | None = None
    corrected: bool = False

    @property
    def answered(self) -> bool:
        return bool(self.said)

    @property
    def open(self) -> bool:
        return not self.answered or any(f.in_trouble for f in (self.ask, self.amend, self.again) if f)


def cards(request: HttpRequest, session: TreatmentSession, rules: Reference, latest: dict[str, Check]) -> list[Card]:
    """Every question with its answer so far."""
    return [_card(request, session, q, latest.get(q.kind)) for q in questions(session, rules)]


def _card(request: HttpRequest, session: TreatmentSession, q: Question, check: Check | None) -> Card:
    value = dict(check.value) if check else {}
    first = _form(request, session, q, q.kind, _("Save"), q.asks({}))
    if check is None:
        return Card(kind=q.kind, title=q.title, ask=first)
    again = _form(request, session, q, f"{q.kind}-again", _("Save as a new answer"), q.asks({}), look="")
    why = Ask(
        name="reason", label=_("Why is it corrected?"), help=_("The first answer stays in the record beside this one.")
    )
    amend = form(
        request, f"{q.kind}-amend", reverse("session:amend", args=[session.uid]), _("Correct this answer"),
        *q.asks(value), why, hidden={"amends": str(check.uid), "kind": q.kind}, look="", anchor=f"q-{q.kind}",
    )  # fmt: skip
    return Card(
        kind=q.kind, title=q.title, ask=first, said=q.words(value), by=check.by_name, at=check.happened_at,
        late=check.recorded_at if (check.recorded_at - check.happened_at).total_seconds() > 120 else None,
        amend=amend, again=again, corrected=check.amends_id is not None,
    )  # fmt: skip


def _form(
    request: HttpRequest, session: TreatmentSession, q: Question, key: str, send: str, asks: tuple[Ask, ...],
    look: str = "button-next",
) -> Form:  # fmt: skip
    scale = q.kind not in preflight.CLEANERS
    action = reverse("session:score" if scale else "session:check", args=[session.uid])
    hidden = {"scale": q.kind} if scale else {"kind": q.kind}
    return form(request, key, action, send, *asks, hidden=hidden, about=q.about, look=look, anchor=f"q-{q.kind}")
