"""How are words kept so that whoever reads the database, a backup's dump or another colleague's page finds none of them?

Each text is sealed with AES-256-GCM under a key of its own (`secrets/therapy_key`), which the database never sees.  The
entry's uid is bound in: a sealed text that is moved to another entry does not open.  The name of the key stands in front, so
that a text sealed under a key that was lost says which one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from stillhaven.science.errors import Refused

_FORM = "v1"
_NONCE_BYTES = 12
_PAD_TO = 256  # texts are filled up to a multiple of this, so that a length tells little


@lru_cache(maxsize=2)
def _key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{path.name} is missing or damaged; restore it from a backup") from error
    if len(key) != 32:
        raise ImproperlyConfigured(f"{path.name} is not 32 bytes; restore it from a backup")
    return key


def key() -> bytes:
    """The 32 bytes behind the wall."""
    return _key(Path(settings.STILLHAVEN_DATA) / "secrets" / "therapy_key")


def key_id(of: bytes) -> str:
    """A key's name: says which key sealed a text, and nothing about the key."""
    return hashlib.sha256(b"stillhaven therapy key\n" + of).hexdigest()[:8]


def seal(uid: UUID, said: dict[str, Any]) -> str:
    """These words as they are kept in the entry with this uid; "" where there are none."""
    if not any(said.values()):
        return ""
    plain = json.dumps({k: v for k, v in said.items() if v not in ("", None, [])}, ensure_ascii=False).encode()
    plain += b" " * (-len(plain) % _PAD_TO)  # JSON does not mind
    nonce, with_key = secrets.token_bytes(_NONCE_BYTES), key()
    sealed = nonce + AESGCM(with_key).encrypt(nonce, plain, uid.bytes)
    return f"{_FORM}.{key_id(with_key)}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"


def unseal(uid: UUID, sealed: str) -> dict[str, Any]:
    """The words again.  Refused where this key did not seal them for this entry."""
    if not sealed:
        return {}
    with_key = key()
    form, _, rest = sealed.partition(".")
    name, _, text = rest.partition(".")
    if form != _FORM or name != key_id(with_key):
        raise Refused(
            why=f"this note was sealed with another key ({name or 'unknown'}); bring that key back from a backup"
        )
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
        plain = AESGCM(with_key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], uid.bytes)
    except (InvalidTag, ValueError, binascii.Error):
        raise Refused(why="this note does not open: it was altered, or belongs to another entry") from None
    return dict(json.loads(plain))
