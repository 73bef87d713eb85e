"""OCEL 2.0 in its three forms: the same log lands the same, and a hostile file does nothing."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.formats import FORMATS, Profile, open_delivery
from knitwork.intake.landing import made
from knitwork.model.errors import CannotDo, Unreadable

OBJECTS = {"P1": "Patient", "P2": "Patient", "V1": "Encounter", "ED": "Care unit", "W": "Care unit", "R1": "Lab order",
           "N5": "Nurse", "bed7": "Bed"}  # fmt: skip
# id, type, time, number, touched
EVENTS = (
    ("e1", "arrive", "2024-01-01T10:00:00Z", None, (("P1", ""), ("V1", ""), ("ED", ""), ("N5", ""))),
    ("e2", "order placed", "2024-01-01T10:30:00Z", None, (("P1", ""), ("R1", ""), ("ED", ""))),
    ("e3", "result reported", "2024-01-01T11:30:00Z", 4.5, (("R1", ""),)),
    ("e4", "transfer", "2024-01-01T12:00:00Z", None, (("V1", ""), ("ED", "from"), ("W", "to"))),
    ("e5", "discharge", "2024-01-03T12:00:00Z", None, (("P1", ""), ("V1", ""), ("W", ""))),
    ("e6", "bed cleaned", "2024-01-03T13:00:00Z", None, (("bed7", ""),)),
)
HOUR = 3_600_000_000
TEN = 1_704_103_200_000_000


def as_json(objects=OBJECTS, events=EVENTS) -> bytes:
    return json.dumps({
        "objectTypes": [{"name": n, "attributes": []} for n in sorted(set(objects.values()))], "eventTypes": [],
        "objects": [{"id": i, "type": t, "relationships": []} for i, t in objects.items()],
        "events": [{"id": i, "type": t, "time": at, "attributes": [] if v is None else [{"name": "value", "value": v}],
                    "relationships": [{"objectId": o, "qualifier": q} for o, q in touched]}
                   for i, t, at, v, touched in events],
    }).encode()  # fmt: skip


def as_xml() -> bytes:
    objects = "".join(f'<object id="{i}" type="{t}"/>' for i, t in OBJECTS.items())
    events = "".join(
        f'<event id="{i}" type="{t}" time="{at}"><attributes>'
        + ("" if v is None else f'<attribute name="value">{v}</attribute>')
        + "</attributes><objects>"
        + "".join(f"<relationship object-id={quoteattr(o)} qualifier={quoteattr(q)}/>" for o, q in touched)
        + "</objects></event>"
        for i, t, at, v, touched in EVENTS
    )
    return (
        f'<?xml version="1.0"?><log><object-types/><event-types/><events>{events}</events>'
        f"<objects>{objects}</objects></log>"
    ).encode()


def as_sqlite(path: Path, *more: str) -> Path:
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE event(ocel_id TEXT, ocel_type TEXT); CREATE TABLE object(ocel_id TEXT, ocel_type TEXT);"
        "CREATE TABLE event_object(ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT);"
        "CREATE TABLE object_object(ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT);"
        "CREATE TABLE event_map_type(ocel_type TEXT, ocel_type_map TEXT);"
    )
    con.executemany("INSERT INTO object VALUES (?, ?)", list(OBJECTS.items()))
    for i, t, at, v, touched in EVENTS:
        mapped = t.title().replace(" ", "")
        con.execute(f"CREATE TABLE event_{mapped}(ocel_id TEXT, ocel_time TEXT, value REAL)")
        con.execute("INSERT INTO event VALUES (?, ?)", (i, t))
        con.execute("INSERT INTO event_map_type VALUES (?, ?)", (t, mapped))
        con.execute(f"INSERT INTO event_{mapped} VALUES (?, ?, ?)", (i, at, v))
        con.executemany("INSERT INTO event_object VALUES (?, ?, ?)", [(i, o, q) for o, q in touched])
    for statement in more:
        con.execute(statement)
    con.commit()
    con.close()
    return path


class Opened:
    def __init__(self, con, folder: Path) -> None:
        self.con, self.path = con, folder / "log.dat"

    def land(self, path: Path, **profile: str):
        return FORMATS["ocel"].land(self.con, path, Profile(**profile), feed="f", delivery="d" * 64, name="log")

    def __call__(self, content: bytes | Path, **profile: str) -> Opened:
        path = content if isinstance(content, Path) else self.path
        if not isinstance(content, Path):
            path.write_bytes(content)
        assert open_delivery(path).name == "ocel"
        self.profile = FORMATS["ocel"].guess(path, name="log", profile=Profile(**profile))
        self.report = self.land(path, **profile)
        self.stays = self.con.execute(
            "SELECT patient, unit, start_us, end_us, end_kind, visit FROM landed ORDER BY ALL"
        ).fetchall()
        self.events = self.con.execute(
            'SELECT patient, type, unit, staff, code, "value" FROM landed_event ORDER BY at_us, unit'
        ).fetchall()
        return self


@pytest.fixture
def ocel(engine, tmp_path):
    return Opened(engine, tmp_path)


@pytest.fixture(params=["json", "xml", "sqlite", "gz"])
def log(request, ocel, tmp_path):
    if request.param == "sqlite":
        return ocel(as_sqlite(tmp_path / "log.sqlite"))
    return ocel({"json": as_json(), "xml": as_xml(), "gz": gzip.compress(as_xml())}[request.param])


def test_coming_and_leaving_make_stays_of_patients_in_units(log):
    assert log.stays == [
        ("P1", "ED", TEN, TEN + 2 * HOUR, "recorded", "V1"),
        ("P1", "W", TEN + 2 * HOUR, TEN + 50 * HOUR, "recorded", "V1"),
    ]


def test_every_event_of_a_patient_lands_and_others_are_counted(log):
    assert log.events == [
        ("P1", "arrive", "ED", "N5", "start", None),
        ("P1", "order_placed", "ED", None, None, None),
        ("P1", "transfer", "ED", None, "complete", None),
        ("P1", "transfer", "W", None, "start", None),
        ("P1", "discharge", "W", None, "complete", None),
    ]
    assert log.report.ignored == 2
    assert log.report.rows == log.report.landed + log.report.rejected + log.report.ignored
    assert "2 events touch no patient: not read" in log.report.notes


def test_a_request_is_the_sum_of_the_events_that_touch_it(log):
    found = log.con.execute(
        "SELECT request, patient, kind, requested_us, reported_us, state, from_unit FROM landed_request"
    ).fetchall()

    assert found == [("lab_order/R1", "P1", "lab", TEN + HOUR // 2, TEN + 3 * HOUR // 2, "done", "ED")]
    assert log.report.tables["landed_request"] == 1


def test_what_the_types_mean_is_said_and_kept_in_the_profile(log):
    for sentence in ("objects of the type 'Patient' are patients", "objects of the type 'Care unit' are units",
                     "objects of the type 'Lab order' are requests", "objects that are not read: 'Bed' (1)"):  # fmt: skip
        assert sentence in log.report.notes
    assert (log.profile.patient, log.profile.unit, log.profile.visit) == ("Patient", "Care unit", "Encounter")


def test_a_profile_says_which_type_is_the_patient(ocel):
    objects = {**OBJECTS, "P1": "Klant", "P2": "Klant"}
    del objects["V1"]

    assert ocel(as_json(objects), patient="Klant").stays[0][0] == "P1"
    with pytest.raises(CannotDo, match="say which type is the patient with --map"):
        ocel.land(ocel.path)


def test_without_moves_each_event_at_a_unit_is_a_time_in_a_place(ocel):
    events = (("e1", "CRP", "2024-01-01T10:00:00Z", 210, (("P1", ""), ("ED", ""))),)

    log = ocel(as_json(events=events))

    assert [(s[1], s[4]) for s in log.stays] == [("ED", "inferred")]
    assert log.events[0][5] == 210.0


def test_an_event_whose_time_is_none_is_set_aside(ocel):
    events = (*EVENTS, ("e9", "seen", "soon", None, (("P1", ""),)), ("e8", "seen", None, None, (("P1", ""),)))

    log = ocel(as_json(events=events))

    assert sorted(r for (r,) in log.con.execute("SELECT rule FROM rejected").fetchall()) == [
        "start_empty", "start_unreadable",
    ]  # fmt: skip
    assert len(log.events) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW event_object_ AS SELECT * FROM event_object",
        "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM object; END",
        "CREATE TABLE other(a, b AS (a || 'x'))",
    ],
)
def test_what_else_a_database_holds_is_never_run(ocel, tmp_path, statement):
    path = as_sqlite(tmp_path / "log.sqlite", statement)
    before = path.read_bytes()

    assert len(ocel(path).stays) == 2
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log.sqlite"]


ENDLESS = "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n, n FROM r)"


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE object", f"CREATE VIEW object(ocel_id, ocel_type) AS SELECT * FROM {ENDLESS}"],
        ["DROP TABLE event_object"],
        ["DROP TABLE event_map_type"],
        ["INSERT INTO event_map_type VALUES ('x', 'missing')"],
        ["INSERT INTO object VALUES ('P1', 'Patient')"],
        ["DROP TABLE object", "CREATE TABLE object(ocel_id TEXT, ocel_type TEXT AS (hex(zeroblob(3000000))))",
         "INSERT INTO object(ocel_id) VALUES ('P1')"],
    ],
)  # fmt: skip
def test_a_database_that_is_no_log_or_a_trap_is_refused(ocel, tmp_path, statements):
    path = as_sqlite(tmp_path / "log.sqlite", *statements)

    with pytest.raises(CannotDo):
        ocel.land(path)
    assert made(ocel.con) == []


def test_any_other_database_is_refused_with_a_way_out(ocel, tmp_path):
    con = sqlite3.connect(tmp_path / "other.db")
    con.execute("CREATE TABLE stays(patient, unit)")
    con.commit()
    con.close()

    assert open_delivery(tmp_path / "other.db").name == "ocel"
    with pytest.raises(Unreadable, match=r"no OCEL 2.0 log .* as CSV"):
        ocel.land(tmp_path / "other.db")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE log [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><log><events/><objects/></log>',
        "<log><objects><object id='a'/></objects></log>",
        "<log><events>" + "<a>" * 1_000,
        '{"objectTypes": [], "events": 1, "objects": []}',
        '{"objectTypes": [], "events": [{"id": 1}], "objects": []}',
        '{"objectTypes": ' + "[" * 100_000,
        '{"objectTypes": [], "events": [], "objects": []}',
        '{"objectTypes": [], "events": [null], "objects": [7]}',
        "",
        "\0\0\0",
    ],
)
def test_nothing_but_a_sentence_comes_of_what_is_damaged(ocel, text):
    ocel.path.write_bytes(text.encode())

    with pytest.raises(CannotDo):
        ocel.land(ocel.path)
    assert made(ocel.con) == []


def test_a_log_cut_off_anywhere_lands_nothing(ocel, tmp_path):
    whole = as_sqlite(tmp_path / "log.sqlite").read_bytes()
    cuts = [as_json()[:n] for n in range(0, len(as_json()), 23)] + [as_xml()[:n] for n in range(0, len(as_xml()), 23)]
    cuts += [whole[:n] for n in range(0, len(whole), 4_000)]

    for cut in cuts:
        ocel.path.write_bytes(cut)
        with pytest.raises(CannotDo):
            ocel.land(ocel.path)
        assert made(ocel.con) == []


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.binary(min_size=1, max_size=40), st.integers(0, 30_000))
def test_nothing_but_a_sentence_comes_of_a_database_with_other_bytes_in_it(ocel, tmp_path, junk, place):
    path = tmp_path / "junk.sqlite"
    path.unlink(missing_ok=True)
    whole = as_sqlite(path).read_bytes()
    path.write_bytes(whole[:place] + junk + whole[place + len(junk) :])

    try:
        report = ocel.land(path)
    except CannotDo:
        assert made(ocel.con) == []
    else:
        assert report.rows == report.landed + report.rejected + report.ignored
