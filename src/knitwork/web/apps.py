"""The Django apps of Knitwork."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Holds the templates, the static files and the translations that all pages share."""

    name = "knitwork.web"
    label = "web"

    def ready(self) -> None:
        from knitwork.draw.labels import write_as
        from knitwork.web import say

        write_as(say.writing)


class AccountsConfig(AppConfig):
    name = "knitwork.web.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"


class UnitsConfig(AppConfig):
    name = "knitwork.web.units"
    label = "units"
    default_auto_field = "django.db.models.BigAutoField"


class AuditConfig(AppConfig):
    name = "knitwork.web.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"


class WallsConfig(AppConfig):
    name = "knitwork.web.walls"
    label = "walls"
    default_auto_field = "django.db.models.BigAutoField"


class ChartsConfig(AppConfig):
    name = "knitwork.web.charts"
    label = "charts"
    default_auto_field = "django.db.models.BigAutoField"


class AlertsConfig(AppConfig):
    name = "knitwork.web.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"


class ChangesConfig(AppConfig):
    name = "knitwork.web.changes"
    label = "changes"
    default_auto_field = "django.db.models.BigAutoField"


class ProfilesConfig(AppConfig):
    name = "knitwork.web.profiles"
    label = "profiles"
    default_auto_field = "django.db.models.BigAutoField"
