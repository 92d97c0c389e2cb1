"""The record and the visit summary as PDF."""

from __future__ import annotations

from typing import Any

from stillhaven.clinic.record import pdf


def render(template: str, data: dict[str, Any]) -> bytes:
    """A PDF from a template of this room ("record", "summary") and plain data."""
    return pdf.render("recovery", template, data)
