# refsys: `make demo` and `make test` need git, make, python3.11 (or newer) and its venv module; no root.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV ?= .venv
BENCH_VENV ?= .venv-bench
FUZZ_VENV ?= .venv-fuzz
FUZZ_SECONDS ?= 300
BURSTS ?= 9
FUZZ := $(FUZZ_VENV)/bin/python tests/fuzz/fuzz_packets.py
BIN := $(VENV)/bin
HOME_DIR ?= var/demo
ROWS ?= 10000000
# Compiled kernels are kept beside the environment: the many processes of demo and tests compile each of them once.
export REFSYS_KERNEL_CACHE ?= $(abspath $(VENV))/kernels

.PHONY: demo test check docs bench slice catalogue fuzz determinism lock clean help
.DEFAULT_GOAL := help

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.installed  ## packets to published products on a local Dask cluster; report in var/demo/demo/report.html
	$(BIN)/refsys --home $(HOME_DIR) demo

test: $(VENV)/.installed  ## the whole default suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.installed  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed  ## the reference pages of all chains, from their files
	$(BIN)/refsys --home var/docs chains docs docs/chains/reference

bench: $(BENCH_VENV)/.installed  ## measured ratios, written to docs/benchmarks.md; BENCH=name runs one and writes nothing
	PYTHONPATH=tests/support $(BENCH_VENV)/bin/python -m benchmarks $(BENCH)

slice: $(VENV)/.installed  ## peak memory of one worker of 4 GiB over a simulated IW slice (an hour); BURSTS=1 runs a smaller one
	$(BIN)/python -m benchmarks.slice_memory --bursts $(BURSTS)

catalogue: $(VENV)/.installed  ## selections on 10 million rows; ROWS=1000000 runs a smaller one
	$(BIN)/python -m benchmarks.catalogue --rows $(ROWS)

fuzz: $(FUZZ_VENV)/.installed  ## decoders on any bytes for ten minutes: plain Python guided by its branches, then compiled
	$(FUZZ) --seeds var/fuzz
	for how in NUMBA_DISABLE_JIT NUMBA_BOUNDSCHECK; do \
	  env $$how=1 $(FUZZ) -max_len=2048 -len_control=0 -print_final_stats=1 -artifact_prefix=var/fuzz/ -max_total_time=$(FUZZ_SECONDS) var/fuzz || exit 1; done

determinism: $(VENV)/.installed  ## a simulated Sentinel-1 scene serial and on 1, 2 and 4 workers: the same products, byte by byte
	REFSYS_TEST_WORKERS="1 2 4" $(BIN)/python -m pytest -o timeout=1200 tests/services/test_s1_journey.py

lock: $(VENV)/.installed  ## pin the newest versions that go together
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras pyproject.toml -o requirements.lock

clean:  ## remove the environment and what the demo made
	rm -rf $(VENV) $(BENCH_VENV) $(FUZZ_VENV) var

$(VENV)/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "refsys needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$$(sed -n 's/^uv==//p' requirements.lock)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint requirements.lock --editable '.[dev,postgres]'
	@touch $@

# The peers of the benchmarks live here, never beside the product.
$(BENCH_VENV)/.installed: $(VENV)/.installed
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(BENCH_VENV)
	$(BIN)/uv pip install --quiet --python $(BENCH_VENV)/bin/python --constraint requirements.lock --editable '.[bench,dev,postgres]'
	@touch $@

$(FUZZ_VENV)/.installed: $(VENV)/.installed
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(FUZZ_VENV)
	$(BIN)/uv pip install --quiet --python $(FUZZ_VENV)/bin/python --constraint requirements.lock --editable '.[fuzz]'
	@touch $@
