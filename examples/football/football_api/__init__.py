"""The service football-api. In: requests of users over HTTP, results of matches, the league's calendar. Out: predictions, kept in
PostgreSQL, cached in Redis, made by football-models."""
