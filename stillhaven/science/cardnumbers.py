"""Did somebody just type the number of a payment card where it must never be kept?

A clinic keeps no card numbers.  Thirteen to nineteen digits that begin as a card's do and whose check digit is right
are taken for one, however they are spaced; telephone numbers, dates and most member numbers are not.
"""

from __future__ import annotations

import re

from stillhaven.science.errors import BadInput

_RUN = re.compile(r"(?<![\d+])\d(?:[ \u00a0.\-\u2010-\u2015]?\d){12,18}(?!\d)")
_BEGINS = re.compile(r"^(?:4|5[1-5]|2(?:2[2-9]|[3-6]\d|7[01]|720)|3[0478]|35|6)")
WHY = (
    "seems to hold a payment card number. We never keep those, so nothing was stored: take it out. "
    "To pay, talk to the front desk"
)


def luhn(digits: str) -> bool:
    """Is the check digit right?

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, figure in enumerate(reversed(digits)):
        value = int(figure) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def has_card_number(text: str) -> bool:
    """Does a text hold something that looks like a card number?

    >>> has_card_number("my card is 4111 1111 1111 1111, thanks")
    True
    >>> has_card_number("call +1 212 555 0101 on 2026-11-21")
    False
    """
    for found in _RUN.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        for length in (16, 15, 14, 13, 19, 18, 17):
            if length <= len(digits) and _BEGINS.match(digits) and luhn(digits[:length]):
                return True
    return False


def refuse_card(field: str, text: str) -> str:
    """The text itself; BadInput where it holds a card number."""
    if has_card_number(text):
        raise BadInput(field, WHY)
    return text
