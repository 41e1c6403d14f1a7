"""TEMPORARY: the shape of what the compiler will write here."""

from __future__ import annotations

CONTRACT = None


class _Metric:
    def inc(self, *, by: float = 1.0, **labels: str) -> None: ...

    def set(self, value: float, **labels: str) -> None: ...

    def observe(self, value: float, **labels: str) -> None: ...


prediction_accuracy = _Metric()
prediction_settled_total = _Metric()
prediction_duration_seconds = _Metric()
model_last_trained_timestamp_seconds = _Metric()
prediction_requests_total = _Metric()
active_users = _Metric()
user_requests_total = _Metric()
data_quality_score = _Metric()
