"""Groups: several people, one session; a note for each of them, and one about the group that names nobody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.consent.sent import read_uuid
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import clock
from stillhaven.clinic.therapy import actions, queries, words
from stillhaven.clinic.therapy.models import Group, Therapy


def _own(user: Any) -> list[Therapy]:
    return [t for t in queries.mine(user) if t.therapist_id == user.pk and t.ended_at is None]


@require_GET
@staff_required
def groups(request: HttpRequest) -> HttpResponse:
    """My groups, and a new one."""
    roles.require(request.user, "therapy.view")
    user: Any = request.user
    found = Group.objects.filter(therapist=user).prefetch_related("members__patient").order_by("-held_at")
    options = [(str(t.uid), t.patient.name) for t in _own(user)]
    new = form(
        request, "group", reverse("therapy:group_open"), _("Open the group"),
        Ask(name="title", label=_("Name of the group"), help=_("Nobody's name in it.")),
        Ask(name="members", label=_("Who is in it?"), kind="ticks", options=options, value=[]),
    )  # fmt: skip
    return render(request, "therapy/groups.html", {"groups": found, "form": new if len(options) > 1 else None})


@require_POST
@staff_required
def group_open(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, "therapy.write")
    user: Any = request.user
    chosen = set(request.POST.getlist("members"))
    members = [t for t in _own(user) if str(t.uid) in chosen]
    uid = read_uuid(request.POST.get("uid"))
    made = actions.open_group(request.POST.get("title", ""), members, by=user, at=clock.now(), uid=uid)
    return redirect("therapy:group", uid=made.uid)


@require_GET
@staff_required
def group(request: HttpRequest, uid: str) -> HttpResponse:
    """One group: its notes without names, and a note for each person."""
    roles.require(request.user, "therapy.view")
    user: Any = request.user
    found = queries.group_or_404(user, uid)
    members = list(found.members.select_related("patient"))
    options = [("", _("The group as a whole, naming nobody"))] + [(str(m.uid), m.patient.name) for m in members]
    url = reverse("therapy:group_note", args=[found.uid])
    asked = (
        Ask(name="about", label=_("About whom?"), kind="select", options=options),
        Ask(name="text", label=_("Your note"), kind="long",
            help=_("A note about one person is kept with that person alone and names none of the others.")),
    )  # fmt: skip
    shown = {
        "group": found, "whole": queries.group_notes(found), "form": form(request, "group-note", url, _("Seal it"), *asked),
        "members": [
            {"therapy": m, "notes": [words.item(r) for r in queries.notes(user, m, "group") if r.note.group_id == found.pk]}
            for m in members
        ],
    }  # fmt: skip
    return render(request, "therapy/group.html", shown)


@require_POST
@staff_required
def group_note(request: HttpRequest, uid: str) -> HttpResponse:
    roles.require(request.user, "therapy.write")
    user: Any = request.user
    found = queries.group_or_404(user, uid)
    actions.group_note(found, request.POST, by=user, at=clock.now(), uid=read_uuid(request.POST.get("uid")))
    messages.success(request, _("Sealed."))
    return redirect("therapy:group", uid=found.uid)
