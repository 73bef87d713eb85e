"""Plans of how a change will be measured, kept as they were made: nobody picks a method after seeing the result."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Plan(models.Model):
    """How one change in one unit will be measured: by which measure, from which day on, towards what, by which method.

    A plan is never changed or deleted (triggers in migration 0002). Until the start a later version takes its place;
    after the start only a first version can be made, which then says of itself that it came late: the database refuses
    another. `method` is an `ItsSpec` as plain values, `balancing` are ids of measures that must not get worse. `picked`
    says that the unit was chosen because its numbers were bad, which by itself makes them better afterwards.
    """

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100)
    period = models.CharField(max_length=8)
    start = models.DateField()
    version = models.PositiveIntegerField()
    what = models.CharField(max_length=120)
    direction = models.CharField(max_length=4)
    method = models.JSONField()
    balancing = models.JSONField(default=list, blank=True)
    picked = models.BooleanField(default=False)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    made_on = models.DateField()

    class Meta:
        ordering = ("unit", "measure", "start", "version")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(measure="") & ~Q(what="") & ~Q(made_by=""), name="plan_has_chart_and_words"
            ),
            models.CheckConstraint(condition=Q(period__in=("day", "week", "month")), name="plan_period_is_known"),
            models.CheckConstraint(condition=Q(direction__in=("up", "down")), name="plan_has_a_wanted_direction"),
            models.CheckConstraint(
                condition=Q(version=1) | Q(version__gt=1, made_on__lte=F("start")),
                name="no_second_plan_after_the_start",
            ),
            models.UniqueConstraint(fields=("unit", "measure", "period", "start", "version"), name="plan_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.measure} of {self.unit} from {self.start:%Y-%m-%d}"

    @property
    def is_late(self) -> bool:
        """Say whether it was made after the start, when results could be seen already."""
        return self.made_on > self.start
