"""Parquet: a table of stays, events or links under any usual names, read by the rules of tables of text."""
