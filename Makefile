# `make demo` and `make test` need only Python >= 3.11 and make; each sets up what it needs, once, in $(VENV).
#   make test PYTHON=python3.13 VENV=.venv-3.13     another interpreter, another environment
#   make test PYTEST_ARGS="-k poisson"              anything pytest understands

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
JOBS := 2
ROWS := 1e8
ESLINT := eslint@9.39.1
BIN := $(VENV)/bin

EXTRAS_demo := plot,teach
EXTRAS_test := test
EXTRAS_bench := bench
EXTRAS_docs := docs,dist

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint docs dist-check bench bench-quick scale coverage clean FORCE
.NOTPARALLEL:

help: ## show this list
	@echo "usage: make TARGET    (needs Python >= 3.11; set-up happens by itself, in $(VENV))"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed-demo ## fit the demo data sets and write demo/index.html
	$(BIN)/emkit demo --out demo
	$(BIN)/emkit fit src/emkit/lessons/data/faithful.csv --model gaussian -k 2

test: $(VENV)/.installed-test ## run every test, docstring example and documentation example (three quarters of an hour on two cores)
	$(BIN)/python -m pytest --no-header --tb=short -rfEs -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

quick: $(VENV)/.installed-test ## run every test that is not marked slow: of every room, law and docstring
	$(BIN)/python -m pytest --no-header --tb=short -rfE -m "not slow" --durations=5 --durations-min=0.5 \
	  -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/.installed-test ## check style, formatting, types, the order of the rooms, the page's script
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if command -v npx >/dev/null; then echo "npx $(ESLINT)"; npx --yes $(ESLINT) src/emkit/page/assets website docs/javascripts; \
	else echo "npx is not here: the page's JavaScript is not linted"; fi

docs: $(VENV)/.installed-docs ## build the site of docs/ into site/, with every figure, and check its links
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	$(BIN)/python -m website.check_links site

dist-check: $(VENV)/.installed-docs ## build wheel and sdist, check them, and run the tour and the README's example from the wheel
	rm -rf dist build/empty
	$(BIN)/python -m build --quiet --no-isolation
	$(BIN)/python -m twine check --strict dist/*
	"$(PYTHON)" -m venv build/empty
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "$$(ls dist/*.whl)[plot,teach]"
	cp README.md build/empty
	cd build/empty && bin/emkit demo --out tour && bin/python -c "$$FIRST_EXAMPLE"
	@echo "dist/ holds a wheel and a source archive that work"

define FIRST_EXAMPLE
import doctest
page = open("README.md", encoding="utf-8").read()
code = page.split("```python")[1].split("```")[0]
test = doctest.DocTestParser().get_doctest(code, {}, "README.md", "README.md", 0)
result = doctest.DocTestRunner().run(test)
assert result.attempted and not result.failed, result
endef
export FIRST_EXAMPLE

bench: $(VENV)/.installed-bench ## measure speed and accuracy against the peers
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/.installed-bench ## the same on small problems
	$(BIN)/python -m benchmarks --quick

scale: $(VENV)/.installed-bench ## fit ROWS=1e8 rows in files (4 GB on disk), and on a cluster whose workers are killed
	$(BIN)/python -m benchmarks.scale --rows $(ROWS)

coverage: $(VENV)/.installed-test ## count how often intervals cover the truth (1,000 data sets a design), and write docs/coverage.md
	$(BIN)/python -m benchmarks.coverage

clean: ## remove everything that make made: environments, caches, demo output, the site
	rm -rf .venv .venv-* demo site build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# One stamp per set of extras, so that a second run re-uses the set-up and an edited pyproject.toml renews it.
$(VENV)/.installed-%: pyproject.toml constraints.txt $(VENV)/pyvenv.cfg
	@echo "Installing emkit[$(EXTRAS_$*)] in $(VENV) (only the first time; a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS_$*)]'
	@touch $@

# An environment that cannot run (its Python is gone, or its set-up was interrupted) is made anew.
usable := $(shell $(BIN)/python -c 'import pip' 2>/dev/null && echo yes)

$(VENV)/pyvenv.cfg: $(if $(usable),,FORCE)
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "emkit needs Python 3.11 or newer, and there is no '$(PYTHON)' here: install it, or name yours with PYTHON=/path/to/python3." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "emkit needs Python 3.11 or newer, and '$(PYTHON)' is not that ($$("$(PYTHON)" --version 2>&1 | head -n 1)): install it, or name yours with PYTHON=/path/to/python3." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' has no venv module: install it (Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }
	@if [ -f "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi
	@"$(PYTHON)" -m venv "$(VENV)"
