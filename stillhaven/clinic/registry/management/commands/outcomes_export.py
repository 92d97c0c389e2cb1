"""`stillhaven outcomes export`: courses, sessions, assessments and outcomes as files, of those who consent now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.registry import exports
from stillhaven.science.errors import BadInput, Refused


class Command(BaseCommand):
    help = "Write the registry's files into a folder, and an entry that says so into the record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", required=True, type=Path, help="an empty folder, or one that is not there yet")
        parser.add_argument("--purpose", required=True)
        parser.add_argument("--recipient", default="")
        parser.add_argument("--by", default="", help="who runs it: stands in the record")
        parser.add_argument("--site", type=int, default=1)
        parser.add_argument("--synthetic", action="store_true", help="invented people, for teaching")
        parser.add_argument("--seed", type=int, default=1, help="of the synthetic copy")

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"])
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"{out} is not an empty folder")
        site = Site.objects.filter(pk=options["site"]).first()
        if site is None:
            raise CommandError("there is no such site")
        name = " ".join(filter(None, ("stillhaven outcomes export", options["by"].strip()[:80])))
        try:
            entry, files = exports.export(
                site, purpose=options["purpose"], recipient=options["recipient"], by=Program(name), at=clock.now(),
                synthetic=options["synthetic"], seed=options["seed"],
            )  # fmt: skip
        except BadInput as error:
            raise CommandError(f"{error.field}: {error.why}") from None
        except Refused as error:
            raise CommandError(error.why) from None
        out.mkdir(parents=True, exist_ok=True)
        for each, data in files.files.items():
            (out / each).write_bytes(data)
            (out / each).chmod(0o600)
        kind = "invented people" if entry.synthetic else "people who consent"
        self.stdout.write(f"{len(files.files)} files in {out}: {entry.people} {kind}, {entry.courses} courses.")
        self.stdout.write(f"sha256 {entry.sha256}; entry {entry.uid}")
