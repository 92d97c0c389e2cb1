"""Is every scale of the fact file here, does only text travel that may, and does the reader refuse what is wrong?"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from stillhaven.reference._instruments import definition_of, digest_of, from_record
from stillhaven.reference.load import current
from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import LicenceCode

FACTS = [
    "phq9",
    "gad7",
    "pcl5",
    "pc_ptsd5",
    "qids_sr16",
    "madrs",
    "hamd17",
    "ymrs",
    "asrm",
    "mdq",
    "cssrs_screener",
    "ssi_c_and_others",
    "ybocs",
    "audit",
    "audit_c",
    "dast10",
    "peg",
    "nrs11",
    "bpi",
    "fiqr",
    "promis_depression_8a",
    "promis_pain_interference",
    "shaps",
    "whodas12",
    "who5",
    "isi",
    "psqi",
    "cadss23",
    "cadss6",
    "bprs_positive",
    "bowdle_vas",
    "meq30",
    "asc_5d_11",
    "ebi",
    "kset",
    "moaas",
    "aldrete",
    "padss",
    "wsas_cgi",
]
OWN = {"harm_watch", "session_check"}  # our own questions, no scale of the fact file
TEXT_SHIPS = OWN | {"phq9", "gad7", "pcl5", "peg", "audit_c", "nrs11", "hamd17", "bprs_positive", "cgi_s", "cgi_i"}


def test_all_thirty_nine_are_here() -> None:
    assert len(FACTS) == 39
    assert {i.fact for i in current().instruments.values() if i.key not in OWN} == set(FACTS)


def test_only_text_travels_that_its_licence_lets_travel() -> None:
    for instrument in current().instruments.values():
        texts = [q.text for q in instrument.questions if q.text]
        assert instrument.wording == (instrument.key in TEXT_SHIPS), instrument.key
        if not instrument.licence.code.ships:
            assert not texts, instrument.key
            assert not instrument.stem


def test_the_refused_and_the_registered_stay_without_words() -> None:
    found = current().instruments
    assert found["madrs"].licence.code is LicenceCode.REFUSED
    assert found["cssrs_screener"].licence.code is LicenceCode.REGISTER
    assert {c.text for q in found["madrs"].questions for c in q.choices} == set()


def test_a_definition_that_was_kept_reads_the_same() -> None:
    for instrument in current().instruments.values():
        kept = definition_of(instrument.digest)
        assert kept is not None
        again = from_record(kept)
        assert (again.scores, again.questions, again.safety) == (
            instrument.scores,
            instrument.questions,
            instrument.safety,
        )


def changed(name: str, **more: Any) -> dict[str, Any]:
    found = definition_of(current().instruments[name].digest)
    assert found is not None
    return copy.deepcopy(found) | more


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [("phq9", {"loinc_panel": "44249-2"}, "check digit"), ("madrs", {"stem": "How sad?"}, "may not stand"),
     ("madrs", {"wording": True}, "lets no text travel"), ("gad7", {"mode": "dog"}, "is not one of"),
     ("gad7", {"recal": "x"}, "nobody reads")],
)  # fmt: skip
def test_what_is_wrong_is_refused(name: str, more: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        from_record(changed(name, **more))


def test_a_range_that_the_answers_cannot_give_is_refused() -> None:
    data = changed("isi")
    data["score"][0]["high"] = 30
    with pytest.raises(BadInput, match="runs from 0 to 28"):
        from_record(data)


def test_bands_that_overlap_are_refused() -> None:
    data = changed("isi")
    data["score"][0]["band"][1]["low"] = 7
    with pytest.raises(BadInput, match="begins inside"):
        from_record(data)


def test_a_review_changes_no_digest_and_a_number_does() -> None:
    data = changed("isi")
    assert digest_of(data | {"review": {"status": "reviewed"}}) == digest_of(data)
    assert digest_of(data | {"recall_days": 7}) != digest_of(data)
