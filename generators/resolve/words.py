"""The words of an alert. In: a text as people wrote it, and the alert's own numbers. Out: the text with `{bound}` and `{for}` filled
in, so that a number is said once; or what is wrong with its templates, before Prometheus would refuse them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from generators.plan import Alert, RunbookWords, Text

PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
PLACEHOLDERS = ("bound", "for")

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_WORD = re.compile(r"(?<![\w.$])[A-Za-z]\w*")

_PROMETHEUS = """query first label value strvalue args reReplaceAll safeHtml match title toUpper toLower graphLink tableLink sortByLabel
stripPort stripDomain humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime toDuration now pathPrefix
externalURL parseDuration urlQueryEscape tmpl"""
"""https://prometheus.io/docs/prometheus/latest/configuration/template_reference/"""

_GO = """and call html index slice js len not or print printf println urlquery eq ne lt le gt ge
if else end range with define template block break continue true false nil"""
"""https://pkg.go.dev/text/template#hdr-Functions, and its keywords."""

FUNCTIONS = frozenset(f"{_PROMETHEUS} {_GO}".split())

_TIMES = ((86400, {"en": "d", "zh-CN": "天"}), (3600, {"en": "h", "zh-CN": "小时"}), (60, {"en": "min", "zh-CN": "分钟"}))
_SECONDS = {"en": "s", "zh-CN": "秒"}
_RATES = {"en": "{} per second", "zh-CN": "每秒 {}"}


def template_faults(text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a text's templates and placeholders, each with how to mend it."""
    rest = _ACTION.sub("", text)
    if "{{" in rest or "}}" in rest:
        yield "has a template that does not end, or ends twice", "Write {{ $value | humanize }}, with two braces on both sides."
        return
    for action in _ACTION.findall(text):
        for word in _WORD.findall(_STRING.sub("", action)):
            if word not in FUNCTIONS:
                yield f"calls '{word}', which Prometheus's templates do not know", _nearest(word)
    for name in PLACEHOLDER.findall(rest):
        if name not in PLACEHOLDERS:
            yield (
                f"has the placeholder '{{{name}}}'",
                f"There are {{{'} and {'.join(PLACEHOLDERS)}}}; labels are {{{{ $labels.x }}}}.",
            )


def _nearest(word: str) -> str:
    shared = {name: len([1 for a, b in zip(name, word, strict=False) if a == b]) for name in FUNCTIONS}
    best = max(sorted(shared), key=lambda name: shared[name])
    return f"Did you mean '{best}'?"


def named(text: str) -> frozenset[str]:
    """The placeholders of a text."""
    return frozenset(PLACEHOLDER.findall(_ACTION.sub("", text)))


def filled(alert: Alert) -> Alert:
    """The alert with its numbers in its words."""
    runbook = alert.runbook
    return replace(
        alert,
        summary=_each(alert, alert.summary),
        description=_each(alert, alert.description),
        runbook=RunbookWords(
            _each(alert, runbook.meaning),
            _each(alert, runbook.impact),
            tuple((query, _each(alert, meaning)) for query, meaning in runbook.steps),
            tuple(_each(alert, cause) for cause in runbook.causes),
        ),
    )


def _each(alert: Alert, text: Text) -> Text:
    return {locale: _filled(alert, one, locale) if "{" in one else one for locale, one in text.items()}


def _filled(alert: Alert, text: str, locale: str) -> str:
    said: Mapping[str, str] = {
        "bound": "" if alert.bound is None else measured(alert.bound, alert.unit, locale),
        "for": measured(Decimal(alert.hold), "seconds", locale),
    }
    return PLACEHOLDER.sub(lambda match: said[match[1]], text)


def measured(value: Decimal, unit: str, locale: str) -> str:
    """A number with its unit as people say it: 2 s, 5 min, 85%."""
    if unit == "milliseconds":
        return measured(value / 1000, "seconds", locale)
    if unit == "ratio":
        return f"{_plain(value * 100)}%"
    if unit == "per second":
        return _RATES.get(locale, _RATES["en"]).format(_plain(value))
    if unit != "seconds":
        return _plain(value)
    for length, words in _TIMES:
        if value >= length and value % length == 0:
            return f"{_plain(value / length)} {words.get(locale, words['en'])}"
    return f"{_plain(value)} {_SECONDS.get(locale, _SECONDS['en'])}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
