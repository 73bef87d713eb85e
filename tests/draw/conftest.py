"""Pictures are drawn in English here, whatever the pages whose tests run in the same process have asked for."""

import pytest

from knitwork.draw import labels


@pytest.fixture(autouse=True)
def _in_english(monkeypatch):
    monkeypatch.setattr(labels, "_asked", [lambda: labels.ENGLISH])
