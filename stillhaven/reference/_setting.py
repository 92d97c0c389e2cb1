"""Who and what has to be there, and what does the risk programme's form ask?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.policy import FormField, Rems, Requirement
from stillhaven.science.protocol import Cite, Drug

REMS, STAFF = "session/rems.toml", "session/staff.toml"


def read_rems(shelf: Shelf) -> Rems:
    """What the esketamine risk programme asks of the setting, and its form's fields."""
    whole = shelf.read(REMS)
    read_review(whole)
    due = whole.table("form_due")
    due_d = None
    if due is not None:
        due_d = due.quantity("days", "d")
        read_cite(due)
        due.close()
    setting = tuple(_requirement(key, row, (Drug.ESKETAMINE,)) for key, row in whole.named("setting"))
    fields: list[FormField] = []
    for group, row in whole.named("form"):
        row.text("note", needed=False)
        cite = read_cite(row)
        fields += [_field(group, key, part, cite) for key, part in row.named("field")]
        row.close()
    whole.close()
    return Rems(setting=setting, fields=tuple(fields), form_due_d=due_d)


def _requirement(key: str, row: Table, drugs: tuple[Drug, ...] = ()) -> Requirement:
    found = Requirement(key=key, text=row.text("text"), drugs=drugs, cite=read_cite(row))
    row.close()
    return found


def _field(group: str, key: str, row: Table, cite: Cite) -> FormField:
    found = FormField(
        key=key,
        group=group,
        label=row.text("label"),
        required=row.flag("required"),
        version=row.text("version", needed=False),
        choices=row.texts("choices"),
        cite=cite,
    )
    row.close()
    return found


def read_staff(shelf: Shelf) -> tuple[tuple[Requirement, ...], Mapping[str, str]]:
    """Staff requirements, the equipment list among them, and that list by item."""
    whole = shelf.read(STAFF)
    read_review(whole)
    found = [_requirement(key, row) for key, row in whole.named("staff")]
    items: dict[str, str] = {}
    row = whole.table("equipment")
    if row is not None:
        cite, part = read_cite(row), row.table("items")
        if part is not None:
            items = {key: part.text(key) for key in part.data}
        row.close()
        text = "Equipment within reach, checked at the chair."
        found.append(Requirement(key="equipment", text=text, items=MappingProxyType(items), cite=cite))
    whole.close()
    return tuple(found), MappingProxyType(items)
