"""Where does each part's output go, and how is the disk kept from filling?"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LIMIT_BYTES = 10 * 2**20
KEPT = 5


class RotatingLog:
    """Appends bytes to NAME.log; at the limit it becomes NAME.log.1, and so on.  A full disk never stops the clinic."""

    def __init__(self, path: Path, *, limit_bytes: int = LIMIT_BYTES, kept: int = KEPT) -> None:
        self.path, self.limit_bytes, self.kept = path, limit_bytes, kept
        self._file = -1

    def write(self, data: bytes) -> None:
        """Append; what cannot be written (disk full, folder gone) is dropped."""
        with contextlib.suppress(OSError):
            if self._file < 0:
                self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            if os.fstat(self._file).st_size + len(data) > self.limit_bytes:
                self._rotate()
            os.write(self._file, data)

    def _rotate(self) -> None:
        os.close(self._file)
        self._file = -1
        for number in range(self.kept - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tail(self, bytes_: int = 1500) -> str:
        """The last of it, for the message that says why something did not start."""
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - bytes_))
            return file.read().decode("utf-8", "replace").strip()
        return ""

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
