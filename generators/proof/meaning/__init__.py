"""What an expression means, worked out a second time: input series in, the value of an expression at every step of a test out. It is
how a test of an alert knows, before any engine has run, when the alert must fire and what its text must say; every such expectation is
then held against the pinned promtool. Only the part of PromQL that specs use; what is missing raises `Unforeseen`."""
