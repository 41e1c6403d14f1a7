"""Touchline's compiler: one spec in, every file of the monitoring out. Pure: it reads the spec and nothing else."""
