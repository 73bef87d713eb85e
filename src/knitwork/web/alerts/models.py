"""What people did about episodes. A row is written when somebody first acts: an episode without one is new."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Alert(models.Model):
    """The state of one episode: one rule that fired once, on one side, in one chart (unit, measure, kind of period).

    `since` is the first day of the period with which it began when somebody first acted on it, which names it for good;
    `last` that of the last period that was seen of it. Days are local days of the records. `side` is empty for rules of a
    whole series. `again` is an episode that somebody opened again.
    """

    AGAIN, ACKNOWLEDGED, SNOOZED, RESOLVED = "again", "acknowledged", "snoozed", "resolved"
    STATES = (AGAIN, ACKNOWLEDGED, SNOOZED, RESOLVED)

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100)
    period = models.CharField(max_length=8)
    rule = models.CharField(max_length=60)
    side = models.CharField(max_length=4, blank=True, default="")
    since = models.DateField()
    last = models.DateField()
    state = models.CharField(max_length=12)
    until = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, default="")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ("unit", "measure", "since", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(measure="") & ~Q(rule="") & ~Q(by=""), name="alert_has_episode_and_person"
            ),
            models.CheckConstraint(condition=Q(period__in=("day", "week", "month")), name="alert_period_is_known"),
            models.CheckConstraint(condition=Q(side__in=("", "high", "low")), name="alert_side_is_known"),
            models.CheckConstraint(condition=Q(since__lte=F("last")), name="alert_begins_before_it_ends"),
            models.CheckConstraint(
                condition=Q(state__in=("again", "acknowledged", "resolved"), until__isnull=True)
                | Q(state="snoozed", until__isnull=False),
                name="snoozed_alert_has_a_day_and_no_other",
            ),
            models.CheckConstraint(condition=~Q(state="resolved") | ~Q(note=""), name="resolved_alert_has_a_reason"),
            models.UniqueConstraint(
                fields=("unit", "measure", "period", "rule", "side", "since"), name="one_alert_an_episode"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} in {self.measure} of {self.unit}, {self.state}"
