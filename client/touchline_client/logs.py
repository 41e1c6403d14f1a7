"""Log lines that say which trace they belong to. In: a log record. Out: the same with `trace_id` and `span_id`, empty outside of every
trace; or as a line of JSON. For the handlers of the application: `handler.addFilter(TraceFilter())`."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

try:
    from opentelemetry.trace import get_current_span
except ImportError:  # then there is no tracing either
    HAS_TRACES = False
else:
    HAS_TRACES = True


class TraceFilter(logging.Filter):
    """Lets everything through, with the trace's id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true. What the application itself has set stays."""
        trace, span = ids()
        for name, value in (("trace_id", trace), ("span_id", span)):
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class JsonFormatter(logging.Formatter):
    """A line of JSON a record: time (RFC 3339, UTC), level, logger, message, trace_id, span_id, and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. What has no place in JSON is written as text."""
        trace, span = ids()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": getattr(record, "trace_id", trace),
            "span_id": getattr(record, "span_id", span),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def ids() -> tuple[str, str]:
    """The ids of the trace and of the span that run, in hexadecimal digits; empty outside of every trace. Never raises."""
    try:
        if HAS_TRACES:
            here = get_current_span().get_span_context()
            if here.is_valid:
                return f"{here.trace_id:032x}", f"{here.span_id:016x}"
    except Exception:  # whoever logs must not be hurt
        pass
    return "", ""
