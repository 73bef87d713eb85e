import pytest

from knitwork.draw.periods import full_name, period_of, short_name


@pytest.mark.parametrize(
    ("labels", "period"),
    [
        (["2025-11-01", "2025-12-01"], "month"),
        (["2025-11"], "month"),
        (["2025-11-03", "2025-11-10", "2025-11-24"], "week"),
        (["2025-11-03", "2025-11-04"], "day"),
        (["2025-11-03"], "day"),
        (["1", "2"], "point"),
        (["2025-13-01"], "point"),
        ([], "point"),
    ],
)
def test_the_period_is_seen_from_the_labels(labels, period):
    assert period_of(labels) == period


def test_names_can_be_translated():
    german = {"Oct": "Okt", "October": "Oktober", "the week of %(date)s": "die Woche vom %(date)s"}

    assert short_name("2026-10-01", "month", german.get) == "Okt 2026"
    assert full_name("2026-10-05", "week", german.get) == "die Woche vom 5 Oktober 2026"
