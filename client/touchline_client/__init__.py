"""Touchline's client (the place of core's; dropped at the merge)."""
