# Every command a person needs. `make report` and `make test` work on a fresh clone with only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m analysis
READY := $(VENV)/.ready
export OPENBLAS_NUM_THREADS := 1
export PYTHONHASHSEED := 0

.PHONY: pictures report prepare lab lessons test notebooks data validate benchmark lock clean reproduce expect

report: $(READY)          ## prepare all studies, run every notebook for every unit, write reports/
	$(RUN) run

prepare: $(READY)         ## raw to processed only
	$(RUN) prepare

lab: $(READY)             ## JupyterLab on notebooks/00_start.ipynb
	$(RUN) prepare
	$(VENV)/bin/jupyter lab notebooks/00_start.ipynb

test: $(READY)            ## the whole suite: unit, property, repository, notebooks
	$(RUN) prepare
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

notebooks: $(READY)       ## execute the canonical notebooks in place, normalised
	$(RUN) notebooks

lessons: $(READY)         ## the lessons without their solutions, in lessons/
	$(RUN) prepare
	$(RUN) lessons

data: $(READY)            ## rewrite the synthetic studies' raw files, byte for byte
	$(RUN) data

reproduce: $(READY)       ## make every result anew in an empty folder, compare with what is committed, write a certificate
	$(RUN) reproduce

expect: $(READY)          ## make every result anew and commit to it: studies/*/expected/
	$(RUN) expect

validate: $(READY)        ## slow proofs: tests marked slow and the simulation study (under an hour)
	$(VENV)/bin/python -m pytest -m slow
	$(VENV)/bin/python validation/simulate.py
	$(VENV)/bin/python validation/referral.py

benchmark: $(READY)       ## every speed promise, each as a ratio in one run
	$(RUN) benchmark

pictures: $(READY)        ## the README's pictures, drawn from the default study's reports (needs Chromium and LibreOffice)
	$(RUN) pictures samen_in_beweging

lock:                     ## renew requirements.lock from pyproject.toml (uv comes from the lock itself)
	$(VENV)/bin/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --generate-hashes \
	  --python-version 3.11 --no-emit-index-url --no-header --upgrade --output-file requirements.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else 'Python 3.11, 3.12 or 3.13 is needed; found %d.%d. Say: make PYTHON=python3.12' % sys.version_info[:2])"
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --compile --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --compile -e .
	$(VENV)/bin/python -m compileall -q src
	touch $(READY)

clean:                    ## remove what runs made; raw data, the environment and packed releases stay
	find reports -mindepth 2 -maxdepth 2 ! -name releases -exec rm -rf {} +
	rm -rf data/processed/*/
