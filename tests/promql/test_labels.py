"""Which labels an expression keeps: our reckoning, and the same on a real Prometheus that watches itself."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from generators.promql import EXPERIMENTAL_FUNCTIONS, labels_of, parse
from tests.promql.engine import running_prometheus

ALL = frozenset({EXPERIMENTAL_FUNCTIONS})
HTTP = "prometheus_http_requests_total"
BUCKET = "prometheus_http_request_duration_seconds_bucket"
SELF_WATCHING = "scrape_configs: [{job_name: self, scrape_interval: 1s, static_configs: [{targets: [SELF]}]}]"
INFO = "prometheus_build_info"
# expression, labels its series have, labels they cannot have
CASES: list[tuple[str, str, str]] = [
    (HTTP, "__name__ code handler job instance", ""),
    (f'{HTTP}{{nosuch=""}}', "code", "nosuch"),
    (f"rate({HTTP}[10s])", "code handler", "__name__"),
    (f"last_over_time({HTTP}[10s])", "__name__ code", ""),
    (f"max_over_time({HTTP}[10s])", "code", "__name__"),
    (f"-{HTTP}", "code", "__name__"),
    (f"{HTTP} * 2", "code", "__name__"),
    (f"2 * {HTTP}", "code", "__name__"),
    (f"{HTTP} > 0", "__name__ code", ""),
    (f"0 < {HTTP}", "__name__ code", ""),
    (f"{HTTP} > bool 0", "code", "__name__"),
    (f"sum({HTTP})", "", "code handler __name__"),
    (f"sum by (code) ({HTTP})", "code", "handler job __name__"),
    (f"sum by (code, nosuch) (sum by (code) ({HTTP}))", "code", "nosuch"),
    (f"sum by (handler) (sum by (code) ({HTTP}))", "", "handler code"),
    (f"sum without (code) ({HTTP})", "handler job", "code __name__"),
    (f"topk(2, {HTTP})", "__name__ code handler", ""),
    (f'count_values("value", {HTTP})', "value", "code"),
    (f'count_values by (code) ("value", {HTTP})', "value code", "handler"),
    (f"quantile by (job) (0.5, {HTTP})", "job", "code"),
    (f"histogram_quantile(0.9, rate({BUCKET}[10s]))", "handler job", "le __name__"),
    (f"histogram_quantile(0.9, sum by (le) (rate({BUCKET}[10s])))", "", "le handler"),
    (f"histogram_quantile(scalar(up), {BUCKET})", "handler", "le"),
    (f'label_replace({HTTP}, "first", "$1", "handler", "/(.).*")', "first handler", ""),
    (f'label_join(sum by (code) ({HTTP}), "both", "-", "code", "code")', "both code", "handler"),
    ("vector(1)", "", "job __name__"),
    ("vector(scalar(up))", "", "job"),
    ('absent(nosuch{a="b",c=~"d",e!="f"})', "a", "c e __name__"),
    ('absent(nosuch{a="b",a="c"})', "", "a"),
    ('absent_over_time(nosuch{a="b"}[1m])', "a", "c"),
    ("absent(sum(nosuch))", "", "job"),
    (f"{HTTP} / {HTTP}", "code handler", "__name__"),
    (f"{HTTP} / ignoring (code) group_left () sum without (code) ({HTTP})", "code handler", "__name__"),
    (f"{HTTP} * on (job) group_left (version) {INFO}", "code version", "__name__"),
    (f"sum by (job) ({HTTP}) * on (job) group_right () {INFO}", "job version", "__name__"),
    (f"sum by (job, code) ({HTTP}) * on (job) group_left (nosuch) max by (job) ({INFO})", "job code", "nosuch"),
    (f"topk(1, sum by (job, code) ({HTTP})) * on (job) group_left (code) max by (job) ({INFO})", "job", "code"),
    (f'histogram_quantiles({BUCKET}, "q", 0.5)', "q handler", "le __name__"),
    (f"sum by (job, instance) ({HTTP}) / on (job) max by (job) (up)", "job", "instance"),
    (f"sum by (job, instance) ({HTTP}) > on (job) max by (job) (up - 1)", "job", "instance"),
    (f"sum by (job, instance) ({HTTP}) / ignoring (instance) max by (job) (up)", "job", "instance"),
    (f"{HTTP} and on (job) up", "__name__ code", ""),
    (f"sum by (code) ({HTTP}) unless on (code) vector(1)", "code", "job"),
    (f"sum by (code) ({HTTP}) or sum by (handler) ({HTTP})", "code handler", "job"),
    (f"{HTTP} or vector(1)", "code __name__", ""),
    (f"sum({HTTP}) or vector(0)", "", "code"),
    (f"(sum by (code) ({HTTP}))", "code", "job"),
    (f"max_over_time(sum by (code) ({HTTP})[10s:1s])", "code", "job"),
    (f"avg_over_time({HTTP}[10s:1s])", "code", "__name__"),
    (f"clamp_min({HTTP}, 0)", "code", "__name__"),
    (f"sort_desc({HTTP})", "code", ""),
    (f"timestamp({HTTP})", "code", "__name__"),
    (f"quantile_over_time(0.5, {HTTP}[10s])", "code", "__name__"),
    (f"1 + sum by (code) ({HTTP}) * 2 > 0", "code", "job"),
]


@pytest.mark.parametrize(("expr", "has", "lacks"), CASES, ids=[case[0] for case in CASES])
def test_labels_kept(expr: str, has: str, lacks: str) -> None:
    labels = labels_of(parse(expr, ALL))
    assert [name for name in has.split() if not labels.may_have(name)] == []
    assert [name for name in lacks.split() if labels.may_have(name)] == []


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("watching-itself")
    with running_prometheus(folder, SELF_WATCHING) as at:
        for _ in range(300):
            if series(at, f"rate({HTTP}[10s])") and series(at, f"rate({BUCKET}[10s])"):
                break
            time.sleep(0.1)
        yield at


def series(address: str, expr: str) -> list[dict[str, str]]:
    url = f"http://{address}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return [each["metric"] for each in json.load(answer)["data"]["result"]]


@pytest.mark.engine
def test_prometheus_keeps_the_same_labels(address: str) -> None:
    wrong = []
    for expr, has, lacks in CASES:
        labels, found = labels_of(parse(expr, ALL)), series(address, expr)
        seen = {name for each in found for name in each}
        if "unless" not in expr and not found:
            wrong.append((expr, "no series"))
        if any(not labels.may_have(name) for name in seen) or (found and {*has.split()} - seen) or {*lacks.split()} & seen:
            wrong.append((expr, f"has {sorted(seen)}"))
    assert wrong == []
