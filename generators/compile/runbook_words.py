"""The words of runbooks that nobody writes twice, in each language we speak: names of facts, severities and signals, and the page
of the burn-rate alerts. A table and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "severity": "级别",
        "signal": "信号",
        "services": "服务",
        "owner": "负责人",
        "objectives": "目标 (SLO)",
        "for": "持续多久才告警",
        "keep": "恢复后保持",
        "slow": "为何较慢",
        "critical": "严重：立即处理",
        "warning": "警告：工作时间内处理",
        "info": "提示",
        "outage": "中断",
        "absence": "数据缺失",
        "burn": "错误预算消耗",
        "saturation": "资源饱和",
        "degradation": "性能或质量下降",
        "business": "业务异常",
        "heartbeat": "心跳：它不响才是问题",
        "dependency": "依赖的 {title}（`{name}`）不可用",
        "tested": "`{alert}` 的触发与不触发两种情形由 promtool 单元测试覆盖，在 prometheus/tests/ 中。",
        "ping": "`make ping` 沿每条通知渠道发送一条测试告警。",
    },
    "en": {
        "severity": "Severity",
        "signal": "Signal",
        "services": "Services",
        "owner": "Owner",
        "objectives": "Objectives (SLO)",
        "for": "Must last",
        "keep": "Kept firing after",
        "slow": "Slow because",
        "critical": "critical: act now",
        "warning": "warning: act within working hours",
        "info": "info",
        "outage": "outage",
        "absence": "absent data",
        "burn": "burn of an error budget",
        "saturation": "saturation",
        "degradation": "degradation",
        "business": "business",
        "heartbeat": "heartbeat: its silence is the alarm",
        "dependency": "{title} (`{name}`), which it depends on, is not available",
        "tested": "promtool's unit tests in prometheus/tests/ hold one case in which `{alert}` fires and one in which it does not.",
        "ping": "`make ping` sends a test alert along every channel.",
    },
}

BURN: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "title": "错误预算消耗过快",
        "meaning": "最近 {long} 和最近 {short} 内，错误预算的消耗都超过均匀速度的 {factor} 倍。两个窗口都超过才告警："
        "长窗口说明事情够大，短窗口说明它仍在发生。",
        "impact-page": "照此速度，一个目标周期的错误预算会在几天内耗尽：用户现在就在受影响。",
        "impact-ticket": "照此速度，错误预算会在目标周期结束前耗尽：需要排期处理。",
        "deployment": "最近一次发布或配置变更",
    },
    "en": {
        "title": "An error budget burns too fast",
        "meaning": "Over the last {long} and over the last {short} alike, the error budget burns more than {factor} times as fast as "
        "evenly. Both windows must agree: the long one says that it matters, the short one that it still goes on.",
        "impact-page": "At this pace the budget of the whole window is gone within days: users are affected now.",
        "impact-ticket": "At this pace the budget is gone before its window ends: plan the work.",
        "deployment": "The last deployment or change of configuration",
    },
}

BURN_STEPS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "sort_desc(slo:burn_rate:{short} > 1)",
        {"zh-CN": "哪些目标现在消耗过快", "en": "Which objectives burn too fast now"},
    ),
    (
        "slo:error_budget_remaining:ratio",
        {"zh-CN": "每个目标还剩多少错误预算", "en": "What is left of each error budget"},
    ),
    (
        'ALERTS{{alertstate="firing", signal=~"outage|absence"}}',
        {"zh-CN": "是否有中断或数据缺失可以解释它", "en": "Whether an outage or absent data explains it"},
    ),
)
