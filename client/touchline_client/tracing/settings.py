"""OpenTelemetry's standard environment. In: variables. Out: where spans go and as whom, or None when there is no tracing, and a warning
where a variable cannot be followed. No value of a header is ever logged."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

log = logging.getLogger("touchline_client.tracing")

PATH = "/v1/traces"
"""What is put behind OTEL_EXPORTER_OTLP_ENDPOINT, and not behind OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (specification, OTLP exporter)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where, and as whom."""

    address: SplitResult
    service: str
    resource: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    authority: str | None = None
    """A file of certificates to trust."""


def read(environment: Mapping[str, str], service: str) -> Settings | None:
    """None when no endpoint is set, or tracing is switched off. `service` is the name unless the environment has another."""
    if (
        _given(environment, "OTEL_SDK_DISABLED").lower() == "true"
        or _given(environment, "OTEL_TRACES_EXPORTER").lower() == "none"
    ):
        return None
    address = _address(environment)
    if address is None:
        return None
    protocol = _either(environment, "PROTOCOL")
    if protocol not in ("", "http/protobuf"):
        log.warning(
            "traces: OTEL_EXPORTER_OTLP_PROTOCOL is %r; only http/protobuf is spoken (Jaeger: port 4318), and is used", protocol
        )
    resource = _pairs(_given(environment, "OTEL_RESOURCE_ATTRIBUTES"), "OTEL_RESOURCE_ATTRIBUTES")
    named = _given(environment, "OTEL_SERVICE_NAME") or resource.get("service.name") or service
    headers = _pairs(_either(environment, "HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS")
    return Settings(address, named, resource, _sound(headers), _either(environment, "CERTIFICATE") or None)


def _address(environment: Mapping[str, str]) -> SplitResult | None:
    whole, base = _given(environment, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), _given(environment, "OTEL_EXPORTER_OTLP_ENDPOINT")
    given = whole or (base and base.rstrip("/") + PATH)
    if not given:
        return None
    try:
        address = urlsplit(given)
        sound = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        sound = False
    if not sound:
        variable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" if whole else "OTEL_EXPORTER_OTLP_ENDPOINT"
        log.warning("traces: %s is no http address; write it like http://jaeger:4318. There is no tracing", variable)
        return None
    return address


def _given(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip()


def _either(environment: Mapping[str, str], what: str) -> str:
    """The variable for traces before the one for everything."""
    return _given(environment, f"OTEL_EXPORTER_OTLP_TRACES_{what}") or _given(environment, f"OTEL_EXPORTER_OTLP_{what}")


def _pairs(text: str, variable: str) -> dict[str, str]:
    """`key=value,key=value`, per cent encoded, as W3C Baggage has it."""
    found: dict[str, str] = {}
    for number, part in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        key, sign, value = part.partition("=")
        if not sign or not key.strip():
            log.warning("traces: part %d of %s is not like key=value, and left out", number, variable)
            continue
        found[unquote(key.strip())] = unquote(value.strip())
    return found


def _sound(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that HTTP can carry."""
    sound = {}
    for name, value in headers.items():
        if name.replace("-", "").replace("_", "").isalnum() and name.isascii() and value.isascii() and value.isprintable():
            sound[name.lower()] = value
        else:
            log.warning("traces: a header of OTEL_EXPORTER_OTLP_HEADERS has signs that HTTP cannot carry, and is left out")
    return sound
