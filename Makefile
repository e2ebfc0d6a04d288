# Every target sets up what it needs by itself. `make` alone prints them.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
export PACT_DO_NOT_TRACK := true

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow generate check gate up bench todo format clean

help: ## Print every target with a line of text
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | \
		while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: ## Install everything into .venv (done by every other target when needed)
	@if [ -z "$(PYTHON)" ]; then echo "make: Python 3.11 or later is needed. Debian 12: apt-get install python3 python3-venv" >&2; exit 2; fi
	@$(PYTHON) requirements/install.py

demo: setup ## Start the platform on embedded engines, run the real scenario, stop everything
	@$(BIN)/tenon generate
	@$(BIN)/tenon demo

test: setup ## Run the tests, except the slow ones
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

slow: setup ## Run the slow tests: whole cross products, kills again and again
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

generate: setup ## Make code from contracts/
	@$(BIN)/tenon generate

check: setup ## Fresh, valid, typed, linted, within its layer
	@$(BIN)/tenon check

gate: setup ## May these contracts be released? Against the released ones
	@$(BIN)/tenon gate

up: setup ## Run the platform here and reload on edits; Ctrl-C stops it
	@$(BIN)/tenon up

todo: setup ## What is left to implement
	@$(BIN)/tenon todo

bench: setup ## Print measurements, side by side with the peers
	@$(BIN)/python -m bench

format: setup ## Format hand-written code
	@$(BIN)/ruff check -q --fix . && $(BIN)/ruff format -q .

clean: ## Remove everything that was built (never what was written)
	@rm -rf .venv .tenon target .mypy_cache .ruff_cache .pytest_cache
