"""Which vital signs are there, in which unit, and when is a value too old or not a living person's?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stillhaven.reference.files import Shelf, Table
from stillhaven.science.vitals import Signal

FILE = "signals.toml"


@dataclass(frozen=True, kw_only=True)
class SignalGroup:
    """Signals that share a tile: a pressure is systolic, diastolic and mean from one cuff."""

    key: str
    name: str
    short: str
    signals: tuple[str, ...]


def read_signals(shelf: Shelf) -> tuple[Mapping[str, Signal], Mapping[str, SignalGroup]]:
    """All signals by key, in the order of the file, and the groups that share a tile."""
    whole = shelf.read(FILE)
    whole.raw("review")
    signals = {key: signal for key, row in whole.named("signal") if (signal := _signal(key, row))}
    groups: dict[str, SignalGroup] = {}
    for key, row in whole.named("group"):
        group = SignalGroup(key=key, name=row.text("name"), short=row.text("short"), signals=row.texts("signals"))
        for name in group.signals:
            if name not in signals:
                row.wrong("signals", f"{name!r} is not a signal of this file")
        row.close()
        groups[key] = group
    whole.close()
    return MappingProxyType(signals), MappingProxyType(groups)


def _signal(key: str, row: Table) -> Signal | None:
    unit = row.text("unit")
    low, high = row.quantity("plausible_low", unit), row.quantity("plausible_high", unit)
    stale_after_s = row.quantity("stale_after", "s")
    decimals = row.whole("decimals")
    name, short, source = row.text("name"), row.text("short"), row.text("source")
    intermittent = row.flag("intermittent")
    row.flag("confirmed")
    row.close()
    if low is None or high is None or stale_after_s is None or decimals is None:
        return None
    if low >= high:
        row.wrong("plausible_low", f"{low:g} is not under plausible_high {high:g}")
    if stale_after_s <= 0:
        row.wrong("stale_after", "must be over 0 s")
    if not 0 <= decimals <= 3:
        row.wrong("decimals", "must be 0 to 3")
    return Signal(
        key=key,
        name=name,
        short=short,
        unit=unit,
        decimals=decimals,
        low=low,
        high=high,
        stale_after_s=stale_after_s,
        intermittent=intermittent,
        source=source,
    )
