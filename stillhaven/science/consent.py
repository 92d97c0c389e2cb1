"""Does this person's consent stand today: signed in the words that hold, not withdrawn, not run out?

A document stands for one thing a person may agree to.  What stands in the way is always said in words; what the clinic
has not decided (how long a signature holds, whether it needs a witness) is unknown, never "for ever" or "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.protocol import Cite, Drug


class Gate(StrEnum):
    """What a document holds back while it does not stand."""

    TREATMENT = "treatment"  # the drug
    OFF_LABEL = "off_label"  # the drug, where the order is off-label
    THERAPY = "therapy"  # psychotherapy with the drug
    CAUTION = "caution"  # is remarked on, and stops nothing
    NONE = "none"  # a choice of its own


class State(StrEnum):
    """How one document stands with one person."""

    SIGNED = "signed"
    NEEDED = "needed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    NEW_VERSION = "new_version"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        return {"new_version": "a new version asks for a new signature", "needed": "not signed yet"}.get(
            self.value, self.value
        )


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a text, with where its facts stand.  `key` where an acknowledgement belongs to it."""

    title: str
    text: str
    cite: Cite
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """One sentence that is ticked by itself; all are needed for a signature."""

    key: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One question of a document: one of its options, or free words."""

    key: str
    label: str
    options: tuple[str, ...] = ()
    words: bool = False


@dataclass(frozen=True, kw_only=True)
class ConsentDocument:
    """One thing to agree to.  `drugs` empty means all; `renews`: a signature runs out as the clinic's policy says."""

    key: str
    title: str
    language: str
    gate: Gate
    renews: bool
    witness: bool
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    drugs: tuple[Drug, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    choices: tuple[Choice, ...] = ()

    def concerns(self, drug: str) -> bool:
        """Is this document about this drug?"""
        return not self.drugs or drug in {d.value for d in self.drugs}


@dataclass(frozen=True, kw_only=True)
class ConsentRules:
    """Every document, how long a withdrawal may be taken back, and how early an end is announced."""

    documents: tuple[ConsentDocument, ...] = ()
    undo_for_s: float = 0.0
    remind_before_d: float = 0.0

    def document(self, key: str) -> ConsentDocument:
        found = next((d for d in self.documents if d.key == key), None)
        if found is None:
            raise BadInput("document", f"{key!r} is not a document that people sign")
        return found


@dataclass(frozen=True, kw_only=True)
class Signed:
    """The newest signature under one document, as the rule needs it."""

    at: datetime
    version: str  # the hash of the text that was signed
    number: int
    for_this_course: bool
    witnessed: bool
    on_the_clinics_tablet: bool
    said_no: bool = False  # the person chose "no" to all that the document asks
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentPolicy:
    """What the clinic has set.  None or "" means that nobody has.

    `renewal`: each_course, after_days, both, never; `witness`: never, on_the_clinics_tablet, always.
    """

    renewal: str = ""
    valid_d: float | None = None
    witness: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one document stands.  `because` is a sentence; `expires_at` where an end is known."""

    document: str
    title: str
    gate: Gate
    state: State
    because: str
    to_do: str = ""
    signed_at: datetime | None = None
    expires_at: datetime | None = None
    number: int | None = None
    said_no: bool = False

    @property
    def stands(self) -> bool:
        """May what it is about be done?  A "no" that somebody signed is a no."""
        return self.state is State.SIGNED and not self.said_no


def standing(
    document: ConsentDocument, published: Mapping[str, int], signed: Signed | None, policy: ConsentPolicy, now: datetime
) -> Standing:
    """How a document stands.  `published`: hash -> number of the versions that may be signed now.

    >>> from datetime import UTC
    >>> d = ConsentDocument(key="k", title="K", language="en", gate=Gate.NONE, renews=False, witness=False, summary=(),
    ...                     sections=())
    >>> standing(d, {}, None, ConsentPolicy(), datetime(2026, 11, 21, tzinfo=UTC)).state
    <State.UNKNOWN: 'unknown'>
    """

    def answer(state: State, because: str, to_do: str = "", expires_at: datetime | None = None) -> Standing:
        return Standing(
            document=document.key, title=document.title, gate=document.gate, state=state, because=because, to_do=to_do,
            signed_at=signed.at if signed else None, expires_at=expires_at, number=signed.number if signed else None,
            said_no=signed.said_no if signed else False,
        )  # fmt: skip

    name = document.title
    sign = "talk it through; sign only if the person wants to"
    if signed is not None and signed.withdrawn_at is not None and signed.withdrawn_at <= now:
        return answer(State.WITHDRAWN, f"{name}: consent was withdrawn", sign)
    if not published:
        return answer(
            State.UNKNOWN, f"{name}: the clinic has published no text of it", "the medical director publishes a version"
        )
    if signed is None:
        return answer(State.NEEDED, f"{name}: not signed", sign)
    if signed.version not in published:
        return answer(State.NEW_VERSION, f"{name}: a newer version than the signed one holds", sign)
    if document.witness:
        if not policy.witness:
            return answer(
                State.UNKNOWN, f"{name}: whether a witness is needed is not set", "the medical director sets it"
            )
        needed = policy.witness == "always" or (
            policy.witness == "on_the_clinics_tablet" and signed.on_the_clinics_tablet
        )
        if needed and not signed.witnessed:
            return answer(State.NEEDED, f"{name}: signed, and waits for its witness", "a witness confirms it")
    if not document.renews:
        return answer(State.SIGNED, f"{name}: signed")
    if not policy.renewal:
        return answer(State.UNKNOWN, f"{name}: how long a signature holds is not set", "the medical director sets it")
    if policy.renewal in ("each_course", "both") and not signed.for_this_course:
        return answer(State.EXPIRED, f"{name}: signed for an earlier course", sign)
    ends = None
    if policy.renewal in ("after_days", "both"):
        if policy.valid_d is None:
            return answer(
                State.UNKNOWN, f"{name}: for how many days a signature holds is not set", "the medical director sets it"
            )
        ends = signed.at + timedelta(days=policy.valid_d)
        if ends <= now:
            return answer(State.EXPIRED, f"{name}: the signature has run out", sign, ends)
    return answer(State.SIGNED, f"{name}: signed", expires_at=ends)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a course is about, so far as anybody has written it down.  None: nobody has said."""

    drug: str = ""
    off_label: bool | None = None
    therapy: bool = False
    by_key: Mapping[str, Standing] = field(default_factory=dict)


def findings(standings: tuple[Standing, ...], wanted: Wanted, rules: ConsentRules) -> tuple[Finding, ...]:
    """What stands in the way of treating this person: unknown stops like a no."""
    found = []
    for row in standings:
        document = rules.document(row.document)
        if not document.concerns(wanted.drug) and wanted.drug:
            continue
        if row.gate is Gate.NONE or (row.gate is Gate.THERAPY and not wanted.therapy):
            continue
        if row.gate is Gate.OFF_LABEL and wanted.off_label is False:
            continue
        if row.gate is Gate.TREATMENT and not wanted.drug:
            continue
        found.append(
            Finding(
                rule=f"consent_{row.document}",
                because=row.because,
                source="policy",
                to_do=row.to_do,
                verdict=Verdict.MET
                if row.stands
                else Verdict.UNKNOWN
                if row.state is State.UNKNOWN
                else Verdict.NOT_MET,
                weight=Weight.CAUTION if row.gate is Gate.CAUTION else Weight.BLOCK,
            )
        )
    if not wanted.drug:
        found.insert(0, Finding(
            rule="consent_treatment", verdict=Verdict.UNKNOWN, because="no order says which drug is meant",
            to_do="sign an order, or ask which treatment is meant",
        ))  # fmt: skip
    return tuple(found)
