"""Every raw value of every monitor, kept as it came; whom a device was on, from when until when."""

from __future__ import annotations

from typing import Any

from django.db import models

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.schedule.models import Chair
from stillhaven.science.vitals import Mode, Quality, Source
from stillhaven.science.vitals import Reading as ScienceReading


class Device(models.Model):
    """A bedside monitor, by the key that its messages name it with.  Unknown ones are listed until somebody claims them."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="devices")
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=60, blank=True)
    chair = models.ForeignKey(Chair, models.PROTECT, null=True, blank=True, related_name="devices")
    claimed = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint("site", "key", name="vitals_device_key"),)

    @property
    def called(self) -> str:
        return self.name or self.key

    def __str__(self) -> str:
        return self.called


class Attachment(Entry):
    """This device was put on this patient from a time until a time.  A wrong patient is mended by one amendment."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="attachments")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="attachments")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)

    class Meta(Entry.Meta):
        indexes = (models.Index("device", "start", name="vitals_attachment_device"),)


class Message(Entry):
    """One message of a monitor: who it said it was, and the bytes of what could not be read."""

    CHAIN = "vitals"
    RETRACTABLE = False

    gateway = models.CharField(max_length=60)
    sequence = models.BigIntegerField()
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="messages")
    control_id = models.CharField(max_length=200, blank=True)
    device_time = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    patient_id_sent = models.CharField(max_length=120, blank=True)
    patient_name_sent = models.CharField(max_length=200, blank=True)
    bed_sent = models.CharField(max_length=120, blank=True)
    mode = models.CharField(max_length=10, default=Mode.REAL.value)
    notes = models.JSONField(default=list)
    rejected_code = models.CharField(max_length=4, blank=True)
    rejected_reason = models.TextField(blank=True)
    raw = models.BinaryField(null=True, blank=True)

    class Meta(Entry.Meta):
        indexes = (models.Index("device", "control_id", name="vitals_message_control"),)


class Reading(Entry):
    """One value of one vital sign.  Names a device or a patient, never a session.  Never changed: artefacts are marked."""

    CHAIN = "vitals"

    # No index of their own: the ones below begin with these columns, and each index costs every value that arrives.
    message = models.ForeignKey(Message, models.PROTECT, null=True, blank=True, related_name="readings", db_index=False)
    index = models.PositiveSmallIntegerField(default=0)
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="readings", db_index=False)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="readings", db_index=False)
    signal = models.CharField(max_length=40)
    value = models.FloatField(null=True)
    quality = models.CharField(max_length=12, default=Quality.GOOD.value)
    why = models.CharField(max_length=200, blank=True)  # why there is no value, or a doubtful one
    probe = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=10, default=Source.MONITOR.value)
    mode = models.CharField(max_length=10, default=Mode.REAL.value)
    code_sent = models.CharField(max_length=120, blank=True)
    unit_sent = models.CharField(max_length=80, blank=True)
    value_sent = models.CharField(max_length=80, blank=True)

    class Meta(Entry.Meta):
        indexes = (
            models.Index("device", "happened_at", name="vitals_reading_device_at"),
            models.Index("patient", "happened_at", name="vitals_reading_patient_at"),
            models.Index("message", name="vitals_reading_message"),
            # Hours of one-second values are read signal by signal, in order, from this index alone.
            models.Index(
                "device", "signal", "happened_at", name="vitals_reading_usable", include=("value", "mode", "seq"),
                condition=models.Q(
                    value__isnull=False, retracted=False, quality__in=(Quality.GOOD.value, Quality.QUESTIONABLE.value)
                ),
            ),
            models.Index("device", "happened_at", name="vitals_reading_why", condition=~models.Q(why="")),
        )  # fmt: skip
        constraints = (  # type: ignore[assignment]
            *Entry.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(device__isnull=False, patient__isnull=True)
                | models.Q(device__isnull=True, patient__isnull=False),
                name="vitals_reading_whose",
            ),
        )

    def as_science(self, device_key: str = "") -> ScienceReading:
        """The reading as rules know it."""
        return ScienceReading(
            signal=self.signal, value=self.value, at=self.happened_at, arrived_at=self.recorded_at,
            quality=Quality(self.quality), reason=self.why, device=device_key, probe=self.probe,
            source=Source(self.source), mode=Mode(self.mode), seq=self.seq,
        )  # fmt: skip


class ReadingMark(Entry):
    """Somebody judged a stretch of one signal to be artefact.  The readings stay; the mark can be retracted."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reading_marks")
    signal = models.CharField(max_length=40)
    start = models.DateTimeField()
    end = models.DateTimeField()
    why = models.CharField(max_length=200)


def device_defaults(at: Any, name: str = "") -> dict[str, Any]:
    """What a device row starts with when its first message arrives."""
    return {"first_seen_at": at, "last_seen_at": at, "name": name}
