"""What happened, once, never to be changed: entries in hash chains, and who looked."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models

from stillhaven.clinic.record import clock


class Head(models.Model):
    """The end of one chain: how many entries it has, the last one's hash, signed with a key the database never sees."""

    name = models.CharField(max_length=40, primary_key=True)  # "clinic:1": kind of chain and site
    count = models.BigIntegerField(default=0)
    hash = models.BinaryField(max_length=32)
    signed_at = models.DateTimeField()
    signature = models.BinaryField(max_length=64)

    class Meta:
        db_table = "record_head"


class EntryQuerySet(models.QuerySet[Any]):
    """Reads of entries.  Writing goes through `record.actions.append` alone."""

    def current(self) -> Self:
        """The last link of each chain of amendments, without those made in error."""
        return self.filter(amended_by__isnull=True, retracted=False)

    def update(self, **kwargs: Any) -> int:
        raise TypeError("entries are never changed: append an amendment")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("entries are never removed: append a retraction")


class Entry(models.Model):
    """One thing that happened.  `uid` is made where the entry was born, so sending it twice is harmless."""

    CHAIN: ClassVar[str] = "clinic"
    RETRACTABLE: ClassVar[bool] = True
    LATER: ClassVar[frozenset[str]] = (
        frozenset()
    )  # columns added after entries were written (see canonical.entry_bytes)

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.PositiveSmallIntegerField(default=1)
    seq = models.BigIntegerField(editable=False)  # place in the chain, without a gap, in the order of commits
    happened_at = models.DateTimeField(default=clock.now)  # clinical time
    recorded_at = models.DateTimeField(editable=False)  # the database's clock
    by_id = models.BigIntegerField(null=True, blank=True)  # who; None for a program
    by_name = models.CharField(max_length=120)  # the name as it was then
    amends = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="amended_by")
    reason = models.TextField(blank=True)
    retracted = models.BooleanField(default=False)
    hash = models.BinaryField(max_length=32, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("seq",)
        constraints = (
            models.UniqueConstraint("site", "seq", name="%(app_label)s_%(class)s_seq"),
            models.CheckConstraint(
                condition=models.Q(amends__isnull=True) | ~models.Q(reason=""),
                name="%(app_label)s_%(class)s_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(retracted=False) | models.Q(amends__isnull=False),
                name="%(app_label)s_%(class)s_retracts",
            ),
        )

    @property
    def chain(self) -> str:
        return f"{self.CHAIN}:{self.site}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("entries are appended with record.actions.append, never saved")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("entries are never removed: append a retraction")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.seq}"


class Access(Entry):
    """Somebody opened a chart, or was refused something."""

    CHAIN = "access"
    RETRACTABLE = False

    patient = models.BigIntegerField(null=True, blank=True, db_index=True)
    what = models.CharField(max_length=120)  # "chart", "live session", "session.start"
    path = models.CharField(max_length=300, blank=True)
    refused = models.BooleanField(default=False)
    why = models.TextField(blank=True)
    address = models.CharField(max_length=64, blank=True)


class AdminChange(Entry):
    """A change of an administrative row (patient, staff, chair): what it was, and what it became."""

    RETRACTABLE = False

    table = models.CharField(max_length=60)
    row = models.CharField(max_length=60)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta(Entry.Meta):
        indexes = (models.Index(fields=["table", "row"], name="record_adminchange_of"),)


class Decision(Entry):
    """What was suggested and on which findings; what a person decided, and why where they differ."""

    about = models.CharField(max_length=60)  # "session.start", "recovery.discharge"
    subject = models.UUIDField(db_index=True)
    patient = models.BigIntegerField(null=True, blank=True, db_index=True)
    findings = models.JSONField(default=list)
    verdict = models.CharField(max_length=40)
    why = models.TextField(blank=True)
    inputs = models.JSONField(default=dict)
    reference_version = models.CharField(max_length=64)


class Adoption(Entry):
    """The medical director adopted a version of the reference files, or set the clinic's policy."""

    RETRACTABLE = False

    what = models.CharField(max_length=40)  # "reference", "policy"
    version = models.CharField(max_length=64)
    content = models.JSONField(default=dict)
