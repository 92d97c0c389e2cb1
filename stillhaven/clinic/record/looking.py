"""May one page ask the record the same thing twice?  It may, and gets the same answer, which is asked for once.

A page, a live screen's first state and a document are put together from parts that each read what they need.  Within one
look the answers to reads marked `once` are kept, so that parts need not hand rows to one another, and all of them speak of
the same rows.  The
time stands still as well.  Outside a look nothing is kept: a deed that writes always reads anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_look: ContextVar[dict[Any, Any] | None] = ContextVar("look", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """What is read in here by functions marked `once` is read once.  Nothing may be written in here."""
    token = _look.set({} if (known := _look.get()) is None else known)
    try:
        yield
    finally:
        _look.reset(token)


def moment(now: Callable[[], datetime]) -> datetime:
    """The time, which stands still for the length of a look."""
    known = _look.get()
    return now() if known is None else known.setdefault("now", now())


def once(read: Callable[P, R]) -> Callable[P, R]:
    """A read whose answer is kept for the length of a look.  Its arguments are rows, numbers, words and moments.

    Each reader gets a list or a dictionary of their own; the rows in it are everybody's, and nobody may change them.
    """

    @wraps(read)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        known = _look.get()
        if known is None:
            return read(*args, **kwargs)
        key = _key(read, args, kwargs)
        if key not in known:
            known[key] = read(*args, **kwargs)
        return _own(known[key])

    return asked


def tell(asked: Callable[..., R], answer: R, *args: Any) -> None:
    """Within a look: what this read (marked `once`) answers is known already, because it was read for many at once."""
    known = _look.get()
    if known is not None:
        known.setdefault(_key(asked.__wrapped__, args, {}), answer)  # type: ignore[attr-defined]


def looked(view: Callable[P, R]) -> Callable[P, R]:
    """A page that only reads: all of it is one look.  What is sent by a form of the same page is none."""

    @wraps(view)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R:
        if getattr(args[0] if args else None, "method", "GET") not in ("GET", "HEAD"):
            return view(*args, **kwargs)
        with one_look():
            return view(*args, **kwargs)

    return shown


def _key(read: Any, args: Any, kwargs: Any) -> Any:
    return (read, *map(_name, args), *((name, _name(value)) for name, value in sorted(kwargs.items())))


def _own(answer: Any) -> Any:
    return answer.copy() if type(answer) in (list, dict) else answer


def _name(value: Any) -> Any:
    """What tells this argument from another: a row by its table and key, a list by its elements."""
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(_name, value))
    if (key := getattr(value, "pk", None)) is not None:
        return type(value), key
    return value
