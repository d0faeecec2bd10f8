"""requirements.lock, installed with --no-deps, is whole, and has wheels for the Pythons we name."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.pins import LEFT_OUT, ROOT, VERSIONS, pins, required, without_wheels


@pytest.mark.parametrize("python", VERSIONS)
def test_the_lock_holds_all_that_its_packages_require(python: str):
    locked = pins()
    wanting = {
        f"{owner} requires {requirement}"
        for owner, requirement in required(python)
        if (name := canonicalize_name(requirement.name)) not in LEFT_OUT
        and not requirement.specifier.contains(locked.get(name, "0"), prereleases=True)
    }
    assert not wanting, "the lock lacks them, or pins another version"


def test_what_is_left_out_is_still_required_by_some_package():
    names = {canonicalize_name(requirement.name) for _, requirement in required(VERSIONS[0])}
    assert names.issuperset(LEFT_OUT), "nobody requires it: LEFT_OUT and its reasons can go"
    assert not pins().keys() & set(LEFT_OUT)


def test_one_set_of_pythons_is_named_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = SpecifierSet(project["requires-python"])
    assert tuple(f"3.{n}" for n in range(9, 30) if allowed.contains(f"3.{n}.1")) == VERSIONS
    spoken = "{}, {} or {}".format(*VERSIONS)
    for name in ("README.md", "Makefile"):
        assert f"Python {spoken}" in (ROOT / name).read_text(encoding="utf-8"), name
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"torch==(\S+)", makefile) == [pins()["torch"]]


@pytest.mark.soak
@pytest.mark.parametrize("python", VERSIONS)
def test_every_pin_has_a_wheel_or_is_pure_python(python: str):
    assert not without_wheels(python), f"no wheel for Python {python}"


@pytest.mark.soak
def test_the_next_python_still_lacks_wheels():
    lacking = without_wheels("3.14")
    assert lacking == ["arch==7.2.0", "immutables==0.21"], "else Python 3.14 can be named too"
