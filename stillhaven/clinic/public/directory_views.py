"""Centres near a place: the list, the map with its table, one centre, up to four side by side, what patients report."""

from __future__ import annotations

import uuid as uuids
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from stillhaven.clinic.public import directory_actions as actions
from stillhaven.clinic.public import directory_map as maps
from stillhaven.clinic.public import directory_places as places
from stillhaven.clinic.public import directory_queries as listing
from stillhaven.clinic.public import queries
from stillhaven.clinic.public.directory_facts import FACTS, REPORTED
from stillhaven.clinic.public.education_views import public_page
from stillhaven.clinic.public.enquiry_words import is_urgent
from stillhaven.clinic.record import clock
from stillhaven.science.costs import read_money
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.places import KM_PER_MILE, Place

DEFAULT_MILES = 50


@require_GET
def directory(request: HttpRequest) -> HttpResponse:
    """Ask for a place; then list what is near it."""
    asked = " ".join(request.GET.get("near", "").split())[:80]
    picked = _picked(request)
    if picked is not None:
        params = request.GET.copy()
        for name in ("pick.x", "pick.y"):
            params.pop(name, None)
        params["near"] = f"{picked.lat:.3f}, {picked.lon:.3f}"
        return redirect(f"{request.path}?{params.urlencode()}")
    trouble: dict[str, str] = {}
    wanted, miles = _wanted(request, trouble), _miles(request)
    page: dict[str, Any] = {
        "near": asked,
        "miles": miles,
        "radii": listing.RADII_MILES,
        "groups": _groups(request),
        "most": request.GET.get("most", "")[:20],
        "trouble": trouble,
        "country": maps.COUNTRY,
    }
    if not asked:
        return public_page(request, "public/directory.html", page, status=422 if trouble else 200)
    try:
        spot = places.find(asked)
    except BadInput as error:
        trouble["near"], spot = error.why, None
    if spot is None:
        trouble.setdefault(
            "near",
            _(
                "We do not know “%(text)s”. Write a US postcode of five digits, such as 94110, or "
                "latitude and longitude."
            )
            % {"text": asked},
        )
        return public_page(request, "public/directory.html", page, status=404)
    return public_page(
        request, "public/directory.html", page | _found(request, spot, miles, wanted), status=422 if trouble else 200
    )


def _found(request: HttpRequest, spot: places.Spot, miles: int, wanted: listing.Wanted) -> dict[str, Any]:
    km = miles * KM_PER_MILE
    found = listing.search(spot.place, km, wanted)
    number = _page(request, len(found))
    first = (number - 1) * listing.PAGE
    hits = listing.hits(spot.place, found[first : first + listing.PAGE], wanted, queries.today(), first=first + 1)
    points = [(h.number, Place(lat=h.centre.lat, lon=h.centre.lon), f"c-{h.centre.uid}") for h in hits]
    params = request.GET.copy()
    params.pop("page", None)
    return {
        "spot": spot,
        "hits": hits,
        "total": len(found),
        "page_number": number,
        "pages": -(-len(found) // listing.PAGE),
        "link": params.urlencode(),
        "map": maps.drawing(maps.around(spot.place, km), spot.place, km, points),
        "some_not_said": any(h.not_said for h in hits),
        "filtered": bool(wanted.says or wanted.most_cents is not None),
    }


def _page(request: HttpRequest, total: int) -> int:
    text = request.GET.get("page", "1")
    last = max(1, -(-total // listing.PAGE))
    return max(1, min(last, int(text))) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _picked(request: HttpRequest) -> Place | None:
    """A point that somebody chose on the map of the country."""
    x, y = request.GET.get("pick.x", ""), request.GET.get("pick.y", "")
    if not (x.isascii() and x.isdigit() and y.isascii() and y.isdigit() and len(x) < 5 and len(y) < 5):
        return None
    return maps.COUNTRY.place(int(x), int(y))


def _miles(request: HttpRequest) -> int:
    text = request.GET.get("radius", "")
    return int(text) if text in {str(n) for n in listing.RADII_MILES} else DEFAULT_MILES


def _wanted(request: HttpRequest, trouble: dict[str, str]) -> listing.Wanted:
    says = [
        f"{f.key}:{value}"
        for f in FACTS
        if f.filters and f.kind != "money"
        for value in dict.fromkeys(request.GET.getlist(f.key))
        if value in dict(f.options)
    ]
    most = None
    try:
        most = read_money(request.GET.get("most", ""), "most")
    except BadInput as error:
        trouble["most"] = error.why
    return listing.Wanted(says=tuple(says), most_cents=most)


def _groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The filters, each with what is ticked."""
    found = []
    for f in FACTS:
        if f.filters and f.kind != "money":
            options = [o for o in f.options if o[0] not in ("none", "nobody")]
            options = options[:1] if f.kind == "yes_no" else options
            ticked = request.GET.getlist(f.key)
            found.append(
                {
                    "key": f.key,
                    "label": f.label,
                    "open": bool(ticked),
                    "options": [(k, w, k in ticked) for k, w in options],
                }
            )
    return found


@require_GET
def map_picture(request: HttpRequest) -> HttpResponse:
    """The country, to choose a point on."""
    answer = HttpResponse(maps.picture(maps.COUNTRY), content_type="image/svg+xml")
    answer["Cache-Control"] = "public, max-age=86400"
    return answer


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Up to four centres side by side, fact by fact."""
    uids = []
    for text in request.GET.getlist("c")[:40]:
        try:
            uids.append(UUID(text))
        except ValueError:
            continue
    centres, rows = listing.compared(uids, queries.today())
    page = {
        "centres": centres,
        "rows": rows,
        "more": len(set(uids)) > 4,
        "counts": [c.reports.filter(state="shown").count() for c in centres],
    }
    return public_page(request, "public/directory_compare.html", page)


@require_GET
def centre(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One centre: every fact with who confirmed it and when, and what patients reported."""
    found = listing.centre_or_none(uid)
    if found is None:
        raise Http404
    own = found.site is not None
    page = {
        "centre": found,
        "lines": listing.lines_of(found, queries.today()),
        "reports": listing.reports(found),
        "own": own,
        "counts": listing.report_counts(found),
    }
    return public_page(request, "public/directory_centre.html", page)


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Facts of care that a patient reports.  Help first, where the words ask for it."""
    found = listing.centre_or_none(uid)
    if found is None:
        raise Http404
    if request.method == "GET":
        return _report_page(request, found)
    typed = {k: str(v) for k, v in request.POST.items() if k != "csrfmiddlewaretoken"}
    try:
        made = UUID(typed.get("uid", ""))
    except ValueError:
        made = uuids.uuid4()
    try:
        actions.send_report(
            found, typed, address=request.META.get("REMOTE_ADDR", ""), at=clock.now(), today=queries.today(), uid=made
        )
    except BadInput as error:
        return _report_page(request, found, typed, {error.field: error.why}, 422)
    except Refused as error:
        return _report_page(request, found, typed, {"": error.why}, 429)
    if is_urgent(typed.get("words", "")):
        return public_page(
            request, "public/directory_report.html", {"centre": found, "sent": True, "crisis_first": True}
        )
    return redirect(f"{reverse('public:centre_report', args=[found.uid])}sent/")


@require_GET
def report_sent(request: HttpRequest, uid: UUID) -> HttpResponse:
    found = listing.centre_or_none(uid)
    if found is None:
        raise Http404
    return public_page(request, "public/directory_report.html", {"centre": found, "sent": True})


def _report_page(
    request: HttpRequest,
    found: Any,
    typed: dict[str, str] | None = None,
    trouble: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    typed = typed or {}
    page = {
        "centre": found,
        "typed": typed,
        "trouble": trouble or {},
        "uid": typed.get("uid") or uuids.uuid4(),
        "questions": [(key, words, typed.get(f"q_{key}", "")) for key, words in REPORTED],
        "latest": queries.today().isoformat()[:7],
        "crisis_first": is_urgent(typed.get("words", "")),
    }
    return public_page(request, "public/directory_report.html", page, status=status)
