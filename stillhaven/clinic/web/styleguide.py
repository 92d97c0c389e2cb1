"""What does every shared component look like?  The page at /styleguide/, in development, with invented sample values."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

_GRAPH = """
<svg viewBox="0 0 320 90" role="img" aria-label="Score: 22, 15, not asked, 9">
<g fill="none" stroke="currentColor" stroke-width="2">
<path d="M20 15 L110 42"/><path d="M200 52 L290 66" stroke-dasharray="4 4"/></g>
<g fill="currentColor"><circle cx="20" cy="15" r="4"/><circle cx="110" cy="42" r="4"/><circle cx="290" cy="66" r="4"/></g>
</svg>"""


def _tile(signal: str, label: str, unit: str, text: str, **more: str) -> dict[str, str]:
    return {"signal": signal, "label": label, "unit": unit, "text": text, "look": "live", "age": "1 s"} | more


def sample() -> dict[str, Any]:
    """The sample values: nobody's, and no rule's."""
    return {
        "tiles": [
            (
                "live",
                _tile(
                    "heart_rate_per_min",
                    "HR",
                    "/min",
                    "88",
                    limit="50–120, set by Dr Lindqvist",
                    base="baseline 76",
                    arrow="→",
                    word="steady",
                ),
            ),
            (
                "alarmed",
                _tile(
                    "pressure",
                    "BP",
                    "mmHg",
                    "168/97",
                    age="40 s · cuff 14:22",
                    limit="≤ 160/95, set by Dr Lindqvist",
                    base="baseline 131/82",
                    alarm="medium",
                    sign="▲▲",
                    arrow="↑",
                    word="rising",
                ),
            ),
            (
                "alarmed, high",
                _tile(
                    "spo2_pct",
                    "SpO₂",
                    "%",
                    "88",
                    limit="≥ 94, set by Dr Lindqvist",
                    base="baseline 98",
                    alarm="high",
                    sign="▲▲▲",
                    arrow="↓",
                    word="falling",
                ),
            ),
            (
                "stale",
                _tile(
                    "spo2_pct",
                    "SpO₂",
                    "%",
                    "—",
                    look="stale",
                    age="no signal 43 s",
                    limit="≥ 94, set by Dr Lindqvist",
                    last="last 97, 43 s ago",
                ),
            ),
            (
                "no signal",
                _tile(
                    "resp_rate_per_min", "Breathing", "/min", "—", look="none", age="probe off", limit="no limit set"
                ),
            ),
            (
                "by hand",
                _tile(
                    "pressure",
                    "BP",
                    "mmHg",
                    "128/80",
                    age="3 min · by hand",
                    limit="≤ 160/95, set by Dr Lindqvist",
                    source="hand",
                    base="baseline 131/82",
                ),
            ),
            (
                "simulated",
                _tile(
                    "heart_rate_per_min",
                    "HR",
                    "/min",
                    "72",
                    mark="SIM",
                    limit="50–120, set by Dr Lindqvist",
                    base="no baseline",
                ),
            ),
        ],
        "alarms": [
            {
                "priority": "high",
                "sign": "▲▲▲",
                "word": "HIGH",
                "title": "Oxygen saturation low",
                "detail": "13 s ago · 88 · limit 90 set by Dr Lindqvist",
            },
            {
                "priority": "medium",
                "sign": "▲▲",
                "word": "MEDIUM",
                "title": "Blood pressure high",
                "detail": "40 s ago · 168/97 · limit 160/95 set by Dr Lindqvist",
            },
            {
                "priority": "low",
                "technical": True,
                "sign": "▲",
                "word": "LOW",
                "title": "No signal: breathing",
                "detail": "31 s ago · probe off",
            },
            {
                "priority": "medium",
                "state": "acknowledged",
                "sign": "▲▲",
                "word": "MEDIUM",
                "title": "Heart rate high",
                "detail": "2 min ago · acknowledged by N. Alvarez RN · 124",
            },
        ],
        "ledger": [
            {
                "priority": "medium",
                "sign": "▲▲",
                "word": "MEDIUM",
                "title": "Blood pressure high,",
                "detail": "168/97, limit 160/95",
                "steps": [
                    "crossed 14:21:40",
                    "shown 14:21:52",
                    "acknowledged by N. Alvarez RN after 18 s",
                    "rate lowered",
                    "five minutes later 149/90",
                ],
            },
        ],
        "findings": [
            {
                "rule": "sbp_before_dosing",
                "verdict": "not_met",
                "weight": "override",
                "because": "168 is not under 160 mmHg",
                "to_do": "Measure again after five minutes' rest.",
                "source": "clinic policy 4",
                "overridable_by": ["prescriber"],
            },
            {
                "rule": "escort",
                "verdict": "unknown",
                "weight": "block",
                "because": "nobody asked who takes the patient home",
                "to_do": "Ask, and write down name and number.",
            },
            {
                "rule": "fasting",
                "verdict": "not_met",
                "weight": "caution",
                "because": "last drink 90 minutes ago",
                "to_do": "Watch for nausea.",
            },
            {
                "rule": "weight",
                "verdict": "not_met",
                "weight": "override",
                "because": "weight is eight days old",
                "overridden": "Dr Lindqvist: weighed at home today, 82 kg",
            },
            {"rule": "consent", "verdict": "met", "because": "consent signed on 3 November"},
        ],
        "drug": {
            "title": "IV ketamine · 41 mg over 40 min",
            "given": "23.4",
            "perkg": "given, 0.29 mg/kg",
            "percent": 57,
            "rate": "61.5 mg/h · 150 mL/h",
            "left": "17 min left",
            "concentration": "0.41 mg/mL · planned 41 mg",
            "actions": [{"label": "Hold", "style": "btn-hold"}, {"label": "Stop", "style": "btn-stop"}],
        },
        "due": [
            {"label": "Repeat BP", "when": "overdue 2 min", "state": "overdue"},
            {"label": "Sedation", "when": "now", "state": "now"},
            {"label": "BP", "when": "in 6 min", "state": "soon"},
            {"label": "Dissociation", "when": "at 14:40", "state": "later"},
        ],
        "pads": ["Nausea", "Anxiety", "Dizzy", "Dissociation", "Sedation", "Vitals by hand", "Drug given", "Note"],
        "gate": [
            {"title": "Order", "text": "150 mL/h", "who": "Dr Lindqvist"},
            {"title": "First entry", "text": "150 mL/h", "who": "N. Alvarez RN"},
            {"title": "Second entry", "text": "", "who": "", "look": "waiting"},
        ],
        "signed": {"name": "N. Alvarez RN", "role": "nurse", "at": "21 November, 15:32", "words": "with second factor"},
        "person": {
            "name": "Ben Okafor",
            "preferred_name": "Ben",
            "pronouns": "he",
            "age_y": 47,
            "weight_kg": "82.0",
            "weighed_on": "21 November",
            "allergies": ["Penicillin"],
            "comfort_card": "If I cry, that is fine. Please say my name and wait.",
        },
        "stranger": {"name": "Ada Lindgren", "age_y": None, "allergies": None},
        "options": [
            {"value": 0, "words": "Not at all"},
            {"value": 1, "words": "Several days"},
            {"value": 2, "words": "More than half the days"},
            {"value": 3, "words": "Nearly every day"},
        ],
        "coverage": [
            {"signal": "spo2_pct", "label": "SpO₂", "percent": 93.4, "longest_gap": "3 min"},
            {"signal": "heart_rate_per_min", "label": "HR", "percent": 100.0},
            {"signal": "resp_rate_per_min", "label": "Breathing", "percent": None},
        ],
        "sources": ["Example A, Example B. A journal 2020;1:1-2.", "Example C. Another journal 2021;3:4-5."],
        "graph": mark_safe(_GRAPH),  # noqa: S308  (our own constant)
        "scores": [
            {"when": "1 October", "score": 22},
            {"when": "15 October", "score": 15},
            {"when": "29 October", "score": None, "note": "no form came back"},
            {"when": "12 November", "score": 9},
        ],
        "colours": [
            "bg",
            "surface",
            "ink",
            "muted",
            "line",
            "edge",
            "accent",
            "accent-soft",
            "hr",
            "spo2",
            "bp",
            "rr",
            "pk",
            "high",
            "med",
            "low",
        ],
    }


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component once, as it is."""
    return render(request, "styleguide.html", sample())
