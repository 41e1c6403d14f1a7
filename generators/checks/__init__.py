"""IR -> faults: one module a family of checks, each with a tuple CHECKS of functions from a whole compilation to its faults. They
see the IR and PromQL only, so that what was not compiled here (a mixin, a file written by hand) is judged alike."""

from collections.abc import Iterator

from generators.checks import alerting, dashboard_links, dashboard_queries, dashboards, expressions, panel_queries, stack
from generators.fault import Fault
from generators.ir.compiled import Compiled

FAMILIES = (alerting, stack, dashboards, dashboard_links, dashboard_queries)


def check(compiled: Compiled) -> Iterator[Fault]:
    """Every fault that every check of every family finds."""
    for family in FAMILIES:
        for one in family.CHECKS:
            yield from one(compiled)
    facts = expressions.facts_of(compiled)
    yield from expressions.judged(facts)
    yield from panel_queries.of_dashboards(compiled, facts)
