# What one does with Koepel. `make run` and `make test` need nothing but python3 (3.11 or newer).

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
HOST ?= 127.0.0.1
PORT ?= 8080
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help install run demo worker migrate migration test subsets lint fix strings bench docs generated screenshots coverage-of-mission

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## make .venv from requirements.lock, when that changed
	@[ -n "$(PYTHON)" ] || { echo "Koepel needs Python 3.11 or newer: install python3, or name it with make PYTHON=..."; exit 1; }
	@locked=$$($(PYTHON) -c 'import hashlib, pathlib, sys; print(hashlib.sha256(b"".join(pathlib.Path(p).read_bytes() for p in sys.argv[1:])).hexdigest())' requirements.lock pyproject.toml); \
	if [ "$$(cat $(VENV)/.installed 2>/dev/null)" != "$$locked" ] || ! $(BIN)/python -c '' 2>/dev/null; then \
		set -e; \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment: install python3-venv."; exit 1; }; }; \
		echo "Installing what requirements.lock lists ..."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
		echo "$$locked" > $(VENV)/.installed; \
	fi

run: install ## prepare everything, then serve on http://127.0.0.1:8080 (HOST and PORT change it)
	@HOST=$(HOST) PORT=$(PORT) $(BIN)/koepel serve --prepare

demo: install ## add the demo data (make demo ARGS="--scale federation" for a large one)
	@$(BIN)/koepel demo $(ARGS)

worker: install ## do jobs and send mails in a process of its own
	@$(BIN)/koepel worker

migrate: install ## bring the database to the newest schema
	@$(BIN)/koepel migrate

migration: install ## write a migration from the models: make migration PLUGIN=core TEXT="add shoe size"
	@$(BIN)/koepel make-migration "$(PLUGIN)" "$(TEXT)"

test: install ## all tests, on SQLite and PostgreSQL, with Redis and a browser
	@$(BIN)/python -m core.testing.run $(TESTS)

subsets: install ## does the core work with each selection of plugins? (make subsets ARGS="--start none without:groups" for some)
	@$(BIN)/python -m core.testing.subsets $(ARGS)

lint: install ## style, types, direction of imports, templates, translations, house tests
	@$(BIN)/python -m core.testing.lint

fix: install ## repair what can be repaired by itself
	@$(BIN)/ruff check --fix .

strings: install ## collect the texts to translate, and update the catalogues
	@$(BIN)/python -m core.testing.strings

bench: install ## measure speed against yardsticks, write docs/benchmarks.md
	@$(BIN)/koepel bench $(ARGS)

generated: install ## write the generated pages again (hooks, rights, settings)
	@$(BIN)/python -m core.testing.generated

docs: install generated ## build the documentation in site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet && echo "site/index.html"

screenshots: install ## take the pictures of the documentation again, of the demo in a browser
	@$(BIN)/python -m tests.browser.screenshots

coverage-of-mission: install ## which rows of docs/acceptance.tsv passing tests prove
	@$(BIN)/python -m core.testing.mission
