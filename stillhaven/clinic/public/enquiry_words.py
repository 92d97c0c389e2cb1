"""Does a longer message hold a sentence that sounds like a crisis?  The same rules as the search, read in windows."""

from __future__ import annotations

from stillhaven.reference._education import ask_rules
from stillhaven.science.ask import LONGEST, Need, need


def needs(text: str) -> set[Need]:
    """What the message needs first, sentence by sentence and across them; nothing at its end is missed."""
    step = LONGEST // 2
    words = " ".join(text.split())
    windows = [words[i : i + LONGEST] for i in range(0, max(1, len(words) - step), step)]
    return {need(window, ask_rules()) for window in windows if window}


def is_urgent(text: str) -> bool:
    return Need.CRISIS in needs(text)
