"""The same numbers again, row by row in plain Python: slow, and there to be compared with.

Written from the definitions and not from the SQL, so that an error in one is not an error
in the other. Nothing in production calls it.
"""

from knitwork.measures.reference.derive import Derived, Row, Settings, derive

__all__ = ["Derived", "Row", "Settings", "derive"]
