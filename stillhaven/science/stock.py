"""Where is every milligram: what came in, what is in each vial, what was drawn for whom, and what became of it?

A ledger of lines, each about one vial.  Milligrams are exact to 0.01; millilitres follow from the vial's concentration.
What was drawn for a session is given, wasted or put back, and nothing else.  Each line carries the hash of the line
before it, so that a line that was changed, put in or left out is found by reading the ledger alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from uuid import UUID

from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.protocol import Cite

MG = Decimal("0.01")  # the ledger's smallest step
ML = Decimal("0.0001")  # 0.01 mg of the strongest product, 100 mg/mL
NONE = Decimal("0.00")
FIRST = "0" * 64  # what stands before the first line
_MOST_MG = Decimal("1000000")


class Kind(StrEnum):
    """What a line says happened."""

    RECEIVED = "received"  # into the safe, from a supplier
    ISSUED = "issued"  # taken from the safe to a room
    STORED = "stored"  # brought back to the safe, whole or begun
    DRAWN = "drawn"  # out of the vial, for one session
    GIVEN = "given"  # of what was drawn, into the patient
    GIVEN_LESS = "given_less"  # the dose was corrected downwards: this much was not given after all
    WASTED = "wasted"  # destroyed under a witness, of what was drawn or of what a vial held
    RETURNED = "returned"  # of what was drawn, back into stock: a device that stayed closed, a sealed syringe
    SENT_OFF = "sent_off"  # to a reverse distributor
    DESTROYED = "destroyed"  # unused stock destroyed on site
    COUNTED = "counted"  # two people looked
    ADJUSTED = "adjusted"  # the book was set to what two people counted, in a closed case


WITNESSED = frozenset(
    {Kind.RECEIVED, Kind.DRAWN, Kind.WASTED, Kind.RETURNED, Kind.SENT_OFF, Kind.DESTROYED, Kind.COUNTED, Kind.ADJUSTED}
)
MOVES = frozenset({Kind.ISSUED, Kind.STORED})
ACCESS = frozenset(Kind) - {Kind.GIVEN, Kind.GIVEN_LESS}  # lines whose people had the vial in their hands


def milligrams(value: Any, field: str = "mg") -> Decimal:
    """Milligrams as typed or stored, exact to 0.01.  BadInput for what is finer, negative or no number.

    >>> milligrams("41,5"), milligrams(500)
    (Decimal('41.50'), Decimal('500.00'))
    """
    return _exact(value, field, MG, "mg")


def millilitres(value: Any, field: str = "ml") -> Decimal:
    """Millilitres, to four decimals."""
    return _exact(value, field, ML, "mL")


def strength(value: Any, field: str = "mg_per_ml") -> Decimal:
    """A concentration in mg/mL, to four decimals."""
    return _exact(value, field, ML, "mg/mL")


def _exact(value: Any, field: str, step: Decimal, unit: str) -> Decimal:
    text = str(value if value is not None else "").strip().replace(",", ".").replace("\u2212", "-")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadInput(field, "write a plain number such as 0.82") from None
    if not number.is_finite() or abs(number) > _MOST_MG:
        raise BadInput(field, "write a plain number such as 0.82")
    if number < 0:
        raise BadInput(field, "must not be under 0")
    if number != number.quantize(step):
        raise BadInput(field, f"is finer than {step} {unit}, which nobody can measure")
    return number.quantize(step)


def rounded_mg(value: float | Decimal) -> Decimal:
    """A computed amount to the ledger's step, halves to even."""
    return Decimal(str(value)).quantize(MG, rounding=ROUND_HALF_EVEN)


def mg_of(ml: Decimal, mg_per_ml: Decimal) -> Decimal:
    """How many milligrams a volume holds.

    >>> mg_of(Decimal("0.82"), Decimal("50"))
    Decimal('41.00')
    """
    return (ml * mg_per_ml).quantize(MG, rounding=ROUND_HALF_EVEN)


def ml_of(mg: Decimal, mg_per_ml: Decimal) -> Decimal:
    """In how many millilitres these milligrams are."""
    return (mg / mg_per_ml).quantize(ML, rounding=ROUND_HALF_EVEN)


def same_amount(ml: Decimal, mg: Decimal, mg_per_ml: Decimal) -> bool:
    """Do the millilitres and the milligrams that somebody read say the same, to the ledger's step?"""
    return abs(mg_of(ml, mg_per_ml) - mg) <= MG


# ---------------------------------------------------------------- lines and balances
@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the ledger.  `vial_mg` and `out_mg` are changes: in the vial, and drawn and not accounted for."""

    number: int
    kind: Kind
    vial: str
    at: datetime
    by: str
    mg: Decimal
    vial_mg: Decimal
    out_mg: Decimal = NONE
    session: str = ""
    witness: str = ""
    place: str = ""
    counted_mg: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one line does: to the vial, and to what is drawn and not yet accounted for."""

    vial_mg: Decimal
    out_mg: Decimal


def change(kind: Kind, mg: Decimal, *, drawn: bool = False, up: bool = False) -> Change:
    """What a line of this kind and amount changes.

    `drawn` says that what is wasted comes out of a syringe or bag and not out of the vial; `up` that an adjustment adds.

    >>> change(Kind.DRAWN, Decimal("41.00")).vial_mg
    Decimal('-41.00')
    """
    if kind in (Kind.RECEIVED,):
        return Change(vial_mg=mg, out_mg=NONE)
    if kind is Kind.DRAWN:
        return Change(vial_mg=-mg, out_mg=mg)
    if kind is Kind.RETURNED:
        return Change(vial_mg=mg, out_mg=-mg)
    if kind is Kind.GIVEN or (kind is Kind.WASTED and drawn):
        return Change(vial_mg=NONE, out_mg=-mg)
    if kind is Kind.GIVEN_LESS:
        return Change(vial_mg=NONE, out_mg=mg)
    if kind in (Kind.WASTED, Kind.SENT_OFF, Kind.DESTROYED):
        return Change(vial_mg=-mg, out_mg=NONE)
    if kind is Kind.ADJUSTED:
        return Change(vial_mg=mg if up else -mg, out_mg=NONE)
    return Change(vial_mg=NONE, out_mg=NONE)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """One vial as its lines leave it: what it holds, what is out for which session, and the sums by kind."""

    vial: str = ""
    mg: Decimal = NONE
    out: Mapping[str, Decimal] = field(default_factory=dict)
    sums: Mapping[Kind, Decimal] = field(default_factory=dict)
    place: str = ""

    def sum(self, kind: Kind) -> Decimal:
        return self.sums.get(kind, NONE)

    @property
    def out_mg(self) -> Decimal:
        """All that is drawn and not accounted for."""
        return sum(self.out.values(), NONE)


def add(balance: Balance, line: Line) -> Balance:
    """The balance after one more line.  Refused where it would fall under zero."""
    after = balance.mg + line.vial_mg
    if after < 0:
        raise Refused(why=f"the vial holds {balance.mg} mg; {-line.vial_mg} mg cannot be taken out of it")
    out = dict(balance.out)
    if line.out_mg:
        left = out.get(line.session, NONE) + line.out_mg
        if left < 0:
            raise Refused(
                why=f"{out.get(line.session, NONE)} mg is drawn and not accounted for; {-line.out_mg} mg is more"
            )
        out[line.session] = left
    sums = dict(balance.sums)
    sums[line.kind] = sums.get(line.kind, NONE) + (line.vial_mg if line.kind is Kind.ADJUSTED else line.mg)
    return Balance(
        vial=line.vial,
        mg=after,
        out={s: mg for s, mg in out.items() if mg},
        sums=sums,
        place=line.place or balance.place,
    )


def balance(lines: Iterable[Line]) -> Balance:
    """One vial's balance from its lines, in their order."""
    found = Balance()
    for line in sorted(lines, key=lambda x: x.number):
        found = add(found, line)
    return found


def balances(lines: Iterable[Line]) -> dict[str, Balance]:
    """Every vial's balance."""
    found: dict[str, Balance] = {}
    for line in sorted(lines, key=lambda x: x.number):
        found[line.vial] = add(found.get(line.vial, Balance()), line)
    return found


def vial_findings(lines: Iterable[Line]) -> tuple[Finding, ...]:
    """What does not add up, by how much: received = in the vial + out + given + wasted + sent off, per vial."""
    found: list[Finding] = []
    by_vial: dict[str, list[Line]] = {}
    for line in lines:
        by_vial.setdefault(line.vial, []).append(line)
    for vial, own in sorted(by_vial.items()):
        try:
            now = balance(own)
        except Refused as error:
            found.append(_no("vial_balances", f"{vial}: {error.why}", "open a case: the book itself cannot be right"))
            continue
        gone = sum((now.sum(k) for k in (Kind.GIVEN, Kind.WASTED, Kind.SENT_OFF, Kind.DESTROYED)), NONE)
        gone -= now.sum(Kind.GIVEN_LESS)
        off = now.sum(Kind.RECEIVED) + now.sum(Kind.ADJUSTED) - now.mg - now.out_mg - gone
        if off:
            found.append(
                _no("vial_balances", f"{vial}: {off} mg is not accounted for", "open a case and recount by two")
            )
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class SessionUse:
    """What one session drew and what became of it."""

    drawn: Decimal = NONE
    given: Decimal = NONE
    wasted: Decimal = NONE
    returned: Decimal = NONE

    @property
    def open(self) -> Decimal:
        """Drawn and not accounted for."""
        return self.drawn - self.given - self.wasted - self.returned


def session_use(lines: Iterable[Line], session: str) -> SessionUse:
    """Sums over the lines of one session; waste straight out of a vial is no part of it."""
    sums: dict[Kind, Decimal] = {}
    for line in lines:
        if line.session == session and line.out_mg:
            sums[line.kind] = sums.get(line.kind, NONE) + line.mg
    return SessionUse(
        drawn=sums.get(Kind.DRAWN, NONE),
        given=sums.get(Kind.GIVEN, NONE) - sums.get(Kind.GIVEN_LESS, NONE),
        wasted=sums.get(Kind.WASTED, NONE),
        returned=sums.get(Kind.RETURNED, NONE),
    )


def bookable(use: SessionUse, given_mg: Decimal, slack_mg: Decimal) -> Decimal:
    """What the ledger can say was given, for a dose as its entries compute it.

    A pump's arithmetic may give a little more than a syringe could measure; nobody gives more than was drawn.  Beyond
    `slack_mg` it is no rounding: then the dose stands as computed, and does not balance.
    """
    most = use.drawn - use.returned
    return min(given_mg, most) if given_mg - most <= slack_mg else given_mg


def use_findings(
    use: SessionUse, given_mg: Decimal | None, slack_mg: Decimal = NONE, *, source: str = ""
) -> tuple[Finding, ...]:
    """Does a session balance: drawn = given + wasted + returned, and does the book give what the dose entries give?"""
    parts = f"{use.given} mg given, {use.wasted} mg wasted, {use.returned} mg returned"
    if use.open:
        because = f"{use.drawn} mg drawn; {parts}: {use.open} mg is not accounted for"
        found = [_no("stock_balances", because, "waste or return the rest with a witness", source)]
    else:
        found = [_yes("stock_balances", f"all of the {use.drawn} mg drawn is accounted for: {parts}", source)]
    if given_mg is None:
        unknown = "what was given cannot be computed from the dose entries"
        to_do = "correct the dose entries: a concentration or a time is missing"
        found.append(Finding(rule="stock_given", verdict=Verdict.UNKNOWN, because=unknown, to_do=to_do, source=source))
    elif bookable(use, given_mg, slack_mg) != use.given:
        because = f"the dose entries give {given_mg} mg, the vials' ledger {use.given} mg, of {use.drawn} mg drawn"
        to_do = "settle the vials again, or correct the dose entries: nobody gives more than was drawn"
        found.append(_no("stock_given", because, to_do, source))
    else:
        near = "" if given_mg == use.given else f"; the entries compute {given_mg} mg, nearer than a syringe measures"
        found.append(_yes("stock_given", f"the vials' ledger says {use.given} mg given{near}", source))
    return tuple(found)


def drawn_finding(use: SessionUse, drugs: Iterable[str], drug: str, dose_mg: Decimal | None, slack_mg: Decimal,
                  *, source: str = "") -> Finding:  # fmt: skip
    """Is the vial drawn and witnessed, of the drug that is ordered, and enough of it?"""
    names = sorted(set(drugs))
    out = use.drawn - use.returned
    rule = "vial_drawn"
    if out <= 0:
        return _no(rule, "nothing is drawn from a vial for this session",
                   "draw up with a witness under “Vials” on this page", source)  # fmt: skip
    wrong = [name for name in names if name != drug]
    if wrong:
        because = f"drawn is {', '.join(map(_word, wrong))}; ordered is {_word(drug)}: these are different drugs"
        return _no(rule, because, "waste what was drawn with a witness, and draw the ordered drug", source)
    if dose_mg is not None and out + slack_mg < dose_mg:
        return Finding(
            rule=rule, verdict=Verdict.NOT_MET, weight=Weight.CAUTION, source=source,
            because=f"{out} mg is drawn, {dose_mg} mg is ordered: less than the dose",
            to_do="draw the rest with a witness before it is needed",
        )  # fmt: skip
    return _yes(rule, f"{out} mg is drawn and witnessed", source)


def no_stock_here(drill: bool = False) -> Finding:
    """Where a site keeps no stock, the rule says so and stands in nobody's way."""
    because = "a drill draws nothing from a vial" if drill else "this site keeps no stock here"
    return Finding(rule="vial_drawn", verdict=Verdict.MET, weight=Weight.CAUTION, because=because)


def _word(drug: str) -> str:
    return drug.replace("_", "-") if drug else "no drug"


def _yes(rule: str, because: str, source: str = "") -> Finding:
    return Finding(rule=rule, verdict=Verdict.MET, because=because, source=source)


def _no(rule: str, because: str, to_do: str, source: str = "") -> Finding:
    return Finding(rule=rule, verdict=Verdict.NOT_MET, because=because, to_do=to_do, source=source)


# ---------------------------------------------------------------- shares of one dose over several vials
def share(given: Decimal, out: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    """How much of a given dose came out of each vial, in the order drawn.  What is more than was drawn has no vial.

    >>> share(Decimal("40.00"), [("a", Decimal("28.00")), ("b", Decimal("28.00"))])
    (('a', Decimal('28.00')), ('b', Decimal('12.00')))
    """
    found, left = [], given
    for vial, mg in out:
        part = min(left, mg)
        if part > 0:
            found.append((vial, part))
            left -= part
    return tuple(found)


# ---------------------------------------------------------------- the window of a discrepancy
@dataclass(frozen=True, kw_only=True)
class Window:
    """Between the last good count and the count that differs: the lines, and whose hands the vial was in."""

    start: datetime | None
    end: datetime
    lines: tuple[Line, ...]
    people: tuple[str, ...]


def window(lines: Iterable[Line], vials: Iterable[str], found_at: datetime) -> Window:
    """The stretch in which a difference arose.  `start` None: the vials were never counted well before.

    A good count is a line "counted" whose amount is what the book then said; for several vials, the oldest of their
    newest good counts, so that the window misses nothing.
    """
    wanted = set(vials)
    own = sorted((x for x in lines if x.vial in wanted), key=lambda x: x.number)
    book: dict[str, Decimal] = {}
    good: dict[str, datetime] = {}
    for line in own:
        book[line.vial] = book.get(line.vial, NONE) + line.vial_mg
        if line.kind is Kind.COUNTED and line.counted_mg == book[line.vial] and line.at < found_at:
            good[line.vial] = line.at
        elif line.kind is Kind.RECEIVED:
            good.setdefault(line.vial, line.at)  # two people counted what came in
    start = min((good[v] for v in wanted if v in good), default=None) if wanted <= set(good) else None
    inside = tuple(x for x in own if (start is None or x.at >= start) and x.at <= found_at)
    people = {name for x in inside if x.kind in ACCESS for name in (x.by, x.witness) if name}
    return Window(start=start, end=found_at, lines=inside, people=tuple(sorted(people)))


# ---------------------------------------------------------------- two people count
@dataclass(frozen=True, kw_only=True)
class Group:
    """One line of a count: all sealed vials of a lot, or one opened vial; what the book expects in it."""

    key: str
    label: str
    sealed: bool
    vials: tuple[str, ...]
    expected: Decimal  # number of sealed vials, or mL in the opened one
    unit: str  # "vials", "devices" or "mL"
    mg_per_unit: Decimal


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What two people found in one group, beside what the book says."""

    group: Group
    first: Decimal
    second: Decimal
    agree: bool
    difference: Decimal | None  # counted less expected, in the group's unit; None while the two disagree
    difference_mg: Decimal | None


def compare(groups: Sequence[Group], first: Mapping[str, Decimal], second: Mapping[str, Decimal],
            slack_ml: Decimal) -> tuple[Counted, ...]:  # fmt: skip
    """Compare two people's counts with each other, then with the book.

    An opened vial is read off by eye: two readings that differ by no more than `slack_ml` agree, and so does the book.
    Sealed vials are whole: nothing is forgiven.
    """
    found = []
    for group in groups:
        a, b = first[group.key], second[group.key]
        slack = NONE if group.sealed else slack_ml
        agree = abs(a - b) <= slack
        off: Decimal | None = None
        if agree:
            off = (a + b) / 2 - group.expected
            off = NONE if abs(off) <= slack else off
        mg = None if off is None else (off * group.mg_per_unit).quantize(MG)
        found.append(Counted(group=group, first=a, second=b, agree=agree, difference=off, difference_mg=mg))
    return tuple(found)


# ---------------------------------------------------------------- expiry, deadlines
class Expiry(StrEnum):
    """How a vial stands to its expiry date.  A date printed as a month means its last day."""

    GOOD = "good"
    SOON = "soon"
    EXPIRED = "expired"


def expiry_state(expires: date, today: date, soon_days: int) -> Expiry:
    """Good through the day of expiry; expired from the next day on.

    >>> expiry_state(date(2026, 11, 30), date(2026, 11, 30), 60).value
    'soon'
    """
    if today > expires:
        return Expiry.EXPIRED
    return Expiry.SOON if (expires - today).days <= soon_days else Expiry.GOOD


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """When a theft or significant loss must be reported: the written notice, and the form."""

    notice: datetime
    form: datetime


def deadlines(discovered: datetime, zone: tzinfo, *, business_days: int, form_days: int) -> Deadlines:
    """The written notice is due so many business days after discovery, at the same hour; the form by the end of its day.

    Saturdays and Sundays are no business days.  Holidays are not known here and count as business days: that is earlier.

    >>> from datetime import UTC
    >>> deadlines(datetime(2026, 11, 20, 15, tzinfo=UTC), UTC, business_days=1, form_days=45).notice.isoformat()
    '2026-11-23T15:00:00+00:00'
    """
    local = discovered.astimezone(zone)
    day, left = local.date(), business_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    last = local.date() + timedelta(days=form_days)
    return Deadlines(
        notice=datetime.combine(day, local.timetz().replace(tzinfo=None), zone),
        form=datetime.combine(last, time(23, 59), zone),
    )


def inventory_due(last: date | None, months: int) -> date | None:
    """By when the next inventory must be taken; None where there was none yet: then at once."""
    if last is None:
        return None
    year, month = divmod(last.year * 12 + last.month - 1 + months, 12)
    for day in (last.day, 30, 29, 28):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return None


# ---------------------------------------------------------------- the chain
def line_text(said: Mapping[str, Any]) -> str:
    """What a line's hash covers, as one line of text with its keys in order."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | StrEnum):
        return str(value)
    raise TypeError(f"a ledger line cannot hold a {type(value).__name__}")


def link(before: str, said: Mapping[str, Any]) -> str:
    """The hash of a line: SHA-256 over the hash before it and everything the line says.  Anybody can compute it."""
    return hashlib.sha256(f"{before}\n{line_text(said)}".encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A place where the ledger cannot be as it was written."""

    number: int
    what: str


def verify(
    lines: Iterable[tuple[int, str, str, Mapping[str, Any]]], *, after: tuple[int, str] = (0, FIRST)
) -> tuple[Broken, ...]:
    """Walk (number, hash before, own hash, what it says) in order; every place that does not fit.

    `after`: number and hash of the line before the first of these, where the walk does not begin with the ledger.
    """
    found, before, expected = [], after[1], after[0] + 1
    for number, prev, own, said in lines:
        if number != expected:
            found.append(Broken(number=number, what=f"line {expected} is missing"))
            expected = number
        if prev != before:
            found.append(Broken(number=number, what="does not follow the line before it"))
        if link(prev, said) != own:
            found.append(Broken(number=number, what="was changed after it was written"))
        before, expected = own, expected + 1
    return tuple(found)


# ---------------------------------------------------------------- the rules of a site that keeps stock
@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of keeping controlled stock, in plain words, with its source."""

    key: str
    text: str
    cite: Cite
    fact: str = ""


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of a form that goes to an authority: where the clinic's data answers it, `filled_from` says so."""

    key: str
    label: str
    help: str = ""
    filled_from: str = ""
    long: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StockRules:
    """The numbers and forms of controlled stock, from reference/stock/."""

    soon_days: int
    slack_ml: float
    measure_ml: float
    notice_business_days: int
    form_days: int
    inventory_months: int
    retention_months: int
    keep_months: int
    rules: Mapping[str, Rule]
    loss_fields: tuple[FormField, ...]
    waste_methods: tuple[str, ...]
    waste_reasons: tuple[str, ...]

    def rule(self, key: str) -> Rule | None:
        return self.rules.get(key)
