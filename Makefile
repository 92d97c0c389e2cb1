# The words CI uses too.  `make demo` and `make test` need nothing but Debian and Python 3.11.
SHELL := /bin/bash
PY := .venv/bin/python
.PHONY: setup setup-dev browser check test test-fast demo bench docs schema lock format

setup: .venv/ready            ## what running stillhaven needs
setup-dev: .venv/ready-dev    ## what checking and testing it needs as well

.venv/bin/uv:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (Debian: apt-get install python3)"; exit 1; }
	@python3 -m venv .venv || { echo "python3 -m venv failed (Debian: apt-get install python3-venv)"; exit 1; }
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/ready: requirements.lock pyproject.toml | .venv/bin/uv
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps --require-hashes -r requirements.lock
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps -e .
	@touch $@

.venv/ready-dev: requirements-dev.lock .venv/ready
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

browser:                      ## a real browser for the walks: Debian's chromium
	@tools/browser.sh

check: setup-dev              ## format, lint, types, contracts, reference files, docs, migrations, licences
	@tools/check.sh

test: setup-dev browser       ## everything, on a real database and in a real browser
	@tools/test.sh

.venv-fast/ready: requirements-dev.lock pyproject.toml .venv/ready-dev
	@python3 -m venv .venv-fast
	@VIRTUAL_ENV=.venv-fast .venv/bin/uv pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@VIRTUAL_ENV=.venv-fast .venv/bin/uv pip install --quiet -c requirements-dev.lock -e '.[fast]'
	@touch $@

test-fast: .venv-fast/ready   ## the pharmacology tests once more, with the accelerator (numba) in an environment of its own
	@.venv-fast/bin/python -c 'from stillhaven.science.pk import accel; assert accel.AVAILABLE, "numba is not in use"'
	@.venv-fast/bin/pytest -q tests/science/test_pk*.py $(TESTS)

demo: setup                   ## a clinic with synthetic people, simulated monitors and sample logins
	@.venv/bin/stillhaven demo

bench: setup-dev browser      ## what the clinic feels; prints each figure
	@$(PY) -m tests.bench $(BENCH)

docs: setup-dev               ## regenerate the reference pages and run the commands the docs show
	@$(PY) -m tools.docs

schema: setup-dev             ## after a new migration: what an empty database gets at once
	@$(PY) -m tools.schema

format: setup-dev
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lock: .venv/bin/uv            ## new pins, with hashes and without addresses
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra ask pyproject.toml -o requirements.lock
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra ask --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
