"""`manage device_token --name gw-1 --file F`: let a gateway in with the secret that stands in a file."""

from __future__ import annotations

from stillhaven.clinic.people.management.commands.api_token import Command as ApiTokenCommand


class Command(ApiTokenCommand):
    help = "Let a gateway in with the secret that stands in a file."
    role = "device"
