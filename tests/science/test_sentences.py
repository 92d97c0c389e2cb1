"""Does the model in plain numpy do what such a model does, and are slips put right without inventing anything?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.science import sentences
from stillhaven.science.errors import BadInput
from stillhaven.science.sentences import PIECES, WIDTH, Encoder

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "drive", "home", "can", "pregnant", "bank", "##ing", "##s", "?", "'",
         *"abcdefghijklmnopqrstuvwxyz")  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Encoder:
    """A model of one layer with numbers out of a hat."""
    dice = np.random.default_rng(7)
    sizes = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (PIECES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **{
            f"encoder.layer.0.attention.{n}.weight": (WIDTH, WIDTH)
            for n in ("self.query", "self.key", "self.value", "output.dense")
        },
        "encoder.layer.0.intermediate.dense.weight": (4 * WIDTH, WIDTH),
        "encoder.layer.0.output.dense.weight": (WIDTH, 4 * WIDTH),
    }
    numbers = {name: dice.normal(0, 0.05, size).astype(np.float32) for name, size in sizes.items()}
    for name in [n for n in sizes if n.startswith("encoder")]:
        numbers[name.replace(".weight", ".bias")] = np.zeros(sizes[name][0], dtype=np.float32)
    for name in (
        "embeddings.LayerNorm",
        "encoder.layer.0.attention.output.LayerNorm",
        "encoder.layer.0.output.LayerNorm",
    ):
        numbers[f"{name}.weight"], numbers[f"{name}.bias"] = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    return Encoder(pieces={word: n for n, word in enumerate(WORDS)}, numbers=numbers)


def test_a_sentence_is_cut_into_the_longest_known_pieces(small: Encoder) -> None:
    said = [WORDS[n] for n in small.ids("Banking, BANKS?  é漢")]
    assert said == ["[CLS]", "bank", "##ing", "[UNK]", "bank", "##s", "?", "[UNK]", "[SEP]"]


@settings(max_examples=40)
@given(st.text(max_size=300))
def test_any_text_has_a_direction_of_length_one(small: Encoder, text: str) -> None:
    assert len(small.ids(text)) <= PIECES
    assert float(np.linalg.norm(small.vector(text))) == pytest.approx(1.0, abs=1e-4)


def test_order_and_words_both_count(small: Encoder) -> None:
    first = small.vector("can i drive home")
    assert float(first @ small.vector("Can I drive home")) == pytest.approx(1.0, abs=1e-5)
    assert float(first @ small.vector("home drive i can")) < 0.99999
    assert float(first @ small.vector("bank?")) < 0.999


def test_numbers_of_another_model_are_refused(small: Encoder) -> None:
    with pytest.raises(BadInput, match="do not fit"):
        Encoder(pieces={**small.pieces, "more": 99}, numbers=small.numbers)
    with pytest.raises(BadInput, match="do not fit"):
        Encoder(pieces=small.pieces, numbers={})


def test_the_bell_curve_is_the_real_one() -> None:
    x = np.linspace(-6, 6, 500).astype(np.float32)
    real = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    assert np.abs(sentences._gelu(x) - real).max() < 2e-6


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("im pregnent", "im pregnant"),
        ("can i drvie home", "can i drive home"),
        ("Fibromialgia?", "fibromyalgia?"),
        ("i take zzyzx", "i take zzyzx"),  # nothing is near: left as it is
        ("go hime", "go hime"),  # four letters tell too little
    ],
)
def test_a_slip_is_put_right_and_a_strange_word_left_alone(small: Encoder, typed: str, meant: str) -> None:
    assert sentences.mend(typed, frozenset({"fibromyalgia"}), small) == meant


def test_a_word_of_our_pages_goes_before_any_other(small: Encoder) -> None:
    assert sentences.mend("drivo", frozenset({"drivo", "drive"}), small) == "drivo"
    assert sentences.mend("drivo", frozenset({"drivs"}), small) == "drivs"
    assert sentences.mend("drivo", frozenset(), small) == "drive"
