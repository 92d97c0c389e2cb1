"""`{% static "css/base.css" %}`: the address under which a browser may keep the file for a year (see assets.py)."""

from __future__ import annotations

from urllib.parse import quote, urljoin

from django import template
from django.conf import settings

from stillhaven.clinic.web.assets import assets

register = template.Library()


@register.simple_tag
def static(name: str) -> str:
    return urljoin(settings.STATIC_URL, quote(assets().hashed(name)))
