"""`manage add_administrator`: the first account of a new clinic, or a way back in when every administrator is locked out.

Whoever may run it owns the machine already.  It makes the site if there is none, and prints a link that sets the password.
"""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse

from stillhaven.clinic.people import actions
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.people.roles import Role
from stillhaven.science.errors import BadInput


class Command(BaseCommand):
    help = "Make an administrator, and the site if there is none; prints a link that sets the password."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--name", required=True, help="first and last name")
        parser.add_argument("--email", required=True)
        parser.add_argument("--site", type=int, default=1, help="number of the site (1)")
        parser.add_argument("--site-name", default="", help="name of the site, when it is made now")
        parser.add_argument("--zone", default="", help="time zone of the site, when it is made now")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(pk=options["site"]).first()
        if site is None:
            if not options["site_name"]:
                raise CommandError("there is no such site yet: say --site-name, and --zone such as America/New_York")
            zone = {"zone": options["zone"]} if options["zone"] else {}
            site = Site.objects.create(pk=options["site"], name=options["site_name"], **zone)
        try:
            user = actions.create_staff(
                name=options["name"], email=options["email"], roles=[Role.ADMINISTRATOR], sites=[site]
            )
        except BadInput as error:
            raise CommandError(f"{error.field}: {error.why}") from None
        key = default_token_generator.make_token(user)
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
        self.stdout.write(f"{user.name} is an administrator of {site.name}.")
        self.stdout.write("Open this at the clinic's address; it works once, within three days:")
        self.stdout.write(path)
