"""Unit tests of objectives, layer by layer: recordings from raw series, rates from recordings, tiers from rates, and the whole chain.
In: the Plan's Slos. Out: test files."""

from generators.proof.slos.files import slo_tests as slo_tests
