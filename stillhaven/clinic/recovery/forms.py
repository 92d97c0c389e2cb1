"""The looks of recovery as forms: scores item by item with their words, one tap for a yes or no, the escort, the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import YES_NO, Ask, Form, form
from stillhaven.clinic.recovery import facts, signing
from stillhaven.clinic.recovery.models import Discharge
from stillhaven.clinic.session import facts as session_facts
from stillhaven.clinic.session import forms as session_forms
from stillhaven.clinic.session import giving, page_parts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.reference.load import Reference
from stillhaven.science import observation, recovery, start
from stillhaven.science.limits import duration
from stillhaven.science.protocol import Drug
from stillhaven.science.recovery_scores import Sheet

_DOTS: dict[bool | None, str] = {True: "go", False: "no"}
_LOOKS = {
    "oriented": (gettext_lazy("Does the person know who and where they are, and the day?"), gettext_lazy("Oriented")),
    "walking": (gettext_lazy("Does the person walk as before?"), gettext_lazy("Walks as before")),
    "cannula_out": (gettext_lazy("Is the cannula out, and the site dry?"), gettext_lazy("Cannula out")),
    "risk": (gettext_lazy("Suicide risk asked again: is it settled?"), gettext_lazy("Risk settled")),
    "instructions": (
        gettext_lazy("Were the instructions and the emergency number gone through, and handed over?"),
        gettext_lazy("Instructions"),
    ),
}


def page(request: HttpRequest, session: TreatmentSession, now: datetime, rules: Reference) -> dict[str, Any]:
    """Everything the recovery page shows."""
    asked, seen, known = facts.rules_of(session), facts.checks(session), facts.recovery_facts(session, now)
    latest = queries.latest_checks(session)
    found = start.apply_overrides(recovery.discharge_findings(known, asked), session_facts.overrides(session))
    may = roles.may(request.user, "recovery.check") and session.state in ("recovering", "dosing", "held")
    to_override = reverse("recovery:override", args=[session.uid])
    order = session.order
    driving = rules.recovery.driving_rule(Drug(order.drug)) if order else None
    shown: dict[str, Any] = {
        "now": now,
        "known": known,
        "clock": (watch := observation.clock(known.doses, known.ended_at, now, asked.observation)),
        "left_words": duration(watch.left_s) if watch.left_s else "",
        "given": _given(session),
        "scores": [_score(request, session, sheet, asked, seen, may) for sheet in recovery.sheets(known, asked)],
        "looks": [_look(request, session, kind, seen, may) for kind in _kinds(asked, "iv_site" in latest)],
        "scales": [
            _scale(request, session, key, rules, latest.get(key), may)
            for key in ("moaas", "nausea", "cadss6", "pain")
            if key in rules.scales
        ],
        "escort": _escort(request, session, seen, latest, may),
        "findings": page_parts.sorted_findings(request, session, found, rules, "recovery.override", to_override),
        "met_count": sum(f.is_met and not f.overridden for f in found),
        "stopping": sum(f.stops for f in found),
        "coverage": _coverage(known, asked),
        "driving": driving,
        "discharge": None,
        "left": Discharge.objects.filter(session=session).order_by("-seq").first(),
        "standing": signing.standing(session),
    }
    if session.state == "recovering" and roles.may(request.user, "recovery.discharge"):
        shown["discharge"] = form(request, "discharge", reverse("recovery:discharge", args=[session.uid]),
                                  _("Yes, the person goes home now"), look="button-firm")  # fmt: skip
    if session.state in ("discharged", "transferred") and roles.may(request.user, "record.sign"):
        code = Ask(name="code", label=_("Code from your app, or a passkey"), kind="code")
        shown["sign"] = form(
            request,
            "sign",
            reverse("recovery:sign", args=[session.uid]),
            _("Sign the record"),
            code,
            look="button-firm",
        )
    if session.state == "signed" and roles.may(request.user, "record.amend"):
        text = Ask(name="text", label=_("What is added?"), kind="long")
        shown["addendum"] = form(
            request, "addendum", reverse("recovery:addendum", args=[session.uid]), _("Add it"), text
        )
    return shown


def _given(session: TreatmentSession) -> list[dict[str, Any]]:
    """Each part of a dose that was given at once, with its moment: what the observation counts from."""
    parts = giving.giving_of(session)
    return [{"at": part.at, "words": parts.words(part)} for part in parts.parts] if parts is not None else []


def _kinds(asked: recovery.DischargeRules, placed: bool) -> list[tuple[str, str, str]]:
    symptoms = [
        (f"over_{key}", _("Is it over, or was there none: %(what)s?") % {"what": label}, label.capitalize())
        for key, label in asked.symptoms.items()
    ]
    rest = [
        (k, str(question), str(short))
        for k, (question, short) in _LOOKS.items()
        if k != "cannula_out" or asked.cannula or placed
    ]
    return symptoms + rest


def _score(
    request: HttpRequest, session: TreatmentSession, sheet: Sheet, asked: recovery.DischargeRules, seen: Any,
    may: bool,
) -> dict[str, Any]:  # fmt: skip
    """One recovery score: every item with its words; the pressure's item is computed and says how."""
    scale = next(rule.scale for rule in asked.scores if rule.scale.key == sheet.scale)
    items = {item.key: item for item in scale.items}
    answers = seen[sheet.scale].value.get("items", {}) if sheet.scale in seen else {}
    rows, asks = [], []
    for row in sheet.rows:
        item = items[row.item]
        words = {level.value: level.text for level in item.levels}
        rows.append({"row": row, "words": "" if row.points is None else words.get(row.points, ""), "high": item.high})
        options = tuple((str(v), f"{v} · {words.get(v, '')}".rstrip(" ·")) for v in range(item.high, item.low - 1, -1))
        given = answers.get(row.item)
        note = (
            _("Computed: %(why)s. Answer only if you see it otherwise; the lower counts.") % {"why": row.because}
            if row.computed
            else row.adapted
        )
        asks.append(Ask(name=row.item, label=item.name, kind="choice", options=options,
                        value="" if given is None else str(given), help=note))  # fmt: skip
    save = _("Save %(what)s") % {"what": sheet.name}
    ask = form(request, f"score-{sheet.scale}", reverse("recovery:look", args=[session.uid]), save,
               *asks, hidden={"kind": sheet.scale})  # fmt: skip
    return {"sheet": sheet, "rows": rows, "form": ask if may else None, "trap": scale.trap}


def _look(
    request: HttpRequest, session: TreatmentSession, kind: tuple[str, str, str], seen: Any, may: bool
) -> dict[str, Any]:
    key, question, short = kind
    row = seen.get(key)
    url = reverse("recovery:look", args=[session.uid])
    buttons: list[Form] = []
    if may:
        buttons = [
            form(
                request,
                f"{key}-{value}",
                url,
                words,
                hidden={"kind": key, "answer": value},
                look="",
                anchor=f"look-{key}",
            )
            for value, words in YES_NO
        ]
    return {
        "key": key, "question": question, "short": short, "seen": row, "buttons": buttons,
        "said": session_forms.say(row.value.get("yes")).capitalize() if row else "",
        "look": _DOTS.get(row.value.get("yes") if row else None, "unknown"),
    }  # fmt: skip


def _scale(
    request: HttpRequest, session: TreatmentSession, key: str, rules: Reference, newest: Any, may: bool
) -> dict[str, Any]:
    scale = rules.scales[key]
    options = session_forms.scale_options(scale)
    ask = form(request, f"scale-{key}", reverse("session:score", args=[session.uid]), _("Save"),
               Ask(name="value", label=scale.short, kind="select", options=(("", _("Choose")), *options), help=scale.trap),
               hidden={"scale": key})  # fmt: skip
    return {"title": scale.name, "form": ask if may else None, "seen": newest,
            "said": dict(options).get(str(newest.value["score"]), "") if newest else ""}  # fmt: skip


def _escort(request: HttpRequest, session: TreatmentSession, seen: Any, latest: Any, may: bool) -> dict[str, Any]:
    row, named = seen.get("escort"), latest.get("escort")
    name = row.value["name"] if row else (named.value["name"] if named else session.patient.escort_name)
    ask = form(
        request, "escort", reverse("recovery:look", args=[session.uid]), _("Save"),
        Ask(name="name", label=_("Who takes the person home?"), value=name),
        Ask(name="handed_over", label=_("Handed over to them in person, now"), kind="tick"),
        hidden={"kind": "escort"},
    )  # fmt: skip
    at = row.value.get("handed_over_at") if row else None
    return {"form": ask if may else None, "seen": row, "name": name, "at": datetime.fromisoformat(at) if at else None}


def _coverage(known: recovery.RecoveryFacts, asked: recovery.DischargeRules) -> list[dict[str, Any]]:
    return [
        {"signal": c.signal, "label": asked.signal_labels.get(c.signal, c.signal), "percent": c.percent,
         "longest_gap": duration(c.longest_gap_s) if c.longest_gap_s else ""}
        for c in known.coverage
    ]  # fmt: skip
