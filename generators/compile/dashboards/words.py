"""What stands on dashboards in words. In: the languages of the project. Out: each text in all of them, the project's own first; a
language without a word here reads English."""

from __future__ import annotations

from collections.abc import Mapping

from generators.plan import Plan, Text

DASHBOARDS: Mapping[str, tuple[Text, Text]] = {
    "overview": (
        {"zh-CN": "APM 总览", "en": "APM overview"},
        {
            "zh-CN": "从这里开始：什么在告警，预算还剩多少，哪个服务出了问题。",
            "en": "Begin here: what fires, how much budget is left, which service suffers.",
        },
    ),
    "api": (
        {"zh-CN": "API 性能", "en": "API performance"},
        {"zh-CN": "请求速率、错误、延迟、饱和度，按服务。", "en": "Rate, errors, duration and saturation by service."},
    ),
    "system": (
        {"zh-CN": "系统性能", "en": "System performance"},
        {"zh-CN": "主机与容器的资源使用。", "en": "What hosts and containers use."},
    ),
    "monitoring": (
        {"zh-CN": "监控系统健康", "en": "Health of the monitoring"},
        {
            "zh-CN": "监控自身是否在工作：抓取、规则、通知、存储。",
            "en": "Whether the monitoring itself works: scrapes, rules, notifications, storage.",
        },
    ),
    "tracing": (
        {"zh-CN": "链路追踪", "en": "Tracing"},
        {
            "zh-CN": "由全部 span 统计的服务性能，最新的链路，以及谁调用谁。",
            "en": "Service performance counted from every span, the newest traces, and who calls whom.",
        },
    ),
    "slo": (
        {"zh-CN": "服务目标", "en": "Service level objectives"},
        {
            "zh-CN": "每个目标的错误预算还剩多少，消耗得多快。",
            "en": "How much of each error budget is left, and how fast it burns.",
        },
    ),
    "alerts": (
        {"zh-CN": "告警统计", "en": "Alert statistics"},
        {"zh-CN": "正在触发的告警、频率与处理时间。", "en": "What fires, how often, and how long until it is over."},
    ),
    "coverage": (
        {"zh-CN": "监控覆盖度", "en": "Monitoring coverage"},
        {"zh-CN": "声明要监控的，有多少真的被看见。", "en": "How much of what was declared is really seen."},
    ),
    "trends": (
        {"zh-CN": "长期趋势", "en": "Long-term trends"},
        {"zh-CN": "30 天内性能、可靠性与告警的变化。", "en": "How performance, reliability and alerts changed over 30 days."},
    ),
    "business": (
        {"zh-CN": "业务指标", "en": "Business"},
        {"zh-CN": "业务量与结果。", "en": "Volume and outcome of the business."},
    ),
    "users": (
        {"zh-CN": "用户行为", "en": "User behaviour"},
        {"zh-CN": "用户活跃度与请求模式。", "en": "How active users are and what they ask for."},
    ),
    "models": (
        {"zh-CN": "模型对比", "en": "Model comparison"},
        {"zh-CN": "各模型的质量、样本量与耗时。", "en": "Quality, sample size and time of each model."},
    ),
    "quality": (
        {"zh-CN": "数据质量", "en": "Data quality"},
        {"zh-CN": "输入数据的质量。", "en": "Quality of the data that comes in."},
    ),
    "live": (
        {"zh-CN": "实时业务状态", "en": "Live business state"},
        {"zh-CN": "最近 15 分钟的业务状态，每 5 秒刷新。", "en": "The business over the last 15 minutes, every 5 seconds."},
    ),
}
"""Title and description of the dashboards of the core, by uid."""


def text(zh: str, en: str) -> Text:
    """A text in the two languages that the core speaks."""
    return {"zh-CN": zh, "en": en}


def say(plan: Plan, words: Text, between: str = " / ") -> str:
    """The text in all languages of the project, once where two say the same."""
    return between.join(dict.fromkeys(words.get(locale, words["en"]) for locale in plan.project.locales))


def explain(plan: Plan, words: Text) -> str:
    """A longer text, each language on its own line."""
    return say(plan, words, "\n\n")
