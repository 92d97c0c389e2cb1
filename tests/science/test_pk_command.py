"""What does a person at the command line get, and what is refused in words?"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from stillhaven.cli.pk import command as pk_command
from stillhaven.cli.simulate import command as simulate
from stillhaven.science.errors import BadInput

CASE = ["--drug", "racemic", "--weight", "70 kg", "--age", "40", "--dose", "0.5 mg/kg", "--over", "40 min"]


def run(command, *options):
    result = CliRunner().invoke(command, list(options))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_table_says_whose_number_it_is():
    out = run(simulate, *CASE, "--every", "20 min", "--draws", "50", "--below", "50")
    for word in ("PK01", "model estimate", "arterial", "provisional", "K_low", "effect_site_high", "not a criterion"):
        assert word in out
    assert "253.1" in out


def test_csv_and_json_hold_the_same_numbers(tmp_path):
    options = [*CASE, "--every", "30 min", "--draws", "50"]
    found = json.loads(run(simulate, *options, "--format", "json"))
    text = run(simulate, *options, "--format", "csv")
    rows = list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))
    assert [float(r["K_mid"]) for r in rows] == found["columns"]["K_mid"]
    assert found["sampling site"] == "arterial"
    assert "# caution:" in text


def test_a_picture_has_its_band_and_its_label(tmp_path):
    picture = tmp_path / "curve.svg"
    run(simulate, *CASE, "--draws", "50", "--plot", str(picture), "-o", str(tmp_path / "out.txt"))
    text = picture.read_text()
    assert text.count("<polygon") == 2
    assert text.count("<polyline") == 2
    assert "provisional" in text
    assert (tmp_path / "out.txt").read_text().startswith("model: PK01")


def test_a_picture_can_be_a_png_of_the_same_drawing(tmp_path):
    picture = tmp_path / "curve.png"
    run(simulate, *CASE, "--draws", "50", "--plot", str(picture), "-o", str(tmp_path / "out.txt"))
    raw = picture.read_bytes()
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(raw[at : at + 4], "big") for at in (16, 20))
    assert width == 1520
    assert 800 < height < 1200
    assert len(raw) > 20_000, "an empty page is smaller"


def test_a_file_says_the_same_as_options(tmp_path):
    file = tmp_path / "case.toml"
    file.write_text('drug = "racemic"\nweight = "154.3236 lb"\nage = 40\ndose = "0.5 mg/kg"\nover = "40 min"\n')
    by_file = json.loads(run(simulate, "-f", str(file), "--format", "json", "--every", "60 min", "--draws", "20"))
    by_hand = json.loads(run(simulate, *CASE, "--format", "json", "--every", "60 min", "--draws", "20"))
    assert by_file["columns"]["K_mid"] == pytest.approx(by_hand["columns"]["K_mid"], rel=1e-6)


def test_rates_ramps_boluses_and_holds():
    out = run(
        simulate, "--drug", "racemic", "--weight", "70 kg", "--age", "40", "--rate", "10 mg/h -> 60 mg/h @ 0 min..20 min",
        "--rate", "0.5 mg/kg/h @ 20 min..50 min", "--bolus", "0.05 mg/kg @ 5 min", "--hold", "30 min..40 min",
        "--format", "json", "--draws", "20", "--every", "30 min",
    )  # fmt: skip
    assert "32.6667 mg" in json.loads(out)["drug"]  # 11.667 + 17.5 + 3.5


def test_many_people():
    found = json.loads(run(simulate, *CASE, "--patients", "500", "--format", "json", "--every", "60 min"))
    assert set(found["columns"]) >= {"K_p5", "K_p50", "K_p95"}
    assert found["people"] == "500 virtual people, seed 1"
    assert not any(key.startswith("under") for key in found)
    asked = json.loads(run(simulate, *CASE, "--patients", "500", "--format", "json", "--below", "50"))
    assert asked["under 50 ng/mL"].startswith("half of these people at 1")


def test_models_and_compare():
    out = run(pk_command, "models")
    assert out.count("why not:") == 15
    assert "PK08  blocked" in out
    assert "V1 = 25 L x (weight/70 kg)^1" in run(pk_command, "models", "PK01")
    assert len(json.loads(run(pk_command, "models", "--format", "json"))["columns"]["id"]) == 26
    found = json.loads(run(pk_command, "compare", *CASE, "--format", "json"))
    assert [m.split()[0] for m in found["columns"]["model"]] == ["PK01", "PK02", "PK03", "PK04"]
    assert found["columns"]["min to 50"][:3] == [80.0, 29.0, 110.0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--weight", "70 kg", "--dose", "35 mg"], "drug"),
        ([*CASE[:2], "--weight", "-70 kg", "--dose", "35 mg"], "over 0 kg"),
        ([*CASE[:2], "--weight", "70", "--dose", "35 mg"], "no unit"),
        ([*CASE[:2], "--weight", "70 kg", "--rate", "60 @ 0 min..40 min"], "no unit"),
        ([*CASE[:2], "--weight", "70 kg", "--age", "40", "--dose", "35 mg", "--over", "0 min"], "over 0"),
        ([*CASE, "--model", "PK10"], "another drug"),
        ([*CASE, "--model", "PK99"], "not one of"),
        ([*CASE, "--model", "PK08"], "blocked"),
        ([*CASE[:6], "--route", "im", "--dose", "35 mg"], "no model with sourced absorption"),
        ([*CASE, "--plot", "curve.docx"], ".svg"),
        ([*CASE, "--every", "0 min"], "over 0"),
        ([*CASE, "--patients", "0"], "at least 1"),
        ([*CASE, "--file", "/nowhere.toml"], "cannot be read"),
        ([*CASE, "--hold", "10 min"], "needs"),
        ([*CASE, "--seed", "-1"], "seed: must be at least 0"),
        ([*CASE, "--patients", "5", "--below", "-3"], "below: must be over 0"),
        ([*CASE, "--models", "/nowhere"], "not a folder"),
        ([*CASE, "--plot", "/nowhere/curve.svg"], "no folder /nowhere"),
        ([*CASE[:6], "--rate", "60 mg/h @ 0 min..40 min", "--over", "40 min"], "over: says how long --dose runs"),
        ([*CASE[:6], "--route", "nasal", "--rate", "60 mg/h @ 0 min..40 min"], "rate: a pump runs into a vein"),
        ([*CASE[:2], "--weight", "70 mg", "--dose", "35 mg"], "weight: '70 mg': cannot turn mg into kg"),
    ],
)
def test_refusals_are_sentences(options, says):
    with pytest.raises(BadInput, match=says):
        run(simulate, *options)


def test_exit_code_two_and_no_django():
    code = (
        "import sys; sys.argv = ['stillhaven', 'simulate', '--drug', 'racemic', '--weight', '70', '--dose', '35 mg']\n"
        "from stillhaven.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert 'django' not in sys.modules\n    sys.exit(end.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("stillhaven: weight:")
    assert "Traceback" not in done.stderr
