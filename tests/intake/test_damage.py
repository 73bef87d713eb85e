"""Files that were cut off on the way, or made to hurt: whole records or none, one sentence, in little time."""

from __future__ import annotations

import json
import time

import pytest

from knitwork.intake.formats import open_delivery
from knitwork.intake.landing import clear
from knitwork.intake.profile import Profile
from knitwork.model.errors import CannotDo
from tests.intake.test_fhir import ED_THEN_WARD, encounter


def landed(engine, path):
    """Return what landed of a file, by record; nothing where it is refused in a sentence."""
    clear(engine)
    try:
        format = open_delivery(path)
        format.land(
            engine, path, format.guess(path, name=path.name, profile=Profile()), feed="f", delivery="d", name=path.name
        )
    except CannotDo as refused:
        assert "\n" not in str(refused)
        return set()
    return set(engine.execute("SELECT record, unit, start_us, end_us FROM landed").fetchall())


def test_of_resources_cut_off_anywhere_each_lands_whole_or_not_at_all(engine, tmp_path):
    lines = [json.dumps(encounter(id=f"v{n}", location=ED_THEN_WARD)) for n in range(2)]
    path = tmp_path / "some.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    whole = landed(engine, path)
    content = path.read_bytes()
    first = {row for row in whole if row[0].endswith("v0")}
    assert len(whole) == 4

    for place in [*range(0, len(content), 67), len(content) - 1]:
        path.write_bytes(content[:place])
        told = landed(engine, path)

        assert told == (first if place >= len(lines[0]) else set()), place


def test_a_bundle_cut_off_anywhere_lands_nothing(engine, tmp_path):
    entries = [{"resource": encounter(id=f"v{n}", location=ED_THEN_WARD)} for n in range(2)]
    content = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    path = tmp_path / "some.json"
    path.write_bytes(content)
    assert len(landed(engine, path)) == 4

    for place in [*range(0, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:place])

        assert landed(engine, path) == set(), place


@pytest.mark.parametrize("depth", [50, 1_000, 100_000])
@pytest.mark.parametrize("opening", ['{"a":', "["])
def test_what_is_nested_too_deeply_is_refused_in_a_sentence_and_at_once(engine, tmp_path, depth, opening):
    path = tmp_path / "deep.ndjson"
    path.write_text('{"resourceType":"Encounter","id":"v1","extension":' + opening * depth, encoding="utf-8")
    began = time.process_time()

    assert landed(engine, path) == set()
    assert time.process_time() - began < 5


def test_a_resource_that_is_nested_deeply_and_closed_does_not_stop_its_neighbours(engine, tmp_path):
    deep: object = "bottom"
    for _ in range(200):
        deep = [deep]
    told = [encounter(id="v1", location=ED_THEN_WARD), {**encounter(id="v2", location=ED_THEN_WARD), "extension": deep}]
    path = tmp_path / "deep.ndjson"
    path.write_text("\n".join(map(json.dumps, told)), encoding="utf-8")

    assert {row[0] for row in landed(engine, path)} >= {"Encounter/v1"}
