"""Assertions in the shared module explain themselves as those in tests do."""

import pytest

pytest.register_assert_rewrite("tests.home.homes")
