"""Stays become visits, journeys and hand-offs."""
