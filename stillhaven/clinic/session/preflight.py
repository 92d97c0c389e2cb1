"""The pre-flight questions: which there are, and what an answer must look like to be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from stillhaven.clinic.record import clock
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput
from stillhaven.science.units import Quantity, parse_number

IDENTIFIERS = ("name", "birth_date", "wristband", "photo")
_HEAVIEST_KG, _LIGHTEST_KG = 400.0, 20.0  # beyond these a weight is a slip of the hand, not a person


def clean_check(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as it is kept.  BadInput names the field that cannot be read, and says what to do."""
    if kind not in CLEANERS:
        raise BadInput("kind", f"{kind!r} is not a question of the pre-flight list")
    return CLEANERS[kind](value)


def _identity(value: Mapping[str, Any]) -> dict[str, Any]:
    given = value.get("identifiers")
    matched = [i for i in IDENTIFIERS if i in (given if isinstance(given, list | tuple) else [given])]
    if not matched:
        raise BadInput("identifiers", "tick what you compared with the person in front of you")
    return {"identifiers": matched}


def _weight(value: Mapping[str, Any]) -> dict[str, Any]:
    typed, unit = str(value.get("weight", "")), str(value.get("unit", "kg"))
    if unit not in ("kg", "lb"):
        raise BadInput("unit", "choose kg or lb")
    kg = Quantity(parse_number(typed, "weight"), unit).to("kg")
    if not _LIGHTEST_KG <= kg <= _HEAVIEST_KG:
        raise BadInput("weight", f"{typed} {unit} is {kg:.1f} kg: check the number and the unit")
    return {"kg": round(kg, 2), "typed": typed, "unit": unit}


def _fasting(value: Mapping[str, Any]) -> dict[str, Any]:
    """For each kind either a time or `none`: an empty answer stays unknown, and is not kept."""
    kinds = sorted({limit.kind for limits in reference.current().session.start.fasting.values() for limit in limits})
    found: dict[str, Any] = {}
    for kind in kinds:
        if _yes(value.get(f"{kind}_none")):
            found[kind] = {"none": True}
        elif text := str(value.get(kind) or "").strip():
            found[kind] = {"at": _moment(text, kind).isoformat()}
    if not found:
        raise BadInput("fasting", "write when the last food and drink were, or tick none")
    return found


def _escort(value: Mapping[str, Any]) -> dict[str, Any]:
    name = str(value.get("name", "")).strip()
    if not name:
        raise BadInput("name", "write who takes the person home")
    phone = str(value.get("phone", "")).strip()
    return {"name": name[:120], "phone": phone[:40], "reachable": _tristate(value.get("reachable"), "reachable")}


def _pregnancy(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"pregnant": _tristate(value.get("pregnant"), "pregnant")}


def _medicines(value: Mapping[str, Any]) -> dict[str, Any]:
    known = {i.key for rules in reference.current().session.start.interactions.values() for i in rules}
    given = value.get("classes") or []
    classes = [given] if isinstance(given, str) else given
    if not isinstance(classes, list) or not all(isinstance(c, str) for c in classes):
        raise BadInput("classes", "is a list of the medicines that were ticked")
    unknown = [c for c in classes if c not in known]
    if unknown:
        raise BadInput("classes", f"{unknown[0]!r} is not on the list of interacting medicines")
    others = [text.strip() for text in str(value.get("other", "")).split(",") if text.strip()]
    return {"asked": True, "classes": classes, "unmatched": others, "changes": str(value.get("changes", "")).strip()}


def _iv_site(value: Mapping[str, Any]) -> dict[str, Any]:
    site = str(value.get("site", "")).strip()
    if not site:
        raise BadInput("site", "write where the cannula is, such as left forearm")
    patent = _tristate(value.get("patent"), "patent")
    attempts = str(value.get("attempts", "")).strip()
    if attempts and not (attempts.isdecimal() and len(attempts) <= 3):
        raise BadInput("attempts", "write a number")
    return {
        "site": site[:80], "gauge": str(value.get("gauge", "")).strip()[:10], "patent": patent,
        "attempts": int(attempts) if attempts else None, "dressing": str(value.get("dressing", "")).strip()[:80],
    }  # fmt: skip


def _equipment(value: Mapping[str, Any]) -> dict[str, Any]:
    items = reference.current().session.start.equipment
    found = {item: _tristate(value.get(item), item) for item in items if value.get(item) not in (None, "")}
    if not found:
        raise BadInput("equipment", "say of each item whether it is there and works")
    return found


def _yes_no(field: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def clean(value: Mapping[str, Any]) -> dict[str, Any]:
        return {field: _tristate(value.get(field), field)}

    return clean


def _rems(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tristate(value.get(key), key) for key in ("enrolled", "certified")}


def _words(field: str, ask: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def clean(value: Mapping[str, Any]) -> dict[str, Any]:
        text = str(value.get(field, "")).strip()
        if not text:
            raise BadInput(field, ask)
        return {field: text[:500]}

    return clean


def _orientation(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tristate(value.get(key), key) for key in ("person", "place", "time")}


def _skipped(value: Mapping[str, Any]) -> dict[str, Any]:
    why = str(value.get("why", "")).strip()
    if not why:
        raise BadInput("why", "say why this check is left out")
    return {"measure": str(value.get("measure", "")), "slot": str(value.get("slot", "")), "why": why[:200]}


def _tristate(answer: Any, field: str) -> bool | None:
    """Yes, no, or "not known": never a silent no."""
    if answer in (True, "yes", "true", "on", "1"):
        return True
    if answer in (False, "no", "false", "0"):
        return False
    if answer in (None, "unknown", ""):
        return None
    raise BadInput(field, "answer yes, no or not known")


def _yes(answer: Any) -> bool:
    return answer in (True, "yes", "true", "on", "1")


def _moment(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(field, "write a date and time") from None
    if moment.tzinfo is None:
        moment = timezone.make_aware(moment)
    if moment > clock.now():
        raise BadInput(field, "lies in the future")
    return moment


CLEANERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "identity": _identity,
    "weight": _weight,
    "fasting": _fasting,
    "escort": _escort,
    "consent": _yes_no("wants"),
    "pregnancy": _pregnancy,
    "medicines": _medicines,
    "iv_site": _iv_site,
    "equipment": _equipment,
    "prescriber_on_site": _yes_no("present"),
    "rems": _rems,
    "mood": _words("words", "write how the person feels today, in their words"),
    "comfort_setup": _words("words", "write what was set up"),
    "orientation": _orientation,
    "skipped": _skipped,
}
