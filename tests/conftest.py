"""What every test shares: where the real data is, and a fixed cast of people."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A machine that does other work beside the tests makes any deadline fail now and then.
# By hand a quarter of the usual examples is tried, in CI all of them.
settings.register_profile("unhurried", deadline=None, max_examples=100 if os.environ.get("CI") else 25)
settings.load_profile("unhurried")

# Commands that tests start write no bytecode: under a file size limit Python would leave half a file,
# which every later command would then read.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

# Assertions in shared modules explain themselves as those in tests do.
pytest.register_assert_rewrite("tests.home.homes")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and expected results that lies beside the project."""
    if not SHARED.is_dir():
        if os.environ.get("KNITWORK_REQUIRE_SHARED") == "1":
            pytest.fail(f"the real data is required here and {SHARED} does not exist")
        pytest.skip("real data: the folder shared/ does not lie beside the project")
    return SHARED
