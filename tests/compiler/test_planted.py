"""Errors planted in the compiler, one at a time: the generated tests, whose expectations come from the plan alone, must notice. The
error is written into a copy of generators/, the spec is compiled by that copy in a process of its own, and what it generates is
run by promtool; where no engine's tool could see it (hours, grouping, inhibition), the tests of routing run on the copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.compiler.specs import ROOT, SHIPPED, SHOP
from tests.emit.tools import need, run

PROGRAM = """
import sys
from pathlib import Path
from generators.build import build
import generators
assert Path(generators.__file__).is_relative_to(Path(sys.argv[2]).parent), generators.__file__
found = build(Path(sys.argv[1]), sys.argv[3], only=frozenset({"rules"}))
assert found.files, found.faults
for path, text in found.files.items():
    target = Path(sys.argv[2]) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
"""


@dataclass(frozen=True)
class Planted:
    """In `file`, `was` becomes `now`; of the test files that fit `tests`, those tests run whose names hold `named`."""

    what: str
    file: str
    was: str
    now: str
    tests: str
    named: str
    spec: Path = SHOP


FAST, STRICT, SIDES = "slo-1h.yml", "ErrorBudgetBurnFast at the pace", "ErrorBudgetBurnFast: both windows"
RULES, SLOS, TABLE = "compile/rules.py", "compile/slos.py", "slo.py"
PLANTED = (
    Planted("the factor is ten times too large", TABLE, 'Decimal("14.4")', 'Decimal("144")', FAST, STRICT),
    Planted(
        "a factor is a little too small",
        TABLE,
        'Decimal("6"), 6',
        'Decimal("5.8"), 6',
        "slo-6h.yml",
        "ErrorBudgetBurnSteady at the pace",
    ),
    Planted("long and short window are swapped", TABLE, "3600, 300, ", "300, 3600, ", FAST, STRICT),
    Planted("the long window is doubled", TABLE, "3600, 300, ", "7200, 300, ", FAST, STRICT),
    Planted(
        "the short window is halved",
        TABLE,
        "6 * 3600, 1800,",
        "6 * 3600, 600,",
        "slo-6h.yml",
        "ErrorBudgetBurnSteady: both windows",
    ),
    Planted(
        "the short window is not asked",
        SLOS,
        "{long} > {tier.factor:f} and {short} >",
        "{long} > {tier.factor:f} and {long} >",
        FAST,
        SIDES,
    ),
    Planted("a page has become a warning", TABLE, '300, "page", 0, "critical"', '300, "page", 0, "warning"', FAST, STRICT),
    Planted("the burn is compared the wrong way", SLOS, "{long} > {tier", "{long} < {tier", FAST, STRICT),
    Planted(
        "errors and total are swapped",
        SLOS,
        "sum_over_time({errors}[{span}]) / (sum_over_time({total}",
        "sum_over_time({total}[{span}]) / (sum_over_time({errors}",
        FAST,
        STRICT,
    ),
    Planted(
        "the budget is the objective",
        SLOS,
        "vector({slo.budget:f})",
        "vector({slo.objective:f})",
        "slo-recordings.yml",
        "web-availability",
    ),
    Planted("the guard against little traffic is gone", SLOS, "({both} and on ({name.SLO}) ({floor}))", "({both})", FAST, STRICT),
    Planted("the guard counts too few", SLOS, '* {tier.long}"\n', '* {tier.short}"\n', FAST, SIDES),
    Planted("no errors yet is unknown", SLOS, " or on () 0 * {own}", "", "slo-recordings.yml", "web-availability"),
    Planted(
        "no traffic is a ratio",
        SLOS,
        'ratio = f"sum_over_time({errors}[{span}]) / (sum_over_time({total}[{span}]) > 0)"',
        'ratio = f"sum_over_time({errors}[{span}]) / sum_over_time({total}[{span}])"',
        "slo-6h.yml",
        "burn rate over 6h",
    ),
    Planted("an identity is lost", SLOS, "group_left ({', '.join(name.IDENTITY)})", "group_left (service, tier)", FAST, STRICT),
    Planted(
        "a bucket is spelt as before the scrape",
        SLOS,
        'le="{float(bound)}"',
        'le="{int(bound)}"',
        "slo-recordings.yml",
        "checkout-payment",
    ),
    Planted(
        "what is left is what is used",
        SLOS,
        "(1 - {ratio} / {budget})",
        "({ratio} / {budget})",
        "slo-7d.yml",
        "budget left over 7d",
    ),
    Planted("a floor is that of any SLO", SLOS, "topk by ({name.SLO}) (1,", "topk(1,", FAST, SIDES),
    Planted("a floor is the smaller one", SLOS, "topk by", "bottomk by", FAST, SIDES),
    Planted("the sums are of another time", SLOS, "[{text_of(TICKET_CADENCE)}])", "[5m])", "slo-chain.yml", "sums"),
    Planted(
        "a ticket counts eight times as many events", SLOS, " / {TICKET_CADENCE // PAGE_CADENCE}", "", "slo-1d.yml", "Slow: both"
    ),
    Planted(
        "a tier's window is told wrongly",
        "compile/annotations.py",
        '("LONG", tier.long_text)',
        '("LONG", tier.short_text)',
        FAST,
        SIDES,
    ),
    Planted("the budget of other windows is told", SLOS, '{{window="{span}"}}', "", "slo-7d.yml", "budget left over 7d"),
    Planted(
        "an SLO counts another's events",
        SLOS,
        '{name.SLI_TOTAL}{{{name.SLO}="{slo.id}"}}',
        "{name.SLI_TOTAL}",
        "slo-recordings.yml",
        "no SLO counts",
    ),
    Planted("`for` is dropped", RULES, "hold=alert.hold", "hold=0", "kafka-5s.yml", "KafkaDown"),
    Planted("`keep_firing_for` is dropped", RULES, "keep_firing=alert.keep_firing", "keep_firing=0", "kafka-5s.yml", "KafkaDown"),
    Planted("the signal is not said", RULES, "name.SIGNAL: alert.signal, ", "", "kafka-5s.yml", "KafkaDown"),
    Planted(
        "an alert of one service loses its owner",
        RULES,
        "labels |= alert.service.labels",
        "pass",
        "corner-shop-30s.yml",
        "OrdersFailing",
    ),
    Planted(
        "the guard against little data is gone",
        RULES,
        "and on ({', '.join(guard.by)}) {counted}",
        "or on ({', '.join(guard.by)}) {counted}",
        "corner-shop-30s.yml",
        "OrdersFailing",
    ),
    Planted(
        "absent data stay quiet",
        RULES,
        'alert.missing == "fire"',
        'alert.missing == "never"',
        "corner-shop-150s.yml",
        "SessionsGone",
    ),
    Planted(
        "nothing is held", RULES, 'alert.missing == "hold"', 'alert.missing == "never"', "corner-shop-150s.yml", "CatalogueStale"
    ),
    Planted("a band is as wide as nothing", RULES, "{anomaly.deviations:f} *", "0 *", "corner-shop-180s.yml", "every bound"),
    Planted("a band has no floor", RULES, "{anomaly.floor:f} *", "0 *", "corner-shop-180s.yml", "every bound"),
    Planted(
        "a band judges before it has seen enough",
        RULES,
        "{anomaly.warm_up // BAND_CADENCE}",
        "1",
        "corner-shop-180s.yml",
        "every bound",
    ),
)

ROUTING = (
    Planted(
        "hours are dropped",
        "compile/alerting.py",
        "frozenset({route.hours}) if route.hours else None",
        "None",
        "test_routes.py",
        "told_once_as",
    ),
    Planted(
        "the tier is not looked at",
        "compile/alerting.py",
        "name.TIER: route.tiers,",
        "name.TIER: (),",
        "test_routes.py",
        "told_once_as",
    ),
    Planted(
        "a repeat is never",
        "compile/alerting.py",
        "repeat_interval=max(every // 2, 1)",
        "repeat_interval=every",
        "test_routes.py",
        "heartbeat",
    ),
    Planted(
        "a critical group waits as long as any",
        "compile/alerting.py",
        "if urgent else None",
        "if not urgent else None",
        "test_routes.py",
        "critical_group",
    ),
    Planted(
        "a forgetful cause mutes",
        "compile/inhibition.py",
        " and _beyond(plan, cause, target) <= remembered",
        "",
        "test_inhibition.py",
        "forgetful or remembered",
    ),
    Planted(
        "any alert is a cause",
        "compile/inhibition.py",
        "[alert for alert in plan.alerts if alert.signal in CAUSES]",
        "list(plan.alerts)",
        "test_inhibition.py",
        "only_outages",
    ),
    Planted(
        "inhibition reaches other sites",
        "compile/inhibition.py",
        "equal = tuple(sorted(plan.environment.labels))",
        "equal = ('nowhere',)",
        "test_inhibition.py",
        "equal",
    ),
    *(
        Planted(what, file, was, now, "test_scenarios.py", "keep_their_promises and football")
        for what, file, was, now in (
            ("messages do not wait", "compile/alerting.py", "group_wait=plan.notify.group_wait,", ""),
            ("more is told at another time", "compile/alerting.py", "interval=plan.notify.group_interval,", "interval=200,"),
            ("nothing says how often", "compile/alerting.py", "repeat_interval=region.repeat,", ""),
            ("all is in one message", "compile/alerting.py", "group_by=GROUP_BY,", ""),
            ("a wait is not written", "emit/alertmanager/__init__.py", '("group_wait", "group_interval",', '("group_interval",'),
            ("planned work is forgotten", "compile/alerting.py", "mute_time_intervals=region.mute,", ""),
            ("the end of the day is open", "compile/alerting.py", "((span.start, span.end),)", '((span.start, "24:00"),)'),
            ("an outage has no echo", "compile/inhibition.py", "if beyond > 0 and all(", "if beyond > 9**9 and all("),
            ("nobody depends through others", "compile/inhibition.py", "_dependents(known, service), watches", "(), watches"),
        )
    ),
)


UNFINISHED = shutil.ignore_patterns("*.pyc.*", "node_modules")
"""Copied is also what Python has compiled, but for what it writes at this moment; of the changed file that is stale, and not taken."""


def _copy(place: Path, planted: Planted | None) -> Path:
    """The compiler with the error in it. The text to replace must be there, exactly once."""
    target = place / "generators"
    shutil.copytree(ROOT / "generators", target, ignore=UNFINISHED)
    if planted:
        file = target / planted.file
        text = file.read_text(encoding="utf-8")
        assert text.count(planted.was) == 1, f"{planted.file} has {planted.was!r} {text.count(planted.was)} times"
        file.write_text(text.replace(planted.was, planted.now), encoding="utf-8")
    return place


def _python(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=place, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def _proved(place: Path, planted: Planted) -> subprocess.CompletedProcess[str]:
    """promtool's answer to the chosen tests of what this copy of the compiler generates."""
    environment = "production" if planted.spec == SHIPPED else "live"
    out = place / "out"
    if not out.exists():
        answer = _python(place, "-c", PROGRAM, str(planted.spec), str(out), environment)
        if answer.returncode:
            return answer
    file = out / "prometheus" / "tests" / planted.tests
    whole = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    whole["tests"] = [test for test in whole["tests"] if planted.named in test["name"]]
    assert whole["tests"], f"no test in {planted.tests} is named {planted.named}"
    chosen = file.with_name(f"{zlib.crc32(planted.named.encode())}-{file.name}")
    chosen.write_text(yaml.dump(whole, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")
    return run([need("promtool"), "test", "rules", str(chosen)])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What promtool says of the same tests of the compiler without any error: nothing."""
    chosen = {(one.tests, one.named): one for one in PLANTED}

    place = _copy(tmp_path_factory.mktemp("sound"), None)

    def said(one: Planted) -> str:
        answer = _proved(place, one)
        return answer.stdout + answer.stderr if answer.returncode else ""

    said(PLANTED[0])  # compiles, once for all
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(chosen, pool.map(said, chosen.values()), strict=True))


@pytest.mark.engine
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.what)
def test_the_generated_tests_notice(planted: Planted, tmp_path: Path, sound: dict[tuple[str, str], str]) -> None:
    assert sound[planted.tests, planted.named] == ""
    answer = _proved(_copy(tmp_path, planted), planted)
    assert answer.returncode != 0, f"nobody noticed that {planted.what}"
    refused = "Fault(id=" in answer.stderr  # by the compiler's own checks, before there is anything to test
    assert refused or "FAILED" in answer.stdout + answer.stderr, answer.stderr


@pytest.mark.parametrize("planted", ROUTING, ids=lambda planted: planted.what)
def test_the_tests_of_routing_notice(planted: Planted, tmp_path: Path) -> None:
    place = _copy(tmp_path, planted)
    shutil.copytree(ROOT / "tests", place / "tests", ignore=UNFINISHED)
    shutil.copytree(ROOT / "spec", place / "spec")
    shutil.copy(ROOT / "pyproject.toml", place)
    answer = _python(
        place, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/routing/{planted.tests}", "-k", planted.named
    )
    assert answer.returncode == 1, f"nobody noticed that {planted.what}\n{answer.stdout}{answer.stderr}"
