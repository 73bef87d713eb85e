"""What people decide about charts: phases, exclusions, notes, targets, rule sets and published limits."""
