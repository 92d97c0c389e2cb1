"""The registry: counts that agree with the rules, nothing small shown, nothing causal said, nothing leaving without consent."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from django.core.management import CommandError, call_command

from stillhaven.clinic.consent import actions as consent_actions
from stillhaven.clinic.consent import demo as signing
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.registry import exports, gather, leaving, model, scored, teaching
from stillhaven.clinic.registry.models import Export, ScoredSheet, WithdrawalTold
from stillhaven.clinic.scales.models import Assessment
from stillhaven.clinic.scales.queries import as_science
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.outcomes import verdicts
from tests.bench.outcomes import fill
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import open_page

pytestmark = pytest.mark.django_db
PEOPLE = 60
CAUSAL = re.compile(
    r"\b(caused?|causes|because of ketamine|thanks to|effective(ness)?|efficacy|works|worked|cure[sd]?|helped|benefit(ed|s)?|"
    r"proven|leads? to|success(ful)?)\b", re.I,
)  # fmt: skip


@pytest.fixture
def demo() -> Demo:
    return make_clinic(clock.now())


@pytest.fixture
def many(demo: Demo) -> Demo:
    fill(demo.site.pk, PEOPLE, 18, clock.now())
    scored.refresh(demo.site.pk)
    return demo


def agree(demo: Demo, people: list[Patient]) -> None:
    for person in people:
        signing._sign(person, "registry", {"share": 0}, by=demo.staff["nurse"], at=clock.now() - timedelta(days=2))


def members(demo: Demo) -> list[Patient]:
    return list(Patient.objects.filter(external_id__startswith="R").order_by("pk"))


# ---------------------------------------------------------------- totals at hand
def test_cached_totals_are_those_of_the_one_scoring_engine_and_can_be_made_anew(many: Demo) -> None:
    kept = dict(ScoredSheet.objects.values_list("assessment", "total"))
    for row in Assessment.objects.order_by("uid")[:40]:
        main = as_science(row).sheet.main
        assert main is not None
        assert kept[row.uid] == main.value
    assert scored.refresh(1) == 0
    assert scored.rebuild(1) == len(kept) == Assessment.objects.count()
    assert dict(ScoredSheet.objects.values_list("assessment", "total")) == kept


def test_what_is_taken_back_counts_no_more(many: Demo) -> None:
    now = clock.now()
    before = gather.gather([1], "iv_ketamine", now).of(1)
    person = members(many)[0]
    for row in Assessment.objects.filter(patient=person):
        record.amend(row, by=many.staff["nurse"], at=now, reason="somebody else's sheet", retract=True)
    scored.refresh(1)
    after = gather.gather([1], "iv_ketamine", now).of(1)
    assert (after.started, after.baseline) == (before.started, before.baseline - 1)


# ---------------------------------------------------------------- counts
def test_counts_agree_with_the_rules_for_one_person_added_up_person_by_person(many: Demo) -> None:
    now, rules, scale = clock.now(), gather.book().rules, gather.instrument()
    counts = gather.gather([1], "iv_ketamine", now).of(1)
    assert scale.main is not None
    started = due = scored_n = response = remission = worse = rose = 0
    for course in Course.objects.filter(patient__in=members(many)):
        times = sorted(course.sessions.values_list("booked_for", flat=True))
        started += 1
        last = max(t for t in times if t <= times[0] + timedelta(days=rules.induction_high_d))
        over = last + timedelta(days=rules.window_high_d) < now
        due += over
        forms = [as_science(r) for r in Assessment.objects.filter(patient=course.patient).order_by("happened_at")]
        first = [f for f in forms if times[0] - timedelta(days=rules.baseline_within_d) <= f.taken_at <= times[0]]
        inside = [
            f for f in forms if rules.window_low_d <= (f.taken_at - last) / timedelta(days=1) <= rules.window_high_d
        ]
        if not over or not first or not inside:
            continue
        scored_n += 1
        then = first[-1]
        there = min(inside, key=lambda f: abs((f.taken_at - last) / timedelta(days=1) - rules.window_nearest_d))
        a, b = then.sheet.main, there.sheet.main
        assert a is not None
        assert b is not None
        said = verdicts(
            a.value, b.value, scale.change, scale.direction, floor=scale.main.low, ceiling=scale.main.high,
            caseness=rules.caseness,
        )  # fmt: skip
        response += said.response is True
        remission += bool(said.remission) and a.value is not None and a.value >= rules.caseness
        worse += said.reliable == -1
        rose += there.answers["9"] > then.answers["9"]
    assert (counts.started, counts.due, counts.scored) == (started, due, scored_n)
    assert (counts.response_yes, counts.remission_yes) == (response, remission)
    assert (counts.worse_yes, counts.ideation_yes) == (worse, rose)
    assert counts.response_yes
    for measure in gather.MEASURES:
        found = counts.rate(measure)
        assert found.everyone == (counts.asked if measure in ("response", "remission") else counts.due)
        assert found.unknown > 0, "some forms are missing, and are counted as missing"


def test_treatments_are_never_counted_together(many: Demo) -> None:
    assert gather.gather([1], "esketamine", clock.now()).sites == {}
    assert gather.families([1], clock.now()) == [("iv_ketamine", PEOPLE)]


# ---------------------------------------------------------------- the model
def test_the_model_is_the_one_that_statsmodels_fits_by_its_formula(demo: Demo) -> None:
    made = np.random.default_rng(7)
    person = np.repeat(np.arange(80), 6)
    day = np.tile([1.0, 4.0, 9.0, 16.0, 30.0, 55.0], 80) + made.uniform(0, 0.5, 480)
    base = np.repeat(made.normal(18, 3, 80), 6)
    own, slope = made.normal(0, 2.0, 80)[person], made.normal(0, 0.7, 80)[person]
    score = 15 - 1.8 * np.log1p(day) + 0.6 * (base - 18) + own + slope * np.log1p(day) + made.normal(0, 1.5, 480)
    keep = made.random(480) > 0.25
    person, day, base, score = person[keep], day[keep], base[keep], score[keep]
    found = model.fit_arrays(person, day, base, score)
    data = pd.DataFrame({"y": score, "lt": np.log1p(day), "b": base - found["mean_start"], "g": person})
    direct = smf.mixedlm("y ~ lt * b", data, groups=data["g"], re_formula="~lt").fit(
        reml=True, method=["lbfgs", "powell"]
    )
    ours = {c["name"]: c["value"] for c in found["coefficients"]}
    for name, theirs in (
        ("start", "Intercept"),
        ("log_time", "lt"),
        ("baseline", "b"),
        ("baseline_by_log_time", "lt:b"),
    ):
        assert ours[name] == pytest.approx(direct.fe_params[theirs], abs=0.01)
    assert ours["log_time"] == pytest.approx(-1.8, abs=0.35)
    assert found["days"][0]["low"] < found["days"][0]["score"] < found["days"][0]["high"]


# ---------------------------------------------------------------- other scales, for what they are there for
def given(demo: Demo, people: list[Patient], name: str, totals: list[tuple[float, float | None]]) -> None:
    """A form of this scale before the first session, and one on day 21 of the window, of each of these people."""
    scale, rows = gather.instrument(name), []
    for person, (before, after) in zip(people, totals, strict=True):
        times = sorted(person.sessions.values_list("booked_for", flat=True))
        for at, total in ((times[0] - timedelta(days=1), before), (times[-1] + timedelta(days=21), after)):
            if total is not None:
                rows.append(ScoredSheet(assessment=uuid4(), site=1, seq=0, patient=person.pk, scale=scale.key,
                                        version=scale.version, definition=scale.digest, at=at, total=total))  # fmt: skip
    ScoredSheet.objects.bulk_create(rows)


def treated_for(words: str, people: list[Patient]) -> None:
    Course.objects.filter(patient__in=people).update(indication=words)


def test_a_course_is_read_by_the_scales_of_its_kind_of_indication_and_by_their_own_lines(many: Demo) -> None:
    people, now = members(many), clock.now()
    whole = [p for p in people if p.sessions.count() == 6]
    trauma, pain = whole[:30], whole[30:45]
    treated_for("Post-traumatic stress disorder", trauma)
    treated_for("Complex regional pain syndrome", pain)
    # 12 points better responds, under 33 remits, 15 worse is reliably worse; started under 31: not asked; one form missing
    given(many, trauma, "pcl5@week", [(50.0, 38.0)] * 8 + [(50.0, 39.0)] * 8 + [(44.0, 32.0)] * 6 + [(40.0, 55.0)] * 4
          + [(30.0, 5.0)] * 3 + [(50.0, None)])  # fmt: skip
    given(many, trauma[:5], "pcl5", [(50.0, 0.0)] * 5)  # the other version is never mixed in
    known = gather.kinds([1], now)
    assert set(known.groups["iv_ketamine"]) == {
        "ptsd", "depression", "pain",
    }  # fmt: skip
    found = gather.gather([1], "iv_ketamine", now, known.view("iv_ketamine", "ptsd")).of(1)
    assert (found.started, found.due, found.scored, found.low_start, found.asked) == (30, 30, 29, 3, 27)
    assert (found.response_yes, found.response_no) == (14, 12)
    assert (found.remission_yes, found.remission_no) == (6, 20)
    assert (found.worse_yes, found.worse_no) == (4, 25)
    assert (found.ideation_yes, found.ideation_no) == (0, 0)
    given(many, pain, "peg", [(8.0, 5.6)] * 10 + [(8.0, 5.7)] * 5)
    found = gather.gather([1], "iv_ketamine", now, known.view("iv_ketamine", "pain")).of(1)
    assert (found.started, found.response_yes, found.response_no, found.low_start) == (15, 10, 5, 0)
    assert gather.lines(gather.instrument("peg")).measures == ("response",)


def test_the_page_of_another_scale_shows_what_it_can_say_and_its_own_null_trial(many: Demo) -> None:
    people = [p for p in members(many) if p.sessions.count() == 6]
    treated_for("PTSD", people[:45])
    given(many, people[:45], "pcl5@week", [(50.0, 30.0)] * 15 + [(50.0, 45.0)] * 15 + [(50.0, None)] * 15)
    page = open_page(signed_in(many.staff["manager"]), "/registry/?treatment=iv_ketamine&for=ptsd&scale=pcl5@week")
    assert re.findall(r'data-measure="(\w+)"', page.text) == ["response", "remission", "worse"]
    words = page.words()
    assert "Abdallah" in words
    assert "PCL-5 (past week)" in words
    assert "Other clinics" not in words.split("What others found")[0]
    assert "for something else" in words
    assert not CAUSAL.search(words), CAUSAL.search(words)
    for odd in ("for=nothing", "scale=../x", "for=pain&scale=phq9&treatment=esketamine"):
        assert page.client.get(f"/registry/?{odd}").status_code == 200


@pytest.mark.parametrize("name", sorted({s for names in gather.book().rules.scales.values() for s in names} | {"who5"}))
def test_every_scale_that_is_offered_draws_a_line_of_its_own(name: str) -> None:
    if name == "who5":
        with pytest.raises(BadInput):  # its source says what change matters, and nothing of response
            gather.lines(gather.instrument(name))
        return
    assert "response" in gather.lines(gather.instrument(name)).measures


# ---------------------------------------------------------------- the page
def test_the_page_shows_bars_bounds_null_trials_and_says_nothing_of_causes(many: Demo) -> None:
    assert model.fit_all(clock.now()) == 1
    page = open_page(signed_in(many.staff["manager"]), "/registry/")
    assert page.status == 200
    assert re.findall(r'data-bar="(\w+)"', page.text) == ["responded", "remitted", "worse", "unknown"]
    words = page.words()
    for told in (
        "Wilson",
        "If every missing answer were a no",
        "If every missing answer were a yes",
        "KARMA-Dep 2",
        "fitted",
    ):
        assert told in words
    assert not CAUSAL.search(words), CAUSAL.search(words)
    for name in ("Alvarez", "Lindqvist", "Registry Person"):
        assert name not in words.split("All courses", 1)[1], "nobody is named or compared"


def test_a_page_with_few_people_says_so_and_shows_no_share(demo: Demo) -> None:
    fill(demo.site.pk, 9, 18, clock.now())
    page = open_page(signed_in(demo.staff["prescriber"]), "/registry/")
    assert "Too few to show" in page.words()
    assert "data-bar" not in page.text
    assert "fewer than 11" in page.words()


def test_who_may_not_look_is_refused_and_another_site_is_not_there(many: Demo) -> None:
    for path in ("/registry/", "/registry/exports/"):
        assert signed_in(many.staff["desk"]).get(path).status_code == 403
    assert signed_in(many.staff["prescriber"]).get("/registry/?site=77").status_code == 404
    Site.objects.create(pk=2, name="Far Hill Clinic")
    assert signed_in(many.staff["manager"]).get("/registry/?site=2").status_code == 404
    assert signed_in(many.staff["manager"]).get("/registry/?treatment=' OR 1=1 --").status_code == 200


# ---------------------------------------------------------------- files that leave
def test_only_who_consents_now_leaves_without_names_and_with_moved_dates(many: Demo) -> None:
    people, manager, now = members(many), many.staff["manager"], clock.now()
    agree(many, people[:20])
    entry, files = exports.export(many.site, purpose="Count", recipient="Registry A", by=manager, at=now)
    assert (entry.people, entry.courses, entry.sha256) == (20, 20, files.sha256)
    rows = {
        t: list(csv.DictReader(io.StringIO(files.files[f"{t}.csv"].decode())))
        for t in ("courses", "sessions", "outcomes")
    }
    assert {r["person"] for r in rows["courses"]} == {leaving.pseudonym("Registry A", p.pk) for p in people[:20]}
    everything = b"".join(files.files.values()).decode(errors="replace")
    assert "Registry Person" not in everything
    for person in people[:20]:
        first = min(person.sessions.values_list("booked_for", flat=True))
        mine = [r for r in rows["sessions"] if r["person"] == leaving.pseudonym("Registry A", person.pk)]
        assert mine[0]["on"] != first.date().isoformat()
        assert [r["day"] for r in mine] == ["0", "3", "7", "10", "14", "18"][: len(mine)]
        assert {r["given_mg"] for r in mine} == {"40"}
    assert leaving.pseudonym("Registry B", people[0].pk) != leaving.pseudonym("Registry A", people[0].pk)


def test_parquet_holds_the_same_rows_with_types(many: Demo, tmp_path: Any) -> None:
    agree(many, members(many)[:12])
    _, files = exports.export(many.site, purpose="Count", recipient="A", by=many.staff["manager"], at=clock.now())
    for table in ("courses", "sessions", "assessments", "outcomes"):
        (tmp_path / "x.parquet").write_bytes(files.files[f"{table}.parquet"])
        found = duckdb.sql(f"SELECT * FROM '{tmp_path / 'x.parquet'}'")
        theirs = list(csv.DictReader(io.StringIO(files.files[f"{table}.csv"].decode())))
        assert found.columns == list(theirs[0])
        assert len(found.fetchall()) == len(theirs)
    assert dict(zip(found.columns, map(str, found.types), strict=True))["window_over"] == "BOOLEAN"


def test_a_withdrawal_counts_at_once_and_waits_for_the_recipient_to_be_told(many: Demo) -> None:
    people, manager, now = members(many), many.staff["manager"], clock.now()
    agree(many, people[:13])
    made, _ = exports.export(many.site, purpose="Count", recipient="A", by=manager, at=now)
    assert exports.withdrawals(1, now) == []
    consent_actions.withdraw(people[0], "registry", place="told_staff", by=many.staff["nurse"], at=clock.now())
    later, _ = exports.export(many.site, purpose="Count", recipient="A", by=manager, at=clock.now())
    gone = leaving.pseudonym("A", people[0].pk)
    assert gone in made.members
    assert gone not in later.members
    assert [(g.export.pk, g.pseudonym, g.told) for g in exports.withdrawals(1, clock.now())] == [(made.pk, gone, None)]
    with pytest.raises(Refused):
        exports.tell(later, gone, by=manager, at=clock.now())
    exports.tell(made, gone, by=manager, at=clock.now(), words="by letter")
    assert WithdrawalTold.objects.count() == 1
    assert exports.withdrawals(1, clock.now())[0].told is not None


def test_too_few_people_no_purpose_and_no_role_are_refused_and_leave_no_entry(many: Demo) -> None:
    agree(many, members(many)[:4])
    manager, now = many.staff["manager"], clock.now()
    with pytest.raises(Refused, match="too few"):
        exports.export(many.site, purpose="Count", recipient="A", by=manager, at=now)
    with pytest.raises(BadInput):
        exports.export(many.site, purpose=" ", recipient="A", by=manager, at=now)
    with pytest.raises(NotAllowed):
        exports.export(many.site, purpose="Count", recipient="A", by=many.staff["nurse"], at=now)
    assert Export.objects.count() == 0


def test_the_synthetic_copy_is_marked_row_by_row_and_is_the_same_for_the_same_seed(demo: Demo, tmp_path: Any) -> None:
    assert teaching.packed(5).sha256 == teaching.packed(5).sha256 != teaching.packed(6).sha256
    page = open_page(signed_in(demo.staff["manager"]), "/registry/exports/")
    action, fields = page.form("export")
    sent = fields | {"kind": "synthetic", "purpose": "A lesson"}
    answer = page.client.post(action, sent)
    assert answer["Content-Type"] == "application/zip"
    made = zipfile.ZipFile(io.BytesIO(answer.content))
    assert all(name.startswith("SYNTHETIC_") for name in made.namelist())
    assert {r["synthetic"] for r in csv.DictReader(io.TextIOWrapper(made.open("SYNTHETIC_outcomes.csv")))} == {"true"}
    assert page.client.post(action, sent).status_code in (200, 302)
    assert Export.objects.count() == 1, "a second send makes no second entry"
    wrong = page.send("export", kind="real", purpose="", recipient="Somewhere")
    assert wrong.status == 422
    assert 'value="Somewhere"' in wrong.text


def test_the_command_writes_the_files_and_its_entry(demo: Demo, tmp_path: Any, capsys: Any) -> None:
    out = tmp_path / "files"
    call_command("outcomes_export", out=str(out), purpose="Course", synthetic=True)
    assert (out / "SYNTHETIC_METHOD.md").read_text().startswith("# SYNTHETIC")
    assert Export.objects.get().by_name == "stillhaven outcomes export"
    with pytest.raises(CommandError, match="not an empty folder"):
        call_command("outcomes_export", out=str(out), purpose="Course", synthetic=True)
