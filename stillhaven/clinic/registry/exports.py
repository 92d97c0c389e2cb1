"""Making files that leave, each with its entry; and telling recipients of those who withdrew since."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from stillhaven.clinic.consent import queries as consent
from stillhaven.clinic.consent.models import Signature, Withdrawal
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.registry import dictionary, gather, leaving, teaching
from stillhaven.clinic.registry.models import Export, WithdrawalTold
from stillhaven.science.errors import BadInput, Refused

_TEXT = 200
TEACHING = "Teaching"


@transaction.atomic
def export(
    site: Site, *, purpose: str, recipient: str, by: Any, at: datetime, synthetic: bool = False, seed: int = 1,
    uid: UUID | None = None,
) -> tuple[Export, leaving.Packed]:  # fmt: skip
    """Make the files and the entry that says so, both or neither.  `by` is a person, or the command of whoever owns it."""
    if isinstance(by, User):
        roles.require(by, "registry.export")
    why, whom = purpose.strip(), recipient.strip() or (TEACHING if synthetic else "")
    known = Export.objects.filter(uid=uid).first() if uid else None
    if known is not None:
        if (known.purpose, known.recipient, known.synthetic) == (why, whom, synthetic):
            raise record.AlreadyRecorded(known)
        uid = None  # the page stays open while a file is saved: what is asked next is another export
    for name, text in (("purpose", why), ("recipient", whom)):
        if not text:
            raise BadInput(name, "say what for" if name == "purpose" else "say who receives the files")
        if len(text) > _TEXT:
            raise BadInput(name, f"is longer than {_TEXT} characters")
    record.lock("clinic", site.pk)  # nobody withdraws between the look and the entry
    files = teaching.packed(seed) if synthetic else leaving.packed(site, whom, at)
    rules = asdict(gather.book().rules)
    rules.pop("cites")
    entry = Export(
        uid=uid or uuid4(), site=site.pk, happened_at=at, purpose=why, recipient=whom, dictionary=dictionary.VERSION,
        synthetic=synthetic, people=files.people, courses=files.courses, sha256=files.sha256, files=files.listed,
        members=[] if synthetic else list(files.members), settings=rules | ({"seed": seed} if synthetic else {}),
    )  # fmt: skip
    record.append(entry, by=by)
    return entry, files


@dataclass(frozen=True, kw_only=True)
class Gone:
    """Somebody who is in files that left, and whose consent to share no longer stands."""

    export: Export
    pseudonym: str
    withdrew_at: datetime | None
    told: WithdrawalTold | None


def withdrawals(site: int, now: datetime) -> list[Gone]:
    """The withdrawal log: every export with a person in it who has taken consent back, told or not, newest first."""
    exports = list(Export.objects.filter(site=site, synthetic=False).order_by("-seq"))
    if not exports:
        return []
    signed = Signature.objects.filter(site=site, document="registry").values("patient")
    stopped = [p for p in Patient.objects.filter(site_id=site, pk__in=signed) if not consent.wants_registry(p, now)]
    since = {
        p.pk: Withdrawal.objects.current().filter(patient=p, document="registry").order_by("-seq").first()
        for p in stopped
    }
    told = {(t.export_id, t.pseudonym): t for t in WithdrawalTold.objects.filter(site=site)}
    out = []
    for made in exports:
        members = set(made.members)
        for person in stopped:
            name = leaving.pseudonym(made.recipient, person.pk)
            if name in members:
                gone = since[person.pk]
                out.append(Gone(
                    export=made, pseudonym=name, withdrew_at=gone.happened_at if gone else None,
                    told=told.get((made.pk, name)),
                ))  # fmt: skip
    return out


@transaction.atomic
def tell(export_: Export, pseudonym: str, *, by: User, at: datetime, words: str = "", uid: UUID | None = None) -> None:
    """The recipient was told to delete this person's rows."""
    roles.require(by, "registry.export")
    record.lock("clinic", export_.site)
    if uid is not None and (known := WithdrawalTold.objects.filter(uid=uid).first()) is not None:
        raise record.AlreadyRecorded(known)
    waiting = {g.pseudonym for g in withdrawals(export_.site, at) if g.export.pk == export_.pk and g.told is None}
    if pseudonym not in waiting:
        raise Refused(why="nobody of this name in these files waits for the recipient to be told")
    entry = WithdrawalTold(
        uid=uid or uuid4(), site=export_.site, happened_at=at, export=export_, pseudonym=pseudonym, words=words[:500]
    )
    record.append(entry, by=by)
