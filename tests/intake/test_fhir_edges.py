"""What FHIR says between the lines: visits that are over, records that are taken in part, deletions, missing amounts."""

from __future__ import annotations

import json

import pytest

from knitwork.home import open_home
from tests.intake.known import Landed, us
from tests.intake.test_fhir import PATIENT, at, encounter, period


@pytest.fixture
def landed(tmp_path):
    def take(*resources) -> Landed:
        path = tmp_path / "some.ndjson"
        path.write_text("\n".join(json.dumps(one) for one in resources), encoding="utf-8")
        return Landed(path, format="fhir")

    return take


@pytest.mark.parametrize("status", ["finished", "discharged", "completed", "discontinued"])
def test_a_visit_that_is_over_and_says_no_end_is_not_open(landed, status):
    over = encounter(
        status=status, period=period("2024-03-01T08:00:00Z"), serviceProvider={"reference": "Organization/o1"}
    )
    places = [[], [{"location": {"reference": "Location/ED"}}], [at("ED", "2024-03-01T08:00:00Z")]]

    one = landed(*({**over, "id": f"v{n}", **({"location": some} if some else {})} for n, some in enumerate(places)))

    assert one.rows("landed", "unit, end_us, end_kind") == [("ED", None, "unknown"), ("ED", None, "unknown"),
                                                            ("o1/IMP", None, "unknown")]  # fmt: skip
