# Readroom. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup viewer run test-packages lint test format lock bench train ship report clean

PORT ?= 8000
DATA ?= data
PROFILE ?= cpu
# Not knee-grade: on the test split it is no better than chance.
SHIPPED = $(filter-out %/_shared.toml %/knee-grade.toml,$(wildcard ml/lab/configs/*.toml ml/lab/configs/beyond/*.toml))
CONFIGS = $(filter-out ml/lab/configs/search/% ml/lab/configs/radiomics/% %/_shared.toml,$(wildcard ml/lab/configs/*.toml ml/lab/configs/*/*.toml))
PYTHON := .venv/bin/python
export PYTHONPATH :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export YOLO_OFFLINE := true
export YOLO_AUTOINSTALL := false

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo "  Settings: PORT=8000 and DATA=folder for \`make run\`; TESTS=\"tests/...\" for \`make test\`."

setup: .venv/.ready ## Create the virtual environment from the lock files (quick if nothing changed)
	@:
.venv/.ready: $(addprefix requirements/,setup.lock dev.lock cpu.lock cuda.lock)
	@command -v python3.11 >/dev/null || { echo "Readroom needs Python 3.11: \`apt install python3.11 python3.11-venv\`."; exit 1; }
	@python3.11 -m deploy.venv
	@touch $@

viewer: ## Build the viewer's scripts with Node and npm (quick if nothing changed)
	@python3.11 -m deploy.viewer

run: setup ## Start Readroom on 127.0.0.1:PORT with its data in DATA; Ctrl-C stops it
	@python3.11 -m deploy.viewer --or-without
	@exec $(PYTHON) -m deploy.launch --port "$(PORT)" --data "$(DATA)"

test-packages: ## Install the Debian packages that only the tests need (or list them)
	@python3.11 -m deploy.debian

lint: setup ## Style, types, import contracts, migrations, deployment checks
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	python3.11 -m deploy.viewer --check
	@# Django's own checks, with the settings of a deployment.
	@export READROOM_DATA="$$(mktemp -d)" READROOM_SECRET_KEY="$$(head -c 48 /dev/urandom | base64 -w 0)" && \
	export READROOM_HTTPS=1 READROOM_ALLOWED_HOSTS=readroom.example && trap 'rm -r "$$READROOM_DATA"' EXIT && \
	$(PYTHON) -W error manage.py makemigrations --check --dry-run && \
	$(PYTHON) -W error manage.py check --deploy --fail-level=WARNING

test: setup viewer test-packages lint ## Lint, then all tests (TESTS= selects some, on SQLite)
	$(PYTHON) -m $(if $(TESTS),pytest $(TESTS),tests)

format: setup ## Format the code
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

# Versions in an existing lock are kept if they still satisfy the requirements; delete a lock to get the newest.
COMPILE = UV_NO_CONFIG=1 UV_CUSTOM_COMPILE_COMMAND="make lock" ../.venv/bin/uv pip compile --quiet --generate-hashes \
	--no-annotate --python-version=3.11 --python-platform=x86_64-manylinux_2_28 --override=overrides.txt
lock: export UV_FIND_LINKS := $(or $(UV_FIND_LINKS),$(PIP_FIND_LINKS))
lock: setup ## Compile requirements/*.in into lock files (PIP_FIND_LINKS names the folder with the CPU wheel of torch)
	cd requirements && $(COMPILE) --output-file=cpu.lock --no-deps cpu.in
	cd requirements && $(COMPILE) --output-file=setup.lock setup.in
	cd requirements && $(COMPILE) --output-file=dev.lock --no-emit-package=torch dev.in
	cd requirements && $(COMPILE) --output-file=web.lock --no-emit-package=torch --constraint=dev.lock web.in
	cd requirements && $(COMPILE) --output-file=worker.lock --constraint=dev.lock worker.in
	cd requirements && $(COMPILE) --output-file=worker-gpu.lock --no-emit-package=torch --constraint=dev.lock worker-gpu.in
	cd requirements && UV_FIND_LINKS= $(COMPILE) --output-file=cuda.lock --constraint=dev.lock cuda.in

bench: setup viewer ## Benchmarks: an idle Readroom, a day's work, networks, queue, DICOMweb against Orthanc and nginx, the viewer, pages
	@$(PYTHON) -m bench.idle
	@$(PYTHON) -m bench.day
	@$(PYTHON) -m bench
	@$(PYTHON) -m bench.dicomweb
	@$(PYTHON) -m bench.viewer
	@$(PYTHON) -m bench.pages

train: setup ## Train every network of ml/lab/configs, or resume where it was interrupted (PROFILE=cpu about 2 hours, or gpu)
	$(PYTHON) -m ml.lab.train --profile $(PROFILE) $(CONFIGS)
	$(PYTHON) -m ml.lab.search --profile $(PROFILE) ml/lab/configs/search/*.toml
	$(PYTHON) -m ml.lab.prune ml/lab/configs/sorter.toml

ship: setup ## Make the shipped models from the trained networks: half-precision and int8 forms, thresholds, the gate
	$(PYTHON) -m ml.lab.export $(SHIPPED)
	$(PYTHON) -m ml.lab.ood ml/lab/configs/sorter.toml
	$(PYTHON) -m ml.lab.radiomics --ship ml/lab/configs/radiomics/*.toml
	$(PYTHON) -m ml.lab.evaluate.failures ml/lab/configs/sorter.toml

report: setup ## Evaluate every trained network on the test split and on unseen sources; write docs/models-full and its summary
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
