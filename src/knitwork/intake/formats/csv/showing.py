"""What of a row may stand in the sentence on why it was set aside.

A row with a cell too many has a patient's number or name where its start should be. So a cell is shown as it stands only
where it is written like a time, or is one word in small letters (soon, unknown); of any other, what it is made of is shown:
letters as A or a, digits as 9, as in Aaa-99. That still tells how a time was written, and nobody from another.
"""

from __future__ import annotations

from collections.abc import Sequence

# One date, day first or year first, or eight digits that begin with a century; then perhaps a time of day and an offset.
_TIME = (
    r"([0-9]{1,4}([-/.][0-9]{1,2}){2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|(19|20)[0-9]{6}([0-9]{4}([0-9]{2})?)?)"
    r"([T ]+[0-9]{1,2}([:.][0-9]{1,9}){0,3} ?([AaPp][Mm])?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_WORD = "[a-z]{1,12}"
# Digits, capitals, other letters, and last whatever is none of these and no sign of ASCII either, blanks and line ends too.
_MADE_OF = ((r"\p{Nd}", "9"), (r"\p{Lu}", "A"), (r"[\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{M}]", "a"), ("[^!-~]+", " "))
_LONGEST = 40


def shown(cell: str) -> str:
    """Return the SQL of a cell as it may be shown; '(empty)' where nothing stands in it.

    The SQL is slow: only for the rows that are set aside.
    """
    cut = f"left({cell}, {_LONGEST})"
    made_of = cut
    for signs, sign in _MADE_OF:
        made_of = f"regexp_replace({made_of}, '{signs}', '{sign}', 'g')"
    plain = f"length({cell}) <= {_LONGEST} AND regexp_full_match({cell}, '{_TIME}|{_WORD}')"
    return f"coalesce(CASE WHEN {plain} THEN {cell} ELSE {made_of} END, '(empty)')"


def looks_like_names(cells: Sequence[str]) -> bool:
    """Say whether a line can be one of names of columns, and be shown: none of its cells is a date, a number or the like.

    >>> looks_like_names(["opname nr", "afdeling_2", "van"]), looks_like_names(["4711-88", "Ward 7", "2024-03-01"])
    (True, False)
    """
    return all(
        len(cell) <= _LONGEST
        and cell.isprintable()
        and sum(sign.isdigit() for sign in cell) <= 2
        and (not cell.strip() or cell.strip()[0].isalpha() or cell.strip()[0] == "_")
        for cell in cells
    )
