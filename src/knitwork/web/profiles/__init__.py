"""How feeds are read: every version of a profile, who made it and why."""
