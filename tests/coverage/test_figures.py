"""Coverage on a real Prometheus and a real Jaeger: all is covered; then one instrument, alert, panel or span is taken away, and the right
figure falls, with the gap told at its place, and only that one. What is taken away comes back before the next test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generators.plan import Excluded, Operation
from operate.coverage.figure import Area, Figure
from operate.coverage.ground import Ground
from operate.coverage.measure import FIGURES, measure
from tests.coverage.exporter import Says, all_of
from tests.coverage.spans import CLIENT, INTERNAL, NOBODY, SERVER, Span
from tests.coverage.world import World, await_answer, world

pytestmark = pytest.mark.engine
SPEC = Path(__file__).parent / "kiosk.yaml"
TEAS = {"method": "GET", "endpoint": "/teas/{id}"}
OF_TEAS = 'service="kiosk", method="GET", endpoint="/teas/{id}"'
PAY, PAID = Span("till", "POST /payments"), Span("till", "INSERT payments", 0, CLIENT, "postgresql")


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which everything is covered."""
    with world(SPEC, tmp_path_factory.mktemp("kiosk")) as found:
        call = Span("kiosk", "POST", 0, CLIENT)
        found.send(Span("kiosk", "POST /cups"), call, replace(PAY, above=1), replace(PAID, above=2))
        found.send(PAY, PAID)
        found.send(Span("kiosk", "GET /teas/{id}"), Span("kiosk", "SELECT teas", 0, CLIENT, "postgresql"))
        found.send(Span("kiosk", "GET /opening-hours"))
        await_answer(found.ground.prometheus, "count(slo:sli_total:rate) == 2")
        await_answer(found.ground.prometheus, "slo:error_budget_remaining:ratio")
        yield found


def figures(ground: Ground) -> dict[Area, Figure]:
    return {one.area: one for one in measure(replace(ground), FIGURES)}  # a ground remembers what it was told


def fell(ground: Ground) -> dict[Area, list[str]]:
    """The gaps of every figure that is not 100 %, as they are told."""
    found = {area: one for area, one in figures(ground).items() if one.ratio != 1}
    return {area: [f"{gap.where}: {gap.what}. {gap.fix}" for gap in one.gaps] for area, one in found.items()}


def only(found: dict[Area, list[str]], area: Area, *words: str) -> bool:
    """Whether that figure alone fell, by one gap that says these words."""
    return list(found) == [area] and len(found[area]) == 1 and all(word in found[area][0] for word in words)


def test_everything_is_covered(kiosk: World) -> None:
    assert fell(kiosk.ground) == {}
    found = figures(kiosk.ground)
    assert all(one.reached and one.items for one in found.values())
    assert {one.reason for figure in found.values() for one in figure.left_out} <= {"fault", "history"}
    assert len(found["api"].items) == len(found["traces"].items) == 4
    assert len(found["business"].items) == 5
    assert len(found["dashboards"].items) > 50


def errors(metric: str, labels: object) -> bool:
    """Every series of errors of one operation."""
    assert isinstance(labels, dict)
    mine = TEAS.items() <= labels.items()
    return mine and (metric == "http_errors_total" or labels.get("status", "").startswith("5"))


@pytest.mark.parametrize(
    ("gone", "selector", "words"),
    [
        (all_of("http_requests_total", **TEAS), f"http_requests_total{{{OF_TEAS}}}", "its calls are not counted"),
        (all_of("http_request_duration_seconds", **TEAS), f"http_request_duration_seconds_count{{{OF_TEAS}}}", "its time is not"),
        (
            errors,
            f'{{__name__=~"http_errors_total|http_requests_total", {OF_TEAS}, status!~"[234].."}}',
            "its errors have no series",
        ),
    ],
    ids=["rate", "latency", "errors"],
)
def test_an_operation_that_loses_an_instrument_lowers_the_api(kiosk: World, gone: Says, selector: str, words: str) -> None:
    with kiosk.where("kiosk", selector, gone=gone):
        found = fell(kiosk.ground)
    assert only({area: gaps[:1] for area, gaps in found.items()}, "api", "kiosk.yaml:13:18: GET /teas/{id} of kiosk", words), (
        found
    )


def test_an_operation_that_was_never_called_is_not_covered(kiosk: World) -> None:
    selector = f"http_requests_total{{{OF_TEAS}}}"
    with kiosk.where("kiosk", selector, still=all_of("http_requests_total", **TEAS)):
        assert only(fell(kiosk.ground), "api", "GET /teas/{id} of kiosk", "http_requests_total has no call of it within 900 s")


def excluding(ground: Ground, method: str, route: str, because: str) -> Ground:
    """The first service need not watch this operation: one in twenty may be, and the kiosk has four."""
    first, *rest = ground.plan.services
    without = replace(first, excluded=(Excluded(Operation(method, route), because),))
    return replace(ground, plan=replace(ground.plan, services=(without, *rest)))


def test_an_operation_that_only_the_application_knows_is_counted(kiosk: World) -> None:
    serves = [*kiosk.exporters["kiosk"].serves, ("GET", "/menu")]
    unseen: Says = lambda metric, labels: labels.get("endpoint") == "/menu"  # noqa: E731 - said of one test
    with kiosk.where("kiosk", "up", serves=serves, gone=unseen):
        found = figures(kiosk.ground)["api"]
        left = figures(excluding(kiosk.ground, "GET", "/menu", "printed on paper"))["api"]
    assert (found.covered, len(found.items)) == (4, 5)
    assert {gap.what.partition(":")[0] for gap in found.gaps} == {"GET /menu of kiosk"}
    assert (left.covered, len(left.items)) == (4, 4)
    assert [(one.name, one.reason, one.because) for one in left.left_out] == [
        ("GET /menu of kiosk", "excluded", "printed on paper")
    ]


def test_a_parameter_of_another_name_is_told(kiosk: World) -> None:
    serves = [("GET", "/teas/{tea}"), *kiosk.exporters["kiosk"].serves[1:]]
    with kiosk.where("kiosk", "up", serves=serves):
        found = fell(kiosk.ground)["api"]
    assert any(
        "GET /teas/{id} of kiosk: the application has no such operation. It calls it 'GET /teas/{tea}'" in gap for gap in found
    )


def test_what_cannot_be_asked_is_not_covered(kiosk: World) -> None:
    silent = replace(kiosk.ground, applications={**kiosk.ground.applications, "kiosk": ("127.0.0.1:1",)})
    found = figures(silent)["api"]
    assert (found.covered, len(found.items)) == (1, 4)
    assert all("its table of routes cannot be read" in gap.what and "refused" in gap.what for gap in found.gaps)


@pytest.mark.parametrize(
    ("field", "metric", "selector", "words"),
    [
        ("gone", "queue_length", "queue_length", "queue_length from kiosk has no value"),
        ("empty", "queue_length", "queue_length", "queue_length from kiosk has no value"),
        ("still", "cups_total", "cups_total", "cups_total from kiosk was never counted"),
    ],
)
def test_a_business_metric_that_does_not_live_lowers_business(
    kiosk: World, field: str, metric: str, selector: str, words: str
) -> None:
    """What is drawn of it has no data either, where it is gone."""
    with kiosk.where("kiosk", selector, **{field: all_of(metric)}):
        found = fell(kiosk.ground)
    assert only({"business": found["business"]}, "business", words, "kiosk.yaml:")
    assert found.keys() - {"dashboards"} == {"business"}


def test_each_service_must_export_what_it_shall(kiosk: World) -> None:
    with kiosk.where("till", 'tips_euros{service="till"}', gone=all_of("tips_euros")):
        assert only(fell(kiosk.ground), "business", "tips_euros from till has no value")


def test_an_alert_that_does_not_run_lowers_monitoring(kiosk: World) -> None:
    with kiosk.ruled("kiosk.yml", "alert: LongQueue", "alert: ShortQueue"):
        assert only(fell(kiosk.ground), "monitoring", "kiosk.yaml:26:3: the alert LongQueue does not run")


def test_an_alert_taken_out_of_the_spec_lowers_monitoring(kiosk: World) -> None:
    text = SPEC.read_text(encoding="utf-8")
    alert = text[text.index("  LongQueue:\n") : text.index("  SlowBrewing:\n")]
    ground = kiosk.after(text, text.replace(alert, "").replace(", alert: LongQueue", ""))
    assert only(fell(ground), "monitoring", "no alert says when queue_length of kiosk leaves what is normal", "kiosk.yaml:5:3")


def test_a_service_without_an_objective_lowers_monitoring(kiosk: World) -> None:
    text = SPEC.read_text(encoding="utf-8")
    head, till = text.split("  till:\n")
    objective = till[till.index("    slos:") : till.index("  db:")]
    ground = kiosk.after(text, head + "  till:\n" + till.replace(objective, ""))
    assert only(fell(ground), "monitoring", "till has no objective", "services.till.slos")


def test_a_runbook_that_was_not_released_lowers_monitoring(kiosk: World) -> None:
    left = {path: text for path, text in kiosk.ground.files.items() if path != "docs/runbooks/LongQueue.md"}
    assert only(fell(replace(kiosk.ground, files=left)), "monitoring", "the runbook of LongQueue was not released")


def test_a_panel_taken_out_of_the_spec_lowers_dashboards(kiosk: World) -> None:
    panel = next(line for line in SPEC.read_text(encoding="utf-8").splitlines(True) if "title: Tips" in line)
    assert only(fell(kiosk.after(panel, "")), "dashboards", "tips_euros is drawn on no panel", "kiosk.yaml:7:3")


def test_a_panel_that_was_not_released_lowers_dashboards(kiosk: World) -> None:
    files = {path: text.replace('"title": "Queue"', '"title": "Other"') for path, text in kiosk.ground.files.items()}
    found = fell(replace(kiosk.ground, files=files))
    assert list(found) == ["dashboards"]
    assert all("Queue was not released" in gap for gap in found["dashboards"])


def test_a_panel_that_asks_for_what_is_not_there_lowers_dashboards(kiosk: World) -> None:
    asked = kiosk.after("query: max(queue_length)", "query: 'max(queue_length{instance=\"nowhere\"})'")
    found = fell(asked)
    assert list(found) == ["dashboards"]
    assert all("Queue: no data within 900 s for max(queue_length" in gap and "kiosk.yaml:" in gap for gap in found["dashboards"])


BROKEN = {
    "nothing": ((), "Jaeger keeps no trace of it within 900 s"),
    "the last span": ((Span("till", "POST /refunds"), Span("till", "work", 0, INTERNAL)), "they end at 'work' of till"),
    "the edge": ((Span("till", "POST /refunds", kind=INTERNAL), replace(PAID, above=0)), "the edge is not traced"),
    "a span between": ((Span("till", "POST /refunds"), replace(PAID, above=NOBODY)), "hangs under no span of the edge"),
}


@pytest.mark.parametrize("lost", BROKEN)
def test_a_flow_that_loses_a_span_lowers_traces(kiosk: World, lost: str) -> None:
    spans, words = BROKEN[lost]
    route = f"POST /refunds/{lost.replace(' ', '-')}"
    if spans:
        kiosk.send(*(replace(span, name=route) if span.name == "POST /refunds" else span for span in spans))
    ground = kiosk.after("[POST /payments]", f"[POST /payments, {route}]")
    (found,) = measure(ground, ["traces"])
    assert (found.covered, len(found.items)) == (4, 5)
    (gap,) = found.gaps
    assert words in gap.what
    assert gap.where.line == 20
    if spans:
        kiosk.send(Span("till", route, kind=SERVER), replace(PAID, above=0))
        assert measure(ground, ["traces"])[0].ratio == 1


def test_a_flow_must_reach_all_that_it_is_said_to_reach(kiosk: World) -> None:
    assert only(fell(kiosk.after("GET /opening-hours: []", "GET /opening-hours: [db]")), "traces", "GET /opening-hours of kiosk")


def test_where_nothing_is_traced_there_is_nothing_to_cover(kiosk: World) -> None:
    (found,) = measure(replace(kiosk.ground, plan=replace(kiosk.ground.plan, tracing=None)), ["traces"])
    assert found.ratio is None
    assert found.reached
