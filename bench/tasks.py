"""One task a process: each prints its wall time, processor time and peak memory as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from knitwork.home import Home, LoadOptions, open_home
from knitwork.intake.formats.csv import read as csv
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect
from knitwork.lake.runner import paths_sql
from knitwork.model.units import Membership, Registry, Unit

QUANTILES = "quantile_cont(transit_s, 0.5), quantile_cont(transit_s, 0.9)"


def registry_of(home: Home) -> Registry:
    """Nest the flat units in three hospitals of one macrosystem, so that there are three levels."""
    codes = home.unit_codes()
    hospitals = [f"Hospital {letter}" for letter in "ABC"]
    groups = (*(Unit(h, h, "mesosystem", False) for h in hospitals), Unit("System", "System", "macrosystem", False))
    belongs = [Membership(code, hospitals[i % 3]) for i, code in enumerate(codes)]
    belongs += [Membership(h, "System") for h in hospitals]
    return Registry(groups, tuple(belongs), "System").with_found(codes)


def everything(folder: Path, stays: Path) -> dict[str, Any]:
    """From CSV to all measures at three levels."""
    home = open_home(folder)
    home.load([stays], LoadOptions(feed="bench", tz="UTC"))
    loaded = time.monotonic()
    report = home.refresh(registry_of(home))
    return {"stays": report.stays, "refresh_s": round(time.monotonic() - loaded, 2), "buckets": report.buckets}


def land_csv(folder: Path, stays: Path) -> dict[str, Any]:
    """Land the stays as a load does, and read the same bytes into a table of text: the best of five, taken in turn."""
    home = open_home(folder.parent / "landing")
    con = home.place.lake.writer()
    profile = Profile(zone="Europe/Amsterdam")
    landed, bare = [], []
    for _ in range(5):
        began, cpu = time.monotonic(), time.process_time()
        report = csv.land(con, stays, profile, feed="bench", delivery="d" * 64, work=folder.parent)
        landed.append((time.monotonic() - began, time.process_time() - cpu))
        began, cpu = time.monotonic(), time.process_time()
        con.execute(f"CREATE OR REPLACE TEMP TABLE bare AS FROM read_csv('{stays}', all_varchar = true)")
        bare.append((time.monotonic() - began, time.process_time() - cpu))
    return {
        "rows": report.rows,
        "query_s": min(landed)[0],
        "query_cpu_s": min(landed)[1],
        "bare_s": min(bare)[0],
        "bare_cpu_s": min(bare)[1],
    }


def late_row(folder: Path, stays: Path) -> dict[str, Any]:
    """One more row: load it and bring the measures up to date."""
    home = open_home(folder)
    home.load([stays], LoadOptions(feed="bench", tz="UTC"))
    report = home.refresh()
    return {"rebuilt": report.rebuilt, "full_merge": report.full_merge}


def _handoffs(folder: Path) -> str:
    home = open_home(folder)
    lake = home.place.lake
    return f"read_parquet({paths_sql(lake.paths(lake.manifest().of('fact_handoff')))})"


def _timed_query(folder: Path, sql: str) -> dict[str, Any]:
    con = connect(memory="2GB", threads=2)
    source = _handoffs(folder)
    began, cpu = time.monotonic(), time.process_time()
    rows = con.execute(sql.format(handoffs=source)).fetchall()
    return {"rows": len(rows), "query_s": time.monotonic() - began, "query_cpu_s": time.process_time() - cpu}


def scan(folder: Path, stays: Path) -> dict[str, Any]:
    """The yardstick: read the same columns of the stored hand-offs with trivial sums."""
    del stays
    return _timed_query(
        folder,
        "SELECT count(*), sum(transit_s), max(from_unit), max(to_unit) FROM {handoffs} WHERE level = 'micro'",
    )


def graph_counts(folder: Path, stays: Path) -> dict[str, Any]:
    """The hand-off graph with counts and means."""
    del stays
    return _timed_query(
        folder,
        "SELECT from_unit, to_unit, count(*), avg(transit_s) FROM {handoffs} WHERE level = 'micro' GROUP BY ALL",
    )


def graph_quantiles(folder: Path, stays: Path) -> dict[str, Any]:
    """The hand-off graph with counts, means, exact medians and 90th percentiles."""
    del stays
    return _timed_query(
        folder,
        f"SELECT from_unit, to_unit, count(*), avg(transit_s), {QUANTILES} FROM {{handoffs}} WHERE level = 'micro' GROUP BY ALL",
    )


def graph_pandas(folder: Path, stays: Path) -> dict[str, Any]:
    """The same graph with pandas, from the stays as Parquet."""
    import pandas as pd

    frame = pd.read_parquet(_stays_parquet(folder, stays))
    began = time.monotonic()
    frame = frame.sort_values(["patient", "start", "end", "unit"], kind="stable")
    following = frame.shift(-1)
    gap = (following["start"] - frame["end"]).dt.total_seconds()
    paired = (following["patient"] == frame["patient"]) & (following["unit"] != frame["unit"]) & (gap <= 86_400)
    steps = pd.DataFrame({"from": frame["unit"], "to": following["unit"], "gap": gap.clip(lower=0)})[paired]
    graph = steps.groupby(["from", "to"], observed=True)["gap"]
    found = graph.agg(["count", "mean"]).join(graph.quantile([0.5, 0.9]).unstack())
    return {"rows": len(found), "query_s": time.monotonic() - began}


def graph_pm4py(folder: Path, stays: Path) -> dict[str, Any]:
    """The same with pm4py, where it happens to be importable: a directly-follows graph, without quantiles."""
    import pandas as pd
    import pm4py

    frame = pd.read_parquet(_stays_parquet(folder, stays))
    frame = frame.rename(columns={"patient": "case:concept:name", "unit": "concept:name", "end": "time:timestamp"})
    frame["start_timestamp"] = frame["start"]
    began = time.monotonic()
    found = pm4py.discover_performance_dfg(frame)
    return {"rows": len(found[0]), "query_s": time.monotonic() - began}


def _stays_parquet(folder: Path, stays: Path) -> Path:
    target = folder.parent / "stays.parquet"
    if not target.exists():
        con = connect(memory="2GB", threads=2)
        con.execute(
            f'COPY (SELECT patient, unit, start::TIMESTAMP AS start, "end"::TIMESTAMP AS "end" FROM read_csv(\'{stays}\', '
            f"all_varchar = true)) TO '{target}' (FORMAT parquet)"
        )
    return target


def charts(folder: Path, stays: Path) -> dict[str, Any]:
    """10,000 charts of 36 points by the rules of every set: judged, then every record cut from what was judged."""
    del folder, stays
    import numpy as np

    from knitwork.signals import Series, Spec, evaluate_many
    from knitwork.signals.rules import RULE_SETS

    rng = np.random.default_rng(1)
    series = [Series(values=tuple(row)) for row in rng.normal(50, 5, (10_000, 36)).tolist()]
    spec = Spec(chart="xmr", rules=tuple(RULE_SETS))
    evaluate_many(series[:10], spec)  # what is imported and looked up once in the life of a program
    began = time.monotonic()
    found = evaluate_many(series, spec)
    signalling = sum(found.signalling)
    judged = time.monotonic()
    signals = sum(len(one.signals) for one in found)
    return {
        "rows": signals,
        "signalling": signalling,
        "query_s": judged - began,
        "records_s": time.monotonic() - judged,
    }


TASKS: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "everything": everything,
    "late_row": late_row,
    "land_csv": land_csv,
    "scan": scan,
    "graph_counts": graph_counts,
    "graph_quantiles": graph_quantiles,
    "graph_pandas": graph_pandas,
    "graph_pm4py": graph_pm4py,
    "charts": charts,
}


def main() -> None:
    name, folder, stays = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    began, cpu = time.monotonic(), time.process_time()
    result = TASKS[name](folder, stays)
    result["wall_s"] = time.monotonic() - began
    result["cpu_s"] = time.process_time() - cpu
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
