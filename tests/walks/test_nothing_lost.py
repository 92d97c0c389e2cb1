"""A whole clinic, harmed while monitors send: nothing acknowledged is lost, doubled or halved, and the record is whole.

A few rounds here; `python -m tests.bench.chaos 200` plays many.
"""

from __future__ import annotations

import os

from tests.bench import chaos


def test_nothing_acknowledged_is_lost_whatever_dies() -> None:
    found = chaos.play(int(os.environ.get("STILLHAVEN_CHAOS_ROUNDS", "3")), seed=7)
    assert found.lost == []
    assert found.doubled == []
    assert found.halved == []
    assert found.never_sent == []
    assert found.verify == ""
    assert found.acknowledged > 20
