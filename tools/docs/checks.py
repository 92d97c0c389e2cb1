"""Is what the docs name still there?  Links, headings, files, tests, commands, and what the environment may say."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import click

from stillhaven.cli import cli
from tools.docs.pages import MARK, ROOT

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^( *)(```+).*?^\1\2\s*$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"^(?:stillhaven|tests|docs|tools|examples|\.ci)/[\w./*{}\[\],-]+(?:::\w+)?$")
_INSIDE = re.compile(r"^(?:science|reference|devices|service|clinic|cli)/[\w./*{},-]+\.(?:py|toml|html|js|css)$")
_SETTING = re.compile(r"\bSTILLHAVEN_[A-Z_]+\b")
# Handed from process to process, or of the tests and benches alone: nobody sets them for a clinic.
_PRIVATE = {"STILLHAVEN_CHILD_OF", "STILLHAVEN_ADDRESS"}


def documents() -> list[Path]:
    """Every page: those of docs/, and the ones at the top."""
    top = [p for p in ROOT.glob("*.md") if p.is_file()]
    return sorted([*top, *(ROOT / "docs").rglob("*.md")])


def all_problems() -> list[str]:
    """Everything that the docs say and that is not so."""
    found: list[str] = []
    for path in documents():
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {what}" for what in [*dead_links(path, text), *lost_paths(text)]]
    return [*found, *commands_without_page(), *settings_without_line(), *pages_nobody_finds()]


def dead_links(path: Path, text: str) -> list[str]:
    """Links to files and headings that are not there; addresses of the web are not asked."""
    found = []
    for target in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        if not place.exists():
            found.append(f"the link to {target} leads nowhere")
        elif heading and place.suffix == ".md" and heading not in headings(place):
            found.append(f"the link to {target}: there is no such heading")
    return found


@lru_cache(maxsize=256)
def headings(path: Path) -> frozenset[str]:
    """The anchors of a page, as code hosts make them."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    found = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found)


def lost_paths(text: str) -> list[str]:
    """Files and tests that are named in a page and do not exist."""
    found = []
    for span in _CODE.findall(_FENCE.sub("", text)):
        word = span.strip().rstrip("/")
        if _PATH.match(word):
            place, _, test = word.partition("::")
            found += _lost(place, test)
        elif _INSIDE.match(word):
            found += _lost(f"stillhaven/{word}", "")
    return found


def _lost(place: str, test: str) -> list[str]:
    if any(sign in place for sign in "*["):
        return [] if any(ROOT.glob(place)) else [f"no file is like {place}"]
    if "{" in place:
        before, _, rest = place.partition("{")
        inside, _, after = rest.partition("}")
        return [problem for word in inside.split(",") for problem in _lost(f"{before}{word.strip()}{after}", test)]
    path = ROOT / place
    if not path.exists():
        return [f"{place} does not exist"]
    if test and not re.search(rf"\b(?:def|class) {re.escape(test)}\b", path.read_text(encoding="utf-8")):
        return [f"{place} has no {test}"]
    return []


def commands_without_page() -> list[str]:
    """Commands that no hand-written page in docs/ shows."""
    context = click.Context(cli, info_name="stillhaven")
    written = "\n".join(
        text for p in (ROOT / "docs").rglob("*.md") if MARK not in (text := p.read_text(encoding="utf-8"))
    )
    return [
        f"no page in docs/ shows `stillhaven {name}`"
        for name in cli.list_commands(context)
        if not re.search(rf"\bstillhaven {re.escape(name)}\b", written)
    ]


def settings_without_line() -> list[str]:
    """Environment variables that the product reads and docs/reference/environment.md does not explain."""
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    read = set()
    for path in (ROOT / "stillhaven").rglob("*.py"):
        read |= set(_SETTING.findall(path.read_text(encoding="utf-8")))
    known = set(_SETTING.findall(page))
    return [f"docs/reference/environment.md does not explain {name}" for name in sorted(read - known - _PRIVATE)]


def pages_nobody_finds() -> list[str]:
    """Pages that the index of docs does not lead to, directly or through a page it names."""
    start = ROOT / "docs" / "README.md"
    reached, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            place = (page.parent / target.partition("#")[0]).resolve()
            if place.suffix == ".md" and place.exists() and place not in reached:
                reached.add(place)
                waiting.append(place)
    lost = sorted(set((ROOT / "docs").rglob("*.md")) - reached)
    return [f"no way leads from docs/README.md to {path.relative_to(ROOT)}" for path in lost]
