"""Secrets that anybody who reads the repository can use. In: a repository's settings. Out: faults of tokens, webhook addresses and
passwords written out, of passwords that everybody knows, and of receivers that lead to a place-holder. No fault repeats a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from generators.fault import Fault
from generators.ir.found import Repository, Setting

Check = Callable[[Repository], Iterable[Fault]]

# fmt: off
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple((what, re.compile(pattern)) for what, pattern in (
    ("a Slack webhook address", r"https://hooks\.slack\.com/(?:services|workflows)/(T\w{6,}/[AB]\w{6,}/\w{16,})"),
    ("a Discord webhook address", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/(\d{15,20}/[\w-]{50,})"),
    ("a Teams webhook address", r"https://[\w.-]+\.webhook\.office\.com/webhookb2/([0-9a-f-]{36}@\S{40,})"),
    ("a DingTalk robot's address", r"oapi\.dingtalk\.com/robot/send\?access_token=([0-9a-f]{40,})"),
    ("a WeCom robot's address", r"qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([0-9a-f-]{36})"),
    ("a Telegram bot's token", r"\b(\d{8,10}:[A-Za-z0-9_-]{35})\b"),
    ("a GitHub token", r"\b(gh[pousr]_[A-Za-z0-9]{36})\b"),
    ("a Slack token", r"\b(xox[abprs]-[\w-]{20,})"),
    ("an AWS key", r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    ("a Google key", r"\b(AIza[\w-]{35})\b"),
    ("a SendGrid key", r"\b(SG\.[\w-]{20,}\.[\w-]{20,})"),
    ("a private key", r"-----BEGIN (?:\w+ )*PRIVATE KEY-----\s*(\S{20,})"),
))
# fmt: on

_SECRET_KEY = re.compile(
    r"(?:^|_|\b)(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|apikey|private_?key|secret_?key|access_?key|service_key|routing_key"
    r"|user_key|signing_key|encryption_key|bearer_token|credentials|dsn|api_secret|client_secret|bot_token|integration_key)$",
    re.IGNORECASE,
)
_NO_SECRET_KEY = re.compile(
    r"(_file|_path|_url|_name|_ttl|_expiry|_expire\w*|_type|_length|allow_empty_password|random_\w+_password)$", re.IGNORECASE
)
_IN_ADDRESS = re.compile(r"\b\w[\w+.-]*://[^\s:/@]*:([^\s@/]+)@")
_IN_COMMAND = re.compile(r"--?(?:requirepass|password|pass|token|api-key|secret)[= ](\S+)|--requirepass\s+(\S+)")
_VARIABLE = re.compile(r"\$\{\w+(?::?([-+?])([^{}]*))?\}|\$\(?\w+\)?|\{\{.*?\}\}|\{%.*?%\}|<[^<>]*>|%\(?\w+\)?[s%]")
_PLACEHOLDER = re.compile(
    r"^(?:x{2,}|\*+|\.{3,}|-+|0{4,}|todo|fixme|none|null|nil|true|false|yes|no|on|off|\d{1,6}|dummy|redacted|placeholder)$"
    r"|x{6,}|\byour\b|your[-_]|_here\b|-here\b"
    r"|change[-_ ]?(?:me|this|it|in)|replace|insert|example|placeholder|redacted|to_?be_|dummy|fake",
    re.IGNORECASE,
)
# fmt: off
_KNOWN = frozenset({
    "admin", "password", "passwd", "pass", "root", "secret", "test", "testing", "postgres", "mysql", "redis", "guest",
    "user", "default", "grafana", "prometheus", "foobar", "foo", "bar", "demo", "dev", "development", "local", "letmein",
    "qwerty", "welcome", "minio", "minioadmin", "rabbitmq", "rabbit", "mongo", "mongodb", "example", "changeme", "sa", "db",
    "app", "secure", "prom-operator", "elastic", "admin123", "password123", "postgres123", "pass123", "test123", "123456",
    "12345678", "1234", "12345",
})
# fmt: on
_RECEIVER_KEYS = frozenset(
    {"api_url", "slack_api_url", "webhook_url", "routing_key", "service_key", "bot_token", "api_key", "url"}
)
_TEST = re.compile(r"(^|/)(tests?|testing|testdata|e2e|ci|fixtures|examples?)/|test[\w.-]*\.ya?ml$", re.IGNORECASE)
_FIX = "Take it out, replace it where it is valid, and read it from a file or a variable."


def secrets(repository: Repository) -> Iterator[Fault]:
    """What each setting gives away, once a file however often it is written there."""
    told: set[tuple[str, str, str]] = set()
    for setting in repository.settings:
        place = (setting.value.where.file, setting.key, setting.value.text)
        if place not in told:
            told.add(place)
            yield from _judged(setting)


def _judged(setting: Setting) -> Iterator[Fault]:
    text, where = setting.value.text, setting.value.where
    for what, shape in _SHAPES:
        match = shape.search(text)
        if match and not _is_placeholder(match[1]):
            yield Fault("secret-leaked", where, f"`{setting.key}` holds {what} in plain text", _FIX)
            return
    if setting.kind == "alertmanager" and setting.key in _RECEIVER_KEYS and _leads_nowhere(text):
        what = f"`{setting.key}` is a place-holder: what is sent there arrives nowhere"
        yield Fault("receiver-placeholder", where, what, "Give it a real value from a file, or take the receiver out.", "warning")
        return
    for given in _passwords(setting):
        yield from _password(setting, given)


def _passwords(setting: Setting) -> Iterator[str]:
    """The texts of a setting that are passwords."""
    text = setting.value.text
    if setting.key == "command":
        yield from (first or second for first, second in _IN_COMMAND.findall(text))
    yield from _IN_ADDRESS.findall(_VARIABLE.sub(_default, text))
    if _SECRET_KEY.search(setting.key) and not _NO_SECRET_KEY.search(setting.key) and "://" not in text:
        yield text


def _default(match: re.Match[str]) -> str:
    return f"{match[2]}" if match[1] == "-" and match[2] else "$"


def _password(setting: Setting, given: str) -> Iterator[Fault]:
    where, key = setting.value.where, setting.key
    plain = _VARIABLE.sub(_default, given)
    if not plain or "$" in plain or plain.startswith("/") or plain.isspace():
        return
    word = plain.strip().lower()
    if given != plain and not _is_placeholder(plain):
        what = (
            f"`{key}` has a password as its default, which everybody knows who reads this: it runs with it unless another is set"
        )
        yield Fault("default-password", where, what, "Let it have no default, and read it from a file or a variable.", "warning")
    elif word in _KNOWN:
        what = f"`{key}` is a password that everybody knows"
        yield Fault("default-password", where, what, "Let it have no default, and read it from a file or a variable.", "warning")
    elif _is_placeholder(plain):
        if word.replace("_", "").replace("-", "").startswith("change") and setting.kind == "compose":
            what = f"`{key}` is a place-holder that works: whoever does not change it runs with it"
            yield Fault(
                "default-password", where, what, "Let it have no default, and read it from a file or a variable.", "warning"
            )
    elif len(plain) >= 4:
        what = f"`{key}` holds a password or token in plain text"
        # What tests start, and throw away, may well have a password of its own.
        yield Fault("secret-leaked", where, what, _FIX, "warning" if _TEST.search(where.file) else "error")


def _is_placeholder(text: str) -> bool:
    plain = text.strip()
    return bool(_PLACEHOLDER.search(plain)) or len(set(plain.replace("/", ""))) <= 3


def _leads_nowhere(text: str) -> bool:
    """Whether a receiver's address or key is one that nobody meant to keep."""
    if not text or "$" in text or "{{" in text:
        return False
    named = re.search(r"hooks\.slack\.com/services/(.*)|^(<.*>)$", text)
    return bool(named and (_is_placeholder(named[1] or "") or "<" in text or not (named[1] or "").strip("/"))) or bool(
        re.search(r"\byour[-_ ]|x{6,}|<[^>]*>", text, re.IGNORECASE)
    )


CHECKS: tuple[Check, ...] = (secrets,)
"""Each from a repository to faults."""
