"""The application's side of Touchline. In: an ASGI application and the contract that the compiler wrote into it. Out: its metrics, traces
and the page that Prometheus scrapes, none of which can hurt it. `instrument(app, CONTRACT)` is the one call."""

from touchline_client.contract import Contract, Keep
from touchline_client.metrics import Counter, Gauge, Histogram, Metric
from touchline_client.telemetry import Telemetry, instrument

__all__ = ["Contract", "Counter", "Gauge", "Histogram", "Keep", "Metric", "Telemetry", "instrument"]
