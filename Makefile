# make demo: hear, redact, understand and act on recordings that ship with Sotto
# make test: everything that must hold
.PHONY: help soak home-assistant-test wyoming-test demo test torture check format fixtures model settings constraints wheels clean core dev packages

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
	@.venv/bin/python -m pytest --numprocesses auto --dist loadfile

# make torture: kills, power cuts, damage and tampering, for long (three hours; root for the power cuts)
torture: packages dev
	@PYTHONPATH=. .venv/bin/python scripts/torture_keyslots.py
	@PYTHONPATH=. .venv/bin/python -m scripts.torture_storage
	@PYTHONPATH=. .venv/bin/python scripts/torture_audit.py
	@.venv/bin/sotto faults --schedule 1000
	@PYTHONPATH=. .venv/bin/python -m scripts.memory_canaries
	@PYTHONPATH=. .venv/bin/python scripts/torture_door.py
	@PYTHONPATH=. .venv/bin/python -m scripts.fuzz_sockets
	@SOTTO_CANARIES=10000 .venv/bin/python -m pytest tests/test_egress.py tests/test_door_hostile.py

# make home-assistant-test: against a real Home Assistant 2024.3 (an environment of its own, 1 GB)
home-assistant-test: dev
	@sh scripts/home_assistant_environment.sh .venv-home-assistant
	@SOTTO_HOME_ASSISTANT_PYTHON=.venv-home-assistant/bin/python .venv/bin/python -m pytest tests/test_home_assistant_real.py tests/test_presence_home_assistant.py
	@.venv-home-assistant/bin/python -m pip install --quiet --requirement tests/home_assistant/requirements.txt
	@SOTTO=$(CURDIR)/.venv/bin/sotto SOTTO_PYTHON=$(CURDIR)/.venv/bin/python .venv-home-assistant/bin/python -m pytest --config-file tests/home_assistant/pytest.ini --rootdir tests/home_assistant tests/home_assistant

# make wyoming-test: peers of PyPI's wyoming 1.5.3, 1.7.2 and 1.10.2 against `sotto wyoming`
wyoming-test: dev
	@PYTHONPATH=. .venv/bin/python -m scripts.wyoming_versions

# make soak: a day of sound as fast as it goes; does anything grow? (an hour)
soak: packages dev
	@PYTHONPATH=. .venv/bin/python -m scripts.soak

# make install: the service, on this machine; with sudo (docs/install.md; also upgrade, uninstall)
install upgrade uninstall:
	@sh scripts/install.sh $@

# make deb: a Debian package for this machine's release, in dist/ (WITH=mic,whisper for more)
deb:
	@sh scripts/make_deb.sh

# make units-test: with sudo: boot a real systemd with the units in it, try what they forbid, break what they mend
units-test: dev
	@sh scripts/system_packages.sh "booting the units" systemd-container debootstrap mosquitto openssl
	@PYTHONPATH=. .venv/bin/python -m scripts.units

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
