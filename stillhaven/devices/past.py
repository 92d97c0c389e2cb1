"""What did a virtual monitor show before it was switched on?  For a demo that begins in the middle of an afternoon.

The minutes before the plan's start are sent in one go, oldest first, each message with its own old time: as a monitor
does that kept its messages while its network was away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from stillhaven.devices.drill import MonitorPlan, Settings
from stillhaven.devices.link import Link
from stillhaven.devices.simulator import VirtualMonitor


async def send_past(
    plans: Sequence[MonitorPlan], settings: Settings, *, host: str, port: int, now: datetime, every_s: int = 5
) -> tuple[int, int]:
    """Send the minutes of each plan before its start minute; (sent, taken)."""
    sent = taken = 0
    for plan in plans:
        began = now - timedelta(minutes=plan.start_minute)
        turns = plan.start_minute if plan.scenario_minute is None else plan.scenario_minute
        monitor = VirtualMonitor(replace(plan, start_minute=0.0, scenario_minute=turns), settings, started=began)
        link = Link(host=host, port=port)
        for second in range(0, round(plan.start_minute * 60), every_s):
            message = monitor.observe(second, began + timedelta(seconds=second))
            sent += 1
            taken += (await link.send(message)).taken
        link.close()
    return sent, taken
