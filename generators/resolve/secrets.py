"""Secrets that were written into the spec. In: every text of the spec. Out: a fault for each that looks like one: the spec is
committed and read by many, a secret belongs in a file of the secrets directory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.resolve.context import Context
from generators.spec.source import Place

_SHAPES = (
    (re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w+"), "a Slack webhook"),
    (re.compile(r"oapi\.dingtalk\.com/robot/send\?access_token=\w+"), "a DingTalk webhook"),
    (re.compile(r"\bSEC[0-9a-f]{40,}\b"), "a DingTalk signing secret"),
    (re.compile(r"\bxox[abposr]-[\w-]{10,}"), "a Slack token"),
    (re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"), "an AWS access key"),
    (re.compile(r"\bgh[pousr]_\w{30,}"), "a GitHub token"),
    (re.compile(r"\w+://[^\s/:@]+:[^\s/@]{3,}@"), "a password in an address"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{32}\b"), "a PagerDuty routing key"),
    (re.compile(r"(?i)\bbearer [\w.~+/-]{16,}"), "a bearer token"),
)


def check_secrets(context: Context) -> None:
    """Report every text that looks like a secret, without repeating it."""
    for place, text in _texts(context.source.value, ()):
        kind = kind_of_secret(text)
        if kind:
            fix = "Put it into a file of the secrets directory, revoke this one, and write the file's name here."
            context.fault(
                "secret", context.source.where(place), f"this looks like {kind}: a secret does not belong in the spec", fix
            )


def kind_of_secret(text: str) -> str:
    """What kind of secret a text looks like, "" for none."""
    return next((name for shape, name in _SHAPES if shape.search(text)), "")


def _texts(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(part, (*place, key))
