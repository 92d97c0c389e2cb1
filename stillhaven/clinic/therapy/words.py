"""The words of therapy's choices, as a person reads them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from stillhaven.clinic.therapy.models import Note
from stillhaven.clinic.therapy.queries import Read, SessionRow
from stillhaven.science.therapy import Timing


def touch() -> list[tuple[str, str]]:
    return [
        ("none", _("No touch")), ("hand_when_asked", _("A hand to hold, when they ask")),
        ("hand_or_shoulder", _("A hand on hand or shoulder, when they ask or nod")), ("other", _("As written beside it")),
    ]  # fmt: skip


def phases() -> list[tuple[str, str]]:
    return [
        ("before", _("Before")), ("onset", _("Onset")), ("peak", _("Peak")), ("return", _("Return")), ("after", _("After")),
    ]  # fmt: skip


def marks() -> list[tuple[str, str]]:
    return [
        ("state", _("How they are")), ("intervention", _("What I did")), ("distress", _("Distress")),
        ("quote", _("Their words")),
    ]  # fmt: skip


def severities() -> list[tuple[str, str]]:
    return [("mild", _("Mild")), ("moderate", _("Moderate")), ("severe", _("Severe"))]


def steps() -> list[tuple[str, str]]:
    return [("open", _("Open")), ("partly", _("Partly")), ("done", _("Done")), ("dropped", _("Let go"))]


def shares() -> list[tuple[str, str]]:
    return [
        ("private", _("Only me")), ("therapist", _("My therapist and me")), ("team", _("My care team and me")),
    ]  # fmt: skip


def of(options: list[tuple[str, str]], key: str) -> str:
    return dict(options).get(key, key)


def kind(note: Note) -> str:
    return {
        "preparation": _("Preparation"), "dosing": _("Session"), "debrief": _("Talk right after"),
        "integration": _("Integration"), "process": _("Process note"), "review": _("Review"), "group": _("From a group"),
    }.get(note.kind, note.kind)  # fmt: skip


def _labels() -> dict[str, str]:
    return {
        "intention": _("Intention, in their words"), "fears": _("Fears"), "trauma": _("To be careful with"),
        "touch_words": _("Touch, in their words"), "scales": _("Scales"), "more": _("More"), "text": "",
        "words": _("Their words"), "affect": _("How they seemed"), "themes": _("Themes"), "actions": _("Agreed actions"),
        "practice": _("Practice"), "scores": _("Change of scores"), "reached": _("Goals met and not met"),
        "alliance": _("Working together"), "risk": _("Risk"), "recommendations": _("Recommendations"),
    }  # fmt: skip


def lines(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Sealed words with their labels, in the order of the forms."""
    labels = _labels()
    return [(label, str(said[key])) for key, label in labels.items() if said.get(key)]


def open_lines(value: dict[str, Any], note_kind: str) -> list[tuple[str, str]]:
    """What the team may see of a note."""
    if note_kind == "preparation":
        support = " · ".join(filter(None, (value.get("support"), value.get("support_phone"))))
        agreed = of(touch(), value.get("touch", "")) or _("not asked yet")
        return [
            (_("Stop signal"), value.get("stop_signal") or _("not asked yet")),
            (_("Touch"), " · ".join(filter(None, (agreed, value.get("touch_words"))))),
            (_("Support person"), support or _("not asked yet")),
        ]
    if note_kind == "debrief":
        safe = {"yes": _("yes"), "no": _("no"), "unknown": _("not known")}.get(value.get("safe", ""), _("not known"))
        return [(_("Safe to go home"), safe), (_("Home plan"), str(value.get("home_plan", "")))]
    return []


def item(read: Read) -> dict[str, Any]:
    """One note as a card."""
    note, meta = read.note, []
    if note.kind == "dosing":
        meta = [of(phases(), note.value.get("phase", "")), of(marks(), note.value.get("mark", ""))]
        meta += [of(severities(), note.value["severity"])] if note.value.get("severity") else []
    if note.kind == "integration":
        meta = [_("came") if note.value.get("attended") else _("did not come")]
    if note.kind == "group" and note.group is not None:
        meta = [note.group.title]
    head = " · ".join([kind(note), *meta])
    return {
        "head": head, "at": note.happened_at, "by": note.by_name, "corrected": note.amends_id is not None,
        "lines": open_lines(note.value, note.kind) + lines(read.said),
    }  # fmt: skip


def timing(row: SessionRow) -> str:
    """How the integration talk of a session stands, in a sentence."""
    if row.timing is None:
        return _("The session is not over yet.")
    return {
        Timing.NO_WINDOW: _(
            "No talk was held yet. The clinic has not set when it belongs, so nothing says early or late."
        ),
        Timing.NOT_YET: _("Too soon: the window is not open yet."),
        Timing.DUE: _("Due now."),
        Timing.LATE: _("Late: the window has closed and no talk was held."),
        Timing.IN_WINDOW: _("Held inside the window."),
        Timing.EARLY: _("Held before the window opened."),
        Timing.HELD_LATE: _("Held late, after the window."),
        Timing.HELD: _("Held. The clinic has not set a window."),
    }[row.timing]


def stage(key: str) -> str:
    return {
        "preparation": _("Preparation"), "ready": _("Ready"), "integration": _("Integration"), "ended": _("Ended"),
    }[key]  # fmt: skip
