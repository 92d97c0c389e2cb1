"""What is done with a vial.  Every deed: may they, was it done already, lock the site's ledger, decide, append.

All deeds of a site follow each other: each takes the site's record lock first, then the vials, and the database checks
every line once more (see the first migration).  A line is never amended.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.people.witness import Witness
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.stock import queries
from stillhaven.clinic.stock.models import SAFE, Receipt, Shipment, StockLine, Vial
from stillhaven.science import stock as rules
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.stock import NONE, Kind

_CLOCK_SLACK = timedelta(minutes=2)  # a tablet's clock may run ahead a little; more is a slip
_MOST_VIALS = 200


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line to be written: which vial, what, how much."""

    vial: Vial
    kind: Kind
    mg: Decimal = NONE
    drawn: bool = False  # a waste that comes out of what was drawn
    up: bool = False  # an adjustment that adds
    session_uid: UUID | None = None
    order_uid: UUID | None = None
    patient: int | None = None
    place: str = ""
    counted_mg: Decimal | None = None
    belongs_to: UUID | None = None
    note: str = ""
    detail: dict[str, str] = field(default_factory=dict)


def begin(
    site: int, action: str, *, by: User, at: datetime, uid: UUID | None = None, model: Any = StockLine, **same: Any
) -> None:
    """May this person, at this site, now; was it done already; and from here on nobody else writes in this ledger."""
    roles.require(by, action)
    if site not in by.site_ids:
        raise roles.NotAllowed(why="there is no such stock")
    record.lock("clinic", site)
    queries.answer_repeat(model, uid, by=by, **same)
    if at > clock.now() + _CLOCK_SLACK:
        raise BadInput("happened_at", "lies in the future; check the clock of this device")


def seen_by(witness: Witness | None, by: User, site: int) -> dict[str, Any]:
    """The witness's fields of an entry.  Refused unless they are a different person who may witness at this site."""
    if witness is None:
        raise BadInput("witness", "choose who sees it with you")
    if witness.user.pk == by.pk:
        raise Refused(why="the witness must be a different person")
    if not roles.may(witness.user, "stock.witness") or site not in witness.user.site_ids:
        raise Refused(why="this person may not witness controlled stock here")
    return {
        "witness_id": witness.user.pk, "witness_name": witness.user.signature_name, "witness_how": witness.how,
    }  # fmt: skip


def write(
    site: int, steps: Sequence[Step], *, by: User, at: datetime, uid: UUID | None = None, witness: Witness | None = None
) -> list[StockLine]:
    """Append ledger lines, all or none.  The site's lock is held; each line continues vial, session and chain.

    Refused where a vial or what was drawn from it would fall under zero.
    """
    seen = seen_by(witness, by, site) if witness is not None else {}
    vials = queries.locked_vials(site, {step.vial.uid for step in steps})
    number, before = queries.last_line(site)
    first = uid or uuids.uuid4()
    open_mg: dict[tuple[UUID, UUID], Decimal] = {}
    lines = []
    for n, step in enumerate(steps):
        vial = vials[step.vial.uid]
        if step.kind in rules.WITNESSED and not seen:
            raise BadInput("witness", "choose who sees it with you")
        did = rules.change(step.kind, step.mg, drawn=step.drawn, up=step.up)
        vial.mg = _after(vial, did.vial_mg)
        ml_before, vial.ml = vial.ml, rules.ml_of(vial.mg, vial.concentration_mg_per_ml)
        ml = abs(vial.ml - ml_before) if did.vial_mg else rules.ml_of(step.mg, vial.concentration_mg_per_ml)
        vial.place = step.place or vial.place
        number += 1
        line = StockLine(
            uid=first if n == 0 else uuids.uuid5(first, str(n)), site=site, happened_at=at.astimezone(UTC), line_no=number,
            vial=vial, kind=step.kind.value, mg=step.mg.quantize(rules.MG), ml=ml.quantize(rules.ML),
            vial_change_mg=did.vial_mg.quantize(rules.MG), out_change_mg=did.out_mg.quantize(rules.MG),
            balance_mg=vial.mg.quantize(rules.MG), balance_ml=vial.ml.quantize(rules.ML),
            out_mg=_open(open_mg, vial, step, did.out_mg), place=vial.place, session_uid=step.session_uid,
            order_uid=step.order_uid, patient=step.patient,
            counted_mg=None if step.counted_mg is None else step.counted_mg.quantize(rules.MG),
            belongs_to=step.belongs_to, note=step.note.strip()[:500], detail=dict(step.detail), prev_line=before,
            by_id=by.pk, by_name=by.signature_name, **seen,
        )  # fmt: skip
        line.line = before = rules.link(before, queries.said(line, vial))
        lines.append(line)
    record.append(*lines, by=by)
    return lines


def _after(vial: Vial, change: Decimal) -> Decimal:
    after = vial.mg + change
    if after < 0:
        raise Refused(why=f"{vial.code} holds {_both(vial.mg, vial)}; {_both(-change, vial)} cannot be taken out of it")
    if after > vial.content_mg:
        raise Refused(why=f"{vial.code} holds {vial.content_mg} mg when full; more than that cannot be put into it")
    return after


def _open(known: dict[tuple[UUID, UUID], Decimal], vial: Vial, step: Step, change: Decimal) -> Decimal:
    """What is drawn for this session and not accounted for, after this step."""
    if step.session_uid is None:
        return NONE
    key = (vial.uid, step.session_uid)
    if key not in known:
        known[key] = next((mg for v, mg in queries.open_of_session(step.session_uid) if v.uid == vial.uid), NONE)
    after = known[key] + change
    if after < 0:
        raise Refused(why=f"only {_both(known[key], vial)} of {vial.code} is drawn and not accounted for")
    known[key] = after
    return after


def _both(mg: Decimal, vial: Vial) -> str:
    """An amount in both units."""
    return f"{mg:.2f} mg ({rules.ml_of(mg, vial.concentration_mg_per_ml).normalize():f} mL)"


# ---------------------------------------------------------------- into the safe, and about the house
@transaction.atomic
def receive(
    site: Site, *, drug: str, product: str, mg_per_ml: Any, volume_ml: Any, vials: int, lot: str, expires: date,
    supplier: str, invoice: str, received_on: date, by: User, witness: Witness | None, at: datetime,
    uid: UUID | None = None, is_device: bool = False, ndc: str = "", supplier_address: str = "", supplier_dea: str = "",
    note: str = "", place: str = SAFE,
) -> Receipt:  # fmt: skip
    """Goods came in: a receipt and a vial each, counted by two people."""
    begin(site.pk, "stock.receive", by=by, at=at, uid=uid, model=Receipt)
    strength, volume = (
        rules._exact(mg_per_ml, "mg_per_ml", rules.ML, "mg/mL"),
        rules.millilitres(volume_ml, "volume_ml"),
    )
    for name, value in (("lot", lot), ("supplier", supplier), ("invoice", invoice), ("product", product)):
        if not value.strip():
            raise BadInput(name, "must be written down")
    if strength <= 0 or volume <= 0:
        raise BadInput("mg_per_ml" if strength <= 0 else "volume_ml", "must be over 0")
    if not 1 <= vials <= _MOST_VIALS:
        raise BadInput("vials", f"must be from 1 to {_MOST_VIALS}")
    if expires < queries.today(site, at):
        raise BadInput("expires", "has passed: refuse the delivery, or ask the supplier")
    if received_on > queries.today(site, at):
        raise BadInput("received_on", "lies in the future: write the day on which it really came")
    content = rules.mg_of(volume, strength)
    seen = seen_by(witness, by, site.pk)
    receipt = Receipt(
        uid=uid or uuids.uuid4(), site=site.pk, happened_at=at, received_on=received_on, supplier=supplier.strip()[:120],
        supplier_address=supplier_address.strip()[:200], supplier_dea=supplier_dea.strip()[:20],
        invoice=invoice.strip()[:60], drug=drug,
        product=product.strip()[:160], ndc=ndc.strip()[:40], lot=lot.strip()[:60], expires=expires, vials=vials,
        content_mg=content, note=note.strip(), **seen,
    )  # fmt: skip
    record.append(receipt, by=by)
    made = _make(site, receipt, strength, volume, content, is_device)
    steps = [Step(vial=v, kind=Kind.RECEIVED, mg=content, place=place, belongs_to=receipt.uid) for v in made]
    write(site.pk, steps, by=by, at=at, uid=uuids.uuid5(receipt.uid, "lines"), witness=witness)
    return receipt


def _make(
    site: Site, receipt: Receipt, strength: Decimal, volume: Decimal, content: Decimal, device: bool
) -> list[Vial]:
    """The vials of a receipt, each with the next number of its kind."""
    stem = _stem(receipt.drug, strength, content, device)
    taken = Vial.objects.filter(site=site, code__startswith=f"{stem}-").count()
    rows = [
        Vial(
            uid=uuids.uuid5(receipt.uid, f"vial {n}"), site=site, receipt=receipt, code=f"{stem}-{taken + n:04d}",
            drug=receipt.drug, product=receipt.product, is_device=device, concentration_mg_per_ml=strength,
            volume_ml=volume, content_mg=content, ndc=receipt.ndc, lot=receipt.lot, expires=receipt.expires,
        )
        for n in range(1, receipt.vials + 1)
    ]  # fmt: skip
    Vial.objects.bulk_create(rows)
    return rows


def _stem(drug: str, strength: Decimal, content: Decimal, device: bool) -> str:
    """The letters and strength that begin a label: K50 racemic 50 mg/mL, S25 S-ketamine, E28 an esketamine device."""
    letter = {"ketamine": "K", "s_ketamine": "S", "esketamine": "E"}.get(drug, drug[:1].upper() or "X")
    return f"{letter}{(content if device else strength).normalize():f}"[:14]


@transaction.atomic
def move(
    vials: Sequence[Vial], *, place: str, by: User, at: datetime, uid: UUID | None = None, note: str = ""
) -> list[StockLine]:
    """Vials go from the safe to a room or chair, or back; each says where it is."""
    if not vials:
        raise BadInput("vials", "choose at least one")
    site, where = vials[0].site_id, place.strip()[:60]
    begin(site, "stock.move", by=by, at=at, uid=uid)
    if not where:
        raise BadInput("place", "say where it goes")
    kind = Kind.STORED if where == SAFE else Kind.ISSUED
    fresh = queries.locked_vials(site, [v.uid for v in vials])
    steps = []
    for vial in (fresh[v.uid] for v in vials):
        _not_in_a_case(vial)
        if vial.mg <= 0:
            raise Refused(why=f"{vial.code} is empty")
        if vial.place == where:
            raise Refused(why=f"{vial.code} is in “{where}” already")
        steps.append(Step(vial=vial, kind=kind, mg=vial.mg, place=where, note=note, detail={"from": vial.place}))
    return write(site, steps, by=by, at=at, uid=uid)


def _not_in_a_case(vial: Vial) -> None:
    case = queries.held_by_cases(vial.site_id).get(str(vial.uid))
    if case is not None:
        raise Refused(why=f"{vial.code} is locked: its count differs ({case.label}); close the case first")


# ---------------------------------------------------------------- for a session
@transaction.atomic
def draw(
    vial: Vial, *, volume_ml: Any, session_uid: UUID, by: User, witness: Witness | None, at: datetime,
    order_uid: UUID | None = None, patient: int | None = None, mg: Any = None, drug: str = "", uid: UUID | None = None,
    detail: dict[str, str] | None = None,
) -> StockLine:  # fmt: skip
    """Draw up for one session, before a witness.

    `mg` is what the same person read off in milligrams: where it is given it must say the same as the millilitres.
    `drug` is what is ordered: a vial of another drug is refused, whatever the numbers.
    """
    begin(vial.site_id, "stock.draw", by=by, at=at, uid=uid, session_uid=session_uid)
    seen_by(witness, by, vial.site_id)
    vial = queries.locked_vials(vial.site_id, [vial.uid])[vial.uid]
    vial.site = Site.objects.get(pk=vial.site_id)
    if drug and vial.drug != drug:
        raise Refused(why=f"{vial.code} is {_word(vial.drug)}; ordered is {_word(drug)}: these are different drugs")
    _not_in_a_case(vial)
    if queries.today(vial.site, at) > vial.expires:
        raise Refused(why=f"{vial.code} expired on {vial.expires:%-d %B %Y}; take another")
    volume = rules.millilitres(volume_ml, "volume_ml")
    if volume <= 0:
        raise BadInput("volume_ml", "must be over 0 mL")
    if vial.is_device and volume != vial.volume_ml:
        raise BadInput("volume_ml", f"a device is given whole: {vial.volume_ml.normalize():f} mL")
    amount = vial.content_mg if vial.is_device else rules.mg_of(volume, vial.concentration_mg_per_ml)
    if mg not in (None, ""):
        read = rules.milligrams(mg, "mg")
        if not rules.same_amount(volume, read, vial.concentration_mg_per_ml):
            raise BadInput(
                "mg", f"{volume.normalize():f} mL of {vial.code} is {amount} mg: look again, both must say the same"
            )
    told = {"before": f"{vial.mg} mg, {vial.ml.normalize():f} mL", **(detail or {})}
    step = Step(
        vial=vial,
        kind=Kind.DRAWN,
        mg=amount,
        session_uid=session_uid,
        order_uid=order_uid,
        patient=patient,
        detail=told,
    )
    return write(vial.site_id, [step], by=by, at=at, uid=uid, witness=witness)[0]


def book_given(
    site: int, session_uid: UUID, given_mg: Decimal | float | None, *, by: User, at: datetime, uid: UUID | None = None
) -> list[StockLine]:
    """Bring the ledger's "given" to what the dose entries compute: part of ending a dose, in its transaction.

    Nothing is refused here: a dose that has to stop is never held up by a book.  What does not fit shows as a finding and
    stands in the way of signing.  A dose corrected downwards takes back what was not given.
    """
    use = queries.session_use(session_uid)
    if given_mg is None or use.drawn == 0:
        return []
    record.lock("clinic", site)
    use = queries.session_use(session_uid)
    want = rules.bookable(use, rules.rounded_mg(given_mg), queries.slack_mg(session_uid))
    common: dict[str, Any] = _of_session(session_uid)
    if want > use.given:
        parts = rules.share(want - use.given, [(str(v.uid), mg) for v, mg in queries.open_of_session(session_uid)])
        known = {str(v.uid): v for v, _ in queries.open_of_session(session_uid)}
        steps = [Step(vial=known[v], kind=Kind.GIVEN, mg=mg, **common) for v, mg in parts]
    else:
        parts = rules.share(use.given - want, [(str(v.uid), mg) for v, mg in queries.given_of_session(session_uid)])
        known = {str(v.uid): v for v, _ in queries.given_of_session(session_uid)}
        steps = [
            Step(vial=known[v], kind=Kind.GIVEN_LESS, mg=mg, note="the dose was corrected", **common) for v, mg in parts
        ]
    return write(site, steps, by=by, at=at, uid=uid) if steps else []


def _of_session(session_uid: UUID) -> dict[str, Any]:
    """Order and patient as the session's first draw has them."""
    first = StockLine.objects.filter(session_uid=session_uid).order_by("line_no").first()
    if first is None:
        return {"session_uid": session_uid}
    return {"session_uid": session_uid, "order_uid": first.order_uid, "patient": first.patient}


@transaction.atomic
def settle(
    site: int, session_uid: UUID, *, given_mg: Decimal | float | None, by: User, at: datetime, witness: Witness | None,
    wasted_mg: Any = None, returned_mg: Any = None, uid: UUID | None = None, method: str = "", reason: str = "",
    note: str = "", seen_ml: str = "",
) -> list[StockLine]:  # fmt: skip
    """Account for what was drawn: the computed dose, what is wasted before a witness, what goes back closed.

    Dose and waste are written together.  `seen_ml` is the volume as it was thrown away (a bag's rest is diluted).
    """
    begin(site, "stock.waste", by=by, at=at, uid=uid, session_uid=session_uid)
    seen_by(witness, by, site)
    if queries.session_use(session_uid).drawn == 0:
        raise Refused(why="nothing is drawn from a vial for this session")
    wasted = NONE if wasted_mg in (None, "") else rules.milligrams(wasted_mg, "mg")
    returned = NONE if returned_mg in (None, "") else rules.milligrams(returned_mg, "returned_mg")
    if not wasted and not returned:
        raise BadInput("mg", "write how many milligrams are wasted")
    if returned and not note.strip():
        raise BadInput("note", "say why it can go back: a closed device, a sealed syringe that never left your hands")
    book_given(site, session_uid, given_mg, by=by, at=at)
    left = queries.open_of_session(session_uid)
    total = sum((mg for _, mg in left), NONE)
    if wasted + returned > total:
        raise BadInput("mg", f"only {total} mg is drawn and not accounted for")
    known, common = {str(v.uid): v for v, _ in left}, _of_session(session_uid)
    back = rules.share(returned, [(str(v.uid), mg) for v, mg in reversed(left)])
    gone = dict(back)
    rest = [(str(v.uid), mg - gone.get(str(v.uid), NONE)) for v, mg in left]
    for vial, mg in back:
        if known[vial].is_device and mg != known[vial].content_mg:
            raise BadInput("returned_mg", "a device goes back whole")
    told = {k: v for k, v in (("method", method), ("reason", reason), ("seen_ml", seen_ml)) if v}
    steps = [Step(vial=known[v], kind=Kind.RETURNED, mg=mg, note=note, **common) for v, mg in back]
    steps += [
        Step(vial=known[v], kind=Kind.WASTED, mg=mg, drawn=True, note=note, detail=told, **common)
        for v, mg in rules.share(wasted, rest)
    ]
    return write(site, steps, by=by, at=at, uid=uid, witness=witness)


@transaction.atomic
def waste_vial(
    vial: Vial, *, by: User, witness: Witness | None, at: datetime, ml: Any = None, uid: UUID | None = None,
    method: str = "", reason: str = "", note: str = "",
) -> StockLine:  # fmt: skip
    """Waste out of an opened vial: its rest, or a part.  A sealed vial is stock: it goes to a reverse distributor."""
    begin(vial.site_id, "stock.waste", by=by, at=at, uid=uid, vial_id=vial.uid)
    seen_by(witness, by, vial.site_id)
    vial = queries.locked_vials(vial.site_id, [vial.uid])[vial.uid]
    _not_in_a_case(vial)
    if vial.mg <= 0:
        raise Refused(why=f"{vial.code} is empty")
    if vial.sealed and reason != "Spilled or broken":
        raise Refused(
            why=f"{vial.code} was never opened: unused stock goes to a reverse distributor, not into the waste"
        )
    mg = vial.mg
    if ml not in (None, ""):
        volume = rules.millilitres(ml, "volume_ml")
        mg = vial.mg if volume == vial.ml else rules.mg_of(volume, vial.concentration_mg_per_ml)
    if mg <= 0:
        raise BadInput("volume_ml", "must be over 0 mL")
    told = {k: v for k, v in (("method", method), ("reason", reason)) if v}
    step = Step(vial=vial, kind=Kind.WASTED, mg=mg, note=note, detail=told)
    return write(vial.site_id, [step], by=by, at=at, uid=uid, witness=witness)[0]


@transaction.atomic
def ship(
    vials: Sequence[Vial], *, kind: str, receiver: str, form_number: str, by: User, witness: Witness | None, at: datetime,
    carrier: str = "", receiver_dea: str = "", note: str = "", uid: UUID | None = None,
) -> Shipment:  # fmt: skip
    """Unused stock leaves: to a reverse distributor, or is destroyed on site with its form."""
    if not vials:
        raise BadInput("vials", "choose at least one")
    site = vials[0].site_id
    begin(site, "stock.report", by=by, at=at, uid=uid, model=Shipment)
    if kind not in (Kind.SENT_OFF.value, Kind.DESTROYED.value):
        raise BadInput("kind", "say whether it was sent off or destroyed here")
    for name, value in (("receiver", receiver), ("form_number", form_number)):
        if not value.strip():
            raise BadInput(name, "must be written down")
    if kind == Kind.SENT_OFF.value and not carrier.strip():
        raise BadInput("carrier", "write who carries it")
    fresh = queries.locked_vials(site, [v.uid for v in vials])
    for vial in fresh.values():
        _not_in_a_case(vial)
        if vial.mg <= 0:
            raise Refused(why=f"{vial.code} is empty")
    total = sum((v.mg for v in fresh.values()), NONE)
    shipment = Shipment(
        uid=uid or uuids.uuid4(), site=site, happened_at=at, kind=kind, receiver=receiver.strip()[:160],
        receiver_dea=receiver_dea.strip()[:20], carrier=carrier.strip()[:120], form_number=form_number.strip()[:60],
        vials=[str(v.uid) for v in vials], total_mg=total, note=note.strip(), **seen_by(witness, by, site),
    )  # fmt: skip
    record.append(shipment, by=by)
    told = {"receiver": shipment.receiver, "carrier": shipment.carrier, "form": shipment.form_number}
    steps = [
        Step(vial=fresh[v.uid], kind=Kind(kind), mg=fresh[v.uid].mg, belongs_to=shipment.uid, note=note,
             place="gone", detail={k: x for k, x in told.items() if x})
        for v in vials
    ]  # fmt: skip
    write(site, steps, by=by, at=at, uid=uuids.uuid5(shipment.uid, "lines"), witness=witness)
    return shipment


def _word(drug: str) -> str:
    return {"ketamine": "racemic ketamine", "s_ketamine": "S-ketamine"}.get(drug, drug)
