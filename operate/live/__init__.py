"""What is running, asked over each engine's own API. In: an address and what a release says. Out: differences in words."""
