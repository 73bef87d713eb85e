"""Tests of change as they were planned: what is looked at, from when, and by which method, written down in advance."""
