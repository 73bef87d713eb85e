"""The page of agreement: tool by tool and chart by chart, how many cases, points and numbers are the same."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.defects import DEFECTS
from conformance.run import Outcome

# The four tools that most of health care charts with come first; the others follow by name.
FIRST = ("qicharts2", "NHSRplotthedots", "qcc", "FunnelPlotR")
NAMES = {"NHSRplotthedots": "Making Data Count (NHSRplotthedots)"}
CHARTS = {
    "run": "run", "i": "single values (XmR)", "xmr": "single values (XmR)", "xbar.one": "single values (XmR)",
    "i_m": "single values about their median", "i_mm": "single values about their median, median range",
    "mr": "moving ranges", "ip": "single values on different denominators (I′)", "xbar": "means (Xbar)",
    "s": "standard deviations (S)", "S": "standard deviations (S)", "R": "ranges (R)", "p": "proportions (p)",
    "pp": "proportions, widened (p′)", "np": "counts out of a number (np)", "c": "counts (c)", "cp": "counts, widened (c′)",
    "u": "rates (u)", "up": "rates, widened (u′)", "g": "cases between events (g)", "t": "time between events (t)",
    "ewma": "weighted moving averages (EWMA)", "cusum": "cumulative sums (CUSUM)",
    "bernoulli-cusum": "cumulative sums of outcomes (Bernoulli CUSUM)", "ra-cusum": "risk-adjusted CUSUM and VLAD",
    "pareto": "Pareto", "thresholds": "limits of the runs rules", "rules": "rules of Western Electric and Nelson",
    "constants": "constants of control charts", "funnel": "funnel", "funnel-PR": "funnel of proportions",
    "funnel-SR": "funnel of standardised ratios", "funnel-RC": "funnel of rates", "oe": "observed and expected",
}  # fmt: skip


def page(outcomes: list[Outcome]) -> str:
    """Return the page as Markdown, one sentence a line."""
    tools = sorted({one.case.tool for one in outcomes}, key=lambda name: (_place(name), name))
    agree = sum(one.verdict == "agrees" for one in outcomes)
    defects = [one for one in outcomes if one.verdict == "defect"]
    lines = [
        "# Agreement with other tools",
        "",
        "Written by `python -m conformance FOLDER --page docs/reference/agreement.md`, which computes every case anew.",
        "`make oracles` prints the same without writing it; no number on this page is typed.",
        "A case is a table of data, the call of another tool on it, and the numbers that the tool gave.",
        "Every column that our record speaks of is compared: values, centre lines, limits of two and three sigmas, "
        "runs and crossings with their limits, each rule at each point, phases, icons.",
        "Numbers are the same when they differ by no more than the case allows, mostly one part in a thousand million.",
        "The data and the numbers of the other tools are not part of Knitwork; `make oracles ORACLES=FOLDER` runs any such folder.",
        "",
        f"Cases: {len(outcomes)}; agreeing in every number: {agree}; differing for a named defect of the other tool: "
        f"{len(defects)}; differing otherwise: {len(outcomes) - agree - len(defects)}.",
        "",
    ]
    for tool in tools:
        lines += _tool(tool, [one for one in outcomes if one.case.tool == tool])
    return "\n".join([*lines, *_defects(outcomes), *_how()]) + "\n"


def _place(tool: str) -> int:
    return FIRST.index(tool) if tool in FIRST else len(FIRST)


def _tool(tool: str, outcomes: list[Outcome]) -> list[str]:
    versions = ", ".join(sorted({str(one.case.entry.get("version", "")) for one in outcomes}))
    rows = []
    for chart in dict.fromkeys(_chart(one) for one in outcomes):
        some = [one for one in outcomes if _chart(one) == chart]
        counts = [len(some), sum(one.points for one in some), sum(one.values for one in some)]
        agree = sum(one.verdict == "agrees" for one in some)
        rows.append(f"| {chart} | {' | '.join(f'{one:,}' for one in counts)} | {agree} | {_differs(some)} |")
    return [
        f"## {NAMES.get(tool, tool)} {versions}",
        "",
        "| chart | cases | points | values compared | agreeing | what differs |",
        "|---|---:|---:|---:|---:|---|",
        *rows,
        "",
        *_notes(outcomes),
    ]


def _chart(one: Outcome) -> str:
    chart = CHARTS.get(one.case.chart, one.case.chart)
    return f"funnel of {chart}" if one.case.params.get("funnel") else chart


def _differs(outcomes: Iterable[Outcome]) -> str:
    said = []
    for one in outcomes:
        if one.verdict == "defect":
            said += [f"{DEFECTS[code].does}" for code in one.reasons]
        elif one.verdict != "agrees":
            said.append(_cell(one.why))
    return "; ".join(dict.fromkeys(said)) or "nothing"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _notes(outcomes: Iterable[Outcome]) -> list[str]:
    notes = list(dict.fromkeys(note for one in outcomes if one.compared for note in one.compared.notes))
    return [*(f"{note}." for note in notes), ""] if notes else []


def _defects(outcomes: Iterable[Outcome]) -> list[str]:
    seen = {code for one in outcomes for code in one.reasons}
    rows = [
        f"| {one.tool} | {one.does} | {'yes' if code in seen else 'no'} | {one.place} | `{one.test}` |"
        for code, one in DEFECTS.items()
    ]
    return [
        "## Named defects",
        "",
        "A difference may stand only for one of these; each is told from the data and the call, never from a case's name.",
        "The test states the right value with its source, in `tests/conformance/test_defects.py`.",
        "signals.md is the note on these tools that lies beside their cases; it is not part of Knitwork.",
        "",
        "| tool | what it does | met in these cases | named in | test |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _how() -> list[str]:
    return [
        "## Settings that make the numbers comparable",
        "",
        "These differ by default and are asked for by name.",
        "",
        "- The lower bound of 1 under sigma z of p′, u′ and c′ charts is lifted (`sigma_z_floor`); of these tools only "
        "clinical-qikit has one.",
        "- NHSRplotthedots uses the rules of Making Data Count from before November 2023 (`mdc_legacy`) and 2.66 itself (`d2`).",
        "- Limits rest on all points, or on the points that the call froze; the house rule of 12 and 20 points is ours.",
        "- qcc marks the point that completes a pattern, where our own rule sets mark the whole of it (`marks`).",
        "- Units have no order in time, so p′ and u′ charts of them take the standard deviation of z scores, as qicharts2 does; "
        "a funnel is the better answer.",
        "- autospc and runcharter move limits by themselves; here each phase is suggested, and a person accepts it.",
        "- FunnelPlotR rounds denominators to two decimals, and so does the comparison.",
        "",
        "## What is not compared",
        "",
        "- The nearer lines of a chart of moving ranges: other tools put them at thirds of the limit, not at sigmas from the "
        "centre.",
        "- The icon of variation of NHSRplotthedots is that of the last point and is held against the mark of our last point; "
        "our own icon looks at the last three.",
        "- Columns that only repeat the input, and trend lines, which no record of ours holds.",
    ]
