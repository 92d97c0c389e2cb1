"""Is every line of the role table used, and every deed on a line?  Read from the source, so that nothing is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

from stillhaven.clinic.people.roles import ACTIONS

CLINIC = Path(__file__).resolve().parents[2] / "stillhaven" / "clinic"

# Lines that wait for their room: the room brings the first use, and takes its line out of this list.
NOT_BUILT_YET: dict[str, str] = {
    "course.hold": "candidacy",
    "drill.run": "drills",
}


def _sources() -> list[tuple[Path, str]]:
    return [
        (path, path.read_text(encoding="utf-8"))
        for path in sorted(CLINIC.rglob("*.py"))
        if "migrations" not in path.parts and path.name != "roles.py"
    ]


def _used() -> set[str]:
    found: set[str] = set()
    for _, text in _sources():
        found |= set(re.findall(r"\"([a-z_]+\.[a-z_]+)\"", text)) & set(ACTIONS)
    return found


def test_every_line_of_the_role_table_is_used_or_waits_for_its_room() -> None:
    unused = set(ACTIONS) - _used() - set(NOT_BUILT_YET)
    assert set(NOT_BUILT_YET) <= set(ACTIONS)
    assert not unused, f"nobody asks for {sorted(unused)}: use the line or take it out"


def test_what_is_asked_for_has_a_line() -> None:
    asked = re.compile(r"(?:roles\.)?(?:require|require_patient|may)\(\s*[\w.]+,\s*\"([^\"]+)\"")
    for path, text in _sources():
        for action in asked.findall(text):
            assert action in ACTIONS, f"{path.name} asks for {action!r}, which has no line in roles.py"


def test_no_page_of_people_is_without_its_door() -> None:
    """Each staff page asks for a role or stands behind staff_required."""
    text = (CLINIC / "people" / "staff_views.py").read_text(encoding="utf-8")
    views = re.findall(r"((?:@[^\n]+\n)+)def (\w+)\(request", text)
    assert {name for _, name in views} >= {"staff", "add", "person", "tokens", "token_off", "switch", "reset_factor"}
    for decorators, name in views:
        assert "@staff_required" in decorators, name
        assert "require_" in decorators.replace("staff_required", ""), f"{name} says no HTTP method"
