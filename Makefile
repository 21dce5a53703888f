# Winnow: what people do with it. `make help` lists this file.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PACKAGES := $(wildcard config curation annotate trainer benchmarks)
export PORT

.DEFAULT_GOAL := help
.PHONY: help up down reset test check docs loop bench lock messages install

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

up: .venv/installed ## run everything on this computer: PORT=8001, VERBOSE=1
	@$(BIN)/python -m config.up

down: .venv/installed ## stop a `make up` that runs in another window
	@$(BIN)/python -m config.down

reset: .venv/installed ## stop, and delete the database and files: YES=1 asks nothing, ALL=1 takes models too
	@$(BIN)/python -m config.down --reset $(if $(YES),--yes) $(if $(ALL),--all)

test: .venv/installed-dev ## run the tests on servers of their own: ARGS="tests/config -k port"
	@$(BIN)/python -m pytest -q -n 2 $(ARGS)

check: export WINNOW_LOCAL = 1
check: .venv/installed-dev ## lint, types, who imports whom, templates, migrations, deployment, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PACKAGES)
	cd client && ../$(BIN)/mypy winnow
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	env -u WINNOW_LOCAL WINNOW_HOSTS=winnow.example \
	  WINNOW_SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING
	@$(MAKE) --no-print-directory docs

docs: export WINNOW_LOCAL = 1
docs: export NO_MKDOCS_2_WARNING = 1
docs: .venv/installed-dev ## build the docs site into var/site
	$(BIN)/python -m mkdocs build --strict --quiet

loop: .venv/installed ## the whole loop on one file of examples: DATA=file.jsonl
	@WINNOW_LOCAL=1 $(BIN)/python -m benchmarks.loop $(DATA)

bench: .venv/installed-dev ## measure one thing: NAME=claims
	@WINNOW_LOCAL=1 $(BIN)/python -m benchmarks.$(NAME)

lock: .venv/installed-dev ## write the versions in .venv to the lock files
	@$(BIN)/python -m config.lock

messages: .venv/installed-dev ## bring the translations in locale/ up to date with the sources
	@WINNOW_LOCAL=1 $(BIN)/python -m config.translations

install: .venv/installed ## make .venv from the lock file

.venv/installed: requirements.lock
	@$(PYTHON) config/fit.py
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Winnow needs (torch is large: this can take some minutes) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@echo "Installing what the tests and checks need ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.lock
	@touch $@
