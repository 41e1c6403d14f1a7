"""Compose files. In: a document. Out: its services as others see them: names, ports, mounts, networks, environment, words of the
command (https://docs.docker.com/reference/compose-file/). Short and long forms are read alike; `${NAME:-default}` stands for its
default, `${NAME}` for nothing that could be known."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping

from generators.fault import Written
from generators.ir.found import FoundCompose, FoundMount, FoundService, Setting
from generators.read.document import Document, Node

_VARIABLE = re.compile(r"\$\{(\w+)(?::?([-+?])([^${}]*))?\}|\$(\w+)")
_WORKING_DIRECTORY = re.compile(r"^(\$PWD|\$\{PWD(:?-[^}]*)?\}|\$\(pwd\))(?=/|$)")
_SERVICE = ("image", "build", "extends", "container_name", "command", "environment", "ports", "volumes", "deploy")


def is_compose(root: Node) -> bool:
    """Whether a document is a compose file."""
    services = list(root["services"].fields())
    maps = all(one.is_map or one.value is None for _, one in services)
    return maps and any(key in one for _, one in services for key in _SERVICE)


def read_compose(document: Document) -> FoundCompose:
    """One compose file."""
    root, folder = document.root, posixpath.dirname(document.path)
    configs = {name: one["file"] for name, one in root["configs"].fields()}
    services = tuple(_service(name, one, folder, configs) for name, one in root["services"].fields() if one.is_map)
    extended = any("extends" in one for _, one in root["services"].fields())
    volumes = frozenset(name for name, _ in root["volumes"].fields())
    return FoundCompose(document.path, services, volumes, "include" not in root and not extended, root.where)


def compose_settings(document: Document) -> Iterator[Setting]:
    """Every variable that a service's environment sets to a text of its own, and what its command says."""
    for _, service in document.root["services"].fields():
        for key, value in _environment(service["environment"]):
            yield Setting(key, value, "compose")
        for each in (*service["command"].one_or_many(), *service["healthcheck"]["test"].one_or_many()):
            yield Setting("command", each.written, "compose")


def known(text: str) -> str | None:
    """A text with the defaults of its variables; None where one has none."""
    open_names = [match for match in _VARIABLE.finditer(text) if match[2] != "-"]
    return None if open_names else _VARIABLE.sub(lambda match: match[3], text)


def _service(name: str, node: Node, folder: str, configs: Mapping[str, Node]) -> FoundService:
    networks = node["networks"]
    aliases = {each.text for _, one in networks.fields() for each in one["aliases"].items()}
    names = {name, node["container_name"].text, node["hostname"].text, *aliases} - {""}
    joined = {each.text for each in networks.items()} | {one for one, _ in networks.fields()}
    ports = tuple(_ports(node["ports"]))
    return FoundService(
        name=name,
        names=frozenset(names),
        hosts=frozenset(re.split("[:=]", each.text)[0] for each in node["extra_hosts"].items())
        | frozenset(host for host, _ in node["extra_hosts"].fields()),
        image=node["image"].written if node["image"].text else None,
        builds="build" in node,
        ports=ports,
        expose=tuple(port for each in node["expose"].items() if (port := _container_port(each.text))),
        words=tuple(word for key in ("entrypoint", "command") for word in _words(node[key])),
        environment={key: value.text for key, value in _environment(node["environment"])},
        mounts=(*_mounts(node["volumes"], folder), *_configs(node["configs"], configs, folder)),
        networks=frozenset(joined) or frozenset({"default"}),
        network_mode=node["network_mode"].text,
        needs=tuple(_needs(node)),
        where=node.source.where_key(node.place),
    )


def _needs(node: Node) -> Iterator[Written]:
    """The services that one names: it starts after them, or links to them."""
    for each in node["depends_on"].items():
        yield each.written
    for name, _ in node["depends_on"].fields():
        yield Written(name, node.source.where_key((*node.place, "depends_on", name)))
    for each in node["links"].items():
        yield Written(each.text.partition(":")[0], each.where)


def _words(node: Node) -> list[str]:
    if node.is_list:
        return [each.text for each in node.items()]
    try:
        return shlex.split(node.text)
    except ValueError:
        return node.text.split()


def _environment(node: Node) -> Iterator[tuple[str, Written]]:
    for key, value in node.fields():
        if value.value is not None:
            yield key, value.written
    for each in node.items():
        key, equals, text = each.text.partition("=")
        if equals:
            written = each.written
            yield key, Written(text, written.at(len(key) + 1), written.inline)


def _container_port(text: str) -> int:
    match = re.fullmatch(r"(\d{1,5})(/\w+)?", text)
    return int(match[1]) if match else 0


def _ports(node: Node) -> Iterator[tuple[int, int]]:
    """(host, container) of each published port; ranges are left out."""
    for each in node.items():
        if each.is_map:
            pair = (each["published"].text, each["target"].text)
        else:
            text = known(each.text)
            parts = (text or "").rpartition(":")
            pair = (parts[0].rpartition(":")[2], parts[2])
        container = _container_port(pair[1])
        if container:
            yield _container_port(pair[0]), container


def _mounts(node: Node, folder: str) -> Iterator[FoundMount]:
    for each in node.items():
        if each.is_map:
            source, target, read_only = each["source"].written, each["target"].text, each["read_only"].text == "true"
            volume = each["type"].text == "volume"
        else:
            text, target, mode = _split(each.text)
            source, read_only, volume = Written(text, each.written.where), "ro" in mode.split(","), not _is_path(text)
        if source.text and target:
            yield FoundMount(source, target, None if volume else _path(source.text, folder), read_only, volume)


def _split(text: str) -> tuple[str, str, str]:
    """source, target and mode of a short mount; variables may hold colons."""
    parts = re.findall(r"(?:\$\{[^}]*\}|[^:])+", text)
    if len(parts) > 1 and re.fullmatch(r"[A-Za-z]", parts[0]) and parts[1].startswith("\\"):
        parts = [":".join(parts[:2]), *parts[2:]]
    return (parts[0], parts[1], parts[2] if len(parts) > 2 else "") if len(parts) > 1 else ("", "", "")


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~", "$")) or "/" in source or "\\" in source


def _configs(node: Node, configs: Mapping[str, Node], folder: str) -> Iterator[FoundMount]:
    """Compose's configs: a file of the repository seen at `target`, or at /NAME."""
    for each in node.items():
        name = each["source"].text if each.is_map else each.text
        file = configs.get(name)
        if file is not None and file.text:
            yield FoundMount(file.written, each["target"].text or f"/{name}", _path(file.text, folder), True)


def _path(source: str, folder: str) -> str | None:
    """The path in the repository, None where it cannot be told or lies outside."""
    text = known(_WORKING_DIRECTORY.sub(".", source))
    if text is None or text.startswith(("/", "~")) or "\\" in text or not text:
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    return None if path.startswith("..") else path
