"""Holds Knitwork's numbers against those of the established tools, case by case."""
