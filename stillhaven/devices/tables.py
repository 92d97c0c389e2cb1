"""Which code, unit, sentinel and flag of a bedside monitor means what?

Reads the shipped tables (`reference/devices/*.toml`) and the clinic's own file about its monitors, and hands them out
as plain look-ups.  Nothing here guesses: what is not in a table has no meaning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode, Quality

FOLDER = Path(__file__).parent.parent / "reference" / "devices"


@dataclass(frozen=True, kw_only=True)
class Code:
    """One code of a monitor: which signal it is, and what is known of it beyond that."""

    code: str
    name: str
    system: str
    signal: str
    probe: str = ""
    unit_if_missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """What a flag (OBX-8) or a status (OBX-11) does to a value."""

    reason: str = ""
    quality: Quality | None = None
    mode: Mode | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What this clinic knows of one of its monitors (`--devices FILE`)."""

    key: str
    matches: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    no_value: frozenset[float] = frozenset()
    unit_if_missing: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[tuple[str, str], Code] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The clinic's monitors by every name that a message may use for them, and senders that stand for many."""

    by_match: Mapping[str, Profile] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The shipped look-ups.  Unit spellings are compared folded (no blanks, lower case), except MDC and codes."""

    codes: Mapping[tuple[str, str], Code]
    names: Mapping[str, Code]
    triplets: Mapping[str, tuple[str, ...]]
    unmapped: Mapping[str, str]
    units: Mapping[str, str]
    send: Mapping[str, Code]
    send_unit: Mapping[str, str]
    no_value_numbers: frozenset[float]
    no_value_words: frozenset[str]
    flags: Mapping[str, Flag]
    statuses: Mapping[str, Flag]
    processing: Mapping[str, Mode]
    default_patient: frozenset[str]
    clock_doubt_s: float
    old_value_s: float
    cuff_shortest_cycle_s: float
    earliest_year: int


def fold(text: str) -> str:
    """A spelling without blanks and case.

    >>> fold("mm Hg") == fold("MMHG")
    True
    """
    return "".join(text.split()).lower()


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _flag(entry: Mapping[str, Any]) -> Flag:
    effect = entry["effect"]
    if effect in ("demo", "test", "simulated"):
        return Flag(reason=entry["reason"], mode=Mode(effect))
    if effect == "none":
        return Flag()
    return Flag(reason=entry["reason"], quality=Quality(effect))


def _code(entry: Mapping[str, Any]) -> Code:
    fields = ("code", "name", "system", "signal", "probe", "unit_if_missing")
    return Code(**{key: str(entry.get(key, "")) for key in fields})


@lru_cache(maxsize=1)
def shipped() -> Tables:
    """The tables that ship with stillhaven, read once a process."""
    codes, units, rules = _read("codes.toml"), _read("units.toml"), _read("rules.toml")
    known = [(entry, _code(entry)) for entry in codes["code"]]
    send = {code.signal: code for entry, code in known if entry.get("send")}
    spelled: dict[str, str] = {}
    mdc_unit: dict[str, str] = {}
    for entry in units["unit"]:
        for spelling in (entry["unit"], *entry.get("mdc", ()), *entry.get("ucum", ()), *entry.get("plain", ())):
            spelled[fold(spelling)] = entry["unit"]
        if entry.get("mdc"):
            mdc_unit[entry["unit"]] = "^".join(entry["mdc"][:2]) + "^MDC"
    return Tables(
        codes={(code.system, code.code): code for _, code in known},
        names={code.name: code for _, code in known if code.system == "MDC"},
        triplets={e[k]: tuple(e["signals"]) for e in codes["triplet"] for k in ("code", "name")},
        unmapped={code: entry["why"] for entry in codes["unmapped"] for code in entry["codes"]},
        units=spelled,
        send=send,
        send_unit=mdc_unit,
        no_value_numbers=frozenset(float(number) for number in rules["no_value"]["numbers"]),
        no_value_words=frozenset(fold(word) for word in rules["no_value"]["words"]),
        flags={flag: _flag(entry) for entry in rules["flag"] for flag in entry["flags"]},
        statuses={code: _flag(entry) for entry in rules["status"] for code in entry["codes"]},
        processing={key: Mode(value) for key, value in rules["processing"].items() if len(key) == 1},
        default_patient=frozenset(fold(word) for word in rules["default_patient"]["words"]),
        clock_doubt_s=float(rules["times"]["clock_doubt_s"]),
        old_value_s=float(rules["times"]["old_value_s"]),
        cuff_shortest_cycle_s=float(rules["times"]["cuff_shortest_cycle_s"]),
        earliest_year=int(rules["times"]["earliest_year"]),
    )


def read_devices(path: Path) -> Devices:
    """The clinic's file about its monitors.  BadInput says what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput("devices", f"{path}: {error}") from error
    unknown = set(data) - {"device", "shared"}
    if unknown:
        raise BadInput("devices", f"{path}: unknown key {sorted(unknown)[0]!r}")
    by_match: dict[str, Profile] = {}
    for entry in data.get("device", ()):
        profile = _profile(path, entry)
        for match in (profile.key, *profile.matches):
            if match in by_match:
                raise BadInput("devices", f"{path}: {match!r} names two monitors")
            by_match[match] = profile
    return Devices(by_match=by_match, shared=frozenset(map(str, data.get("shared", ()))))


def _profile(path: Path, entry: Mapping[str, Any]) -> Profile:
    key = str(entry.get("key", "")).strip()
    if not key:
        raise BadInput("devices", f"{path}: a device has no key")
    unknown = set(entry) - {"key", "matches", "zone", "no_value", "unit_if_missing", "code"}
    if unknown:
        raise BadInput("devices", f"{path}: {key}: unknown key {sorted(unknown)[0]!r}")
    codes = [_code(item) for item in entry.get("code", ())]
    signals = {code.signal for code in shipped().codes.values()}
    for code in codes:
        if code.signal not in signals:
            raise BadInput("devices", f"{path}: {key}: {code.signal!r} is not a signal")
    units = dict(entry.get("unit_if_missing", {}))
    for unit in units.values():
        if fold(str(unit)) not in shipped().units:
            raise BadInput("devices", f"{path}: {key}: {unit!r} is not a unit this house knows")
    return Profile(
        key=key,
        matches=tuple(map(str, entry.get("matches", ()))),
        zone=zone(str(entry["zone"])) if entry.get("zone") else None,
        no_value=frozenset(float(number) for number in entry.get("no_value", ())),
        unit_if_missing={signal: shipped().units[fold(str(unit))] for signal, unit in units.items()},
        codes={(code.system, code.code): code for code in codes},
    )


def zone(name: str) -> ZoneInfo:
    """A time zone by its name, such as Europe/Berlin."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise BadInput("zone", f"{name!r} is not a time zone such as Europe/Berlin") from error
