# Everything one does here. "make" alone lists it.
#
#   make serve PORT=8080 DATA=/srv/blog     other places than the defaults
#   make test PYTHON=python3.13             another Python

PYTHON ?= python3
VENV   ?= .venv
DATA   ?= data
HOST   ?= 127.0.0.1
PORT   ?= 8000
# Three on two cores: while one waits for a browser or a server, another goes on. Each takes whole files, as most have
# a blog that all their tests read; tests/conftest.py says which come first.
RUNS   ?= 3
BIN    := $(VENV)/bin

# Tests start the program a hundred times, and without its bytecode each start takes a second more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help serve test quick core check format types imports bench bench-million shots clean

help:  ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# Installed once, and again only when the list of dependencies changes.
$(VENV)/.run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Crosstag needs Python 3.11 or later. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Crosstag into $(VENV) (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python tools/install_group.py dev
	@touch $@

# What looks at the pages in the browser tests comes from npm; where that is not, those tests are skipped.
$(VENV)/.npm: tests/browser/package.json $(VENV)/.dev
	@mkdir -p $(VENV)/npm && cp tests/browser/package.json $(VENV)/npm/
	@if command -v npm >/dev/null; then \
	  echo "Installing what looks at the pages (once) ..."; \
	  npm install --prefix $(VENV)/npm --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null; \
	fi
	@touch $@

serve: $(VENV)/.run  ## Serve the blog in ./data, with the demo blog if it is empty.
	@$(BIN)/crosstag --data $(DATA) serve --host $(HOST) --port $(PORT) --demo

test: $(VENV)/.dev $(VENV)/.npm  ## Run the tests, what measures last; ALL=1 tries each page on PostgreSQL, too.
	@ALL_TESTS=$(ALL) $(BIN)/pytest -n $(RUNS) --dist loadfile --no-loadscope-reorder -m "not alone"
	@$(BIN)/pytest -m alone tests/browser

quick: $(VENV)/.dev  ## Run the tests without a browser, the real blog, PostgreSQL, and what takes longest.
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser and not corpus" -k "not postgresql" \
	  --ignore=tests/benchmarks --ignore=tests/poller --ignore=tests/importers/test_streaming.py \
	  --ignore=tests/pagecache --ignore=tests/web/test_api_described.py

core: $(VENV)/.dev  ## Run the tests of what stands on nothing but Python: values and facets.
	@$(BIN)/pytest -m "not browser and not corpus" -k "not postgresql" tests/domain tests/facets

check: format types imports  ## Look at the code without running it.

format: $(VENV)/.dev  ## Check style and formatting.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## Check the types.
	@$(BIN)/mypy

imports: $(VENV)/.dev  ## Check that modules import only from the floors below.
	@$(BIN)/lint-imports

bench: $(VENV)/.dev  ## Measure, on the real blog where it is there and on generated ones.
	@$(BIN)/python -m benchmarks --publish

bench-million: $(VENV)/.dev  ## The same, and a million entries too: it takes long, and some GB of disk.
	@$(BIN)/python -m benchmarks --publish --sizes real,10k,100k,1m

shots: $(VENV)/.dev  ## Take pictures of every page into ./shots.
	@CROSSTAG_SHOTS=shots $(BIN)/pytest tests/browser -q

clean:  ## Remove what was installed and cached; ./data stays.
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage*
