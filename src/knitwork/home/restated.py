"""Numbers that were told for a period that was over, and are others now: what was told, until when, and why it changed.

A late row, a correction or a patient put together from two changes months that people have seen, printed and decided by.
So each refresh lays the cells of the generation before beside its own and keeps what differs. This is a history of what
was told, and depends on when the home was refreshed: it is no function of the deliveries, as all other tables are.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from knitwork.home.place import Place
from knitwork.intake.inbox import microseconds
from knitwork.lake.engine import Connection
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import paths_sql, write_table
from knitwork.measures.catalogue import catalogue
from knitwork.model.units import Registry

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

TABLE = "cell_restated"
# What changed beside: new or corrected records alone, or units, settings or Knitwork itself too.
Why = Literal["records", "set-up"]

_KEYS = ("measure", "version", "level", "unit", "period", "start_day")
_VALUES = ("numerator", "denominator", "value")
_COLUMNS = (
    "measure VARCHAR, version VARCHAR, level VARCHAR, unit VARCHAR, period VARCHAR, start_day INTEGER, numerator BIGINT, "
    "denominator BIGINT, value DOUBLE, n BIGINT, first_us BIGINT, last_us BIGINT, why VARCHAR"
)
_END_DAY = """CASE period WHEN 'day' THEN start_day + 1 WHEN 'week' THEN start_day + 7
    ELSE date_diff('day', DATE '1970-01-01', (DATE '1970-01-01' + start_day + INTERVAL 1 MONTH)::DATE) END"""


def kept(place: Place, told: Manifest, now: Manifest) -> Manifest:
    """Return the generation `now` with its table of restated cells, made of the one that follows `told`; writes it."""
    why = reason(told, now)
    same = {f.name for f in now.of("cell")} & {f.name for f in told.of("cell")}
    then, after = ([f for f in one.of("cell") if f.name not in same] for one in (told, now))
    if why is None or not then or told.watermark_us is None:
        return now
    from knitwork.home.refresh import local_day

    con = place.lake.writer()
    try:
        con.execute(f"CREATE TEMP TABLE known ({_COLUMNS})")
        if before := told.of(TABLE):
            con.execute(f"INSERT INTO known BY NAME FROM read_parquet({paths_sql(place.lake.paths(before))})")
        # What was not over by the watermark was told as unfinished, and may change without a word.
        told_day = local_day(told.watermark_us, place.settings.tz)
        _find(con, *(paths_sql(place.lake.paths(files)) for files in (then, after)), told_day=told_day)
        us = microseconds(dt.datetime.fromisoformat(now.made_at))
        both = " AND ".join(f"k.{name} = d.{name}" for name in _KEYS)
        # What was told first stays what was told; a number that is again what it was is no news.
        con.execute(f"""CREATE TEMP TABLE kept AS
            SELECT * FROM known k ANTI JOIN moved d ON {both}
            UNION ALL BY NAME SELECT k.* REPLACE ({us} AS last_us, '{why}' AS why) FROM known k JOIN moved d ON {both}
                WHERE d.now_is IS DISTINCT FROM (k.numerator, k.denominator, k.value)
            UNION ALL BY NAME SELECT d.* EXCLUDE (now_is), {us} AS first_us, {us} AS last_us, '{why}' AS why
                FROM moved d ANTI JOIN known k ON {both}
                WHERE d.now_is IS DISTINCT FROM (d.numerator, d.denominator, d.value)""")
        now = now.without((TABLE,))
        if not con.execute("SELECT count(*) FROM kept").fetchall()[0][0]:
            return now
        name = f"{TABLE}-{uuid.uuid4().hex[:12]}.parquet"
        ordered = "SELECT * FROM kept ORDER BY level, unit, measure, period, start_day"
        rows = write_table(con, ordered, place.lake.files / name)
        return now.adding([LakeFile(name, TABLE, WHOLE, rows)])
    finally:
        con.close()


def _find(con: Connection, then: str, after: str, *, told_day: int) -> None:
    """Make `moved`: the cells of both generations that differ, with what was told and, as `now_is`, what is."""
    lags = ", ".join(f"('{m.id}', {m.censor_days})" for m in catalogue())
    one = f"""SELECT measure::VARCHAR AS measure, version::VARCHAR AS version, level::VARCHAR AS level,
        unit::VARCHAR AS unit, period::VARCHAR AS period, start_day, {", ".join(_VALUES)}, n
        FROM read_parquet({{}}) WHERE stratum::VARCHAR = '' AND period::VARCHAR <> 'all'"""
    keys = ", ".join(_KEYS)
    con.execute(f"CREATE TEMP TABLE lag AS FROM (VALUES {lags}) l(measure, lag)")
    con.execute(
        f"""CREATE TEMP TABLE moved AS
        WITH told AS ({one.format(then)}), made AS ({one.format(after)}),
        differing AS (SELECT {keys} FROM (FROM told EXCEPT ALL FROM made)
            UNION SELECT {keys} FROM (FROM made EXCEPT ALL FROM told)),
        over AS (SELECT {keys} FROM differing JOIN lag USING (measure) WHERE {_END_DAY} + lag <= {told_day}),
        -- A period before the first one that was told is more history, and restates nothing.
        spans AS (SELECT {keys.removesuffix(", start_day")}, min(start_day) AS first_day FROM told GROUP BY ALL)
        SELECT o.*, t.numerator, t.denominator, t.value, t.n, (m.numerator, m.denominator, m.value) AS now_is
        FROM over o JOIN spans USING ({keys.removesuffix(", start_day")})
        LEFT JOIN told t USING ({keys}) LEFT JOIN made m USING ({keys}) WHERE o.start_day >= first_day"""
    )


def reason(told: Manifest, now: Manifest) -> Why | None:
    """Return why numbers differ between two generations; None where one was as of a day, and so tells no news."""
    if told.basis.get("as_of") or now.basis.get("as_of"):
        return None
    same = all(told.basis.get(name) == now.basis.get(name) for name in ("settings", "code"))
    return "records" if same and _only_grew(told.registry, now.registry) else "set-up"


def _only_grew(told: str, now: str) -> bool:
    """Say whether the units are what they were, but for names and for new ones that records brought."""
    before, after = Registry.from_json(told), Registry.from_json(now)
    known = {unit.unit for unit in before.units}

    def weighs(registry: Registry) -> tuple[object, ...]:
        units = {replace(unit, name="", kind_guessed=False) for unit in registry.units if unit.unit in known}
        belongs = {member for member in registry.memberships if member.unit in known}
        aliases = {code: unit for code, unit in registry.aliases.items() if code in before.aliases}
        return units, belongs, aliases, registry.macro_name

    return weighs(before) == weighs(after)


def of(answers: Answers, measure: str, *, level: str, unit: str, period: str) -> dict[int, Row]:
    """Return the restated periods of a measure by their first day: what was first told, and when that ended."""
    if not answers.manifest.of(TABLE):
        return {}
    found = answers.rows(
        f"""SELECT start_day, numerator, denominator, value, n, first_us, last_us, why FROM {{{TABLE}}}
        WHERE measure = $measure AND level = $level AND unit = $unit AND period = $period""",
        measure=measure, level=level, unit=unit, period=period,
    )  # fmt: skip
    return {row["start_day"]: row for row in found}
