"""Tests of generators/promql."""
