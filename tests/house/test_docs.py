"""Do the docs tell the truth about the code that stands here?  And would the checker notice if they did not?"""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tools.docs import checks, consoles, pages

ROOT = Path(__file__).resolve().parents[2]
HAZARDS = ROOT / "docs" / "safety" / "hazards.md"


def test_generated_pages_are_as_the_code_and_files_are() -> None:
    assert pages.stale() == []


def test_nothing_named_in_the_docs_is_missing() -> None:
    assert checks.all_problems() == []


def test_every_console_block_can_be_read() -> None:
    """Reading alone: `make docs` runs them."""
    found = [one for path in checks.documents() for one in consoles.shown(path.name, path.read_text(encoding="utf-8"))]
    assert len(found) >= 5


@pytest.mark.parametrize(
    "path",
    [p for p in checks.documents() if ">>> " in p.read_text(encoding="utf-8") and p.name != "pharmacokinetics.md"],
    ids=lambda p: p.name,
)
def test_python_in_the_docs_answers_as_shown(path: Path) -> None:
    done = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert done.attempted > 0
    assert done.failed == 0


def test_every_hazard_has_a_page_and_a_test_that_exists() -> None:
    rows = re.findall(r"^\| (H\d+) \|(.+)\|$", HAZARDS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) >= 17
    for number, row in rows:
        link = re.search(r"\]\((\w+\.md)#", row)
        test = re.search(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert link is not None, number
        assert test is not None, number
        assert f"## {number} " in (HAZARDS.parent / link[1]).read_text(encoding="utf-8"), number


# ---------------------------------------------------------------- would it notice?


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see [there](nowhere.md)", "leads nowhere"),
        ("see [here](README.md#no-such-heading)", "no such heading"),
        ("see `stillhaven/science/nothing.py`", "does not exist"),
        ("see `science/nothing.py`", "does not exist"),
        ("see `tests/house/test_docs.py::test_that_nobody_wrote`", "has no test_that_nobody_wrote"),
        ("see `stillhaven/science/{units,nothing}.py`", "nothing.py does not exist"),
        ("see `examples/*.nothing`", "no file is like"),
    ],
)
def test_a_slip_in_a_page_is_noticed(text: str, what: str) -> None:
    page = ROOT / "docs" / "README.md"
    problems = [*checks.dead_links(page, text), *checks.lost_paths(text)]
    assert len(problems) == 1
    assert what in problems[0]


def test_what_is_true_is_no_problem() -> None:
    page = ROOT / "docs" / "README.md"
    text = "`stillhaven/science/units.py` `science/*.py` [a](tour.md) [b](https://example.org/x) `tests/house`"
    assert checks.dead_links(page, text) == []
    assert checks.lost_paths(text) == []


def test_an_old_page_is_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in pages.all_pages().items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    assert pages.stale() == []
    (tmp_path / "signals.md").write_text("old")
    (tmp_path / "left_over.md").write_text(pages.MARK)
    assert [p.split()[0] for p in pages.stale()] == ["docs/reference/signals.md", "docs/reference/left_over.md"]


def test_a_shown_command_is_held_to_its_words_and_its_code(tmp_path: Path) -> None:
    def problems(body: str, mark: str = "runs") -> list[str]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return consoles.run_page(consoles.shown("page", f"<!-- {mark} -->\n```console\n{body}\n```\n"), folder)

    assert problems("$ echo a b c\na ... c") == []
    assert problems("$ echo one > file\n$ cat file\none") == []
    assert problems("$ false", "runs, ends with 1") == []
    assert "said something else" in problems("$ echo a\nb")[0]
    assert "ended with 1" in problems("$ false")[0]
    assert "ended with 0, not 1" in problems("$ true", "runs, ends with 1")[0]


def test_a_mark_without_a_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="not followed by a console block"):
        consoles.shown("page", "<!-- runs -->\nsome text\n")
