"""What does one OBX line of a monitor mean: which signal, which value in our unit, how far to be trusted?

A code, unit or value that no table explains is never guessed at.  It is kept as sent, with the reason, and is not
charted.  Every table is in `reference/devices/`; the bounds of what is plausible in `signals.toml`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from stillhaven.devices.hl7 import USUAL, Delimiters, unescape
from stillhaven.devices.tables import Code, Flag, Profile, Tables, fold
from stillhaven.science.errors import BadInput
from stillhaven.science.units import Quantity
from stillhaven.science.vitals import Mode, Quality, Signal

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_COMMA = re.compile(r"([+-]?\d+),(\d+)")
_TRIPLET = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*[/^]\s*(\d{1,3}(?:\.\d+)?)(?:\s*(?:\(|[/^])\s*(\d{1,3}(?:\.\d+)?)\)?)?")
_WITH_UNIT = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([^\d\s.,+-].*)")
_HEXADECIMAL = re.compile(r"([0-9a-fA-F]{4})-([0-9a-fA-F]{4})")
_NOT_NUMBERS = ("NA", "MA", "CD", "ED", "RP")  # waveforms, channel definitions, encapsulated data
_CACHE_LIMIT = 4096
_WORST = {Quality.GOOD: 0, Quality.QUESTIONABLE: 1, Quality.IMPLAUSIBLE: 2, Quality.ARTEFACT: 3, Quality.NO_VALUE: 4}


Convert = Callable[[float], float]


class Measured(NamedTuple):
    """One reading as it goes to the server; `own_time` tells whether its line had a time of its own (OBX-14)."""

    signal: str
    value: float | None
    at: datetime
    quality: Quality
    reason: str
    probe: str
    code_sent: str
    unit_sent: str
    value_sent: str
    mode: Mode
    own_time: bool


class Meaning(NamedTuple):
    """What an OBX-3 means: one code, or the signals of a triplet, or why it is not charted."""

    code: Code | None
    triplet: tuple[str, ...] = ()
    why_not: str = ""
    note: str = ""


class Plan(NamedTuple):
    """What is the same for every value of one code, unit, type and flags: worked out once, then only read."""

    signal: Signal
    convert: Convert
    quality: Quality
    mode: Mode
    reason: str
    probe: str
    notes: tuple[str, ...]


@dataclass
class Notes:
    """Plain sentences on what a rule changed or doubted; each once, and not without end."""

    limit: int = 200
    texts: dict[str, None] = field(default_factory=dict)
    left_out: int = 0

    def add(self, text: str) -> None:
        if text in self.texts:
            return
        if len(self.texts) >= self.limit:
            self.left_out += 1
        else:
            self.texts[text[:300]] = None

    def all(self) -> tuple[str, ...]:
        more = (f"and {self.left_out} more notes",) if self.left_out else ()
        return (*self.texts, *more)


@dataclass
class Explainer:
    """The rules for OBX lines of one monitor (its profile, its delimiters), and what was looked up before."""

    tables: Tables
    signals: Mapping[str, Signal]
    profile: Profile | None = None
    delimiters: Delimiters = USUAL
    _meanings: dict[str, Meaning] = field(default_factory=dict)
    _converters: dict[tuple[str, str, str], tuple[Convert | None, str]] = field(default_factory=dict)
    _plans: dict[tuple[str, str, str, str, str], Plan | None] = field(default_factory=dict)

    # ------------------------------------------------------------ which signal

    def meaning(self, text: str) -> Meaning:
        """What an OBX-3 means."""
        found = self._meanings.get(text)
        if found is None:
            if len(self._meanings) >= _CACHE_LIMIT:
                self._meanings.clear()
            found = self._meanings[text] = self._meaning(text)
        return found

    def _meaning(self, text: str) -> Meaning:
        d = self.delimiters
        parts = [unescape(p, d).strip() for p in text.split(d.repetition)[0].split(d.component)] + [""] * 6
        whys = []
        for code, name, system in (parts[0:3], parts[3:6]):
            if not code and not name:
                continue
            found = self._one(code, name, system)
            if found.code or found.triplet:
                if found.code and found.code.signal not in self.signals:
                    return Meaning(None, why_not=f"{found.code.signal} is not a signal of this clinic")
                return found
            whys.append(found.why_not)
        return Meaning(None, why_not=next((w for w in whys if w), "no table knows this code"))

    def _one(self, code: str, name: str, system: str) -> Meaning:
        """One triple of code, name and coding system."""
        tables, own = self.tables, self.profile.codes if self.profile else {}
        if found := own.get((system, code)) or own.get(("", code)):
            return Meaning(found)
        number = code
        if hexadecimal := _HEXADECIMAL.fullmatch(code):
            if found := tables.codes.get(("MDIL", code.lower())):
                return Meaning(found)
            number = str(int(hexadecimal.group(1), 16) * 65536 + int(hexadecimal.group(2), 16))
        if number in tables.unmapped:
            return Meaning(None, why_not=tables.unmapped[number])
        triplet = tables.triplets.get(number) or tables.triplets.get(name)
        if triplet and all(signal in self.signals for signal in triplet):
            return Meaning(None, triplet=triplet)
        by_number, by_name = tables.codes.get(("MDC", number)), tables.names.get(name.upper())
        if by_name and not number:
            return Meaning(by_name)
        if by_name and number == str(int(by_name.code) % 65536):
            return Meaning(by_name, note=f"{number} is the short form of {by_name.code}")
        if name.upper().startswith("MDC_") and (by_number or by_name) and by_number is not by_name:
            return Meaning(None, why_not=f"number and name disagree ({number[:12]}, {name[:40]})")
        if by_number and (by_name or hexadecimal or system in ("", "MDC") or system.upper().startswith("MDC")):
            mislabelled = system not in ("", "MDC", "MDIL") and not system.upper().startswith("MDC")
            note = f"{by_number.name} under the coding system {system[:20]}" if mislabelled else ""
            return Meaning(by_number, note=note)
        exact = tables.codes.get((system, code))
        if exact and (system or fold(exact.name) == fold(name)):
            return Meaning(exact)
        return Meaning(None)

    # ------------------------------------------------------------ which unit

    def converter(
        self, signal: Signal, text: str, if_missing: str, d: Delimiters = USUAL
    ) -> tuple[Convert | None, str]:
        """How a number in this unit (OBX-6) becomes one in the signal's unit, and a note; (None, why) if it cannot."""
        key = (signal.key, text, if_missing)
        found = self._converters.get(key)
        if found is None:
            if len(self._converters) >= _CACHE_LIMIT:
                self._converters.clear()
            found = self._converters[key] = self._converter(signal, text, if_missing)
        return found

    def _converter(self, signal: Signal, text: str, if_missing: str) -> tuple[Convert | None, str]:
        d = self.delimiters
        unit, note = self.unit(text), ""
        if unit is None:
            own = self.profile.unit_if_missing.get(signal.key, "") if self.profile else ""
            unit = own or if_missing
            if not unit:
                return None, "no unit was sent"
            note = f"{signal.key} came without a unit; it is read in {unit}, the only one that this code has"
            if own:
                note = f"{signal.key} came without a unit; it is read in {unit}, as the clinic says of this monitor"
        if not unit:
            return None, f"the unit {unescape(text, d)[:40]!r} is not known, or says two things"
        target = self.tables.units.get(fold(signal.unit), signal.unit)
        if unit == target:
            return float, note
        try:
            Quantity(1.0, unit).to(target)
        except BadInput:
            return None, f"the unit {unescape(text, d)[:40]!r} cannot be one of {signal.key}"
        return (lambda value: round(Quantity(value, unit).to(target), 4)), note

    def unit(self, text: str) -> str | None:
        """The house's spelling of a unit; "" if it is unknown or contradicts itself, None if none was sent."""
        d = self.delimiters
        parts = [unescape(p, d).strip() for p in text.split(d.component)]
        if not any(parts):
            return None
        found = set()
        for part in (p for p in parts if p):
            if match := _HEXADECIMAL.fullmatch(part):
                part = str(int(match.group(1), 16) * 65536 + int(match.group(2), 16))
            if unit := self.tables.units.get(fold(part)):
                found.add(unit)
        return found.pop() if len(found) == 1 else ""

    # ------------------------------------------------------------ which value

    def number(self, text: str) -> tuple[float | None, str, str]:
        """(value, why there is none, note) of an OBX-5 that should hold one number.

        Sentinels ("-1", "32767", "---") are no value: that is what the monitor means by them.
        """
        if _NUMBER.fullmatch(text):
            value = float(text)
            own = self.profile.no_value if self.profile else ()
            if value in self.tables.no_value_numbers or value in own or not math.isfinite(value):
                return None, f"the monitor has no value (it sent {text[:20]})", ""
            return value, "", ""
        if not text or text == '""':
            return None, "the monitor sent no value", ""
        if fold(text) in self.tables.no_value_words:
            return None, f"the monitor has no value (it sent {text[:20]})", ""
        if match := _COMMA.fullmatch(text):
            pointed, why, _ = self.number(f"{match.group(1)}.{match.group(2)}")
            return pointed, why, "a value with a decimal comma"
        return None, f"the monitor sent {text[:40]!r}, which is not a number", ""

    # ------------------------------------------------------------ how far to be trusted

    def trust(self, flags: str, status: str, notes: Notes) -> tuple[Quality, Mode, str]:
        """What OBX-8 and OBX-11 say together: the worst quality, the least real mode, and why."""
        d = self.delimiters
        quality, mode, reason = Quality.GOOD, Mode.REAL, ""
        for text, table in ((flags, self.tables.flags), (status, self.tables.statuses)):
            for part in text.split(d.repetition):
                word = unescape(part.split(d.component)[0], d).strip().upper()
                if not word:
                    continue
                effect = table.get(word) or self.tables.flags.get(word)
                if effect is None:
                    effect = Flag(
                        quality=Quality.QUESTIONABLE, reason=f"the monitor set {word[:20]!r}, which is not known"
                    )
                    notes.add(f"OBX-8 or OBX-11 says {word[:20]!r}, which no table knows; the value is questionable")
                if effect.quality and _WORST[effect.quality] > _WORST[quality]:
                    quality, reason = effect.quality, effect.reason
                mode = less_real(mode, effect.mode)
        return quality, mode, reason

    # ------------------------------------------------------------ all of it

    def explain(self, f: list[str], at: datetime, own_time: bool, probe: str, notes: Notes) -> list[Measured]:
        """The readings of one OBX line (fields as sent); what is not charted becomes a note."""
        key = (f[2], f[3], f[6], f[8], f[11])
        plan = self._plans.get(key)
        if plan is not None and _NUMBER.fullmatch(f[5]):
            value = self.number(f[5])[0]
            if value is not None:
                return [self._by_plan(plan, value, f, at, own_time, probe, notes)]
        elif plan is None and key not in self._plans:
            self._plan(key, f)
        return self._explain(f, at, own_time, probe, notes)

    def _plan(self, key: tuple[str, str, str, str, str], f: list[str]) -> None:
        """Work out the plan for lines like this one; None where each has to be looked at by itself."""
        if len(self._plans) >= _CACHE_LIMIT:
            self._plans.clear()
        meaning, notes, plan = self.meaning(f[3]), Notes(), None
        if meaning.code and f[2] == "NM":
            signal = self.signals[meaning.code.signal]
            convert, note = self.converter(signal, f[6], meaning.code.unit_if_missing)
            quality, mode, reason = self.trust(f[8], f[11], notes)
            if convert is not None and quality is not Quality.NO_VALUE:
                said = tuple(n for n in (meaning.note, note, *notes.texts) if n)
                plan = Plan(signal, convert, quality, mode, reason, meaning.code.probe, said)
        self._plans[key] = plan

    def _by_plan(
        self, plan: Plan, value: float, f: list[str], at: datetime, own_time: bool, probe: str, notes: Notes
    ) -> Measured:
        signal, convert, quality, mode, reason, own_probe, said = plan
        for note in said:
            notes.add(note)
        value = convert(value)
        if not signal.low <= value <= signal.high:
            quality, reason = _implausible(signal, quality, reason)
        return Measured(signal.key, value, at, quality, reason, probe[:80] or own_probe, f[3][:200], f[6][:120],
                        f[5][:80], mode, own_time)  # fmt: skip

    def _explain(self, f: list[str], at: datetime, own_time: bool, probe: str, notes: Notes) -> list[Measured]:
        """The long way, for lines that no plan covers."""
        d, code_sent = self.delimiters, f[3]
        meaning = self.meaning(code_sent)
        if meaning.note:
            notes.add(meaning.note)
        if meaning.code is None and not meaning.triplet:
            notes.add(not_charted(f, meaning.why_not, d))
            return []
        kind = f[2].strip().upper()
        if kind in _NOT_NUMBERS:
            notes.add(not_charted(f, f"its type {kind} is not a single number", d))
            return []
        if f[8] or f[11] not in ("R", "F", ""):
            quality, mode, reason = self.trust(f[8], f[11], notes)
        else:
            quality, mode, reason = Quality.GOOD, Mode.REAL, ""
        if kind != "NM":
            notes.add(f"OBX-2 says {kind[:10]!r} where a number is expected" if kind else "OBX-2 names no value type")
        text = f[5].strip()
        if meaning.triplet:
            return self._triplet(meaning.triplet, text, f, (quality, mode, reason), at, own_time, probe, notes)
        assert meaning.code is not None
        code, unit_text = meaning.code, f[6]
        text, unit_text = self._plain(text, unit_text, kind, notes)
        value, why, note = self.number(text)
        if note:
            notes.add(f"{code.signal}: {note}")
        return [
            self._measured(code, value, why, text, unit_text, code_sent, (quality, mode, reason), at, own_time,
                           probe or code.probe, notes)
        ]  # fmt: skip

    def _plain(self, text: str, unit_text: str, kind: str, notes: Notes) -> tuple[str, str]:
        """OBX-5 without repetitions, SN's parts, and a unit that was written behind the number."""
        d = self.delimiters
        if d.repetition in text:
            first, _, rest = text.partition(d.repetition)
            if rest.strip(d.repetition + " "):
                notes.add(f"OBX-5 holds several values ({unescape(text, d)[:40]}); none is taken")
                return unescape(text, d), unit_text
            text = first
        if d.component in text:
            parts = [p.strip() for p in text.split(d.component)]
            if kind == "SN" and parts[0] in ("", "=") and not any(parts[2:]):
                text = parts[1]
            elif not any(parts[1:]):
                text = parts[0]
        if d.escape in text:
            text = unescape(text, d).strip()
        if not unit_text.strip(d.component + " ") and (match := _WITH_UNIT.fullmatch(text)):
            unit = self.tables.units.get(fold(match.group(2)))
            if unit:
                notes.add(f"the unit stood behind the value ({text[:20]})")
                return match.group(1), match.group(2)
        return text, unit_text

    def _measured(
        self, code: Code, value: float | None, why: str, text: str, unit_text: str, code_sent: str,
        trust: tuple[Quality, Mode, str], at: datetime, own_time: bool, probe: str, notes: Notes,
    ) -> Measured:  # fmt: skip
        signal = self.signals[code.signal]
        quality, mode, reason = trust
        if value is not None:
            convert, note = self.converter(signal, unit_text, code.unit_if_missing)
            if convert is None:
                value, why = None, f"{note}, so {text[:20]} is not charted"
                notes.add(f"{signal.key}: {why}")
            else:
                if note:
                    notes.add(note)
                value = convert(value)
        if value is None:
            # a flag that says why there is nothing is a better reason than the empty field itself
            reason = reason if quality is Quality.NO_VALUE and reason else why
            quality = Quality.NO_VALUE
        elif quality is Quality.NO_VALUE:
            value = None
        elif not signal.low <= value <= signal.high:
            quality, reason = _implausible(signal, quality, reason)
        return Measured(signal.key, value, at, quality, reason[:200], probe[:80], code_sent[:200], unit_text[:120],
                        text[:80], mode, own_time)  # fmt: skip

    def _triplet(
        self, signals: tuple[str, ...], text: str, f: list[str], trust: tuple[Quality, Mode, str],
        at: datetime, own_time: bool, probe: str, notes: Notes,
    ) -> list[Measured]:  # fmt: skip
        """A cuff reading written in one field: 120/80(93)."""
        d = self.delimiters
        if not text or text == '""':
            return []  # the heading of a group: its values follow on lines of their own
        plain = unescape(text, d)
        match = _TRIPLET.fullmatch(plain) or _TRIPLET.fullmatch(text.replace(d.component, "^"))
        if not match:
            why = f"the monitor has no value (it sent {plain[:20]})"
            parts: tuple[str | None, ...] = ("",) * len(signals)
        else:
            why, parts = "", match.groups()
            notes.add(f"a cuff reading in one field ({plain[:20]}) is taken apart")
        out = []
        for signal, part in zip(signals, parts, strict=True):
            if part is None:
                continue
            value, none, _ = self.number(part) if part else (None, why, "")
            code = Code(code="", name="", system="", signal=signal)
            out.append(self._measured(code, value, none, part or plain, f[6], f[3], trust, at, own_time, probe, notes))
        return out


def _implausible(signal: Signal, quality: Quality, reason: str) -> tuple[Quality, str]:
    """A value that nobody can have, unless the monitor itself says worse of it."""
    if _WORST[quality] >= _WORST[Quality.IMPLAUSIBLE]:
        return quality, reason
    bounds = f"{signal.low:g} to {signal.high:g} {signal.unit}"
    return Quality.IMPLAUSIBLE, f"outside what a living person can have ({bounds})"


def less_real(one: Mode, other: Mode | None) -> Mode:
    """Of two modes, the one that is further from a patient."""
    if other is None or other is one:
        return one
    order = (Mode.REAL, Mode.TEST, Mode.DEMO, Mode.SIMULATED)
    return one if order.index(one) >= order.index(other) else other


def not_charted(f: list[str], why: str, d: Delimiters) -> str:
    """The note that keeps what no table explains."""
    code, value, unit = (unescape(f[i], d).strip() for i in (3, 5, 6))
    shown = " ".join(p for p in (value[:60], unit[:40]) if p) or "no value"
    return f"not charted: {code[:80] or 'no code'} = {shown} ({why})"
