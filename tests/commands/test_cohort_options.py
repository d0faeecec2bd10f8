"""`train --seeds` and `benchmark --cohort`: what they take, and how a fault is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mpo.__main__ import main
from mpo.training.cohort import run as cohorts
from mpo.training.cohort.job import CohortJob

TRAIN = ("train", "--task", "cartpole-balance", "--variant", "paper")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--seeds", "3-1"), "'3-1' is not allowed; seeds are listed as 0-9 or 0,3,5-7"),
        (("--seeds", "0,x"), "'0,x' is not allowed"),
        (("--seeds", "0-4294967296"), "is not allowed"),
        (("--seeds", "0-4294967295"), "a cohort has 10,000 runs at most"),
        (("--seeds", "0-1", "--seed", "0"), "--seed: it is one run's"),
        (("--workers", "2"), "--workers: 2 is not allowed without --seeds"),
        (("--seeds", "0-1", "--extendable"), "--extendable: cohorts are not"),
    ],
)
def test_a_fault_is_said_in_a_line(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, *options]) == 2
    assert re.search(re.escape(said), capsys.readouterr().err)


def test_numbers_of_runs_are_checked_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["benchmark", "--cohort", "1,0"]) == 2
    assert "--cohort: '1,0' is not allowed; numbers of runs are" in capsys.readouterr().err


def test_seeds_are_runs_of_a_cohort_in_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPO_EXTENDABLE", "1")  # of a study's other runs
    jobs: list[CohortJob] = []

    def train(job: CohortJob, **how: Any) -> dict[int, str]:
        jobs.append(job)
        return dict.fromkeys(job.seeds, "completed")

    monkeypatch.setattr(cohorts, "train", train)
    where = ("--out", str(tmp_path), "--state", str(tmp_path / "state"), "--quiet")
    assert main([*TRAIN, "--seeds", "0,3-5", *where]) == 0
    (job,) = jobs
    assert (job.seeds, job.workers) == ((0, 3, 4, 5), 1)
    assert [each.out for each in job.members] == [tmp_path / str(seed) for seed in (0, 3, 4, 5)]
    folders = {job.state_folder, *(each.state_folder for each in job.members)}
    assert len(folders) == 5
    assert {folder.parent for folder in folders} == {tmp_path / "state"}
