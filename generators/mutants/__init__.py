"""Mutants: rules and Alertmanager configurations with one mistake each, to measure whether tests would notice. In: IR. Out: the
same IR with a mistake in it. It sees ir, promql and fault only, so that any rules can be mutated, not only ours."""

from generators.mutants.mutant import Operator, Place, RoutingMutant, RuleMutant
from generators.mutants.operators import OPERATORS, routing_mutants, rule_mutants

__all__ = ["OPERATORS", "Operator", "Place", "RoutingMutant", "RuleMutant", "routing_mutants", "rule_mutants"]
