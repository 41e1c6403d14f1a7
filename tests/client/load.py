"""A load generator that counts, and a scraper that looks whether counters ever go back. In: an address. Out: how many requests were
begun, how many answered, by which processes. A request whose connection ends without a byte is sent again, as clients do."""

from __future__ import annotations

import asyncio
import urllib.request
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Sent:
    """What was sent to workers, attempts included, what was answered, and by whom."""

    attempts: int = 0
    answered: int = 0
    failed: int = 0
    by: Counter[str] = field(default_factory=Counter)


@dataclass
class Load:
    """Asks one port again and again until told to stop."""

    port: int
    sent: Sent = field(default_factory=Sent)
    stopping: bool = False

    async def run(self, clients: int) -> None:
        """So many clients at once, until `stopping`."""
        await asyncio.gather(*(self._client() for _ in range(clients)))

    async def until(self, answered: int) -> None:
        """Wait for so many answers."""
        while self.sent.answered < answered:
            await asyncio.sleep(0.01)

    async def _client(self) -> None:
        while not self.stopping:
            try:
                answer = await self._ask()
            except OSError:
                answer = b""
            body = answer.rpartition(b"\r\n\r\n")[2].decode()
            if answer.startswith(b"HTTP/1.1 200") and body:  # killed between head and body, it has not answered
                self.sent.answered += 1
                self.sent.by[body] += 1
            else:
                self.sent.failed += 1
                await asyncio.sleep(0.02)

    async def _ask(self) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.sent.attempts += 1
            writer.write(b"GET /call/%d HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % self.sent.attempts)
            return await reader.read()
        finally:
            writer.close()


def scrape(port: int, accept: str = "text/plain") -> str:
    """The page, whichever worker answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def samples(page: str) -> dict[str, float]:
    """The page's samples by series as written."""
    lines = (line.partition(" # ")[0] for line in page.splitlines() if line and not line.startswith("#"))
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}
