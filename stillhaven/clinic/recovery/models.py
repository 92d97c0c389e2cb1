"""Recovery scores, the discharge, and the signature under the session's record."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.session.models import SessionEntry


class RecoveryCheck(SessionEntry):
    """One look at a recovering patient: a score's items, or a single fact (walking, orientation, cannula out)."""

    kind = models.CharField(max_length=40)  # "aldrete", "padss", "orientation", "walking", ...
    value = models.JSONField(default=dict)


class Discharge(SessionEntry):
    """The patient left: with whom, when handed over, with which instructions."""

    RETRACTABLE = False

    escort_name = models.CharField(max_length=120)
    handover_at = models.DateTimeField()
    instructions = models.CharField(max_length=60)
    findings = models.JSONField(default=list)


class RecordSignature(SessionEntry):
    """A prescriber signed the session's record.  `digest` is over all its entries as they then were."""

    RETRACTABLE = False

    digest = models.CharField(max_length=64)
    entries = models.PositiveIntegerField()
    upto_clinic_seq = models.BigIntegerField()
    upto_vitals_seq = models.BigIntegerField()
    second_factor = models.CharField(max_length=20)


class Addendum(SessionEntry):
    """What was added to a signed record, by whom; the signed part stays as it was."""

    text = models.TextField()
