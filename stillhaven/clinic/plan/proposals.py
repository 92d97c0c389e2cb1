"""What does a published protocol propose for an order, number by number, and who says so?

A proposal fills fields only when a person takes it; the order then keeps whose numbers they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillhaven.reference.load import Reference
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import plain
from stillhaven.science.protocol import Give, Protocol, Route, Span

OWN = "own"  # the prescriber writes their own numbers
_GIVES: dict[Route, tuple[Give, ...]] = {
    Route.IV_INFUSION: (Give.INFUSION,),
    Route.IV_BOLUS: (Give.BOLUS,),
    Route.INTRANASAL: (Give.DEVICES, Give.SINGLE),
    Route.IM: (Give.SINGLE,),
    Route.ORAL: (Give.SINGLE,),
    Route.SUBLINGUAL: (Give.SINGLE,),
}


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One set of numbers that a source gives: the fields it fills, and its source in words."""

    key: str
    text: str
    values: Mapping[str, str]
    keys: tuple[str, ...]  # of sources.toml
    words: str  # how far the source was checked
    only: str = ""

    @property
    def source(self) -> str:
        return f"{', '.join(self.keys)}, {self.words}"


def proposals(rules: Reference, protocol: Protocol, route: Route | None) -> list[Proposal]:
    """Every exact number that this protocol gives for this route; a range is told beside the field and never taken."""
    if route is None:
        return []
    found = []
    for dose in (d for d in protocol.doses if d.give in _GIVES[route]):
        span = dose.amount or dose.rate
        for value in _values(span):
            unit = span.unit if span else ""
            filled = {"dose": plain(value), "dose_unit": unit}
            over = dose.over.to("min").exact if dose.over else None
            text = f"{plain(value)} {unit}"
            if over is not None:
                filled["duration_min"] = plain(over)
                text += f" over {plain(over)} min"
            found.append(
                Proposal(
                    key=f"{dose.key}:{plain(value)}",
                    text=text,
                    values=filled,
                    keys=dose.cite.source,
                    words=dose.cite.words,
                    only=dose.only,
                )
            )
    if route is Route.IV_INFUSION and (both := _two_parts(protocol)):
        found.append(both)
    return found


def _values(span: Span | None) -> tuple[float, ...]:
    if span is None:
        return ()
    return span.choices or (() if span.exact is None else (span.exact,))


def _two_parts(protocol: Protocol) -> Proposal | None:
    """A bolus and an infusion that were given one after the other, as one programme of the pump with two rates."""
    bolus = next((d for d in protocol.doses if d.give is Give.BOLUS), None)
    rest = next((d for d in protocol.doses if d.give is Give.INFUSION), None)
    total = next((d for d in protocol.doses if d.give is Give.TOTAL and d.amount and d.amount.exact), None)
    if bolus is None or rest is None or total is None or total.amount is None or total.amount.exact is None:
        return None
    parts = [(d.amount.exact if d.amount else None, d.over.to("min").exact if d.over else None) for d in (bolus, rest)]
    if any(a is None or m is None for a, m in parts):
        return None
    (first, first_min), (second, second_min) = [(float(a or 0), float(m or 0)) for a, m in parts]
    share = 100.0 * (second / second_min) / (first / first_min)
    values = {
        "dose": plain(total.amount.exact), "dose_unit": total.amount.unit,
        "duration_min": plain(first_min + second_min), "ramp.0.minutes": plain(first_min), "ramp.0.pct": "100",
        "ramp.1.minutes": plain(second_min), "ramp.1.pct": plain(round(share, 4)),
    }  # fmt: skip
    begin = f"{plain(first)} {total.amount.unit} over {plain(first_min)} min"
    text = f"{begin}, then {plain(second)} over {plain(second_min)} min, by the pump with two rates"
    return Proposal(key="two_parts", text=text, values=values, keys=total.cite.source, words=total.cite.words)


def take(found: list[Proposal], typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed with the proposal that was taken laid under it, and the source of each number that came from it.

    BadInput where somebody takes a proposal and types another number beside it: nobody could say which was meant.
    """
    chosen = str(typed.get("take") or "")
    if chosen in ("", OWN):
        return dict(typed), {}
    proposal = next((p for p in found if p.key == chosen), None)
    if proposal is None:
        raise BadInput("take", "choose one of the proposals, or write your own numbers")
    filled, sources = dict(typed), {}
    for name, value in proposal.values.items():
        own = str(typed.get(name) or "").strip()
        if own and own != value and own.replace(",", ".") != value:
            raise BadInput(
                name, f"the proposal that you take says {value}; take your own numbers, or leave this as it is"
            )
        filled[name] = value
        sources[name] = proposal.source
    return filled, sources
