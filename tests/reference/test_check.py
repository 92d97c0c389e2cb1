"""Does the check refuse each kind of bad file, and say which file and which key?"""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillhaven.cli.check import command
from stillhaven.reference.check import check, drafts
from stillhaven.reference.files import SHIPPED
from stillhaven.reference.load import read
from tests.reference.conftest import Copy
from tests.reference.slips import DEP, SLIPS

CHECKED = sorted(
    path.relative_to(SHIPPED).as_posix()
    for folder in ("drugs", "protocols", "session", "recovery", "scales")
    for path in (SHIPPED / folder).glob("*.toml")
)


def test_the_shipped_files_have_no_problem() -> None:
    assert check() == []


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_refused_with_file_and_key(copy: Copy, slip: str) -> None:
    name, old, new, key, reason = SLIPS[slip]
    copy.change(name, old, new)
    found = copy.problems()
    assert any(line.startswith(f"{name}: ") and key in line and reason in line for line in found), found


def test_a_reviewed_file_with_an_unconfirmed_number_is_refused(copy: Copy) -> None:
    name = "protocols/im_depression.toml"
    signed = copy.text(name).replace('"draft"', '"reviewed"').replace('by     = ""', 'by = "Dr A"')
    copy.put(name, signed.replace('on     = ""', 'on = "2026-11-21"'))
    assert f"{name}: dose[injection].confirmed: is false in a file that calls itself reviewed" in copy.problems()


def test_a_reviewed_file_with_everything_confirmed_is_no_draft(copy: Copy) -> None:
    signed = copy.text(DEP).replace('"draft"', '"reviewed"').replace('by     = ""', 'by = "Dr A"')
    copy.put(DEP, signed.replace('on     = ""', 'on = "2026-11-21"'))
    reference, problems = read(shipped=copy.root)
    assert problems == []
    assert DEP not in reference.drafts
    assert reference.protocols["iv_depression"].review.is_reviewed


@pytest.mark.parametrize(
    ("name", "old", "new", "alarm"),
    [
        ("session/start.toml", "value = 140", "value = 150", "pressure_before_esketamine"),
        ("session/start.toml", "value = 100", "value = 110", "pressure_before_ketamine"),
        ("scales/moaas.toml", "at_most   = 3", "at_most   = 4", "sedation_deep"),
    ],
)
def test_a_rule_and_an_alarm_that_disagree_are_refused(copy: Copy, name: str, old: str, new: str, alarm: str) -> None:
    copy.change(name, old, new)
    assert any(line.startswith(f"alarms/{alarm}.toml: tier: ") and name in line for line in copy.problems())


def test_a_missing_drug_is_named(copy: Copy) -> None:
    (copy.root / "drugs/s_ketamine.toml").rename(copy.root / "s_ketamine.aside")
    try:
        assert any(line.startswith("drugs/s_ketamine.toml: ") for line in copy.problems())
    finally:
        (copy.root / "s_ketamine.aside").rename(copy.root / "drugs/s_ketamine.toml")


LISTS = ("[symptoms]", "[equipment.items]")  # a clinic may add to these lists of words: any key is read


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(CHECKED), data=st.data())
def test_no_file_keeps_a_key_that_nobody_reads(copy: Copy, name: str, data: st.DataObject) -> None:
    """A key put into any table of any file is refused: nothing in a file is silently ignored."""
    text = copy.text(name)
    headers = [match.end() for match in re.finditer(r"^\[.+\]$", text, flags=re.MULTILINE) if match[0] not in LISTS]
    at = data.draw(st.sampled_from(headers))
    copy.put(name, f'{text[:at]}\nzz_stray = "x"{text[at:]}')
    found = copy.problems()
    copy.restore()
    assert any(line.startswith(f"{name}: ") and "zz_stray" in line for line in found), found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from([n for n in CHECKED if not n.endswith("/s_ketamine.toml")]), data=st.data())
def test_no_fact_loses_its_confirmed_mark_unseen(copy: Copy, name: str, data: st.DataObject) -> None:
    """`confirmed` taken from any fact of any file is refused."""
    text = copy.text(name)
    lines = [match.span() for match in re.finditer(r"^confirmed\s*=.*$", text, flags=re.MULTILINE)]
    start, end = data.draw(st.sampled_from(lines))
    copy.put(name, text[:start] + text[end:])
    found = copy.problems()
    copy.restore()
    assert any(line.startswith(f"{name}: ") and "confirmed" in line for line in found), found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([n for n in CHECKED if re.search(r', unit = "', (SHIPPED / n).read_text())]), data=st.data()
)
def test_no_number_loses_its_unit_unseen(copy: Copy, name: str, data: st.DataObject) -> None:
    text = copy.text(name)
    spans = [match.span() for match in re.finditer(r', unit = "[^"]+"', text)]
    start, end = data.draw(st.sampled_from(spans))
    in_comment = text[text.rfind("\n", 0, start) + 1 : start].lstrip().startswith("#")
    copy.put(name, text[:start] + text[end:])
    found = copy.problems()
    copy.restore()
    assert in_comment or any(line.startswith(f"{name}: ") and "unit" in line for line in found), found


def test_the_command_says_what_is_there() -> None:
    result = CliRunner().invoke(command, ["--open"])
    assert result.exit_code == 0
    assert "25 protocols, 18 adverse events" in result.output
    assert "not set: iv_observation_min" in result.output
    assert "draft: protocols/iv_depression.toml" in result.output


def test_the_command_ends_with_2_and_names_file_and_key(tmp_path: object, copy: Copy) -> None:
    own = copy.root.parent / "own"
    (own / "protocols").mkdir(parents=True, exist_ok=True)
    (own / DEP).write_text(copy.text(DEP).replace("value = 0.5", "value = 5"), encoding="utf-8")
    result = CliRunner().invoke(command, [str(own)])
    assert result.exit_code == 2
    assert "protocols/iv_depression.toml: dose[infusion].amount: 5 mg/kg is over the ceiling 1 mg/kg" in result.output


def test_drafts_lists_what_nobody_has_reviewed() -> None:
    reference, _ = read()
    assert DEP in reference.drafts
    assert "sources.toml" not in reference.drafts
    assert drafts.__doc__


def test_the_command_checks_the_models_too(copy: Copy) -> None:
    own = copy.root.parent / "own_pk"
    (own / "pk").mkdir(parents=True, exist_ok=True)
    model = sorted((SHIPPED / "pk").glob("pk*.toml"))[0]
    (own / "pk" / model.name).write_text(model.read_text(encoding="utf-8").replace("unit", "unti", 1), encoding="utf-8")
    result = CliRunner().invoke(command, [str(own)])
    assert result.exit_code == 2
    assert f"pk/{model.name}" in result.output
