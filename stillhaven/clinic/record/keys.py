"""The two keys of the record: one chains the entries, one signs the heads.  They live outside the database.

Whoever can write to the database but does not hold these keys cannot make, change or cut off an entry unseen.
`stillhaven serve` makes them in the data folder's `secrets/`; tests and one-off tools may name another folder.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def _secret(name: str) -> bytes:
    path = Path(settings.STILLHAVEN_DATA) / "secrets" / name
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is missing from the data folder's secrets; restore it from a backup, or start a new folder"
        ) from error


@lru_cache(maxsize=1)
def chain_key() -> bytes:
    """The 32 bytes that key the hash chain."""
    return bytes.fromhex(_secret("record_key").decode())


@lru_cache(maxsize=1)
def head_key() -> Ed25519PrivateKey:
    """The key that signs the heads of the chains."""
    key = load_pem_private_key(_secret("head_key"), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ImproperlyConfigured("head_key is not an Ed25519 key; restore it from a backup")
    return key
