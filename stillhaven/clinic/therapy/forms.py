"""What therapy's forms ask."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.therapy import queries, words
from stillhaven.clinic.therapy.models import Therapy
from stillhaven.clinic.therapy.queries import Read


def _do(therapy: Therapy, deed: str) -> str:
    return reverse("therapy:do", args=[therapy.uid, deed])


def preparation(request: HttpRequest, therapy: Therapy, before: Read | None) -> Form:
    """The talk before: what stands already is filled in, so that a second talk adds to the first."""
    said, value = (before.said, before.note.value) if before else ({}, {})

    def ask(name: str, label: str, kind: str = "long", **more: Any) -> Ask:
        return Ask(name=name, label=label, kind=kind, value=said.get(name, value.get(name, "")), **more)

    risks = ["yes"] if "risks" in value.get("asked", []) else []
    return form(
        request, "prepare", _do(therapy, "prepare"), _("Keep the preparation"),
        ask("intention", _("Their intention, in their own words")),
        ask("fears", _("What do they fear?"), help=_("“None said” is an answer; an empty field means that nobody asked.")),
        ask("trauma", _("What is to be careful with?"), help=_("Places, words, touch. No more detail than is needed.")),
        ask("touch", _("Agreement on touch"), "choice", options=words.touch()),
        ask("touch_words", _("Touch, in their words"), "text", help=_("The team reads this and the two below.")),
        ask("stop_signal", _("Their stop signal"), "text"),
        ask("support", _("Support person in the days after"), "text"),
        ask("support_phone", _("Their telephone"), "text"),
        ask("scales", _("Scales taken, and what they said"), "text"),
        ask("more", _("Anything else")),
        Ask(name="risks", label=_("Risks, limits and fees were talked through"), kind="tick", value=risks),
    )  # fmt: skip


def open_item(request: HttpRequest, action: str) -> Form:
    return form(
        request, "add-item", action, _("Add"),
        Ask(name="text", label=_("What has to be settled before a session?"), help=_("The medical team reads it.")), look="",
    )  # fmt: skip


def settle(request: HttpRequest, action: str, item: Any) -> Form:
    return form(
        request, f"settle-{item.uid}", action, _("It is settled"), Ask(name="words", label=_("How")),
        hidden={"item": str(item.uid)}, look="",
    )  # fmt: skip


def clear(request: HttpRequest, action: str, cleared: bool) -> Form:
    if cleared:
        return form(
            request, "unclear", action, _("Take the clearance back"), Ask(name="words", label=_("Why")), look="",
            hidden={"cleared": "no"},
        )  # fmt: skip
    return form(
        request, "clear", action, _("Clear for a session"), Ask(name="words", label=_("A word with it, if you like")),
        hidden={"cleared": "yes"},
    )  # fmt: skip


def dosing(request: HttpRequest, therapy: Therapy, session: TreatmentSession) -> Form:
    return form(
        request, "dosing", _do(therapy, "dosing"), _("Write it down"),
        Ask(name="phase", label=_("Phase"), kind="choice", options=words.phases()),
        Ask(name="mark", label=_("What is it?"), kind="choice", options=words.marks()),
        Ask(name="severity", label=_("If distress: how severe?"), kind="choice", options=words.severities()),
        Ask(name="text", label=_("What you saw, did or heard"), kind="long"),
        Ask(name="allowed", label=_("They allow that their words are kept"), kind="tick"),
        Ask(name="minutes_ago", label=_("Minutes ago"), kind="number", unit="min", help=_("Empty: now.")),
        hidden={"session": str(session.uid)},
    )  # fmt: skip


def debrief(request: HttpRequest, therapy: Therapy, session: TreatmentSession) -> Form:
    safe = [("yes", _("Yes")), ("no", _("No")), ("unknown", _("Not known"))]
    return form(
        request, "debrief", _do(therapy, "debrief"), _("Keep the talk"),
        Ask(name="words", label=_("Their words"), kind="long"), Ask(name="affect", label=_("How they seem")),
        Ask(name="safe", label=_("Are they safe to go home, as you see it?"), kind="choice", options=safe,
            help=_("The team reads this and the home plan.")),
        Ask(name="home_plan", label=_("What they do at home, and with whom"), kind="long"),
        hidden={"session": str(session.uid)},
    )  # fmt: skip


def integration(request: HttpRequest, therapy: Therapy, session: TreatmentSession) -> Form:
    return form(
        request, f"integrate-{session.uid}", _do(therapy, "integrate"), _("Keep the talk"),
        Ask(name="attended", label=_("Did they come?"), kind="choice", options=[("yes", _("Yes")), ("no", _("No"))]),
        Ask(name="themes", label=_("Themes"), kind="long", help=_("Private: the team sees only that the talk took place.")),
        Ask(name="actions", label=_("What was agreed to do"), kind="long"), Ask(name="practice", label=_("Practice")),
        Ask(name="scores", label=_("What has changed in the scores")),
        Ask(name="hours_ago", label=_("Hours ago"), kind="number", unit="h", help=_("Empty: now.")),
        hidden={"session": str(session.uid)},
    )  # fmt: skip


def review(request: HttpRequest, therapy: Therapy) -> Form:
    return form(
        request, "review", _do(therapy, "review"), _("Keep the review"),
        Ask(name="reached", label=_("Which goals were met, which not"), kind="long"),
        Ask(name="alliance", label=_("How you work together, as they say it")),
        Ask(name="more", label=_("More"), kind="long"),
        Ask(name="decision", label=_("How it goes on"), kind="choice",
            options=[("continue", _("Continue")), ("end", _("End here"))]),
    )  # fmt: skip


def process(request: HttpRequest, therapy: Therapy) -> Form:
    return form(
        request, "process", _do(therapy, "process"), _("Seal it"), Ask(name="text", label=_("Your note"), kind="long")
    )  # fmt: skip


def correct(request: HttpRequest, therapy: Therapy, read: Read) -> Form:
    return form(
        request, f"correct-{read.note.uid}", _do(therapy, "correct"), _("Correct it"),
        Ask(name="text", label=_("Your note"), kind="long", value=read.said.get("text", "")),
        Ask(name="reason", label=_("Why")), hidden={"note": str(read.note.uid)}, look="",
    )  # fmt: skip


def take_back(request: HttpRequest, therapy: Therapy, read: Read) -> Form:
    return form(
        request, f"take-back-{read.note.uid}", _do(therapy, "take-back"), _("Take it back"),
        Ask(name="reason", label=_("Why")), hidden={"note": str(read.note.uid)}, look="",
    )  # fmt: skip


def supervisor(request: HttpRequest, therapy: Therapy, now_id: int | None) -> Form:
    options = [("", _("Nobody"))] + [(str(u.pk), u.name) for u in queries.colleagues(therapy.therapist)]
    return form(
        request, "supervisor", _do(therapy, "supervisor"), _("Change"),
        Ask(name="supervisor", label=_("Who else may read your process notes of this person?"), kind="select",
            options=options, value=str(now_id or "")), look="",
    )  # fmt: skip


def summary(request: HttpRequest, therapy: Therapy) -> Form:
    return form(
        request, "summary", _do(therapy, "summary"), _("Put it to them"),
        Ask(name="text", label=_("What the team is to know"), kind="long"),
        Ask(name="risk", label=_("Risk")), Ask(name="recommendations", label=_("Recommendations"), kind="long"),
        about=_("They read it on their own page and say yes or no; until then nobody of the team sees it."),
    )  # fmt: skip


def summary_word(request: HttpRequest, therapy: Therapy, told: Any) -> list[Form]:
    def make(agreed: str, send: str) -> Form:
        return form(
            request, f"word-{agreed}-{told.summary.uid}", _do(therapy, "summary-word"), send,
            hidden={"summary": str(told.summary.uid), "agreed": agreed}, look="",
        )  # fmt: skip

    out = [] if told.agreed is True else [make("yes", _("They read it with me and agree"))]
    return out + ([] if told.agreed is False else [make("no", _("They do not agree"))])


def goal(request: HttpRequest, therapy: Therapy) -> Form:
    return form(
        request, "goal", _do(therapy, "goal"), _("Add"),
        Ask(name="kind", label=_("What is it?"), kind="choice",
            options=[("goal", _("A goal")), ("homework", _("Homework"))]),
        Ask(name="text", label=_("In their words"), kind="long"), Ask(name="due_on", label=_("Until"), kind="date"),
    )  # fmt: skip


def goal_step(request: HttpRequest, action: str, row: queries.GoalRow) -> Form:
    return form(
        request, f"step-{row.goal.uid}", action, _("Keep"),
        Ask(name="state", label=_("How does it stand?"), kind="choice", options=words.steps(), value=row.state),
        Ask(name="words", label=_("A word with it")), hidden={"goal": str(row.goal.uid)}, look="",
    )  # fmt: skip


def emergency(request: HttpRequest, therapy: Therapy) -> Form:
    url = reverse("therapy:emergency", args=[therapy.patient_id, therapy.uid])
    return form(
        request, f"emergency-{therapy.uid}", url, _("Open the therapist's notes"),
        Ask(name="why", label=_("What is the emergency?"), kind="long", help=_("They read these words, with your name.")),
        Ask(name="code", label=_("Code from your app"), kind="code"), look="button-firm",
    )  # fmt: skip
