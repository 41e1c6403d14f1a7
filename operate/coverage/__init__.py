"""How much of what was declared is really seen, on the stack that runs. In: a Plan and the engines' addresses. Out: figures with every
gap, and the selectors that nothing matches. What each figure counts is in docs/guides/coverage.md."""
