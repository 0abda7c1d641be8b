# make demo: hear, redact, understand and act on recordings that ship with Sotto
# make test: everything that must hold
.PHONY: help demo test torture check format fixtures model settings constraints wheels clean core dev packages

help:
	@sed -n 's/^# \(make\)/  \1/p' Makefile

core:
	@sh scripts/environment.sh core

dev:
	@sh scripts/environment.sh dev

demo: core
	@.venv/bin/sotto demo

packages:
	@sh scripts/system_packages.sh "tests of speech, microphone and broker" espeak-ng flite mosquitto pulseaudio pulseaudio-utils libasound2-plugins

test: packages dev check
	@.venv/bin/python -m pytest

# make torture: kills, power cuts, damage and tampering, for long (half an hour; root for the power cuts)
torture: packages dev
	@PYTHONPATH=. .venv/bin/python scripts/torture_keyslots.py
	@PYTHONPATH=. .venv/bin/python -m scripts.torture_storage
	@PYTHONPATH=. .venv/bin/python scripts/torture_audit.py

# make check: style, types, layers
check: dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

# make format: put the style right
format: dev
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

# make fixtures: synthesise the recordings that ship (espeak-ng, flite)
fixtures: packages dev
	@.venv/bin/python scripts/make_fixtures.py

# make model: train the names model that ships (numpy only, about ten minutes on one core)
model: dev
	@PYTHONPATH=. OPENBLAS_NUM_THREADS=1 .venv/bin/python scripts/train_names.py

# make settings: write examples/settings.yaml from the model
settings: dev
	@.venv/bin/python scripts/make_settings_example.py

# make constraints: pin what a fresh environment gets
constraints:
	@$(or $(PYTHON),python3) scripts/make_constraints.py

# make wheels: ask the package index whether every core dependency has an aarch64 wheel
wheels: dev
	@.venv/bin/python scripts/check_wheels.py

# make clean: remove the environment and caches
clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
