# Everything on a clean clone, with only Python (3.11 or newer) and make:
#   make book    build the book and say which file to open
#   make test    build the book and run every test
.PHONY: book test lab outputs assignments slides pdf lint clean help
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

help:
	@sed -n 's/^#  */  /p' Makefile
	@echo "  make lab     open the lectures in JupyterLab"
	@echo "  make outputs run every lecture from top to bottom and store its outputs"
	@echo "  make assignments  write the students' notebooks and an nbgrader course"
	@echo "  make slides  write a deck of slides for each lecture"
	@echo "  make pdf     print the built book as one PDF"
	@echo "  make lint    check the style of the code"
	@echo "  make clean   remove what was built"

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

book: $(READY) node_modules
	$(BIN)/python tools/build.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The page that counts runs Pyodide, the accessibility tests ask axe-core, slides are
# reveal.js. Without npm that page says what to do instead, the tests are skipped, except
# in CI, and there are no slides.
node_modules: package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --silent && touch node_modules || echo "npm could not install Pyodide, axe-core and reveal.js"; fi

test: lint book
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --doctest-modules lib tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --nbval chapters
	@cat _build/skipped

slides: $(READY) node_modules
	$(BIN)/python tools/slides.py

pdf: book
	$(BIN)/python tools/book_pdf.py

# Trusted, because JupyterLab strips the drawings of a notebook that it does not know.
lab: $(READY)
	$(BIN)/jupyter trust chapters/*.ipynb
	$(BIN)/jupyter lab chapters

outputs: $(READY)
	$(BIN)/python tools/outputs.py

assignments: $(READY)
	$(BIN)/python tools/assignments.py

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
