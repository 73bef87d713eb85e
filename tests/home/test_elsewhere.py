"""An encounter that was filed under the wrong patient is taken from that patient when the source corrects it."""

from __future__ import annotations

import itertools
import json
from hashlib import sha256

import pytest

from knitwork.home import load as loading
from knitwork.home.home import Home
from knitwork.home.reading import LoadOptions
from tests.quick import first

PEOPLE = ("ada", "ben", "cyd", "dee", "eve", "fay", "gus", "hal")


def encounter(number, patient, *, said, unit="ED", day=1):
    return {
        "resourceType": "Encounter", "id": number, "status": "finished", "class": {"code": "IMP"},
        "meta": {"lastUpdated": f"2026-03-{said:02d}T00:00:00Z"}, "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": f"2026-02-{day:02d}T08:00:00Z", "end": f"2026-02-{day:02d}T18:00:00Z"},
        "location": [{"location": {"reference": f"Location/{unit}"}}],
    }  # fmt: skip


def order(number, patient, *, said):
    return {
        "resourceType": "ServiceRequest", "id": number, "status": "active", "intent": "order",
        "meta": {"lastUpdated": f"2026-03-{said:02d}T00:00:00Z"}, "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": "2026-02-01T09:00:00Z", "code": {"text": "CT"},
    }  # fmt: skip


def written(path, *resources):
    path.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
    return path


@pytest.fixture
def many_buckets(monkeypatch):
    monkeypatch.setattr(loading, "how_many", lambda rows: 8)


def loaded(folder, *batches):
    home = Home(folder)
    for batch in batches:
        home.load(batch, LoadOptions(feed="ward"))
    home.refresh()
    return home


def who(home, table, key):
    answers = home.answers()
    return sorted((row[key], row["patient"]) for row in answers.rows(f"SELECT {key}, patient FROM {{{table}}}"))


def files(tmp_path):
    everybody = [encounter(f"E-{name}", name, said=1) for name in PEOPLE]
    return (
        written(tmp_path / "a.ndjson", *everybody, encounter("E9", "ada", said=1, day=3), order("R9", "ada", said=1)),
        written(tmp_path / "b.ndjson", encounter("E9", "ben", said=2, day=3), order("R9", "ben", said=2)),
        written(tmp_path / "c.ndjson", encounter("E9", "cyd", said=3, day=3), order("R9", "cyd", said=3)),
    )


@pytest.mark.parametrize("order_", first(1, itertools.permutations(range(3))))
def test_a_record_belongs_to_the_patient_whom_its_last_statement_names(tmp_path, many_buckets, order_):
    sent = files(tmp_path)

    one_by_one = loaded(tmp_path / "one", *([sent[i]] for i in order_))
    together = loaded(tmp_path / "all", [sent[i] for i in order_])

    for home in (one_by_one, together):
        with_second = [patient for _, patient in who(home, "stay", "start_us")]
        assert sorted(with_second) == sorted([*PEOPLE, "cyd"])
        assert who(home, "request", "request") == [("ServiceRequest/R9", "cyd")]


@pytest.mark.slow
def test_a_refresh_between_the_two_takes_the_stay_from_the_first(tmp_path, many_buckets):
    first, second, _ = files(tmp_path)
    home = loaded(tmp_path / "home", [first])
    assert who(home, "request", "request") == [("ServiceRequest/R9", "ada")]

    home.load([second], LoadOptions(feed="ward"))
    home.refresh()

    assert who(home, "request", "request") == [("ServiceRequest/R9", "ben")]
    assert [patient for _, patient in who(home, "stay", "start_us")].count("ada") == 1
    assert [(row["patient"], row["why"]) for row in home.answers().rows("FROM {withdrawn}")] == [("ada", "replaced")]


def test_another_feed_may_use_the_same_numbers(tmp_path, many_buckets):
    first, second, _ = files(tmp_path)
    home = Home(tmp_path / "home")
    home.load([first], LoadOptions(feed="ward"))
    home.load([second], LoadOptions(feed="clinic"))
    home.refresh()

    assert [patient for _, patient in who(home, "stay", "start_us")].count("ada") == 2


@pytest.mark.slow
def test_of_two_patients_at_no_time_the_record_is_whose_it_was_when_it_was_over(tmp_path, many_buckets):
    open_ = encounter("E9", "ada", said=1) | {"status": "in-progress", "period": {"start": "2026-02-01T08:00:00Z"}}
    over = encounter("E9", "ben", said=1)
    second = written(tmp_path / "over.ndjson", {**over, "meta": {}})
    for number in itertools.count():
        going_on = written(tmp_path / "open.ndjson", {**open_, "meta": {}, "text": {"div": str(number)}})
        # The one that is over has the smaller hash, so that by the hash alone it would not hold.
        if sha256(going_on.read_bytes()).hexdigest() > sha256(second.read_bytes()).hexdigest():
            break

    home = loaded(tmp_path / "home", [going_on], [second])

    assert who(home, "stay", "end_kind") == [("recorded", "ben")]
