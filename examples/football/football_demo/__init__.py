"""The whole thing, started by one command. In: a clone, and PostgreSQL, Redis and their exporters installed, or a Docker engine. Out: real
databases, both services, users and the stack that watches them; a table of where to look; faults, to prove that they are noticed; all of
it stopped again."""
