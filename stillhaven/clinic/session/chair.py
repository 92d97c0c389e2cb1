"""What can be done in this session now: the moves with their numbers, the monitor, the drug, and what happens at the chair.

The live screen does the same with fewer taps; this page does it where there is no script, no stream or no tablet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.session import due, forms, page_parts, queries
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import Device
from stillhaven.reference.load import Reference
from stillhaven.science import observation
from stillhaven.science import session as rules_of_state
from stillhaven.science.dose_entries import Kind
from stillhaven.science.dosing import Running
from stillhaven.science.limits import duration, plain
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.session import Move, State
from stillhaven.science.vitals import Signal

_HAND = ("systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min", "temperature_c")


def panel(
    request: HttpRequest, session: TreatmentSession, now: datetime, rules: Reference, latest: Mapping[str, Check]
) -> dict[str, Any]:
    """The forms and figures of the chair, each only where it has a meaning now."""
    is_open = session.state in {s.value for s in queries.OPEN}
    shown: dict[str, Any] = {"moves": moves(request, session, latest), "is_open": is_open}
    if not is_open:
        return shown
    shown |= {
        "monitor": monitor(request, session),
        "vitals_now": newest(session, rules, now),
        "hand": hand(request, session, rules),
        "watching": session.state in {s.value for s in rules_of_state.WATCHED},
    }
    if session.state in (State.DOSING.value, State.HELD.value, State.RECOVERING.value):
        shown |= {
            "drug": (drug := page_parts.drug_of(session, now)),
            "rate": rate_words(drug),
            "doses": queries.doses(session),
            "due": [_due(row, now) for row in due.timetable(session, now).due(now)],
            "happened": list(reversed(queries.events(session))),
            "entries": entries(request, session, rules),
            "watch": watch(request, session, now, rules),
        }
    return shown


def rate_words(drug: Running) -> str:
    """How fast it runs now, in both units; empty where it does not run or nobody can know."""
    parts = [(drug.rate_mg_per_h, "mg/h"), (drug.rate_ml_per_h, "mL/h")]
    return " · ".join(f"{plain(round(value, 2))} {unit}" for value, unit in parts if value)


def _due(row: Any, now: datetime) -> dict[str, str]:
    late = (now - row.at).total_seconds()
    when = (
        f"overdue {duration(late)}"
        if row.state.value == "overdue"
        else "now"
        if row.state.value == "now"
        else f"in {duration(-late)}"
    )
    return {"label": row.label[:1].upper() + row.label[1:], "when": when, "state": row.state.value}


# ---------------------------------------------------------------- moves
def moves(request: HttpRequest, session: TreatmentSession, latest: Mapping[str, Check]) -> dict[str, Form]:
    """The moves open to this session, by name, each repeating the numbers it stands for."""
    made: dict[str, Form] = {}
    for move in rules_of_state.allowed(session.state):
        if move in _MOVES and roles.may(request.user, _MOVES[move][1]):
            name, _, send, look, asks = _MOVES[move]
            made[name] = form(request, name, reverse(f"session:{name}", args=[session.uid]), send, *asks, look=look)
    if "start" in made:
        made["start"] = _start(request, session)
    if session.state == State.DOSING.value and roles.may(request.user, "session.dose"):
        made |= _while_running(request, session)
    return made


_WHY = Ask(name="reason", label="Why?")
_MOVES: dict[Move, tuple[str, str, str, str, tuple[Ask, ...]]] = {
    Move.CHECK_IN: ("check_in", "session.check_in", "The person is here: check in", "button-next", ()),
    Move.MAKE_READY: ("ready", "session.ready", "Yes, everything is asked: ready", "button-next", ()),
    Move.START: ("start", "session.start", "Start", "button-firm", ()),
    Move.HOLD: ("hold", "session.hold", "Hold the drug", "btn-hold", (_WHY,)),
    Move.RESUME: ("resume", "session.hold", "Yes, run the drug again", "button-next", ()),
    Move.STOP: ("stop", "session.stop", "Yes, the drug ends now", "button-firm",
                (Ask(name="reason", label="Why?", value="dose complete"),
                 Ask(name="pump_volume_ml", label="The pump shows, given", kind="number", unit="mL"))),
    Move.ABORT: ("abort", "session.stop", "Stop now, for safety", "button-firm", (_WHY,)),
    Move.TRANSFER: ("transfer", "session.transfer", "Yes, handed over to emergency care", "button-firm", (_WHY,)),
    Move.CANCEL: ("cancel", "session.cancel", "Cancel this session", "", (_WHY,)),
    Move.MISS: ("miss", "session.cancel", "The person did not come", "", (_WHY,)),
}  # fmt: skip


def _start(request: HttpRequest, session: TreatmentSession) -> Form:
    order = session.order
    asks = [Ask(name="lot", label="Lot of the vial" if order and not order.devices else "Lot of the first device")]
    words, amount = start_numbers(session)
    if order is not None and order.route != "iv_infusion":
        asks.append(Ask(name="amount_mg", label="First part", kind="number", unit="mg", value=amount,
                        help="Less than the whole dose makes it a dose in parts."))  # fmt: skip
    return form(
        request, "start", reverse("session:start", args=[session.uid]), f"Yes, start {words}", *asks, look="button-firm",
    )  # fmt: skip


def start_numbers(session: TreatmentSession) -> tuple[str, str]:
    """What the start button repeats, and the first amount of a dose that is not an infusion."""
    order = session.order
    if order is None:
        return "the drug", ""
    mg = float(order.dose_mg)
    if order.route == "iv_infusion" and order.duration_min:
        return f"{plain(mg)} mg over {plain(float(order.duration_min))} min", ""
    first = mg / order.devices if order.devices else mg
    return (f"the first device, {plain(first)} mg" if order.devices else f"{plain(mg)} mg"), plain(first)


def _while_running(request: HttpRequest, session: TreatmentSession) -> dict[str, Form]:
    order = session.order
    if order is None:
        return {}
    if order.route == "iv_infusion":
        ask = Ask(name="rate_mg_per_h", label="New rate", kind="number", unit="mg/h")
        url = reverse("session:rate", args=[session.uid])
        return {"rate": form(request, "rate", url, "Change the rate", ask, _WHY)}
    left = float(order.dose_mg) - sum(d.amount_mg or 0.0 for d in queries.doses(session))
    if left <= 0:
        return {}
    kind = "device" if order.devices else "bolus" if order.route == "iv_bolus" else "divided"
    part = min(left, float(order.dose_mg) / order.devices) if order.devices else left
    what = "Next device" if kind == "device" else "Next part"
    asks = (
        Ask(name="amount_mg", label=what, kind="number", unit="mg", value=plain(part)),
        Ask(name="lot", label="Lot"),
    )
    send = f"{what} used now: {plain(part)} mg" if kind == "device" else "Given now"
    url = reverse("session:give", args=[session.uid])
    return {"give": form(request, "give", url, send, *asks, hidden={"kind": kind})}


# ---------------------------------------------------------------- monitor and vitals
def monitor(request: HttpRequest, session: TreatmentSession) -> dict[str, Any]:
    """Which monitor is on this person, since when, when it was last heard; or which could be put on."""
    worn = vitals.worn_now(session.patient_id).first()
    may = roles.may(request.user, "device.attach")
    if worn is not None:
        off = form(request, "detach", reverse("monitoring:detach", args=[session.uid]), "Take it off", look="")
        return {"worn": worn, "form": off if may else None}
    devices = Device.objects.filter(site_id=session.site_id).order_by("name", "key")
    options = tuple(
        (str(d.pk), f"{d.called}{' · ' + d.chair.name if d.chair else ''}") for d in devices.select_related("chair")
    )
    chair = next((str(d.pk) for d in devices if session.chair_id and d.chair_id == session.chair_id), "")
    on = form(
        request, "attach", reverse("monitoring:attach", args=[session.uid]), "Put it on this person",
        Ask(name="device", label="Monitor", kind="select", options=(("", "Choose"), *options), value=chair),
        Ask(name="start", label="On since", kind="moment", help="Empty means now."),
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
    at = Ask(name="happened_at", label="Measured at", kind="moment", help="Empty means now.")
    return form(request, "vitals", reverse("monitoring:vitals", args=[session.uid]), "Save the values", *asks, at)


def _age(value: tuple[float, datetime] | None, age: float | None, signal: Signal, *, fresh: bool) -> str:
    if value is None or age is None:
        return "not measured"
    return f"{duration(age)} ago" if fresh else f"last {value[0]:.{signal.decimals}f}, {duration(age)} ago"


# ---------------------------------------------------------------- what happens
def entries(request: HttpRequest, session: TreatmentSession, rules: Reference) -> list[Form]:
    """Adverse event, score, rescue drug, request, note: what the quick pad of the live screen writes."""
    if not roles.may(request.user, "session.event"):
        return []

    def url(name: str) -> str:
        return reverse(f"session:{name}", args=[session.uid])

    events = [e for e in rules.adverse_events.values() if e.when == "session"]
    done = tuple((w, w) for w in dict.fromkeys(w for e in events for w in e.interventions))
    found = [
        form(request, "event", url("event"), "Save the event",
             Ask(name="term", label="What", kind="select", options=(("", "Choose"), *((e.key, e.short) for e in events))),
             Ask(name="grade", label="How bad", kind="choice",
                 options=tuple((str(g.value), f"{g.value} · {g.name}: {g.means}") for g in rules.grading.grades)),
             Ask(name="interventions", label="What was done", kind="ticks", options=done),
             Ask(name="note", label="Remark"), title="Something happened"),
    ]  # fmt: skip
    for key in ("moaas", "cadss6", "pain", "nausea"):
        if key in rules.scales:
            scale = rules.scales[key]
            found.append(form(request, f"score-{key}", url("score"), "Save the score",
                              Ask(name="value", label=scale.short, kind="select",
                                  options=(("", "Choose"), *forms.scale_options(scale)), help=scale.trap),
                              hidden={"scale": key}, title=scale.short))  # fmt: skip
    rescue = session.order.rescue if session.order else []
    if rescue and roles.may(request.user, "session.rescue"):
        found += [_rescue(request, url("rescue"), row) for row in rescue]
    asked = (("call", "Called"), ("slow", "Asks to slow down"), ("stop", "Asks to stop"),
             ("withdrawal", "Withdraws consent"), ("comfort", "Used the comfort card"))  # fmt: skip
    found.append(form(request, "request", url("request"), "Save",
                      Ask(name="what", label="The person", kind="choice", options=asked),
                      Ask(name="words", label="In their words"), title="What the person asks for"))  # fmt: skip
    found.append(
        form(request, "note", url("note"), "Save the note", Ask(name="text", label="Note", kind="long"), title="Note")
    )
    found.append(form(request, "photo", url("photo"), "Save the picture", Ask(name="file", label="Picture", kind="file"),
                      Ask(name="what", label="What it shows"), title="Picture of the site", upload=True))  # fmt: skip
    return found


def _rescue(request: HttpRequest, url: str, row: Mapping[str, Any]) -> Form:
    return form(
        request, f"rescue-{row['key']}", url, f"{row['drug']} was given",
        Ask(name="dose", label="Dose given", kind="number", unit=row["unit"], value=row["dose"],
            help=f"The order allows up to {row['max_dose']} {row['unit']} at a time, {row['max_times']} times."),
        hidden={"order": row["key"], "unit": row["unit"], "route": row["route"]}, title=row["drug"],
        about=f"{row['when']}",
    )  # fmt: skip


def watch(request: HttpRequest, session: TreatmentSession, now: datetime, rules: Reference) -> dict[str, Any] | None:
    """The observation clock of a dose that cannot be stopped: since when, until when, devices and pressures due."""
    order = session.order
    if order is None or order.route == "iv_infusion":
        return None
    asked = rules.recovery.rules_for(Drug(order.drug), Route(order.route)).observation
    given = queries.dose_entries(queries.doses(session))
    devices = [e.at for e in given if e.kind is Kind.DEVICE]
    doses = [e.at for e in given if e.kind not in (Kind.HOLD, Kind.STOP, Kind.RATE_CHANGE, Kind.RESUME)]
    ended = queries.all_given_at(session, given)
    start, end = queries.window(session, now)
    seen = vitals.readings_of(session.patient_id, start, end, signals=("systolic_mmhg", "diastolic_mmhg"))
    whole = {r.at for r in seen if r.usable is not None and r.signal == "systolic_mmhg"} & {
        r.at for r in seen if r.usable is not None and r.signal == "diastolic_mmhg"
    }
    found = [
        observation.time_finding(doses, ended, now, asked),
        *observation.pressure_findings(doses, sorted(whole), now, asked),
    ]
    if order.devices and len(devices) < order.devices:
        found.insert(0, observation.device_finding(devices, now, asked))
    return {
        "clock": observation.clock(doses, ended, now, asked),
        "findings": page_parts.sorted_findings(request, session, found, rules),
        "devices": [{"n": n, "at": at} for n, at in enumerate(devices, 1)],
        "of": order.devices,
        "next_from": observation.next_device_from(devices, asked)
        if order.devices and len(devices) < order.devices
        else None,
        "at_40": [p for p in asked.pressures if p.when == "at"],
    }
