"""May this person be given the drug today: right person, order, weight, stomach, escort, consent, medicines?

Sentences name values and days, not running ages, so that an override given against one sentence still stands a minute
later, and no longer stands once the value has changed.
"""

from __future__ import annotations

from datetime import timedelta

from stillhaven.science.findings import Finding
from stillhaven.science.limits import CAUTION, SET_BY_DIRECTOR, duration, plain, standing
from stillhaven.science.start_facts import FastingLimit, Order, StartFacts, StartRules


def identity(facts: StartFacts, rules: StartRules) -> Finding:
    """Is this the right person, by enough identifiers of their own?"""
    need, found = rules.identifiers_needed.value, facts.identifiers
    named = ", ".join(sorted(i.replace("_", " ") for i in found or ()))
    return rules.judge(
        "identity",
        None if found is None or need is None else len(found) >= need,
        yes=f"identified by {named}",
        no=f"identified by {named or 'nothing'}; {rules.identifiers_needed.text} are asked",
        unknown="nobody has checked who this is" if need is not None else "how many identifiers to ask is not set",
        to_do="ask name and date of birth, and compare with the record" if need is not None else SET_BY_DIRECTOR,
        source=rules.identifiers_needed.source,
    )


def order_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Is there a signed order for this drug, for today, not yet used?"""
    order = facts.order
    if order is None:
        missing = rules.judge(
            "order_signed",
            False,
            no="there is no order for this session",
            to_do="ask the prescriber for a signed order",
        )
        return (missing,)
    in_date: bool | None = None
    if order.valid_from is not None and order.valid_until is not None:
        in_date = order.valid_from <= facts.now <= order.valid_until
    return (
        rules.judge(
            "order_signed",
            order.signed_at is not None
            and order.signed_at <= facts.now
            and bool(order.signed_by)
            and not order.cancelled,
            yes=f"signed by {order.signed_by}",
            no=f"the order was cancelled: {order.cancelled}" if order.cancelled else "the order is not signed",
            to_do="ask the prescriber to sign it",
        ),
        rules.judge(
            "order_drug",
            order.drug == facts.drug,
            yes=f"the order is for {_words(order.drug)}",
            no=f"the order is for {_words(order.drug)}, the session for {_words(facts.drug)}",
            to_do="ask the prescriber; one is never converted into the other",
        ),
        rules.judge(
            "order_in_date",
            in_date,
            yes="the order is for today",
            no="the order is not for today",
            unknown="the order does not say for when it is",
            to_do="ask the prescriber for an order for today",
        ),
        rules.judge(
            "order_unused",
            None if order.used is None else not order.used,
            yes="the order has not been used",
            no="the order has already been given",
            unknown="nobody has looked whether the order was used",
            to_do="ask the prescriber for a new order",
        ),
    )


def weight_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Is the weight known and fresh, and the one the dose was computed with?"""
    order = facts.order
    if order is not None and not order.per_kg:
        fixed = "the dose does not depend on weight"
        return rules.judge("weight_fresh", True, yes=fixed), rules.judge("weight_unchanged", True, yes=fixed)
    limit = rules.weight_max_age_days
    if facts.weight_kg is None or facts.weighed_on is None:
        fresh, unknown = None, "weight, or the day it was taken, is not known"
    elif limit.value is None or facts.weighed_on > facts.today:
        fresh = None
        unset = limit.value is None
        unknown = "how old a weight may be is not set" if unset else "the weight's day lies ahead of today"
    else:
        fresh, unknown = (facts.today - facts.weighed_on).days <= limit.value, ""
    first = rules.judge(
        "weight_fresh",
        fresh,
        unknown=unknown,
        source=limit.source,
        yes=f"{_kg(facts.weight_kg)} on {facts.weighed_on}",
        no=f"the weight is from {facts.weighed_on}; the clinic allows {limit.text}",
        to_do=SET_BY_DIRECTOR if limit.value is None and facts.weight_kg is not None else "weigh again today",
    )
    was, now_kg = (order.actual_weight_kg if order else None), facts.weight_kg
    if was is None or now_kg is None or not was > 0:
        return (
            first,
            rules.judge(
                "weight_unchanged",
                None,
                to_do="weigh, and look at the order",
                unknown="the order's weight or today's is not known",
            ),
        )
    change_pct = 100.0 * abs(now_kg - was) / was
    return (
        first,
        rules.judge(
            "weight_unchanged",
            change_pct <= (rules.weight_change_pct.value or 0.0),
            source=rules.weight_change_pct.source,
            yes=f"the order was computed for {_kg(was)}",
            no=f"the order was computed for {_kg(was)}; the person weighs {_kg(now_kg)}"
            + _dose_then_and_now(order, was, now_kg),
            to_do="ask the prescriber to compute and sign again",
        ),
    )


def fasting_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Is the stomach as empty as the drug and the order ask?  Where both ask, the longer time holds."""
    asked: dict[str, FastingLimit] = {}
    own = facts.order.fasting if facts.order else ()
    for rule in (*rules.fasting.get(facts.drug, ()), *own):
        held = asked.get(rule.kind)
        if held is None or held.at_least.value is None or (rule.at_least.value or 0.0) > held.at_least.value:
            asked[rule.kind] = rule
    if not asked:
        unset = f"no fasting rule is set for {_words(facts.drug)}"
        return (rules.judge("fasting", None, to_do=SET_BY_DIRECTOR, unknown=unset),)
    return tuple(_fasting(facts, rule, rules) for rule in asked.values())


def _fasting(facts: StartFacts, rule: FastingLimit, rules: StartRules) -> Finding:
    taken, need = facts.last_taken.get(rule.kind), rule.at_least.value
    key, how = f"fasting_{rule.kind}", standing(rules.how, "fasting")
    if need is None:
        return rules.judge(
            key,
            None,
            how=how,
            to_do=SET_BY_DIRECTOR,
            source=rule.at_least.source,
            unknown=f"how long without {rule.label} is not set",
        )
    asked_for = f"{rule.label}: none for {duration(need * 60.0)}"
    wait_s, ok, unknown = 0.0, None, f"nobody has asked about {rule.label}"
    if taken is not None and taken.none_taken:
        ok = True
    elif taken is not None and taken.at is not None:
        wait_s = (taken.at + timedelta(minutes=need) - facts.now).total_seconds()
        if taken.at > facts.now:
            unknown = f"the time of {rule.label} lies ahead of now"
        else:
            ok = wait_s <= 0.0
    return rules.judge(
        key,
        ok,
        yes=f"{asked_for}; kept",
        no=f"{asked_for}; not kept",
        unknown=unknown,
        how=how,
        source=rule.at_least.source,
        to_do=f"wait {duration(wait_s)} more" if ok is False else f"ask when the person last had {rule.label}",
    )


def escort_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Who takes the person home, and can they be reached?"""
    name, phone = (facts.escort_name or "").strip(), (facts.escort_phone or "").strip()
    return (
        rules.judge(
            "escort_named",
            None if facts.escort_name is None else bool(name),
            yes=f"{name} takes them home",
            no="nobody is named to take them home",
            unknown="nobody has asked who takes them home",
            to_do="ask for the name of a responsible adult",
        ),
        rules.judge(
            "escort_reachable",
            False if facts.escort_phone is not None and not phone else facts.escort_reachable,
            yes=f"{name or 'the escort'} can be reached on {phone or 'the number on record'}",
            no="the escort cannot be reached",
            unknown="nobody has tried to reach the escort",
            to_do="call the escort and confirm",
        ),
    )


def consent_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Is consent signed and not withdrawn: to the treatment, and to off-label use where the order is off-label?"""
    found = [_consent(facts, "treatment", "consent to treatment", rules), _today(facts, rules)]
    off_label = facts.order.off_label if facts.order else None
    if off_label is None:
        found.append(
            rules.judge(
                "consent_off_label",
                None,
                to_do="ask the prescriber to mark the order",
                unknown="whether this use is off-label is not recorded",
            )
        )
    elif off_label:
        found.append(_consent(facts, "off_label", "off-label acknowledgement", rules))
    return tuple(found)


def _today(facts: StartFacts, rules: StartRules) -> Finding:
    """A signature of last week is no yes of today: were they asked, and do they still want it?"""
    return rules.judge(
        "consent_today",
        facts.wants_today,
        yes="asked today: nothing has changed, and they want it",
        no="they do not want it today",
        unknown="nobody has asked today whether they still want it",
        to_do="stop here; talk with the prescriber" if facts.wants_today is False else "ask, and wait for the answer",
    )


def _consent(facts: StartFacts, kind: str, label: str, rules: StartRules) -> Finding:
    mine = [c for c in facts.consents or () if c.kind == kind and c.signed_at and c.signed_at <= facts.now]
    kept = [c for c in mine if c.withdrawn_at is None or c.withdrawn_at > facts.now]
    holding = [c for c in kept if not c.against]
    doubts = [c.against for c in facts.consents or () if c.kind == kind and c.unknown]
    said = next((c.against for c in (*kept, *(facts.consents or ())) if c.kind == kind and c.against), "")
    gone = f"{label} was withdrawn" if mine and not kept else said or f"{label} is not signed"
    return rules.judge(
        f"consent_{kind}",
        True if holding else None if facts.consents is None or doubts else False,
        yes=f"{label} is signed",
        no=gone,
        unknown=doubts[0] if doubts else f"nobody has looked for the {label}",
        to_do="talk it through; sign only if the person wants to",
    )


def pregnancy(facts: StartFacts, rules: StartRules) -> Finding:
    """Asked, and not pregnant?"""
    return rules.judge(
        "pregnancy",
        None if facts.pregnant is None else not facts.pregnant,
        yes="asked: not pregnant, or cannot be",
        no="pregnant",
        unknown="pregnancy has not been asked",
        to_do="call the prescriber" if facts.pregnant else "ask, and test where the clinic's policy says so",
    )


def medicine_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """What else is the person taking, since when, and does it matter with this drug?"""
    found = [
        rules.judge(
            "medicine_changes",
            facts.medicine_changes_asked,
            yes="medicine changes since last time were asked",
            no="medicine changes were not asked",
            unknown="medicine changes have not been asked",
            to_do="ask what was taken today and what has changed",
        )
    ]
    if facts.medicine_classes is None or facts.drug not in rules.interactions:
        why = "the medicines have not been reviewed"
        if facts.medicine_classes is not None:
            why = f"no list of interacting medicines is set for {_words(facts.drug)}"
        found.append(rules.judge("medicines", None, unknown=why, to_do="review the medicine list"))
        return tuple(found)
    hits = [i for i in rules.interactions[facts.drug] if i.key in facts.medicine_classes]
    found += [
        rules.judge(f"medicine_{i.key}", False, no=f"{i.label}: {i.because}", to_do=i.to_do, how=i.how) for i in hits
    ]
    if not hits:
        found.append(rules.judge("medicines", True, yes="no medicine of a class that is flagged with this drug"))
    if facts.medicines_unmatched:
        names = ", ".join(facts.medicines_unmatched)
        found.append(
            rules.judge(
                "medicines_unmatched",
                None,
                unknown=f"not known to the list: {names}",
                to_do="ask the prescriber",
                how=standing(rules.how, "medicines_unmatched", CAUTION),
            )
        )
    return tuple(found)


def _dose_then_and_now(order: Order | None, was_kg: float, now_kg: float) -> str:
    per_kg = order.dose_mg_per_kg if order else None
    if per_kg is None:
        return ""
    return f"; {plain(round(per_kg * was_kg, 2))} mg then, {plain(round(per_kg * now_kg, 2))} mg now"


def _kg(weight_kg: float | None) -> str:
    return "no weight" if weight_kg is None else f"{plain(weight_kg)} kg"


def _words(key: str) -> str:
    return key.replace("_", " ")
