"""The intermediate representation: what the tools understand, and no policy. Frozen dataclasses; each node that a person's
words led to carries its `Where`. Imports the standard library and `fault` only."""
