"""Places and organisations with what holds them; patients with their other numbers and the day of their death."""

from __future__ import annotations

from collections.abc import Mapping

from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.fhir.kind import Gives, Kind
from knitwork.intake.formats.fhir.words import (
    CODEABLE,
    REFERENCE,
    TEXT,
    code_of,
    local_or_offset,
    one_of,
    patient_of,
    precision,
    text,
)  # fmt: skip

FORMS = {"bd": "bed", "ro": "room", "wa": "ward", "bu": "building", "si": "site"}
# v3 ServiceDeliveryLocationRoleType, as far as one code tells one kind.
TYPE_KINDS = {
    "er": "ed", "etu": "ed", "icu": "icu", "pedicu": "icu", "pednicu": "icu", "ccu": "ccu", "cathlab": "cathlab",
    "hu": "ward", "bmtu": "ward", "burnu": "ward", "chest": "ward", "pedu": "ward", "rhu": "rehab", "rh": "rehab",
    "radx": "radiology", "rneu": "radiology", "pharm": "pharmacy", "prc": "practice", "gim": "practice",
    "pc": "practice", "snf": "snf", "nccf": "snf", "hosp": "macrosystem", "slab": "lab", "pathlab": "lab",
    "ptres": "home", "amb": "ems", "outphar": "pharmacy", "inpphar": "pharmacy", "outlab": "lab", "inlab": "lab",
    "orthoc": "clinic", "pain": "clinic", "cvdx": "clinic", "endos": "clinic", "allergy": "clinic", "hop": "hospice",
}  # fmt: skip


def kinds(zone: str, identifier: str | None) -> tuple[Kind, ...]:
    """Return how each kind is read; `identifier` is the system or type of the number that counts, if any."""
    return (_location(), _organization(), _service(), _patient(zone, identifier))


_GIVEN = Gives("landed_place", {"place": "id", "name": "name", "parent": "parent", "form": "form", "kind": "kind"})


def _place(name: str, shape: Mapping[str, object], parent: str, form: str, kind: str) -> Kind:
    columns = {"name": text("j.name"), "parent": f"nullif({parent}, {text('j.id')})", "form": form, "kind": kind}
    return Kind(name, {"name": TEXT, **shape}, columns, (_GIVEN,), {"id_empty": "id IS NULL"})


def _location() -> Kind:
    first = "coalesce(j.physicalType, j.form).coding[1].code"
    types = "flatten(list_transform(j.type, lambda c: list_transform(c.coding, lambda k: k.code)))"
    known = f"list_filter(list_transform({types}, lambda k: {one_of('k', TYPE_KINDS)}), lambda k: k IS NOT NULL)[1]"
    return _place(
        "Location",
        {
            "partOf": REFERENCE, "managingOrganization": REFERENCE, "physicalType": CODEABLE, "form": CODEABLE,
            "type": [CODEABLE],
        },
        f"coalesce({code_of('j.partOf')}, {code_of('j.managingOrganization')})",
        one_of(first, FORMS),
        known,
    )  # fmt: skip


def _organization() -> Kind:
    return _place("Organization", {"partOf": REFERENCE}, code_of("j.partOf"), "'organisation'", "NULL")


def _service() -> Kind:
    return _place("HealthcareService", {"providedBy": REFERENCE}, code_of("j.providedBy"), "NULL", "NULL")


def _patient(zone: str, identifier: str | None) -> Kind:
    wanted = quoted(identifier or "")
    fits = f"i.system = {wanted} OR i.type.text = {wanted} OR list_contains(list_transform(i.type.coding, lambda k: k.code), {wanted})"
    number = f"list_filter(j.identifier, lambda i: coalesce(i.use, '') <> 'old' AND coalesce({fits}, false))[1].value"
    died, born = text("j.deceasedDateTime"), text("j.birthDate")
    return Kind(
        "Patient",
        {
            "identifier": [{"use": TEXT, "system": TEXT, "type": CODEABLE, "value": TEXT}], "deceasedDateTime": TEXT,
            "birthDate": TEXT,
            "link": [{"other": REFERENCE, "type": TEXT}],
        },
        {
            "patient": text("j.id"),
            "number": text(number) if identifier else "NULL::VARCHAR",
            "died_raw": died,
            "died_us": f"CASE WHEN length({died}) >= 10 THEN {local_or_offset(died, zone)} END",
            "precision": precision(died),
            # A month or a year of birth is no day before which nothing can be.
            "born_us": f"CASE WHEN length({born}) >= 10 THEN {local_or_offset(born, zone)} END",
            "kept": _linked("replaced-by") + "[1]",
            "all_given_up": _linked("replaces"),
        },
        (
            Gives(
                "landed_event",
                {
                    "event": "'Patient/' || id || '/death'", "patient": "patient", "at_us": "died_us",
                    "precision": "precision", "type": "'death'",
                },
                "died_us IS NOT NULL",
            ),
            Gives(
                "landed_event",
                {
                    "event": "'Patient/' || id || '/birth'", "patient": "patient", "at_us": "born_us",
                    "precision": "'d'", "type": "'birth'",
                },
                "born_us IS NOT NULL",
            ),
            Gives(
                "linked", {"patient": "patient", "merged_into": "kept", "kind": "'merge'"}, "kept <> patient", ours=True
            ),
            Gives(
                "linked", {"patient": "given_up", "merged_into": "patient", "kind": "'merge'"}, "given_up <> patient",
                "(SELECT *, unnest(all_given_up) AS given_up FROM staged)",
            ),
            # One number can be given up once: of a patient that was merged the merge is the weightier.
            Gives(
                "linked",
                {"patient": "patient", "merged_into": "number", "kind": "'merge'"},
                "number <> patient AND kept IS NULL",
            ),
        ),
        {"id_empty": "id IS NULL", "time_unreadable": "died_raw IS NOT NULL AND length(died_raw) >= 10 AND died_us IS NULL"},
    )  # fmt: skip


def _linked(type_: str) -> str:
    """Return the SQL of the patients at the other ends of the links of a type."""
    return (
        f"list_transform(list_filter(j.link, lambda l: lower(l.type) = '{type_}'), lambda l: {patient_of('l.other')})"
    )
