"""Measures Knitwork's speed and memory beside yardsticks, in one run."""
