"""What ran because of the dose entries: pieces of constant rate, amounts given at one moment, and their exact sums.

Sums are exact fractions of the numbers that were entered, so that no second and no microgram is lost in a long row of
holds and changes.  A hold or a stop ends whatever is running, a bolus over time too.  Milligrams that went into a
person always count, also where the row of entries makes no sense; `oddities` says what makes none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from stillhaven.science.dose_entries import AMOUNTS, DoseEntry, Kind, Phase, in_order


@dataclass(frozen=True, kw_only=True)
class Piece:
    """From start to end the drug ran at one rate.  A rate is None where it cannot be known."""

    start: datetime
    end: datetime
    rate_mg_per_h: float | None
    rate_ml_per_h: float | None


@dataclass(frozen=True, kw_only=True)
class Push:
    """An amount given at one moment."""

    at: datetime
    amount_mg: float | None
    amount_ml: float | None
    kind: Kind


Amount = tuple[Fraction | None, Fraction | None]  # (mg, mL), None where unknown
NOTHING: Amount = (Fraction(0), Fraction(0))


def add(a: Amount, b: Amount) -> Amount:
    """Unknown plus anything is unknown."""
    return (
        None if a[0] is None or b[0] is None else a[0] + b[0],
        None if a[1] is None or b[1] is None else a[1] + b[1],
    )


def times(a: Amount, factor: Fraction) -> Amount:
    return (None if a[0] is None else a[0] * factor, None if a[1] is None else a[1] * factor)


@dataclass
class _Bolus:
    end_s: Fraction
    rate: Amount
    from_bag: bool


@dataclass
class Run:
    """What ran up to one moment.  Made by `run`; seconds count from the first entry."""

    began: datetime | None = None
    t: Fraction = Fraction(0)
    phase: Phase = Phase.NOT_STARTED
    infusion: bool = False  # a pump was started; otherwise single amounts only
    rate: Amount = NOTHING  # mg/h and mL/h programmed
    conc: Fraction | None = None
    bag_ml: Fraction | None = None  # all bags hung so far
    left_ml: Fraction | None = None  # in the bag that hangs
    capped: bool = True
    total: Amount = NOTHING
    from_bag: Amount = NOTHING
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    empty_at: datetime | None = None
    pieces: list[Piece] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)
    _boluses: list[_Bolus] = field(default_factory=list)

    def moment(self, t: Fraction) -> datetime:
        assert self.began is not None
        return self.began + timedelta(microseconds=round(t * 1_000_000))

    def advance(self, to: Fraction) -> None:
        """Let the drug run until `to`."""
        while self.t < to:
            until = min([to, *(b.end_s for b in self._boluses)])
            bag = self.rate if self.phase is Phase.DOSING and self.infusion else NOTHING
            own = NOTHING
            for bolus in self._boluses:
                bag, own = (add(bag, bolus.rate), own) if bolus.from_bag else (bag, add(own, bolus.rate))
            if bag[1] is None:
                self.left_ml = None  # nobody can say any more what is left
            elif self.capped and self.left_ml is not None and bag[1] > 0:
                lasts_until = self.t + 3600 * self.left_ml / bag[1]
                if lasts_until <= self.t:
                    bag = NOTHING
                    self.empty_at = self.empty_at or self.moment(self.t)
                else:
                    until = min(until, lasts_until)
            self._run(until, bag, own)
            self._boluses = [b for b in self._boluses if b.end_s > until]

    def _run(self, until: Fraction, bag: Amount, own: Amount) -> None:
        hours, rate = (until - self.t) / 3600, add(bag, own)
        took = times(bag, hours)
        if self.left_ml is not None and took[1] is not None and self.capped:
            self.left_ml -= took[1]
        self.from_bag = add(self.from_bag, took)
        self.total = add(self.total, times(rate, hours))
        if rate != NOTHING:
            self.pieces.append(
                Piece(
                    start=self.moment(self.t),
                    end=self.moment(until),
                    rate_mg_per_h=number(rate[0]),
                    rate_ml_per_h=number(rate[1]),
                )
            )
        self.t = until

    def apply(self, entry: DoseEntry) -> None:
        """What one entry changes, at its moment."""
        if entry.concentration_mg_per_ml is not None:
            self.conc = Fraction(entry.concentration_mg_per_ml)
        if entry.bag_ml is not None:
            self.left_ml = Fraction(entry.bag_ml)
            self.bag_ml = self.left_ml + (self.bag_ml or 0)
            self.empty_at = None
        rate = self._both(entry.rate_mg_per_h, entry.rate_ml_per_h)
        if entry.kind in AMOUNTS:
            self._give(entry)
        elif entry.kind is Kind.START:
            self._odd(self.infusion, "started more than once")
            self.phase, self.infusion, self.rate, self.stopped_at = Phase.DOSING, True, rate, None
            self.started_at = self.started_at or entry.at
        elif entry.kind is Kind.RATE_CHANGE:
            running = self.infusion and self.phase in (Phase.DOSING, Phase.HELD)
            self._odd(not running, "the rate was changed while no infusion was on")
            self.rate = rate if running else self.rate
        elif entry.kind is Kind.HOLD:
            self._odd(self.phase is not Phase.DOSING, "held while nothing was running")
            self.phase = Phase.HELD if self.phase is Phase.DOSING else self.phase
            self._boluses = []
        elif entry.kind is Kind.RESUME:
            self._odd(self.phase is not Phase.HELD, "resumed without a hold")
            if self.phase is Phase.HELD:
                self.phase, self.rate = Phase.DOSING, self.rate if rate == (None, None) else rate
        else:
            self._odd(self.phase in (Phase.NOT_STARTED, Phase.FINISHED), "stopped while nothing was running")
            self.phase, self._boluses, self.stopped_at = Phase.FINISHED, [], self.stopped_at or entry.at

    def _give(self, entry: DoseEntry) -> None:
        self._odd(self.phase is Phase.FINISHED, "an amount was given after the stop: it counts")
        self._odd(self.phase is Phase.HELD, "an amount was given during a hold: it counts")
        if self.phase is Phase.NOT_STARTED:
            self.phase = Phase.DOSING
        self.started_at = self.started_at or entry.at
        amount = self._both(entry.amount_mg, entry.amount_ml)
        if entry.over_s:
            over = Fraction(entry.over_s)
            self._boluses.append(_Bolus(self.t + over, times(amount, 3600 / over), entry.from_bag))
            return
        if entry.from_bag:
            amount = self._out_of_bag(amount, entry.at)
        self.total = add(self.total, amount)
        self.pushes.append(Push(at=entry.at, amount_mg=number(amount[0]), amount_ml=number(amount[1]), kind=entry.kind))

    def _out_of_bag(self, amount: Amount, at: datetime) -> Amount:
        ml = amount[1]
        if ml is None:
            self.left_ml = None
        elif self.left_ml is not None and self.capped:
            if ml > self.left_ml:
                amount, self.empty_at = times(amount, self.left_ml / ml), self.empty_at or at
            self.left_ml -= min(ml, self.left_ml)
        self.from_bag = add(self.from_bag, amount)
        return amount

    def _both(self, mg: float | None, ml: float | None) -> Amount:
        """mg and mL, each from the other where the concentration is known."""
        known_mg = None if mg is None else Fraction(mg)
        known_ml = None if ml is None else Fraction(ml)
        if self.conc is not None and known_mg is None and known_ml is not None:
            known_mg = known_ml * self.conc
        if self.conc is not None and known_ml is None and known_mg is not None:
            known_ml = known_mg / self.conc
        return known_mg, known_ml

    def _odd(self, so: bool, sentence: str) -> None:
        if so and sentence not in self.oddities:
            self.oddities.append(sentence)


def run(entries: Iterable[DoseEntry], at: datetime, *, capped: bool = True) -> Run:
    """What ran up to `at`; later entries do not count yet.  `capped` False ignores what the bag held."""
    account = Run(capped=capped)
    for entry in in_order(entries):
        if entry.at > at:
            break
        account.began = account.began or entry.at
        account.advance(_seconds(entry.at - account.began))
        account.apply(entry)
    if account.began is not None:
        account.advance(_seconds(at - account.began))
    return account


def number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _seconds(delta: timedelta) -> Fraction:
    return Fraction(delta // timedelta(microseconds=1), 1_000_000)
