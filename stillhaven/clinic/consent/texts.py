"""One document's words: taken from the reference, edited by a clinic, hashed, compared with the version before."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stillhaven.science.consent import ConsentDocument
from stillhaven.science.errors import BadInput

LANGUAGES = (
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("de", "Deutsch"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
)
_MOST_SECTIONS = 20


def content_of(document: ConsentDocument) -> dict[str, Any]:
    """The shipped draft as a version keeps it."""
    return {
        "title": document.title,
        "summary": list(document.summary),
        "sections": [
            {"title": s.title, "text": s.text, "source": list(s.cite.source), "confirmed": s.cite.confirmed}
            for s in document.sections
        ],
        "acknowledge": [{"key": a.key, "text": a.text} for a in document.acknowledgements],
        "choices": [
            {"key": c.key, "label": c.label, "options": list(c.options), "words": c.words} for c in document.choices
        ],
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """Names exactly these words: change one, and it is another."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read(typed: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A clinic's own text as it was typed: title, summary a line each, sections, acknowledgements a line each.

    Choices stay as they are: rules read their answers.  A section whose words did not change keeps its sources; one that
    was rewritten is the clinic's own.  BadInput names the field.
    """
    title = _text(typed, "title")
    if not title:
        raise BadInput("title", "write a title")
    summary = _lines(_text(typed, "summary"))
    if not summary:
        raise BadInput("summary", "say in plain words what it is about, one sentence a line")
    old = {(s["title"], s["text"]): s for s in before["sections"]}
    sections = []
    for n in range(_MOST_SECTIONS):
        heading, words = _text(typed, f"section.{n}.title"), _text(typed, f"section.{n}.text")
        if not heading and not words:
            continue
        if not words:
            raise BadInput(f"section.{n}.text", "write the text, or empty the heading too")
        if not heading:
            raise BadInput(f"section.{n}.title", "write a heading")
        kept = old.get((heading, words))
        sections.append(
            {
                "title": heading,
                "text": words,
                "source": kept["source"] if kept else [],
                "confirmed": kept["confirmed"] if kept else False,
            }
        )
    if not sections:
        raise BadInput("section.0.text", "write at least one section")
    known = {a["text"]: a["key"] for a in before["acknowledge"]}
    ticks = _lines(_text(typed, "acknowledge"))
    acknowledge = [{"key": known.get(text, f"own_{n}"), "text": text} for n, text in enumerate(ticks, 1)]
    if before["acknowledge"] and not acknowledge:
        raise BadInput("acknowledge", "leave at least one sentence that is ticked")
    return {
        "title": title, "summary": summary, "sections": sections, "acknowledge": acknowledge,
        "choices": list(before["choices"]),
    }  # fmt: skip


def typed_of(content: Mapping[str, Any]) -> dict[str, str]:
    """The form as it stands for a text."""
    typed = {
        "title": content["title"],
        "summary": "\n".join(content["summary"]),
        "acknowledge": "\n".join(a["text"] for a in content["acknowledge"]),
    }
    for n, section in enumerate(content["sections"]):
        typed |= {f"section.{n}.title": section["title"], f"section.{n}.text": section["text"]}
    return typed


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a comparison: "same", "new" or "gone"."""

    look: str
    text: str


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Line]:
    """What changed from one text to the other, sentence by sentence."""
    old, new = list(_sentences(before)) if before else [], list(_sentences(after))
    found = []
    for line in difflib.ndiff(old, new):
        look = {"  ": "same", "+ ": "new", "- ": "gone"}.get(line[:2])
        if look:
            found.append(Line(look=look, text=line[2:]))
    return found


def _sentences(content: Mapping[str, Any]) -> Iterable[str]:
    yield content["title"]
    yield from content["summary"]
    for section in content["sections"]:
        yield section["title"]
        for part in section["text"].replace("\r", "").split("\n"):
            yield from (f"{s.strip().rstrip('.')}." for s in part.split(". ") if s.strip())
    for tick in content["acknowledge"]:
        yield f"☐ {tick['text']}"


def _text(typed: Mapping[str, Any], name: str) -> str:
    return str(typed.get(name) or "").replace("\r\n", "\n").strip()[:8000]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
