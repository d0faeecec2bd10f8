"""docs/adding-a-variant.md, executed as it is printed: its files written, its commands run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mpo.study.yaml_files import PROJECT
from tests.own_options import LOWER_CONFIDENCE
from tests.workflow.project import copy_project

PAGE = (PROJECT / "docs/adding-a-variant.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w/]+\.(?:yaml|py))`:\s*\Z")
"""The file that a block is, at the end of the sentence before it."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each block of commands printed, after what comes before it was done."""
    folder = tmp_path_factory.mktemp("checkout")
    copy_project(folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(folder)}
    printed: dict[str, str] = {}
    for block in BLOCK.finditer(PAGE):
        kind, text = block.groups()
        named = NAMED.search(PAGE[: block.start()].rstrip())
        if kind in ("yaml", "python"):
            assert named, text
            (folder / named[1]).write_text(text, encoding="utf-8")
        elif kind == "sh":
            command = ["bash", "-euo", "pipefail", "-c", text]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
            printed[text] = done.stdout
    return printed


def of(said: dict[str, str], part: str) -> str:
    """What the block of commands printed that has `part`."""
    (found,) = (output for command, output in said.items() if part in command)
    return found


def test_what_it_says_is_printed_is_printed(said: dict[str, str]) -> None:
    blocks = [block.groups() for block in BLOCK.finditer(PAGE)]
    shown = [(blocks[i - 1][1], text) for i, (kind, text) in enumerate(blocks) if kind == "text"]
    assert shown
    for command, text in shown:
        assert said[command] == text


def test_studies_train_their_own_variants(said: dict[str, str]) -> None:
    found = of(said, "batches.yaml")
    assert re.search(r"^train_large_batch +3$", found, re.MULTILINE)
    assert re.search(r"^train_stabilised +3$", found, re.MULTILINE)
    found = of(said, "betas.yaml")
    for value in ("0p25", "0p5", "2"):
        assert re.search(rf"^train_cautious__backup_beta_{value} +3$", found, re.MULTILINE)
    assert "figure_sweeps" in found
    assert "results/betas/runs/cartpole-balance/cautious@backup.beta=0.25/1000/run.json" in found


def test_a_parameter_is_listed(said: dict[str, str]) -> None:
    found = of(said, "settings backup.beta")
    assert found.startswith("backup.beta: Of lower_confidence: β: standard deviations of Q")
    assert "number of at least 0" in found


def test_the_option_is_the_one_that_other_tests_use() -> None:
    assert LOWER_CONFIDENCE in {text for kind, text in BLOCK.findall(PAGE) if kind == "python"}
