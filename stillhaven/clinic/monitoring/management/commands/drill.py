"""`manage drill`: set up, watch and end a drill, for `stillhaven drill`.  Answers one JSON object a line."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.http import Http404

from stillhaven.clinic.monitoring import drills
from stillhaven.clinic.monitoring.models import DrillResult
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule.models import Chair
from stillhaven.science.errors import BadInput, Refused

ROUND_S = 1.0


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Set up, watch and end a drill."

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        start = deeds.add_parser("start")
        start.add_argument("key")
        start.add_argument("--chair", required=True)
        start.add_argument("--by", required=True)
        start.add_argument("--with", dest="team", action="append", default=[])
        for name in ("join", "watch", "end"):
            deed = deeds.add_parser(name)
            deed.add_argument("session", type=UUID)
            if name != "watch":
                deed.add_argument("--by", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["deed"])(options)
        except (BadInput, Refused) as error:
            self.say({"refused": str(error)})
        except Http404:
            self.say({"refused": "there is no such drill"})

    def say(self, answer: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(answer))
        self.stdout.flush()

    def start(self, options: dict[str, Any]) -> None:
        by = _person(options["by"])
        chairs = list(Chair.objects.filter(site__in=by.site_ids, name=options["chair"]))
        if len(chairs) != 1:
            raise BadInput("chair", f"{options['chair']!r} is not a chair of your site")
        team = [_person(email) for email in options["team"]] or [by]
        strangers = [p.email for p in team if p not in drills.team_of(chairs[0].site_id)]
        if strangers:
            raise BadInput("with", f"{strangers[0]} cannot act in a session here; say who takes part")
        made = drills.start(options["key"], chairs[0], team, by=by, at=clock.now())
        self.say(_about(made))

    def join(self, options: dict[str, Any]) -> None:
        found = drills.result_or_404(_person(options["by"]), options["session"])
        if not drills.is_running(found):
            raise Refused(why="this drill is over")
        self.say(_about(found))

    def watch(self, options: dict[str, Any]) -> None:
        """Say once a second how the session stands, until it is over or scored."""
        result = DrillResult.objects.filter(session=options["session"]).first()
        if result is None:
            raise BadInput("session", "there is no such drill")
        while True:
            stands = drills.stands(drills.session_of(result))
            self.say(stands)
            if stands["over"] or stands["scored"]:
                return
            time.sleep(ROUND_S)
            close_old_connections()

    def end(self, options: dict[str, Any]) -> None:
        by = _person(options["by"])
        done = drills.finish(drills.result_or_404(by, options["session"]), by=by, at=clock.now())
        self.say({"session": str(done.session), "score": done.score})


def _person(email: str) -> User:
    found = User.objects.filter(email__iexact=email, is_active=True, patient=None).first()
    if found is None:
        raise BadInput("by", f"nobody on the staff has the address {email}")
    return found


def _about(result: DrillResult) -> dict[str, Any]:
    return {
        "session": str(result.session),
        "key": result.scenario,
        "page": f"/drills/{result.session}/",
        **result.score,
    }
