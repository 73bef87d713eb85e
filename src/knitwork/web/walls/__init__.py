"""Walls: what a unit shows on a screen, arranged by its lead and kept up to date by events."""
