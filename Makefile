# SPDX-License-Identifier: EUPL-1.2
# `make run` and `make test` need Python 3.11 or later, make and git, and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
FUZZ_SECONDS ?= 60
TESTS ?= tests
PYTEST_ARGS ?=
DEMO_ARGS ?=
BENCH_ARGS ?=

# A checkout has folders named mailbox/ and crypto/: never put the working directory on the import path
# (docs/adr/0001-namespace.md).
export PYTHONSAFEPATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# reuse would otherwise look for a system library that a bare machine lacks.
export REUSE_ENCODING_MODULE := charset_normalizer

READY := $(VENV)/.ready
# Test tools that are published as source only; everything else must come as a wheel.
NO_WHEEL := mozprofile,reuse
PIP := $(PY) -m pip install --quiet
REQUIREMENTS := requirements/build.txt requirements/run.txt requirements/workstation.txt requirements/test.txt

.PHONY: help run test check lint types imports licences drill bench fuzz bundle locale requirements format clean

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): $(REQUIREMENTS) pyproject.toml | $(PY)
	$(PIP) --require-hashes --only-binary :all: -r requirements/build.txt
	$(PIP) --require-hashes --no-build-isolation --only-binary :all: --no-binary $(NO_WHEEL) -r requirements/test.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: $(READY) ## Set up and start the demo: reporter's site on port 8000, workstations on 8001 and up
	$(PY) tools/demo.py $(DEMO_ARGS)

test: $(READY) ## Set up and run all tests but the long drills
	$(BIN)/pytest $(PYTEST_ARGS) $(TESTS)

check: lint types imports licences ## Lint, types, import rules, licences

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy tools bench tests/project

imports: $(READY)
	$(BIN)/lint-imports --no-cache

licences: $(READY)
	$(BIN)/reuse --no-multiprocessing lint --lines

drill: $(READY) ## Run the long drills
	@# 5: there is no drill
	$(BIN)/pytest $(PYTEST_ARGS) -m drill --timeout 1800 $(TESTS) || [ $$? -eq 5 ]

bench: $(READY) ## Measure, and print the figures
	PYTHONPATH=tests/support:bench $(PY) bench/run.py $(BENCH_ARGS)

fuzz: $(READY) ## Fuzz every parser for FUZZ_SECONDS (60), two at a time
	$(PY) tools/fuzz.py --seconds $(FUZZ_SECONDS)

pictures: $(READY) ## Take the README's pictures anew (needs Chromium)
	PYTHONPATH=tests/support $(PY) tools/pictures.py

bundle: ## Rebuild the browser's script from client/ (needs node and npm)
	cd client && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent build

locale: $(READY) ## Collect new texts into the catalogues and compile them
	$(PY) tools/catalogues.py

requirements: ## Renew the pins (needs uv)
	for name in build run workstation test; do uv pip compile --quiet --upgrade --generate-hashes --universal --no-header --no-annotate --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; done

format: $(READY) ## Format the Python sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what was built; data of the demo too
	rm -rf $(VENV) .demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
