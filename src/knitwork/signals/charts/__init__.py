"""The kinds of charts: one module a kind or family, all with the same parts in the same order. This table names them."""

from __future__ import annotations

from knitwork.signals.charts.averages import EWMA, MA
from knitwork.signals.charts.between import G, T
from knitwork.signals.charts.c import C_PRIME, C
from knitwork.signals.charts.i_prime import I_PRIME
from knitwork.signals.charts.kind import ChartKind
from knitwork.signals.charts.mr import MR
from knitwork.signals.charts.p import NP, P_PRIME, P
from knitwork.signals.charts.run import RUN
from knitwork.signals.charts.subgroups import XBAR, R, S
from knitwork.signals.charts.u import U_PRIME, U
from knitwork.signals.charts.xmr import XMR

CHARTS: dict[str, ChartKind] = {
    kind.name: kind
    for kind in (RUN, XMR, MR, I_PRIME, XBAR, S, R, P, P_PRIME, NP, C, C_PRIME, U, U_PRIME, G, T, EWMA, MA)
}
