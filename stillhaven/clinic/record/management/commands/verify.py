"""`stillhaven verify`: walk the whole record in one snapshot; exit code 1 if anything was meddled with."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from stillhaven.clinic.record.verify import verify


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # quick to start: `manage check` is a step of its own
    help = "Check the whole record: nothing changed, put in, taken out or cut off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify()
        problems = [{"chain": p.chain, "seq": p.seq, "what": p.what} for p in report.problems]
        if options["json"]:
            self.stdout.write(json.dumps({"chains": report.chains, "problems": problems}, indent=1))
        else:
            for p in report.problems:
                self.stdout.write(f"{p.chain} {p.seq}: {p.what}")
            total = sum(report.chains.values())
            words = f"{len(problems)} problems" if problems else "whole"
            self.stdout.write(f"{total} entries in {len(report.chains)} chains: {words}")
        if problems:
            sys.exit(1)
