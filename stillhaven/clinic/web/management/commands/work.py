"""`manage work`: run the queue of jobs until told to stop."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # quick to start: `manage check` is a step of its own
    help = "Run the queue of jobs."

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        call_command("procrastinate", "worker", "--name", "worker", "--delete-jobs", "successful")
