"""From the spec to the Plan. In: a spec of the right form, with the catalogue, for one environment and one engine. Out: a Plan
with every default applied and every name bound, or all faults of meaning at once, without echoes of the same cause."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from generators.catalogue import Catalogue
from generators.fault import Fault, Where
from generators.ir.contract import Contract
from generators.ir.stack import EngineName
from generators.plan import Derived, EnvironmentPlan, Goals, MixinPlan, Plan, Project, Service, StackPlan, TracingPlan
from generators.resolve.alerts import resolve_alerts
from generators.resolve.context import Context, did_you_mean
from generators.resolve.contract import resolve_contract
from generators.resolve.delays import check_delays
from generators.resolve.environments import check_environments
from generators.resolve.mixins import mixin_alerts, mixin_recordings
from generators.resolve.notify import resolve_notify
from generators.resolve.operations import operation
from generators.resolve.panels import resolve_dashboards, resolve_panels
from generators.resolve.queries import read_vector
from generators.resolve.retention import check_retention
from generators.resolve.routes import check_routes
from generators.resolve.secrets import check_secrets
from generators.resolve.services import kind_of, resolve_services
from generators.resolve.slos import resolve_slos
from generators.resolve.stack import exporter_component, resolve_stack
from generators.resolve.telemetry import check_telemetry
from generators.spec.load import Loaded
from generators.spec.scalars import seconds

RULE_FILES = ("derived", "bands", "slo")
"""Names of rule files beside those of kinds and of the project."""


def resolve(
    loaded: Loaded,
    catalogue: Catalogue,
    environment: str,
    engine: EngineName,
    mixins: tuple[MixinPlan, ...] = (),
    notes: Mapping[str, str] | None = None,
    lacking: Mapping[str, str] | None = None,
) -> tuple[Plan | None, tuple[Fault, ...]]:
    """The Plan, or None with the faults. `notes` are the runbook notes that people wrote, by alert name;
    `lacking` the packaged programs that are not to be had where the local engine runs, with why."""
    if loaded.spec is None or catalogue.faults:
        return None, (*catalogue.faults, *loaded.faults)
    if environment not in loaded.spec.environments:
        where = loaded.source.where_key(("environments",))
        what = f"there is no environment '{environment}'"
        fault = Fault("unknown-environment", where, what, _another(environment, tuple(loaded.spec.environments)))
        return None, (*loaded.faults, fault)
    context = Context(loaded.spec, loaded.source, catalogue, environment, engine, broken=loaded.broken, lacking=lacking or {})
    plan = _plan(context, mixins, notes or {})
    errors = (*loaded.faults, *context.faults)
    return (None if errors else plan), errors


def _plan(context: Context, mixins: tuple[MixinPlan, ...], notes: Mapping[str, str]) -> Plan:
    check_secrets(context)
    stack = resolve_stack(context)
    services = resolve_services(context, _addresses(context, stack))
    contract, written = resolve_contract(context)
    check_telemetry(context, contract)
    derived = tuple(one for one in written if _is_sound(context, contract, one))
    slos = resolve_slos(context, contract, services)
    own = resolve_alerts(context, contract, services)
    alerts = (*own, *mixin_alerts(context, contract, services, mixins, {alert.name: alert for alert in own}))
    check_delays(context, stack, alerts, derived)
    check_retention(context, slos, alerts)
    notify = resolve_notify(context, stack)
    check_routes(context, notify, alerts, slos)
    check_environments(context)
    names = {alert.name for alert in alerts} | set(context.spec.alerts)
    return Plan(
        project=_project(context),
        environment=_environment(context),
        engine=context.engine,
        contract=contract,
        services=services,
        slos=slos,
        alerts=alerts,
        derived=(*derived, *mixin_recordings(context, contract, mixins)),
        notify=notify,
        kind_panels=resolve_panels(context, contract, names),
        dashboards=resolve_dashboards(context, contract, names),
        tracing=_tracing(context, services),
        stack=stack,
        goals=_goals(context),
        mixins=mixins,
        notes=notes,
    )


def _another(environment: str, known: tuple[str, ...]) -> str:
    """What to say instead of an environment that is not there; a spec may well have none for production."""
    near = did_you_mean(environment, known)
    if not known or not near.startswith("Known"):
        return near
    return f"The spec has {', '.join(known)}: say `--environment {known[0]}`, or write this one under `environments:`."


def _is_sound(context: Context, contract: Contract, rule: Derived) -> bool:
    source = context.source
    if rule.name not in context.spec.metrics:
        source = next(entry.source for entry in context.used_kinds.values() if rule.name in entry.kind.metrics)
    return read_vector(context, contract, rule.expr, source.spot(("metrics", rule.name, "derived"))) is not None


def _addresses(context: Context, stack: StackPlan) -> dict[str, tuple[str, ...]]:
    """Where Prometheus scrapes what runs in the stack, by service."""
    found = {}
    for name in context.spec.services:
        entry = kind_of(context, name)
        if entry is None or not (entry.kind.exporter or entry.kind.component):
            continue
        component = exporter_component(context, name) if entry.kind.exporter else str(entry.kind.component)
        if component not in stack.components:
            what = f"'{name}' is of kind {entry.kind.kind}, but the stack runs no {component}"
            context.fault(
                "unprovided", context.where("services", name, "kind"), what, "Take the service out, or declare `tracing:`."
            )
            continue
        ports = [stack.components[component].ports[port] for port in entry.kind.metrics_ports]
        host = component if context.engine == "compose" else "127.0.0.1"
        found[name] = tuple(f"{host}:{inside if context.engine == 'compose' else outside}" for inside, outside in ports)
    return found


def _project(context: Context) -> Project:
    project = context.spec.project
    if project.name in (*context.catalogue.kinds, *RULE_FILES):
        what = f"the rules of '{project.name}' would stand in one file with those that every spec brings along"
        context.fault("duplicate-name", context.where("project", "name"), what, "Give the project a name of its own.")
    return Project(project.name, project.owner, context.text(project.title, project.name), project.locale, context.locales)


def _environment(context: Context) -> EnvironmentPlan:
    environment, where = context.environment, context.where_key("environments", context.environment_name)
    return EnvironmentPlan(
        name=context.environment_name,
        production=environment.production,
        labels=environment.labels,
        external_urls=environment.external_urls,
        listen=environment.listen,
        where=where,
    )


def _goals(context: Context) -> Goals:
    goals = context.spec.targets
    return Goals(
        detect_within=goals.detect_within,
        alert_precision=goals.alert_precision,
        api_coverage=goals.api_coverage,
        trace_coverage=goals.trace_coverage,
        business_coverage=goals.business_coverage,
        monitoring_coverage=goals.monitoring_coverage,
        dashboard_coverage=goals.dashboard_coverage,
    )


def _tracing(context: Context, services: tuple[Service, ...]) -> TracingPlan | None:
    """What is kept; `always` takes errors, `slower than 2s` and declared operations."""
    tracing = context.spec.tracing
    if tracing is None:
        return None
    declared = {str(one): one for service in services for one in service.operations}
    keep_errors, slower, operations = False, None, []
    for index, text in enumerate(tracing.keep.always):
        place = ("tracing", "keep", "always", index)
        if text == "errors":
            keep_errors = True
        elif text.startswith("slower than "):
            slower = _slower(context, text, context.where(*place))
        elif text in declared:
            operations.append(declared[text])
        elif operation(context, text, place):
            context.unknown("operation", text, {**declared, "errors": "", "slower than 2s": ""}, place)
    return TracingPlan(
        tracing.keep.share, keep_errors, slower, tuple(operations), tracing.retention, context.where_key("tracing")
    )


def _slower(context: Context, text: str, where: Where) -> Decimal | None:
    try:
        return seconds(text.removeprefix("slower than "))
    except ValueError as error:
        context.fault("value", where, str(error), "Write it like `slower than 2s`.")
        return None
