# The two commands that everybody needs are `make demo` and `make test`; `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that really is 3.11 or newer (a version manager's shim may stand there and answer nothing).
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
WORKERS ?= 3
# The tests start several hundred Python programs: without compiled modules each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check format lock bench clean
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(VENV)/.demo ## Run the whole story on this machine: warehouse, identity provider, broker, sample data
	@$(BIN)/broker demo

test: $(VENV)/.test ## Run the tests that need nothing but Python (a PostgreSQL comes as a wheel)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not browser and not peer"

check: $(VENV)/.check ## Format, lint, types, import contracts, the laws of the house
	@$(BIN)/ruff format --check --quiet . || { echo "make check: run 'make format'" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python --warnings
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/unit/test_house.py

format: $(VENV)/.check ## Format the code, and mend what the linter can mend
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

lock: $(VENV)/.lock ## Write the hashed lock of the server's dependencies
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		--extra server --upgrade --output-file requirements/server.txt pyproject.toml

bench: $(VENV)/.test ## Print the measured ratios
	@for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

clean: ## Remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/pyvenv.cfg:
	@[ -n "$(PYTHON)" ] || { echo "make: Python 3.11 or newer is needed and none was found; install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >$(VENV).log 2>&1 || { rm -rf $(VENV); \
		echo "make: $(PYTHON) can't make a virtual environment ($$(tail -n 1 $(VENV).log)); on Debian: apt-get install python3-venv" >&2; rm -f $(VENV).log; exit 1; }
	@rm -f $(VENV).log

# The project itself is installed in place, so that only a change of pyproject.toml asks for pip again.
$(VENV)/.pip: $(VENV)/pyvenv.cfg
	@$(PIP) install --upgrade 'pip>=25.1' || { echo "make: pip can't reach the package index" >&2; exit 1; }
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.pip
	@echo "Installing what the demonstration needs (once) ..." >&2
	@$(PIP) install --editable '.[demo]' && touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.pip
	@echo "Installing what the tests need (once) ..." >&2
	@$(PIP) install --editable '.[demo]' --group test && touch $@

$(VENV)/.check: pyproject.toml | $(VENV)/.pip
	@echo "Installing what the checks need (once) ..." >&2
	@$(PIP) install --editable '.[demo]' --group test --group check && touch $@

$(VENV)/.lock: pyproject.toml | $(VENV)/.pip
	@$(PIP) install 'uv>=0.9' && touch $@
