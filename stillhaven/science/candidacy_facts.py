"""What is a fact of candidacy called, of what type is it, and whom does one ask for it?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from stillhaven.science.facts import Fact, Known
from stillhaven.science.limits import plain

MEDICINES, TRIALS = "medicines", "trials"  # the two lists, where a rule asks for them as a whole
ASKED = ("patient", "staff", "measured", "worked_out")
TYPES = ("bool", "number", "choice", "date", "words")


@dataclass(frozen=True, kw_only=True)
class FactKind:
    """One fact that rules may read, as `reference/candidacy/facts.toml` has it.

    `scales`: groups of rating scales; once a sheet of each group is filled in, the fact is known without asking anybody.
    """

    key: str
    label: str
    type: str
    asked_of: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    scales: tuple[tuple[str, ...], ...] = ()

    def words(self, value: object) -> str:
        """This fact's value as a colleague would say it.

        >>> FactKind(key="pregnant", label="Pregnant", type="bool", asked_of="patient").words(False)
        'no'
        """
        if self.type == "date" and value is False:
            return "not done"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, (int, float)):
            return f"{plain(float(value))} {self.unit}".strip()
        if isinstance(value, (date, datetime)):
            return f"{value.day} {value:%b %Y}"
        if isinstance(value, tuple):
            return ", ".join(value)
        return str(value).replace("_", " ")

    def readable(self, value: object) -> bool:
        """Is this a value that a fact of this type can have?  What cannot be read is not known.

        A fact of type date may be False: somebody asked, and it was not done.  So may a measurement.
        """
        if self.type == "bool":
            return isinstance(value, bool)
        if self.type == "choice":
            return isinstance(value, str) and value in self.choices
        if self.type == "number":
            return value is False or (_is_number(value) and math.isfinite(float(value)))  # type: ignore[arg-type]
        if self.type == "date":
            return value is False or isinstance(value, date)
        return isinstance(value, (str, tuple))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


Kinds = Mapping[str, FactKind]


def known_fact(known: Known, kind: FactKind) -> Fact | None:
    """The fact, if it is known and can be read; None is "not known"."""
    fact = known.facts.get(kind.key)
    if fact is None or fact.value is None or not kind.readable(fact.value):
        return None
    return fact


def question(key: str, kinds: Kinds) -> tuple[str, str]:
    """What to do about a fact that is not known: the sentence, and whom it is asked of.

    >>> kinds = {"ecg_on": FactKind(key="ecg_on", label="Day of the ECG", type="date", asked_of="staff")}
    >>> question("ecg_on", kinds), question("medicines", kinds)
    (('Record: day of the ECG', 'staff'), ('Ask the patient: which medicines do they take?', 'patient'))
    """
    if key == MEDICINES:
        return "Ask the patient: which medicines do they take?", "patient"
    if key == TRIALS:
        return "Ask the patient: which antidepressants were tried, how much, for how long, with what effect?", "patient"
    kind = kinds[key]
    verb = {"patient": "Ask the patient", "staff": "Record", "measured": "Measure", "worked_out": "Work out"}
    return f"{verb[kind.asked_of]}: {lower(kind.label)}", kind.asked_of


def lower(label: str) -> str:
    """A label inside a sentence: "Day of the ECG" begins small, "REMS: enrolled" and "SpO2" do not.

    >>> lower("Age"), lower("ECG shows ischaemia"), lower("SpO2")
    ('age', 'ECG shows ischaemia', 'SpO2')
    """
    first = label.split(" ")[0].rstrip(":,")
    return label if any(c.isupper() for c in first[1:]) else label[:1].lower() + label[1:]
