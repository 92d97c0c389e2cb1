"""How are the questionnaires and interviews built: questions, scores, bands, safety rules, licence, what is known of change?

One file an instrument in `instruments/`; an older or another version of it lies beside it as `<key>@<version>.toml`.
The same reader reads a definition that a clinic's record has kept, so that an old answer keeps its old meaning.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Problem, Shelf, Table
from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Cite
from stillhaven.science.scales.instrument import (
    Band,
    Change,
    ChangeLine,
    Choice,
    Condition,
    Direction,
    Grade,
    Instrument,
    Licence,
    LicenceCode,
    Mode,
    Part,
    Question,
    Safety,
    ScoreRule,
    luhn_ok,
)
from stillhaven.science.scales.observed import Cut

FOLDER = "instruments"
KINDS = ("reliable", "important", "response", "remission", "recovery")


def read_instruments(shelf: Shelf) -> Mapping[str, Instrument]:
    """All instruments by key; another version of one stands under `key@version`."""
    found: dict[str, Instrument] = {}
    for name in shelf.names(FOLDER):
        whole = shelf.read(name)
        made = read_instrument(whole)
        if made is None:
            continue
        stem, _, version = PurePosixPath(name).stem.partition("@")
        if made.key != stem:
            whole.wrong("key", f"{made.key!r} is not what the file is called")
        if version and version != made.version:
            whole.wrong("version", f"{made.version!r} is not the version in the file's name")
        found[PurePosixPath(name).stem] = made
    return MappingProxyType(found)


def digest_of(data: Mapping[str, Any]) -> str:
    """Names exactly one definition, whatever file or record it stands in.  Its review changes nothing in it."""
    body = {key: value for key, value in data.items() if key != "review"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


_DEFINITIONS: dict[str, dict[str, Any]] = {}  # what each digest that was read in this process stands for


def definition_of(digest: str) -> dict[str, Any] | None:
    """The plain content of a definition that was read in this process, ready to be kept in a record."""
    found = _DEFINITIONS.get(digest)
    return None if found is None else json.loads(json.dumps(found, default=str))


def from_record(data: Mapping[str, Any]) -> Instrument:
    """The instrument of a definition that was kept in a record.  BadInput if it can no longer be read."""
    problems: list[Problem] = []
    made = read_instrument(Table("kept definition", "", dict(data), problems))
    if made is None or problems:
        raise BadInput("definition", "; ".join(map(str, problems)) or "cannot be read")
    return made


def read_instrument(whole: Table) -> Instrument | None:
    cite, review = read_cite(whole), read_review(whole)
    questions = _questions(whole)
    known = {question.key for question in questions}
    direction = whole.choice("direction", Direction) or Direction.NONE
    licence = _licence(whole)
    mode = whole.choice("mode", Mode) or Mode.CLINICIAN
    made = Instrument(
        key=whole.text("key"),
        fact=whole.text("fact"),
        name=whole.text("name"),
        short=whole.text("short"),
        about=whole.text("about"),
        version=whole.text("version"),
        mode=mode,
        direction=direction,
        questions=questions,
        scores=tuple(_score(row, questions, direction, cite) for row in whole.rows("score")),
        licence=licence,
        cite=cite,
        review=review,
        recall=whole.text("recall", needed=False),
        recall_days=whole.whole("recall_days", needed=False),
        stem=whole.text("stem", needed=False),
        change=Change(lines=tuple(_change(row) for row in whole.rows("change"))),
        safety=tuple(_safety(row, known) for row in whole.rows("safety")),
        loinc_panel=whole.text("loinc_panel", needed=False),
        wording=whole.flag("wording"),
        cannot=whole.text("cannot", needed=False),
        brings_items=whole.flag("brings_items", needed=False),
        instead=whole.text("instead", needed=False),
        trap=whole.texts("trap"),
        notes=whole.texts("notes"),
        digest=digest_of(whole.data),
    )
    whole.close()
    _DEFINITIONS[made.digest] = whole.data
    _check(whole, made)
    return made


def _check(whole: Table, made: Instrument) -> None:
    keys = [question.key for question in made.questions]
    if len(set(keys)) != len(keys):
        whole.wrong("item", "two questions have the same key")
    if not keys and not made.cannot and not made.brings_items:
        whole.wrong("item", "an instrument without questions says why in `cannot`")
    if made.wording and not made.licence.code.ships:
        whole.wrong("wording", f"the licence ({made.licence.code.value}) lets no text travel")
    if not made.licence.code.ships:
        texts = [question.key for question in made.questions if question.text]
        if texts or made.stem:
            whole.wrong("item", f"text of a scale whose licence is {made.licence.code.value} may not stand in a file")
    for code in (made.loinc_panel, *(q.loinc for q in made.questions), *(rule.loinc for rule in made.scores)):
        if code and not luhn_ok(code):
            whole.wrong("loinc", f"{code} fails the check digit: it is no LOINC code")
    for question in made.questions:
        if question.well and question.key in made.safety_items:
            whole.wrong(f"item.{question.key}", "calls somebody at once: it is asked by itself, never in one tap")
    sums = {rule.key for rule in made.scores if rule.parts}
    for rule in made.scores:
        if rule.of and rule.of not in sums:
            whole.wrong(f"score.{rule.key}", f"is made from {rule.of!r}, which is no sum of questions")
        _range_fits(whole, made, rule)


def _range_fits(whole: Table, made: Instrument, rule: ScoreRule) -> None:
    """The range that a file states is the one that the answers can give."""
    if not rule.parts or rule.absent:
        return
    low = high = 0.0
    by_key = made.by_key
    for part in rule.parts:
        ends = [
            sorted((by_key[key].points(by_key[key].low), by_key[key].points(by_key[key].high))) for key in part.items
        ]
        if part.take == "count":
            ends = [[0.0, 1.0] for _ in ends]
        lows, highs = [end[0] for end in ends], [end[1] for end in ends]
        take = max if part.take == "max" else sum
        low += take(lows) / part.divide
        high += take(highs) / part.divide
    low, high = low * rule.times, high * rule.times
    if abs(low - rule.low) > 0.01 or abs(high - rule.high) > 0.01:
        whole.wrong(
            f"score.{rule.key}", f"runs from {low:g} to {high:g} by its questions, not {rule.low:g} to {rule.high:g}"
        )
    for before, after in zip(rule.bands, rule.bands[1:], strict=False):
        if after.low <= before.high:
            whole.wrong(f"score.{rule.key}.band", f"{after.label!r} begins inside {before.label!r}")


def _licence(whole: Table) -> Licence:
    row = whole.table("licence")
    if row is None:
        return Licence(code=LicenceCode.UNCLEAR, text="", cite=Cite(source=()))
    made = Licence(
        code=row.choice("code", LicenceCode) or LicenceCode.UNCLEAR,
        text=row.text("text"),
        notice=row.text("notice", needed=False),
        cite=read_cite(row),
    )
    row.close()
    return made


def _questions(whole: Table) -> tuple[Question, ...]:
    row = whole.table("answers", needed=False)
    low, high, count, decimal = 0.0, 0.0, 0, False
    choices: tuple[Choice, ...] = ()
    if row is not None:
        low, high = row.number("low") or 0.0, row.number("high") or 0.0
        count, decimal = row.whole("count", needed=False) or 0, row.flag("decimal", needed=False)
        choices = _choices(row)
        row.close()
    found: dict[str, Question] = {}
    for number in range(1, count + 1):
        key = str(number)
        found[key] = Question(key=key, number=number, low=low, high=high, choices=choices, decimal=decimal)
    for place, item in enumerate(whole.rows("item"), start=1):
        key = item.text("key")
        if key not in found and count and key.isdigit():
            item.wrong("key", f"there are {count} questions")
        own = _choices(item)
        made = Question(
            key=key,
            number=found[key].number if key in found else item.whole("number", needed=False) or place,
            low=_or(item.number("low", needed=False), low),
            high=_or(item.number("high", needed=False), high),
            text=item.text("text", needed=False),
            name=item.text("name", needed=False),
            choices=own or choices,
            only=_numbers(item, "only"),
            reverse=item.flag("reverse", needed=False),
            weight=_or(item.number("weight", needed=False), 1.0),
            scored=not item.flag("unscored", needed=False),
            decimal=item.flag("decimal", needed=False) or decimal,
            loinc=item.text("loinc", needed=False),
            asked_if=_asked_if(item),
            not_assessed=_numbers(item, "not_assessed"),
            well=item.text("well", needed=False),
        )
        item.close()
        if made.low >= made.high:
            item.wrong("low", f"{made.low:g} is not under high {made.high:g}")
        found[key] = made
    return tuple(found.values())


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _asked_if(item: Table) -> tuple[str, float] | None:
    part = item.table("asked_if", needed=False)
    if part is None:
        return None
    key, value = part.text("item"), part.number("is")
    part.close()
    return None if value is None else (key, value)


def _choices(row: Table) -> tuple[Choice, ...]:
    found = []
    for part in row.rows("choice"):
        value = part.number("value")
        found.append(
            Choice(value=value or 0.0, text=part.text("text", needed=False), code=part.text("code", needed=False))
        )
        part.close()
    row.raw("choice")
    return tuple(found)


def _numbers(row: Table, name: str) -> tuple[float, ...]:
    raw = row.raw(name) if row.has(name) else None
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(type(value) in (int, float) for value in raw):
        row.wrong(name, "must be a list of numbers")
        return ()
    return tuple(float(value) for value in raw)


def _named(row: Table, name: str, questions: tuple[Question, ...]) -> tuple[str, ...]:
    """`"1-4 10 15"`: questions by key, a dash for a run of numbers."""
    known = [question.key for question in questions]
    found: list[str] = []
    for word in row.text(name).replace(",", " ").split():
        first, dash, last = word.partition("-")
        if word not in known and dash and first.isdigit() and last.isdigit():
            found += [str(number) for number in range(int(first), int(last) + 1)]
        else:
            found.append(word)
    for key in found:
        if key not in known:
            row.wrong(name, f"{key!r} is not a question")
    return tuple(key for key in found if key in known)


def _score(row: Table, questions: tuple[Question, ...], direction: Direction, above: Cite) -> ScoreRule:
    every = tuple(question.key for question in questions if question.scored)
    parts: list[Part] = []
    if row.has("items"):
        parts.append(Part(items=_named(row, "items", questions), divide=row.number("divide", needed=False) or 1.0))
    for part in row.rows("part"):
        parts.append(
            Part(
                items=_named(part, "items", questions),
                take=part.text("take", needed=False) or "sum",
                divide=part.number("divide", needed=False) or 1.0,
                at_least=part.number("at_least", needed=False) or 0.0,
            )
        )
        if parts[-1].take not in ("sum", "max", "count"):
            part.wrong("take", "must be sum, max or count")
        part.close()
    row.raw("part")
    grades = tuple(_grade(grade) for grade in row.rows("grade"))
    row.raw("grade")
    of, absent = row.text("of", needed=False), row.text("absent", needed=False)
    if not parts and not grades and not of and not absent:
        parts.append(Part(items=every, divide=row.number("divide", needed=False) or 1.0))
    bands = tuple(_band(part) for part in row.rows("band"))
    row.raw("band")
    cuts = tuple(_cut(part) for part in row.rows("cut"))
    row.raw("cut")
    table = row.table("table", needed=False)
    any_gap = row.flag("any_missing", needed=False)
    made = ScoreRule(
        key=row.text("key"),
        name=row.text("name"),
        low=row.number("low", needed=False) or 0.0,
        high=row.number("high", needed=False) or 0.0,
        parts=tuple(parts),
        times=row.number("times", needed=False) or 1.0,
        most_missing=None if any_gap else row.whole("most_missing", needed=False) or 0,
        decimals=row.whole("decimals", needed=False),
        of=of,
        table=MappingProxyType({int(key): table.number(key) or 0.0 for key in table.data} if table else {}),
        grades=grades,
        none_label=row.text("none_label", needed=False),
        bands=bands,
        cuts=cuts,
        absent=absent,
        loinc=row.text("loinc", needed=False),
        direction=row.choice("direction", Direction, needed=False) or direction,
        cite=read_cite(row) if row.has("source") else above,
    )
    row.close()
    return made


def _band(part: Table) -> Band:
    made = Band(low=part.number("low") or 0.0, high=part.number("high") or 0.0, label=part.text("label"))
    part.close()
    return made


def _cut(part: Table) -> Cut:
    made = Cut(
        key=part.text("key"),
        means=part.text("means"),
        at_least=part.number("at_least", needed=False),
        at_most=part.number("at_most", needed=False),
        over=part.number("over", needed=False),
        cite=read_cite(part),
    )
    part.close()
    return made


def _grade(row: Table) -> Grade:
    needs = []
    for part in row.rows("need"):
        marks = part.table("marks")
        needs.append(
            Condition(
                marks=MappingProxyType({key: marks.number(key) or 0.0 for key in marks.data} if marks else {}),
                count=part.whole("count", needed=False) or 1,
                below=part.flag("below", needed=False),
            )
        )
        part.close()
    row.raw("need")
    made = Grade(key=row.text("key"), label=row.text("label"), rank=row.whole("rank") or 0, needs=tuple(needs))
    row.close()
    return made


def _safety(row: Table, known: set[str]) -> Safety:
    made = Safety(
        item=row.text("item"),
        at_least=row.number("at_least") or 0.0,
        kind=row.text("kind"),
        action=row.text("action"),
        cite=read_cite(row),
    )
    row.close()
    if made.item not in known:
        row.wrong("item", f"{made.item!r} is not a question")
    if made.kind not in ("alert", "review"):
        row.wrong("kind", "must be alert or review")
    return made


def _change(row: Table) -> ChangeLine:
    made = ChangeLine(
        kind=row.text("kind"),
        who=row.text("who"),
        points=row.number("points", needed=False),
        percent=row.number("percent", needed=False),
        at_most=row.number("at_most", needed=False),
        below=row.number("below", needed=False),
        at_least=row.number("at_least", needed=False),
        of=row.text("of", needed=False) or "total",
        cite=read_cite(row),
    )
    row.close()
    if made.kind not in KINDS:
        row.wrong("kind", f"{made.kind!r} is not one of {', '.join(KINDS)}")
    return made
