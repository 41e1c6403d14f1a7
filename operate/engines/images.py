"""The images that the `compose` engine runs. In: a stack, and the components that may be left out where their image cannot be had.
Out: every other image in the Docker engine, pulled or built; and a record, beside the releases, of what was left out and why."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from generators.ir.stack import Component, Stack
from operate.engines import EngineError, Say

QUICK, PULL = 30, 600  # seconds: a question to the engine; an image of some 300 MB on a slow line


def docker(arguments: Sequence[str], limit: int = QUICK) -> subprocess.CompletedProcess[str]:
    """One call of the docker command line, whatever its exit code."""
    try:
        return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=limit, check=False)
    except FileNotFoundError as failed:
        raise EngineError("", "no `docker` command", "Install a Docker engine, or deploy with the local engine.") from failed
    except subprocess.TimeoutExpired as late:
        raise EngineError("", f"`docker {arguments[0]}` did not end in {limit} s") from late


def last_line(text: str) -> str:
    """The line of an error output that says why."""
    return (text.strip().splitlines() or ["no reason given"])[-1]


class Images:
    """The images of one state directory. `record` keeps what the last deployment did without: later questions are answered by
    it, not by another try to pull."""

    def __init__(self, record: Path, may_be_absent: frozenset[str]) -> None:
        self.record = record
        self.may_be_absent = may_be_absent
        self._found: set[str] = set()
        self._refused: dict[str, str] = {}

    def why_not(self, component: Component) -> str:
        """Why a component is left out; "" when it is not."""
        if self._has(component.image):
            return ""
        if component.name not in self.may_be_absent:
            return self._recorded().get(component.name, "")
        if component.image not in self._refused:
            self._refused[component.image] = self._recorded().get(component.name) or self._pull(component.image)
        return self._refused[component.image]

    def obtain(self, stack: Stack, build: Callable[[Component], None], say: Say) -> None:
        """Pull or build what is not here, and name everything that cannot be had in one error."""
        self.record.unlink(missing_ok=True)
        needed = {component.image: component for component in stack.components}
        for image, component in needed.items():
            if self._has(image) or self._refused.get(image):
                continue
            say(f"{'building' if component.build_dockerfile else 'pulling'} {image}")
            if component.build_dockerfile:
                build(component)
            elif why := self._pull(image):
                self._refused[image] = why
        refused = [self._refused[c.image] for c in stack.components if c.image in self._refused and self._is_needed(c)]
        if refused:
            fix = "Check the network and the registry, or load the images with `docker load`."
            raise EngineError("", "; ".join(dict.fromkeys(refused)), fix)
        left_out = {c.name: why for c in stack.components if (why := self.why_not(c))}
        self.record.write_text(json.dumps(left_out), encoding="utf-8")

    def _is_needed(self, component: Component) -> bool:
        return component.name not in self.may_be_absent and not self._has(component.image)

    def _has(self, image: str) -> bool:
        if image not in self._found and docker(["image", "inspect", image]).returncode == 0:
            self._found.add(image)
        return image in self._found

    def _pull(self, image: str) -> str:
        """Pull an image; why it could not be had, or ""."""
        answer = docker(["pull", "--quiet", image], PULL)
        return "" if answer.returncode == 0 else f"its image {image} cannot be pulled: {last_line(answer.stderr)}"

    def _recorded(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.record.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}
