"""Accounts and their roles."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What an account may do. An account without a role may sign in and see nothing."""

    OWNER = "owner", _("owner: sees everything, sets units up")
    LEAD = "lead", _("lead: sees everything, patients too, and arranges walls")
    TEAM = "team", _("team: sees everything, patients too")
    READER = "reader", _("reader: sees charts and totals, no patients and no small numbers")
    NONE = "", _("nothing yet")


class Account(AbstractUser):
    """A person who may sign in."""

    role = models.CharField(max_length=20, choices=Role.choices, default=Role.NONE, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_is_known")]
