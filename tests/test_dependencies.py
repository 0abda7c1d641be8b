"""What Sotto needs: pinned, and there for 64-bit ARM."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.tags import cpython_tags, parse_tag
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED = (ROOT / "constraints.txt").read_text().splitlines()
PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in range(35, 16, -1)]


def aarch64():
    """The table that scripts/check_wheels.py wrote: name to version and tag."""
    lines = (ROOT / "docs" / "aarch64.txt").read_text().splitlines()
    rows = [re.split("==| ", line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): (version, tag) for name, version, tag in rows}


def pins():
    return {canonicalize_name(name): version for name, version in (p.split("==") for p in PINNED)}


def closure(names):
    """The names, and whatever their installed packages require here."""
    found = set()
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        needed = map(Requirement, metadata.requires(name) or [])
        waiting += [r.name for r in needed if not r.marker or r.marker.evaluate({"extra": ""})]
    return found


def test_constraints_are_names_and_versions_and_nothing_else():
    for line in PINNED:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line
    names = [line.split("==")[0].lower() for line in PINNED]
    assert names == sorted(names)
    assert "sotto-voice" not in pins()


@pytest.mark.parametrize("part", ["dependencies", *PROJECT["optional-dependencies"]])
def test_every_direct_dependency_is_pinned_within_its_range(part):
    wanted = PROJECT.get(part) or PROJECT["optional-dependencies"][part]
    for requirement in map(Requirement, wanted):
        version = pins().get(canonicalize_name(requirement.name))
        assert version, requirement
        assert requirement.specifier.contains(version), requirement


def test_all_that_the_core_needs_is_pinned_and_has_a_wheel_for_aarch64():
    table = aarch64()
    core = closure(Requirement(text).name for text in PROJECT["dependencies"])
    assert core <= set(table), "run `make wheels`"
    assert {name: pins().get(name) for name in table} == {
        name: version for name, (version, _) in table.items()
    }


def test_every_wheel_in_the_table_installs_on_64_bit_arm():
    good = {str(tag) for tag in cpython_tags((3, 11), ["cp311", "abi3", "none"], PLATFORMS)}
    good |= {f"{python}-none-{platform}" for python in ("py3", "py2") for platform in PLATFORMS}
    good.add("py3-none-any")
    for name, (_, tag) in aarch64().items():
        assert {str(one) for one in parse_tag(tag)} & good, f"{name}: {tag}"


def test_no_library_makes_itself_an_id_or_reports_home(tmp_path):
    """onnxruntime does both as soon as it is imported, unless it is told not to before."""
    if find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed: it comes with sotto-voice[whisper]")
    code = "import pipeline.engines, onnxruntime"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
