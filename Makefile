# Names the commands; what they do stands in the files they call.
# Needs only python3 (3.11 or newer, with venv) and make.

PYTHON ?= python3
UV_VERSION = 0.13.9
UV = .tools/bin/uv
PY = .venv/bin/python
N ?= 1000000
ORACLES ?= ../shared/oracles/spc

.PHONY: help demo test lint bench fuzz oracles e2e lock clean messages pictures

help: ## Show this list
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/base ## Build Riverbend Health and open its wall at http://127.0.0.1:8000
	@$(PY) -m knitwork demo $(ARGS)

test: .venv/dev ## Run all tests that need no browser and no server
	@$(PY) -m pytest -n 2 --dist worksteal -m "not slow and not browser" $(ARGS)

lint: .venv/dev ## Check format, style, types, layers and dependencies
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/deptry src

bench: .venv/dev ## Measure speed and memory beside yardsticks; N=1000000 stays
	@$(PY) -m bench --stays $(N)

fuzz: .venv/dev ## Give the parsers a million damaged inputs; ARGS="--inputs 20000 --target hl7-message"
	@$(PY) -m fuzz $(ARGS)

oracles: .venv/dev ## Hold our numbers against other tools; ORACLES=folder of cases
	@$(PY) -m conformance $(ORACLES)

e2e: .venv/dev ## Walk every page in Chromium (needs Debian's chromium)
	@$(PY) -m pytest tests/browser -p no:xdist -m browser $(ARGS)

messages: .venv/dev ## Collect and compile the translations
	@$(PY) -m bench.messages

pictures: .venv/dev ## Take the pictures in the docs anew (needs Debian's chromium)
	@$(PY) -m bench.pictures

lock: $(UV) ## Choose and lock the dependencies anew, a week late, with hashes
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--exclude-newer "$$($(PYTHON) -c 'import datetime as d; print(d.date.today() - d.timedelta(7))')" \
		-p 3.11 pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--exclude-newer "$$($(PYTHON) -c 'import datetime as d; print(d.date.today() - d.timedelta(7))')" \
		-p 3.11 -c requirements.lock --all-extras --group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what make made
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

.venv/base: requirements.lock pyproject.toml | $(UV)
	@test -x $(PY) || $(UV) venv -q --python "$$(command -v $(PYTHON))" .venv
	@test -e .venv/dev || $(UV) pip install -q --python $(PY) --require-hashes -r requirements.lock
	@echo "$(CURDIR)/src" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/knitwork.pth"
	@touch $@

.venv/dev: requirements-dev.lock pyproject.toml | $(UV)
	@test -x $(PY) || $(UV) venv -q --python "$$(command -v $(PYTHON))" .venv
	@$(UV) pip install -q --python $(PY) --require-hashes -r requirements-dev.lock
	@echo "$(CURDIR)/src" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/knitwork.pth"
	@touch .venv/base $@
