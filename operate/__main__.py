"""`touchline VERB`: the one command line. In: arguments. Out: an exit code, 0 fine, 1 the user's fault, 2 the environment's;
for anything unexpected one line and the place of a log, never a trace-back. A verb's module is loaded when the verb is called."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from operate.commands import ENVIRONMENTS_FAULT, USERS_FAULT, Call
from operate.faults import EnvironmentFault, UserFault

if TYPE_CHECKING:
    from types import ModuleType

    from operate.show import Show

VERBS: Mapping[str, str] = {
    "generate": "write the generated files of the production environment into the clone",
    "check": "is the spec sound, and is every generated file what it says?",
    "build": "compile a spec into a directory, wholly or in parts",
    "plan": "say in words what a deploy would change",
    "deploy": "build, test, release, switch, verify; goes back by itself",
    "verify": "does what runs equal the release?",
    "coverage": "how much of what was declared is really seen, and every gap",
    "status": "which release runs, whether all of it does, and where",
    "rollback": "go back to the release before, or to a named one",
    "down": "stop everything; history, silences and secrets stay",
    "ping": "send a test alert through every channel and show what arrived",
    "mutate": "do the tests bite? Plants every known mistake and says which no test notices",
    "explain": "all about an alert: what to do, who is told and how late, its types, its tests",
    "simulate": "what a fault would set off: alerts, inhibition, groups, messages",
    "audit": "judge any repository's monitoring: what can never work, the worst first",
    "schema": "print the JSON Schema of the spec",
}
"""Each the name of a module of `operate.commands`, with its line of `touchline --help`."""
SPEC = Path("spec/football.yaml")
TAKE_SPEC = frozenset({"generate", "check", "build", "plan", "deploy", "verify", "coverage", "status", "down", "ping"})
"""Verbs to which the spec may be given as their first argument, too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, run, and turn every way to fail into one line and a code."""
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("failed interrupted\n")  # while what the verb needs was loaded
    return ENVIRONMENTS_FAULT


def _main(arguments: Sequence[str] | None) -> int:
    parsed = _parser().parse_args(arguments)
    from operate.show import Show  # rich takes long to load, and `--help` has ended before

    show = Show(parsed.format)
    spec = Path(getattr(parsed, "spec_argument", None) or parsed.spec or SPEC)
    call = Call(parsed, show, spec, Path.cwd())
    try:
        return int(_module(parsed.verb).run(call))
    except UserFault as fault:
        return _user_fault(show, fault)
    except EnvironmentFault as fault:
        show.note(fault.told, "failed")
    except KeyboardInterrupt:
        show.note("interrupted; the next command says what was left unfinished and ends it", "failed")
    except BrokenPipeError:
        # Whoever read us has gone; nothing may be written any more, not even while the interpreter closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        show.note(f"{_named(error)}. The trace is in {_log()}", "failed")
    except Exception as error:
        show.note(f"unexpected {type(error).__name__}: {error}. This is a fault of Touchline; the trace is in {_log()}", "failed")
    return ENVIRONMENTS_FAULT


def _module(verb: str) -> ModuleType:
    return import_module(f"operate.commands.{verb}")


def _user_fault(show: Show, fault: UserFault) -> int:
    show.json({"good": False, "what": str(fault), "faults": [one.as_dict() for one in fault.faults]})
    show.faults(fault.faults)
    show.note(str(fault), "failed")
    return USERS_FAULT


def _named(error: OSError) -> str:
    """What the system refused, and where, without its error number."""
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _log() -> str:
    """Write the trace of the exception at hand; where it is, or why it is nowhere."""
    from operate.state import now, state_home  # only after a failure

    file = state_home() / "logs" / f"error-{now().replace(':', '')}-{os.getpid()}.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(" ".join(sys.argv) + "\n" + traceback.format_exc(), encoding="utf-8")
    except OSError as error:
        return f"no file, for {_named(error)}"
    return str(file)


class _Parser(argparse.ArgumentParser):
    """A wrong argument is the user's fault: exit code 1 where argparse says 2."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USERS_FAULT, f"{self.prog}: error: {message}\n")


class _Verb(_Parser):
    """A verb's parser: it gets the verb's own arguments when there is something to parse."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        module = _module(self.prog.split()[-1])
        self.description = module.__doc__
        module.add(self)
        return super().parse_known_args(args, namespace)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="touchline", description="Monitoring as code: one spec, compiled, deployed and verified.")
    _global(parser, first=True)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Verb)
    for name, summary in VERBS.items():
        inner = verbs.add_parser(name, help=summary)
        _global(inner, first=False)
        if name in TAKE_SPEC:
            inner.add_argument("spec_argument", nargs="?", metavar="SPEC", help="the spec, as with --spec")
    return parser


def _global(parser: argparse.ArgumentParser, first: bool) -> None:
    """Options that may stand before the verb and after it: there without a default, so that they do not undo the first."""

    def option(name: str, default: object, **more: object) -> None:
        parser.add_argument(name, default=default if first else argparse.SUPPRESS, **more)  # type: ignore[arg-type]

    option("--spec", None, metavar="FILE", help=f"the spec (usually {SPEC})")
    option("--environment", None, metavar="NAME", help="an environment of the spec (usually local; production for files)")
    option(
        "--engine",
        "auto",
        choices=("auto", "compose", "local"),
        help="what carries the stack (auto: a Docker engine if one answers)",
    )
    option("--format", "text", choices=("text", "json", "github"), help="how results are written")
    absent = os.environ.get("TOUCHLINE_MAY_BE_ABSENT", "")
    option("--may-be-absent", absent, metavar="NAMES", help="components to go without where their image cannot be had (compose)")


if __name__ == "__main__":
    sys.exit(main())
