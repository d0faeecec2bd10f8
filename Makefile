# `make smoke` trains and reports a small study, `make results` the default one, and `make test` checks
# the code. All build .venv from requirements.lock when it is missing or older.
#
#   make results                                    the default study, on all cores
#   make smoke                                      a small one, in minutes
#   make report CONFIG=config/smoke.yaml            what there is of it so far, while it is trained
#   make baselines                                  MPO beside SAC, TD3 and PPO of Stable-Baselines3
#   make figures STUDY=tuning                       a shipped study's, from its runs, untrained
#   make readme STUDY=tuning                        shows a finished study in README.md
#   make findings                                   the pages about shipped studies, from their numbers
#   make soak                                       long trials of faults: kills, bytes compared
#   make slurm-test                                 a study on a Slurm of its own, struck (docs/clusters.md)
#   make test | lint | suite | format | benchmark | clean

PYTHON ?= python3
CONFIG ?= config/study.yaml
CORES  ?= all
STUDY  ?= default

BIN    := .venv/bin
# Compiles what it installs: where PYTHONDONTWRITEBYTECODE is set, every process would do it again.
PIP     = $(BIN)/python -m pip install --quiet
READY  := .venv/.ready
SMK    := Snakefile workflow

# Snakemake and others keep caches in HOME; a container may have none that can be written.
ifneq ($(shell test -w "$$HOME" && echo writable),writable)
  export HOME := $(CURDIR)/.home
  $(shell mkdir -p "$(HOME)")
endif

.PHONY: results smoke baselines report figures readme findings test suite soak slurm-test lint format benchmark clean
.DELETE_ON_ERROR:

results: $(READY)
	@folder=$$($(BIN)/python -m mpo.study.config $(CONFIG)) && \
	echo "study $$folder" && \
	$(BIN)/python -m mpo status --brief --study $(CONFIG) && \
	$(BIN)/python workflow/scripts/unlock.py && \
	$(BIN)/snakemake --cores $(CORES) --configfile $(CONFIG) && \
	$(BIN)/snakemake --cores 1 --configfile $(CONFIG) --report $$folder/provenance.html && \
	echo "read $$folder/report.html; how it was made is in $$folder/provenance.html"

smoke:
	@$(MAKE) --no-print-directory results CONFIG=config/smoke.yaml

# Without dependencies: PyTorch and NumPy stay those of requirements.lock.
baselines: $(READY)
	$(BIN)/python -m pip install --quiet --no-deps -r workflow/rules/extra/baselines.lock
	@$(MAKE) --no-print-directory results CONFIG=config/baselines.yaml

report: $(READY)
	$(BIN)/python -m mpo report --study $(CONFIG)

# A study without a file of its own is the default one by another name, as `reference` is.
figures: $(READY)
	$(BIN)/snakemake --cores $(CORES) --config study=$(STUDY) train=false --forceall --quiet rules \
	  --configfile $(or $(wildcard config/$(STUDY).yaml),config/study.yaml) && \
	echo "read results/$(STUDY)/report.html"

readme: $(READY)
	$(BIN)/python workflow/scripts/readme.py results/$(STUDY) README.md

findings: $(READY)
	$(BIN)/python workflow/scripts/findings.py results/reference docs/findings.template.md docs/findings.md
	$(BIN)/python workflow/scripts/findings.py results/tuning docs/tuning.template.md docs/tuning.md
	$(BIN)/python workflow/scripts/findings.py results/reference results/README.template.md results/README.md

# Both at once, since the type checker keeps one core busy.
test: $(READY)
	@$(MAKE) --no-print-directory -j2 lint suite

# loadfile: what the tests of a file share, a study of minutes for one, is made once. The files that
# take longest come first (tests/conftest.py), so that no core waits at the end.
suite: $(READY)
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --durations 25

soak: $(READY)
	$(BIN)/pytest -m soak --timeout 7200 -s

slurm-test: $(READY)
	$(BIN)/python -m tests.cluster.study
	$(BIN)/python -m tests.cluster.study --slurmdbd

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check $(SMK)
	$(BIN)/pyright

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt $(SMK)

benchmark: $(READY)
	$(BIN)/python -m mpo benchmark

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "$(PYTHON): Python 3.11, 3.12 or 3.13 is needed; name one, as make PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null || { \
	  echo "$(PYTHON): the module ensurepip is missing; on Debian: apt install python3-venv" >&2; \
	  exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) "$$(grep '^setuptools==' requirements.lock)"
	$(PIP) torch==2.13.0
	$(PIP) --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# What was built or measured on the way; finished results and checkpoints stay.
clean:
	rm -rf .venv .home .pytest_cache .ruff_cache .hypothesis .coverage build *.egg-info
	find mpo tests workflow -name __pycache__ -type d -prune -exec rm -rf {} +
