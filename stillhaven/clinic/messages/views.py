"""The outbox as a page, and the door through which a text provider brings what people answer."""

from __future__ import annotations

import hmac
import json
import os
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.messages import actions, queries
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import form, problem_of
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy


@require_GET
@staff_required
def outbox(request: HttpRequest) -> HttpResponse:
    """What waits, what went, what did not."""
    roles.require(request.user, "outbox.view")
    user: Any = request.user
    if problem_of(request) is None:
        record.log_access(by=user, what="outbox", site=min(user.site_ids), path=request.path,
                          address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip
    may = roles.may(user, "outbox.change")
    rows = [
        {"m": m, "again": form(request, f"again-{m.pk}", reverse("post:again", args=[m.pk]), _("Send again"), look="")
         if may and m.state == "failed" else None}
        for m in queries.outbox(user, clock.now(), everything="all" in request.GET)
    ]  # fmt: skip
    items = policy.current(min(user.site_ids)).items
    unset = [items[k].title for k in ("reminder_before_h", "quiet_from_h", "quiet_until_h") if not items[k].is_set]
    return render(request, "post/outbox.html", {"rows": rows, "unset": unset, "everything": "all" in request.GET})


@require_POST
@staff_required
def again(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, "outbox.change")
    user: Any = request.user
    if not OutMessage.objects.filter(pk=pk, site_id__in=user.site_ids).exists():
        raise Http404
    actions.try_again(pk, by=request.user, at=clock.now())
    messages.success(request, _("It is in the queue again."))
    return redirect("post:outbox")


@csrf_exempt
@require_POST
def heard(request: HttpRequest) -> HttpResponse:
    """A provider brings an answer to a text: {"from", "text"} with its key."""
    key = os.environ.get("STILLHAVEN_SMS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not key or not hmac.compare_digest(key.encode(), given.encode()):
        return JsonResponse({"why": "this needs the provider's key"}, status=403)
    try:
        body = json.loads(request.body or b"{}")
        sender, text = str(body["from"])[:40], str(body["text"])[:1000]
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"why": "send from and text"}, status=422)
    return JsonResponse({"ok": True, "texts": actions.heard(sender, text, at=clock.now())})
