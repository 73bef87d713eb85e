"""The table of acts. The database itself refuses to change or delete a row of it."""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """One act of one person. `hash` covers the row and the hash of the row before it."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=80)
    about = models.CharField(max_length=400, db_column="object")
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.about}"
