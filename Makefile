# One command each on a bare machine with git, make, python3 and python3-venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run gui test lint docs bench trials clean

run: $(VENV)/installed
	$(BIN)/fmes run ltp-ltd --sample demo

gui: $(VENV)/gui-installed
	tools/qt-libraries
	$(BIN)/fmes-gui

test: $(VENV)/tests-installed
	tools/qt-libraries tests
	$(MAKE) --no-print-directory lint docs
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2

lint: $(VENV)/tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The variable silences an advertisement of the theme, not a warning about this site.
docs: $(VENV)/tests-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

SPEED := device main_job recorder library plot window_start instruments transcript networks
TRIALS := crash kills fuzz bad_files long_run

bench: $(VENV)/tests-installed
	for name in $(SPEED); do $(BIN)/python benchmarks/$$name.py || exit 1; done

# Hours: what the promises of docs/explanation/safety.md were measured with.
trials: $(VENV)/tests-installed
	for name in $(TRIALS); do $(BIN)/python benchmarks/$$name.py || exit 1; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fmes-lab needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/gui-installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[gui]'
	touch $@ $(VENV)/installed

$(VENV)/tests-installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@ $(VENV)/installed $(VENV)/gui-installed

clean:
	rm -rf $(VENV) build dist *.egg-info
