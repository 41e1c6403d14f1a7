"""Everything that the example needs, as processes of this machine. In: up, status, down; stop and start of one. Out: real PostgreSQL and
Redis, both services, load; what runs and where; all of it stopped again."""
