"""The demo's prices, centres, reports and enquiries: plainly synthetic, through the same deeds as staff and visitors."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from stillhaven.clinic.public import costs_actions, directory_actions, enquiry_actions
from stillhaven.clinic.public.directory_actions import confirmed, read_address, set_facts
from stillhaven.clinic.public.directory_models import Centre, CentreReport

PRICES = (
    {
        "title": "Infusion session",
        "part": "session",
        "route": "iv_infusion",
        "drug": "ketamine",
        "likely": "495",
        "low": "450",
        "high": "560",
        "code": "96365",
    },
    {
        "title": "Injection session",
        "part": "session",
        "route": "im",
        "drug": "ketamine",
        "likely": "380",
        "code": "96372",
    },
    {
        "title": "Esketamine session with two hours of observation",
        "part": "session",
        "route": "intranasal",
        "drug": "esketamine",
        "likely": "690",
        "low": "640",
        "high": "860",
        "allowed": "610",
        "payer": "commercial",
        "code": "J0013",
    },
    {
        "title": "First assessment",
        "part": "assessment",
        "per": "course",
        "likely": "275",
        "allowed": "210",
        "code": "99204",
    },
    {
        "title": "Visit with the prescriber",
        "part": "follow_up",
        "per": "course",
        "likely": "140",
        "allowed": "120",
        "code": "99214",
    },
    {
        "title": "Six infusions together",
        "part": "package",
        "route": "iv_infusion",
        "drug": "ketamine",
        "likely": "2700",
        "sessions": "6",
    },
)
WAYS = (
    {"kind": "payment_plan", "terms": "In six equal parts, without interest or fee.", "months": "6"},
    {
        "kind": "sliding_scale",
        "terms": "Up to 30 % less by household income. Ask the front desk; a pay slip is enough.",
        "percent_off": "30",
    },
)


def _uid(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"stillhaven demo {name}")


def seed(demo: Any) -> None:
    """Once, in the demo."""
    if Centre.objects.exists():
        return
    manager = next((u for u in demo.staff.values() if "manager" in u.roles), None)
    if manager is None:
        return
    site, today = demo.site, demo.now.date()
    since = (today - timedelta(days=120)).isoformat()
    for row in PRICES:
        costs_actions.set_price(site, {"per": "session", "since": since} | row, by=manager, uid=_uid(str(row["title"])))
    for way in WAYS:
        costs_actions.set_way(site, {"since": since} | way, by=manager, uid=_uid(way["kind"]))
    costs_actions.set_provider(
        site,
        {"name": site.name, "npi": "1234567893", "tin": "00-0000000", "address": "1 Synthetic Street", "state": "CA"},
        by=manager,
        uid=_uid("biller"),
    )
    _centres(demo, manager)
    _enquiries(demo)


def _centres(demo: Any, manager: Any) -> None:
    today = demo.now.date()
    rows = []
    text = (files("stillhaven.reference") / "cast" / "centres.toml").read_text(encoding="utf-8")
    for row in tomllib.loads(text)["centre"]:
        name, code, ago = row["name"], row["zip"], row.get("days_ago")
        centre = Centre(
            uid=_uid(name),
            source="csv" if ago is not None else "nppes",
            simulated=True,
            **read_address({"name": name, "zip": code, "phone": "555-0100", "street": "1 Synthetic Street"}),
        )
        facts = row.get("facts", {})
        if ago is not None:
            set_facts(centre, confirmed({}, facts, by=f"{name}, by phone", on=today - timedelta(days=ago)))
        rows.append(centre)
    Centre.objects.bulk_create(rows)
    own = {
        "routes": ["iv_infusion", "im", "esketamine", "kap"],
        "conditions": ["depression", "ptsd", "ocd", "crps"],
        "in_room": ["nurse"],
        "monitoring": ["oximeter", "pressure"],
        "resuscitation": ["acls"],
        "rems": ["yes"],
        "price": ["495"],
        "insurance": ["commercial", "superbill"],
        "follow_up": ["next_day", "week", "scales"],
        "languages": ["en", "es", "interpreter"],
        "access": ["step_free", "quiet"],
        "accepting": ["yes"],
        "telehealth": ["yes"],
    }
    listed = directory_actions.keep_listing(
        demo.site, {"name": demo.site.name, "zip": "94117", "phone": "555-0199"}, own, listed=True, by=manager, on=today
    )
    Centre.objects.filter(pk=listed.pk).update(simulated=True)
    yes = dict.fromkeys(("assessed", "price_told", "pressure", "somebody", "ride"), "yes")
    for n, (answers, words, state) in enumerate(
        (
            (yes | {"followed_up": "no"}, "They took my blood pressure before, at forty minutes and after.", "shown"),
            (yes, "Nobody rang the next day, but the nurse was there all the time.", "waiting"),
        )
    ):
        CentreReport.objects.create(
            uid=_uid(f"report {n}"),
            centre=listed,
            sent_at=demo.now - timedelta(days=9 - n),
            name="Syn Reporter",
            contact="syn.reporter@patients.example",
            seen_in=(today - timedelta(days=40)).isoformat()[:7],
            answers=answers,
            words=words,
            state=state,
            judged_by="demo" if state == "shown" else "",
        )


def _enquiries(demo: Any) -> None:
    for name, hours, typed in (
        (
            "question",
            5,
            {
                "kind": "question",
                "name": "Syn Asker",
                "email": "syn.asker@patients.example",
                "words": "Does the clinic have a step-free entrance, and may my sister wait inside?",
            },
        ),
        (
            "urgent",
            1,
            {
                "kind": "call",
                "name": "Syn Caller",
                "phone": "555-0142",
                "best_time": "now",
                "words": "I can not go on like this and I want to die. Please call.",
            },
        ),
    ):
        at = demo.now - timedelta(hours=hours)
        opened = enquiry_actions.stamp(at - timedelta(minutes=2))
        enquiry_actions.leave(
            demo.site,
            {"consent": "yes", "opened": opened} | typed,
            address="demo",
            language="en",
            at=at,
            uid=_uid(f"enquiry {name}"),
        )
