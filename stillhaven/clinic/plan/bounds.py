"""Does an order stay within what this clinic's medical director signed, beyond the dose itself?

A bound that nobody has set is said, as a caution: it stops nothing, and it is never taken for "no bound".
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.plan.models import Order
from stillhaven.reference.load import Reference
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.limits import BLOCK, CAUTION, SET_BY_DIRECTOR, Limit, judge, plain
from stillhaven.science.plan import DosePlan
from stillhaven.science.protocol import Drug, Route


def bounds(
    course: Course, plan: DosePlan, rules: Reference, *, observation_min: int | None, today: date, amends: Order | None
) -> tuple[Finding, ...]:
    """The clinic's own bounds around this order: step, slow start, age of the weight, time of observation."""
    found = [_step(course, plan, rules, amends), _slow_start(plan, rules), _weight(plan, rules, today)]
    found.append(_observed(plan, rules, observation_min))
    return tuple(f for f in found if f is not None)


def _step(course: Course, plan: DosePlan, rules: Reference, amends: Order | None) -> Finding | None:
    """How much higher than the last dose of this course is it?"""
    order, per_kg = plan.order, plan.dose_mg_per_kg
    if order.route != Route.IV_INFUSION.value or order.drug != Drug.KETAMINE.value or per_kg is None:
        return None
    before = Order.objects.current().filter(course=course, drug=order.drug, route=order.route)
    before = before.filter(dose_mg_per_kg__isnull=False)
    if amends is not None:
        before = before.exclude(pk=amends.pk)
    last = before.order_by("-happened_at", "-seq").first()
    if last is None or last.dose_mg_per_kg is None or per_kg <= Fraction(str(last.dose_mg_per_kg)):
        return None
    rise, limit = per_kg - Fraction(str(last.dose_mg_per_kg)), rules.policy.limit("iv_step_mg_per_kg")
    text = f"{plain(float(rise))} mg/kg more than the last order of this course"
    return _within("step", rise, limit, yes=f"{text}, not over the clinic's step of {limit.text}",
                   no=f"{text}; the clinic's step is {limit.text}",
                   unset=f"{text}; how large a step may be is not set")  # fmt: skip


def _slow_start(plan: DosePlan, rules: Reference) -> Finding | None:
    steps = plan.steps
    if len(steps) < 2 or steps[0].mg_per_h >= steps[1].mg_per_h:
        return None
    limit, minutes = rules.policy.limit("ramp_first_min"), steps[0].minutes
    text = f"the slow start runs {plain(float(minutes))} min"
    return _within("slow_start", minutes, limit, yes=f"{text}, not over the clinic's {limit.text}",
                   no=f"{text}; the clinic allows {limit.text}", unset=f"{text}; how long it may be is not set")  # fmt: skip


def _within(rule: str, value: Fraction, limit: Limit, *, yes: str, no: str, unset: str) -> Finding:
    ok = None if limit.value is None else value <= Fraction(str(limit.value))
    return judge(rule, ok, yes=yes, no=no, unknown=unset, how=CAUTION if ok is None else BLOCK, source="policy",
                 to_do=SET_BY_DIRECTOR if ok is None else "ask the medical director, or order less")  # fmt: skip


def _weight(plan: DosePlan, rules: Reference, today: date) -> Finding | None:
    """An old weight is a caution here; the start of each session weighs anew and stops where it must."""
    weight = plan.order.weight
    if weight is None:
        return None
    limit = rules.policy.limit("weight_max_age_d")
    days = (today - weight.on).days
    if days < -1:  # a clinic and its server may stand on either side of midnight
        raise BadInput("weighed_on", "lies in the future")
    ok = None if limit.value is None else days <= limit.value
    said = f"weighed on {weight.on}"
    return judge("weight_age", ok, yes=said, no=f"{said}; the clinic allows {limit.text}", how=CAUTION, source="policy",
                 unknown=f"{said}; how old a weight may be is not set", to_do="weigh again before the session")  # fmt: skip


def _observed(plan: DosePlan, rules: Reference, minutes: int | None) -> Finding | None:
    asked = rules.recovery.rules_for(Drug(plan.order.drug), Route(plan.order.route)).observation.minimum
    source, text = asked.source or "policy", asked.text
    if minutes is None:
        return judge("observation", None if asked.value is None else True, how=CAUTION, source=source,
                     yes=f"observed for the clinic's {text}", to_do=SET_BY_DIRECTOR,
                     unknown="neither this order nor the clinic says how long the person is observed")  # fmt: skip
    ok, said = None if asked.value is None else minutes >= asked.value, f"observed for {minutes} min"
    return judge("observation", ok, yes=f"{said}, not under {text}", no=f"{said}; the least is {text}", source=source,
                 unknown=f"{said}; the clinic has set no least time", how=CAUTION if ok is None else BLOCK,
                 to_do="write at least the clinic's time")  # fmt: skip
