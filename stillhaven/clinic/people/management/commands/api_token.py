"""`stillhaven manage api_token --name N --role reader`: a key for a program; its secret is printed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stillhaven.clinic.people.models import ApiToken, Site
from stillhaven.clinic.people.tokens import digest
from stillhaven.clinic.record import actions as record

OPERATOR = record.Program("operator at the server")


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # quick to start: `manage check` is a step of its own
    help = "Make a key for a program: a gateway (device) or a reader of readings (reader)."
    role = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="what the program is called in the record")
        parser.add_argument("--site", type=int, default=1)
        parser.add_argument("--file", type=Path, help="take the secret from this file instead of making one")
        if not self.role:
            parser.add_argument("--role", choices=["device", "reader"], required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        role = self.role or options["role"]
        file: Path | None = options["file"]
        secret = file.read_text().strip() if file else ApiToken.new_secret()
        if len(secret) < 32:
            raise CommandError("a secret needs at least 32 characters")
        site, _ = Site.objects.get_or_create(pk=options["site"], defaults={"name": "Clinic"})
        known = ApiToken.objects.filter(name=options["name"]).first()
        if known is not None and known.digest == digest(secret) and known.role == role and known.is_active:
            self.stdout.write(f"{known.name} is known already")
            return
        if known is not None and not known.is_active:
            raise CommandError(f"{known.name} was switched off; choose another name")
        token, made = ApiToken.objects.update_or_create(
            name=options["name"], defaults={"role": role, "site": site, "digest": digest(secret), "is_active": True}
        )
        record.log_change(token, {}, {"name": token.name, "role": role, "new": made}, by=OPERATOR, site=site.pk)
        self.stdout.write(f"{token.name} may now sign in as {role}" if file else secret)
