# One command for each thing that is done with Roster. Every target sets up .venv first, which takes no time once it is done.
.DEFAULT_GOAL := help
.PHONY: help setup run test check format rows bench chaos mutants look messages lock \
  check-style check-format check-types check-templates check-migrations check-layers check-architecture

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv from requirements.lock
	@bin/setup

run: setup ## the whole product with demo data; PORT=8001, DEMO=0, DATABASE_URL=..., REDIS_URL=... change it
	@exec .venv/bin/python bin/run.py

test: setup ## all tests, on SQLite and the embedded broker, then on PostgreSQL and Redis; TESTS="tests/test_x.py -k word" picks some
	@exec .venv/bin/python bin/test.py $(TESTS)

check: check-style check-format check-types check-templates check-migrations check-layers check-architecture ## style, types, templates, migrations, layers

check-style: setup
	.venv/bin/ruff check --quiet --output-format concise .

check-format: setup
	.venv/bin/ruff format --check --quiet .

check-types: setup
	DEBUG=1 .venv/bin/mypy

check-templates: setup
	.venv/bin/djlint templates --lint --quiet

check-migrations: setup
	DEBUG=1 DATABASE_URL=sqlite://:memory: .venv/bin/python manage.py makemigrations --check --dry-run

check-layers: setup
	DEBUG=1 .venv/bin/lint-imports --no-logo

check-architecture: setup
	.venv/bin/python -m pytest --quiet tests/test_architecture.py

format: setup ## let ruff rewrite what it can
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

rows: setup ## which rows of the five systems and which claims have a passing test (after make test)
	@exec .venv/bin/python -m tests.proof

bench: setup ## speed against its references, on PostgreSQL
	@exec .venv/bin/python -m bench

chaos: setup ## N=2000 invitations in four rounds: undisturbed, workers killed, broker away, mail server broken; FAULTS=0|1|kills|broker|smtp
	@exec .venv/bin/python bin/chaos

mutants: setup ## break the pure modules on purpose and see whether a test notices
	@exec .venv/bin/python bin/mutants.py

look: setup ## the README's screenshots and a contact sheet of all pages
	@exec .venv/bin/python bin/look.py

messages: setup ## put the texts of code and templates into locale/, say what waits for a translator, compile
	@exec .venv/bin/python bin/messages.py

lock: ## rewrite requirements.lock from pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --python-version 3.12 --all-extras --group dev pyproject.toml -o requirements.lock
