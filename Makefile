# Thin: each target is one readable command. Everything is installed by the project's own files:
# Python packages from uv.lock into .venv, tools (toolchain/) into a per-user cache.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

PYTHON ?= python3
STACK ?= local
VENV := .venv
INSTALLED := $(VENV)/.installed

# Importing the provider SDKs without compiled bytecode costs 10 s each time.
unexport PYTHONDONTWRITEBYTECODE
# The interpreter is the machine's own; uv never fetches another one.
export UV_PYTHON_DOWNLOADS := never
# Trust what the machine trusts: some sit behind a proxy with an authority of its own.
export UV_SYSTEM_CERTS := true

# Progress for a terminal, silence for a log.
QUIET := $(shell test -t 2 || echo --quiet)

.PHONY: help install tools rehearse down test test-fast test-versions lint format golden bench bench-edge clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

$(INSTALLED): pyproject.toml uv.lock toolchain/requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r toolchain/requirements/uv.txt
	$(VENV)/bin/uv sync --locked $(QUIET)
	touch $@

install: $(INSTALLED) ## Install the Python packages into .venv

tools: $(INSTALLED) ## Get or build the pinned tools (about 10 minutes the first time, once per user)
	$(VENV)/bin/serlo tools --install

rehearse: $(INSTALLED) ## Bring a stack up on this machine (STACK=local|staging|production)
	$(VENV)/bin/serlo rehearse --stack $(STACK)

down: $(INSTALLED) ## Stop the rehearsal's servers
	$(VENV)/bin/serlo down

lint: $(INSTALLED) ## Format check, lint, strict types (the worker's too), import contracts, prose
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/basedpyright
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m tests.unit.docs.prose
	$(VENV)/bin/python -m toolchain.typecheck infra/edge/worker

test: lint tools ## Everything: lint, then unit, program and rehearsal tests
	$(VENV)/bin/pytest -n 2 --dist loadgroup

test-fast: $(INSTALLED) ## The tests that need no tools and no servers (under three minutes)
	$(VENV)/bin/pytest -n 2 --dist loadgroup @tests/fast.txt

test-versions: $(INSTALLED) ## Bump, promote and roll back each service in a copy, and test it
	$(VENV)/bin/python -m tests.versions

format: $(INSTALLED) ## Format and fix what can be fixed
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

golden: $(INSTALLED) ## Rewrite what every stack renders to, reports of reviews, the commands' reference (2 minutes)
	$(VENV)/bin/python -m operations.reference
	$(VENV)/bin/python -m tests.golden.golden
	$(VENV)/bin/python -m tests.review.scenario

bench: tools ## Compare pulumi and kubectl on the real stacks, and time our commands (10 minutes)
	$(VENV)/bin/python -m benchmarks

bench-edge: tools ## What the worker at the edge costs per request (about a minute; WRITE=1 for docs/)
	$(VENV)/bin/python -m benchmarks.edge $(if $(WRITE),--write)

clean: ## Remove the rehearsal and the virtual environment (the tools stay in the per-user cache)
	test ! -x $(VENV)/bin/serlo || $(VENV)/bin/serlo down --purge
	rm -rf $(VENV)
