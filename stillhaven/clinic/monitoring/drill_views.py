"""The pages of drills: start one, see it run, read its score, and compare it with those before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.monitoring import drills
from stillhaven.clinic.monitoring.models import DrillResult
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session.writes import body_of, read_uuid
from stillhaven.science.errors import BadInput

_PAST = 60  # drills shown at once


@require_GET
@staff_required
def page(request: HttpRequest) -> HttpResponse:
    """Every drill of one's sites: those that run, a form for the next, and the past ones by scenario."""
    user: Any = request.user
    roles.require(user, "drill.run")
    found = list(drills.results(user.site_ids)[:_PAST])
    shown = {
        "form": _start_form(request, user),
        "known": drills.known(),
        "running": [_head(r) for r in found if drills.is_running(r)],
        "past": _past([r for r in found if not drills.is_running(r)]),
    }
    return render(request, "monitoring/drills.html", shown)


def _start_form(request: HttpRequest, user: User) -> Form | None:
    """None where no chair is free."""
    chairs = [c for site in sorted(user.site_ids) for c in drills.free_chairs(site)]
    people = {p.pk: p for site in sorted(user.site_ids) for p in drills.team_of(site)}
    if not chairs:
        return None
    several = len(user.site_ids) > 1
    return form(
        request, "drill", reverse("drills:start"), _("Set up the drill"),
        Ask(name="drill", label=_("What happens"), kind="select", value="saturation_falls",
            options=[(d.key, d.title) for d in drills.known()]),
        Ask(name="chair", label=_("Chair"), kind="select",
            options=[(str(c.pk), f"{c.name}, {c.site.name}" if several else c.name) for c in chairs],
            help=_("Only chairs with nobody in them.")),
        Ask(name="team", label=_("Who takes part"), kind="ticks", value=[str(user.pk)] if user.pk in people else [],
            options=[(str(pk), person.signature_name) for pk, person in people.items()]),
    )  # fmt: skip


@require_POST
@staff_required
def start(request: HttpRequest) -> HttpResponse:
    """Set up a drill."""
    user: Any = request.user
    roles.require(user, "drill.run")
    body = body_of(request)
    chair = _chair(user, body.get("chair"))
    wanted = body.get("team") or []
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    team = [p for p in drills.team_of(chair.site_id) if str(p.pk) in wanted]
    made = drills.start(
        str(body.get("drill", "")), chair, team, by=user, at=clock.now(), uid=read_uuid(body.get("uid"), "uid")
    )
    return redirect("drills:one", uid=made.session)


def _chair(user: Any, text: Any) -> Chair:
    found = Chair.objects.filter(site__in=user.site_ids, pk=int(text)).first() if str(text or "").isdigit() else None
    if found is None:
        raise BadInput("chair", "choose a chair of your site")
    return found


@require_GET
@staff_required
def one(request: HttpRequest, uid: str) -> HttpResponse:
    """One drill: while it runs what to do, afterwards its score beside the ones before."""
    user: Any = request.user
    roles.require(user, "drill.run")
    result = drills.result_or_404(user, uid)
    shown: dict[str, Any] = {"head": _head(result), "result": result}
    if drills.is_running(result):
        session = drills.session_of(result)
        drill, began = drills.drill_of(result.scenario), drills.began_at(session)
        shown |= {
            "drill": drill, "began": began, "session": session, "opens": roles.may(user, "session.view"),
            "command": f"stillhaven drill --join {result.session} --by {user.email} --data {settings.STILLHAVEN_DATA}",
            "ending": form(
                request, "end", reverse("drills:end", args=[result.session]), _("End the drill and keep the score"),
                look="",
            ),
        }  # fmt: skip
        if began:
            score = drills.score_of(session, drill, clock.now())
            shown |= {"lines": [_line(line) for line in score.as_dict()["lines"]]}
    else:
        before = drills.results(user.site_ids).filter(scenario=result.scenario)[:_PAST]
        shown |= {
            "lines": [_line(line) for line in result.score["lines"]], "score": result.score,
            "needless": [n | {"at": _moment(n["at"])} for n in result.score["needless"]],
            "median": _seconds(result.score["median_acknowledged_s"]),
            "slowest": _seconds(result.score["slowest_acknowledged_s"]),
            "past": _past([r for r in before if not drills.is_running(r)], this=result),
        }  # fmt: skip
    return render(request, "monitoring/drill.html", shown)


@require_POST
@staff_required
def end(request: HttpRequest, uid: str) -> HttpResponse:
    """End a drill; its score is kept."""
    user: Any = request.user
    roles.require(user, "drill.run")
    drills.finish(drills.result_or_404(user, uid), by=user, at=clock.now())
    return redirect("drills:one", uid=uid)


# ---------------------------------------------------------------- words
def _head(result: DrillResult) -> dict[str, Any]:
    said = result.score
    return {
        "uid": result.session, "title": said["title"], "chair": said["chair"], "team": said["team"],
        "at": result.happened_at, "device": said["device"], "started_by": said["started_by"],
        "ended_by": said.get("ended_by", ""),
    }  # fmt: skip


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """One moment as a row: every number as words, what is not there as such."""
    return {
        "title": line["title"], "raised": line["raised"], "missed": line["missed"],
        "crossed": _moment(line["crossed_at"]), "shown": _seconds(line["shown_after_s"]), "times": line["times"],
        "escalated": line["escalated"],
        "ack": _seconds(line["acknowledged_after_s"]), "ack_by": line["acknowledged_by"],
        "ack_target": _target(line["acknowledge_within_s"], line["acknowledged_in_time"]),
        "deed": line["deed"], "deed_by": line["deed_by"], "deed_after": _seconds(line["deed_after_s"]),
        "written": _seconds(line["written_after_s"]) if (line["written_after_s"] or 0) >= 60 else "",
        "deed_target": _target(line["answer_within_s"], line["answered_in_time"]), "set_by": line["set_by"],
    }  # fmt: skip


def _target(limit_s: float | None, held: bool | None) -> str:
    if limit_s is None:
        return ""
    words = _("within %(limit)s") if held else _("not within %(limit)s")
    return words % {"limit": _seconds(limit_s)}


def _seconds(seconds: float | None) -> str:
    """Seconds as somebody says them; a deed before the alarm says so.

    >>> _seconds(8.4), _seconds(None), _seconds(-3.0)
    ('8 s', '', '3 s before')
    """
    if seconds is None:
        return ""
    if seconds < 0:
        return _("%(n)s s before") % {"n": f"{-seconds:.0f}"}
    if seconds < 100:
        return f"{seconds:.0f} s"
    return _("%(min)d min %(s)d s") % {"min": int(seconds // 60), "s": int(seconds % 60)}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _past(found: list[DrillResult], this: DrillResult | None = None) -> list[dict[str, Any]]:
    """Scored drills as rows with their times, so that one team's spring can be laid beside its autumn."""
    return [
        _head(r) | {
            "key": r.scenario, "answered": r.score["answered"], "raised": r.score["raised"],
            "missed": r.score["missed"], "needless": len(r.score["needless"]), "alive": r.score["came_to_life"],
            "median": _seconds(r.score["median_acknowledged_s"]), "slowest": _seconds(r.score["slowest_acknowledged_s"]),
            "first": _first(r.score["lines"]), "this": this is not None and r.session == this.session,
            "needless_words": ngettext("%(n)d needless stop", "%(n)d needless stops", len(r.score["needless"]))
            % {"n": len(r.score["needless"])},
        }
        for r in found
    ]  # fmt: skip


def _first(lines: list[dict[str, Any]]) -> str:
    """The first right deed of the drill, counted from its own alarm."""
    done = [line for line in lines if line["deed_at"]]
    return _seconds(min(done, key=lambda line: line["deed_at"])["deed_after_s"]) if done else ""
