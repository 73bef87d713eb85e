"""Every version of every feed's profile, as it stood in the home's file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class ProfileVersion(models.Model):
    """One version of how a feed is read: the text of its file, who made it, when and why.

    None is ever changed or deleted (triggers in migration 0002). The file is the truth: where it says something else
    than the latest version, that becomes the next one, with nobody's name on it.
    """

    feed = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    text = models.TextField()
    said_by = models.CharField(max_length=150, blank=True, default="")
    said_at = models.DateTimeField()
    why = models.CharField(max_length=400)

    class Meta:
        ordering = ("feed", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("feed", "number"), name="profile_version_once"),
            models.CheckConstraint(
                condition=~Q(feed="") & ~Q(why="") & Q(number__gt=0), name="profile_version_has_feed_and_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.number}"
