# On a fresh machine Python 3.11+, pip and make are enough: each target makes the environment that it needs,
# and renews it only when pyproject.toml or constraints.txt has changed.

PYTHON ?= python3
TORCH ?= 1

# Several BLAS threads would make the numbers, and the times, depend on the machine.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

# pip's way to pin what it builds with, too: the first is read by older pips, the second by newer ones.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt

ENV := .venv/.installed
DEV := .venv/.installed-dev
TEST_ENV := $(if $(filter 0,$(TORCH)),.venv-notorch/.installed,$(ENV))

.DEFAULT_GOAL := help
.PHONY: help parity calibrate mutants test lint docs sweep lessons bench wheel clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s  %s\n", $$1, $$2 }' Makefile

parity: $(ENV)  ## train the same models here and in PyTorch, and compare (ARGS="--help" shows more)
	.venv/bin/python -m parity $(ARGS)

mutants: $(ENV)  ## plant bugs in copies of the code, and see who finds each (ARGS="linear.dw": one, with all evidence)
	.venv/bin/python -m parity.mutants $(ARGS)

calibrate: $(ENV)  ## measure what the judge's limit separates: honest steps, and those with an error planted (minutes; ARGS="ops": op by op)
	.venv/bin/python -m parity.calibrate $(ARGS)

test: $(TEST_ENV)  ## the tests (TORCH=0: in an environment without torch; ARGS="-k relu": some of them)
	$(<D)/bin/python -m pytest -n 2 --dist loadscope --timeout 300 -m "not sweep" --benchmark-disable $(ARGS)

lint: $(DEV)  ## style, types, the floors between the files, spelling, generated files
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/codespell
	.venv/bin/python docs/generate.py --check

docs: $(ENV)  ## write what is derived from the code: the table of derivatives, the stubs
	.venv/bin/python docs/generate.py

sweep: $(ENV)  ## the long search, minutes to hours; a second one goes on where the first ended (ARGS=--again: anew)
	HYPOTHESIS_PROFILE=sweep .venv/bin/python -m pytest -p tests.sweep -n 2 --maxschedchunk 1 -q --timeout 3600 --benchmark-disable \
		tests $(ARGS)

lessons: $(DEV)  ## run every lesson, and write each as a notebook to build/lessons
	@set -e; for lesson in $(sort $(wildcard lessons/[0-9]*.py)); do echo "== $$lesson"; .venv/bin/python $$lesson; done
	mkdir -p build/lessons && cp lessons/*.py build/lessons
	cd build/lessons && ../../.venv/bin/jupytext --quiet --to ipynb [0-9]*.py && rm [0-9]*.py

bench: $(ENV)  ## our speed beside torch's and hand-written NumPy's (ARGS="--quick")
	.venv/bin/python -m benchmarks $(ARGS)

wheel: $(DEV)  ## build the wheel, and take a derivative with it in an empty environment
	rm -rf dist build
	.venv/bin/python -m build --wheel --no-isolation
	$(call venv,build/empty)
	$(call pip,build/empty) install -q dist/*.whl
	cd build && empty/bin/python -c "import tinygrad_edu as tg; x = tg.ones(3, requires_grad=True); \
		(x * x).sum().backward(); print(tg.__file__, x.grad); assert x.grad.tolist() == [2, 2, 2]"

clean:  ## remove the environments and whatever was built
	rm -rf .venv .venv-notorch build dist .benchmarks .coverage .hypothesis .*_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# A pip from outside spares the environments their own, which not every Python can install.
OUTSIDE = $(shell $(PYTHON) -m pip --version 2>/dev/null)
venv = $(PYTHON) -m venv $(if $(OUTSIDE),--without-pip) $(1)
pip = $(if $(OUTSIDE),$(PYTHON) -m pip --python $(1)/bin/python,$(1)/bin/python -m pip)
install = $(call pip,$(@D)) install -q -e '.[$(EXTRAS)]'

# The indexes that pip is set up with, and only where they lack torch's CPU build also PyTorch's own.
$(ENV): EXTRAS := parity,viz,io,special,engines,test
$(DEV): EXTRAS := dev
.venv-notorch/.installed: EXTRAS := test
$(ENV) $(DEV) .venv-notorch/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "$(@D): installing numpy, $(EXTRAS)"
	@$(call venv,$(@D))
	@$(install) 2>$(@D)/pip.log || if grep -q torch $(@D)/pip.log; \
		then $(install) --extra-index-url https://download.pytorch.org/whl/cpu; else cat $(@D)/pip.log; exit 1; fi
	@$(@D)/bin/python -m compileall -q tinygrad_edu parity  # so that the first import is as quick as the second
	@touch $@
$(DEV): $(ENV)
