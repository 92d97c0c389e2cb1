"""What can be done in this session now: the moves with their numbers, the monitor, the drug, and what happens at the chair.

The live screen does the same with fewer taps; this page does it where there is no script, no stream or no tablet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.session import due, events, forms, giving, moving, page_parts, queries
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import Device
from stillhaven.reference.load import Reference
from stillhaven.science import session as rules_of_state
from stillhaven.science.dosing import Running
from stillhaven.science.limits import duration, plain
from stillhaven.science.session import State
from stillhaven.science.vitals import Signal

_HAND = ("systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min", "temperature_c")


def panel(
    request: HttpRequest, session: TreatmentSession, now: datetime, rules: Reference, latest: Mapping[str, Check]
) -> dict[str, Any]:
    """The forms and figures of the chair, each only where it has a meaning now."""
    is_open = session.state in {s.value for s in queries.OPEN}
    shown: dict[str, Any] = {"moves": moving.moves(request, session), "is_open": is_open}
    if not is_open:
        return shown
    shown |= {
        "monitor": monitor(request, session),
        "vitals_now": newest(session, rules, now),
        "hand": hand(request, session, rules),
        "watching": session.state in {s.value for s in rules_of_state.WATCHED},
        "premedication": premedication(request, session),
    }
    if session.state in (State.DOSING.value, State.HELD.value, State.RECOVERING.value):
        shown |= {
            "drug": (drug := page_parts.drug_of(session, now)),
            "rate": rate_words(drug),
            "doses": queries.doses(session),
            "due": [_due(row, now) for row in due.timetable(session, now).due(now)],
            "happened": list(reversed(queries.events(session))),
            "entries": entries(request, session, rules),
            "watch": giving.panel(request, session, now, rules),
        }
    return shown


def rate_words(drug: Running) -> str:
    """How fast it runs now, in both units; empty where it does not run or nobody can know."""
    parts = [(drug.rate_mg_per_h, "mg/h"), (drug.rate_ml_per_h, "mL/h")]
    return " · ".join(f"{plain(round(value, 2))} {unit}" for value, unit in parts if value)


def _due(row: Any, now: datetime) -> dict[str, str]:
    late = (now - row.at).total_seconds()
    when = (
        _("overdue %(span)s") % {"span": duration(late)}
        if row.state.value == "overdue"
        else _("now")
        if row.state.value == "now"
        else _("in %(span)s") % {"span": duration(-late)}
    )
    return {"label": row.label[:1].upper() + row.label[1:], "when": when, "state": row.state.value}


# ---------------------------------------------------------------- monitor and vitals
def monitor(request: HttpRequest, session: TreatmentSession) -> dict[str, Any]:
    """Which monitor is on this person, since when, when it was last heard; or which could be put on."""
    worn = vitals.worn_now(session.patient_id).first()
    may = roles.may(request.user, "device.attach")
    if worn is not None:
        off = form(request, "detach", reverse("monitoring:detach", args=[session.uid]), _("Take it off"), look="")
        return {"worn": worn, "form": off if may else None}
    devices = Device.objects.filter(site_id=session.site_id).order_by("name", "key")
    options = tuple(
        (str(d.pk), f"{d.called}{' · ' + d.chair.name if d.chair else ''}") for d in devices.select_related("chair")
    )
    chair = next((str(d.pk) for d in devices if session.chair_id and d.chair_id == session.chair_id), "")
    on = form(
        request, "attach", reverse("monitoring:attach", args=[session.uid]), _("Put it on this person"),
        Ask(name="device", label=_("Monitor"), kind="select", options=(("", _("Choose")), *options), value=chair),
        Ask(name="start", label=_("On since"), kind="moment", help=_("Empty means now.")),
    )  # fmt: skip
    return {"worn": None, "form": on if may else None}


def newest(session: TreatmentSession, rules: Reference, now: datetime) -> list[dict[str, Any]]:
    """The newest usable value of each baseline sign with its age; a dash with its reason where there is none."""
    arrived = queries.window(session, now)[0]
    seen = vitals.newest_usable(session.patient_id, min(arrived, now - timedelta(hours=2)), now + timedelta(seconds=1))
    rows = []
    for key in _HAND[:5]:
        signal = rules.signals[key]
        value = seen.get(key)
        age = (now - value[1]).total_seconds() if value else None
        fresh = age is not None and age <= signal.stale_after_s
        rows.append({
            "signal": key, "label": signal.short, "unit": signal.unit,
            "text": f"{value[0]:.{signal.decimals}f}" if value and fresh else "—", "look": "live" if fresh else "stale",
            "age": _age(value, age, signal, fresh=fresh),
            "at": value[1] if value else None,
        })  # fmt: skip
    return rows


def hand(request: HttpRequest, session: TreatmentSession, rules: Reference) -> Form | None:
    """A row of vitals measured by hand."""
    if not roles.may(request.user, "vitals.record"):
        return None
    asks = [
        Ask(name=key, label=rules.signals[key].name, kind="number", unit=rules.signals[key].unit)
        for key in _HAND
        if key in rules.signals
    ]
    at = Ask(name="happened_at", label=_("Measured at"), kind="moment", help=_("Empty means now."))
    return form(request, "vitals", reverse("monitoring:vitals", args=[session.uid]), _("Save the values"), *asks, at)


def _age(value: tuple[float, datetime] | None, age: float | None, signal: Signal, *, fresh: bool) -> str:
    if value is None or age is None:
        return _("not measured")
    if fresh:
        return _("%(span)s ago") % {"span": duration(age)}
    last = f"{value[0]:.{signal.decimals}f}"
    return _("last %(value)s, %(span)s ago") % {"value": last, "span": duration(age)}


# ---------------------------------------------------------------- what happens
def entries(request: HttpRequest, session: TreatmentSession, rules: Reference) -> list[Form]:
    """Adverse event, score, rescue drug, request, note: what the quick pad of the live screen writes."""
    if not roles.may(request.user, "session.event"):
        return []

    def url(name: str) -> str:
        return reverse(f"session:{name}", args=[session.uid])

    terms = [e for e in rules.adverse_events.values() if e.when == "session"]
    done = tuple((w, w) for w in dict.fromkeys(w for e in terms for w in e.interventions))
    found = [
        form(request, "event", url("event"), _("Save the event"),
             Ask(name="term", label=_("What"), kind="select",
                 options=(("", _("Choose")), *((e.key, e.short) for e in terms))),
             Ask(name="grade", label=_("How bad"), kind="choice",
                 options=tuple((str(g.value), f"{g.value} · {g.name}: {g.means}") for g in rules.grading.grades)),
             Ask(name="interventions", label=_("What was done"), kind="ticks", options=done),
             Ask(name="note", label=_("Remark")), title=_("Something happened")),
    ]  # fmt: skip
    for key in ("moaas", "cadss6", "pain", "nausea"):
        if key in rules.scales:
            scale = rules.scales[key]
            found.append(form(request, f"score-{key}", url("score"), _("Save the score"),
                              Ask(name="value", label=scale.short, kind="select",
                                  options=(("", _("Choose")), *forms.scale_options(scale)), help=scale.trap),
                              hidden={"scale": key}, title=scale.short))  # fmt: skip
    rescue = session.order.rescue if session.order else []
    if rescue and roles.may(request.user, "session.rescue"):
        found += [_rescue(request, url("rescue"), row) for row in rescue]
    asked = [("call", _("Called")), ("stop", _("Asks to stop")), ("withdrawal", _("Withdraws consent")),
             ("comfort", _("Used the comfort card"))]  # fmt: skip
    if not queries.is_at_once(session):
        asked.insert(1, ("slow", _("Asks to slow down")))
    found.append(form(request, "request", url("request"), _("Save"),
                      Ask(name="what", label=_("The person"), kind="choice", options=tuple(asked)),
                      Ask(name="words", label=_("In their words")), title=_("What the person asks for")))  # fmt: skip
    found.append(
        form(
            request,
            "note",
            url("note"),
            _("Save the note"),
            Ask(name="text", label=_("Note"), kind="long"),
            title=_("Note"),
        )
    )
    has_line = bool(session.order and session.order.route.startswith("iv"))
    found.append(
        form(
            request, "photo", url("photo"), _("Save the picture"), Ask(name="file", label=_("Picture"), kind="file"),
            Ask(name="what", label=_("What it shows")), upload=True,
            title=_("Picture of the site") if has_line else _("Picture"),
        )
    )  # fmt: skip
    return found


def _rescue(request: HttpRequest, url: str, row: Mapping[str, Any]) -> Form:
    return form(
        request, f"rescue-{row['key']}", url, _("%(drug)s was given") % {"drug": row["drug"]},
        Ask(name="dose", label=_("Dose given"), kind="number", unit=row["unit"], value=row["dose"],
            help=_("The order allows up to %(most)s %(unit)s at a time, %(times)s times.")
            % {"most": row["max_dose"], "unit": row["unit"], "times": row["max_times"]}),
        hidden={"order": row["key"], "unit": row["unit"], "route": row["route"]}, title=row["drug"],
        about=f"{row['when']}",
    )  # fmt: skip


def premedication(request: HttpRequest, session: TreatmentSession) -> list[dict[str, Any]]:
    """Each drug that the order asks for beforehand: what was given, when and by whom, and the form for it."""
    ordered = session.order.premedication if session.order else []
    if not ordered:
        return []
    may = roles.may(request.user, "session.rescue")
    happened = [e for e in queries.events(session) if e.kind == events.PREMEDICATION]
    return [
        {
            "row": row, "events": (mine := [e for e in happened if e.key == row["key"]]),
            "done": bool(mine),
            "form": _premedicate(request, session, row) if may and _left(row, mine) else None,
        }
        for row in ordered
    ]  # fmt: skip


def _left(row: Mapping[str, Any], mine: list[Any]) -> bool:
    return sum("dose" in e.value for e in mine) < int(row["max_times"])


def _premedicate(request: HttpRequest, session: TreatmentSession, row: Mapping[str, Any]) -> Form:
    return form(
        request, f"premedication-{row['key']}", reverse("session:premedication", args=[session.uid]), _("Write down"),
        Ask(name="dose", label=_("Dose given"), kind="number", unit=row["unit"],
            help=_("Ordered: %(dose)s %(unit)s; up to %(max_dose)s %(unit)s at a time.") % row),
        Ask(name="happened_at", label=_("Given at"), kind="moment", help=_("Empty means now.")),
        Ask(name="why_not", label=_("Or: not given, because")),
        hidden={"order": row["key"], "unit": row["unit"], "route": row["route"]},
    )  # fmt: skip
