"""What official images listen on when nobody tells them otherwise, and which exporters' metrics begin with what. Tables, each row
from the image's own Dockerfile or the exporter's documentation; an image that is not here is simply not known."""

from __future__ import annotations

from collections.abc import Mapping

from generators.ir.found import FoundService

# fmt: off
LISTENS: Mapping[str, frozenset[int]] = {name: frozenset(ports) for name, ports in {
    "prom/prometheus": (9090,), "prom/alertmanager": (9093, 9094), "prom/node-exporter": (9100,), "prom/pushgateway": (9091,),
    "prom/blackbox-exporter": (9115,), "prom/mysqld-exporter": (9104,), "prom/statsd-exporter": (9102, 9125),
    "prom/memcached-exporter": (9150,), "prom/snmp-exporter": (9116,), "prom/haproxy-exporter": (9101,),
    "quay.io/prometheus/node-exporter": (9100,), "quay.io/prometheus/prometheus": (9090,), "quay.io/prometheus/alertmanager": (9093, 9094),
    "quay.io/prometheus/blackbox-exporter": (9115,),
    "grafana/grafana": (3000,), "grafana/grafana-oss": (3000,), "grafana/grafana-enterprise": (3000,),
    "gcr.io/cadvisor/cadvisor": (8080,), "google/cadvisor": (8080,), "ghcr.io/google/cadvisor": (8080,),
    "oliver006/redis_exporter": (9121,), "bitnami/redis-exporter": (9121,),
    "prometheuscommunity/postgres-exporter": (9187,), "quay.io/prometheuscommunity/postgres-exporter": (9187,),
    "wrouesnel/postgres_exporter": (9187,), "nginx/nginx-prometheus-exporter": (9113,), "danielqsj/kafka-exporter": (9308,),
    "percona/mongodb_exporter": (9216,), "prometheuscommunity/elasticsearch-exporter": (9114,), "kbudde/rabbitmq-exporter": (9419,),
    "danielberteaud/celery-exporter": (9808,), "danihodovic/celery-exporter": (9808,),
    "postgres": (5432,), "redis": (6379,), "mysql": (3306, 33060), "mariadb": (3306,), "mongo": (27017,), "memcached": (11211,),
}.items()}
"""Ports of images as their Dockerfiles expose them; registry docker.io is left out of the name."""

NO_METRICS = frozenset({"postgres", "redis", "mysql", "mariadb", "mongo", "memcached"})
"""Servers that answer no scrape: their own protocol is not HTTP, an exporter asks them."""

OWN_PREFIXES = (
    "ALERTS", "up", "scrape_", "absent", "go_", "process_", "python_", "promhttp_", "prometheus_", "alertmanager_", "net_conntrack_",
    "node_", "container_", "machine_", "cadvisor_", "kube_", "kubelet_", "kubernetes_", "kubeproxy_", "apiserver_", "scheduler_",
    "workqueue_", "rest_client_", "etcd_", "coredns_", "storage_operation_", "volume_manager_", "pg_", "pgbouncer_", "postgres_",
    "redis_", "mysql_", "mongodb_", "memcached_", "elasticsearch_", "kafka_", "zookeeper_", "rabbitmq_", "erlang_", "nginx_", "apache_",
    "haproxy_", "traefik_", "caddy_", "envoy_", "istio_", "jvm_", "tomcat_", "hikaricp_", "logback_", "jdbc_", "system_", "probe_",
    "blackbox_", "pushgateway_", "push_", "statsd_", "windows_", "wmi_", "snmp_", "grafana_", "loki_", "promtail_", "tempo_", "cortex_",
    "thanos_", "otelcol_", "jaeger_", "traces_", "calls_", "latency_", "http_server_", "http_client_", "rpc_",
    "celery_", "flower_", "django_",
    "flask_", "starlette_", "gunicorn_", "uwsgi_", "nodejs_", "engine_daemon_", "swarm_", "consul_", "vault_", "minio_", "smartmon_",
    "DCGM_", "nvidia_", "vm_", "vmagent_", "aws_", "azure_", "stackdriver_", "ssl_", "argocd_", "certmanager_", "ALERTS_FOR_STATE",
)
"""How the metrics of well-known exporters and servers begin. What begins so is somebody else's, not the application's."""

FROM_LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "prometheus_fastapi_instrumentator": ("http_request",),
    "starlette_exporter": ("starlette_", "http_request"),
    "starlette_prometheus": ("starlette_",),
    "aioprometheus": ("requests_", "responses_", "exceptions_", "status_codes_"),
    "prometheus_flask_exporter": ("flask_",),
}
"""Metrics that instrumentation libraries define by themselves."""
# fmt: on

_OVERRIDES = ("port", "listen", "address", "bind", "web.")


def repository_of(image: str) -> str:
    """The image's name without registry docker.io, tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}"
    for prefix in ("docker.io/library/", "docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    return name


def known_ports(service: FoundService) -> frozenset[int]:
    """The ports that a service listens on, where its image tells and neither its command nor its environment may say otherwise;
    else none."""
    if service.image is None or service.builds:
        return frozenset()
    words = (*service.words, *service.environment)
    told = any(sign in word.lower() for word in words for sign in _OVERRIDES)
    return frozenset() if told else LISTENS.get(repository_of(service.image.text), frozenset())


def is_prometheus(service: FoundService) -> bool:
    """Whether a service runs Prometheus."""
    return service.image is not None and repository_of(service.image.text).endswith("/prometheus")


def is_grafana(service: FoundService) -> bool:
    """Whether a service runs Grafana."""
    return service.image is not None and repository_of(service.image.text).startswith("grafana/grafana")
