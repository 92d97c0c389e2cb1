"""Reads of the ledger: rows become science lines, vials become what a person chooses from, sessions become findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum
from django.http import Http404

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.actions import AlreadyRecorded
from stillhaven.clinic.record.models import Access
from stillhaven.clinic.stock.models import (
    CaseStep,
    Inventory,
    Receipt,
    StockCase,
    StockCount,
    StockLine,
    Vial,
)
from stillhaven.reference import load as reference
from stillhaven.science import stock as rules
from stillhaven.science.errors import Refused
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.stock import NONE, Balance, Kind, Line, SessionUse

SOURCE = "DEA_1304_21"


def numbers() -> rules.StockRules:
    """The numbers, rules and forms of controlled stock."""
    return reference.current().stock


def keeps_stock(site: int) -> bool:
    """Does this site keep stock: has a vial ever come in?"""
    return Vial.objects.filter(site_id=site).exists()


def kept_since(site: int) -> datetime | None:
    """When the first vial of this site came in."""
    return StockLine.objects.filter(site=site, line_no=1).values_list("happened_at", flat=True).first()


def today(site: Site, now: datetime) -> date:
    """The site's calendar day."""
    return now.astimezone(ZoneInfo(site.zone)).date()


# ---------------------------------------------------------------- one thing, or 404
def site_of(user: Any, asked: Any = None) -> Site:
    """The site whose safe this person looks at: the one asked for, else their first.  404 beyond their reach."""
    sites = Site.objects.filter(pk__in=user.site_ids).order_by("pk")
    found = sites.filter(pk=asked).first() if str(asked or "").isdecimal() else sites.first()
    if found is None:
        raise Http404
    return found


def _or_404(rows: QuerySet[Any], user: Any, uid: Any) -> Any:
    found = rows.filter(uid=uid, site__in=user.site_ids).first()
    if found is None:
        raise Http404
    return found


def vial_or_404(user: Any, uid: Any) -> Vial:
    """The vial, or 404: for one of another site exactly as for one that does not exist."""
    found: Vial = _or_404(Vial.objects.select_related("site", "receipt"), user, uid)
    return found


def count_or_404(user: Any, uid: Any) -> StockCount:
    found: StockCount = _or_404(StockCount.objects.all(), user, uid)
    return found


def case_or_404(user: Any, uid: Any) -> StockCase:
    found: StockCase = _or_404(StockCase.objects.all(), user, uid)
    return found


def line_or_404(user: Any, uid: Any) -> StockLine:
    found: StockLine = _or_404(StockLine.objects.select_related("vial__site", "vial__receipt"), user, uid)
    return found


def answer_repeat(model: Any, uid: UUID | None, *, by: User, **same: Any) -> None:
    """A uid that is in the record already was sent twice: answered as the first time; any other use is refused."""
    known = model._default_manager.filter(uid=uid).first() if uid else None
    if known is None:
        return
    if known.by_id != by.pk or any(getattr(known, name) != value for name, value in same.items()):
        raise Refused(why="this was sent under a name that something else has already; write it down anew")
    raise AlreadyRecorded(known)


# ---------------------------------------------------------------- vials
def locked_vials(site: int, uids: Iterable[UUID]) -> dict[UUID, Vial]:
    """These vials, with nobody else writing about them until the transaction ends."""
    rows = Vial.objects.select_for_update(of=("self",)).filter(site_id=site, uid__in=list(uids)).order_by("uid")
    return {vial.uid: vial for vial in rows}


def vials_here(site: int) -> list[Vial]:
    """Vials that still hold something."""
    return list(
        Vial.objects.filter(site_id=site, mg__gt=0).select_related("receipt").order_by("drug", "expires", "code")
    )


def free_mg(site: int) -> list[tuple[str, date, float]]:
    """What there is to draw from: drug, last day and milligrams of each vial that no open case locks."""
    locked = [UUID(uid) for uid in held_by_cases(site)]
    rows = Vial.objects.filter(site_id=site, mg__gt=0).exclude(uid__in=locked).order_by()
    return [(drug, expires, float(mg)) for drug, expires, mg in rows.values_list("drug", "expires", "mg")]


def held_by_cases(site: int) -> dict[str, StockCase]:
    """Vials that an open case locks, by uid as text."""
    return {uid: case for case in open_cases(site) for uid in case.vials}


def drawable(site: Site, drug: str, now: datetime) -> list[Vial]:
    """Vials that can be drawn from for an order of this drug: opened first, then those that expire first."""
    locked = held_by_cases(site.pk)
    found = [
        vial
        for vial in Vial.objects.filter(site=site, drug=drug, mg__gt=0, expires__gte=today(site, now))
        if str(vial.uid) not in locked
    ]
    return sorted(found, key=lambda v: (v.sealed, v.place == "safe", v.expires, v.code))


def find_vial(site: Site, text: str) -> Vial | None:
    """A vial by what a scanner reads or a person types: its code or uid; a lot where it names one vial alone."""
    wanted = text.strip()
    rows = Vial.objects.filter(site=site)
    by_code = rows.filter(code__iexact=wanted).first()
    if by_code is not None:
        return by_code
    try:
        by_uid = rows.filter(uid=UUID(wanted)).first()
    except ValueError:
        by_uid = None
    if by_uid is not None:
        return by_uid
    by_lot = rows.filter(lot__iexact=wanted, mg__gt=0).order_by("expires", "code")
    return by_lot.first()


# ---------------------------------------------------------------- the ledger
def last_line(site: int) -> tuple[int, str]:
    """The ledger's end: number and hash of its last line."""
    row = StockLine.objects.filter(site=site).order_by("-line_no").values_list("line_no", "line").first()
    return row or (0, rules.FIRST)


def said(line: StockLine, vial: Vial) -> dict[str, Any]:
    """What a line's hash covers: everything the line says."""
    return {
        "site": line.site, "number": line.line_no, "uid": line.uid, "at": line.happened_at.astimezone(ZoneInfo("UTC")),
        "kind": line.kind, "vial": vial.code, "vial_uid": vial.uid, "lot": vial.lot, "drug": vial.drug, "mg": line.mg,
        "ml": line.ml, "vial_change_mg": line.vial_change_mg, "out_change_mg": line.out_change_mg,
        "balance_mg": line.balance_mg, "balance_ml": line.balance_ml, "out_mg": line.out_mg, "place": line.place,
        "session": line.session_uid or "", "order": line.order_uid or "", "patient": line.patient or 0,
        "counted_mg": "" if line.counted_mg is None else line.counted_mg, "belongs_to": line.belongs_to or "",
        "note": line.note, "detail": line.detail, "by": [line.by_id, line.by_name],
        "witness": [line.witness_id, line.witness_name, line.witness_how],
    }  # fmt: skip


def verify_ledger(site: int) -> tuple[rules.Broken, ...]:
    """Walk the site's whole ledger: every line that was changed, put in, or left out; and every sum that does not hold."""

    def walk() -> Iterator[tuple[int, str, str, dict[str, Any]]]:
        for line in StockLine.objects.filter(site=site).select_related("vial").order_by("line_no").iterator():
            yield line.line_no, line.prev_line, line.line, said(line, line.vial)

    return rules.verify(walk())


def verify_lines(site: int, lines: Sequence[StockLine]) -> tuple[rules.Broken, ...]:
    """Do these lines of the ledger, in order, follow each other and the line before them, unchanged?"""
    if not lines:
        return ()
    before = StockLine.objects.filter(site=site, line_no__lt=lines[0].line_no).order_by("-line_no")
    known = before.values_list("line_no", "line").first() or (0, rules.FIRST)
    walk = ((x.line_no, x.prev_line, x.line, said(x, x.vial)) for x in lines)
    return rules.verify(walk, after=known)


def as_line(row: StockLine) -> Line:
    """A row as the rules know it."""
    return Line(
        number=row.line_no, kind=Kind(row.kind), vial=str(row.vial_id), at=row.happened_at, by=row.by_name, mg=row.mg,
        vial_mg=row.vial_change_mg, out_mg=row.out_change_mg, session=str(row.session_uid or ""),
        witness=row.witness_name, place=row.place, counted_mg=row.counted_mg, note=row.note,
    )  # fmt: skip


def lines_of(site: int, **where: Any) -> list[StockLine]:
    """Lines in order."""
    return list(StockLine.objects.filter(site=site, **where).select_related("vial").order_by("line_no"))


def balance_of(vial: Vial) -> Balance:
    """A vial's balance from its lines, computed by the rules: what the cached one must say."""
    return rules.balance(as_line(row) for row in StockLine.objects.filter(vial=vial).order_by("line_no"))


def check_balances(site: int) -> list[Finding]:
    """Every vial whose lines do not add up, or whose cached balance is not what they say."""
    lines = [as_line(row) for row in StockLine.objects.filter(site=site).order_by("line_no").iterator()]
    found = list(rules.vial_findings(lines))
    if found:
        return found
    balances = rules.balances(lines)
    for vial in Vial.objects.filter(site_id=site):
        computed = balances.get(str(vial.uid), Balance())
        if computed.mg != vial.mg:
            because = f"{vial.code} holds {vial.mg} mg, its lines say {computed.mg} mg"
            found.append(Finding(rule="vial_balances", verdict=Verdict.NOT_MET, because=because))
    return found


# ---------------------------------------------------------------- sessions
def session_lines(session_uid: UUID) -> list[StockLine]:
    """What was drawn for one session and what became of it, in order."""
    return list(StockLine.objects.filter(session_uid=session_uid).select_related("vial").order_by("line_no"))


def drawn_for(session_uids: Iterable[UUID]) -> set[UUID]:
    """For which of these sessions has something been drawn already?"""
    rows = StockLine.objects.filter(session_uid__in=list(session_uids), kind="drawn")
    return {uid for uid in rows.values_list("session_uid", flat=True).order_by() if uid is not None}


def session_use(session_uid: UUID) -> SessionUse:
    """Sums of one session."""
    return rules.session_use((as_line(row) for row in session_lines(session_uid)), str(session_uid))


def open_of_session(session_uid: UUID) -> list[tuple[Vial, Decimal]]:
    """Vials from which something is drawn for this session and not accounted for, in the order drawn."""
    found: dict[UUID, tuple[Vial, Decimal]] = {}
    for row in session_lines(session_uid):
        before = found.get(row.vial_id, (row.vial, NONE))[1]
        found[row.vial_id] = (row.vial, before + row.out_change_mg)
    return [(vial, mg) for vial, mg in found.values() if mg > 0]


def given_of_session(session_uid: UUID) -> list[tuple[Vial, Decimal]]:
    """How much of each vial the ledger says this session was given, the last drawn first."""
    found: dict[UUID, tuple[Vial, Decimal]] = {}
    signs = {Kind.GIVEN.value: 1, Kind.GIVEN_LESS.value: -1}
    for row in session_lines(session_uid):
        if row.kind in signs:
            before = found.get(row.vial_id, (row.vial, NONE))[1]
            found[row.vial_id] = (row.vial, before + signs[row.kind] * row.mg)
    return [(vial, mg) for vial, mg in reversed(found.values()) if mg > 0]


def slack_mg(session_uid: UUID) -> Decimal:
    """How finely this session's dose could be measured: one mark of a syringe, in mg of the strongest vial drawn."""
    strengths = [row.vial.concentration_mg_per_ml for row in session_lines(session_uid) if not row.vial.is_device]
    return rules.mg_of(Decimal(str(numbers().measure_ml)), max(strengths)) if strengths else NONE


def start_finding(site: int, session_uid: UUID, *, drug: str, dose_mg: Decimal | None, drill: bool = False) -> Finding:
    """Is the vial drawn and witnessed?  Where a site keeps no stock, or nobody is treated, the rule says so and is met."""
    if drill or not keeps_stock(site):
        return rules.no_stock_here(drill)
    drawn = [(vial, mg) for vial, mg in open_of_session(session_uid)]
    return rules.drawn_finding(
        session_use(session_uid), {vial.drug for vial, _ in drawn}, drug, dose_mg, slack_mg(session_uid), source=SOURCE
    )


def session_findings(
    session_uid: UUID, given_mg: Decimal | float | None, *, site: int = 1, started_at: datetime | None = None
) -> list[Finding]:
    """Do this session's vials balance?  What stands in the way of signing it, with what to do.

    A session that began before this site kept stock drew from none, and is not asked.
    """
    given = None if given_mg is None else rules.rounded_mg(given_mg)
    use = session_use(session_uid)
    if use == SessionUse():
        since = kept_since(site)
        if since is None or (started_at is not None and started_at < since) or given == NONE:
            return [rules.no_stock_here()]
    return list(rules.use_findings(use, given, slack_mg(session_uid), source=SOURCE))


def open_draws(site: int) -> list[dict[str, Any]]:
    """Sessions for which something is drawn and not accounted for."""
    sums = (
        StockLine.objects.filter(site=site, session_uid__isnull=False)
        .order_by()
        .values("session_uid", "patient")
        .annotate(mg=Sum("out_change_mg"))
        .filter(mg__gt=0)
    )
    found = []
    for row in sums:
        first = (
            StockLine.objects.filter(session_uid=row["session_uid"]).order_by("line_no").select_related("vial").first()
        )
        assert first is not None
        found.append({"session_uid": row["session_uid"], "mg": row["mg"], "since": first.happened_at, "by": first.by_name,
                      "vial": first.vial, "ml": rules.ml_of(row["mg"], first.vial.concentration_mg_per_ml)})  # fmt: skip
    return sorted(found, key=lambda r: r["since"])


# ---------------------------------------------------------------- counts, cases, inventories
def open_counts(site: int) -> list[StockCount]:
    """Counts that two people have not finished."""
    return list(StockCount.objects.filter(site=site, result__isnull=True).order_by("-seq"))


def open_cases(site: int) -> list[StockCase]:
    """Cases that nobody has closed, oldest first."""
    closed = CaseStep.objects.filter(site=site, kind="closed").values("case_id")
    return list(StockCase.objects.filter(site=site).exclude(uid__in=closed).order_by("seq"))


def cases(site: int) -> list[dict[str, Any]]:
    """Every case with its steps, newest first."""
    found = []
    for case in StockCase.objects.filter(site=site).prefetch_related("steps").order_by("-seq"):
        steps = list(case.steps.all())
        found.append({"case": case, "steps": steps, "closed": next((s for s in steps if s.kind == "closed"), None)})
    return found


def last_movement(site: int, vials: Iterable[str], after: int = 0) -> StockLine | None:
    """The newest line that changed what is in these vials, or brought new ones, after a line number."""
    changed = ~Q(vial_change_mg=0)
    rows = StockLine.objects.filter(changed, site=site, line_no__gt=after)
    return rows.filter(Q(vial_id__in=list(vials)) | Q(kind="received")).order_by("-line_no").first()


def last_inventory(site: int) -> Inventory | None:
    return Inventory.objects.filter(site=site).order_by("-taken_on", "-seq").first()


def receipts(site: int, limit: int = 20) -> list[Receipt]:
    return list(Receipt.objects.filter(site=site).order_by("-seq")[:limit])


def people_with_access(site: int, window: rules.Window) -> list[dict[str, str]]:
    """Who had, or could have had, the vials in hand in a window: from the ledger, the access log and the roles."""
    found: dict[str, list[str]] = {}
    for name in window.people:
        found.setdefault(name, []).append("wrote or witnessed a line")
    looks = Access.objects.filter(site=site, what__startswith="stock", refused=False, happened_at__lte=window.end)
    if window.start is not None:
        looks = looks.filter(happened_at__gte=window.start)
    for name in looks.order_by("by_name").values_list("by_name", flat=True).distinct():
        found.setdefault(name, []).append("opened the stock pages")
    for user in User.objects.filter(is_active=True, patient=None, sites=site).order_by("name"):
        if roles.may(user, "stock.move"):
            found.setdefault(user.signature_name, []).append("may take vials from the safe")
    return [
        {"name": name, "why": "; ".join(why)}
        for name, why in sorted(found.items(), key=lambda x: (len(x[1]) < 2, x[0]))
    ]


def in_words(vials: Sequence[Vial]) -> str:
    """Vials as a person reads them: "K50-0001, K50-0002"."""
    return ", ".join(vial.code for vial in vials)


def lines_page(site: int, start: datetime, end: datetime) -> list[StockLine]:
    """Lines of a period by clinical time, in the ledger's order."""
    rows = StockLine.objects.filter(site=site, happened_at__gte=start, happened_at__lt=end)
    return list(rows.select_related("vial").order_by("line_no"))


def held_at(site: int, moment: datetime) -> dict[UUID, Decimal]:
    """What each vial held at a moment, by clinical time of its lines."""
    rows = StockLine.objects.filter(site=site, happened_at__lt=moment).order_by().values("vial_id")
    return {row["vial_id"]: row["mg"] for row in rows.annotate(mg=Sum(F("vial_change_mg")))}


def now() -> datetime:
    return clock.now()
