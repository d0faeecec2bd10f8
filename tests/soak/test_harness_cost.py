"""What the harness itself costs: planning a study, and everything after its training."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

from mpo.evaluation.reading.load import load
from mpo.study.yaml_files import PROJECT
from tests.evaluation.synthetic import STEPS, TASKS, VARIANTS, write_study
from tests.workflow.project import copy_project, snakemake

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]
LONG = 6 * STEPS
"""Budget that gives a run as many logged rows as one of the default study, 150 to 450."""


def study(folder: Path, seeds: int) -> str:
    """The file of a study of all tasks and variants that are made up here."""
    tasks = ", ".join(f"{task}: {LONG}" for task in TASKS)
    text = f"study: made\nstudy_seed: 7\nvariants: [{', '.join(VARIANTS)}]\n"
    text += f"tasks: {{{tasks}}}\nseeds: {list(range(seeds))}\n"
    (folder / "made.yaml").write_text(text)
    return "made.yaml"


def seconds(folder: Path, config: str, *arguments: str) -> float:
    begun = time.monotonic()
    done = snakemake(folder, config, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - begun


def test_planning_takes_seconds(tmp_path: Path, capsys) -> None:
    """At most 5 s for the default study and 20 s for 1,504 runs."""
    copy_project(tmp_path)
    default = seconds(tmp_path, str(PROJECT / "config/study.yaml"), "-n", "--quiet")
    many = seconds(tmp_path, study(tmp_path, 47), "-n", "--quiet")
    with capsys.disabled():
        print(f"\nsnakemake -n: default study {default:.1f} s, 1,504 runs {many:.1f} s")
    assert default <= 5.0
    assert many <= 20.0


def test_a_study_of_160_runs_is_reported_within_four_minutes(tmp_path: Path, capsys) -> None:
    """On two cores, from run files to report.html, the theory's computations included."""
    copy_project(tmp_path)
    write_study(tmp_path / "results/made", TASKS, list(VARIANTS), range(5), 25, 5, 25, steps=LONG)
    (tmp_path / "results/made/films.md").write_text("None, since nothing was trained.\n")
    took = seconds(tmp_path, study(tmp_path, 5), "--config", "train=false", "--forceall")
    assert (tmp_path / "results/made/report.html").exists()
    with capsys.disabled():
        print(f"\n160 runs: {took:.0f} s to the report")
    assert took <= 240.0


def test_aggregation_grows_with_the_runs_and_no_faster(tmp_path: Path, capsys) -> None:
    """Four times the runs take at most five times as long to load and check, in turns."""
    times: dict[int, float] = {}
    for seeds in (5, 20):
        folder = tmp_path / str(seeds)
        write_study(folder, TASKS, list(VARIANTS), range(seeds), 25, 5, 25, steps=LONG)
    for seeds in (5, 20) * 3:
        runs, begun = seeds * len(TASKS) * len(VARIANTS), time.monotonic()
        load(tmp_path / str(seeds))
        times[runs] = min(times.get(runs, math.inf), time.monotonic() - begun)
    with capsys.disabled():
        print("\n" + ", ".join(f"{runs} runs loaded in {s:.1f} s" for runs, s in times.items()))
    assert times[640] <= 5 * times[160]
