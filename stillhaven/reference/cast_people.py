"""Who are the synthetic people of the demo, the tests and the docs?"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def cast() -> dict[str, Any]:
    """The whole cast: sites, staff, chairs, patients, and what the invented prescriber orders."""
    text = (files("stillhaven.reference") / "cast" / "people.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def demo_policy() -> dict[str, Any]:
    """What the demo's invented medical director has set: policy item -> value or choice."""
    path = files("stillhaven.reference") / "cast" / "demo_clinic" / "session" / "policy_set.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["set"]
    return {key: row.get("value", row.get("choice")) for key, row in rows.items()}


@lru_cache(maxsize=1)
def synthetic() -> dict[str, Any]:
    """Settings of synthetic people: the first values of a virtual monitor, and the patient of drills."""
    text = (files("stillhaven.reference") / "cast" / "synthetic.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
