// The monitoring of the monitoring, as a standard Jsonnet mixin: what watches Prometheus, Alertmanager, Grafana and Jaeger.
local alert(name, expr, severity, hold, signal, service, en, zh) = {
  alert: name,
  expr: expr,
  [if hold != '0s' then 'for']: hold,
  // The heartbeat comes from no series that could say whose it is.
  labels: { severity: severity, signal: signal, [if signal == 'heartbeat' then 'service']: service },
  annotations: {
    summary: en[0],
    description: en[1],
    'summary_zh-CN': zh[0],
    'description_zh-CN': zh[1],
  },
};

{
  prometheusAlerts+:: {
    groups+: [{
      name: 'monitoring',
      rules: [
        alert(
          'DeadMansSwitch', 'vector(1)', 'info', '0s', 'heartbeat', 'prometheus',
          ['The monitoring is alive', 'This alert always fires. Whoever receives it must raise the alarm when it stops.'],
          ['监控存活', '此告警始终触发；一旦停止，接收方必须报警。'],
        ),
        alert(
          'PrometheusReloadFailed', 'prometheus_config_last_reload_successful == 0', 'critical', '1m', 'degradation', 'prometheus',
          ['Prometheus refused its configuration', 'The last reload failed: what runs is older than what was deployed. Run `touchline status`.'],
          ['Prometheus 拒绝了新配置', '最近一次重载失败：正在运行的不是已部署的版本。运行 `touchline status`。'],
        ),
        alert(
          'RuleEvaluationFailing', 'sum by (service, tier, owner, rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0', 'critical', '0s', 'degradation', 'prometheus',
          ['Rules of {{ $labels.rule_group }} cannot be evaluated', '{{ $value | humanize }} evaluations failed within five minutes: their alerts cannot fire. Open the Rules page for the error.'],
          ['规则组 {{ $labels.rule_group }} 评估失败', '5 分钟内有 {{ $value | humanize }} 次评估失败，相关告警无法触发。在 Rules 页面查看错误。'],
        ),
        alert(
          'RuleEvaluationSlow', 'sum by (service, tier, owner, rule_group) (increase(prometheus_rule_group_iterations_missed_total[10m])) > 0', 'warning', '5m', 'saturation', 'prometheus',
          ['Evaluations of {{ $labels.rule_group }} are skipped', '{{ $value | humanize }} evaluations were skipped within ten minutes: rules take longer than their interval. Find the slowest group on the monitoring dashboard.'],
          ['规则组 {{ $labels.rule_group }} 评估被跳过', '10 分钟内跳过了 {{ $value | humanize }} 次评估：规则耗时超过间隔。先在监控仪表盘上找最慢的规则组。'],
        ),
        alert(
          'AlertsNotDelivered', 'sum by (service, tier, owner) (increase(prometheus_notifications_dropped_total[5m])) > 0', 'critical', '0s', 'degradation', 'prometheus',
          ['Prometheus cannot reach Alertmanager', '{{ $value | humanize }} alerts were dropped within five minutes: nobody is told. Look whether Alertmanager runs.'],
          ['Prometheus 无法投递告警', '5 分钟内丢弃了 {{ $value | humanize }} 条告警：没有人会收到通知。检查 Alertmanager 是否在运行。'],
        ),
        alert(
          'PrometheusStorageFailing', 'sum by (service, tier, owner) (increase(prometheus_tsdb_compactions_failed_total[1h])) > 0', 'warning', '0s', 'degradation', 'prometheus',
          ['Prometheus cannot compact its storage', '{{ $value | humanize }} compactions failed within an hour. Look at the disk.'],
          ['Prometheus 存储压缩失败', '1 小时内有 {{ $value | humanize }} 次压缩失败。检查磁盘。'],
        ),
        alert(
          'ScrapeTooLarge', 'sum by (service, tier, owner) (increase(prometheus_target_scrapes_exceeded_sample_limit_total[10m])) > 0', 'warning', '0s', 'saturation', 'prometheus',
          ['A target exports too many samples', 'Scrapes above the sample limit are thrown away whole; find the label that exploded.'],
          ['某个目标导出的样本过多', '超过上限的抓取会被整体丢弃；找出爆炸的标签。'],
        ),
        alert(
          'AlertmanagerReloadFailed', 'alertmanager_config_last_reload_successful == 0', 'critical', '1m', 'degradation', 'alertmanager',
          ['Alertmanager refused its configuration', 'Routes are older than what was deployed. Run `touchline status`.'],
          ['Alertmanager 拒绝了新配置', '正在运行的路由不是已部署的版本。运行 `touchline status`。'],
        ),
        alert(
          'NotificationsFailing', 'sum by (service, tier, owner, integration) (rate(alertmanager_notifications_failed_total[5m])) / (sum by (service, tier, owner, integration) (rate(alertmanager_notifications_total[5m])) > 0) > 0.1', 'critical', '1m', 'degradation', 'alertmanager',
          ['Notifications by {{ $labels.integration }} fail', '{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }} fail: people are not told. Look at its secret and address.'],
          ['通过 {{ $labels.integration }} 的通知失败', '{{ $value | humanizePercentage }} 的 {{ $labels.integration }} 通知失败：有人收不到告警。检查密钥与地址。'],
        ),
        alert(
          'SpansNotStored', 'sum by (service, tier, owner, exporter) (rate(otelcol_exporter_send_failed_spans_total[5m])) > 0', 'warning', '5m', 'degradation', 'jaeger',
          ['Jaeger cannot store spans', '{{ $value | humanize }} spans a second are lost. Look at its disk.'],
          ['Jaeger 无法存储链路', '每秒丢失 {{ $value | humanize }} 个 span。检查磁盘。'],
        ),
      ],
    }],
  },
}
