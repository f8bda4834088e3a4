# run    the daemon over an example Home Assistant configuration, in ./var
# test   every test; a test whose needs are missing says so and is skipped (CONFKEEP_REQUIRE_ALL=1: fails)
# check  lint and the quick tests: before a commit
# lint   style, types, import contracts
# bench  the budgets, as ratios in one run
# torture  the power-loss model with ever new seeds, for an hour (ARGS="--seed N --seconds N --only NAME")
# shim   dist/confkeep-shim.zip: for Home Assistant's configuration directory
# lock   resolve requirements/*.in again (needs uv; LOCK=--upgrade for newer versions)
# clean  remove what these targets made
#
# PYTHON=/path/to/python names the interpreter, TESTS=tests/files what to run; ARGS go to pytest or the program.

# The first that is new enough; when none is, the plain one, so that the message names it.
new_enough = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(new_enough)' 2>/dev/null && { echo $$p; exit; }; done; echo python3)

# Without byte code every start of the daemon would compile it again.
unexport PYTHONDONTWRITEBYTECODE

RUN  := .venv
TEST := .venv-test
LINT := .venv-lint
PIP  := -m pip --disable-pip-version-check install --quiet

CODE := $(wildcard service tests bench examples)
# Quick ones first; those that start Home Assistants, that kill the daemon, then those that need a container engine.
HOME_ASSISTANT := $(wildcard tests/homeassistant)
LAST  := $(HOME_ASSISTANT) $(wildcard tests/crash tests/engine)
FIRST := $(wildcard tests/test_*.py) $(filter-out $(LAST) tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
TESTS ?= $(FIRST) $(LAST)

.PHONY: run test check lint bench torture shim lock clean help
.DELETE_ON_ERROR:
.NOTPARALLEL: # the environments share one build directory

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

run: $(RUN)/confkeep.stamp
	@exec $(RUN)/bin/python examples/run.py $(ARGS)

test: $(TEST)/confkeep.stamp $(TEST)/peers.stamp
	@exec $(TEST)/bin/python -m pytest $(TESTS) $(ARGS)

check: lint $(TEST)/confkeep.stamp $(TEST)/peers.stamp
	@exec $(TEST)/bin/python -m pytest $(FIRST) $(HOME_ASSISTANT) -m 'not slow and not crash and not engine' $(ARGS)

lint: $(LINT)/confkeep.stamp
	$(LINT)/bin/ruff check $(CODE)
	$(LINT)/bin/ruff format --check $(CODE)
	$(LINT)/bin/mypy $(CODE)
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(LINT)/bin/pyright --pythonpath $(LINT)/bin/python $(CODE)
	$(LINT)/bin/lint-imports

bench: $(TEST)/confkeep.stamp $(TEST)/peers.stamp
	@exec $(TEST)/bin/python -m bench $(ARGS)

torture: $(TEST)/confkeep.stamp
	@exec $(TEST)/bin/python -m tests.model --seconds 3600 $(ARGS)

# Needs no environment: the standard library only.
shim:
	@PYTHONPATH=service $(PYTHON) -B -m home_assistant.build dist/confkeep-shim.zip

# --- environments ----------------------------------------------------------------------------------------
# The first stamp: what the lock files say, nothing else. The second: confkeep itself, read from this tree.

$(RUN)/locked.stamp:  requirements/service.txt requirements/build.txt
$(TEST)/locked.stamp: requirements/test.txt requirements/build.txt $(wildcard requirements/compose.txt)
$(LINT)/locked.stamp: requirements/lint.txt requirements/build.txt

%/locked.stamp:
	@python='$(PYTHON)'; \
	$$python -c '$(new_enough)' 2>/dev/null || { \
		echo "confkeep needs Python 3.11 or later; $$python is not that ($$($$python --version 2>&1))."; \
		echo "Debian 12, Ubuntu 24.04 and later have it: sudo apt-get install python3 python3-venv"; \
		echo "Or name another: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; \
		exit 1; } >&2; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$$python cannot make environments: sudo apt-get install" \
			"$$($$python -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; \
		exit 1; } >&2; \
	echo "$*: installing $(filter %.txt,$^)"; \
	$$python -m venv --clear $*
	@$*/bin/python $(PIP) --require-hashes $(patsubst %,-r %,$(filter %.txt,$^))
	@touch $@

%/confkeep.stamp: %/locked.stamp pyproject.toml
	@$*/bin/python $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# In a directory of its own: the original of the drop-in has its name, and is only found by who looks for it there.
$(TEST)/peers.stamp: requirements/peers.txt $(TEST)/locked.stamp
	@rm -rf $(TEST)/peers
	@$(TEST)/bin/python $(PIP) --no-deps --no-build-isolation --require-hashes --target $(TEST)/peers -r $<
	@touch $@

.SECONDARY: $(RUN)/locked.stamp $(TEST)/locked.stamp $(LINT)/locked.stamp

# --- lock files ------------------------------------------------------------------------------------------
# In this order, because tests build on the service and lint on the tests. No index, host or path is written.

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(LOCK)

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) pyproject.toml --extra service -o requirements/service.txt
	$(COMPILE) requirements/test.in -o requirements/test.txt
	$(COMPILE) requirements/lint.in -o requirements/lint.txt
	$(COMPILE) requirements/compose.in -o requirements/compose.txt
	$(COMPILE) requirements/peers.in -o requirements/peers.txt
	$(COMPILE) --no-build --override requirements/homeassistant.overrides requirements/homeassistant.in \
		-o requirements/homeassistant.txt
	$(subst 3.11,3.13.2,$(COMPILE)) --no-build --override requirements/homeassistant-new.overrides \
		requirements/homeassistant-new.in -o requirements/homeassistant-new.txt

clean:
	rm -rf $(RUN) $(TEST) $(LINT) var build dist service/confkeep.egg-info
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
