"""Riverbend Health: an invented health system whose truths are known.

It writes what a real one would deliver: extracts of who was where, from when to when. The
wall has to find in the rows what `truths` says was put there, and stay silent elsewhere.
"""

from knitwork.demo.flat import write_flat
from knitwork.demo.riverbend import Extracts, write_extracts

__all__ = ["Extracts", "write_extracts", "write_flat"]
