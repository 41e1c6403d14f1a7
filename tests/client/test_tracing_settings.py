"""OpenTelemetry's variables, as its specification has them."""

from __future__ import annotations

from collections import Counter

import pytest
from opentelemetry import trace

from touchline_client.guard import Guard
from touchline_client.tracing import configure, provider, settings

BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"
SECRET = "s3cret"


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({BASE: "http://jaeger:4318"}, "http://jaeger:4318/v1/traces"),
        ({BASE: "http://jaeger:4318/"}, "http://jaeger:4318/v1/traces"),
        ({BASE: "https://otel.example.com/a"}, "https://otel.example.com/a/v1/traces"),
        ({BASE: "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:1/x"}, "http://b:1/x"),
    ],
)
def test_where(environment: dict[str, str], address: str) -> None:
    found = settings.read(environment, "football-api")
    assert found is not None
    assert found.address.geturl() == address
    assert found.service == "football-api"


@pytest.mark.parametrize(
    "environment",
    [{}, {BASE: " "}, {BASE: "http://a", "OTEL_SDK_DISABLED": "true"}, {BASE: "http://a", "OTEL_TRACES_EXPORTER": "none"}],
)
def test_off(environment: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    assert settings.read(environment, "football-api") is None
    assert caplog.text == ""


@pytest.mark.parametrize(
    "address", ["jaeger:4318", "grpc://jaeger:4317", "http://", "http://jaeger:port", "http://[::1", "http://a:99999"]
)
def test_an_address_that_is_none_is_told_with_its_mending(address: str, caplog: pytest.LogCaptureFixture) -> None:
    assert settings.read({BASE: address}, "football-api") is None
    assert f"{BASE} is no http address; write it like http://jaeger:4318" in caplog.text


@pytest.mark.parametrize(
    ("environment", "service"),
    [
        ({"OTEL_SERVICE_NAME": "one", "OTEL_RESOURCE_ATTRIBUTES": "service.name=two"}, "one"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=two,deployment.environment.name=a%20b"}, "two"),
        ({}, "football-api"),
    ],
)
def test_as_whom(environment: dict[str, str], service: str) -> None:
    found = settings.read({BASE: "http://a", **environment}, "football-api")
    assert found is not None
    assert found.service == service
    assert found.resource.get("deployment.environment.name", "a b") == "a b"


def test_headers_are_sent_and_never_told(caplog: pytest.LogCaptureFixture) -> None:
    text = f"Authorization=Bearer%20{SECRET}, odd, x={SECRET}%0d%0ay, =z"
    found = settings.read({BASE: "http://a", "OTEL_EXPORTER_OTLP_HEADERS": text}, "football-api")
    assert found is not None
    assert found.headers == {"authorization": f"Bearer {SECRET}"}
    assert "part 2 of OTEL_EXPORTER_OTLP_HEADERS is not like key=value" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in repr(found)


def test_a_protocol_that_is_not_spoken_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert settings.read({BASE: "http://a:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "football-api") is not None
    assert "only http/protobuf is spoken" in caplog.text


def test_without_an_endpoint_opentelemetry_is_left_alone() -> None:
    assert configure("football-api", Guard(lambda *_: None), {}) is None


def test_the_provider_is_everybodys_unless_there_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lost: Counter[str] = Counter()
    offered: list[trace.TracerProvider] = []
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: offered[-1] if offered else trace.ProxyTracerProvider())
    monkeypatch.setattr(trace, "set_tracer_provider", offered.append)
    guard = Guard(lambda kind, number: lost.update({kind: number}))
    first = configure("football-api", guard, {BASE: "http://127.0.0.1:9"})
    configure("football-models", guard, {BASE: "http://127.0.0.1:9"})
    assert first is not None
    assert offered == [first.provider]
    assert caplog.text == ""
    offered.append(trace.NoOpTracerProvider())
    configure("football-api", guard, {BASE: "http://127.0.0.1:9"})
    assert "a TracerProvider of its own" in caplog.text
    assert isinstance(offered[0], provider.Provider)
