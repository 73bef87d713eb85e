"""Units and dated memberships as people keep them.

Dates are UTC microseconds, half-open, and empty means "always" or "still", as everywhere in
Knitwork. The database refuses a unit two `belongs` parents at once (triggers in migration 0002).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from knitwork.model.units import KINDS


class Unit(models.Model):
    """A microsystem, or a group of them."""

    code = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, default="other")
    kind_guessed = models.BooleanField(default=True)
    tz = models.CharField(max_length=60, blank=True, default="")
    capacity = models.FloatField(null=True, blank=True)
    since_us = models.BigIntegerField(null=True, blank=True)
    until_us = models.BigIntegerField(null=True, blank=True)
    # When records first spoke of it; empty for what people named themselves.
    noticed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("code",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="kind_is_known"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="unit_has_code_and_name"),
            models.CheckConstraint(condition=Q(capacity__isnull=True) | Q(capacity__gt=0), name="capacity_above_zero"),
            models.CheckConstraint(
                condition=Q(since_us__isnull=True) | Q(until_us__isnull=True) | Q(since_us__lt=F("until_us")),
                name="unit_begins_before_it_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """`unit` belongs to, or takes part in, `group` for a while."""

    BELONGS, TAKES_PART = "belongs", "takes_part"

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="members")
    kind = models.CharField(max_length=12, default=BELONGS)
    since_us = models.BigIntegerField(null=True, blank=True)
    until_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("unit__code", "since_us", "group__code")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=("belongs", "takes_part")), name="membership_kind_is_known"),
            models.CheckConstraint(condition=~Q(unit=F("group")), name="no_unit_in_itself"),
            models.CheckConstraint(
                condition=Q(since_us__isnull=True) | Q(until_us__isnull=True) | Q(since_us__lt=F("until_us")),
                name="membership_begins_before_it_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.kind} {self.group_id}"


class CodeMeaning(models.Model):
    """What a person said of a code in the records: it is another code of the unit `means`, or, where that is empty, of none.

    The latest word about a code holds. None is ever changed or deleted (triggers in migration 0004).
    """

    code = models.CharField(max_length=200)
    means = models.CharField(max_length=200, blank=True, default="")
    said_by = models.CharField(max_length=150)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(code="") & ~Q(said_by=""), name="meaning_has_code_and_author"),
            models.CheckConstraint(condition=~Q(code=F("means")), name="no_code_means_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.code} means {self.means or 'itself'}"


class Look(models.Model):
    """That somebody looked through the codes: what records bring after it is new."""

    looked_by = models.CharField(max_length=150)
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.looked_at:%Y-%m-%d %H:%M} {self.looked_by}"
