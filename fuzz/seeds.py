"""The good inputs that are damaged: what our own writers make, and corners made by hand.

What stands for a patient in them is in SECRETS: no sentence for people may hold any of it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

import pyarrow as pa

from fuzz.mutate import Grammar
from knitwork.intake.formats import write_profile
from knitwork.intake.formats.csv.write import write as write_csv
from knitwork.intake.formats.fhir.write import write as write_fhir
from knitwork.intake.formats.hl7v2.write import write as write_hl7v2
from knitwork.intake.formats.xes.write import write as write_xes
from knitwork.intake.profile import KEYS, Profile
from knitwork.intake.writing import Records, Written, held

SECRETS = ("Quackenbush", "Wilhelmina", "1947-03-11", "19470311", "4711-88-PAT")
_P, _DAY = SECRETS[4], 86_400_000_000
_STAYS = (
    (_P, "ED", 1_709_280_000_000_000, 1_709_290_000_000_000, "recorded", "v1"),
    (_P, "3 North & East", 1_709_290_000_000_000, 1_709_490_000_000_000, "recorded", "v1"),
    (_P, "ICU", 1_709_900_000_000_000, None, "open", "v2"),
    ("p2", "Ünit \u65e5\u672c", 1_711_846_800_000_000, 1_711_850_400_000_001, "recorded", "v3"),
)


def _written(write: Callable[[Records, Path], Written]) -> list[bytes]:
    """Return the files that a writer of ours makes of a few stays."""
    names = ("patient", "unit", "start_us", "end_us", "end_kind", "visit")
    columns = dict(zip(names, zip(*_STAYS, strict=True), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        write(held({"stay": pa.table({name: pa.array(values) for name, values in columns.items()})}), Path(folder))
        return [file.read_bytes() for file in sorted(Path(folder).rglob("*")) if file.is_file()]


def _segments(*lines: str) -> bytes:
    return "\r".join(lines).encode()


def _head(kind: str, more: str = "") -> str:
    return f"MSH|^~\\&|EPIC|NORTH|KNIT|WORK|20240301143000+0100||{kind}|MSG0001|P|2.5.1{more}"


_PID = f"PID|1||{_P}^^^NORTH^MR~999^^^NAT^NI||Quackenbush^Wilhelmina^^^^^L||19470311|F"
_PV1 = "PV1|1|I|W7^2^B^NORTH||||1234^House|||MED|||||||||V1^^^NORTH^VN" + "|" * 25 + "20240301140000|20240305110000"


@cache
def hl7() -> Grammar:
    """Return messages of every kind that is read, and some that are none."""
    evn = "EVN|A01|20240301143000|20240401|||20240301142500"
    zbe = "ZBE|MV1^NORTH|20240301142500||UPDATE|N|A02|^^^^^^^^^W7"
    order = f"ORC|NW|O1^EPIC|F1^LAB||CM||||20240301120000\rOBR|1|O1^EPIC|F1^LAB|718-7^Hb^LN|||20240301121500|||||||||{'|' * 8}F"
    texts = (
        _segments(_head("ADT^A01^ADT_A01"), evn, _PID, _PV1, "DG1|1||I21.4^NSTEMI^I10|||A", "AL1|1|DA|1605^PEN"),
        _segments(_head("ADT^A02^ADT_A02"), evn, _PID, _PV1, zbe),
        _segments(_head("ADT^A40^ADT_A39"), evn, _PID, "MRG|OLD1^^^NORTH^MR"),
        _segments(_head("ADT^A45"), evn, _PID, "MRG|OLD1^^^NORTH^MR||||V0^^^NORTH^VN", "PV1|1|I|W7"),
        _segments(_head("SIU^S12"), "SCH|1^A|2^B|||||||30|min|^^30^20240301100000^20240301103000||||||||||||||Booked", _PID, "RGS|1",
                  "AIL|1||CLINIC^1", "AIP|1||77^Doc"),
        _segments(_head("ORM^O01"), _PID, _PV1, order, "TQ1|1||||||20240301120000|20240301180000|S"),
        _segments(_head("ORU^R01", "||||||8859/1"), _PID, _PV1, order, "OBX|1|NM|718-7^Hb^LN||8.1|mmol/L|7-10|L|||F|||20240301130000",
                  "OBX|2|TX|note||W\\X4E\\ \\T\\ \\.br\\ more||||||F"),
        _segments(_head("REF^I12"), "RF1|P|R|CONSULT|||R1^EPIC|20240301||20240310", "PRD|RP|Doc^A|||||1", "PRD|RT|Doc^B|||||2", _PID),
        _segments(_head("MDM^T02"), evn, _PID, _PV1, "TXA|1|DS|TX|20240301150000|1234||20240301151000|||||D1^EPIC|||||AU||AV"),
        _segments(_head("ACK^A01"), "MSA|AA|MSG0001"),
        b"\x0b" + _segments(_head("ADT^A08"), evn, _PID, _PV1).replace(b"\r", b"\r\n") + b"\x1c\r",
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + _segments(_head("ADT^A03"), evn, _PID, _PV1) + b"\rBTS|1\rFTS|1\r",
        b"MSH|^~\\&", b"MSH", b"MSH#*&!%#EPIC", b"MSH|||||||||||||||||UNICODE UTF-8\rPID|||\xe9",
        *(b"MSH" + one for text in _written(write_hl7v2) for one in text.split(b"MSH")[1:]),
    )  # fmt: skip
    words = (
        b"MSH|^~\\&|", b"\rPID|1||", b"\rPV1|1|I|", b"\rZBE|", b"\rMRG|", b"\rOBX|1|NM|", b"\rORC|CA|", b"\rBTS|99", b"\x0b",
        b"\x1c\r", b"\x1c", b"\x0b\x0b", b'""', b"\\F\\", b"\\X0D\\", b"\\X" + b"41" * 90 + b"\\", b"\\XZZ\\", b"\\.sp99999\\", b"^^^^^",
        b"~~~~", b"&&&", b"ADT^A01", b"ADT^A44", b"A40", b"8859/8", b"UNICODE", b"2.9", b"|AL|AL", b"|NE|ER",
    )  # fmt: skip
    return Grammar(
        "hl7",
        texts,
        words,
        ((b"^", b""), (b"\\T", b"\\"), (b"\rPID|", b""), (b"\x0b", b"\x1c\r")),
        b"|^~&\\\r\n\x0b\x1c",
    )


@cache
def csv() -> Grammar:
    """Return tables of stays, of events, of links and of appointments."""
    rows = f"{_P},W7,2024-03-01 10:00,2024-03-02 11:30,v1\np2,ICU,2024-03-31T02:30:00,,v2\np3,ED,2024-10-27 02:30,2024-10-28,v3\n"
    stays = "patient,unit,start,end,visit\n" + rows
    texts = (
        stays,
        stays.replace(",", ";").replace("2024-03-01 10:00", "01-03-2024 10:00"),
        stays.replace(",", "\t"),
        "Report of wards\n\n" + stays,
        f'"MRN","Ward","In Time","Out Time"\n"{_P}","3, North ""East""","1/31/2024 8:00 PM","2/1/2024"\n"p2","line\nbreak","2/3/24","x"\n',
        f"case:concept:name,concept:name,lifecycle:transition,org:group,time:timestamp\n{_P},Triage,start,ED,2024-03-01T10:00:00.000+01:00\n"
        f"{_P},Triage,complete,ED,2024-03-01T10:10:00.000+01:00\n",
        f"old_mrn,merged_into,merged_at,kind\n{_P},p2,2024-03-01,merge\np3,p4,2024-03-02,unmerge\n",
        f"patient_id,clinic,date,time,status\n{_P},Eye,2024-03-01,09:15,seen\np2,Eye,45000,0.5,seen\n",
        "unit,kind,at,num,den\nW7,falls,2024-03-01,2,100\nW8,falls,2024-03-01,,100\n",
        "patient,unit,start\n", "a|b|c\n1|2|3\n", "x\n",
    )  # fmt: skip
    words = (
        b"patient,unit,start,end", b",,,,,", b'"\n', b'","', b'"a""b"', b"\n\n\n", b";;;", b"\t\t", b"|", b"sep=;\n", b"subject_id",
        b"intime", b"merged_into", b"lifecycle:transition", b"open", b"unknown", b"9999-12-31", b"12:30 PM", b"\xa0", b"#N/A", b"-",
    )  # fmt: skip
    seeds = (*(text.encode() for text in texts), *_written(write_csv))
    return Grammar("csv", seeds, words, ((b'"', b'"'), (b'""', b""), (b"(", b")"), (b",", b"")), b',;\t|"\n\r')


@cache
def csv_row() -> Grammar:
    """Return single rows of a table of stays."""
    rows = [line for text in csv().seeds[:1] for line in text.splitlines()[1:]]
    return Grammar("csv row", tuple(rows), csv().words, csv().nests, b',;"\n')


_SUBJECT = {"subject": {"reference": f"Patient/{_P}"}}
_RESOURCES: tuple[dict[str, object], ...] = (
    {"resourceType": "Patient", "id": _P, "name": [{"family": "Quackenbush", "given": ["Wilhelmina"]}], "birthDate": "1947-03-11",
     "identifier": [{"system": "urn:mrn", "value": _P, "type": {"coding": [{"code": "MR"}]}}], "deceasedDateTime": "2024-05-01",
     "link": [{"other": {"reference": "Patient/old"}, "type": "replaces"}]},
    {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"}, **_SUBJECT,
     "period": {"start": "2024-03-01T10:00:00+01:00", "end": "2024-03-05"}, "partOf": {"reference": "Encounter/e0"},
     "location": [{"location": {"reference": "Location/ED", "display": "ED"}, "period": {"start": "2024-03-01T10:00:00+01:00"}},
                  {"location": {"reference": "Location/W7"}, "status": "completed", "period": {"start": "2024-03-01T14:00:00Z"}}],
     "statusHistory": [{"status": "arrived", "period": {"start": "2024-03-01T10:00:00Z"}}],
     "participant": [{"individual": {"reference": "Practitioner/7"}, "period": {"start": "2024-03-01"}}]},
    {"resourceType": "EncounterHistory", "id": "h1", "encounter": {"reference": "Encounter/e1"}, "status": "in-progress", **_SUBJECT,
     "actualPeriod": {"start": "2024-03-01T10:00:00Z"}, "location": [{"location": {"reference": "Location/W7"}}]},
    {"resourceType": "Location", "id": "W7", "name": "Ward 7", "partOf": {"reference": "Location/B"},
     "physicalType": {"coding": [{"code": "wa"}]}},
    {"resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", **_SUBJECT, "priority": "stat",
     "authoredOn": "2024-03-01T11:00:00Z", "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
     "occurrencePeriod": {"start": "2024-03-02"}, "encounter": {"reference": "Encounter/e1"}},
    {"resourceType": "Task", "id": "t1", "status": "accepted", "for": {"reference": f"Patient/{_P}"}, "authoredOn": "2024-03-01T11:05:00Z",
     "focus": {"reference": "ServiceRequest/s1"}, "lastModified": "2024-03-01T12:00:00Z"},
    {"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2024-03-09T09:00:00Z", "end": "2024-03-09T09:20:00Z",
     "participant": [{"actor": {"reference": f"Patient/{_P}"}, "status": "accepted"}, {"actor": {"reference": "Location/W7"}}]},
    {"resourceType": "Observation", "id": "o1", "status": "final", **_SUBJECT, "effectiveDateTime": "2024-03-01T12:00:00Z",
     "code": {"coding": [{"code": "8867-4"}]}, "valueQuantity": {"value": 88.5, "unit": "/min"}},
    {"resourceType": "Condition", "id": "c1", **_SUBJECT, "code": {"coding": [{"code": "I21.4"}]}, "onsetDateTime": "2024"},
    {"resourceType": "Communication", "id": "m1", "status": "completed", **_SUBJECT, "sent": "2024-03-01T12:30:00Z",
     "received": "2024-03-01T12:31:00Z"},
    {"resourceType": "DocumentReference", "id": "d1", "status": "current", **_SUBJECT, "date": "2024-03-01T15:00:00Z"},
    {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", **_SUBJECT, "authored": "2024-03-01",
     "item": [{"linkId": "1", "answer": [{"valueInteger": 4}]}]},
    {"resourceType": "Claim", "id": "k1", "status": "active", "patient": {"reference": f"Patient/{_P}"}, "created": "2024-03-01"},
    {"resourceType": "Organization", "id": "org1", "name": "North", "partOf": {"reference": "Organization/org0"}},
    {"resourceType": "Medication", "id": "x1"},
)  # fmt: skip
_JSON_NESTS = (
    (b"[", b"]"),
    (b'{"a":', b"}"),
    (b'{"resourceType":"Bundle","entry":[{"resource":', b"}]}"),
    (b'"', b'"'),
)
_JSON_WORDS = (
    b'"resourceType":"Encounter",', b'"resourceType":7,', b'"resourceType":"Bundle",', b'"id":null,', b'"id":{},', b'"period":[],',
    b'"period":"x",', b'"location":{},', b'"subject":{"reference":"#p"},', b'"contained":[{"resourceType":"Patient","id":"p"}],', b"null,",
    b"1e999,", b'"\\ud800"', b'"\\u0000"', b'"\\udc00x"', b"[],", b"{},", b",,", b":", b"/*x*/", b"NaN", b'"extension":[{"url":"a"}],',
    b'"fullUrl":"urn:uuid:1",', b'"entry":[null,1,{}],', b'"meta":{"lastUpdated":"9999-99-99"},', b'"valueDecimal":1E+400,', b"\n{}\n",
)  # fmt: skip


@cache
def fhir() -> Grammar:
    """Return documents: bulk files of several resources, Bundles, lists and single ones."""
    lines = [json.dumps(one) for one in _RESOURCES]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": f"urn:uuid:{number}", "resource": one} for number, one in enumerate(_RESOURCES)
    ]}  # fmt: skip
    texts = (
        *lines[:4], "\n".join(lines) + "\n", "\n".join(lines[:3]), json.dumps(bundle), json.dumps(bundle, indent=2),
        json.dumps(list(_RESOURCES[:3])), json.dumps(bundle) + "\n" + lines[1], json.dumps(_RESOURCES[1], indent=1),
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": bundle}]}),
    )  # fmt: skip
    return Grammar(
        "fhir", (*(t.encode() for t in texts), *_written(write_fhir)), _JSON_WORDS, _JSON_NESTS, b'{}[]":,\n'
    )


@cache
def fhir_line() -> Grammar:
    """Return single resources, one of each kind that is read."""
    lines = tuple(json.dumps(one).encode() for one in _RESOURCES)
    return Grammar("fhir line", lines, _JSON_WORDS, _JSON_NESTS[:2], b'{}[]":,')


@cache
def xes() -> Grammar:
    """Return event logs, and documents that are made to explode."""

    def event(what: str, at: str, more: str = "") -> str:
        return (
            f'<event><string key="concept:name" value="{what}"/><date key="time:timestamp" value="{at}"/>{more}</event>'
        )

    head = '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0" xmlns="http://www.xes-standard.org/">'
    group = '<string key="org:group" value="ED"/><string key="lifecycle:transition" value="complete"/>'
    events = event("Triage", "2024-03-01T10:00:00+01:00", group) + event(
        "Bed &amp; &#x42;", "2024-03-01T11:00:00.123Z", group
    )
    nested = (
        '<string key="diagnosis" value="x"><int key="cost" value="12"/></string>'
        '<list key="l"><values><id key="i" value="1"/></values></list>'
    )
    texts = (
        f'{head}<trace><string key="concept:name" value="{_P}"/>{events}</trace></log>',
        f'{head}<extension name="Concept" prefix="concept" uri="http://x"/><global scope="event"><string key="concept:name" value="_"/>'
        f'</global><classifier name="A" keys="concept:name lifecycle:transition"/><trace><string key="patient" value="{_P}"/>'
        f"{nested}{event('x', '2024-03-01T10:00:00', nested)}</trace><trace/></log>",
        f'<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "{"&a;" * 10}"><!ENTITY c "{"&b;" * 10}">]><log>&c;</log>',
        '<!DOCTYPE log SYSTEM "file:///etc/passwd"><log><trace/></log>',
        f'<?xml version="1.0" encoding="cp037"?><log>{events}</log>',
        f"{head}{events}</log>",
    )  # fmt: skip
    words = (
        b"<trace>", b"</trace>", b"<event>", b"</event>", b"<log>", b"</log>", b'<string key="', b' value="', b'"/>', b"<![CDATA[", b"]]>",
        b"<!--", b"-->", b"&amp;", b"&a;", b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"<?pi ?>", b"<!ENTITY a SYSTEM 'file:///dev/zero'>",
        b"<!DOCTYPE log [<!ENTITY % p 'x'>%p;]>", b' xmlns:a="b"', b'<date key="time:timestamp" value="', b"<list>", b"<container>",
        b'encoding="UTF-16"', b'encoding="x"', b"standalone='no'",
    )  # fmt: skip
    nests = (
        (b"<trace>", b"</trace>"), (b'<list key="a">', b"</list>"), (b'<string key="a" value="b">', b"</string>"), (b"<log>", b"</log>"),
        (b"<a:", b">"), (b"<!--", b"-->"), (b"&amp;", b""), (b'<x y="', b'"/>'),
    )  # fmt: skip
    return Grammar("xes", (*(t.encode() for t in texts), *_written(write_xes)), words, nests, b"<>\"'/=& \n")


@cache
def xes_value() -> Grammar:
    """Return values of the attributes of an event."""
    seeds = (
        b"Triage",
        b"2024-03-01T10:00:00+01:00",
        b"complete",
        b"start",
        b"ED",
        b"case 7",
        b"2024-03-01",
        b"",
        b"12.5",
    )
    return Grammar("xes value", seeds, csv().words, ((b"/", b""), (b"a:", b"")), b" ,;\"'\n:")


_YAML_NESTS = (
    (b"[", b"]"),
    (b"{", b"}"),
    (b"- ", b""),
    (b"? ", b""),
    (b"&a [*a,", b"]"),
    (b"a: {", b"}"),
    (b"!!x ", b""),
    (b" ", b""),
)
_YAML_WORDS = (
    b"&a ", b"*a", b"&a [*a, *a]", b"<<: *a", b"!!python/object/apply:os.system ['id']", b"!!binary ", b"!!float ", b"---\n", b"...\n",
    b"%YAML 9.9\n", b"%TAG ! x\n", b"|\n", b">-\n", b"? ", b": ", b"- ", b"# ", b"~", b"null", b"yes", b"0o17", b"1:30", b"=", b"<<",
    b"\t", b"\n ", b"\n    ", b"[a, b", b"{a: b", b"'", b'"\\x00"', b'"\\ud800"', b'"\\U0011FFFF"', b"@", b"`",
    b"".join(b"l%d: &l%d [*l%d,*l%d,*l%d]\n" % (n, n, n - 1, n - 1, n - 1) for n in range(1, 30)),
)  # fmt: skip


@cache
def profile() -> Grammar:
    """Return mapping profiles."""
    full = Profile(
        patient="mrn", unit="ward", start="in time", end="-", zone="Europe/Amsterdam", date_order="dmy", encoding="utf-8",
        separator="semicolon", cadence="15 min", calendar="real", snapshot="period", identifier="MR",
    )  # fmt: skip
    short = (
        "patient: mrn\nzone: America/New_York\n",
        "{patient: a, unit: b}",
        "patient: 'a\n\n b'\nunit: |\n  x\n  y\n",
        "# only\n",
        "",
    )
    words = (
        *_YAML_WORDS,
        *(f"\n{key}: ".encode() for key in KEYS),
        b"zone: ../../etc/passwd",
        b"zone: .",
        b"zone: Europe",
        b"zone: GMT+99",
    )
    return Grammar(
        "profile", (write_profile(full, feed="x").encode(), write_profile(Profile(), feed="x").encode(), *(s.encode() for s in short)),
        words, _YAML_NESTS, b":-?#,[]{}&*!|>'\"% \n",
    )  # fmt: skip


@cache
def measure() -> Grammar:
    """Return the definitions of the catalogue."""
    folder = resources.files("knitwork.measures.catalogue")
    seeds = tuple(
        file.read_bytes() for file in sorted(folder.iterdir(), key=lambda f: f.name) if file.name.endswith(".yaml")
    )
    words = (
        *_YAML_WORDS, b" and ", b" or ", b" not ", b" in [icu, ward]", b"following(same_unit).", b"minutes(", b"stay.start", b"handoff.",
        b"baseline.p95", b"value > ", b" is known", b" + ", b" * ", b" == ", b'"x"', b" <= 99999999999999999999", b"owner: link\n",
        b"fact: census\n", b"statistic: p90\n", b"factor: nan\n", b"min_n: 1e400\n", b"censor_days: -1\n",
    )  # fmt: skip
    nests = (*_YAML_NESTS, (b"(", b")"), (b"not ", b""), (b"- ", b""), (b"stay.end is known or ", b""), (b"1 + ", b""))
    return Grammar("measure", seeds, words, nests, b":-?#,[]{}&*!|>'\"%.() \n")
