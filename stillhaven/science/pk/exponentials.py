"""What does one step of a given length do to the drug in every place, exactly, for many people at once?

The matrix of a compartment model has no negative entry off its diagonal.  Its exponential is therefore summed, scaled
and squared in non-negative numbers only, so nothing cancels: each entry is right in its own digits, not only relative
to the largest (Shao, Gao and Xue 2014, SIAM J. Matrix Anal. Appl. 35:497).
"""

from __future__ import annotations

import math

import numpy as np

from stillhaven.science.pk.models import Floats

_TERMS = 19  # of the exponential series at norm <= 1: the rest is under 1e-17
_STIFF = 3  # squarings in one step from which the digits of every entry are followed
_PLENTY = 2048  # squared or taken this often in a row, digits are followed as well
_EVERY = slice(None)
_LONG = 6.0  # norm of a step beyond which the matrix is cheaper than its action
_FACTORIAL = [1.0 / math.factorial(k) for k in range(_TERMS + 1)]


class Exponentials:
    """exp(a), exp(2a), exp(4a), ... of each matrix of a batch (n, k, k) whose off-diagonal entries are not negative.

    `in_a_row` says how many steps of a will be taken one after the other at most.  Squaring s times costs s binary
    digits of the slow modes when fast and slow rates meet.  Where that matters, exp - 1 is carried beside exp: it keeps
    the slow modes, exp the fast ones, and each entry is taken from whichever kept more of its digits.  Complex matrices
    are allowed when their imaginary part is a derivative step (1e-200): the fit uses that.
    """

    def __init__(self, a: Floats, in_a_row: int = _PLENTY) -> None:
        self._eye = np.eye(a.shape[1])
        shift = np.maximum(0.0, -np.einsum("nii->ni", a).real.min(axis=1))
        b = a + shift[:, None, None] * self._eye
        norm = np.maximum(np.abs(a).sum(axis=2), np.abs(b).sum(axis=2)).max(axis=1)
        first = np.maximum(0, np.ceil(np.log2(np.maximum(norm, 1e-300)))).astype(int)
        most = int(first.max(initial=0))
        scale = np.ldexp(1.0, -first)[:, None, None]
        # exp(a) = exp(-shift) exp(b), and b has no negative entry: nothing cancels
        self._exp: Floats = (_series(b * scale if most else b) + self._eye) * np.exp(-shift[:, None, None] * scale)
        self._stiff = most > _STIFF
        self._careful = self._stiff or in_a_row * 2**most >= _PLENTY
        if self._careful:
            self._less = _series(a * scale)  # exp - 1
            self._lost = 2.0 * np.abs(self._exp)  # of exp, in units of the last digit of 1
            self._lost_less = np.abs(self._less) + self._eye  # of 1 + (exp - 1)
        for step in range(most):
            self._square(first > step)
        self._doubled = [self._best()]

    def _square(self, todo: np.ndarray | None = None) -> None:
        every = todo is None or bool(todo.all())
        part: slice | np.ndarray = slice(None) if todo is None or every else todo
        if not self._careful:
            if every:
                self._exp = self._exp @ self._exp
            else:
                self._exp[part] = self._exp[part] @ self._exp[part]
            return
        e, f, lost = self._exp[part], self._less[part], self._lost[part]
        square = e @ e
        if self._stiff:
            lost = (lost @ np.abs(e)) + (np.abs(e) @ lost) + np.abs(square)
        else:
            lost = 2.0 * np.abs(square) * (lost / np.maximum(np.abs(e), 1e-300)).max(axis=(1, 2), keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):  # where it runs away its digits are lost, and exp is kept
            f = 2.0 * f + f @ f
        lost_less = np.maximum(self._lost_less[part], np.abs(f) + self._eye)
        if self._stiff:
            better = lost_less < lost
            square, lost = np.where(better, f + self._eye, square), np.where(better, lost_less, lost)
        self._exp[part], self._less[part], self._lost[part], self._lost_less[part] = square, f, lost, lost_less

    def _best(self) -> Floats:
        if not self._careful:
            return self._exp
        better: Floats = np.where(self._lost_less < self._lost, self._less + self._eye, self._exp)
        return better

    def doubled(self, times: int) -> Floats:
        """exp(2^times a)."""
        while len(self._doubled) <= times:
            self._square()
            self._doubled.append(self._best())
        return self._doubled[times]


class Action:
    """exp(a minutes) z of n people for steps that are taken once: a (n, k, k), z (n, k), minutes (n,).

    The series acts on the amounts themselves, so no matrix is made.  As above it sums non-negative terms.
    """

    def __init__(self, a: Floats) -> None:
        self._a = a
        self._shift = np.maximum(0.0, -np.einsum("nii->ni", a).real.min(axis=1))
        self._b = np.ascontiguousarray((a + self._shift[:, None, None] * np.eye(a.shape[1])).transpose(1, 2, 0))
        self._norm = np.abs(self._b).sum(axis=0).max(axis=0)

    def on(self, z: Floats, minutes: Floats, part: np.ndarray | slice = _EVERY) -> Floats:
        """For these people alone, whose z and minutes are given."""
        norm = float((self._norm[part] * np.abs(minutes)).max(initial=0.0))
        if norm > _LONG:
            moved: Floats = (Exponentials(self._a[part] * minutes[:, None, None], 1).doubled(0) @ z[:, :, None])[..., 0]
            return moved
        b = self._b[:, :, part]
        term = z.T.astype(b.dtype)
        total = term.copy()
        least = len(b) + 2.0 * norm  # by then every place that can be reached has been, and terms only shrink
        for k in range(1, 200):
            term = np.einsum("ijn,jn->in", b, term)
            term *= minutes / k
            total += term
            if k >= least and k % 3 == 0 and (np.abs(term) <= 1e-17 * np.abs(total)).all():
                break
        total *= np.exp(-self._shift[part] * minutes)
        return np.ascontiguousarray(total.T)


def _series(b: Floats) -> Floats:
    """exp(b) - 1 for norm <= 1, by its series in blocks of four powers (Paterson and Stockmeyer)."""
    b2 = b @ b
    b3 = b2 @ b
    b4 = b2 @ b2
    eye = np.eye(b.shape[-1])
    c = _FACTORIAL
    total = c[16] * eye + c[17] * b + c[18] * b2 + c[19] * b3
    for block in (12, 8, 4):
        total = total @ b4
        total += c[block + 1] * b
        total += c[block + 2] * b2
        total += c[block + 3] * b3
        total += c[block] * eye
    result: Floats = total @ b4
    result += c[3] * b3
    result += c[2] * b2
    result += b
    return result
