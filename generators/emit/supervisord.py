"""local/supervisord.conf, read by supervisord (http://supervisord.org/configuration.html). In: the stack IR. Out: one file, the
same on every machine: TOUCHLINE_STATE and TOUCHLINE_RUN, the state directory and the short directory of the control socket,
are in supervisord's environment when it starts. Programs are started by the engine, in order, and restarted by supervisord."""

from __future__ import annotations

from generators.emit.serialize import HEADER
from generators.ir.stack import Component, Stack, placed

PATH = "local/supervisord.conf"
STATE = "%(ENV_TOUCHLINE_STATE)s"
RUN = "%(ENV_TOUCHLINE_RUN)s"

_HEAD = """\
; {header}
; Processes of the `local` engine. Nothing listens on the network but the programs themselves, on loopback.

[unix_http_server]
file={run}/supervisor.sock
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{run}/supervisor.sock

[supervisord]
identifier={unit}
pidfile={state}/run/supervisord.pid
logfile={state}/logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
childlogdir={state}/logs
nocleanup=true
umask=077
"""

_PROGRAM = """
[program:{name}]
command={command}
directory={state}/data/{name}
environment={environment}
priority={priority}
autostart=false
autorestart=true
startsecs=1
startretries=5
stopwaitsecs={grace}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={state}/logs/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


def emit(stack: Stack) -> dict[str, str]:
    """The supervisord configuration, with every component that has a binary."""
    text = _HEAD.format(header=HEADER, run=RUN, state=STATE, unit=stack.unit)
    for priority, component in enumerate(stack.local):
        text += _program(component, 10 * (priority + 1))
    return {PATH: text}


def _program(component: Component, priority: int) -> str:
    words = [f"{STATE}/bin/{component.program}"]
    words += [_at(component, word) for word in component.local_command or component.command]
    environment = {"TOUCHLINE_COMPONENT": component.name}
    settings = {**component.environment, **component.local_environment}
    environment |= {name: _at(component, value) for name, value in settings.items()}
    environment |= {name: f"{STATE}/secrets/{file}" for name, file in component.secret_environment.items()}
    return _PROGRAM.format(
        name=component.name,
        command=" ".join(_quoted(word) for word in words),
        environment=",".join(f"{name}={_quoted(value)}" for name, value in environment.items()),
        priority=priority,
        grace=component.stop_grace,
        state=STATE,
    )


def _at(component: Component, text: str) -> str:
    """`text` with its placeholders replaced, and its own percent signs kept from supervisord's expansion."""
    return placed(text.replace("%", "%%"), lambda place: _place(component, place))


def _place(component: Component, place: str) -> str:
    if place.startswith("port:"):
        return str(component.port(place.removeprefix("port:")).host_port)
    return {
        "release": f"{STATE}/releases/current",
        "data": f"{STATE}/data/{component.name}",
        "secrets": f"{STATE}/secrets",
        "listen": "127.0.0.1",
    }[place]


def _quoted(word: str) -> str:
    """For shlex, which splits the command and the environment. The state directory may hold spaces."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
