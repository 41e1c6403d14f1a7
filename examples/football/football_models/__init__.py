"""The service football-models. In: results of the league, at its start. Out: three fitted models behind a small HTTP interface, and,
told of settled matches, how often each of them is right."""
