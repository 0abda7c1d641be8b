"""Writes examples/settings.yaml from the settings model."""

from pathlib import Path

from assistant.settings_file import example

Path(__file__).parent.parent.joinpath("examples", "settings.yaml").write_text(example(), "utf-8")
