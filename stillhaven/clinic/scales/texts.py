"""How is a clinic's licensed wording read from a file, and does it fit the scale?

TOML: `scale`, `language`, `stem`, `[items]` "1" = "...", `[choices.all]` or `[choices."1"]` "0" = "...".
CSV: a line for each question: `item,text` and, where the answers have words, a column for each value (`0,1,2,3`).
"""

from __future__ import annotations

import csv
import io
import tomllib
from typing import Any

from stillhaven.reference._instruments import definition_of, digest_of, from_record
from stillhaven.science.errors import BadInput
from stillhaven.science.fhir_scales import harmless
from stillhaven.science.scales.instrument import Instrument

MOST = 200_000


def read_text(instrument: Instrument, raw: bytes, filename: str = "") -> dict[str, Any]:
    """The wording as plain data, ready for `actions.load_text`.  BadInput names what does not fit."""
    if len(raw) > MOST:
        raise BadInput("file", "is larger than the words of any scale")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("file", "is not text in UTF-8") from None
    found = _csv(text) if filename.lower().endswith(".csv") else _toml(text)
    if found.get("scale", instrument.key) not in (instrument.key, ""):
        raise BadInput("file", f"is for {str(found['scale'])[:40]!r}, not for {instrument.key}")
    found["scale"] = instrument.key
    items = {str(k): _plain(f"item {k}", v) for k, v in _table(found, "items").items()}
    if instrument.brings_items:
        found["brought"] = _bring(instrument, items, found)
        return found | {"items": items, "choices": {}, "stem": _plain("stem", found.get("stem", ""))}
    unknown = sorted(set(items) - set(instrument.by_key))
    if unknown:
        raise BadInput("file", f"item {unknown[0]} is not a question of {instrument.short}")
    missing = [q.key for q in instrument.questions if q.scored and not items.get(q.key)]
    if missing:
        raise BadInput("file", f"the text of item {', '.join(missing)} is missing")
    choices: dict[str, dict[str, str]] = {}
    for key, words in _table(found, "choices").items():
        if key != "all" and key not in instrument.by_key:
            raise BadInput("file", f"choices.{key} is not a question of {instrument.short}")
        if not isinstance(words, dict):
            raise BadInput("file", f"choices.{key} must name a text for each value")
        choices[str(key)] = {str(v): _plain(f"answer {v}", t) for v, t in words.items()}
        offered = {f"{v:g}" for q in instrument.questions if key in ("all", q.key) for v in q.values}
        if odd := sorted(set(choices[str(key)]) - offered):
            raise BadInput("file", f"{odd[0]} is not an answer that {instrument.short} offers")
    return found | {"items": items, "choices": choices, "stem": _plain("stem", found.get("stem", ""))}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput("file", f"is not readable as TOML: {error}") from None


def _csv(text: str) -> dict[str, Any]:
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or "item" not in rows[0] or "text" not in rows[0]:
        raise BadInput("file", "the first line must name the columns item and text")
    items, choices, ranges = {}, {}, {}
    for row in rows:
        key = str(row["item"] or "").strip()
        if key == "stem":
            items[key] = row["text"]
            continue
        items[key] = row["text"]
        words = {k: v for k, v in row.items() if k and k not in ("item", "text", "low", "high") and v}
        if words:
            choices[key] = words
        if row.get("low") and row.get("high"):
            ranges[key] = [row["low"], row["high"]]
    return {"stem": items.pop("stem", "") or "", "items": items, "choices": choices, "ranges": ranges}


def _table(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name, {})
    if not isinstance(value, dict):
        raise BadInput("file", f"{name} must be a table")
    return value


def _plain(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadInput("file", f"{field} must be a text")
    return harmless(value, 2000)[0]


def _bring(instrument: Instrument, items: dict[str, str], found: dict[str, Any]) -> tuple[Instrument, dict[str, Any]]:
    """Questions that are the owner's: made from the file, each with its range."""
    kept = definition_of(instrument.digest)
    if kept is None or not items:
        raise BadInput("file", "holds no questions")
    ranges = _table(found, "ranges")
    rows = []
    for place, key in enumerate(items, start=1):
        raw = ranges.get(key) or ranges.get("all")
        try:
            low, high = (int(v) for v in raw)  # type: ignore[union-attr]
        except (TypeError, ValueError):
            raise BadInput("file", f'item {key} needs its range: [ranges] "{key}" = [0, 3]') from None
        rows.append({"key": key, "number": place, "low": low, "high": high, "name": f"Item {place}"})
    kept |= {"item": rows, "brings_items": False, "version": f"clinic-{digest_of({'item': rows})[:8]}"}
    return from_record(kept), kept
