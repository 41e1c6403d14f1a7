"""What people read of a tier's alert. In: the tier, and the alert's labels and value. Out: its annotations, rendered, in every language
of the project. The sentences stand here a second time on purpose, as the tiers do."""

from __future__ import annotations

from collections.abc import Mapping

from generators import conventions as name
from generators.plan import Plan
from generators.proof.links import pages, traces
from generators.proof.slos.table import Tier, span
from generators.proof.templates import rendered

_SUMMARY = {"zh-CN": "{{ $labels.slo }} 的错误预算消耗过快", "en": "{{ $labels.slo }} burns its error budget too fast"}
_DESCRIPTION = {
    "zh-CN": "过去 LONG 和 SHORT 内错误预算的消耗都超过均匀速度的 FACTOR 倍（现在 {{ $value | humanize }} 倍）。"
    "先看 {{ $labels.service }} 最近一次发布和它的依赖。",
    "en": "Over the last LONG and SHORT alike the budget burns more than FACTOR times as fast as it may (now {{ $value | humanize }} "
    "times). Look at the last deployment of {{ $labels.service }} first, then at what it depends on.",
}
DASHBOARD = "slo"


def burn_words(plan: Plan, tier: Tier, labels: Mapping[str, str], value: float) -> dict[str, str]:
    """Every annotation of the tier's alert."""
    first, found = plan.project.locale, {}
    for locale in plan.project.locales:
        for annotation, texts in ((name.SUMMARY, _SUMMARY), (name.DESCRIPTION, _DESCRIPTION)):
            text = texts.get(locale, texts["en"])
            for word, said in (("LONG", span(tier.long)), ("SHORT", span(tier.short)), ("FACTOR", f"{tier.factor:f}")):
                text = text.replace(word, said)
            found[name.localized(annotation, locale, first)] = rendered(text, labels, value)
    chosen = f"service={labels[name.SERVICE]}"
    return found | pages(plan, tier.alert, DASHBOARD, chosen) | traces(plan, chosen)
