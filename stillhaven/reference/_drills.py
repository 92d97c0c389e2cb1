"""Which drills can be run: the simulator's scenario, the moments that count, and the deeds that answer them?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.alarms.conditions import AlarmReference
from stillhaven.science.drills import Answer, Drill, Kind, Moment
from stillhaven.science.errors import BadInput
from stillhaven.science.events import AdverseEventKind

FOLDER = "drills"
SCENARIOS = "devices/simulator/scenarios"


def read_drills(shelf: Shelf, alarms: AlarmReference, events: Mapping[str, AdverseEventKind]) -> Mapping[str, Drill]:
    """All drills by key.  A moment names conditions of alarms/ and deeds of the record; both must exist."""
    found: dict[str, Drill] = {}
    for name in shelf.names(FOLDER):
        whole, key = shelf.read(name), name.rpartition("/")[2].removesuffix(".toml")
        read_review(whole)
        scenario = whole.text("scenario")
        if scenario and not (shelf.shipped / SCENARIOS / f"{scenario}.toml").is_file():
            whole.wrong("scenario", f"{scenario!r} is not a scenario of the simulator")
        found[key] = Drill(
            key=key,
            title=whole.text("title"),
            says=whole.text("says"),
            practise=whole.text("practise"),
            scenario=scenario,
            moments=tuple(_moment(row, alarms, events) for row in whole.rows("moment")),
        )
        whole.close()
    return MappingProxyType(found)


def _moment(row: Table, alarms: AlarmReference, events: Mapping[str, AdverseEventKind]) -> Moment:
    conditions = row.texts("conditions", needed=True)
    for condition in conditions:
        if condition not in alarms.by_key:
            row.wrong("conditions", f"{condition!r} is not a file of alarms/")
    acknowledge_s = row.quantity("acknowledge_within", "s", needed=False)
    answer_s = row.quantity("answer_within", "s", needed=False)
    set_by = row.text("target_set_by", needed=False)
    if (acknowledge_s is not None or answer_s is not None) and not set_by:
        row.wrong("target_set_by", "is missing: a target is the clinic's own, and says who set it")
    moment = Moment(
        key=row.text("key"),
        title=row.text("title"),
        conditions=conditions,
        answers=_answers(row, events),
        acknowledge_within_s=acknowledge_s,
        answer_within_s=answer_s,
        set_by=set_by,
        source=row.texts("source", needed=True),
        confirmed=row.flag("confirmed"),
    )
    row.close()
    return moment


def _answers(row: Table, events: Mapping[str, AdverseEventKind]) -> tuple[Answer, ...]:
    found = []
    for text in row.texts("answers"):
        try:
            answer = Answer.parse(text)
        except BadInput as error:
            row.wrong("answers", error.why)
            continue
        if answer.kind is Kind.EVENT and answer.about and answer.about not in events:
            row.wrong("answers", f"{answer.about!r} is not an adverse event of session/adverse_events.toml")
        found.append(answer)
    return tuple(found)
