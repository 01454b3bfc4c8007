# make        sets up .venv and runs the default study
# make test   sets up .venv and runs the tests
# make quick  the tests that take less than a minute together: no study, browser or cluster
# make check  formatters, linters and types, without changing anything
# make format writes all code as the formatters have it
# make pins   writes the environments for conda from the pins of pip
# make notebook  writes the example for Jupyter from its script

PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
# Without the environment activated: its tools first.
export PATH := $(CURDIR)/$(BIN):$(PATH)

CHECK := import sys; sys.exit(sys.version_info < (3, 11) and 'error: $(PYTHON) is Python %d.%d, and 3.11 or \
later is needed: make PYTHON=python3.12' % sys.version_info[:2])

.PHONY: study test quick check format pins notebook
study: .venv/study.ready
	snakemake --cores $(CORES)

test: .venv/development.ready
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

quick: .venv/development.ready
	python -m pytest -n 2 --dist loadfile -m "not slow"

check: .venv/development.ready
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	snakemake --lint
	basedpyright

format: .venv/development.ready
	ruff check --fix .
	ruff format .
	snakefmt Snakefile rules

pins:
	$(PYTHON) envs/write_conda.py

notebook:
	$(PYTHON) examples/write_notebook.py

.venv/study.ready: envs/requirements.txt
	@$(BIN)/python -c "$(CHECK)" 2>/dev/null || { $(PYTHON) -c "$(CHECK)" && $(PYTHON) -m venv --clear .venv; }
	python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

.venv/development.ready: .venv/study.ready envs/development.txt envs/cluster.txt envs/spacy.txt
	python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt \
		-r envs/development.txt -r envs/cluster.txt -r envs/spacy.txt
	touch $@
