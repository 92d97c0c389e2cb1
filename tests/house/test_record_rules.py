"""What no import shows: every entry is append-only in the database, and keys run down the ladder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from stillhaven.clinic.record.verify import entry_models

HOUSE = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_every_entry_is_append_only_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'append_only%'")
        have = {(table.strip('"'), name) for table, name in cursor.fetchall()}
    tables = {m._meta.db_table for m in entry_models()}
    assert len(tables) > 10
    missing = {t for t in tables if not {(t, "append_only_rows"), (t, "append_only_table")} <= have}
    assert missing == set()


def rank() -> dict[str, int]:
    """Room -> how high it stands, from the import contract."""
    contracts = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    path = next(c for c in contracts if c["name"] == "The path runs one way")
    floors = [[room.strip().strip("()") for room in layer.split("|")] for layer in reversed(path["layers"])]
    return {room: height for height, floor in enumerate(floors) for room in floor}


def test_foreign_keys_run_down_the_ladder() -> None:
    height = rank()
    wrong = []
    for model in apps.get_models():
        room = model.__module__.removeprefix("stillhaven.clinic.").split(".")[0]
        if not model.__module__.startswith("stillhaven.clinic."):
            continue
        for field in model._meta.concrete_fields:
            target = field.related_model
            if target is None or not target.__module__.startswith("stillhaven.clinic."):
                continue
            other = target.__module__.removeprefix("stillhaven.clinic.").split(".")[0]
            if other != room and height[other] >= height[room]:
                wrong.append(f"{room}.{model.__name__}.{field.name} -> {other}")
    assert wrong == []
