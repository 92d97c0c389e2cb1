"""`{% known_weight as weight %}`: the weight that stands in the person header, on whichever page it is shown.

Rooms below the session cannot ask it what somebody weighed there; the page is put together above all of them.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from stillhaven.clinic.session.weights import newest_weight
from stillhaven.science.limits import plain

register = template.Library()


@register.simple_tag(takes_context=True)
def known_weight(context: Any) -> dict[str, Any] | None:
    """What the page says itself, else the newest weight that anybody wrote down; None where nobody did."""
    person = context.get("person") or {}
    if person.get("weight_kg"):
        return {"kg": person["weight_kg"], "on": person.get("weighed_on") or "—", "told": False}
    whose = context.get("patient") or getattr(context.get("desk"), "patient", None)
    pk = getattr(whose, "pk", None)
    found = newest_weight(pk) if pk else None
    if found is None:
        return None
    on = found.on(timezone.get_current_timezone())
    return {"kg": plain(round(found.kg, 1)), "on": f"{on:%-d %B %Y}", "told": found.told}
