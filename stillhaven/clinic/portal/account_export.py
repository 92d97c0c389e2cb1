"""Everything that the clinic keeps about a person, as one file to take away: for people to read and for programs."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.template.loader import render_to_string

from stillhaven.clinic.intake import queries as intake
from stillhaven.clinic.people import queries as people
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.portal.models import DataRequest
from stillhaven.clinic.portal.privacy_actions import state_of
from stillhaven.clinic.record import media
from stillhaven.reference._privacy import data_map
from stillhaven.science.errors import BadInput

FORMAT = "stillhaven-person-1"
_SECRET = {"hash", "password", "pin_hash", "digest", "last_totp_step", "drawing", "sealed"}
_OF_A_VISIT = ("session", "monitoring", "recovery")  # rooms whose entries hang on a visit
_FILES = {"post.Enclosure", "intake.InsuranceCard"}


def tables() -> list[tuple[str, str]]:
    """Every table with something about a person, and the path from its rows to them."""
    found = [(label, _path(label)) for k in data_map().kept if not k.walled for label in k.models]
    for room in _OF_A_VISIT:
        for model in apps.get_app_config(room).get_models():
            names = {f.name for f in model._meta.concrete_fields if f.is_relation}
            if "session" in names and "patient" not in names:
                found.append((model._meta.label, "session__patient"))
    return found


def _path(label: str) -> str:
    """How a table's rows name the person."""
    fields = apps.get_model(label)._meta.concrete_fields
    own = "pk" if label == "people.Patient" else "patient"
    return own if own == "pk" else next((f.name for f in fields if f.related_model is Patient), own)


def _rows(label: str, path: str, patient: Patient) -> Iterator[Model]:
    return apps.get_model(label)._default_manager.filter(**{path: patient.pk}).order_by("pk").iterator(chunk_size=1000)


def _plain(row: Model) -> dict[str, Any]:
    out = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name not in _SECRET and not isinstance(value, bytes | memoryview):
            out[field.attname] = value
    if (own_words := getattr(row, "own_words", None)) is not None:  # what the person wrote and is kept sealed
        out["text"] = own_words()
    return out


def make(patient: Patient, now: datetime) -> IO[bytes]:
    """The zip, ready to be read from its beginning."""
    out = tempfile.SpooledTemporaryFile(max_size=16_000_000)  # noqa: SIM115  (the answer closes it)
    listed: dict[str, int] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for label, path in tables():
            count = 0
            with pack.open(f"data/{label}.json", "w") as part:
                part.write(b"[")
                for row in _rows(label, path, patient):
                    text = json.dumps(_plain(row), cls=DjangoJSONEncoder, ensure_ascii=False)
                    part.write((",\n" if count else "\n").encode() + text.encode())
                    count += 1
                part.write(b"\n]\n")
            listed[label] = count
        for label in sorted(_FILES):
            for row in _rows(label, "patient", patient):
                _file(pack, row)
        about = {"format": FORMAT, "made_at": now, "clinic": patient.site.name, "tables": listed}
        pack.writestr("about.json", json.dumps(about, cls=DjangoJSONEncoder, indent=1))
        pack.writestr("read-me-first.html", summary(patient, now))
    out.seek(0)
    return out


def _file(pack: zipfile.ZipFile, row: Any) -> None:
    name = getattr(row, "name", "") or f"card-{row.side}.jpg"
    try:
        pack.writestr(f"files/{row.uid.hex[:8]}-{name}", media.load(row.uid))
    except BadInput:
        pack.writestr(f"files/{row.uid.hex[:8]}-missing.txt", "This file could not be opened. Ask the clinic.")


def summary(patient: Patient, now: datetime) -> str:
    """The page for people: who, visits, medicines, consents, messages, who looked, and what every data file is."""
    account = getattr(patient, "account", None)
    letters = apps.get_model("post", "Letter")._default_manager.filter(patient=patient).select_related("thread")
    shown = {
        "patient": patient, "account": account, "now": now.astimezone(ZoneInfo(patient.site.zone)),
        "appointments": patient.appointments.order_by("starts_at") if hasattr(patient, "appointments")
        else apps.get_model("schedule", "Appointment")._default_manager.filter(patient=patient).order_by("starts_at"),
        "medicines": intake.medicine_lines(patient), "answers": intake.answers_of(patient).values(),
        "visits": apps.get_model("session", "TreatmentSession")._default_manager.filter(patient=patient, drill=False)
        .order_by("booked_for"),
        "signatures": apps.get_model("consent", "Signature")._default_manager.filter(patient=patient)
        .select_related("version").order_by("seq"),
        "letters": letters.order_by("seq"), "looks": people.who_looked(patient.pk), "kept": data_map().kept,
        "cases": [state_of(r) for r in DataRequest.objects.filter(patient=patient).order_by("seq")],
    }  # fmt: skip
    return render_to_string("portal/export.html", shown)
