# The two commands a newcomer needs: `make demo` and `make test`. Both make their own environment in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?=
# Tests start hundreds of processes, and start times are measured: each would compile the whole package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-all test-ci test-oldest check bench docs clean

help:
	@echo "make demo   train on the bundled photos, write a program, a report and pictures into demo-output/"
	@echo "make test   run the tests"
	@echo "make test-all  run the tests, then whole chapters and the notebook"
	@echo "make test-ci   the same without the longest, within 25 minutes on two cores"
	@echo "make test-oldest  the tests with the oldest packages that are allowed"
	@echo "make check  formatting, lint, types"
	@echo "make bench  DATA=folder: benchmarks against fastai in the same run, written to docs/benchmarks.md"
	@echo "make clean  remove what these commands made"

$(VENV)/installed-%: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	touch $@

demo: $(VENV)/installed-train,serve
	$(BIN)/python examples/demo.py --out demo-output

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not whole"

test-all: test
	$(BIN)/python -m pytest -m whole --dist worksteal

test-ci: test
	$(BIN)/python -m pytest -m "whole and not long" --dist worksteal

# The oldest packages that pyproject.toml allows, in an environment of their own. Their own warnings are theirs.
test-oldest:
	test -x $(VENV)-oldest/bin/python || $(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)-oldest/bin/uv pip install --quiet --python $(VENV)-oldest/bin/python --resolution lowest-direct --editable ".[dev]"
	$(VENV)-oldest/bin/python -m pytest -m "not whole" -W ignore::DeprecationWarning

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check src tests examples benchmarks
	$(BIN)/ruff check src tests examples benchmarks
	$(BIN)/mypy

# ARGS are handed on, e.g. make bench DATA=folder ARGS="--only cold_start"
bench: $(if $(DATA),$(VENV)/installed-bench)
	@test -n "$(DATA)" || { echo "Say where the data is: make bench DATA=folder"; exit 2; }
	$(BIN)/python benchmarks/run.py --data "$(DATA)" $(ARGS)

clean:
	rm -rf $(VENV) $(VENV)-oldest demo-output bench-output build dist
