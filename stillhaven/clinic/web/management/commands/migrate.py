"""`manage migrate`: Django's own; an empty database gets its tables at once (see `clinic/web/schema.py`)."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.commands.migrate import Command as DjangosOwn

from stillhaven.clinic.web import schema


class Command(DjangosOwn):
    def handle(self, *args: Any, **options: Any) -> None:
        everything = not options["app_label"] and not any(
            options.get(name) for name in ("plan", "fake", "fake_initial", "check_unapplied", "prune")
        )
        if everything and os.environ.get("STILLHAVEN_SCHEMA") != "0" and schema.make_tables() and options["verbosity"]:
            self.stdout.write("an empty database: all tables were made at once")
        super().handle(*args, **options)
