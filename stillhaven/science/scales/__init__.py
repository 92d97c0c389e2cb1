"""Rating scales: how each is built, what a set of answers comes to, and when one answer alone asks for a person.

`observed` holds the short scales a nurse reads off at the chair (MOAA/S, RASS, Aldrete); `instrument`, `scoring`, `many`,
`grades` and `sheets` the questionnaires and interviews that follow a course (PHQ-9, MADRS, C-SSRS and the others).
"""

from __future__ import annotations

from stillhaven.science.scales.instrument import (
    Band,
    Change,
    ChangeLine,
    Choice,
    Condition,
    Direction,
    Grade,
    Instrument,
    Licence,
    LicenceCode,
    Mode,
    Part,
    Question,
    Safety,
    ScoreRule,
)
from stillhaven.science.scales.observed import Cut, Item, Level, Scale, Score, score
from stillhaven.science.scales.scoring import Discrepancy, Hit, Scored, Sheet, alerts, read_answer, score_sheet, unasked

__all__ = [
    "Band",
    "Change",
    "ChangeLine",
    "Choice",
    "Condition",
    "Cut",
    "Direction",
    "Discrepancy",
    "Grade",
    "Hit",
    "Instrument",
    "Item",
    "Level",
    "Licence",
    "LicenceCode",
    "Mode",
    "Part",
    "Question",
    "Safety",
    "Scale",
    "Score",
    "ScoreRule",
    "Scored",
    "Sheet",
    "alerts",
    "read_answer",
    "score",
    "score_sheet",
    "unasked",
]
