"""Does the accelerator change any answer by more than 1e-12?  Asked of two interpreters: this one, and one with numba.

The interpreter with numba is `.venv-fast` (`make test-fast` makes it) or the one in STILLHAVEN_FAST_PYTHON.  Without
either the test is skipped, and `make test` says so at its end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stillhaven.science.pk import _numba

ROOT = Path(__file__).resolve().parents[2]


def with_numba() -> Path | None:
    """A python that has numba: this one, or that of the environment made for it."""
    if _numba.COMPILED:
        return Path(sys.executable)
    named = os.environ.get("STILLHAVEN_FAST_PYTHON")
    python = Path(named) if named else ROOT / ".venv-fast" / "bin" / "python"
    return python if python.exists() and (named or (ROOT / ".venv-fast" / "ready").exists()) else None


def asked(python: Path, to: Path, *, numba: bool) -> tuple[dict[str, np.ndarray], str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "STILLHAVEN_PK_NUMBA": "1" if numba else "0"}
    done = subprocess.run(
        [str(python), "-m", "tests.science.pk_answers", str(to)], cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with np.load(to) as kept:
        return {name: kept[name] for name in kept.files}, done.stdout.strip()


def test_the_accelerator_changes_no_answer_by_more_than_1e_12(tmp_path: Path) -> None:
    python = with_numba()
    if python is None:
        pytest.skip("numba is not here: `make test-fast` makes an environment with it and asks again")
    slow, by = asked(Path(sys.executable), tmp_path / "numpy.npz", numba=False)
    quick, with_ = asked(python, tmp_path / "numba.npz", numba=True)
    assert (by, with_) == ("numpy alone", "compiled")
    assert slow.keys() == quick.keys()
    assert sum(name.startswith("levels") for name in slow) > 40
    for name, one in slow.items():
        other = quick[name]
        assert one.shape == other.shape
        if name == "fit":
            assert np.max(np.abs(one - other)) < 1e-8, "log units"
        elif name == "crowd":  # a level that lies on the edge of a bin may fall on either side
            assert np.allclose(one, other, rtol=1e-4)
        else:
            there = one > 1e-200
            assert np.array_equal(there, other > 1e-200), name
            assert np.max(np.abs(other[there] / one[there] - 1.0)) < 1e-12, name
