# Two commands: `make start` and `make test`. Everything they need is set up in .venv on the first run.

BIN := .venv/bin
PYTHON ?=
export PYTHON

WHAT ?=

.PHONY: start test check bench setup lock pins clean

start:
	@.ci/setup start
	@$(BIN)/nettutor start $(LESSON)

test: check
	@.ci/test

setup:
	@.ci/setup dev

check: setup
	$(BIN)/ruff format --check tutor tests
	$(BIN)/ruff check tutor tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell tutor lessons tests assets .ci README.md

# The speed targets, as ratios against peers in the same run; mininet wants root. `make bench WHAT="start lab"` runs some.
bench: setup
	@PYTHONPATH=tests $(BIN)/python -m bench $(WHAT)

# New versions of the dependencies, for all platforms and Python versions at once.
lock: setup
	@.ci/lock

# The versions and checksums of the lab's tools on this release.
pins: setup
	$(BIN)/python -m tutor.lab.tools.pin

clean:
	rm -rf .venv .setup.lock dist build
