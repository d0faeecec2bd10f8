"""The tests of the tests: each fault put into the mathematics is caught, and the page says by what.

`pytest -m soak tests/test_mutants.py` tries them all; with WRITE_PAGES=1 it writes
docs/mutants.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpo.evaluation.readme import filled
from mpo.yaml_files import PROJECT
from tests.soak.mutants import MUTANTS, Mutant
from tests.workflow.project import copy_project

PAGE = PROJECT / "docs/mutants.md"
MARKS = ("<!-- begin mutants -->", "<!-- end mutants -->")
NEAR = {
    "estep.py": ["test_estep.py"],
    "mstep.py": ["test_mstep.py"],
    "gaussian.py": ["test_gaussian.py"],
    "policy_evaluation.py": ["test_update.py"],
    "update.py": ["test_update.py"],
}
"""The tests of a module; those of an option are named after its package."""


def test_every_mutant_s_place_is_there() -> None:
    """An edit of the code that moves one shows here, not hours into the trial."""
    for mutant in MUTANTS:
        text = (PROJECT / "mpo" / mutant.module).read_text()
        assert text.count(mutant.old) == 1, mutant
        assert mutant.old != mutant.new


def test_the_page_lists_every_mutant() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `mpo/")]
    assert [row.split(" | ")[:2] for row in rows] == [
        [f"| `mpo/{mutant.module}`", mutant.fault] for mutant in MUTANTS
    ]
    assert not [row for row in rows if "not caught" in row]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_mutant_is_caught(tmp_path: Path, capsys) -> None:
    copy_project(tmp_path)
    shutil.copytree(PROJECT / "tests", tmp_path / "tests")
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    rows = []
    for mutant in MUTANTS:
        catcher = caught(tmp_path, mutant)
        with capsys.disabled():
            print(f"\n{mutant.module}: {mutant.fault}: {catcher}", end="")
        rows.append(f"| `mpo/{mutant.module}` | {mutant.fault} | {catcher or 'not caught'} |")
    if os.environ.get("WRITE_PAGES"):
        table = "\n".join(["| module | fault | caught by |", "| --- | --- | --- |", *rows])
        PAGE.write_text(filled(PAGE.read_text(), table, PAGE, MARKS))
    assert not [row for row in rows if row.endswith("| not caught |")]


def caught(folder: Path, mutant: Mutant) -> str | None:
    """The first test that fails once the edit is made in the copy, or None."""
    path = folder / "mpo" / mutant.module
    whole = path.read_text()
    path.write_text(whole.replace(mutant.old, mutant.new))
    try:
        package = mutant.module.partition("/")[0]
        near = NEAR.get(package, [f"test_{package}.py"])
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"),
                *(f"tests/{name}" for name in dict.fromkeys([*near, "test_update.py"])),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
        )
    finally:
        path.write_text(whole)
    found = re.search(r"^FAILED tests/(\S+?\.py)::(\w+)", done.stdout, re.MULTILINE)
    assert found or done.returncode == 0, done.stdout + done.stderr
    return f"`{found[2]}` in `{found[1]}`" if found else None
