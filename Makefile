# Readroom. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup viewer run test-packages lint test-served test format lock bench train ship report clean

PORT ?= 8000
DATA ?= data
PROFILE ?= cpu
# Not knee-grade: on the test split it is no better than chance.
SHIPPED = $(filter-out %/_shared.toml %/knee-grade.toml,$(wildcard ml/lab/configs/*.toml ml/lab/configs/beyond/*.toml))
CONFIGS = $(filter-out ml/lab/configs/search/% ml/lab/configs/radiomics/% %/_shared.toml,$(wildcard ml/lab/configs/*.toml ml/lab/configs/*/*.toml))
PYTHON := .venv/bin/python
# Whole suites run in several processes, each test file in one of them: fixtures of a module are made once.
SPREAD = -n auto --maxprocesses=4 --dist=loadfile
export PYTHONPATH :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export YOLO_OFFLINE := true
export YOLO_AUTOINSTALL := false

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo "  Settings: PORT=8000 and DATA=folder for \`make run\`; TESTS=\"tests/...\" for \`make test\`."

setup: ## Make the virtual environment from the lock (quick when nothing changed)
	@command -v python3.11 >/dev/null || { echo "Readroom needs Python 3.11: \`apt install python3.11 python3.11-venv\`."; exit 1; }
	@python3.11 -m deploy.prepare

viewer: ## Build the viewer's scripts with Node and npm (quick when nothing changed)
	@python3.11 -m deploy.viewer

run: setup ## Start Readroom on 127.0.0.1:PORT with its data in DATA; Ctrl-C stops it
	@python3.11 -m deploy.viewer --or-without
	@exec $(PYTHON) -m deploy.launch --port "$(PORT)" --data "$(DATA)"

test-packages: ## Install the Debian packages that only tests need (or name them)
	@python3.11 -m deploy.debian

lint: setup ## Style, types, walls between the rooms, migrations, deployment checks
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	python3.11 -m deploy.viewer --check
	@$(PYTHON) -m deploy.check_django

test-served: setup viewer test-packages ## The web suite again, on a real PostgreSQL
	$(PYTHON) -m tests.with_postgres $(PYTHON) -m pytest -q $(SPREAD) tests/webapp

test: setup viewer test-packages lint ## Everything: lint, then all tests (TESTS= names a part)
	$(if $(TESTS),,$(MAKE) --no-print-directory test-served)
	$(PYTHON) -m pytest $(or $(TESTS),$(SPREAD))

format: setup ## Put the code into the house's layout
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

lock: ## Compile requirements/*.in into locks (UV_FIND_LINKS names the folder with the CPU wheel of torch)
	@PATH="$$PWD/.venv/bin:$$PATH" UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" $(PYTHON) requirements/compile.py

bench: setup viewer ## Ratios taken in one run: networks, queue, DICOMweb beside Orthanc and nginx, the viewer
	@$(PYTHON) -m bench
	@$(PYTHON) -m bench.dicomweb
	@$(PYTHON) -m bench.viewer
	@$(PYTHON) -m bench.pages

train: setup ## Train every network of ml/lab/configs, or go on where it was stopped (PROFILE=cpu about 2 hours, or gpu)
	$(PYTHON) -m ml.lab.train --profile $(PROFILE) $(CONFIGS)
	$(PYTHON) -m ml.lab.search --profile $(PROFILE) ml/lab/configs/search/*.toml
	$(PYTHON) -m ml.lab.prune ml/lab/configs/sorter.toml

ship: setup ## Make what is served out of the trained networks: half-precision and int8 forms, thresholds, the gate
	$(PYTHON) -m ml.lab.export $(SHIPPED)
	$(PYTHON) -m ml.lab.ood ml/lab/configs/sorter.toml
	$(PYTHON) -m ml.lab.radiomics --ship ml/lab/configs/radiomics/*.toml
	$(PYTHON) -m ml.lab.evaluate.failures ml/lab/configs/sorter.toml

report: setup ## Judge every trained network on the test split and on unseen sources; write docs/models-full and its summary
	$(PYTHON) -m ml.lab.evaluate --profile $(PROFILE) $(CONFIGS)
	$(PYTHON) -m ml.lab.evaluate --form pruned=runs/sorter-pruned-2/weights ml/lab/configs/sorter.toml
	$(PYTHON) -m ml.lab.evaluate.gate --profile $(PROFILE) ml/lab/configs/sorter.toml ml/lab/configs/held-out/[abc].toml
	$(PYTHON) -m ml.lab.evaluate.explain --profile $(PROFILE) ml/lab/configs/*.toml ml/lab/configs/beyond/tumour-type.toml
	$(PYTHON) -m ml.lab.radiomics --ship --profile $(PROFILE) ml/lab/configs/radiomics/*.toml
	$(PYTHON) -m ml.lab.evaluate --cascade
	$(PYTHON) -m ml.lab.cards --fill
	$(PYTHON) -m ml.lab.report.timed $(CONFIGS)
	$(PYTHON) -m ml.lab.report --check

clean: ## Remove caches and collected static files (never the data)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .static webapp/reading/viewer/static test-results
