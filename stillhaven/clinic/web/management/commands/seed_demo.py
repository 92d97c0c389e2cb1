"""`manage seed_demo`: put synthetic people into an empty demo clinic.  Refused in a real clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.web import demo


class Command(BaseCommand):
    help = "Put synthetic people into an empty demo clinic."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--gateway-token", type=Path, help="file whose text becomes the demo gateway's token")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "clinic":
            raise CommandError("this is a clinic, not a demo: synthetic people do not belong here")
        made = demo.seed()
        if made and options["gateway_token"]:
            secret = options["gateway_token"].read_text().strip()
            demo.make_token("demo gateway", "device", secret, Site.objects.get(pk=1))
        self.stdout.write("the demo clinic is made" if made else "there is a clinic already")
