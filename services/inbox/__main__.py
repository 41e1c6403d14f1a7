"""`python -m services.inbox`: the command line of the inbox. In: addresses, limits, files. Out: a service that runs
until SIGTERM or SIGINT.

Exit codes: 0 ended as asked, 1 a wrong argument or file, 2 an address or a file that cannot be had.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from services.inbox.dingtalk import MOST_KEYWORDS, Security
from services.inbox.inbox import Inbox
from services.inbox.journal import Journal
from services.inbox.server import Address
from services.inbox.store import Store

STOPPING = (signal.SIGTERM, signal.SIGINT)
EXAMPLES = """addresses to put into a sender's configuration:
  Slack       http://127.0.0.1:9099/slack/<channel>
  PagerDuty   http://127.0.0.1:9099/pagerduty/v2/enqueue   (routing key of 32 characters, e.g. a name padded with zeros;
              or /pagerduty/<channel>/v2/enqueue to name it)
  DingTalk    http://127.0.0.1:9099/dingtalk/robot/send?access_token=<channel>
  webhook     http://127.0.0.1:9099/webhook/<name>
  heartbeat   http://127.0.0.1:9099/heartbeat/<name>
  e-mail      127.0.0.1:9025, no TLS, no user
what arrived: http://127.0.0.1:9099/ and http://127.0.0.1:9099/api/messages
"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """A wrong argument is the user's fault: exit code 1, where argparse says 2."""
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(1)


def address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is not HOST:PORT, such as 127.0.0.1:9099 (port 0: any free one)")
    return host.strip("[]"), int(port)


def at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from 1")
    return int(text)


def parser() -> Parser:
    made = Parser(
        prog="python -m services.inbox",
        description="Receive notifications as Slack, PagerDuty, DingTalk, a webhook and a mail server do; show what arrived.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--listen", type=address, default="127.0.0.1:9099", metavar="HOST:PORT", help="HTTP (%(default)s)")
    made.add_argument("--smtp", type=address, default="127.0.0.1:9025", metavar="HOST:PORT", help="e-mail (%(default)s)")
    made.add_argument("--no-smtp", dest="smtp", action="store_const", const=None, help="take no e-mail")
    made.add_argument("--keep", type=at_least_one, default=1000, metavar="N", help="messages to keep (%(default)s)")
    made.add_argument("--store", type=Path, metavar="FILE", help="JSON lines file that survives a restart (default: none)")
    made.add_argument("--dingtalk-secret-file", type=Path, metavar="FILE", help="check DingTalk signatures with this secret")
    made.add_argument(
        "--dingtalk-keyword",
        action="append",
        default=[],
        metavar="WORD",
        help="each DingTalk message must hold one of these words",
    )
    return made


def security(secret_file: Path | None, keywords: list[str]) -> Security:
    """Raises ValueError with one clear message."""
    if len(keywords) > MOST_KEYWORDS:
        raise ValueError(f"a DingTalk robot has at most {MOST_KEYWORDS} keywords, here are {len(keywords)}")
    if secret_file is None:
        return Security(None, tuple(keywords))
    try:
        secret = secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--dingtalk-secret-file {secret_file}: {error}") from error
    if not secret:
        raise ValueError(f"--dingtalk-secret-file {secret_file} is empty: write the robot's secret into it")
    return Security(secret, tuple(keywords))


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        robot = security(options.dingtalk_secret_file, options.dingtalk_keyword)
    except ValueError as error:
        print(f"inbox: {error}", file=sys.stderr)
        return 1
    # Blocked here and in every thread started later, then waited for: a handler that sets an Event can meet the lock of the
    # very wait it interrupts.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    journal = Journal()
    try:
        store = Store(options.keep, options.store)
        inbox = Inbox(store, journal, robot)
        inbox.start(options.listen, options.smtp)
    except OSError as error:
        print(f"inbox: cannot start: {error}", file=sys.stderr)
        return 2
    _announce(inbox, journal, store)
    signal.sigwait(STOPPING)
    inbox.stop()
    journal.note("stopped")
    return 0


def _announce(inbox: Inbox, journal: Journal, store: Store) -> None:
    host, port = inbox.http_address
    mail = "none" if inbox.smtp_address is None else "{}:{}".format(*inbox.smtp_address)
    journal.note(f"listening http=http://{host}:{port}/ smtp={mail} kept={len(store.newest())}")
    if store.damaged_lines:
        journal.note(f"left out {store.damaged_lines} damaged lines of the store file")
    if host not in ("127.0.0.1", "::1"):
        journal.note(f"{host} is reachable from other machines and nothing here asks who calls: keep it inside a closed network")


if __name__ == "__main__":
    sys.exit(main())
