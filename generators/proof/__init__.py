"""Proof: tests of rules and routes, written from what people said (the Plan and the contract), never from what was compiled."""
