"""The demo clinic's consent: texts in use, and what its people signed, asked and left open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.consent import actions, queries
from stillhaven.clinic.people.models import Patient

_LINE = [[60, 190], [120, 90], [170, 200], [215, 120], [270, 195], [330, 130], [390, 190], [470, 150], [560, 180]]


def texts(site: int, *, director: Any, second: Any, at: datetime) -> None:
    """The medical director takes the shipped drafts, and a second person puts them into use."""
    actions.take_shipped(site, by=director, at=at)
    actions.publish_all(site, by=second, at=at + timedelta(hours=1), second_factor="demo")


def seed(people: dict[str, Patient], *, nurse: Any, doctor: Any, now: datetime) -> None:
    """Ada signed and asked everything; Ben's question waits; Eve never agreed to be written to; others have more to sign."""
    at = now - timedelta(days=6)
    ada, ben = people["ada"], people["ben"]
    card = ada.comfort_card
    _sign(ada, "going_home", {}, by=nurse, at=at)
    _sign(ada, "touch_comfort", {"touch": 1, "words": card}, by=nurse, at=at)
    _sign(ada, "photo", {"site": 0}, by=nurse, at=at)
    _sign(ada, "registry", {"share": 0}, by=nurse, at=at)
    _sign(ada, "messages", {"email": 0, "sms": 1}, by=nurse, at=at)
    _sign(ben, "registry", {"share": 0}, by=nurse, at=at)
    _sign(ben, "messages", {"email": 0, "sms": 1}, by=nurse, at=at)
    _sign(people["cleo"], "messages", {"email": 1, "sms": 0}, by=nurse, at=at)
    asked = actions.ask(ada, "treatment_ketamine", "Can I take my evening tablet as usual?", by=nurse, at=at)
    actions.answer(
        asked, "Yes, unless your prescriber wrote otherwise in your plan.", by=doctor, at=at + timedelta(hours=3)
    )
    actions.ask(ben, "off_label", "Will my plan pay for any of it?", by=nurse, at=now - timedelta(hours=20))


def _sign(person: Patient, document: str, chosen: dict[str, Any], *, by: Any, at: datetime) -> None:
    version = queries.version_in_use(person.site_id, document)
    if version is None:
        return
    typed: dict[str, Any] = {
        "shown": version.digest, "ack": [a["key"] for a in version.content["acknowledge"]],
        "name": person.name.split(" (")[0], "strokes": str([[[x, y] for x, y in _LINE]]),
    }  # fmt: skip
    for choice in version.content["choices"]:
        said = chosen.get(choice["key"], "")
        typed[f"choice.{choice['key']}"] = choice["options"][said] if isinstance(said, int) else said
    actions.sign(person, document, typed, by=by, at=at, device="the clinic's tablet")
