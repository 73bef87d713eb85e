"""XES event logs: every event lands, stays are made of groups, and what is written comes back."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.formats import FORMATS, Profile, open_delivery
from knitwork.intake.formats.xes.parse import Log, read_events
from knitwork.intake.formats.xes.write import write
from knitwork.intake.landing import made
from knitwork.intake.writing import held
from knitwork.model.errors import CannotDo, Unreadable

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">\n'


def event(what: str, at: str, **attributes: str) -> str:
    names = {"group": "org:group", "resource": "org:resource", "transition": "lifecycle:transition",
             "instance": "concept:instance"}  # fmt: skip
    others = "".join(f'<string key="{names.get(k, k)}" value="{v}"/>' for k, v in attributes.items())
    return (
        f'<event><string key="concept:name" value="{what}"/><date key="time:timestamp" value="{at}"/>{others}</event>\n'
    )


def trace(patient: str, *events: str, more: str = "") -> str:
    return f'<trace><string key="concept:name" value="{patient}"/>{more}{"".join(events)}</trace>\n'


class Opened:
    def __init__(self, con, folder: Path) -> None:
        self.con, self.folder = con, folder

    def __call__(self, content: bytes | str | Path, **profile: str) -> Opened:
        path = content if isinstance(content, Path) else self.folder / "log.dat"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        format = open_delivery(path)
        assert format.name == "xes"
        full = format.guess(path, name="log", profile=Profile(**profile))
        self.report = format.land(self.con, path, full, feed="f", delivery="d" * 64, name="log")
        self.stays = self.con.execute(
            "SELECT patient, unit, start_us, end_us, end_kind, visit FROM landed ORDER BY ALL"
        ).fetchall()
        self.events = self.con.execute(
            'SELECT patient, type, unit, staff, code, "value" FROM landed_event ORDER BY "row"'
        ).fetchall()
        return self


@pytest.fixture
def xes(engine, tmp_path):
    return Opened(engine, tmp_path)


def test_every_event_lands_and_groups_are_units(xes):
    log = xes(HEAD + trace(
        "P1", event("ER Triage", "2024-01-01T10:00:00+01:00", group="ED", resource="Nurse 5"),
        event("Called", "2024-01-01T10:30:00+01:00"),
    ) + "</log>")  # fmt: skip

    assert log.events == [
        ("P1", "er_triage", "ED", "Nurse 5", None, None),
        ("P1", "called", None, None, None, None),
    ]
    assert [(s[0], s[1], s[4]) for s in log.stays] == [("P1", "ED", "inferred")]
    assert log.stays[0][2] == 1_704_099_600_000_000
    assert (log.report.rows, log.report.landed, log.report.rejected) == (2, 2, 0)


def test_a_start_and_its_complete_are_one_stay_with_a_recorded_end(xes):
    log = xes(HEAD + trace(
        "P1", event("Bed", "2024-01-01T10:00:00Z", group="Ward", transition="start"),
        event("Bed", "2024-01-02T10:00:00Z", group="Ward", transition="complete"),
    ) + "</log>")  # fmt: skip

    ((patient, unit, start, end, kind, _),) = log.stays
    assert (patient, unit, kind, end - start) == ("P1", "Ward", "recorded", 86_400_000_000)
    assert [e[4] for e in log.events] == ["start", "complete"]


def test_resources_are_departments_only_where_they_are_no_people(xes):
    people = xes(HEAD + trace("1", event("A", "2024-01-01T10:00:00Z", resource="Nurse 5")) + "</log>")
    assert [(s[1]) for s in people.stays] == ["A"]
    assert people.events[0][3] == "Nurse 5"

    places = xes(HEAD + trace("1", event("A", "2024-01-01T10:00:00Z", resource="Cardiology")) + "</log>")
    assert [(s[1]) for s in places.stays] == ["Cardiology"]


def test_where_a_trace_names_its_patient_the_trace_is_a_visit(xes):
    log = xes(HEAD + trace(
        "V7", event("A", "2024-01-01T10:00:00Z", group="ED"), more='<string key="patient_id" value="P9"/>'
    ) + "</log>")  # fmt: skip

    assert [(s[0], s[5]) for s in log.stays] == [("P9", "V7")]


def test_globals_are_no_values_and_classifiers_name_what_has_no_name(xes):
    log = xes(
        HEAD + '<global scope="event"><string key="org:group" value="UNKNOWN"/></global>'
        '<classifier name="Step" keys="step place"/><trace><string key="concept:name" value="1"/>'
        '<event><string key="step" value="scan"/><string key="place" value="left"/>'
        '<date key="time:timestamp" value="2024-01-01T10:00:00Z"/></event></trace></log>'
    )

    assert log.events == [("1", "scan_left", None, None, None, None)]


def test_nested_attributes_and_values_are_read(xes):
    log = xes(
        HEAD + trace("1", event("CRP", "2024-01-01T10:00:00Z", group="Lab", crp="210"))
        .replace('<string key="crp" value="210"/>', '<float key="crp" value="210.5"><string key="unit" value="mg"/></float>')
        + "</log>"
    )  # fmt: skip

    assert log.events[0][5] == 210.5


def test_a_transition_that_nobody_comes_or_goes_by_is_an_event_only(xes):
    log = xes(HEAD + trace("1", event("A", "2024-01-01T10:00:00Z", group="ED", transition="schedule")) + "</log>")

    assert log.stays == []
    assert log.events == [("1", "a", "ED", None, "schedule", None)]
    assert log.report.kind == "records"


def test_an_event_without_a_patient_or_a_time_is_set_aside(xes):
    log = xes(
        HEAD + trace("", event("A", "2024-01-01T10:00:00Z", group="ED"))
        + trace("1", event("A", "soon", group="ED"), event("B", "2024-01-01T10:00:00Z", group="ED")) + "</log>"
    )  # fmt: skip

    rules = log.con.execute('SELECT "row", rule FROM rejected ORDER BY "row"').fetchall()
    assert rules == [(1, "patient_empty"), (2, "start_unreadable")]
    assert len(log.events) == 1


def test_gz_and_zip_hold_the_same_log(xes, tmp_path):
    text = HEAD + trace("1", event("A", "2024-01-01T10:00:00Z", group="ED")) + "</log>"
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("log.xes", text)

    plain = xes(text).stays

    assert xes(gzip.compress(text.encode())).stays == plain
    assert xes(tmp_path / "two.zip").stays == plain
    assert xes(text.replace("UTF-8", "UTF-16").encode("utf-16")).stays == plain


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(97 + i)} "{f"&{chr(96 + i)};" * 10}">' for i in range(1, 10))
    + ']><log><trace><string key="concept:name" value="&j;"/></trace></log>'
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>',
        '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log><trace>&x;</trace></log>',
        HEAD + trace("1", event("A &unknown;", "2024-01-01T10:00:00Z")) + "</log>",
        HEAD + "<list>" * 100_000,
        HEAD + trace("1", event("A" * (6 << 20), "2024-01-01T10:00:00Z")) + "</log>",
        HEAD + "</log>",
        HEAD,
        '<?xml version="1.0" encoding="martian"?><log><trace/></log>',
    ],
)
def test_what_would_explode_or_is_damaged_is_refused_with_a_sentence(xes, tmp_path, text):
    path = tmp_path / "hostile.xes"
    path.write_text(text)
    tracemalloc.start()
    with pytest.raises(CannotDo):
        FORMATS["xes"].land(xes.con, path, Profile(), feed="f", delivery="d" * 64, name="hostile")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 60 << 20
    assert made(xes.con) == []


def test_a_log_cut_off_at_any_byte_lands_nothing(xes, tmp_path):
    whole = (HEAD + trace("1", event("A", "2024-01-01T10:00:00Z", group="ED")) + "</log>").encode()
    path = tmp_path / "cut"

    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(Unreadable):
            read_events(path, name="cut", log=Log(), event=lambda *_: None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, 300))
def test_nothing_but_a_sentence_comes_of_bytes_in_the_middle(tmp_path, junk, place):
    whole = (HEAD + trace("1", event("A", "2024-01-01T10:00:00Z", group="ED")) + "</log>").encode()
    path = tmp_path / "junk"
    path.write_bytes(whole[:place] + junk + whole[place:])

    try:
        read_events(path, name="junk", log=Log(), event=lambda *_: None)
    except Unreadable as fault:
        assert str(fault)


def test_memory_does_not_grow_with_the_log(tmp_path):
    path = tmp_path / "long.xes"
    with path.open("w") as out:
        out.write(HEAD)
        for patient in range(4_000):
            out.write(trace(str(patient), *(event("A", "2024-01-01T10:00:00Z", group="ED") for _ in range(5))))
        out.write("</log>")
    seen: list[int] = []
    tracemalloc.start()

    read_events(path, name="long", log=Log(), event=lambda *_: seen.append(1) if len(seen) < 10 else None)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 3_000_000
    assert peak < 2_000_000


def test_the_format_is_known_by_its_content_and_named_in_the_table():
    assert "xes" in FORMATS


# Round trip

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Zs", "Zl", "Zp")), min_size=1, max_size=8)
START = st.integers(1_600_000_000_000_000, 1_700_000_000_000_000)


@st.composite
def stays(draw):
    made = {}
    for number in range(draw(st.integers(1, 30))):
        start, kind = draw(START) + number, draw(st.sampled_from(["recorded", "open", "missing", "inferred"]))
        end = start + draw(st.integers(0, 10**12)) if kind in ("recorded", "inferred") else None
        key = (draw(TEXT), draw(TEXT), start)
        made[key] = (*key, end, kind, draw(st.none() | TEXT))
    return sorted(made.values(), key=str)


def stay_table(rows) -> pa.Table:
    names = ("patient", "unit", "start_us", "end_us", "end_kind", "visit")
    types = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.string(), pa.string())
    return pa.table({n: pa.array([r[i] for r in rows], t) for i, (n, t) in enumerate(zip(names, types, strict=True))})


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(stays())
def test_what_is_written_comes_back(xes, tmp_path, rows):
    written = write(held({"stay": stay_table(rows)}), tmp_path)

    log = xes(tmp_path / "stays.xes")

    assert sorted(log.stays, key=str) == rows
    assert [(one.table, one.how) for one in written.lost] == [("event", "added")]


def test_what_xes_cannot_carry_is_listed(tmp_path):
    table = stay_table([("1", "ED", 1_600_000_000_000_000, None, "open", None)]).append_column(
        "precision", pa.array(["d"])
    )

    written = write(held({"stay": table, "event": pa.table({"event": ["e1"]})}), tmp_path)

    assert [(lost.table, lost.column, lost.rows) for lost in written.lost] == [
        ("event", "event", 1),
        ("stay", "precision", 1),
        ("event", "", 1),
    ]


def test_a_character_that_xml_has_no_place_for_is_refused_in_words(tmp_path):
    with pytest.raises(CannotDo, match="write CSV instead"):
        write(held({"stay": stay_table([("a\x01", "ED", 1_600_000_000_000_000, None, "open", None)])}), tmp_path)
