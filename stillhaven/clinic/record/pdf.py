"""Paper: typst templates of any room as PDF, tagged for screen readers (PDF/UA-1), nothing loaded from outside.

The data goes in as JSON, never as source text, so that no word of a note can become a command.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import typst
from django.http import HttpResponse

_FONTS = typst.Fonts(
    include_system_fonts=False, font_paths=[str(files("stillhaven.clinic.record") / "fonts")]
)  # fmt: skip


def render(room: str, template: str, data: dict[str, Any]) -> bytes:
    """A PDF from a room's template ("consent", "signed": clinic/consent/typst/signed.typ) and plain data."""
    source = (files(f"stillhaven.clinic.{room}") / "typst" / f"{template}.typ").read_bytes()
    pdf: bytes = typst.compile(
        source, format="pdf", font_paths=_FONTS, pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(data)},
    )  # fmt: skip
    return pdf


def answer(content: bytes, name: str) -> HttpResponse:
    """The PDF as a page of a browser that keeps no copy."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
