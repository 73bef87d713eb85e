"""How good the records of each feed are: numbers over time with charts of their own, drift, rules and alarms.

Nothing here is kept: every number is worked out from one generation of the lake, so that the same deliveries give the
same doubts. `days` counts, `charts` judges, `rules` says what cannot be, `drift` compares deliveries, `cadence` tells
when a feed has been silent for too long, and `found` puts them together.
"""
