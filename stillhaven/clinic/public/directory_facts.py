"""Which facts may a listing state, and what may each say?  Facts of care and access; nothing that can be paid for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from stillhaven.reference._costs import costs
from stillhaven.science.costs import read_money
from stillhaven.science.errors import BadInput

Words = str | Promise


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact of a listing.  kind: several, yes_no, money, text."""

    key: str
    label: Words
    kind: str
    options: tuple[tuple[str, Words], ...] = ()
    filters: bool = False
    help: Words = ""

    def words(self, value: str) -> str:
        return str(dict(self.options).get(value, value))


YES_NO: tuple[tuple[str, Words], ...] = (("yes", _("Yes")), ("no", _("No")))


def _yes_no(key: str, label: Words, **more: Any) -> Fact:
    return Fact(key=key, label=label, kind="yes_no", options=YES_NO, **more)


FACTS: tuple[Fact, ...] = (
    Fact(
        key="routes",
        label=_("Ways the drug is given"),
        kind="several",
        filters=True,
        options=(
            ("iv_infusion", _("Infusion into a vein")),
            ("iv_bolus", _("Injection into a vein")),
            ("im", _("Injection into a muscle")),
            ("esketamine", _("Esketamine nasal spray")),
            ("intranasal", _("Other nasal spray")),
            ("oral", _("By mouth")),
            ("sublingual", _("Under the tongue")),
            ("kap", _("With psychotherapy")),
        ),
    ),
    Fact(
        key="conditions",
        label=_("What is treated"),
        kind="several",
        filters=True,
        options=(
            ("depression", _("Depression")),
            ("bipolar", _("Bipolar depression")),
            ("suicidal", _("Thoughts of suicide")),
            ("anxiety", _("Anxiety")),
            ("ptsd", _("PTSD")),
            ("ocd", _("OCD")),
            ("substance_use", _("Alcohol and drugs")),
            ("neuropathic_pain", _("Nerve pain")),
            ("fibromyalgia", _("Fibromyalgia")),
            ("crps", _("CRPS")),
            ("migraine", _("Migraine")),
        ),
    ),
    Fact(
        key="in_room",
        label=_("Who is in the room"),
        kind="several",
        filters=True,
        options=(
            ("nurse", _("Nurse")),
            ("physician", _("Physician")),
            ("anaesthesia", _("Anaesthesia professional")),
            ("therapist", _("Therapist")),
            ("assistant", _("Medical assistant")),
            ("nobody", _("Nobody all the time")),
        ),
    ),
    Fact(
        key="monitoring",
        label=_("What is watched"),
        kind="several",
        filters=True,
        options=(
            ("oximeter", _("Oxygen, all the time")),
            ("pressure", _("Blood pressure, again and again")),
            ("ecg", _("Heart trace")),
            ("capnography", _("Breath")),
            ("sedation", _("How awake you are")),
        ),
    ),
    Fact(
        key="resuscitation",
        label=_("Trained in resuscitation"),
        kind="several",
        filters=True,
        options=(("bls", _("Basic")), ("acls", _("Advanced")), ("none", _("Nobody"))),
    ),
    _yes_no("rems", _("Certified for esketamine"), filters=True),
    Fact(key="price", label=_("Price of one session, paid by yourself"), kind="money", filters=True),
    Fact(
        key="insurance",
        label=_("Insurance that is billed"),
        kind="several",
        filters=True,
        options=(
            ("commercial", _("Commercial plans")),
            ("medicare", _("Medicare")),
            ("medicaid", _("Medicaid")),
            ("va", _("Veterans")),
            ("superbill", _("Superbill to send in yourself")),
            ("none", _("None")),
        ),
    ),
    Fact(
        key="follow_up",
        label=_("What happens after a session"),
        kind="several",
        filters=True,
        options=(
            ("next_day", _("A call or check the next day")),
            ("week", _("A check within a week")),
            ("scales", _("Questionnaires along the way")),
            ("prescriber", _("A visit with the prescriber before going on")),
            ("none", _("Nothing fixed")),
        ),
    ),
    Fact(
        key="languages",
        label=_("Languages"),
        kind="several",
        filters=True,
        options=(
            ("en", _("English")),
            ("es", _("Spanish")),
            ("zh", _("Chinese")),
            ("vi", _("Vietnamese")),
            ("ar", _("Arabic")),
            ("fr", _("French")),
            ("asl", _("American Sign Language")),
            ("interpreter", _("Interpreter by phone")),
        ),
    ),
    Fact(
        key="access",
        label=_("Access"),
        kind="several",
        filters=True,
        options=(
            ("step_free", _("Step-free")),
            ("wide_chair", _("Wide treatment chair")),
            ("quiet", _("Quiet room")),
            ("transit", _("Bus or train close by")),
            ("parking", _("Accessible parking")),
        ),
    ),
    _yes_no("accepting", _("Takes new patients"), filters=True),
    _yes_no("telehealth", _("First talk by video"), filters=True),
)
BY_KEY = {fact.key: fact for fact in FACTS}

# What patients are asked about: facts of care, never stars.
REPORTED: tuple[tuple[str, Words], ...] = (
    ("assessed", _("Did a clinician ask about your health before the first session?")),
    ("price_told", _("Were you told the price in writing before you began?")),
    ("pressure", _("Was your blood pressure taken before and after?")),
    ("somebody", _("Was somebody of the staff with you, or within call, the whole time?")),
    ("ride", _("Did they make sure that somebody took you home?")),
    ("followed_up", _("Did somebody ask how you were in the days after?")),
)


def read_fact(fact: Fact, typed: list[str]) -> list[str]:
    """What somebody stated, in the form it is kept; [] is not stated."""
    values = [v.strip() for v in typed if v.strip()]
    if not values:
        return []
    if fact.kind == "money":
        cents = read_money(values[0], fact.key)
        return [] if cents is None else [str(cents)]
    known = dict(fact.options)
    if wrong := [v for v in values if v not in known]:
        raise BadInput(fact.key, f"{wrong[0][:40]!r} is not one of {', '.join(known)}")
    if fact.kind == "yes_no" and len(set(values)) > 1:
        raise BadInput(fact.key, "says yes and no")
    none = {"none", "nobody"} & set(values)
    if none and len(set(values)) > 1:
        raise BadInput(fact.key, f"{none.pop()!r} goes with nothing else")
    return list(dict.fromkeys(values))


def says_of(facts: dict[str, Any]) -> list[str]:
    """The facts as the index holds them."""
    found = []
    for key, stated in facts.items():
        if stated.get("value"):
            found.append(f"{key}:*")
            if BY_KEY[key].kind != "money":
                found += [f"{key}:{value}" for value in stated["value"]]
    return found


def is_stale(on: str, today: date) -> bool:
    """Was a fact confirmed so long ago that it is marked?"""
    try:
        return date.fromisoformat(on) < today - timedelta(days=costs().stale_after_d)
    except ValueError:
        return True
