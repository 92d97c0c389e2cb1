"""What is in a backup file, and how does one know that all of it is there, unchanged?

One age-encrypted tar: whoever lacks the key reads nothing, and a changed or shortened file does not open.  Inside, the
last entry is manifest.json with the SHA-256 and size of every other entry.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyrage

from stillhaven.science.errors import BadInput, Refused

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20


class _Hashing(io.RawIOBase):
    """Reads from a file and hashes what it hands on."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.digest, self.size = source, hashlib.sha256(), 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data


class Writer:
    """Adds entries to an archive and remembers what they were."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> None:
        """One file.  It must not change meanwhile: copy what may (the spool) first."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def add_tree(self, name: str, folder: Path) -> None:
        """Every file below a folder."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.add(f"{name}/{path.relative_to(folder).as_posix()}", path)

    def add_text(self, name: str, text: str) -> None:
        data = text.encode("utf-8")
        self._add(name, io.BytesIO(data), len(data))

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        hashing = _Hashing(file)
        self._tar.addfile(entry, hashing)
        self.files[name] = {"sha256": hashing.digest.hexdigest(), "bytes": hashing.size}


@contextlib.contextmanager
def writing(target: Path, recipients: Sequence[str], about: Callable[[], dict[str, Any]]) -> Iterator[Writer]:
    """An archive at `target`, whole or not at all: it gets its name only when all of it is on disk."""
    try:
        keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError:
        raise BadInput("--to", "is not an age recipient (age1...)") from None
    part = target.with_name(target.name + ".part")
    try:
        with open(part, "xb", opener=_private) as file:
            with _in_thread(lambda source: pyrage.encrypt_io(source, file, keys), reads=True) as pipe:  # noqa: SIM117
                with tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                    writer = Writer(tar)
                    yield writer
                    manifest = {"format": FORMAT, **about(), "files": dict(writer.files)}
                    writer.add_text(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except FileExistsError:
        raise Refused(why=f"{part} exists: another backup is being written, or one was cut off. Remove it.") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def unpack(source: Path, keys: Sequence[str], place: Callable[[str], Path | None]) -> dict[str, Any]:
    """Unpack and check an archive; returns its manifest.  `place` says where an entry goes (None: nowhere).

    Refuses an archive that no key opens, that was changed or cut off, or whose entries are not what the manifest says.
    """
    identities = [pyrage.x25519.Identity.from_str(key) for key in keys]
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] = {}
    try:
        with source.open("rb") as file, _in_thread(lambda sink: pyrage.decrypt_io(file, sink, identities)) as pipe:
            with tarfile.open(fileobj=pipe, mode="r|") as tar:
                for entry in tar:
                    content = tar.extractfile(entry)
                    if content is None or not _is_plain(entry.name):
                        raise Refused(why=f"{source} holds {entry.name!r}, which no backup of ours would")
                    if entry.name == MANIFEST:
                        manifest = json.loads(content.read())
                    else:
                        found[entry.name] = _take(content, place(entry.name))
            while pipe.read(CHUNK):
                """To the end: only there does the last seal tell whether the file was cut off."""
    except pyrage.DecryptError as error:
        raise Refused(why=_why_not(source, str(error))) from None
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Refused(why=f"{source} is damaged: {error}") from None
    _compare(source, manifest, found)
    return manifest


def _compare(source: Path, manifest: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    if not manifest:
        raise Refused(why=f"{source} is damaged: its manifest is missing")
    if manifest.get("format") != FORMAT:
        raise Refused(why=f"{source} has format {manifest.get('format')}; this version reads format {FORMAT}")
    told = manifest.get("files", {})
    wrong = sorted(name for name in {*told, *found} if told.get(name) != found.get(name))
    if wrong:
        raise Refused(why=f"{source} is damaged: {', '.join(wrong[:5])} is not what its manifest says")


def _why_not(source: Path, error: str) -> str:
    if "No matching keys" in error or "no matching" in error.lower():
        return (
            f"none of the keys known here opens {source}. Give --key FILE: the backup key of the clinic it came from."
        )
    return f"{source} is damaged or is no backup: {error}"


def _take(content: IO[bytes], target: Path | None) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with contextlib.ExitStack() as stack:
        file: IO[bytes] | None = None
        if target is not None:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = stack.enter_context(open(target, "wb", opener=_private))
        while data := content.read(CHUNK):
            digest.update(data)
            size += len(data)
            if file is not None:
                file.write(data)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)


@contextlib.contextmanager
def _in_thread(work: Callable[[IO[bytes]], object], *, reads: bool = False) -> Iterator[IO[bytes]]:
    """Run `work` on one end of a pipe in a thread while the block uses the other; its error becomes the block's."""
    read_end, write_end = os.pipe()
    theirs, ours = (read_end, write_end) if reads else (write_end, read_end)
    failed: list[BaseException] = []

    def run() -> None:
        with os.fdopen(theirs, "rb" if reads else "wb") as file:
            try:
                work(file)
            except BaseException as error:  # handed to the block below
                failed.append(error)

    thread = threading.Thread(target=run, name="age", daemon=True)
    thread.start()
    try:
        with os.fdopen(ours, "wb" if reads else "rb") as file:
            yield file
    except BaseException as error:
        thread.join(5.0)
        if failed and not isinstance(error, Refused):
            raise failed[0] from error
        raise
    thread.join()
    if failed:
        raise failed[0]
