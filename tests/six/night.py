"""Last night's files, written by hand, with what is true of each: no number here was printed by the product.

Amsterdam's clock went from 03:00 back to 02:00 on 25 October 2026, and from 02:00 to 03:00 on 29 March.
"""

from __future__ import annotations

from pathlib import Path

TZ = "Europe/Amsterdam"
HEADER = "mrn,visit,ward,arrived,left\n"
# Row by row, numbered from 1 as the product numbers them.
ADT_1 = (
    "10,v1,ED,2026-10-24 21:00,2026-10-25 02:30",  # 1: leaves in the hour that comes twice
    "10,v1,W7,2026-10-25 02:45,2026-10-27 10:00",  # 2: arrives a quarter of an hour later
    "11,v2,ED,2026-10-25 02:50,2026-10-25 02:10",  # 3: 20 minutes: in by the first clock, out by the second
    "18,v9,ED,2026-03-29 01:30,2026-03-29 03:30",  # 4: one hour, and not two
    "12,v3,ED,2026-11-02 09:00,2026-11-02 12:00",  # 5: eight days before this patient was born
    "12,v3,X99,2026-11-02 12:30,2026-11-05 12:00",  # 6: a unit that nobody has named
    "13,v4,ED,2026-11-03 10:00,2026-11-03 13:00",  # 7: patient 13 turns out to be patient 10
    "13,v4,W7,2026-11-03 13:20,2026-11-06 09:00",  # 8
    "14,v5,ED,2026-11-04 11:00,2026-11-04 10:00",  # 9: ends before it starts
    "15,v6,,2026-11-04 11:00,2026-11-04 12:00",  # 10: no unit
    "16,v7,ED,the day before,2026-11-04 12:00",  # 11: no time
)
ADT_1_REJECTED = {9: ("end", "end_before_start"), 10: ("unit", "unit_empty"), 11: ("start", "start_unreadable")}
# The next night: one row that is known, a late one, and a code that is new.
ADT_2 = (
    "12,v3,X99,2026-11-02 12:30,2026-11-05 12:00",  # 1: known
    "19,v7,ED,2026-10-20 08:00,2026-10-20 12:00",  # 2: late
    "17,v8,ED,2026-11-07 08:00,2026-11-07 12:00",  # 3
    "17,v8,Y1,2026-11-07 12:10,",  # 4: still there, in a unit with a new code
)
LAB = (
    "mrn,visit,test,collected,result\n10,v1,troponin,2026-10-24 21:40,35\n10,v1,troponin,2026-10-25 04:40,120\n"
    "11,v2,lactate,2026-10-25 02:55,1.4\n12,v3,troponin,2026-11-02 09:30,8\n13,v4,troponin,not a time,8\n"
)
LAB_PROFILE = 'activity: "test"\nstart: "collected"\nunit: "-"\nzone: Europe/Amsterdam\n'
MERGED = "old_mrn,new_mrn,at\n13,10,2026-11-08 09:00\n"
BORN = "\r".join([
    r"MSH|^~\&|EHR|NORTH|KNITWORK|NORTH|20261110090000+0100||ADT^A28|1|P|2.5.1",
    "EVN|A28|20261110090000+0100",
    "PID|1||12^^^NORTH^MR||||20261110|F",
]) + "\r"  # fmt: skip
# A list that is sent whole each night for its period. B was entered by mistake, and the second no longer has it.
BEDS_1 = ("A,b1,ICU,2026-11-01 08:00,2026-11-01 20:00", "B,b2,ICU,2026-11-02 08:00,2026-11-02 20:00",
          "C,b3,ICU,2026-11-03 08:00,2026-11-03 20:00")  # fmt: skip
BEDS_2 = ("A,b1,ICU,2026-11-01 08:00,2026-11-01 20:00", "C,b3,ICU,2026-11-03 08:00,2026-11-03 20:00",
          "D,b4,ICU,2026-11-04 08:00,2026-11-04 20:00")  # fmt: skip


def table(rows: tuple[str, ...]) -> str:
    return HEADER + "\n".join(rows) + "\n"


def written(folder: Path) -> Path:
    """Write every file of the night into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "adt-1.csv": table(ADT_1), "adt-2.csv": table(ADT_2), "lab.csv": LAB, "lab.yaml": LAB_PROFILE,
        "merged.csv": MERGED, "born.hl7": BORN, "beds-1.csv": table(BEDS_1), "beds-2.csv": table(BEDS_2),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="")
    # Cut off in the middle: a workbook or zip that never was whole.
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 cut off")
    (folder / "broken.csv").write_bytes(table(ADT_2).encode() + b"\x00\x00\x07")
    return folder
