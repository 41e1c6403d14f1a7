"""What the stack says of alerts. In: where Prometheus, Alertmanager and the inbox answer. Out: which alerts are active, which of them
Alertmanager holds back, and of which somebody was told."""

from __future__ import annotations

import http.client
import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LIMIT = 10.0

Key = tuple[str, str]
"""An alert's name, and the service that it is about."""


class Unanswered(Exception):  # noqa: N818 - a fact, which may be over the next time
    """One of the three does not answer, or not with what is asked."""


@dataclass(frozen=True)
class Witness:
    """Their addresses, host:port."""

    prometheus: str
    alertmanager: str
    inbox: str

    def active(self) -> Mapping[Key, str]:
        """`pending` or `firing`, of each alert that is either."""
        query = urllib.parse.urlencode({"query": "group by (alertname, service, alertstate) (ALERTS)"})
        found: dict[Key, str] = {}
        for one in _asked(self.prometheus, f"/api/v1/query?{query}", "data", "result"):
            key, state = _key(one["metric"]), str(one["metric"]["alertstate"])
            if found.get(key) != "firing":
                found[key] = state
        return found

    def lately(self) -> frozenset[str]:
        """The services of which an alert has fired in the last ten minutes: Alertmanager may still hold a group of theirs open."""
        query = urllib.parse.urlencode({"query": 'group by (service) (last_over_time(ALERTS{alertstate="firing"}[10m]))'})
        found = _asked(self.prometheus, f"/api/v1/query?{query}", "data", "result")
        return frozenset(str(one["metric"].get("service", "")) for one in found)

    def inhibited(self) -> frozenset[Key]:
        """Those that Alertmanager holds back, for another one fires that explains them."""
        query = "active=false&silenced=false&inhibited=true"
        return frozenset(_key(one["labels"]) for one in _asked(self.alertmanager, f"/api/v2/alerts?{query}"))

    def last_message(self) -> int:
        """The number of the newest message."""
        return int(_asked(self.inbox, "/api/messages?limit=1", "last_id"))

    def told(self, since: int) -> frozenset[Key]:
        """The alerts in messages after that one which say that something fires; the service is "" where a message does not say."""
        messages = _asked(self.inbox, f"/api/messages?status=firing&limit=1000&since={since}", "messages")
        return frozenset((str(one["name"]), str(one["labels"].get("service", ""))) for each in messages for one in each["alerts"])


def _key(labels: Mapping[str, str]) -> Key:
    return labels["alertname"], labels.get("service", "")


def _asked(address: str, path: str, *within: str) -> Any:
    """A part of an answer, reached by its names."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=LIMIT) as answer:
            found = json.load(answer)
        for name in within:
            found = found[name]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        raise Unanswered(f"{address} does not answer: {error or type(error).__name__}") from None
    return found
