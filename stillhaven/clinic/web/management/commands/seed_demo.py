"""`manage seed_demo`: put synthetic people into an empty demo clinic.  Refused in a real clinic."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from stillhaven.clinic.web import demo


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # quick to start: `manage check` is a step of its own
    help = "Put synthetic people into an empty demo clinic."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "clinic":
            raise CommandError("this is a clinic, not a demo: synthetic people do not belong here")
        made = demo.seed()
        self.stdout.write("the demo clinic is made" if made else "there is a clinic already")
