"""What the harness itself costs: planning a study, and everything after its training.

In seconds of the processor, which others that use it do not lengthen much, and in units of
something that this machine has done, not in seconds of another machine.
"""

from __future__ import annotations

import math
import resource
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
ONE = f"""
study: one
study_seed: 7
variants: [{next(iter(VARIANTS))}]
tasks: {{{TASKS[0]}: {LONG}}}
seeds: [0]
"""


def study(folder: Path, seeds: int) -> str:
    """The file of a study of all tasks and variants that are made up here."""
    tasks = ", ".join(f"{task}: {LONG}" for task in TASKS)
    text = f"study: made\nstudy_seed: 7\nvariants: [{', '.join(VARIANTS)}]\n"
    text += f"tasks: {{{tasks}}}\nseeds: {list(range(seeds))}\n"
    (folder / "made.yaml").write_text(text)
    return "made.yaml"


def cpu_s(folder: Path, config: str, *arguments: str) -> float:
    """What Snakemake takes of the processor's time, with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = snakemake(folder, config, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def plan_s(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The unit, by which a slow machine is slow: the time of planning one run, the least of 3."""
    folder = tmp_path_factory.mktemp("one")
    copy_project(folder)
    (folder / "one.yaml").write_text(ONE)
    return min(cpu_s(folder, "one.yaml", "-n", "--quiet") for _ in range(3))


def test_planning_costs_little_beside_starting(plan_s: float, tmp_path: Path, capsys) -> None:
    """At most twice the plan of one run for the default study, and 5 times for 1,504 runs."""
    copy_project(tmp_path)
    default = cpu_s(tmp_path, str(PROJECT / "config/study.yaml"), "-n", "--quiet")
    many = cpu_s(tmp_path, study(tmp_path, 47), "-n", "--quiet")
    with capsys.disabled():
        print(
            f"\nsnakemake -n: one run {plan_s:.1f} s, default study {default:.1f} s, "
            f"1,504 runs {many:.1f} s"
        )
    assert default <= 2 * plan_s
    assert many <= 5 * plan_s


def test_a_study_of_160_runs_is_reported(plan_s: float, tmp_path: Path, capsys) -> None:
    """From run files to report.html, the theory included, for the price of a hundred plans."""
    copy_project(tmp_path)
    write_study(tmp_path / "results/made", TASKS, list(VARIANTS), range(5), 25, 5, 25, steps=LONG)
    (tmp_path / "results/made/films.md").write_text("None, since nothing was trained.\n")
    took = cpu_s(tmp_path, study(tmp_path, 5), "--config", "train=false", "--forceall")
    assert (tmp_path / "results/made/report.html").exists()
    with capsys.disabled():
        print(f"\n160 runs: {took:.0f} s to the report, a plan of one run {plan_s:.1f} s")
    assert took <= 100 * plan_s


def test_aggregation_grows_with_the_runs_and_no_faster(tmp_path: Path, capsys) -> None:
    """Four times the runs take at most five times as long to load and check, in turns."""
    times: dict[int, float] = {}
    for seeds in (5, 20):
        folder = tmp_path / str(seeds)
        write_study(folder, TASKS, list(VARIANTS), range(seeds), 25, 5, 25, steps=LONG)
    for seeds in (5, 20) * 3:
        runs, begun = seeds * len(TASKS) * len(VARIANTS), time.process_time()
        load(tmp_path / str(seeds))
        times[runs] = min(times.get(runs, math.inf), time.process_time() - begun)
    with capsys.disabled():
        print("\n" + ", ".join(f"{runs} runs loaded in {s:.1f} s" for runs, s in times.items()))
    assert times[640] <= 5 * times[160]
