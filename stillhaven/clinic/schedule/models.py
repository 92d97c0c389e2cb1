"""The chairs of a site, and the bed names that its monitors use for them."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.people.models import Site


class Chair(models.Model):
    """A place where a patient is treated."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="chairs")
    name = models.CharField(max_length=40)
    order = models.PositiveSmallIntegerField(default=0)
    bed = models.CharField(max_length=60, blank=True)  # how monitors name it

    class Meta:
        ordering = ("order", "name")
        constraints = (models.UniqueConstraint("site", "name", name="schedule_chair_name"),)

    def __str__(self) -> str:
        return self.name
