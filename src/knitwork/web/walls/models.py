"""Walls that people have made: which unit's, what stands on them, and the link that opens one without an account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Wall(models.Model):
    """One wall of one unit. `items` in their order; none means that signals stand first by themselves.

    `version` counts the changes, so that the second of two people who change it at once is told.
    `link` is the number of the link that opens it now, and empty where none does; each new link is one higher
    than the last, and closes it.
    """

    unit = models.CharField(max_length=200)
    name = models.CharField(max_length=100)
    items = models.JSONField(default=list, blank=True)
    period = models.CharField(max_length=8, blank=True, default="")
    seconds = models.PositiveSmallIntegerField(default=20)
    version = models.PositiveIntegerField(default=1)
    link = models.PositiveIntegerField(null=True, blank=True)
    links_given = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    removed = models.BooleanField(default=False)

    class Meta:
        ordering = ("unit", "name")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(unit=""), name="wall_has_unit_and_name"),
            models.CheckConstraint(condition=Q(seconds__gte=5, seconds__lte=600), name="wall_turns_slowly_enough"),
            models.CheckConstraint(condition=Q(period__in=("", "day", "week", "month")), name="wall_period_is_known"),
            models.CheckConstraint(condition=Q(removed=False) | Q(link__isnull=True), name="removed_wall_has_no_link"),
            models.UniqueConstraint(fields=("unit", "name"), condition=Q(removed=False), name="wall_name_once_a_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}: {self.name}"
