"""The hand-off graph: for each ordered pair of units, how many passed and how long they were between.

Merged over all buckets from the stored hand-offs. Medians are exact and never made of
medians. Transits of a feed that does not record departures count as unknown.
"""

from __future__ import annotations

# Hand-offs on the days from here on make the period `recent`, which pages show first.
RECENT_DAYS = 91

_CELLS = """
SELECT level::VARCHAR AS level, from_unit::VARCHAR AS from_unit, to_unit::VARCHAR AS to_unit, '{period}' AS period,
       {start} AS start_day, calendar,
       count(*) AS count, count(t) AS timed, sum(t)::BIGINT AS sum_s,
       quantile_cont(t, 0.5) AS median_s, quantile_cont(t, 0.9) AS p90_s, bool_or(departures_recorded) AS departures_recorded
FROM (
    SELECT h.level, h.from_unit, h.to_unit, h.arrived_day, h.calendar, s.departures_recorded,
           CASE WHEN s.departures_recorded THEN h.transit_s END AS t
    FROM {handoffs} h JOIN feed_state s ON s.feed = h.feed  -- one row a feed
    {touched}
    {where}
)
GROUP BY ALL
"""

MONTH = "date_diff('day', DATE '1970-01-01', date_trunc('month', DATE '1970-01-01' + arrived_day)::DATE)::INTEGER"
WEEK = "arrived_day - (arrived_day + 3) % 7"


def pair_cells_sql(handoffs: str, *, watermark_day: int, touched: str | None = None) -> str:
    """Return SQL for the cells of all pairs by month, over the recent months and in all.

    `handoffs` is where the stored hand-offs are read from. A table `feed_state(feed,
    departures_recorded, calendar)` must exist. With `touched`, a table of (level,
    from_unit, to_unit), only those pairs are made anew.
    """
    only = (
        f"SEMI JOIN {touched} c ON c.level = h.level AND c.from_unit = h.from_unit AND c.to_unit = h.to_unit"
        if touched
        else ""
    )
    recent = watermark_day - RECENT_DAYS + 1
    parts = (
        ("month", MONTH, "WHERE h.calendar"),
        ("recent", str(recent), f"WHERE h.calendar AND h.arrived_day BETWEEN {recent} AND {watermark_day}"),
        ("all", "0", ""),
    )
    return "\nUNION ALL\n".join(
        _CELLS.format(period=period, start=start, handoffs=handoffs, touched=only, where=where)
        for period, start, where in parts
    )


FEED_STATE = """
SELECT feed, count(transit_s) AS timed, count(*) FILTER (transit_s = 0 AND overlap_s = 0) AS zero, count(*) AS handoffs
FROM {handoffs} WHERE level = 'micro' GROUP BY feed
"""

# DESIGN 4: at least this share of exactly zero transits means that the next arrival was copied.
# An overlap is clipped to zero, but shows that its departure was recorded.
ZERO_SHARE = 0.95
# Fewer timed hand-offs than this prove nothing about how a feed records departures.
FEWEST_TIMED = 3


def departures_recorded(timed: int, zero: int) -> bool:
    """Say whether a feed records when patients leave.

    >>> departures_recorded(450, 450), departures_recorded(450, 427), departures_recorded(2, 2)
    (False, True, True)
    """
    return not (timed >= FEWEST_TIMED and zero >= ZERO_SHARE * timed)
