"""What people have decided about charts, kept with who, when and why.

Charts are named by the code of a unit and the id of a measure. Days are local days of the records, as periods are.
Nothing here is deleted: what no longer holds is kept with who took it back (triggers in migration 0002).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from knitwork.draw.periods import Period

PERIODS: tuple[Period, ...] = ("day", "week", "month")


class Phase(models.Model):
    """New limits of one chart from a day on: proposed, then accepted by a person, and withdrawn where it was wrong.

    `first` is how many first points set the limits, where `limits` says `first`. `needs_second` says that the level had
    become worse, or that nobody could tell: then the database refuses the proposer as the one who accepts. `hides_harm`
    says that a signal of harm vanishes with a withdrawal: then neither of the two who started the phase can withdraw it.
    """

    PROPOSED, ACCEPTED, WITHDRAWN = "proposed", "accepted", "withdrawn"

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100)
    start = models.DateField()
    limits = models.CharField(max_length=8, default="policy")
    first = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=500)
    evidence = models.JSONField(default=dict, blank=True)
    needs_second = models.BooleanField()
    state = models.CharField(max_length=10, default=PROPOSED)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=150, blank=True, default="")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_reason = models.CharField(max_length=500, blank=True, default="")
    hides_harm = models.BooleanField(default=False)
    withdrawn_by = models.CharField(max_length=150, blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("unit", "measure", "start", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(measure="") & ~Q(reason="") & ~Q(proposed_by=""),
                name="phase_has_chart_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(limits__in=("policy", "all"), first__isnull=True) | Q(limits="first", first__gte=2),
                name="phase_limits_are_known",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", accepted_by="", withdrawn_by="")
                | (Q(state="accepted", withdrawn_by="", accepted_at__isnull=False) & ~Q(accepted_by=""))
                | (Q(state="withdrawn", withdrawn_at__isnull=False) & ~Q(withdrawn_by="") & ~Q(withdrawn_reason="")),
                name="phase_state_has_its_person",
            ),
            models.CheckConstraint(
                condition=Q(needs_second=False) | ~Q(accepted_by=F("proposed_by")),
                name="worse_phase_needs_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(hides_harm=False) | (~Q(withdrawn_by=F("proposed_by")) & ~Q(withdrawn_by=F("accepted_by"))),
                name="harm_is_not_hidden_by_who_started_the_phase",
            ),
            models.UniqueConstraint(
                fields=("unit", "measure", "start"),
                condition=~Q(state="withdrawn"),
                name="one_phase_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.measure} from {self.start:%Y-%m-%d}, {self.state}"


class Exclusion(models.Model):
    """One period of one chart that is drawn and not counted, until somebody undoes it."""

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100)
    day = models.DateField()
    period = models.CharField(max_length=8)
    reason = models.CharField(max_length=500)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    undone_by = models.CharField(max_length=150, blank=True, default="")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("unit", "measure", "day", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(measure="") & ~Q(reason="") & ~Q(made_by=""),
                name="exclusion_has_chart_and_reason",
            ),
            models.CheckConstraint(condition=Q(period__in=("day", "week", "month")), name="exclusion_period_is_known"),
            models.CheckConstraint(
                condition=Q(undone_by="", undone_at__isnull=True)
                | (Q(undone_at__isnull=False) & ~Q(undone_by="") & ~Q(undone_reason="")),
                name="exclusion_undone_by_somebody",
            ),
            models.UniqueConstraint(
                fields=("unit", "measure", "period", "day"), condition=Q(undone_by=""), name="one_exclusion_a_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.measure} without the {self.period} of {self.day:%Y-%m-%d}"


class Annotation(models.Model):
    """A short note at a day of one chart of a unit, or of all its charts where `measure` is empty."""

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100, blank=True, default="")
    day = models.DateField()
    text = models.CharField(max_length=120)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    removed_by = models.CharField(max_length=150, blank=True, default="")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("unit", "day", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(unit="") & ~Q(text="") & ~Q(made_by=""), name="note_has_unit_and_text"),
            models.CheckConstraint(
                condition=Q(removed_by="", removed_at__isnull=True) | (Q(removed_at__isnull=False) & ~Q(removed_by="")),
                name="note_removed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=("unit", "measure", "day", "text"), condition=Q(removed_by=""), name="same_note_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.day:%Y-%m-%d}: {self.text}"


class Target(models.Model):
    """A value that is wanted: from a day on (`target`), or at a day of a line of points (`trajectory`)."""

    TARGET, TRAJECTORY = "target", "trajectory"

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, default=TARGET)
    day = models.DateField()
    value = models.FloatField()
    reason = models.CharField(max_length=500)
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField()
    removed_by = models.CharField(max_length=150, blank=True, default="")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("unit", "measure", "kind", "day", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(measure="") & ~Q(reason="") & ~Q(set_by=""),
                name="target_has_chart_and_reason",
            ),
            models.CheckConstraint(condition=Q(kind__in=("target", "trajectory")), name="target_kind_is_known"),
            models.CheckConstraint(
                condition=Q(removed_by="", removed_at__isnull=True)
                | (Q(removed_at__isnull=False) & ~Q(removed_by="") & ~Q(removed_reason="")),
                name="target_removed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=("unit", "measure", "kind", "day"), condition=Q(removed_by=""), name="one_target_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.measure} {self.kind} {self.value:g} from {self.day:%Y-%m-%d}"


class RuleSetChoice(models.Model):
    """Which rules judge every chart, as chosen once; the highest version holds. Rows are never changed."""

    version = models.PositiveIntegerField(unique=True)
    sets = models.JSONField()
    custom = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=500)
    chosen_by = models.CharField(max_length=150)
    chosen_at = models.DateTimeField()

    class Meta:
        ordering = ("version",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason="") & ~Q(chosen_by=""), name="rule_choice_has_a_reason"),
            models.CheckConstraint(condition=Q(version__gte=1), name="rule_choice_is_numbered"),
        ]

    def __str__(self) -> str:
        return f"rules, version {self.version}"


class PublishedLimits(models.Model):
    """The limits of one chart as a person published them; the highest version holds. Rows are never changed.

    `phases` has for each part its first period, its centre and what its limits are made of, in the units shown;
    `records` the periods they came from, so that a later correction can be told.
    """

    unit = models.CharField(max_length=200)
    measure = models.CharField(max_length=100)
    period = models.CharField(max_length=8)
    version = models.PositiveIntegerField()
    spec = models.JSONField()
    phases = models.JSONField()
    records = models.JSONField()
    reason = models.CharField(max_length=500)
    published_by = models.CharField(max_length=150)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ("unit", "measure", "period", "version")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(measure="") & ~Q(reason="") & ~Q(published_by="") & Q(version__gte=1),
                name="published_limits_have_chart_and_reason",
            ),
            models.CheckConstraint(condition=Q(period__in=("day", "week", "month")), name="published_period_is_known"),
            models.UniqueConstraint(fields=("unit", "measure", "period", "version"), name="published_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.measure} by {self.period}, version {self.version}"


class Edition(models.Model):
    """One row whose text is another after each decision: what was worked out from the decisions before is then made anew."""

    token = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_edition")]

    def __str__(self) -> str:
        return self.token
