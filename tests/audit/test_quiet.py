# ruff: noqa: E501 - a configuration that stands on one line here is read at a glance
"""What looks like a fault and is none: each repository here is sound, and nothing may be found in it. They are the false findings
that public repositories showed, or would have."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.audit.pages import audited

RUNS = """services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: [./prometheus.yml:/etc/prometheus/prometheus.yml:ro]
"""
SCRAPES = "scrape_configs:\n  - job_name: api\n    static_configs:\n      - targets: [%s]\n"
METRICS = 'from prometheus_client import Counter, Gauge\n\nSEEN = Counter("jobs_seen_total", "Jobs", ["queue"])\n'

SOUND: Mapping[str, Mapping[str, str]] = {
    "a probe's target is asked by the exporter": {
        "docker-compose.yml": RUNS + "  blackbox:\n    image: prom/blackbox-exporter:v0.25.0\n",
        "prometheus.yml": SCRAPES % "nowhere"
        + "    relabel_configs:\n      - {source_labels: [__address__], target_label: __param_target}\n"
        + "      - {target_label: __address__, replacement: 'blackbox:9115'}\n",
    },
    "localhost on the host's network": {
        "docker-compose.yml": RUNS + "    network_mode: host\n",
        "prometheus.yml": SCRAPES % "localhost:9100",
    },
    "localhost with a neighbour in the same network": {
        "docker-compose.yml": RUNS + "  node:\n    image: prom/node-exporter:v1.9.0\n    network_mode: service:prometheus\n",
        "prometheus.yml": SCRAPES % "localhost:9100",
    },
    "Prometheus asks itself, on a port it was given": {
        "docker-compose.yml": RUNS + "    command: [--web.listen-address=:9099]\n",
        "prometheus.yml": SCRAPES % "'localhost:9099'",
    },
    "a host that the compose file names": {
        "docker-compose.yml": RUNS + "    extra_hosts: ['dbserver:10.0.0.7']\n",
        "prometheus.yml": SCRAPES % "dbserver:9187",
    },
    "a container's name and an alias": {
        "docker-compose.yml": RUNS
        + "    networks: [net]\n  api:\n    build: .\n    container_name: my-api\n    networks: {net: {aliases: [front]}}\nnetworks: {net: {}}\n",
        "prometheus.yml": SCRAPES % "'my-api:8000', 'front:8000', 'API:8000'",
    },
    "a Kubernetes service": {
        "docker-compose.yml": RUNS,
        "k8s/api.yaml": "kind: Service\nmetadata: {name: orders}\n---\nkind: Service\nmetadata: {name: users}\n",
        "prometheus.yml": SCRAPES % "orders:80, users:80",
    },
    "an exporter whose command sets its port": {
        "docker-compose.yml": RUNS
        + "  node:\n    image: prom/node-exporter:v1.9.0\n    command: ['--web.listen-address=:9200']\n",
        "prometheus.yml": SCRAPES % "node:9200",
    },
    "a rule file in the image that is built": {
        "docker-compose.yml": RUNS.replace("image: prom/prometheus:v3.5.0", "build: ./prometheus"),
        "prometheus.yml": "rule_files: [/etc/prometheus/rules/*.yml]\nscrape_configs: []\n",
        "prometheus/rules/a.yml": "groups: [{name: a, rules: [{record: 'a:b', expr: up}]}]\n",
    },
    "a rule file in a directory that is mounted": {
        "docker-compose.yml": RUNS.replace("./prometheus.yml:/etc/prometheus/prometheus.yml:ro", "./conf:/etc/prometheus"),
        "conf/prometheus.yml": "rule_files: ['rules/*.yml', /etc/prometheus/more.rules]\nscrape_configs: []\n",
        "conf/rules/a.yml": "groups: [{name: a, rules: [{record: 'a:b', expr: up}]}]\n",
        "conf/more.rules": "groups: [{name: b, rules: [{record: 'a:c', expr: up}]}]\n",
    },
    "a compose file that is started from the root": {
        "deploy/docker-compose.yml": RUNS.replace("./prometheus.yml", "./conf/prometheus.yml"),
        "conf/prometheus.yml": SCRAPES % "localhost:9090",
    },
    "files that people make": {
        "docker-compose.yml": RUNS.replace("[./prom", "[./local.yml:/local.yml, ./certs/a.pem:/a.pem, ./out/:/out, ./prom"),
        ".gitignore": "local.yml\n",
        "prometheus.yml": "scrape_configs: []\n",
    },
    "several compose files": {
        "docker-compose.yml": "services:\n  api: {image: 'a/b:1.0', depends_on: [db], volumes: ['data:/data']}\n",
        "docker-compose.db.yml": "services:\n  db: {image: 'postgres:17.2'}\nvolumes: {data: {}}\n",
    },
    "an anchor, a merge key and a tag of compose": {
        "docker-compose.yml": "x-base: &base {restart: always}\nservices:\n  a:\n    <<: *base\n    image: a/b:1.0\n    ports: !override ['80:80']\n",
    },
    "images of a variable, of a digest and of a registry with a port": {
        "docker-compose.yml": "services:\n  a: {image: 'a/b:${TAG}'}\n  b: {image: 'a/b@sha256:0f'}\n  c: {image: 'host:5000/a/b:1.0'}\n  d: {image: a/d, build: .}\n",
    },
    "passwords that are none": {
        "docker-compose.yml": "services:\n  a:\n    image: a/b:1.0\n    environment:\n      A_PASSWORD: ${A_PASSWORD}\n      B_PASSWORD: a9x-${PLACE}-kq7\n      DB_PASSWORD_FILE: /run/secrets/db\n"
        "      ALLOW_EMPTY_PASSWORD: 'yes'\n      TOKEN_TTL: 3600\n      DSN: 'postgresql://u:${P}@db/x'\n      API_TOKEN: <token>\n",
    },
    "Loki's rules": {
        "loki.yml": 'groups: [{name: a, rules: [{alert: A, expr: \'sum(rate({app="x"} |= "error" [5m])) > 1\'}]}]\n'
    },
    "Grafana's own alerts": {
        "alerts.yml": "apiVersion: 1\ngroups: [{name: a, rules: [{uid: x, title: T, condition: C, data: []}]}]\n"
    },
    "a template of Helm": {"templates/rules.yaml": "{{- if .Values.on }}\ngroups:\n  - name: a\n    rules: []\n{{- end }}\n"},
    "Kubernetes' rules": {
        "rule.yaml": "kind: PrometheusRule\nmetadata: {name: a}\nspec: {groups: [{name: a, rules: [{alert: Down, expr: up == 0, for: 1h30m}]}]}\n"
    },
    "a datasource that is chosen, one that is named, and one with the uid Grafana makes": {
        "ds.yml": "apiVersion: 1\ndatasources: [{name: Prometheus, type: prometheus, url: 'https://p.example.com'}]\n",
        "d.json": '{"title": "D", "templating": {"list": [{"name": "ds", "type": "datasource", "query": "prometheus"}]}, "panels": ['
        '{"datasource": "$ds", "targets": [{"expr": "up{job=~\\"$job\\"}"}]}, {"datasource": "Prometheus", "targets": [{"expr": "up"}]},'
        '{"datasource": {"uid": "PBFA97CFB590B2093", "type": "prometheus"}, "targets": [{"expr": "rate(a_total[$__rate_interval])"}]},'
        '{"datasource": {"uid": "-- Mixed --"}, "targets": [{"expr": "{x=\\"y\\"} |= 1", "datasource": {"type": "loki", "uid": "${ds}"}}]}]}',
    },
    "metrics that are changed where it is hard to see": {
        "app/metrics.py": METRICS
        + 'A = Gauge("jobs_a", "a")\nB = Gauge("jobs_b", "b")\nC = Gauge("jobs_c", "c")\nD = Counter("jobs_d", "d")\nE = Gauge("jobs_e", "e")\n'
        + 'F = Gauge("jobs_f_info", "f", ["version"])\nALL = {"a": A}\nF.labels("1").set(1)\nC.set_function(lambda: 2)\n',
        "app/main.py": "from . import metrics\nfrom .metrics import B, E\n\n\n@E.track_inprogress()\ndef work(n):\n"
        '    metrics.SEEN.labels(queue="x").inc()\n    record(B, n)\n    with metrics.D.count_exceptions():\n        pass\n',
    },
    "metrics of other languages, of libraries and of exporters": {
        "app/main.py": METRICS + "SEEN.labels('a').inc()\n",
        "svc/main.go": 'var x = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "jobs", Name: "done_fast_total"}, nil)\n',
        "prometheus.yml": "rule_files: [rules.yml]\n" + SCRAPES % "app.example.com:80",
        "rules.yml": "groups: [{name: a, rules: [{record: 'a:b', expr: 'rate(jobs_done_fast_total[5m]) / rate(node_cpu_seconds_total[5m])'},"
        "{record: 'a:c', expr: 'some_other_thing_total + jobs:seen:rate5m'}]}]\n",
    },
    "labels that the scrape brings": {
        "app/main.py": METRICS + "SEEN.labels('a').inc()\n",
        "prometheus.yml": "global: {external_labels: {cluster: a}}\nrule_files: [rules.yml]\nscrape_configs:\n  - job_name: a\n    static_configs: [{targets: ['a.b:1'], labels: {env: prod}}]\n",
        "rules.yml": 'groups: [{name: a, rules: [{record: \'a:b\', expr: \'sum(jobs_seen_total{env="prod",job="a",queue="x",cluster="a"})\'}]}]\n',
    },
    "a module that a compose file starts": {
        "exporter/collect.py": METRICS + "SEEN.labels('a').inc()\n",
        "docker-compose.yml": "services:\n  x: {build: ., command: python -m exporter.collect}\n",
    },
    "a container's name that Compose makes": {
        "docker-compose.yml": RUNS + "  api: {build: .}\n",
        "prometheus.yml": SCRAPES % "'shop-api-1:8000', 'shop_api_1:8000'",
    },
    "variables for a function, a name and a list of labels": {
        "d.json": '{"title": "D", "panels": [{"datasource": {"type": "prometheus"}, "targets": [{"expr": "sum(${f:value}(a$suffix[$w])) by (b $more)"},'
        '{"expr": "sum(rate(a_total[1m])) by (b $rest)"}]}], "templating": {"list": [{"name": "f", "type": "custom", "current": {"value": "rate"}},'
        '{"name": "suffix", "type": "query"}, {"name": "w", "type": "interval", "query": "1m,5m", "current": {"value": "$__auto_interval_w"}},'
        '{"name": "more", "type": "custom", "query": "None : , All : \\\\,c", "current": {"text": "", "value": ""}}, {"name": "rest", "type": "query"}]}}',
    },
    "names that code puts together": {
        "app/main.py": METRICS + "SEEN.labels('a').inc()\nfor n in names:\n    register('jobs_queue_%s_size' % n)\n",
        "rules.yml": "groups: [{name: a, rules: [{record: 'a:b', expr: 'sum(jobs_queue_mail_size)'}]}]\n",
    },
    "an info metric joined by the target": {
        "app/main.py": METRICS
        + "SEEN.labels('a').inc()\nI = Gauge('jobs_build_info', 'i', ['version', 'os'])\nI.labels('1', 'x').set(1)\n",
        "rules.yml": "groups: [{name: a, rules: [{record: 'a:b', expr: 'up * on (instance, job) group_left (version) jobs_build_info'}]}]\n",
    },
    "names of Prometheus 3": {
        "rules.yml": "groups: [{name: a, rules: [{record: http.rate, expr: up, labels: {my-label: x}}]}]\n"
    },
    "alternatives that are not loaded together": {
        "a/prometheus.yml": "rule_files: [rules.yml]\nscrape_configs: []\n",
        "a/rules.yml": "groups: [{name: a, rules: [{alert: Down, expr: up == 0, labels: {severity: page}}]}]\n",
        "b/prometheus.yml": "rule_files: ['*les.yml']\nscrape_configs: []\n",
        "b/rules.yml": "groups: [{name: a, rules: [{alert: Gone, expr: up == 0, labels: {severity: page}}]}]\n",
    },
    "an inhibition by a label that the series decide": {
        "alertmanager.yml": "route: {receiver: a}\nreceivers: [{name: a}]\ninhibit_rules:\n"
        "  - {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [team]}\n",
        "rules.yml": "groups: [{name: a, rules: [{alert: Down, expr: 'a > 9', labels: {severity: critical, team: '{{ $labels.team }}'}},"
        "{alert: Slow, expr: 'b > 8', labels: {severity: warning, team: api}}]}]\n",
    },
    "an inhibition whose alerts share a name": {
        "alertmanager.yml": "route: {receiver: a}\nreceivers: [{name: a}]\ninhibit_rules:\n"
        "  - {source_match: {severity: critical}, target_match_re: {severity: 'warning|info'}, equal: [alertname, instance]}\n",
        "rules.yml": "groups: [{name: a, rules: [{alert: Full, expr: 'a > 9', labels: {severity: critical}},"
        "{alert: Full, expr: 'a > 8', labels: {severity: warning}}]}]\n",
    },
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_found_where_nothing_is_wrong(name: str) -> None:
    assert [str(fault) for fault in audited(dict(SOUND[name])).faults] == []
