"""Everything that the example needs, as processes of this machine. In: up, status or down. Out: real PostgreSQL and Redis, both services,
load; what runs and where; all of it stopped again."""
