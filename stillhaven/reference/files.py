"""What stands in the reference files, and where does a file say something that cannot be used?

A `Shelf` lays a clinic's folder over the shipped one: a file of the clinic replaces the shipped file of the same name,
and may add new ones.  A `Table` hands out one TOML table's values, notes whatever is wrong with the file and the key,
and notes every key that nobody asked for, so that a misspelt key is never silently ignored.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from stillhaven.science.errors import BadInput
from stillhaven.science.units import Quantity

SHIPPED = Path(__file__).parent
CLINIC = " (clinic)"  # what a file of the clinic's folder is marked with, where both layers are read
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong with one file, at one key."""

    file: str
    key: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.why}" if self.key else f"{self.file}: {self.why}"


@dataclass
class Shelf:
    """The files of the shipped folder with the clinic's folder laid over them, and what was found wrong so far."""

    shipped: Path = SHIPPED
    overlay: Path | None = None
    problems: list[Problem] = field(default_factory=list)
    seen: dict[str, bytes] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def names(self, folder: str = "") -> list[str]:
        """Names of the TOML files in a folder (not below it), of both layers, in a stable order."""
        found: set[str] = set()
        for root in (self.shipped, self.overlay):
            if root is not None and (root / folder).is_dir():
                found |= {path.relative_to(root).as_posix() for path in (root / folder).glob("*.toml")}
        return sorted(found)

    def everything(self) -> list[str]:
        """Every TOML file of the clinic's folder: each has to be one that somebody reads."""
        if self.overlay is None:
            return []
        return sorted(path.relative_to(self.overlay).as_posix() for path in self.overlay.rglob("*.toml"))

    def path(self, name: str) -> Path:
        """Where the file that counts lies: the clinic's where it has one, else the shipped one."""
        if self.overlay is not None and (self.overlay / name).is_file():
            return self.overlay / name
        return self.shipped / name

    def read(self, name: str) -> Table:
        """The whole of one file.  A file that is missing or is not TOML is noted, and reads as empty."""
        return self._read(name, self.path(name), name)

    def both(self, name: str) -> list[Table]:
        """The shipped file and, where there is one, the clinic's of the same name: for files that add up."""
        layers = [self._read(name, self.shipped / name, name)]
        if self.overlay is not None and (self.overlay / name).is_file():
            layers.append(self._read(name, self.overlay / name, f"{name}{CLINIC}"))
        return layers

    def note(self, folder: str) -> None:
        """Count the shipped files of a folder in the version, although another reader reads them."""
        for path in sorted((self.shipped / folder).glob("*.toml")):
            self.seen[path.relative_to(self.shipped).as_posix()] = path.read_bytes()

    def wrong(self, file: str, key: str, why: str) -> None:
        self.problems.append(Problem(file=file, key=key, why=why))

    def _read(self, name: str, path: Path, label: str) -> Table:
        data: dict[str, Any] = {}
        try:
            raw = path.read_bytes()
            self.seen[label] = raw
            data = tomllib.loads(raw.decode("utf-8"))
        except FileNotFoundError:
            self.wrong(name, "", "is missing")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.wrong(name, "", f"is not readable as TOML: {error}")
        self.tables[label] = data
        return Table(file=label, key="", data=data, problems=self.problems)

    @property
    def version(self) -> str:
        """sha256 over the names and bytes of all files read so far: the same files give the same version anywhere."""
        digest = hashlib.sha256()
        for name in sorted(self.seen):
            raw = self.seen[name].replace(b"\r\n", b"\n")
            digest.update(f"{name}\0{len(raw)}\0".encode())
            digest.update(raw)
        return digest.hexdigest()


@dataclass
class Table:
    """One table of a reference file.  Each getter notes a problem instead of raising: all are listed at once."""

    file: str
    key: str
    data: dict[str, Any]
    problems: list[Problem]
    asked: set[str] = field(default_factory=set)

    def where(self, name: str) -> str:
        return ".".join(part for part in (self.key, name) if part)

    def wrong(self, name: str, why: str) -> None:
        self.problems.append(Problem(file=self.file, key=self.where(name), why=why))

    def has(self, name: str) -> bool:
        return name in self.data

    def raw(self, name: str) -> Any:
        self.asked.add(name)
        return self.data.get(name)

    def _get(self, name: str, kind: type | tuple[type, ...], word: str, *, needed: bool) -> Any:
        value = self.raw(name)
        if value is None:
            if needed:
                self.wrong(name, "is missing")
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.wrong(name, f"must be {word}")
            return None
        return value

    def text(self, name: str, *, needed: bool = True) -> str:
        value = self._get(name, str, "text in quotes", needed=needed)
        if needed and isinstance(value, str) and not value.strip():
            self.wrong(name, "is empty")
        return value if isinstance(value, str) else ""

    def texts(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        value = self._get(name, list, "a list of texts", needed=needed)
        if value is None:
            return ()
        if not all(isinstance(item, str) and item.strip() for item in value):
            self.wrong(name, "must be a list of texts")
            return ()
        return tuple(value)

    def flag(self, name: str, *, needed: bool = True) -> bool:
        return bool(self._get(name, bool, "true or false", needed=needed))

    def whole(self, name: str, *, needed: bool = True) -> int | None:
        """A count: sessions, weeks, points.  Its key says what is counted."""
        value = self._get(name, int, "a whole number", needed=needed)
        return value if isinstance(value, int) else None

    def number(self, name: str, *, needed: bool = True) -> float | None:
        value = self._get(name, (int, float), "a number", needed=needed)
        if value is None:
            return None
        if not math.isfinite(value):
            self.wrong(name, "is not a finite number")
            return None
        return float(value)

    def day(self, name: str) -> date | None:
        """A day written as text ("2026-11-21"); an empty text is no day yet."""
        text = self.text(name, needed=False)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(name, f"{text!r} is not a day such as 2026-11-21")
            return None

    def choice(self, name: str, kind: type[Choice], *, needed: bool = True) -> Choice | None:
        text = self.text(name, needed=needed)
        if not text:
            return None
        return self._one_of(name, text, kind)

    def choices(self, name: str, kind: type[Choice], *, needed: bool = False) -> tuple[Choice, ...]:
        found = (self._one_of(name, text, kind) for text in self.texts(name, needed=needed))
        return tuple(item for item in found if item is not None)

    def _one_of(self, name: str, text: str, kind: type[Choice]) -> Choice | None:
        try:
            return kind(text)
        except ValueError:
            self.wrong(name, f"{text!r} is not one of {', '.join(item.value for item in kind)}")
            return None

    def quantity(self, name: str, unit: str, *, needed: bool = True) -> float | None:
        """`name = { value = 40, unit = "min" }`, as a plain float in `unit`."""
        if not self.has(name) and not needed:
            self.asked.add(name)
            return None
        part = self.table(name)
        if part is None:
            return None
        value, written = part.number("value"), part.text("unit")
        part.close()
        if value is None or not written:
            return None
        try:
            return Quantity(value, written).to(unit)
        except BadInput as error:
            part.wrong(error.field, error.why)
            return None

    def table(self, name: str, *, needed: bool = True) -> Table | None:
        value = self._get(name, dict, "a table", needed=needed)
        return None if value is None else Table(self.file, self.where(name), value, self.problems)

    def rows(self, name: str) -> Iterator[Table]:
        """Each table of a list of tables (`[[name]]`)."""
        value = self.raw(name)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(name, f"must be a list of tables: [[{name}]]")
            return
        for index, item in enumerate(value):
            label = str(item.get("key") or index)
            yield Table(self.file, f"{self.where(name)}[{label}]", item, self.problems)

    def named(self, name: str) -> Iterator[tuple[str, Table]]:
        """Each table under a name (`[name.key]`), with its key."""
        part = self.table(name, needed=False)
        if part is None:
            return
        for key in part.data:
            row = part.table(key)
            if row is not None:
                yield key, row

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for name in self.data:
            if name not in self.asked:
                self.wrong(name, "is a key that nobody reads: misspelt, or not part of this kind of file")
