"""Is the model that is installed the one that was measured, does it stay off the network, and are our sentences in it?"""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stillhaven.reference import _sentences
from stillhaven.science.errors import BadInput
from stillhaven.science.sentences import WIDTH
from tools import sentences as tool

# The numbers of sentence-transformers/all-MiniLM-L6-v2, revision 1110a24, as many public projects pin them.
PUBLISHED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@pytest.fixture
def fresh() -> None:
    _sentences.encoder.cache_clear()
    _sentences.stored.cache_clear()


def test_the_numbers_are_the_published_ones() -> None:
    where = _sentences.folder()
    assert where is not None, "the package of the model is in the lock, and is not installed"
    with (where / "model.safetensors").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == PUBLISHED


def test_it_answers_as_the_published_model_does() -> None:
    """The example of the model's own page, to four places."""
    model = _sentences.encoder()
    assert model is not None
    first, *others = model.vectors(
        ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    )
    assert [float(first @ other) for other in others] == pytest.approx([0.6946, 0.9429, 0.2569], abs=1e-4)


def test_it_loads_without_a_socket_and_without_the_package_s_own_code(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_args: object, **_more: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no)
    monkeypatch.setattr(socket, "create_connection", no)
    model = _sentences.encoder()
    assert model is not None
    assert model.vector("is it safe").shape == (WIDTH,)
    assert not {_sentences.PACKAGE, "torch", "transformers", "sentence_transformers"} & set(sys.modules)


def test_no_other_process_needs_a_network_either() -> None:
    """In a process of its own, where nothing was loaded before: every lookup of a name or opening of a socket ends it."""
    code = (
        "import sys\n"
        "sys.addaudithook(lambda name, args: sys.exit(name) if name.startswith('socket.') else None)\n"
        "from stillhaven.reference import _sentences\n"
        "print(len(_sentences.encoder().vector('can i drive home')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(WIDTH), done.stderr


def test_without_the_package_there_is_no_model_and_no_fault(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sentences, "PACKAGE", "no_such_package_anywhere")
    assert _sentences.encoder() is None
    _sentences.encoder.cache_clear()


@pytest.mark.parametrize("left", [0, 4, 200, 5000])
def test_a_file_that_broke_off_is_refused(tmp_path: Path, left: int) -> None:
    where = _sentences.folder()
    assert where is not None
    (tmp_path / "vocab.txt").write_bytes((where / "vocab.txt").read_bytes())
    with (where / "model.safetensors").open("rb") as file:
        (tmp_path / "model.safetensors").write_bytes(file.read(left))
    with pytest.raises((BadInput, ValueError)):
        _sentences.read_encoder(tmp_path)


def test_every_sentence_of_the_shipped_pages_has_its_direction() -> None:
    """`python -m tools.sentences` after a page changed; without it a clinic's first question is slow."""
    missing = [text for text in tool.texts() if _sentences.name_of(text) not in _sentences.stored()]
    assert missing == []


def test_what_is_shipped_is_what_the_model_says() -> None:
    model = _sentences.encoder()
    assert model is not None
    for text in tool.texts()[:: max(1, len(tool.texts()) // 25)]:
        assert float(np.dot(model.vector(text), _sentences.stored()[_sentences.name_of(text)])) > 0.999, text


def test_one_letter_more_is_another_sentence() -> None:
    texts = tool.texts()
    assert len({_sentences.name_of(text) for text in texts}) == len(texts)
    assert _sentences.name_of("is it safe") != _sentences.name_of("is it safer")
