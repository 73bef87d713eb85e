"""The search itself: what it must find, so that finding nothing means something."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from urllib.parse import quote

import pytest

from tests.canary.words import BORN, DIGITS, FAMILY, GIVEN, PATIENT, PHONE, SSN, disguised, leaks, number, of


@pytest.mark.parametrize(
    "text",
    [
        "WARNING could not read QUILLFEATHER^ZEBEDINA",
        f"ValueError: {FAMILY!r}",
        f"/patients/?q={quote(f'{GIVEN} {FAMILY}')}",
        "/units/" + "".join(f"~{ord(letter):02X}" for letter in "Quagmire") + "/",
        f"row 3: {number(PATIENT, 'csv')} has no ward",
        f"visit {number('QZXVIS', 'hl7')}".lower(),
        f"person {DIGITS + 17}",
        f"ssn {SSN}", f"ssn {SSN.replace('-', '')}", f"tel {PHONE}",
        b"\xff\xfe raw bytes " + FAMILY.encode(),
    ],
)  # fmt: skip
def test_a_planted_word_is_found_in_every_writing(text):
    assert leaks(text)


@pytest.mark.parametrize("day", of(BORN))
def test_the_birth_date_is_found_in_every_writing(day):
    assert [leak.kind for leak in leaks(f"'{day}' is no date")] == ["birth date"]


def test_a_writing_that_somebody_made_by_hand_is_among_them():
    for day in ("19570314", "14-03-1957", "3/14/1957", "14.3.1957", "14 maart 1957", "March 14, 1957", "-404006400"):
        assert leaks(day), day


@pytest.mark.parametrize(
    "text",
    ["2026-03-14 10:00", "generation 7: 12 buckets in 0.3 s", "195703140", "quill", "row 14, 3 of 1957 rows", "QZX"],
)
def test_what_is_no_patient_is_not_found(text):
    assert leaks(text) == []


def test_another_day_is_not_the_birth_date():
    assert not any(leaks(day) for day in of(dt.date(1958, 3, 14)))


@pytest.mark.parametrize(
    "made",
    [
        lambda word: word.encode().hex(),
        lambda word: base64.b64encode(word.encode()).decode(),
        lambda word: base64.urlsafe_b64encode(word.encode()).decode().rstrip("="),
        lambda word: hashlib.sha256(word.encode()).hexdigest()[:16],
        lambda word: hashlib.md5(word.encode()).hexdigest(),
    ],
)
def test_a_number_in_disguise_is_found(made):
    word = number(PATIENT, "fhir")

    assert disguised(f"/patients/{made(word)}/", [word])
    assert not disguised(f"/patients/{made('another')}/", [word])
