"""Foreign text to our own types: mixins, and later hand-written rules, Alertmanager, Grafana and compose files."""
