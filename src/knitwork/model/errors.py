"""Errors that are meant for people: one sentence, with a way out."""

from __future__ import annotations

from knitwork.model.quoting import LONGEST_SENTENCE, one_line


class CannotDo(Exception):
    """Say in one sentence what could not be done and what to do about it.

    The command line prints the sentence and ends with status 1; a page shows it.
    Nothing has been changed when it is raised. Whatever it quotes, it is shown on one line and is not endless.
    """

    def __init__(self, *told: object) -> None:
        """Keep the sentence."""
        super().__init__(*(one_line(one, LONGEST_SENTENCE) if isinstance(one, str) else one for one in told))


class Unreadable(CannotDo):
    """A file that cannot be taken in at all."""


class BadDefinition(CannotDo):
    """A measure, mapping or setting that does not say what it should, with line and column."""
