"""The vial ledger's rules: what adds up, what never goes under zero, what a count, a window and a chain find."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science import stock
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Verdict
from stillhaven.science.stock import NONE, Group, Kind, Line, SessionUse

T = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
AMOUNTS = st.decimals("0.01", "600", places=2)


def line(n: int, kind: Kind, mg: str | Decimal, *, vial: str = "v", session: str = "", minutes: int | None = None,
         drawn: bool = False, up: bool = False, by: str = "A", witness: str = "", counted: str | None = None) -> Line:  # fmt: skip
    did = stock.change(kind, Decimal(mg), drawn=drawn, up=up)
    return Line(
        number=n, kind=kind, vial=vial, at=T + timedelta(minutes=n if minutes is None else minutes), by=by, mg=Decimal(mg),
        vial_mg=did.vial_mg, out_mg=did.out_mg, session=session, witness=witness,
        counted_mg=None if counted is None else Decimal(counted),
    )  # fmt: skip


def day() -> list[Line]:
    return [
        line(1, Kind.RECEIVED, "500.00", by="C", witness="A"),
        line(2, Kind.ISSUED, "500.00", by="C"),
        line(3, Kind.DRAWN, "41.00", session="s1", by="A", witness="B"),
        line(4, Kind.GIVEN, "40.50", session="s1"),
        line(5, Kind.WASTED, "0.50", session="s1", drawn=True, by="A", witness="B"),
        line(6, Kind.STORED, "459.00", by="D"),
    ]


def test_a_days_lines_leave_what_a_person_would_reckon() -> None:
    found = stock.balance(day())
    assert found.mg == Decimal("459.00")
    assert found.out == {}
    assert stock.vial_findings(day()) == ()
    assert stock.session_use(day(), "s1") == SessionUse(
        drawn=Decimal("41.00"), given=Decimal("40.50"), wasted=Decimal("0.50"), returned=NONE
    )


def test_more_than_there_is_cannot_be_drawn_nor_given() -> None:
    with pytest.raises(Refused, match="holds 500"):
        stock.balance([line(1, Kind.RECEIVED, "500.00"), line(2, Kind.DRAWN, "500.01", session="s")])
    with pytest.raises(Refused, match="more"):
        stock.balance([*day()[:3], line(4, Kind.GIVEN, "41.01", session="s1")])
    assert "cannot be taken" in stock.vial_findings(
        [line(1, Kind.RECEIVED, "5.00"), line(2, Kind.WASTED, "6.00")]
    )[0].because  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Kind)), AMOUNTS, st.sampled_from(["s1", "s2"]), st.booleans(), st.booleans())
    )
)
def test_whatever_is_tried_nothing_goes_under_zero_and_all_is_accounted_for(
    tried: list[tuple[Kind, Decimal, str, bool, bool]],
) -> None:
    lines, now = [line(1, Kind.RECEIVED, "500.00")], stock.balance([line(1, Kind.RECEIVED, "500.00")])
    for kind, mg, session, drawn, up in tried:
        new = line(len(lines) + 1, kind, mg, session=session, drawn=drawn, up=up)
        try:
            now = stock.add(now, new)
        except Refused:
            continue
        lines.append(new)
        assert now.mg >= 0
        assert all(v > 0 for v in now.out.values())
    assert stock.balance(lines) == now
    assert stock.vial_findings(lines) == ()
    # per session: drawn = given + wasted + returned + what is open
    for session in ("s1", "s2"):
        assert stock.session_use(lines, session).open == now.out.get(session, NONE)


@given(AMOUNTS, st.sampled_from(["10", "50", "100", "140"]))
def test_milligrams_survive_the_way_through_millilitres(mg: Decimal, strength: str) -> None:
    ml = stock.ml_of(mg, Decimal(strength))
    assert abs(stock.mg_of(ml, Decimal(strength)) - mg) <= stock.MG


@pytest.mark.parametrize("text", ["", "x", "-1", "0.001", "NaN", "Infinity", "1e9", "1.2.3"])
def test_an_amount_that_cannot_be_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        stock.milligrams(text)


def test_ten_and_fifty_per_millilitre_are_not_the_same_amount() -> None:
    assert stock.same_amount(Decimal("0.82"), Decimal("41"), Decimal("50"))
    assert not stock.same_amount(Decimal("0.82"), Decimal("8.2"), Decimal("50"))


# ---------------------------------------------------------------- sessions
def use(drawn: str, given: str = "0", wasted: str = "0", returned: str = "0") -> SessionUse:
    return SessionUse(
        *(), drawn=Decimal(drawn), given=Decimal(given), wasted=Decimal(wasted), returned=Decimal(returned)
    )


@pytest.mark.parametrize(
    ("used", "given", "stops"),
    [
        (use("41", "41"), "41", []),
        (use("41", "40", "1"), "40", []),
        (use("41", "41"), None, ["stock_given"]),  # nobody knows is not zero
        (use("41", "40"), "40", ["stock_balances"]),
        (use("41", "41"), "40", ["stock_given"]),
        (use("41", "41"), "41.40", []),  # a syringe's mark
        (use("41", "41"), "60", ["stock_given"]),
        (use("84", "56", "0", "28"), "56", []),
    ],
)
def test_a_session_balances_or_says_by_how_much_it_does_not(
    used: SessionUse, given: str | None, stops: list[str]
) -> None:
    found = stock.use_findings(used, None if given is None else Decimal(given), Decimal("0.5"))
    assert [f.rule for f in found if f.stops] == stops
    assert all(f.to_do for f in found if f.stops)


def test_the_start_asks_for_a_drawn_vial_of_the_ordered_drug() -> None:
    def asks(used: SessionUse, drugs: list[str]) -> Verdict:
        found = stock.drawn_finding(used, drugs, "ketamine", Decimal("41"), Decimal("0.5"))
        return found.verdict if not found.stops or found.verdict is Verdict.MET else Verdict.NOT_MET

    assert asks(use("0"), []) is Verdict.NOT_MET
    assert asks(use("41"), ["ketamine"]) is Verdict.MET
    assert asks(use("41"), ["esketamine"]) is Verdict.NOT_MET
    assert asks(use("41", returned="41"), ["ketamine"]) is Verdict.NOT_MET
    short = stock.drawn_finding(use("20"), ["ketamine"], "ketamine", Decimal("41"), Decimal("0.5"))
    assert not short.is_met
    assert not short.stops
    assert not stock.no_stock_here().stops


@given(AMOUNTS, st.lists(st.tuples(st.text(min_size=1, max_size=3), AMOUNTS), max_size=5, unique_by=lambda x: x[0]))
def test_a_dose_is_shared_over_vials_without_a_rest(given_mg: Decimal, out: list[tuple[str, Decimal]]) -> None:
    parts = stock.share(given_mg, out)
    assert sum((mg for _, mg in parts), NONE) == min(given_mg, sum((mg for _, mg in out), NONE))
    assert all(0 < mg <= dict(out)[vial] for vial, mg in parts)


# ---------------------------------------------------------------- counts and windows
def group(expected: str, *, sealed: bool = True) -> Group:
    return Group(key="g", label="lot", sealed=sealed, vials=("v",), expected=Decimal(expected), unit="vials" if sealed else "mL",
                 mg_per_unit=Decimal(500 if sealed else 50))  # fmt: skip


def test_closed_vials_are_counted_exactly_and_opened_ones_to_what_an_eye_can_read() -> None:
    def compare(g: Group, a: str, b: str) -> stock.Counted:
        return stock.compare([g], {"g": Decimal(a)}, {"g": Decimal(b)}, Decimal("0.2"))[0]

    assert compare(group("6"), "6", "6").difference == 0
    assert compare(group("6"), "5", "5").difference_mg == Decimal("-500.00")
    assert compare(group("6"), "6", "5").difference is None  # two people who differ have found nothing yet
    assert compare(group("9.18", sealed=False), "9.1", "9.2").difference == 0
    assert compare(group("9.18", sealed=False), "8", "8").difference_mg == Decimal("-59.00")


def test_the_window_begins_with_the_last_good_count_and_names_who_had_it_in_hand() -> None:
    lines = [
        *day()[:2],
        line(3, Kind.COUNTED, "0", counted="500.00", by="A", witness="B"),
        line(4, Kind.DRAWN, "41.00", session="s", by="E", witness="F"),
        line(5, Kind.GIVEN, "41.00", session="s", by="G"),
        line(6, Kind.COUNTED, "0", counted="400.00", by="A", witness="B"),
    ]
    found = stock.window(lines, ["v"], T + timedelta(minutes=6))
    assert found.start == T + timedelta(minutes=3)
    assert found.people == ("A", "B", "E", "F"), "who gave the dose had the pump in hand, not the vial"
    assert stock.window([], ["v"], T).start is None


# ---------------------------------------------------------------- dates
def test_a_vial_is_good_through_its_day() -> None:
    day = date(2026, 11, 30)
    assert stock.expiry_state(day, day, 60) is stock.Expiry.SOON
    assert stock.expiry_state(day, day + timedelta(days=1), 60) is stock.Expiry.EXPIRED
    assert stock.expiry_state(day, date(2026, 1, 1), 60) is stock.Expiry.GOOD


@pytest.mark.parametrize(
    ("discovered", "notice"),
    [
        (datetime(2026, 11, 18, 9, 30), "2026-11-19 09:30"),  # Wednesday
        (datetime(2026, 11, 20, 16, 0), "2026-11-23 16:00"),  # Friday: Monday
        (datetime(2026, 11, 21, 8, 0), "2026-11-23 08:00"),  # Saturday: Monday is the first business day
    ],
)
def test_the_notice_is_due_one_business_day_later_and_the_form_45_days(discovered: datetime, notice: str) -> None:
    zone = ZoneInfo("America/New_York")
    due = stock.deadlines(discovered.replace(tzinfo=zone), zone, business_days=1, form_days=45)
    assert f"{due.notice:%Y-%m-%d %H:%M}" == notice
    assert due.form.date() == discovered.date() + timedelta(days=45)


def test_the_next_inventory_is_due_two_years_on() -> None:
    assert stock.inventory_due(date(2024, 2, 29), 24) == date(2026, 2, 28)
    assert stock.inventory_due(date(2026, 11, 21), 24) == date(2028, 11, 21)
    assert stock.inventory_due(None, 24) is None


# ---------------------------------------------------------------- the chain
def chain(n: int) -> list[tuple[int, str, str, dict[str, object]]]:
    found, before = [], stock.FIRST
    for k in range(1, n + 1):
        said: dict[str, object] = {"number": k, "mg": Decimal("1.00"), "at": T + timedelta(minutes=k), "note": "ü"}
        own = stock.link(before, said)
        found.append((k, before, own, said))
        before = own
    return found


@given(st.integers(2, 12), st.data())
def test_a_ledger_that_was_meddled_with_is_found(n: int, data: st.DataObject) -> None:
    lines = chain(n)
    assert stock.verify(lines) == ()
    k = data.draw(st.integers(0, n - 2))
    changed = [*lines[:k], (*lines[k][:3], lines[k][3] | {"mg": Decimal("2.00")}), *lines[k + 1 :]]
    assert stock.verify(changed)
    assert stock.verify(lines[:k] + lines[k + 1 :]), "a line was taken out"
    assert stock.verify([*lines[:k], lines[k + 1], lines[k], *lines[k + 2 :]]), "two lines changed places"
