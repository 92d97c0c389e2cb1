"""What is asked before the drug, question by question: the fields of each, and how its answer reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.people.asking import YES_NO, Ask
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import preflight
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.reference.load import Reference
from stillhaven.science.consent import Gate
from stillhaven.science.scales import Scale

Said = tuple[tuple[str, str], ...]


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
        _fasting(order, rules),
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
        _words_question(
            "comfort_setup", _("Comfort set-up"), _("Music, mask, light, blanket; words for slow and for stop")
        )
    )
    return found


# ---------------------------------------------------------------- one by one
def tri(value: Any) -> str:
    """A kept yes, no or not known as its form field has it; "" where nothing was said."""
    return {True: "yes", False: "no"}.get(value, "unknown")


def say(value: Any) -> str:
    """A kept yes, no or not known as people say it."""
    return {True: _("yes"), False: _("no")}.get(value, _("not known"))


def _old(value: dict[str, Any], key: str) -> str:
    return tri(value[key]) if key in value else ""


def _identity() -> Question:
    labels = {
        "name": _("Full name"),
        "birth_date": _("Date of birth"),
        "wristband": _("Wristband"),
        "photo": _("Photograph"),
    }
    options = tuple((key, labels[key]) for key in preflight.IDENTIFIERS)
    return Question(
        kind="identity", title=_("Is this the right person?"),
        asks=lambda v: (Ask(name="identifiers", label=_("Compared with the person in front of you"), kind="ticks",
                            options=options, value=v.get("identifiers", [])),),
        words=lambda v: _("Compared: %(what)s") % {"what": ", ".join(labels[i].lower() for i in v["identifiers"])},
    )  # fmt: skip


def _weight() -> Question:
    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="weight", label=_("Weight today"), kind="number", value=v.get("typed", "")),
            Ask(name="unit", label=_("Unit on the scale"), kind="choice", options=(("kg", "kg"), ("lb", "lb")),
                value=v.get("unit", "")),
        )  # fmt: skip

    def words(v: dict[str, Any]) -> str:
        typed = _(" (typed as %(typed)s %(unit)s)") % v if v.get("unit") == "lb" else ""
        return f"{v['kg']:.1f} kg{typed}"

    return Question(kind="weight", title=_("What does the person weigh today?"), asks=asks, words=words)


def _fasting(order: Order | None, rules: Reference) -> Question:
    """What the drug's rules ask, and what this order asks besides: nothing is judged that the card does not ask."""
    limits = rules.session.start.fasting.get(order.drug if order else "") or ()
    kinds = {limit.kind: limit.label for limit in limits} or {"food": _("food"), "clear_liquid": _("clear liquids")}
    if order is not None and order.fasting_food_h is not None:
        kinds.setdefault("food", _("food"))
    if order is not None and order.fasting_liquid_h is not None:
        kinds.setdefault("clear_liquid", _("clear drinks"))

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        found: list[Ask] = []
        for kind, label in kinds.items():
            at = (v.get(kind) or {}).get("at")
            local = timezone.localtime(datetime.fromisoformat(at)).strftime("%Y-%m-%dT%H:%M") if at else ""
            none = "yes" if (v.get(kind) or {}).get("none") else ""
            found.append(Ask(name=kind, label=_("Last had %(what)s") % {"what": label}, kind="moment", value=local))
            found.append(
                Ask(
                    name=f"{kind}_none",
                    label=_("None at all lately: %(what)s") % {"what": label},
                    kind="tick",
                    value=none,
                )
            )
        return tuple(found)

    def words(v: dict[str, Any]) -> str:
        parts = []
        for kind, answer in v.items():
            at = answer.get("at")
            when = timezone.localtime(datetime.fromisoformat(at)).strftime("%H:%M on %-d %b") if at else _("none")
            parts.append(f"{kinds.get(kind, kind.replace('_', ' '))}: {when}")
        return "; ".join(parts)

    return Question(kind="fasting", title=_("When did the person last eat and drink?"), asks=asks, words=words)


def _escort(session: TreatmentSession) -> Question:
    known = session.patient

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="name", label=_("Who takes the person home?"), value=v.get("name", known.escort_name)),
            Ask(name="phone", label=_("Telephone"), value=v.get("phone", known.escort_phone)),
            Ask(name="reachable", label=_("Reached today?"), kind="choice", options=YES_NO, value=_old(v, "reachable")),
        )

    return Question(
        kind="escort", title=_("Who takes the person home?"), asks=asks,
        words=lambda v: _("%(name)s, %(phone)s; reached today: %(said)s")
        % {"name": v["name"], "phone": v["phone"] or _("no telephone"), "said": say(v["reachable"])},
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
        kind="consent", title=_("Do they still want it today?"), about=f"{stand}." if stand else "",
        asks=lambda v: (Ask(name="wants", label=_("Nothing has changed since they signed, and they want it today"),
                            kind="choice", options=YES_NO, value=_old(v, "wants")),),
        words=lambda v: {True: _("Yes, nothing has changed"), False: _("No")}.get(v["wants"], _("Not known")),
    )  # fmt: skip


def _pregnancy() -> Question:
    return Question(
        kind="pregnancy", title=_("Could the person be pregnant?"),
        asks=lambda v: (Ask(name="pregnant", label=_("Pregnant, or could be"), kind="choice", options=YES_NO,
                            value=_old(v, "pregnant")),),
        words=lambda v: {True: _("Yes"), False: _("No, or cannot be")}.get(v["pregnant"], _("Not known")),
    )  # fmt: skip


def _medicines(drug: str, rules: Reference) -> Question:
    known = {i.key: i.label for i in rules.session.start.interactions.get(drug, ())}
    if not known:
        known = {i.key: i.label for found in rules.session.start.interactions.values() for i in found}

    def asks(v: dict[str, Any]) -> tuple[Ask, ...]:
        return (
            Ask(name="classes", label=_("Taken lately, of the classes that matter with this drug"), kind="ticks",
                options=tuple(known.items()), value=v.get("classes", []),
                help=_("Leave all of them empty if there is none.")),
            Ask(name="other", label=_("Others, with commas between"), value=", ".join(v.get("unmatched", []))),
            Ask(name="changes", label=_("What has changed since last time?"), value=v.get("changes", "")),
        )  # fmt: skip

    def words(v: dict[str, Any]) -> str:
        named = [known.get(c, c) for c in v["classes"]] + list(v["unmatched"])
        return (", ".join(named) or _("None of the flagged classes")) + (
            _(". Changes: %(what)s") % {"what": v["changes"]} if v["changes"] else ""
        )

    return Question(kind="medicines", title=_("Which medicines, and what has changed?"), asks=asks, words=words)


def _mood() -> Question:
    return _words_question("mood", _("How does the person feel today?"), _("In the person's own words"))


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
    titles = {"moaas": _("How awake is the person?"), "pain": _("How much pain?"), "nausea": _("Any nausea?")}
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
            Ask(
                name="site", label=_("Where is the cannula?"), value=v.get("site", ""), help=_("Such as: left forearm")
            ),
            Ask(name="gauge", label=_("Gauge"), kind="select", options=gauges, value=v.get("gauge", "")),
            Ask(name="patent", label=_("Does the line flush?"), kind="choice", options=YES_NO, value=_old(v, "patent")),
            Ask(name="attempts", label=_("Attempts"), kind="number", value=v.get("attempts") or ""),
            Ask(name="dressing", label=_("Dressing"), value=v.get("dressing", "")),
        )

    def words(v: dict[str, Any]) -> str:
        gauge = _(", %(gauge)s G") % v if v.get("gauge") else ""
        n = v.get("attempts")
        tries = ngettext(", %(n)s attempt", ", %(n)s attempts", int(n)) % {"n": n} if n else ""
        return _("%(where)s; flushes: %(said)s") % {"where": f"{v['site']}{gauge}{tries}", "said": say(v["patent"])}

    return Question(kind="iv_site", title=_("Where is the line, and does it flush?"), asks=asks, words=words)


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
        parts = [_("%(n)d of %(of)d there and working") % {"n": here, "of": len(items)}]
        parts += [_("missing: %(what)s") % {"what": ", ".join(bad)}] if bad else []
        parts += [_("not checked: %(what)s") % {"what": ", ".join(open_)}] if open_ else []
        return "; ".join(parts)

    about = _("Is each within reach of this chair, and working?")
    return Question(
        kind="equipment", title=_("Is everything for a rescue at hand?"), asks=asks, words=words, about=about
    )


def _prescriber() -> Question:
    return Question(
        kind="prescriber_on_site", title=_("Is the prescriber on site?"),
        asks=lambda v: (Ask(name="present", label=_("On site"), kind="choice", options=YES_NO, value=_old(v, "present")),),
        words=lambda v: _("On site: %(said)s") % {"said": say(v["present"])},
    )  # fmt: skip


def _rems() -> Question:
    return Question(
        kind="rems", title=_("Is the restricted programme in order?"),
        asks=lambda v: tuple(
            Ask(name=key, label=label, kind="choice", options=YES_NO, value=_old(v, key))
            for key, label in (("enrolled", _("The patient is enrolled")), ("certified", _("This site is certified")))
        ),
        words=lambda v: _("Patient enrolled: %(first)s; site certified: %(second)s")
        % {"first": say(v["enrolled"]), "second": say(v["certified"])},
    )  # fmt: skip
