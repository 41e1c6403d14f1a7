"""What Prometheus scrapes, reads and tells. In: the Plan and the names of its rule files. Out: the Prometheus IR: one job a
service, its target labels on every series."""

from __future__ import annotations

from generators.ir.scrape import Prometheus, ScrapeJob, Target
from generators.plan import Plan, Service

SAMPLE_LIMIT = 50_000
"""What one scrape may bring at most: an exporter that runs wild loses its own samples, not everybody's Prometheus."""


def compile_scrape(plan: Plan) -> Prometheus:
    """The Prometheus IR. A service without targets under this engine has no job; the stack names it as absent."""
    jobs = tuple(_job(service, plan) for service in plan.services if service.targets)
    return Prometheus(
        scrape_interval=plan.stack.scrape_interval,
        scrape_timeout=plan.stack.scrape_timeout,
        evaluation_interval=plan.stack.evaluation_interval,
        external_labels=plan.environment.labels,
        rule_files=("rules/*.yml",),
        jobs=jobs,
        alertmanagers=(plan.address("alertmanager"),),
    )


def _job(service: Service, plan: Plan) -> ScrapeJob:
    return ScrapeJob(
        name=service.name,
        targets=(Target(service.targets, service.target_labels),),
        metrics_path=service.metrics_path,
        interval=service.scrape_interval if service.scrape_interval != plan.stack.scrape_interval else None,
        sample_limit=SAMPLE_LIMIT,
        where=service.where,
    )
