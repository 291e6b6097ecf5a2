# Everything a person or CI types. Needs make, bash and Python 3.11, 3.12 or 3.13; the rest comes from requirements.lock.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup up test check browser lock bench chaos clean reset

BIN := .venv/bin
HOME_FOLDER := $(or $(PARLEY_HOME),.parley)
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## install into .venv without starting anything (the command is then .venv/bin/parley)

up: .venv/.ready ## install what is missing, then start everything; PORT=8001 make up for another port
	@exec $(BIN)/parley up

# Everything that is not pytest comes first, so that the last line is pytest's own.
test: .venv/.ready-test ## everything: lint, types, layers, all tests (CI runs this)
	@if [[ "$${CI:-}" == true ]]; then .ci/browser; fi
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@exec $(BIN)/pytest

check: .venv/.ready-test ## the fast half: lint, format, types, layers, unit tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@exec $(BIN)/pytest tests/unit -m "not slow"

browser: ## install Chromium for the browser tests, where that is possible
	@.ci/browser

lock: ## write all locks anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python -m pip install uv" >&2; exit 1; }
	$(COMPILE) pyproject.toml --output-file requirements.lock
	$(COMPILE) pyproject.toml --group test --output-file requirements-test.lock
	$(COMPILE) --group bench --output-file requirements-bench.lock

bench: .venv/.ready-test .venv-bench/.ready ## measure, and print the figures (bench/README.md)
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench parts
	@exec $(BIN)/python -m bench rivals

chaos: .venv/.ready-test ## kill 500 workers in the middle of runs, and judge what is left (20 minutes; KILLS=50 is shorter, SEED=1 repeats choices)
	@exec $(BIN)/python -m tests.chaos.large --kills $(or $(KILLS),500) $(if $(SEED),--seed $(SEED))

clean: ## remove the environment, caches and test leftovers; your data stays
	rm -rf .venv .venv-bench .artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build

reset: ## remove all data: database, secrets, files (asks first; YES=1 does not)
	@.ci/reset "$(HOME_FOLDER)"

.venv/.ready: requirements.lock pyproject.toml
	@.ci/setup requirements.lock

.venv/.ready-test: requirements-test.lock pyproject.toml
	@.ci/setup requirements-test.lock

# What Parley is measured beside and must not depend on. Where it cannot be had, `make bench` measures the rest and says so.
.venv-bench/.ready: requirements-bench.lock .venv/.ready-test
	@$(BIN)/python -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench.lock \
	  && touch $@ || { rm -rf .venv-bench; echo "DBOS could not be installed: it is left out." >&2; }
