# Portavoce's commands. A fresh machine needs git, make and Python 3.11 or newer; everything else is
# installed into .venv with hashes from requirements.lock and .ci/requirements.lock.
#   make demo ARGS="--port 8080"     options for portavoce demo
#   make test ARGS="-k freeze -n0"   options for pytest
#   make lock UPGRADE=1              newer versions
#   make ... PYTHON=/path/to/python  another interpreter for a new .venv

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?=
ARGS ?=
# two more than there are processors, for some tests mostly wait
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 2 )))

SET_UP = python=$$(.ci/find-python $(PYTHON)) && "$$python" -I .ci/set_up.py

.PHONY: help demo test lint format lock bench screenshots clean ready-demo ready-test

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name purpose; do \
		printf '  make %-11s %s\n' "$$name" "$$purpose"; done

demo: ready-demo  ## play with the whole product: one process, no account anywhere
	@.venv/bin/portavoce demo $(ARGS)

# bytecode is kept whatever the shell says: hundreds of processes would compile the product again
test: ready-test  ## run all tests
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: ready-test  ## check format, style, types, imports and dependencies
	@.ci/run format style types imports dependencies

format: ready-test  ## rewrite the code in the house format
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lock: ready-test  ## resolve pyproject.toml into both lock files (UPGRADE=1 for newer versions)
	@.venv/bin/python .ci/lock.py $(if $(UPGRADE),--upgrade)

bench: ready-test  ## measure speed and print the figures
	@.venv/bin/python -m tests.benchmarks $(ARGS)

screenshots: ready-test  ## take the README's pictures of the running demo (needs a Chromium)
	@.venv/bin/python -m tests.browser.screenshots

clean:  ## remove .venv and everything that tools left behind
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* build dist *.egg-info
	@find bots connectors escalation models tests .ci -name __pycache__ -type d -prune -exec rm -rf {} +

ready-demo:
	@$(SET_UP) demo

ready-test:
	@$(SET_UP) test
