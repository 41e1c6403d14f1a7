"""Is the monitoring itself well? In: a Plan. Out: rows on scrapes, rules and the way to Alertmanager, before the panels that the
catalogue has for Prometheus, Alertmanager and Grafana."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.compile.dashboards.panels import HALF, LARGE, ONE, QUARTER, above, asked, below, up_or_down
from generators.compile.dashboards.words import say, text
from generators.ir.dashboards import Panel, Query, Row
from generators.plan import Plan


def targets_up(plan: Plan) -> Panel:
    """The share of targets that answer."""
    panel = asked(
        plan,
        text("可抓取的目标", "Targets that answer"),
        text("能被抓取的目标占比；正常为 100%。", "Share of targets that answer the scrape; 100 % is normal."),
        "stat",
        Query("sum(up) / count(up)"),
    )
    return replace(panel, unit="percentunit", thresholds=below(ONE), width=QUARTER, height=4)


def _stat(plan: Plan, title: tuple[str, str], about: tuple[str, str], expr: str, worst: Decimal) -> Panel:
    panel = asked(plan, text(*title), text(*about), "stat", Query(expr))
    return replace(panel, thresholds=above(worst), width=QUARTER, height=4)


def _stats(plan: Plan) -> tuple[Panel, ...]:
    known = plan.contract.by_series
    found = [targets_up(plan)]
    if "prometheus_rule_group_last_duration_seconds" in known and "prometheus_rule_group_interval_seconds" in known:
        share = "max(prometheus_rule_group_last_duration_seconds / prometheus_rule_group_interval_seconds)"
        about = (
            "评估耗时占间隔的最大比例；到 1 时规则会被跳过。",
            "Time a rule group needs of its interval; at 1 evaluations are skipped.",
        )
        panel = _stat(plan, ("最慢的规则组", "Slowest rule group"), about, share, ONE)
        found.append(replace(panel, unit="percentunit"))
    if "prometheus_rule_evaluation_failures_total" in known:
        about = ("五分钟内失败的规则评估；正常为 0。", "Evaluations that failed within five minutes; 0 is normal.")
        expr = "sum(increase(prometheus_rule_evaluation_failures_total[5m]))"
        found.append(_stat(plan, ("规则评估失败", "Rules that fail"), about, expr, ONE))
    if "prometheus_notifications_dropped_total" in known:
        about = (
            "五分钟内没有送达 Alertmanager 的告警；正常为 0。",
            "Alerts that reached no Alertmanager within five minutes; 0 is normal.",
        )
        expr = "sum(increase(prometheus_notifications_dropped_total[5m]))"
        found.append(_stat(plan, ("丢失的告警", "Alerts lost"), about, expr, ONE))
    return tuple(found)


def _scrapes(plan: Plan) -> tuple[Panel, ...]:
    up = asked(
        plan,
        text("目标状态", "Targets"),
        text("每个目标能否被抓取。", "Whether each target answers its scrape."),
        "statetimeline",
        Query(f"min by ({name.SERVICE}, instance) (up)", f"{{{{{name.SERVICE}}}}} {{{{instance}}}}"),
    )
    slow = asked(
        plan,
        text("抓取耗时", "Time of scrapes"),
        text("最慢的十个目标；接近抓取超时即会丢数据。", "The ten slowest targets; near the timeout data is lost."),
        "timeseries",
        Query(
            f"topk(10, max by ({name.SERVICE}, instance) (scrape_duration_seconds))",
            f"{{{{{name.SERVICE}}}}} {{{{instance}}}}",
        ),
    )
    samples = asked(
        plan,
        text("每次抓取的样本数", "Samples of a scrape"),
        text(
            "样本最多的十个目标；突增多半是标签失控。", "The ten largest targets; a sudden rise is mostly a label out of control."
        ),
        "timeseries",
        Query(
            f"topk(10, max by ({name.SERVICE}, instance) (scrape_samples_scraped))",
            f"{{{{{name.SERVICE}}}}} {{{{instance}}}}",
        ),
    )
    timeout = Decimal(plan.stack.scrape_timeout)
    return (
        replace(up, mappings=up_or_down(plan), width=LARGE, height=10),
        replace(slow, unit="s", width=HALF, low=Decimal(0), thresholds=above(timeout), threshold_lines=True),
        replace(samples, width=HALF, low=Decimal(0)),
    )


def monitoring_rows(plan: Plan) -> tuple[Row, ...]:
    """What any monitoring owes an answer to."""
    return (Row("", _stats(plan)), Row(say(plan, text("抓取", "Scrapes")), _scrapes(plan)))
