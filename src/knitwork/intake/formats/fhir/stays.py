"""Takes encounters: types their stays and judges them, with the phases, people and diagnoses beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knitwork.intake.formats.csv import rules
from knitwork.intake.formats.csv.dates import ISO
from knitwork.intake.formats.csv.tally import SHORT_US, Tally, take_tally
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.fhir import encounters
from knitwork.intake.formats.fhir.taking import Taking
from knitwork.intake.formats.fhir.words import moment, precision
from knitwork.intake.profile import Profile
from knitwork.intake.quality import Counts
from knitwork.model.tables import FLAGS

TABLES = {"Encounter": "encounters", "EncounterHistory": "histories"}
KINDS = tuple(TABLES)
_KEPT = ("record", "said_us", "cancelled", "finest", "whole_visit")
_NONE = Counts(0, 0, (), 0, 0, (), 0, 0, 0, 0, 0, 0, 0, None)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the stays of a delivery showed."""

    counts: Counts
    first_us: int | None
    last_us: int | None
    notes: tuple[str, ...]


def take(taking: Taking, found: Mapping[str | None, int], profile: Profile, *, received_us: int | None) -> Counted:
    """Land what the encounters of a delivery say; without any, count nothing. `found` counts its records by kind."""
    con, zone = taking.con, profile.zone or "UTC"
    kinds = [kind for kind in KINDS if kind in found]
    if not kinds:
        con.execute("CREATE TEMP TABLE visit_of(id VARCHAR, visit VARCHAR)")
        return Counted(_NONE, None, None, ())
    for kind, table in TABLES.items():
        if kind in kinds:
            con.execute(
                f"CREATE TEMP TABLE {table} AS {encounters.staged(kind, taking.parsed(kind, encounters.SHAPE))}"
            )
            if taking.one(f"SELECT count(*) FROM {table}") < found[kind]:
                broken = f'FROM {taking.parsed(kind, encounters.SHAPE)} WHERE "resourceType" IS NULL'
                taking.reject(f"SELECT \"row\", 'not_json' AS rule {broken}")
    there = TABLES[kinds[0]]
    for kind, table in TABLES.items():
        if kind not in kinds:
            con.execute(f"CREATE TEMP TABLE {table} AS FROM {there} WHERE false")
    con.execute(encounters.VISIT_OF)
    con.execute(encounters.PARENTS)
    climbs = taking.climbs()
    recounted = "EncounterHistory" in kinds
    raw = encounters.stays("encounters", climbs=climbs, recounted=recounted)
    if recounted:
        raw += f" UNION ALL BY NAME ({encounters.stays('histories', whole=False, climbs=climbs)})"
    con.execute(
        f"CREATE TEMP TABLE landing AS {rules.landing(f'({raw})', {'start': ISO, 'end': ISO}, zone, kept=_KEPT)}"
    )
    con.execute('CREATE TEMP TABLE faulty("row" BIGINT, message VARCHAR)')
    tally = take_tally(con, received_us=received_us)
    _land_stays(taking, tally, zone=zone, assumed=profile.zone is None)
    _land_beside(taking, zone)
    return Counted(tally.counts(assumed=profile.zone is None), tally.first_us, tally.last_us, tuple(_notes(taking)))


def _land_stays(taking: Taking, tally: Tally, *, zone: str, assumed: bool) -> None:
    dates = f"marks & {rules.START_DATE | rules.END_DATE} <> 0"
    if tally.midnight("start") or tally.midnight("end"):
        dates = f"(finest IS NULL OR {dates})"
    finest = "s" if tally.seen["with_seconds"] else "m"
    short = f"end_kind = 'recorded' AND end_us - start_us < {SHORT_US} AND NOT ({dates})"
    own = "CASE WHEN finest IN ('s', 'm', 'd') THEN finest END"
    taking.give(
        "landed",
        f"""SELECT patient, unit, start_us, end_us, end_kind::VARCHAR AS end_kind,
        coalesce({own}, CASE WHEN {dates} THEN 'd' ELSE '{finest}' END) AS precision, visit, {quoted(zone)} AS zone,
        {"marks & " + str(rules.OFFSET) + " = 0" if assumed else "false"} AS zone_assumed,
        (night + CASE WHEN {dates} OR finest = 'd' THEN {FLAGS["date_only"]} ELSE 0 END
            + CASE WHEN end_kind = 'recorded' AND end_us = start_us THEN {FLAGS["zero_length"]} ELSE 0 END
            + CASE WHEN {short} THEN {FLAGS["short"]} ELSE 0 END)::INTEGER AS flags,
        record, whole_visit AS whole, said_us, cancelled, "row" FROM landing WHERE rule IS NULL""",
    )
    if taking.climbs() or taking.one("SELECT count(*) FROM histories WHERE len(placed) > 0"):
        taking.give("landed_part", encounters.PARTS)
        # a link between records, and nothing taken of them
        del taking.tables["landed_part"]
    taking.reject(f'SELECT "row", rule, message FROM ({rules.explained("landing")}) WHERE rule IS NOT NULL')
    for table in ("encounters", "histories"):
        # Most deliveries have none of what is asked for here, and to plan a statement takes longer than to look.
        if taking.one(f"SELECT count(*) FROM {table} WHERE cancelled"):
            taking.give("landed", encounters.taken_back(table))
            taking.reject(f"SELECT \"row\", 'patient_empty' AS rule FROM {table} WHERE cancelled AND patient IS NULL")


def _land_beside(taking: Taking, zone: str) -> None:
    """Land what encounters say beside stays: phases, people, ways in and out, ranks of diagnoses, names of places."""

    def at(value: str) -> str:
        return moment(value, zone)

    def any_have(condition: str, table: str = "encounters") -> int:
        return taking.one(f"SELECT count(*) FROM {table} WHERE {condition}")

    if any_have("phases IS NOT NULL"):
        taking.give("landed_event", encounters.phases(at("at_raw"), precision("at_raw")))
    if any_have("subject_status IS NOT NULL", "histories"):
        taking.give("landed_event", encounters.history(at("at_raw"), precision("at_raw")))
    if any_have("participants IS NOT NULL"):
        duties = encounters.duties(at("start_raw"), at("end_raw"))
        taking.con.execute(f"CREATE TEMP TABLE told_duties AS {duties}")
        taking.give("landed_duty", "SELECT * FROM told_duties")
        taking.give("landed_event", encounters.seen(precision("start_raw")))
    if any_have("admission IS NOT NULL"):
        taking.give("landed_fact", encounters.ways(at("start_raw"), at("end_raw")))
    if any_have("diagnoses IS NOT NULL"):
        taking.give("landed_fact", encounters.diagnoses())
    if any_have(encounters.NAMING):
        taking.give("landed_place", encounters.named(), ("place", "name", "parent", "kind", "row"))


def _notes(taking: Taking) -> list[str]:
    of_visits = "FROM encounters WHERE id IN (SELECT id FROM parents) AND coalesce(len(placed), 0) = 0"
    counted = {
        "written as in FHIR R5": taking.one("SELECT count(*) FROM encounters WHERE is_r5"),
        "visits whose parts came by themselves: the parts are its stays": taking.one(f"SELECT count(*) {of_visits}"),
        "only planned, which is no stay": taking.one("SELECT count(*) FROM encounters WHERE status = 'planned'"),
        "still going on": taking.one("SELECT count(*) FROM encounters WHERE going_on"),
    }
    return [f"encounters {words}: {count:,}" for words, count in counted.items() if count]
