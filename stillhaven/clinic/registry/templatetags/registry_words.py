"""Sources and scales as a person reads them, not as a file names them."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from stillhaven.reference import load as reference

register = template.Library()


@register.filter
def cited(keys: Iterable[str]) -> str:
    """Author and year of each source."""
    known = reference.current().sources
    return "; ".join(". ".join(known[key].cite.split(". ")[:2]) if key in known else key for key in keys)


@register.filter
def scale_name(key: str) -> str:
    """What a scale is called."""
    found = reference.current().instruments.get(key)
    return found.short if found is not None else key
