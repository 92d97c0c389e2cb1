"""What does each column of an exported file mean, and how were the files made?"""

from __future__ import annotations

from stillhaven.clinic.registry import gather
from stillhaven.science.groups import HIDDEN

VERSION = "1"

# table -> column -> (type, meaning)
TABLES: dict[str, dict[str, tuple[str, str]]] = {
    "courses": {
        "person": ("text", "Pseudonym, the same in every file for one recipient, and another for every other recipient."),
        "course": ("integer", "Number of the person's course, from 1."),
        "age_group": ("text", f"Ten-year group of the age at the first session; {HIDDEN} where too few people share it."),
        "sex": ("text", f"As the clinic has it; empty: not known; {HIDDEN} hidden."),
        "indication": ("text", f"What the course is for; {HIDDEN} hidden."),
        "treatment": ("text", "Drug and route of the first session."),
        "first_session_on": ("date", "Moved by the person's own number of days."),
        "sessions": ("integer", "Sessions in which drug was given."),
        "finished_induction": ("true or false", "By the rule on the method page."),
    },
    "sessions": {
        "person": ("text", "As in courses."), "course": ("integer", "As in courses."),
        "session": ("integer", "Place in the course, from 1."), "on": ("date", "Moved like every date of the person."),
        "day": ("integer", "Whole days since the first session."), "drug": ("text", "Drug of the first dose."),
        "route": ("text", "Route of the first dose."),
        "given_mg": ("number", "Milligrams given in all, to two decimals; empty: cannot be worked out."),
    },
    "assessments": {
        "person": ("text", "As in courses."), "course": ("integer", "As in courses."),
        "scale": ("text", "Key of the scale."), "version": ("text", "Version it was taken with."),
        "definition": ("text", "Digest of that definition."), "on": ("date", "Moved like every date of the person."),
        "day": ("number", "Days since the first session; below zero before it."),
        "days_since_last_session": ("number", "Days since the session before it; empty: before the first."),
        "sessions_so_far": ("integer", "Sessions given before it."),
        "total": ("number", "Made from the answers; empty: too many gaps. A gap never counts as zero."),
        "suicide_item": ("number", "Answer to the question on suicide; empty: not asked or not answered."),
    },
    "outcomes": {
        "person": ("text", "As in courses."), "course": ("integer", "As in courses."),
        "scale": ("text", "Name of the scale; after @ its version where it has several."),
        "window_over": ("true or false", "Has the window after induction passed?"),
        "baseline": ("number", "Last total before the first session; empty: none."),
        "in_window": ("number", "Total of the form nearest the chosen day in the window; empty: none."),
        "responded": ("true or false", "Empty: not known, or started under the cut."),
        "in_remission": ("true or false", "Empty: not known, or started under the cut."),
        "change": ("number", "in_window minus baseline; above zero is worse (on WHO-5: better). Empty: not known."),
        "suicide_item_rose": ("true or false", "Empty: not known."),
        "missing": ("text", "Why there is no outcome: no form before, no form in the window, window not over yet."),
    },
}  # fmt: skip


def columns(table: str) -> list[str]:
    return list(TABLES[table])


def as_csv() -> str:
    """The dictionary as a table."""
    lines = ["table,column,type,meaning"]
    for table, own in TABLES.items():
        lines += [f'{table},{name},{kind},"{meaning}"' for name, (kind, meaning) in own.items()]
    return "\n".join(lines) + "\n"


def method(*, synthetic: bool) -> str:
    """The method page, with the numbers that hold."""
    rules = gather.book().rules
    mark = (
        "# SYNTHETIC: NO PERSON STANDS BEHIND ANY ROW\n\nMade by a program for teaching. It says nothing about any "
        "treatment or any clinic.\n\n"
        if synthetic
        else ""
    )
    return f"""{mark}# How these files were made

Dictionary version {VERSION}. Four tables, each as CSV (UTF-8) and as Parquet with the same rows.

- **Who is in them**: people whose consent to share stood when the files were made. A withdrawal counts at once; who has
  withdrawn is in no later file, and the recipient of an earlier one is told the pseudonym to delete.
- **Which courses**: each person's first course of each treatment (drug and route) in which drug was given.
- **Names**: none. The pseudonym is a keyed hash of person and recipient; the key stays in the clinic.
- **Dates**: all dates of one person are moved by the same number of days (up to {rules.shift_most_d}, either way), fixed by
  a keyed hash. Distances between dates are true; seasons and weekdays are not.
- **Ages**: ten-year groups, {rules.age_cap_y} and over in one.
- **Small cells**: a combination of age group, sex and indication that fewer than {rules.small_cell} people share is
  replaced by {HIDDEN}. Fewer than {rules.small_cell} people are no file at all.
- **Free text**: never leaves.
- **Totals**: made from the answers with the definition that the form was taken with.
- **Baseline**: the last form of the scale within {rules.baseline_within_d:g} days before the first session.
- **Window**: {rules.window_low_d:g} to {rules.window_high_d:g} days after the last induction session; of several forms
  the one nearest day {rules.window_nearest_d:g}. Induction is {rules.induction_fewest} to {rules.induction_most} sessions
  in {rules.induction_low_d:g} to {rules.induction_high_d:g} days; who did not finish is
  counted from their last session in it.
- **Scales**: the outcome stands once for the first scale of the course's kind of indication, and once for each other scale
  of that kind of which the person has a form before or in the window. Versions of a scale are never mixed.
{_drawn()}
- **Missing**: empty, with the reason in `missing`. Nothing is carried forward or filled in.

There is no control group here. A change of score after a course holds other treatment, expectation, time and the pull
towards the mean as well. Compare only the same scale, window, drug and route.
"""


def _drawn() -> str:
    """Where each scale draws its lines, a line of text each."""
    rules, out = gather.book().rules, []
    for name in dict.fromkeys(name for names in rules.scales.values() for name in names):
        scale, said = gather.instrument(name), []
        drawn, case = gather.lines(scale), rules.case(name)
        if drawn.fall_percent is not None or drawn.fall_points is not None:
            amount = f"{drawn.fall_percent:g} %" if drawn.fall_percent is not None else f"{drawn.fall_points:g} points"
            said.append(f"responded from {amount} better on")
        if drawn.remission is not None:
            said.append(f"in remission {'under' if drawn.remission_is_under else 'at'} {drawn.remission:g}")
        if drawn.reliable_points is not None:
            said.append(f"reliably worse from {drawn.reliable_points:g} points on")
        if case is not None:
            said.append(f"response and remission are asked of who started at {case:g} or more")
        out.append(f"  - {name} ({scale.short}, {scale.recall or 'now'}): {'; '.join(said)}.")
    return "\n".join(out)
