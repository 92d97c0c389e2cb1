"""The record and the visit summary as PDF: typst, tagged for screen readers (PDF/UA-1), nothing loaded from outside.

The data goes in as JSON, never as source text, so that no word of a note can become a command.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import typst

_HERE = files("stillhaven.clinic.recovery")
_FONTS = typst.Fonts(include_system_fonts=False, font_paths=[str(_HERE / "fonts")])


def render(template: str, data: dict[str, Any]) -> bytes:
    """A PDF from a template of this room ("record", "summary") and plain data."""
    source = (_HERE / "typst" / f"{template}.typ").read_bytes()
    pdf: bytes = typst.compile(
        source, format="pdf", font_paths=_FONTS, pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(data)},
    )  # fmt: skip
    return pdf
