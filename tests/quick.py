"""Which cases of a parametrized test are quick ones; `.ci/run` runs them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(number: int, cases: Iterable[Any]) -> list[Any]:
    """Return all cases, of which those after the first `number` are marked slow."""
    return [case if at < number else pytest.param(case, marks=pytest.mark.slow) for at, case in enumerate(cases)]
