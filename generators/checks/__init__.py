"""IR -> faults: one module a family of checks, each with a tuple CHECKS of functions from a whole compilation to its faults. They
see the IR and PromQL only, so that what was not compiled here (a mixin, a file written by hand) is judged alike."""
