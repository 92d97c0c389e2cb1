"""What do published protocols say, and does each say it coherently?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review, read_span
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.drugs import Device, DrugFacts
from stillhaven.science.protocol import (
    Ask,
    Basis,
    Ceiling,
    Dose,
    Drug,
    Give,
    Kind,
    Phase,
    Protocol,
    Route,
    Span,
)

FOLDER = "protocols"
PHASES = ("acute", "induction", "maintenance", "single", "daily")
AMOUNT_UNITS, RATE_UNITS = ("mg/kg", "mg"), ("mg/kg/h", "mg/h")


def read_protocols(shelf: Shelf, drugs: Mapping[Drug, DrugFacts]) -> Mapping[str, Protocol]:
    """All protocols by key, which is the file's name."""
    found: dict[str, Protocol] = {}
    for name in shelf.names(FOLDER):
        whole = shelf.read(name)
        protocol = _protocol(PurePosixPath(name).stem, whole, drugs)
        if protocol is not None:
            found[protocol.key] = protocol
    return MappingProxyType(found)


def _protocol(key: str, whole: Table, drugs: Mapping[Drug, DrugFacts]) -> Protocol | None:
    kind, drug, basis = whole.choice("kind", Kind), whole.choice("drug", Drug), whole.choice("basis", Basis)
    routes = whole.choices("routes", Route, needed=True)
    named, most = whole.texts("ceilings"), whole.whole("most_sessions_per_week", needed=False)
    title, indication, fact = whole.text("title"), whole.text("indication"), whole.text("fact", needed=False)
    doses = tuple(d for row in whole.rows("dose") if (d := _dose(row)))
    schedule = tuple(p for row in whole.rows("schedule") if (p := _phase(row)))
    texts = {
        name: whole.texts(name) for name in ("rules", "alternatives", "evidence", "hazards", "warnings", "companions")
    }
    setting, evaluate = whole.text("setting", needed=False), whole.text("evaluate", needed=False)
    asks, cite, review = whole.choices("asks", Ask), read_cite(whole), read_review(whole)
    whole.close()
    if kind is None or drug is None or basis is None:
        return None
    ceilings = _ceilings(whole, named, drugs.get(drug), drug)
    protocol = Protocol(
        key=key,
        fact=fact,
        title=title,
        kind=kind,
        drug=drug,
        routes=routes,
        indication=indication,
        basis=basis,
        cite=cite,
        review=review,
        setting=setting,
        doses=doses,
        ceilings=ceilings,
        schedule=schedule,
        evaluate=evaluate,
        most_sessions_per_week=most,
        asks=asks,
        **texts,
    )
    facts = drugs.get(drug)
    _under_ceilings(whole, protocol)
    _asks_what_is_open(whole, protocol)
    _says_coherently(whole, protocol)
    if facts is not None and facts.device is not None:
        _whole_devices(whole, protocol, facts.device)
    return protocol


def _dose(row: Table) -> Dose | None:
    give = row.choice("give", Give)
    amount, rate = read_span(row, "amount"), read_span(row, "rate")
    over = read_span(row, "over", "min")
    key, note, only = row.text("key"), row.text("note", needed=False), row.text("only", needed=False)
    cite = read_cite(row)
    row.close()
    if amount is not None and amount.unit not in AMOUNT_UNITS:
        row.wrong("amount.unit", f"must be one of {', '.join(AMOUNT_UNITS)}")
    if rate is not None and rate.unit not in RATE_UNITS:
        row.wrong("rate.unit", f"must be one of {', '.join(RATE_UNITS)}")
    if give is None:
        return None
    return Dose(key=key, give=give, cite=cite, amount=amount, over=over, rate=rate, note=note, only=only)


def _phase(row: Table) -> Phase | None:
    raw = row.raw("sessions_per_week")
    if raw is not None and not (isinstance(raw, list) and raw and all(type(x) in (int, float) and x > 0 for x in raw)):
        row.wrong("sessions_per_week", "must be a list of numbers over 0")
        raw = None
    phase = Phase(
        key=row.text("key"),
        phase=row.text("phase"),
        first_week=row.whole("first_week", needed=False),
        last_week=row.whole("last_week", needed=False),
        sessions_per_week=tuple(float(item) for item in raw or ()),
        sessions=row.whole("sessions", needed=False),
        up_to=row.flag("up_to", needed=False),
        days=row.whole("days", needed=False),
        months=row.whole("months", needed=False),
        interval_h=row.quantity("interval", "h", needed=False),
        dose=read_span(row, "dose"),
        first_dose=read_span(row, "first_dose"),
        note=row.text("note", needed=False),
        cite=read_cite(row),
    )
    row.close()
    if phase.phase not in PHASES:
        row.wrong("phase", f"{phase.phase!r} is not one of {', '.join(PHASES)}")
    for name in ("first_week", "last_week", "sessions", "days", "months"):
        value = getattr(phase, name)
        if value is not None and value < 1:
            row.wrong(name, "must be at least 1")
    if phase.first_week and phase.last_week and phase.first_week > phase.last_week:
        row.wrong("last_week", f"week {phase.last_week} is before first_week {phase.first_week}")
    if phase.first_week and phase.last_week and phase.sessions and len(phase.sessions_per_week) == 1:
        most = (phase.last_week - phase.first_week + 1) * phase.sessions_per_week[0]
        if phase.sessions > most:
            row.wrong("sessions", f"{phase.sessions} do not fit into these weeks, which hold {most:g}")
    return phase


def _ceilings(whole: Table, named: tuple[str, ...], facts: DrugFacts | None, drug: Drug) -> tuple[Ceiling, ...]:
    """The ceilings that the protocol names; only those of its own drug, never another's."""
    mine = {ceiling.key: ceiling for ceiling in facts.ceilings} if facts else {}
    for key in named:
        if key not in mine:
            whole.wrong("ceilings", f"{key!r} is not a ceiling of {drug.label} (drugs/{drug.value}.toml)")
    return tuple(mine[key] for key in named if key in mine)


def _under_ceilings(whole: Table, protocol: Protocol) -> None:
    """No published dose lies above a ceiling that counts in the same unit and holds for its way of giving."""
    ways = {Give.BOLUS: Route.IV_BOLUS, Give.INFUSION: Route.IV_INFUSION}
    for ceiling in (c for c in protocol.ceilings if not c.only):
        if not set(ceiling.routes) & set(protocol.routes):
            whole.wrong("ceilings", f"{ceiling.key!r} holds for no route of this protocol")
        for part in protocol.doses:
            route = ways.get(part.give)
            if route is not None and route not in ceiling.routes:
                continue
            for name, span in (("amount", part.amount), ("rate", part.rate)):
                if span is not None and span.unit == ceiling.unit and (span.high or 0.0) > ceiling.limit + 1e-9:
                    why = f"{span} is over the ceiling {ceiling.limit:g} {ceiling.unit} ({ceiling.key})"
                    whole.wrong(f"dose[{part.key}].{name}", why)
        for phase in protocol.schedule:
            for name, span in (("dose", phase.dose), ("first_dose", phase.first_dose)):
                if span is not None and span.unit == ceiling.unit and (span.high or 0.0) > ceiling.limit + 1e-9:
                    why = f"{span} is over the ceiling {ceiling.limit:g} {ceiling.unit} ({ceiling.key})"
                    whole.wrong(f"schedule[{phase.key}].{name}", why)
    most = protocol.most_sessions_per_week
    for phase in protocol.schedule:
        if most is not None and any(rate > most for rate in phase.sessions_per_week):
            whole.wrong(f"schedule[{phase.key}].sessions_per_week", f"is over most_sessions_per_week {most}")


def _asks_what_is_open(whole: Table, protocol: Protocol) -> None:
    """A regimen that leaves something open asks for it: no number is ever filled in silently."""
    if protocol.kind is not Kind.REGIMEN:
        return
    open_: dict[Ask, str] = {}
    if not protocol.doses:
        open_[Ask.DOSE] = "there is no dose"
    for part in protocol.doses:
        if part.amount is None and part.rate is None:
            open_[Ask.DOSE] = f"dose {part.key} has neither amount nor rate"
        if part.give is Give.INFUSION and part.over is None:
            open_[Ask.DURATION] = f"infusion {part.key} has no duration"
        for span in (part.amount, part.rate):
            ranged = span is not None and span.exact is None and not span.choices
            if ranged and not part.only and part.give is not Give.TOTAL and not protocol.ceilings:
                open_[Ask.DOSE] = f"dose {part.key} is a range"
    if not protocol.schedule and Ask.SCHEME not in protocol.asks:
        open_[Ask.SCHEDULE] = "there is no schedule"
    if protocol.drug is not Drug.ESKETAMINE:
        open_[Ask.OBSERVATION] = "no source gives the time of observation"
    for ask, why in open_.items():
        if ask not in protocol.asks:
            whole.wrong("asks", f"must ask for {ask.value}: {why}")


def _says_coherently(whole: Table, protocol: Protocol) -> None:
    keys = [part.key for part in protocol.doses]
    for key in {key for key in keys if keys.count(key) > 1}:
        whole.wrong("dose", f"{key!r} stands twice")
    infused = {Route.IV_INFUSION, Route.IV_BOLUS}
    for part in protocol.doses:
        if part.give in (Give.INFUSION, Give.BOLUS) and not infused & set(protocol.routes):
            whole.wrong(f"dose[{part.key}].give", f"{part.give.value} needs a route into a vein")
        if part.give is Give.DEVICES and protocol.drug is not Drug.ESKETAMINE:
            whole.wrong(f"dose[{part.key}].give", f"devices hold esketamine, not {protocol.drug.label}")
        if part.rate is not None and part.give is not Give.INFUSION:
            whole.wrong(f"dose[{part.key}].rate", "only an infusion has a rate")
    if protocol.drug is Drug.ESKETAMINE and protocol.routes != (Route.INTRANASAL,):
        whole.wrong("routes", "esketamine devices are given into the nose only")
    if protocol.kind is Kind.GUIDANCE and protocol.doses:
        whole.wrong("dose", "guidance holds no dose; call it a regimen")
    total = protocol.dose("total")
    parts = [p.amount.exact for p in protocol.doses if p.give in (Give.BOLUS, Give.INFUSION) and p.amount]
    if total is not None and total.amount is not None and total.amount.exact is not None and len(parts) > 1:
        added = sum(part for part in parts if part is not None)
        if None not in parts and abs(added - total.amount.exact) > 1e-9:
            whole.wrong("dose[total].amount", f"{total.amount.exact:g} is not the sum of its parts, {added:g}")


def _whole_devices(whole: Table, protocol: Protocol, device: Device) -> None:
    """Esketamine comes in whole devices, and in the totals that exist; another total says for whom it is."""
    spans: list[tuple[str, Span | None, str]] = [
        (f"dose[{part.key}].amount", part.amount, part.only) for part in protocol.doses
    ]
    for phase in protocol.schedule:
        spans += [(f"schedule[{phase.key}].{n}", getattr(phase, n), "") for n in ("dose", "first_dose")]
    for where, span, only in spans:
        if span is None:
            continue
        if span.unit != "mg":
            whole.wrong(where, "esketamine is dosed in mg, never per kg")
            continue
        for value in span.choices or (span.low, span.high):
            if value is None or device.count(value) is None:
                whole.wrong(where, f"{value} mg is not a multiple of {device.content_mg:g} mg")
            elif value not in device.doses_mg and not only:
                doses = " or ".join(f"{dose:g}" for dose in device.doses_mg)
                whole.wrong(where, f"{value:g} mg is not {doses} mg; say in `only` for whom")
