"""What does a form ask, and how does it come back with everything that was typed and the reason beside the field?

A page builds its forms from `Ask` and `Form`; one template (`_components/form.html`) shows them.  When what was sent
cannot be read or is refused, `web.errors` opens the page once more with a `Problem`, and each form takes from it what is
its own: nothing that somebody typed is lost.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest

from stillhaven.science.findings import Finding

YES_NO = (("yes", "Yes"), ("no", "No"), ("unknown", "Not known"))


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One field.  `kind`: text, number, moment, date, long, code, choice (radio), select, ticks, tick, hidden."""

    name: str
    label: str = ""
    kind: str = "text"
    value: Any = ""
    options: Sequence[tuple[str, str]] = ()
    unit: str = ""
    help: str = ""
    why: str = ""
    step: float = 1.0
    low: float | None = None
    high: float | None = None
    begin: float | None = None  # where plus and minus begin while the field is empty

    @property
    def chosen(self) -> list[str]:
        """The value as a list, for fields of which several may be ticked."""
        return [str(v) for v in self.value] if isinstance(self.value, list | tuple) else [str(self.value)]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What went wrong with one form of a page: which one, what was typed in it, and why it was not taken."""

    form: str
    typed: Mapping[str, Any] = field(default_factory=dict)
    field: str = ""
    why: str = ""
    findings: tuple[Finding | Mapping[str, Any], ...] = ()
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form of a page.  `key` names it within the page; `uid` makes sending it twice harmless."""

    key: str
    action: str
    send: str
    asks: tuple[Ask, ...] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    about: str = ""
    look: str = "button-next"
    problem: str = ""
    findings: tuple[Finding | Mapping[str, Any], ...] = ()
    upload: bool = False
    uid: str = ""
    anchor: str = ""  # where on its page to come back to

    @property
    def in_trouble(self) -> bool:
        """Was this form just sent and not taken?"""
        return bool(self.problem or self.findings or any(ask.why for ask in self.asks))


def problem_of(request: HttpRequest) -> Problem | None:
    """What went wrong on this page a moment ago, if anything did."""
    return getattr(request, "problem", None)


def form(request: HttpRequest, key: str, action: str, send: str, *asks: Ask, **more: Any) -> Form:
    """A form as this page shows it: empty, or as it was sent, with the reason beside the field it belongs to."""
    made = Form(key=key, action=action, send=send, asks=asks, uid=str(uuids.uuid4()), **more)
    trouble = problem_of(request)
    return made if trouble is None or trouble.form != key else with_problem(made, trouble)


def with_problem(made: Form, trouble: Problem) -> Form:
    """The form as it was sent, with why it was not taken."""
    names = {ask.name for ask in made.asks}
    here = trouble.field if trouble.field in names else ""
    asks = tuple(_typed(ask, trouble.typed, trouble.why if ask.name == here else "") for ask in made.asks)
    said = "" if here else ": ".join(filter(None, (trouble.field.replace("_", " "), trouble.why)))
    uid = str(trouble.typed.get("uid") or made.uid)
    return replace(made, asks=asks, problem=said, findings=trouble.findings, uid=uid)


def _typed(ask: Ask, typed: Mapping[str, Any], why: str) -> Ask:
    if ask.kind in ("ticks", "tick"):
        value: Any = typed.get(ask.name, [])
    elif ask.kind in ("code", "secret", "papers"):
        value = ""  # a second factor's code is good for once
    else:
        value = typed.get(ask.name, ask.value)
    return replace(ask, value=value, why=why)


def open_first(forms: Iterable[Form]) -> str:
    """The key of the form that is in trouble, so that the page opens there."""
    return next((f.key for f in forms if f.in_trouble), "")
