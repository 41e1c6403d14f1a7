"""Files and names that are not there. In: a repository. Out: faults of rule files, templates, mounts and dashboard folders that
match no file, as the container sees them too; of services and volumes that no compose file defines; of rules that nothing loads
and alerts that are sent nowhere."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Iterable, Iterator

from generators.checks.container_paths import any_file, exists, in_container, made_by_people, matches, mounted, places, services
from generators.checks.known_images import is_grafana
from generators.fault import Fault, Severity, Written
from generators.ir.found import FoundMount, FoundPrometheus, Repository
from generators.ir.rules import AlertingRule, RuleFile

Check = Callable[[Repository], Iterable[Fault]]

_PEOPLES = (".env", ".pem", ".key", ".crt", ".cer", ".p12", ".jks", ".htpasswd", "acme.json", ".pgpass", ".secret")
"""Files that people make where it runs, whether or not .gitignore says so."""
_NOT_RUN = frozenset({"test", "tests", "testdata", "fixtures", "example", "examples", "docs", "documentation"})
_PEOPLES_FOLDERS = frozenset(
    {"certs", "cert", "ssl", "tls", "secrets", "secret", "data", "logs", "log", "backups", "backup", "tmp", "storage"}
)


def rule_files(repository: Repository) -> Iterator[Fault]:
    """Every glob of rule files matches a file."""
    for prometheus in repository.prometheus:
        for written in prometheus.rule_files:
            yield from _glob(repository, prometheus.path, written, "rule-files", "rule file", "its rules are never evaluated")


def templates(repository: Repository) -> Iterator[Fault]:
    """Every glob of an Alertmanager's templates matches a file."""
    for found in repository.alertings:
        for written in found.templates:
            yield from _glob(repository, found.path, written, "template-files", "template", "messages that use it are not sent")


def _glob(repository: Repository, config: str, written: Written, id: str, kind: str, so: str) -> Iterator[Fault]:
    if any(sign in written.text for sign in "${}<>"):
        return
    holders = mounted(repository, config)
    answers = [
        in_container(repository, service, posixpath.normpath(posixpath.join(posixpath.dirname(at), written.text)))
        for service, at in holders
    ]
    if holders and all(answer == "missing" for answer in answers):
        names = ", ".join(sorted({f"'{service.name}'" for service, _ in holders}))
        what = f"no {kind} {written.text} is in the container of {names}: {so}"
        yield Fault(id, written.where, what, "Mount the file where the configuration looks for it, or mend the path.")
    elif not holders and not written.text.startswith("/") and not _somewhere(repository, config, written.text):
        what = f"the {kind} {written.text} matches no file: {so}"
        yield Fault(id, written.where, what, "Mend the path, or take it out.", "warning")


def _somewhere(repository: Repository, config: str, pattern: str) -> bool:
    """Whether a glob matches beside its configuration, or a file of that name is anywhere: who runs it may put it there."""
    beside = posixpath.normpath(
        posixpath.join(posixpath.dirname(config), pattern.lstrip("/") if pattern.startswith("/") else pattern)
    )
    name = posixpath.basename(pattern)
    return any_file(repository, beside) or any(fnmatch.fnmatchcase(posixpath.basename(path), name) for path in repository.paths)


def unloaded(repository: Repository) -> Iterator[Fault]:
    """Every rule file is named by a configuration, where there is one, and its alerts are sent somewhere."""
    globs = [(one, posixpath.basename(written.text)) for one in repository.prometheus for written in one.rule_files]
    open_globs = any(any(sign in written.text for sign in "${}<>") for one in repository.prometheus for written in one.rule_files)
    own = {id(one): own_files(repository, one) for one in repository.prometheus}
    for file in repository.rule_files:
        alerts = [rule for group in file.groups for rule in group.rules if isinstance(rule, AlertingRule)]
        loading = [one for one, pattern in globs if fnmatch.fnmatchcase(posixpath.basename(file.name), pattern)]
        if not loading and repository.prometheus and not open_globs and _is_plain(file):
            count = sum(len(group.rules) for group in file.groups)
            what = f"no Prometheus configuration loads {file.name}: its {count} rules are never evaluated"
            yield Fault("rules-unloaded", file.groups[0].where, what, "Name it under `rule_files`.", "warning")
        for prometheus in (one for one in loading if file.name in own[id(one)]):
            if alerts and not prometheus.tells and mounted(repository, prometheus.path):
                yield _unsent(prometheus, file, len(alerts))


def own_files(repository: Repository, prometheus: FoundPrometheus) -> frozenset[str]:
    """The rule files that a configuration loads: those where its globs point or, where they point at none, those of that name."""
    found: set[str] = set()
    for written in prometheus.rule_files:
        glob = posixpath.normpath(posixpath.join(posixpath.dirname(prometheus.path), written.text))
        there = [file.name for file in repository.rule_files if matches(file.name, glob)]
        name = posixpath.basename(written.text)
        named = [file.name for file in repository.rule_files if posixpath.basename(file.name) == name]
        found |= {*(there or named)}
    return frozenset(found)


def _is_plain(file: RuleFile) -> bool:
    """Whether it is a file that a configuration has to name: neither a mixin nor carried by Kubernetes, nor an example."""
    if file.title != file.name or file.name.endswith("sonnet") or not file.groups:
        return False
    return not frozenset(file.name.lower().split("/")) & _NOT_RUN


def _unsent(prometheus: FoundPrometheus, file: RuleFile, count: int) -> Fault:
    what = f"{prometheus.path} names no Alertmanager: the {count} alerts of {file.name} reach nobody"
    return Fault("alerts-unsent", prometheus.where, what, "Name one under `alerting.alertmanagers`.")


def mounts(repository: Repository) -> Iterator[Fault]:
    """Every file that a service mounts is there: Docker makes an empty directory in its place."""
    for service in services(repository):
        for mount in service.mounts:
            if mount.path is not None and _lacks(repository, mount):
                what = f"the service '{service.name}' mounts {mount.source.text}, which is not there: it would see an empty directory"
                yield Fault("mount-missing", mount.source.where, what, "Mend the path, or add the file.", _grade(mount))


def _grade(mount: FoundMount) -> Severity:
    return "error" if posixpath.splitext(mount.target)[1] else "warning"


def _lacks(repository: Repository, mount: FoundMount) -> bool:
    paths = places(repository, mount)
    if any(exists(repository, path) or made_by_people(repository, path) for path in paths):
        return False
    path = paths[0]
    if path.endswith(_PEOPLES) or _PEOPLES_FOLDERS & frozenset(path.lower().split("/")):
        return False
    # A directory that the service may write to is the service's own: Docker may well make it.
    return bool(posixpath.splitext(mount.target)[1]) or mount.read_only


def needs(repository: Repository) -> Iterator[Fault]:
    """Every service and volume that a service names is defined by some compose file."""
    if not all(compose.complete for compose in repository.composes):
        return
    every = {service.name for service in services(repository)}
    volumes = {name for compose in repository.composes for name in compose.volumes}
    for service in services(repository):
        for written in service.needs:
            if written.text not in every and "$" not in written.text:
                what = f"the service '{service.name}' needs '{written.text}', which no compose file defines"
                yield Fault("service-unknown", written.where, what, f"Services there are: {', '.join(sorted(every))}.")
        for mount in service.mounts:
            if mount.volume and mount.source.text not in volumes and "$" not in mount.source.text:
                what = f"the service '{service.name}' mounts the volume '{mount.source.text}', which no compose file declares"
                yield Fault("volume-unknown", mount.source.where, what, "Declare it under `volumes:`, or write ./ before a path.")


def providers(repository: Repository) -> Iterator[Fault]:
    """Every folder that Grafana reads dashboards from is in its container."""
    for provider in repository.providers:
        holders = [service for service, _ in mounted(repository, provider.file) if is_grafana(service)]
        if (
            holders
            and "$" not in provider.path.text
            and all(in_container(repository, service, provider.path.text.rstrip("/")) == "missing" for service in holders)
        ):
            what = f"Grafana looks for dashboards in {provider.path.text}, which is not in the container of '{holders[0].name}'"
            yield Fault("dashboard-folder", provider.path.where, what, "Mount the dashboards there, or mend the path.")


CHECKS: tuple[Check, ...] = (rule_files, templates, unloaded, mounts, needs, providers)
"""Each from a repository to faults."""
