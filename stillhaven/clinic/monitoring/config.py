"""What the chair's screen is told besides the session's state: addresses, words and bounds from the reference files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.record import policy
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.reference.load import Reference
from stillhaven.science.scales import Scale

NIL = UUID(int=0)
SILENCE_AFTER_S = 5  # the screen says so by itself when nothing was heard for this long (house setting)
_PAD = ("nausea_vomiting", "anxiety_agitation", "dizziness_headache_vision", "dissociation")
_QUICK_SCALES = ("moaas", "cadss6", "pain", "nausea", "rass")
_HAND = ("systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min")
# where the ruler of each signal is centred when nothing is known of this person; a layout setting, not a norm
_CENTRE = {
    "systolic_mmhg": 120,
    "diastolic_mmhg": 75,
    "heart_rate_per_min": 75,
    "spo2_pct": 96,
    "resp_rate_per_min": 14,
}
_STEP = {"systolic_mmhg": 2, "diastolic_mmhg": 2}
_COUNT = {"systolic_mmhg": 30, "diastolic_mmhg": 30, "heart_rate_per_min": 30}


def live_config(session: TreatmentSession | None, roster: list[dict[str, Any]]) -> dict[str, Any]:
    """The configuration of one session's screen; without a session, that of the shell the service worker keeps."""
    uid = session.uid if session else NIL
    names = ("event", "score", "rescue", "note", "request", "photo", "retract")
    live = ("state", "stream", "ack", "audio_pause", "vitals")
    rules = policy.rules(session.site_id if session else 1)
    return {
        "urls": {name: reverse(f"session:{name}", args=[uid]) for name in names}
        | {name: reverse(f"monitoring:{name}", args=[uid]) for name in live}
        | {
            "unlock": "/unlock/",
            "signin": reverse("account_login"),
            "sw": "/sw.js?shell=" + reverse("monitoring:shell"),
            "page": reverse("session:page", args=[uid]),
        },
        "silence_after_s": SILENCE_AFTER_S,
        "watch_after_s": SILENCE_AFTER_S,
        "quiet_s": int(rules.alarms.audio_pause_max_s),
        "staff": roster,
        "quick": _quick(session, rules),
    }


def _quick(session: TreatmentSession | None, rules: Reference) -> dict[str, Any]:
    events = rules.adverse_events
    pad = [{"kind": "adverse_event", "term": key, "label": events[key].short} for key in _PAD if key in events]
    pad += [
        {"kind": "scale", "scale": "moaas", "label": _("Sedation")},
        {"kind": "vitals", "label": _("Vitals by hand")},
        {"kind": "rescue", "label": _("Drug given")},
        {"kind": "more", "label": _("More")},
    ]
    at_once, line = _route(session)
    more = [
        {"kind": "note", "label": _("Note")},
        {"kind": "request", "what": "call", "label": _("Patient called")},
        *([] if at_once else [{"kind": "request", "what": "slow", "label": _("Patient asks to slow down")}]),
        {"kind": "request", "what": "stop", "label": _("Patient asks to stop"), "firm": _("Yes, the patient asks to stop"),
         "words": _("This is recorded at once. Give nothing more of it.") if at_once
         else _("This is recorded at once. Stop the drug with the Stop button and at the pump.")},
        {"kind": "request", "what": "withdrawal", "label": _("Consent withdrawn"), "firm": _("Yes, consent is withdrawn"),
         "words": _("Effective at once: no drug is started or resumed. Stop the drug if it runs.")},
        {"kind": "photo", "label": _("Photo of the site") if line else _("Photo")},
        *({"kind": "scale", "scale": s, "label": rules.scales[s].short} for s in _QUICK_SCALES[1:] if s in rules.scales),
    ]  # fmt: skip
    return {
        "pad": pad,
        "more": more,
        "grades": [
            {"grade": g.value, "label": g.name.capitalize(), "words": g.means}
            for g in rules.grading.grades
            if g.value < max(x.value for x in rules.grading.grades)
        ],
        "adverse_events": [
            {"term": e.key, "label": e.short, "words": "; ".join(e.interventions)}
            for e in events.values()
            if e.when == "session"
        ],
        "interventions": _interventions(rules),
        "scales": {key: _scale(rules.scales[key]) for key in _QUICK_SCALES if key in rules.scales},
        "vitals": [_hand(rules, key) for key in _HAND],
        "orders": _orders(session),
    }


def _route(session: TreatmentSession | None) -> tuple[bool, bool]:
    """Is the dose given at once, and is there a line?  Without a session, as for an infusion."""
    if session is None or session.order is None:
        return False, True
    return queries.is_at_once(session), session.order.route.startswith("iv")


def _interventions(rules: Reference) -> list[dict[str, str]]:
    """Every intervention of the adverse events once, in the order in which they first stand in the file."""
    seen: dict[str, str] = {}
    for event in rules.adverse_events.values():
        if event.when == "session":
            for words in event.interventions:
                seen.setdefault(words.lower(), words)
    return [{"key": key, "label": label} for key, label in seen.items()]


def _scale(scale: Scale) -> dict[str, Any]:
    """One scale as buttons.  One of several items is entered as its total; numbers alone where words may not ship."""
    only = scale.items[0] if len(scale.items) == 1 else None
    words = {level.value: level.text for level in only.levels} if only else {}
    values = range(scale.high, scale.low - 1, -1) if scale.better == "higher" else range(scale.low, scale.high + 1)
    note = scale.trap if only else _("Total of the items. ") + scale.trap
    return {
        "label": scale.short,
        "question": f"{scale.short}: {scale.about}",
        "note": note.strip(),
        "levels": [{"value": value, "words": words.get(value, "")} for value in values],
    }


def _hand(rules: Reference, key: str) -> dict[str, Any]:
    signal = rules.signals[key]
    return {
        "signal": key, "label": signal.name, "unit": signal.unit, "low": signal.low, "high": signal.high,
        "step": _STEP.get(key, 1), "decimals": signal.decimals, "centre": _CENTRE[key], "count": _COUNT.get(key, 15),
    }  # fmt: skip


def _orders(session: TreatmentSession | None) -> list[dict[str, Any]]:
    """Rescue drugs that this session's order allows."""
    rows = session.order.rescue if session and session.order else []
    return [
        {
            "order": row["key"], "drug": row["drug"], "label": f"{row['drug']} {row['dose']} {row['unit']}",
            "dose": row["dose"], "unit": row["unit"], "route": row["route"], "max": row["max_dose"],
            "step": row.get("step", row["dose"]), "words": row.get("when", ""),
        }
        for row in rows
    ]  # fmt: skip
