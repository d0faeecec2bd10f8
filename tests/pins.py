"""requirements.lock: its pins, what they require, and which of them an interpreter finds wheels of.

    python -m tests.pins 3.11 3.12 3.13 3.14

asks pip's own index for metadata and prints, for each version of Python, the pins without a wheel.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
"""Of Python, which README.md and pyproject.toml name."""
LEFT_OUT = ("labmaze",)
"""Required by a package of the lock, and needed by no module that is used here."""
SOURCES = ("connection_pool", "rliable")
"""Pins that have no wheels at all: pure Python, which pip builds from their source."""
PIP = "pip>=23.3"
"""From this version on a dry run reads metadata and downloads no wheels."""


def pins() -> dict[str, str]:
    """The version of each package of the lock, by its canonical name."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def declared() -> Iterator[Requirement]:
    """What pyproject.toml requires, its extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for group in (project["dependencies"], *project["optional-dependencies"].values()):
        yield from map(Requirement, group)


def required(python: str) -> Iterator[tuple[str, Requirement]]:
    """What pyproject.toml and, from there on, each package require by Python `python`; by whom.

    As the installed packages have it. What torch requires differs between its builds, and is
    installed with it.
    """
    waiting, seen = [("pyproject.toml", each) for each in declared()], set()
    while waiting:
        owner, requirement = waiting.pop()
        yield owner, requirement
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras) if name not in ("torch", *LEFT_OUT) else ():
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            where = {"extra": extra, "python_version": python, "python_full_version": f"{python}.0"}
            found = map(Requirement, importlib.metadata.requires(name) or ())
            waiting += [(name, r) for r in found if not r.marker or r.marker.evaluate(where)]


def without_wheels(python: str) -> list[str]:
    """The pins that pip finds nothing to install of on this machine by Python `python`."""
    lines = [f"{name}=={version}" for name, version in pins().items()]
    missing = []
    with tempfile.TemporaryDirectory() as name:
        pip = _pip(Path(name))
        while said := _resolved(pip, Path(name), python, lines):
            found = re.search(r"No matching distribution found for (\S+)", said)
            if not found:
                raise RuntimeError(said)
            missing.append(found[1])
            lines.remove(found[1])
    return missing


def _pip(folder: Path) -> list[str]:
    """A pip whose dry run downloads no wheels, as a command; it is put into `folder`."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "pip")]
    subprocess.run([*install, PIP], check=True, capture_output=True, text=True)
    return [sys.executable, str(folder / "pip" / "pip")]


def _resolved(pip: list[str], folder: Path, python: str, lines: list[str]) -> str:
    """What pip says of the pins in `lines`; nothing where it would install them all."""
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(lines), encoding="utf-8")
    command = [*pip, "install", "--dry-run", "--quiet", "--no-deps", "--ignore-installed"]
    command += ["--only-binary=:all:", f"--no-binary={','.join(SOURCES)}"]
    command += ["--python-version", python, "--target", str(folder / "nothing")]
    done = subprocess.run([*command, "-r", str(wanted)], capture_output=True, text=True)
    return done.stderr if done.returncode else ""


if __name__ == "__main__":
    for version in sys.argv[1:]:
        print(version, ", ".join(without_wheels(version)) or "all pins")
