"""Which definition and which wording holds for a scale at a site, and which one an old sheet was taken with?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import once
from stillhaven.clinic.scales.models import ScaleDefinition, ScaleText
from stillhaven.reference._instruments import definition_of, from_record
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.scales.instrument import Choice, Instrument


def names(site: int) -> Mapping[str, Instrument]:
    """Every instrument of the site's reference by name ("phq9", "pcl5@week")."""
    return policy.rules(site).instruments


def name_of(instrument: Instrument, site: int) -> str:
    """The name under which this version is offered."""
    known = names(site)
    return next(
        (n for n, i in known.items() if i.key == instrument.key and i.version == instrument.version), instrument.key
    )


def offered(site: int, name: str) -> Instrument:
    """The instrument of this name, with the questions that the clinic brought where they are the owner's."""
    found = names(site).get(name)
    if found is None:
        raise BadInput("scale", f"{name[:60]!r} is not a scale of this clinic")
    if found.brings_items and (text := newest_text(site, found)) is not None and text.definition:
        return by_digest(text.definition)
    return found


def newest_text(site: int, instrument: Instrument) -> ScaleText | None:
    """The wording that the clinic has loaded for this scale, if any."""
    rows = [row for row in texts_of(site) if row.scale == instrument.key]
    return next((row for row in rows if row.version in ("", instrument.version)), None) or (
        rows[0] if rows and instrument.brings_items else None
    )


@once
def texts_of(site: int) -> list[ScaleText]:
    """Every wording that a clinic has loaded, the newest first."""
    return list(ScaleText.objects.current().filter(site=site).order_by("-seq"))


def text_in_force(site: int, instrument: Instrument, today: date) -> ScaleText | None:
    """The clinic's wording, while its licence runs."""
    found = newest_text(site, instrument)
    return found if found is not None and (found.until is None or found.until >= today) else None


def worded(instrument: Instrument, text: ScaleText | None) -> Instrument:
    """The instrument with the clinic's own wording laid over it.  Nothing that is scored changes."""
    if text is None:
        return instrument
    items, choices = text.content.get("items", {}), text.content.get("choices", {})
    questions = []
    for question in instrument.questions:
        words: Mapping[str, str] = choices.get(question.key) or choices.get("all") or {}
        told = tuple(replace(c, text=words.get(f"{c.value:g}", c.text)) for c in question.shown_choices)
        questions.append(
            replace(question, text=items.get(question.key, question.text), choices=told if words else question.choices)
        )
    return replace(instrument, questions=tuple(questions), stem=text.content.get("stem") or instrument.stem)


def can_be_asked(instrument: Instrument, text: ScaleText | None) -> str:
    """ "" where a person can be asked this now, else the reason."""
    if instrument.cannot:
        return instrument.cannot
    if not instrument.questions:
        return f"the questions of {instrument.short} are its owner's: load the licensed text first"
    shown = worded(instrument, text)
    bare = [q for q in shown.questions if not q.text and not instrument.wording]
    if bare and instrument.mode.by_patient:
        terms = instrument.licence.code.words
        return f"the wording of {instrument.short} is its owner's ({terms}): load the licensed text first"
    return ""


def require_askable(site: int, name: str, today: date) -> tuple[Instrument, ScaleText | None]:
    """An instrument that a patient can be asked now, with its wording.  Refused with the reason otherwise."""
    instrument = offered(site, name)
    text = text_in_force(site, instrument, today)
    if not instrument.mode.by_patient:
        raise Refused(why=f"{instrument.short} is rated by a clinician, not filled in by the person")
    if why := can_be_asked(instrument, text):
        raise Refused(why=why)
    return instrument, text


def keep(instrument: Instrument, *, site: int, by: Any, content: dict[str, Any] | None = None) -> str:
    """Keep this definition in the record, once a site.  Gives its digest."""
    digest = instrument.digest
    if not ScaleDefinition.objects.filter(site=site, digest=digest).exists():
        kept = content if content is not None else definition_of(digest)
        if kept is None:
            raise BadInput("scale", "its definition cannot be kept; load the reference anew")
        record.append(
            ScaleDefinition(site=site, scale=instrument.key, version=instrument.version, digest=digest, content=kept),
            by=by,
        )
    return digest


@lru_cache(maxsize=256)
@lru_cache(maxsize=256)
def by_digest(digest: str) -> Instrument:
    """The instrument of a definition that was kept, word for word as it was.  A digest names its content: read once."""
    row = ScaleDefinition.objects.filter(digest=digest).first()
    if row is None:
        raise BadInput("definition", "this definition is not in the record")
    return replace(from_record(row.content), digest=digest)


def text_of(uid: UUID | None) -> ScaleText | None:
    return ScaleText.objects.filter(uid=uid).first() if uid else None


def plain_choices(instrument: Instrument) -> dict[str, list[Choice]]:
    return {q.key: list(q.shown_choices) for q in instrument.questions}
