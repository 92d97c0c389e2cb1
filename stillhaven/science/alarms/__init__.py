"""Which alarms should sound, given the facts so far?  See docs/explain/alarms.md.

`evaluate` answers with the events to append; `open_alarms` and `audio_state` read what the events leave behind; `ledger`
tells the story of each alarm afterwards.  The bedside monitor stays the primary alarm.
"""

from __future__ import annotations

from stillhaven.science.alarms.book import (
    AlarmBook,
    AlarmState,
    AudioState,
    OpenAlarm,
    audio_state,
    fold,
    open_alarms,
    ranked,
)
from stillhaven.science.alarms.conditions import (
    AlarmCondition,
    AlarmReference,
    Basis,
    CitedLimit,
    Comparison,
    Kind,
    Phase,
    Priority,
    Rule,
    Tier,
)
from stillhaven.science.alarms.evaluate import evaluate, loudest
from stillhaven.science.alarms.events import AlarmEvent, AlarmKey, EventKind
from stillhaven.science.alarms.facts import AlarmFacts, Attached, CheckDue, ClockOff, Expected, Observed, Score
from stillhaven.science.alarms.ledger import LedgerRow, ledger
from stillhaven.science.alarms.people import acknowledge, pause_audio, resume_audio
from stillhaven.science.alarms.plan import AlarmPlan, LimitSetting, Timing, build_plan, from_baseline, with_limit
from stillhaven.science.alarms.windows import reach_back, trim

__all__ = [
    "AlarmBook",
    "AlarmCondition",
    "AlarmEvent",
    "AlarmFacts",
    "AlarmKey",
    "AlarmPlan",
    "AlarmReference",
    "AlarmState",
    "Attached",
    "AudioState",
    "Basis",
    "CheckDue",
    "CitedLimit",
    "ClockOff",
    "Comparison",
    "EventKind",
    "Expected",
    "Kind",
    "LedgerRow",
    "LimitSetting",
    "Observed",
    "OpenAlarm",
    "Phase",
    "Priority",
    "Rule",
    "Score",
    "Tier",
    "Timing",
    "acknowledge",
    "audio_state",
    "build_plan",
    "evaluate",
    "fold",
    "from_baseline",
    "ledger",
    "loudest",
    "open_alarms",
    "pause_audio",
    "ranked",
    "reach_back",
    "resume_audio",
    "trim",
    "with_limit",
]
