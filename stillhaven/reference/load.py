"""What are the numbers that hold today?  The one door to the reference files.

`current()` gives the shipped numbers, `current(overlay)` those with a clinic's own folder laid over them.  Both are
frozen science objects; both refuse files that `stillhaven check` would refuse, and list everything that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from stillhaven.reference._alarms import read_alarms
from stillhaven.reference._candidacy import read_candidacy
from stillhaven.reference._checkin import CheckinRules, read_checkin
from stillhaven.reference._comparators import GroupReference, read_comparators
from stillhaven.reference._consent import read_consent
from stillhaven.reference._drills import read_drills
from stillhaven.reference._drugs import DoseRules, read_dose_rules, read_drugs
from stillhaven.reference._events import read_events, read_rescue_drugs
from stillhaven.reference._followup import FollowUpReference, read_followup
from stillhaven.reference._instruments import read_instruments
from stillhaven.reference._intake import read_intake
from stillhaven.reference._outcomes import OutcomeRules, read_outcomes
from stillhaven.reference._pk import FOLDER as PK_FOLDER
from stillhaven.reference._pk import read_pk
from stillhaven.reference._plan import plan_rules
from stillhaven.reference._policy import alarm_items, read_policy
from stillhaven.reference._privacy import DataMap, read_data_map
from stillhaven.reference._protocols import read_protocols
from stillhaven.reference._recovery import read_recovery
from stillhaven.reference._scales import read_scales
from stillhaven.reference._schedule import read_competences
from stillhaven.reference._session import read_session
from stillhaven.reference._setting import read_rems, read_staff
from stillhaven.reference._signals import SignalGroup, read_signals
from stillhaven.reference._sources import Source, read_sources
from stillhaven.reference._stock import read_stock
from stillhaven.reference._therapy import TherapyRules, read_therapy
from stillhaven.reference.check import check_facts, check_same_numbers, drafts
from stillhaven.reference.files import SHIPPED, Problem, Shelf
from stillhaven.science.alarms.conditions import AlarmReference
from stillhaven.science.candidacy import CandidacyRules
from stillhaven.science.checks import CheckMarks
from stillhaven.science.consent import ConsentRules
from stillhaven.science.drills import Drill
from stillhaven.science.drugs import DrugFacts
from stillhaven.science.errors import BadInput
from stillhaven.science.events import AdverseEventKind, Grading, RescueDrug
from stillhaven.science.intake import IntakeRules
from stillhaven.science.pk.models import Model
from stillhaven.science.plan_rules import PlanRules
from stillhaven.science.policy import Policy, PolicyItem, RecoveryRules, Rems, Requirement, SessionRules, Setting
from stillhaven.science.protocol import Drug, Protocol, Route
from stillhaven.science.scales import Instrument, Scale
from stillhaven.science.schedule import CompetenceKind
from stillhaven.science.stock import StockRules
from stillhaven.science.vitals import Signal

DEMO_CLINIC = SHIPPED / "cast" / "demo_clinic"  # what the demo's invented clinic has set


class BadReference(BadInput):
    """Reference files that cannot be used.  Carries every problem, each with its file and key."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("reference files", "; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """All numbers of one version.  `version` is the sha256 of the files it was read from.

    `drafts` names the files that nobody has reviewed: they load in tests and the demo; a clinic takes a version into use
    only when its medical director adopts it.
    """

    version: str
    drafts: tuple[str, ...]
    sources: Mapping[str, Source]
    signals: Mapping[str, Signal]
    signal_groups: Mapping[str, SignalGroup]
    drugs: Mapping[Drug, DrugFacts]
    dose_rules: DoseRules
    protocols: Mapping[str, Protocol]
    scales: Mapping[str, Scale]
    instruments: Mapping[str, Instrument]
    checkin: CheckinRules
    therapy: TherapyRules
    privacy: DataMap
    followup: FollowUpReference
    session: SessionRules
    check_marks: CheckMarks
    recovery: RecoveryRules
    alarms: AlarmReference
    adverse_events: Mapping[str, AdverseEventKind]
    grading: Grading
    rescue_drugs: Mapping[str, RescueDrug]
    rems: Rems
    staff_equipment: tuple[Requirement, ...]
    policy: Policy
    drills: Mapping[str, Drill]
    intake: IntakeRules
    candidacy: CandidacyRules
    stock: StockRules
    consent: ConsentRules
    competences: Mapping[str, CompetenceKind]
    groups: GroupReference
    outcomes: OutcomeRules

    @property
    def policy_items(self) -> tuple[PolicyItem, ...]:
        """Everything that the clinic sets, set or not, with its candidates."""
        return tuple(self.policy.items.values())

    def plan_rules(self, protocol: str, route: Route) -> PlanRules:
        """The limits of a dose by this protocol and route.  BadInput where there is no such regimen."""
        found = self.protocols.get(protocol)
        if found is None or not found.is_orderable:
            raise BadInput("protocol", f"{protocol!r} is not a regimen that an order can be made from")
        if route not in found.routes:
            raise BadInput("route", f"{route.value!r} is not a route of {found.title}")
        return plan_rules(found, route, self.drugs[found.drug], self.dose_rules, self.policy)


@lru_cache(maxsize=16)
def current(overlay: Path | None = None, settings: tuple[Setting, ...] = ()) -> Reference:
    """The numbers that hold, read once a process.  Raises BadReference, naming every file and key that is wrong.

    `settings` are what a clinic's medical director has set of the policy items: rules read them like any other number.
    """
    reference, problems = read(overlay, settings=settings)
    if problems:
        raise BadReference(problems)
    return reference


def read(
    overlay: Path | None = None, shipped: Path = SHIPPED, settings: tuple[Setting, ...] = ()
) -> tuple[Reference, list[Problem]]:
    """What could be read, and everything that is wrong with it, in order of file and key."""
    shelf = Shelf(shipped=shipped, overlay=overlay)
    sources = read_sources(shelf)
    signals, groups = read_signals(shelf)
    drugs = read_drugs(shelf)
    policy = read_policy(shelf, drugs).with_settings(settings)
    scales = read_scales(shelf)
    rescue = read_rescue_drugs(shelf)
    events, grading = read_events(shelf, rescue)
    staff, equipment = read_staff(shelf)
    session, marks = read_session(shelf, signals, scales, policy, equipment)
    alarms = read_alarms(shelf, signals)
    policy = policy.with_items(alarm_items(alarms, signals)).with_settings(settings)
    shelf.note("pk")  # read by `pk_models`; a changed model is another version all the same
    protocols = read_protocols(shelf, drugs)
    instruments = read_instruments(shelf)
    reference = Reference(
        sources=sources,
        signals=signals,
        signal_groups=groups,
        drugs=drugs,
        dose_rules=read_dose_rules(shelf),
        protocols=protocols,
        scales=scales,
        instruments=instruments,
        checkin=read_checkin(shelf),
        therapy=read_therapy(shelf),
        privacy=read_data_map(shelf),
        followup=read_followup(shelf, instruments),
        session=session,
        check_marks=marks,
        recovery=read_recovery(shelf, scales, policy, drugs, signals),
        alarms=alarms,
        adverse_events=events,
        grading=grading,
        rescue_drugs=rescue,
        rems=read_rems(shelf),
        staff_equipment=staff,
        policy=policy,
        drills=read_drills(shelf, alarms, events),
        intake=read_intake(shelf),
        candidacy=read_candidacy(shelf, tuple(protocols)),
        stock=read_stock(shelf),
        consent=read_consent(shelf),
        competences=read_competences(shelf),
        groups=read_comparators(shelf, instruments),
        outcomes=read_outcomes(shelf),
        drafts=drafts(shelf),
        version=shelf.version,
    )
    check_facts(shelf, sources)
    check_same_numbers(shelf, reference.session, reference.alarms, scales)
    return reference, sorted(set(shelf.problems))


@lru_cache(maxsize=1)
def pk_models() -> Mapping[str, Model]:
    """Every published pharmacokinetic model by id, blocked ones included (they say why)."""
    return read_pk(PK_FOLDER)
