"""How near in meaning are two short sentences, when they share no word?

A small language model (MiniLM, six layers) turns a sentence into a direction; two that mean nearly the same point nearly the
same way.  It runs in plain numpy on weights that somebody else read from disk, makes no sentence of its own, and only ever
orders pages that people have written.  Whether a sentence is a crisis is never judged by likeness (`ask.py` does, by rules).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillhaven.science.ask import edits
from stillhaven.science.errors import BadInput

Vector = NDArray[np.float32]
WIDTH = 384
HEADS = 12
PIECES = 96  # pieces of words that are read of one sentence: about sixty words
_BEGIN, _END, _STRANGE = "[CLS]", "[SEP]", "[UNK]"


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """The model: its pieces of words, and its numbers by name."""

    pieces: Mapping[str, int]
    numbers: Mapping[str, Vector]

    def __post_init__(self) -> None:
        """Refuse numbers of another model before the first question meets them."""
        words = self.numbers.get("embeddings.word_embeddings.weight")
        if words is None or words.shape != (len(self.pieces), WIDTH):
            raise BadInput("model", "the numbers do not fit the list of pieces")
        if missing := {_BEGIN, _END, _STRANGE} - set(self.pieces):
            raise BadInput("model", f"has no {sorted(missing)[0]}")
        if not self.layers:
            raise BadInput("model", "has no layers")

    @cached_property
    def layers(self) -> int:
        found = {int(name.split(".")[2]) for name in self.numbers if name.startswith("encoder.layer.")}
        return len(found)

    def vector(self, text: str) -> Vector:
        """The direction of one sentence, of length one."""
        return np.asarray(self.vectors([text])[0], dtype=np.float32)

    def vectors(self, texts: Sequence[str]) -> Vector:
        """One row a sentence.  Many are read side by side, since most of the time goes into fetching the numbers."""
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        whole = [self.ids(text) for text in texts]
        ends = np.cumsum([len(ids) for ids in whole]).tolist()
        spans = [slice(end - len(ids), end) for ids, end in zip(whole, ends, strict=True)]
        at = self.numbers
        x = at["embeddings.word_embeddings.weight"][np.concatenate(whole)]
        x = x + at["embeddings.position_embeddings.weight"][np.concatenate([np.arange(len(ids)) for ids in whole])]
        x = self._level(x + at["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(self.layers):
            x = self._layer(x, spans, f"encoder.layer.{number}.")
        return np.stack([unit(x[span].mean(axis=0)) for span in spans])

    def knows(self, word: str) -> bool:
        """Is it one whole word to the model?"""
        return word in self.pieces

    def words_like(self, word: str) -> tuple[str, ...]:
        """Whole words that begin alike and are about as long."""
        return tuple(w for n in range(len(word) - 2, len(word) + 3) for w in self._words.get((word[0], n), ()))

    @cached_property
    def _words(self) -> dict[tuple[str, int], list[str]]:
        found: dict[tuple[str, int], list[str]] = {}
        for piece in self.pieces:
            if piece.isascii() and piece.isalpha():
                found.setdefault((piece[0], len(piece)), []).append(piece)
        return found

    def ids(self, text: str) -> list[int]:
        """The pieces of a sentence, between its two marks."""
        low = unicodedata.normalize("NFD", text.lower())
        low = "".join(c for c in low if unicodedata.category(c) != "Mn")
        found = [piece for word in re.findall(r"[^\W_]+|[^\w\s]|_", low) for piece in self._split(word)]
        return [self.pieces[_BEGIN], *found[: PIECES - 2], self.pieces[_END]]

    def _split(self, word: str) -> list[int]:
        """The longest known beginning, then the longest known rest, and so on."""
        found, begin = [], 0
        while begin < len(word):
            for end in range(len(word), begin, -1):
                piece = ("##" if begin else "") + word[begin:end]
                if piece in self.pieces:
                    found.append(self.pieces[piece])
                    begin = end
                    break
            else:
                return [self.pieces[_STRANGE]]
        return found

    def _layer(self, x: Vector, spans: Sequence[slice], at: str) -> Vector:
        q, k, v = (self._linear(x, f"{at}attention.self.{name}") for name in ("query", "key", "value"))
        seen = np.concatenate([_attend(q[span], k[span], v[span]) for span in spans])
        x = self._level(x + self._linear(seen, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        inner = _gelu(self._linear(x, f"{at}intermediate.dense"))
        return self._level(x + self._linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")

    def _linear(self, x: Vector, at: str) -> Vector:
        return np.asarray(x @ self.numbers[f"{at}.weight"].T + self.numbers[f"{at}.bias"], dtype=np.float32)

    def _level(self, x: Vector, at: str) -> Vector:
        x = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + np.float32(1e-12))
        return np.asarray(x * self.numbers[f"{at}.weight"] + self.numbers[f"{at}.bias"], dtype=np.float32)


def unit(x: Vector) -> Vector:
    """The same direction, of length one."""
    return np.asarray(x / max(float(np.linalg.norm(x)), 1e-12), dtype=np.float32)


def _attend(q: Vector, k: Vector, v: Vector) -> Vector:
    """Within one sentence: each piece takes from the others by how well they answer to it."""
    q, k, v = (part.reshape(len(part), HEADS, -1).transpose(1, 0, 2) for part in (q, k, v))
    looks = q @ k.transpose(0, 2, 1) / np.float32(math.sqrt(WIDTH // HEADS))
    looks = np.exp(looks - looks.max(axis=-1, keepdims=True))
    return np.asarray((looks / looks.sum(axis=-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(-1, WIDTH))


def _gelu(x: Vector) -> Vector:
    """x times the share of a bell curve below x; its integral by Abramowitz and Stegun 7.1.26, true to 1.5e-7."""
    z = np.abs(x) / np.float32(math.sqrt(2.0))
    t = 1.0 / (1.0 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(0.5 * x * (1.0 + np.sign(x) * (1.0 - poly * np.exp(-z * z))), dtype=np.float32)


# ---------------------------------------------------------------- slips
def mend(text: str, ours: Collection[str], model: Encoder) -> str:
    """The sentence with each word that neither our pages nor the model know put right, where one letter or two do it.

    A word of our pages goes before any other; of those, the one that people write most (the model lists them so).
    """
    return re.sub(r"[^\W\d_]{5,}", lambda found: _meant(found[0], ours, model), text)


def _meant(word: str, ours: Collection[str], model: Encoder) -> str:
    low = word.lower()
    if low in ours or model.knows(low):
        return word
    most = 1 if len(low) < 7 else 2
    best: tuple[int, bool, int, str] | None = None
    for other in {*ours, *model.words_like(low)}:
        if other[0] != low[0] or abs(len(other) - len(low)) > most or len(other) < 5:
            continue
        if len(set(low) ^ set(other)) > 2 * most:  # cheaper to see than to count
            continue
        far = edits(low, other)
        if far <= most:
            rank = (far, other not in ours, model.pieces.get(other, len(model.pieces)), other)
            best = rank if best is None else min(best, rank)
    return best[3] if best is not None else word
