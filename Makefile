# Two commands matter to a newcomer: `make demo` and `make test`. Each sets itself up.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= traces

.DEFAULT_GOAL := help
.PHONY: help demo test test-real check format bench clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.runs: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cinejudge needs Python 3.11 or newer; this is $$($(PYTHON) -V). Name another with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up $(VENV): about 500 MB of Python packages to download, 1.9 GB on disk (half of it PyTorch)."
	@echo "On Linux the public index serves PyTorch with CUDA, several GB more; to stay small, install a CPU build of"
	@echo "torch into $(VENV) first: python3 -m venv $(VENV), then the command that PyTorch's site gives for 'CPU'."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --progress-bar on --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.tests: $(VENV)/.runs
	@echo "Installing what the tests need: about 90 MB (pytest, hypothesis, mypy, ruff, pyarrow, transformers)."
	$(BIN)/python -m pip install --quiet --progress-bar on --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.runs ## judge the example with the offline model and name the report
	$(BIN)/cinejudge weights pull
	$(BIN)/python examples/make_example.py
	$(BIN)/cinejudge run examples/out --suite msavbench --suite mtavg2 --suite evalverse --out $(OUT)

test: $(VENV)/.tests ## fast tests: no network, no weights
	$(BIN)/python -m pytest -q

test-real: $(VENV)/.tests ## tests on real weights and real clips
	$(BIN)/cinejudge weights pull
	$(BIN)/python -m pytest -q -m real

check: $(VENV)/.tests ## linter, formatter, type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.tests ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was made, the environment included
	rm -rf $(VENV) traces examples/out .pytest_cache .mypy_cache .ruff_cache
