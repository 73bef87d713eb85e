"""A feed of every format about the one planted patient: what can be read, and what is wrong in every usual way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tests.canary.words import (
    ACCOUNT,
    BORN,
    DIGITS,
    FAMILY,
    GIVEN,
    KIN,
    KIN_NUMBER,
    PATIENT,
    PHONE,
    SSN,
    STREET,
    VISIT,
    number,
)

UNITS = ("ED", "Ward 7", "ICU")


@dataclass(frozen=True)
class Feed:
    """One file, under its own feed. `bad` ones are refused or set rows aside; of the others every row counts."""

    name: str
    content: bytes
    bad: bool = False
    feed: str = ""

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.content)
        return path


def lines(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def who(feed: str) -> str:
    return number(PATIENT, feed)


def csv_feeds() -> Iterator[Feed]:
    """Tables of stays: one that is right, and one of each way to be wrong."""
    head = "mrn,name,birth_date,ssn,account,unit,start,end,visit"
    person = f'{{0}},"{FAMILY}, {GIVEN}",{BORN},{SSN},{{1}}'

    def row(feed: str, unit: str, start: str, end: str) -> str:
        about = person.format(who(feed), number(ACCOUNT, feed))
        return f"{about},{unit},{start},{end},{number(VISIT, feed)}"

    def days(feed: str) -> list[str]:
        return [row(feed, UNITS[n % 3], f"2026-02-{n + 1:02} 08:00", f"2026-02-{n + 1:02} 17:00") for n in range(20)]

    yield Feed("good.csv", lines(head, *days("csv")))
    yield Feed("ragged.csv", lines(head, *days("ragged"), f"{who('ragged')},{FAMILY}, {GIVEN},{BORN},ED"), bad=True)
    yield Feed(
        "unquoted.csv",
        lines(head, *(line.replace('"', "") for line in days("unquoted"))),
        bad=True,
    )
    yield Feed(
        "dates.csv",
        lines(
            head,
            *days("dates"),
            row("dates", "ED", f"{BORN:%d/%m/%Y}", ""),
            row("dates", "ED", who("start"), "soon"),
            row("dates", "ED", "2026-02-30 10:00", f"{FAMILY}"),
            row("dates", "", "2026-02-03 10:00", "2026-02-02 10:00"),
            row("dates", "ED", "2026-02-03 10:00", f"{BORN:%Y%m%d}"),
            f",{FAMILY},{BORN},{SSN},,ED,2026-02-03 10:00,,",
        ),
        bad=True,
    )
    yield Feed("twice.csv", lines(head + ",mrn,more", *(f"{one},x,y" for one in days("twice"))), bad=True)
    yield Feed("headless.csv", lines(*days("headless")), bad=True)
    same = f"{who('same')},{who('same')},{FAMILY},ED,2026-02-01 08:00,2026-02-01 17:00"
    yield Feed("headless-twice.csv", lines(same, same, same), bad=True)
    homeless = [f"{who('ward')},{FAMILY},{BORN},2026-02-0{n}," for n in (1, 2)]
    yield Feed("no-ward.csv", lines("mrn,name,birth_date,start,end", *homeless), bad=True)
    either = [row("either", "ED", f"0{n}/0{n + 1}/2026", "") for n in range(1, 9)]
    yield Feed("either.csv", lines(head, *either), bad=True)
    yield Feed("no-times.csv", lines(head, *(row("times", "ED", who("times"), FAMILY) for _ in range(5))), bad=True)
    yield Feed("torn.csv", lines(head, *days("torn"))[:-40] + b'"' + FAMILY.encode(), bad=True)
    yield Feed("utf16.csv", "\n".join([head, *days("utf")]).encode("utf-16"))
    yield Feed("broken.csv", lines(head, *days("broken")).replace(b"Zebedina", b"Zebedina\xff\x00\xfe"), bad=True)
    yield Feed("links.csv", lines("patient,merged_into,at,kind", f"{who('links')},{who('csv')},2026-02-05 10:00,merge"))
    yield Feed(
        "bad-links.csv",
        lines(
            "patient,merged_into,at,kind",
            f"{who('links')},{who('links')},{BORN},merge",
            f"{who('links')},,{FAMILY},{FAMILY}",
            f"{who('more')},{who('csv')},2026-02-05 10:00,merge",
        ),
        bad=True,
    )
    log = [f"{who('log')},Triage by {n},ED,2026-02-0{n} 09:00" for n in range(1, 6)]
    yield Feed("log.csv", lines("case_id,activity,resource,timestamp", *log))
    odd = [f"{who('log')},A,ED,born {BORN:%d-%m-%Y}", f"{who('log')},A,ED,{who('log')}"]
    yield Feed("bad-log.csv", lines("case_id,activity,resource,timestamp", *log, *odd), bad=True)


def adt(
    feed: str, control: str, *, event: str = "A01", at: str = "20260301080000+0000", unit: str = "ED", pid3: str | None = None,
    visit: str | None = None, version: str = "2.5.1",
) -> bytes:  # fmt: skip
    """One message in which every field that may name somebody does."""
    pid3 = who(feed) + "^^^NORTH^MR" if pid3 is None else pid3
    visit = number(VISIT, feed) if visit is None else visit
    born = f"{BORN:%Y%m%d}"
    pid = (
        f"PID|1|{who(feed)}|{pid3}|{who(feed)}ALT|{FAMILY}^{GIVEN}||{born}|F|||1 {STREET} Lane^^Town||{PHONE}|||||"
        f"{number(ACCOUNT, feed)}|{SSN}"
    )
    rows = [
        f"MSH|^~\\&|EHR|NORTH|KNITWORK|NORTH|{at}||ADT^{event}|{control}|P|{version}",
        f"EVN|{event}|{at}",
        pid,
        f"NK1|1|{FAMILY}^{KIN}|SPO|1 {STREET} Lane|{PHONE}|||||||||||||||||||||||||||{number(KIN_NUMBER, feed)}",
        f"PV1|1|I|{unit}^1^2||||||||||||||||{visit}|||||||||||||||||||||||||{at}",
    ]
    return "\r".join(rows).encode() + b"\r"


def bad_adt(feed: str) -> list[bytes]:
    """Messages that cannot be understood, each in a way of its own."""
    good = adt(feed, "bad")
    return [
        adt(feed, "no-patient", pid3=""),
        adt(feed, "no-time", at=who(feed)),
        adt(feed, "born-then", at=f"{FAMILY}{BORN:%Y%m%d}"),
        adt(feed, FAMILY, event="A08"),
        adt(feed, "odd-event", event=FAMILY),
        adt(feed, "odd-version", version=SSN),
        good.replace(b"PID|", b"PID" + FAMILY.encode()),
        good.replace(b"\rPV1|1|I", b"\rPV1" + who(feed).encode()),
        good[: len(good) // 2],
        good.replace(b"|NORTH|2026", b"|" + FAMILY.encode() * 3),
        b"MSH|" + FAMILY.encode(),
        b"PID|1||" + who(feed).encode() + b"||" + FAMILY.encode() + b"\r",
        FAMILY.encode() + b"\x00\xff" + SSN.encode(),
    ]


def hl7_feeds() -> Iterator[Feed]:
    moves = [("A01", "0800", "ED"), ("A02", "1000", "Ward 7"), ("A03", "1700", "Ward 7")]
    good = [adt("hl7", str(n), event=e, at=f"20260301{t}00+0000", unit=u) for n, (e, t, u) in enumerate(moves)]
    yield Feed("good.hl7", b"\r\n".join(good))
    yield Feed("bad.hl7", b"\r\n".join([*good, *bad_adt("badhl7")]), bad=True)
    yield Feed("hopeless.hl7", b"\r\n".join(bad_adt("hopeless")[:4]), bad=True)


def fhir_feeds() -> Iterator[Feed]:
    patient = {
        "resourceType": "Patient", "id": who("fhir"), "birthDate": str(BORN), "name": [{"family": FAMILY, "given": [GIVEN]}],
        "identifier": [{"system": "urn:ssn", "value": SSN}], "address": [{"line": [f"1 {STREET} Lane"]}],
        "contact": [{"name": {"family": FAMILY, "given": [KIN]}}],
    }  # fmt: skip
    subject = {"reference": f"Patient/{who('fhir')}", "display": f"{FAMILY}, {GIVEN}"}
    encounter = {
        "resourceType": "Encounter", "id": number(VISIT, "fhir"), "status": "finished", "class": {"code": "IMP"},
        "subject": subject, "identifier": [{"value": number(ACCOUNT, "fhir")}],
        "period": {"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T20:00:00Z"},
        "location": [
            {"location": {"reference": "Location/ED"}, "period": {"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T20:00:00Z"}}
        ],
    }  # fmt: skip

    def written(*resources: dict) -> bytes:
        return lines(*map(json.dumps, resources))

    yield Feed("good.ndjson", written(patient, encounter))
    bad = [
        {**encounter, "id": who("one"), "period": {"start": who("fhir")}, "location": []},
        {**encounter, "id": who("two"), "period": {"start": str(BORN), "end": FAMILY}, "location": []},
        {**encounter, "id": who("three"), "subject": {"display": FAMILY}},
        {**encounter, "id": who("four"), "status": FAMILY, "location": [FAMILY]},
        {**encounter, "id": {FAMILY: SSN}},
        {**patient, "link": [{"other": {"reference": FAMILY}, "type": FAMILY}]},
        {"resourceType": "Flag", "id": who("five"), "code": FAMILY},
    ]
    cut = b'{"resourceType": "Encounter", "id": "' + FAMILY.encode() + b"\n"
    yield Feed("bad.ndjson", written(patient, encounter, *bad) + cut, bad=True)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, *bad)]}
    yield Feed("bundle.json", json.dumps(bundle).encode(), bad=True)
    yield Feed("torn.json", json.dumps(bundle).encode()[:600], bad=True)


def known_feeds() -> Iterator[Feed]:
    """Tables of OMOP, MIMIC and Synthea, of which the persons tell more than is read."""
    detail = (
        "visit_detail_id,person_id,visit_detail_concept_id,visit_detail_start_date,visit_detail_start_datetime,"
        "visit_detail_end_date,visit_detail_end_datetime,visit_detail_type_concept_id,provider_id,care_site_id,"
        "visit_occurrence_id"
    )
    person = (
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,race_concept_id,"
        "ethnicity_concept_id,person_source_value"
    )
    stay = f"1,{DIGITS + 1},9203,2026-01-31,2026-01-31 10:00:00,2026-01-31,2026-01-31 12:30:00,0,5,12,{DIGITS + 2}"
    yield Feed("omop.csv", lines(detail, stay))
    yield Feed("omop-person.csv", lines(person, f"{DIGITS + 1},8507,1957,3,14,{BORN} 00:00:00,0,0,{who('omop')}"))
    yield Feed("bad-omop.csv", lines(
        detail, stay, f"2,{DIGITS + 3},9203,{BORN},{who('omop')},2026-01-31,{FAMILY},0,5,12,{DIGITS + 4}",
        f"3,,9203,{BORN},{BORN},,,0,{FAMILY},,{DIGITS + 5}", f"{who('id')},{who('id')},{FAMILY},{BORN:%d.%m.%Y},,,,0,5,12,{DIGITS}",
    ), bad=True)  # fmt: skip
    transfers = "subject_id,hadm_id,transfer_id,eventtype,careunit,intime,outtime"
    moved = f"{DIGITS + 11},{DIGITS + 12},{DIGITS + 13},ED,Emergency,2026-01-06 19:17:00,2026-01-06 23:30:00"
    yield Feed("mimic.csv", lines(transfers, moved))
    yield Feed("bad-mimic.csv", lines(
        transfers, moved, f"{DIGITS + 11},{DIGITS + 12},{DIGITS + 14},admit,,{BORN},{FAMILY}",
        f"{who('mimic')},{FAMILY},{DIGITS + 15},admit,W,{who('mimic')},{BORN}", f",{DIGITS + 12},1,{FAMILY},W,,",
    ), bad=True)  # fmt: skip
    encounters = (
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,"
        "TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION"
    )
    people = "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS"
    came = f"{number(VISIT, 'synthea')},2026-01-27T16:17:47Z,2026-01-27T16:32:47Z,{who('synthea')},o1,d1,y,emergency,1,S,7,90.5,0,,"
    yield Feed("synthea.csv", lines(encounters, came))
    person = f"{who('synthea')},{BORN},,{SSN},,,Mrs,{GIVEN},{FAMILY},,,M,w,n,F,T,1 {STREET} Lane"
    yield Feed("synthea-people.csv", lines(people, person), bad=True)
    yield Feed("bad-synthea.csv", lines(
        encounters, came, came.replace("2026-01-27T16:17:47Z", f"born {BORN}"), came.replace("2026-01-27T16:17:47Z", FAMILY),
        came.replace("2026-01-27T16:32:47Z", who("stop")), came.replace("o1", ""), came.replace("90.5", SSN),
    ), bad=True)  # fmt: skip


def log_feeds() -> Iterator[Feed]:
    """Event logs as XES and OCEL."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">\n'
    )

    def event(at: str) -> str:
        group = '<string key="org:group" value="ED"/>'
        return f'<event><string key="concept:name" value="Triage"/><date key="time:timestamp" value="{at}"/>{group}</event>'

    def trace(*events: str) -> str:
        more = f'<string key="name" value="{FAMILY}"/><date key="born" value="{BORN}T00:00:00Z"/>'
        return f'<trace><string key="concept:name" value="{who("xes")}"/>{more}{"".join(events)}</trace>\n'

    good = trace(event("2026-01-01T10:00:00+01:00"), event("2026-01-01T11:00:00+01:00"))
    yield Feed("good.xes", (head + good + "</log>").encode())
    bad = trace(event(who("xes")), event(f"{BORN:%d/%m/%Y}"), event(FAMILY), event("2026-01-01T10:00:00+01:00"))
    yield Feed("bad.xes", (head + good + bad + "</log>").encode(), bad=True)
    yield Feed("torn.xes", (head + good + f"<{FAMILY}>" + bad).encode(), bad=True)
    name = {"name": "name", "value": FAMILY, "time": str(BORN)}
    objects = [
        {"id": who("ocel"), "type": "Patient", "relationships": [], "attributes": [name]},
        {"id": "ED", "type": "Care unit", "relationships": []},
    ]

    def happened(name: str, at: str, about: str) -> dict:
        touched = [{"objectId": about, "qualifier": ""}, {"objectId": "ED", "qualifier": ""}]
        return {"id": name, "type": "arrive", "time": at, "attributes": [], "relationships": touched}

    def ocel(*events: dict) -> bytes:
        return json.dumps({"objectTypes": [], "eventTypes": [], "objects": objects, "events": list(events)}).encode()

    right = happened(number(VISIT, "ocel"), "2026-01-01T10:00:00Z", who("ocel"))
    yield Feed("good-ocel.json", ocel(right))
    wrong = [
        happened(FAMILY, who("ocel"), who("ocel")), happened("e3", f"{BORN:%d/%m/%Y}", who("ocel")),
        happened("e4", "2026-01-01T10:00:00Z", FAMILY),
    ]  # fmt: skip
    yield Feed("bad-ocel.json", ocel(right, *wrong), bad=True)
    yield Feed("torn-ocel.json", ocel(right, *wrong)[:-60], bad=True)


def packed_feeds(folder: Path) -> Iterator[Feed]:
    """Parquet and workbooks, which are no text."""
    starts_well = ["2026-01-31 10:00", "2026-01-31 11:00"]
    table = {"mrn": [who("parquet")] * 2, "name": [FAMILY] * 2, "ward": ["ED"] * 2, "start": starts_well}
    for name, starts in (("good.parquet", table["start"]), ("bad.parquet", [FAMILY, f"born {BORN}"])):
        pq.write_table(pa.table(table | {"start": starts}), folder / name)
        yield Feed(name, (folder / name).read_bytes(), bad=starts is not table["start"])
    whole = (folder / "good.parquet").read_bytes()
    yield Feed("torn.parquet", whole[:-20], bad=True)
    book = xlsxwriter.Workbook(folder / "book.xlsx")
    sheet = book.add_worksheet("Stays")
    rows = [["mrn", "name", "unit", "start", "end"]]
    rows += [[who("xlsx"), FAMILY, "ED", f"2026-02-0{n} 08:00", "2026-02-09 10:00"] for n in range(1, 6)]
    rows += [[who("xlsx"), FAMILY, "ED", FAMILY, str(BORN)]]
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    whole = (folder / "book.xlsx").read_bytes()
    yield Feed("book.xlsx", whole, bad=True)
    yield Feed("torn.xlsx", whole[:-200], bad=True)


def all_feeds(folder: Path) -> list[Feed]:
    """Return a feed of every format and fault; `folder` is for the formats that only a library writes."""
    return [*csv_feeds(), *hl7_feeds(), *fhir_feeds(), *known_feeds(), *log_feeds(), *packed_feeds(folder)]
