"""Pictures: checked by what they are, not by what they are called; stripped of metadata; kept encrypted.

Each is sealed with AES-256-GCM under a key derived for media alone, with its own uid as associated data, so that a file
that was swapped for another does not open.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from PIL import Image, ImageOps

from stillhaven.clinic.record import keys
from stillhaven.science.errors import BadInput

MAX_BYTES = 8 * 1024 * 1024
TOO_LARGE = f"is over {MAX_BYTES // 1024 // 1024} MB; take a smaller picture"
MAX_PIXELS = 40_000_000
_LONGEST_SIDE = 2400
_KEY_ID = b"m1"


def clean_image(data: bytes) -> tuple[bytes, str]:
    """The picture alone, as JPEG without metadata, turned upright.  BadInput for anything that is not a picture."""
    if not data:
        raise BadInput("file", "is empty; take the picture again")
    if len(data) > MAX_BYTES:
        raise BadInput("file", TOO_LARGE)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadInput("file", "has too many pixels; take a smaller picture")
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            upright.info.clear()  # a JPEG's comment would be written again
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=88)
    except BadInput:
        raise
    except Exception:  # a broken picture fails a decoder in any way it likes
        raise BadInput("file", "is not a picture that can be read; use JPEG, PNG or WebP") from None
    return out.getvalue(), "image/jpeg"


def store(uid: UUID, data: bytes) -> None:
    """Seal a picture into the media folder under its uid; flushed before this returns."""
    nonce = os.urandom(12)
    sealed = AESGCM(_key()).encrypt(nonce, data, uid.bytes)
    path = _path(uid)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_KEY_ID + nonce + sealed)
        file.flush()
        os.fsync(file.fileno())


def load(uid: UUID) -> bytes:
    """Open a sealed picture.  BadInput if it is missing, was swapped, or was changed."""
    try:
        whole = _path(uid).read_bytes()
        return AESGCM(_key()).decrypt(whole[2:14], whole[14:], uid.bytes)
    except (OSError, InvalidTag):
        raise BadInput("photo", "cannot be opened: the file is missing or was changed") from None


def _path(uid: UUID) -> Path:
    name = uid.hex
    return Path(settings.MEDIA_ROOT) / name[:2] / f"{name}.sealed"


def _key() -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"stillhaven media 1").derive(keys.chain_key())
