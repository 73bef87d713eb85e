"""The connection that everything else borrows."""

from __future__ import annotations

import pyarrow as pa
import pytest

from knitwork.lake.engine import EngineError, connect


def test_a_name_that_is_no_table_is_never_taken_for_a_variable_of_the_program():
    stays = pa.table({"unit": ["ED"]})

    with connect() as con, pytest.raises(EngineError, match="stays does not exist"):
        con.execute("FROM stays")

    assert stays.num_rows == 1
