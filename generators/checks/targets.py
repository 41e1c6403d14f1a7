"""Addresses that lead nowhere. In: a repository. Out: faults of scrape targets, Alertmanagers and datasources whose host nothing
defines, where nothing listens on that port, that answer no scrape, that no network leads to, or that mean the container itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal
from urllib.parse import urlsplit

from generators.checks.container_paths import mounted, services
from generators.checks.known_images import LISTENS, NO_METRICS, is_grafana, known_ports, repository_of
from generators.fault import Fault, Written
from generators.ir.found import FoundService, Repository
from generators.record import dataclass

Check = Callable[[Repository], Iterable[Fault]]

_HOST = re.compile(r"[A-Za-z0-9]([\w-]*[A-Za-z0-9])?", re.ASCII)
_NUMBERED = re.compile(r"[\w-]+?[-_]([\w-]+)[-_]\d+", re.ASCII)
"""The name that Compose gives a container which has none: project, service, number."""
_LISTEN = re.compile(r"--web\.listen-address[= ]\S*?:(\d+)")


@dataclass(frozen=True, slots=True)
class _Asked:
    """An address, who asks it in words, the services that hold the configuration it stands in, and whether it is scraped."""

    who: str
    written: Written
    askers: tuple[FoundService, ...]
    purpose: Literal["scrape", "send", "query"]

    def host_port(self) -> tuple[str, int]:
        """("", 0) where the address is none, or is not known before it runs."""
        text = self.written.text.strip()
        if any(sign in text for sign in "$<>{}%") or text.startswith("["):
            return "", 0
        try:
            parts = urlsplit(text if "://" in text else f"//{text}")
            return parts.hostname or "", parts.port or 0
        except ValueError:
            return "", 0


def addresses(repository: Repository) -> Iterator[Fault]:
    """Every address of every configuration leads somewhere."""
    by_name: dict[str, list[FoundService]] = {}
    for service in services(repository):
        for name in service.names:
            by_name.setdefault(name.lower(), []).append(service)
    for asked in _asked(repository):
        host, port = asked.host_port()
        numbered = _NUMBERED.fullmatch(host)
        if numbered and host not in by_name and numbered[1] in by_name:
            host = numbered[1]
        if host in ("localhost", "127.0.0.1"):
            yield from _itself(asked, port, repository)
        elif host in by_name:
            yield from _wrong(asked, host, port, by_name[host])
        elif host:
            yield from _nobody(asked, host, repository, frozenset(by_name))


def _asked(repository: Repository) -> Iterator[_Asked]:
    for prometheus in repository.prometheus:
        askers = tuple(service for service, _ in mounted(repository, prometheus.path))
        for job in prometheus.jobs:
            for target in job.targets:
                yield _Asked(f"the scrape job '{job.name}'", target, askers, "scrape")
        for manager in prometheus.alertmanagers:
            yield _Asked("Prometheus", manager, askers, "send")
    for source in repository.datasources:
        if source.url.text and not source.by_browser:
            holders = (service for service, _ in mounted(repository, source.where.file))
            askers = tuple(service for service in holders if is_grafana(service))
            yield _Asked(f"the datasource '{source.name}'", source.url, askers, "query")


_VERBS = {"scrape": "asks", "send": "sends alerts to", "query": "asks"}


def _fault(asked: _Asked, id: str, what: str, fix: str) -> Fault:
    return Fault(id, asked.written.where, f"{asked.who} {_VERBS[asked.purpose]} {asked.written.text}, {what}", fix)


def _itself(asked: _Asked, port: int, repository: Repository) -> Iterator[Fault]:
    """An address of the container itself, where only the program itself listens."""
    shared = {service.network_mode.partition(":")[2] for service in services(repository)} - {""}
    for asker in asked.askers:
        if asker.network_mode or asker.builds or asker.names & shared or asker.image is None:
            return
        own = {int(each) for each in _LISTEN.findall(" ".join(asker.words))} or LISTENS.get(repository_of(asker.image.text))
        if not own or port in own or not port:
            return
    if asked.askers:
        what = f"which is the container of '{asked.askers[0].name}' itself: nothing else listens there"
        yield _fault(asked, "target-loopback", what, "Name the service that is meant, as its compose file calls it.")


def _nobody(asked: _Asked, host: str, repository: Repository, known: frozenset[str]) -> Iterator[Fault]:
    """A host of one word is a service's name, or nobody's; any other is somewhere outside."""
    hosts = {name.lower() for service in asked.askers for name in service.hosts}
    if not _HOST.fullmatch(host) or host.isdigit() or host in hosts or host in {name.lower() for name in repository.names}:
        return
    if not repository.composes or not all(compose.complete for compose in repository.composes):
        return
    near = ", ".join(sorted(known)[:12])
    fault = _fault(asked, "target-unknown", "a host that no compose file defines", f"Services there are: {near}.")
    # Where no compose file mounts the configuration it may run elsewhere, with hosts of its own.
    yield fault if asked.askers else Fault(fault.id, fault.where, fault.what, fault.fix, "warning")


def _wrong(asked: _Asked, host: str, port: int, found: list[FoundService]) -> Iterator[Fault]:
    """A service that is there: does it listen, does it answer, can it be reached?"""
    images = {repository_of(service.image.text) if service.image and not service.builds else "" for service in found}
    if asked.purpose == "scrape" and images <= NO_METRICS:
        what = f"but {images.pop()} speaks its own protocol there and has no metrics"
        yield _fault(asked, "target-no-metrics", what, "Scrape its exporter.")
        return
    if port and all(_deaf(service, port) for service in found):
        listens = sorted({inner for service in found for inner in (*known_ports(service), *(pair[1] for pair in service.ports))})
        published = any(port == outer != inner for service in found for outer, inner in service.ports)
        why = f"but that is the port published on the host; inside '{host}'" if published else f"but '{host}'"
        yield _fault(
            asked, "target-port", f"{why} listens on {', '.join(map(str, listens))}", "Name the port inside the container."
        )
    elif asked.askers and all(_apart(asker, service) for asker in asked.askers for service in found):
        what = f"but '{asked.askers[0].name}' and '{host}' share no network"
        yield _fault(asked, "target-network", what, "Join them to one network.")


def _deaf(service: FoundService, port: int) -> bool:
    """Whether a service surely does not listen on a port: its image is known and has others, or the port is the host's side of
    one that is another inside."""
    ports = known_ports(service)
    inside = {*ports, *service.expose, *(inner for _, inner in service.ports)}
    if port in inside or service.network_mode:
        return False
    return bool(ports) or any(port == outer for outer, _ in service.ports)


def _apart(asker: FoundService, service: FoundService) -> bool:
    same_file = asker.where.file == service.where.file
    return same_file and not asker.network_mode and not service.network_mode and not asker.networks & service.networks


CHECKS: tuple[Check, ...] = (addresses,)
"""Each from a repository to faults."""
