"""What in an event log is likely wrong although each row for itself can be read.

Each rule compares a few rows with what nearly all others of the log do: what is usual in a log is its process, and is
not spoken of. Nothing is changed and nothing set aside. Sentences name rows, and never a patient or a person.
"""

from __future__ import annotations

import re

from knitwork.intake.formats.csv.activities import Extras
from knitwork.intake.formats.csv.columns import plain
from knitwork.intake.formats.csv.labels import likely_meant
from knitwork.lake.engine import Connection

SHOWN = 5
# A share above which something is usual: one row in five, one case in three.
USUAL, USUAL_CASES = 0.20, 1 / 3
# Registered together, within this of each other, is registered afterwards.
FORM_US, BATCH_US = 5_000_000, 10_000_000
# How nearly all others must have one before the other, and how many others there must be.
ORDERED, ORDERED_AMONG = 0.90, 10
# Of so many cases four in five must have what an activity belongs to, before the others are odd.
BELONGS_AMONG = 5
LONG = 20
# Who does most of an activity in a log of this size is a desk or a machine, and not a person.
DESK, DESK_AMONG = 0.5, 50
TEN_YEARS_US = 3_652 * 86_400_000_000
# The scales of triage in use (ESI, MTS, CTAS, ATS, SATS) have five steps.
_TRIAGE = re.compile(r"triage(code|level|category|cat|score|class)?|acuity|esi|ctas|mts|ats|esilevel")
_SCRATCH = ("acts", "labels", "disorder")


def suspicions(con: Connection, log: str, kept: Extras, *, paired: bool, ends: bool, placed: bool) -> list[str]:
    """Return what is suspicious in the events of `log` and, where `paired`, the pairs in `landing`."""
    try:
        said = _labels(con, log, "activity")
        if placed:
            said += _labels(con, log, "unit")
        _make_acts(con, log, kept, paired=paired, ends=ends)
        said += _no_words(con) + _gaps(con, log, kept) + _repeated(con, log, paired=paired)
        said += _together(con) + _cases(con) + _order(con) + _without(con) + _far(con)
        if ends or paired:
            said += _overlaps(con) + _long(con)
        if "staff" in kept.places:
            said += _by_people(con, paired=paired)
        return said + _attributes(con, log, kept) + _numbers_left_out(con, log)
    finally:
        for table in _SCRATCH:
            con.execute(f"DROP TABLE IF EXISTS {table}")


def _labels(con: Connection, log: str, column: str) -> list[str]:
    """Say which labels are likely other labels; make the table `labels` of what is meant."""
    counts = dict(
        con.execute(
            f"SELECT {column}, count(*) FROM {log} WHERE {column} IS NOT NULL GROUP BY ALL LIMIT 5000"
        ).fetchall()
    )
    found = likely_meant(counts)
    if column == "activity":
        con.execute("CREATE TEMP TABLE labels(activity VARCHAR, meant VARCHAR)")
        if found:
            con.executemany("INSERT INTO labels VALUES (?, ?)", [[label, meant] for label, (meant, _) in found.items()])
    said = []
    for label, (meant, why) in found.items():
        rows = con.execute(f'SELECT "row" FROM {log} WHERE {column} = ? ORDER BY "row"', [label]).fetchall()
        reason = "elsewhere it is written" if why == "case" else "likely a misspelling of"
        said.append(
            f"{_n(len(rows), 'row')} {_has(len(rows))} the {column} '{label[:60]}', {reason} '{meant[:60]}'{_at(rows)}"
        )
    return said


def _make_acts(con: Connection, log: str, kept: Extras, *, paired: bool, ends: bool) -> None:
    """Make `acts`: one row for each activity of a case, with its beginning and, where it has one, its end."""
    staff = "{}.staff" if "staff" in kept.places else "NULL::VARCHAR"
    end = "CASE WHEN p.end_kind::VARCHAR = 'recorded' THEN p.end_us END"
    source, other = f"{log} p", staff.format("p")
    first = "p"
    if paired:
        source = f'landing p JOIN {log} l ON l."row" = p."row" LEFT JOIN {log} m ON m."row" = p.other'
        first, other = "l", staff.format("m")
    con.execute(
        f"""CREATE TEMP TABLE acts AS SELECT p."row", concat_ws(chr(31), p.patient, p.visit) AS case_, p.patient,
        coalesce(meant, {first}.activity) AS activity, p.start_us, {end if ends or paired else "NULL::BIGINT"} AS end_us,
        {staff.format(first)} AS staff, {other} AS staff_end
        FROM {source} LEFT JOIN labels n ON n.activity = {first}.activity
        WHERE p.patient IS NOT NULL AND {first}.activity IS NOT NULL"""
    )
    if "staff" in kept.places:
        con.execute(
            f"""UPDATE acts SET staff = NULL, staff_end = NULL WHERE (activity, staff) IN (
            SELECT (activity, staff) FROM acts WHERE staff IS NOT NULL GROUP BY activity, staff
            HAVING count(*) > {DESK} * any_value((SELECT count(*) FROM acts a WHERE a.activity = acts.activity))
                AND count(*) >= {DESK_AMONG})"""
        )


def _no_words(con: Connection) -> list[str]:
    total, rows = con.execute(
        """SELECT count(*), list("row" ORDER BY "row") FILTER (NOT regexp_matches(activity, '\\p{L}')) FROM acts"""
    ).fetchall()[0]
    if not rows or len(rows) > USUAL / 2 * total:
        return []
    return [f"{_n(len(rows), 'row')} {_has(len(rows))} an activity that is no word{_at([(r,) for r in rows])}"]


def _gaps(con: Connection, log: str, kept: Extras) -> list[str]:
    """Say where a column that nearly every row fills is empty."""
    columns = [("staff", "who did it")] if "staff" in kept.places else []
    columns += [(raw, f"'{name[:60]}'") for raw, name in kept.others]
    said = []
    for raw, name in columns:
        missing = f"({raw} IS NULL OR upper({raw}) IN ('NA', 'N/A', 'NULL', 'NONE', 'NAN'))"
        total, rows = con.execute(
            f'SELECT count(*), list("row" ORDER BY "row") FILTER ({missing}) FROM {log}'
        ).fetchall()[0]
        if rows and len(rows) <= USUAL / 2 * total:
            said.append(
                f"{_n(len(rows), 'row')} {'does' if len(rows) == 1 else 'do'} not say {name}{_at([(r,) for r in rows])}"
            )
    return said


def _repeated(con: Connection, log: str, *, paired: bool) -> list[str]:
    code = ", lower(lifecycle)" if paired else ""
    rows = con.execute(
        f"""SELECT "row" FROM {log} LEFT JOIN labels USING (activity) WHERE patient IS NOT NULL AND start_us IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY patient, visit, coalesce(meant, activity), start_us{code} ORDER BY "row") > 1
        ORDER BY "row\""""
    ).fetchall()
    total = con.execute(f"SELECT count(*) FROM {log}").fetchall()[0][0]
    if not rows or len(rows) > USUAL * total:
        return []
    n = len(rows)
    return [f"{_n(n, 'row')} {'repeats' if n == 1 else 'repeat'} patient, activity and time of another{_at(rows)}"]


def _together(con: Connection) -> list[str]:
    """Say which cases have several activities entered at once, as from a form."""
    rows, cases, all_ = con.execute(
        f"""WITH near AS (SELECT *, lag(start_us, 2) OVER w AS third, lag(activity) OVER w AS a, lag(activity, 2) OVER w AS b
            FROM acts WHERE start_us IS NOT NULL WINDOW w AS (PARTITION BY case_ ORDER BY start_us, "row"))
        SELECT list("row" ORDER BY "row") FILTER (hit), count(DISTINCT case_) FILTER (hit), count(DISTINCT case_)
        FROM (SELECT *, start_us - third <= {FORM_US} AND activity <> a AND activity <> b AND a <> b AS hit FROM near)"""
    ).fetchall()[0]
    if not cases or cases > USUAL * all_:
        return []
    return [
        f"{_n(cases, 'case')} {_has(cases)} three activities entered within 5 seconds, as from a form{_at([(r,) for r in rows])}"
    ]


def _cases(con: Connection) -> list[str]:
    """Say which cases begin in another way than most, begin twice, or have one activity only."""
    firsts = con.execute(
        """SELECT activity, count(*) AS n FROM (SELECT case_,
            -- What has no time comes last.
            arg_min(activity, (coalesce(start_us, 9223372036854775807), "row")) AS activity
        FROM acts GROUP BY case_) GROUP BY ALL ORDER BY n DESC, 1"""
    ).fetchall()
    cases = sum(n for _, n in firsts)
    if cases < ORDERED_AMONG:
        return []
    said = []
    usual, n = firsts[0]
    other = cases - n
    if 2 * n >= cases and other:
        said.append(
            f"{other:,} of {cases:,} cases begin with something other than '{usual[:60]}': they may be incomplete"
        )
    again = con.execute("SELECT case_ FROM acts WHERE activity = ? GROUP BY 1 HAVING count(*) > 1", [usual]).fetchall()
    if 2 * n >= cases and again and len(again) <= USUAL * cases:
        said.append(
            f"{_n(len(again), 'case')} {_has(len(again))} '{usual[:60]}', with which cases begin, more than once"
        )
    single = con.execute("SELECT count(*) FROM (SELECT case_ FROM acts GROUP BY 1 HAVING count(*) = 1)").fetchall()[0][
        0
    ]
    if single and 2 * single <= cases:
        said.append(f"{single:,} of {cases:,} cases have one activity only: they may be incomplete")
    return said


def _order(con: Connection) -> list[str]:
    """Say where one activity comes before another that nearly always comes first."""
    kinds = con.execute("SELECT count(DISTINCT activity) FROM acts").fetchall()[0][0]
    if kinds > 200:
        return []
    con.execute(
        f"""CREATE TEMP TABLE disorder AS
        WITH firsts AS (SELECT case_, activity, min(start_us) AS at, arg_min("row", start_us) AS "row" FROM acts
            WHERE start_us IS NOT NULL GROUP BY ALL),
        -- One row for each case and pair of activities: an activity of a case has one first time.
        pairs AS (SELECT a.case_, a.activity AS first, b.activity AS second, a.at - b.at AS late, a."row"
            FROM firsts a JOIN firsts b ON a.case_ = b.case_ AND a.activity <> b.activity),
        ordered AS (SELECT first, second, count(*) AS cases, count(*) FILTER (late > 0) AS odd FROM pairs GROUP BY ALL
            HAVING cases >= {ORDERED_AMONG} AND odd > 0 AND count(*) FILTER (late < 0) >= {ORDERED} * cases - 1e-9)
        SELECT case_, first, second, cases, odd, "row" FROM pairs JOIN ordered USING (first, second) WHERE late > 0"""
    )
    cases = con.execute("SELECT count(DISTINCT case_) FROM disorder").fetchall()[0][0]
    if not cases:
        return []
    first, second, others, rows = con.execute(
        """SELECT first, second, any_value(cases - odd), list("row" ORDER BY "row") FROM disorder GROUP BY first, second
        ORDER BY any_value(odd::DOUBLE / cases), any_value(cases) DESC, 1, 2 LIMIT 1"""
    ).fetchall()[0]
    example = f"'{second[:60]}' before '{first[:60]}', which in the other {others:,} come the other way round"
    return [f"{_n(cases, 'case')} {_has(cases)} an unusual order, such as {example}{_at([(r,) for r in rows])}"]


def _without(con: Connection) -> list[str]:
    """Say which cases have what by its name belongs to another activity, as an evaluation of a treatment, without it."""
    return [
        f"{_n(len(rows), 'case')} {_has(len(rows))} '{whole[:60]}' without '{part[:60]}', which {both:,} of {cases:,} have"
        f"{_at([(r,) for r in rows])}"
        for whole, part, cases, both, rows in con.execute(
            f"""WITH had AS (SELECT case_, activity, min("row") AS "row" FROM acts GROUP BY ALL),
            words AS (SELECT DISTINCT activity, ' ' || lower(activity) || ' ' AS label FROM had)
            SELECT w.activity, p.activity, count(*) AS cases, count(q.case_) AS complete,
                list(h."row" ORDER BY h."row") FILTER (q.case_ IS NULL) AS rows
            FROM words w JOIN words p ON w.activity <> p.activity AND contains(w.label, p.label)
            JOIN had h ON h.activity = w.activity
            -- A case has one row for each activity.
            LEFT JOIN had q ON q.case_ = h.case_ AND q.activity = p.activity
            GROUP BY ALL HAVING cases >= {BELONGS_AMONG} AND complete < cases AND complete >= (1 - {USUAL}) * cases - 1e-9
            ORDER BY 1, 2"""
        ).fetchall()
    ]


def _far(con: Connection) -> list[str]:
    total, rows = con.execute(
        f"""WITH middle AS (SELECT median(start_us) AS m FROM acts)
        SELECT count(*), list("row" ORDER BY "row") FILTER (abs(start_us - m) > {TEN_YEARS_US}) FROM acts, middle"""
    ).fetchall()[0]
    if not rows or len(rows) > 0.05 * total:
        return []
    return [
        f"{_n(len(rows), 'row')} {'lies' if len(rows) == 1 else 'lie'} over ten years from the others{_at([(r,) for r in rows])}"
    ]


def _overlaps(con: Connection) -> list[str]:
    """Say whose activities overlap, where that is not usual."""
    said = []
    for key, where, what in (
        ("case_", "TRUE", "case has two activities at the same time|cases have two activities at the same time"),
        ("staff", "staff IS NOT NULL", "person is with two patients at once|people are with two patients at once"),
    ):
        owners, all_, rows = con.execute(
            f"""WITH ordered AS (SELECT {key} AS owner, "row", start_us < max(end_us) OVER (PARTITION BY {key}
                ORDER BY start_us, end_us, "row" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS hit
                FROM acts WHERE {where} AND end_us > start_us)
            SELECT count(DISTINCT owner) FILTER (hit), count(DISTINCT owner), list("row" ORDER BY "row") FILTER (hit)
            FROM ordered"""
        ).fetchall()[0]
        if owners and owners <= USUAL_CASES * all_:
            one, several = what.split("|")
            said.append(f"{owners:,} {one if owners == 1 else several}{_at([(r,) for r in rows])}")
    return said


def _long(con: Connection) -> list[str]:
    rows = con.execute(
        f"""WITH took AS (SELECT "row", activity, end_us - start_us AS us FROM acts WHERE end_us > start_us),
        usual AS (SELECT activity, median(us) AS m FROM took GROUP BY ALL HAVING count(*) >= 5)
        SELECT "row" FROM took JOIN usual USING (activity) WHERE us > {LONG} * m ORDER BY 1"""
    ).fetchall()
    n = len(rows)
    return (
        [f"{_n(n, 'row')} {'lasts' if n == 1 else 'last'} over {LONG} times as long as usual{_at(rows)}"] if n else []
    )


def _by_people(con: Connection, *, paired: bool) -> list[str]:
    """Say what was entered in a batch, by people of another calling, or begun by one and ended by another."""
    said = []
    total, rows = con.execute(
        f"""WITH near AS (SELECT *, lag(start_us) OVER w AS second, lag(start_us, 2) OVER w AS third,
            lag(case_) OVER w AS c, lag(case_, 2) OVER w AS d FROM acts WHERE staff IS NOT NULL AND start_us IS NOT NULL
            WINDOW w AS (PARTITION BY staff, activity ORDER BY start_us, "row"))
        SELECT count(*), list("row" ORDER BY "row") FILTER (start_us - second <= {BATCH_US} AND second - third <= {BATCH_US}
            AND case_ <> c AND case_ <> d AND c <> d) FROM near"""
    ).fetchall()[0]
    if rows and len(rows) <= USUAL * total:
        said.append(
            f"{_n(len(rows), 'row')} {'ends' if len(rows) == 1 else 'end'} three or more cases that one person entered within "
            f"seconds of each other, as in a batch{_at([(r,) for r in rows])}"
        )
    # 'Nurse 27' is a nurse: what nearly only clerks do is odd when a nurse does it.
    for activity, calling, usual, rows in con.execute(
        f"""WITH called AS (SELECT "row", activity, regexp_extract(staff, '^(\\p{{L}}{{3,}}) ?\\d+$', 1) AS calling FROM acts
            WHERE regexp_matches(staff, '^\\p{{L}}{{3,}} ?\\d+$')),
        usual AS (SELECT activity, arg_max(calling, n) AS usual, max(n) / sum(n) AS share, sum(n) AS n
            FROM (SELECT activity, calling, count(*) AS n FROM called GROUP BY ALL) GROUP BY activity)
        SELECT activity, calling, usual, list("row" ORDER BY "row") FROM called JOIN usual USING (activity)
        WHERE calling <> usual AND share >= {ORDERED} AND n >= {ORDERED_AMONG} GROUP BY ALL ORDER BY 1, 2"""
    ).fetchall():
        said.append(
            f"{_n(len(rows), 'row')} {_has(len(rows))} '{activity[:60]}' by a {calling[:30]}, which nearly always a "
            f"{usual[:30]} does{_at([(r,) for r in rows])}"
        )
    if paired:
        rows = con.execute('SELECT "row" FROM acts WHERE staff <> staff_end ORDER BY "row"').fetchall()
        if rows and len(rows) <= USUAL * total:
            said.append(f"{_n(len(rows), 'pair')} {_has(len(rows))} a start and an end by different people{_at(rows)}")
    return said


def _attributes(con: Connection, log: str, kept: Extras) -> list[str]:
    """Say where what is the same for a whole case is not, and where a triage is none of the five."""
    said = []
    for raw, name in kept.others:
        several, odd, values = con.execute(
            f"""SELECT count(*) FILTER (n > 1), count(*) FILTER (n > 1 AND d > 1), (SELECT count(DISTINCT {raw}) FROM {log})
            FROM (SELECT patient, count({raw}) AS n, count(DISTINCT {raw}) AS d FROM {log} WHERE patient IS NOT NULL GROUP BY 1)"""
        ).fetchall()[0]
        if odd and values > 1 and several >= ORDERED_AMONG and odd <= USUAL / 2 * several:
            said.append(
                f"{_n(odd, 'case')} {_has(odd)} more than one '{name[:60]}', which is one for each of the others"
            )
        if _TRIAGE.fullmatch(plain(name)):
            number = f"try_cast({raw} AS DOUBLE)"
            total, rows = con.execute(
                f"""SELECT count({number}), list("row" ORDER BY "row") FILTER ({number} NOT BETWEEN 1 AND 5) FROM {log}"""
            ).fetchall()[0]
            if rows and len(rows) <= USUAL * total:
                said.append(
                    f"{_n(len(rows), 'row')} {_has(len(rows))} a '{name[:60]}' outside 1 to 5{_at([(r,) for r in rows])}"
                )
    return said


def _numbers_left_out(con: Connection, log: str) -> list[str]:
    """Say how many numbers are left out among patients who are numbered one by one."""
    n, odd, least, most = con.execute(
        f"""SELECT count(*), count(*) FILTER (k IS NULL), min(k), max(k) FROM (SELECT DISTINCT
        CASE WHEN regexp_full_match(patient, '\\d{{1,12}}(\\.0)?') THEN CAST(try_cast(patient AS DOUBLE) AS BIGINT) END AS k
        FROM {log} WHERE patient IS NOT NULL)"""
    ).fetchall()[0]
    if odd or n < ORDERED_AMONG:
        return []
    left_out = most - least + 1 - n
    if not left_out or n < 0.75 * (most - least + 1):
        return []
    return [
        f"cases are numbered one by one, and {_n(left_out, 'number')} between the first and the last {_has(left_out)} no row"
    ]


def _n(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _at(rows: list[tuple[int, ...]]) -> str:
    """Name the first rows."""
    numbers = [f"{row[0]:,}" for row in rows]
    more = ", ..." if len(numbers) > SHOWN else ""
    return f" ({'row' if len(numbers) == 1 else 'rows'} {', '.join(numbers[:SHOWN])}{more})"
