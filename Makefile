# Compliance Gateway. `make run` and `make test` need Python 3.11 or newer and make; they set themselves up.
#
#   make setup    the virtual environment .venv: what locks/ pins, by hash, and this project; repeats nothing
#   make run      serve sample data on 127.0.0.1:8080 and print one snapshot
#   make test     every test; ARGS="-k health" is handed to pytest
#   make bench    the service beside what users would pick instead, and its bars; ARGS="--only plain,tls"
#   make bench-quick    less of the same, in two minutes
#   make chaos    60 s of every fault at once against a gateway of its own, and a table; ARGS="--seed 7 --seconds 20"
#   make peers    the suites of requests, aiohttp, urllib3 and aiohttp-retry over our sessions; ARGS="--only requests"
#   make torture  both pools against a peer that breaks everything, minutes; ARGS="--over tls --requests 2000 --seed 7"
#   make quality  how good the matching is: pairs, damage, clean names, speed; ARGS="--list FILE --pairs FILE"
#   make check    format, lint, types, Dockerfile, compose file, and that one request is no more work than it was
#   make format   put the code into our format
#   make lock     write locks/ anew after a change of dependencies; UPGRADE=1 takes newer versions
#   make clean    remove .venv and what the tools leave behind
#
# PYTHON=/path/to/python3.12 chooses the interpreter that .venv is made with.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input
UV_VERSION := 0.13.9

.DELETE_ON_ERROR:
.PHONY: help setup run test bench bench-quick chaos peers torture quality check format lock clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

setup: .venv/installed

# Two stamps: a change of the locks makes the environment anew, one of pyproject.toml installs the project again.
# The builders come first, so that nothing is ever built with packages that are not pinned.
.venv/pinned: locks/build.txt locks/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
		{ echo "make: '$(PYTHON)' is not Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv (once, about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes --requirement locks/build.txt
	@$(PIP) --require-hashes --no-build-isolation --requirement locks/dev.txt
	@touch $@

.venv/installed: .venv/pinned pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

run: setup
	@$(BIN)/compliance-gateway serve --sandbox --demo

test: setup
	$(BIN)/python -m pytest $(ARGS)

bench: setup
	@$(BIN)/python -m tests.bench $(ARGS)

bench-quick: setup
	@$(BIN)/python -m tests.bench --quick $(ARGS)

chaos: setup
	@$(BIN)/python -m tests.integration.faults.chaos $(ARGS)

peers: setup
	@$(BIN)/python -m tests.peers $(ARGS)

torture: setup
	@$(BIN)/python -m tests.torture $(ARGS)

READ_COMPOSE_FILE := import compose_spec as c, pathlib as p; \
	c.PyOptions(apply_merge=True).from_yaml(p.Path("docker-compose.yml").read_text()).validate()

quality: setup
	@$(BIN)/python -m tests.quality $(ARGS)

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -c '$(READ_COMPOSE_FILE)'
	@$(BIN)/python -m tests.bench.work

format: setup
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# The files name no index, so that they serve behind any mirror; packaging tests hold them to that.
COMPILE = build/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	$(if $(UPGRADE),--upgrade)

lock: build/uv/bin/uv
	$(COMPILE) --group dev pyproject.toml --output-file locks/dev.txt
	$(COMPILE) --constraint locks/dev.txt pyproject.toml --output-file locks/run.txt
	$(COMPILE) --constraint locks/dev.txt --group build --output-file locks/build.txt

build/uv/bin/uv: Makefile
	@$(PYTHON) -m venv --clear build/uv
	@build/uv/bin/pip install --quiet --disable-pip-version-check --no-input uv==$(UV_VERSION)
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
