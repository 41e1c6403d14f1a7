# Touchline, by its verbs. `make` alone shows them. Needed: python3 (3.11 or newer), make, and to build the engines either Go
# or a Docker engine that can pull images. Nothing is installed outside .venv/ and the cache (~/.cache/touchline).

PYTHON    ?= python3
BIN       := .venv/bin
# `make plan SPEC=other.yaml ENVIRONMENT=staging ARGS='--format json'`; without them the command line's own defaults hold.
TOUCHLINE  = $(BIN)/touchline $(if $(SPEC),--spec $(SPEC)) $(if $(ENVIRONMENT),--environment $(ENVIRONMENT)) $(if $(ENGINE),--engine $(ENGINE))
STAMP     := .venv/.setup-done

# The tests start the compiler hundreds of times: what Python has compiled once, it need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## show this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## install the Python side into .venv (only when its pins changed)

PROJECTS  := $(wildcard client/pyproject.toml examples/*/pyproject.toml)

$(STAMP): pyproject.toml constraints.txt $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "touchline: $(PYTHON) is $$($(PYTHON) --version); Python 3.11 or newer is needed: make setup PYTHON=python3.11" >&2; exit 2; }
	@echo "setup: installing pinned packages into .venv (about 20 s)" >&2
	@$(PYTHON) -m venv .venv || { echo "touchline: python's venv module is missing; on Debian: apt install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' \
	  --editable client --editable examples/football & pip=$$!; s=0; \
	  while sleep 1; kill -0 $$pip 2>/dev/null; do s=$$((s+1)); [ $$((s%10)) != 0 ] || echo "setup: $$s s" >&2; done; wait $$pip
	@touch $@

.PHONY: tools
tools: setup ## find or build promtool, amtool, prometheus, alertmanager, jaeger, ... (once; 10 minutes with Go on two cores)
	@$(BIN)/python -m operate.tools build >/dev/null

.PHONY: generate
generate: setup ## compile the spec: write every generated file
	@$(TOUCHLINE) generate $(ARGS)

.PHONY: check
check: setup ## is the spec sound, and is every generated file what the spec says?
	@$(TOUCHLINE) check $(ARGS)

.PHONY: test
test: setup tools ## all tests, on the real engines, several at a time
	@$(BIN)/python -m pytest -n auto $(PYTEST)

.PHONY: mutate
mutate: setup tools ## do the tests bite? Plant every known mistake into both specs' rules and routes
	@$(TOUCHLINE) mutate $(if $(SPEC),,spec/football.yaml tests/specs/shop.yaml) $(ARGS)

.PHONY: lint
lint: setup ## ruff, mypy --strict, and the architecture's import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: deploy
deploy: setup ## build, test, release, switch, verify; goes back by itself when verify says no
	@$(TOUCHLINE) deploy $(ARGS)

.PHONY: plan
plan: setup ## say in words what a deploy would change
	@$(TOUCHLINE) plan $(ARGS)

.PHONY: status
status: setup ## what runs, and where
	@$(TOUCHLINE) status $(ARGS)

.PHONY: verify
verify: setup ## does what runs equal the release?
	@$(TOUCHLINE) verify $(ARGS)

.PHONY: rollback
rollback: setup ## go back to the release before
	@$(TOUCHLINE) rollback $(ARGS)

.PHONY: down
down: setup ## stop the stack; its data stay
	@$(TOUCHLINE) down $(ARGS)

.PHONY: ping
ping: setup ## send a test alert through every channel
	@$(TOUCHLINE) ping $(ARGS)

.PHONY: demo
demo: setup ## databases, the sample application, users, and the stack that watches them; prints where to look
	@$(BIN)/python -m football_demo up $(ARGS)

.PHONY: drill
drill: setup ## faults, one after the other, into the demo that runs: is each noticed, told, and over? Most of an hour
	@$(BIN)/python -m football_demo drill $(ARGS)

.PHONY: demo-down
demo-down: setup ## stop the demo; its data stay
	@$(BIN)/python -m football_demo down $(ARGS)

.PHONY: crosscheck
crosscheck: setup tools ## the scenarios of inhibition on real Alertmanagers in real time, beside virtual time (seven minutes)
	@$(BIN)/python -m tests.crosscheck

.PHONY: bench
bench: setup tools ## speed, as ratios against peers in one run
	@$(BIN)/python -m bench $(ARGS)
