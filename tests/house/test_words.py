"""Is every word of a form at the chair marked for translation, so that a clinic may read it in its own language?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "stillhaven" / "clinic"
ROOMS = ("session", "recovery", "monitoring")
SHOWN = frozenset({"label", "title", "help", "about"})  # what a form or field says to people
FORMS = frozenset({"Ask", "form", "Form", "Question", "Card", "_words_question"})
SEND = 3  # form(request, key, url, send, …): the words of the button
UNITS = frozenset({"kg", "lb", "mg", "mL", "min"})


def bare(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each plain string that a form or field would show."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORMS):
            continue
        said = [word.value for word in node.keywords if word.arg in SHOWN]
        said += node.args[SEND : SEND + 1] if node.func.id == "form" else []
        for value in said:
            for text in _plain(value):
                if any(c.isalpha() for c in text) and text not in UNITS:
                    yield node.lineno, text


def _plain(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield from (
            part.value for part in value.values if isinstance(part, ast.Constant) and " " in str(part.value).strip()
        )
    elif isinstance(value, ast.IfExp):
        yield from _plain(value.body)
        yield from _plain(value.orelse)


def files() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).glob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_forms_at_the_chair_say_nothing_that_cannot_be_translated(path: Path) -> None:
    assert list(bare(path.read_text(encoding="utf-8"))) == []


def test_the_check_finds_what_it_is_for() -> None:
    assert [text for _, text in bare('form(request, "key", url, "Save", Ask(name="x", label="Lot"), title=_("Drug"))')] == [
        "Save", "Lot"
    ]  # fmt: skip
    assert list(bare('Ask(name="x", label=_("Lot"), unit="mg", value="dose complete")')) == []
    assert [text for _, text in bare('Ask(name="x", label="Lot" if one else _("Lots"))')] == ["Lot"]
