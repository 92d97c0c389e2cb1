"""The clinic's page on all courses, and the page of files that leave."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import clock
from stillhaven.clinic.registry import dictionary, exports, gather, leaving, model, page, scored
from stillhaven.clinic.registry.models import Export
from stillhaven.science.errors import BadInput


def _site(request: HttpRequest) -> Site:
    """The site asked for, else the first of theirs.  404 beyond their reach."""
    user: Any = request.user
    sites = Site.objects.filter(pk__in=user.site_ids).order_by("pk")
    asked = request.GET.get("site", "")
    found = sites.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 5 else sites.first()
    if found is None:
        raise Http404
    return found


@require_GET
@staff_required
def clinic(request: HttpRequest) -> HttpResponse:
    """What came of everybody who started, with what is missing beside it."""
    user: Any = request.user
    roles.require(user, "registry.view")
    site, now, rules = _site(request), clock.now(), gather.book().rules
    sites = list(Site.objects.filter(pk__in=user.site_ids).order_by("pk"))
    for each in sites:
        scored.refresh(each.pk)
    known = gather.kinds([site.pk], now)
    family = request.GET.get("treatment", "")
    if family not in known.people:
        family = next(iter(known.people), "iv_ketamine")
    view = known.view(family, request.GET.get("for", ""), request.GET.get("scale", ""))
    found = gather.lately([each.pk for each in sites], family, now, view)
    counts = found.of(site.pk)
    fitted = model.latest(site.pk, family, view)
    return render(request, "registry/clinic.html", {
        "site": site, "sites": sites, "family": family, "family_words": page.family_words(family), "now": now,
        "families": [(name, page.family_words(name)) for name in known.people], "rules": rules,
        "groups": [(name, page.group_words(name)) for name in known.groups.get(family, {})], "view": view,
        "group_words": page.group_words(view.group), "scale_words": page.scale_words(view.name),
        "scales": [(name, page.scale_words(name)) for name in gather.scales_of(view.group)],
        "scale": gather.instrument(view.name), "caseness": view.case,
        "counts": counts, "steps": page.steps(counts, rules), "few": page.few(counts, rules),
        "bars": page.bars(counts, rules, view), "measures": page.measures(counts, family, view),
        "low_start": page.shown_count(counts.low_start, counts.due, rules),
        "reach": page.reach(counts, family, rules, view),
        "funnel": page.funnel(found, site.pk, {s.pk: s.name for s in sites}, rules), "width": page.WIDTH,
        "model": page.fitted(fitted), "nulls": gather.book().nulls_for(family, view.indication),
        "not_drawn": page.not_drawn(family, rules, view), "may_export": roles.may(user, "registry.export"),
    })  # fmt: skip


@require_POST
@staff_required
def fit(request: HttpRequest) -> HttpResponse:
    """Ask for the model to be fitted anew; the worker does it."""
    from stillhaven.clinic.registry import tasks

    roles.require(request.user, "registry.view")
    site, family = _site(request), request.POST.get("treatment", "")
    known = gather.kinds([site.pk], clock.now())
    if family not in known.people:
        raise BadInput("treatment", "is not one that was given here")
    view = known.view(family, request.POST.get("for", ""), request.POST.get("scale", ""))
    name = f"registry.fit:{site.pk}:{family}:{view.group}:{view.name}"[:120]
    tasks.fit_one.configure(queueing_lock=name).defer(site=site.pk, family=family, group=view.group, scale=view.scale)
    asked = urlencode({"site": site.pk, "treatment": family, "for": view.group, "scale": view.scale})
    return redirect(f"{reverse('registry:clinic')}?{asked}#model")


# ---------------------------------------------------------------- files that leave
@require_GET
@staff_required
def exports_page(request: HttpRequest) -> HttpResponse:
    """What left, for whom and why; who withdrew since; the form for the next."""
    roles.require(request.user, "registry.export")
    site, now = _site(request), clock.now()
    rules, agree = gather.book().rules, len(leaving.consenting(_site(request).pk, now))
    gone = exports.withdrawals(site.pk, now)
    return render(request, "registry/exports.html", {
        "site": site, "exports": Export.objects.filter(site=site.pk).order_by("-seq")[:50], "rules": rules,
        "agree": agree if agree == 0 or agree >= rules.small_cell else None,
        "waiting": [(g, str(uuid4())) for g in gone if g.told is None], "done": [g for g in gone if g.told is not None],
        "form": _form(request, site), "tables": dictionary.TABLES, "version": dictionary.VERSION,
    })  # fmt: skip


def _form(request: HttpRequest, site: Site) -> Form:
    asks = (
        Ask(name="kind", label=_("What"), kind="choice", value="synthetic", options=(
            ("synthetic", _("Synthetic copy for teaching: invented people")),
            ("real", _("The clinic's courses, of people who consent now")))),
        Ask(name="purpose", label=_("Purpose"), help=_("Stands in the record.")),
        Ask(name="recipient", label=_("Recipient"), help=_("Not needed for the synthetic copy.")),
    )  # fmt: skip
    address = f"{reverse('registry:make')}?site={site.pk}"
    return form(request, "export", address, _("Make the files"), *asks, title=_("Make files"))


@require_POST
@staff_required
def make(request: HttpRequest) -> HttpResponse:
    """The files as one archive, and the entry that says so."""
    roles.require(request.user, "registry.export")
    site, now, kind = _site(request), clock.now(), request.POST.get("kind", "")
    if kind not in ("real", "synthetic"):
        raise BadInput("kind", "choose what is made")
    entry, files = exports.export(
        site, purpose=request.POST.get("purpose", ""), recipient=request.POST.get("recipient", ""), by=request.user,
        at=now, synthetic=kind == "synthetic", uid=_uid(request),
    )  # fmt: skip
    answer = HttpResponse(files.zip(), content_type="application/zip")
    name = f"{'SYNTHETIC-' if entry.synthetic else ''}registry-{now:%Y-%m-%d}-{str(entry.uid)[:8]}.zip"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@staff_required
def told(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The recipient of these files was told of a withdrawal."""
    user: Any = request.user
    roles.require(user, "registry.export")
    found = Export.objects.filter(uid=uid, site__in=user.site_ids).first()
    if found is None:
        raise Http404
    exports.tell(
        found, request.POST.get("pseudonym", ""), by=user, at=clock.now(), words=request.POST.get("words", ""),
        uid=_uid(request),
    )  # fmt: skip
    return redirect(f"{reverse('registry:exports')}?site={found.site}")


def _uid(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST["uid"]) if request.POST.get("uid") else None
    except ValueError:
        raise BadInput("uid", "is not a uid") from None
