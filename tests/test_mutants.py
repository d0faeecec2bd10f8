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
from pathlib import Path, PurePath

import pytest

from mpo.evaluation.telling.readme import filled
from mpo.study.yaml_files import PROJECT
from tests.soak.mutants import MUTANTS, Mutant
from tests.workflow.project import copy_project

PAGE = PROJECT / "docs/mutants.md"
MARKS = ("<!-- begin mutants -->", "<!-- end mutants -->")
WHOLE = tuple(
    f"tests/algorithm/test_{name}.py" for name in ("update", "update_properties", "dual_variables")
)
"""Tests of whole updates, which are asked last."""


def test_every_mutant_s_place_is_there() -> None:
    """An edit of the code that moves one shows here, not hours into the trial."""
    for mutant in MUTANTS:
        text = (PROJECT / "mpo" / mutant.module).read_text()
        assert text.count(mutant.old) == 1, mutant
        assert mutant.old != mutant.new


def test_the_tests_that_are_asked_last_are_there() -> None:
    assert not [name for name in WHOLE if not (PROJECT / name).is_file()]


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


def near(module: str) -> list[str]:
    """The tests of a module: those named after it, or after the package of an option."""
    path = PurePath("tests", module)
    named = [entry.with_name(f"test_{entry.stem}.py") for entry in (path, path.parent)]
    return [str(test) for test in named if (PROJECT / test).exists()]


def caught(folder: Path, mutant: Mutant) -> str | None:
    """The first test that fails once the edit is made in the copy, or None."""
    path = folder / "mpo" / mutant.module
    whole = path.read_text()
    path.write_text(whole.replace(mutant.old, mutant.new))
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"),
                *dict.fromkeys([*near(mutant.module), *WHOLE]),
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
