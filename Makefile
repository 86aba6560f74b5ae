# Commands for developers; CI uses the same ones. `make` without a target lists them.

.DEFAULT_GOAL := help
ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif

PORT ?= 8000
# Not `?=`: some shells export HOST, set to the name of the machine.
HOST = 127.0.0.1
FAULT_SECONDS ?= 600

# Use SQLite and no Redis, whatever this shell exports. `make run DATABASE_URL=...` still works.
export DATABASE_URL =
export REDIS_URL =

# The first Python that is new enough; `make PYTHON=...` chooses another one.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)

PY := .venv/bin/python
# Errors only: pip's warnings about its version and its directories would hide our own messages.
PIP := $(PY) -m pip --quiet --quiet --disable-pip-version-check --no-input
MACHINE := $(PY) -m tests.machine
STAGE = @$(MACHINE) stage
PYTEST := $(PY) -m pytest
# More processes than CPUs, because tests wait; those of WORLDS wait most, for servers to stop.
CPUS := $(shell getconf _NPROCESSORS_ONLN)
WORKERS := --numprocesses $(shell expr $(CPUS) + 1) --maxprocesses 8
WORLDS := --numprocesses $(shell expr $(CPUS) \* 2) --maxprocesses 8
# Node comes with the locked Python packages, so its version is the same everywhere.
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm
NODE := .venv/bin/node

STATIC := $(shell find static config/settings.py config/storage.py -type f 2>/dev/null)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20


# Try it

.PHONY: run
run: export DEMO = 1
run: export PORT := $(PORT)
run: export HOST := $(HOST)
run: .venv/run.txt var/static/staticfiles.json ## try it: http://127.0.0.1:8000 with a demo; PORT= changes the port
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py load_demo --port $(PORT)
	@exec $(PY) manage.py serve --host $(HOST) --port $(PORT)


# Test it. In CI every stage runs, also after a failed one; the longest stage is the last.

.PHONY: test test-programs test-upgrade test-js test-browser test-engines test-faults test-embedded test-services
test: test-programs test-upgrade test-js test-browser test-engines test-faults test-embedded test-services ## test everything, also in a browser and on PostgreSQL + Redis
	@$(MACHINE) report

# These need no .venv, so `make fetch` installs them while it installs the packages of .venv.
test-programs: MACHINE := $(PYTHON) -m tests.machine
test-programs:
	@$(MACHINE) begin
	$(STAGE) "programs: PostgreSQL, Redis, browsers, nginx" -- $(MACHINE) install

test-upgrade: .venv/test.txt
	$(STAGE) "upgrade of an older database" -- .ci/upgrade

test-js: .venv/test.txt
	@find tests/js -name "*.test.js" | grep -q . || { echo "tests/js has no tests"; exit 1; }  # Node would exit with 0
	$(STAGE) "node --test" -- $(NODE) --test "tests/js/**/*.test.js"

test-browser: .venv/test.txt node_modules/installed.json
	$(STAGE) "pytest in Chromium" --needs chromium --again -- $(PYTEST) -m browser $(WORKERS)

# One process for each engine.
ENGINES := --needs firefox --needs webkit --needs xvfb --again -- $(PYTEST) --numprocesses 2
test-engines: .venv/test.txt node_modules/installed.json
	$(STAGE) "pytest in Firefox and WebKit" $(ENGINES) -m "engines and not long"

.PHONY: engines
engines: .venv/test.txt node_modules/installed.json ## the tests in Firefox and WebKit, also those too long for CI
	$(STAGE) "pytest in Firefox and WebKit, long" $(ENGINES) -m engines

test-faults: .venv/test.txt
	$(STAGE) "pytest with faults" --needs postgres --needs redis --again -- $(PYTEST) -m faults $(WORLDS)

test-embedded: .venv/test.txt
	$(STAGE) "pytest, embedded (SQLite)" -- $(PYTEST) $(WORKERS)

test-services: .venv/test.txt
	$(STAGE) "pytest, PostgreSQL + Redis" --needs postgres --needs redis -- $(MACHINE) run -- $(PYTEST) $(WORKERS)

.PHONY: faults
faults: export FAULT_SECONDS := $(FAULT_SECONDS)
faults: .venv/test.txt ## the fault tests for long, FAULT_SECONDS= each
	$(STAGE) "pytest with faults, long" --needs postgres --needs redis -- $(PYTEST) -m faults --timeout 0


# Check it without running it

.PHONY: check check-style check-types check-layers check-js check-migrations check-deploy check-generated check-holes
check: check-style check-types check-layers check-js check-migrations check-deploy check-generated check-holes ## style, types, layers, migrations, deployment, generated files, known holes

check-style: .venv/test.txt
	$(STAGE) "ruff" -- $(PY) -m ruff check .
	$(STAGE) "ruff format" -- $(PY) -m ruff format --check .

check-types: .venv/test.txt
	$(STAGE) "mypy" -- $(PY) -m mypy

check-layers: .venv/test.txt
	$(STAGE) "import-linter" -- .venv/bin/lint-imports

check-js: .venv/test.txt node_modules/installed.json
	$(STAGE) "tsc" -- node_modules/.bin/tsc --project jsconfig.json
	$(STAGE) "tsc, tests" -- node_modules/.bin/tsc --project tests/js/jsconfig.json

check-migrations: .venv/test.txt
	$(STAGE) "migrations are complete, SQLite" -- $(PY) manage.py makemigrations --check --dry-run
	$(STAGE) "migrations are complete, PostgreSQL" --needs postgres --needs redis -- \
		$(MACHINE) run -- $(PY) manage.py makemigrations --check --dry-run

check-deploy: .venv/test.txt
	$(STAGE) "check --deploy" --needs postgres --needs redis -- $(MACHINE) run -- \
		env HTTPS=1 TRUSTED_PROXIES=127.0.0.1/32 ALLOWED_HOSTS=chat.example.org \
		SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(50))") \
		$(PY) manage.py check --deploy --fail-level WARNING

check-generated: .venv/test.txt
	$(STAGE) "generated files are up to date" -- $(PY) manage.py generate_wire --check

check-holes: .venv/test.txt
	$(STAGE) "known holes in dependencies" -- $(MACHINE) audit requirements/run.txt requirements/test.txt


.PHONY: rehearse bench figures pictures texts quick fetch ci lock
rehearse: .venv/test.txt ## a production as documented, restarted under load
	$(STAGE) "rehearsal of production" --needs chromium --needs nginx --needs postgres --needs redis -- \
		$(PY) -m tests.rehearsal

bench: .venv/test.txt ## benchmarks, as ratios
	$(STAGE) "benchmarks" --needs postgres --needs redis -- $(PY) -m benchmarks

figures: .venv/test.txt ## those of the last make bench into docs/explanation/performance.md
	@$(PY) -m benchmarks.results_page

pictures: .venv/test.txt ## the screenshots in docs/images, anew
	@$(MACHINE) install chromium fonts
	$(STAGE) "pictures" --needs chromium --needs fonts -- $(PY) -m docs.tools.pictures
	$(STAGE) "pictures of every state" --needs chromium --needs fonts -- $(PY) -m docs.tools.states

TEXTS := --no-location --no-wrap --verbosity 0 --ignore=.venv --ignore=node_modules --ignore=var --ignore=tests \
	--ignore=benchmarks --ignore=docs --ignore="config/demo/*" --ignore="templates/demo/*"
texts: .venv/test.txt ## the translatable texts, collected anew and compiled (needs gettext)
	@$(PY) manage.py makemessages --all --no-obsolete $(TEXTS)
	@$(PY) manage.py compilemessages --ignore=.venv --verbosity 0

# Two at a time: each stage uses about one CPU.
quick:
	@$(MAKE) --jobs 2 --output-sync=target --no-print-directory SIDE_BY_SIDE=1 check test-upgrade test-js

# All at a time: they wait for the network or the disk.
fetch:
	@$(MAKE) --jobs 3 --output-sync=target --no-print-directory SIDE_BY_SIDE=1 \
		test-programs .venv/test.txt node_modules/installed.json

ci: fetch quick test-browser test-engines test-faults test-embedded test-services ## exactly what CI runs
	@$(MACHINE) report

COMPILE := uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header \
	--universal --python-version 3.11
lock: ## lock the dependencies anew after a change of pyproject.toml or package.json (needs uv)
	@command -v uv > /dev/null || { echo "make lock needs uv"; exit 1; }
	$(COMPILE) --output-file requirements/run.txt
	$(COMPILE) --extra test --constraint requirements/run.txt --output-file requirements/test.txt
	$(NPM) install --package-lock-only


# Files

# The target is a copy of the requirements last installed: pip runs only if they differ.
.venv/run.txt .venv/test.txt: .venv/%.txt: requirements/%.txt FORCE
	@$(PY) -c "import pip" 2> /dev/null || { \
		test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }; \
		echo "Making .venv"; "$(PYTHON)" -m venv --clear .venv; }
	@cmp -s $< $@ || { \
		echo "Installing $<, each file checked against its hash. This takes a minute or two."; \
		$(PIP) install --require-hashes --only-binary :all: -r $< \
		&& cp $< $@; }

node_modules/installed.json: package-lock.json FORCE | .venv/test.txt
	@cmp -s $< $@ || { \
		echo "Installing $<"; \
		$(NPM) ci --no-audit --no-fund --ignore-scripts --loglevel error && cp $< $@; }

var/static/staticfiles.json: $(STATIC) .venv/run.txt
	@echo "Collecting static files"
	@$(PY) manage.py collectstatic --no-input --clear --verbosity 0

.PHONY: FORCE
FORCE:
