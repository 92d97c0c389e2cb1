"""What does the clinic ask people to consent to, in which words, and where does each sentence come from?

The shipped texts are drafts in our own words.  A clinic puts its own version into use (`clinic/consent`): nobody signs a
draft that no two people of the clinic have read.
"""

from __future__ import annotations

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.consent import Acknowledgement, Choice, ConsentDocument, ConsentRules, Gate, Section
from stillhaven.science.protocol import Drug
from stillhaven.science.units import Quantity

FOLDER, SETTINGS = "consent", "consent/settings.toml"


def read_consent(shelf: Shelf) -> ConsentRules:
    """Every document in the order in which people are shown them."""
    whole = shelf.read(SETTINGS)
    read_review(whole)
    order = whole.texts("order", needed=True)
    undo, remind = whole.table("undo_for"), whole.table("remind_before")
    undo_for_s = _cited(undo, "s") if undo is not None else 0.0
    remind_before_d = _cited(remind, "d") if remind is not None else 0.0
    whole.close()
    found = {}
    for name in shelf.names(FOLDER):
        if name != SETTINGS:
            key = name.removeprefix(f"{FOLDER}/").removesuffix(".toml")
            found[key] = _document(key, shelf.read(name))
    for key in order:
        if key not in found:
            shelf.wrong(SETTINGS, "order", f"{key!r} is not a file of {FOLDER}/")
    for key in found:
        if key not in order:
            shelf.wrong(f"{FOLDER}/{key}.toml", "", f"has no place in the order of {SETTINGS}")
    return ConsentRules(
        documents=tuple(found[key] for key in order if key in found),
        undo_for_s=undo_for_s,
        remind_before_d=remind_before_d,
    )


def _cited(part: Table, unit: str) -> float:
    """A number with unit and source in a table of its own."""
    value, written = part.number("value"), part.text("unit")
    read_cite(part)
    part.close()
    return Quantity(value, written).to(unit) if value is not None and written else 0.0


def _document(key: str, whole: Table) -> ConsentDocument:
    read_review(whole)
    sections = []
    for row in whole.rows("section"):
        part = Section(
            key=row.text("key", needed=False), title=row.text("title"), text=row.text("text"), cite=read_cite(row)
        )
        row.close()
        sections.append(part)
    acknowledgements = []
    for row in whole.rows("acknowledge"):
        acknowledgements.append(Acknowledgement(key=row.text("key"), text=row.text("text")))
        row.close()
    choices = []
    for row in whole.rows("choice"):
        choice = Choice(
            key=row.text("key"), label=row.text("label"), options=row.texts("options"),
            words=row.flag("words", needed=False),
        )  # fmt: skip
        row.close()
        if bool(choice.options) == choice.words:
            row.wrong("options", "a choice has either options or words")
        choices.append(choice)
    found = ConsentDocument(
        key=key,
        title=whole.text("title"),
        language=whole.text("language"),
        gate=whole.choice("gate", Gate) or Gate.NONE,
        drugs=whole.choices("drugs", Drug),
        renews=whole.flag("renews"),
        witness=whole.flag("witness"),
        summary=whole.texts("summary", needed=True),
        sections=tuple(sections),
        acknowledgements=tuple(acknowledgements),
        choices=tuple(choices),
    )
    whole.close()
    keys = [a.key for a in acknowledgements] + [c.key for c in choices]
    if len(keys) != len(set(keys)):
        whole.wrong("acknowledge", "two parts have the same key")
    if not sections:
        whole.wrong("section", "a document has at least one section")
    return found
