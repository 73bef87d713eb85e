"""What a notebook shows."""

from __future__ import annotations

import knitwork


def test_an_evaluation_shows_its_sentence_its_chart_and_its_values_in_a_notebook():
    evaluation = knitwork.evaluate(
        knitwork.Series(values=[4, 5, 6, 5, 4, 6, 5, 7, 5, 4, 6, 5, 4]), knitwork.Spec(chart="xmr")
    )

    shown = evaluation._repr_html_()

    assert "<svg" in shown and "<table" in shown and "13 points" in shown


def test_an_empty_home_shows_its_name_in_a_notebook(tmp_path):
    assert "generation 0" in knitwork.open_home(tmp_path / "home")._repr_html_()
