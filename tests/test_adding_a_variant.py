"""docs/adding-a-variant.md, executed as it is printed: its files written, its commands run."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mpo.evaluation.reading.single import faults_of
from mpo.rundir import RUN
from mpo.study.yaml_files import PROJECT
from tests.own_options import LOWER_CONFIDENCE
from tests.test_foreign_run import asked as asked_for
from tests.workflow.project import copy_project

PAGE = (PROJECT / "docs/adding-a-variant.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w/]+\.(?:yaml|py|smk))`:\s*\Z")
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


def program(name: str) -> str:
    """The text of the page's file of that name."""
    whole = [block for block in BLOCK.finditer(PAGE) if block[1] == "python"]
    (found,) = (
        block[2]
        for block in whole
        if (named := NAMED.search(PAGE[: block.start()].rstrip())) and named[1].endswith(f"/{name}")
    )
    return found


class StandIn(ModuleType):
    """As much of JAX as the page's program uses, by NumPy."""

    def __init__(self) -> None:
        super().__init__("jax")
        self.numpy, self.jit = np, lambda function: function
        self.random = ModuleType("jax.random")
        vars(self.random).update(
            PRNGKey=np.random.default_rng,
            split=lambda key: (key, key),
            normal=lambda key, shape: key.normal(size=shape),
        )


@pytest.mark.parametrize("name", ["search.py", "strategy.py"])
def test_foreign_programs_write_what_a_run_is_held_to(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both train for real, on 400 steps of a pendulum; JAX is one that stands in for it."""
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "jax", stand_in)
    monkeypatch.setitem(sys.modules, "jax.numpy", np)
    monkeypatch.setattr("importlib.metadata.version", lambda package: "1.0")
    own = {"width": 0.3}
    given = {"environment": "Pendulum-v1", "steps": 400, "evaluation_points": 2}
    given |= {"evaluation_episodes": 1, "evaluation_final_episodes": 2, "foreign": own}
    values: dict[str, Any] = {"steps": 400, "evaluations": {200: 1, 400: 2}, "own": own}
    asked = asked_for(tmp_path, settings=given, **values)
    file = tmp_path / name
    file.write_text(program(name), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [name, asked.written()])
    runpy.run_path(str(file), run_name="__main__")
    assert faults_of(tmp_path / "out") == (faults_of(tmp_path / "out")[0], [])
    assert json.loads((tmp_path / "out" / RUN).read_text())["status"] == "completed"


def test_foreign_variants_have_rules_of_their_own(said: dict[str, str]) -> None:
    found = of(said, "others.yaml")
    for name in ("search", "search__width_0p1", "search__width_1p0", "strategy", "stabilised"):
        assert re.search(rf"^train_{name} +3$", found, re.MULTILINE), name


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
