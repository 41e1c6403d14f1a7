"""How a verification and a running stack are shown: shared by deploy, rollback, verify and status."""

from __future__ import annotations

from operate.release import Release
from operate.show import Show
from operate.site import Site, addresses
from operate.verify import Report


def show_report(show: Show, report: Report) -> None:
    """What was compared, what was different, what is down."""
    rows = [(check.component, check.what, "as released" if not check.findings else "differs") for check in report.checks]
    show.table("Verified", ("component", "what", ""), rows)
    for finding in report.findings:
        show.note(finding, "failed")
    for rule in report.failing_rules:
        show.note(f"rule {rule}", "warning")
    down = [(one.job, one.address, one.why) for one in report.down]
    show.table("Targets that are down (reported, no fault of the deployment)", ("job", "address", "why"), down)


def show_places(site: Site, release: Release) -> None:
    """Where everything is, and what does not run here."""
    engine = site.engine(release.engine)
    stack = release.compiled.stack
    places = [(c, p, f"http://{a}" if p in ("http", "query", "health") else a) for c, p, a in addresses(engine, stack)]
    site.show.table(f"Addresses ({release.engine} engine)", ("component", "port", "address"), places)
    absent = [(one.component, one.because) for one in engine.absent(stack)]
    site.show.table("Does not run here", ("component", "why"), absent)
