"""The pages that are read: the system, units, measures, hand-offs, journeys, feeds."""
