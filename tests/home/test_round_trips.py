"""One truth by several routes: what a home writes comes back as the same stays and hand-offs."""

from __future__ import annotations

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.home.export import export
from tests.home.homes import NOON, extract, options, registry, write

STAYS = "SELECT patient::VARCHAR, unit::VARCHAR, start_us, end_us, end_kind::VARCHAR, visit FROM {stay} ORDER BY ALL"
PAIRS = """SELECT from_unit::VARCHAR AS a, to_unit::VARCHAR AS b, patient::VARCHAR AS patient, left_us, arrived_us
    FROM {fact_handoff} WHERE level = 'micro' ORDER BY ALL"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    home = open_home(folder / "home")
    home.load([write(folder / "a.csv", extract(7))], options())
    home.refresh(registry())
    return home


@pytest.mark.parametrize("to", ["fhir", "xes", "csv"])
def test_stays_and_handoffs_come_back_the_same(told, tmp_path, to):
    export(told, to=to, target=tmp_path / "out.zip")

    back = open_home(tmp_path / "back")
    back.load([tmp_path / "out.zip"], LoadOptions(received_at=NOON, tz="UTC"))
    back.refresh(registry())

    for question in (STAYS, PAIRS):
        wanted = told.answers().rows(question)
        assert wanted
        assert back.answers().rows(question) == wanted
