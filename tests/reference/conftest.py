"""A copy of the shipped reference files that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stillhaven.reference.files import SHIPPED
from stillhaven.reference.load import read


@dataclass
class Copy:
    """The shipped files in a folder of their own: change one, look what the check says, put it back."""

    root: Path
    spoilt: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        self.spoilt.setdefault(name, path.read_text(encoding="utf-8") if path.exists() else "")
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first `old`, which has to be there: a change that changes nothing proves nothing."""
        text = self.text(name)
        assert old in text, f"{old!r} is not in {name}"
        self.put(name, text.replace(old, new, 1))

    def problems(self) -> list[str]:
        return [str(problem) for problem in read(shipped=self.root)[1]]

    def restore(self) -> None:
        for name, text in self.spoilt.items():
            if text:
                (self.root / name).write_text(text, encoding="utf-8")
            else:
                (self.root / name).unlink()
        self.spoilt.clear()


@pytest.fixture(scope="session")
def _shipped_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    root = tmp_path_factory.mktemp("reference")
    for path in SHIPPED.rglob("*.toml"):
        target = root / path.relative_to(SHIPPED)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return Copy(root)


@pytest.fixture
def copy(_shipped_copy: Copy) -> Iterator[Copy]:
    """The copy, put back as shipped afterwards."""
    yield _shipped_copy
    _shipped_copy.restore()
