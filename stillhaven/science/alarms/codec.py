"""Frozen alarm objects to plain JSON values and back, so that an entry can keep exactly what was judged."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from stillhaven.science.errors import BadInput

T = TypeVar("T")


def encode(thing: Any) -> Any:
    """Plain values, ready for JSON."""
    if isinstance(thing, datetime):
        return thing.astimezone(UTC).isoformat()
    if isinstance(thing, StrEnum):
        return thing.value
    if isinstance(thing, tuple | list):
        return [encode(item) for item in thing]
    if is_dataclass(thing):
        return {f.name: encode(getattr(thing, f.name)) for f in fields(thing) if f.init}
    return thing


def decode(kind: type[T], data: Any) -> T:
    """The object that `encode` made these values of; BadInput where they are not of this kind."""
    value: T = _decode(kind, data, kind.__name__)
    return value


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, data: Any, field: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        return _decode(next(arg for arg in get_args(kind) if arg is not type(None)), data, field)
    if origin is tuple:
        if not isinstance(data, list):
            raise BadInput(field, "must be a list")
        return tuple(_decode(get_args(kind)[0], item, field) for item in data)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, data, field)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        try:
            return kind(data)
        except ValueError:
            raise BadInput(field, f"{data!r} is not one of {', '.join(kind)}") from None
    if kind is datetime:
        return _moment(data, field)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise BadInput(field, f"must be of type {kind.__name__}")
    return data


def _object(kind: type, data: Any, field: str) -> Any:
    if not isinstance(data, Mapping):
        raise BadInput(field, "must be an object")
    known = {f.name for f in fields(kind) if f.init}
    unknown = set(data) - known
    if unknown:
        raise BadInput(field, f"has unknown keys: {', '.join(sorted(unknown))}")
    hints = _hints(kind)
    try:
        return kind(**{name: _decode(hints[name], value, name) for name, value in data.items()})
    except TypeError as error:
        raise BadInput(field, str(error)) from None


def _moment(data: Any, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(data)
    except (TypeError, ValueError):
        raise BadInput(field, f"{data!r} is not a time") from None
    if moment.tzinfo is None:
        raise BadInput(field, "needs a time zone")
    return moment.astimezone(UTC)
