"""What the tests of homes share as fixtures."""

import pytest


@pytest.fixture
def buckets(monkeypatch):
    """Force the number of buckets of homes made from now on."""

    def force(number: int) -> None:
        monkeypatch.setattr("knitwork.home.load.how_many", lambda stays: number)

    return force
