"""Run every case of a folder and say of each whether our numbers are the tool's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conformance import (
    autospc,
    controlcharts,
    funnelplotr,
    making_data_count,
    published,
    qcc,
    qicharts2,
    qikit,
    runcharter,
    vlad,
)
from conformance.calls import walk
from conformance.case import Case, cases
from conformance.compare import Compared, told
from conformance.defects import DEFECTS
from conformance.tree import Call, CannotRead
from knitwork.model.errors import CannotDo

Check = Callable[[Case], Compared]
Verdict = Literal["agrees", "defect", "differs", "unread"]

# A module for each tool, by the tool's name in the manifest.
TOOLS: dict[str, Check] = {
    "qicharts2": qicharts2.check,
    "NHSRplotthedots": making_data_count.check,
    "qcc": qcc.check,
    "FunnelPlotR": funnelplotr.check,
    "autospc": autospc.check,
    "runcharter": runcharter.check,
    "vlad": vlad.check,
    "controlchartspy": controlcharts.check,
    "clinical-qikit": qikit.check,
    "qicharts2 + qcc": published.check,
}

# Where the manifest names a tool otherwise, such as a handbook or two tools at once, the call says which it is.
CALLED: dict[str, Check] = {
    "qic": qicharts2.check,
    "bchart": qicharts2.check,
    "paretochart": qicharts2.check,
    "ptd_spc": making_data_count.check,
    "qcc": qcc.check,
    "ewma": qcc.check,
    "cusum": qcc.check,
    "funnel_plot": funnelplotr.check,
    "autospc": autospc.check,
    "runcharter": runcharter.check,
    "racusum_scores": vlad.check,
    "spc": controlcharts.check,
    "funnel": controlcharts.check,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case; `why` says what differs, or why it could not be read."""

    case: Case
    verdict: Verdict
    compared: Compared | None
    why: str
    reasons: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return self.compared.points if self.compared else 0

    @property
    def values(self) -> int:
        return self.compared.values if self.compared else 0

    @property
    def line(self) -> str:
        """Return the case and why it differs, in one line."""
        if self.verdict == "defect":
            named = "; ".join(f"{DEFECTS[code].does} ({DEFECTS[code].place})" for code in self.reasons)
            return f"{self.case.id}: differs: {named}. {self.why}"
        return f"{self.case.id}: {'cannot read' if self.verdict == 'unread' else 'differs'}: {self.why}"


def run(folder: Path) -> list[Outcome]:
    """Compare every case of a folder. Raises `CannotRead` where the folder has no manifest."""
    return [outcome(case) for case in cases(folder)]


def outcome(case: Case) -> Outcome:
    """Compare one case."""
    try:
        check = _check_of(case)
        compared = published.with_printed(check)(case)
    except CannotRead as fault:
        return Outcome(case, "unread", None, str(fault))
    except CannotDo as fault:
        return Outcome(case, "differs", None, f"refused here: {fault}")
    except Exception as fault:  # a case nobody has seen may be of any form: it counts as a difference and stops nothing
        return Outcome(case, "unread", None, f"{type(fault).__name__}: {fault}")
    if compared.values < max(compared.points, 1) or not (compared.points or compared.differences):
        # A case of which only the length was compared says nothing of its numbers.
        return Outcome(case, "unread", compared, "next to nothing in it was compared")
    if not compared.differences:
        return Outcome(case, "agrees", compared, "")
    if compared.unexplained:
        return Outcome(case, "differs", compared, told(compared.unexplained), tuple(compared.reasons))
    return Outcome(case, "defect", compared, told(compared.differences), tuple(compared.reasons))


def _check_of(case: Case) -> Check:
    said = case.tool.casefold()
    for tool in sorted(TOOLS, key=len, reverse=True):  # a version may follow the name
        if said.startswith(tool.casefold()) and (tool != "qicharts2 + qcc" or case.chart == "constants"):
            return TOOLS[tool]
    if "qikit" in f"{said} {case.entry.get('call', '')}":
        return qikit.check
    called = (node.function for one in case.statements for node in walk(one) if isinstance(node, Call))
    for function in called:
        if function in CALLED:
            return CALLED[function]
    raise CannotRead(f"the tool {case.tool!r} is not one of {', '.join(TOOLS)}")


def report(outcomes: list[Outcome]) -> str:
    """Return a line for each case that differs, and the counts."""
    lines = [one.line for one in outcomes if one.verdict != "agrees"]
    defects = sum(one.verdict == "defect" for one in outcomes)
    agree = sum(one.verdict == "agrees" for one in outcomes)
    noun = "differs" if defects == 1 else "differ"
    lines += [f"{defects} {noun} for a named defect of the other tool"] if defects else []
    return "\n".join([*lines, f"agree {agree} of {len(outcomes)}"])
