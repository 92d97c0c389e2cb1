"""What a course may cost: by course, route, payer and the clinic's prices, with what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.public import costs_queries as found
from stillhaven.clinic.public import queries
from stillhaven.clinic.public.costs_actions import read_count, read_percent
from stillhaven.clinic.public.education_views import public_page
from stillhaven.reference._costs import costs as rules
from stillhaven.science.costs import MOST_SESSIONS, Payer, Plan, Range, in_parts, read_money, shown
from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Protocol

ROUTES = {
    "iv_infusion": "Infusion into a vein",
    "iv_bolus": "Injection into a vein",
    "im": "Injection into a muscle",
    "intranasal": "Nasal spray",
    "oral": "By mouth",
    "sublingual": "Under the tongue",
}
PAYERS = {
    "none": "I pay myself, or have no insurance",
    "commercial": "A plan from work or bought myself",
    "medicare": "Medicare",
    "medicaid": "Medicaid",
    "other": "Something else",
}
SCENARIOS = {
    "cash": "You pay it all",
    "out_of_network": "Your plan is out of network",
    "in_network": "Your plan is in network",
}
FIRST = ("iv_depression", "iv_infusion")


def choices() -> list[tuple[str, str]]:
    """Every course with every route it is given by: "iv_depression:iv_infusion"."""
    rows = []
    for p in found.regimens():
        for route in p.routes:
            title = f"{p.title} ({_(ROUTES[route.value]).lower()})" if len(p.routes) > 1 else p.title
            rows.append((f"{p.key}:{route.value}", title))
    return rows


def chosen(text: str) -> tuple[Protocol, str] | None:
    key, _sign, route = text.partition(":")
    protocol = next((p for p in found.regimens() if p.key == key), None)
    return (protocol, route) if protocol and route in {r.value for r in protocol.routes} else None


@require_GET
def costs(request: HttpRequest) -> HttpResponse:
    """The question, and its answer on the same page.  Nothing is stored."""
    site = _site(request)
    asked = request.GET.get("course", "")
    trouble: dict[str, str] = {}
    page: dict[str, Any] = {
        "asked": bool(asked),
        "courses": choices(),
        "course": asked,
        "typed": request.GET,
        "trouble": trouble,
        "at": site,
        "sites": list(Site.objects.order_by("pk")),
        "payers": [(k, _(v)) for k, v in PAYERS.items()],
        "payer": request.GET.get("payer", "none"),
        "ways": found.ways(site.pk, queries.today()) if site else [],
    }
    if not asked or site is None:
        page["course"] = ":".join(FIRST)
        return public_page(request, "public/costs.html", page)
    course = chosen(asked)
    if course is None:
        trouble["course"] = _("choose one of the courses")
    plan, said = _plan(request, trouble)
    if trouble or course is None or plan is None:
        return public_page(request, "public/costs.html", page, status=422)
    protocol, route = course
    computed = found.computed(site.pk, protocol, route, plan, queries.today(), said)
    likely = computed.scenarios[0].total.likely
    for way in page["ways"]:
        way["parts"] = [
            (row.months, *(shown(c) for c in in_parts(likely, row.months)))
            for row in way["own"]
            if row.months and likely
        ]
    known, quoted = found.known(protocol.drug.value, plan.payer), found.quoted(route, protocol.drug.value)
    codes = rules().codes_for(route=route, drug=protocol.drug.value, payer=plan.payer, on=queries.today())
    cited = dict.fromkeys(s for row in (*known, *quoted, *codes) for s in row.cite.source)
    numbers = {key: n for n, key in enumerate(cited, start=1)}
    page |= {
        "protocol": protocol,
        "route": _(ROUTES[route]),
        "sessions": computed.sessions,
        "scenarios": [_scenario(s) for s in computed.scenarios],
        "unknown": computed.unknown,
        "lines": [(p.title, p.per.value, _three(p.cents), _three(total)) for p, total in computed.lines],
        "package": _package(computed),
        "monthly": _three(computed.monthly) if computed.monthly.low is not None else None,
        "quoted": [
            (one["row"].item, shown(one["row"].low_usd * 100), shown(one["row"].high_usd * 100), one["refs"])
            for one in _refs(quoted, numbers)
        ],
        "known": _refs(known, numbers),
        "today": queries.today(),
        "version": rules().version[:12],
        "codes": _refs(codes, numbers),
        "sources": queries.cited(tuple(numbers)),
    }
    return public_page(request, "public/costs.html", page)


def _refs(rows: Sequence[Any], numbers: dict[str, int]) -> list[dict[str, Any]]:
    """Each row with the numbers of its sources at the foot of the page."""
    return [{"row": row, "refs": [numbers[s] for s in row.cite.source]} for row in rows]


def _site(request: HttpRequest) -> Site | None:
    text = request.GET.get("clinic", "")
    named = Site.objects.filter(pk=int(text)).first() if text.isascii() and text.isdigit() and len(text) < 5 else None
    return named or queries.site()


def _plan(request: HttpRequest, trouble: dict[str, str]) -> tuple[Plan | None, int | None]:
    get = request.GET.get
    payer = get("payer", "none")
    if payer not in PAYERS:
        trouble["payer"] = _("choose one of the answers")
        return None, None
    read: dict[str, Any] = {}
    for name, reader in (
        ("deductible", read_money),
        ("copay", read_money),
        ("most", read_money),
        ("out", read_money),
        ("share", read_percent),
    ):
        try:
            read[name] = reader(get(name, "")[:40], name)
        except BadInput as error:
            trouble[name] = error.why
    said = None
    try:
        said = read_count(get("sessions", "")[:20], "sessions", MOST_SESSIONS)
    except BadInput as error:
        trouble["sessions"] = error.why
    if trouble:
        return None, None
    plan = Plan(
        payer=Payer(payer),
        covers={"yes": True, "no": False}.get(get("covers", "")),
        deductible_left_cents=read["deductible"],
        share_percent=read["share"],
        copay_cents=read["copay"],
        most_left_cents=read["most"],
        out_allowed_cents=read["out"],
    )
    return plan, said


def _three(cents: Range) -> tuple[str, str, str]:
    """Low, likely, high in dollars; "" is not known."""
    low, likely, high = (shown(v) if v is not None else "" for v in (cents.low, cents.likely, cents.high))
    return low, likely, high


def _scenario(scenario: Any) -> dict[str, Any]:
    return {
        "title": _(SCENARIOS[scenario.key]),
        "key": scenario.key,
        "total": _three(scenario.total),
        "why": scenario.why,
        "unknown": scenario.unknown,
    }


def _package(computed: Any) -> dict[str, Any] | None:
    if computed.package is None:
        return None
    price, many, total = computed.package
    return {
        "title": price.title,
        "many": many,
        "sessions": price.sessions,
        "price": shown(price.cents.likely),
        "total": shown(total),
    }
