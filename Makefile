# make book: build the HTML book.   make test: run everything that checks it.   make portable: run it as another
# processor would.   All of them set up .venv first, once; it needs Python 3.11 or newer and a package index.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PAGE := _build/html/index.html
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
# A busy machine is slow to start a kernel and slow to run a cell: these only end what hangs.
NBVAL += --nbval-kernel-startup-timeout 600 --nbval-cell-timeout 3600
ALL := -q -n 2 --dist loadfile $(NBVAL) drcl_mini data_scripts tests book

.PHONY: book test portable bench links audit clean

book: $(VENV)/ready
	$(BIN)/jupyter-book build . -W --keep-going -q
	@echo "The book is at $(CURDIR)/$(PAGE)"

test: book
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	OMP_NUM_THREADS=1 $(BIN)/pytest $(ALL)

# Tests and chapters once more, computed as another processor would: other kernels, two threads. What is compared with
# stored outputs must not move.
portable: book
	$(BIN)/python tests/numerics.py $(BIN)/pytest $(ALL)

bench: $(VENV)/ready
	$(BIN)/pytest -q -s tests/benchmarks/bench_*.py

# Asks every address outside of the book whether it still answers.
links: $(VENV)/ready
	$(BIN)/jupyter-book build . --builder linkcheck

# Asks a service on the internet whether what is installed has known vulnerabilities, from an environment of its own;
# fails, too, where the service doesn't know a package. It knows no local builds: torch 2.13.0+cpu is 2.13.0 to it.
audit: $(VENV)/ready
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install -q pip-audit==2.10.1
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+.*//' > $(VENV)/audit/installed.txt
	$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip -r $(VENV)/audit/installed.txt

clean:
	rm -rf _build $(VENV)

$(VENV)/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + "; name another with  make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -r requirements.txt
	@touch $@
