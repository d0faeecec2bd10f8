"""The example in docs/ runs as it is printed."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from mpo.evaluation import Frames
from mpo.study.yaml_files import PROJECT


def test_the_example_reads_a_study_and_draws(
    frames: Frames, study_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["example.py", str(study_dir), str(tmp_path / "mine")])
    runpy.run_path(str(PROJECT / "docs/example.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert all(task in said for task in frames.manifest.tasks)
    assert "diverged" in said
    assert (tmp_path / "mine/learning_curves.pdf").read_bytes().startswith(b"%PDF")
    assert len((tmp_path / "mine/temperature_range.csv").read_text().splitlines()) == 1 + 6
