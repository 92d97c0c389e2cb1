"""What does the clinic ask before anything else, what is still left to ask, and was an earlier medicine given a fair try?

Questions come from `reference/intake/`, medicines from `reference/medicines/`.  An answer is yes, no, a number, words, or
`UNKNOWN`: the person does not know or would rather say it in person.  A question that nobody answered has no value at
all.  Neither of the two is ever read as "no".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from stillhaven.science.errors import BadInput
from stillhaven.science.facts import Trial
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.patient import age_years
from stillhaven.science.units import CM_PER_IN, Quantity, parse_number

UNKNOWN = "unknown"  # said: "I do not know, or I would rather tell you in person"
LONGEST = 2000  # characters of one answer
_NO: tuple[Any, ...] = ("", None, [], ())


class Kind(StrEnum):
    """What an answer looks like."""

    YES_NO = "yes_no_unknown"
    CHOICE = "choice"
    SEVERAL = "several"
    NUMBER = "number"
    WEIGHT = "weight"
    HEIGHT = "height"
    DATE = "date"
    TEXT = "text"
    LONG = "long"
    LIST = "list"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A question is asked when another one was answered with one of these."""

    question: str
    among: tuple[str, ...]

    def holds(self, answers: Mapping[str, Any]) -> bool | None:
        """True, False, or None while the other question is not answered."""
        said = word(answers.get(self.question))
        if said is None:
            return None
        return any(one in self.among for one in said)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.  `fact` is the key that rules read ("" for what no rule reads); `person` a field of the person's row.

    `urgent` are answers that show the safety page first and call staff; `none` is what "none of these" answers, said in
    words by `none_says`; `if_skipped` is what follows when an earlier answer or the recorded sex means that this one need
    not be asked.
    """

    key: str
    label: str
    kind: Kind
    fact: str = ""
    help: str = ""
    counts: bool = False  # is it one of those that are "left" while nobody answered?
    options: Mapping[str, str] = field(default_factory=dict)
    shown_if: Condition | None = None
    not_for_sex: tuple[str, ...] = ()
    if_skipped: str = ""
    person: str = ""
    none: str = ""
    none_says: str = ""
    urgent: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """One screen of the intake.  `kind` is "questions", "medicines" or "trials"."""

    key: str
    title: str
    about: str = ""
    kind: str = "questions"
    none_title: str = ""
    photo: tuple[str, ...] = ()  # sides of a card that may be photographed here
    questions: tuple[Question, ...] = ()

    def question(self, key: str) -> Question | None:
        return next((q for q in self.questions if q.key == key), None)


@dataclass(frozen=True, kw_only=True)
class ListedMedicine:
    """A medicine of the list, with the classes that the interaction rules know."""

    key: str
    name: str
    brands: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    main_class: str = ""  # what a trial of it counts as, for "two classes"
    adequate_dose_mg: float | None = None  # a day; None: no sourced number, and the clinic has set none


@dataclass(frozen=True, kw_only=True)
class IntakeRules:
    """The whole intake as the reference files have it."""

    version: str
    sections: tuple[Section, ...]
    medicines: Mapping[str, ListedMedicine]
    seconds_per_question: float
    adult_y: float
    class_labels: Mapping[str, str] = field(default_factory=dict)

    def section(self, key: str) -> Section | None:
        return next((s for s in self.sections if s.key == key), None)

    @property
    def questions(self) -> Mapping[str, Question]:
        return {q.key: q for s in self.sections for q in s.questions}


# ---------------------------------------------------------------- what is asked, and what is left


def word(value: Any) -> tuple[str, ...] | None:
    """An answer as words that a condition can compare; None where there is none.

    >>> word(True), word(["a", "b"]), word(None)
    (('yes',), ('a', 'b'), None)
    """
    if value in _NO:
        return None
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, list | tuple):
        return tuple(str(v) for v in value)
    return (str(value),)


def applies(question: Question, answers: Mapping[str, Any], sex: str = "") -> bool:
    """Is this question to be asked now?  One that hangs on another waits until that one is answered."""
    if sex and sex in question.not_for_sex:
        return False
    return question.shown_if is None or question.shown_if.holds(answers) is True


def implied(question: Question, answers: Mapping[str, Any], sex: str = "") -> Any:
    """What follows where a question need not be asked; None where nothing follows.

    Only from what was said for certain: after "I do not know", nothing follows.
    """
    if not question.if_skipped:
        return None
    by_sex = bool(sex) and sex in question.not_for_sex
    by_answer = False
    if question.shown_if is not None:
        said = word(answers.get(question.shown_if.question))
        by_answer = said is not None and UNKNOWN not in said and question.shown_if.holds(answers) is False
    if not (by_sex or by_answer):
        return None
    return {"yes": True, "no": False}.get(question.if_skipped, question.if_skipped)


def left(section: Section, answers: Mapping[str, Any], sex: str = "") -> tuple[Question, ...]:
    """The questions of a section that count, apply, and have no answer yet."""
    return tuple(q for q in section.questions if q.counts and applies(q, answers, sex) and answers.get(q.key) in _NO)


def none_of_these(section: Section, answers: Mapping[str, Any], sex: str = "") -> dict[str, Any]:
    """What one tap on "none of these" answers: every unanswered question of the section that has a "none"."""
    asked = (q for q in section.questions if q.none and applies(q, answers, sex) and answers.get(q.key) in _NO)
    return {q.key: {"yes": True, "no": False}.get(q.none, q.none) for q in asked}


def is_urgent(question: Question, value: Any) -> bool:
    """Does this answer call for the safety page and for staff?"""
    return bool(set(word(value) or ()) & set(question.urgent))


# ---------------------------------------------------------------- reading what was typed


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer as it is kept: the value in the house's unit, and the words that were typed where they differ."""

    value: Any
    unit: str = ""
    typed: str = ""


def read(question: Question, typed: Any, unit: str = "", *, today: date | None = None) -> Said:
    """One answer from what was typed.  Nothing typed is no answer (value None); BadInput says what cannot be."""
    if question.kind in (Kind.SEVERAL, Kind.LIST):
        return _read_many(question, typed)
    text = " ".join(str(typed or "").split()) if question.kind is not Kind.LONG else str(typed or "").strip()
    if not text:
        return Said(value=None)
    if len(text) > LONGEST:
        raise BadInput(question.key, f"is longer than {LONGEST} letters; write less, the rest can be told in person")
    if question.kind is Kind.YES_NO:
        if text not in ("yes", "no", UNKNOWN):
            raise BadInput(question.key, "choose one of the answers")
        return Said(value={"yes": True, "no": False}.get(text, UNKNOWN))
    if question.kind is Kind.CHOICE:
        if text != UNKNOWN and text not in question.options:
            raise BadInput(question.key, "choose one of the answers")
        return Said(value=text)
    if question.kind in (Kind.NUMBER, Kind.WEIGHT, Kind.HEIGHT):
        return _read_number(question, text, unit)
    if question.kind is Kind.DATE:
        return _read_day(question, text, today)
    if question.kind is Kind.EMAIL and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}", text):
        raise BadInput(question.key, "write an e-mail address such as name@example.org")
    if question.kind is Kind.PHONE and not re.fullmatch(r"[-+()./ 0-9x]*[0-9][-+()./ 0-9x]{3,}", text):
        raise BadInput(question.key, "write a phone number, such as 555-0100")
    return Said(value=text)


def _read_many(question: Question, typed: Any) -> Said:
    raw = typed if isinstance(typed, list | tuple) else re.split(r"[,;\n]", str(typed or ""))
    found = list(dict.fromkeys(" ".join(str(t).split()) for t in raw if str(t).strip()))
    if question.kind is Kind.SEVERAL and any(t != UNKNOWN and t not in question.options for t in found):
        raise BadInput(question.key, "choose among the answers")
    if any(len(t) > 80 for t in found):
        raise BadInput(question.key, "write each in a few words, with a comma between them")
    return Said(value=found or None)


_FEET = re.compile(r"(\d{1,2})\s*(?:ft|feet|'|′|’)\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:in|inches|\"|″|”|'')?)?", re.I)


_WITH_UNIT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(kgs?|lbs?|cm|in|m)", re.I)


def _read_number(question: Question, text: str, unit: str) -> Said:
    """A number in the house's unit, with what was typed.  Feet and inches are read as people write them.

    >>> q = Question(key="height", label="", kind=Kind.HEIGHT, unit="cm", low=100.0, high=250.0)
    >>> round(_read_number(q, "5'11", "ft").value, 1), round(_read_number(q, "5 ft 11 in", "ft").value, 1)
    (180.3, 180.3)
    """
    written = _WITH_UNIT.fullmatch(text)
    if written and not unit:
        text, unit = written[1], {"lbs": "lb", "kgs": "kg"}.get(written[2].lower(), written[2].lower())
    feet = _FEET.fullmatch(text)
    if question.kind is Kind.HEIGHT and (feet or unit == "ft"):
        if feet is None:
            raise BadInput(question.key, "write feet and inches such as 5 ft 11 in")
        inches = float((feet[2] or "0").replace(",", "."))
        if inches >= 12:
            raise BadInput(question.key, "has 12 inches or more beside the feet: check it")
        value, shown = (int(feet[1]) * 12 + inches) * CM_PER_IN, f"{feet[1]} ft {inches:g} in"
    else:
        number = parse_number(text, question.key)
        if question.kind is not Kind.NUMBER and not unit:
            raise BadInput(question.key, "choose the unit")  # a unit that nobody chose is no unit
        given = unit or question.unit
        value = Quantity(number, given).to(question.unit) if question.kind is not Kind.NUMBER else number
        shown = f"{text} {given}".strip()
    low, high = question.low, question.high
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{low:g} to {high:g} {question.unit}" if low is not None and high is not None else "what can be"
        raise BadInput(
            question.key,
            f"{shown} is {value:.0f} {question.unit}, which is outside {bounds}: check the number and the unit",
        )
    return Said(value=round(value, 2), unit=question.unit, typed=shown)


def _read_day(question: Question, text: str, today: date | None) -> Said:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(question.key, "write a date as 1983-04-12 (year, month, day)") from None
    if today is not None and day > today:
        raise BadInput(question.key, "lies in the future: check the year")
    if day.year < 1900:
        raise BadInput(question.key, "lies too far back: check the year")
    return Said(value=day.isoformat())


def check_birth(born: date, today: date, adult_y: float) -> None:
    """A day of birth that the clinic can work with; BadInput says, kindly, what else to do.

    >>> check_birth(date(1983, 4, 12), date(2026, 11, 21), 18)
    """
    if born > today:
        raise BadInput("born", "lies in the future: check the year")
    if born.year < 1900:
        raise BadInput("born", "lies too far back: check the year")
    if age_years(born, today) < adult_y:
        raise BadInput(
            "born",
            f"is that of somebody under {adult_y:g}. This clinic treats adults only, and we are sorry that we cannot help "
            "here. A family doctor or a children's and adolescents' service can; nothing that was typed has been kept",
        )


def show(question: Question, value: Any, typed: str = "") -> str:
    """An answer in words; "" where there is none."""
    said = word(value)
    if said is None:
        return ""
    if question.kind is Kind.YES_NO:
        return {"yes": "Yes", "no": "No"}.get(said[0], "Not known, or rather told in person")
    words = [question.options.get(s, "Not known, or rather told in person" if s == UNKNOWN else s) for s in said]
    text = ", ".join(words)
    if question.kind in (Kind.WEIGHT, Kind.HEIGHT) and isinstance(value, int | float):
        metric = f"{value:.1f} {question.unit}"
        return f"{metric} (typed as {typed})" if typed and not typed.endswith(question.unit) else metric
    return text


# ---------------------------------------------------------------- medicines


def search(medicines: Mapping[str, ListedMedicine], text: str, limit: int = 8) -> tuple[ListedMedicine, ...]:
    """Medicines whose name begins with this, then those whose brand does, then those that hold it somewhere.

    >>> m = ListedMedicine(key="sertraline", name="Sertraline", brands=("Zoloft",))
    >>> [x.key for x in search({"sertraline": m}, "zolo")]
    ['sertraline']
    """
    asked = " ".join(text.lower().split())
    if len(asked) < 2:
        return ()
    ranked = []
    for medicine in medicines.values():
        names = [medicine.name.lower(), *(b.lower() for b in medicine.brands)]
        places = [n.find(asked) for n in names if asked in n]
        if places:
            ranked.append((not names[0].startswith(asked), min(places) > 0, medicine.name, medicine))
    return tuple(row[3] for row in sorted(ranked, key=lambda row: row[:3])[:limit])


def listed(medicines: Mapping[str, ListedMedicine], text: str) -> ListedMedicine | None:
    """The medicine that this name or brand is, exactly; None for anything else, which no rule then checks."""
    asked = " ".join(text.lower().split())
    return next((m for m in medicines.values() if asked in (m.name.lower(), *(b.lower() for b in m.brands))), None)


# ---------------------------------------------------------------- was it a fair try?


def adequacy(trial: Trial, medicine: ListedMedicine | None, minimum_d: float | None) -> Finding:
    """Was this earlier medicine taken at an adequate dose, for long enough, as prescribed?

    Where no sourced or set number exists the answer is unknown, unless something else already says no.  A prescriber's own
    judgement of the dose (`dose_judged`) stands before the clinic's number.
    """
    no, ask = list[str](), list[str]()
    _dose(trial, medicine, no, ask)
    _time(trial, minimum_d, no, ask)
    if trial.taken_as_prescribed is False:
        no.append("it was not taken as prescribed")
    elif trial.taken_as_prescribed is None:
        ask.append("not known whether it was taken as prescribed")
    verdict = Verdict.NOT_MET if no else Verdict.UNKNOWN if ask else Verdict.MET
    because = "; ".join(no or ask) or "dose, time and taking it as prescribed were all adequate"
    return Finding(
        rule="adequate_trial", verdict=verdict, because=f"{trial.drug}: {because}", weight=Weight.CAUTION,
        to_do="" if verdict is Verdict.MET else "Ask the person, the pharmacy or the former prescriber.",
    )  # fmt: skip


def _dose(trial: Trial, medicine: ListedMedicine | None, no: list[str], ask: list[str]) -> None:
    least, dose = medicine.adequate_dose_mg if medicine else None, trial.highest_dose_mg
    if trial.dose_judged is not None:
        if not trial.dose_judged:
            no.append("a prescriber judged the dose too low")
    elif dose is None:
        ask.append("highest dose not known")
    elif medicine is None:
        ask.append("not on the clinic's list, so its dose is not checked")
    elif least is None:
        ask.append("adequate dose not set by the clinic")
    elif dose < least:
        no.append(f"{dose:g} mg a day is under {least:g} mg, which the clinic set as adequate")


def _time(trial: Trial, minimum_d: float | None, no: list[str], ask: list[str]) -> None:
    if trial.weeks is None:
        ask.append("not known for how long")
    elif minimum_d is None:
        ask.append("adequate duration not set by the clinic")
    elif trial.weeks * 7 < minimum_d:
        no.append(f"{trial.weeks:g} weeks is shorter than the {minimum_d / 7:g} weeks that the clinic set")


def failed(trials: Iterable[tuple[Trial, Finding]]) -> Sequence[Trial]:
    """Adequate trials of this episode without response: what "treatment-resistant" counts."""
    poor = ("none", "partial", "worse")
    return [t for t, f in trials if f.is_met and t.this_episode is True and t.outcome in poor]
