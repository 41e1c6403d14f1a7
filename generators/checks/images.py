"""Images that change by themselves. In: a repository. Out: a fault for each service whose image has no tag, or a tag that moves; an
image that the compose file builds is its own affair, and one whose tag is a variable is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from generators.checks.container_paths import services
from generators.fault import Fault
from generators.ir.found import Repository

Check = Callable[[Repository], Iterable[Fault]]

MOVING = frozenset({"latest", "main", "master", "edge", "nightly", "stable", "dev", "develop", "beta", "canary", "snapshot"})
_VARIABLE = re.compile(r"\$\{\w+(?::?([-+?])([^{}]*))?\}|\$\w+")


def floating(repository: Repository) -> Iterator[Fault]:
    """Every image is a release."""
    for service in services(repository):
        if service.image is None or service.builds:
            continue
        image = _VARIABLE.sub(lambda match: match[2] if match[1] == "-" else "\0", service.image.text)
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@" in image or "\0" in image or (tag and tag not in MOVING):
            continue
        how = f"floats on :{tag}" if tag else "has no tag, which means :latest"
        what = f"the image {service.image.text} of '{service.name}' {how}: what runs changes by itself"
        yield Fault("image-floating", service.image.where, what, "Name a release (repository:X.Y.Z) or a digest.", "warning")


CHECKS: tuple[Check, ...] = (floating,)
"""Each from a repository to faults."""
