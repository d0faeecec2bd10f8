"""`rundir.foreign_run`: what other code trained, as evaluation reads it, and how far it is."""

from __future__ import annotations

import json
import math
import os
import signal
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpo import rundir
from mpo.evaluation.reading.single import faults_of
from mpo.rundir import PROGRESS, Asked, Divergence, foreign_run
from mpo.rundir.progress import end
from mpo.settings import settings

EPISODES = {50: 1, 100: 2}


def asked(folder: Path, **other: Any) -> Asked:
    given = {"environment": "Pendulum-v1", "steps": 100, "evaluation_points": 2}
    given |= {"evaluation_episodes": 1, "evaluation_final_episodes": 2, "foreign": {"width": 8}}
    values: dict[str, Any] = {
        "task": "toy",
        "variant": "sac",
        "seed": 3,
        "study_seed": 1,
        "steps": 100,
        "environment": "Pendulum-v1",
        "action_repeat": 1,
        "evaluations": EPISODES,
        "own": {"width": 8},
        "settings": given,
        "code_digest": "c" * 64,
        "settings_digest": settings(given).digest(1, "toy", 3),
        "out": str(folder / "out"),
        "state": str(folder / "state"),
    }
    return Asked(**values | other)


def episodes(*returns: float) -> list[dict[str, float]]:
    return [{"return": each, "length": 200} for each in returns]


def described(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "out" / rundir.RUN).read_text())


def progress(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "state" / PROGRESS).read_text())


def test_what_is_asked_for_is_one_line(tmp_path: Path) -> None:
    given = asked(tmp_path)
    assert "\n" not in given.written()
    assert Asked.read(given.written()) == given
    for text in ("{", "[]", "{}", '{"evaluations": []}'):
        with pytest.raises(ValueError, match=r"is no run; what a rule has as params\.run"):
            Asked.read(text)


def test_the_files_are_what_a_run_is_held_to(tmp_path: Path) -> None:
    with foreign_run(asked(tmp_path).written(), ["numpy"]) as run:
        assert (run.due, progress(tmp_path)["doing"]) == (50, "starting")
        run.report(20)
        said = progress(tmp_path)
        assert (said["task"], said["step"], said["steps"], said["return"]) == ("toy", 20, 100, None)
        run.evaluated(50, episodes(1.5))
        run.trained(50, 10, loss_critic=0.25)
        run.evaluated(100, [*episodes(2.0), {"return": 4.0, "length": 7, "value_estimate": 1.0}])
        run.trained(100, 20, behaviour_return=3.0)
        assert run.due == math.inf
    folder = tmp_path / "out"
    assert faults_of(folder)[1] == []
    assert (folder / rundir.EVALUATIONS).read_text().splitlines() == [
        "step,episode,return,length,value_estimate,discounted_return",
        *("50,0,1.5,200,,", "100,0,2.0,200,,", "100,1,4.0,7,1.0,"),
    ]
    assert (folder / rundir.TRAINING).read_text().splitlines() == [
        "step,updates,loss_critic,behaviour_return",
        *("50,10,0.25,", "100,20,,3.0"),
    ]
    run_json = described(tmp_path)
    assert (run_json["status"], run_json["steps"], run_json["updates"]) == ("completed", 100, 20)
    assert set(run_json["versions"]) == {"python", "numpy"}
    assert run_json["cpu_s"] >= 0
    assert not (tmp_path / "state").exists()


def test_a_package_that_is_not_there_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    with (
        pytest.raises(PackageNotFoundError, match="no-such-package"),
        foreign_run(asked(tmp_path), ["no-such-package"]),
    ):
        pytest.fail("training began")


def test_counts_may_be_numpy_s(tmp_path: Path) -> None:
    step: Any
    step, due, updates = np.array([50, 100, 7])
    with foreign_run(asked(tmp_path)) as run:
        run.report(step)
        run.trained(step, updates)
        run.evaluated(step, episodes(1.0))
        run.evaluated(due, episodes(1.0, 2.0))
    assert faults_of(tmp_path / "out")[1] == []


def test_a_divergence_is_an_outcome(tmp_path: Path) -> None:
    with foreign_run(asked(tmp_path)) as run:
        run.evaluated(50, episodes(1.0))
        run.report(70)
        raise Divergence("loss", "of the critic")
    told = {"step": 70, "updates": 0, "what": "loss", "where": "of the critic"}
    assert described(tmp_path)["divergence"] == told
    assert (described(tmp_path)["status"], described(tmp_path)["steps"]) == ("diverged", 70)
    assert faults_of(tmp_path / "out")[1] == []


def test_a_return_that_is_not_finite_is_a_divergence(tmp_path: Path) -> None:
    with foreign_run(asked(tmp_path)) as run:
        run.evaluated(50, episodes(math.nan))
    assert described(tmp_path)["divergence"]["what"] == "return"
    assert faults_of(tmp_path / "out")[1] == []


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([(60, episodes(1.0))], "step: 60 is not allowed; the next evaluation is due at 50"),
        ([(50, episodes(1.0, 2.0))], "episodes: 2 is not allowed; 1 are asked for at step 50"),
        ([(50, [{"return": 1.0}])], "each has length"),
        ([(50, episodes(1.0))], "evaluations: 1 is not allowed; one is due at step 100"),
        (
            [(50, episodes(1.0)), (50, episodes(1.0))],
            "step: 50 is not allowed; the next evaluation is due at 100",
        ),
    ],
)
def test_other_evaluations_are_refused_and_nothing_is_written(
    tmp_path: Path, calls: list[tuple[int, list[dict[str, float]]]], said: str
) -> None:
    with pytest.raises(ValueError, match=said), foreign_run(asked(tmp_path)) as run:
        for step, each in calls:
            run.evaluated(step, each)
    assert not (tmp_path / "out").exists()
    assert progress(tmp_path)["ended"]["how"] == "failed"


def test_rows_of_training_are_of_known_columns_and_in_order(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'los' is not allowed; columns are step, updates, "):  # noqa: SIM117
        with foreign_run(asked(tmp_path)) as run:
            run.trained(1, 1, los=1.0)
    with pytest.raises(ValueError, match="updates: 1 is not allowed; more than 1 are"):  # noqa: SIM117
        with foreign_run(asked(tmp_path)) as run:
            run.trained(1, 1)
            run.trained(2, 1)


def test_a_run_that_is_asked_to_stop_says_so(tmp_path: Path) -> None:
    """By SIGTERM; the signal is the program's own again afterwards."""
    with pytest.raises(SystemExit) as stop, foreign_run(asked(tmp_path)) as run:
        run.report(30)
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.value.code == 143
    assert progress(tmp_path)["ended"]["how"] == "stopped"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with foreign_run(asked(tmp_path)) as run:
        assert "ended" not in progress(tmp_path)
        run.evaluated(50, episodes(1.0))
        run.evaluated(100, episodes(1.0, 1.0))
    assert faults_of(tmp_path / "out")[1] == []


def test_asked_twice_to_stop_it_says_so_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where its job and the one who waits for it both hand the signal on."""

    def struck(*arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        end(*arguments)

    monkeypatch.setattr("mpo.rundir.progress.end", struck)
    with pytest.raises(SystemExit), foreign_run(asked(tmp_path)):
        os.kill(os.getpid(), signal.SIGTERM)
    assert progress(tmp_path)["ended"]["how"] == "stopped"
