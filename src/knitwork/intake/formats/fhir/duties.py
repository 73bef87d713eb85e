"""Who is accountable for a patient over a time: EpisodeOfCare. Who took part in a visit is read with encounters."""

from __future__ import annotations

from knitwork.intake.formats.fhir.encounters import ROLES, STAFF
from knitwork.intake.formats.fhir.kind import NEEDED, Gives, Kind
from knitwork.intake.formats.fhir.words import (
    CODEABLE,
    PERIOD,
    REFERENCE,
    code_of,
    coded,
    moment,
    names,
    one_of,
    patient_of,
)  # fmt: skip

# Of a care manager nothing says in which role, where no type does.
MANAGES = "care_manager"


def kinds(zone: str) -> tuple[Kind, ...]:
    """Return how episodes are read; times without an offset are those of `zone`."""
    role = coded("j.type[1]")
    return (
        Kind(
            "EpisodeOfCare",
            {
                "patient": REFERENCE, "careManager": REFERENCE, "managingOrganization": REFERENCE, "period": PERIOD,
                "type": [CODEABLE],
            },
            {
                "patient": patient_of("j.patient"),
                "staff": f"CASE WHEN {names('j.careManager', *STAFF)} THEN {code_of('j.careManager')} END",
                "role": f"coalesce({one_of(role, ROLES)}, lower({role}), '{MANAGES}')",
                "unit": code_of("j.managingOrganization"),
                "start_us": moment("j.period.start", zone),
                "end_us": moment('j.period."end"', zone),
            },
            (
                Gives(
                    "landed_duty",
                    {
                        "duty": "'EpisodeOfCare/' || id", "patient": "patient", "staff": "staff", "role": "role",
                        "unit": "unit", "start_us": "start_us", "end_us": "end_us",
                    },
                    ours=True,
                ),
            ),
            NEEDED,
            "status IN ('planned', 'waitlist')",
            "episodes that have not begun",
            ("entered-in-error", "cancelled"),
        ),
    )  # fmt: skip
