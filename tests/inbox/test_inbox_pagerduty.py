"""What the PagerDuty Events API v2 takes and what it turns down: 202, or 400 with every fault of the event."""

from __future__ import annotations

import json

import pytest

KEY = "oncall".rjust(32, "0")
ALERT = {
    "status": "firing",
    "labels": {"alertname": "APIDown", "service": "football-api", "severity": "critical"},
    "annotations": {"summary": "接口不可用"},
    "startsAt": "2026-11-23T03:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://localhost:9090/graph",
    "fingerprint": "9a6f2c1e0d3b4a58",
}


def event(**changes: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "routing_key": KEY,
        "dedup_key": "d" * 64,
        "event_action": "trigger",
        "payload": {"summary": "[FIRING:1] APIDown", "source": "Alertmanager", "severity": "critical"},
        "client": "Alertmanager",
        "client_url": "http://localhost:9093",
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def payload(**changes: object) -> dict[str, object]:
    whole = {"summary": "s", "source": "host", "severity": "error", **changes}
    return {name: value for name, value in whole.items() if value is not None}


def test_an_alertmanager_event_is_taken_and_understood(running):
    details = {"firing": [ALERT], "resolved": [], "num_firing": "1", "num_resolved": "0"}
    links = [{"href": "https://example.com/runbooks/APIDown", "text": "Runbook"}]
    answer = running.post(
        "/pagerduty/v2/enqueue",
        event(payload=payload(summary="[FIRING:1] APIDown", severity="critical", custom_details=details), links=links),
    )
    assert answer.status == 202
    assert answer.json == {"status": "success", "message": "Event processed", "dedup_key": "d" * 64}
    message = running.only()
    assert (message["kind"], message["channel"], message["status"], message["severity"]) == (
        "pagerduty",
        "oncall",
        "firing",
        "critical",
    )
    assert message["alerts"][0]["labels"] == ALERT["labels"]
    assert message["alerts"][0]["annotations"] == {"summary": "接口不可用"}
    assert [link["text"] for link in message["links"]] == ["Runbook", "Alertmanager"]


def test_details_written_as_text_are_read_too(running):
    text = "Labels:\n - alertname = APIDown\n - service = football-api\nAnnotations:\n - summary = a = b\nSource: http://x\n"
    running.post("/pagerduty/v2/enqueue", event(payload=payload(custom_details={"firing": text})))
    assert [alert["labels"] for alert in running.only()["alerts"]] == [{"alertname": "APIDown", "service": "football-api"}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(event(), "firing", id="trigger"),
        pytest.param(event(dedup_key=None), "firing", id="trigger without dedup_key"),
        pytest.param(event(event_action="resolve", payload=None), "resolved", id="resolve without payload"),
        pytest.param(event(event_action="acknowledge", payload=None), "acknowledged", id="acknowledge"),
        pytest.param(event(payload=payload(summary="x" * 1024)), "firing", id="summary of 1024"),
        pytest.param(event(payload=payload(summary="中" * 1024)), "firing", id="summary of 1024 Chinese characters"),
        pytest.param(event(dedup_key="x" * 255), "firing", id="dedup_key of 255"),
        *[
            pytest.param(event(payload=payload(severity=one)), "firing", id=one)
            for one in ("critical", "error", "warning", "info")
        ],
        pytest.param(event(links=5, images="x", payload=payload(custom_details=["x"])), "firing", id="odd extras"),
    ],
)
def test_taken(running, body, status):
    answer = running.post("/pagerduty/v2/enqueue", body)
    assert answer.status == 202
    assert answer.json["dedup_key"]
    assert running.only()["status"] == status


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        pytest.param(b"{", ["JSON is invalid"], id="not JSON"),
        pytest.param(b"[]", ["JSON is invalid"], id="an array"),
        pytest.param({}, ["'routing_key' is missing or blank", "'event_action' is missing or blank"], id="nothing"),
        pytest.param(
            event(routing_key="short"), ["Length of 'routing_key' is incorrect (should be 32 characters)"], id="short key"
        ),
        pytest.param(event(routing_key=5), ["'routing_key' must be a string"], id="key is a number"),
        pytest.param(
            event(event_action="open"),
            ["'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"],
            id="unknown action",
        ),
        pytest.param(event(event_action=["trigger"]), ["'event_action' must be a string"], id="action is a list"),
        pytest.param(event(payload=None), ["'payload' is missing or blank"], id="no payload"),
        pytest.param(event(payload=payload(summary=None)), ["'payload.summary' is missing or blank"], id="no summary"),
        pytest.param(event(payload=payload(source="  ")), ["'payload.source' is missing or blank"], id="blank source"),
        pytest.param(event(payload=payload(severity="")), ["'payload.severity' is missing or blank"], id="empty severity"),
        pytest.param(
            event(payload=payload(severity="page")),
            ["'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"],
            id="unknown severity",
        ),
        pytest.param(
            event(payload=payload(summary="x" * 1025)),
            ["Length of 'payload.summary' is incorrect (should be at most 1024 characters)"],
            id="long summary",
        ),
        pytest.param(
            event(dedup_key="x" * 256),
            ["Length of 'dedup_key' is incorrect (should be at most 255 characters)"],
            id="long dedup_key",
        ),
        pytest.param(event(event_action="resolve", dedup_key=None), ["'dedup_key' is missing or blank"], id="resolve of what"),
        pytest.param(
            event(payload={}),
            [f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity")],
            id="all faults at once",
        ),
    ],
)
def test_refused(running, body, faults):
    answer = running.post("/pagerduty/v2/enqueue", body)
    assert answer.status == 400
    assert answer.json == {"status": "invalid event", "message": "Event object is invalid", "errors": faults}
    assert running.messages() == []
    assert len(running.refusals()) == 1


@pytest.mark.parametrize(("size", "code"), [(512_000, 202), (512_001, 400)])
def test_an_event_may_have_512_kilobytes(running, size, code):
    body = json.dumps(event(payload=payload(custom_details={"log": ""})))
    body = body.replace('"log": ""', f'"log": "{"x" * (size - len(body))}"')
    assert len(body) == size
    assert running.post("/pagerduty/v2/enqueue", body.encode()).status == code


def test_a_name_in_the_path_is_the_channel_and_a_real_key_is_hidden(running):
    key = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
    running.post("/pagerduty/v2/enqueue", event(routing_key=key))
    running.post("/pagerduty/night-shift/v2/enqueue", event(routing_key=key))
    assert [one["channel"] for one in running.messages()] == ["night-shift", "…8f90"]
    whole = [running.get(f"/api/messages/{number}").text for number in (1, 2)]
    assert not any(key in text for text in [*whole, running.log.getvalue()])


@pytest.mark.parametrize("path", ["/pagerduty", "/pagerduty/v2", "/pagerduty/v2/change/enqueue", "/pagerduty/a/b/v2/enqueue"])
def test_other_addresses_are_not_found(running, path):
    assert running.post(path, event()).status == 404
