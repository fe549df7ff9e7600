# Two commands: `make start` and `make test`. Everything they need is set up in .venv on the first run.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready

.PHONY: start test check setup clean

setup: $(READY)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --editable . --group dev
	@touch $(READY)

start: $(READY)
	@$(BIN)/nettutor start

check: $(READY)
	$(BIN)/ruff format --check tutor tests
	$(BIN)/ruff check tutor tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell tutor lessons tests assets README.md

test: $(READY) check
	$(BIN)/pytest
