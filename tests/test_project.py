"""Which folder counts as the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mpo.project import MARKS, PACKAGED, PROJECT, SHIPPED, project, shipped

ROOT = Path(__file__).parents[1]


def made(folder: Path) -> Path:
    for mark in MARKS:
        (folder / mark).parent.mkdir(parents=True, exist_ok=True)
        (folder / mark).touch()
    return folder


def test_the_nearest_project_upwards_counts(tmp_path: Path):
    outer, inner = made(tmp_path), made(tmp_path / "a/b")
    other = tmp_path / "other"
    assert project(inner, other) == inner
    assert project(inner / "results/deep", other) == inner
    assert project(outer / "a", other) == outer


@pytest.mark.parametrize("mark", MARKS)
def test_a_folder_that_lacks_a_mark_is_no_project(mark: str, tmp_path: Path):
    (made(tmp_path) / mark).unlink()
    other = tmp_path / "other"
    assert project(tmp_path, other) == other


def test_a_wheel_s_code_has_its_files_inside_and_a_checkout_s_beside(tmp_path: Path):
    assert shipped(tmp_path / "mpo") == tmp_path
    (tmp_path / "mpo" / PACKAGED).mkdir(parents=True)
    assert shipped(tmp_path / "mpo") == tmp_path / "mpo" / PACKAGED


def test_in_the_checkout_both_are_the_checkout():
    assert ROOT == PROJECT == SHIPPED


def test_code_of_a_checkout_reads_the_project_it_is_called_in_else_its_own(tmp_path: Path):
    inside, outside = made(tmp_path / "inside"), tmp_path / "outside"
    outside.mkdir()
    code = "from mpo.project import PROJECT; print(PROJECT)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for folder, expected in ((inside, inside), (outside, ROOT)):
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(expected)
