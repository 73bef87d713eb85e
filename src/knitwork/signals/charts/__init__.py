"""The kinds of charts: one module a kind, all with the same parts in the same order. This table names them."""

from __future__ import annotations

from knitwork.signals.charts.c import C
from knitwork.signals.charts.kind import ChartKind
from knitwork.signals.charts.p import P_PRIME, P
from knitwork.signals.charts.run import RUN
from knitwork.signals.charts.u import U_PRIME, U
from knitwork.signals.charts.xmr import XMR

CHARTS: dict[str, ChartKind] = {kind.name: kind for kind in (RUN, XMR, P, P_PRIME, U, U_PRIME, C)}
