"""The language in which measures are written: a closed grammar with its own tree, never `eval`."""

from knitwork.measures.language.check import check
from knitwork.measures.language.parse import parse
from knitwork.measures.language.tokens import Place

__all__ = ["Place", "check", "parse"]
