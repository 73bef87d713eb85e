"""Knitwork: journeys, hand-offs and honest signals from the records a health system already keeps."""

__version__ = "0.1.0"
