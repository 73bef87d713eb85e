"""Numbers of patients in addresses: only who has the secret opens a seal, and nothing else is one."""

from __future__ import annotations

import base64
import re

import pytest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from knitwork.web.sealed import opened, seal

from .routes import patient

numbers = st.text(max_size=60)


@given(numbers, st.text(min_size=1, max_size=20))
def test_what_was_sealed_is_opened_and_stands_in_a_path_as_it_is(number, secret):
    sealed = seal(number, secret)

    assert opened(sealed, secret) == number
    assert re.fullmatch(r"[A-Za-z0-9_-]+", sealed)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=4, max_size=40))
def test_a_seal_shows_nothing_of_the_number_in_plain_or_in_base64(number):
    sealed = seal(number, "secret")
    content = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))

    assert number not in sealed
    assert number.encode() not in content


@given(numbers, numbers)
def test_two_numbers_never_share_a_stream(one, other):
    """The stream begins with the proof of the text, so that two seals laid on each other tell nothing."""
    if one == other or len(one.encode()) < 8 or len(other.encode()) < 8:
        return
    laid = [base64.urlsafe_b64decode(seal(text, "s") + "===")[16:] for text in (one, other)]
    texts = [text.encode() for text in (one, other)]

    def differ(a: bytes, b: bytes) -> bytes:
        return bytes(x ^ y for x, y in zip(a, b, strict=False))

    assert differ(*laid) != differ(*texts)


@given(numbers, st.integers(0), st.integers(1, 255))
def test_a_seal_that_was_changed_by_a_bit_opens_to_nothing(number, at, other):
    content = bytearray(base64.urlsafe_b64decode(seal(number, "secret") + "==="))
    content[at % len(content)] ^= other
    changed = base64.urlsafe_b64encode(bytes(content)).rstrip(b"=").decode()

    with pytest.raises(ValueError, match="not sealed here"):
        opened(changed, "secret")


@given(numbers, st.text(min_size=1))
def test_another_secret_opens_nothing(number, other):
    if other == "secret":
        return
    with pytest.raises(ValueError, match="not sealed here"):
        opened(seal(number, "secret"), other)


@given(st.text(max_size=80))
def test_what_nobody_sealed_opens_to_nothing(text):
    with pytest.raises(ValueError, match="not sealed here"):
        opened(text, "secret")


def test_the_address_of_a_patient_does_not_tell_the_number_and_leads_to_it():
    address = reverse("patient", kwargs={"patient": "MRN-4711"})

    assert "4711" not in address
    assert resolve(address).kwargs == {"patient": "MRN-4711"}


def test_a_number_in_plain_is_no_address(ada):
    with pytest.raises(Resolver404):
        resolve("/patients/P-0042/")
    assert ada.get("/patients/P-0042/").status_code == 404
    assert ada.get(patient("P-0042")).status_code == 200


def test_there_is_no_address_of_nobody():
    with pytest.raises(NoReverseMatch):
        reverse("patient")


def test_a_page_that_is_not_there_does_not_say_again_what_was_asked_for(ada, ben):
    for answer in (
        ada.get("/patients/Quillfeather/"),
        ada.get("/units/Quillfeather/"),
        ben.get("/patients/?q=Quillfeather"),
    ):
        assert answer.status_code in (403, 404)
        assert "Quillfeather" not in answer.content.decode()
