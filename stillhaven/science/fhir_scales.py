"""What does a FHIR R4 Questionnaire or QuestionnaireResponse hold, and may it be taken for one of our scales?

Public forms are often wrong: the suicide item missing, answers without weights, totals that the answers do not give.
Import recognises the scale, matches questions by code and wording and never by place, takes points from our own table,
and says of everything odd whether it was refused or only flagged, and why.  What we export comes back unchanged.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Choice, Instrument, Question, luhn_ok
from stillhaven.science.scales.scoring import score_sheet

LOINC = "http://loinc.org"
ORDINAL = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
_OWN = "urn:stillhaven:scale:"
_MOST_ITEMS = 2000
_CODE = re.compile(r"(\d{3,6}-\d)(?!\d)")


@dataclass(frozen=True, kw_only=True)
class Odd:
    """One thing that is wrong with what was sent.  `refused` ones keep the whole from being taken."""

    kind: str
    why: str
    refused: bool
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A Questionnaire that was recognised: which question of ours each of its items is."""

    instrument: Instrument | None
    items: Mapping[str, str] = field(default_factory=dict)  # linkId -> our question
    scores: Mapping[str, str] = field(default_factory=dict)  # linkId -> our score
    texts: Mapping[str, str] = field(default_factory=dict)  # our question -> its text there, made harmless
    options: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # our question -> answer code -> weight
    odd: tuple[Odd, ...] = ()

    @property
    def is_taken(self) -> bool:
        return self.instrument is not None and not any(o.refused for o in self.odd)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A response as we read it.  `answers` is empty where it was refused."""

    instrument: Instrument | None
    answers: Mapping[str, float | None] = field(default_factory=dict)
    stated: Mapping[str, float] = field(default_factory=dict)
    authored: str = ""
    odd: tuple[Odd, ...] = ()

    @property
    def is_taken(self) -> bool:
        return self.instrument is not None and not any(o.refused for o in self.odd)


# ---------------------------------------------------------------- export


def export_questionnaire(instrument: Instrument) -> dict[str, Any]:
    """The form, with codes, weights and (where the licence lets it, or the clinic has loaded it) its text."""
    panel = [{"system": LOINC, "code": instrument.loinc_panel}] if instrument.loinc_panel else []
    items = [_export_item(instrument, question) for question in instrument.questions]
    made: dict[str, Any] = {
        "resourceType": "Questionnaire", "url": f"{_OWN}{instrument.key}", "version": instrument.version,
        "name": instrument.key, "title": instrument.name, "status": "active", "subjectType": ["Patient"], "item": items,
    }  # fmt: skip
    if panel:
        made["code"] = panel
    if instrument.stem:
        made["description"] = instrument.stem
    if instrument.licence.notice:
        made["copyright"] = instrument.licence.notice
    return made


def _export_item(instrument: Instrument, question: Question) -> dict[str, Any]:
    item: dict[str, Any] = {"linkId": question.key, "text": question.label, "required": question.scored}
    if question.loinc:
        item["code"] = [{"system": LOINC, "code": question.loinc}]
    if question.asked_if:
        gate, mark = question.asked_if
        coding = _coding(instrument, instrument.question(gate), mark)
        item["enableWhen"] = [{"question": gate, "operator": "=", "answerCoding": coding}]
    if question.decimal:
        return item | {"type": "decimal"}
    item["type"] = "choice"
    item["answerOption"] = [
        {
            "valueCoding": _coding(instrument, question, choice.value)
            | {"extension": [{"url": ORDINAL[0], "valueDecimal": choice.value}]}
        }
        for choice in question.shown_choices
    ]
    return item


def _coding(instrument: Instrument, question: Question, value: float) -> dict[str, Any]:
    choice = next((c for c in question.shown_choices if c.value == value), Choice(value=value))
    system = LOINC if choice.code else f"{_OWN}{instrument.key}:answer"
    coding = {"system": system, "code": choice.code or f"{value:g}"}
    return coding | ({"display": choice.text} if choice.text else {})


def export_response(
    instrument: Instrument, answers: Mapping[str, float | None], *, authored: str = "", identifier: str = ""
) -> dict[str, Any]:
    """One sheet.  A gap is an item without an answer; the scores stand behind the items, made from the answers."""
    sheet = score_sheet(instrument, answers)
    items: list[dict[str, Any]] = []
    for question in instrument.questions:
        value = answers.get(question.key)
        item: dict[str, Any] = {"linkId": question.key, "text": question.label}
        if value is not None:
            held = (
                {"valueDecimal": value} if question.decimal else {"valueCoding": _coding(instrument, question, value)}
            )
            item["answer"] = [held]
        items.append(item)
    for scored in sheet.scores.values():
        if scored.value is not None:
            items.append(
                {"linkId": f"score-{scored.key}", "text": scored.name, "answer": [{"valueDecimal": scored.value}]}
            )
    made: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse", "questionnaire": f"{_OWN}{instrument.key}|{instrument.version}",
        "status": "completed", "item": items,
    }  # fmt: skip
    if authored:
        made["authored"] = authored
    if identifier:
        made["identifier"] = {"system": "urn:ietf:rfc:3986", "value": identifier}
    return made


# ---------------------------------------------------------------- import: the form


def harmless(text: object, most: int = 600) -> tuple[str, bool]:
    """A text without markup, and whether there was any.

    >>> harmless("Feeling <b onclick='x()'>down</b>")
    ('Feeling down', True)
    """
    if not isinstance(text, str):
        return "", False
    plain = re.sub(r"<(script|style)\b.*?(</\1\s*>|$)", " ", html.unescape(text), flags=re.S | re.I)
    plain = re.sub(r"<[^>]*>", "", plain)
    plain = re.sub(r"[<>\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", plain)
    plain = re.sub(r"\s+", " ", plain).strip()[:most]
    return plain, plain != re.sub(r"\s+", " ", text).strip()[:most]


def bind(resource: object, instruments: Iterable[Instrument]) -> Binding:
    """Which scale is this Questionnaire, and is it whole?  Refused with every reason, or taken with what is odd."""
    form = _resource(resource, "Questionnaire")
    odd: list[Odd] = []
    items = list(_walk(form.get("item"), odd))
    for item in items:
        for code in _loincs(item):
            if not luhn_ok(code):
                odd.append(
                    Odd(
                        kind="check_digit",
                        why=f"{code} fails the LOINC check digit: it is no LOINC code",
                        refused=True,
                        where=_link(item),
                    )
                )
    for code in _codes(form.get("code")):
        if not luhn_ok(code):
            odd.append(
                Odd(kind="check_digit", why=f"{code} fails the LOINC check digit: it is no LOINC code", refused=True)
            )
    instrument = _recognised(form, items, list(instruments))
    if instrument is None:
        odd.append(Odd(kind="unknown", why="no scale that we know has these codes or these words", refused=True))
        return Binding(instrument=None, odd=tuple(odd))
    matched, scores, texts, options = _match(instrument, items, odd)
    _whole(instrument, items, matched, odd)
    return Binding(instrument=instrument, items=matched, scores=scores, texts=texts, options=options, odd=tuple(odd))


def _resource(resource: object, kind: str) -> dict[str, Any]:
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise BadInput("resourceType", f"is not a FHIR {kind}")
    return resource


def _walk(items: object, odd: list[Odd]) -> Iterator[dict[str, Any]]:
    """Every question, out of its groups, in order; so many at most."""
    stack, seen = [items], 0
    while stack:
        level = stack.pop()
        if not isinstance(level, list):
            continue
        for place, item in enumerate(level):
            if not isinstance(item, dict):
                continue
            seen += 1
            if seen > _MOST_ITEMS:
                raise BadInput("item", f"there are more than {_MOST_ITEMS}")
            if isinstance(item.get("item"), list):
                stack += [level[place + 1 :], item["item"]]
                if item.get("type") not in (None, "group") or "answer" in item:
                    yield item
                break
            if item.get("type") not in ("group", "display"):
                yield item


def _link(item: Mapping[str, Any]) -> str:
    link = item.get("linkId")
    return link if isinstance(link, str) else ""


def _codes(raw: object) -> list[str]:
    rows = raw if isinstance(raw, list) else []
    return [
        str(c["code"]) for c in rows if isinstance(c, dict) and "loinc" in str(c.get("system", "")) and c.get("code")
    ]  # fmt: skip


def _loincs(item: Mapping[str, Any]) -> list[str]:
    found = _codes(item.get("code"))
    return found or [code for code in _CODE.findall(_link(item)) if luhn_ok(code)]


def _plain(text: object) -> str:
    return re.sub(r"[^a-z0-9]+", " ", harmless(text)[0].lower()).strip()


def _recognised(
    form: Mapping[str, Any], items: list[dict[str, Any]], instruments: list[Instrument]
) -> Instrument | None:
    url, version = str(form.get("url", "")), str(form.get("version", ""))
    if url.startswith(_OWN):
        same = [i for i in instruments if url == f"{_OWN}{i.key}"]
        return next((i for i in same if i.version == version), None)
    codes, texts = {c for item in items for c in _loincs(item)}, {_plain(item.get("text")) for item in items}
    panels = set(_codes(form.get("code")))
    best: tuple[int, Instrument | None] = (0, None)
    for instrument in instruments:
        own = {q.loinc for q in instrument.questions if q.loinc}
        shared = len(own & codes)
        worded = sum(any(_same_words(_plain(q.text), text) for text in texts) for q in instrument.questions if q.text)
        points = 1000 * bool(instrument.loinc_panel and instrument.loinc_panel in panels) + 2 * shared + worded
        enough = points >= 1000 or max(shared, worded) * 2 > len([q for q in instrument.questions if q.scored])
        if enough and points > best[0]:
            best = (points, instrument)
    return best[1]


def _same_words(ours: str, theirs: str) -> bool:
    return bool(ours) and (
        ours == theirs or (len(ours) > 15 and (ours in theirs or (len(theirs) > 25 and theirs in ours)))
    )


def _match(
    instrument: Instrument, items: list[dict[str, Any]], odd: list[Odd]
) -> tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, dict[str, float]]]:
    matched: dict[str, str] = {}
    scores: dict[str, str] = {}
    texts: dict[str, str] = {}
    options: dict[str, dict[str, float]] = {}
    order: list[int] = []
    for item in items:
        link = _link(item)
        score = _score_of(instrument, item)
        if score is not None:
            scores[link] = score
            continue
        question = _question_of(instrument, item)
        text, marked = harmless(item.get("text"))
        if marked:
            odd.append(
                Odd(kind="markup", why="the text held markup; only its words were kept", refused=False, where=link)
            )
        if question is None:
            odd.append(
                Odd(
                    kind="extra",
                    why=f"{text[:60] or link!r} is no question of {instrument.short}; it is left out",
                    refused=False,
                    where=link,
                )
            )
            continue
        if question.key in matched.values():
            odd.append(Odd(kind="twice", why=f"item {question.key} stands there twice", refused=True, where=link))
            continue
        matched[link], texts[question.key] = question.key, text
        order.append(instrument.questions.index(question))
        options[question.key] = _weights(instrument, question, item, odd)
        if question.key in instrument.safety_items and item.get("required") is False:
            odd.append(
                Odd(
                    kind="optional_safety",
                    why=f"item {question.key} asks about suicide and may be skipped there",
                    refused=False,
                    where=link,
                )
            )
    if order != sorted(order):
        odd.append(
            Odd(
                kind="order",
                why="the questions stand in another order; they were matched by code and words, not by place",
                refused=False,
            )
        )
    return matched, scores, texts, options


def _score_of(instrument: Instrument, item: Mapping[str, Any]) -> str | None:
    codes, link = _loincs(item), _link(item)
    for rule in instrument.scores:
        if (rule.loinc and rule.loinc in codes) or link == f"score-{rule.key}":
            return rule.key
    main = instrument.main
    words = f"{link} {item.get('text', '')}".lower()
    is_total = re.search(r"\b(total|sum)\b|total[ _-]?score|score[ _-]?total", words)
    return main.key if main and is_total and _question_of(instrument, item) is None else None


def _question_of(instrument: Instrument, item: Mapping[str, Any]) -> Question | None:
    codes, link = _loincs(item), _link(item)
    by_code = [q for q in instrument.questions if q.loinc and q.loinc in codes]
    if by_code:
        return by_code[0]
    if codes and any(q.loinc for q in instrument.questions):
        return None  # a code that is not ours: whatever its place or its words, it is another question
    text = _plain(item.get("text"))
    by_text = [q for q in instrument.questions if q.text and _same_words(_plain(q.text), text)]
    if by_text:
        return by_text[0]
    return instrument.by_key.get(link) if not (text and any(q.text for q in instrument.questions)) else None


def _weights(instrument: Instrument, question: Question, item: Mapping[str, Any], odd: list[Odd]) -> dict[str, float]:
    found: dict[str, float] = {}
    raw = item.get("answerOption")
    for option in raw if isinstance(raw, list) else []:
        coding = option.get("valueCoding") if isinstance(option, dict) else None
        if not isinstance(coding, dict):
            continue
        code, display, where = str(coding.get("code", "")), harmless(coding.get("display"))[0], _link(item)
        stated = _ordinal(coding, option)
        ours = _known(instrument, question, coding)
        if instrument.key == "gad7" and "not at all sure" in display.lower():
            odd.append(
                Odd(
                    kind="anchor",
                    why="the zero answer reads 'not at all sure': a known misprint, not the GAD-7's",
                    refused=True,
                    where=where,
                )
            )
        if ours is None and stated is None:
            odd.append(
                Odd(
                    kind="no_weight",
                    why=f"answer {code or display!r} has no weight that we know",
                    refused=True,
                    where=where,
                )
            )
        elif ours is not None and stated is not None and ours != stated:
            odd.append(
                Odd(
                    kind="weight",
                    why=f"answer {code!r} counts {stated:g} there and {ours:g} in the scale",
                    refused=True,
                    where=where,
                )
            )
        else:
            value = ours if ours is not None else stated
            if value is not None and value not in question.values:
                odd.append(
                    Odd(
                        kind="range",
                        why=f"answer {code!r} counts {value:g}, which item {question.key} does not offer",
                        refused=True,
                        where=where,
                    )
                )
            elif value is not None:
                found[code] = value
    return found


def _ordinal(*held: Mapping[str, Any]) -> float | None:
    for holder in held:
        for extension in holder.get("extension") or [] if isinstance(holder.get("extension"), list) else []:
            if isinstance(extension, dict) and extension.get("url") in ORDINAL:
                value = extension.get("valueDecimal", extension.get("valueInteger"))
                if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                    return float(value)
    return None


def _known(instrument: Instrument, question: Question, coding: Mapping[str, Any]) -> float | None:
    """Points of an answer code by our own table; never read off its words."""
    code, system = str(coding.get("code", "")), str(coding.get("system", ""))
    if system == f"{_OWN}{instrument.key}:answer":
        return next((c.value for c in question.shown_choices if f"{c.value:g}" == code), None)
    return next((c.value for c in question.choices if c.code and c.code == code), None)


def _whole(instrument: Instrument, items: list[dict[str, Any]], matched: Mapping[str, str], odd: list[Odd]) -> None:
    missing = [q for q in instrument.questions if q.scored and q.key not in matched.values()]
    for question in missing:
        safety = question.key in instrument.safety_items
        why = (
            f"item {question.key}, the question about suicide, is missing: this is not a {instrument.short}"
            if safety
            else f"item {question.key} ({question.label[:60]}) is missing"
        )
        odd.insert(
            0 if safety else len(odd), Odd(kind="safety_missing" if safety else "missing", why=why, refused=True)
        )


# ---------------------------------------------------------------- import: a response


def read_response(resource: object, instruments: Iterable[Instrument], form: object = None) -> Imported:
    """Read one response, with its Questionnaire where that is at hand.  Refused, or taken with what is odd."""
    response, known = _resource(resource, "QuestionnaireResponse"), list(instruments)
    binding = bind(form, known) if form is not None else None
    if binding is not None and not binding.is_taken:
        return Imported(instrument=binding.instrument, odd=binding.odd)
    odd: list[Odd] = list(binding.odd) if binding else []
    items = list(_walk(response.get("item"), odd))
    instrument = binding.instrument if binding else _named(response, items, known)
    if instrument is None:
        odd.append(Odd(kind="unknown", why="no scale that we know has these codes or these words", refused=True))
        return Imported(instrument=None, odd=tuple(odd))
    answers: dict[str, float | None] = {question.key: None for question in instrument.questions}
    stated: dict[str, float] = {}
    seen: set[str] = set()
    for item in items:
        _take(instrument, item, binding, answers, stated, seen, odd)
    for question in instrument.questions:
        _gap(instrument, question, answers, seen, odd)
    _totals(instrument, answers, stated, odd)
    if response.get("status") not in ("completed", "amended"):
        odd.append(
            Odd(kind="status", why=f"its status is {str(response.get('status'))[:30]!r}, not completed", refused=False)
        )
    authored = response.get("authored")
    taken = not any(o.refused for o in odd)
    return Imported(
        instrument=instrument, answers=answers if taken else {}, stated=stated,
        authored=authored if isinstance(authored, str) else "", odd=tuple(odd),
    )  # fmt: skip


def _named(response: Mapping[str, Any], items: list[dict[str, Any]], known: list[Instrument]) -> Instrument | None:
    url, _, version = str(response.get("questionnaire", "")).partition("|")
    panel = [code for code in _CODE.findall(url) if luhn_ok(code)]
    form = {"url": url, "version": version, "code": [{"system": LOINC, "code": code} for code in panel]}
    return _recognised(form, items, known)


def _take(
    instrument: Instrument, item: dict[str, Any], binding: Binding | None, answers: dict[str, float | None],
    stated: dict[str, float], seen: set[str], odd: list[Odd],
) -> None:  # fmt: skip
    link = _link(item)
    score = binding.scores.get(link) if binding else None
    score = score or _score_of(instrument, item)
    key = binding.items.get(link) if binding else None
    question = instrument.question(key) if key else None if score else _question_of(instrument, item)
    given = item.get("answer") if isinstance(item.get("answer"), list) else []
    if harmless(item.get("text"))[1]:
        odd.append(Odd(kind="markup", why="the text held markup; only its words were kept", refused=False, where=link))
    if question is None:
        if score is not None and given:
            _stated(score, given[0], stated, odd, link)
        elif score is None:
            shown = harmless(item.get("text"))[0][:60] or link
            odd.append(
                Odd(
                    kind="extra",
                    why=f"{shown!r} is no question of {instrument.short}: never added into a score",
                    refused=False,
                    where=link,
                )
            )
        return
    if question.key in seen:
        odd.append(Odd(kind="twice", why=f"item {question.key} was answered twice", refused=True, where=link))
        return
    seen.add(question.key)
    if not given:
        return
    if len(given) > 1:
        odd.append(Odd(kind="several", why=f"item {question.key} has {len(given)} answers", refused=True, where=link))
        return
    value = _value(instrument, question, given[0], binding, odd, link)
    try:
        if value is not None:
            question.check(value)
            answers[question.key] = value
    except BadInput as error:
        odd.append(Odd(kind="range", why=str(error), refused=True, where=link))


def _value(
    instrument: Instrument, question: Question, answer: object, binding: Binding | None, odd: list[Odd], link: str
) -> float | None:
    if not isinstance(answer, dict):
        odd.append(
            Odd(kind="answer", why=f"the answer to item {question.key} cannot be read", refused=True, where=link)
        )
        return None
    coding = answer.get("valueCoding")
    if isinstance(coding, dict):
        ours = _known(instrument, question, coding)
        if ours is None and binding is not None:
            ours = binding.options.get(question.key, {}).get(str(coding.get("code", "")))
        if ours is None and (stated := _ordinal(coding, answer)) is not None:
            odd.append(
                Odd(
                    kind="foreign_code",
                    why=f"item {question.key}: our table does not know the answer's code; the weight sent with it was taken",
                    refused=False,
                    where=link,
                )
            )
            return stated
        if ours is None:
            shown = harmless(coding.get("display"))[0][:40] or str(coding.get("code", ""))[:40]
            odd.append(
                Odd(
                    kind="no_weight",
                    why=f"item {question.key}: answer {shown!r} has no weight that we know, and none is guessed from words",
                    refused=True,
                    where=link,
                )
            )
        return ours
    for name in ("valueInteger", "valueDecimal"):
        value = answer.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    odd.append(
        Odd(
            kind="answer",
            why=f"the answer to item {question.key} is neither a code nor a number",
            refused=True,
            where=link,
        )
    )
    return None


def _stated(score: str, answer: object, stated: dict[str, float], odd: list[Odd], link: str) -> None:
    held = answer if isinstance(answer, dict) else {}
    value = held.get("valueDecimal", held.get("valueInteger"))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        stated[score] = float(value)
        return
    text = held.get("valueString")
    if isinstance(text, str):
        odd.append(
            Odd(
                kind="total_as_text",
                why=f"the total came as text ({harmless(text)[0][:30]!r})",
                refused=False,
                where=link,
            )
        )
        try:
            number = float(text.strip())
        except ValueError:
            return
        if math.isfinite(number):
            stated[score] = number


def _gap(
    instrument: Instrument, question: Question, answers: Mapping[str, float | None], seen: set[str], odd: list[Odd]
) -> None:
    if answers[question.key] is not None or not question.scored or question.asked_if:
        return
    safety = question.key in instrument.safety_items
    if question.key not in seen and safety:
        odd.insert(
            0,
            Odd(
                kind="safety_missing",
                why=f"item {question.key}, the question about suicide, is not in the form at all",
                refused=True,
            ),
        )
    elif question.key not in seen:
        odd.append(
            Odd(kind="missing", why=f"item {question.key} is not in the form; it is a gap, not zero", refused=False)
        )
    else:
        word = (
            "the question about suicide, has no answer: ask the person" if safety else "has no answer; a gap, not zero"
        )
        odd.append(
            Odd(
                kind="safety_gap" if safety else "gap",
                why=f"item {question.key}{', ' if safety else ' '}{word}",
                refused=False,
            )
        )


def _totals(
    instrument: Instrument, answers: Mapping[str, float | None], stated: Mapping[str, float], odd: list[Odd]
) -> None:
    if not stated or any(o.refused for o in odd):
        return
    for wrong in score_sheet(instrument, answers, stated).discrepancies:
        zeros = {key: _zero(instrument.question(key)) if value is None else value for key, value in answers.items()}
        as_zero = any(value is None for value in answers.values()) and (
            score_sheet(instrument, zeros).scores[wrong.key].value == wrong.stated
        )
        if as_zero:
            odd.append(
                Odd(
                    kind="blanks_as_zero",
                    why=f"{wrong.stated:g} is what comes out when blanks count as zero; {wrong.why}",
                    refused=False,
                )
            )
        else:
            odd.append(Odd(kind="total", why=wrong.why, refused=False))


def _zero(question: Question) -> float:
    return 0.0 if 0.0 in question.values or (question.decimal and question.low <= 0) else question.low
