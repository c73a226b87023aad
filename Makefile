# Everything a developer does here. `make` alone lists it.

# The ports count up from PORT (web, edge, stream, simulator, mongod, redis); DATA is the folder
# that keeps databases, logs and secrets. Two copies run side by side with different ones.
PORT ?= 8000
DATA ?= .data
# Arguments for pytest, for example: make test ARGS="kernel -k lanes"
ARGS ?=
# For `make faults`: ROW=23 (a list with commas), SEED=7, N=20 (so many seeds), SHORT=1, SCALE=2 (row 29),
# CONTROLS=1 (the negative controls), PUBLISH=1 (write the results into docs/faults.md).

VENV_PYTHON := .venv/bin/python

# The first Python that works and is new enough. 3.12 and 3.11 come first: for them every
# dependency is a ready-made wheel.
FIND_PYTHON = for python in $(PYTHON) $(VENV_PYTHON) python3.12 python3.11 python3.13 python3 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		echo $$python; exit 0; \
	fi; \
done; \
echo "Python 3.11 or newer is needed, and none was found. Install it (for example python3.12), or name it: make PYTHON=/path/to/python3" >&2; \
exit 1

.DEFAULT_GOAL := help
.PHONY: help run test faults parsers fuzz guesses bench check audit format lock clean distclean .venv

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  PORT=8000 DATA=.data   ports count up from PORT; another DATA keeps its own data'

run: .venv ## start everything, with demo data; Ctrl-C stops it
	@exec $(VENV_PYTHON) -m kernel.dev run --port $(PORT) --data "$(DATA)"

test: .venv ## all checks and tests, on servers of their own; ARGS="..." runs only those tests
	@exec $(VENV_PYTHON) -m kernel.dev test $(if $(ARGS),--skip-checks) -- $(ARGS)

faults: .venv ## kill, freeze and starve the product while a ledger watches; see docs/faults.md
	@exec $(VENV_PYTHON) -m tests.faults $(if $(ROW),--row $(ROW)) $(if $(SEED),--seed $(SEED)) \
		$(if $(N),--n $(N)) $(if $(SHORT),--short) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(CONTROLS),--controls) $(if $(CONTROL),--control $(CONTROL)) $(if $(PUBLISH),--publish)

# Its data folder is its own (.data-bench) unless DATA is given with the command.
BENCH_OPTIONS = $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(PUBLISH),--publish) \
	$(if $(AGAIN),--again) $(if $(filter command line environment,$(origin DATA)),--data "$(DATA)")

parsers: .venv ## any JSON through every provider's parser, 100,000 examples; EXAMPLES=1000
	@PARSER_EXAMPLES=$(or $(EXAMPLES),100000) $(VENV_PYTHON) -m pytest -q \
		channels/providers/*/tests/test_any_json.py

fuzz: .venv ## every operation fuzzed from its schema, alone and in chains; EXAMPLES=2000 SEED=7 SECONDS=600
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(if $(SEED),FUZZ_SEED=$(SEED)) $(if $(SECONDS),FUZZ_SECONDS=$(SECONDS)) \
		$(VENV_PYTHON) -m pytest -q tests/fuzz

guesses: .venv ## passwords, codes and addresses guessed a thousand times and more; GUESSES=1000
	@GUESSES=$(or $(GUESSES),1000) $(VENV_PYTHON) -m kernel.dev test --skip-checks -- -n0 accounts/tests/test_guessing.py

bench: .venv ## how fast it is, beside the machine's limits; QUICK=1, ONLY=a,c, PUBLISH=1, AGAIN=1
	@exec $(VENV_PYTHON) -m tests.bench $(BENCH_OPTIONS)

check: .venv ## lint, format, types, layers, migrations, OpenAPI
	@exec $(VENV_PYTHON) -m kernel.dev check

audit: .venv ## known holes in the pinned packages; needs the network
	@$(VENV_PYTHON) -m pip_audit --require-hashes --disable-pip --progress-spinner off \
		-r requirements.txt -r requirements-dev.txt

format: .venv ## rewrite the code in the project's format
	@$(VENV_PYTHON) -m ruff check --fix-only --quiet .
	@$(VENV_PYTHON) -m ruff format .

LOCK = $(VENV_PYTHON) -m piptools compile --quiet --strip-extras --generate-hashes --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: .venv ## pin the dependencies of requirements*.in again, with hashes
	$(LOCK) --output-file requirements.txt requirements.in
	$(LOCK) --output-file requirements-dev.txt requirements-dev.in

clean: ## remove caches and the data folder DATA
	@python=$$($(FIND_PYTHON)) && PYTHONDONTWRITEBYTECODE=1 exec $$python -m kernel.dev.clean "$(DATA)"

distclean: clean ## the same, and the virtual environment
	@rm -rf .venv

.venv:
	@python=$$($(FIND_PYTHON)) && exec $$python kernel/dev/bootstrap.py
