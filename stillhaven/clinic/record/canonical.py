"""An entry as bytes: the same entry always gives the same bytes, before it is stored and after it is read back."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from stillhaven.clinic.record.models import Entry

NOTHING_BEFORE = bytes(32)


def normalise(entry: Entry) -> None:
    """Bring every field to the form in which the database will give it back, so that the hash holds after reading."""
    for field in entry._meta.concrete_fields:
        value = field.to_python(getattr(entry, field.attname)) if not field.remote_field else None
        if field.remote_field or value is None:
            continue
        if isinstance(field, models.DecimalField):
            value = Decimal(value).quantize(Decimal(1).scaleb(-field.decimal_places))
        elif isinstance(field, models.FloatField):
            value = float(value)
        elif isinstance(field, models.DateTimeField):
            value = value.astimezone(UTC)
        elif isinstance(field, models.JSONField):
            value = json.loads(json.dumps(value, default=_plain))
        setattr(entry, field.attname, value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"an entry cannot hold a {type(value).__name__}")


def entry_bytes(entry: Entry) -> bytes:
    """Everything an entry says, but its own hash.

    A column that a later version of the clinic added (`LATER`) is left out while it holds its default: so the links of
    entries that were written before it existed still fit.  Any other value in it is said, and so is part of the link.
    """
    said = {
        f.attname: getattr(entry, f.attname)
        for f in entry._meta.concrete_fields
        if f.attname != "hash" and not (f.attname in entry.LATER and getattr(entry, f.attname) == f.get_default())
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), default=_plain, ensure_ascii=False)
    return f"{entry._meta.label}\n{text}".encode()


def link(key: bytes, before: bytes, entry: Entry) -> bytes:
    """The hash of this entry in its chain: keyed, and over the hash of the entry before."""
    return hmac.new(key, bytes(before) + entry_bytes(entry), hashlib.sha256).digest()
