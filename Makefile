# Everything a person does here. Nothing is installed outside .venv.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CODE := wire retrieval ingest bot sandbox desk tests
# A test that fails runs once more, and the summary names it: one that then passes is a defect to be mended too.
ONCE_MORE := --reruns 1 -rR
# Most of a test's time is waiting. Each of the two has servers of its own; TWO_AT_ONCE= runs one after another.
TWO_AT_ONCE := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo setup test test-browser check fix bench soak docs lock screenshot

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: setup ## run everything here: a Slack look-alike, the bot, the worker and their engines
	@$(BIN)/answerdesk up

setup: $(VENV)/.run ## build .venv with .venv/bin/answerdesk in it

$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Answerdesk needs Python 3.11 or newer: make PYTHON=python3.11 " + "demo")'
	@echo "Setting up .venv (once; a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Adding what tests and checks need ..."
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

test: $(VENV)/.dev ## unit, contract and end-to-end tests on real engines
	@$(BIN)/python -m pytest -m "not browser and not soak" $(TWO_AT_ONCE) $(ONCE_MORE)

test-browser: $(VENV)/.dev ## the demo in a real headless Chromium
	@$(BIN)/python -m pytest -m browser $(ONCE_MORE)

soak: $(VENV)/.dev ## the long promises, whole
	@$(BIN)/python -m pytest -m soak

check: $(VENV)/.dev ## lint, format, types, architecture
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

fix: $(VENV)/.dev ## let the tools mend what they can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(VENV)/.dev ## measure: ratios against a baseline in the same run
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

screenshot: $(VENV)/.dev ## take the README's picture again (needs Chromium)
	@$(BIN)/python -m tests.e2e.screenshot

docs: $(VENV)/.dev ## check that the documentation speaks of what is there
	@$(BIN)/python -m pytest -q tests/unit/docs

lock: ## pin the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements/run.txt --group pyproject.toml:dev pyproject.toml -o requirements/dev.txt
