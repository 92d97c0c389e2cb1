"""Renders the pages of the chair and the board from their templates alone, without a clinic behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import template
from django.template import Context, Engine

ROOT = Path(__file__).resolve().parents[2] / "stillhaven/clinic"
register = template.Library()


@register.simple_tag
def static(path: str) -> str:
    """Every file a template names must be there."""
    assert (ROOT / "web/static" / path).is_file(), f"no such static file: {path}"
    return f"/static/{path}"


@register.simple_tag(takes_context=True)
def csrf_field(context: Context) -> str:
    return ""


def engine() -> Engine:
    return Engine(
        dirs=[str(ROOT / "web/templates"), str(ROOT / "session/templates"), str(ROOT / "chart/templates")],
        libraries={
            "i18n": "django.templatetags.i18n",
            "static": __name__,
            "weights": "stillhaven.clinic.web.templatetags.weights",
        },
        debug=True,
        string_if_invalid="",
    )


def render(name: str, **context: Any) -> str:
    return engine().get_template(name).render(Context({"csrf_token": "tok", **context}))


def live(state: dict[str, Any] | None, config: dict[str, Any]) -> str:
    return render("session/live.html", state=state, config=config)
