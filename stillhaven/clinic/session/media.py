"""Pictures of a session are kept as every picture of the house is: see `record.media`."""

from stillhaven.clinic.record.media import MAX_BYTES, MAX_PIXELS, TOO_LARGE, _path, clean_image, load, store

__all__ = ["MAX_BYTES", "MAX_PIXELS", "TOO_LARGE", "_path", "clean_image", "load", "store"]
