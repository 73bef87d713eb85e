"""What the points of a chart say of themselves, on every chart: diagnosis, other settings, other views."""

from __future__ import annotations

from knitwork.signals.diagnosis.diagnose import diagnose, diagnose_many
from knitwork.signals.diagnosis.record import Diagnosis
from knitwork.signals.diagnosis.settings import limits_by_settings
from knitwork.signals.diagnosis.views import Viewed, residual_view, seasonal_view

__all__ = ["Diagnosis", "Viewed", "diagnose", "diagnose_many", "limits_by_settings", "residual_view", "seasonal_view"]
