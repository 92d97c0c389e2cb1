"""The pre-flight list as cards: one question each, with what was answered, by whom and when.

A card's form posts to the session's writes in the fields that `session.preflight` reads; a score goes to `score`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.people.asking import YES_NO, Ask, Form, form
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import preflight
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.reference.load import Reference
from stillhaven.science.consent import Gate
from stillhaven.science.scales import Scale

Said = tuple[tuple[str, str], ...]


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


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of the list: its fields, and how its answer reads."""

    kind: str
    title: str
    asks: Callable[[dict[str, Any]], tuple[Ask, ...]]
    words: Callable[[dict[str, Any]], str]
    about: str = ""


def questions(session: TreatmentSession, rules: Reference) -> list[Question]:
    """The questions that this session's drug and route ask, in the order a nurse walks them."""
    order, start = session.order, rules.session.start
    drug, route = (order.drug, order.route) if order else ("", "")
    found = [
        _identity(),
        _weight(),
        _fasting(drug, rules),
        _escort(session),
        _consent(session),
        _pregnancy(),
        _medicines(drug, rules),
        _mood(),
    ]
    found += [_scale(rules.scales[key]) for key in ("moaas", "pain", "nausea") if key in rules.scales]
    if route.startswith("iv"):
        found.append(_iv_site())
    found.append(_equipment(rules))
    if drug in start.prescriber_on_site_for or not order:
        found.append(_prescriber())
    if drug in start.enrolment_for:
        found.append(_rems())
    found.append(
        _words_question("comfort_setup", "Comfort set-up", "Music, mask, light, blanket; words for slow and for stop")
    )
    return found


def cards(request: HttpRequest, session: TreatmentSession, rules: Reference, latest: dict[str, Check]) -> list[Card]:
    """Every question with its answer so far."""
    return [_card(request, session, q, latest.get(q.kind)) for q in questions(session, rules)]


def _card(request: HttpRequest, session: TreatmentSession, q: Question, check: Check | None) -> Card:
    value = dict(check.value) if check else {}
    first = _form(request, session, q, q.kind, "Save", q.asks({}))
    if check is None:
        return Card(kind=q.kind, title=q.title, ask=first)
    again = _form(request, session, q, f"{q.kind}-again", "Save as a new answer", q.asks({}), look="")
    why = Ask(name="reason", label="Why is it corrected?", help="The first answer stays in the record beside this one.")
    amend = form(
        request, f"{q.kind}-amend", reverse("session:amend", args=[session.uid]), "Correct this answer",
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


# ---------------------------------------------------------------- the questions
def tri(value: Any) -> str:
    """A kept yes, no or not known as its form field has it; "" where nothing was said."""
    return {True: "yes", False: "no"}.get(value, "unknown")


def say(value: Any) -> str:
    """A kept yes, no or not known as people say it."""
    return {True: "yes", False: "no"}.get(value, "not known")


def _old(value: dict[str, Any], key: str) -> str:
    return tri(value[key]) if key in value else ""


def _identity() -> Question:
    labels = {"name": "Full name", "birth_date": "Date of birth", "wristband": "Wristband", "photo": "Photograph"}
    options = tuple((key, labels[key]) for key in preflight.IDENTIFIERS)
    return Question(
        kind="identity", title="Is this the right person?",
        asks=lambda v: (Ask(name="identifiers", label="Compared with the person in front of you", kind="ticks",
                            options=options, value=v.get("identifiers", [])),),
        words=lambda v: "Compared: " + ", ".join(labels[i].lower() for i in v["identifiers"]),
    )  # fmt: skip


def _weight() -> Question:
    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="weight", label="Weight today", kind="number", value=v.get("typed", "")),
            Ask(name="unit", label="Unit on the scale", kind="choice", options=(("kg", "kg"), ("lb", "lb")),
                value=v.get("unit", "")),
        )  # fmt: skip

    def words(v: dict[str, Any]) -> str:
        typed = f" (typed as {v['typed']} {v['unit']})" if v.get("unit") == "lb" else ""
        return f"{v['kg']:.1f} kg{typed}"

    return Question(kind="weight", title="What does the person weigh today?", asks=asks, words=words)


def _fasting(drug: str, rules: Reference) -> Question:
    limits = rules.session.start.fasting.get(drug) or ()
    kinds = {limit.kind: limit.label for limit in limits} or {"food": "food", "clear_liquid": "clear liquids"}

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        found: list[Ask] = []
        for kind, label in kinds.items():
            at = (v.get(kind) or {}).get("at")
            local = timezone.localtime(datetime.fromisoformat(at)).strftime("%Y-%m-%dT%H:%M") if at else ""
            none = "yes" if (v.get(kind) or {}).get("none") else ""
            found.append(Ask(name=kind, label=f"Last had {label}", kind="moment", value=local))
            found.append(Ask(name=f"{kind}_none", label=f"None at all lately: {label}", kind="tick", value=none))
        return tuple(found)

    def words(v: dict[str, Any]) -> str:
        parts = []
        for kind, answer in v.items():
            at = answer.get("at")
            when = timezone.localtime(datetime.fromisoformat(at)).strftime("%H:%M on %-d %b") if at else "none"
            parts.append(f"{kinds.get(kind, kind.replace('_', ' '))}: {when}")
        return "; ".join(parts)

    return Question(kind="fasting", title="When did the person last eat and drink?", asks=asks, words=words)


def _escort(session: TreatmentSession) -> Question:
    known = session.patient

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="name", label="Who takes the person home?", value=v.get("name", known.escort_name)),
            Ask(name="phone", label="Telephone", value=v.get("phone", known.escort_phone)),
            Ask(name="reachable", label="Reached today?", kind="choice", options=YES_NO, value=_old(v, "reachable")),
        )

    return Question(
        kind="escort", title="Who takes the person home?", asks=asks,
        words=lambda v: f"{v['name']}, {v['phone'] or 'no telephone'}; reached today: {say(v['reachable'])}",
    )  # fmt: skip


def _consent(session: TreatmentSession) -> Question:
    """The signatures stand in the consent room; what is asked here is today's yes."""
    drug = session.order.drug if session.order else ""
    book = consent.book()
    stand = "; ".join(
        f"{row.title}: {row.state.words}"
        for row in consent.standing(session.patient, session.course, clock.now())
        if row.gate in (Gate.TREATMENT, Gate.OFF_LABEL) and book.document(row.document).concerns(drug)
    )
    return Question(
        kind="consent", title="Do they still want it today?", about=f"{stand}." if stand else "",
        asks=lambda v: (Ask(name="wants", label="Nothing has changed since they signed, and they want it today",
                            kind="choice", options=YES_NO, value=_old(v, "wants")),),
        words=lambda v: {True: "Yes, nothing has changed", False: "No"}.get(v["wants"], "Not known"),
    )  # fmt: skip


def _pregnancy() -> Question:
    return Question(
        kind="pregnancy", title="Could the person be pregnant?",
        asks=lambda v: (Ask(name="pregnant", label="Pregnant, or could be", kind="choice", options=YES_NO,
                            value=_old(v, "pregnant")),),
        words=lambda v: {True: "Yes", False: "No, or cannot be"}.get(v["pregnant"], "Not known"),
    )  # fmt: skip


def _medicines(drug: str, rules: Reference) -> Question:
    known = {i.key: i.label for i in rules.session.start.interactions.get(drug, ())}
    if not known:
        known = {i.key: i.label for found in rules.session.start.interactions.values() for i in found}

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="classes", label="Taken lately, of the classes that matter with this drug", kind="ticks",
                options=tuple(known.items()), value=v.get("classes", []), help="Leave all of them empty if there is none."),
            Ask(name="other", label="Others, with commas between", value=", ".join(v.get("unmatched", []))),
            Ask(name="changes", label="What has changed since last time?", value=v.get("changes", "")),
        )  # fmt: skip

    def words(v: dict[str, Any]) -> str:
        named = [known.get(c, c) for c in v["classes"]] + list(v["unmatched"])
        return (", ".join(named) or "None of the flagged classes") + (
            f". Changes: {v['changes']}" if v["changes"] else ""
        )

    return Question(kind="medicines", title="Which medicines, and what has changed?", asks=asks, words=words)


def _mood() -> Question:
    return _words_question("mood", "How does the person feel today?", "In the person's own words")


def _words_question(kind: str, title: str, label: str) -> Question:
    return Question(
        kind=kind, title=title, words=lambda v: str(v["words"]),
        asks=lambda v: (Ask(name="words", label=label, value=v.get("words", "")),),
    )  # fmt: skip


def scale_options(scale: Scale) -> Said:
    """The answers of a one-question scale, best first, in words where they may be shown."""
    only = scale.items[0] if len(scale.items) == 1 else None
    words = {level.value: level.text for level in only.levels} if only else {}
    values = range(scale.high, scale.low - 1, -1) if scale.better == "higher" else range(scale.low, scale.high + 1)
    return tuple((str(v), f"{v} · {words[v]}" if words.get(v) else str(v)) for v in values)


def _scale(scale: Scale) -> Question:
    options = scale_options(scale)
    titles = {"moaas": "How awake is the person?", "pain": "How much pain?", "nausea": "Any nausea?"}
    return Question(
        kind=scale.key, title=titles.get(scale.key, scale.short),
        asks=lambda v: (Ask(name="value", label=scale.short, kind="choice", options=options,
                            value=str(v["score"]) if "score" in v else "", help=scale.trap),),
        words=lambda v: f"{scale.short} {dict(options).get(str(v['score']), v['score'])}",
    )  # fmt: skip


def _iv_site() -> Question:
    gauges = tuple((g, g) for g in ("", "18", "20", "22", "24"))

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="site", label="Where is the cannula?", value=v.get("site", ""), help="Such as: left forearm"),
            Ask(name="gauge", label="Gauge", kind="select", options=gauges, value=v.get("gauge", "")),
            Ask(name="patent", label="Does the line flush?", kind="choice", options=YES_NO, value=_old(v, "patent")),
            Ask(name="attempts", label="Attempts", kind="number", value=v.get("attempts") or ""),
            Ask(name="dressing", label="Dressing", value=v.get("dressing", "")),
        )

    def words(v: dict[str, Any]) -> str:
        gauge = f", {v['gauge']} G" if v.get("gauge") else ""
        tries = f", {v['attempts']} attempt{'s' if v['attempts'] != 1 else ''}" if v.get("attempts") else ""
        return f"{v['site']}{gauge}{tries}; flushes: {say(v['patent'])}"

    return Question(kind="iv_site", title="Where is the line, and does it flush?", asks=asks, words=words)


def _equipment(rules: Reference) -> Question:
    items = rules.session.start.equipment

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return tuple(
            Ask(name=key, label=label, kind="choice", options=YES_NO, value=_old(v, key))
            for key, label in items.items()
        )

    def words(v: dict[str, Any]) -> str:
        bad = [label for key, label in items.items() if v.get(key) is False]
        open_ = [label for key, label in items.items() if v.get(key) is None]
        here = len(items) - len(bad) - len(open_)
        parts = [f"{here} of {len(items)} there and working"]
        parts += [f"missing: {', '.join(bad)}"] if bad else []
        parts += [f"not checked: {', '.join(open_)}"] if open_ else []
        return "; ".join(parts)

    about = "Is each within reach of this chair, and working?"
    return Question(kind="equipment", title="Is everything for a rescue at hand?", asks=asks, words=words, about=about)


def _prescriber() -> Question:
    return Question(
        kind="prescriber_on_site", title="Is the prescriber on site?",
        asks=lambda v: (Ask(name="present", label="On site", kind="choice", options=YES_NO, value=_old(v, "present")),),
        words=lambda v: f"On site: {say(v['present'])}",
    )  # fmt: skip


def _rems() -> Question:
    return Question(
        kind="rems", title="Is the restricted programme in order?",
        asks=lambda v: (
            Ask(name="enrolled", label="The patient is enrolled", kind="choice", options=YES_NO, value=_old(v, "enrolled")),
            Ask(name="certified", label="This site is certified", kind="choice", options=YES_NO, value=_old(v, "certified")),
        ),
        words=lambda v: f"Patient enrolled: {say(v['enrolled'])}; site certified: {say(v['certified'])}",
    )  # fmt: skip
