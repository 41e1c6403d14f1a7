"""How each thing that we run is run: a table, by the name of its release. In: nothing. Out: users, flags, health checks and the
exceptions from least privilege, as its official image wants them (each entry says where that is written).

Texts hold the engine's placeholders (see ir/stack.py) and the compiler's: `{url}` the address people know it by, `{retention}`
and `{retention_size}` of the metrics, `{half_scrape}` half the time from one scrape to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from generators.ir.stack import Mount, Reload
from generators.record import dataclass

RESTART = Reload("restart")
NO_SHELL = "the image holds one program and nothing that could ask it; Prometheus's `up` watches it"


@dataclass(frozen=True, slots=True)
class Part:
    """What the official image at the pinned release wants, beyond what the catalogue says. `public` are the ports that people
    and applications outside the stack need; the others are reached inside it only. `own_volume` is a path that must belong to
    `user` before the first start."""

    command: tuple[str, ...] = ()
    local_command: tuple[str, ...] = ()
    user: str = "65534:65534"
    environment: Mapping[str, str] = field(default_factory=dict)
    secret_environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    own_volume: str = ""
    health: tuple[str, ...] = ()
    no_health_because: str = ""
    ready: tuple[str, str] = ("http", "/")
    reload: Reload = RESTART
    reads: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    pid_host: bool = False
    privileges: Mapping[str, str] = field(default_factory=dict)
    stop_grace: int = 15
    dockerfile: str = ""


def _wget(port: str, path: str) -> tuple[str, ...]:
    """busybox's wget, in images built on alpine or busybox. No --spider: it asks by HEAD, which not all of them answer. No -T:
    busybox 1.35 crashes on it; Docker's own timeout ends what hangs."""
    return ("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{{port:{port}}}{path}")


# https://github.com/prometheus/prometheus/blob/main/Dockerfile
PROMETHEUS = Part(
    command=(
        "--config.file={release}/prometheus/prometheus.yml",
        "--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time={retention}",
        "--storage.tsdb.retention.size={retention_size}",
        "--web.listen-address={listen}:{port:http}",
        "--web.external-url={url}",
        "--web.route-prefix=/",
        "--web.enable-lifecycle",
        # `touchline coverage --record` hands its figures over here: https://prometheus.io/docs/guides/opentelemetry/
        "--web.enable-otlp-receiver",
        "--enable-feature=exemplar-storage",
    ),
    mounts=(Mount("volume", "prometheus-data", "/prometheus", read_only=False),),
    health=("/bin/promtool", "check", "ready", "--url=http://127.0.0.1:{port:http}"),
    ready=("http", "/-/ready"),
    reload=Reload("http", "http", "/-/reload"),
    reads=("prometheus",),
    public=("http",),
    stop_grace=60,
)

# https://github.com/prometheus/alertmanager/blob/main/Dockerfile
ALERTMANAGER = Part(
    command=(
        "--config.file={release}/alertmanager/alertmanager.yml",
        "--storage.path={data}",
        "--data.retention=120h",
        "--web.listen-address={listen}:{port:http}",
        "--web.external-url={url}",
        "--web.route-prefix=/",
        "--cluster.listen-address=",
    ),
    mounts=(Mount("volume", "alertmanager-data", "/alertmanager", read_only=False),),
    health=("/bin/amtool", "--alertmanager.url=http://127.0.0.1:{port:http}", "cluster", "show"),
    ready=("http", "/-/ready"),
    reload=Reload("http", "http", "/-/reload"),
    reads=("alertmanager",),
    public=("http",),
)

# https://github.com/grafana/grafana/blob/main/Dockerfile, https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
# Dashboards are read from their directory every few seconds; only provisioning itself is read at the start alone.
GRAFANA = Part(
    user="472:0",
    environment={
        "GF_PATHS_PROVISIONING": "{release}/grafana/provisioning",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": "{release}/grafana/dashboards/overview.json",
        "GF_SERVER_ROOT_URL": "{url}",
        "GF_SERVER_HTTP_PORT": "{port:http}",
        "GF_SECURITY_ADMIN_USER": "admin",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_LOG_MODE": "console",
    },
    secret_environment={"GF_SECURITY_ADMIN_PASSWORD__FILE": "grafana_admin_password"},
    mounts=(Mount("volume", "grafana-data", "/var/lib/grafana", read_only=False), Mount("tmpfs", "64m", "/tmp")),
    health=_wget("http", "/api/health"),
    ready=("http", "/api/health"),
    reads=("grafana/provisioning",),
    public=("http",),
    stop_grace=30,
)

# https://github.com/jaegertracing/jaeger/blob/main/cmd/jaeger/Dockerfile
JAEGER = Part(
    command=("--config={release}/jaeger/config.yaml",),
    user="10001:10001",
    environment={"TOUCHLINE_DATA": "{data}"},
    mounts=(Mount("volume", "jaeger-data", "/badger", read_only=False), Mount("tmpfs", "64m", "/tmp")),
    own_volume="/badger",
    health=_wget("health", "/status"),
    ready=("health", "/status"),
    reads=("jaeger",),
    public=("query", "otlp-grpc", "otlp-http"),
    stop_grace=30,
)

INBOX = Part(
    local_command=(
        "--listen={listen}:{port:http}",
        "--smtp={listen}:{port:smtp}",
        "--store={data}/messages.jsonl",
    ),
    mounts=(Mount("tmpfs", "16m", "/tmp"),),
    health=("python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{port:http}/-/healthy', timeout=4)"),
    ready=("http", "/-/healthy"),
    public=("http", "smtp"),
    dockerfile="services/inbox/Dockerfile",
)

# https://github.com/prometheus/node_exporter#docker. Without the host's network name space, which would open it to the
# outside, the network collectors would count the container's own interfaces: they are off rather than wrong.
NODE_EXPORTER = Part(
    command=(
        "--path.rootfs=/host",
        "--web.listen-address={listen}:{port:http}",
        *(f"--no-collector.{name}" for name in ("arp", "netclass", "netdev", "netstat", "sockstat", "softnet", "udp_queues")),
    ),
    local_command=("--web.listen-address={listen}:{port:http}",),
    mounts=(Mount("host", "/", "/host"),),
    health=_wget("http", "/"),
    pid_host=True,
    privileges={
        "host path /": "sizes of the host's file systems; read only",
        "processes of the host": "/proc/1/mountinfo names the host's mounts",
    },
)

# https://github.com/prometheus-community/postgres_exporter/blob/master/Dockerfile
POSTGRES_EXPORTER = Part(command=("--web.listen-address={listen}:{port:http}",), health=_wget("http", "/"))

# https://github.com/oliver006/redis_exporter/blob/master/docker/Dockerfile
REDIS_EXPORTER = Part(
    user="59000:59000",
    environment={"REDIS_EXPORTER_WEB_LISTEN_ADDRESS": "{listen}:{port:http}"},
    no_health_because=NO_SHELL,
    ready=("http", "/health"),
)

# https://github.com/google/cadvisor/blob/v0.57.0/docs/running.md, without two of its mounts: on a host that lacks their paths
# (Docker's data elsewhere, no udev) the container could not start. Docker's own root is asked of Docker and looked for below
# /rootfs (container/docker/handler.go there); disks by UUID and the file system of images make no metric (fs/fs.go).
# Where Docker keeps its images in containerd, containerd is asked as well, at /run/containerd/containerd.sock, and without an answer
# no container is seen (container/docker/factory.go). The image's /var/run is a link to /run, so that the mount brings that socket, too.
# It measures by itself, after once to twice its interval (manager/container.go), and what is idle more seldom unless told not
# to. A panel takes its rates over four scrapes: in these there must be two measurements.
CADVISOR = Part(
    command=(
        "--port={port:http}",
        "--docker_only=true",
        "--store_container_labels=false",
        "--housekeeping_interval={half_scrape}",
        "--allow_dynamic_housekeeping=false",
    ),
    user="0:0",
    mounts=(
        Mount("host", "/", "/rootfs"),
        Mount("host", "/var/run", "/var/run"),
        Mount("host", "/sys", "/sys"),
    ),
    health=_wget("http", "/healthz"),
    ready=("http", "/healthz"),
    capabilities=("SYSLOG",),
    devices=("/dev/kmsg",),
    privileges={
        "user root": "cgroup files and the engine's socket belong to root",
        "capability SYSLOG": "out-of-memory kills are read from the kernel's log",
        "device /dev/kmsg": "out-of-memory kills are read from the kernel's log",
        "host path /": "layers and file systems of containers; read only",
        "host path /var/run": "names and images of containers, asked of the sockets of the engine and of containerd",
        "host path /sys": "cgroups; read only",
    },
)

PARTS: Mapping[str, Part] = {
    "prometheus": PROMETHEUS,
    "alertmanager": ALERTMANAGER,
    "grafana": GRAFANA,
    "jaeger": JAEGER,
    "inbox": INBOX,
    "node_exporter": NODE_EXPORTER,
    "postgres_exporter": POSTGRES_EXPORTER,
    "redis_exporter": REDIS_EXPORTER,
    "cadvisor": CADVISOR,
}

ANY_EXPORTER = Part(no_health_because="no program is known to be in its image that could ask it; Prometheus's `up` watches it")
"""An exporter that a spec's own catalogue brings along: least privilege, and no claim about what its image holds."""
