"""Under which name does a browser ask for a static file, so that it may keep it for a year and never see an old one?

Each file is known by its plain name and by one that carries a hash of what is in it: `css/base.css` is asked for as
`css/base.3f2a9c01d7be.css`.  Names inside a file (`url(…)` of a sheet, `import` of a module) are written anew first, so
that a change deep down changes the names of all that lead to it.  A sheet's `@import` lines are put in its place: one
request instead of five.  All this happens in memory when a process first asks, in some milliseconds: no build step.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import posixpath
import re
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.conf import settings

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")

_HASH = re.compile(r"\.[0-9a-f]{12}(?=\.[A-Za-z0-9]+$|$)")
_IMPORTED_SHEET = re.compile(r'^@import url\("([^"]+)"\);\n?', re.M)
_NAMES_IN = {
    ".css": re.compile(r'(?P<before>url\(")(?P<there>[^":#]+)(?P<after>"\))'),
    ".js": re.compile(r'(?P<before>\b(?:from|import)\s*\(?\s*")(?P<there>\.{1,2}/[^"]+)(?P<after>")'),
}
_WORTH_PACKING = ("text/", "image/svg+xml", "application/json")
LOOK_AGAIN_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One static file as it is sent."""

    name: str
    hashed: str
    kind: str
    body: bytes

    @property
    def tag(self) -> str:
        """Weak, since packed and unpacked are the same file in other bytes."""
        return f'W/"{_HASH.findall(self.hashed)[-1][1:]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The same in fewer bytes, where that is worth it; done once and kept."""
        if not self.kind.startswith(_WORTH_PACKING) or len(self.body) < 400:
            return None
        packed = gzip.compress(self.body, compresslevel=9, mtime=0)
        return packed if len(packed) < len(self.body) else None


class Assets:
    """All static files of the package, read once."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.files = {p.relative_to(self.root).as_posix(): p for p in sorted(self.root.rglob("*")) if p.is_file()}
        self._made: dict[str, Asset] = {}
        for name in self.files:
            self._make(name, ())
        self.by_hashed = {asset.hashed: asset for asset in self._made.values()}

    def find(self, name: str) -> tuple[Asset, bool] | None:
        """The file of that name, and whether the name says exactly what is in it.

        A name with another hash is an older page's: it gets what there is now, and is told to ask again.
        """
        if name in self.by_hashed:
            return self.by_hashed[name], True
        asset = self._made.get(name) or self._made.get(_HASH.sub("", name))
        return None if asset is None else (asset, False)

    def hashed(self, name: str) -> str:
        """The name to ask for; a file that is not ours keeps its own."""
        asset = self._made.get(name)
        return name if asset is None else asset.hashed

    def _make(self, name: str, on_the_way: tuple[str, ...]) -> Asset:
        if name in on_the_way:
            raise ValueError(f"static files lead in a circle: {' -> '.join((*on_the_way, name))}")
        if name not in self._made:
            way = (*on_the_way, name)
            body = self.files[name].read_bytes()
            ending = posixpath.splitext(name)[1]
            if ending in _NAMES_IN:
                body = self._with_new_names(self._text(name, way), name, ending, way).encode()
            stem = name.removesuffix(ending)
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._made[name] = Asset(
                name=name,
                hashed=f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}{ending}",
                kind=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
                body=body,
            )
        return self._made[name]

    def _text(self, name: str, way: tuple[str, ...]) -> str:
        """A sheet with what it imports in place of the line; anything else as it is."""
        text = self.files[name].read_text(encoding="utf-8")
        if not name.endswith(".css"):
            return text

        def put_in(found: re.Match[str]) -> str:
            there = _beside(name, found[1])
            if there in way or posixpath.dirname(there) != posixpath.dirname(name):
                raise ValueError(
                    f"{name}: only sheets of the same folder can be imported, and not in a circle: {there}"
                )
            return self._text(there, (*way, there))

        return _IMPORTED_SHEET.sub(put_in, text)

    def _with_new_names(self, text: str, name: str, ending: str, way: tuple[str, ...]) -> str:
        def renamed(found: re.Match[str]) -> str:
            there = _beside(name, found["there"])
            if there not in self.files:
                return found[0]
            new = posixpath.basename(self._make(there, way).hashed)
            old = found["there"]
            return found["before"] + old[: len(old) - len(posixpath.basename(old))] + new + found["after"]

        return _NAMES_IN[ending].sub(renamed, text)


def _beside(name: str, there: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), there))


# ---------------------------------------------------------------- the one set of this process
_lock = threading.Lock()
_now: tuple[Assets, float, float] | None = None  # the set, the newest change in it, when it was last looked at


def assets() -> Assets:
    """The files of this package.  Outside a clinic a changed file is seen at the next reload; a clinic's never change."""
    global _now
    known = _now
    if known is not None and (settings.MODE == "clinic" or time.monotonic() - known[2] < LOOK_AGAIN_S):
        return known[0]
    with _lock:
        root = Path(settings.STATICFILES_DIRS[0])
        changed = max(p.stat().st_mtime for p in root.rglob("*"))
        made = known[0] if known is not None and known[1] == changed else Assets(root)
        _now = (made, changed, time.monotonic())
    return made
