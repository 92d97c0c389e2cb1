"""Is a centre found by distance and fit, each fact with who and when, and does nothing else move it?"""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from django.db import models
from django.test import Client

from stillhaven.clinic.people.models import User
from stillhaven.clinic.public import directory_actions as actions
from stillhaven.clinic.public import directory_import as importing
from stillhaven.clinic.public import directory_queries as listing
from stillhaven.clinic.public.directory_facts import BY_KEY
from stillhaven.clinic.public.directory_models import Centre, CentreReport
from stillhaven.clinic.public.directory_places import of_zip
from stillhaven.clinic.record.models import AdminChange
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.places import Place
from tests.cast import NOW, make_clinic, signed_in

pytestmark = pytest.mark.django_db
HERE, TODAY = Place(lat=37.7509, lon=-122.4153), date(2026, 11, 21)


@pytest.fixture
def clinic() -> Demo:
    return make_clinic(NOW)


def put(name: str, lat: float = 37.75, lon: float = -122.41, *, on: str = "2026-11-01", **facts: list[str]) -> Centre:
    centre = Centre(name=name, lat=lat, lon=lon, city="Synthetic")
    stated = actions.read_facts(facts)
    actions.set_facts(centre, actions.confirmed({}, stated, by="the centre", on=date.fromisoformat(on)))
    centre.save()
    return centre


def names(wanted: listing.Wanted = listing.Wanted(), km: float = 80) -> list[str]:  # noqa: B008
    found = listing.search(HERE, km, wanted)
    return [h.centre.name for h in listing.hits(HERE, found, wanted, TODAY)]


def manager() -> User:
    return next(u for u in User.objects.all() if "manager" in u.roles)


def test_near_first_and_nothing_beyond_the_circle() -> None:
    put("far", 38.2)
    put("near", 37.751)
    put("beyond", 40.0)
    assert names() == ["near", "far"]


def test_what_states_otherwise_is_left_out_and_what_says_nothing_comes_after() -> None:
    put("says im", 38.2, routes=["im"], telehealth=["yes"])
    put("says iv", 37.751, routes=["iv_infusion"])
    put("says nothing", 37.751)
    assert names(listing.Wanted(says=("routes:im",))) == ["says im", "says nothing"]
    assert names(listing.Wanted(says=("routes:im", "telehealth:yes"))) == ["says im", "says nothing"]


def test_a_price_over_the_limit_is_left_out_and_an_unknown_one_comes_after() -> None:
    put("dear", price=["900"])
    put("fair", 38.0, price=["400"])
    put("silent", 37.751)
    assert names(listing.Wanted(most_cents=50_000)) == ["fair", "silent"]


def test_no_column_but_place_and_wanted_facts_moves_a_centre() -> None:
    """Every other column is changed in every centre; the order stays.  None of them is one that money could buy."""
    rows = [put(f"c{n}", 37.75 + n / 50, routes=["im"]) for n in range(6)]
    before = [c.uid for c in listing.search(HERE, 80, listing.Wanted(says=("routes:im",)))]
    used = {"id", "uid", "lat", "lon", "listed", "facts", "says", "session_cents"}
    moved = [f for f in Centre._meta.concrete_fields if f.name not in used]
    for n, row in enumerate(rows):
        for f in moved:
            if isinstance(f, models.BooleanField):
                setattr(row, f.name, n % 2 == 0)
            elif isinstance(f, models.CharField) and f.name not in ("npi", "website"):
                setattr(row, f.name, "AZ"[n % 2] * 3)
        row.save()
    assert [c.uid for c in listing.search(HERE, 80, listing.Wanted(says=("routes:im",)))] == before
    bought = re.compile(r"paid|sponsor|promot|featur|boost|rank|tier|premium|partner|advert|weight|priority|credit")
    assert [f.name for f in Centre._meta.get_fields() if bought.search(f.name)] == []
    assert [key for key in BY_KEY if bought.search(key)] == []


def test_the_page_shows_who_confirmed_what_and_marks_the_old(client: Client, clinic: Demo) -> None:
    centre = put("Old Facts", routes=["im"], on="2025-01-01")
    text = client.get("/centres/?near=94110&radius=25").content.decode()
    assert "Old Facts" in text
    assert "old: confirmed Jan 2025" in text
    assert "<svg" in text
    assert "The map as a table" in text
    page = client.get(f"/centres/{centre.uid}/").content.decode()
    assert "the centre, 1 January 2025" in page
    assert page.count("not said") >= 5
    both = client.get(f"/centres/compare/?c={centre.uid}&c={put('Second').uid}&c=nonsense").content.decode()
    assert "Second" in both
    assert len(re.findall(r"<h1[ >]", both)) == 1


def test_an_unknown_place_is_a_clear_page_that_keeps_what_was_typed(client: Client, clinic: Demo) -> None:
    for near in ("00000", "Nowhere town", "<script>alert(1)</script>", "95.0, 10.0", "9" * 5000):
        answer = client.get("/centres/", {"near": near, "radius": "25", "page": "-1"})
        text = answer.content.decode()
        assert answer.status_code == 404
        assert "<script>alert" not in text
        assert 'id="near-why"' in text
    assert client.get("/centres/?most=abc").status_code == 422
    assert client.get(f"/centres/{uuid4()}/").status_code == 404


def test_a_point_on_the_map_is_a_place(client: Client, clinic: Demo) -> None:
    answer = client.get("/centres/?near=&pick.x=40&pick.y=150")
    assert answer.status_code == 302
    assert "near=" in answer["Location"]
    assert client.get(answer["Location"]).status_code == 200
    assert client.get("/centres/map.svg")["Content-Type"] == "image/svg+xml"


def test_a_clinic_keeps_its_own_listing_and_each_fact_has_its_name_and_day(clinic: Demo) -> None:
    form = {
        "name": "Ours",
        "zip": "94117",
        "routes": ["im", "esketamine"],
        "rems": "yes",
        "price": "450",
        "listed": "yes",
    }
    browser = signed_in(manager())
    assert browser.get("/listing/").status_code == 200
    assert browser.post("/listing/", form).status_code == 302
    row = Centre.objects.get(site=clinic.site.pk)
    assert row.session_cents == 45_000
    assert clinic.site.name in row.facts["routes"]["by"]
    assert AdminChange.objects.filter(table="public.Centre").exists()
    wrong = browser.post("/listing/", form | {"zip": "00000", "street": "kept as typed"})
    assert wrong.status_code == 422
    assert "kept as typed" in wrong.content.decode()
    assert browser.post("/listing/", form | {"rems": ["yes", "no"]}).status_code == 422
    nurse = signed_in(clinic.staff["nurse"])
    assert nurse.post("/listing/", form).status_code == 403


def test_a_report_waits_for_a_moderator_who_knows_the_writer(client: Client, clinic: Demo) -> None:
    centre = put("Reported")
    form = {"uid": str(uuid4()), "name": "Syn Writer", "contact": "syn@patients.example", "seen_in": "2026-10",
            "q_pressure": "no", "words": "<b>Nobody</b> took my pressure."}  # fmt: skip
    page = f"/centres/{centre.uid}/report/"
    assert client.post(page, form | {"name": ""}).status_code == 422
    assert client.post(page, form | {"contact": "nothing"}).status_code == 422
    assert client.post(page, {k: v for k, v in form.items() if k != "q_pressure"}).status_code == 422
    assert client.post(page, form).status_code == 302
    assert client.post(page, form).status_code == 302, "sent twice is one report"
    row = CentreReport.objects.get()
    assert "Syn Writer" not in client.get(f"/centres/{centre.uid}/").content.decode()
    moderator = signed_in(manager())
    assert "Syn Writer" in moderator.get("/listing/reports/").content.decode()
    with pytest.raises(BadInput):
        actions.judge_report(row.uid, shown=False, why="", by=manager(), at=NOW)
    with pytest.raises(Refused):
        actions.judge_report(row.uid, shown=True, why="", by=clinic.staff["nurse"], at=NOW)
    moderator.post(f"/listing/reports/{row.uid}/", {"verdict": "shown"})
    text = client.get(f"/centres/{centre.uid}/").content.decode()
    assert "yes: 0 of 1" in text
    assert "&lt;b&gt;Nobody" in text
    assert "Syn Writer" not in text
    assert "syn@patients" not in text


def test_a_list_of_ones_own_names_every_bad_line() -> None:
    text = (
        "name,zip,routes,confirmed_by,confirmed_on\n"
        "Good One,94110,iv_infusion;im,Syn Caller,2026-11-01\n"
        ",94110,,,\n"
        "Bad Zip,00000,,,\n"
        "Bad Route,94110,magic,Syn Caller,2026-11-01\n"
        "Nobody,94110,im,,2026-11-01\n"
        "Future,94110,im,Syn Caller,2027-01-01\n"
        "Too,many,cells,here,and,more\n"
    )
    kind, good, bad = importing.read(text, TODAY)
    assert kind == "csv"
    assert [g.row["name"] for g in good] == ["Good One"]
    assert [(b.line, b.field) for b in bad] == [
        (3, "name"), (4, "zip"), (5, "routes"), (6, "confirmed_by"), (7, "confirmed_on"), (8, "line"),
    ]  # fmt: skip
    for wrong in ("", "nothing known\n1\n", "name\nA\n", "name,zip,sponsored\nA,94110,yes\n"):
        with pytest.raises(BadInput):
            importing.read(wrong, TODAY)


def test_the_public_provider_file_gives_addresses_and_no_facts() -> None:
    head = ["NPI", "Entity Type Code", "Provider Organization Name (Legal Business Name)", "Provider Last Name (Legal Name)",
            "Provider First Name", "Provider First Line Business Practice Location Address",
            "Provider Business Practice Location Address City Name", "Provider Business Practice Location Address State Name",
            "Provider Business Practice Location Address Postal Code",
            "Provider Business Practice Location Address Telephone Number", "NPI Deactivation Date", "NPI Reactivation Date"]  # fmt: skip
    rows = [
        ["1234567893", "2", "SYNTHETIC CLINIC LLC", "", "", "1 MAIN ST", "SAN FRANCISCO", "CA", "941101234", "5550100", "", ""],
        ["1234567890", "2", "BAD DIGIT", "", "", "1 MAIN ST", "SF", "CA", "94110", "", "", ""],
        ["1234567893", "2", "GONE", "", "", "1 MAIN ST", "SF", "CA", "94110", "", "01/02/2020", ""],
        ["1245319599", "1", "", "PERSON", "SYN", "1 MAIN ST", "SF", "CA", "94110", "", "", ""],
    ]  # fmt: skip
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in [head, *rows])
    kind, good, bad = importing.read(text, TODAY)
    assert kind == "nppes"
    assert [g.row["name"] for g in good] == ["SYNTHETIC CLINIC LLC", "SYN PERSON"]
    assert [(b.line, b.field) for b in bad] == [(3, "NPI"), (4, "NPI Deactivation Date")]
    assert importing.store(good, kind)[:2] == (2, 0)
    assert importing.store(good, kind)[:2] == (0, 2), "the same file again makes no second centre"
    row = Centre.objects.get(npi="1234567893")
    assert row.facts == {}
    spot = of_zip("94110")
    assert spot is not None
    assert (row.lat, row.placed) == (spot.place.lat, "zip")


def test_a_file_from_elsewhere_never_overwrites_what_a_clinic_of_ours_says(clinic: Demo) -> None:
    actions.keep_listing(
        clinic.site, {"name": "Ours", "zip": "94117"}, {"routes": ["im"]}, listed=True, by=manager(), on=TODAY
    )
    content = b"name,zip,routes,confirmed_by,confirmed_on\nOurs,94117,oral,Somebody,2026-11-20\n"
    taken = importing.take(content, by=manager(), today=TODAY)
    assert (taken.new, taken.changed) == (0, 0)
    assert "keeps its own listing" in taken.bad[0].why
    with pytest.raises(Refused):
        importing.take(content, by=clinic.staff["nurse"], today=TODAY)
