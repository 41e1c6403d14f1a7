"""Faults, switched on from outside, to see that they are noticed. In: FOOTBALL_DRILLS=1 and a request or a command. Out: something is
really slow, broken, used up or wrong, for a time. Neither service knows of this package: `football_drills.apps` puts it around them."""
