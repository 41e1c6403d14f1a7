"""The two ways in which a verb fails with one message. In: nothing. Out: `UserFault`, for what whoever called must mend, and
`EnvironmentFault`, for what the environment refused. Whatever a room raises is one of them, so that the command line need not know
the rooms, and loads none that a call does not need."""

from __future__ import annotations

from generators.fault import Fault


class UserFault(Exception):  # noqa: N818 - the house's word is fault
    """Something the user must mend; `faults` when the spec is at fault. Exit code 1."""

    def __init__(self, what: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(what)
        self.faults = faults


class EnvironmentFault(Exception):  # noqa: N818 - the house's word is fault
    """Something that is not there, does not answer or refuses. Exit code 2."""

    @property
    def told(self) -> str:
        """The whole message, with what mends it."""
        return str(self)
