"""How states and ways are called on a page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATES = {
    "later": _("later"), "open": _("open"), "due": _("due"), "overdue": _("overdue"), "done": _("done"), "late": _("late"),
    "declined": _("declined"), "unreachable": _("not reached"), "withdrawn": _("withdrawn"),
}  # fmt: skip
SIGNS = {
    "later": "·", "open": "○", "due": "●", "overdue": "!", "done": "✓", "late": "✓", "declined": "–", "unreachable": "–",
    "withdrawn": "–",
}  # fmt: skip
HOW = {"call": _("call"), "voicemail": _("message left"), "text": _("text message"), "in_person": _("in person")}
OWNERS = {
    "front_desk": _("front desk"), "nurse": _("nurse"), "prescriber": _("prescriber"), "therapist": _("therapist"),
}  # fmt: skip
EVENTS = {"admission", "attempt", "new_treatment"}
