"""Placeholder until the rooms stand: enough for tests of the lower floors."""

SECRET_KEY = "not-used"
USE_TZ = True
INSTALLED_APPS: list[str] = []
